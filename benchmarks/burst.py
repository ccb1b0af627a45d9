"""10,000 deltas as fast as they come, behind a default Jupyter server: how many messages, and whether text is lost.

A default server drops what comes above 1,000 messages a second over 3 s, the last ones included.
"""

from __future__ import annotations

import ast
import statistics
import time
from contextlib import suppress
from dataclasses import astuple, dataclass
from itertools import zip_longest

from . import provider
from .notebook_server import Browser, Message, running
from .report import Aim, Section, size

COUNT = 10_000
ANSWERS = 12
OURS = f"%%openrouter --model {provider.BURST}\n{COUNT}"
CHATS = f"""
from jupyter_openrouter import ChatWidget
chats = [ChatWidget(model="{provider.BURST}") for _ in range({ANSWERS})]
print([chat.comm.comm_id for chat in chats])
"""
CHATLAS = f"""
import os
from chatlas import ChatOpenRouter
chat = ChatOpenRouter(model="{provider.BURST}", base_url=os.environ["OPENROUTER_BASE_URL"], api_key="none")
_ = chat.chat("{COUNT}")
"""
WANTED = "".join(provider.burst(COUNT))


@dataclass
class Found:
    """What reached the browser of all answers together; `holes` and `lost` in characters."""

    messages: int
    size: int
    busiest: int
    holes: int
    lost: int
    seconds: float


def assembled(messages: list[Message], comm: str) -> str:
    """The text that a browser holds out of the deltas and snapshots of one comm; lost characters are `?`."""
    text = ""
    for message in messages:
        if message.kind != "comm_msg" or message.content["comm_id"] != comm:
            continue
        data = message.content["data"]
        said = data["content"] if data["method"] == "custom" else {}
        if said.get("type") == "delta":
            text = text[: said["offset"]].ljust(said["offset"], "?") + said["text"]
        elif said.get("type") == "snapshot":
            text = said["text"]
    return text


def holes(text: str) -> int:
    """Characters that are missing or wrong before the end of a text that was still growing."""
    return sum(a != b for a, b in zip_longest(text, WANTED[: len(text)]))


def lost(text: str) -> int:
    """Characters of the right text that are missing or wrong."""
    right = sum(a == b for a, b in zip(text.strip(), WANTED.strip(), strict=False))
    return len(WANTED.strip()) - right


def found(messages: list[Message], texts: dict[str, str], began: float) -> Found:
    """The figures, given the texts as they are shown at the end, by comm."""
    return Found(
        messages=len(messages),
        size=sum(message.size for message in messages),
        busiest=busiest(messages),
        holes=sum(holes(assembled(messages, comm)) for comm in texts if comm),
        lost=sum(map(lost, texts.values())),
        seconds=messages[-1].at - began,
    )


def busiest(messages: list[Message]) -> int:
    """The most messages within any 3 s, the time over which a server looks; it drops above 3,000."""
    times = [message.at for message in messages]
    return max(sum(start <= at < start + 3 for at in times[index:]) for index, start in enumerate(times))


def shown(messages: list[Message]) -> str:
    """The Markdown of the last update of a cell's output."""
    bundles = [m.content["data"] for m in messages if m.kind == "update_display_data"]
    return str(bundles[-1]["text/markdown"]).partition("<small>")[0].removeprefix("<br>").strip()


def ask_magic(browser: Browser) -> Found:
    """One answer in a cell."""
    browser.run("%load_ext jupyter_openrouter")
    began = time.monotonic()
    messages = browser.run(OURS)
    comm = next(
        m.content["comm_id"]
        for m in messages
        if m.kind == "comm_open" and "_core_id" in m.content["data"]["state"]
    )
    return found(messages, {comm: shown(messages)}, began)


def ask_chats(browser: Browser) -> Found:
    """Twelve chats at once, asked as the browser side does."""
    printed = [m for m in browser.run(CHATS) if m.kind == "stream"]
    comms = ast.literal_eval("".join(m.content["text"] for m in printed))
    start, began, texts = len(browser.received), time.monotonic(), {}

    def settled(message: Message) -> bool:
        state = message.content.get("data", {}).get("state", {}) if message.kind == "comm_msg" else {}
        if len(state.get("messages", [])) == 2:
            texts[message.content["comm_id"]] = state["messages"][1]["content"]
        return len(texts) == len(comms)

    for comm in comms:
        said = {"type": "ask", "id": "a", "text": str(COUNT)}
        browser.send("comm_msg", {"comm_id": comm, "data": {"method": "custom", "content": said}})
    try:
        browser.until(settled)
    except TimeoutError:  # a settled text was dropped
        texts = {comm: texts.get(comm, "") for comm in comms}
    browser.settle(0.5)
    return found(browser.received[start:], texts, began)


def ask_chatlas(browser: Browser) -> Found:
    """The same answer in a cell with chatlas."""
    began = time.monotonic()
    # A flood fills the queues between kernel and server, and then even the end of the cell may get lost.
    with suppress(TimeoutError):
        browser.run(CHATLAS, silence=10)
    return found(browser.received, {"": shown(browser.received)}, began)


WAYS = {
    "`%%openrouter`": ask_magic,
    f"{ANSWERS} × `ChatWidget`": ask_chats,
    "chatlas": ask_chatlas,
}


def run(*, quick: bool, pairs: int) -> Section:
    """Runs each way in a fresh kernel, in turns, and gives the medians."""
    results: dict[str, list[Found]] = {way: [] for way in WAYS}
    with provider.running() as url, running(OPENROUTER_BASE_URL=url) as browser:
        for _ in range(pairs):
            for way, ask in WAYS.items():
                if quick and ask is ask_chatlas:
                    continue
                with browser() as opened:
                    results[way].append(ask(opened))
    results = {way: several for way, several in results.items() if several}
    median = {
        way: Found(*(statistics.median(values) for values in zip(*map(astuple, several), strict=True)))
        for way, several in results.items()
    }
    one, twelve = results["`%%openrouter`"], results[f"{ANSWERS} × `ChatWidget`"]
    most, lost_text = max(f.messages for f in one), sum(f.holes + f.lost for f in one + twelve)
    return Section(
        title=f"A burst of {COUNT:,} deltas behind a default `jupyter server`",
        how=f"As fast as they come, at a websocket as JupyterLab opens it; medians of {pairs} runs in turns, each in a "
        "fresh kernel. Characters lost are those of all answers, compared with what the model sent: holes in the "
        "text that the deltas add up to, and what is missing in the text that is shown and saved at the end.",
        head=[
            "Way",
            "Messages",
            "In the busiest 3 s",
            "Bytes",
            "Holes on the way",
            "Lost at the end",
            "Wall clock",
        ],
        rows=[
            [
                way,
                f"{f.messages:,.0f}",
                f"{f.busiest:,.0f}",
                size(f.size),
                "–" if way == "chatlas" else f"{f.holes:,.0f}",
                f"{f.lost:,.0f}",
                f"{f.seconds:.1f} s",
            ]
            for way, f in median.items()
        ],
        aims=[
            Aim(
                "A burst of 10,000 deltas: messages for one answer, at most", "≤ 200", f"{most}", most <= 200
            ),
            Aim(
                f"A burst of 10,000 deltas: text lost, of 1 and of {ANSWERS} answers at once",
                "none",
                f"{lost_text} characters" if lost_text else "none",
                not lost_text,
            ),
        ],
        notes=[
            f"chatlas publishes an update for each delta; what is missing of {COUNT:,} was lost on the way."
        ]
        if "chatlas" in median
        else [],
    )
