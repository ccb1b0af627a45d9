"""Asks for the cost of answers that have ended without telling it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from .background import Job, background
from .errors import OpenRouterError
from .ledger import ledger
from .response import Response

_MOST_SHOWN = 200
_shown: dict[Response, Callable[[], None]] = {}


def is_open(response: Response) -> bool:
    """Whether the service can still be asked what a settled answer has cost, or what the cache has saved."""
    if response.settler is None:
        return False
    if response.cache_source:
        return response.saved is None
    return response.usage is None and bool(response.generation_id or response.id)


def settle_later(response: Response, show: Callable[[], None]) -> Job[None]:
    """Asks for the cost of an answer without waiting for it.

    What stays unknown is asked for again by ``settle_all``: of the last 200 such answers.

    Args:
        show: Shows the answer again once its cost is known; called on the I/O thread.
    """
    _shown[response] = show
    while len(_shown) > _MOST_SHOWN:
        _shown.pop(next(iter(_shown)))
    return background().submit(_one(response))


def settle_all() -> tuple[int, int]:
    """How many answers have told their cost now, and of how many it is still unknown.

    The service is asked for all of them at once, for about 8 seconds; it knows a cost some moments after the end.
    """
    held = [response for response in list(_shown) if response.cost is None]
    unknown = list(dict.fromkeys([*ledger.unpriced(), *held]))
    background().submit(_all(unknown)).result()
    left = sum(response.cost is None for response in unknown)
    return len(unknown) - left, left


async def _all(responses: list[Response]) -> None:
    await asyncio.gather(*(_one(response) for response in responses))


async def _one(response: Response) -> None:
    with suppress(OpenRouterError):  # it stays among those that are unknown
        await response.settle()
    if not is_open(response) and (show := _shown.pop(response, None)) is not None:
        show()
