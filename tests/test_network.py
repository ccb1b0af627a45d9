"""Connections as an attacker or a careless server would have them: early, late, half closed, and never ended."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Coroutine
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore
import pytest
from faults import FIN, HELLO, LAST, OK, RESET, STALL, FaultServer, Script, answer, framed, head
from test_transport import ANSWER, CERTIFICATE, body, run, serving, to

from jupyter_openrouter import network
from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.errors import APIConnectionError, BadRequestError, OpenRouterError
from jupyter_openrouter.network import AsyncioNetwork
from jupyter_openrouter.retry import RetryPolicy

NEVER = RetryPolicy(max_retries=0)
SAID = {"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


def asked(*scripts: Script, times: int = 1) -> tuple[list[str | OpenRouterError], FaultServer]:
    """The text or the error of each answer, one after the other on one client."""

    async def work() -> Any:
        found: list[str | OpenRouterError] = []
        async with (
            FaultServer(*scripts) as server,
            AsyncOpenRouter(base_url=server.base_url, retry=NEVER) as client,
        ):
            for _ in range(times):
                try:
                    found.append((await client.chat("hi", model="a/b")).text)
                except OpenRouterError as error:
                    found.append(error)
        return found, server

    return run(work())  # type: ignore[no-any-return]


# --- writing


@pytest.mark.parametrize("then", ["keeps it open", "closes its half", "closes it"])
def test_a_large_request_that_is_refused_before_it_was_read_is_answered_at_once(then: str) -> None:
    async def work() -> Any:
        async def serve(reader: Reader, writer: Writer) -> None:
            await reader.readuntil(b"\r\n\r\n")
            for step in answer("413 Content Too Large", {"error": {"message": "too much"}}):
                writer.write(step)  # type: ignore[arg-type]
            await writer.drain()
            if then == "closes its half":
                writer.write_eof()
            if then != "closes it":
                await asyncio.sleep(60)

        async with (
            serving(serve) as port,
            AsyncOpenRouter(base_url=f"http://127.0.0.1:{port}", retry=NEVER) as client,
        ):
            with pytest.raises(BadRequestError, match="too much"):
                await client.chat("x" * 50_000_000, model="a/b")
            # What is left to send of it is in nobody's way.
            with pytest.raises(BadRequestError, match="too much"):
                await client.chat("y", model="a/b")

    run(work())


def test_a_connection_that_is_lost_while_writing_is_an_error_that_says_so() -> None:
    async def work() -> None:
        async def serve(reader: Reader, writer: Writer) -> None:
            await reader.readexactly(200_000)

        async with (
            serving(serve) as port,
            AsyncOpenRouter(base_url=f"http://127.0.0.1:{port}", retry=NEVER) as client,
        ):
            with pytest.raises(APIConnectionError) as raised:
                await client.chat("x" * 50_000_000, model="a/b")
            assert not raised.value.never_sent
            assert "None" not in str(raised.value)
            assert client._transport._pool.connections == []

    run(work())


def test_a_connection_that_was_lost_before_the_write_is_an_error_in_words() -> None:
    async def work() -> None:
        async def serve(reader: Reader, writer: Writer) -> None:
            return

        async with serving(serve) as port:
            stream = await AsyncioNetwork().connect_tcp("127.0.0.1", port)
            assert await stream.read(1) == b""
            with pytest.raises(httpcore.WriteError, match="closed"):
                await stream.write(b"x")
            await stream.aclose()

    run(work())


# --- reading


def test_bytes_behind_the_end_of_an_answer_are_not_taken_for_the_next_one() -> None:
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"

    async def work() -> list[bytes]:
        async with FaultServer((ANSWER + forged,), (ANSWER,)) as server, to(server.base_url) as one:
            found = [(await body(one))[1] for _ in range(3)]
            assert server.connections == 2
            return found

    assert run(work()) == [b"OK"] * 3


def test_bytes_behind_the_end_of_a_stream_are_not_taken_for_the_next_one() -> None:
    forged = b"".join(answer("200 OK", {"choices": [{"message": {"content": "forged"}}]}))  # type: ignore[arg-type]
    whole = (head() + framed(*HELLO) + LAST + forged,)
    assert asked(whole, OK, times=2)[0] == ["Hello", "Hello"]


@pytest.mark.parametrize("most", [1, 1000, 1001, 65536])
def test_every_byte_arrives_wherever_the_sender_is_made_to_wait(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "_MOST_WAITING", most)
    content = bytes(range(250)) * 4_000  # 1 MB

    async def work() -> bytes:
        async def serve(reader: Reader, writer: Writer) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            for at in range(0, len(content), 1000):
                writer.write(content[at : at + 1000])
                await writer.drain()
            writer.write_eof()
            await reader.read()

        async with serving(serve) as port, to(f"http://127.0.0.1:{port}") as one:
            return (await body(one))[1]

    assert run(work()) == content


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n", "Hello"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 200, "Hello"),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            APIConnectionError,
        ),
        (b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 400_000 + b"\r\n\r\n", APIConnectionError),
        (b"\r\n\r\n", APIConnectionError),
        (b"SSH-2.0-OpenSSH\r\n", APIConnectionError),
    ],
)
def test_what_comes_before_the_head_of_an_answer_is_passed_over_or_refused(before: bytes, text: Any) -> None:
    (found, again), server = asked((before, *OK, FIN), OK, times=2)
    assert found == text or type(found) is text
    assert (again, server.connections) == ("Hello", 2)


def test_an_answer_of_http_1_0_is_read_to_its_end_and_its_connection_not_kept() -> None:
    events = b"".join(HELLO)
    old = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n"
    endless = (old + b"\r\n" + events, FIN)
    counted = (old + b"Connection: keep-alive\r\nContent-Length: %d\r\n\r\n" % len(events) + events,)
    found, server = asked(endless, counted, OK, times=3)
    assert (found, server.connections) == (["Hello"] * 3, 3)


def test_an_answer_that_comes_before_the_question_serves_it_and_no_other() -> None:
    async def work() -> list[str]:
        texts = []
        early = b"".join([head("200 OK", "Connection: close"), framed(*HELLO), LAST])

        async def serve(reader: Reader, writer: Writer) -> None:
            writer.write(early)
            await reader.readuntil(b"\r\n\r\n")
            await reader.read(65536)

        async with (
            serving(serve) as port,
            AsyncOpenRouter(base_url=f"http://127.0.0.1:{port}", retry=NEVER) as client,
        ):
            for _ in range(2):
                texts.append((await client.chat("hi", model="a/b")).text)
        return texts

    assert run(work()) == ["Hello", "Hello"]


# --- TLS


def test_what_was_said_before_tls_is_never_read_as_if_it_were_protected() -> None:
    async def work() -> None:
        async def serve(reader: Reader, writer: Writer) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
            await reader.read()

        async with serving(serve) as port:
            stream = await AsyncioNetwork().connect_tcp("127.0.0.1", port)
            while not stream.get_extra_info("is_readable"):
                await asyncio.sleep(0.001)
            with pytest.raises(httpcore.ConnectError, match="before TLS"):
                await stream.start_tls(ssl.create_default_context(cafile=CERTIFICATE), "nobody.invalid", 5.0)

    run(work())


async def deaf(work: Callable[[AsyncioNetwork, int], Coroutine[Any, Any, None]]) -> None:
    """Runs it against a server that never answers a TLS greeting; the server must see the connection end."""
    ended = asyncio.Event()

    async def serve(reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        try:
            await reader.read()
        finally:
            ended.set()

    async with serving(serve) as port:
        await work(AsyncioNetwork(), port)
        await asyncio.wait_for(ended.wait(), 5)


def test_a_tls_greeting_that_nobody_answers_is_a_time_out_and_closes_the_socket() -> None:
    async def work(backend: AsyncioNetwork, port: int) -> None:
        stream = await backend.connect_tcp("127.0.0.1", port)
        with pytest.raises(httpcore.ConnectTimeout):
            await stream.start_tls(ssl.create_default_context(), "nobody.invalid", 0.1)

    run(deaf(work))


def test_a_tls_greeting_that_is_cancelled_closes_the_socket() -> None:
    async def work(backend: AsyncioNetwork, port: int) -> None:
        stream = await backend.connect_tcp("127.0.0.1", port)
        greeting = asyncio.ensure_future(stream.start_tls(ssl.create_default_context(), "nobody.invalid"))
        await asyncio.sleep(0.05)
        greeting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await greeting

    run(deaf(work))


@pytest.mark.parametrize("name", [".nobody.invalid", "a" * 64 + ".invalid"])
def test_a_name_that_none_can_have_is_a_connection_error(name: str) -> None:
    async def work() -> None:
        async def serve(reader: Reader, writer: Writer) -> None:
            await reader.read()

        async with serving(serve) as port:
            stream = await AsyncioNetwork().connect_tcp("127.0.0.1", port)
            with pytest.raises(httpcore.ConnectError):
                await stream.start_tls(ssl.create_default_context(), name, 5.0)
        with pytest.raises(httpcore.ConnectError):
            await AsyncioNetwork().connect_tcp(name, 443, 5.0)

    run(work())


# --- loops and ends


class Hello(BaseHTTPRequestHandler):
    """Answers every question, on connections that are kept."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        type(self).connections += 1
        super().setup()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(b"".join(answer("200 OK", {"choices": [SAID]})))  # type: ignore[arg-type]

    def log_message(self, *_: Any) -> None:
        pass


