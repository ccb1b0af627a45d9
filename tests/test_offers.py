"""Which of a model's endpoints may serve a request, and so what it can cost."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_openrouter.model_cards import Endpoint, Model, Prices
from jupyter_openrouter.offers import offers

CARD = Model("a/b", prices=Prices(prompt=1.0, completion=1.0), max_completion_tokens=10, context_length=100)


def endpoint(tag: str | None, price: float | None, tier: str | None = None, **fields: Any) -> Endpoint:
    return Endpoint(tag=tag, prices=Prices(prompt=price, completion=price), service_tier=tier, **fields)


ALL = [
    endpoint("cheap", 2.0),
    endpoint("acme", 3.0),
    endpoint("acme/fp8", 4.0),
    endpoint("acme/priority", 5.0, "priority"),
    endpoint(None, 6.0),
    endpoint("quiet", None),
]


@pytest.mark.parametrize(
    ("body", "prices"),
    [
        ({}, [2, 3, 4, 6]),
        ({"provider": {"only": ["acme"]}}, [3, 4, 6]),
        ({"provider": {"only": ["ACME/fp8"]}}, [4, 6]),
        ({"provider": {"ignore": ["acme"]}}, [2, 6]),
        ({"provider": {"ignore": ["acm", 3]}}, [2, 3, 4, 6]),
        ({"provider": {"order": ["cheap"]}}, [2, 3, 4, 6]),
        ({"provider": {"order": ["cheap"], "allow_fallbacks": False}}, [2, 6]),
        ({"provider": {"only": ["cheap", "acme"], "order": ["cheap"], "allow_fallbacks": False}}, [2, 6]),
        ({"provider": {"order": ["acme/priority"]}}, [2, 3, 4, 5, 6]),
        ({"service_tier": "priority"}, [2, 3, 4, 5, 6]),
        ({"provider": "odd"}, [2, 3, 4, 6]),
    ],
)
def test_who_may_answer_decides_what_it_can_cost(body: dict[str, Any], prices: list[int]) -> None:
    first, *found = offers(CARD, ALL, body)
    assert first is CARD
    assert [one.prices.completion for one in found] == prices


def test_a_faster_variant_may_be_served_by_the_priority_tier() -> None:
    card = Model("a/b:nitro", prices=CARD.prices)
    assert 5.0 in [one.prices.prompt for one in offers(card, ALL, {})]


def test_each_offer_has_its_own_length_and_is_free_by_its_own_price() -> None:
    one = endpoint("x", 0.0, max_completion_tokens=99, context_length=50)
    _, found = offers(CARD, [one], {})
    assert (found.max_completion_tokens, found.context_length, found.is_free) == (99, 50, True)
    _, found = offers(CARD, [endpoint("x", 1.0)], {})
    assert (found.max_completion_tokens, found.context_length, found.is_free) == (None, 100, False)
