"""A server that misbehaves to order: each request is answered by a script of bytes, pauses and ends.

It works on raw sockets, so that no library puts its own order into what it sends. A script is a tuple of steps:
bytes are sent at once, a number is a pause in seconds, and the names below do what they say.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

DEAF = "deaf"  # first step only: do not read the request
FIN = "fin"  # close in order
RESET = "reset"  # close with a TCP reset
STALL = "stall"  # send nothing more, and wait until the client closes


@dataclass(frozen=True)
class Each:
    """The same bytes in pieces of ``size`` bytes, with time for the client to read each one."""

    data: bytes
    size: int = 1


@dataclass(frozen=True)
class Again:
    """The same bytes again and again, every ``pause`` seconds, until the client closes."""

    data: bytes
    pause: float = 0.01


Step = bytes | float | str | Each | Again
Script = tuple[Step, ...]


class FaultServer:
    """Plays one script for each request, in order; the last one serves all that follow.

    Attributes:
        connections: How many were accepted.
        requests: The bytes of each request that was read.
        open: How many connections are open now.
    """

    def __init__(self, *scripts: Script) -> None:
        self.scripts = scripts
        self.connections = 0
        self.requests: list[bytes] = []
        self.open = 0
        self._played = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listening.setblocking(False)
        self._listening.bind(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    def listen(self) -> None:
        """Before this, whoever connects is refused."""
        self._listening.listen(1024)
        self._start(self._accept())

    async def __aenter__(self) -> FaultServer:
        self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listening.close()

    async def emptied(self) -> None:
        """Waits until the other side has closed every connection.

        Raises:
            TimeoutError: one is still open after 5 seconds.
        """
        for _ in range(1000):
            if not self.open:
                return
            await asyncio.sleep(0.005)
        raise TimeoutError(f"{self.open} connections are still open")

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            accepted, _ = await loop.sock_accept(self._listening)
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self.open += 1
            self._start(self._serve(accepted))

    async def _serve(self, sock: socket.socket) -> None:
        try:
            while True:
                if self._next[:1] != (DEAF,) and not await self._read_request(sock):
                    return
                # Not before: several connections may wait for their requests at once.
                script, self._played = self._next, self._played + 1
                for step in script[1:] if script[:1] == (DEAF,) else script:
                    if not await self._play(sock, step):
                        return
        except OSError:  # the client has left: reset or broken pipe
            pass
        finally:
            self.open -= 1
            sock.close()

    @property
    def _next(self) -> Script:
        return self.scripts[min(self._played, len(self.scripts) - 1)]

    async def _read_request(self, sock: socket.socket) -> bool:
        loop = asyncio.get_running_loop()
        got = b""
        while True:
            head, found, body = got.partition(b"\r\n\r\n")
            if found:
                length = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line[15:])
                if len(body) >= length:
                    self.requests.append(got)
                    return True
            more = await loop.sock_recv(sock, 65536)
            if not more:
                return False
            got += more

    async def _play(self, sock: socket.socket, step: Step) -> bool:
        loop = asyncio.get_running_loop()
        if isinstance(step, bytes):
            await loop.sock_sendall(sock, step)
        elif isinstance(step, Each):
            for start in range(0, len(step.data), step.size):
                await loop.sock_sendall(sock, step.data[start : start + step.size])
                for _ in range(4):  # turns of the loop, in which the client reads what has come
                    await asyncio.sleep(0)
        elif isinstance(step, Again):
            while True:
                await loop.sock_sendall(sock, step.data)
                await asyncio.sleep(step.pause)
        elif isinstance(step, float):
            await asyncio.sleep(step)
        elif step == STALL:
            while await loop.sock_recv(sock, 65536):
                pass
            return False
        elif step == RESET:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        else:
            assert step == FIN, step
            return False
        return True


# --- what the scripts are written with


def head(status: str = "200 OK", *lines: str, kind: str = "text/event-stream", chunked: bool = True) -> bytes:
    """Status line and headers."""
    all_lines = [f"HTTP/1.1 {status}", *([f"Content-Type: {kind}"] if kind else []), *lines]
    if chunked:
        all_lines.append("Transfer-Encoding: chunked")
    return ("\r\n".join(all_lines) + "\r\n\r\n").encode("utf-8")


def framed(*pieces: bytes) -> bytes:
    """Each piece as one HTTP chunk."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece)


LAST = b"0\r\n\r\n"
DONE = b"data: [DONE]\n\n"


def event(value: Any) -> bytes:
    """One server-sent event; a string goes as it is."""
    return b"data: " + (value if isinstance(value, str) else json.dumps(value)).encode() + b"\n\n"


def said(content: Any = "", finish: str | None = None, **choice: Any) -> bytes:
    """The event of one delta."""
    one = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return event({"id": "gen-1", "model": "a/b", "provider": "P", "choices": [one | choice]})


def delta(finish: str | None = None, **fields: Any) -> bytes:
    """The event of one delta with these fields."""
    return event({"id": "gen-1", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]})


STOP = said("", "stop")
USAGE = event(
    {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": 0.5}}
)
HELLO = (said("Hel"), said("lo"), STOP, USAGE, DONE)


def stream(*events: bytes, headers: Iterable[str] = ()) -> Script:
    """A whole answer as the service sends it: one HTTP chunk for each event, in order, and an end."""
    return (head("200 OK", *headers), *(framed(one) for one in events), LAST)


def answer(status: str, body: Any, *lines: str, kind: str = "application/json") -> Script:
    """An answer in one piece, with its length."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (head(status, f"Content-Length: {len(raw)}", *lines, kind=kind, chunked=False) + raw,)


OK = stream(*HELLO)
