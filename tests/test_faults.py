"""Every fault of a server that we could think of: the right text survives, or the typed error says what happened."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import pickle
import re
import socket
import ssl
import sys
import threading
import traceback
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fault_cases import CASES, FRAMINGS, HEL, KEY, PAUSE, QUICK, SOON, Case, Framing, failing, fails
from faults import (
    DONE,
    FIN,
    HELLO,
    LAST,
    OK,
    STALL,
    STOP,
    Again,
    Each,
    FaultServer,
    Script,
    answer,
    event,
    framed,
    head,
    said,
    stream,
)

from jupyter_openrouter import bodies
from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.errors import (
    APIConnectionError,
    CutError,
    OpenRouterError,
    ProviderError,
    RateLimitError,
)
from jupyter_openrouter.plan import Plan
from jupyter_openrouter.response import Response
from jupyter_openrouter.retry import Attempt, RetryPolicy
from jupyter_openrouter.stream import Stream

BOUND = 60.0
"""Seconds after which a scenario hangs, on a machine that has much else to do."""
STATES = {type(None): "done", CutError: "cut"}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_ERROR_SECONDS", SOON)


def run(work: Awaitable[Any]) -> Any:
    """Runs it within the bound, and checks that no task is left behind and nothing was said to the loop."""

    async def bounded() -> Any:
        complaints: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        result = await asyncio.wait_for(work, BOUND)
        for _ in range(50):  # generators inside httpx that were left early end in the loop's next turns
            await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        gc.collect(0)
        assert not complaints
        return result

    return asyncio.run(bounded())


@contextlib.asynccontextmanager
async def serving(*scripts: Script, **options: Any) -> AsyncIterator[tuple[FaultServer, AsyncOpenRouter]]:
    """A server and a client of it; afterwards, the client must have closed every connection."""
    async with FaultServer(*scripts) as server:
        async with AsyncOpenRouter(KEY, base_url=server.base_url, **{"retry": QUICK} | options) as client:
            yield server, client
        await server.emptied()


def ask(client: AsyncOpenRouter, **options: Any) -> Stream:
    return client.chat_stream("hi", model="a/b", **options)


def busy(client: AsyncOpenRouter) -> list[Any]:
    """The connections of the client's pool that are not free for the next request."""
    return [c for c in client._transport._pool.connections if not c.is_idle()]


def shown(response: Response, error: BaseException | None, log: str) -> str:
    """All that a person, a log or a saved notebook could see of it."""
    parts = [repr(response), repr(vars(response)), repr(response.to_dict()), log]
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            parts += [str(one), repr(one), repr(vars(one))]
            parts += traceback.TracebackException.from_exception(one, capture_locals=True).format()
            waiting += [one.__cause__, one.__context__]
    return "\n".join(parts)


async def outcome(one: Stream) -> tuple[str, OpenRouterError | None]:
    """The deltas joined, and the error that ended the answer."""
    got = []
    try:
        async for delta in one:
            got.append(delta.text)
    except OpenRouterError as error:
        return "".join(got), error
    return "".join(got), None


def check(case: Case, got: str, error: OpenRouterError | None, response: Response) -> None:
    assert type(error) is (case.error or type(None)), error
    assert response.state == STATES.get(type(error), "failed")
    assert response.text == got == case.text
    assert response.error is error
    assert len(response.attempts) == case.attempts
    assert response.skipped == case.skipped
    assert len(response.skipped_chunks) == min(case.skipped, 20)
    if error is not None:
        assert re.search(case.says, str(error)), str(error)
        assert error.response is response
        assert error.remedy
        assert error.__cause__ is None
        assert error.__context__ is None
        assert case.error_holds(error)
        response.settler = None  # it is of this process
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
        assert KEY.encode() not in pickle.dumps(error)
    assert case.holds(response)


