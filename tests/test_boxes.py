"""Chats in boxes of widgets are found when a cell shows the box, once each, and in no other cell."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ipywidgets import HBox, IntText, Tab, VBox

from jupyter_openrouter.boxes import Boxes, inside


class Formatter:
    """IPython's, as far as it is asked."""

    def __init__(self) -> None:
        self.known: dict[type, Any] = {}

    def for_type(self, kind: type, function: Any = None) -> Any:
        before = self.known.get(kind)
        if function is not None:
            self.known[kind] = function
        return before

    def __call__(self, box: Any) -> Any:
        return next(function for kind, function in self.known.items() if isinstance(box, kind))(box)


class Notebook:
    """A shell whose cells show what they are given."""

    def __init__(self) -> None:
        self.events: dict[str, list[Any]] = {"pre_run_cell": [], "post_run_cell": []}
        self.formatter = Formatter()
        self.shell = SimpleNamespace(
            display_formatter=SimpleNamespace(mimebundle_formatter=self.formatter),
            events=SimpleNamespace(register=lambda name, act: self.events[name].append(act)),
        )

    def run(self, *boxes: Any) -> list[Any]:
        for act in self.events["pre_run_cell"]:
            act(None)
        shown = [self.formatter(box) for box in boxes]
        for act in self.events["post_run_cell"]:
            act(None)
        return shown


class Told(IntText):  # type: ignore[misc]
    """A widget that counts how often it was told."""

    times = 0

    def shown_in_box(self) -> None:
        self.times += 1


def test_what_stands_in_boxes_of_boxes_is_told_once_for_a_cell() -> None:
    notebook, one = Notebook(), Told()
    Boxes(notebook.shell, Told)
    box = VBox([HBox([one, IntText()]), Tab([one])])
    (bundle,) = notebook.run(box)
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert one.times == 1
    notebook.run()
    assert one.times == 1
    notebook.run(box, box)
    assert one.times == 2


def test_what_is_shown_between_two_cells_is_told_in_neither() -> None:
    notebook, one = Notebook(), Told()
    Boxes(notebook.shell, Told)
    notebook.formatter(VBox([one]))
    notebook.run()
    assert one.times == 0


def test_a_way_to_show_boxes_that_was_there_before_stays() -> None:
    notebook, one = Notebook(), Told()
    notebook.formatter.for_type(HBox.__mro__[1], lambda box, include, exclude: {"text/plain": "mine"})
    Boxes(notebook.shell, Told)
    assert notebook.run(HBox([one])) == [{"text/plain": "mine"}]
    assert one.times == 1


def test_a_box_that_holds_itself_is_looked_through_once() -> None:
    box = VBox()
    box.children = (one := Told(), HBox([box]))
    assert list(inside(box, Told)) == [one]
