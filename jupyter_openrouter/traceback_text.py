"""Writes an exception for a reader of the notebook: its own lines with their surroundings, a library's in brief."""

from __future__ import annotations

import ast
import dis
import linecache
import os
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from inspect import isroutine
from pathlib import Path
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any, NamedTuple

CellOf = Callable[[str], "int | None"]
"""The number of the cell that was compiled under a file name; None for any other file."""

_OURS = str(Path(__file__).parent) + os.sep
_LIBRARIES = tuple(
    {str(Path(path)) + os.sep for name, path in sysconfig.get_paths().items() if name.endswith("lib")}
)
_AROUND = 2  # lines before and after
_MOST_OWN = 8  # frames of the notebook's own, of which a recursion has thousands
_MOST_CHAINED = 4
_MOST_IN_GROUP = 3
_LONGEST_MESSAGE = 2000  # characters
_LARGEST_FILE = 1_000_000  # characters
_READS = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_DEREF", "LOAD_CLASSDEREF")


class Step(NamedTuple):
    """One frame of a traceback: its file, line, and whose it is: a ``cell``, ``own`` code or a ``library``."""

    kind: str
    place: str
    line: int
    frame: FrameType


def steps(error: BaseException, cell_of: CellOf) -> list[Step]:
    """The frames of a traceback, outermost first, without ours and without those that only run the cell."""
    found = []
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not file.startswith(_OURS):
            kind, place = _place(file, cell_of)
            found.append(Step(kind, place, traceback.tb_lineno, traceback.tb_frame))
        traceback = traceback.tb_next
    first = next((index for index, step in enumerate(found) if step.kind != "library"), None)
    return found[-3:] if first is None else found[first:]


def _place(file: str, cell_of: CellOf) -> tuple[str, str]:
    number = cell_of(file)
    if number is not None:
        return "cell", f"Cell {number}"
    for mark in (f"site-packages{os.sep}", f"dist-packages{os.sep}"):
        if mark in file:
            return "library", file.rpartition(mark)[2]
    if file.startswith("<frozen"):
        return "library", file
    for root in _LIBRARIES:
        if file.startswith(root):
            return "library", file.removeprefix(root)
    # Not with its folders, which may name the person.
    here = os.getcwd() + os.sep
    return "own", file.removeprefix(here) if file.startswith(here) else os.path.basename(file)


def written(error: BaseException, cell_of: CellOf) -> str:
    """The exception with what led to it, the last one last, as Python prints them."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    joint = ""
    while current is not None and id(current) not in seen and len(parts) < _MOST_CHAINED:
        seen.add(id(current))
        parts.append(_one(current, cell_of) + joint)
        if current.__cause__ is not None:
            current, joint = current.__cause__, "\n\nThis was the direct cause of the next:\n"
        else:
            current = None if current.__suppress_context__ else current.__context__
            joint = "\n\nWhile that was handled, the next came:\n"
    return "\n".join(reversed(parts))


def _one(error: BaseException, cell_of: CellOf, depth: int = 0) -> str:
    lines = [*_stack(steps(error, cell_of)), *_syntax(error, cell_of), headline(error)]
    inner = getattr(error, "exceptions", ())
    if isinstance(inner, (tuple, list)) and depth < 2:
        for each in [one for one in inner if isinstance(one, BaseException)][:_MOST_IN_GROUP]:
            lines += ["  | " + line for line in _one(each, cell_of, depth + 1).splitlines()]
        if len(inner) > _MOST_IN_GROUP:
            lines.append(f"  | … and {len(inner) - _MOST_IN_GROUP} more")
    return "\n".join(lines)


def headline(error: BaseException) -> str:
    """The last line of a traceback: the type and the message, and what was noted with it."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    try:
        said = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:  # noqa: BLE001 - the class may be the user's own, and be what is wrong
        said = "(its message cannot be shown)"
    notes = getattr(error, "__notes__", None) or ()
    extra = (
        [str(note) for note in notes if isinstance(note, str)][:3] if isinstance(notes, (list, tuple)) else []
    )
    return _cut("\n".join([f"{name}: {said}" if said else name, *extra]), _LONGEST_MESSAGE)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} … ({len(text) - 2 * half} characters left out) … {text[-half:]}"