@pytest.mark.parametrize("name", CASES)
def test_a_faulty_answer_survives_or_gives_its_typed_error_with_the_text_so_far(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    case = CASES[name]

    async def work() -> Any:
        retried: list[Attempt] = []
        async with serving(*case.scripts) as (server, client):
            one = ask(client, on_retry=retried.append, **case.options)
            got, error = await outcome(one)
            assert not busy(client)
            assert await outcome(one) == ("", None), "an answer that has ended stays so"
            wanted = case.attempts + 1 if case.requests is None else case.requests
            assert len(server.requests) == wanted
            assert all(KEY.encode() in request for request in server.requests)
        assert retried == one.response.attempts
        return got, error, one.response

    with caplog.at_level(logging.DEBUG):
        got, error, response = run(work())
    check(case, got, error, response)
    # httpcore's own log holds the headers of an answer, where one of our servers shows the key on purpose.
    log = "\n".join(
        line for line in caplog.text.splitlines() if "receive_response_headers.complete" not in line
    )
    assert KEY[:20] not in shown(response, error, log)


def test_there_are_enough_scenarios() -> None:
    assert len(CASES) + len(FRAMINGS) >= 110


# --- the bytes of a stream, cut in every way


def framing_case(one: Framing) -> Case:
    return Case((), text=one.text, error=one.error, skipped=one.skipped)


WAYS: dict[str, Callable[[bytes], Script]] = {
    "whole": lambda body: (head() + framed(body) + LAST,),
    "as sent": lambda body: (
        head(),
        *(framed(piece) for piece in re.split(rb"(?<=\n\n)|(?<=\r\r)|(?<=\r\n\r\n)", body)),
        LAST,
    ),
    "byte by byte": lambda body: (head(), Each(body_of_single_bytes(body)), LAST),
    "byte by byte, without HTTP chunks": lambda body: (head(chunked=False), Each(body), FIN),
}


def body_of_single_bytes(body: bytes) -> bytes:
    return framed(*(body[n : n + 1] for n in range(len(body))))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FRAMINGS)
def test_the_bytes_of_a_stream_mean_the_same_however_they_come(name: str, way: str) -> None:
    async def work() -> Any:
        async with serving(WAYS[way](FRAMINGS[name].body)) as (_, client):
            one = ask(client)
            return *await outcome(one), one.response

    got, error, response = run(work())
    if error is None and way == "byte by byte, without HTTP chunks":
        assert response.finished
    check(framing_case(FRAMINGS[name]), got, error, response)


class Blocks:
    """A transport without a network: one answer in the blocks given."""

    host = "nowhere"
    status = 200

    def __init__(self, *blocks: bytes) -> None:
        self.headers: Mapping[str, str] = {"content-type": "text/event-stream"}
        self._blocks = blocks

    async def open(self, path: str, content: bytes, headers: Mapping[str, str]) -> Blocks:
        return self

    async def blocks(self) -> AsyncIterator[bytes]:
        for block in self._blocks:
            yield block

    async def aclose(self) -> None: ...

    def translate(self, error: Exception) -> OpenRouterError | None:
        return None


@pytest.mark.parametrize("name", FRAMINGS)
def test_the_bytes_of_a_stream_mean_the_same_wherever_they_are_cut(name: str) -> None:
    body = FRAMINGS[name].body

    async def work() -> None:
        cuts = [(body[:n], body[n:]) for n in range(len(body) + 1)]
        thirds = [(body[:n], body[n : n + 1], body[n + 1 :]) for n in range(len(body))]
        for blocks in [*cuts, *thirds]:
            one = Stream(Blocks(*blocks), Plan("/", [("a/b", b"")]), Response("a/b"))
            got, error = await outcome(one)
            check(framing_case(FRAMINGS[name]), got, error, one.response)

    run(work())


def test_a_stream_of_the_service_cut_at_every_byte_is_never_taken_for_whole() -> None:
    body = b"".join((said("Hel"), said("lo"), said("", "stop"), DONE))
    complete = len(body) - len(DONE)  # from the end of the finish reason's event on

    async def work() -> None:
        for end in range(len(body)):
            one = Stream(Blocks(body[:end]), Plan("/", [("a/b", b"")]), Response("a/b"))
            got, error = await outcome(one)
            assert (type(error) is CutError) == (end < complete), end
            assert "Hello".startswith(got)
            assert one.response.text == got

    run(work())


