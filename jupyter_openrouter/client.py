"""One HTTP client and one stream, closed whatever happens; the only module that knows httpx."""

from __future__ import annotations

import asyncio
import email.utils
import ipaddress
import ssl
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from functools import lru_cache
from types import TracebackType
from typing import Any

import httpx

from . import request as requests
from .chunks import Delta, decode, fold
from .errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    CutError,
    EventError,
    InvalidRequestError,
    OpenRouterError,
    StreamError,
    from_payload,
    status_class,
)
from .keys import Key, find_key
from .response import Response
from .sse import Comment, Decoder

BASE_URL = "https://openrouter.ai/api/v1"
_MAX_BODY_BYTES = 64 * 1024 * 1024
_MAX_ERROR_BYTES = 1024 * 1024
_DRAIN_SECONDS = 0.1


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    # Loading the certificates costs 28 ms; one context serves the whole process.
    return httpx.create_ssl_context()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_base_url(text: str) -> httpx.URL:
    """The base URL, if a key may be sent there: https, or http to this very machine, and no user name in it.

    Raises:
        InvalidRequestError: it may not; the message says why.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError):
        raise InvalidRequestError(f"{text!r} is no URL.", remedy=f"The usual one is {BASE_URL}.") from None
    if url.userinfo:
        raise InvalidRequestError("The base URL holds a user name or password.", remedy="Leave it out.")
    if url.scheme == "https" and url.host:
        return url
    if url.scheme == "http" and _is_loopback(url.host):
        return url
    raise InvalidRequestError(
        f"The base URL {text} would send the key unprotected.",
        remedy="Use https://, or http:// with 127.0.0.1, [::1] or localhost.",
    )


class AsyncOpenRouter:
    """A client of OpenRouter's API (or of a server that speaks it), for one event loop.

    Args:
        key: The API key. None looks for it as ``keys.find_key`` says, or sends none to this very machine.
        base_url: Without a trailing slash; ``http://`` only to this machine.
        connect_timeout: Seconds until a connection must stand.
        idle_timeout: Seconds without a single byte after which an answer is given up.

    It is an async context manager; ``aclose()`` closes its connections.

    Raises:
        MissingKeyError: no key was given or found, and the base URL needs one.
        InvalidRequestError: the base URL would give the key away.
    """

    def __init__(
        self,
        key: str | Key | None = None,
        *,
        base_url: str = BASE_URL,
        connect_timeout: float = 10.0,
        idle_timeout: float = 60.0,
    ) -> None:
        self.base_url = check_base_url(base_url)
        local = self.base_url.scheme == "http"
        self._key = None if local and key is None else find_key(key)
        self._timeout = httpx.Timeout(idle_timeout, connect=connect_timeout, pool=None)
        self._http = httpx.AsyncClient(
            # Plain http never needs the certificates; an empty context trusts nobody.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if local else _tls(),
            trust_env=not local,
            timeout=self._timeout,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            headers={"User-Agent": "jupyter_openrouter"},
        )

    async def __aenter__(self) -> AsyncOpenRouter:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes every connection. Streams that are still open end as connection errors."""
        await self._http.aclose()

    def chat_stream(
        self,
        messages: requests.Messages,
        *,
        model: str,
        system: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        extra: Mapping[str, Any] | None = None,
        response: Response | None = None,
    ) -> Stream:
        """Prepares a streaming chat completion; it is sent when the stream is entered or iterated.

        The arguments are those of ``request.chat_body``; ``response`` may be given to watch it from elsewhere.

        Raises:
            InvalidRequestError: something here cannot be sent.
        """
        body = requests.chat_body(
            messages, model=model, system=system, temperature=temperature, max_tokens=max_tokens, extra=extra
        )
        content = requests.encode(body)
        if response is None:
            response = Response(model)
        response.requested_model = model
        response.request_hash = requests.body_hash(content)
        return Stream(self, "/chat/completions", content, response)

    def _open(self, path: str, content: bytes) -> Any:
        headers = {
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
        }
        if self._key is not None:
            headers["Authorization"] = self._key.authorization()
        return self._http.stream(
            "POST", f"{str(self.base_url).rstrip('/')}{path}", content=content, headers=headers
        )


