"""A response that runs on: whoever waits for it, on whatever loop or thread, hears of its end once."""

from __future__ import annotations

import asyncio
import pickle
import threading

import pytest

from jupyter_openrouter.background import background
from jupyter_openrouter.errors import RateLimitError
from jupyter_openrouter.running import Run, RunningResponse


def running() -> tuple[RunningResponse, Run]:
    """A response whose run has not ended."""
    response, run = RunningResponse("a/b"), Run()
    response._run, run.response = run, response
    return response, run


def ended(response: RunningResponse, run: Run, error: Exception | None = None) -> None:
    response.state, run.error = ("done" if error is None else "failed"), error
    run.end()


def test_several_who_await_it_get_the_answer_when_it_ends_on_another_thread() -> None:
    response, run = running()

    async def use() -> list[object]:
        async def one() -> object:
            return await response

        waiting = [asyncio.ensure_future(one()) for _ in range(3)]
        while len(run._waiting) < 3:
            await asyncio.sleep(0)
        threading.Thread(target=ended, args=(response, run)).start()
        return await asyncio.wait_for(asyncio.gather(*waiting), 30)

    assert all(found is response for found in asyncio.run(use()))


def test_awaited_after_its_end_it_is_there_at_once() -> None:
    response, run = running()
    ended(response, run)

    async def use() -> object:
        return await response

    assert asyncio.run(use()) is response


def test_the_second_answer_is_what_is_awaited_where_the_first_had_another_form() -> None:
    first, run = running()
    second = RunningResponse("a/b")
    run.response = second
    ended(second, run)

    async def use() -> object:
        return await first

    assert asyncio.run(use()) is second
    assert first.wait() is second


def test_the_error_that_ended_it_is_raised_where_it_is_awaited_and_where_it_is_waited_for() -> None:
    response, run = running()
    ended(response, run, RateLimitError("Too many."))

    async def use() -> object:
        return await response

    with pytest.raises(RateLimitError, match="Too many"):
        asyncio.run(use())
    with pytest.raises(RateLimitError, match="Too many"):
        response.wait()


def test_who_leaves_before_the_end_holds_up_nobody() -> None:
    response, run = running()

    async def use() -> None:
        async def one() -> object:
            return await response

        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(one(), 0.01)

    asyncio.run(use())  # its loop is closed when the run ends
    told: list[str] = []
    run.when_ended(lambda: told.append("told"))
    ended(response, run)
    assert told == ["told"]
    run.when_ended(lambda: told.append("late"))
    assert told == ["told", "late"]


def test_stop_and_wait_reach_its_job() -> None:
    response, run = running()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended(response, run)

    run.job = background().submit(work())
    response.stop()
    assert response.wait() is response
    assert run.job.done


def test_without_a_run_it_is_a_response_like_any_other() -> None:
    response = RunningResponse("a/b")
    response.stop()
    assert response.wait() is response

    async def use() -> object:
        return await response

    assert asyncio.run(use()) is response


def test_it_is_pickled_without_its_run_and_a_failed_attempt_keeps_it() -> None:
    response, run = running()
    response.restart("c/d")
    assert response._run is run
    again = pickle.loads(pickle.dumps(response))
    assert again._run is None
    assert again.requested_model == "c/d"
