"""Which offers may serve a request: a model's card once more for each of its providers, at that one's prices; pure.

The catalogue prices a model as its first provider does. Another may ask several times as much, or give longer
answers, and the service may choose it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .model_cards import Endpoint, Model
from .tolerant import items, mapping

_STANDARD = (None, "default")


def offers(card: Model, endpoints: Iterable[Endpoint], body: Mapping[str, Any]) -> list[Model]:
    """The card, and with it what each endpoint would make of it that the request allows.

    Args:
        card: Of the catalogue.
        endpoints: All who serve the model.
        body: The request, whose ``provider`` says who may answer.

    >>> from jupyter_openrouter.model_cards import Prices
    >>> dear = Endpoint(tag="acme/fp8", prices=Prices(prompt=2.0, completion=8.0))
    >>> [one.prices.completion for one in offers(Model("a/b", prices=Prices(1.0, 4.0)), [dear], {})]
    [4.0, 8.0]
    >>> len(offers(Model("a/b"), [dear], {"provider": {"ignore": ["acme"]}}))
    1
    """
    found = [
        replace(
            card,
            prices=one.prices,
            is_free=one.prices.are_zero,
            max_completion_tokens=one.max_completion_tokens,
            context_length=one.context_length or card.context_length,
        )
        for one in endpoints
        if one.prices.prompt is not None
        and one.prices.completion is not None
        and _may_serve(one, card.slug, body)
    ]
    return [card, *found]


def _may_serve(endpoint: Endpoint, slug: str, body: Mapping[str, Any]) -> bool:
    wishes = mapping(body.get("provider"))
    only, ignored, order = (_slugs(wishes.get(name)) for name in ("only", "ignore", "order"))
    if wishes.get("allow_fallbacks") is False and order:
        only = [*only, *order] if not only else [one for one in only if one in order] or only
    tag = (endpoint.tag or "").lower()
    if not tag:
        return True  # who it is, nobody can say
    if any(_names(one, tag) for one in ignored) or (only and not any(_names(one, tag) for one in only)):
        return False
    # The others are used only where they are asked for.
    tier = endpoint.service_tier
    asked = (body.get("service_tier"), "priority" if slug.endswith(":nitro") else None)
    return tier in _STANDARD or tier in asked or tag in (*only, *order)


def _slugs(value: Any) -> list[str]:
    return [one.lower() for one in items(value) if isinstance(one, str)]


def _names(slug: str, tag: str) -> bool:
    """Whether a provider's slug, which may name all its variants, names this one."""
    return tag == slug or tag.startswith(f"{slug}/")
