"""Finds the chats in a box of widgets that a cell shows, for each is shown by the box and never hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from ipywidgets import Box


class Shown(Protocol):
    """What can stand in a box and must know that it is shown."""

    def shown_in_box(self) -> None:
        """Called when the cell that shows the box has ended, while what is published still goes below it."""


def inside(box: Any, kind: type) -> Iterator[Any]:
    """The widgets of a kind in a box and in the boxes in it, each once.

    >>> from ipywidgets import HBox, IntText, VBox
    >>> field = IntText()
    >>> list(inside(VBox([HBox([field]), field]), IntText)) == [field]
    True
    """
    seen: set[int] = set()
    waiting = [box]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, kind):
            yield one
        waiting += reversed(tuple(getattr(one, "children", ())))


class Boxes:
    """Watches the boxes that the cells of one notebook show.

    Args:
        shell: IPython's.
        kind: The class of what is looked for in them; its instances are ``Shown``.
    """

    def __init__(self, shell: Any, kind: type) -> None:
        self._kind = kind
        self._found: list[Any] = []
        self._before = shell.display_formatter.mimebundle_formatter.for_type(Box)
        shell.display_formatter.mimebundle_formatter.for_type(Box, self._formatted)
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    def _formatted(self, box: Any, include: Any = None, exclude: Any = None) -> Any:
        self._found += [one for one in inside(box, self._kind) if one not in self._found]
        if self._before is not None:
            return self._before(box, include=include, exclude=exclude)
        return box._repr_mimebundle_(include=include, exclude=exclude)

    def _begin(self, _: Any) -> None:
        # What was shown between two cells, by a callback, has no output that could be added to.
        self._found.clear()

    def _end(self, _: Any) -> None:
        found, self._found = self._found, []
        for one in found:
            one.shown_in_box()


_watched: WeakKeyDictionary[Any, Boxes] = WeakKeyDictionary()


def watch(shell: Any, kind: type) -> None:
    """Watches the boxes of a notebook, from the first call on."""
    if shell not in _watched:
        _watched[shell] = Boxes(shell, kind)
