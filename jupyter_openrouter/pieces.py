"""Joins what an answer brings in pieces (tool calls, reasoning details, sound) at a cost that grows as its length.

Adding to a string that stands in a dict or an attribute copies all of it each time: the arguments of one call in
160,000 pieces would be copied 160,000 times. Here a piece is put beside the others, and joined when somebody looks.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

MAX_TOOL_CALLS = 128
"""More in one answer are left out: looking each piece up among very many would hold up every stream."""
_IN_A_BLOCK = 512
_SIGNS = re.compile(r'[{}\[\]"\\]')
_SPACE = " \t\r\n"
_decode = msgspec.json.Decoder().decode


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""


class Pieces:
    """A text that grows: adding a piece costs the same however long it is already.

    One thread adds, and any may look.

    >>> text = Pieces("a")
    >>> text.add("b")
    >>> text.text
    'ab'
    """

    def __init__(self, text: str = "") -> None:
        self._blocks = [text]
        self._open: tuple[int, list[str]] = (1, [])

    def __bool__(self) -> bool:
        return len(self._blocks) > 1 or bool(self._open[1]) or bool(self._blocks[0])

    def add(self, piece: str) -> None:
        """Appends; every 512 pieces become one block, for very many short strings would take much memory."""
        count, parts = self._open
        parts.append(piece)
        if len(parts) == _IN_A_BLOCK:
            self._blocks.append("".join(parts))
            self._open = (count + 1, [])  # in one step: who looks meanwhile sees the old state or the new one

    @property
    def text(self) -> str:
        """The text so far."""
        count, parts = self._open
        return "".join(self._blocks[:count] + parts)


class _Records:
    """A list of JSON objects that grow; ``snapshot`` gives them as plain values, valid at any moment."""

    def __init__(self, whole: list[dict[str, Any]] | None = None) -> None:
        self._whole = [] if whole is None else whole
        self._changes = 0
        self._seen = (0, self._whole)

    def snapshot(self) -> list[dict[str, Any]]:
        """As they are now; the same list again until one of them changes, and none that was given out changes."""
        changes, seen = self._changes, self._seen
        if seen[0] != changes:
            # Read before building: what comes meanwhile is in the next one.
            seen = self._seen = (changes, self._whole + self._built())
        return seen[1]

    def _built(self) -> list[dict[str, Any]]:
        raise NotImplementedError


class _Call:
    def __init__(self, index: int, ident: str) -> None:
        self.index, self.ident, self.name = index, ident, ""
        self.arguments = Pieces()
        self.object: _Object | None = None


class ToolCalls(_Records):
    """The tool calls of one answer.

    >>> calls = ToolCalls()
    >>> calls.add({"index": 0, "id": "c", "function": {"name": "f", "arguments": "{"}})
    True
    >>> calls.snapshot()
    [{'index': 0, 'id': 'c', 'type': 'function', 'function': {'name': 'f', 'arguments': '{'}}]
    """

    def __init__(self, whole: list[dict[str, Any]] | None = None) -> None:
        super().__init__(whole)
        self._calls: list[_Call] = []

    def __bool__(self) -> bool:
        return bool(self._calls or self._whole)

    def add(self, piece: dict[str, Any]) -> bool:
        """Gathers by ``index``; without one by ``id``, else into the last call. False when it was left out.

        Some providers give every call the index 0, or neither index nor id: then a name that cannot belong to the
        call so far begins another.
        """
        calls = self._calls
        index, ident = piece.get("index"), _str(piece.get("id"))
        function = _dict(piece.get("function"))
        name, arguments = _str(function.get("name")), function.get("arguments")
        call = None
        if isinstance(index, int):
            call = next((c for c in reversed(calls) if c.index == index), None)
            if call is not None and name and ident and call.ident and ident != call.ident:
                call = None
        elif ident:
            call = next((c for c in calls if c.ident == ident), None)
        elif calls:
            call = None if name and _is_another(calls[-1], name) else calls[-1]
        if call is None:
            if len(calls) >= MAX_TOOL_CALLS:
                return False
            call = _Call(index if isinstance(index, int) else len(calls), ident)
            calls.append(call)
        call.ident = call.ident or ident
        call.name = call.name or name
        if text := _written(arguments):
            call.arguments.add(text)
            if call.object is not None:
                call.object.add(text)
        self._changes += 1
        return True

    def _built(self) -> list[dict[str, Any]]:
        return [
            {
                "index": call.index,
                "id": call.ident,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments.text},
            }
            for call in list(self._calls)
        ]


def _written(arguments: Any) -> str:
    """Arguments as JSON text, which they should be, but are an object with some providers."""
    if not isinstance(arguments, dict):
        return _str(arguments)
    try:
        return json.dumps(arguments)
    except RecursionError:
        return ""


def _is_another(call: _Call, name: str) -> bool:
    if not call.name or name != call.name:
        return bool(call.name)
    if call.object is None:
        call.object = _Object(call.arguments.text)
    return call.object.whole(call.arguments)


class _Object:
    """Whether a text that grows is one whole JSON object by now; each character is looked at once."""

    def __init__(self, text: str) -> None:
        self._depth = 0
        self._in_string = self._escaped = False
        self._begun = self._closed = self._spoilt = False
        self._verdict: bool | None = None
        self.add(text)

    def add(self, text: str) -> None:
        if not self._begun:
            text = text.lstrip(_SPACE)
            self._begun = bool(text)
            self._spoilt = text[:1] not in ("{", "")
        at = 0
        while not self._spoilt and not self._closed and at < len(text):
            at = self._step(text, at)
        if self._closed and text[at:].strip(_SPACE):
            self._spoilt = True

    def _step(self, text: str, at: int) -> int:
        """Reads up to the next bracket, quote or backslash, and returns the place after it."""
        if self._escaped:
            self._escaped = False
            return at + 1
        found = _SIGNS.search(text, at)
        if found is None:
            return len(text)
        sign = found[0]
        if self._in_string:
            self._escaped = sign == "\\"
            self._in_string = sign != '"'
        elif sign == '"':
            self._in_string = True
        else:
            self._depth += (sign in "{[") - (sign in "}]")
            self._closed = self._depth == 0
        return found.end()

    def whole(self, text: Pieces) -> bool:
        if self._spoilt or not self._closed:
            return False
        if self._verdict is None:
            # Once: what follows a closed object is white space, or spoils it.
            try:
                self._verdict = isinstance(_decode(text.text), dict)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                self._verdict = False
        return self._verdict


class ReasoningDetails(_Records):
    """The reasoning details of one answer, merged as OpenRouter's page on reasoning asks for their replay.

    >>> details = ReasoningDetails()
    >>> for text in ("a", "b"):
    ...     details.add({"type": "reasoning.text", "index": 0, "text": text})
    >>> details.snapshot()
    [{'type': 'reasoning.text', 'index': 0, 'text': 'ab'}]
    """

    def __init__(self, whole: list[dict[str, Any]] | None = None) -> None:
        super().__init__(whole)
        self._details: list[dict[str, Any]] = []

    def add(self, piece: dict[str, Any]) -> None:
        """Merges pieces of the same type and index; encrypted blocks and other indexes stay as they came."""
        self._changes += 1
        last = self._details[-1] if self._details else None
        if (
            last is None
            or last.get("type") != piece.get("type")
            or last.get("index") != piece.get("index")
            or piece.get("type") not in ("reasoning.text", "reasoning.summary")
        ):
            self._details.append(dict(piece))
            return
        for name, value in piece.items():
            if name in ("text", "summary"):
                text = last.get(name)
                if type(text) is not Pieces:
                    text = last[name] = Pieces(_str(text))
                text.add(_str(value))
            elif value is not None and (name == "signature" or last.get(name) is None):
                last[name] = value

    def _built(self) -> list[dict[str, Any]]:
        # Of a copy: the thread that reads may add a field meanwhile.
        return [
            {name: value.text if type(value) is Pieces else value for name, value in dict(detail).items()}
            for detail in list(self._details)
        ]
