"""The API key: where it is found, and that it shows itself nowhere."""

from __future__ import annotations

import copy
import os
import pickle
import stat
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from jupyter_openrouter import AsyncOpenRouter, OpenRouter, keys
from jupyter_openrouter.errors import InvalidRequestError, MissingKeyError, OpenRouterError
from jupyter_openrouter.keys import Key, can_keep, find_key, forget_key, refuse_keys_in, set_key

CANARY = "sk-or-v1-c0ffee" + "0" * 32


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(keys.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keys, "_asked", [])
    monkeypatch.setattr(keys, "_chosen", [])
    monkeypatch.setattr(keys, "_from_keyring", lambda: None)


def test_the_key_is_in_no_repr_format_copy_or_attribute() -> None:
    key = Key(CANARY, source="argument")
    shown = f"{key!r} {key} {key:} {copy.copy(key)!r} {copy.deepcopy(key)!r} {key.__slots__}"
    shown += "".join(repr(getattr(key, name)) for name in key.__slots__)
    assert CANARY not in shown
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(key)
    assert key.authorization() == f"Bearer {CANARY}"


def test_an_argument_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.VARIABLE, "sk-or-env")
    assert find_key(CANARY).authorization().endswith(CANARY)
    assert find_key().authorization() == "Bearer sk-or-env"
    assert "environment" in find_key().source


def test_the_keyring_comes_before_the_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(f"{keys.VARIABLE}=sk-or-file\n")
    Path(".env").chmod(0o600)
    assert find_key().authorization() == "Bearer sk-or-file"
    monkeypatch.setattr(keys, "_from_keyring", lambda: "sk-or-ring")
    assert find_key().authorization() == "Bearer sk-or-ring"


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_an_env_file_that_others_can_read_is_refused_with_the_remedy() -> None:
    Path(".env").write_text(f'# mine\nexport {keys.VARIABLE}="sk-or-file"\n')
    Path(".env").chmod(0o644)
    with pytest.raises(MissingKeyError, match="chmod 600"):
        find_key()
    Path(".env").chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert find_key().authorization() == "Bearer sk-or-file"


def test_a_person_is_asked_last_and_only_once_and_the_environment_never_knows() -> None:
    asked = []

    def ask() -> str:
        asked.append(1)
        return CANARY

    assert find_key(ask=ask) == find_key(ask=ask)
    assert asked == [1]
    assert CANARY not in os.environ.values()


def test_without_a_key_the_error_names_the_ways() -> None:
    with pytest.raises(MissingKeyError, match=r"OPENROUTER_API_KEY.*demo/tour"):
        find_key()


