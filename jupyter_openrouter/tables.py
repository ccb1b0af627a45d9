"""Writes frames, series and arrays of pandas, Polars and NumPy in few words; imports none of them.

The same value gives the same text each time: rows come from the beginning, the end, and evenly from between.
"""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .cutting import fits, short
from .masking import mask
from .token_count import tokens

_LONGEST_CELL = 80  # characters
_COUNTED = 10_000_000  # values of an array, beyond which its least and greatest are not looked for


@dataclass(frozen=True)
class Table:
    """What is asked of a frame, whoever made it.

    Attributes:
        kind: Its type, for people.
        rows: How many there are.
        columns: The name and the type of each.
        nulls: How many values of the column of that number are missing.
        cells: The rows at these positions, of these columns, each led by the row's name.
        unit: The name of that leading column.
    """

    kind: str
    rows: int
    columns: Sequence[tuple[str, str]]
    nulls: Callable[[int], int]
    cells: Callable[[list[int], list[int]], list[list[Any]]]
    unit: str = "row"


def pandas_frame(value: Any, budget: int) -> tuple[str, str]:
    """The text of a pandas frame, and what was left out, or ""."""
    named = [(str(name), str(dtype)) for name, dtype in zip(value.columns, value.dtypes, strict=True)]
    return _written(_pandas(value, named, "pandas DataFrame"), budget)


def pandas_series(value: Any, budget: int) -> tuple[str, str]:
    """The text of a pandas series, and what was left out, or ""."""
    name = "value" if value.name is None else str(value.name)
    return _written(_pandas(value.to_frame(), [(name, str(value.dtype))], "pandas Series"), budget)


def pandas_index(value: Any, budget: int) -> tuple[str, str]:
    """The text of a pandas index, and what was left out, or ""."""
    frame = value.to_frame(index=False)
    named = [(str(name), str(dtype)) for name, dtype in zip(frame.columns, frame.dtypes, strict=True)]
    return _written(_pandas(frame, named, f"pandas {type(value).__name__}"), budget)


def _pandas(frame: Any, named: list[tuple[str, str]], kind: str) -> Table:
    index = frame.index
    plain = type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1
    named_index = " / ".join(str(name) for name in index.names if name is not None)
    title = named_index or ("row" if plain else "index")

    def cells(positions: list[int], columns: list[int]) -> list[list[Any]]:
        taken = frame.iloc[positions, columns]
        series = [taken.iloc[:, number].tolist() for number in range(len(columns))]
        labels = taken.index.tolist()
        return [[label, *values] for label, *values in zip(labels, *series, strict=True)]

    return Table(
        kind, len(frame), named, lambda number: int(frame.iloc[:, number].isna().sum()), cells, title
    )


def polars_frame(value: Any, budget: int) -> tuple[str, str]:
    """The text of a Polars frame, and what was left out, or ""."""
    return _written(_polars(value, "Polars DataFrame"), budget)


def polars_series(value: Any, budget: int) -> tuple[str, str]:
    """The text of a Polars series, and what was left out, or ""."""
    return _written(_polars(value.to_frame(), "Polars Series"), budget)


def polars_lazy(value: Any, budget: int) -> tuple[str, str]:
    """The columns of a lazy Polars frame; nothing is computed but they."""
    schema = value.collect_schema()
    lines = [f"{_name(name)}: {dtype}" for name, dtype in schema.items()]
    kept = _fitting(lines, budget)
    text = "\n".join(["Polars LazyFrame, not computed", *_elided(lines, kept, "columns")])
    return text, "only the columns of a lazy frame are known before it is collected"


def _polars(frame: Any, kind: str) -> Table:
    def cells(positions: list[int], columns: list[int]) -> list[list[Any]]:
        names = [frame.columns[number] for number in columns]
        rows = frame.select(names)[positions].rows() if names else [() for _ in positions]
        return [[position, *row] for position, row in zip(positions, rows, strict=True)]

    named = [(name, str(dtype)) for name, dtype in zip(frame.columns, frame.dtypes, strict=True)]
    return Table(kind, frame.height, named, lambda number: frame[:, number].null_count(), cells)


