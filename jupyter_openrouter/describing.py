"""Describes any value for a prompt: as text within a budget of tokens and fenced as data, or as an image or a file.

>>> print(describe({"a": 1}, name="settings").text)
```data: settings
{'a': 1}
```
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, TypeVar
from uuid import UUID

from .cutting import CHARACTERS, GAP, cut, short
from .describers import BUILT_IN, Describer, Description
from .errors import InvalidRequestError
from .kinds import shown
from .masking import LONGEST_SECRET, mask, masked
from .token_count import tokens
from .written_values import is_container, leaf, written

__all__ = ["Description", "describe", "fenced", "register_describer", "unregister_describer", "verbatim"]

BUDGET = 2000
"""Tokens that one value may take, unless it is said otherwise."""

_INLINE = 200  # characters; a text that is longer, or has several lines, is fenced
_MEMBERS = 20
_SCALARS = (int, float, complex, Decimal, Fraction, date, time, timedelta, UUID, Enum, type(None), range)
_PART_TYPES = {"text", "image_url", "file", "input_audio", "video_url", "input_video"}

_registered: dict[str, Describer] = {}
D = TypeVar("D", bound=Describer)


def register_describer(kind: type | str) -> Callable[[D], D]:
    """Registers how values of a type, and of the types below it, are described. The last one registered counts.

    Args:
        kind: The type, or its full name ("package.module.Type"), so that its package need not be loaded.

    The function is called with the value and the budget in tokens. It returns a text (which is fenced, and cut
    where it is too long), a part such as ``parts.image`` makes, a list of those, or a ``Description``. To refuse
    a value, it raises ``InvalidRequestError``; after any other error a short form of the value is sent, with a note.

    >>> class Road:
    ...     length = 12
    >>> @register_describer(Road)
    ... def road(value, budget):
    ...     return f"a road of {value.length} km"
    >>> print(describe(Road(), name="way").text)
    ```data: way
    a road of 12 km
    ```
    >>> unregister_describer(Road)
    """

    def register(describer: D) -> D:
        _registered[_full_name(kind)] = describer
        return describer

    return register


def unregister_describer(kind: type | str) -> None:
    """Takes back what was registered for a type, if anything was."""
    _registered.pop(_full_name(kind), None)


def _full_name(kind: type | str) -> str:
    return kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"


def _describer(value: Any) -> Describer | None:
    for kind in type(value).__mro__:
        name = _full_name(kind)
        if found := _registered.get(name) or BUILT_IN.get(name):
            return found
    return None


def describe(value: Any, *, name: str = "", budget: int = BUDGET) -> Description:
    """What of a value goes into a prompt; deterministic, and without anything that looks like a secret.

    Args:
        value: Anything. A short line of text, a number or a date stays as it is; frames, arrays, nested values,
            exceptions, functions and long texts become fenced text; figures, images and files become parts.
        name: What the value is called in the fence and in the notes.
        budget: About the most tokens of its text.

    Raises:
        InvalidRequestError: a file is not there or is too large, or a describer refuses the value.
    """
    try:
        if isinstance(value, (list, tuple)) and 0 < len(value) <= _MEMBERS and all(map(_stands_alone, value)):
            return _members(value, name, budget)
        found = _described(value, budget)
    except InvalidRequestError:
        raise
    except Exception as error:  # noqa: BLE001 - the value's own code, or a describer of somebody else
        note = f"could not be described ({short(leaf(error), 200)}), so that a short form of it is sent"
        found = Description([short(leaf(value), 300)], [note])
    return _finished(found, name, budget)


def verbatim(text: str, *, name: str = "", budget: int = BUDGET) -> Description:
    """A text without a fence, but masked, and cut to the budget."""
    return _finished(Description([text], inline=True), name, budget)


def fenced(text: str, name: str = "") -> str:
    """A text as data in a prompt: between two fences longer than any in it, the first of which has a name.

    >>> print(fenced("a ```` b", "x"))
    `````data: x
    a ```` b
    `````
    """
    longest = max((len(run) for run in re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    label = short(name.replace("`", "'"), 60)
    end = "" if text.endswith("\n") or not text else "\n"
    return f"{fence}data{f': {label}' if label else ''}\n{text}{end}{fence}"


def _described(value: Any, budget: int) -> Description:
    describer = _describer(value)
    if describer is not None:
        return _normal(describer(value, budget))
    if isinstance(value, str):
        value = value.value if isinstance(value, Enum) else str(value)
        line = len(value) <= _INLINE and len(value.splitlines()) <= 1 and not value.endswith(("\n", "\r"))
        return Description([value], inline=line)
    if isinstance(value, _SCALARS) or _is_scalar_of_numpy(value):
        return Description([str(value)], inline=True)
    if isinstance(value, Mapping) and value.get("type") in _PART_TYPES and value["type"] in value:
        return Description([dict(value)])
    for method in ("_repr_markdown_", "_repr_latex_"):
        # Of the type, because there are objects that have every attribute.
        if callable(getattr(type(value), method, None)) and isinstance(
            found := getattr(value, method)(), str
        ):
            return Description([found])
    if not is_container(value):
        return Description([leaf(value)])
    text, left_out = written(value, budget)
    return Description([text], [f"{left_out:,} of its items left out"] if left_out else [])


def _is_scalar_of_numpy(value: Any) -> bool:
    return any(_full_name(kind) == "numpy.generic" for kind in type(value).__mro__)


def _stands_alone(value: Any) -> bool:
    """Whether a list of such values is better described one by one."""
    return not isinstance(value, type) and _describer(value) is not None


def _members(value: Any, name: str, budget: int) -> Description:
    each = max(budget // len(value), 50)
    joined: list[dict[str, Any] | str] = []
    notes = []
    for number, item in enumerate(value):
        piece = describe(item, name=f"{name or 'item'}[{number}]", budget=each)
        if joined and isinstance(joined[-1], str) and isinstance(piece.parts[0], str):
            joined.append("\n")
        joined += piece.parts
        notes += piece.notes
    return Description(joined, notes)


def _normal(found: Any) -> Description:
    if isinstance(found, Description):
        return found
    several = list(found) if isinstance(found, (list, tuple)) else [found]
    for part in several:
        if not isinstance(part, str) and not (
            isinstance(part, Mapping) and isinstance(part.get("type"), str)
        ):
            raise TypeError(f"its describer returned {shown(part)}, which is neither text nor a part")
    if not several:
        raise TypeError("its describer returned nothing")
    return Description([part if isinstance(part, str) else dict(part) for part in several])


def _finished(found: Description, name: str, budget: int) -> Description:
    notes = list(found.notes)
    done: list[dict[str, Any] | str] = []
    left = budget
    for part in found.parts:
        if isinstance(part, str):
            text, missing = _masked_and_cut(part, left)
            if missing:
                notes.append(f"{missing:,} of its {len(part):,} characters left out")
            for kind, count in masked(text).items():
                times = "" if count == 1 else f" ({count} times)"
                notes.append(f"what looks like a secret was masked: {kind}{times}")
            left = max(left - tokens(text), 0)
            done.append(text if found.inline else fenced(text, name))
        else:
            done.append(part)
    label = short(name, 60) or "a value"
    return Description(done, [f"{label}: {note}." for note in notes], found.inline)


def _masked_and_cut(text: str, budget: int) -> tuple[str, int]:
    """Masks before it cuts, so that no half of a secret is left; of a huge text it reads what may be kept alone."""
    window = CHARACTERS * budget + LONGEST_SECRET
    if len(text) <= 2 * window:
        return cut(mask(text), budget)
    # Where the windows end may stand the half of one that is not known as such.
    head, tail = mask(text[:window])[:-LONGEST_SECRET], mask(text[-window:])[LONGEST_SECRET:]
    short_text, missing = cut(head + GAP + tail, budget)
    return short_text, missing + len(text) - len(head) - len(tail)
