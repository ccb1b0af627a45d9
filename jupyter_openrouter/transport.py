"""Sends requests over connections that are kept for reuse; the only module that knows httpx, and httpcore beneath it.

On the direct way the requests go to httpcore, httpx's own engine: httpx above it costs as much CPU again for each
request, and 30 ms to import, for redirects, cookies and authentication that nobody may have here. Where the environment
names a proxy, httpx itself sends them.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import httpcore

from .errors import APIConnectionError, APITimeoutError, InvalidRequestError, OpenRouterError
from .keys import Key
from .network import AsyncioNetwork

USUAL = "https://openrouter.ai/api/v1"
JSON = "application/json"
_WRITE_SECONDS = 60.0
_KEPT = 20  # idle connections
_KEPT_SECONDS = 5.0
# The addresses that nobody can read in two ways; httpx reads all others.
_SIMPLE = re.compile(
    r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?((?:/[\w.~-]*)*)",
    re.ASCII,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.ASCII)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    # Loading the certificates costs 28 ms; one context serves the whole process.
    environ = os.environ
    if file := environ.get("SSL_CERT_FILE"):
        return ssl.create_default_context(cafile=file)
    if folder := environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context(capath=folder)
    return httpcore.default_ssl_context()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_link_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.rstrip("."))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_link_local


def _is_host(host: str) -> bool:
    """Whether it is a name or an address in the one usual form; ``127.1`` and ``0x7f000001`` are neither."""
    if ":" in host:
        return True  # the brackets were read
    labels = host.removesuffix(".").split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or len(host) > 253:
        return False
    try:
        ipaddress.IPv4Address(host.removesuffix("."))
    except ValueError:
        return not _NUMBER.fullmatch(labels[-1])
    return True


class Address:
    """A base URL in its parts: ``text``, ``scheme``, ``host``, ``port`` and ``path``."""

    def __init__(self, text: str) -> None:
        """Takes a base URL apart, if a key may be sent there: https, or http to this very machine, no user name.

        Raises:
            InvalidRequestError: it may not; the message says why.
        """
        found = _SIMPLE.fullmatch(text) if isinstance(text, str) else None
        if found is not None:
            self.text, self.scheme, self.host, self.path = text, found[1], found[2].strip("[]"), found[4]
            port, userinfo = int(found[3]) if found[3] else None, b""
        else:
            import httpx

            try:
                url = httpx.URL(text)
            except (httpx.InvalidURL, TypeError, ValueError):
                raise InvalidRequestError(
                    f"{text!r} is no URL.", remedy=f"The usual one is {USUAL}."
                ) from None
            self.text, self.scheme, self.host = str(url), url.scheme, url.raw_host.decode("ascii").strip("[]")
            self.path = url.raw_path.decode("ascii").partition("?")[0]
            port, userinfo = url.port, url.userinfo
            if "?" in text or "#" in text:
                raise InvalidRequestError(
                    "The base URL holds a query or a fragment, which would be lost.", remedy="Leave it out."
                )
        self.text, self.path = self.text.rstrip("/"), self.path.rstrip("/")
        self._check(port, bool(userinfo))
        self.port = port or (443 if self.scheme == "https" else 80)

    def _check(self, port: int | None, userinfo: bool) -> None:
        if userinfo:
            raise InvalidRequestError("The base URL holds a user name or password.", remedy="Leave it out.")
        if self.host and not _is_host(self.host):
            raise InvalidRequestError(
                f"The base URL {self.text} names no host that can be reached.", remedy=""
            )
        if port is not None and not 0 < port < 65536:
            raise InvalidRequestError(f"The base URL {self.text} has a port that does not exist.", remedy="")
        if _is_link_local(self.host):
            raise InvalidRequestError(
                f"The base URL {self.text} is a link-local address.", remedy="Use another one."
            )
        if (self.scheme == "https" and self.host) or (self.scheme == "http" and _is_loopback(self.host)):
            return
        raise InvalidRequestError(
            f"The base URL {self.text} would send the key unprotected.",
            remedy="Use https://, or http:// with 127.0.0.1, [::1] or localhost.",
        )

    @property
    def local(self) -> bool:
        """Whether it is this very machine."""
        return self.scheme == "http"


class Connection:
    """An answer of the server whose headers have arrived; see ``plan.Connection``. Its body can be read once."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], response: Any) -> None:
        self.status = status
        self.headers: Mapping[str, str] = _joined(headers)
        self._response = response  # httpcore's, or httpx's
        # The iterator itself, without httpx's bookkeeping, which costs as much as reading a chunk's JSON.
        self._blocks: Any = response.stream.__aiter__()

    def blocks(self) -> AsyncIterator[bytes]:
        """The body, as it comes."""
        return self._blocks  # type: ignore[no-any-return]

    async def aclose(self) -> None:
        """Closes the connection, or gives it back if the body was read to its end."""
        try:
            # A body that was not read to its end would else close itself, some time later.
            await self._blocks.aclose()
        finally:
            try:
                await _close_if_more_came(self._response)
            finally:
                await self._response.aclose()


async def _close_if_more_came(response: Any) -> None:
    """Bytes behind the end of an answer would be taken for the next one's: such a connection is not used again."""
    # The parser alone knows them, and it is reached through names of httpcore's own.
    inner = getattr(response.stream, "_stream", response.stream)
    parser = getattr(getattr(inner, "_connection", None), "_h11_state", None)
    if parser is not None and parser.trailing_data[0]:
        await response.extensions["network_stream"].aclose()


