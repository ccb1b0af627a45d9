"""Which client serves a model slug, by the service, the embedded demo server or a recording; kept for reuse on the
I/O loop.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from .background import Background, background
from .errors import MissingKeyError, OpenRouterError
from .keys import Key, find_key
from .taping import taping

if TYPE_CHECKING:
    from collections.abc import Callable

    from .client import AsyncOpenRouter
    from .files import Pathlike
    from .player import Replay

_clients: WeakKeyDictionary[Background, dict[tuple[str, Key | None, Path | None], AsyncOpenRouter]] = (
    WeakKeyDictionary()
)
_demo_servers: WeakKeyDictionary[Background, asyncio.Future[str]] = WeakKeyDictionary()


def is_demo(model: str) -> bool:
    """Whether the embedded server answers for this slug, with no key and no network."""
    return model.startswith("demo/")


def base_url() -> str:
    """Where requests go: ``OPENROUTER_BASE_URL`` if it is set, else OpenRouter itself."""
    from .client import BASE_URL

    return os.environ.get("OPENROUTER_BASE_URL", "").strip() or BASE_URL


def key_for(
    model: str,
    *,
    ask: Callable[[], str] | None = None,
    record: Pathlike | None = None,
    replay: Pathlike | Replay | None = None,
) -> Key | None:
    """The key to send with a request for this model; None where none is needed.

    Args:
        record, replay: As for ``client_for``.

    Raises:
        MissingKeyError: one is needed and none was found.
    """
    if is_demo(model) or taping.replays(record=record, replay=replay):
        return None
    if not base_url().startswith("http://"):
        return find_key(ask=ask)
    # This very machine, as `check_base_url` makes sure: a server there may need no key, so nobody is asked.
    try:
        return find_key()
    except MissingKeyError:
        return None


async def client_for(
    model: str,
    key: Key | None,
    *,
    record: Pathlike | None = None,
    replay: Pathlike | Replay | None = None,
) -> AsyncOpenRouter:
    """The client for this model slug. To be awaited on the I/O loop, which also closes it at the end.

    Args:
        record, replay: The file of a recording, for this request alone; else what holds for the session.

    Raises:
        FileError: it is no recording.
    """
    from .client import AsyncOpenRouter

    tape = taping.tape(record=record, replay=replay, session=True)
    if tape.replay is not None:
        return AsyncOpenRouter(replay=tape.replay)  # which has no connections to keep
    here = background()
    url = await _demo_url(here) if is_demo(model) else base_url()
    clients = _clients.setdefault(here, {})
    client = clients.get((url, key, tape.record))
    if client is None:
        client = AsyncOpenRouter(key, base_url=url, record=tape.record)
        clients[url, key, tape.record] = client
        here.at_stop(client.aclose)
    return client


def demo_base_url() -> str:
    """Base URL of the embedded demo server of this process, started when it is first asked for; for any client.

    Raises:
        OpenRouterError: the extra ``demo`` is not installed.
    """
    here = background()
    return here.submit(_demo_url(here)).result()


async def _demo_url(here: Background) -> str:
    starting = _demo_servers.get(here)
    if starting is None:
        # One start for all who ask at once; a Stop of one of them does not end it.
        starting = _demo_servers[here] = asyncio.ensure_future(_start_demo(here))
    return await asyncio.shield(starting)


async def _start_demo(here: Background) -> str:
    try:
        from .demo.server import DemoServer
    except ImportError as error:
        raise OpenRouterError(
            f"The demo models need the package {error.name}.", remedy="pip install 'jupyter_openrouter[demo]'"
        ) from None
    server = DemoServer()
    await server.start()
    here.at_stop(server.stop)
    return server.base_url
