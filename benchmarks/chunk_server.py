"""The model's side for the client alone: chunks rendered beforehand, sent in the ways in which a stream arrives.

The model slug says how: ``bench/flat-4000`` sends 4,000 chunks as fast as they go, one in each HTTP chunk, as a live
API does; ``blocks`` sends many in each; ``paced`` sends one every 2 ms; ``first`` sends one at once with the time at
which it left, and the end 5 ms later; ``stamped`` does so after 5 ms; ``gate-500-100`` begins when 500 requests wait,
with 100 chunks for each, and hangs up on all when they do not come.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle, islice

WORDS = [" the", " quick", " brown", " fox", " jumps", " over", " a", " lazy", " dog", "."]
PER_BLOCK = 100  # chunks in one HTTP chunk of bench/blocks: 30 kB
PER_WRITE = 1000
PACE_SECONDS = 0.002
GATE_SECONDS = 20.0
STAMP_DIGITS = 20
KEEP_ALIVE = b": OPENROUTER PROCESSING\n\n"
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"X-Generation-Id: gen-1763700000-AbCdEfGhIjKlMnOpQrSt\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def event(choices: list[dict[str, object]], **more: object) -> bytes:
    """One chunk as OpenRouter sends it."""
    chunk = {
        "id": "gen-1763700000-AbCdEfGhIjKlMnOpQrSt",
        "provider": "Bench",
        "model": "bench/model",
        "object": "chat.completion.chunk",
        "created": 1763700000,
        "choices": choices,
        **more,
    }
    return f"data: {json.dumps(chunk, separators=(',', ':'))}\n\n".encode()


def delta(text: str, finish_reason: str | None = None) -> bytes:
    """One chunk with a delta."""
    return event(
        [
            {
                "index": 0,
                "delta": {"role": "assistant", "content": text},
                "finish_reason": finish_reason,
                "native_finish_reason": finish_reason,
                "logprobs": None,
            }
        ]
    )


def framed(data: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def ending(count: int) -> list[bytes]:
    """The finish reason, the usage, and that it is done."""
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": count,
        "total_tokens": count + 9,
        "cost": 0.0001,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    return [delta("", "stop"), event([], usage=usage), b"data: [DONE]\n\n"]


DELTAS = [delta(word) for word in WORDS]
FRAMES = [framed(data) for data in DELTAS]
# A keep-alive comment now and then, as between slow tokens.
BATCH = framed(KEEP_ALIVE) + b"".join(islice(cycle(FRAMES), PER_WRITE))
BLOCK = framed(b"".join(islice(cycle(DELTAS), PER_BLOCK)))


def text_size(count: int) -> int:
    """Characters in so many deltas, a multiple of the words; not of those that hold the time."""
    assert count % len(WORDS) == 0, count
    return count // len(WORDS) * len("".join(WORDS))


class _Gate:
    def __init__(self) -> None:
        self.waiting = 0
        self.open = asyncio.Event()


_gates: dict[str, _Gate] = {}


async def _pass_gate(name: str, size: int) -> None:
    gate = _gates.setdefault(name, _Gate())
    gate.waiting += 1
    if gate.waiting == size:
        _gates.pop(name, None)
        gate.open.set()
    await asyncio.wait_for(gate.open.wait(), GATE_SECONDS)


async def _answer(writer: asyncio.StreamWriter, way: str, counts: list[int]) -> None:
    count = counts[-1]
    writer.write(HEAD + framed(KEEP_ALIVE))
    if way in ("stamped", "first"):
        if way == "stamped":
            await asyncio.sleep(0.005)
        writer.write(framed(delta(f"{time.monotonic_ns():0{STAMP_DIGITS}d}")))
        await asyncio.sleep(0.005)  # nothing else is to be done while the first one is on its way
    elif way == "paced":
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for number in range(count):
            await asyncio.sleep(max(0.0, begin + number * PACE_SECONDS - loop.time()))
            writer.write(FRAMES[number % len(FRAMES)])
    elif way == "blocks":
        for _ in range(count // PER_BLOCK):
            writer.write(BLOCK)
            await writer.drain()
        writer.write(b"".join(islice(cycle(FRAMES), count % PER_BLOCK)))
    else:
        if way == "gate":
            await _pass_gate(f"{way}{counts}", counts[0])
        for _ in range(count // PER_WRITE):
            writer.write(BATCH)
            await writer.drain()
        writer.write(b"".join(islice(cycle(FRAMES), count % PER_WRITE)))
    writer.write(b"".join(framed(data) for data in ending(count)) + b"0\r\n\r\n")
    await writer.drain()


async def _serve_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            asked = re.search(rb'"model": ?"bench/([a-z]+)((?:-\d+)+)"', body)
            assert asked is not None, body
            await _answer(writer, asked[1].decode(), [int(n) for n in asked[2].decode().split("-")[1:]])
    except (asyncio.IncompleteReadError, asyncio.TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()


async def _serve() -> None:
    server = await asyncio.start_server(_serve_connection, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1", flush=True)
    await server.serve_forever()


@contextmanager
def running() -> Iterator[str]:
    """The base URL of such a server, in a process of its own, which ends with the block."""
    command = [sys.executable, "-m", "benchmarks.chunk_server"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve())
