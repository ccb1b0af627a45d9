"""Sockets for httpcore on asyncio's own transports: read as little as once for all that has come.

httpcore's own go through anyio, which costs as much again for each piece that is read.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import anyio
import httpcore

from .rechunking import Rechunker

_MOST_WAITING = 256 * 1024  # bytes that have come and nobody reads: then the sender has to wait
_MOST_AT_ONCE = (
    64 * 1024
)  # bytes of one read; with more, what is made of them falls out of the processor's cache
_NEXT_ADDRESS = 0.25  # seconds before a host's next address is tried beside the first
_GONE = "The connection was closed."


class _Wire(asyncio.BufferedProtocol):
    """What asyncio tells of one connection."""

    def __init__(self, buffer: memoryview) -> None:
        self.transport: Any = None
        self.buffer = buffer
        self.received: list[bytes] = []
        self.size = 0
        self.over = False
        self.error: Exception | None = None
        self.reader: asyncio.Future[None] | None = None
        self.writer: asyncio.Future[None] | None = None
        self.full = False  # what is to be sent waits for the other side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.received.append(bytes(self.buffer[:nbytes]))
        self.size += nbytes
        if self.size > _MOST_WAITING:
            self.transport.pause_reading()
        _wake(self.reader)
        _wake(self.writer)

    def eof_received(self) -> None:
        self.over = True
        _wake(self.reader)
        _wake(self.writer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.over, self.error = True, exc
        _wake(self.reader)
        _wake(self.writer)

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        _wake(self.writer)

    def take(self) -> bytes:
        data = self.received[0] if len(self.received) == 1 else b"".join(self.received)
        self.received.clear()
        if self.size > _MOST_WAITING and not self.over:
            self.transport.resume_reading()
        self.size = 0
        return data


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


class _Socket(httpcore.AsyncNetworkStream):
    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._rechunker = Rechunker()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """All that has come, whatever ``max_bytes`` says: what can wait is bounded already."""
        if timeout is None:
            return await self._read()
        try:
            with anyio.fail_after(timeout):
                return await self._read()
        except TimeoutError as error:
            raise httpcore.ReadTimeout(error) from None

    async def _read(self) -> bytes:
        wire = self._wire
        while True:
            if wire.received:
                if data := self._rechunker.feed(wire.take()):
                    return data
            elif wire.error is not None:
                raise httpcore.ReadError(wire.error)
            elif wire.over:
                return b""
            else:
                wire.reader = asyncio.get_running_loop().create_future()
                try:
                    await wire.reader
                finally:
                    wire.reader = None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Returns when all is sent, or an answer comes before that: then the rest goes on being sent beside it.

        A server that refuses a large request says so at once, and need not read the rest of it.
        """
        wire = self._wire
        if wire.transport.is_closing():
            raise httpcore.WriteError(wire.error or _GONE)
        self._rechunker = Rechunker()  # another request, another response
        wire.transport.write(buffer)
        if not wire.full:
            return
        try:
            with anyio.fail_after(timeout):
                while wire.full and not wire.received and not wire.transport.is_closing():
                    wire.writer = asyncio.get_running_loop().create_future()
                    await wire.writer
        except TimeoutError as error:
            raise httpcore.WriteTimeout(error) from None
        finally:
            wire.writer = None
        if wire.transport.is_closing():
            raise httpcore.WriteError(wire.error or _GONE)

    async def aclose(self) -> None:
        # Not `close`, which waits for what is still to be sent, and with TLS for the other side's good-bye.
        with suppress(RuntimeError):  # its loop is closed, and nothing of it is read or sent any more
            self._wire.transport.abort()
        await asyncio.sleep(0)  # the socket itself is closed in the loop's next turn

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        wire, plain = self._wire, self._wire.transport
        if wire.received:  # which would be read as if it had come under the protection of TLS
            plain.abort()
            raise httpcore.ConnectError("The other side spoke before TLS was set up.")
        try:
            with anyio.fail_after(timeout):
                secured = await asyncio.get_running_loop().start_tls(
                    plain, wire, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            plain.abort()
            raise httpcore.ConnectTimeout(error) from None
        except (
            OSError,
            ValueError,
        ) as error:  # ssl's are OSErrors; a name that none can have is a ValueError
            plain.abort()
            raise httpcore.ConnectError(error) from None
        except BaseException:
            plain.abort()
            raise
        if secured is None:  # the other side has gone meanwhile
            raise httpcore.ConnectError(_GONE)
        wire.transport = secured
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # before a request: then it cannot be used for one
            wire = self._wire
            other_loop = self._loop is not asyncio.get_running_loop()
            return bool(wire.received) or wire.over or wire.full or other_loop
        name = {"client_addr": "sockname", "server_addr": "peername"}.get(info, info)
        return self._wire.transport.get_extra_info(name)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class AsyncioNetwork(httpcore.AsyncNetworkBackend):
    """Connects; for ``httpcore.AsyncConnectionPool``."""

    def __init__(self) -> None:
        # One for all: what is read into it is taken out of it before the loop turns to anything else.
        self._buffer = memoryview(bytearray(_MOST_AT_ONCE))

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        more: dict[str, Any] = {}
        if isinstance(loop, asyncio.BaseEventLoop) and not _is_address(host):
            more["happy_eyeballs_delay"] = _NEXT_ADDRESS  # which other loops do not know, uvloop's is one
        try:
            with anyio.fail_after(timeout):
                _, wire = await loop.create_connection(
                    lambda: _Wire(self._buffer),
                    host,
                    port,
                    local_addr=(local_address, 0) if local_address else None,
                    **more,
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(error) from None
        except (OSError, ValueError) as error:  # the latter of a name that none can have
            raise httpcore.ConnectError(error) from None
        for option in socket_options or ():
            wire.transport.get_extra_info("socket").setsockopt(*option)
        return _Socket(wire)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
