"""Plays a reply's steps on a connection that may go away at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from .ledger import Generation, Ledger
from .refusals import Refused, envelope
from .script import Reply, Reset, Send, Wait
from .wire import JSON, dump

BREATH = 16  # steps after which the loop may look at other connections
BODY_LIMIT = 8 * 1024 * 1024  # bytes


class Talk(RequestHandler):
    """A request that knows when its client has gone, and refuses in OpenRouter's envelope."""

    ledger: Ledger

    def initialize(self, ledger: Ledger) -> None:
        """Called by tornado with the routes' settings."""
        self.ledger = ledger
        self.gone = asyncio.Event()

    def prepare(self) -> None:
        """Write the request down, register its task, and refuse what no route answers."""
        self.ledger.note(
            self.request.method or "", self.request.path, dict(self.request.headers), self.request.body
        )
        task = asyncio.current_task()
        if task is not None:
            self.ledger.register(task)
        if len(self.request.body) > BODY_LIMIT:
            raise Refused(envelope(413, "The request body is too large.", "payload_too_large"))
        if self.request.headers.get("Authorization") == "Bearer invalid":
            raise Refused(envelope(401, "No auth credentials found", "authentication"))

    def on_connection_close(self) -> None:
        """The client has gone: whatever waits, wakes up."""
        self.gone.set()

    def compute_etag(self) -> None:
        """No ETag: the real service sends none."""

    def set_default_headers(self) -> None:
        """The name of tornado and its version is nobody's business."""
        self.clear_header("Server")

    def json_body(self) -> Any:
        """The JSON body. Raises `Refused`."""
        try:
            return json.loads(self.request.body)
        except ValueError as error:
            raise Refused(envelope(400, f"The body is not valid JSON: {error}", "invalid_request")) from None

    def answer(self, value: JSON, status: int = 200, **headers: str) -> None:
        """Send a JSON body."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        for name, text in headers.items():
            self.set_header(name, text)
        self.finish(dump(value))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error leaves in the envelope."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        if isinstance(error, Refused):
            headers = {name.replace("_", "-"): text for name, text in error.headers.items()}
            self.answer(error.body, error.status, **headers)
            return
        kind = {404: "not_found", 405: "invalid_request"}.get(status_code, "server")
        self.answer(envelope(status_code, self._reason, kind)[1], status_code)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """A refusal is an answer, not news; any other exception is logged as tornado does."""
        if not isinstance(value, Refused | HTTPError):
            super().log_exception(typ, value, tb)

    async def play(self, reply: Reply, generation: Generation, rate: float) -> None:
        """Send a reply; whatever happens, say how the generation ended."""
        self.set_status(reply.status)
        for name, text in reply.headers.items():
            self.set_header(name, text)
        self.connection.set_nodelay(True)
        try:
            await self.run(reply, generation, rate)
        except StreamClosedError:
            # Leaving does not stop an answer that is not streamed: it is generated and billed in full.
            generation.cancelled = generation.streamed
        finally:
            generation.ended = self.now()
            self.ledger.close(generation)

    async def run(self, reply: Reply, generation: Generation, rate: float) -> None:
        """The steps one by one, each text after its time."""
        due = self.now()
        for number, step in enumerate(reply.steps):
            if isinstance(step, Reset):
                self.reset()
                return
            if isinstance(step, Send):
                due += 1 / rate if step.text and rate else 0
                await self.pause(due - self.now())
            else:
                await self.pause(step.seconds if isinstance(step, Wait) else None)
                due = self.now()
            if number % BREATH == 0:
                # Neither a pause that is over nor a flush that had room lets the loop look elsewhere.
                await asyncio.sleep(0)
            if self.gone.is_set():
                raise StreamClosedError
            if isinstance(step, Send):
                self.write(step.data)
                await self.flush()
                generation.count(step.text, self.now())

    async def pause(self, seconds: float | None) -> None:
        """Wait so many seconds (None: for ever), or until the client has gone."""
        if seconds is None or seconds > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.gone.wait(), seconds)

    def reset(self) -> None:
        """Close the connection with a TCP reset: linger on, for zero seconds."""
        self.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    @property
    def connection(self) -> Any:
        """Tornado's stream below the HTTP connection."""
        return self.request.connection.stream  # type: ignore[union-attr]

    def now(self) -> float:
        """The loop's clock, in seconds."""
        return asyncio.get_running_loop().time()
