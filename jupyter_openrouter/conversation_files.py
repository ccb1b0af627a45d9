"""A conversation's own file: JSON with the provenance of every answer, and a precise complaint about any other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from . import tolerant
from .conversation_export import markdown, notebook_text
from .errors import FileError, InvalidRequestError
from .files import Pathlike, read_json, write_whole
from .kinds import shown
from .turn import Turn, text_id

_FORMAT = "jupyter_openrouter.conversation"
_VERSION = 1
_LONGEST_NAME = 80  # characters


class Parts(NamedTuple):
    """What a conversation is made of.

    Attributes:
        turns: Those that are shown, oldest first.
        others: Those of other branches; see ``branches.Branches.others``.
    """

    name: str
    system: str
    turns: Sequence[Turn]
    others: Sequence[tuple[str, int, Turn]] = ()


def checked_name(name: Any) -> str:
    """The name, if a conversation can have it.

    Raises:
        InvalidRequestError: it is empty or longer than 80 characters, or a magic's line could not hold it.

    >>> checked_name("trip to Rome")
    'trip to Rome'
    """
    if (
        not isinstance(name, str)
        or not 0 < len(name) <= _LONGEST_NAME
        or not name.isprintable()
        or " ".join(name.split()) != name
        or name.startswith("-")
        or any(sign in name for sign in "{}$")
    ):
        raise InvalidRequestError(
            f"{shown(name)} is no name of a conversation.",
            remedy="Write 1 to 80 characters, without { } $, and no - at the start.",
        )
    return name


def to_json(parts: Parts) -> dict[str, Any]:
    """All of it as JSON: each turn as it was sent, and the provenance of each answer."""
    found = {
        "format": _FORMAT,
        "version": _VERSION,
        "name": parts.name,
        "system": parts.system,
        "turns": [turn.to_dict() for turn in parts.turns],
    }
    if parts.others:
        found["others"] = [
            {"after": after, "place": place, "turn": turn.to_dict()} for after, place, turn in parts.others
        ]
    return found


def from_json(value: Any) -> Parts:
    """What ``to_json`` gave.

    Raises:
        FileError: this is no conversation; the message says what is wrong with it.
    """
    if not isinstance(value, Mapping) or value.get("format") != _FORMAT:
        raise FileError("This is no conversation.", remedy="Conversation.save writes one.")
    if value.get("version") != _VERSION:
        raise FileError(
            f"This conversation has the form {shown(value.get('version'))}, and only {_VERSION} is known here.",
            remedy="Install a newer jupyter_openrouter.",
        )
    name, system, turns = value.get("name"), value.get("system", ""), value.get("turns")
    if not isinstance(system, str) or not isinstance(turns, list):
        raise FileError(
            f"This conversation has no {'turns' if isinstance(system, str) else 'system message'}."
        )
    place = "its name"
    found: list[Turn] = []
    others: list[tuple[str, int, Turn]] = []
    try:
        checked_name(name)
        for number, turn in enumerate(turns, 1):
            place = f"turn {number}"
            found.append(Turn.from_dict(turn))
        for number, other in enumerate(tolerant.items(value.get("others")), 1):
            place = f"turn {number} of its other branches"
            fields = tolerant.mapping(other)
            at = tolerant.count(fields.get("place")) or 0
            others.append((text_id(fields.get("after")), at, Turn.from_dict(fields.get("turn"))))
    except InvalidRequestError as error:
        raise FileError(f"This conversation cannot be read at {place}: {error.message}") from None
    return Parts(checked_name(name), system, found, others)


def load(path: Pathlike) -> Parts:
    """Reads what ``save`` wrote.

    Raises:
        FileError: there is no such file, or it holds no conversation.
    """
    value = read_json(path, what="conversation")
    if isinstance(value, dict) and isinstance(value.get("cells"), list):
        raise FileError(f"{path} is a notebook.", remedy="Conversation.from_notebook reads it.")
    try:
        return from_json(value)
    except FileError as error:
        raise FileError(f"{path}: {error.message}", remedy=error.remedy) from None


def save(parts: Parts, path: Pathlike, *, more: Mapping[str, Any] | None = None) -> Path:
    """Writes all of it into a file, whole or not at all, and gives its path.

    Args:
        more: What else is to be in the file, under names of its own.

    Raises:
        FileError: it cannot be written, or another thing than a conversation stands there.
    """
    if Path(path).expanduser().exists():
        try:
            load(path)
        except FileError:
            raise FileError(
                f"{path} is there already, and is no conversation.", remedy="Choose another name."
            ) from None
    from . import __version__

    head = {"saved_at": datetime.now(timezone.utc).isoformat(timespec="seconds"), "saved_by": __version__}
    try:
        text = json.dumps(
            {**to_json(parts), **(more or {}), **head}, ensure_ascii=False, allow_nan=False, indent=1
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise FileError(f"The conversation cannot be written as JSON: {error}.", remedy="") from None
    return write_whole(path, text + "\n")


def export(parts: Parts, path: Pathlike, *, overwrite: bool = False) -> Path:
    """Writes it as a notebook (``.ipynb``) that asks the same, or to be read (``.md``); gives the path.

    Raises:
        FileError: the name ends otherwise, the file is there already, or cannot be written.
    """
    write = {".ipynb": notebook_text, ".md": markdown}.get(Path(path).suffix.lower())
    if write is None:
        raise FileError(f"{path} ends neither in .ipynb nor in .md.", remedy="Choose one of these.")
    if not overwrite and Path(path).expanduser().exists():
        raise FileError(f"{path} is there already.", remedy="Choose another name, or give overwrite=True.")
    return write_whole(path, write(parts.name, parts.system, parts.turns))
