"""The catalogue for everybody: with the key where there is one, and without one where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from .background import Background, background
from .bodies import read_json
from .catalog import Catalog
from .clients import base_url, client_for, is_demo, key_for
from .errors import APITimeoutError, MissingKeyError
from .taping import taping
from .transport import JSON, Address, Transport

if TYPE_CHECKING:
    from .player import Replay

_SECONDS = 20.0
_catalogs: WeakKeyDictionary[Background, dict[str, Catalog]] = WeakKeyDictionary()


async def catalog_for(slug: str = "", *, with_key: bool = True, replay: Replay | None = None) -> Catalog:
    """The catalogue behind a slug: the service's, or the embedded demo's; to be awaited on the I/O loop.

    Models and endpoints need no key; with one, the endpoints tell how fast they are.

    Args:
        with_key: False looks for no key, neither in the keyring nor elsewhere.
        replay: A recording to take it from.
    """
    if replay is not None or taping.session.replay is not None:
        return (await client_for(slug, None, replay=replay)).catalog
    if not is_demo(slug) and not with_key:
        return _without_key()
    try:
        key = key_for(slug)
    except MissingKeyError:
        return _without_key()
    return (await client_for(slug, key)).catalog


def _without_key() -> Catalog:
    here, url = background(), base_url()
    catalogs = _catalogs.setdefault(here, {})
    if url not in catalogs:
        transport = Transport(Address(url), None, connect_timeout=5.0)
        here.at_stop(transport.aclose)
        catalogs[url] = Catalog(_Caller(transport))
    return catalogs[url]


class _Caller:
    """Asks once; who wants to know can press the key again."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def request_json(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Any:
        try:
            return await asyncio.wait_for(self._ask(method, path, params or {}), _SECONDS)
        except asyncio.TimeoutError:
            raise APITimeoutError(f"{self._transport.host} did not answer within {_SECONDS:g} s.") from None
        except Exception as error:
            if (known := self._transport.translate(error)) is not None:
                raise known from None
            raise

    async def _ask(self, method: str, path: str, query: Mapping[str, Any]) -> Any:
        connection = await self._transport.send(method, path, query=query, headers={"Accept": JSON})
        try:
            return await read_json(connection, self._transport.host)
        finally:
            await connection.aclose()
