"""The named conversations of a kernel, and the table that lists them."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .conversation import DEFAULT_NAME, Conversation
from .conversation_files import checked_name
from .errors import InvalidRequestError
from .listing import Listing, known


@dataclass(frozen=True, repr=False)
class ConversationEntry:
    """One row of the table.

    Attributes:
        name: As ``--chat`` has it.
        questions: How many were asked in it.
        tokens: In and out, of all its answers; None when that of an answer is unknown.
        cost: US dollars; None when that of an answer is unknown.
        last_model: The slug of the model that answered last; "" before the first answer.
    """

    COLUMNS: ClassVar[Mapping[str, str]] = {
        "name": "Conversation",
        "questions": "Turns",
        "tokens": "Tokens",
        "cost": "Cost in $",
        "last_model": "Last model",
    }

    name: str
    questions: int
    tokens: int | None
    cost: float | None
    last_model: str

    __repr__ = known

    @classmethod
    def of(cls, conversation: Conversation) -> ConversationEntry:
        """The row of a conversation as it is now."""
        asked = sum(turn.role == "user" for turn in conversation.turns)
        return cls(conversation.name, asked, conversation.tokens, conversation.cost, conversation.last_model)

    def row(self) -> dict[str, Any]:
        """Its fields."""
        return {**vars(self), "last_model": self.last_model or None}


class Conversations:
    """The named conversations, in the order in which they began; it may be used from several threads.

    >>> talks = Conversations()
    >>> talks.get("trip") is talks.get("trip"), "trip" in talks, [talk.name for talk in talks]
    (True, True, ['trip'])
    """

    def __init__(self) -> None:
        self._named: dict[str, Conversation] = {}
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Conversation]:
        return iter(list(self._named.values()))

    def __len__(self) -> int:
        return len(self._named)

    def __contains__(self, name: object) -> bool:
        return name in self._named

    def __getitem__(self, name: str) -> Conversation:
        """The one of that name, which must be there; "" means "chat".

        Raises:
            InvalidRequestError: there is none; the remedy names those that there are.
        """
        found = self._named.get(name or DEFAULT_NAME)
        if found is None:
            raise self._unknown(name or DEFAULT_NAME)
        return found

    def get(self, name: str = "") -> Conversation:
        """The one of that name, a new one if there is none; "" means "chat".

        Raises:
            InvalidRequestError: this cannot be a name.
        """
        name = checked_name(name or DEFAULT_NAME)
        with self._lock:
            return self._named.setdefault(name, Conversation(name))

    def seen(self, name: str = "") -> Conversation:
        """The one of that name; where there is none a new one, which is not among them before it is ``kept``."""
        name = checked_name(name or DEFAULT_NAME)
        found = self._named.get(name)
        return Conversation(name) if found is None else found

    def kept(self, conversation: Conversation) -> Conversation:
        """What stands under its name: itself, where there was none."""
        with self._lock:
            return self._named.setdefault(conversation.name, conversation)

    def put(self, conversation: Conversation) -> Conversation | None:
        """Gives a conversation its place under its own name, and returns the one that stood there, if any."""
        with self._lock:
            before = self._named.get(conversation.name)
            self._named[conversation.name] = conversation
        return before

    def forget(self, name: str = "") -> Conversation:
        """Takes the one of that name out, and returns it; a later ``get`` begins anew.

        Raises:
            InvalidRequestError: there is none.
        """
        with self._lock:
            found = self._named.pop(name or DEFAULT_NAME, None)
        if found is None:
            raise self._unknown(name or DEFAULT_NAME)
        return found

    def names(self) -> list[str]:
        """All names, in the order in which the conversations began."""
        return list(self._named)

    def listing(self) -> Listing[ConversationEntry]:
        """A table of them, which pandas takes as rows."""
        return Listing(ConversationEntry.of(conversation) for conversation in self)

    def _unknown(self, name: str) -> InvalidRequestError:
        names = self.names()
        near = difflib.get_close_matches(name, names, 1)
        remedy = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names[:10])}."
        return InvalidRequestError(
            f"There is no conversation {name!r}.",
            remedy=remedy if names else "Begin one with %%openrouter --chat NAME.",
        )


conversations = Conversations()
"""Those of this process: a kernel has one set."""
