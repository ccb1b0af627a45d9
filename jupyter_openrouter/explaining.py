"""Asks about the last exception by the way of a cell, and shows the change that the answer proposes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .describing import describe
from .errors import OpenRouterError
from .explain import ErrorQuestion, Short, question
from .fences import blocks
from .flags import FlagError, parse
from .masking import mask
from .notices import Block
from .response import Response


def explain(words: str, flags: str, shell: Any, magics: Any) -> Any:
    """Asks, and gives the proposed change as a diff; None where there is none. Nothing is edited.

    Raises:
        InvalidRequestError: there is no exception.
        OpenRouterError: as the answer ended.
    """
    if parse(flags).background:
        raise FlagError("explain waits for its answer, to show the change.", remedy="Leave out --background.")
    asked = question(shell, describe=_told, mask=mask)
    if words:
        asked = _with(asked, f"\n\nThe person asks: {words}")
    before = shell.user_ns.get("_openrouter")
    try:
        magics.ask(asked, flags)
    except OpenRouterError as error:
        # A second try is about the same exception, not about this one.
        error.explaining = asked.error  # type: ignore[attr-defined]
        raise
    response = shell.user_ns.get("_openrouter")
    # A dry run leaves the answer before where it is, which is about another thing.
    new = isinstance(response, Response) and response is not before
    diff = asked.diff(response.text) if new else None
    return Block(diff) if diff else None


def _told(value: Any, *, name: str, budget: int) -> Short:
    """A value as a prompt has it, without the fence of its own: the question puts each into one."""
    told = describe(value, name=name, budget=budget)
    return Short(
        [_unfenced(part) if isinstance(part, str) else part for part in told.parts], list(told.notes)
    )


def _unfenced(text: str) -> str:
    found = list(blocks(text))
    return found[0].content if len(found) == 1 and text.strip().startswith(("```", "~~~")) else text


def _with(asked: ErrorQuestion, words: str) -> ErrorQuestion:
    content = asked.content
    if isinstance(content, str):
        return replace(asked, content=content + words, text=asked.text + words)
    first, *others = content
    return replace(
        asked, content=[{**first, "text": first["text"] + words}, *others], text=asked.text + words
    )
