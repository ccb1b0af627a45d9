"""Many questions at once: how many run at the same time, how many begin in a minute, and what one failure does."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest
from faults import OK, FaultServer, answer

from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.demo import DemoServer
from jupyter_openrouter.demo.server import Completions
from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.response import Response
from jupyter_openrouter.retry import RetryPolicy
from jupyter_openrouter.synchronous import OpenRouter

FAST = {"demo": {"rate": 0, "first_token_delay": 0}}
LOCAL = "http://127.0.0.1:9/api/v1"


def served(work: Any) -> Any:
    async def run() -> Any:
        server = DemoServer()
        await server.start()
        try:
            never = RetryPolicy(max_retries=0)
            async with AsyncOpenRouter(base_url=server.base_url, retry=never) as client:
                return await asyncio.wait_for(work(client), 30)
        finally:
            await server.stop()

    return asyncio.run(run())


def test_requests_reach_the_server_no_sooner_than_the_minute_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    arrived: list[float] = []
    prepare = Completions.prepare

    def note(self: Completions) -> None:
        arrived.append(asyncio.get_running_loop().time())
        prepare(self)

    monkeypatch.setattr(Completions, "prepare", note)

    async def work(client: AsyncOpenRouter) -> Any:
        begin = asyncio.get_running_loop().time()
        words = [f"question {number}" for number in range(6)]
        many = client.chat_many(words, model="demo/echo", per_minute=1200, extra=FAST)
        return begin, words, {index: response.text async for index, response in many}

    begin, words, texts = served(work)
    assert texts == dict(enumerate(words))
    # A slow machine makes them later, and never sooner.
    pace = 60 / 1200
    assert len(arrived) == 6
    assert all(at >= begin + number * pace - 0.001 for number, at in enumerate(sorted(arrived)))


def test_tries_that_are_made_again_and_other_models_count_towards_the_minute() -> None:
    arrived: list[float] = []

    class Noting(FaultServer):
        async def _play(self, sock: socket.socket, step: Any) -> bool:
            arrived.append(asyncio.get_running_loop().time())
            return await super()._play(sock, step)

    async def work() -> Any:
        busy = (b"HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n",)
        quick = RetryPolicy(max_retries=1, jitter=lambda: 3.99)  # waits of a few milliseconds
        async with (
            Noting(busy, busy, busy, busy, (b"".join(OK),)) as server,  # type: ignore[arg-type]
            AsyncOpenRouter(base_url=server.base_url, retry=quick) as client,
        ):
            begin = asyncio.get_running_loop().time()
            many = client.chat_many(["hi"] * 2, model="a/b", fallback=["c/d"], per_minute=1200)
            return begin, [response async for _, response in many]

    begin, responses = asyncio.run(asyncio.wait_for(work(), 30))
    assert [(one.text, len(one.attempts), one.retry_at) for one in responses] == [("Hello", 2, None)] * 2
    assert len(arrived) == 6
    assert all(at >= begin + number * 60 / 1200 - 0.001 for number, at in enumerate(sorted(arrived)))


@pytest.mark.parametrize("first", [0.0, 300.0])
def test_no_minute_begins_more_than_its_share_also_after_a_long_answer(
    first: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one long answer at first, the others must not make up for it in a burst."""
    now, begun = 1000.0, list[float]()

    class Asked:
        def __init__(self) -> None:
            self.response = Response()

        async def run(self) -> Response:
            nonlocal now
            begun.append(now)
            now += first if len(begun) == 1 else 0.0
            return self.response

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    async def run() -> None:
        async with AsyncOpenRouter(base_url=LOCAL) as client:
            monkeypatch.setattr(client, "chat_stream", lambda *_, **__: Asked())
            monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
            monkeypatch.setattr(asyncio, "sleep", sleep)
            async for _ in client.chat_many(["x"] * 100, model="m", concurrency=1, per_minute=30):
                pass
            monkeypatch.undo()

    asyncio.run(run())
    assert len(begun) == 100
    assert max(sum(at <= other < at + 59.99 for other in begun) for at in begun) == 30


