"""How a cell's answer is saved: as Markdown, or as text, code or JSON in a fence, with what to know of it below."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from . import safe_markdown
from .errors import AnswerFormatError
from .fences import blocks, fenced
from .response import Response


def code_of(text: str) -> tuple[str, str]:
    r"""The code of an answer without its fences, and its language; all of the text where there is no fence.

    Blocks of the first one's language are put together; those of another are left out.

    >>> code_of("So:\n```python\nx = 1\n```\nand\n```python\nx += 1\n```\n")
    ('x = 1\n\nx += 1\n', 'python')
    """
    found = list(blocks(text))
    if not found:
        return text.strip("\n") + "\n" if text.strip() else "", ""
    language = found[0].language
    return "\n".join(block.content for block in found if block.language == language), language


def in_place_of_text(text: str, shown_as: str) -> str | None:
    r"""The Markdown that stands in the place of an answer's own; None where that itself is shown.

    >>> in_place_of_text("a *b*", "text")
    '```text\na *b*\n```'
    >>> in_place_of_text('{"a":1}', "json")
    '```json\n{\n  "a": 1\n}\n```'
    """
    if not text.strip() or shown_as not in ("text", "code", "json"):
        return None
    label = "text"
    if shown_as == "code":
        text, language = code_of(text)
        label = language if language.isalnum() else "text"
    elif shown_as == "json":
        from .answer_json import read

        # What is none is shown as it came, and the cell says what is wrong with it.
        with suppress(AnswerFormatError, RecursionError):
            text, label = json.dumps(read(text), indent=2, ensure_ascii=False), "json"
    return safe_markdown.inert(fenced(safe_markdown.plain(text), label)).rstrip("\n")


def remarks(response: Response) -> list[str]:
    """What a person should know of a settled answer, and its footer does not say."""
    said = ("The answer was cut by the token limit.", "The model gave no finish reason.")
    return [
        note
        for note in dict.fromkeys(response.warnings)
        if note not in said and not (response.skipped and note.endswith(" left out.") and "chunk" in note)
    ]


def saved_forms(
    response: Response, *, shown_as: str = "markdown", more: Sequence[str] = ()
) -> dict[str, Any]:
    """The answer's saved form, with the remarks on a line of their own above the footer.

    Args:
        shown_as: One of ``flags.SHOWN_AS``.
        more: Sentences besides the remarks.
    """
    forms = response.mimebundle()
    rich, poor = forms["text/markdown"], forms["text/plain"]
    if (body := in_place_of_text(response.text, shown_as)) is not None:
        own = safe_markdown.inert(response.text).rstrip("\n")
        rich = body + rich.removeprefix(own)
    if notes := [*remarks(response), *more]:
        line = " ".join(notes)
        rich = _above_last(rich, f"<small>{safe_markdown.escape(line)}</small>")
        poor = _above_last(poor, safe_markdown.plain(line))
    return {**forms, "text/markdown": rich, "text/plain": poor}


def _above_last(text: str, line: str) -> str:
    head, gap, last = text.rpartition("\n\n")
    return f"{head}{gap}{line}\n\n{last}"


def prompt_forms(messages: Any) -> dict[str, str]:
    """What was sent, for ``--show-prompt``: each message under its role; other parts than text by their kind."""
    if isinstance(messages, str):
        messages = [{"role": "prompt", "content": messages}]
    rich, poor = [], []
    for message in messages:
        role, content = str(message.get("role")), message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        text = "\n".join(
            str(part.get("text")) if part.get("type") == "text" else f"[{part.get('type')}]" for part in parts
        )
        text = safe_markdown.plain(text)
        block = safe_markdown.inert(fenced(text, "text")).rstrip("\n")
        rich.append(f"<small>{safe_markdown.escape(role)}</small>\n\n{block}")
        poor.append(f"{role}:\n{text}")
    return {"text/markdown": "\n\n".join(rich), "text/plain": "\n\n".join(poor)}
