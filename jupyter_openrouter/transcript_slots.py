"""Which exchanges of a growing transcript stand in which of a few outputs, so that a new one costs little; pure.

The last output holds the newest exchanges, the ones before it older ones, each many times more. A new exchange
changes the last output; when that is full, its content goes up into the one before it, and so on. So one that
has settled is written again about as often as there are outputs, whatever the length of the transcript.

A transcript that is long when it is first shown has outputs for its beginning before those, of a bounded length:
JupyterLab's time for the Markdown of an output grows as the square of its length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

LIMITS = (None, 256, 32, 4)
"""The most exchanges of each output, oldest first; the first one takes what is left."""
_AT_ONCE, _MOST_OUTPUTS = 64, 32  # JupyterLab shows 50 outputs of a cell

T = TypeVar("T")
Slots = tuple[tuple[T, ...], ...]


def empty(limits: Sequence[int | None] = LIMITS) -> Slots[T]:
    """Outputs with nothing in them."""
    return tuple(() for _ in limits)


def begun(now: Sequence[T], *, limits: Sequence[int | None] = LIMITS) -> Slots[T]:
    """The outputs for the exchanges that are there when the transcript is first shown.

    >>> [len(slot) for slot in begun(range(300))]
    [64, 64, 64, 64, 0, 32, 8, 4]
    """
    newest = sum(limit for limit in limits[-2:] if limit)
    size = max(_AT_ONCE, -(-(len(now) - newest) // _MOST_OUTPUTS))
    full = max(0, len(now) - newest) // size
    old = tuple(tuple(now[at * size : (at + 1) * size]) for at in range(full))
    return filled(old + empty(limits), now, limits=limits)


def filled(before: Slots[T], now: Sequence[T], *, limits: Sequence[int | None] = LIMITS) -> Slots[T]:
    """The outputs for the exchanges as they are now, as many of them as possible as they were before.

    The limits are those of the last outputs; ones before those get no more.

    >>> one = filled(empty(), "abcd")
    >>> one
    ((), (), (), ('a', 'b', 'c', 'd'))
    >>> filled(one, "abcde")
    ((), (), ('a', 'b', 'c', 'd'), ('e',))
    """
    slots: list[list[T]] = []
    at = 0
    for slot in before:
        kept = []
        for one in slot:
            if at == len(now) or now[at] != one:
                break
            kept.append(one)
            at += 1
        slots.append(kept)
        if len(kept) < len(slot):
            break
    slots += [[] for _ in range(len(before) - len(slots))]
    room = [0] * (len(before) - len(limits)) + list(limits)
    for one in now[at:]:
        _push(slots, [one], len(room) - 1, room)
    return tuple(tuple(slot) for slot in slots)


def _push(slots: list[list[T]], new: list[T], place: int, limits: Sequence[int | None]) -> None:
    limit = limits[place]
    if limit is not None and len(slots[place]) + len(new) > limit and slots[place]:
        _push(slots, slots[place], place - 1, limits)
        slots[place] = []
    slots[place] = slots[place] + new
