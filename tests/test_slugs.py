"""Which of the models that were asked for has answered: what is a fallback, and what is another way to write a name."""

from __future__ import annotations

import pytest

from jupyter_openrouter.slugs import stood_in


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (["openai/gpt-4", "anthropic/claude-sonnet-4.5"], "anthropic/claude-4.5-sonnet-20250929"),
        (["openai/gpt-4", "openai/gpt-4-turbo"], "openai/gpt-4-turbo-2024-04-09"),
        (["openai/gpt-4-turbo", "openai/gpt-4"], "openai/gpt-4-0613"),
        (["a/b:free", "c/d", "e/f"], "e/f:nitro"),
        (["a/b", "~anthropic/claude-sonnet-latest"], "anthropic/claude-sonnet-4.5"),
    ],
)
def test_another_model_of_the_list_is_a_fallback(asked: list[str], answered: str) -> None:
    assert stood_in(asked, answered)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (["openai/gpt-4", "a/b"], "openai/gpt-4"),
        (["openai/gpt-4", "a/b"], "openai/gpt-4-0613"),
        (["OpenAI/GPT-4:nitro", "a/b"], "openai/gpt-4"),
        (["a/b:free", "a/b"], "a/b"),
        (["anthropic/claude-sonnet-4.5", "a/b"], "anthropic/claude-4.5-sonnet-20250929"),
        (["~anthropic/claude-sonnet-latest", "a/b"], "anthropic/claude-sonnet-4.5"),
        (["openai/gpt-4-turbo", "openai/gpt-4"], "openai/gpt-4-turbo-preview"),
        (["openrouter/auto", "a/b"], "a/b"),
        (["@preset/mine", "a/b"], "a/b"),
        (["x/y@preset/mine", "a/b"], "a/b"),
        (["openai/gpt-4", "a/b"], "something/else"),
        (["openai/gpt-4", "a/b"], ""),
        (["openai/gpt-4"], "a/b"),
        (["openai/gpt-4", "a/b"], "c/b"),
        ([], "a/b"),
    ],
)
def test_the_same_model_by_another_name_and_what_cannot_be_known_are_none(
    asked: list[str], answered: str
) -> None:
    assert not stood_in(asked, answered)
