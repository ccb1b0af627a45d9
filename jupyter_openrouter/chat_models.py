"""The models that a chat offers: those of the catalogue and of the demo, as a picker shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .errors import OpenRouterError
from .failures import failure
from .model_cards import Model
from .open_catalog import catalog_for

if TYPE_CHECKING:
    from .player import Replay

_DEMO = "demo/"
_SECONDS = 10.0
MOST = 3000


def card(model: Model) -> dict[str, Any]:
    """The ``ModelCard`` of the protocol: what is unknown is left out. Prices are US dollars for a million tokens.

    >>> card(Model("a/b", name="B", input_modalities=("text",)))
    {'slug': 'a/b', 'name': 'B', 'takes': ['text'], 'gives': []}
    """
    found: dict[str, Any] = {
        "slug": model.slug,
        "name": model.name[:200] or model.slug,
        "takes": list(model.input_modalities),
        "gives": list(model.output_modalities),
    }
    known = {
        "context": model.context_length,
        "prompt": model.prices.prompt,
        "completion": model.prices.completion,
        "reasoning": True
        if model.reasoning is not None or "reasoning" in model.supported_parameters
        else None,
    }
    return found | {name: value for name, value in known.items() if value is not None}


def cards(models: Iterable[Model]) -> list[dict[str, Any]]:
    """The cards of models that can be asked for text, each slug once."""
    found = {model.slug: card(model) for model in models}
    return list(found.values())[:MOST]


async def offered(replay: Replay | None = None) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """What can be chosen, and the ``Failure`` that says why there is nothing or not all; to be awaited on the I/O loop.

    No key is sent for it.

    Args:
        replay: A recording to take them from.
    """
    results = await asyncio.gather(_models("", replay), _models(_DEMO, replay), return_exceptions=True)
    found: list[Model] = []
    error: OpenRouterError | None = None
    for result in results:
        if isinstance(result, OpenRouterError):
            error = error or result
        elif isinstance(result, BaseException):
            error = error or OpenRouterError(f"The models cannot be listed: {type(result).__name__}.")
        else:
            found += result
    return cards(found), failure(error)


async def _models(slug: str, replay: Replay | None) -> list[Model]:
    catalog = await catalog_for(slug, with_key=False, replay=replay)
    return list(await asyncio.wait_for(catalog.models(), _SECONDS))
