"""A long answer at a steady pace: what a kernel publishes and what CPU it spends, beside chatlas.

Both ask the same server, in a process of its own, for the same deltas at the same pace, in the same kernel, one
after the other; each has answered a short question before, so that no import counts.
"""

from __future__ import annotations

import hashlib
import statistics
from dataclasses import astuple, dataclass

from . import provider
from .kernel import Kernel, Traffic, running
from .report import Aim, Section, size

SETUP = """
%load_ext jupyter_openrouter
import hashlib, os
from chatlas import ChatOpenRouter

chat = ChatOpenRouter(model="bench/essay", base_url=os.environ["OPENROUTER_BASE_URL"], api_key="none")

def ask_chatlas(prompt, echo="output"):
    chat.set_turns([])
    return str(chat.chat(prompt, echo=echo))
"""


@dataclass
class Way:
    """A cell that asks for so many tokens, where its text is then, and whether the answer is shown as it grows."""

    code: str
    text: str
    shown: bool = True


OURS, PEER, OURS_UNSEEN, PEER_UNSEEN = (
    "`%%openrouter`",
    "chatlas",
    "`%%openrouter`, headless",
    'chatlas, `echo="none"`',
)
MAGIC = "%%openrouter --model bench/essay\n{tokens}"
WAYS = {
    OURS: Way(MAGIC, "_openrouter.text"),
    PEER: Way("text = ask_chatlas('{tokens}')", "text"),
    OURS_UNSEEN: Way(MAGIC, "_openrouter.text", shown=False),
    PEER_UNSEEN: Way("text = ask_chatlas('{tokens}', echo='none')", "text", shown=False),
}


@dataclass
class Cost:
    """One answer: messages, bytes, and CPU in milliseconds."""

    messages: float
    size: float
    cpu: float


def _measure(kernel: Kernel, way: Way, tokens: int) -> Cost:
    cpu, traffic = kernel.cpu_of(way.code.format(tokens=tokens), settle=0.5, watched=way.shown)
    wanted = "".join(provider.essay(tokens))
    assert kernel.value(f"hashlib.sha256({way.text}.encode()).hexdigest()") == _hash(wanted)
    if way.shown:
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
        for way in WAYS.values():
            kernel.run(way.code.format(tokens=20), settle=0.5, watched=way.shown)
        idle = 1000 * kernel.cpu_of("__import__('time').sleep(10)")[0] / 10 * seconds
        for pair in range(pairs):
            for name in list(WAYS)[:: -1 if pair % 2 else 1]:
                found[name].append(_measure(kernel, WAYS[name], tokens))
    median = {
        name: Cost(*map(statistics.median, zip(*map(astuple, c), strict=True))) for name, c in found.items()
    }
    ours, peer = median[OURS], median[PEER]
    showing, peer_showing = (
        median[a].cpu - median[b].cpu for a, b in ((OURS, OURS_UNSEEN), (PEER, PEER_UNSEEN))
    )
    title = (
        f"An answer of {tokens:,} tokens, {tokens * provider.DELTA / 1000:g} kB, at {provider.RATE} tokens/s"
    )
    bytes_ratio, cpu_ratio = peer.size / ours.size, peer.cpu / ours.cpu
    rows = [[name, f"{c.messages:,.0f}", size(c.size), f"{c.cpu:,.0f} ms"] for name, c in median.items()]
    ratios = ["**chatlas ÷ ours, shown**", f"{peer.messages / ours.messages:.1f}", f"{bytes_ratio:.0f}"]
    return Section(
        title=title,
        how=f"Rounds: {pairs}, interleaved in one kernel; medians. CPU is user and system time of all threads of "
        f"the kernel's process, the client's HTTP included; doing nothing for {seconds:g} s costs {idle:.0f} ms, "
        "which is not subtracted.",
        head=["Way", "Messages", "Bytes", "Kernel CPU"],
        rows=[*rows, [*ratios, f"{cpu_ratio:.1f}"]],
        aims=[
            Aim(f"{title}: bytes", "≥ 80 × fewer", f"{bytes_ratio:.0f} ×", bytes_ratio >= 80),
            Aim(f"{title}: kernel CPU", "≥ 30 × less", f"{cpu_ratio:.1f} ×", cpu_ratio >= 30),
        ],
        notes=[
            f"Showing alone (shown less not shown): ours {showing:,.0f} ms, chatlas {peer_showing:,.0f} ms, "
            f"{peer_showing / showing:.1f} ×.",
            "Each round, CPU ours / chatlas, in ms: "
            + ", ".join(f"{a.cpu:.0f} / {b.cpu:.0f}" for a, b in zip(found[OURS], found[PEER], strict=True))
            + ".",
        ],
    )
