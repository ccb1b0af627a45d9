"""What a notebook saves of an answer, and how the exact text and the turn are read out of that again; pure.

The text stands in the saved form twice: as inert Markdown, and as plain text with the footer below it. Its
characters in ``text/plain`` are those that the model wrote, but for control characters and line ends at the end;
so the record says only how many of them are the text, and holds the text itself where they differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from . import tolerant

MIME = "application/vnd.jupyter-openrouter.v1+json"
_BESIDE = ("text_characters", "text", "conversation")
_IN_TRANSCRIPT = ("text_at", "question_at", "question_characters")
_MOST_DATA = (
    16_000  # characters of one image, file or sound in a question; a notebook is not to swell with them
)


class Saved(NamedTuple):
    """What one output holds: the record as ``Response.to_dict`` gave it, and what stands beside it.

    Attributes:
        record: The provenance.
        text: What the model wrote.
        exact: Whether the text is known to be what it wrote, character for character.
        parsed_files: The documents that were parsed for it, for the messages to come; in conversations only.
        conversation: Where the answer stands in a conversation; empty when it stands in none.
    """

    record: dict[str, Any]
    text: str
    exact: bool
    parsed_files: list[dict[str, Any]]
    conversation: dict[str, Any]


def bundle(
    record: Mapping[str, Any],
    *,
    text: str,
    footer: str,
    instead: str = "",
    beside: tuple[str, str] = ("", ""),
    parsed_files: Sequence[Mapping[str, Any]] = (),
    conversation: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The three forms of an answer: inert Markdown, plain text, and the record.

    Args:
        record: As ``Response.to_dict`` gives it.
        text: What the model wrote, exactly.
        footer: The line below it.
        instead: What is shown where there is no text, such as a refusal.
        beside: What stands below the text, as Markdown and as plain text; see ``beside``.
        parsed_files: The documents that were parsed for it, saved in a conversation only: among the annotations.
        conversation: Where the answer stands in a conversation.
    """
    from . import safe_markdown

    # `small` is muted wherever HTML is shown, and survives every sanitizer of notebooks, GitHub's included.
    small = f"<small>{safe_markdown.escape(footer)}</small>"
    shown = text or instead
    body = safe_markdown.inert(shown).rstrip("\n")
    rich, poor = beside
    lines = [safe_markdown.plain(shown).rstrip("\n"), poor, safe_markdown.plain(footer)]
    plain = "\n\n".join(line for line in lines if line)
    saved = {**record, "text_characters": len(text)}
    if plain[: len(text)] != text:
        saved["text"] = text
    if conversation:
        saved["conversation"] = dict(conversation)
        if parsed_files:
            saved["annotations"] = [*tolerant.items(saved.get("annotations")), *parsed_files]
    return {
        "text/markdown": "\n\n".join(part for part in (body, rich, small) if part),
        "text/plain": plain,
        MIME: printable(saved),
    }


def read(forms: Mapping[str, Any]) -> Saved:
    """Reads an output's forms, whoever wrote them; what is missing or of a wrong type is empty.

    >>> read(bundle({"version": 1}, text="hi\\n", footer="a/model")).text
    'hi\\n'
    """
    saved = printable(tolerant.mapping(forms.get(MIME)))
    plain = joined(forms.get("text/plain"))
    text, exact = _text(saved, plain)
    record = {name: value for name, value in saved.items() if name not in _BESIDE}
    annotations = _dicts(saved.get("annotations"))
    files = [one for one in annotations if one.get("type") == "file"]
    if files:
        record["annotations"] = [one for one in annotations if one.get("type") != "file"] or None
    return Saved(record, text, exact, files, tolerant.mapping(saved.get("conversation")))


