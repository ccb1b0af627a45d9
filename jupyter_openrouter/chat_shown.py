"""What a chat shows of its conversation: the settled turns as a browser is told them, what is new, and their sums."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from . import tolerant
from .attached import Names
from .chat_turns import told, turn_of, uncharged
from .conversation import Conversation
from .extras import Images
from .ledger import known_cost
from .money import exact, from_exact, is_play_money
from .response import Response
from .turn import Turn

_MOST_ANSWERS = 100
_MONEY = ("cost", "uncharged")
_SUMMED = ("prompt_tokens", "completion_tokens", "total_tokens", *_MONEY)


class Shown:
    """The settled turns of one chat; it may be used from several threads.

    Args:
        conversation: Whose turns they are.
        images: Where their images are kept for the browser.

    Attributes:
        until: The id of a turn that is not shown, nor any after it, while it is asked anew; "" for none.
        version: How often the turns have changed for the browser.
    """

    def __init__(self, conversation: Conversation, images: Images) -> None:
        self.conversation, self._images = conversation, images
        self.names = Names()
        self.until = ""
        self.version = 0
        self._lock = threading.RLock()
        self._known: dict[str, tuple[Turn, list[str], dict[str, Any]]] = {}
        self._sent: list[dict[str, Any]] = []
        self._answers: dict[str, Response] = {}
        self._paid: dict[str, dict[str, float] | None] = {}
        self._counted: dict[str, Turn] = {}

    def keep(self, response: Response) -> None:
        """Keeps what the last answers were made of: the turns have no bytes of images."""
        ident = (response.conversation or {}).get("id", "")
        with self._lock:
            newest = next(reversed(self._answers.values()), None)
            if newest is not None:
                _share(response.body.get("messages"), newest.body.get("messages"))
            self._answers[ident] = response
            while len(self._answers) > _MOST_ANSWERS:
                del self._answers[next(iter(self._answers))]

    def answer(self, ident: str) -> Response | None:
        """What an answer's turn was made of, where that is still there."""
        return self._answers.get(ident)

    def turns(self) -> list[dict[str, Any]]:
        """The turns that are shown, oldest first, each a dict of the protocol; not to be changed."""
        found: list[dict[str, Any]] = []
        kept: dict[str, tuple[Turn, list[str], dict[str, Any]]] = {}
        with self._lock:
            for turn, branches in self.conversation.with_branches():
                known = self._known.get(turn.id)
                if known is None or known[0] is not turn or known[1] != branches:
                    answer = self._answers.get(turn.id)
                    dictionary = told(turn, self._images, self.names, answer=answer)
                    if len(branches) > 1:
                        dictionary["branches"] = branches
                    known = (turn, branches, dictionary)
                kept[turn.id] = known
                found.append(known[2])
            self._known = kept
        if self.until:
            at = next((at for at, turn in enumerate(found) if turn["id"] == self.until), len(found))
            del found[at:]
        return found

    def new(self) -> tuple[int, list[dict[str, Any]]] | None:
        """From which index on the browser's turns are others now, and which; None where none is. Counts as sent."""
        with self._lock:
            now, before = self.turns(), self._sent
            at = 0
            while at < min(len(now), len(before)) and now[at] is before[at]:
                at += 1
            if at == len(now) == len(before):
                return None
            self._sent = now
            self.version += 1
            return at, now[at:]

    def assign(self, values: Iterable[Any]) -> None:
        """Puts other turns in the place of all.

        Raises:
            InvalidRequestError: one of them is no turn.
        """
        with self._lock:
            turns = []
            for value in values:
                ident = value.get("id") if isinstance(value, dict) else None
                known = self.conversation.turn(ident) if isinstance(ident, str) else None
                turns.append(turn_of(value, known))
            self.conversation.assign(turns)

    def image(self, ident: str) -> dict[str, Any] | None:
        """The message that brings an image; one that was let go is looked for in the turns."""
        found = self._images.message(ident)
        if found is None and ident:
            with self._lock:
                for turn, _, dictionary in self._known.values():
                    if any(one.get("id") == ident for one in dictionary.get("attachments", ())):
                        told(turn, self._images, self.names)
            found = self._images.message(ident)
        return found

    # --- sums

    def paid(self, response: Response) -> None:
        """An answer has settled, or its cost has become known."""
        known = known_cost(response)
        ident = (response.conversation or {}).get("id") or f"response {id(response)}"
        usage = response.usage
        figures = {} if usage is None else usage.to_dict()
        if uncharged(response) and response.cost:
            figures["uncharged"] = response.cost
        self._paid[ident] = None if known is None else {**figures, "cost": known}

    def totals(self) -> dict[str, Any]:
        """Tokens and US dollars of all answers, on whatever branch; what is unknown of one is left out.

        ``uncharged`` is what answers of the demo or out of a recording say that they cost, which nobody pays.
        """
        for turn in self.conversation.all_turns:
            if self._counted.get(turn.id) is turn or turn.role != "assistant" or turn.response_record is None:
                continue
            self._counted[turn.id] = turn
            usage = turn.usage.to_dict()
            told = tolerant.number(tolerant.mapping(turn.response_record.get("usage")).get("cost"), 0)
            if told and is_play_money(tolerant.text(turn.response_record.get("requested_model")) or ""):
                usage["uncharged"] = told
            if self._paid.get(turn.id) is None or "cost" in usage:
                self._paid[turn.id] = usage if "cost" in usage else None
        found: dict[str, Any] = {}
        unknown = 0
        for figures in self._paid.values():
            unknown += figures is None
            for name in _SUMMED:
                if figures and name in figures:
                    new = exact(figures[name]) if name in _MONEY else figures[name]
                    found[name] = found.get(name, 0) + new
        found |= {name: from_exact(found[name]) for name in _MONEY if name in found}
        return found | ({"unknown": unknown} if unknown else {})


def _share(messages: Any, before: Any) -> None:
    """Puts those of an earlier request in the place of messages that are equal to them.

    Each request holds all messages of the conversation so far: with messages of their own, the requests of a chat
    would take memory that grows as the square of its length.
    """
    if isinstance(messages, list) and isinstance(before, list):
        for at, (one, other) in enumerate(zip(messages, before, strict=False)):
            if one == other:
                messages[at] = other