def test_no_more_run_at_once_than_is_allowed() -> None:
    running = most = 0

    class Asked:
        def __init__(self) -> None:
            self.response = Response()

        async def run(self) -> Response:
            nonlocal running, most
            running += 1
            most = max(most, running)
            for _ in range(5):
                await asyncio.sleep(0)
            running -= 1
            return self.response

    async def run() -> int:
        async with AsyncOpenRouter(base_url=LOCAL) as client:
            client.chat_stream = lambda *_, **__: Asked()  # type: ignore[method-assign]
            return len([one async for one in client.chat_many(["x"] * 20, model="m", concurrency=3)])

    assert asyncio.run(run()) == 20
    assert most == 3


def test_one_failure_does_not_end_the_rest_at_a_pace_either() -> None:
    async def work(client: AsyncOpenRouter) -> Any:
        words = ["cut", "no-done", "mid-error"]
        many = client.chat_many(words, model="demo/faulty", per_minute=6000, extra=FAST)
        return {index: response async for index, response in many}

    found = served(work)
    assert [found[number].state for number in range(3)] == ["cut", "done", "failed"]
    assert [type(found[number].error).__name__ for number in range(3)] == [
        "CutError",
        "NoneType",
        "ProviderError",
    ]


def test_a_fault_of_the_caller_is_raised_and_waits_for_nobody() -> None:
    def told(_: Any) -> None:
        raise ZeroDivisionError("in on_retry")

    async def run() -> None:
        async with FaultServer(answer("503 Busy", {"error": {"message": "later"}})) as server:
            async with AsyncOpenRouter(base_url=server.base_url) as client:
                many = client.chat_many(["a", "b"], model="m", on_retry=told)
                with pytest.raises(ZeroDivisionError, match="in on_retry"):
                    await asyncio.wait_for(anext(many), 30)
            await server.emptied()

    asyncio.run(run())


def test_synchronous_code_hears_of_tries_on_its_own_thread_and_a_fault_there_stops_the_rest() -> None:
    async def served(work: Any) -> Any:
        busy, ready = answer("503 Busy", {"error": {"message": "later"}}), asyncio.get_running_loop()
        async with FaultServer(busy, busy, OK) as server:
            found = await ready.run_in_executor(None, work, server.base_url)
            await server.emptied()
            return found

    def work(base_url: str) -> Any:
        heard: list[str] = []
        with OpenRouter(base_url=base_url, retry=RetryPolicy(jitter=lambda: 3.99)) as client:
            options: Any = {"on_retry": lambda _: heard.append(threading.current_thread().name)}
            many = client.chat_many(["a", "b"], model="m", concurrency=1, **options)
            found = sorted(index for index, response in many if response.state == "done")
        return found, heard, threading.current_thread().name

    found, heard, here = asyncio.run(served(work))
    assert found == [0, 1]
    assert heard == [here, here]

    def broken(base_url: str) -> str:
        def told(_: Any) -> None:
            raise ZeroDivisionError("mine")

        with OpenRouter(base_url=base_url) as client, pytest.raises(ZeroDivisionError, match="mine"):
            list(client.chat_many(["a", "b"], model="m", on_retry=told))
        return "ended"

    assert asyncio.run(served(broken)) == "ended"


@pytest.mark.parametrize(
    "limits", [{"concurrency": 0}, {"per_minute": 0}, {"per_minute": -1}, {"per_minute": float("nan")}]
)
def test_a_limit_that_would_let_nothing_begin_is_refused(limits: dict[str, Any]) -> None:
    async def run() -> None:
        async with AsyncOpenRouter(base_url=LOCAL) as client:
            with pytest.raises(InvalidRequestError, match=next(iter(limits))):
                await anext(client.chat_many(["x"], model="m", **limits))

    asyncio.run(run())


@pytest.mark.parametrize("questions", ["hello", b"hello", {"role": "user", "content": "hello"}])
def test_one_question_is_not_taken_for_many(questions: Any) -> None:
    async def run() -> None:
        async with AsyncOpenRouter(base_url=LOCAL) as client:
            with pytest.raises(InvalidRequestError, match="is one question, not many"):
                await anext(client.chat_many(questions, model="m"))

    asyncio.run(run())
