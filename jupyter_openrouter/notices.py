"""What a command answers with: a sentence, rows of names and values, or a block of text; each shown inert."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import inert_text
from .plain_text import plain

# For names that a narrow page has no room for.
_BREAKS = ' style="text-align:left;overflow-wrap:anywhere;min-width:9em"'
_LEFT = ' style="text-align:left"'  # notebooks put the cells of a table to the right, as numbers are


class Said:
    """Some sentences.

    >>> Said("Forgotten.")
    Forgotten.
    """

    def __init__(self, text: str) -> None:
        self.text = plain(text)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        lines = (inert_text.text(line, starts_line=True) for line in self.text.splitlines())
        return f"<p>{'<br>'.join(lines)}</p>"


class Block:
    """Text whose columns and line ends are kept, such as a page of help or a diff."""

    def __init__(self, text: str) -> None:
        self.text = plain(text)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return inert_text.block_of_code(self.text)


class Tabled(Block):
    """Text of which a notebook shows tables instead, each with its heading."""

    def __init__(self, text: str, tables: Iterable[tuple[str, Rows]]) -> None:
        super().__init__(text)
        self.tables = list(tables)

    def _repr_html_(self) -> str:
        return "".join(
            f"<p><b>{inert_text.text(heading)}</b></p>{rows._repr_html_()}" for heading, rows in self.tables
        )


class Rows:
    """Names with their values; what is None or "" is left out.

    >>> Rows([("model", "demo/tour"), ("base URL", None), ("spent", "$0")])
    model  demo/tour
    spent  $0
    """

    def __init__(self, rows: Iterable[tuple[str, Any]], *, note: str = "", long_names: bool = False) -> None:
        self.rows = [(_line(name), _line(str(value))) for name, value in rows if value]
        self.note = plain(note)
        self._name = _BREAKS if long_names else _LEFT

    def __repr__(self) -> str:
        width = max((len(name) for name, _ in self.rows), default=0)
        lines = [f"{name.ljust(width)}  {value}" for name, value in self.rows]
        return "\n".join([*lines, *([self.note] if self.note else [])])

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th{self._name}>{inert_text.text(name)}</th><td{_LEFT}>{inert_text.text(value)}</td></tr>"
            for name, value in self.rows
        )
        note = f"<p>{inert_text.text(self.note)}</p>" if self.note else ""
        return f"<table>{cells}</table>{note}"


def _line(text: str) -> str:
    return " ".join(plain(text).split())


class Page:
    """Several of these, or tables, one below the other."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __repr__(self) -> str:
        return "\n\n".join(repr(part) for part in self.parts)

    def _repr_html_(self) -> str:
        return "".join(part._repr_html_() for part in self.parts)