class Stream:
    """One answer on its way: iterate it for the deltas, read ``response`` at any moment.

    Leaving it, stopping it or cancelling the task that reads it closes the socket at once. It ends in one of
    the states ``done``, ``stopped``, ``cut`` and ``failed``; the last two raise an error that carries the
    response.
    """

    def __init__(self, client: AsyncOpenRouter, path: str, content: bytes, response: Response) -> None:
        self.response = response
        self.comments = 0
        """Keep-alive comments so far: signs that the provider is at work."""
        self._client = client
        self._path = path
        self._content = content
        self._reader: asyncio.Task[Any] | None = None
        self._stopping = False
        self._sent = 0.0
        self._deltas = self._read()

    def __aiter__(self) -> AsyncIterator[Delta]:
        return self

    async def __anext__(self) -> Delta:
        self._reader = asyncio.current_task()
        try:
            if self._stopping:
                await self._deltas.aclose()
                self._settle("stopped")
                raise StopAsyncIteration
            return await self._deltas.__anext__()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            # `stop()` cancelled this very wait; for the task that iterates, the answer has simply ended.
            if self._reader is not None and sys.version_info >= (3, 11):
                self._reader.uncancel()
            raise StopAsyncIteration from None
        finally:
            self._reader = None

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the socket. An answer that had not ended counts as stopped."""
        await self._deltas.aclose()
        self._settle("stopped")

    async def run(self) -> Response:
        """Reads to the end, for callers that look at ``response`` instead of the deltas."""
        async for _ in self:
            pass
        return self.response

    def stop(self) -> None:
        """Ends this answer at once and keeps its text; to be called on the stream's own loop."""
        self._stopping = True
        if self._reader is not None:
            self._reader.cancel()

    # --- reading

    async def _read(self) -> AsyncGenerator[Delta, None]:
        response = self.response
        try:
            self._begin()
            async with self._client._open(self._path, self._content) as http:
                response.generation_id = http.headers.get("x-generation-id", "")[:200]
                kind = http.headers.get("content-type", "").partition(";")[0].strip().lower()
                if http.status_code != 200:
                    raise await self._status_error(http)
                read = self._read_whole if kind == "application/json" else self._read_events
                async with aclosing(read(http)) as deltas:
                    async for delta in deltas:
                        yield delta
            self._judge()
        except (asyncio.CancelledError, GeneratorExit):
            self._settle("stopped")
            raise
        except OpenRouterError as error:
            self._fail(error)
            raise
        except httpx.TimeoutException as error:
            what = "No connection was made" if isinstance(error, httpx.ConnectTimeout) else "Nothing arrived"
            seconds = self._client._timeout.connect if "connection" in what else self._client._timeout.read
            raise self._fail(APITimeoutError(f"{what} for {seconds:g} s.")) from None
        except httpx.TransportError as error:
            # The class name says more than the message, which is often empty.
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            if response.settled or response.state == "streaming":
                raise self._fail(
                    CutError(f"The connection broke in the middle of the answer ({reason}).")
                ) from None
            raise self._fail(
                APIConnectionError(f"{self._client.base_url.host} was not reached ({reason}).")
            ) from None

    async def _read_events(self, http: httpx.Response) -> AsyncGenerator[Delta, None]:
        decoder, response = Decoder(), self.response
        blocks = http.aiter_raw()
        async for block in blocks:
            for item in decoder.feed(block):
                if isinstance(item, Comment):
                    self.comments += 1
                    continue
                if item.data == "[DONE]":
                    response.finished = True
                    await _drain(blocks)
                    return
                try:
                    chunk = decode(item.data)
                except EventError:
                    response.skipped_chunks.append(item.data[:80])
                    continue
                delta = fold(response, chunk)
                if delta.text or delta.reasoning:
                    self._note_delta()
                    yield delta
                if response.failure is not None:
                    return

    async def _read_whole(self, http: httpx.Response) -> AsyncGenerator[Delta, None]:
        """A server may answer in one piece although a stream was asked for."""
        body = await self._body(http, _MAX_BODY_BYTES)
        delta = fold(self.response, decode(body.decode("utf-8", "replace").strip()))
        self.response.finished = bool(self.response.finish_reason)
        if delta.text or delta.reasoning:
            self._note_delta()
            yield delta

    async def _body(self, http: httpx.Response, limit: int) -> bytes:
        pieces, size = [], 0
        async for piece in http.aiter_raw():
            size += len(piece)
            if size > limit:
                raise StreamError(f"The answer is larger than {limit} bytes.", remedy="Ask for less at once.")
            pieces.append(piece)
        return b"".join(pieces)

    async def _status_error(self, http: httpx.Response) -> OpenRouterError:
        status, generation_id = http.status_code, self.response.generation_id or None
        if http.is_redirect:
            target = http.headers.get("location", "")[:300]
            return APIConnectionError(
                f"{self._client.base_url.host} redirects to {target}, which is not followed, to keep the key here.",
                remedy="If you trust that address, set it as the base URL.",
                status=status,
            )
        try:
            body = await self._body(http, _MAX_ERROR_BYTES)
            payload = decode(body.decode("utf-8", "replace"))
        except (StreamError, httpx.TransportError):
            payload = {}
        if "error" in payload:
            return from_payload(
                payload["error"],
                http_status=status,
                retry_after=_retry_after(http.headers),
                generation_id=generation_id,
            )
        cls: type[APIStatusError] = status_class(status)
        return cls(
            f"{self._client.base_url.host} answered with status {status} and no explanation.",
            status=status,
            retry_after=_retry_after(http.headers),
            generation_id=generation_id,
        )

    # --- what came of it

    def _begin(self) -> None:
        self._sent = time.perf_counter()
        self.response.sent_at = time.time()

    def _note_delta(self) -> None:
        if self.response.first_delta_seconds is None:
            self.response.first_delta_seconds = time.perf_counter() - self._sent
            self.response.state = "streaming"

    def _judge(self) -> None:
        """Decides, after the last byte, how the answer ended."""
        response = self.response
        if response.failure is not None:
            raise from_payload(response.failure, generation_id=response.generation_id or response.id or None)
        if not response.finished and not response.finish_reason:
            raise CutError(
                "The answer was cut off: the stream ended with neither a finish reason nor [DONE]."
            )
        self._settle("done")

    def _fail(self, error: OpenRouterError) -> OpenRouterError:
        error.response = self.response
        error.generation_id = error.generation_id or self.response.generation_id or self.response.id or None
        self.response.error = self.response.error or error
        self._settle("cut" if isinstance(error, CutError) else "failed")
        return error

    def _settle(self, state: Any) -> None:
        if not self.response.settled:
            self.response.close()
            self.response.state = state
            if self._sent:
                self.response.seconds = time.perf_counter() - self._sent


async def _drain(blocks: AsyncIterator[bytes]) -> None:
    """Reads what little follows ``[DONE]``, so that the connection can serve the next request."""

    async def exhaust() -> None:
        async for _ in blocks:
            pass

    # When it takes longer or fails, the answer is whole all the same; only the connection is not reused.
    with suppress(asyncio.TimeoutError, httpx.TransportError):
        await asyncio.wait_for(exhaust(), _DRAIN_SECONDS)


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds out of ``Retry-After-Ms`` or ``Retry-After`` (seconds or a date)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            return max(0.0, float(value) * unit)
        except ValueError:
            pass
    try:
        when = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        return None
    return max(0.0, when.timestamp() - time.time())
