"""Where requests go and over what: addresses, TLS, proxies, connections that are kept, and what is too much at once."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from faults import FaultServer
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_openrouter import network, transport
from jupyter_openrouter.errors import APIConnectionError, InvalidRequestError
from jupyter_openrouter.keys import Key
from jupyter_openrouter.transport import Address, Transport

BOUND = 10.0
CERTIFICATE = Path(__file__).with_name("faults.pem")
ANSWER = b"HTTP/1.1 200 OK\r\nX-Twice: a\r\nx-twice: b\r\nContent-Length: 2\r\n\r\nOK"
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, BOUND))


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (*PROXIES, "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    transport._tls.cache_clear()
    yield
    transport._tls.cache_clear()


@contextlib.asynccontextmanager
async def to(base_url: str, **options: Any) -> AsyncIterator[Transport]:
    one = Transport(Address(base_url), Key("sk-or-test", source="argument"), **options)
    try:
        yield one
    finally:
        await one.aclose()


async def body(one: Transport, **more: Any) -> tuple[int, bytes, dict[str, str]]:
    connection = await one.send("POST", "/x", content=b"{}", headers={}, **more)
    found = b"".join([block async for block in connection.blocks()])
    await connection.aclose()
    return connection.status, found, dict(connection.headers)


@contextlib.asynccontextmanager
async def serving(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]], **options: Any
) -> AsyncIterator[int]:
    """The port of a server; when it is left, its connections are closed."""
    tasks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await serve(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(one, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        await asyncio.sleep(0.01)


# --- addresses


@pytest.mark.parametrize(
    "url",
    [
        "http://openrouter.ai/api/v1",
        "http://10.0.0.1/v1",
        "https://user:pw@openrouter.ai/api",
        "https://openrouter.ai\\@evil.example/",
        "http://127.0.0.1@evil.example/",
        "ftp://127.0.0.1",
        "openrouter.ai",
        "",
        "http://127.0.0.1.evil.example/",
        "https://",
        "http://[::1",
        "https://169.254.169.254/v1",
        "https://openrouter.ai:0/v1",
        "https://openrouter.ai:99999/v1",
        None,
        "https://openrouter.ai/api/v1?region=eu",
        "https://openrouter.ai/api/v1?",
        "https://openrouter.ai/api/v1#eu",
        "https://2852039166/v1",
        "https://0xa9fea9fe/v1",
        "https://169.254.169.254./v1",
        "https://[::ffff:169.254.169.254]/v1",
        "https://[fe80::1%25eth0]/v1",
        "https://openrouter.ai%2f.evil.example/v1",
        "https://open router.ai/v1",
        "https://.openrouter.ai/v1",
        "https://openrouter..ai/v1",
        "https://" + "a" * 64 + ".example/v1",
        "https://" + "a." * 200 + "example/v1",
        "https://openrouter.ai/\udc80",
        "http://127.1/v1",
        "http://localhost.evil.example/v1",
    ],
)
def test_a_base_url_that_would_give_the_key_away_or_lead_nowhere_is_refused(url: Any) -> None:
    with pytest.raises(InvalidRequestError):
        Address(url)


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "path"),
    [
        ("https://openrouter.ai/api/v1", "https", "openrouter.ai", 443, "/api/v1"),
        ("https://OpenRouter.ai/api/v1/", "https", "openrouter.ai", 443, "/api/v1"),
        ("http://127.0.0.1:8000/v1", "http", "127.0.0.1", 8000, "/v1"),
        ("http://[::1]:1/", "http", "::1", 1, ""),
        ("http://localhost:11434/v1/", "http", "localhost", 11434, "/v1"),
        ("https://openrouter.ai./v1", "https", "openrouter.ai.", 443, "/v1"),
        ("https://my_host-1/v1", "https", "my_host-1", 443, "/v1"),
        ("https://10.0.0.1/v1", "https", "10.0.0.1", 443, "/v1"),
        ("https://[2001:db8::1]:8443/v1", "https", "2001:db8::1", 8443, "/v1"),
        ("https://bücher.example/a b", "https", "xn--bcher-kva.example", 443, "/a%20b"),
    ],
)
def test_https_and_this_machine_are_allowed(url: str, scheme: str, host: str, port: int, path: str) -> None:
    found = Address(url)
    assert (found.scheme, found.host, found.port, found.path) == (scheme, host, port, path)


@given(st.text(alphabet="htps:/@.?#[]%aÄ0x\\\udc80\r\n \u3002\xad-1", max_size=30))
@example("https://xn--a")
@example("https://\xad")
def test_any_base_url_is_understood_or_refused_in_our_terms(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}/v1", f"http://{text}"):
        try:
            found = Address(url)
        except InvalidRequestError:
            continue
        assert re.fullmatch(r"[a-z0-9._:%-]+", found.host), url
        assert found.path.isascii()
        assert found.path.isprintable()
        assert found.scheme == "https" or found.host in ("localhost", "::1") or found.host.startswith("127.")


# --- what is sent


def test_a_request_carries_what_it_must_and_nothing_else() -> None:
    async def work() -> bytes:
        async with FaultServer((ANSWER,)) as server, to(server.base_url) as one:
            status, text, headers = await body(one, query={"q": "a b&c", "n": 1})
            assert (status, text, headers["x-twice"]) == (200, b"OK", "a, b")
            return server.requests[0].replace(str(server.port).encode(), b"PORT")

    assert run(work()).split(b"\r\n") == [
        b"POST /api/v1/x?q=a+b%26c&n=1 HTTP/1.1",
        b"Host: 127.0.0.1:PORT",
        b"Accept-Encoding: identity",
        b"User-Agent: jupyter_openrouter",
        b"Content-Type: application/json",
        b"Content-Length: 2",
        b"Authorization: Bearer sk-or-test",
        b"",
        b"{}",
    ]


def test_nothing_in_a_path_can_add_a_header_or_a_request() -> None:
    async def work() -> bytes:
        async with FaultServer((ANSWER,)) as server, to(server.base_url) as one:
            connection = await one.send("GET", "/models/a/b c\r\nX-Evil: 1?x#y\u00e9", headers={})
            await connection.aclose()
            return server.requests[0]

    assert run(work()).startswith(
        b"GET /api/v1/models/a/b%20c%0D%0AX-Evil:%201%3Fx%23y%C3%A9 HTTP/1.1\r\nHost"
    )


def test_a_connection_serves_one_request_after_the_other_until_the_server_closes_it() -> None:
    async def work() -> list[int]:
        connections = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            for _ in range(2):
                await reader.readuntil(b"{}")
                writer.write(ANSWER)
                await writer.drain()

        found = []
        async with serving(serve) as port, to(f"http://127.0.0.1:{port}") as one:
            for _ in range(4):
                assert (await body(one))[1] == b"OK"
                found.append(connections)
                await asyncio.sleep(0.05)
        return found

    assert run(work()) == [1, 1, 2, 2]


def test_a_closed_client_says_so() -> None:
    async def work() -> Any:
        async with FaultServer((ANSWER,)) as server:
            async with to(server.base_url) as one:
                pass
            with pytest.raises(Exception, match="closed") as raised:
                await body(one)
            return one.translate(raised.value)  # type: ignore[arg-type]

    error = run(work())
    assert type(error) is APIConnectionError
    assert "closed" in str(error)


# --- TLS and proxies


@contextlib.asynccontextmanager
async def tls_server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A server that answers over TLS under the name of its certificate, which is looked up on this machine."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"{}")
            writer.write(ANSWER)
            await writer.drain()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    async with serving(serve, ssl=context) as port:
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address])
        yield f"https://nobody.invalid:{port}/v1"


def test_a_trusted_certificate_is_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    async def work() -> Any:
        async with tls_server(monkeypatch) as base_url, to(base_url) as one:
            found = [(await body(one))[1] for _ in range(3)]
            assert len(one._pool.connections) == 1
            return found

    assert run(work()) == [b"OK"] * 3


def test_certificates_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")
    with pytest.raises(APIConnectionError, match="certificate settings"):
        Transport(Address("https://openrouter.ai/api/v1"), None)


def test_a_proxy_of_the_environment_is_asked_and_one_for_others_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work() -> list[bytes]:
        refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        async with FaultServer((refusal,)) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
            async with to("https://nobody.invalid/v1") as one:
                with pytest.raises(Exception, match="407") as raised:
                    await body(one)
                error = one.translate(raised.value)  # type: ignore[arg-type]
                assert type(error) is APIConnectionError
                assert "ProxyError" in str(error)
            monkeypatch.setenv("NO_PROXY", "nobody.invalid")
            monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
            transport._tls.cache_clear()
            async with tls_server(monkeypatch) as base_url, to(base_url) as one:
                assert (await body(one))[1] == b"OK"
            async with FaultServer((ANSWER,)) as server, to(server.base_url) as one:
                assert (await body(one))[1] == b"OK"  # this very machine, whatever the environment says
            return proxy.requests

    (asked,) = run(work())
    assert asked.startswith(b"CONNECT nobody.invalid:443 ")
    assert b"sk-or-test" not in asked


def test_a_proxy_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "foo://x")
    with pytest.raises(APIConnectionError, match="proxy"):
        Transport(Address("https://openrouter.ai/api/v1"), None)


# --- too much at once


def test_a_sender_that_is_not_read_has_to_wait() -> None:
    async def work() -> tuple[int, int]:
        sent = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await reader.readuntil(b"{}")
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(bytes(100_000))
                await writer.drain()
                sent += 100_000

        async with serving(serve) as port, to(f"http://127.0.0.1:{port}") as one:
            connection = await one.send("POST", "/x", content=b"{}", headers={})
            before = -1
            while before < sent:  # until the sender stands still
                before = sent
                await asyncio.sleep(0.1)
            blocks = connection.blocks()
            first = len(await blocks.__anext__())
            while sent == before:  # and goes on once somebody reads
                await blocks.__anext__()
            await connection.aclose()
        return first, before

    first, before = run(work())
    assert first <= network._MOST_WAITING + network._MOST_AT_ONCE
    assert before > first  # the system's own buffers took the rest


def test_a_large_request_waits_for_a_slow_server_and_arrives_whole() -> None:
    content = bytes(range(256)) * 40_000  # 10 MB

    async def work() -> bytes:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.1)
            got = await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
            writer.write(ANSWER if got == content else b"no")
            await writer.drain()

        async with serving(serve) as port, to(f"http://127.0.0.1:{port}") as one:
            connection = await one.send("POST", "/x", content=content, headers={})
            found = b"".join([block async for block in connection.blocks()])
            await connection.aclose()
        return found

    assert run(work()) == b"OK"


def test_a_request_that_nobody_takes_can_be_cancelled_at_once() -> None:
    async def work() -> list[Any]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(BOUND)

        async with serving(serve) as port, to(f"http://127.0.0.1:{port}") as one:
            sending = asyncio.ensure_future(one.send("POST", "/x", content=bytes(50_000_000), headers={}))
            await asyncio.sleep(0.2)
            assert not sending.done()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            return list(one._pool.connections)

    assert run(work()) == []


def test_a_fault_of_our_own_shows_the_key_in_no_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    async def work() -> str:
        async with to("http://127.0.0.1:9/v1") as one:
            monkeypatch.setattr(one._pool, "handle_async_request", broken)
            with pytest.raises(ZeroDivisionError) as raised:
                await body(one)
            shown = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
            return "".join(shown.format())

    shown = run(work())
    assert "handle_async_request" in shown
    assert "sk-or-test" not in shown
