"""Writes nested values of plain Python as Python would, cut to a budget of tokens."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AnySet
from itertools import islice
from typing import Any

from .cutting import cut, fits, short
from .kinds import shown
from .masking import LONGEST_SECRET, mask

_LINE = 100  # characters
_DEEPEST = 12
# What is tried in turn until the whole fits: the most items of each container, the most characters of each text.
_LIMITS = ((100_000, 2000), (1000, 500), (300, 200), (100, 200), (30, 100), (10, 100), (3, 50))
# Where an object is in memory tells nothing, and is another place each time.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def is_container(value: Any) -> bool:
    """Whether ``written`` looks into the value, and does not take its repr."""
    return isinstance(value, (list, tuple, Mapping, AnySet)) or _is_dataclass(value)


def written(value: Any, budget: int) -> tuple[str, int]:
    """The value as text, and how many of the items, or else of the characters, had to be left out.

    Args:
        value: Lists, tuples, mappings, sets, dataclasses and named tuples are looked into; of all else the repr
            is taken.
        budget: In tokens.

    >>> written({"a": [1, 2, (3,)], "b": {"c"}}, 100)
    ("{'a': [1, 2, (3,)], 'b': {'c'}}", 0)
    >>> written(list(range(1000)), 20)
    ('[0, 1, 2, … 997 more]', 997)
    """
    for most, longest in _LIMITS:
        writer = _Writer(most, longest, budget)
        text = writer.write(value, 0)
        if fits(text, budget):
            return text, writer.left_out
    return cut(text, budget)


def leaf(value: Any, longest: int = 2000) -> str:
    """The repr, or something in its place where that fails, without secrets.

    >>> leaf(0.5), leaf("a" * 3000)[-30:]
    ('0.5', "aaaaa' … 1,000 characters more")
    """
    if isinstance(value, (str, bytes, bytearray)) and len(value) > longest:
        # What may be a secret is looked for before the cut.
        start = value[: longest + LONGEST_SECRET]
        start = mask(start) if isinstance(start, str) else start
        return f"{mask(repr(start[:longest]))} … {len(value) - longest:,} characters more"
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a foreign repr
        text = shown(value)
    return mask(text if isinstance(value, (str, bytes, bytearray)) else _ADDRESS.sub("", text))


def _is_dataclass(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _filled(pieces: list[str], indent: str) -> str:
    """One item on each line; of short ones as many as fit."""
    if any("\n" in piece or len(piece) > 20 for piece in pieces):
        return ",\n".join(indent + piece for piece in pieces)
    lines = [indent]
    for number, piece in enumerate(pieces):
        item = piece if number == len(pieces) - 1 else f"{piece}, "
        if len(lines[-1]) + len(item) > _LINE and lines[-1] != indent:
            lines.append(indent)
        lines[-1] += item
    return "\n".join(line.rstrip() for line in lines)


class _Writer:
    def __init__(self, most: int, longest: int, budget: int) -> None:
        self.most = most
        self.longest = longest
        self.room = 4 * budget
        """Characters that may still be written: every item takes some, so that the time has an end."""
        self.left_out = 0
        self._open: set[int] = set()

    def write(self, value: Any, depth: int) -> str:
        if not is_container(value):
            text = leaf(value, self.longest)
            if depth and ("\n" in text or len(text) > 2 * self.longest):
                text = short(text, self.longest)
            self.room -= len(text)
            return text
        if id(value) in self._open:
            return "…"
        if depth >= _DEEPEST:
            self.left_out += 1
            return f"<{type(value).__name__}>"
        self._open.add(id(value))
        try:
            opening, items, closing, count = self._items(value, depth)
            pieces = []
            for piece in islice(items, self.most):
                pieces.append(piece)
                self.room -= 2
                if self.room <= 0:
                    break
        finally:
            self._open.discard(id(value))
        more = max(count - len(pieces), 0)
        if more:
            self.left_out += more
            pieces.append(f"… {more:,} more")
        elif closing == ")" and isinstance(value, tuple) and opening == "(" and count == 1:
            closing = ",)"
        line = f"{opening}{', '.join(pieces)}{closing}"
        if len(line) + 2 * depth <= _LINE and "\n" not in line:
            return line
        return f"{opening}\n{_filled(pieces, '  ' * (depth + 1))}\n{'  ' * depth}{closing}"

    def _items(self, value: Any, depth: int) -> tuple[str, Iterator[str], str, int]:
        """What opens it, its items as text, what closes it, and how many items it has."""
        name = type(value).__name__
        if _is_dataclass(value):
            fields = [field.name for field in dataclasses.fields(value) if field.repr]
            return f"{name}(", self._named(value, fields, depth), ")", len(fields)
        if isinstance(value, Mapping):
            pairs = (
                f"{self.write(key, depth + 1)}: {self.write(item, depth + 1)}" for key, item in value.items()
            )
            opening, closing = ("{", "}") if type(value) is dict else (f"{name}({{", "})")
            return opening, pairs, closing, len(value)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return f"{name}(", self._named(value, value._fields, depth), ")", len(value)
        if isinstance(value, AnySet):
            if not value:
                return f"{name}(", iter(()), ")", 0
            opening, closing = ("{", "}") if type(value) is set else (f"{name}({{", "})")
            # The order of a set of texts changes from one process to the next.
            texts = sorted(leaf(item, self.longest) for item in islice(value, 10_000))
            return opening, self._counted(texts), closing, len(value)
        opening, closing = ("(", ")") if isinstance(value, tuple) else ("[", "]")
        if type(value) not in (list, tuple):
            opening, closing = f"{name}({opening}", f"{closing})"
        return opening, (self.write(item, depth + 1) for item in value), closing, len(value)

    def _named(self, value: Any, names: Iterable[str], depth: int) -> Iterator[str]:
        for name in names:
            try:
                item = getattr(value, name)
            except AttributeError:
                continue  # a field that was never set
            yield f"{name}={self.write(item, depth + 1)}"

    def _counted(self, texts: list[str]) -> Iterator[str]:
        for text in texts:
            self.room -= len(text)
            yield text
