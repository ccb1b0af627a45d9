"""What goes with a question beside its words: put into its content, and read out of that again; pure.

A text goes before the words, in a fence that says its name, as every value in a cell's prompt does; an image, a
file or a sound goes after them. So a content tells by itself what was attached, wherever it was asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .extras import Images, Picture, image_url, picture
from .fences import fenced
from .plain_text import plain

_FENCED = re.compile(r"(`{3,})data: ([^\n`]*)\n(?:([\s\S]*?)\n)?\1\n?")
_MOST_NAMES = 500


class Attachment(NamedTuple):
    """One of them: the part of the message, and what a browser is told of it."""

    part: dict[str, Any]
    told: dict[str, Any]


class Names:
    """The names of images, which a message has no place for, by what is in them; the newest are kept."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def keep(self, part: Mapping[str, Any], name: str) -> None:
        """Remembers the name of a part."""
        self._names.pop(_address(part), None)
        self._names[_address(part)] = name
        while len(self._names) > _MOST_NAMES:
            del self._names[next(iter(self._names))]

    def of(self, part: Mapping[str, Any]) -> str:
        """The name of a part, "" where it has none."""
        return self._names.get(_address(part), "")


def _address(part: Mapping[str, Any]) -> str:
    # The object itself is not kept: names must not hold the bytes.
    inner = image_url(dict(part))
    return f"{len(inner)}:{hash(inner)}"


def text_part(name: str, text: str) -> dict[str, Any]:
    r"""A text file as a part of a message.

    >>> text_part("a.txt", "hello")["text"]
    '```data: a.txt\nhello\n```\n'
    """
    clean = " ".join(plain(name).replace("`", "'").split())
    return {"type": "text", "text": fenced(text, f"data: {clean}") + "\n"}


def together(text: str, parts: Sequence[Mapping[str, Any]]) -> Any:
    """The content of a message out of its words and what goes with them; the words alone are a text.

    >>> together("What?", [text_part("a.txt", "x")])[1]
    {'type': 'text', 'text': 'What?'}
    """
    if not parts:
        return text
    ahead = [dict(part) for part in parts if part.get("type") == "text"]
    behind = [dict(part) for part in parts if part.get("type") != "text"]
    words = [{"type": "text", "text": text}] if text.strip() else []
    return [*ahead, *words, *behind]


def apart(
    content: Any, images: Images | None = None, names: Names | None = None
) -> tuple[str, list[Attachment]]:
    """The words of a question, and what goes with them.

    Args:
        content: Of a message: a text, or parts.
        images: Where its images are kept, so that a browser can have them.
        names: The names of images, as far as they are known.

    >>> apart(together("What?", [text_part("a.txt", "hello")]))[1][0].told
    {'kind': 'text', 'name': 'a.txt', 'mime': 'text/plain', 'bytes': 5}
    """
    if isinstance(content, str):
        return content, []
    words: list[str] = []
    found: list[Attachment] = []
    for part in content:
        fence = _FENCED.fullmatch(part["text"]) if _is_text(part) else None
        if fence is not None:
            size = len((fence[3] or "").encode("utf-8", "replace"))
            told = {"kind": "text", "name": fence[2].strip() or "text", "mime": "text/plain", "bytes": size}
            found.append(Attachment(part, told))
        elif _is_text(part):
            words.append(part["text"])
        else:
            name = names.of(part) if names is not None else ""
            found.append(Attachment(part, _told(part, images, name)))
    return "\n\n".join(words), found


def _is_text(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "text" and isinstance(part.get("text"), str)


def _told(part: Mapping[str, Any], images: Images | None, name: str) -> dict[str, Any]:
    kind = part.get("type")
    if kind == "image_url":
        address = image_url(dict(part))
        found = picture(address)
        if isinstance(found, Picture):
            ident = {"id": images.keep(found)} if images is not None else {}
            plain_name = name or f"image.{found.type.rpartition('/')[2]}"
            return _facts("image", plain_name, found.type, found.bytes) | ident
        return _facts("image", name or address[:200] or "image", "image/*", 0)
    if kind == "file":
        inner = part.get("file")
        fields = inner if isinstance(inner, Mapping) else {}
        data = _text(fields.get("file_data"))
        size = _decoded(data.partition(",")[2]) if data.startswith("data:") else 0
        return _facts("file", _text(fields.get("filename")) or "file", "application/pdf", size)
    if kind == "input_audio":
        inner = part.get("input_audio")
        fields = inner if isinstance(inner, Mapping) else {}
        form = _text(fields.get("format")) or "audio"
        return _facts("audio", f"audio.{form}", f"audio/{form}", _decoded(_text(fields.get("data"))))
    return _facts("file", str(kind)[:40], "application/octet-stream", 0)


def _decoded(data: str) -> int:
    """How many bytes a base64 text stands for."""
    return len(data) * 3 // 4 - data[-2:].count("=")


def _facts(kind: str, name: str, mime: str, size: int) -> dict[str, Any]:
    return {"kind": kind, "name": name, "mime": mime, "bytes": size}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
