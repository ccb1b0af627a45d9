"""Bodies that are no answer, or far larger than one: packed or not, they cost little and end as typed errors."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
import zlib
from typing import Any

import pytest
from faults import FaultServer, Script, answer, framed, head

from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.errors import EventError, OpenRouterError, PermissionDeniedError, StreamError
from jupyter_openrouter.retry import RetryPolicy

MIB = 1024 * 1024
PACKED = "Content-Encoding: gzip"


def packed(size: int) -> bytes:
    """So many zeros as gzip, made piece by piece."""
    packing = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    return b"".join([*(packing.compress(bytes(MIB)) for _ in range(size // MIB)), packing.flush()])


BOMB = framed(packed(256 * MIB)) + b"0\r\n\r\n"
LONG = (framed(bytes(MIB)),) * 256  # a quarter of a gigabyte on the wire
LINES = (framed(b"x" * (MIB - 1) + b"\n"),) * 256
STREAM, JSON = "text/event-stream", "application/json"
CASES: dict[str, tuple[Script, str, type[OpenRouterError]]] = {
    "a stream in gzip": ((head("200 OK", PACKED) + BOMB,), "stream", StreamError),
    "a long stream in gzip": ((head("200 OK", PACKED), *LONG), "stream", StreamError),
    "an error in gzip": ((head("403 Forbidden", PACKED, kind=JSON) + BOMB,), "stream", PermissionDeniedError),
    "a long error in gzip": (
        (head("403 Forbidden", PACKED, kind=JSON), *LONG),
        "json",
        PermissionDeniedError,
    ),
    "a whole answer in gzip": ((head("200 OK", PACKED, kind=JSON) + BOMB,), "stream", StreamError),
    "JSON in gzip": ((head("200 OK", PACKED, kind=JSON) + BOMB,), "json", StreamError),
    "long JSON in gzip": ((head("200 OK", PACKED, kind=JSON), *LONG), "json", StreamError),
    "long JSON as it is": ((head("200 OK", kind=JSON), *LONG), "json", EventError),
    "long lines that are no events": ((head(kind="text/plain"), *LINES), "stream", EventError),
    "one long event": ((head(kind=STREAM), framed(b"data: "), *LONG), "stream", EventError),
}


@pytest.mark.parametrize("name", CASES)
def test_a_quarter_of_a_gigabyte_costs_little_and_ends_as_a_typed_error(name: str) -> None:
    script, how, kind = CASES[name]

    async def work() -> Any:
        never = RetryPolicy(max_retries=0)
        async with (
            FaultServer(script) as server,
            AsyncOpenRouter(base_url=server.base_url, retry=never) as client,
        ):
            with pytest.raises(OpenRouterError) as raised:
                await (client.models() if how == "json" else client.chat("hi", model="a/b"))
            assert all(one.is_idle() for one in client._transport._pool.connections)
            return raised.value

    tracemalloc.start()
    try:
        begin = time.perf_counter()
        error = asyncio.run(asyncio.wait_for(work(), 60))
        seconds, peak = time.perf_counter() - begin, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    print(f"{name}: {seconds:.2f} s, {peak / 1e6:.1f} MB")
    assert type(error) is kind, error
    assert peak < 100e6


def test_a_page_in_the_place_of_the_catalogue_is_said_to_be_no_json() -> None:
    async def work() -> str:
        page = answer("200 OK", b"<html>Please sign in</html>", kind="text/html")
        async with FaultServer(page) as server, AsyncOpenRouter(base_url=server.base_url) as client:
            with pytest.raises(EventError) as raised:
                await client.models()
            return str(raised.value)

    said = asyncio.run(work())
    assert "no JSON object: '<html>Please sign in</html>'" in said
    assert "base URL" in said
