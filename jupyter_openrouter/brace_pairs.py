"""Finds the expressions between ``{{`` and ``}}`` in a cell, by Python's own tokenizer; evaluates nothing.

``{{ x }}`` is also a pair of braces within a pair to Python: where its tokenizer closes both, the expression
ends. So ``}}`` in a string or in a dictionary ends nothing.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

from .cutting import short
from .errors import PromptError

# Nothing in it that could hide or open a brace: the first `}}` is the end, and Python need not be asked.
_SIMPLE = re.compile(r"\{\{([^{}()\[\]\"'#\\\n]*)\}\}")
_CLOSED_BY = {"{": "}", "[": "]", "(": ")"}
# From `ast`, which is not imported for one number; checked by the tests.
_TOP_LEVEL_AWAIT = 0x2000


class Place(NamedTuple):
    """Where something stands in a cell: line and column, counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class Expression(NamedTuple):
    """One expression of a cell.

    Attributes:
        start: Where its ``{{`` begins in the body, in characters.
        end: Where its ``}}`` has ended.
        source: What stands between, stripped.
        code: Compiled; where it awaits, evaluating it gives a coroutine.
        place: Where its ``{{`` stands in the cell.
    """

    start: int
    end: int
    source: str
    code: CodeType
    place: Place


def expressions_in(body: str, *, first_line: int = 1) -> list[Expression]:
    """The expressions of a body, compiled, in order.

    Args:
        body: The text of the cell.
        first_line: The number of the body's first line in its cell.

    Raises:
        PromptError: one of them has no end, or is no Python.

    >>> [found.source for found in expressions_in("{1: {}} {{ {'}}': {1: 2}} }} {{x}}")]
    ["{'}}': {1: 2}}", 'x']
    """
    found: list[Expression] = []
    start = body.find("{{")
    while start >= 0:
        end, whole = _end(body, start)
        found.append(_compiled(body, start, end, first_line, whole=whole))
        start = body.find("{{", end)
    return found


def place(body: str, index: int, first_line: int = 1) -> Place:
    """The place of a character.

    >>> place("ab\\ncd", 4, first_line=2)
    Place(line=3, column=2)
    """
    return Place(first_line + body.count("\n", 0, index), index - body.rfind("\n", 0, index))


def _end(body: str, start: int) -> tuple[int, bool]:
    """Where the expression ends, and whether Python's tokenizer has said so; -1 where it does not end."""
    if simple := _SIMPLE.match(body, start):
        return simple.end(), True
    end = _end_by_tokens(body, start)
    if end is not None:
        return end, True
    # It is no Python, and the nearest end will do to say so.
    closing = body.find("}}", start + 2)
    return (closing + 2 if closing >= 0 else -1), False


def _end_by_tokens(body: str, start: int) -> int | None:
    offsets: list[int] = []
    open_brackets: list[str] = []
    previous = -1

    def lines() -> Iterator[str]:
        at = start
        while at < len(body):
            stop = body.find("\n", at) + 1 or len(body)
            offsets.append(at)
            yield body[at:stop]
            at = stop

    reader = lines()
    try:
        for token in tokenize.generate_tokens(lambda: next(reader, "")):
            at = offsets[token.start[0] - 1] + token.start[1]
            if token.type == tokenize.ERRORTOKEN and not token.string.isspace():
                return None
            if token.type == tokenize.COMMENT and "}}" in token.string and open_brackets == ["{", "{"]:
                return at + token.string.index("}}") + 2
            if token.type != tokenize.OP:
                continue
            if body[at : at + len(token.string)] != token.string:
                return None
            if token.string in _CLOSED_BY:
                open_brackets.append(token.string)
            elif token.string in ")]}":
                if not open_brackets or _CLOSED_BY[open_brackets.pop()] != token.string:
                    return None
                if not open_brackets:
                    return at + 1 if previous == at - 1 else None
                previous = at
    except (tokenize.TokenError, SyntaxError, ValueError, IndexError):
        pass
    return None


def _compiled(body: str, start: int, end: int, first_line: int, *, whole: bool) -> Expression:
    where = place(body, start, first_line)
    if end < 0:
        raise PromptError(
            f"{str(where).capitalize()} of the cell: {{{{ has no }}}}.", line=where.line, column=where.column
        )
    inner = body[start + 2 : end - 2]
    source = inner.strip()
    # Within parentheses, comments alone would be an empty tuple.
    if all(not line.strip() or line.lstrip().startswith("#") for line in source.split("\n")):
        raise PromptError(
            f"{str(where).capitalize()} of the cell: there is no expression between {{{{ and }}}}.",
            line=where.line,
            column=where.column,
        )
    begin = start + 2 + len(inner) - len(inner.lstrip())
    try:
        # Several lines, or a comment at the end, are one expression only within parentheses.
        code = _code(f"({source}\n)") if whole else _code(source)
    except _NOT_PYTHON as refused:
        error: BaseException = refused
        shift = 1 if whole else 0
        if whole and "\n" not in source:
            # What Python says of it without the parentheses is what its author has written.
            try:
                _code(source)
            except _NOT_PYTHON as plain:
                error, shift = plain, 0
        raise _refusal(body, begin, source, first_line, error, shift) from error
    return Expression(start, end, source, code, where)


_NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


def _code(source: str) -> CodeType:
    # The flags of this module's own future imports are not the user's.
    return compile(source, "<prompt>", "eval", flags=_TOP_LEVEL_AWAIT, dont_inherit=True)  # type: ignore[no-any-return]


def _refusal(
    body: str, begin: int, source: str, first_line: int, error: BaseException, shift: int
) -> PromptError:
    """The error for an expression that is no Python, at the place that Python names, as far as it names one."""
    at = begin
    if isinstance(error, SyntaxError) and error.lineno and error.offset:
        lines = source.split("\n")
        number = min(error.lineno, len(lines))
        column = error.offset - 1 - (shift if number == 1 else 0)
        at += sum(len(line) + 1 for line in lines[: number - 1]) + min(max(column, 0), len(lines[number - 1]))
    where = place(body, min(at, len(body) - 1), first_line)
    said = re.sub(
        r" \(detected at line \d+\)", "", error.msg if isinstance(error, SyntaxError) else str(error)
    )
    return PromptError(
        f"{str(where).capitalize()} of the cell: {{{{ {short(source, 60)} }}}} is no Python expression: "
        f"{type(error).__name__}: {said}.",
        line=where.line,
        column=where.column,
    )
