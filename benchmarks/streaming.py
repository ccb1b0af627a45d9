"""A long answer at a steady pace: what a kernel publishes and what CPU it spends, beside chatlas.

Both ask the same server, in a process of its own, for the same deltas at the same pace, in the same kernel, one
after the other; each has answered a short question before, so that no import counts.
"""

from __future__ import annotations

import hashlib
import statistics
from dataclasses import dataclass

from . import provider
from .kernel import Kernel, Traffic, running
from .report import Aim, Section, size

SETUP = """
%load_ext jupyter_openrouter
import hashlib, os
from chatlas import ChatOpenRouter

chat = ChatOpenRouter(model="bench/essay", base_url=os.environ["OPENROUTER_BASE_URL"], api_key="none")

def ask_chatlas(prompt):
    chat.set_turns([])
    return str(chat.chat(prompt))
"""
WAYS = {
    "`%%openrouter`": ("%%openrouter --model bench/essay\n{tokens}", "_openrouter.text"),
    "chatlas": ("text = ask_chatlas('{tokens}')", "text"),
}
OURS, PEER = WAYS


@dataclass
class Cost:
    """One answer: messages, bytes, and CPU in milliseconds."""

    messages: int
    size: int
    cpu: float


def _measure(kernel: Kernel, way: str, tokens: int) -> Cost:
    code, text = WAYS[way]
    cpu, traffic = kernel.cpu_of(code.format(tokens=tokens), settle=0.5)
    wanted = "".join(provider.essay(tokens))
    assert kernel.value(f"hashlib.sha256({text}.encode()).hexdigest()") == _hash(wanted)
    assert "Welcome to jupyter" in _shown(traffic)[:60], "the answer was not shown"
    return Cost(len(traffic.messages), traffic.size, 1000 * cpu)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _shown(traffic: Traffic) -> str:
    """The text of the last update of the cell's output."""
    bundles = [m["content"]["data"] for m in traffic.messages if m["msg_type"] == "update_display_data"]
    return str(bundles[-1]["text/markdown"]) if bundles else ""


def run(*, quick: bool, pairs: int) -> Section:
    """Runs the pairs and gives the medians."""
    tokens = 1000 if quick else 4000
    seconds = tokens / provider.RATE
    found: dict[str, list[Cost]] = {way: [] for way in WAYS}
    with provider.running() as url, running(OPENROUTER_BASE_URL=url) as kernel:
        kernel.run(SETUP)
        for way in WAYS:
            kernel.run(WAYS[way][0].format(tokens=20), settle=0.5)
        idle = 1000 * kernel.cpu_of("__import__('time').sleep(10)")[0] / 10 * seconds
        for pair in range(pairs):
            for way in list(WAYS)[:: -1 if pair % 2 else 1]:
                found[way].append(_measure(kernel, way, tokens))
    median = {
        way: Cost(*(statistics.median(getattr(c, name) for c in costs) for name in ("messages", "size", "cpu")))
        for way, costs in found.items()
    }
    ours, peer = median[OURS], median[PEER]
    title = f"An answer of {tokens:,} tokens, {tokens * provider.DELTA / 1000:g} kB, at {provider.RATE} tokens/s"
    return Section(
        title=title,
        how=f"Medians of {pairs} interleaved pairs in one kernel. CPU is user and system time of all threads of "
        f"the kernel's process, which spends {idle:.0f} ms on doing nothing for {seconds:g} s (included in both).",
        head=["Way", "Messages", "Bytes", "Kernel CPU"],
        rows=[
            *([way, f"{c.messages:.0f}", size(c.size), f"{c.cpu:.0f} ms"] for way, c in median.items()),
            [
                "chatlas ÷ ours",
                f"{peer.messages / ours.messages:.1f}",
                f"{peer.size / ours.size:.1f}",
                f"{peer.cpu / ours.cpu:.1f}",
            ],
        ],
        aims=[
            Aim(f"{title}: bytes", "≥ 80 × fewer", f"{peer.size / ours.size:.0f} ×", peer.size >= 80 * ours.size),
            Aim(f"{title}: kernel CPU", "≥ 30 × less", f"{peer.cpu / ours.cpu:.1f} ×", peer.cpu >= 30 * ours.cpu),
        ],
        notes=[
            "Each pair, CPU ours / chatlas in ms: "
            + ", ".join(f"{a.cpu:.0f} / {b.cpu:.0f}" for a, b in zip(found[OURS], found[PEER], strict=True))
            + "."
        ],
    )
