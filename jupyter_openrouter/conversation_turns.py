"""The turns of one conversation, for several threads: taken in, replaced, taken out, and told to who watches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from .branches import Branches
from .response import Response
from .saved_form import place
from .turn import Turn, new_id

_MOST_UNSETTLED = 20
Other = tuple[str, int, Turn]
"""A turn of another branch: the id of the one before it, its place among those beside it, and itself."""


class Turns:
    """Those of all branches; those that are shown are what goes out with the next question.

    Args:
        turns: To begin with, oldest first; ids that come twice are made anew.
        others: Turns of other branches; see ``Branches.others``.
    """

    def __init__(self, turns: Iterable[Turn] = (), others: Iterable[Other] = ()) -> None:
        self._tree: Branches[Turn] = Branches()
        self._unsettled: dict[str, Response] = {}
        self._watchers: list[Callable[[], None]] = []
        self.lock = threading.RLock()
        # None: not known, so that it is told with the next answer.
        self._told_system: str | None = ""
        self._fill(turns, others)

    def _fill(self, turns: Iterable[Turn], others: Iterable[Other] = ()) -> None:
        last = ""
        for turn in turns:
            turn = replace(turn, id=new_id()) if turn.id in self._tree or not turn.id else turn
            self._tree.add(turn, after=last)
            last = turn.id
        for after, place_, turn in others:
            if turn.id and turn.id not in self._tree and (after == "" or after in self._tree):
                self._tree.add(turn, after=after, place=place_)
        if last:
            self._tree.show(last)
            # Nothing of another branch is to be shown below the last turn.
            self._tree.stop_at(last)
            self._told_system = None

    # --- reading

    @property
    def shown(self) -> list[Turn]:
        """The turns that are shown, oldest first; a list of its own."""
        with self.lock:
            self._settle()
            return list(self._tree.shown)

    @property
    def all(self) -> list[Turn]:
        """The turns of all branches."""
        with self.lock:
            self._settle()
            return list(self._tree)

    def with_branches(self) -> list[tuple[Turn, list[str]]]:
        """The turns that are shown, each with the ids of all that may stand in its place."""
        with self.lock:
            self._settle()
            return [(turn, self._tree.beside(turn.id)) for turn in self._tree.shown]

    def others(self) -> list[Other]:
        """The turns of other branches; see ``Branches.others``."""
        with self.lock:
            return self._tree.others() if self._tree.branched else []

    def find(self, ident: str) -> Turn | None:
        """The turn of this id, on whatever branch."""
        with self.lock:
            return self._tree.find(ident)

    def beside(self, ident: str) -> list[str]:
        """The ids of all that may stand in its place, oldest first; none where there is no such turn."""
        with self.lock:
            return self._tree.beside(ident) if ident in self._tree else []

    def before(self, ident: str) -> str:
        """The id of the turn before it; "" for the first."""
        with self.lock:
            return self._tree.after(ident)

    def way_to(self, ident: str) -> list[Turn]:
        """The turns from the first to this one; none for ""."""
        with self.lock:
            return self._tree.way_to(ident)

    def __len__(self) -> int:
        return len(self._tree.shown)

    # --- watching

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Calls ``tell`` after every change, on the thread that made it; gives the function that ends this."""
        self._watchers.append(tell)

        def end() -> None:
            if tell in self._watchers:
                self._watchers.remove(tell)

        return end

    def tell(self) -> None:
        """Tells all who watch that something has changed."""
        for watcher in list(self._watchers):
            watcher()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Holds the lock, and tells of the change when it is free again."""
        with self.lock:
            self._settle()
            yield
        self.tell()

    # --- changing

    def take(
        self,
        asked: Turn,
        answer: Turn,
        response: Response,
        *,
        name: str,
        system: str,
        after: str | None = None,
        body: str | None = None,
    ) -> None:
        """Puts an answer into its place, and its question where that is not there yet; both are shown then.

        Args:
            asked, answer: The turns.
            response: What the answer was made of; it is told where it stands.
            name, system: Of the conversation.
            after: The id of the turn that the question follows; None for the last one that is shown.
            body: The cell below its line with the magic, if it was asked in one.
        """
        with self.lock:
            if asked.id not in self._tree:
                last = self._tree.shown[-1].id if self._tree.shown else ""
                place_ = last if after is None or (after and after not in self._tree) else after
                self._tree.add(asked, after=place_)
            self._placed(asked, response, answer.id, name=name, system=system, body=body)
            if answer.id in self._tree:
                self._tree.put(answer)
                self._tree.show(answer.id)
            else:
                self._tree.add(answer, after=asked.id)
            if response.cost is None and len(self._unsettled) < _MOST_UNSETTLED:
                self._unsettled[answer.id] = response

    def _placed(
        self, asked: Turn, response: Response, ident: str, *, name: str, system: str, body: str | None
    ) -> None:
        before = self._tree.way_to(asked.id)[:-1]
        last = next((turn.id for turn in reversed(before) if turn.role == "assistant"), "")
        number = 1 + sum(turn.role == "user" for turn in before)
        told = None if self._told_system == system else system
        response.conversation = place(name, number, ident, asked.content, after=last, body=body, system=told)
        self._told_system = system

    def drop_from(self, start: int) -> list[Turn]:
        """Drops the shown turns from this index on, and whatever follows them; gives those that were shown."""
        dropped = self._tree.shown[start:]
        if dropped:
            self._tree.cut(dropped[0].id)
        return self._dropped(dropped)

    def take_out(self, ident: str) -> list[Turn]:
        """Drops a question with its answers, by the id of any of them; see ``Branches.take_out``."""
        return self._dropped(self._tree.take_out(ident))

    def _dropped(self, dropped: Sequence[Turn]) -> list[Turn]:
        for turn in dropped:
            self._unsettled.pop(turn.id, None)
        if dropped:
            self._told_system = None  # it may have been told with one of these
        return list(dropped)

    def show(self, ident: str) -> bool:
        """Shows another branch; False where there is no such turn."""
        return self._tree.show(ident)

    def assign(self, turns: Iterable[Turn]) -> None:
        """These are the turns from now on; other branches are dropped."""
        self._tree = Branches()
        self._unsettled.clear()
        self._told_system = ""
        self._fill(turns)

    def _settle(self) -> None:
        """Takes in what became known of an answer after it was taken in: the cost of a stopped one."""
        for ident in [ident for ident, response in self._unsettled.items() if response.cost is not None]:
            record: dict[str, Any] = self._unsettled.pop(ident).to_dict()
            if ident in self._tree:
                self._tree.put(replace(self._tree[ident], response_record=record))
