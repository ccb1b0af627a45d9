"""Amounts of US dollars: how they are read, added without error, and written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

PLAY_MONEY = "demo/"
"""The slugs of the embedded demo's models begin so; the figures that it reports are charged to nobody."""
_PICO = 10**12
_MOST = 1e100


def exact(amount: float) -> int:
    """An amount in whole picodollars, whose sums do not depend on their order; 0 or more.

    >>> exact(0.1) + exact(0.2) == exact(0.3), exact(float("nan")), exact(-1.0)
    (True, 0, 0)
    """
    # More than anybody's money is no amount that a product could hold.
    return round(min(amount, _MOST) * _PICO) if math.isfinite(amount) and amount > 0 else 0


def from_exact(picodollars: int) -> float:
    """US dollars out of picodollars.

    >>> from_exact(exact(0.1) + exact(0.2))
    0.3
    """
    return picodollars / _PICO


def is_play_money(slug: str) -> bool:
    """Whether what this model reports as its cost is charged to nobody."""
    return slug.startswith(PLAY_MONEY)


def charged_upstream(usage: Mapping[str, Any]) -> float:
    """US dollars that the provider charged beside the service, to a key of one's own, by the wire's usage object; 0.0
    where there was no such key, or nothing is known of it.

    >>> charged_upstream({"is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}})
    0.2
    """
    details = usage.get("cost_details") if usage.get("is_byok") is True else None
    amount = details.get("upstream_inference_cost") if isinstance(details, Mapping) else None
    known = isinstance(amount, (int, float)) and not isinstance(amount, bool) and 0 <= amount < _MOST
    return float(amount) if known else 0.0  # type: ignore[arg-type]


def dollars(amount: float) -> str:
    """An amount in US dollars with as many places as it needs.

    >>> dollars(0), dollars(0.00001234), dollars(0.0123), dollars(3.5)
    ('$0', '$0.000012', '$0.0123', '$3.50')
    """
    if amount == 0:
        return "$0"
    if amount >= 1:
        return f"${amount:.2f}"
    places = 4
    while places < 10 and round(amount, places) < 10 ** -(places - 1):
        places += 1
    return f"${amount:.{places}f}".rstrip("0") if places > 4 else f"${amount:.4f}"
