"""Runs the user's own code for an answer: on the thread of the cell that waits for it, or on one of its own.

Never on the I/O thread: a validator that takes its time would stop every other answer, and no Stop would be heard.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
_SLICE_SECONDS = 0.02


class Ending(Protocol):
    """What can be waited for, such as a ``background.Job``."""

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it has ended within so many seconds."""


class UsersCode:
    """The user's code of one answer.

    Args:
        waits: Whether a thread waits for the answer, and calls ``serve``.
    """

    def __init__(self, *, waits: bool) -> None:
        self._waits = waits
        self._due: deque[Callable[[], None]] = deque()

    async def run(self, work: Callable[[], T]) -> T:
        """What ``work`` returns or raises; to be awaited on the I/O loop, and it may be cancelled."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[T] = loop.create_future()

        def settle(result: Any, error: Exception | None) -> None:
            if ended.done():
                return
            if error is not None:
                ended.set_exception(error)
            else:
                ended.set_result(result)

        def tell(function: Callable[..., object], *arguments: object) -> None:
            with suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(function, *arguments)

        def begin() -> None:
            if ended.cancelled():
                return
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                tell(settle, None, error)
            except BaseException:
                tell(ended.cancel)
                raise
            else:
                tell(settle, result, None)

        if self._waits:
            self._due.append(begin)
        else:
            threading.Thread(target=begin, name="jupyter_openrouter user's code", daemon=True).start()
        return await ended

    def serve(self, job: Ending, wait: Callable[[Ending], None]) -> None:
        """Waits for a job with ``wait``, and runs meanwhile what is due, on this thread.

        Raises:
            BaseException: what is no ``Exception`` and was raised by that code, such as KeyboardInterrupt.
        """
        while True:
            wait(_Until(job, self._due))
            if not self._due:
                return
            self._due.popleft()()


class _Until:
    """Ends with the job, or when something is due."""

    def __init__(self, job: Ending, due: deque[Callable[[], None]]) -> None:
        self._job, self._due = job, due

    def wait(self, timeout: float | None = None) -> bool:
        waited = 0.0
        while not self._due:
            left = _SLICE_SECONDS if timeout is None else min(_SLICE_SECONDS, timeout - waited)
            if left <= 0:
                return False
            if self._job.wait(left):
                return True
            waited += left
        return True
