"""One way to read a stream of OpenRouter, in a process of its own that measures itself: `client_ways WAY URL`.

It takes tasks as lines of JSON and answers each with one number: see ``TASKS``. Each way is asked to do the same:
send the question, hand out the text of each chunk, and count its characters, which are compared with what was sent.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from .chunk_server import text_size

PROMPT = "Write."
MESSAGES = [{"role": "user", "content": PROMPT}]
TRIALS = 60  # answers of one measurement of the first token


class Ours:
    def __init__(self, url: str, **options: Any) -> None:
        from jupyter_openrouter import OpenRouter

        self.client, self.options = OpenRouter("none", base_url=url), options

    def open(self, model: str) -> Any:
        return self.client.chat_stream(PROMPT, model=model, **self.options)

    @staticmethod
    def text(chunk: Any) -> str:
        return chunk.text


class OursAsync(Ours):
    def __init__(self, url: str, **options: Any) -> None:
        from jupyter_openrouter import AsyncOpenRouter

        self.client, self.options = AsyncOpenRouter("none", base_url=url), options

    async def open(self, model: str) -> Any:
        return self.client.chat_stream(PROMPT, model=model, **self.options)


class OpenAI:
    def __init__(self, url: str) -> None:
        from openai import OpenAI

        self.client = OpenAI(api_key="none", base_url=url)

    def open(self, model: str) -> Any:
        return self.client.chat.completions.create(model=model, messages=MESSAGES, stream=True)

    @staticmethod
    def text(chunk: Any) -> str:
        return (chunk.choices[0].delta.content or "") if chunk.choices else ""


class OpenAIAsync(OpenAI):
    def __init__(self, url: str) -> None:
        from openai import AsyncOpenAI

        self.client = AsyncOpenAI(api_key="none", base_url=url)

    async def open(self, model: str) -> Any:
        return await self.client.chat.completions.create(model=model, messages=MESSAGES, stream=True)


class Official:
    def __init__(self, url: str) -> None:
        from openrouter import OpenRouter

        self.client = OpenRouter(api_key="none", server_url=url)

    def open(self, model: str) -> Any:
        return self.client.chat.send(model=model, messages=MESSAGES, stream=True)

    @staticmethod
    def text(chunk: Any) -> str:
        return (chunk.choices[0].delta.content or "") if chunk.choices else ""


class OfficialAsync(Official):
    async def open(self, model: str) -> Any:
        return await self.client.chat.send_async(model=model, messages=MESSAGES, stream=True)


class Sse:
    """httpx, httpx-sse and json."""

    def __init__(self, url: str) -> None:
        import httpx

        self.url = f"{url}/chat/completions"
        self.client = httpx.Client(timeout=60)

    def open(self, model: str) -> Any:
        from httpx_sse import connect_sse

        body = {"model": model, "messages": MESSAGES, "stream": True}
        with connect_sse(self.client, "POST", self.url, json=body) as source:
            for event in source.iter_sse():
                if event.data != "[DONE]":
                    yield json.loads(event.data)

    @staticmethod
    def text(chunk: Any) -> str:
        return chunk["choices"][0]["delta"]["content"] if chunk["choices"] else ""


class SseAsync(Sse):
    def __init__(self, url: str) -> None:
        import httpx

        self.url = f"{url}/chat/completions"
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self.client = httpx.AsyncClient(timeout=60, limits=limits)

    async def open(self, model: str) -> Any:
        async def chunks() -> Any:
            from httpx_sse import aconnect_sse

            body = {"model": model, "messages": MESSAGES, "stream": True}
            async with aconnect_sse(self.client, "POST", self.url, json=body) as source:
                async for event in source.aiter_sse():
                    if event.data != "[DONE]":
                        yield json.loads(event.data)

        return chunks()


class Floor(Sse):
    """httpx alone: what has to be read, cut at the blank lines."""

    def open(self, model: str) -> Any:
        body = {"model": model, "messages": MESSAGES, "stream": True}
        with self.client.stream("POST", self.url, json=body) as response:
            rest = b""
            for block in response.iter_raw():
                *events, rest = (rest + block).split(b"\n\n")
                yield from events

    @staticmethod
    def text(chunk: Any) -> None:
        return None


class FloorAsync(SseAsync):
    async def open(self, model: str) -> Any:
        async def chunks() -> Any:
            body = {"model": model, "messages": MESSAGES, "stream": True}
            async with self.client.stream("POST", self.url, json=body) as response:
                rest = b""
                async for block in response.aiter_raw():
                    *events, rest = (rest + block).split(b"\n\n")
                    for event in events:
                        yield event

        return chunks()

    text = staticmethod(Floor.text)


SYNC = {"ours": Ours, "openai": OpenAI, "official": Official, "sse": Sse, "floor": Floor}
ASYNC = {
    "ours": OursAsync,
    "openai": OpenAIAsync,
    "official": OfficialAsync,
    "sse": SseAsync,
    "floor": FloorAsync,
}


# --- what is done with a way, synchronously or not


def read(way: Any, model: str) -> int | None:
    """The characters of a whole answer; None for who reads no text."""
    size, text = 0, way.text
    for chunk in way.open(model):
        if (piece := text(chunk)) is not None:
            size += len(piece)
    return size or None


async def read_async(way: Any, model: str) -> int | None:
    """The same."""
    size, text = 0, way.text
    async for chunk in await way.open(model):
        if (piece := text(chunk)) is not None:
            size += len(piece)
    return size or None


def first(way: Any, model: str) -> tuple[str, int]:
    """The first text of an answer, and the clock when it was here; the rest is read, too."""
    found, when = "", 0
    for chunk in way.open(model):
        if not found and (found := way.text(chunk)):
            when = time.monotonic_ns()
    return found, when


async def first_async(way: Any, model: str) -> tuple[str, int]:
    """The same."""
    found, when = "", 0
    async for chunk in await way.open(model):
        if not found and (found := way.text(chunk)):
            when = time.monotonic_ns()
    return found, when


class Process:
    """The tasks, done in one way."""

    def __init__(self, kind: str, name: str, url: str) -> None:
        self.url = url
        self.asynchronous = kind == "async"
        self.make = (ASYNC if self.asynchronous else SYNC)[name]
        self.way = self.make(url)
        self.loop = asyncio.new_event_loop() if self.asynchronous else None

    def call(self, function: Callable[..., Any], asynchronous: Callable[..., Any], *arguments: Any) -> Any:
        """Calls the one or the other."""
        if self.loop is None:
            return function(*arguments)
        return self.loop.run_until_complete(asynchronous(*arguments))

    def read(self, model: str) -> int | None:
        """One answer, and whether it is whole."""
        size = self.call(read, read_async, self.way, model)
        assert size in (None, text_size(int(model.rpartition("-")[2]))), f"{size} characters"
        return size

    def cpu(self, model: str) -> float:
        """Microseconds of CPU for each chunk of one answer."""
        gc.collect()
        before = time.process_time()
        self.read(model)
        return 1e6 * (time.process_time() - before) / int(model.rpartition("-")[2])

    def many(self, streams: int, count: int) -> float:
        """Microseconds of CPU for each chunk of many answers at once."""
        model = f"bench/gate-{streams}-{count}"

        async def all_of_them() -> list[int | None]:
            return await asyncio.gather(*(read_async(self.way, model) for _ in range(streams)))

        gc.collect()
        before = time.process_time()
        assert self.loop is not None
        sizes = self.loop.run_until_complete(all_of_them())
        spent = time.process_time() - before
        assert set(sizes) <= {None, text_size(count)}, sizes
        return 1e6 * spent / streams / count

    def sent_to_seen(self) -> float:
        """Milliseconds from sending the first token to having it, the median."""
        found = [self.call(first, first_async, self.way, "bench/stamped-0") for _ in range(TRIALS)]
        return statistics.median((when - int(text)) / 1e6 for text, when in found)

    def asked_to_seen(self) -> float:
        """Milliseconds from the call to the first token, which is sent at once: the median."""
        found = []
        for _ in range(TRIALS):
            before = time.monotonic_ns()
            found.append((self.call(first, first_async, self.way, "bench/first-0")[1] - before) / 1e6)
        return statistics.median(found)

    def another(self, url: str) -> float:
        """Milliseconds of CPU to make one more client."""
        self.make(url)  # the first one may load what all share
        before = time.process_time()
        clients = [self.make(url) for _ in range(20)]
        spent = time.process_time() - before
        del clients
        gc.collect()
        return 1000 * spent / 20

    def growth(self, count: int, options: dict[str, Any]) -> float:
        """MiB by which the process has grown at the last of so many chunks, after a short answer."""
        import psutil

        way = self.make(self.url, **options)
        this, before, sizes = psutil.Process(), 0, []
        for model in ("bench/flat-20000", f"bench/flat-{count}"):
            gc.collect()
            before = this.memory_info().rss
            for chunk in way.open(model):
                way.text(chunk)
            sizes.append(this.memory_info().rss - before)
        return sizes[-1] / 2**20


TASKS = ("cpu", "many", "sent_to_seen", "asked_to_seen", "another", "growth")


class Way:
    """Such a process, seen from the benchmark."""

    def __init__(self, kind: str, name: str, url: str) -> None:
        command = [sys.executable, "-m", "benchmarks.client_ways", kind, name, url]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=os.environ)

    def do(self, task: str, *arguments: Any) -> float:
        """Has one task done."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([task, *arguments]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"{self.process.args} ended"
        return float(line)

    def end(self) -> None:
        """Ends the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


def main() -> None:
    process = Process(*sys.argv[1:4])
    for line in sys.stdin:
        task, *arguments = json.loads(line)
        assert task in TASKS, task
        print(getattr(process, task)(*arguments), flush=True)


if __name__ == "__main__":
    main()
