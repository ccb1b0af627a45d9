"""Asks for the cost of answers that have ended without telling it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from .background import background
from .errors import OpenRouterError
from .ledger import ledger
from .response import Response


def settle_all() -> tuple[int, int]:
    """How many answers have told their cost now, and of how many it is still unknown.

    The service is asked for all of them at once, for about 8 seconds; it knows a cost some moments after the end.
    """
    unknown = ledger.unpriced()
    background().submit(_all(unknown)).result()
    left = sum(response.cost is None for response in unknown)
    return len(unknown) - left, left


async def _all(responses: list[Response]) -> None:
    await asyncio.gather(*(_one(response) for response in responses))


async def _one(response: Response) -> None:
    with suppress(OpenRouterError):  # it stays among those that are unknown
        await response.settle()
