"""Turns what ``--image``, ``--file`` and ``--audio`` name, a path or a variable, into parts of a message.

>>> attach(files=["notes"], namespace={"notes": {"a": 1}}).text
"```data: notes\\n{'a': 1}\\n```\\n"
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import parts
from .describing import Description, describe
from .errors import InvalidRequestError
from .expressions import Piece, Prompt, joined, piece_of
from .media import web_url

_WHOLE = 5_000_000
"""Tokens. What is named as a file is meant whole: its 20 MB are the limit."""
_FRAME = 10_000
"""Tokens for a value that is no file."""


def attach(
    *,
    images: Sequence[str] = (),
    files: Sequence[str] = (),
    audios: Sequence[str] = (),
    namespace: Mapping[str, Any] | None = None,
) -> Prompt:
    """The content of a message that holds these and nothing else: the files, the images, the sounds.

    Args:
        images: Paths, URLs, data URLs or names of variables, as typed.
        files: The same; a PDF file is sent as one, a text as text, an image or a sound as what it is.
        audios: The same, but no URLs.
        namespace: The variables. One that has the name of a file goes before it.

    Raises:
        InvalidRequestError: there is no such file and no such variable, or it cannot be sent.
    """
    content: list[dict[str, Any] | str] = []
    pieces: list[Piece] = []
    notes: list[str] = []
    for flag, words, make in (
        ("--file", files, _file),
        ("--image", images, _image),
        ("--audio", audios, _audio),
    ):
        for word in words:
            description = _described(flag, word, make, namespace or {})
            for part in description.parts:
                content.append(f"{part}\n" if isinstance(part, str) else part)
            pieces.append(piece_of(f"{flag} {word}", description))
            notes += description.notes
    return Prompt(joined(content), pieces, notes)


def with_attachments(prompt: Prompt, attached: Prompt) -> Prompt:
    """A prompt with what is attached to it: texts before the question, all else after it, as services advise.

    >>> with_attachments(Prompt("What?"), attach(files=["x"], namespace={"x": [1]})).content
    '```data: x\\n[1]\\n```\\nWhat?'
    """
    if not attached.content:
        return prompt
    ahead: list[dict[str, Any]] = []
    behind: list[dict[str, Any]] = []
    for part in _as_list(attached.content):
        (ahead if part["type"] == "text" else behind).append(part)
    content = [
        part["text"] if part["type"] == "text" and set(part) == {"type", "text"} else part
        for part in [*ahead, *_as_list(prompt.content), *behind]
    ]
    return Prompt(joined(content), [*prompt.pieces, *attached.pieces], [*prompt.notes, *attached.notes])


def _as_list(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _described(
    flag: str, word: str, make: Callable[[Any, str], Description], namespace: Mapping[str, Any]
) -> Description:
    try:
        return make(_meant(word, namespace), word)
    except InvalidRequestError as error:
        raise InvalidRequestError(f"{flag} {word}: {error.message}", remedy=error.remedy) from error


def _meant(word: str, namespace: Mapping[str, Any]) -> Any:
    """What a word names: the value of a variable, or the word itself where it is a URL, else a path."""
    if word.isidentifier() and word in namespace:
        return namespace[word]
    if web_url(word) is not None or word[:5].lower() == "data:":
        return word
    path = Path(word).expanduser() if not word.startswith("~") or "/" in word else Path(word)
    if os.path.lexists(path):
        return path
    raise InvalidRequestError(
        f"There is no such file{' or variable' if word.isidentifier() else ''}.",
        remedy=_near(word, path, namespace),
    )


def _near(word: str, path: Path, namespace: Mapping[str, Any]) -> str:
    names = [name for name in namespace if not name.startswith("_")] if word.isidentifier() else []
    try:
        files = [entry.name for _, entry in zip(range(2000), os.scandir(path.parent), strict=False)]
    except (OSError, ValueError):
        files = []
    near = difflib.get_close_matches(path.name, [*names, *files], n=3, cutoff=0.6)
    folder = f" Paths begin at {os.getcwd()}." if not path.is_absolute() else ""
    return (f"Did you mean {' or '.join(near)}?" if near else "Check the name.") + folder


def _image(value: Any, word: str) -> Description:
    several = value if isinstance(value, (list, tuple)) else [value]
    return Description([item if _is_part(item, "image_url") else parts.image(item) for item in several])


def _audio(value: Any, word: str) -> Description:
    several = value if isinstance(value, (list, tuple)) else [value]
    return Description([item if _is_part(item, "input_audio") else parts.audio(item) for item in several])


def _file(value: Any, word: str) -> Description:
    if isinstance(value, str) and (web_url(value) is not None or value[:5].lower() == "data:"):
        return Description([parts.file(value)])
    if isinstance(value, (str, bytes, bytearray, os.PathLike)):
        name = value.name if isinstance(value, Path) else word
        if isinstance(value, Path) and value.is_dir():
            raise InvalidRequestError("It is a folder.", remedy="Name the files in it.")
        described = describe(value, name=name, budget=_WHOLE)
    else:
        described = describe(value, name=word, budget=_FRAME)
    return described


def _is_part(value: Any, kind: str) -> bool:
    return isinstance(value, Mapping) and value.get("type") == kind
