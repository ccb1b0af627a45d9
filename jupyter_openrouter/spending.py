"""Holds one answer to the caps while it runs, and writes what it has cost into the ledger."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import caps as all_caps
from . import ledger as all_lines
from .caps import Caps, Reservation
from .costs import Cost
from .errors import BudgetError, OpenRouterError
from .ledger import Ledger, known_cost, unsettled_attempts
from .money import dollars, is_play_money

if TYPE_CHECKING:
    from .chunks import Usage
    from .estimate import Estimate
    from .model_cards import Model
    from .response import Response

_LOOK_AFTER = 400  # characters


class Spending:
    """The money of one answer.

    Args:
        response: The answer.
        bodies: The model slug and the body of each request that may be sent for it.
        offers: Looks up at which prices a model may serve a request; asked only where a cap is set.
        max_cost: A cap in US dollars for this answer alone.
        caps, ledger: Those of the process, but for tests.
    """

    def __init__(
        self,
        response: Response,
        bodies: Sequence[tuple[str, dict[str, Any]]],
        offers: Callable[[str, Mapping[str, Any]], Awaitable[Sequence[Model]]],
        *,
        max_cost: float | None = None,
        caps: Caps | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self._response = weakref.ref(response)  # which is a key of the table below
        self._bodies = bodies
        self._offers = offers
        self._max_cost = max_cost
        self._caps = caps or all_caps.caps
        self._ledger = ledger or all_lines.ledger
        self._reservation: Reservation | None = None
        self._estimate: Estimate | None = None
        self._price_out = 0.0  # US dollars for a token
        self._seen = [0, 0]  # parts of text and of reasoning that were counted
        self._tokens = 0
        self._next_look = _LOOK_AFTER

    async def before(self) -> None:
        """Reserves the worst case; to be awaited before anything is sent. Again, it does nothing.

        Raises:
            BudgetError: a cap does not allow it.
        """
        response = self._response()
        if self._reservation is not None or response is None:
            return
        worst: float | None = None
        remedy = None
        if response.replayed:
            worst = 0.0
        elif self._caps.active or self._max_cost is not None:
            self._estimate = await self._priced()
            worst, remedy = self._estimate.dollars_worst, _remedy(self._estimate)
            from .estimate import PAID_APART

            if PAID_APART in self._estimate.notes:
                response.notes.append(
                    "Plugins and web searches are paid apart: the cap has not reserved them."
                )
        self._reservation = self._caps.reserve(
            worst, cell_id=self._ledger.place(response).cell_id, at_most=self._max_cost, remedy=remedy
        )
        _running[response] = self

    def over(self) -> BudgetError | None:
        """The error that ends a running answer which passes a cap, by what it reports or by its text so far."""
        response, reservation, before = self._response(), self._reservation, self._estimate
        if response is None or reservation is None or before is None or response.concluded:
            return None
        cost = None if response.cost is None else known_cost(response)
        if cost is None:
            if response.characters < self._next_look or before.dollars_in is None or not self._price_out:
                return None
            self._next_look = response.characters + _LOOK_AFTER
            cost = before.dollars_in + self._tokens_so_far(response) * self._price_out
        if is_play_money(response.requested_model) or not reservation.over(cost):
            return None
        return BudgetError(
            f"The answer was stopped at a cap: it has cost about {dollars(cost)}.",
            remedy="Raise the cap with %openrouter cap, and continue the answer.",
        )

    def after(self) -> None:
        """The answer has settled, or more is known of it: into the ledger, and against the caps."""
        response = self._response()
        if response is None or self._reservation is None:
            return
        self._ledger.note(response)
        cost = known_cost(response)
        if cost is not None and self._estimate is not None:
            # A failed attempt that may have been billed counts as what it can have cost at most.
            cost += unsettled_attempts(response) * (self._estimate.dollars_worst or 0.0)
        self._reservation.settle(cost)

    async def _priced(self) -> Estimate:
        """The estimate of the dearest request, with the dearest of the models that may answer it."""
        from .estimate import estimate  # only where a cap is set

        found = [estimate(body, await self._cards(slug, body)) for slug, body in self._bodies]
        known = [one.dollars_worst for one in found]
        dearest = found[0] if None in known else max(found, key=lambda one: one.dollars_worst or 0.0)
        if None in known:
            dearest = found[known.index(None)]
        elif dearest.tokens_out_max:
            self._price_out = (known[found.index(dearest)] or 0.0) - (dearest.dollars_in or 0.0)
            self._price_out /= dearest.tokens_out_max
        return dearest

    async def _cards(self, slug: str, body: dict[str, Any]) -> list[Model | None]:
        others = body.get("models")
        slugs = [
            slug,
            *(other for other in (others if isinstance(others, list) else []) if isinstance(other, str)),
        ]
        found = await asyncio.gather(*(self._look_up(one, body) for one in slugs if one or not others))
        return [card for offers in found for card in offers]

    async def _look_up(self, slug: str, body: Mapping[str, Any]) -> Sequence[Model | None]:
        from .estimate import is_free
        from .model_cards import Model

        if is_free(slug, None):
            return [Model(slug, is_free=True)]
        try:
            return await self._offers(slug, body)
        except OpenRouterError:
            return [None]  # its price is unknown, and that is said

    def _tokens_so_far(self, response: Response) -> int:
        from .token_count import tokens

        for which, parts in enumerate((response.text_parts, response.reasoning_parts)):
            size = len(parts)
            self._tokens += tokens("".join(parts[self._seen[which] : size]))
            self._seen[which] = size
        return self._tokens if response.keep_text else response.characters // 4


_running: weakref.WeakKeyDictionary[Response, Spending] = weakref.WeakKeyDictionary()


def spent_without_answer(model: str, usage: Usage | None, *, sent_at: float) -> None:
    """What has no response, as embeddings have none: into the ledger, and against the caps once it is spent."""
    cost = 0.0 if is_play_money(model) else usage.cost if usage else None
    tokens_in = usage.prompt_tokens if usage else None
    all_lines.ledger.add(
        Cost(model=model, source="client", state="done", sent_at=sent_at, tokens_in=tokens_in, dollars=cost)
    )
    if cost is not None:
        all_caps.caps.spend(cost)


def update(response: Response) -> None:
    """More is known of a settled answer, such as its cost: brings the ledger and the caps up to date."""
    if (spending := _running.get(response)) is not None:
        spending.after()


def counted(response: Response) -> float:
    """US dollars that an answer counts against a cap: what it has cost, or what is held while that is unknown."""
    reservation = spending._reservation if (spending := _running.get(response)) is not None else None
    return reservation.dollars if reservation is not None else known_cost(response) or 0.0


def _remedy(before: Estimate) -> str | None:
    if before.dollars_worst is None:
        return None
    if before.tokens_out_max is not None and before.dollars_in is not None:
        return (
            f"About {dollars(before.dollars_in)} of it is for the prompt, the rest for {before.tokens_out_max:,} "
            "tokens of answer: ask for fewer (max_tokens), or raise the cap (%openrouter cap, or max_cost)."
        )
    return None
