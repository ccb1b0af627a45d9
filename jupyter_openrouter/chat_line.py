"""Which question of a chat runs, which wait for its answer, and which wait for a person to send them; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .turn import new_id

if TYPE_CHECKING:
    import asyncio

    from .errors import OpenRouterError
    from .keys import Key
    from .response import Response

Kind = Literal["new", "edit", "retry", "continue"]
MOST_WAITING = 50


@dataclass(eq=False)
class Asked:
    """One question on its way.

    Attributes:
        text: Its words.
        attachments: What goes with them, as a browser is told it.
        content: Both, as the content of a message.
        model: The slug that it is asked of.
        own_model: Whether that was named for it alone.
        kind: ``new``: at the end; ``edit``: in the place of another question; ``retry``: an earlier question again;
            ``continue``: the rest of an answer.
        turn: Of an edit the turn that the question follows ("" for none), of a retry the question's turn, of a
            continuation the answer's turn; by their ids.
        hides: The id of the first turn that is not shown while it runs; "" for none.
        error: What stood against sending it, and is told in place of an answer.
        waited: Whether a call in Python waits for it.
        ended: Set at its end.
        response: The answer.
    """

    text: str
    content: Any
    model: str
    own_model: bool = False
    key: Key | None = field(repr=False, default=None)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    kind: Kind = "new"
    turn: str = ""
    hides: str = ""
    error: OpenRouterError | None = None
    waited: bool = False
    ended: asyncio.Future[None] | None = None
    response: Response | None = None
    id: str = field(default_factory=lambda: f"w-{new_id()}")

    def told(self) -> dict[str, Any]:
        """As a browser is told of one that waits."""
        found: dict[str, Any] = {"id": self.id, "text": self.text}
        return found | ({"attachments": self.attachments} if self.attachments else {})


class Line:
    """The questions of one chat.

    >>> line = Line()
    >>> line.running = Asked("a", "a", "m/x")
    >>> line.wait(Asked("b", "b", "m/x"))
    >>> line.end(well=True).text
    'b'
    """

    def __init__(self) -> None:
        self.running: Asked | None = None
        self._waiting: list[Asked] = []
        self._held: set[str] = set()

    def __iter__(self) -> Iterator[Asked]:
        return iter(list(self._waiting))

    def __len__(self) -> int:
        return len(self._waiting)

    def told(self) -> list[dict[str, Any]]:
        """Those that wait, in their order, as a browser is told of them."""
        return [asked.told() for asked in self._waiting]

    def wait(self, asked: Asked) -> None:
        """Puts one at the end."""
        self._waiting.append(asked)

    def find(self, ident: str) -> Asked | None:
        """One that waits; None where there is none of this id."""
        return next((asked for asked in self._waiting if asked.id == ident), None)

    def take(self, ident: str) -> Asked | None:
        """Takes one out; None where there is none of this id."""
        found = self.find(ident)
        if found is not None:
            self._waiting.remove(found)
            self._held.discard(found.id)
        return found

    def end(self, *, well: bool) -> Asked | None:
        """The running one has ended; gives the next one to ask, None for none.

        After one that ended well the next is asked. After any other those that wait stay, until a person sends them.
        """
        self.running = None
        if not well:
            self._held.update(asked.id for asked in self._waiting)
        following = next((asked for asked in self._waiting if asked.id not in self._held), None)
        return self.take(following.id) if following is not None else None

    def drop(self, which: Callable[[Asked], bool]) -> list[Asked]:
        """Takes out all that this is true of, and gives them."""
        return [asked for asked in self if which(asked) and self.take(asked.id)]
