"""The client alone beside openai, the official SDK, and httpx with httpx-sse: CPU for each chunk, first tokens, memory.

Every way has a process of its own, which measures itself; all ask the same server, in turns, and what counts are the
ratios within one round. ``client_ways`` says what each way does, ``chunk_server`` how the chunks come.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from . import chunk_server
from .client_ways import Way
from .report import Aim, Section

NAMES = {
    "ours": "jupyter_openrouter",
    "openai": "openai",
    "official": "openrouter (official)",
    "sse": "httpx-sse + json",
    "floor": "httpx, no JSON",
}
PEERS = [name for name in NAMES if name != "ours"]
REMOTE = "https://openrouter.ai/api/v1"  # clients for it are made and never used
CHUNKS, PACED, GROWTH = 4000, 500, 100_000
MANY = {100: 6.5, 500: 4.5}  # streams at once, and the aim
LENGTHS = (100, 300)  # chunks of each: what a request costs weighs more in a short answer
# Whole programs, from the start of Python to the first token.
IMPORTS = {
    "ours": "from jupyter_openrouter import OpenRouter",
    "openai": "from openai import OpenAI",
    "official": "from openrouter import OpenRouter",
    "sse": "import httpx, httpx_sse, json",
}
STARTS = {
    "ours": """
with OpenRouter("none", base_url=url).chat_stream("Write.", model=model) as stream:
    for delta in stream:
        print(delta.text, flush=True)
        break
""",
    "openai": """
for chunk in OpenAI(api_key="none", base_url=url).chat.completions.create(
    model=model, messages=messages, stream=True
):
    print(chunk.choices[0].delta.content, flush=True)
    break
""",
    "official": """
for chunk in OpenRouter(api_key="none", server_url=url).chat.send(model=model, messages=messages, stream=True):
    print(chunk.choices[0].delta.content, flush=True)
    break
""",
    "sse": """
body = {"model": model, "messages": messages, "stream": True}
with httpx_sse.connect_sse(httpx.Client(), "POST", f"{url}/chat/completions", json=body) as source:
    for event in source.iter_sse():
        print(json.loads(event.data)["choices"][0]["delta"]["content"], flush=True)
        break
""",
}

Key = tuple[str, str]
Values = dict[Key, list[float]]


def in_turns(keys: list[Key], rounds: int, one: object) -> Values:
    """What ``one(key)`` gives, of each in each round, in another order in each."""
    found: Values = {key: [] for key in keys}
    for turn in range(rounds):
        start = turn % len(keys)
        for key in keys[start:] + keys[:start]:
            found[key].append(one(key))  # type: ignore[operator]
    return found


def process(code: str) -> tuple[float, float]:
    """Milliseconds until a Python process prints its first line, and of its CPU in all."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=folder)
        assert running.stdout is not None
        assert running.stdout.readline() or "print" not in code, code
        took = time.perf_counter() - began
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        running.stdout.close()
    assert running.returncode == 0, code
    return 1000 * took, 1000 * (usage.ru_utime + usage.ru_stime)