# --- other origins, and connections that were closed meanwhile


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_origin_is_named_and_the_origin_hears_nothing(status: int) -> None:
    async def work() -> None:
        async with FaultServer(OK) as other:
            redirect = answer(f"{status} X", b"", f"Location: {other.base_url}/chat/completions")
            async with serving(redirect) as (server, client):
                got, error = await outcome(ask(client))
            assert type(error) is APIConnectionError
            assert str(other.port) in str(error)
            assert (got, len(server.requests), other.connections) == ("", 1, 0)

    run(work())


def test_a_kept_connection_that_the_server_closed_meanwhile_is_not_used() -> None:
    async def work() -> None:
        async with serving((*OK, FIN), OK) as (server, client):
            assert await outcome(ask(client)) == ("Hello", None)
            await asyncio.sleep(PAUSE)
            one = ask(client)
            assert await outcome(one) == ("Hello", None)
            assert (server.connections, one.response.attempts) == (2, [])

    run(work())


def test_a_kept_connection_that_closes_on_the_request_is_an_error_and_not_sent_again() -> None:
    async def work() -> None:
        async with serving(OK, (FIN,), OK) as (server, client):
            assert await outcome(ask(client)) == ("Hello", None)
            _, error = await outcome(ask(client))
            assert type(error) is APIConnectionError
            assert (server.connections, len(server.requests)) == (1, 2)
            assert await outcome(ask(client)) == ("Hello", None)

    run(work())


def test_after_done_the_connection_serves_the_next_answer() -> None:
    async def work() -> None:
        async with serving(OK) as (server, client):
            for _ in range(5):
                assert await outcome(ask(client)) == ("Hello", None)
            assert server.connections == 1

    run(work())


def test_a_connection_on_which_more_came_after_an_error_is_not_used_again() -> None:
    async def work() -> None:
        late = (head(), HEL, framed(event({"error": {"code": 502}})), framed(said("old")), LAST)
        async with serving(late, OK) as (_, client):
            assert type((await outcome(ask(client)))[1]) is ProviderError
            assert await outcome(ask(client)) == ("Hello", None)

    run(work())


# --- connecting


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def connection_error(base_url: str) -> OpenRouterError:
    async def work() -> Any:
        async with AsyncOpenRouter(KEY, base_url=base_url, retry=QUICK) as client:
            one = ask(client)
            got, error = await outcome(one)
            assert got == ""
            assert not busy(client)
            return error, one.response

    error, response = run(work())
    assert type(error) is APIConnectionError
    assert error.__context__ is None
    assert KEY[:20] not in shown(response, error, "")
    return error


@pytest.mark.usefixtures("no_proxy")
def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_key_is_sent() -> None:
    async def work() -> None:
        heard = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.read())
            writer.close()

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(Path(__file__).with_name("faults.pem"))
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the server's side of the refusal
        port = server.sockets[0].getsockname()[1]
        async with AsyncOpenRouter(KEY, base_url=f"https://127.0.0.1:{port}/v1", retry=QUICK) as client:
            one = ask(client)
            got, error = await outcome(one)
            assert type(error) is APIConnectionError
            assert "CERTIFICATE_VERIFY_FAILED" in str(error)
            assert KEY[:20] not in shown(one.response, error, "")
        server.close()
        await server.wait_closed()
        await asyncio.sleep(PAUSE)
        assert (got, b"".join(heard)) == ("", b"")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # asyncio's own transport of the refused side
        asyncio.run(asyncio.wait_for(work(), BOUND))


@pytest.mark.usefixtures("no_proxy")
@pytest.mark.parametrize("script", [("deaf", b"HTTP/1.1 400 Bad Request\r\n\r\n", FIN), ("deaf", FIN)])
def test_a_port_that_does_not_speak_tls_is_a_connection_error(script: Script) -> None:
    async def work() -> Any:
        async with FaultServer(script) as server:
            base_url = f"https://127.0.0.1:{server.port}/v1"
            async with AsyncOpenRouter(KEY, base_url=base_url, retry=QUICK) as client:
                one = ask(client)
                return *await outcome(one), one.response

    got, error, response = run(work())
    assert type(error) is APIConnectionError
    assert got == ""
    assert KEY[:20] not in shown(response, error, "")