def _written(table: Table, budget: int) -> tuple[str, str]:
    head = f"{table.kind}, {_counted(table.rows, 'row')} × {_counted(len(table.columns), 'column')}"
    numbers = _fitting([f"{_name(name)}: {dtype}, 000 missing" for name, dtype in table.columns], budget // 2)
    lines: list[str] = []
    for number in numbers:
        name, dtype = table.columns[number]
        nulls = table.nulls(number)
        lines.append(f"{_name(name)}: {dtype}{f', {nulls:,} missing' if nulls else ''}")
    left_out = []
    if len(numbers) < len(table.columns):
        more = len(table.columns) - len(numbers)
        lines.insert((len(numbers) + 1) // 2, f"… {more:,} columns left out …")
        left_out.append(f"{more:,} of {len(table.columns):,} columns")
    about = "\n".join([head, *lines])
    count = min(table.rows, budget)
    while True:
        positions = spread(table.rows, count)
        said = (
            "all rows"
            if count == table.rows
            else f"{_counted(count, 'row')}, from the beginning, between and the end"
        )
        body = _csv(table, positions, numbers)
        text = f"{about}\n{said}:\n{body}" if count else about
        if not count or fits(text, budget):
            break
        room = max(budget - tokens(about), 0)
        count = min(count - 1, count * room // tokens(text[len(about) :]))
    if count < table.rows:
        left_out.append(f"{table.rows - count:,} of {table.rows:,} rows")
    return text, f"{' and '.join(left_out)} left out" if left_out else ""


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def spread(total: int, count: int) -> list[int]:
    """Which of so many rows to show: a third from the beginning, a third from the end, the rest from between.

    >>> spread(4, 4), spread(100, 6), spread(100, 1)
    ([0, 1, 2, 3], [0, 1, 34, 66, 98, 99], [0])
    """
    if count >= total:
        return list(range(total))
    ends = count // 3
    first = max(ends, min(count, 1))
    between = count - first - ends
    gap = total - first - ends
    middle = [first + gap * (step + 1) // (between + 1) for step in range(between)]
    return [*range(first), *middle, *range(total - ends, total)]


def _fitting(lines: list[str], budget: int) -> list[int]:
    """The numbers of as many lines, from both ends, as fit into so many tokens; at least one."""
    used, kept = 0, 0
    order = [n // 2 if n % 2 == 0 else len(lines) - 1 - n // 2 for n in range(len(lines))]
    for number in order:
        used += tokens(lines[number]) + 1
        if used > budget and kept:
            break
        kept += 1
    return sorted(order[:kept])


def _elided(lines: list[str], kept: list[int], what: str) -> list[str]:
    shown = [lines[number] for number in kept]
    if len(kept) < len(lines):
        shown.insert((len(kept) + 1) // 2, f"… {len(lines) - len(kept):,} {what} left out …")
    return shown


def _csv(table: Table, positions: list[int], numbers: list[int]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([table.unit, *(_name(table.columns[number][0]) for number in numbers)])
    for row in table.cells(positions, numbers) if positions else ():
        writer.writerow([cell(value) for value in row])
    return written.getvalue().rstrip("\n")


def _name(name: str) -> str:
    return short(mask(name), _LONGEST_CELL)


def cell(value: Any) -> str:
    """One value of a table as a short line; nothing where there is none.

    >>> cell(None), cell(float("nan")), cell(0.1 + 0.2), cell("a b")
    ('', '', '0.3', 'a b')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.12g}"
    # A secret is looked for in more than is kept, so that no half of one is.
    text = str(value)
    return "" if text in ("NaT", "<NA>") else short(mask(text[:20_000]), _LONGEST_CELL)


def numpy_array(value: Any, budget: int) -> tuple[str, str]:
    """The text of a NumPy array, and what was left out, or ""."""
    numpy = sys.modules["numpy"]
    shape = " × ".join(f"{size:,}" for size in value.shape) or "scalar"
    lines = [f"NumPy {type(value).__name__}, {shape}, {value.dtype}"]
    if value.dtype.kind in "iuf" and 0 < value.size <= _COUNTED:
        lines.append(_statistics(value, numpy))
    if isinstance(value, numpy.ma.MaskedArray):
        value = value.filled(numpy.nan) if value.dtype.kind == "f" else value.astype(object).filled(None)
    items = min(value.size, budget)
    while True:
        whole = items >= value.size
        # In the middle of each dimension stands a gap, so that its two edges are shown.
        edge = max(1, int(items ** (1 / max(value.ndim, 1))) // 2)
        body = numpy.array2string(
            value, threshold=value.size if whole else 0, edgeitems=edge, max_line_width=100, separator=", "
        )
        text = "\n".join([*lines, "all values:" if whole else "some values:", mask(body)])
        if fits(text, budget) or items <= 1:
            break
        items //= 2
    return text, "" if whole else "values from the middle left out"


def _statistics(value: Any, numpy: Any) -> str:
    data = numpy.ma.getmaskarray(value) if isinstance(value, numpy.ma.MaskedArray) else None
    known = value.compressed() if data is not None else value.ravel()
    if value.dtype.kind == "f":
        known = known[numpy.isfinite(known)]
    missing = value.size - known.size
    if not known.size:
        return "no finite value"
    least, mean, most = known.min(), known.mean(dtype="float64"), known.max()
    line = f"least {least:.6g}, mean {mean:.6g}, greatest {most:.6g}"
    return f"{line}, {missing:,} missing or infinite" if missing else line
