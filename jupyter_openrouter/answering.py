"""Runs one answer on the I/O loop, from a request to a response that has settled, whatever happens."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .clients import client_for
from .errors import OpenRouterError
from .keys import Key
from .response import Response

if TYPE_CHECKING:
    from .client import AsyncOpenRouter
    from .files import Pathlike
    from .player import Replay
    from .stream import Stream


@dataclass(frozen=True)
class Question:
    """What is asked, as the client's calls take it.

    Attributes:
        messages: As ``request.chat_body`` takes them; for a text completion, the prompt.
        max_cost: A cap in US dollars for this answer alone.
        extra: Fields of the body by their names on the wire, unchecked.
        options: Whatever else the call takes by name: parameters, and how it is sent and read.
        completion: Whether it goes to the legacy endpoint, which continues a text.
        record, replay: The file of a recording for this question alone; see ``clients.client_for``.
    """

    messages: Any
    model: str
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    completion: bool = False
    record: Pathlike | None = None
    replay: Pathlike | Replay | None = None

    def stream(self, client: AsyncOpenRouter, response: Response) -> Stream:
        """The prepared stream that fills ``response``; nothing is sent yet.

        Raises:
            InvalidRequestError: something here cannot be sent.
        """
        options: dict[str, Any] = {
            "model": self.model,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "max_cost": self.max_cost,
            "extra": self.extra,
            "response": response,
            **self.options,
        }
        if self.completion:
            return client.completion_stream(self.messages, **options)
        return client.chat_stream(self.messages, system=self.system, **options)


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
        client = await client_for(question.model, key, record=question.record, replay=question.replay)
        stream = question.stream(client, response)
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
        response.error = unexpected(error, response)
    finally:
        if not response.settled:
            response.state = "failed"
    return response


def unexpected(error: Exception, response: Response) -> OpenRouterError:
    """The error for a fault of this package or of the settings around it, with its place."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return OpenRouterError(
        f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno}).",
        remedy="This should not happen: please report it.",
        response=response,
    )
