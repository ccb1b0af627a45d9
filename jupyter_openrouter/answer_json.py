"""Finds the JSON in an answer, and reads it as every reader would; pure.

RFC 8259 leaves open what a name that stands twice means, and knows no ``NaN`` and no infinity. Readers differ in
these, so they are errors here, as are numbers that no float holds and values nested deeper than ``DEEPEST``.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from .errors import AnswerFormatError
from .fences import blocks

DEEPEST = 100  # levels of nesting
_LONGEST_INTEGER = 400  # digits
_TRIES = 20  # places in prose at which JSON may begin, so that the work stays in step with the length
_OPENING = re.compile(r"[\[{]")


class _Refused(Exception):
    """It is JSON by its grammar, and not to be read all the same."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _Refused(f"the name {json.dumps(twice[:80])} stands twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise _Refused(f"an integer has {len(digits)} digits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _Refused(f"the number {digits[:40]} is too large")
    return value


def _constant(word: str) -> NoReturn:
    raise _Refused(f"{word} is no value of JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def read(text: str) -> Any:
    r"""The JSON value of an answer: the whole text, or what a fence or prose stands around.

    A fenced block comes before bare prose, a longer value before a shorter one. In prose only objects and lists
    are looked for.

    >>> read('Here you are:\n```json\n{"a": [1]}\n```\nEnjoy.')
    {'a': [1]}

    Raises:
        AnswerFormatError: there is none, or it cannot be read; the message says where and why.
    """
    start = len(text) - len(text.lstrip(" \t\r\n\ufeff"))
    whole = text[start:].rstrip()
    if not whole:
        raise AnswerFormatError("The answer is no JSON: it is empty.")
    try:
        return _read(whole)
    except json.JSONDecodeError as error:
        place, message = start + error.pos, error.msg
    except _Refused as error:
        raise AnswerFormatError(f"The answer is no JSON that can be read: {error}.") from None
    for number, block in enumerate(sorted(blocks(text), key=lambda block: -len(block.content))):
        try:
            return _read(block.content.strip())
        except json.JSONDecodeError as error:
            if number == 0:
                indent = len(block.content) - len(block.content.lstrip())
                place, message = block.start + indent + error.pos, error.msg
        except _Refused as error:
            raise AnswerFormatError(f"The answer is no JSON that can be read: {error}.") from None
    if whole[0] not in "{[":  # else it is meant to be JSON, and something within it is not the answer
        found = _in_prose(whole)
        if found is not None:
            return found
    raise AnswerFormatError(f"The answer is no JSON: {_said(text, place, message)}.")


def _read(text: str) -> Any:
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise _Refused("it is nested too deeply") from None
    _check_depth(value)
    return value


def _in_prose(text: str) -> Any:
    """The longest object or list in a text; None if there is none."""
    best, length, position = None, 0, 0
    for _ in range(_TRIES):
        opening = _OPENING.search(text, position)
        if opening is None:
            break
        try:
            value, end = _DECODER.raw_decode(text, opening.start())
            _check_depth(value)
        except (json.JSONDecodeError, RecursionError, _Refused):
            position = opening.end()
            continue
        if end - opening.start() > length:
            best, length = value, end - opening.start()
        position = end
    return best


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise _Refused("it is nested too deeply")


def _said(text: str, position: int, message: str) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    near = text[max(0, position - 20) : position + 20]
    return f"{message} at line {line}, column {column}, near {near!r}"
