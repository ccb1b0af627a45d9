"""Which models fit a query of `/models`, and in which order; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .models import EMBEDDER, MODELS, Model
from .refusals import Refused, envelope
from .wire import JSON

# The service keeps its own order for what it counts by use: here that is the order of the list.
SORTS: dict[str, Callable[[Model], Any]] = {
    "pricing-low-to-high": lambda model: sum(map(float, model.prices)),
    "pricing-high-to-low": lambda model: -sum(map(float, model.prices)),
    "context-high-to-low": lambda model: -model.card()["context_length"],
    "throughput-high-to-low": lambda model: -(model.rate or 1e9),
    "latency-low-to-high": lambda model: model.first_token_delay,
    **dict.fromkeys(("newest", "most-popular", "top-weekly"), lambda model: 0),
}


def bad(message: str) -> Refused:
    """A query that cannot be understood."""
    return Refused(envelope(400, message, "invalid_request"))


def found(query: Mapping[str, str]) -> list[JSON]:
    """The cards of the models that fit. Raises `Refused`.

    >>> [card["id"] for card in found({"q": "echo"})], [card["id"] for card in found({"max_price": "0.1"})]
    (['demo/echo'], ['demo/burst'])
    """
    sort = query.get("sort") or "newest"
    if sort not in SORTS:
        raise bad(f"sort must be one of {', '.join(SORTS)}.")
    listed = sorted([*MODELS.values(), EMBEDDER], key=SORTS[sort])
    return [card for model in listed if fits(card := model.card(), query)]


def fits(card: JSON, query: Mapping[str, str]) -> bool:
    """Whether one model fits."""
    price = 1e6 * float(card["pricing"]["prompt"])  # US dollars for a million tokens
    shape = card["architecture"]
    outputs = words(query.get("output_modalities") or "text")
    return (
        query.get("q", "").lower() in f"{card['id']} {card['name']}".lower()
        and words(query.get("supported_parameters", "")) <= set(card["supported_parameters"])
        and words(query.get("input_modalities", "")) <= set(shape["input_modalities"])
        and (outputs == {"all"} or outputs <= set(shape["output_modalities"]))
        and number(query, "min_price", 0.0) <= price <= number(query, "max_price", price)
        and card["context_length"] >= number(query, "context", 0.0)
    )


def words(text: str) -> set[str]:
    """The words between commas."""
    return set(filter(None, text.split(",")))


def number(query: Mapping[str, str], name: str, default: float) -> float:
    """A number of the query. Raises `Refused`."""
    try:
        return float(query.get(name, default))
    except ValueError:
        raise bad(f"{name} must be a number.") from None
