"""Where the API key comes from, and the object that never shows it."""

from __future__ import annotations

import base64
import functools
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from .errors import InvalidRequestError, MissingKeyError, OpenRouterError
from .hidden_keys import LOOKS_LIKE_KEY, MARK, SHORTEST, hide_from_now_on

VARIABLE = "OPENROUTER_API_KEY"
_SERVICE = "jupyter_openrouter"


class Key:
    """An API key that shows itself to nobody: not in a repr, a pickle, a copy or a traceback.

    >>> Key("sk-or-v1-0123456789abcdef", source="argument")
    <API key from argument>
    """

    __slots__ = ("__weakref__", "_reveal", "source")

    def __init__(self, secret: str, *, source: str) -> None:
        self.source = source
        secret = secret.strip()
        if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
            del secret  # a verbose traceback prints the locals of each frame
            raise InvalidRequestError(
                f"The API key from {source} is empty or holds characters that no key has.",
                remedy="Copy it again from https://openrouter.ai/keys.",
            )
        # Held in a closure, so that no attribute, `vars` or verbose traceback of this object prints it.
        self._reveal: Callable[[], str] = lambda: secret
        hide_from_now_on(self)

    def authorization(self) -> str:
        """The value of the ``Authorization`` header; to be asked for at the last moment only."""
        return "Bearer " + self._reveal()

    def hidden_in(self, text: str, mark: str = "") -> str:
        """The text with a mark in the place of this key, as it is or in base64, in which a header may be quoted.

        >>> Key("0123-4567-89ab-cdef", source="argument").hidden_in("unknown key 0123-4567-89ab-cdef")
        'unknown key …'
        """
        # In a prompt, words stay: "no-key-required" is what many a local server takes for a key.
        if len(self._reveal()) < SHORTEST or (mark and not any(c.isdigit() for c in self._reveal())):
            return text
        mark = mark or (MARK if LOOKS_LIKE_KEY.match(self._reveal()) else "…")
        return functools.reduce(lambda shown, form: shown.replace(form, mark), self._forms(), text)

    def _forms(self) -> tuple[str, ...]:
        encoded = (base64.b64encode(text.encode()) for text in (self.authorization(), self._reveal()))
        return (self._reveal(), *(form.decode().rstrip("=") for form in encoded))

    def __repr__(self) -> str:
        return f"<API key from {self.source}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self._reveal() == other._reveal()

    def __hash__(self) -> int:
        return hash(self._reveal())

    def __copy__(self) -> Key:
        return self

    def __deepcopy__(self, memo: Any) -> Key:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("An API key is not pickled. Look it up again where it is needed.")


_chosen: list[Key] = []  # by set_key
_asked: list[Key] = []  # by find_key, where no place had one


def _from_colab() -> str | None:
    import sys

    if "google.colab" not in sys.modules:
        return None
    from google.colab import userdata  # type: ignore[import-not-found]

    try:
        secret = userdata.get(VARIABLE)
    except Exception:  # noqa: BLE001 - Colab's own classes: the secret is missing, or access was denied
        return None
    return secret if isinstance(secret, str) else None


def _from_keyring() -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        secret = keyring.get_password(_SERVICE, VARIABLE)
    except KeyringError:  # no backend on this machine, or it is locked
        return None
    return secret if isinstance(secret, str) else None


def _from_env_file(path: Path) -> str | None:
    """The variable out of a ``.env`` file that only its owner can read."""
    try:
        if not path.is_file():
            return None
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    for line in text.splitlines():
        name, found, value = line.strip().removeprefix("export ").partition("=")
        if found and name.strip() == VARIABLE:
            if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise MissingKeyError(
                    f"The file {path.name} holds {VARIABLE}, but others on this machine can read it.",
                    remedy=f"Run `chmod 600 {path.name}`, then run the cell again.",
                )
            return value.strip().strip("'\"")
    return None


def _places() -> tuple[tuple[str, Callable[[], str | None]], ...]:
    return (
        (f"the environment variable {VARIABLE}", lambda: os.environ.get(VARIABLE)),
        ("the Colab secrets", _from_colab),
        ("the keyring", _from_keyring),
        ("the file .env", lambda: _from_env_file(Path(".env"))),
    )


def find_key(explicit: str | Key | None = None, *, ask: Callable[[], str] | None = None) -> Key:
    """Looks for the API key: an argument, ``set_key``, environment, Colab, keyring, ``.env``, then ``ask``.

    Args:
        explicit: The key itself, where the caller was given one.
        ask: A function that asks a person without showing what is typed; None where nobody can be asked.

    Raises:
        MissingKeyError: no place has one; the message names the places.
        InvalidRequestError: what was found cannot be a key.
    """
    if isinstance(explicit, Key):
        return explicit
    if explicit is not None:
        return Key(explicit, source="argument")
    if _chosen:
        return _chosen[0]
    for source, look in _places():
        secret = look()
        if secret and secret.strip():
            try:
                return Key(secret, source=source)
            except InvalidRequestError as error:
                secret = None  # a verbose traceback prints the locals of each frame
                raise error.with_traceback(None) from None
    if _asked:
        return _asked[0]
    if ask is not None:
        secret = ask()
        if secret.strip():
            # Kept for this process only, so that the next cell does not ask again; never in the environment,
            # where `%env` and every child process would see it.
            try:
                _asked[:] = [Key(secret, source="the prompt")]
            except InvalidRequestError as error:
                secret = ""
                raise error.with_traceback(None) from None
            return _asked[0]
    raise MissingKeyError("No OpenRouter API key was found.")


