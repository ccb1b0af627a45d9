"""Writes exchanges of a chat as one output for readers without a kernel: inert Markdown, plain text, records; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from . import safe_markdown
from .attached import apart
from .beside import beside_text
from .plain_text import plain
from .response import Response
from .saved_form import MIME, place, printable
from .turn import Turn

FIRST = "*Transcript of the chat above, for readers without a kernel*"
NEXT = "*Transcript, continued*"
FOLDED_FROM = 64
"""So many exchanges in one output are folded: a reader sees the newest ones, and a page lays out no others."""
NOTHING: Mapping[str, Any] = {"text/plain": ""}
"""An output that holds no exchange yet."""
_MOST_IMAGE_BYTES = 256 << 10


class Written(NamedTuple):
    """One exchange: as Markdown, as plain text, and the record of its answer, None where it has none.

    Attributes:
        number: Of the question, from 1.
        question, text: Where question and answer stand in ``poor``: beginning and length in characters; None where
            they do not stand there exactly.
    """

    rich: str
    poor: str
    record: dict[str, Any] | None
    question: tuple[int, int] | None
    text: tuple[int, int] | None
    number: int


def written(
    asked: Turn | None,
    answer: Turn | None,
    *,
    name: str,
    number: int,
    after: str,
    system: str | None = None,
    response: Response | None = None,
) -> Written:
    """One exchange, inert.

    Args:
        asked, answer: The question and its answer; either may be missing.
        name: The conversation's.
        number: Of the question, from 1.
        after: The id of the answer before; "" for the first one.
        system: The system message, where it begins to hold here.
        response: What the answer was made of, where it is still there: it has the bytes of its images.
    """
    rich: list[str] = []
    poor: list[str] = []
    question: tuple[int, int] | None = None
    text: tuple[int, int] | None = None
    record: dict[str, Any] | None = None
    if asked is not None:
        words, attachments = apart(asked.content)
        names = ", ".join(one.told["name"] for one in attachments)
        rich += [f"**Question {number}**", safe_markdown.inert(words).strip("\n")]
        rich += [f"<small>attached: {safe_markdown.escape(names)}</small>"] if names else []
        poor.append(f"Question {number}:")
        if asked.content == plain(words):
            question = _length(poor), len(words)
        poor += [plain(words), *([f"[attached: {plain(names)}]"] if names else [])]
    if answer is not None:
        whole = response or answer.response()
        shown = answer.text
        heading = f"Answer {number}"
        beside = beside_text(whole, whole.model or whole.requested_model, room=_MOST_IMAGE_BYTES)
        footer = whole.footer() if answer.response_record else ""
        rich += [f"**{heading}**", safe_markdown.inert(shown).strip("\n"), beside[0]]
        rich += [f"<small>{safe_markdown.escape(footer)}</small>"] if footer else []
        poor.append(f"{heading}:")
        if plain(shown) == whole.text:
            text = _length(poor), len(whole.text)
        poor += [part for part in (plain(shown), beside[1], plain(footer)) if part]
        # An answer to nothing has no place in a conversation.
        if asked is not None:
            record = _record(asked, answer, name, number, after, system, question is not None)
            if text is None:
                record["text"] = whole.text
    return Written(
        "\n\n".join(part for part in rich if part), "\n\n".join(poor), record, question, text, number
    )


def _length(parts: Sequence[str]) -> int:
    """Where the next part will begin."""
    return sum(len(part) + 2 for part in parts)


def _record(
    asked: Turn, answer: Turn, name: str, number: int, after: str, system: str | None, exact: bool
) -> dict[str, Any]:
    record = {key: value for key, value in (answer.response_record or {}).items() if value is not None}
    timing = record.get("timing")
    if isinstance(timing, Mapping):
        record["timing"] = {key: value for key, value in timing.items() if value is not None}
    files = answer.fields.get("annotations")
    if isinstance(files, list) and files:
        record["annotations"] = [*(record.get("annotations") or []), *files]
    body = asked.content if exact else None
    record["conversation"] = place(
        name, number, answer.id, asked.content, after=after, body=body, system=system
    )
    record.setdefault("version", 1)
    return record


def forms(exchanges: Sequence[Written], *, first: bool) -> dict[str, Any]:
    """The output that holds these exchanges.

    Args:
        first: Whether no output before it holds any.
    """
    if not exchanges:
        return dict(NOTHING)
    mark = FIRST if first else NEXT
    rich, poor = [mark], [mark.strip("*")]
    entries = []
    for one in exchanges:
        start = _length(poor)
        rich.append(one.rich)
        poor.append(one.poor)
        if one.record is None:
            continue
        entry = dict(one.record)
        if one.text is not None:
            entry |= {"text_at": start + one.text[0], "text_characters": one.text[1]}
        if one.question is not None:
            entry |= {"question_at": start + one.question[0], "question_characters": one.question[1]}
        entries.append(entry)
    if len(exchanges) >= FOLDED_FROM:
        questions = f"Questions {max(1, exchanges[0].number)} to {exchanges[-1].number}"
        rich[1:] = [f"<details>\n<summary>{questions}</summary>", *rich[1:], "</details>"]
    return {
        "text/markdown": "\n\n".join(rich),
        "text/plain": "\n\n".join(poor),
        MIME: printable({"version": 1, "transcript": entries}),
    }
