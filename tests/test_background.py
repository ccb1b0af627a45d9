"""The I/O thread: jobs, cancelling, interrupts, forks, and that nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator

import pytest

from jupyter_openrouter import background as module
from jupyter_openrouter.answering import Question, answer
from jupyter_openrouter.background import background
from jupyter_openrouter.clients import client_for
from jupyter_openrouter.response import Response


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    module.stop()


def test_a_job_gives_its_result_and_raises_its_error() -> None:
    async def work(fail: bool) -> int:
        await asyncio.sleep(0)
        if fail:
            raise LookupError("x")
        return 7

    assert background().submit(work(False)).result() == 7
    with pytest.raises(LookupError):
        background().submit(work(True)).result()


def test_a_job_cancelled_at_once_still_runs_its_finally() -> None:
    ended = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    for _ in range(20):
        ended.clear()
        job = background().submit(work())
        job.cancel()
        job.cancel()
        assert job.wait(2)
        assert ended.is_set()


@pytest.mark.skipif(os.name != "posix", reason="sends itself a signal")
def test_an_interrupt_reaches_who_waits_and_cancels_the_job() -> None:
    ended = threading.Event()

    async def work() -> None:
        # Raised on the I/O thread: the main thread waits, and the system does not wake it for this signal.
        asyncio.get_running_loop().call_later(0.05, signal.raise_signal, signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    with pytest.raises(KeyboardInterrupt):
        background().submit(work()).result()
    assert ended.is_set()


def test_stop_cancels_what_runs_closes_what_is_open_and_ends_the_thread() -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def close() -> None:
        seen.append("closed")

    here = background()
    here.at_stop(close)
    here.submit(work())
    here.call(lambda: None)
    module.stop()
    assert seen == ["cancelled", "closed"]
    assert not here.thread.is_alive()
    assert here.loop.is_closed()
    assert background() is not here


def test_calls_run_in_order_on_the_thread() -> None:
    seen: list[int] = []
    for number in range(50):
        background().post(seen.append, number)
    assert background().call(lambda: threading.current_thread()) is background().thread
    assert seen == list(range(50))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_starts_a_thread_of_its_own() -> None:
    background().call(lambda: None)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            assert module.running() is None
            assert background().call(lambda: 3) == 3
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_what_is_made_on_an_io_thread_that_was_replaced_stays_with_its_own_loop() -> None:
    async def work() -> tuple[bool, str]:
        here = background()
        module._current = None  # as when another thread stops it in this very moment, and starts a new one
        other = await asyncio.get_running_loop().run_in_executor(None, background)
        url = await client_for("demo/echo", None)
        return background() is here is not other, url.host

    old = background()
    assert old.submit(work()).result() == (True, "127.0.0.1")
    response = Response("demo/echo")
    job = background().submit(answer(Question("x", "demo/echo"), response, None))
    assert job.wait(10), "the demo server was started on the loop of another thread"
    assert response.text == "x"
    old.stop()


def test_a_job_that_came_too_late_to_begin_is_not_waited_for_for_ever() -> None:
    here = background()
    job: module.Job[None] = module.Job(here.loop)
    here._jobs.add(job)  # as `submit` does; its turn on the loop never comes
    here.stop()
    assert job.wait(5)
    with pytest.raises(asyncio.CancelledError):
        job.result()


def test_what_a_task_opens_in_its_last_moments_is_closed_too() -> None:
    here, closed = background(), threading.Event()

    async def close() -> None:
        closed.set()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            here.at_stop(close)

    async def begin() -> asyncio.Task[None]:
        task = asyncio.ensure_future(work())  # no job: as the start of the demo server
        await asyncio.sleep(0)
        return task

    task = here.submit(begin()).result()
    here.stop()
    assert task.cancelled()
    assert closed.is_set()
