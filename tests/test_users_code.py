"""The user's code runs on the thread that waits, or on one of its own, and never on the I/O thread."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from jupyter_openrouter.background import background
from jupyter_openrouter.users_code import UsersCode


def where() -> str:
    return threading.current_thread().name


@pytest.mark.parametrize("waits", [True, False])
def test_it_runs_where_somebody_waits_and_else_on_a_thread_of_its_own(waits: bool) -> None:
    code = UsersCode(waits=waits)

    async def work() -> tuple[str, str]:
        return await code.run(where), await code.run(where)

    job = background().submit(work())
    if waits:
        code.serve(job, lambda one: (one.wait(), None)[1])
    names = job.result()
    assert set(names) == {where() if waits else "jupyter_openrouter user's code"}


def test_what_it_raises_is_raised_where_it_is_waited_for() -> None:
    async def work() -> Any:
        return await UsersCode(waits=False).run(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        background().submit(work()).result()


def test_an_interrupt_of_it_reaches_the_thread_that_waits_and_ends_the_wait() -> None:
    code = UsersCode(waits=True)

    def interrupted() -> None:
        raise KeyboardInterrupt

    job = background().submit(code.run(interrupted))
    with pytest.raises(KeyboardInterrupt):
        code.serve(job, lambda one: (one.wait(), None)[1])
    assert job.wait(30)


def test_a_cancelled_wait_ends_at_once_and_what_was_not_begun_is_not_run() -> None:
    code, ran = UsersCode(waits=True), []
    job = background().submit(code.run(lambda: ran.append(1)))
    while not code._due:
        job.wait(0.01)
    job.cancel()
    assert job.wait(30)
    code.serve(job, lambda one: (one.wait(), None)[1])
    assert not ran


def test_a_wait_with_a_limit_ends_then_though_nothing_is_due() -> None:
    code = UsersCode(waits=True)
    held = asyncio.Event()
    job = background().submit(held.wait())
    polled: list[bool] = []

    def wait(one: Any) -> None:
        polled.append(one.wait(0.03))
        background().post(held.set)
        polled.append(one.wait())

    code.serve(job, wait)
    assert polled == [False, True]