def starts(url: str, rounds: int) -> tuple[Values, Values, Values]:
    """Milliseconds: to the first token by the clock, CPU of that process, and CPU of the import over plain Python."""
    about = f'url, model = "{url}", "bench/flat-10"\nmessages = [{{"role": "user", "content": "Write."}}]'
    programs = {name: f"{IMPORTS[name]}\n{about}\n{code}" for name, code in STARTS.items()}
    keys = [("sync", name) for name in STARTS]
    for code in programs.values():
        process(code)  # writes the bytecode
    both: dict[Key, list[tuple[float, float]]] = in_turns(keys, rounds, lambda key: process(programs[key[1]]))  # type: ignore[assignment]
    imports = in_turns(
        keys, max(3, rounds // 2), lambda key: process(IMPORTS[key[1]])[1] - process("pass")[1]
    )
    return (
        {key: [clock for clock, _ in values] for key, values in both.items()},
        {key: [cpu for _, cpu in values] for key, values in both.items()},
        imports,
    )


class Results:
    """The table that grows, and the aims."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self.aims: list[Aim] = []

    def add(self, what: str, unit: str, values: Values, kinds: tuple[str, ...], places: int = 1) -> None:
        """One row for each kind: medians, and behind those of the peers how often ours goes into them."""
        for kind in kinds:
            cells = []
            for name in NAMES:
                if (kind, name) not in values:
                    cells.append("–")
                    continue
                cell = f"{statistics.median(values[kind, name]):.{places}f}"
                if name != "ours" and not what.startswith("Memory"):  # which may have grown by nothing
                    times = ratio(values, kind, name)
                    cell += f" ({times:.0f} ×)" if times >= 10 else f" ({times:.2g} ×)"
                cells.append(cell)
            name = f"{what}, {unit}" if len(kinds) == 1 else f"{what}, {kind}, {unit}"
            self.rows.append([name, *cells])

    def aim(self, what: str, values: Values, kind: str, peer: str, at_least: float) -> None:
        """How often ours has to go into a peer's, and does; below 1 where the peer is a floor."""
        found = ratio(values, kind, peer)
        text = f"≥ {at_least:g} ×" if at_least > 1 else f"≥ {at_least:.2f} of it"
        result = f"{found:.1f} ×" if at_least > 1 else f"{found:.2f}"
        self.aims.append(Aim(f"Client: {what}, beside {NAMES[peer]}", text, result, found >= at_least))


def ratio(values: Values, kind: str, peer: str) -> float:
    """The median over the rounds of a peer's number over ours."""
    return statistics.median(
        theirs / ours for ours, theirs in zip(values[kind, "ours"], values[kind, peer], strict=True)
    )


def run(*, quick: bool, pairs: int) -> Section:
    """All of it, in so many rounds."""
    results = Results()
    both: tuple[str, ...] = ("sync", "async")
    with chunk_server.running() as url:
        ways = {(kind, name): Way(kind, name, url) for kind in both for name in NAMES}
        every = list(ways)
        text = [key for key in every if key[1] != "floor"]
        try:
            for way in ways.values():
                way.do("cpu", "bench/flat-1000")

            values = in_turns(every, pairs, lambda key: ways[key].do("cpu", f"bench/flat-{CHUNKS}"))
            results.add("Flat out, one event in each HTTP chunk", "µs CPU a chunk", values, both)
            for kind, least in (("sync", 8), ("async", 7)):
                results.aim(f"streaming flat out, {kind}", values, kind, "openai", least)
                results.aim(f"streaming flat out, {kind}", values, kind, "official", 30)
                results.aim(f"streaming flat out, {kind}", values, kind, "floor", 0.70)

            values = in_turns(every, pairs, lambda key: ways[key].do("cpu", f"bench/blocks-{CHUNKS}"))
            results.add(f"{chunk_server.PER_BLOCK} events in each HTTP chunk", "µs CPU a chunk", values, both)
            for kind in both:
                results.aim(f"large blocks, {kind}", values, kind, "openai", 25)

            values = in_turns(every, pairs, lambda key: ways[key].do("cpu", f"bench/paced-{PACED}"))
            results.add("One wake-up for each token, 2 ms apart", "µs CPU a chunk", values, both)
            for kind, least in (("sync", 2.5), ("async", 1.8)):
                results.aim(f"one wake-up for each token, {kind}", values, kind, "openai", least)

            for task, what in (("sent_to_seen", "after it was sent"), ("asked_to_seen", "after the call")):
                values = in_turns(text, pairs, lambda key, task=task: ways[key].do(task))
                results.add(f"First token {what}, p50", "ms", values, both, places=2)
                for kind, least in (("sync", 2), ("async", 1.5)):
                    results.aim(f"first token {what}, {kind}", values, kind, "openai", least)

            for streams, least in MANY.items():
                for length in LENGTHS:
                    values = in_turns(
                        [key for key in every if key[0] == "async" and key[1] != "official"],
                        max(2, pairs // 2),
                        lambda key, which=(streams, length): ways[key].do("many", *which),
                    )
                    what = f"{streams} streams of {length} chunks at once"
                    results.add(what, "µs CPU a chunk", values, ("async",))
                    results.aim(what, values, "async", "openai", least)

            values = in_turns(text, pairs, lambda key: ways[key].do("another", REMOTE))
            results.add("One more client", "ms CPU", values, both, places=2)
            for kind in both:
                second = statistics.median(values[kind, "ours"])
                results.aims.append(
                    Aim(f"Client: one more client, {kind}", "≤ 0.2 ms", f"{second:.2f} ms", second <= 0.2)
                )

            sync = [("sync", name) for name in ("ours", "openai", "sse")]
            forgetting = in_turns(
                sync,
                1 if quick else 3,
                lambda key: ways[key].do("growth", GROWTH, {"keep_text": False} if key[1] == "ours" else {}),
            )
            kept = in_turns(sync[:1], 1 if quick else 3, lambda key: ways[key].do("growth", GROWTH, {}))
            results.add(
                f"Memory (RSS) over {GROWTH:,} chunks, text not kept", "MiB", forgetting, ("sync",), places=2
            )
            results.add(f"Memory (RSS) over {GROWTH:,} chunks, text kept", "MiB", kept, ("sync",), places=2)
            grown = statistics.median(forgetting["sync", "ours"])
            results.aims.append(
                Aim(f"Client: memory over {GROWTH:,} chunks", "≤ 1 MiB", f"{grown:.2f} MiB", grown <= 1)
            )
        finally:
            for way in ways.values():
                way.end()

        clock, cpu, imports = starts(url, pairs)
        results.add("Process start to first token", "ms", clock, ("sync",), places=0)
        results.add("Process start to first token, whole process", "ms CPU", cpu, ("sync",), places=0)
        results.add("Import over plain Python", "ms CPU", imports, ("sync",), places=0)
        results.aim("process start to first token", clock, "sync", "openai", 4)

    return Section(
        title="The client",
        how=f"Medians of {pairs} rounds (of {max(2, pairs // 2)} for many streams); in brackets the peer's number over "
        "ours, the median of the ratios within one round. CPU is user and system time of all threads of the client's "
        "process. Ours folds the whole response, counts events and keeps usage; the peers give their own chunks. Every "
        "text is compared with what was sent. Streams at once begin only when all have been asked for, so none has "
        "waited for the pool; the official SDK, whose pool holds 100 connections, is left out of them. Synchronously, "
        "ours lets tokens gather for 20 ms where they come faster than that, and so wakes less than once for each. "
        "Memory is what the process has grown by at the last chunk, after an answer of 20,000.",
        head=["What", *NAMES.values()],
        rows=results.rows,
        aims=results.aims,
    )
