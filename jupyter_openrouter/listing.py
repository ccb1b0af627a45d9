"""A list of entries that a notebook shows as a table, and that pandas takes as rows."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from importlib import import_module
from typing import Any, ClassVar, Protocol, TypeVar, overload

from . import inert_text
from .plain_text import plain

_ROWS_AS_HTML = 100
_ROWS_AS_TEXT = 20
_LONGEST_CELL = 100  # characters
_UNKNOWN = "–"
_NUMBER = re.compile(r"–|[-+]?\$?[\d,]*\.?\d+%?( \+ \d+ unknown)?|unknown")
_DATE = re.compile(r"–|\d{4}-\d\d(-\d\d)?")
_LEFT = ' style="text-align:left"'
_UNBROKEN = ' style="text-align:left;white-space:nowrap"'


class Entry(Protocol):
    """Something that can stand in a table."""

    COLUMNS: ClassVar[Mapping[str, str]]
    """The names of the shown fields of ``row()``, and their headings."""

    def row(self) -> dict[str, Any]:
        """Its fields, flat: texts, numbers, booleans, dates, or None where unknown."""
        ...


T = TypeVar("T", bound=Entry)
Self = TypeVar("Self", bound="Listing[Any]")


class Listing(Sequence[T]):
    """An unchangeable sequence of entries.

    Attributes:
        total: How many there are at the service, where it says so and this is a page of them.
        left_out: How many of the answer's entries could not be read at all, and are not here.
    """

    def __init__(self, entries: Iterable[T] = (), *, total: int | None = None, left_out: int = 0) -> None:
        self._entries = tuple(entries)
        self.total = total
        self.left_out = left_out

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self: Self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Any:
        return self.of(self._entries[index]) if isinstance(index, slice) else self._entries[index]

    def of(self: Self, entries: Iterable[Any]) -> Self:
        """A list of the same kind with other entries."""
        return type(self)(entries, total=self.total, left_out=self.left_out)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Listing) and self._entries == other._entries

    def __hash__(self) -> int:
        return hash(self._entries)

    def to_dicts(self) -> list[dict[str, Any]]:
        """One flat dict for each entry, all with the same names, None where something is unknown."""
        return [entry.row() for entry in self._entries]

    def to_frame(self) -> Any:
        """A pandas ``DataFrame`` of ``to_dicts()``, with NaN where something is unknown.

        Raises:
            ImportError: pandas is not installed. It is imported here and nowhere else.
        """
        try:
            pandas: Any = import_module("pandas")
        except ImportError:
            raise ImportError(
                "to_frame() needs pandas, which is not installed here; to_dicts() gives the same rows without it."
            ) from None
        rows = self.to_dicts()
        names = rows[0] if rows else {}
        # A column of None alone would be one of objects, which cannot be compared with a number.
        unknown = {name: math.nan for name in names if all(row[name] is None for row in rows)}
        return pandas.DataFrame([row | unknown for row in rows])

    def __repr__(self) -> str:
        name = type(self).__name__
        if not self._entries:
            return f"<{name}: nothing>"
        table = list(self._cells(self._entries[:_ROWS_AS_TEXT]))
        widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        return "\n".join([*lines, *self._remarks(_ROWS_AS_TEXT)])

    def _repr_html_(self) -> str:
        if not self._entries:
            return "<p>nothing</p>"
        # Every cell was written by somebody else: `inert_text` leaves no tag, no link and no formula in it.
        head, *rows = self._cells(self._entries[:_ROWS_AS_HTML])
        styles = [_style(column) for column in zip(*rows, strict=True)]
        body = "".join(
            f"<tr>{''.join(f'<td{s}>{inert_text.text(c)}</td>' for c, s in zip(row, styles, strict=True))}</tr>"
            for row in rows
        )
        remarks = "".join(f"<p>{inert_text.text(remark)}</p>" for remark in self._remarks(_ROWS_AS_HTML))
        titles = "".join(f"<th{style}>{title}</th>" for title, style in zip(head, styles, strict=True))
        return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>{remarks}"

    def _cells(self, entries: Sequence[T]) -> Iterable[list[str]]:
        columns = entries[0].COLUMNS
        yield list(columns.values())
        for entry in entries:
            row = entry.row()
            yield [cell(row.get(name)) for name in columns]

    def _remarks(self, shown: int) -> Iterable[str]:
        if len(self) > shown:
            yield f"and {len(self) - shown} more: slice it, or see to_frame() and to_dicts()"
        if self.left_out:
            yield f"{self.left_out} entries could not be read, and were left out"


def _style(column: Iterable[str]) -> str:
    """How a column of cells stands: notebooks put all to the right, which is for numbers."""
    if all(_NUMBER.fullmatch(cell) for cell in column):
        return ""
    return _UNBROKEN if all(_DATE.fullmatch(cell) for cell in column) else _LEFT


def known(entry: Any) -> str:
    """The repr of a dataclass without the fields that say nothing."""
    fields = [field for field in dataclasses.fields(entry) if field.repr]
    said = [(field.name, getattr(entry, field.name)) for field in fields]
    shown = [f"{name}={value!r}" for name, value in said if value is not None and value != ()]
    return f"{type(entry).__name__}({', '.join(shown)})"


def cell(value: Any) -> str:
    """One value as a short line of plain text.

    >>> cell(None), cell(True), cell(131072), cell(0.25), cell("a" * 200)[-3:]
    ('–', 'yes', '131,072', '0.25', 'aa…')
    """
    if value is None:
        return _UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        shown = f"{value:,.6g}"
        return shown if "e-" not in shown else f"{value:.12f}".rstrip("0").rstrip(".")
    if isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    shown = " ".join(plain(str(value)[: 4 * _LONGEST_CELL]).split())
    return shown if len(shown) <= _LONGEST_CELL else shown[: _LONGEST_CELL - 1] + "…"
