"""Asks about the last exception by the way of a cell, and shows the change that the answer proposes."""

from __future__ import annotations

from typing import Any

from .describing import describe
from .errors import OpenRouterError
from .explain import question
from .masking import mask
from .notices import Block, Said
from .response import Response


def explain(words: str, flags: str, shell: Any, magics: Any) -> Any:
    """Asks, and gives the proposed change as a diff; None where there is none. Nothing is edited.

    Raises:
        InvalidRequestError: there is no exception.
        OpenRouterError: as the answer ended.
    """
    asked = question(shell, describe=describe, mask=mask)
    content: Any = asked.content
    if words:
        content = _with(content, f"\n\nThe person asks: {words}")
    try:
        if hasattr(magics, "ask"):
            magics.ask(content, flags)
        else:
            text = content if isinstance(content, str) else asked.text
            shell.run_cell_magic("openrouter", f"{flags} --raw".strip(), text)
    except OpenRouterError as error:
        # A second try is about the same exception, not about this one.
        error.explaining = asked.error  # type: ignore[attr-defined]
        raise
    if asked.notes:
        from IPython.display import display

        display(Said(" ".join(dict.fromkeys(asked.notes))))
    response = shell.user_ns.get("_openrouter")
    diff = asked.diff(response.text) if isinstance(response, Response) else None
    return Block(diff) if diff else None


def _with(content: Any, words: str) -> Any:
    if isinstance(content, str):
        return content + words
    first, *others = content
    return [{**first, "text": first["text"] + words}, *others]