def read_all(forms: Mapping[str, Any]) -> list[tuple[Saved, str | None]]:
    """All answers of an output, each with its question where the output itself holds that: see ``transcript_form``.

    >>> [(saved.text, question) for saved, question in read_all(bundle({"version": 1}, text="hi", footer="a/model"))]
    [('hi', None)]
    """
    record = tolerant.mapping(forms.get(MIME))
    if not isinstance(record.get("transcript"), list):
        return [(read(forms), None)]
    plain = joined(forms.get("text/plain"))
    found: list[tuple[Saved, str | None]] = []
    for entry in _dicts(record["transcript"]):
        at, size = tolerant.count(entry.get("question_at")), tolerant.count(entry.get("question_characters"))
        question = None if at is None or size is None else plain[at : at + size]
        own = plain[tolerant.count(entry.get("text_at")) or 0 :]
        told = {name: value for name, value in entry.items() if name not in _IN_TRANSCRIPT}
        found.append((read({MIME: told, "text/plain": own}), question))
    return found


def _text(saved: Mapping[str, Any], plain: str) -> tuple[str, bool]:
    if isinstance(text := saved.get("text"), str):
        return text, True
    count = tolerant.count(saved.get("text_characters"))
    if count is not None:
        return plain[:count], len(plain) >= count
    # Saved before the characters were counted: all that stands above the footer.
    return plain.rpartition("\n\n")[0], False


def joined(value: Any) -> str:
    """A text as a notebook file has it: whole, or as a list of lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in tolerant.items(value) if isinstance(item, dict)]


def thoughts(details: Any) -> str | None:
    """The reasoning as plain text out of its details, or None where they hold none."""
    texts = (tolerant.text(d.get("text")) or tolerant.text(d.get("summary")) for d in _dicts(details))
    return "".join(text for text in texts if text) or None


def place(
    name: str,
    number: int,
    ident: str,
    question: Any,
    *,
    after: str,
    body: str | None = None,
    system: str | None = None,
) -> dict[str, Any]:
    """What an answer's record says of its place in a conversation.

    Args:
        name: The conversation's.
        number: Of the question, from 1.
        ident: The id of the answer's turn.
        question: What was asked. It is saved only where it differs from the body.
        after: The id of the answer before; "" for the first one.
        body: The cell below its line with the magic, if it was asked in one.
        system: The system message, where it begins to hold with this turn.
    """
    told = {
        "name": name,
        "turn": number,
        "id": ident,
        "after": after,
        "question_hash": content_hash(question),
    }
    if question != body:
        told["question"] = light(question)
    if system is not None:
        told["system"] = system
    return told


def content_hash(content: Any) -> str:
    """A stable name for the content of a message: the first 16 hex digits of its SHA-256."""
    if not isinstance(content, str):
        content = json.dumps(printable(content), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:16]


def light(content: Any) -> Any:
    """The content of a message as a notebook may hold it: a note in the place of each large image, file or sound.

    >>> light([{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 40_000}}])
    [{'type': 'text', 'text': '[image_url of 40,022 characters, left out of the notebook]'}]
    """
    return [_light(part) for part in content] if isinstance(content, list) else content


def _light(part: Any) -> Any:
    if not isinstance(part, Mapping) or part.get("type") == "text":
        return part
    inner = [value for value in part.values() if isinstance(value, Mapping)]
    size = sum(len(value) for fields in (part, *inner) for value in fields.values() if isinstance(value, str))
    if size <= _MOST_DATA:
        return part
    size -= len(str(part.get("type")))
    note = f"[{str(part.get('type'))[:40]} of {size:,} characters, left out of the notebook]"
    return {"type": "text", "text": note}


def printable(value: Any, depth: int = 0) -> Any:
    """The same JSON value with nothing in it that a notebook file or a message cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {printable(str(k)): printable(v, depth + 1) for k, v in value.items()} if depth < 20 else None
    if isinstance(value, list):
        return [printable(v, depth + 1) for v in value] if depth < 20 else None
    if isinstance(value, float) and not -1e300 < value < 1e300:
        return None
    return value
