"""What Tab offers, where, and that it never waits for the network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from jupyter_openrouter import background, completing, offering, question_marks
from jupyter_openrouter.flags import flag_names
from jupyter_openrouter.known_slugs import KnownSlugs
from jupyter_openrouter.offering import Sources

SOURCES = Sources(
    slugs=lambda: ("demo/echo", "demo/tour", "openai/gpt-4", "openai/gpt-4-mini"),
    talks=lambda: ["trip", "taxes"],
    variables=lambda: ["frame", "figure"],
    names=lambda text: [name for name in ("frame", "figure", "frame.head") if name.startswith(text)],
)


@pytest.fixture(autouse=True)
def _stopped() -> Iterator[None]:
    yield
    background.stop()


def offered(text: str) -> tuple[str, list[str]] | None:
    """What is offered at the end of a text."""
    lines = text.split("\n")
    found = offering.offer(text, len(lines) - 1, len(lines[-1]), SOURCES)
    return None if found is None else (found.fragment, list(found.words))


@pytest.mark.parametrize(
    ("text", "fragment", "words"),
    [
        ("%openrouter mod", "mod", ["model", "models"]),
        ("x = %openrouter cha", "cha", ["chats"]),
        ("1\n%openrouter cha", "cha", ["chats"]),
        ("%openrouter --temp", "--temp", ["--temperature"]),
        ("%openrouter model gpt", "gpt", ["openai/gpt-4", "openai/gpt-4-mini"]),
        ("%openrouter show t", "t", ["taxes", "trip"]),
        ("%openrouter forget tr", "tr", ["trip"]),
        ("%openrouter export tr", "tr", ["trip"]),
        ("%openrouter cap s", "s", ["session"]),
        ("%openrouter cap session o", "o", ["off"]),
        ("%openrouter cost by mo", "mo", ["model"]),
        ("%openrouter key s", "s", ["set"]),
        ("%openrouter key set ", "", ["--keep"]),
        ("%openrouter models --sort p", "p", ["price"]),
        ("%openrouter models --f", "--f", ["--free"]),
        ("%openrouter help --temp", "--temp", ["--temperature"]),
        ("%openrouter explain -m demo/e", "demo/e", ["demo/echo"]),
        ("%openrouter -m demo/echo why {{ fr", "fr", ["frame", "frame.head"]),
        ("%%openrouter -m demo/t", "demo/t", ["demo/tour"]),
        ("%%openrouter --model=demo/t", "demo/t", ["demo/tour"]),
        ("%%openrouter -m ech", "ech", ["demo/echo"]),
        ("%%openrouter --fallback demo/echo,demo/t", "demo/t", ["demo/tour"]),
        ("%%openrouter -m demo/echo --sch", "--sch", ["--schema"]),
        ("\n\n%%openrouter --sch", "--sch", ["--schema"]),
        ("%%openrouter -c t", "t", ["taxes", "trip"]),
        ("%%openrouter --as co", "co", ["code"]),
        ("%%openrouter --image f", "f", ["figure", "frame"]),
        ("%%openrouter --reasoning h", "h", ["high"]),
        ("%%openrouter -m demo/echo\nlook at {{ fr", "fr", ["frame", "frame.head"]),
        ("%%openrouter -m demo/echo\nlook at {{ len(frame.h", "frame.h", ["frame.head"]),
        ("%%openrouter -m demo/echo\n{{ a }} and {{ fig", "fig", ["figure"]),
    ],
)
def test_what_fits_is_offered(text: str, fragment: str, words: list[str]) -> None:
    assert offered(text) == (fragment, words)


@pytest.mark.parametrize(
    "text",
    [
        "mod",
        "%other mod",
        "%%other\n%openrouterx mod",
        "%openrouter",
        "%openrouter why is fr",
        "%%openrouter -m demo/echo\nlook at fr",
        "%%openrouter -m demo/echo\n{{ frame }} fr",
        "%%openrouter --max-tokens 1",
        "%openrouter chats ",
        "print('{{ fr",
    ],
)
def test_elsewhere_nothing_is_offered(text: str) -> None:
    assert offered(text) is None


def test_every_long_flag_is_offered_behind_a_space() -> None:
    assert offered("%%openrouter -m demo/echo ") == (
        "",
        sorted(flag for flag in flag_names() if flag.startswith("--")),
    )


def test_the_catalogue_is_fetched_once_and_kept_and_the_demo_is_there_at_once() -> None:
    calls = []

    async def fetch() -> list[str]:
        calls.append(1)
        return ["openai/gpt-4"]

    now = [0.0]
    slugs = KnownSlugs(fetch, clock=lambda: now[0])
    assert "demo/tour" in slugs.now()
    while "openai/gpt-4" not in slugs.now():
        pass
    now[0] = 3000.0
    assert "openai/gpt-4" in slugs.now()
    assert len(calls) == 1
    now[0] = 4000.0
    slugs.now()
    background.background().call(lambda: None)
    assert len(calls) == 2


def test_a_catalogue_that_does_not_come_is_not_waited_for_and_not_asked_for_at_each_key() -> None:
    calls, go = [], threading.Event()

    async def fetch() -> list[str]:
        calls.append(1)
        while not go.is_set():
            await asyncio.sleep(0.01)
        return ["openai/gpt-4"]

    slugs = KnownSlugs(fetch, clock=lambda: 0.0)
    for _ in range(5):
        assert not any(slug.startswith("openai") for slug in slugs.now())
    assert len(calls) == 1
    go.set()


def test_a_catalogue_that_fails_says_nothing_and_is_asked_for_again_a_minute_later() -> None:
    calls = []

    async def fetch() -> list[str]:
        calls.append(1)
        raise OSError("no network")

    now = [0.0]
    slugs = KnownSlugs(fetch, clock=lambda: now[0])
    assert slugs.now() == slugs.now()
    assert len(calls) == 1
    now[0] = 61.0
    slugs.now()
    assert len(calls) == 2


# --- in IPython


@pytest.fixture
def shell() -> Iterator[Any]:
    shell = InteractiveShell()
    completing.install(shell)
    question_marks.install(shell)
    yield shell
    completing.uninstall(shell)
    question_marks.uninstall(shell)


def completions(shell: Any, text: str) -> list[str]:
    with provisionalcompleter():
        found = list(shell.Completer.completions(text, len(text)))
    return [text[: one.start] + one.text for one in found]


def test_the_shell_completes_ours_and_still_completes_its_own(shell: Any) -> None:
    shell.user_ns["my_frame"] = {"a": 1}
    assert completions(shell, "%openrouter mod") == ["%openrouter model", "%openrouter models"]
    assert completions(shell, "%%openrouter --as co") == ["%%openrouter --as code"]
    assert completions(shell, "%%openrouter --image my_f") == ["%%openrouter --image my_frame"]
    assert completions(shell, "%%openrouter -m x\n{{ my_f") == ["%%openrouter -m x\n{{ my_frame"]
    assert completions(shell, "my_frame.upd") == ["my_frame.update"] or "my_frame.update" in completions(
        shell, "my_frame.upd"
    )


def test_hidden_names_of_the_shell_are_not_offered_as_the_users(shell: Any) -> None:
    shell.user_ns["own"] = 1
    assert "%%openrouter --file own" in completions(shell, "%%openrouter --file ")
    assert not any("get_ipython" in one or " _" in one for one in completions(shell, "%%openrouter --file "))


def test_installed_three_times_it_is_there_once_and_then_gone() -> None:
    shell = InteractiveShell()
    before = len(shell.Completer.custom_matchers), len(shell.input_transformer_manager.token_transformers)
    for _ in range(3):
        completing.install(shell)
        question_marks.install(shell)
    after = len(shell.Completer.custom_matchers), len(shell.input_transformer_manager.token_transformers)
    assert after == (before[0] + 1, before[1] + 2)
    for _ in range(2):
        completing.uninstall(shell)
        question_marks.uninstall(shell)
    assert before == (
        len(shell.Completer.custom_matchers),
        len(shell.input_transformer_manager.token_transformers),
    )


def test_a_shell_without_a_completer_is_left_as_it_is() -> None:
    shell = SimpleNamespace()
    completing.install(shell)
    completing.uninstall(shell)
    question_marks.install(shell)
    question_marks.uninstall(shell)


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("%openrouter why is the sky blue?", True),
        ("%openrouter why?", True),
        ("  %openrouter why?", True),
        ("%openrouter what's up?", True),
        ("x = %openrouter why is the sky blue?", True),
        ("if 1:\n    x = %openrouter why?", True),
        ("x = %openrouter?", False),
        ("x = %other why?", False),
        ("%openrouter?", False),
        ("%openrouter??", False),
        ("%%openrouter?", False),
        ("print?", False),
        ("%other why is the sky blue?", False),
    ],
)
def test_a_question_keeps_its_mark_and_help_stays_help(shell: Any, line: str, asks: bool) -> None:
    made = shell.transform_cell(line)
    assert ("run_line_magic('openrouter'" in made) is asks
    assert ("pinfo" in made) is not asks


def test_a_text_that_looks_like_a_question_of_ours_is_not_touched(shell: Any) -> None:
    cell = 'text = """\n%openrouter why?\n"""\n'
    assert shell.transform_cell(cell) == cell
