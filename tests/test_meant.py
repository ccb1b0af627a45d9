"""What a wrong word was probably meant to be, and where that is said."""

from __future__ import annotations

import pytest

from jupyter_openrouter import meant
from jupyter_openrouter.background import background
from jupyter_openrouter.command_list import COMMANDS
from jupyter_openrouter.errors import InvalidRequestError, NotFoundError
from jupyter_openrouter.known_slugs import KnownSlugs, with_near
from jupyter_openrouter.options import StreamOptions
from jupyter_openrouter.parameters import ChatParameters, checked


def test_a_name_that_is_begun_wins_over_one_that_looks_alike() -> None:
    names = ["--system", "--temperature", "--top-p", "--top-k"]
    assert meant.near("--temp", names) == "--temperature"
    assert meant.near("--top", names) in ("--top-p", "--top-k")  # begins two, and resembles them
    assert meant.near("--", names) is None
    assert meant.near("", names) is None


@pytest.mark.parametrize(
    ("slug", "found"),
    [
        ("gpt-4", "openai/gpt-4"),
        ("gpt4", None),
        ("openai/gtp-4", "openai/gpt-4"),
        ("OPENAI/GPT-4o", None),
        ("anthropic/gpt-4", "openai/gpt-4"),
        ("demo/ech", "demo/echo"),
        ("nothing-like-it", None),
        ("", None),
    ],
)
def test_a_slug_is_found_without_its_author_and_with_wrong_letters(slug: str, found: str | None) -> None:
    assert meant.near_slug(slug, ["openai/gpt-4", "openai/gpt-4o", "demo/echo"]) == found


def test_what_other_tools_call_a_command_leads_to_one_that_there_is() -> None:
    for word, ours in meant.COMMANDS.items():
        assert word not in COMMANDS
        assert ours.split()[0] in COMMANDS


def test_what_other_clients_call_an_option_leads_to_one_that_there_is() -> None:
    ours = {*ChatParameters.__annotations__, *StreamOptions.__annotations__, "extra", "system"}
    for name in ("timeout", "max_retries", "extra_body", "http_referer"):
        written = meant.option(name)
        assert written is not None
        assert written.partition("=")[0] in ours
        assert name not in ours
        with pytest.raises(InvalidRequestError) as error:
            checked({name: 1}, ChatParameters)
        assert written in error.value.remedy
        assert name not in error.value.remedy.replace(written, "")


def test_an_error_about_a_model_names_the_near_one_of_those_that_are_known_and_asks_nobody() -> None:
    asked = []

    async def fetch() -> list[str]:
        asked.append(1)
        return ["openai/gpt-4"]

    known = KnownSlugs(fetch)
    error = with_near(NotFoundError("No such model."), "openai/gtp-4", known)
    assert error.remedy == NotFoundError.default_remedy
    assert not asked
    background().submit(known._refresh()).result()
    error = with_near(with_near(error, "openai/gtp-4", known), "openai/gtp-4", known)
    assert error.remedy == f"Did you mean openai/gpt-4? {NotFoundError.default_remedy}"
    assert "Did you mean demo/echo?" in str(with_near(NotFoundError("No."), "demo/ech", known))