def _joined(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw, value in headers:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


class Transport:
    """The connections to one server, for one event loop; see ``plan.Transport``.

    Args:
        address: Where to.
        key: Sent with each request; None sends none.
        connect_timeout: Seconds until a connection must stand.

    Raises:
        APIConnectionError: the environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, address: Address, key: Key | None, *, connect_timeout: float = 10.0) -> None:
        self.host = address.host
        self._address = address
        self._key = key
        self._connect_timeout = connect_timeout
        self._closed = False
        self._proxied: Any = None
        try:
            # Plain http never needs the certificates; an empty context trusts nobody.
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if address.local else _tls()
            if not address.local and _proxies():
                self._proxied = _through_httpx(tls, connect_timeout)
        except (ImportError, ValueError, OSError) as error:
            raise _unusable(error) from None
        except Exception as error:
            if type(error).__name__ != "InvalidURL":  # httpx's, of a proxy
                raise
            raise _unusable(error) from None
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=None,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=AsyncioNetwork(),
        )
        host = f"[{address.host}]" if ":" in address.host else address.host
        usual = address.port == (80 if address.local else 443)
        self._authority = host if usual else f"{host}:{address.port}"
        self._raw_host = host.encode("ascii")

    async def aclose(self) -> None:
        """Closes every connection. Streams that are still open end as connection errors."""
        self._closed = True
        await self._pool.aclose()
        if self._proxied is not None:
            await self._proxied.aclose()

    async def open(self, path: str, content: bytes, headers: Mapping[str, str]) -> Connection:
        """Sends a question and returns when its answer's headers are here. For ``Stream``."""
        return await self.send(
            "POST", path, content=content, headers={"Accept": "text/event-stream", **headers}
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str],
    ) -> Connection:
        """Sends a request and returns when its answer's headers are here.

        Args:
            path: Below the base URL.
            query: Names and values; none for no query.
            content: JSON, if anything.

        Raises:
            Exception: one that ``translate`` knows.
        """
        if self._closed:
            raise _Closed("The client was closed.")
        target = self._address.path + quote(path, safe="/:@!$&'()*+,;=~%")
        if query:
            target += "?" + urlencode(query)
        # The headers, which hold the key, are in no variable here: a verbose traceback prints those of each frame.
        if self._proxied is not None:
            url = f"{self._address.scheme}://{self._authority}{target}"
            asked = self._proxied.build_request(
                method, url, headers=self._headers(headers, content), content=content
            )
            answer = await self._proxied.send(asked, stream=True)
            return Connection(answer.status_code, answer.headers.raw, answer)
        request = httpcore.Request(
            method,
            httpcore.URL(
                scheme=self._address.scheme,
                host=self._raw_host.strip(b"[]"),
                port=self._address.port,
                target=target,
            ),
            headers=self._headers(headers, content),
            content=content,
            # Reading is timed by the stream, which counts events and not bytes.
            extensions={"timeout": {"connect": self._connect_timeout, "write": _WRITE_SECONDS}},
        )
        response = await self._pool.handle_async_request(request)
        return Connection(response.status, response.headers, response)

    def _headers(self, more: Mapping[str, str], content: bytes | None) -> list[tuple[bytes, bytes]]:
        given = {
            "Host": self._authority,
            "Accept-Encoding": "identity",
            "User-Agent": "jupyter_openrouter",
            **more,
        }
        if content is not None:
            given |= {"Content-Type": JSON, "Content-Length": str(len(content))}
        encoded = [(name.encode("ascii"), value.encode("latin-1")) for name, value in given.items()]
        if self._key is not None:
            encoded.append((b"Authorization", self._key.authorization().encode("latin-1")))
        return encoded

    def translate(self, error: Exception) -> OpenRouterError | None:
        """Says in our terms what ``send`` raised, or reading what it gave; None for a fault of our own."""
        if isinstance(error, _Closed):
            return APIConnectionError(
                "This client was closed.", remedy="Make a new one.", never_sent=True, retryable=False
            )
        # httpx has a class of the same name for each of httpcore's.
        kinds = {
            kind.__name__
            for kind in type(error).__mro__
            if kind.__module__.partition(".")[0] in ("httpx", "httpcore")
        }
        if "ConnectTimeout" in kinds:
            return APITimeoutError(
                f"{self.host} was not connected within {self._connect_timeout:g} s.", never_sent=True
            )
        if "TimeoutException" in kinds:
            return APITimeoutError(f"{self.host} did not take the request in time.")
        if not kinds:
            return None
        # The class name says more than the message, which is often empty.
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        if not kinds & {"ConnectError", "ProxyError", "UnsupportedProtocol"}:
            return APIConnectionError(f"{self.host} closed the connection without an answer ({reason}).")
        # A certificate does not get better by trying again.
        certificate = "CERTIFICATE_VERIFY_FAILED" in reason or "certificate verify failed" in reason
        return APIConnectionError(
            f"{self.host} was not reached ({reason}).",
            never_sent="ConnectError" in kinds,
            retryable=False if certificate else None,
        )


class _Closed(Exception):
    """Nothing can be sent any more."""


def _proxies() -> dict[str, str]:
    from urllib.request import getproxies

    return getproxies()


def _through_httpx(tls: ssl.SSLContext, connect_timeout: float) -> Any:
    """A client that finds the proxies of the environment, and those who need none."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx

    return httpx.AsyncClient(
        verify=tls,
        timeout=httpx.Timeout(None, connect=connect_timeout, write=_WRITE_SECONDS),
        follow_redirects=False,
        limits=httpx.Limits(
            max_connections=None, max_keepalive_connections=_KEPT, keepalive_expiry=_KEPT_SECONDS
        ),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # none is kept, none sent
    )


def _unusable(error: Exception) -> APIConnectionError:
    return APIConnectionError(
        "The proxy or certificate settings of this environment cannot be used "
        f"({type(error).__name__}: {error}).",
        remedy="Look at HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
        never_sent=True,
    )
