"""Answers requests out of a recording, at its own pace or another; it has no way to a network.

The same request is answered in the order in which its answers were recorded, and after the last one by that again.
What was not recorded is an error that names the difference.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .errors import APIConnectionError, InvalidRequestError, NotRecordedError, OpenRouterError, restored
from .files import Pathlike, read_bytes
from .plan import Connection, Stopped
from .recorded_pieces import Piece, bytes_of
from .recording import Exchange, read, seconds
from .request_match import Request, difference, nearest

if TYPE_CHECKING:
    from .response import Response

Pace = Literal["original", "now"] | float
"""``original``: as it came; ``now``: at once; a number: so many chunks a second."""


def pace_of(given: Any) -> Pace:
    """The pace that a word or a number names.

    Raises:
        InvalidRequestError: it is none.

    >>> pace_of("now"), pace_of("20")
    ('now', 20.0)
    """
    if given in ("original", "now"):
        return given  # type: ignore[no-any-return]
    try:
        rate = float(given)
    except (TypeError, ValueError):
        rate = 0.0
    if not 0.0 < rate < 1e6:
        raise InvalidRequestError(
            f"{str(given)[:40]!r} is no pace.",
            remedy="It is original, now, or a number of chunks a second.",
        )
    return rate


class Replay:
    """A recording that is being played: for one client or for several, from any thread.

    Args:
        path: The file.
        pace: See ``Pace``.

    Raises:
        FileError: it is no recording; the message names the line.
    """

    def __init__(self, path: Pathlike, *, pace: Any = "original") -> None:
        self.path = Path(path).expanduser().absolute()
        self.pace = pace_of(pace)
        self.exchanges = tuple(read(read_bytes(self.path, what="recording"), self.path.name))
        self._next: dict[str, int] = {}
        self._by_digest: dict[str, list[Exchange]] = {}
        for exchange in self.exchanges:
            self._by_digest.setdefault(exchange.request.digest, []).append(exchange)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Replay of {self.path.name}: {len(self.exchanges)} exchanges>"

    def answer(self, request: Request) -> Exchange:
        """The next exchange of this request.

        Raises:
            NotRecordedError: there is none.
        """
        found = self._by_digest.get(request.digest)
        if found is None:
            raise self._missing(request)
        with self._lock:
            at = self._next.get(request.digest, 0)
            self._next[request.digest] = at + 1
        return found[min(at, len(found) - 1)]

    def _missing(self, request: Request) -> NotRecordedError:
        asked = f"{request.method} {request.path}"
        recorded: dict[str, Exchange] = {}
        for exchange in self.exchanges:
            if (exchange.request.method, exchange.request.path) == (request.method, request.path):
                recorded.setdefault(exchange.request.digest, exchange)
        close = nearest(request, (exchange.request for exchange in recorded.values()))
        if close is None:
            there = dict.fromkeys(f"{one.request.method} {one.request.path}" for one in self.exchanges)
            return NotRecordedError(
                f"{self.path.name} holds no {asked}, only {', '.join(list(there)[:5]) or 'nothing'}."
            )
        line = recorded[close.digest].line
        return NotRecordedError(
            f"{self.path.name} holds no answer to this {asked}. The nearest one recorded is on line {line}, "
            f"and they differ in {difference(request, close)}."
        )

    def take(self, host: str, response: Response | None = None) -> Playback:
        """The way of one answer, or of one call that has no response."""
        return Playback(self, host)


class Playback:
    """One answer on its way: see ``plan.Transport`` and ``plan.Timeline``."""

    def __init__(self, replay: Replay, host: str) -> None:
        self.host = host
        self.sent_at: float | None = None
        self.elapsed = 0.0
        self._replay = replay
        self._exchange: Exchange | None = None
        self._all = False

    # --- the transport

    async def open(self, path: str, content: bytes, headers: Mapping[str, str]) -> Connection:
        """As ``Transport.open``."""
        return await self.send("POST", path, content=content, headers=headers)

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
        body = None if content is None else json.loads(content)
        exchange = self._exchange = self._replay.answer(Request(method, path, query, body))
        if self.sent_at is None:
            self.sent_at = exchange.at
        self._all = exchange.status is None
        clock = _Clock(self._replay.pace)
        if exchange.status is None:
            await clock.until(exchange.end_ms)
            raise _ending(exchange) or Stopped
        await clock.until(exchange.status_ms)
        self.came(exchange, 0.0, last=not exchange.pieces)
        return _Played(exchange, self, clock)

    def translate(self, error: Exception) -> OpenRouterError | None:
        """As ``Transport.translate``."""
        if isinstance(error, _Lost):
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            return APIConnectionError(f"{self.host} closed the connection without an answer ({reason}).")
        return None

    # --- what comes

    def came(self, exchange: Exchange, ms: float, *, last: bool) -> None:
        """So much of the exchange is handed on."""
        self.elapsed = seconds(self.sent_at, max(exchange.at, self.sent_at or 0.0), ms)
        self._all = last

    # --- the timeline

    def end(self) -> float:
        """See ``plan.Timeline``; where a replay is ended early, it is the moment of the last chunk."""
        exchange = self._exchange
        if exchange is None or not self._all:
            return self.elapsed
        return seconds(self.sent_at, max(exchange.at, self.sent_at or 0.0), exchange.end_ms)

    def retry(self, seconds: float) -> tuple[float, float]:
        """See ``plan.Timeline``."""
        if self._exchange is not None and self._exchange.retry is not None:
            seconds = self._exchange.retry
        return seconds, seconds if self._replay.pace == "original" else 0.0


class _Played:
    """A recorded answer; see ``plan.Connection``."""

    def __init__(self, exchange: Exchange, playback: Playback, clock: _Clock) -> None:
        assert exchange.status is not None
        self.status = exchange.status
        self.headers = exchange.headers
        self._blocks = self._play(exchange, playback, clock)

    def blocks(self) -> AsyncIterator[bytes]:
        return self._blocks

    async def _play(self, exchange: Exchange, playback: Playback, clock: _Clock) -> AsyncIterator[bytes]:
        for group in clock.groups(exchange.pieces):
            ms = group[-1].ms
            await clock.until(ms, chunk=True)
            # An answer that ended with the last that was read may have ended in the middle of it.
            playback.came(exchange, ms, last=ms == exchange.pieces[-1].ms)
            yield b"".join(map(bytes_of, group))
        await clock.until(exchange.end_ms)
        if (error := _ending(exchange)) is not None:
            raise error

    async def aclose(self) -> None:
        await self._blocks.aclose()  # type: ignore[attr-defined]


class _Clock:
    """When the next chunk is due."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._began = asyncio.get_running_loop().time()

    async def until(self, ms: float, *, chunk: bool = False) -> None:
        """Waits until what came then is due."""
        wait = 0.0
        if self._pace == "original":
            wait = self._began + ms / 1000 - asyncio.get_running_loop().time()
        elif chunk and isinstance(self._pace, float):
            wait = 1 / self._pace
        await asyncio.sleep(max(0.0, wait))  # also where it is 0: a Stop is heard between two chunks

    def groups(self, pieces: tuple[Piece, ...]) -> list[list[Piece]]:
        """What is handed on at once: what came at once, or one chunk."""
        if isinstance(self._pace, float):
            return [[piece] for piece in pieces]
        return [list(group) for _, group in groupby(pieces, key=lambda piece: piece.ms)]


class _Lost(Exception):
    """The connection broke; its subclasses have the names that were recorded."""


def _ending(exchange: Exchange) -> Exception | None:
    """What is raised at the end of an exchange, or None where it is whole."""
    error = exchange.error
    if exchange.end == "stopped":
        return Stopped()
    if exchange.end == "lost":
        name, message = str(error.get("type") or ""), str(error.get("message") or "")
        kind = type(name, (_Lost,), {}) if name.isidentifier() and len(name) <= 60 else _Lost
        lost: Exception = kind(message[:1000])
        return lost
    if exchange.end == "failed":
        known = restored(error)
        known.never_sent = error.get("never_sent") is True
        return known
    return None