def _stack(found: Sequence[Step]) -> Iterator[str]:
    own = [index for index, step in enumerate(found) if step.kind != "library"]
    left_out = set(own[_MOST_OWN // 2 : -_MOST_OWN // 2] if len(own) > _MOST_OWN else ())
    index = 0
    while index < len(found):
        end = index
        if index in left_out:
            while end < len(found) and (end in left_out or found[end].kind == "library"):
                end += 1
            yield _more(end - index)
        elif found[index].kind == "library":
            while end < len(found) and found[end].kind == "library":
                end += 1
            yield from _brief(found[index:end])
        else:
            end += 1
            yield from _whole(found[index])
        index = end


def _brief(run: Sequence[Step]) -> Iterator[str]:
    for number, step in enumerate(run):
        if number in (0, len(run) - 1):
            line = linecache.getline(step.frame.f_code.co_filename, step.line, step.frame.f_globals).strip()
            yield f"{step.place}, line {step.line}, in {step.frame.f_code.co_name}"
            if line:
                yield f"    {line[:200]}"
        elif number == 1:  # of three or more
            yield f"{_more(len(run) - 2)} in libraries"


def _more(calls: int) -> str:
    return f"… {calls} more call{'' if calls == 1 else 's'}"


def _whole(step: Step) -> Iterator[str]:
    code: CodeType = step.frame.f_code
    inside = "" if code.co_name == "<module>" else f", in {code.co_name}"
    yield f"{step.place}, line {step.line}{inside}"
    lines = linecache.getlines(code.co_filename, step.frame.f_globals)
    for number in range(max(1, step.line - _AROUND), min(len(lines), step.line + _AROUND) + 1):
        mark = ">" if number == step.line else " "
        yield f"  {mark} {number} | {lines[number - 1].rstrip()[:500]}"


def _syntax(error: BaseException, cell_of: CellOf) -> Iterator[str]:
    if isinstance(error, SyntaxError) and error.lineno is not None:
        yield f"{_place(error.filename or '<unknown>', cell_of)[1]}, line {error.lineno}"
        if isinstance(error.text, str):
            line = error.text.rstrip("\n")[:500]
            yield f"    {line}"
            if error.offset and error.offset <= len(line) + 1:
                yield "    " + " " * (error.offset - 1) + "^"


def named_values(found: Sequence[Step], *, most: int) -> list[tuple[str, Any]]:
    """The variables that the failing lines name, of the innermost frames first: as they are now.

    Nothing is evaluated: an attribute or an index would run code of the user's. Modules, functions, methods and
    classes are left out.
    """
    values: dict[str, Any] = {}
    for step in [step for step in reversed(found) if step.kind != "library"][:3]:
        frame = step.frame
        for name in _names(step):
            for scope in (frame.f_locals, frame.f_globals):
                if name in scope:
                    value = scope[name]
                    if (
                        name not in values
                        and not isinstance(value, (ModuleType, type))
                        and not isroutine(value)
                    ):
                        values[name] = value
                    break
            if len(values) >= most:
                return list(values.items())
    return list(values.items())


def _names(step: Step) -> Iterator[str]:
    source = "".join(linecache.getlines(step.frame.f_code.co_filename, step.frame.f_globals))
    if len(source) > _LARGEST_FILE:
        return
    if not source:  # as under %%time
        yield from _compiled_names(step)
        return
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    statement: ast.stmt | None = None
    for node in ast.walk(tree):  # outer ones before inner ones
        if isinstance(node, ast.stmt) and node.lineno <= step.line <= (node.end_lineno or node.lineno):
            statement = node
    if statement is None:
        return
    body = getattr(statement, "body", None)
    end = body[0].lineno - 1 if isinstance(body, list) and body and body[0].lineno > step.line else None
    for node in ast.walk(statement):
        if (
            isinstance(node, ast.Name)
            and (end is None or node.lineno <= end)
            and not node.id.startswith("__")
        ):
            yield node.id


def _compiled_names(step: Step) -> Iterator[str]:
    """The variables that the failing line of code without a source reads, as Python has compiled it."""
    code = step.frame.f_code
    spans = [(start, end) for start, end, line in code.co_lines() if line == step.line]
    for one in dis.get_instructions(code):
        if one.opname.startswith(_READS) and any(start <= one.offset < end for start, end in spans):
            # Python 3.13 reads two at once.
            names = one.argval if isinstance(one.argval, tuple) else (one.argval,)
            yield from (name for name in names if isinstance(name, str) and not name.startswith("__"))
