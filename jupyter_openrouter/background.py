"""The one I/O thread and its event loop, and how synchronous callers wait on it without being deaf to an interrupt.

All network work of a process is on this loop, for the magic, the widgets and Python callers alike: cancelling
a task there is immediate, and closes its socket, which closing from another thread is not. The thread starts
when it is first needed. It ends with ``stop()``, at interpreter exit, and a forked child starts its own.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")

# A thread that waits on a lock is woken by a signal only where the system hands it to that very thread: usually
# on Linux, at times on macOS, never on Windows. Between two waits Python always sees it.
_SLICE_SECONDS = 0.05 if sys.platform == "win32" else 0.2


class Job(Generic[T]):
    """One coroutine on the I/O loop, seen from other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_done: Callable[[], object] | None = None) -> None:
        self._loop = loop
        self._on_done = on_done
        self._task: asyncio.Task[T] | None = None
        # A bare lock, held until the end: an Event's wait that is interrupted twice raises RuntimeError.
        self._gate = threading.Lock()
        self._gate.acquire()
        self._ended = False
        self._result: Any = None
        self._error: BaseException | None = None

    def _start(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._task = self._loop.create_task(coroutine)
        self._task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self._error = asyncio.CancelledError()
        else:
            self._error = task.exception()
            if self._error is None:
                self._result = task.result()
        self._end()
        if self._on_done is not None:
            self._on_done()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._gate.release()

    def _abandon(self) -> None:
        """The loop is closed: a job that came too late to begin is not to be waited for for ever."""
        if not self._ended:
            self._error = asyncio.CancelledError()
            self._end()

    @property
    def done(self) -> bool:
        """Whether the coroutine has ended."""
        return self._ended

    def cancel(self) -> None:
        """Cancels the task, at once; from any thread, any number of times."""

        def now() -> None:
            # One turn of the loop later: a task that is cancelled before its first step never runs its `finally`.
            if self._task is not None:
                self._loop.call_soon(self._task.cancel)

        try:
            self._loop.call_soon_threadsafe(now)
        except RuntimeError:  # the loop is closed, and with it every task
            self._abandon()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the coroutine has ended, at most ``timeout`` seconds; an interrupt gets through."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._ended:
            left = _SLICE_SECONDS if end is None else min(_SLICE_SECONDS, end - time.monotonic())
            if left <= 0:
                return False
            if self._gate.acquire(timeout=left):
                self._gate.release()
        return True

    def result(self) -> T:
        """Waits, and returns what the coroutine returned or raises what it raised.

        When the wait itself is interrupted, the task is cancelled and given up to 2 seconds to tidy up.
        """
        if threading.current_thread().ident == getattr(self._loop, "_thread_id", None):
            raise RuntimeError(
                "This would wait for the I/O thread on the I/O thread. Await the asynchronous form."
            )
        try:
            self.wait()
        except BaseException:
            self.cancel()
            self.wait(2)
            raise
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[no-any-return]


class Background:
    """The I/O thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.context = contextvars.Context()
        """Everything runs in copies of this context, never in one of the caller's: see ``kernel_channel``."""
        self._jobs: WeakSet[Job[Any]] = WeakSet()
        self._at_stop: list[Callable[[], Awaitable[None]]] = []
        self._stopped = False
        self.thread = threading.Thread(target=self._run, name="jupyter_openrouter I/O", daemon=True)

    @property
    def dead(self) -> bool:
        """Whether it was stopped, or its thread has ended otherwise."""
        return self._stopped or (self.thread.ident is not None and not self.thread.is_alive())

    def start(self) -> None:
        """Starts the thread, once."""
        if self.thread.ident is None:
            self.thread.start()

    def _run(self) -> None:
        _thread.home = self
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()
            for job in list(self._jobs):
                job._abandon()

    @property
    def here(self) -> bool:
        """Whether the caller is the I/O thread."""
        return threading.current_thread() is self.thread

    def submit(
        self, coroutine: Coroutine[Any, Any, T], *, on_done: Callable[[], object] | None = None
    ) -> Job[T]:
        """Starts a coroutine on the loop and returns at once; ``on_done`` is called there when it has ended."""
        job: Job[T] = Job(self.loop, on_done)
        self._jobs.add(job)
        self.loop.call_soon_threadsafe(job._start, coroutine, context=self.context)
        return job

    def post(self, function: Callable[..., Any], *args: Any) -> None:
        """Calls a short function on the loop, in order, without waiting for it."""
        self.loop.call_soon_threadsafe(function, *args, context=self.context)

    def call(self, function: Callable[[], T]) -> T:
        """Calls a short function on the loop and waits for what it returns."""
        if self.here:
            return function()

        async def run() -> T:
            return function()

        return self.submit(run()).result()

    def at_stop(self, close: Callable[[], Awaitable[None]]) -> None:
        """Registers what has to be closed before the loop ends; last in, first out."""
        self._at_stop.append(close)

    async def _tidy(self) -> None:
        # First the jobs, so that their answers end as stopped; what they stand on is closed after them.
        await _cancel({job._task for job in self._jobs if job._task is not None})
        await self._close_all()
        await _cancel(asyncio.all_tasks(self.loop))
        await self._close_all()  # what a task has opened in its last moments

    async def _close_all(self) -> None:
        while self._at_stop:
            await self._at_stop.pop()()

    def stop(self) -> None:
        """Cancels every task, closes what is open, and ends the thread. Waits at most 3 seconds."""
        if self._stopped or self.here:
            return
        self._stopped = True
        job = self.submit(self._tidy())
        try:
            job.wait(2)
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(1)


async def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    others = [task for task in tasks if task is not asyncio.current_task() and not task.done()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


_current: Background | None = None
_lock = threading.Lock()
_thread = threading.local()


def background() -> Background:
    """The I/O thread of this process, started if it is not running; on an I/O thread, that very one."""
    global _current
    if (mine := getattr(_thread, "home", None)) is not None:
        # One that is being stopped, perhaps: what is made here belongs to this loop, and ends with it.
        return mine  # type: ignore[no-any-return]
    with _lock:
        if _current is None or _current.dead:
            # Known before it starts: an interrupt in between must not leave a second thread behind.
            _current = Background()
        _current.start()
        return _current


async def from_here(coroutine: Coroutine[Any, Any, T]) -> T:
    """Awaits on any loop what runs on the I/O loop; cancelled, it cancels that."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        with suppress(RuntimeError):  # this loop is closed
            loop.call_soon_threadsafe(ended.set)

    job = background().submit(coroutine, on_done=tell)
    try:
        await ended.wait()
    except asyncio.CancelledError:
        job.cancel()
        raise
    return job.result()


def running() -> Background | None:
    """The I/O thread if it is running, else None."""
    return _current if _current is not None and not _current.dead else None


def stop() -> None:
    """Ends the I/O thread, if it is running. A later call of ``background()`` starts a new one."""
    global _current
    current, _current = _current, None
    if current is not None:
        current.stop()


def _forget() -> None:
    # In a forked child the thread is gone, and the sockets belong to the parent.
    global _current, _lock
    _lock = threading.Lock()
    _current = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
atexit.register(stop)
