"""Reads an answer that is no stream: a body of JSON, or an error with its status; knows no transport."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import timezone
from typing import Any

from .chunks import decode
from .errors import (
    APIConnectionError,
    EventError,
    OpenRouterError,
    StreamError,
    from_payload,
    status_class,
    wait_remedy,
)
from .hidden_keys import without_keys
from .plan import Connection

MAX_BODY_BYTES = 64 * 1024 * 1024
_MAX_ERROR_BYTES = 1024 * 1024
_ERROR_SECONDS = 5.0


async def read_body(blocks: AsyncIterator[bytes], limit: int) -> bytes:
    """A whole body of at most ``limit`` bytes.

    Raises:
        EventError: it is larger.
    """
    pieces, size = [], 0
    async for piece in blocks:
        size += len(piece)
        if size > limit:
            raise EventError(f"The answer is larger than {limit} bytes.", remedy="Ask for less at once.")
        pieces.append(piece)
    return b"".join(pieces)


def refuse_compression(connection: Connection, host: str) -> None:
    """Nothing is unpacked: none was asked for, and a few bytes can hold any number.

    Raises:
        StreamError: the body is compressed.
    """
    encoding = printable_header(connection.headers.get("content-encoding", "")).strip().lower()
    if encoding not in ("", "identity"):
        raise StreamError(
            f"{host} compressed the answer ({encoding[:40]}), which was not asked for.",
            remedy="Turn compression off in the proxy or server between.",
        )


async def read_json(connection: Connection, host: str) -> dict[str, Any]:
    """The JSON object of an answer that is no stream.

    Raises:
        OpenRouterError: the status is not 200, or the body is no JSON object or says that it is an error.
    """
    if connection.status != 200:
        raise await status_error(connection, host)
    refuse_compression(connection, host)
    text = (await read_body(connection.blocks(), MAX_BODY_BYTES)).decode("utf-8-sig", "replace").strip()
    try:
        value = decode(text)
    except EventError:
        raise EventError(
            f"{host} answered with something that is no JSON object: {text[:80]!r}.",
            remedy="Check the base URL, and whether a sign-in page or proxy stands between.",
        ) from None
    if value.get("error"):
        raise from_payload(value["error"])
    return value


async def status_error(connection: Connection, host: str) -> OpenRouterError:
    """The typed error of an answer whose status is not 200."""
    status, headers = connection.status, connection.headers
    generation_id = printable_header(headers.get("x-generation-id", "")) or None
    if 300 <= status < 400:
        target = printable_header(headers.get("location", ""))[:300] or "another address"
        return APIConnectionError(
            f"{host} redirects to {target}, which is not followed, to keep the key here.",
            remedy="If you trust that address, set it as the base URL.",
            status=status,
        )
    payload: dict[str, Any] = {}
    with suppress(OpenRouterError):
        payload = decode((await _error_body(connection)).decode("utf-8-sig", "replace"))
    retry_after = retry_after_seconds(headers)
    # The latter two are those of other servers, and of gateways between.
    reason = next((payload[name] for name in ("error", "detail", "message") if payload.get(name)), None)
    if reason is not None:
        return from_payload(reason, http_status=status, retry_after=retry_after, generation_id=generation_id)
    kind = status_class(status)
    return kind(
        f"{host} answered with status {status} and no explanation.",
        remedy=wait_remedy(kind, retry_after),
        status=status,
        retry_after=retry_after,
        generation_id=generation_id,
    )


async def _error_body(connection: Connection) -> bytes:
    """What can be had of it: when it breaks off, never ends or is too large, the status alone says enough."""
    pieces: list[bytes] = []

    async def read() -> None:
        size = 0
        async for piece in connection.blocks():
            size += len(piece)
            pieces.append(piece)
            if size > _MAX_ERROR_BYTES:
                return

    with suppress(Exception):
        await asyncio.wait_for(read(), _ERROR_SECONDS)
    body = b"".join(pieces)
    if connection.headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip", "deflate"):
        import zlib

        # No compression was asked for. What comes of it is bounded, however much was packed into it.
        with suppress(zlib.error):
            body = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, _MAX_ERROR_BYTES)
    return body


def printable_header(text: str) -> str:
    """What of a header's text can be shown."""
    return without_keys("".join(c for c in text[:500] if c.isprintable()))


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds out of ``Retry-After-Ms``, ``Retry-After`` (seconds or a date) or ``X-RateLimit-Reset`` (Unix ms).

    >>> retry_after_seconds({"retry-after": "7"}), retry_after_seconds({"retry-after-ms": "1500"})
    (7.0, 1.5)
    """
    import email.utils

    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if re.fullmatch(r"[0-9]+(\.[0-9]*)?", text):
            return min(float(text) * unit, 1e9)
    try:
        when = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        if when.tzinfo is None:
            when = when.replace(tzinfo=timezone.utc)
        return max(0.0, when.timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        pass
    # The service's own limits, such as the day's quota of free models, come with the time of their end alone.
    reset = headers.get("x-ratelimit-reset", "").strip()
    seconds = float(reset) / 1000 - time.time() if re.fullmatch(r"[0-9]{13}", reset) else 0.0
    return seconds if seconds > 0 else None
