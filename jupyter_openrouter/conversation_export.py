"""Writes a conversation for people to read and run on: as a notebook, and as inert Markdown; pure."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import safe_markdown
from .saved_form import place
from .turn import Turn, new_id

_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_EXPANDED = ("{", "$")  # IPython replaces these in a magic's line


def notebook(name: str, system: str, turns: Sequence[Turn]) -> dict[str, Any]:
    """The notebook (format 4.5) that asks the same: a cell for each question, with the answer as the magic saves it.

    What is neither a question nor the answer to one stands in it as Markdown.
    """
    cells = [_text_cell(_title(name, system))]
    taken = {cells[0]["id"]}
    after, number, told_system = "", 0, ""
    for asked, answer in exchanges(turns):
        if asked is not None and answer is not None:
            number += 1
            body, changed = asked.text, None if told_system == system else system
            told = place(name, number, answer.id, asked.content, after=after, body=body, system=changed)
            cell = _code_cell(_source(name, answer, body), answer, told, number)
            after, told_system = answer.id, system
        else:
            cell = _text_cell("\n\n".join(_paragraphs(asked or answer, number)))
        ident = next((turn.cell_id for turn in (asked, answer) if turn is not None), "")
        if _CELL_ID.fullmatch(ident) and ident not in taken:
            cell["id"] = ident
        taken.add(cell["id"])
        cells.append(cell)
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def notebook_text(name: str, system: str, turns: Sequence[Turn]) -> str:
    """The same as the text of an ``.ipynb`` file."""
    return json.dumps(notebook(name, system, turns), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def markdown(name: str, system: str, turns: Sequence[Turn]) -> str:
    """The whole conversation as Markdown in which nothing that anybody wrote can act."""
    parts = [_title(name, system)]
    number = 0
    for asked, answer in exchanges(turns):
        number += asked is not None
        for turn in (asked, answer):
            if turn is not None:
                parts += _paragraphs(turn, number)
    return "\n\n".join(parts) + "\n"


def exchanges(turns: Sequence[Turn]) -> Iterator[tuple[Turn | None, Turn | None]]:
    """Each question with the answer that follows it at once; what has no partner stands alone."""
    asked: Turn | None = None
    for turn in turns:
        if turn.role == "assistant" and asked is not None:
            yield asked, turn
            asked = None
            continue
        if asked is not None:
            yield asked, None
        asked = turn if turn.role == "user" else None
        if asked is None:
            yield None, turn
    if asked is not None:
        yield asked, None


def _title(name: str, system: str) -> str:
    title = f"# Conversation {safe_markdown.escape(name)}"
    return (
        f"{title}\n\n## System message\n\n{safe_markdown.inert(system).strip()}" if system.strip() else title
    )


def _paragraphs(turn: Turn | None, number: int) -> list[str]:
    if turn is None:
        return []
    word = {"user": "Question", "assistant": "Answer", "tool": "Tool result of"}.get(
        turn.role, "System message at"
    )
    # Two words: a heading of one would become a name of the page that shows it.
    parts = [f"## {word} {number}", safe_markdown.inert(turn.text).strip("\n")]
    if turn.response_record is not None:
        parts.append(f"<small>{safe_markdown.escape(turn.response().footer())}</small>")
    return [part for part in parts if part]


def _source(name: str, answer: Turn, body: str) -> str:
    flags = ["--chat", name]
    model = (answer.response_record or {}).get("requested_model") or answer.model
    if isinstance(model, str) and model.isprintable() and not any(sign in model for sign in _EXPANDED):
        flags += ["--model", model] if model else []
    if "{{" in body:
        flags.append("--raw")
    line = " ".join(map(shlex.quote, flags))
    # The magic takes one line end off the cell's end.
    return f"%%openrouter {line}\n{body}" + ("\n" if body.endswith("\n") else "")


def _code_cell(source: str, answer: Turn, told: Mapping[str, Any], number: int) -> dict[str, Any]:
    response = answer.response()
    response.conversation = dict(told)
    # As it was read: it may know more than this version does.
    known = {name: value for name, value in (answer.response_record or {}).items() if value is not None}
    data = response.mimebundle({**response.to_dict(), **known})
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    return {
        "cell_type": "code",
        "execution_count": number,
        "id": new_id(),
        "metadata": {},
        "outputs": [output],
        "source": source,
    }


def _text_cell(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": new_id(), "metadata": {}, "source": text}