def test_a_client_that_meets_another_loop_connects_anew() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        client = AsyncOpenRouter(base_url=f"http://127.0.0.1:{server.server_port}", retry=NEVER)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # each loop was left with a connection open
            for count in (1, 2, 3):
                assert run(client.chat("hi", model="a/b")).text == "Hello"
                assert Hello.connections == count
            run(client.aclose())
            del client
            gc.collect()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("end", [(), (STALL,), (RESET,), (FIN,)])
def test_nothing_is_left_for_the_end_of_the_loop_to_complain_about(end: Script) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        asked((*OK[:-1], *end) if end else OK, times=3)
        gc.collect()
    assert [str(one.message) for one in said] == []


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine speaks no IPv6")
def test_an_address_of_ipv6_is_spoken_to_under_its_brackets() -> None:
    async def work() -> bytes:
        heard = b""

        async def serve(reader: Reader, writer: Writer) -> None:
            nonlocal heard
            heard = await reader.readuntil(b"{}")
            writer.write(ANSWER)
            await reader.read()
            writer.transport.abort()

        server = await asyncio.start_server(serve, "::1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            async with to(f"http://[::1]:{port}/v1") as one:
                assert (await body(one))[1] == b"OK"
            await asyncio.sleep(0.05)
        return heard.replace(str(port).encode(), b"PORT")

    assert b"\r\nHost: [::1]:PORT\r\n" in run(work())


def test_a_loop_that_tries_one_address_after_the_other_does_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> bytes:
        loop = asyncio.get_running_loop()
        connect = loop.create_connection

        async def plain(protocol_factory: Any, host: str, port: int, *, local_addr: Any = None) -> Any:
            return await connect(protocol_factory, host, port, local_addr=local_addr)

        monkeypatch.setattr(asyncio, "BaseEventLoop", type("SomebodyElses", (), {}))
        monkeypatch.setattr(loop, "create_connection", plain)
        async with FaultServer((ANSWER,)) as server, to(f"http://localhost:{server.port}") as one:
            return (await body(one))[1]

    assert run(work()) == b"OK"


def test_uvloop_serves_as_well_where_it_is_installed() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def work() -> list[Any]:
        refused = answer("403 Forbidden", {"error": {"message": "no"}})
        async with (
            FaultServer(OK, OK, refused, (head(), framed(*HELLO[:1]), RESET)) as server,
            AsyncOpenRouter(base_url=f"http://localhost:{server.port}", retry=NEVER) as client,
        ):
            found: list[Any] = []
            for _ in range(4):
                one = client.chat_stream("x" * 3_000_000, model="a/b")
                try:
                    found.append((await one.run()).text)
                except OpenRouterError as error:
                    found.append(type(error).__name__)
            return [*found, one.response.text]

    found = uvloop.run(asyncio.wait_for(work(), 30))
    assert found == ["Hello", "Hello", "PermissionDeniedError", "CutError", "Hel"]
