"""One answer on its way: reads blocks of bytes, folds them, and ends in exactly one state; knows no transport.

An answer ends as

    done      with a finish reason or ``[DONE]``, and an answer
    stopped   by ``stop()``, by leaving the stream, by cancelling the task that reads, or at a cap: raises BudgetError
    cut       without a finish reason or ``[DONE]``, or with a broken connection: raises CutError
    failed    with an error of the service, a time-out, or nothing in it: raises the typed error

and whatever it is, the socket is closed at once and ``response`` holds every word that arrived. All methods but
``stop`` belong to the event loop that reads.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
import weakref
from array import array
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

from .bodies import MAX_BODY_BYTES, printable_header, read_body, refuse_compression, status_error
from .chunks import Delta, decode, fold, fold_plain
from .errors import (
    APITimeoutError,
    BudgetError,
    CutError,
    EmptyAnswerError,
    EventError,
    OpenRouterError,
    StreamError,
    from_payload,
)
from .plan import Account, Connection, Plan, Stopped, Timeline, Transport
from .response import Response
from .retry import Attempt
from .sse import MAX_EVENT_BYTES, Comment, Decoder, Event

MAX_SKIPPED = 1000
"""More malformed chunks than these end the answer: what holds so many is no stream of this API."""
_FIELDS = (":", "data", "event", "id", "retry")  # what a line of a stream of events begins with
_BLOCK_BYTES = 16 * 1024
"""So much of a whole answer counts as an event."""
_DRAIN_SECONDS = 0.1
_MAX_GAPS = 4096
_FEW = 16  # deltas; where more come in one read, they have gathered already
_AT_ONCE = 0.0005  # seconds: what is read faster than that had come before


class Stream:
    """An answer: iterate it for its deltas, read ``response`` at any moment, ``stop()`` it from any thread."""

    def __init__(
        self,
        transport: Transport,
        plan: Plan,
        response: Response,
        account: Account | None = None,
        *,
        timeline: Timeline | None = None,
    ) -> None:
        self.response = response
        self.comments = 0
        """Keep-alive comments so far: signs that the provider is at work."""
        self.turn: Callable[[], float] | None = None
        """Takes the turn of one more request, where requests are paced, and says how many seconds it is away."""
        self._transport = transport
        self._plan = plan
        self._account = account
        self._timeline = timeline
        self._candidate = 0
        self._tries = 0
        self._ready: deque[Delta] = deque()
        self._raw: deque[str] | None = None
        self._connection: Connection | None = None
        self._blocks: AsyncIterator[bytes] | None = None
        self._decoder = Decoder()
        self._size = 0
        self._unread: list[bytes] = []  # what came before the first event or comment
        self._error: OpenRouterError | None = None
        self._over = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reader: asyncio.Task[Any] | None = None
        self._verdict: Exception | None = None
        self._cancelled = False  # by us
        self._cancels = 0  # by others, before the read that is going on
        self._timer: asyncio.TimerHandle | None = None
        self._started = self._sent = 0.0  # on the loop's clock: the answer, this attempt
        self._sign = self._event = self._entered = 0.0  # last comment or event, last event, last call of ours
        self._signed = False
        self._last_delta = self._last_sign = 0.0
        self._gathered = 0  # deltas of the last batch
        self._gaps = array("d")

    # --- for callers

    def __aiter__(self) -> AsyncIterator[Delta]:
        return self

    async def __anext__(self) -> Delta:
        if not self._ready:
            await self._fill()
            if not self._ready:
                error, self._error = self._error, None
                if error is not None:
                    raise error
                raise StopAsyncIteration
        return self._ready.popleft()

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the socket. An answer that had not ended counts as stopped."""
        await self._end("stopped")

    async def close(self) -> None:
        """The same as ``aclose``."""
        await self.aclose()

    async def batch(self, *, gather: float = 0.0) -> list[Delta]:
        """All deltas that have come since the last call, at least one; an empty list at the end.

        Args:
            gather: Seconds to let deltas gather while they come faster than that, one wake-up for each; where they
                are slower, or wait to be read, nothing is held back.

        Raises:
            OpenRouterError: as the answer ended, after its last deltas.
        """
        few = 0 < self._gathered <= _FEW and _AT_ONCE < self._sign - self._entered < gather
        if few and not self._over:
            await self._pause(gather)
        await self._fill()
        found = list(self._ready)
        self._gathered = len(found)
        self._ready.clear()
        if not found:
            error, self._error = self._error, None
            if error is not None:
                raise error
        return found

    async def run(self, *, rest: Callable[[], float] | None = None) -> Response:
        """Reads to the end, for callers that look at ``response`` instead of the deltas.

        Args:
            rest: Seconds to wait before the next read, when the last one had to wait for its bytes: where text
                is shown a few times a second, each wake-up for a single token is wasted.

        Raises:
            OpenRouterError: as the answer ended.
        """
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await self._fill()
            if not self._ready:
                break
            self._ready.clear()
            if (
                rest is not None
                and loop.time() - before > 0.001
                and not self._over
                and (seconds := rest()) > 0
            ):
                await self._pause(seconds)
        error, self._error = self._error, None
        if error is not None:
            raise error
        return self.response

    async def text_deltas(self) -> AsyncIterator[str]:
        """The text alone, piece by piece."""
        try:
            async for delta in self:
                if delta.text:
                    yield delta.text
        finally:
            await self.aclose()

    async def events(self) -> AsyncIterator[str]:
        """Server-sent events for passing on to a web response, as they came, each with its blank line.

        What was malformed is left out, and so is what an attempt gave that was made again. An answer that fails
        ends with one event in the service's own mid-stream error form.
        """
        self._raw = deque()
        try:
            while not self._over:
                await self._fill()
                self._ready.clear()
                while self._raw:
                    yield _event(self._raw.popleft())
            if self._error is not None:
                import json

                error, self._error = self._error, None
                content = {
                    "id": self.response.id,
                    "error": {"code": error.status or error.code or 502, "message": error.message},
                    "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
                }
                yield _event(json.dumps(content))
        finally:
            await self.aclose()

    def stop(self) -> None:
        """Ends this answer at once and keeps its text; from any thread, any number of times."""
        loop = self._loop
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if loop is None or loop is here:
            self._interrupt(Stopped())
        else:
            with suppress(RuntimeError):  # the loop is closed, and so is the answer
                loop.call_soon_threadsafe(self._interrupt, Stopped())

    # --- reading

    async def _fill(self) -> None:
        """Waits until there is a delta or the answer has ended; never raises but for cancellation."""
        if self._over:
            return
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._started = self._loop.time()
            self.response.sent_at = time.time()
        self._entered = self._loop.time()
        task = asyncio.current_task()
        if sys.version_info >= (3, 11) and task is not None:
            self._cancels = task.cancelling()
        while not self._ready and not self._over and not (self._raw and self.response.begun):
            try:
                if self._verdict is not None:
                    raise self._verdict
                if self._blocks is None:
                    await self._open()
                else:
                    await self._read(self._blocks, task)
            except asyncio.CancelledError:
                if not self._only_ours():
                    await self._end("stopped")
                    raise
                # The verdict for which we cancelled the wait is raised in the next turn.
            except Exception as error:  # noqa: BLE001 - what is not known is raised again by `_judge_error`
                await self._judge_error(error)

    def _only_ours(self) -> bool:
        """Takes our own cancellation of the task that reads back; False when somebody else wants it to end."""
        ours, self._cancelled = self._cancelled, False
        if ours and sys.version_info >= (3, 11) and (task := asyncio.current_task()) is not None:
            return task.uncancel() <= self._cancels
        return ours  # before Python 3.11, a task does not know whether more than one has cancelled it

    async def _pause(self, seconds: float) -> None:
        """Sleeps; a stop or a time-out cuts it short."""
        if self._verdict is not None:
            return
        self._reader = asyncio.current_task()
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            if not self._only_ours():
                await self._end("stopped")
                raise
        finally:
            self._reader = None

    async def _open(self) -> None:
        assert self._loop is not None
        if self._account is not None:
            self._reader = asyncio.current_task()
            try:
                await self._account.before()
            finally:
                self._reader = None
        model, content = self._plan.bodies[self._candidate]
        self.response.requested_model = self.response.requested_model or model
        self._sent = self._sign = self._event = self._loop.time()
        self._signed = False
        self._decoder, self._size, self._unread = Decoder(), 0, []
        self._watch()
        self._reader = asyncio.current_task()
        try:
            connection = await self._transport.open(self._plan.path, content, self._plan.headers)
            self._connection = connection
            headers = connection.headers
            self.response.generation_id = printable_header(headers.get("x-generation-id", ""))
            self.response.cache_status = printable_header(headers.get("x-openrouter-cache-status", ""))[:20]
            self.response.cache_source = printable_header(headers.get("x-openrouter-cache-source-id", ""))
            with suppress(ValueError):
                self.response.cache_age = float(headers.get("x-openrouter-cache-age", ""))
            if connection.status != 200:
                self._unwatch()  # reading the reason has a limit of its own
                raise await status_error(connection, self._transport.host)
            refuse_compression(connection, self._transport.host)
            self._blocks = connection.blocks()
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind in ("text/html", "application/xhtml+xml"):
                raise StreamError(
                    f"{self._transport.host} answered with a web page and not with an answer.",
                    remedy="Check the base URL, and whether a sign-in page or proxy stands between.",
                )
            if kind == "application/json" or kind.endswith("+json"):
                await self._read_whole(self._blocks)
        finally:
            self._reader = None

    async def _read(self, blocks: AsyncIterator[bytes], task: asyncio.Task[Any] | None) -> None:
        self._reader = task
        try:
            block = await blocks.__anext__()
        except StopAsyncIteration:
            self._decoder.feed(b"")  # raises if the last event was too large
            if self._unread and not self._signed:
                self._fold_body(b"".join(self._unread))
            await self._finish()
            return
        finally:
            self._reader = None
        self._take(block)
        if self.response.finished:
            await self._drain(blocks)
            await self._finish()

    async def _read_whole(self, blocks: AsyncIterator[bytes]) -> None:
        """A whole answer in one piece: asked for, or sent although a stream was asked for."""
        body = await read_body(self._alive(blocks), MAX_BODY_BYTES)
        if body.lstrip().startswith((b"data:", b"event:", b":")):
            self._take(body)  # events after all, under another name
            await self._finish()
            return
        self._fold_text(body.decode("utf-8-sig", "replace").strip())
        await self._finish()

    def _fold_body(self, body: bytes) -> None:
        """What was taken for a stream and holds no event: JSON under another name, or something else altogether."""
        text = body.decode("utf-8-sig", "replace").strip()
        if text.startswith("{"):
            self._fold_text(text)
        elif not any(text.startswith(field) or field.startswith(text) for field in _FIELDS):  # "" begins all
            raise StreamError(
                f"{self._transport.host} answered with something that is no stream: {text[:80]!r}."
            )

    def _fold_text(self, text: str) -> None:
        try:
            chunk = decode(text)
        except EventError:
            raise EventError(f"The answer is malformed: {text[:80]!r}.") from None
        self._fold_chunk(chunk)
        if self._raw is not None:
            self._raw.append(text)

    async def _alive(self, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same blocks, each a sign of life; white space alone counts as a comment does."""
        assert self._loop is not None
        size = 0
        async for block in blocks:
            self._sign = self._loop.time()
            size += len(block.strip())
            if size >= _BLOCK_BYTES:
                self._event, size = self._sign, 0
            if not self._signed:
                self._signed = True
                self._watch()
            yield block

    async def _drain(self, blocks: AsyncIterator[bytes]) -> None:
        """Reads what little follows ``[DONE]``, so that the connection can serve the next request."""

        async def exhaust() -> None:
            async for _ in blocks:
                pass

        # When it takes longer or fails, the answer is whole all the same; only the connection is not reused.
        with suppress(Exception):
            await asyncio.wait_for(exhaust(), _DRAIN_SECONDS)

    def _take(self, block: bytes) -> None:
        # What carries text counts as its text; the rest counts whole, so that a flood of nothing ends.
        self._size += len(block)
        if self._size > MAX_BODY_BYTES:
            raise EventError(
                f"The answer is larger than {MAX_BODY_BYTES} bytes.", remedy="Ask for less at once."
            )
        response = self.response
        before = response.characters
        assert self._loop is not None
        items: Sequence[bytes | Event | Comment] = self._decoder.whole(block) or self._decoder.feed(block)
        if not items:
            if not self._signed and self._size <= MAX_EVENT_BYTES:
                self._unread.append(block)
            else:
                self._unread.clear()  # so much is no answer under another name
            return
        sign = self._sign = self._loop.time()
        if not self._signed:
            self._signed, self._unread = True, []
            self._watch()  # from here on other limits hold, which may be nearer
        plain = self._raw is None
        for item in items:
            if type(item) is bytes:
                if plain and (delta := fold_plain(response, item)) is not None:
                    self._event = sign
                    if delta[0] or delta[1]:
                        self._ready.append(delta)
                        if self._last_sign != sign or self._timeline is not None:
                            self._note_delta()
                    continue
                item = Event(item.decode("utf-8", "replace"))
            elif type(item) is Comment:
                self.comments += 1
                continue
            self._event = sign
            if item.data == "[DONE]" or item.data.strip() == "[DONE]":  # type: ignore[union-attr]
                response.finished = True
                if self._raw is not None:
                    self._raw.append("[DONE]")
                return
            self._fold(item)  # type: ignore[arg-type]
        if (more := response.characters - before) > 0:
            self._size += min(0, more - len(block))
        if self._account is not None and self._verdict is None:
            self._verdict = self._account.over()

    def _fold(self, event: Event) -> None:
        response = self.response
        try:
            chunk = decode(event.data)
        except EventError:
            if event.event == "error":
                raise from_payload(event.data[:2000]) from None
            if self._plan.on_malformed == "raise":
                raise
            response.skip(event.data)
            if response.skipped > MAX_SKIPPED:
                raise EventError(f"The stream holds more than {MAX_SKIPPED} malformed chunks.") from None
            return
        if event.event == "error" and not chunk.get("error"):
            chunk = {"error": chunk}
        self._fold_chunk(chunk)
        if self._raw is not None:
            self._raw.append(event.data)

    def _fold_chunk(self, chunk: dict[str, Any]) -> None:
        response = self.response
        skipped = response.skipped
        delta = fold(response, chunk)
        if response.skipped > skipped and self._plan.on_malformed == "raise":
            raise EventError(f"The stream holds a malformed chunk: {response.skipped_chunks[-1]}.")
        if delta.text or delta.reasoning:
            self._ready.append(delta)
            self._note_delta()
        elif response.state == "waiting" and response.begun:
            self._note_delta()
        elif response.reasoning_ended is None:
            self._note_reasoning(self._moment())
        if response.failure is not None:
            raise from_payload(response.failure, generation_id=response.generation_id or response.id or None)

    def _moment(self) -> float:
        """When the last that has come had come, in seconds since the answer was asked for."""
        if self._timeline is not None:
            return self._timeline.elapsed
        return (self._sign or self._event) - self._started

    def _note_delta(self) -> None:
        now = self._moment()
        response = self.response
        if response.state == "waiting":
            response.state = "streaming"
            response.first_delta_seconds = now
        elif now != self._last_delta and len(self._gaps) < _MAX_GAPS:
            self._gaps.append(now - self._last_delta)
        self._last_delta, self._last_sign = now, self._sign
        if response.reasoning_ended is None:
            self._note_reasoning(now)

    def _note_reasoning(self, now: float) -> None:
        response = self.response
        if response.text_parts or response.tool_calls or response.images or response.refusal:
            response.reasoning_ended = now
        elif response.reasoning_began is None and response.reasoning_parts:
            response.reasoning_began = now

    # --- stops and time-outs

    def _interrupt(self, verdict: Exception) -> None:
        """On the loop: ends the wait that is going on, or the next one. A stop outdoes a time-out."""
        if self._over or (self._verdict is not None and not isinstance(verdict, Stopped)):
            return
        self._verdict = verdict
        self._ready.clear()  # it is in the response; who stops wants no more
        if self._reader is not None and not self._cancelled:
            self._cancelled = True
            self._reader.cancel()

    def _watch(self) -> None:
        self._unwatch()
        limit = self._next_limit()
        if limit is not None:
            self._check_at(limit[0])

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check_at(self, when: float) -> None:
        assert self._loop is not None
        # Weakly, so that a stream that its reader dropped is collected, and its socket closed with it.
        check = weakref.WeakMethod(self._check)
        self._timer = self._loop.call_at(when, lambda: (method := check()) and method())

    def _next_limit(self) -> tuple[float, str] | None:
        """When, on the loop's clock, which time-out is due if nothing more comes."""
        timeouts = self._plan.timeouts
        limits: list[tuple[float, str]] = []
        if self._signed:
            if timeouts.idle is not None:
                limits.append(
                    (
                        max(self._sign, self._entered) + timeouts.idle,
                        f"Nothing arrived for {timeouts.idle:g} s.",
                    )
                )
            if timeouts.comments is not None:
                when = max(self._event, self._entered) + timeouts.comments
                limits.append(
                    (when, f"The provider sent nothing but keep-alives for {timeouts.comments:g} s.")
                )
        elif timeouts.first_event is not None:
            limits.append(
                (self._sent + timeouts.first_event, f"Nothing arrived for {timeouts.first_event:g} s.")
            )
        if timeouts.total is not None:
            limits.append(
                (self._started + timeouts.total, f"The answer took longer than {timeouts.total:g} s.")
            )
        return min(limits) if limits else None

    def _check(self) -> None:
        limit = self._next_limit()
        if limit is None or self._over:
            return
        assert self._loop is not None
        if self._reader is not None and limit[0] <= self._loop.time():
            self._interrupt(APITimeoutError(limit[1]))
            return
        # Moved by what has come since; or it is the caller's own time that passes.
        self._check_at(max(limit[0], self._loop.time() + 0.05))

    # --- how it ends

    async def _finish(self) -> None:
        """After the last byte: done, cut, or empty."""
        response = self.response
        if not response.finished and not response.concluded:
            raise CutError(
                "The answer was cut off: the stream ended with neither a finish reason nor [DONE]."
            )
        if not response.begun:
            reason = response.native_finish_reason or response.finish_reason
            raise EmptyAnswerError(f"The answer is empty (finish reason: {reason or 'none'}).")
        await self._end("done")

    async def _judge_error(self, error: Exception) -> None:
        """Tries again, asks the next model, or ends with the typed error. Faults of our own are raised."""
        try:
            await self._judge(error)
        except asyncio.CancelledError:
            await self._end("stopped")
            raise
        except Exception as fault:
            await self._end("failed")
            if fault is not error:
                fault.__context__ = None  # `error`, which may hold a request with its headers
            raise

    async def _judge(self, error: Exception) -> None:
        if self._verdict is error:
            self._verdict = None  # from here on, another one is heard again
        if self._cancelled:
            self._only_ours()  # it met an end that had come in the same moment
        if isinstance(error, Stopped) or isinstance(self._verdict, Stopped):
            await self._end("stopped")
            return
        if not isinstance(error, OpenRouterError):
            known = self._transport.translate(error)
            if known is None:
                raise error
            if (self.response.begun or self._blocks is not None) and not isinstance(known, APITimeoutError):
                # The class name says more than the message, which is often empty.
                reason = f"{type(error).__name__}: {error}".rstrip(": ")
                known = CutError(f"The connection broke in the middle of the answer ({reason}).")
            error = known
        answered = self.response.concluded or self.response.finished
        if answered and self.response.failure is None and isinstance(error, (CutError, APITimeoutError)):
            # Nothing but usage can be missing: the model itself had said that it was at its end.
            try:
                await self._finish()
            except OpenRouterError as empty:
                error = empty
            else:
                return
        if not await self._try_again(error):
            error.response = self.response
            error.generation_id = (
                error.generation_id or self.response.generation_id or self.response.id or None
            )
            error.provider = error.provider or self.response.provider or None
            # These may hold a request, or what the server said of it, in the frames that a verbose traceback shows.
            error.__cause__ = error.__context__ = error.__traceback__ = None
            self._error = self.response.error = error
            stopped = isinstance(error, BudgetError) and self.response.begun
            await self._end("cut" if isinstance(error, CutError) else "stopped" if stopped else "failed")

    async def _try_again(self, error: OpenRouterError) -> bool:
        response, plan = self.response, self._plan
        if response.begun or response.reasoned:  # which were paid for, though nobody can read them
            return False
        model = plan.bodies[self._candidate][0]
        wait = plan.retry.delay(error, self._tries)
        total = plan.timeouts.total
        if wait is not None and total is not None and self._loop is not None:
            wait = wait if self._loop.time() + wait < self._started + total else None
        told = wait
        if wait is not None:
            self._tries += 1
            if self._timeline is not None:
                told, wait = self._timeline.retry(wait)
        elif self._candidate + 1 < len(plan.bodies) and error.status in plan.fallback_statuses:
            self._candidate += 1
            self._tries = 0
        else:
            return False
        attempt = Attempt(model, f"{type(error).__name__}: {error.message}", error.status, told)
        response.attempts.append(attempt)
        response.restart(plan.bodies[self._candidate][0])
        if self._raw is not None:
            self._raw.clear()
        await self._close()
        if plan.on_retry is not None:
            plan.on_retry(attempt)
        if wait:
            await self._wait_for_retry(wait)
        # After the wait: a turn that was taken for later would be idle till then.
        if self.turn is not None and self._verdict is None and (seconds := self.turn()) > 0:
            await self._wait_for_retry(seconds)
        return True

    async def _wait_for_retry(self, seconds: float) -> None:
        self.response.retry_at = time.time() + seconds
        try:
            await self._pause(seconds)
        finally:
            self.response.retry_at = None

    async def _end(self, state: Any) -> None:
        if not self._over:
            self._over = True
            response = self.response
            if response.state in ("waiting", "streaming"):
                rest = response.close()
                if state != "stopped" and (rest.text or rest.reasoning):
                    self._ready.append(rest)
                response.state = state
                if self._timeline is not None and self._loop is not None:
                    response.seconds = self._timeline.end()
                    response.sent_at = self._timeline.sent_at or response.sent_at
                elif self._loop is not None:
                    response.seconds = self._loop.time() - self._started
                if self._gaps:
                    gaps = sorted(self._gaps)
                    response.delta_gaps = (
                        gaps[len(gaps) // 2],
                        gaps[min(len(gaps) - 1, len(gaps) * 99 // 100)],
                    )
            if self._account is not None:
                self._account.after()
        await self._close()

    async def _close(self) -> None:
        self._unwatch()
        connection, self._connection, self._blocks = self._connection, None, None
        if connection is not None:
            with suppress(Exception):  # it is closed in any case; the answer's own ending is what counts
                await connection.aclose()


def _event(data: str) -> str:
    return "data: " + "\ndata: ".join(re.split("\r\n|\r|\n", data)) + "\n\n"
