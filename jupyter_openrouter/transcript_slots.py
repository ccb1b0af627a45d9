"""Which exchanges of a growing transcript stand in which of a few outputs, so that a new one costs little; pure.

The last output holds the newest exchanges, the ones before it older ones, each many times more. A new exchange
changes the last output; when that is full, its content goes up into the one before it, and so on. So one that
has settled is written again about as often as there are outputs, whatever the length of the transcript.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

LIMITS = (None, 256, 32, 4)
"""The most exchanges of each output, oldest first; the first one takes what is left."""

T = TypeVar("T")
Slots = tuple[tuple[T, ...], ...]


def empty(limits: Sequence[int | None] = LIMITS) -> Slots[T]:
    """Outputs with nothing in them."""
    return tuple(() for _ in limits)


def filled(before: Slots[T], now: Sequence[T], *, limits: Sequence[int | None] = LIMITS) -> Slots[T]:
    """The outputs for the exchanges as they are now, as many of them as possible as they were before.

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
    slots += [[] for _ in range(len(limits) - len(slots))]
    for one in now[at:]:
        _push(slots, [one], len(limits) - 1, limits)
    return tuple(tuple(slot) for slot in slots)


def _push(slots: list[list[T]], new: list[T], place: int, limits: Sequence[int | None]) -> None:
    limit = limits[place]
    if limit is not None and len(slots[place]) + len(new) > limit and slots[place]:
        _push(slots, slots[place], place - 1, limits)
        slots[place] = []
    slots[place] = slots[place] + new
