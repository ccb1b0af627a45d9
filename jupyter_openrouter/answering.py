"""Runs one answer on the I/O loop, from a request to a response that has settled, whatever happens."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .clients import client_for
from .errors import OpenRouterError
from .keys import Key
from .response import Response


@dataclass(frozen=True)
class Question:
    """What is asked, as ``request.chat_body`` takes it; ``max_cost`` is a cap in US dollars for this answer alone."""

    messages: Any
    model: str
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)


async def answer(
    question: Question,
    response: Response,
    key: Key | None,
    *,
    rest: Callable[[Response], float] | None = None,
) -> Response:
    """Fills ``response`` and returns it. A typed error is put into it; cancelling means Stop.

    ``rest`` gives the seconds to leave between reads, where text is shown a few times a second only.

    Anything else that is raised is a fault of this package or of the settings around it. It becomes an error of
    the response as well, so that nothing fails without a word.
    """
    try:
        client = await client_for(question.model, key)
        stream = client.chat_stream(
            question.messages,
            model=question.model,
            system=question.system,
            temperature=question.temperature,
            max_tokens=question.max_tokens,
            extra=question.extra,
            max_cost=question.max_cost,
            response=response,
        )
        async with stream:
            await stream.run(rest=None if rest is None else lambda: rest(response))
    except asyncio.CancelledError:
        if not response.settled:
            response.state = "stopped"
    except OpenRouterError as error:
        response.error = response.error or error
        if not response.settled:
            response.state = "failed"
    except Exception as error:  # noqa: BLE001 - it is shown, with its place
        place = traceback.extract_tb(error.__traceback__)[-1]
        response.error = OpenRouterError(
            f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno}).",
            remedy="This should not happen: please report it.",
            response=response,
        )
    finally:
        if not response.settled:
            response.state = "failed"
    return response
