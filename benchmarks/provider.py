"""The model's side: the demo server in a process of its own, with two models whose deltas are known exactly."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_openrouter.demo.answers import ANSWERS
from jupyter_openrouter.demo.asked import Asked
from jupyter_openrouter.demo.models import MODELS, Model
from jupyter_openrouter.demo.script import Answer
from jupyter_openrouter.demo.server import DemoServer
from jupyter_openrouter.demo.tour import tour

RATE = 100  # deltas a second of bench/essay
DELTA = 5  # characters in one delta of bench/essay
# Not demo/…: for those slugs the package starts a server inside the kernel, whose work would count, too.
ESSAY, BURST = "bench/essay", "bench/burst"


def essay(tokens: int) -> list[str]:
    """So many deltas of Markdown, five characters each."""
    page = tour("") + "\n\n"
    text = (page * (1 + tokens * DELTA // len(page)))[: tokens * DELTA]
    return [text[start : start + DELTA] for start in range(0, len(text), DELTA)]


def burst(count: int) -> list[str]:
    """So many numbers."""
    return [f"{number} " for number in range(1, count + 1)]


def _tell(deltas: list[str]) -> Answer:
    return Answer("".join(deltas), deltas=tuple(deltas))


def _count(asked: Asked) -> int:
    found = re.search(r"\d+", asked.prompt)
    assert found is not None, "the prompt says how many deltas"
    return int(found[0])


async def _serve() -> None:
    for slug, rate, deltas in ((ESSAY, RATE, essay), (BURST, 0, burst)):
        MODELS[slug] = Model(slug, slug, "For benchmarks.", ("0", "0"), rate=rate, first_token_delay=0.0)
        ANSWERS[slug] = lambda asked, deltas=deltas: _tell(deltas(_count(asked)))
    server = DemoServer()
    await server.start()
    print(server.base_url, flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


@contextmanager
def running() -> Iterator[str]:
    """The base URL of such a server, which ends with the block."""
    command = [sys.executable, "-m", "benchmarks.provider"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    asyncio.run(_serve())
