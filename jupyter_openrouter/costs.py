"""Adds answers up by cell, model, conversation or day, and shows the sums as a table with bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from .errors import InvalidRequestError
from .listing import Listing, cell
from .money import dollars, exact, from_exact

By = Literal["cell", "model", "conversation", "day", "notebook", "source"]
_BAR = 20  # characters
_EIGHTHS = " ▏▎▍▌▋▊▉"
_NONE = {
    "cell": "outside of cells",
    "model": "unknown model",
    "conversation": "no conversation",
    "day": "unknown day",
    "notebook": "no notebook",
    "source": "unknown",
}


@dataclass(frozen=True)
class Cost:
    """What one answer came to; a figure that is not known is None, and never 0.

    Attributes:
        cell, conversation, notebook, source: Where it was asked; "" where nobody said.
        model, provider: Who answered, or else who was asked.
        sent_at: Unix time in seconds.
        state: As ``Response.state``.
        tokens_in, tokens_out: Tokens of prompt and answer.
        dollars: US dollars.
        attempts: Requests that were made for it, the failed ones included.
        unsettled: Those of the failed ones that may have been billed all the same.
        generation_id: The service's id.
    """

    cell: str = ""
    model: str = ""
    provider: str = ""
    conversation: str = ""
    notebook: str = ""
    source: str = ""
    sent_at: float | None = None
    state: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    dollars: float | None = None
    attempts: int = 1
    unsettled: int = 0
    generation_id: str = ""

    COLUMNS: ClassVar[Mapping[str, str]] = {
        "time": "time",
        "cell": "cell",
        "model": "model",
        "state": "state",
        "tokens_in": "tokens in",
        "tokens_out": "tokens out",
        "dollars": "cost (USD)",
    }

    @property
    def time(self) -> datetime | None:
        """When it was sent, in this machine's time zone."""
        try:
            return None if self.sent_at is None else datetime.fromtimestamp(self.sent_at)
        except (ValueError, OverflowError, OSError):
            return None

    @property
    def day(self) -> str:
        """The day on which it was sent, as ``YYYY-MM-DD`` in this machine's time zone; "" when unknown."""
        return self.time.date().isoformat() if self.time else ""

    def row(self) -> dict[str, Any]:
        """The answer as one flat row."""
        return {
            "time": self.time,
            "day": self.day or None,
            "cell": self.cell or None,
            "conversation": self.conversation or None,
            "notebook": self.notebook or None,
            "source": self.source or None,
            "model": self.model or None,
            "provider": self.provider or None,
            "state": self.state or None,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "dollars": self.dollars,
            "attempts": self.attempts,
            "generation_id": self.generation_id or None,
        }


@dataclass(frozen=True)
class Sum:
    """What several answers came to.

    Attributes:
        name: What they have in common: a cell, a model, a conversation or a day.
        answers: How many there are.
        tokens_in, tokens_out: Tokens, of the answers that tell; None when none does.
        dollars: US dollars, of the answers whose cost is known; None when it is of none.
        unknown: The requests whose cost is unknown, and not in ``dollars``.
    """

    name: str = ""
    answers: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    dollars: float | None = None
    unknown: int = 0

    COLUMNS: ClassVar[Mapping[str, str]] = {
        "name": "",
        "answers": "answers",
        "tokens_in": "tokens in",
        "tokens_out": "tokens out",
    }

    @classmethod
    def of(cls, costs: Iterable[Cost], name: str = "") -> Sum:
        """The sum of some answers.

        >>> Sum.of([Cost(dollars=0.1), Cost(dollars=0.2), Cost()]).said
        '$0.3000 + 1 unknown'
        """
        costs = list(costs)
        known = [exact(cost.dollars) for cost in costs if cost.dollars is not None]
        return cls(
            name,
            len(costs),
            _known_sum(cost.tokens_in for cost in costs),
            _known_sum(cost.tokens_out for cost in costs),
            from_exact(sum(known)) if known else None,
            len(costs) - len(known) + sum(cost.unsettled for cost in costs),
        )

    @property
    def said(self) -> str:
        """The cost in words."""
        if self.dollars is None:
            return "unknown" if self.answers else dollars(0)
        return dollars(self.dollars) + (f" + {self.unknown} unknown" if self.unknown else "")

    def row(self) -> dict[str, Any]:
        """The sum as one flat row."""
        return {
            "name": self.name,
            "answers": self.answers,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "dollars": self.dollars,
            "unknown": self.unknown,
        }