def set_key(key: Key | Callable[[], str], *, keep: bool = False) -> Key:
    """Uses this key from now on in this process, before any that the environment or a file has.

    Args:
        key: A function that asks a person without showing what is typed, such as ``getpass.getpass``; or a ``Key``.
            A text is refused: it would stand in a cell, and in the history.
        keep: Stores it in the keyring of the operating system as well, for later sessions.

    Raises:
        InvalidRequestError: this cannot be a key, or is a text.
        OpenRouterError: the keyring is not installed or does not take it; the key is used all the same.
    """
    if isinstance(key, Key):
        chosen = key
    elif callable(key):
        chosen = _typed(key)
    else:
        del key  # a verbose traceback prints the locals of each frame
        raise InvalidRequestError(
            "A key is not taken as text: it would stand in a cell and in the history.",
            remedy="Give a function that asks for it, such as getpass.getpass.",
        )
    _chosen[:] = [chosen]
    if keep:
        _store(chosen)
    return chosen


def _typed(ask: Callable[[], str]) -> Key:
    secret = ask()
    try:
        return Key(secret, source="the prompt")
    except InvalidRequestError as error:
        secret = ""
        raise error.with_traceback(None) from None


def can_keep() -> bool:
    """Whether there is a keyring that keeps keys for later sessions: installed, and with a way to store them.

    As the keyring itself has it, backends below the priority 1 are not to be used without being asked for: that
    which does nothing, that which fails, and plain files.
    """
    try:
        import keyring

        return bool(keyring.get_keyring().priority >= 1)
    except Exception:  # noqa: BLE001 - not installed, or a backend of it does not even load
        return False


def _store(key: Key) -> None:
    try:
        import keyring
    except ImportError:
        raise OpenRouterError(
            "The key is used in this session only: the keyring is not installed.",
            remedy="pip install 'jupyter_openrouter[keyring]'",
        ) from None
    try:
        keyring.set_password(_SERVICE, VARIABLE, key._reveal())
        return
    except Exception as error:  # noqa: BLE001 - each backend has errors of its own
        reason = type(error).__name__
    # Raised out here, without that error: its frames, the backend's own, hold the key among their variables.
    raise OpenRouterError(
        f"The key is used in this session only: the keyring did not take it ({reason}).",
        remedy="Unlock it, or choose another backend of it.",
    )


@dataclass(frozen=True)
class Forgotten:
    """Where a key was taken from (``removed``), and the places that still have one (``left``)."""

    removed: tuple[str, ...]
    left: tuple[str, ...]

    def __repr__(self) -> str:
        gone = (
            f"Forgotten: the key in {' and in '.join(self.removed)}." if self.removed else "No key was kept."
        )
        left = f" There is still one in {' and in '.join(self.left)}." if self.left else ""
        return f"{gone}{left} A key stays valid until it is deleted at https://openrouter.ai/keys."


def forget_key() -> Forgotten:
    """Forgets the key that was typed, set or signed in for, also in the keyring; other places are not touched.

    An answer that is on its way, and a client that was made with the key, go on with it.
    """
    removed = ["this session"] if _chosen or _asked else []
    _chosen.clear()
    _asked.clear()
    if _from_keyring() is not None and _deleted():
        removed.append("the keyring")
    return Forgotten(tuple(removed), tuple(source for source, look in _places() if _has(look)))


def _deleted() -> bool:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.delete_password(_SERVICE, VARIABLE)
    except KeyringError:  # it stays, and is named among those that are left
        return False
    return True


def _has(look: Callable[[], str | None]) -> bool:
    try:
        return bool((look() or "").strip())
    except MissingKeyError:  # there is one, where others can read it
        return True


def refuse_keys_in(*texts: str) -> None:
    """Raises InvalidRequestError when a text that is about to be sent or saved holds something like a key.

    >>> refuse_keys_in("why is the sky blue")
    """
    for text in texts:
        if LOOKS_LIKE_KEY.search(text):
            raise InvalidRequestError(
                "This cell holds something that looks like an OpenRouter API key; nothing was sent.",
                remedy=(
                    "Delete it from the cell, revoke it at https://openrouter.ai/keys (it is in the history "
                    f"now), and set a new one as {VARIABLE} in the environment or in the keyring."
                ),
            )