def test_a_refused_connection_is_tried_again_and_served_when_the_server_is_up() -> None:
    async def work() -> None:
        server = FaultServer(OK)  # bound, and not listening yet
        retried = []

        def started(attempt: Attempt) -> None:
            retried.append(attempt)
            if len(retried) == 2:
                server.listen()

        async with AsyncOpenRouter(KEY, base_url=server.base_url, retry=QUICK) as client:
            one = ask(client, on_retry=started)
            assert await outcome(one) == ("Hello", None)
        assert [attempt.status for attempt in retried] == [None, None]
        assert retried == one.response.attempts
        assert len(server.requests) == 1
        await server.__aexit__(None, None, None)

    run(work())


def test_a_refused_connection_three_times_is_a_connection_error() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        error = connection_error(f"http://127.0.0.1:{bound.getsockname()[1]}/v1")
    assert error.never_sent
    assert "127.0.0.1 was not reached" in str(error)


def test_a_name_that_does_not_exist_is_a_connection_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert "was not reached" in str(connection_error("https://nowhere.invalid/v1"))


# --- stops and cancellations, in every phase


@contextlib.contextmanager
def unanswering() -> Iterator[str]:
    """The base URL of a socket whose queue is full: a connection to it is neither made nor refused."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(8):
            filling = stack.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


COMMENT = framed(b": OPENROUTER PROCESSING\n\n")
PHASES: dict[str, tuple[Script, Callable[[FaultServer, Stream], Any], str]] = {
    "waiting for headers": ((STALL,), lambda server, one: server.requests, ""),
    "headers drip": (
        (b"HTTP/1.1 200 OK\r\n", Again(b"x", 0.01)),
        lambda server, one: server.requests,
        "",
    ),
    "after the headers": ((head(), STALL), lambda server, one: one._blocks is not None, ""),
    "in the body of an error": (
        (head("500 X", kind="application/json"), framed(b"{"), STALL),
        lambda server, one: one._connection is not None,
        "",
    ),
    "in a whole answer": (
        (head(kind="application/json"), framed(b"{"), STALL),
        lambda server, one: one._blocks is not None,
        "",
    ),
    "comments only": ((head(), Again(COMMENT)), lambda server, one: one.comments, ""),
    "streaming": (
        (head(), HEL, Again(framed(said("x")), 0.01)),
        lambda server, one: "xx" in one.response.text,
        "Hel",
    ),
    "flooded": (
        (head(), HEL, Again(framed(said("x")) * 50, 0.0)),
        lambda server, one: "xx" in one.response.text,
        "Hel",
    ),
    "stalled": ((head(), HEL, STALL), lambda server, one: one.response.text, "Hel"),
    "half an event": (
        (head(), HEL, framed(b"data: {"), STALL),
        lambda server, one: one.response.text,
        "Hel",
    ),
    "after the finish reason": (
        (head(), HEL, framed(STOP), STALL),
        lambda server, one: one.response.finish_reason,
        "Hel",
    ),
    "in the wait for a retry": (
        fails(429, "Retry-After: 50"),
        lambda server, one: one.response.retry_at,
        "",
    ),
}


async def until(true: Callable[[], Any]) -> None:
    while not true():
        await asyncio.sleep(0.002)


HOWS = ["stop", "stop twice", "stop from a thread", "cancel"]
if sys.version_info >= (3, 11):  # before, a task does not know whether more than one has cancelled it
    HOWS.append("cancel and stop")


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("phase", PHASES)
def test_a_stop_closes_the_socket_at_once_in_every_phase(phase: str, how: str) -> None:
    script, reached, text = PHASES[phase]

    async def work() -> None:
        async with serving(script) as (server, client):
            one = ask(client)
            reading = asyncio.ensure_future(one.run())
            await until(lambda: reached(server, one))
            assert not reading.done()
            if how.startswith("cancel"):
                reading.cancel()
            if how in ("stop", "stop twice", "cancel and stop"):
                one.stop()
            if how == "stop twice":
                one.stop()
            if how == "stop from a thread":
                thread = threading.Thread(target=one.stop)
                thread.start()
                thread.join()
            if how.startswith("cancel"):
                with pytest.raises(asyncio.CancelledError):
                    await reading
            else:
                assert await reading is one.response
            if not phase.startswith("in the wait"):
                await server.emptied()  # the server sees the end while the client is still open
            assert not busy(client)
            response = one.response
            assert (response.state, response.error) == ("stopped", None)
            assert response.text.startswith(text)
            assert response.retry_at is None
            one.stop()
            assert await outcome(one) == ("", None)

    run(work())


@pytest.mark.parametrize("how", ["stop", "cancel"])
def test_a_stop_while_connecting_ends_the_wait(how: str) -> None:
    async def work() -> None:
        with unanswering() as base_url:
            async with AsyncOpenRouter(KEY, base_url=base_url, retry=QUICK) as client:
                one = ask(client)
                reading = asyncio.ensure_future(one.run())
                await asyncio.sleep(PAUSE)
                assert not reading.done()
                one.stop() if how == "stop" else reading.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await reading
                assert one.response.state == "stopped"
                assert not busy(client)

    run(work())


def test_a_connection_that_is_never_made_is_a_time_out() -> None:
    async def work() -> None:
        with unanswering() as base_url:
            async with AsyncOpenRouter(
                KEY, base_url=base_url, connect_timeout=SOON, retry=RetryPolicy(max_retries=0)
            ) as client:
                one = ask(client)
                _, error = await outcome(one)
                assert "was not connected within 0.15 s" in str(error)
                assert KEY[:20] not in shown(one.response, error, "")

    run(work())


def test_a_stop_before_the_start_sends_nothing() -> None:
    async def work() -> None:
        async with serving(OK) as (server, client):
            one = ask(client)
            one.stop()
            assert await outcome(one) == ("", None)
            assert (one.response.state, server.connections) == ("stopped", 0)

    run(work())


def test_a_stop_in_on_retry_ends_the_wait_that_follows() -> None:
    async def work() -> None:
        async with serving(fails(429, "Retry-After: 50"), OK) as (server, client):
            one = ask(client, on_retry=lambda attempt: one.stop())
            assert await outcome(one) == ("", None)
            assert (one.response.state, len(server.requests)) == ("stopped", 1)

    run(work())


def test_a_stop_while_a_failed_attempt_is_being_closed_is_not_forgotten() -> None:
    async def work() -> None:
        class Closing(Blocks):
            status = 503

            async def aclose(self) -> None:
                one.stop()
                await asyncio.sleep(0)

        plan = Plan("/", [("a/b", b"")], retry=QUICK)
        one = Stream(Closing(b"{}"), plan, Response("a/b"))
        assert await outcome(one) == ("", None)
        assert (one.response.state, len(one.response.attempts)) == ("stopped", 1)

    run(work())


def test_a_fault_in_on_retry_reaches_the_caller_without_the_request_and_closes_everything() -> None:
    async def work() -> Any:
        async with serving((head("503 X"), STALL), OK) as (server, client):

            def fault(attempt: Attempt) -> None:
                raise LookupError("mine")

            one = ask(client, on_retry=fault)
            with pytest.raises(LookupError, match="mine") as caught:
                await one.run()
            await server.emptied()
            assert one.response.state == "failed"
            return one.response, caught.value

    response, error = run(work())
    assert KEY[:20] not in shown(response, error, "")


def test_a_stop_between_deltas_ends_the_iteration_and_keeps_what_had_come() -> None:
    async def work() -> None:
        async with serving((head(), framed(said("a") + said("b") + said("c")), STALL)) as (server, client):
            one, got = ask(client), []
            async for delta in one:
                got.append(delta.text)
                one.stop()
            assert got == ["a"]
            assert (one.response.text, one.response.state) == ("abc", "stopped")
            await server.emptied()

    run(work())


def test_leaving_the_block_early_closes_the_socket() -> None:
    async def work() -> None:
        async with serving((head(), HEL, STALL)) as (server, client):
            async with ask(client) as one:
                async for _ in one:
                    break
            await server.emptied()
            assert (one.response.state, one.response.text) == ("stopped", "Hel")

    run(work())


def test_an_exception_of_the_reader_closes_the_socket() -> None:
    async def work() -> None:
        async with serving((head(), HEL, STALL)) as (server, client):

            async def fail() -> None:
                async with ask(client) as one:
                    async for _ in one:
                        raise LookupError

            with pytest.raises(LookupError):
                await fail()
            await server.emptied()

    run(work())


def test_a_stream_that_is_dropped_unread_closes_its_socket() -> None:
    async def work() -> None:
        async with serving((head(), HEL, STALL)) as (server, client):
            async for _ in ask(client):
                break
            gc.collect()
            await server.emptied()

    run(work())


def test_closing_the_client_ends_its_streams_as_connection_errors() -> None:
    async def work() -> None:
        async with serving((head(), HEL, STALL)) as (server, client):
            one = ask(client)
            reading = asyncio.ensure_future(outcome(one))
            await until(lambda: one.response.text)
            await client.aclose()
            got, error = await reading
            assert (got, type(error)) == ("Hel", CutError)
            await server.emptied()

    run(work())


def test_a_stop_in_a_timeout_block_stays_a_stop_and_the_block_still_works() -> None:
    async def work() -> None:
        async with serving((head(), HEL, STALL)) as (_, client):
            one = ask(client)

            async def stop_soon() -> None:
                await until(lambda: one.response.text)
                one.stop()

            stopping = asyncio.ensure_future(stop_soon())
            assert (await asyncio.wait_for(one.run(), 5)).state == "stopped"
            await stopping
            two = ask(client)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(two.run(), SOON)
            assert (two.response.state, two.response.text) == ("stopped", "Hel")

    run(work())


# --- several at once


def test_two_streams_at_once_do_not_disturb_each_other() -> None:
    async def work() -> None:
        slow = (head(), HEL, 0.05, framed(said("lo", "stop")), framed(DONE), LAST)
        async with serving(slow, (head(), HEL, STALL)) as (_, client):
            good, bad = ask(client), ask(client)
            reading = asyncio.ensure_future(outcome(good))
            await until(lambda: good.response.text)
            stopped = asyncio.ensure_future(outcome(bad))
            await until(lambda: bad.response.text)
            bad.stop()
            assert await stopped == ("Hel", None)
            assert await reading == ("Hello", None)

    run(work())


def test_500_streams_at_once_are_all_right() -> None:
    async def work() -> None:
        async with serving((head(), HEL, 0.05, framed(said("lo", "stop")), framed(DONE), LAST)) as (
            server,
            client,
        ):
            streams = [ask(client, keep_text=False) for _ in range(500)]
            results = await asyncio.gather(*(outcome(one) for one in streams))
            assert results == [("Hello", None)] * 500
            assert server.connections == 500
            assert len(client._transport._pool.connections) <= 20

    run(work())


def test_faulty_answers_leave_no_descriptor_behind() -> None:
    descriptors = "/proc/self/fd"
    if not os.path.isdir(descriptors):
        return  # there, the tasks and the server's side are checked all the same
    scripts = [OK, failing({"code": 502}, said("Hel")), fails(400), (head(), HEL, FIN), (head()[:30], FIN)]

    async def work() -> tuple[int, int]:
        async with serving(*(scripts * 12), OK) as (_, client):
            await outcome(ask(client))
            before = len(os.listdir(descriptors))
            for _ in range(50):
                await outcome(ask(client))
            await asyncio.sleep(PAUSE)
            return before, len(os.listdir(descriptors))

    before, after = run(work())
    assert after <= before + 2


# --- reading in other forms


def relayed(*scripts: Script, **options: Any) -> tuple[list[str], Response]:
    async def work() -> Any:
        async with serving(*scripts) as (_, client):
            one = ask(client, **options)
            return [line async for line in one.events()], one.response

    return run(work())


def data_of(line: str) -> Any:
    """What a browser makes of one relayed event."""
    assert line.endswith("\n\n")
    rows = line[:-2].split("\n")
    assert all(row.startswith("data: ") for row in rows), line
    return json.loads("\n".join(row[6:] for row in rows))


def test_events_are_passed_on_as_they_came() -> None:
    lines, response = relayed(OK)
    assert "".join(lines).encode() == b"".join(HELLO)
    assert response.state == "done"


def test_events_of_several_lines_stay_one_event() -> None:
    body = b'data: {"choices":\ndata: [{"delta":{"content":"Hello"}}]}\n\n' + DONE
    lines, _ = relayed(stream(body))
    assert data_of(lines[0])["choices"][0]["delta"]["content"] == "Hello"
    assert lines[1:] == ["data: [DONE]\n\n"]


def test_events_of_a_whole_answer_are_one_event_even_when_it_was_pretty_printed() -> None:
    pretty = json.dumps({"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}, indent=1)
    lines, response = relayed(answer("200 OK", pretty.replace("\n", "\r\n").encode()))
    assert data_of(lines[0])["choices"][0]["message"]["content"] == "Hello"
    assert response.text == "Hello"


def test_events_of_an_attempt_that_was_made_again_are_not_passed_on() -> None:
    lines, response = relayed(failing({"code": 502, "message": "Sorry"}), OK)
    assert "".join(lines).encode() == b"".join(HELLO)
    assert len(response.attempts) == 1


def test_events_of_tool_calls_come_while_they_stream() -> None:
    piece = event({"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"name": "f"}}]}}]})

    async def work() -> None:
        async with serving((head(), framed(piece), STALL)) as (server, client):
            events = ask(client).events()
            assert (await events.__anext__()).encode() == piece
            await events.aclose()
            await server.emptied()

    run(work())


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        (failing({"code": 429, "message": "Sorry"}, said("Hel")), 429, "Sorry"),
        (fails(400), 400, "Sorry"),
        (stream(said("Hel")), 502, "cut off"),
        ((head(), HEL, FIN), 502, "broke in the middle"),
        ((FIN,), 502, "without an answer"),
        (stream(STOP, DONE), 502, "empty"),
    ],
)
def test_events_of_a_failure_end_with_one_error_in_the_service_own_form(
    script: Script, code: int, words: str
) -> None:
    lines, response = relayed(script, retry=RetryPolicy(max_retries=0))
    errors = [data_of(line) for line in lines if '"error":' in line]
    assert len(errors) == 1
    assert data_of(lines[-1]) == errors[0]
    assert errors[0]["error"]["code"] == code
    assert words in errors[0]["error"]["message"]
    assert [choice["finish_reason"] for choice in errors[0]["choices"]] == ["error"]
    assert response.error is not None
    assert KEY[:20] not in "".join(lines)


def test_events_without_what_was_malformed() -> None:
    lines, response = relayed(stream(said("Hel"), event("{"), said("lo", "stop"), DONE))
    assert "".join(lines).encode() == said("Hel") + said("lo", "stop") + DONE
    assert response.skipped == 1


def test_text_deltas_are_the_text_alone() -> None:
    async def work() -> list[str]:
        thinking = event({"choices": [{"delta": {"reasoning": "hm"}}]})
        async with serving(stream(thinking, *HELLO)) as (_, client):
            return [text async for text in ask(client).text_deltas()]

    assert run(work()) == ["Hel", "lo"]


def test_text_deltas_raise_the_error_after_the_text() -> None:
    async def work() -> list[str]:
        got: list[str] = []
        async with serving(failing({"code": 429, "message": "Sorry"}, said("Hel"))) as (_, client):

            async def read() -> None:
                async for text in ask(client).text_deltas():
                    got.append(text)

            with pytest.raises(RateLimitError):
                await read()
        return got

    assert run(work()) == ["Hel"]


def test_text_deltas_left_early_close_the_socket() -> None:
    async def work() -> None:
        async with serving((head(), HEL, STALL)) as (server, client):
            texts = ask(client).text_deltas()
            assert await texts.__anext__() == "Hel"
            await texts.aclose()
            await server.emptied()

    run(work())
