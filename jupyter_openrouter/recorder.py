"""Writes down what comes over a transport, and when: one exchange of a recording for each request.

An exchange is written when it has ended, whole or not at all. What is written is without the key, without headers
but a few, and without what names a person; calls that tell of the account are not written.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
import warnings
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .bodies import printable_header, retry_after_seconds
from .errors import FileError, OpenRouterError
from .files import Pathlike, append_whole
from .keys import Key
from .plan import Connection, Transport
from .recorded_pieces import Cutter, Piece
from .recording import HEAD, End, Exchange, check_ends, millisecond, seconds, written
from .request_match import Request
from .scrubbing import last_look, scrub

if TYPE_CHECKING:
    from .response import Response

MAX_EXCHANGE_BYTES = 64 << 20
"""The largest answer that is written down."""
_HEADERS = (
    "content-type",
    "content-encoding",
    "x-generation-id",
    "x-openrouter-cache-status",
    "x-openrouter-cache-source-id",
    "x-openrouter-cache-age",
)
_ACCOUNT = ("/key", "/credits", "/activity", "/auth")
_TAIL = 1 << 16  # bytes


class Sender(Transport, Protocol):
    """A transport for every call."""

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str],
    ) -> Connection: ...


def place_for(path: Pathlike) -> Path:
    """The absolute path of a file that can be recorded into; it is made with the first exchange.

    Raises:
        FileError: there is no such folder, or the file holds something else; nothing was changed.
    """
    place = Path(path).expanduser().absolute()
    try:
        if not place.parent.is_dir():
            raise FileError(f"There is no folder {place.parent}.", remedy="Make it, or choose another place.")
        if not place.exists():
            return place
        if not place.is_file():
            raise FileError(f"{place} is no file.", remedy="Choose another name.")
        with place.open("r+b") as file:
            head = file.read(_TAIL)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            tail = file.read()
    except OSError as error:
        raise FileError(
            f"{place} cannot be written: {error.strerror}.", remedy="Choose another place."
        ) from None
    if head:
        check_ends(head, tail, place.name)
    return place


class Recorder:
    """Records what goes over one transport.

    Args:
        path: As ``place_for`` gives it.
        transport: Who sends.
        key: That which goes along, to be left out wherever the server repeats it.
    """

    def __init__(self, path: Path, transport: Sender, key: Key | None) -> None:
        self.path = path
        self.transport = transport
        self._key = key

    def take(self, response: Response | None = None) -> Take:
        """The way of one answer, or of one call that has no response."""
        return Take(self, response)

    def write(self, exchange: Exchange) -> None:
        """Adds it to the file.

        Raises:
            FileError: it cannot be written.
        """
        # In no attribute: a verbose traceback prints those of each frame's objects.
        secret = self._key.authorization().removeprefix("Bearer ") if self._key is not None else ""
        try:
            append_whole(self.path, last_look(written(_scrubbed(exchange, secret)), secret), first=HEAD)
        finally:
            del secret


def _scrubbed(exchange: Exchange, secret: str) -> Exchange:
    values = scrub([piece.value for piece in exchange.pieces], secret)
    pieces = (piece._replace(value=value) for piece, value in zip(exchange.pieces, values, strict=True))
    return Exchange(
        **{**vars(exchange), "pieces": tuple(pieces), "error": scrub([dict(exchange.error)], secret)[0]}
    )


@dataclass
class _Draft:
    """One exchange while it goes on."""

    request: Request
    at: float
    began: float
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    status_ms: float = 0.0
    cutter: Cutter | None = None
    pieces: list[Piece] = field(default_factory=list)
    size: int = 0
    end: End | None = None
    end_ms: float | None = None
    error: dict[str, Any] = field(default_factory=dict)
    retry: float | None = None

    def ms(self) -> float:
        """Now."""
        return round((time.monotonic() - self.began) * 1000, 1)


class Take:
    """One answer on its way: see ``plan.Transport`` and ``plan.Timeline``. It may need several requests."""

    def __init__(self, recorder: Recorder, response: Response | None) -> None:
        self.host = recorder.transport.host
        self.sent_at: float | None = None
        self.elapsed = 0.0
        self._recorder = recorder
        self._response = response
        self._draft: _Draft | None = None
        self._zero = 0.0

    # --- the transport

    async def open(self, path: str, content: bytes, headers: Mapping[str, str]) -> Connection:
        """As ``Transport.open``."""
        return await self._sent("POST", path, {}, content, headers, stream=True)

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str],
    ) -> Connection:
        """As ``Transport.send``."""
        if path.startswith(_ACCOUNT):
            return await self._recorder.transport.send(
                method, path, query=query, content=content, headers=headers
            )
        return await self._sent(method, path, query or {}, content, headers)

    def translate(self, error: Exception) -> OpenRouterError | None:
        """As ``Transport.translate``."""
        return self._recorder.transport.translate(error)

    async def _sent(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        content: bytes | None,
        headers: Mapping[str, str],
        *,
        stream: bool = False,
    ) -> Connection:
        self._write()  # the attempt before this one
        draft = self._draft = self._begun(Request(method, path, query, _body(content)))
        transport = self._recorder.transport
        try:
            if stream:
                assert content is not None
                connection = await transport.open(path, content, headers)
            else:
                connection = await transport.send(method, path, query=query, content=content, headers=headers)
        except Exception as error:
            known = error if isinstance(error, OpenRouterError) else transport.translate(error)
            if known is None:
                self._draft = None  # a fault of our own
            else:
                draft.end, draft.end_ms, draft.error = "failed", draft.ms(), said(known)
            if self._response is None:
                self._write()
            raise
        draft.status, draft.headers, draft.status_ms = connection.status, kept(connection), draft.ms()
        kind = draft.headers.get("content-type", "").partition(";")[0].strip().lower()
        draft.cutter = Cutter(whole=connection.status != 200 or kind.endswith(("/json", "+json")))
        return _Teed(connection, self, draft)

    def _begun(self, request: Request) -> _Draft:
        now = time.monotonic()
        if self.sent_at is None:
            self._zero, self.sent_at = now, millisecond(time.time())
        # Later attempts count from the first one's clock, which nobody sets meanwhile.
        return _Draft(request, millisecond(self.sent_at + now - self._zero), now)

    # --- what comes

    def add(self, draft: _Draft, block: bytes) -> None:
        """A block has come."""
        ms = draft.ms()
        self.elapsed = seconds(self.sent_at, draft.at, ms)
        draft.size += len(block)
        if draft.size <= MAX_EXCHANGE_BYTES and draft.cutter is not None and not _is_packed(draft):
            draft.pieces += draft.cutter.feed(block, ms)

    def closed(self) -> None:
        """The connection of a call without a response was closed."""
        if self._response is None:
            if self._draft is not None and self._draft.end is None:
                self._draft = None  # given up by who asked: it tells nothing
            self._write()

    # --- the timeline

    def end(self) -> float:
        """See ``plan.Timeline``."""
        draft, response = self._draft, self._response
        if draft is None or response is None:
            return self.elapsed
        if draft.end is None:
            if response.error is not None:
                draft.end, draft.error = "failed", said(response.error)
            else:
                draft.end = "stopped" if response.state == "stopped" else "whole"
        if draft.end_ms is None:
            draft.end_ms = draft.ms()
        ended = seconds(self.sent_at, draft.at, draft.end_ms)
        self._write()
        if response.state == "stopped" and draft.retry is not None:
            # While the next try was waited for: that one is the one that was stopped, before it began.
            again = self._draft = self._begun(draft.request)
            again.end, again.end_ms = "stopped", 0.0
            ended = seconds(self.sent_at, again.at, 0.0)
            self._write()
        return ended

    def retry(self, seconds: float) -> tuple[float, float]:
        """See ``plan.Timeline``."""
        seconds = round(seconds, 3)
        if self._draft is not None:
            self._draft.retry = seconds
        return seconds, seconds

    # --- the file

    def _write(self) -> None:
        draft, self._draft = self._draft, None
        if draft is None:
            return
        if draft.size > MAX_EXCHANGE_BYTES:
            self._tell(f"The answer is larger than {MAX_EXCHANGE_BYTES >> 20} MB, and was not recorded.")
            return
        if draft.cutter is not None:
            draft.pieces += draft.cutter.end()
        exchange = Exchange(
            draft.request,
            draft.at,
            draft.status,
            draft.headers,
            draft.status_ms,
            tuple(draft.pieces),
            draft.end or "whole",
            draft.ms() if draft.end_ms is None else draft.end_ms,
            draft.error,
            draft.retry,
        )
        try:
            self._recorder.write(exchange)
        except FileError as error:
            self._tell(f"The answer was not recorded: {error.message}")
        except RecursionError:
            self._tell("The answer was not recorded: it is nested too deep.")

    def _tell(self, trouble: str) -> None:
        # What was answered and paid for is not to be lost for the sake of its recording.
        if self._response is not None:
            self._response.notes.append(trouble)
        else:
            warnings.warn(trouble, RuntimeWarning, stacklevel=2)


class _Teed:
    """A connection of which everything is written down; see ``plan.Connection``."""

    def __init__(self, connection: Connection, take: Take, draft: _Draft) -> None:
        self.status = connection.status
        # One that is not written down would give another answer now than when it is replayed.
        self.headers: Mapping[str, str] = draft.headers
        self._connection = connection
        self._take = take
        self._draft = draft
        self._blocks = self._read()

    def blocks(self) -> AsyncIterator[bytes]:
        return self._blocks

    async def _read(self) -> AsyncIterator[bytes]:
        draft = self._draft
        try:
            async for block in self._connection.blocks():
                self._take.add(draft, block)
                yield block
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except Exception as error:
            draft.end, draft.end_ms = "lost", draft.ms()
            draft.error = {"type": type(error).__name__, "message": str(error)}
            raise
        draft.end, draft.end_ms = "whole", draft.ms()

    async def aclose(self) -> None:
        try:
            await self._blocks.aclose()  # type: ignore[attr-defined]
        finally:
            try:
                await self._connection.aclose()
            finally:
                self._take.closed()


def said(error: OpenRouterError) -> dict[str, Any]:
    """What is written of an error; see ``errors.restored``."""
    return error.to_dict() | ({"never_sent": True} if error.never_sent else {})


def kept(connection: Connection) -> dict[str, str]:
    """The headers that are written down: what kind of body it is, its id, the cache's word, and when to try again.

    A time to try again becomes a number of seconds, and of another address its query is left out.
    """
    headers = connection.headers
    found = {name: printable_header(headers[name]) for name in _HEADERS if headers.get(name)}
    if (wait := retry_after_seconds(headers)) is not None:
        found["retry-after"] = f"{wait:.3f}"
    if location := headers.get("location"):
        found["location"] = printable_header(location).partition("?")[0].partition("#")[0]
    return found


def _is_packed(draft: _Draft) -> bool:
    """A compressed body could hide a key from us; its status and its encoding say enough."""
    return draft.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")


def _body(content: bytes | None) -> Any:
    return None if content is None else json.loads(content)
