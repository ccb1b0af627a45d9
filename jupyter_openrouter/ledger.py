"""What every answer of this process has cost: one ledger for the magic, the widgets and Python callers.

Every answer that is sent is written down when it has settled, and once only: a stopped answer whose cost is told
later keeps its line, and a continued one is there as its parts. Whoever asks may say before where it belongs.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from .costs import By, Cost, CostTable, Sum, added_up
from .errors import APIStatusError
from .listing import Listing
from .money import is_play_money

if TYPE_CHECKING:
    from .response import Response

_MAY_BE_BILLED = frozenset({524})  # an edge time-out: the request had arrived, and may have been answered


@dataclass(frozen=True)
class Place:
    """Where an answer was asked for; "" where nobody said."""

    source: str = ""
    cell_id: str = ""
    conversation: str = ""
    notebook: str = ""


class Ledger:
    """The lines, oldest first. It may be used from any thread.

    >>> from jupyter_openrouter.response import Response
    >>> ledger, response = Ledger(), Response("demo/echo")
    >>> response.state = "done"
    >>> ledger.note(response, source="cell", cell_id="a1").dollars
    0.0
    >>> ledger.by("model").sum.answers
    1
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._lines: list[Cost] = []
        self._numbers: WeakKeyDictionary[Response, int] = WeakKeyDictionary()
        self._places: WeakKeyDictionary[Response, Place] = WeakKeyDictionary()

    def note(
        self,
        response: Response,
        *,
        source: str = "",
        cell_id: str = "",
        conversation: str = "",
        notebook: str = "",
    ) -> Cost | None:
        """Says where an answer belongs, and writes it down if it has settled; again with what is known since.

        Args:
            response: Running or settled. A continued one stands for its last part: the others have their lines.
            source: Such as ``cell``, ``chat`` or ``client``.
            cell_id, conversation, notebook: Their names; what is "" stays as it was.

        Returns:
            Its line, or None while it runs.
        """
        while response.continues:
            response = response.continues[-1]
        given = {"source": source, "cell_id": cell_id, "conversation": conversation, "notebook": notebook}
        with self._lock:
            place = replace(self.place(response), **{name: value for name, value in given.items() if value})
            self._places[response] = place
            if not response.settled:
                return None
            line = _line(response, place)
            number = self._numbers.setdefault(response, len(self._lines))
            self._lines[number : number + 1] = [line]
            return line

    def add(self, cost: Cost) -> None:
        """Writes down what was spent without a response, such as for embeddings."""
        with self._lock:
            self._lines.append(cost)

    def place(self, response: Response) -> Place:
        """Where an answer belongs, as far as anybody has said."""
        with self._lock:
            return self._places.get(response) or Place()

    def __iter__(self) -> Iterator[Cost]:
        with self._lock:
            return iter(self._lines.copy())

    def __len__(self) -> int:
        return len(self._lines)

    def by(self, by: By) -> CostTable:
        """The answers added up by ``cell``, ``model``, ``conversation``, ``day``, ``notebook`` or ``source``.

        Raises:
            InvalidRequestError: it is none of these.
        """
        return added_up(self, by)

    def spent(self, *, since: float | date | None = None) -> Sum:
        """The sum of all answers.

        Args:
            since: Only of those sent then or later: a Unix time in seconds, a date or a datetime.
        """
        if isinstance(since, date) and not isinstance(since, datetime):
            since = datetime(since.year, since.month, since.day)
        if isinstance(since, datetime):
            since = since.timestamp()
        return Sum.of(c for c in self if since is None or (c.sent_at is not None and c.sent_at >= since))

    def listing(self) -> Listing[Cost]:
        """The lines themselves, one for each answer."""
        return Listing(self)

    def frame(self) -> Any:
        """A pandas ``DataFrame`` with one row for each answer, NaN where something is unknown.

        Raises:
            ImportError: pandas is not installed; ``listing().to_dicts()`` gives the same rows.
        """
        return self.listing().to_frame()

    def unpriced(self) -> list[Response]:
        """The settled answers whose cost is unknown, of those that somebody still holds."""
        with self._lock:
            return [response for response in self._numbers if known_cost(response) is None]

    def clear(self) -> None:
        """Forgets every line. What was spent against a cap stays spent."""
        with self._lock:
            self._lines.clear()
            self._numbers.clear()


def known_cost(response: Response) -> float | None:
    """US dollars that an answer is known to have cost; None when that is not known.

    With a key of one's own, what the provider charged is in it. The embedded demo's figures are play money, and what
    is replayed costs nothing again. What OpenRouter refused, or what never reached it, is not billed.

    >>> from jupyter_openrouter.response import Response
    >>> known_cost(Response("openai/gpt-4"))
    """
    if is_play_money(response.requested_model) or response.replayed:
        return 0.0
    if response.cost is not None:
        return response.cost + (response.usage.upstream_cost if response.usage else 0.0)
    error = response.error
    if response.usage is not None or error is None or response.begun or response.reasoning_details:
        return None
    refused = isinstance(error, APIStatusError) and error.status not in (None, *_MAY_BE_BILLED)
    return 0.0 if refused or error.never_sent else None


def unsettled_attempts(response: Response) -> int:
    """How many of the failed attempts before an answer may have been billed all the same."""
    return sum(attempt.status in _MAY_BE_BILLED for attempt in response.attempts)


def _line(response: Response, place: Place) -> Cost:
    usage = response.usage
    return Cost(
        cell=place.cell_id,
        model=response.model or response.requested_model,
        provider=response.provider,
        conversation=place.conversation,
        notebook=place.notebook,
        source=place.source or "client",
        sent_at=response.sent_at,
        state=response.state,
        tokens_in=usage.prompt_tokens if usage else None,
        tokens_out=usage.completion_tokens if usage else None,
        dollars=known_cost(response),
        attempts=1 + len(response.attempts),
        unsettled=unsettled_attempts(response),
        generation_id=response.generation_id or response.id,
    )


ledger = Ledger()
"""The ledger of this process."""