@pytest.mark.parametrize("secret", ["", " ", "a b", "ключ", "a\nb", "a\x00b"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Key(secret, source="argument")
    assert not secret.strip() or secret not in str(caught.value)


def test_a_text_with_something_like_a_key_is_refused_without_showing_it() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        refuse_keys_in("fine", f"my key is {CANARY}, use it")
    assert CANARY not in str(caught.value)
    assert "OPENROUTER_API_KEY" in str(caught.value)
    refuse_keys_in("sk-or-nothing", "about sk-or- keys")


def test_a_malformed_key_shows_in_no_verbose_traceback_wherever_it_came_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    malformed = f"{CANARY}  # for work"

    def shown(make: Callable[[], object]) -> str:
        with pytest.raises(InvalidRequestError) as caught:
            make()
        return "".join(
            traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
        )

    assert CANARY not in shown(lambda: find_key(ask=lambda: f"{CANARY} x"))
    monkeypatch.setenv(keys.VARIABLE, malformed)
    for make in (find_key, AsyncOpenRouter, OpenRouter):
        # The variable `malformed` of this frame is the test's own.
        lines = shown(make).replace(f"malformed = {malformed!r}", "")
        assert CANARY not in lines


class Keyring(ModuleType):
    """A keyring in memory, as the package `keyring` shows itself; it may refuse."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.errors = ModuleType("keyring.errors")
        self.errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
        self.kept: dict[tuple[str, str], str] = {}
        self.refuses = False
        self.priority = 5.0

    def get_keyring(self) -> Keyring:
        return self

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, password: str) -> None:
        if self.refuses:
            raise self.errors.KeyringError(f"locked: {password}")  # type: ignore[attr-defined]
        self.kept[service, name] = password

    def delete_password(self, service: str, name: str) -> None:
        if self.refuses:
            raise self.errors.KeyringError("locked")  # type: ignore[attr-defined]
        del self.kept[service, name]


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    made = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", made)
    monkeypatch.setitem(sys.modules, "keyring.errors", made.errors)
    monkeypatch.setattr(keys, "_from_keyring", lambda: made.get_password("jupyter_openrouter", keys.VARIABLE))
    return made


def shown(make: Callable[[], Any], kind: type[Exception] = OpenRouterError) -> str:
    """All that the most verbose traceback of an error prints, with every variable of every frame, and its context."""
    with pytest.raises(kind) as caught:
        make()
    error: BaseException | None = caught.value
    text = ""
    while error is not None:
        found = traceback.TracebackException.from_exception(error, capture_locals=True)
        text += "".join(found.format(chain=False))
        error = error.__cause__ or error.__context__
    return text


def test_a_key_that_was_set_comes_before_the_environment_until_it_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(keys.VARIABLE, "sk-or-env")
    assert repr(set_key(lambda: CANARY)) == "<API key from the prompt>"
    assert find_key().authorization() == f"Bearer {CANARY}"
    assert find_key("sk-or-argument").authorization() == "Bearer sk-or-argument"
    assert CANARY not in os.environ.values()
    gone = forget_key()
    assert (gone.removed, len(gone.left)) == (("this session",), 1)
    assert "the environment variable OPENROUTER_API_KEY" in repr(gone)
    assert find_key().authorization() == "Bearer sk-or-env"


def test_a_key_as_text_is_refused_since_it_would_stand_in_a_cell() -> None:
    given: Any = CANARY
    said = shown(lambda: set_key(given)).replace(f"given = {CANARY!r}", "")
    assert CANARY not in said
    assert "getpass.getpass" in said
    with pytest.raises(MissingKeyError):
        find_key()


def test_what_is_no_key_is_not_taken_and_the_one_before_stays() -> None:
    set_key(Key("sk-or-before", source="argument"))
    assert CANARY not in shown(lambda: set_key(lambda: f"{CANARY} x"))
    assert find_key().authorization() == "Bearer sk-or-before"


def test_a_key_is_kept_in_the_keyring_only_when_that_is_asked_for(keyring: Keyring) -> None:
    set_key(lambda: CANARY)
    assert not keyring.kept
    set_key(lambda: CANARY, keep=True)
    assert list(keyring.kept.values()) == [CANARY]
    assert forget_key().removed == ("this session", "the keyring")
    assert not keyring.kept
    assert repr(forget_key()).startswith("No key was kept.")


def test_a_keyring_that_refuses_is_said_without_the_key_which_is_used_all_the_same(keyring: Keyring) -> None:
    keyring.refuses = True
    said = shown(lambda: set_key(lambda: CANARY, keep=True))
    assert CANARY not in said
    assert "this session only" in said
    assert find_key().authorization() == f"Bearer {CANARY}"
    keyring.kept["jupyter_openrouter", keys.VARIABLE] = CANARY
    assert forget_key().left == ("the keyring",)


@pytest.mark.parametrize(("priority", "keeps"), [(5, True), (1, True), (0.5, False), (0, False), (-1, False)])
def test_only_a_keyring_that_is_meant_to_be_used_can_keep_keys(
    keyring: Keyring, priority: float, keeps: bool
) -> None:
    keyring.priority = priority
    assert can_keep() is keeps


def test_a_keyring_that_is_missing_or_broken_keeps_none(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("no backend loads")

    monkeypatch.setattr(keyring, "get_keyring", fail)
    assert not can_keep()
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert not can_keep()


def test_without_a_keyring_the_way_to_install_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(OpenRouterError, match=r"this session only.*\[keyring\]"):
        set_key(lambda: CANARY, keep=True)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_an_env_file_that_others_can_read_is_among_the_places_that_are_left() -> None:
    Path(".env").write_text(f"{keys.VARIABLE}=sk-or-file\n")
    Path(".env").chmod(0o644)
    assert forget_key().left == ("the file .env",)