class CostTable(Listing[Sum]):
    """Sums, the dearest first (days in their order), with a bar for each and the total below.

    Attributes:
        by: What each row stands for.
        sum: The total.
    """

    def __init__(
        self, entries: Iterable[Sum] = (), *, total: int | None = None, left_out: int = 0, by: str = "",
        whole: Sum | None = None,
    ) -> None:  # fmt: skip
        super().__init__(entries, total=total, left_out=left_out)
        self.by = by
        self.sum = whole or Sum()

    def of(self, entries: Iterable[Any]) -> CostTable:
        """The same table with other rows; the total stays that of all."""
        return CostTable(entries, total=self.total, left_out=self.left_out, by=self.by, whole=self.sum)

    def _cells(self, entries: Sequence[Sum]) -> Iterable[list[str]]:
        most = max((entry.dollars or 0.0 for entry in self), default=0.0)
        yield [self.by, *list(Sum.COLUMNS.values())[1:], "cost", ""]
        for entry in entries:
            row = entry.row()
            figures = [cell(row[name]) for name in Sum.COLUMNS]
            yield [*figures, entry.said, bar(entry.dollars or 0.0, most)]

    def _remarks(self, shown: int) -> Iterable[str]:
        yield from super()._remarks(shown)
        yield said_in_all(self.sum)


def said_in_all(whole: Sum) -> str:
    """The total as a line of text.

    >>> said_in_all(Sum.of([Cost(dollars=0.25), Cost()]))
    'in all $0.2500 for 2 answers; the cost of 1 is unknown, and not in the sum'
    """
    answers = f"{whole.answers:,} answer{'' if whole.answers == 1 else 's'}"
    if whole.dollars is None and whole.answers:
        return f"{answers}, the cost unknown"
    end = f"; the cost of {whole.unknown:,} is unknown, and not in the sum" if whole.unknown else ""
    return f"in all {dollars(whole.dollars or 0)} for {answers}{end}"


def added_up(costs: Iterable[Cost], by: By) -> CostTable:
    """The answers added up by what they have in common.

    Raises:
        InvalidRequestError: ``by`` is none of its values.
    """
    if by not in get_args(By):
        raise InvalidRequestError(
            f"Costs cannot be added up by {str(by)[:40]!r}.",
            remedy=f"Choose one of {', '.join(get_args(By))}.",
        )
    costs = list(costs)
    groups: dict[str, list[Cost]] = {}
    for cost in costs:
        groups.setdefault(getattr(cost, by) or _NONE[by], []).append(cost)
    sums = [Sum.of(group, name) for name, group in groups.items()]
    if by == "day":
        sums.sort(key=lambda found: found.name)
    else:
        sums.sort(key=lambda found: -(found.dollars or 0.0))
    return CostTable(sums, by=by, whole=Sum.of(costs))


def bar(amount: float, most: float) -> str:
    """A bar of up to 20 characters, as long as the amount is beside the largest one.

    >>> bar(1, 1) == "█" * 20, bar(0.5, 1) == "█" * 10, bar(0, 1), bar(1e-9, 1)
    (True, True, '', '▏')
    """
    if amount <= 0 or most <= 0:
        return ""
    whole, eighths = divmod(max(1, round(min(1.0, amount / most) * _BAR * 8)), 8)
    return "█" * whole + _EIGHTHS[eighths].strip()


def _known_sum(figures: Iterable[int | None]) -> int | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known else None
