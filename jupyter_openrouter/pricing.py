"""What ``--dry-run`` shows: the price of a cell's request before it is sent, by part of the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .cell import Asked
from .clients import client_for, key_for
from .errors import OpenRouterError
from .estimate import Estimate, estimate, is_free
from .model_cards import Model
from .plain_text import plain


async def price(asked: Asked) -> Estimate:
    """The estimate with the dearest of the models that may answer; to be awaited on the I/O loop.

    The catalogue is asked for the prices, and nothing else is sent. Without an answer of it they are unknown.
    """
    others = asked.body.get("models")
    slugs = [asked.question.model, *(others or ()), *asked.question.options.get("fallback", ())]
    notes: list[str] = []
    cards = [await _cards(slug, asked, notes) for slug in dict.fromkeys(slugs)]
    found = estimate(asked.body, [card for offers in cards for card in offers], asked.pieces)
    more = (*found.notes, *asked.notes, *notes, "Nothing was sent.")
    found = replace(found, notes=more)
    found.parts.lines = tuple(found.lines())
    return found


async def _cards(slug: str, asked: Asked, notes: list[str]) -> Sequence[Model | None]:
    try:
        tape: Any = {"record": asked.question.record, "replay": asked.question.replay}
        client = await client_for(slug, key_for(slug, **tape), **tape)
        return await client.catalog.offers(slug, asked.body)
    except OpenRouterError as error:
        if is_free(slug, None):
            return [Model(slug, is_free=True)]
        notes.append(plain(f"The catalogue could not be asked about {slug}: {error.message}"))
        return [None]
