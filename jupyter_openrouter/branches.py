"""The turns of a conversation with all its branches: which turn follows which, and which of them are shown; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """What can stand in it."""

    @property
    def id(self) -> str: ...

    @property
    def role(self) -> str: ...


T = TypeVar("T", bound=Named)
_START = ""


class Branches(Generic[T]):
    """Turns by their ids, each after another one; "" is the start. One way through them is shown.

    >>> from jupyter_openrouter.turn import Turn
    >>> tree = Branches()
    >>> for ident, role, after in (("q", "user", ""), ("a", "assistant", "q"), ("b", "assistant", "q")):
    ...     tree.add(Turn(role, ident, id=ident), after=after)
    >>> [turn.id for turn in tree.shown], tree.beside("b")
    (['q', 'b'], ['a', 'b'])
    >>> tree.show("a")
    True
    >>> [turn.id for turn in tree.shown]
    ['q', 'a']
    """

    def __init__(self) -> None:
        self._turns: dict[str, T] = {}
        self._after: dict[str, str] = {}
        self._next: dict[str, list[str]] = {_START: []}
        self._chosen: dict[str, str] = {}
        self._shown: list[T] | None = []

    def __contains__(self, ident: object) -> bool:
        return ident in self._turns

    def __len__(self) -> int:
        return len(self._turns)

    def __iter__(self) -> Iterator[T]:
        """All turns, in the order in which they came."""
        return iter(list(self._turns.values()))

    def __getitem__(self, ident: str) -> T:
        return self._turns[ident]

    def find(self, ident: str) -> T | None:
        """The turn of this id; None where there is none."""
        return self._turns.get(ident)

    @property
    def shown(self) -> list[T]:
        """The turns that are shown, oldest first; not to be changed."""
        if self._shown is None:
            self._shown = [self._turns[ident] for ident in self._down(_START)]
        return self._shown

    @property
    def branched(self) -> bool:
        """Whether there are turns that are not shown."""
        return len(self.shown) < len(self._turns)

    def _down(self, start: str) -> Iterator[str]:
        while (start := self._chosen.get(start, "")) != "":
            yield start

    def after(self, ident: str) -> str:
        """The id of the turn before it; "" for the first, and for one that is not there."""
        return self._after.get(ident, _START)

    def way_to(self, ident: str) -> list[T]:
        """The turns from the first to this one, whether they are shown or not; none for "" and what is not there."""
        found = []
        while ident in self._turns:
            found.append(self._turns[ident])
            ident = self._after[ident]
        return found[::-1]

    def beside(self, ident: str) -> list[str]:
        """The ids of all that may stand in a turn's place, oldest first, its own included."""
        return list(self._next[self._after[ident]])

    def others(self) -> list[tuple[str, int, T]]:
        """The turns that are not shown, each with the id of the one before it and its place among those beside it.

        A turn comes before those that follow it, and before those that are beside it and newer.
        """
        shown = {turn.id for turn in self.shown}
        found, waiting = [], [_START]
        while waiting:
            after = waiting.pop()
            for place, ident in enumerate(self._next[after]):
                waiting.append(ident)
                if ident not in shown:
                    found.append((after, place, self._turns[ident]))
        return found

    def add(self, turn: T, *, after: str, place: int | None = None) -> None:
        """Puts a new turn after another one, and shows it.

        Args:
            turn: The turn.
            after: The id of the other one; "" for none.
            place: Among those that follow it; None for the last.
        """
        self._turns[turn.id] = turn
        self._after[turn.id] = after
        self._next[turn.id] = []
        self._next[after].insert(len(self._next[after]) if place is None else place, turn.id)
        self.show(turn.id)

    def put(self, turn: T) -> None:
        """Puts a turn in the place of the one of the same id."""
        self._turns[turn.id] = turn
        self._shown = None

    def show(self, ident: str) -> bool:
        """Shows a turn, and what was shown after it last; False if it is not there."""
        if ident not in self._turns:
            return False
        while ident != _START:
            before = self._after[ident]
            self._chosen[before] = ident
            ident = before
        self._shown = None
        return True

    def stop_at(self, ident: str) -> None:
        """Shows nothing after this turn; what follows it can be shown again."""
        self._chosen.pop(ident, None)
        self._shown = None

    def cut(self, ident: str) -> None:
        """Drops a turn with all that follows it, on whatever branch, and shows nothing in its place."""
        waiting = [ident]
        self._unlink(ident)
        while waiting:
            gone = waiting.pop()
            waiting += self._forget(gone)

    def take_out(self, ident: str) -> list[T]:
        """Drops a question with all answers to it, by the id of any of them; gives those of it that were shown.

        What follows the answer that was shown stays, and follows the turn before. Where nothing does, the newest
        of the other questions that were asked in the same place is shown.
        """
        if ident not in self._turns:
            return []
        way = self.way_to(ident)
        ident = next((turn.id for turn in reversed(way) if turn.role == "user"), ident)
        place, gone = self._after[ident], [ident]
        gone += self._answering(ident)
        last = gone[-1]
        kept, chosen = self._next[last], self._chosen.get(last, "")
        dropped = [self._turns[one] for one in gone]
        self._next[last] = []
        self._chosen.pop(last, None)
        self.cut(ident)
        for one in kept:
            self._after[one] = place
        self._next[place] += kept
        if chosen or self._next[place]:
            self.show(chosen or self._next[place][-1])
        return dropped

    def _answering(self, ident: str) -> Iterator[str]:
        """What was answered last to a question, up to the next one."""
        for one in self._down(ident):
            if self._turns[one].role == "user":
                return
            yield one

    def _unlink(self, ident: str) -> None:
        before = self._after[ident]
        self._next[before].remove(ident)
        if self._chosen.get(before) == ident:
            del self._chosen[before]
        self._shown = None

    def _forget(self, ident: str) -> list[str]:
        del self._turns[ident], self._after[ident]
        self._chosen.pop(ident, None)
        return self._next.pop(ident)
