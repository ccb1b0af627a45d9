"""A response that runs on after its cell: it can be awaited, waited for and stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .response import Response

if TYPE_CHECKING:
    from .background import Job


class RunningResponse(Response):
    """What ``--background`` puts into the variable. ``await x`` gives the whole answer.

    It is a snapshot at any moment, as every response. Where the answer was asked for a second time, because it
    did not have the form of ``--schema``, awaiting gives the second one.
    """

    def __init__(self, requested_model: str = "", *, request_hash: str = "") -> None:
        kept = vars(self).get("_run")  # a failed attempt begins anew, and its job goes on
        super().__init__(requested_model, request_hash=request_hash)
        self._run: Run | None = kept

    def __await__(self) -> Generator[Any, None, Response]:
        return self._end().__await__()

    async def _end(self) -> Response:
        if self._run is None:
            return self
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        self._run.when_ended(lambda: loop.call_soon_threadsafe(ended.set))
        await ended.wait()
        return self._run.outcome()

    def wait(self) -> Response:
        """Waits for the whole answer; an interrupt ends the wait, and the answer goes on.

        Raises:
            OpenRouterError: as the answer ended; its ``response`` holds what had come.
        """
        if self._run is None:
            return self
        if self._run.job is not None:
            self._run.job.wait()
        return self._run.outcome()

    def stop(self) -> None:
        """Stops the answer at once; its text is kept."""
        if self._run is not None and self._run.job is not None:
            self._run.job.cancel()

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_run": None}


class Run:
    """The end of one cell's answer, for those who wait for it."""

    def __init__(self) -> None:
        self.job: Job[Any] | None = None
        self.response: Response | None = None
        self.error: Exception | None = None
        self._ended = False
        self._waiting: list[Callable[[], Any]] = []
        self._lock = threading.Lock()

    def when_ended(self, tell: Callable[[], Any]) -> None:
        """Calls ``tell`` once it has ended, from whatever thread, or at once."""
        with self._lock:
            if not self._ended:
                self._waiting.append(tell)
                return
        tell()

    def end(self) -> None:
        """It has ended: tells all who wait."""
        with self._lock:
            self._ended, waiting, self._waiting = True, self._waiting, []
        for tell in waiting:
            with suppress(RuntimeError):  # the loop that waited is closed
                tell()

    def outcome(self) -> Response:
        """The answer; raises the error that ended it."""
        if self.error is not None:
            raise self.error
        assert self.response is not None
        return self.response
