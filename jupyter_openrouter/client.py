"""The client of OpenRouter's API: one connection pool, and the only module that knows httpx."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import httpx

from . import request as requests
from .errors import APIConnectionError, APITimeoutError, InvalidRequestError, OpenRouterError
from .keys import Key, find_key
from .response import Response
from .retry import FALLBACK_STATUSES, Attempt, RetryPolicy
from .stream import Plan, Stream, Timeouts

BASE_URL = "https://openrouter.ai/api/v1"


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
    try:
        link_local = ipaddress.ip_address(url.host).is_link_local
    except ValueError:
        link_local = False
    if link_local:
        raise InvalidRequestError(f"The base URL {text} is a link-local address.", remedy="Use another one.")
    if url.scheme == "https" and url.host:
        return url
    if url.scheme == "http" and _is_loopback(url.host):
        return url
    raise InvalidRequestError(
        f"The base URL {text} would send the key unprotected.",
        remedy="Use https://, or http:// with 127.0.0.1, [::1] or localhost.",
    )


class _Connection:
    """An httpx response in the terms of ``stream``."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def blocks(self) -> AsyncIterator[bytes]:
        return self._response.aiter_raw()

    async def aclose(self) -> None:
        await self._response.aclose()


class AsyncOpenRouter:
    """A client of OpenRouter's API (or of a server that speaks it), for one event loop.

    Args:
        api_key: None looks for it as ``keys.find_key`` says, or sends none to this very machine.
        base_url: ``http://`` only to this machine.
        connect_timeout: Seconds until a connection must stand.
        timeouts: Of an answer; see ``stream.Timeouts``.
        retry: How often and after which errors a request is sent again; see ``retry.RetryPolicy``.

    It is an async context manager; ``aclose()`` closes its connections.

    Raises:
        MissingKeyError: no key was given or found, and the base URL needs one.
        InvalidRequestError: the base URL would give the key away.
    """

    def __init__(
        self,
        api_key: str | Key | None = None,
        *,
        base_url: str = BASE_URL,
        connect_timeout: float = 10.0,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.base_url = check_base_url(base_url)
        self.host = self.base_url.host
        self.timeouts = timeouts or Timeouts()
        self.retry = retry or RetryPolicy()
        local = self.base_url.scheme == "http"
        self._key = None if local and api_key is None else find_key(api_key)
        self._connect_timeout = connect_timeout
        self._url = str(self.base_url).rstrip("/")
        self._http = httpx.AsyncClient(
            # Plain http never needs the certificates; an empty context trusts nobody.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if local else _tls(),
            trust_env=not local,
            # Reading is timed by the stream, which counts events and not bytes.
            timeout=httpx.Timeout(None, connect=connect_timeout, write=60.0),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            headers={"User-Agent": "jupyter_openrouter", "Accept-Encoding": "identity"},
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
        fallback: Sequence[str] = (),
        fallback_statuses: frozenset[int] = FALLBACK_STATUSES,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        on_retry: Callable[[Attempt], None] | None = None,
        on_malformed: Literal["skip", "raise"] = "skip",
        keep_text: bool = True,
    ) -> Stream:
        """Prepares a streaming chat completion; it is sent when the stream is entered or iterated.

        Args:
            messages, model, system, temperature, max_tokens, extra: As in ``request.chat_body``.
            response: Given to watch it from elsewhere.
            fallback: Models to ask in turn when the one before failed with one of ``fallback_statuses`` and
                nothing of an answer had come.
            on_retry: Called on this loop with each attempt that failed and is followed by another.
            on_malformed: "skip" counts a malformed chunk and goes on, "raise" ends the answer.
            keep_text: False hands deltas out and keeps none, for very long answers in little memory.

        Raises:
            InvalidRequestError: something here cannot be sent.
        """
        bodies = []
        for slug in (model, *fallback):
            body = requests.chat_body(
                messages,
                model=slug,
                system=system,
                temperature=temperature,
                max_tokens=max_tokens,
                extra=extra,
            )
            bodies.append((slug, requests.encode(body)))
        response = response or Response(model)
        response.requested_model, response.keep_text = model, keep_text
        response.request_hash = requests.body_hash(bodies[0][1])
        plan = Plan(
            "/chat/completions",
            bodies,
            timeouts=timeouts or self.timeouts,
            retry=retry or self.retry,
            fallback_statuses=fallback_statuses,
            on_malformed=on_malformed,
            on_retry=on_retry,
        )
        return Stream(self, plan, response)

    # --- the transport of a stream

    async def open(self, path: str, content: bytes, headers: Mapping[str, str]) -> _Connection:
        """Sends a request and returns when its answer's headers are here. For ``Stream``."""
        request = self._http.build_request(
            "POST", self._url + path, content=content, headers=self._headers(headers)
        )
        return _Connection(await self._http.send(request, stream=True))

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        headers = {"Accept": "text/event-stream", "Content-Type": "application/json", **more}
        if self._key is not None:
            headers["Authorization"] = self._key.authorization()
        return headers

    def translate(self, error: Exception) -> OpenRouterError | None:
        """Says in our terms what httpx raised; None for a fault of our own. For ``Stream``."""
        if isinstance(error, httpx.ConnectTimeout):
            return APITimeoutError(f"{self.host} was not connected within {self._connect_timeout:g} s.")
        if isinstance(error, httpx.TimeoutException):
            return APITimeoutError(f"{self.host} did not take the request in time.")
        if isinstance(error, (httpx.TransportError, httpx.StreamError, httpx.InvalidURL)):
            # The class name says more than the message, which is often empty.
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            return APIConnectionError(
                f"{self.host} was not reached ({reason}).", never_sent=isinstance(error, httpx.ConnectError)
            )
        return None
