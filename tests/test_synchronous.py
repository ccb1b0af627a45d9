"""The synchronous client: the same answers, from cells, scripts and threads, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from jupyter_openrouter import background, demo_base_url
from jupyter_openrouter.errors import CutError, OpenRouterError, RateLimitError
from jupyter_openrouter.retry import Attempt, RetryPolicy
from jupyter_openrouter.synchronous import OpenRouter

FAST = {"extra": {"demo": {"rate": 0, "first_token_delay": 0}}}


@pytest.fixture
def client() -> Iterator[OpenRouter]:
    with OpenRouter(base_url=demo_base_url(), retry=RetryPolicy(max_retries=0)) as made:
        yield made
    background.stop()


def test_chat_returns_the_whole_response(client: OpenRouter) -> None:
    response = client.chat("hello", model="demo/echo", **FAST)
    assert (response.text, response.state, response.finish_reason) == ("hello", "done", "stop")


def test_a_stream_gives_its_deltas_in_order_and_the_response_at_any_moment(client: OpenRouter) -> None:
    text = ""
    with client.chat_stream("1000", model="demo/burst", **FAST) as stream:
        for delta in stream:
            text += delta.text
            assert stream.response.text.startswith(text[-20:], len(text) - len(text[-20:]))
    assert text == stream.response.text
    assert text.split() == [str(n) for n in range(1, 1001)]


def test_an_error_comes_after_the_last_delta_and_only_once(client: OpenRouter) -> None:
    stream = client.chat_stream("cut", model="demo/faulty", **FAST)
    pieces: list[str] = []
    with pytest.raises(CutError) as caught:
        pieces.extend(delta.text for delta in stream)
    assert "".join(pieces) == stream.response.text == caught.value.response.text != ""
    assert list(stream) == []


def test_stop_from_another_thread_ends_a_stalled_stream_and_keeps_its_text(client: OpenRouter) -> None:
    stream = client.chat_stream("stall", model="demo/faulty", **FAST)
    threading.Timer(0.2, stream.stop).start()
    text = "".join(stream.text_deltas())
    assert stream.response.state == "stopped"
    assert text == stream.response.text != ""


def test_leaving_early_stops_the_answer(client: OpenRouter) -> None:
    with client.chat_stream("100000", model="demo/burst", **FAST) as stream:
        for _ in stream:
            break
    assert stream.response.state == "stopped"


@pytest.mark.skipif(os.name != "posix", reason="sends itself a signal")
def test_an_interrupt_stops_the_answer_and_is_raised(client: OpenRouter) -> None:
    stream = client.chat_stream("stall", model="demo/faulty", **FAST)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        for _ in stream:
            pass
    assert stream.response.state == "stopped"
    assert stream.response.text


def test_several_threads_share_one_client(client: OpenRouter) -> None:
    got: dict[int, str] = {}

    def work(number: int) -> None:
        got[number] = client.chat(f"thread {number}", model="demo/echo", **FAST).text

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert got == {n: f"thread {n}" for n in range(8)}


def test_retries_are_told_on_the_callers_thread() -> None:
    told: list[tuple[Attempt, threading.Thread]] = []
    policy = RetryPolicy(max_retries=1, jitter=lambda: 1.0)
    with OpenRouter(base_url=demo_base_url(), retry=policy) as client, pytest.raises(RateLimitError):
        client.chat(
            "429",
            model="demo/faulty",
            on_retry=lambda a: told.append((a, threading.current_thread())),
            **FAST,
        )
    background.stop()
    assert [(attempt.status, thread) for attempt, thread in told] == [(429, threading.current_thread())]


def test_many_questions_come_back_with_their_index_and_one_failure_does_not_end_the_rest(
    client: OpenRouter,
) -> None:
    questions = ["a", "b", [{"role": "user", "content": "c"}], "d"]
    answers = dict(client.chat_many(questions, model="demo/echo", concurrency=2, **FAST))
    assert {index: response.text for index, response in answers.items()} == {0: "a", 1: "b", 2: "c", 3: "d"}
    words = ["cut", "mid-error", "no-done"]
    failed = dict(client.chat_many(words, model="demo/faulty", **FAST))
    assert [failed[n].state for n in range(3)] == ["cut", "failed", "done"]
    assert isinstance(failed[0].error, OpenRouterError)


def test_leaving_many_early_stops_what_still_runs(client: OpenRouter) -> None:
    for _ in client.chat_many(["no-done", "stall", "stall"], model="demo/faulty", **FAST):
        break
    assert client.chat("still works", model="demo/echo", **FAST).text == "still works"


def test_a_stopped_answer_is_settled_from_the_generation_lookup(client: OpenRouter) -> None:
    with client.chat_stream("x", model="demo/slow", extra={"demo": {"rate": 200}}) as stream:
        for _ in stream:
            if len(stream.response.text) > 40:
                break
    response = stream.response
    assert response.usage is None
    client.settle(response)
    assert response.usage is not None
    assert response.usage.completion_tokens > 0
    assert response.cost > 0
    assert response.state == "stopped"


def test_a_closed_client_can_be_used_again_and_closing_twice_is_nothing(client: OpenRouter) -> None:
    client.close()
    client.close()
    assert client.chat("again", model="demo/echo", **FAST).text == "again"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_is_noticed(client: OpenRouter) -> None:
    client.chat("before", model="demo/echo", **FAST)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            # The demo server is the parent's, and answers the child as well.
            code = 0 if client.chat("child", model="demo/echo", **FAST).text == "child" else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert client.chat("after", model="demo/echo", **FAST).text == "after"


def test_a_script_that_closes_nothing_ends_by_itself_and_says_nothing() -> None:
    code = (
        "from jupyter_openrouter import OpenRouter, demo_base_url\n"
        "client = OpenRouter(base_url=demo_base_url())\n"
        "stream = client.chat_stream('stall', model='demo/faulty')\n"
        "print(len(next(stream).text) > 0)\n"
    )
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", ""), time.monotonic() - start


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="counts descriptors by /proc")
def test_a_hundred_calls_and_forty_faulty_ones_leave_no_descriptor_thread_or_task(client: OpenRouter) -> None:
    def left() -> tuple[int, int, int]:
        here = background.background()
        for _ in range(100):
            here.call(lambda: None)
        tasks = here.call(lambda: len(asyncio.all_tasks()))
        return len(os.listdir("/proc/self/fd")), threading.active_count(), tasks

    def calls(good: int, faulty: int) -> None:
        for _ in range(good):
            client.chat("hello", model="demo/echo", **FAST)
        for number in range(faulty):
            with pytest.raises(OpenRouterError):
                client.chat(("cut", "reset", "mid-error", "429")[number % 4], model="demo/faulty", **FAST)

    def held() -> int:
        gc.collect()  # in a process that holds much else, Python collects cycles late
        return tracemalloc.get_traced_memory()[0]

    calls(4, 4)
    before = left()
    tracemalloc.start()
    calls(10, 4)
    base = held()
    calls(100, 40)
    grown = held() - base
    tracemalloc.stop()
    assert all(now <= then for now, then in zip(left(), before, strict=True)), (before, left())
    # The demo server remembers generations for a while; that is its own, and bounded.
    assert grown < 1_000_000
