"""Cuts the bytes of a body into the pieces that a recording holds, and makes bytes of them again; pure.

Of a stream each event is one piece, of anything else the body is. Where it is JSON a piece is its value, so that a
person can read it; else it is the text, or base64 where it is none. The bytes that are made again hold the same
events with the same values; only the spaces and escapes of their JSON may be others.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, Literal, NamedTuple, NoReturn

Kind = Literal["data", "comment", "json", "text", "base64"]
KINDS: tuple[Kind, ...] = ("data", "comment", "json", "text", "base64")
_END = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n?|\n)")
"""A blank line; the CR of its CRLF is enough, as for ``sse``, which waits for no more."""
_LONGEST = 1 << 20
"""Bytes without the end of an event, after which a stream is cut where it stands."""


class Piece(NamedTuple):
    """What came at once.

    Attributes:
        ms: Milliseconds from sending the request to the last of its bytes.
        kind: ``data``: an event with this data, JSON or text; ``comment``: a comment of the stream; ``json``: a
            body of JSON; ``text`` and ``base64``: the bytes themselves.
    """

    ms: float
    kind: Kind
    value: Any


class Cutter:
    """Takes a body block by block.

    Args:
        whole: Whether it is no stream, and stays in one piece.

    >>> cutter = Cutter()
    >>> cutter.feed(b'data: {"a":', 10.0), cutter.feed(b" 1}\\n\\n: hi\\n\\nda", 20.0)
    ([], [Piece(ms=20.0, kind='data', value={'a': 1}), Piece(ms=20.0, kind='comment', value='hi')])
    >>> cutter.end()
    [Piece(ms=20.0, kind='text', value='da')]
    """

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole
        self._pending = bytearray()
        self._looked = 0
        self._ms = 0.0

    def feed(self, block: bytes, ms: float) -> list[Piece]:
        """The pieces that this block completes."""
        self._ms = ms
        self._pending += block
        if self._whole:
            return []
        found, start = [], 0
        for end in _END.finditer(self._pending, self._looked):
            found.append(_event(bytes(self._pending[start : end.end()]), ms))
            start = end.end()
        del self._pending[:start]
        if len(self._pending) > _LONGEST:
            return [*found, *self.end()]
        self._looked = max(0, len(self._pending) - 3)
        return found

    def end(self) -> list[Piece]:
        """What is left when nothing more comes."""
        rest, self._pending, self._looked = bytes(self._pending), bytearray(), 0
        if not rest:
            return []
        if self._whole and (value := _json(rest)) is not None:
            return [Piece(self._ms, "json", value)]
        return [_verbatim(rest, self._ms)]


def _event(raw: bytes, ms: float) -> Piece:
    line = raw[:-2]
    if raw.endswith(b"\n\n") and b"\n" not in line and b"\r" not in line:
        if line.startswith(b"data: "):
            if (value := _json(line[6:])) is not None:
                return Piece(ms, "data", value)
            if (text := _text(line[6:])) is not None:
                return Piece(ms, "data", text)
        if line.startswith(b": ") and (text := _text(line[2:])) is not None:
            return Piece(ms, "comment", text)
    return _verbatim(raw, ms)


def _verbatim(raw: bytes, ms: float) -> Piece:
    text = _text(raw)
    if text is not None:
        return Piece(ms, "text", text)
    return Piece(ms, "base64", base64.b64encode(raw).decode("ascii"))


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _json(raw: bytes) -> dict[str, Any] | list[Any] | None:
    """The object or list; None for anything that JSON does not hold or that would not come back the same."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
        if not isinstance(value, (dict, list)) or json.loads(_written(value)) != value:
            return None
    except (ValueError, RecursionError):
        return None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _written(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can hold
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def bytes_of(piece: Piece) -> bytes:
    """The bytes that a piece stands for.

    Raises:
        ValueError: its value does not fit its kind.

    >>> bytes_of(Piece(0.0, "data", {"a": [1, "ü"]})), bytes_of(Piece(0.0, "base64", "AP8="))
    (b'data: {"a":[1,"\\xc3\\xbc"]}\\n\\n', b'\\x00\\xff')
    """
    kind, value = piece.kind, piece.value
    if kind == "json" or (kind == "data" and not isinstance(value, str)):
        if not isinstance(value, (dict, list)):
            raise ValueError("it is neither an object nor a list")
        raw = _written(value)
        return raw if kind == "json" else b"data: " + raw + b"\n\n"
    if not isinstance(value, str):
        raise ValueError("it is no text")
    if kind == "base64":
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("it is no base64") from None
    raw = value.encode("utf-8", "replace")
    if kind == "text":
        return raw
    if b"\n" in raw or b"\r" in raw:
        raise ValueError("it holds a line end")
    return (b"data: " if kind == "data" else b": ") + raw + b"\n\n"
