"""Limits in US dollars for a cell, a notebook session and a day: reserved before sending, and settled after.

Before a request is sent, the most that it can cost is held against every cap, under one lock: of several at once,
those that do not fit are refused. When its cost is known, that is spent instead. An answer whose cost stays unknown
keeps what was held for it, so that a cap errs on the safe side.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal, get_args

from .day_file import Day, DayFile
from .errors import BudgetError, InvalidRequestError
from .listing import Listing
from .money import dollars, exact, from_exact
from .tolerant import number

Which = Literal["cell", "session", "day"]
_WORDS = {"cell": "this cell", "session": "this session", "day": "today"}


@dataclass(frozen=True)
class Cap:
    """One cap as it stands; US dollars.

    Attributes:
        which: ``cell``, ``session`` or ``day``.
        limit: None where there is none.
        spent: By answers whose cost is known; None for a cell, which has its own sum each time it runs.
        held: For answers that run, or whose cost is unknown.
        left: What may still be reserved, None without a limit.
    """

    which: str = ""
    limit: float | None = None
    spent: float | None = None
    held: float | None = None
    left: float | None = None

    COLUMNS: ClassVar[Mapping[str, str]] = {
        "which": "cap",
        "limit": "limit (USD)",
        "spent": "spent (USD)",
        "held": "held (USD)",
        "left": "left (USD)",
    }

    def row(self) -> dict[str, Any]:
        """The cap as one flat row."""
        return {name: getattr(self, name) for name in self.COLUMNS}


class Reservation:
    """What is held for one answer. Its methods may be called from any thread, and again."""

    def __init__(self, caps: Caps, held: int, cell: Day, day: str, at_most: int | None) -> None:
        self._caps = caps
        self._name = f"{os.getpid()}-{os.urandom(6).hex()}"
        self._held = held
        self._spent: int | None = None
        self._cell = cell  # of this run: a later one begins anew
        self._day = day
        self._at_most = at_most

    @property
    def dollars(self) -> float:
        """US dollars that are held, or that were spent once this is known."""
        return from_exact(self._held if self._spent is None else self._spent)

    def settle(self, cost: float | None) -> None:
        """The answer has ended: US dollars are spent instead of held. None is unknown: what is held stays so.

        It may be called again when more is known; the last cost counts.
        """
        self._caps._settle(self, cost)

    def over(self, cost: float) -> bool:
        """Whether a running answer, which has cost so many US dollars already, passes a cap.

        If it does not, though it is more than was held, so much is held from now on.
        """
        return self._caps._over(self, cost)


class Caps:
    """The caps of this process, and what was spent and is held against them.

    Args:
        days: Where the sums of the days are kept.
        today: Gives the date; days are those of this machine's time zone.

    >>> import tempfile, pathlib
    >>> caps = Caps(DayFile(pathlib.Path(tempfile.mkdtemp()) / "spent.json"))
    >>> caps.set("session", 1.00)
    >>> first = caps.reserve(0.75)
    >>> caps.reserve(0.50)
    Traceback (most recent call last):
    jupyter_openrouter.errors.BudgetError: This may cost up to $0.5000, and the cap of this session is $1.00: ...
    >>> first.settle(0.10)
    >>> caps.spent("session")
    0.1
    """

    def __init__(self, days: DayFile | None = None, *, today: Callable[[], date] = date.today) -> None:
        self._days = days or DayFile()
        self._today = today
        self._lock = threading.RLock()
        self._limits: dict[str, int] = {}
        self._session = Day()
        self._cells: dict[str, Day] = {}
        self.unpriced = False
        """Whether an answer whose price is unknown may be sent though a cap is set; it then holds nothing."""

    # --- for people

    def set(self, which: Which, limit: float | None) -> None:
        """Sets a cap in US dollars, 0 or more; None takes it away. That of a day holds for all kernels of the user.

        Raises:
            InvalidRequestError: there is no such cap, or this is no amount.
        """
        if which not in get_args(Which):
            raise InvalidRequestError(
                f"{str(which)[:40]!r} is no cap.", remedy=f"The caps are {', '.join(get_args(Which))}."
            )
        if limit is not None and number(limit, 0) is None:
            raise InvalidRequestError(
                f"{str(limit)[:40]!r} is no amount in US dollars, 0 or more.", remedy=""
            )
        amount = None if limit is None else exact(limit)
        with self._lock:
            if which == "day":
                with self._days.changed() as sheet:
                    sheet.limit = amount
            elif amount is None:
                self._limits.pop(which, None)
            else:
                self._limits[which] = amount

    def limit(self, which: Which) -> float | None:
        """A cap in US dollars, or None."""
        with self._lock:
            amount = self._days.look().limit if which == "day" else self._limits.get(which)
            return None if amount is None else from_exact(amount)

    @property
    def active(self) -> bool:
        """Whether any cap is set."""
        with self._lock:
            return bool(self._limits) or self._days.look().limit is not None

    def spent(self, which: Literal["session", "day"]) -> float:
        """US dollars spent in this session, or today by all kernels of the user; what is held is not in it."""
        with self._lock:
            return from_exact(self._sum(which).spent)

    def listing(self) -> Listing[Cap]:
        """The three caps as they stand."""
        with self._lock:
            found = [Cap("cell", self.limit("cell"))]
            for which in ("session", "day"):
                day, limit = self._sum(which), self.limit(which)
                held = sum(day.held.values())
                left = None if limit is None else max(0.0, from_exact(exact(limit) - day.spent - held))
                found.append(Cap(which, limit, from_exact(day.spent), from_exact(held), left))
            return Listing(found)

    @property
    def trouble(self) -> str:
        """Why the sum of the day is of this process alone, or ""."""
        return self._days.trouble

    # --- for answers

    def begin_cell(self, cell_id: str) -> None:
        """A cell runs anew: what its earlier runs cost no longer counts against its cap."""
        with self._lock:
            self._cells.pop(cell_id, None)

    def reserve(
        self,
        worst: float | None,
        *,
        cell_id: str = "",
        at_most: float | None = None,
        remedy: str | None = None,
    ) -> Reservation:
        """Holds the most that an answer can cost.

        Args:
            worst: US dollars; None where it is unknown.
            cell_id: Answers of one run of a cell share its cap; an answer without a cell has one of its own.
            at_most: A cap for this answer alone.
            remedy: What to do where it is refused, if there is something better than to raise the cap.

        Raises:
            BudgetError: a cap does not allow it; nothing is held.
        """
        amount = exact(worst or 0.0)
        with self._lock:
            cell = self._cells.setdefault(cell_id, Day()) if cell_id else Day()
            most = None if at_most is None else exact(at_most)
            reservation = Reservation(self, amount, cell, self._today().isoformat(), most)
            limited = self.active or at_most is not None
            if limited and worst is None and not self.unpriced:
                raise BudgetError(
                    "What this may cost is unknown, and a cap is set.",
                    remedy=remedy
                    or "Take the cap away with %openrouter cap, or choose a model whose price is known.",
                )
            # Read and written under one lock of the file, so that two kernels do not slip past together.
            if limited and amount:
                with self._days.changed() as sheet:
                    if refused := self._refusal(
                        reservation, amount, sheet.day(reservation._day), sheet.limit
                    ):
                        raise _budget_error(amount, *refused, remedy=remedy)
                    sheet.day(reservation._day).held[reservation._name] = amount
            if amount:
                for day in self._own(reservation):
                    day.held[reservation._name] = amount
            return reservation

    def spend(self, cost: float) -> None:
        """US dollars that were spent without a reservation, such as for embeddings."""
        Reservation(self, 0, Day(), self._today().isoformat(), None).settle(cost)

    def _refusal(
        self, reservation: Reservation, amount: int, today: Day, day_limit: int | None
    ) -> tuple[str, int, Day] | None:
        """The first cap that does not allow an amount for this reservation, instead of what it holds."""
        name = reservation._name
        for words, limit, day in (
            ("this answer", reservation._at_most, Day()),
            (_WORDS["cell"], self._limits.get("cell"), reservation._cell),
            (_WORDS["session"], self._limits.get("session"), self._session),
            (_WORDS["day"], day_limit, today),
        ):
            others = day.spent + sum(day.held.values()) - day.held.get(name, 0)
            if limit is not None and others + amount > limit:
                return words, limit, day
        return None

    def _own(self, reservation: Reservation) -> list[Day]:
        """The sums of this process that a reservation is part of."""
        return [self._session, reservation._cell]

    def _sum(self, which: str) -> Day:
        if which == "session":
            return self._session
        return self._days.look().days.get(self._today().isoformat()) or Day()

    def _settle(self, reservation: Reservation, cost: float | None) -> None:
        if cost is None:
            return
        amount, name = exact(cost), reservation._name
        with self._lock:
            before = reservation._spent or 0
            reservation._spent = amount
            for day in self._own(reservation):
                day.spent += amount - before
                day.held.pop(name, None)
            if amount != before or reservation._held:
                with self._days.changed() as sheet:
                    day = sheet.day(reservation._day)
                    day.spent = max(0, day.spent + amount - before)
                    day.held.pop(name, None)

    def _over(self, reservation: Reservation, cost: float) -> bool:
        amount = exact(cost)
        with self._lock:
            if amount <= reservation._held or reservation._spent is not None:
                return False
            if not (self.active or reservation._at_most is not None):
                return False
            with self._days.changed() as sheet:
                today = sheet.day(reservation._day)
                if self._refusal(reservation, amount, today, sheet.limit):
                    return True
                today.held[reservation._name] = amount
            reservation._held = amount
            for day in self._own(reservation):
                day.held[reservation._name] = amount
            return False


def _budget_error(amount: int, words: str, limit: int, day: Day, *, remedy: str | None) -> BudgetError:
    held = sum(day.held.values())
    parts = [f"{dollars(from_exact(day.spent))} is spent"] if day.spent else []
    parts += (
        [f"{dollars(from_exact(held))} is held for answers that run or whose cost is unknown"] if held else []
    )
    so_far = f": {', and '.join(parts)}" if parts else ""
    return BudgetError(
        f"This may cost up to {dollars(from_exact(amount))}, and the cap of {words} is "
        f"{dollars(from_exact(limit))}{so_far}.",
        remedy=remedy,
    )


caps = Caps()
"""The caps of this process."""
