"""The chat in JupyterLab: how soon a Stop shows, what a turn costs on the wire, and what it costs its page."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import chat_page, kernel
from .chat_page import FILLED, LOAD, opened
from .environment import ROOT
from .report import Aim, Section, size

sys.path.insert(0, str(ROOT / "tests"))

import lab

CHAT = "chat = ChatWidget(model='demo/slow')\nchat"
BUSY = "end = time.monotonic() + 600\nwhile time.monotonic() < end: pass"
ASK = "_ = chat.ask('Tell me a story.')"
QUESTION = "What can you do? " * 20
PLAIN = """
import ipywidgets, time
plain = ipywidgets.HTML(value=''.join(f'<p>{turn["content"]}</p>' for turn in turns))
"""
"""A chat as tutorials write one: one widget, whose whole text is set with each piece that comes."""
PLAIN_ANSWER = """
for piece in pieces:
    plain.value += piece
    time.sleep(0.05)
"""
STOP_TO_SHOWN = """async () => {
    const send = document.querySelector('.jor-root .jor-send');
    const stop = [...document.querySelectorAll('.jor-root .jor-stop')].find((one) => one.offsetParent);
    const began = performance.now();
    stop.click();
    while (send.textContent !== 'Send') await new Promise((resolve) => requestAnimationFrame(resolve));
    return performance.now() - began;
}"""

Page = Any


def run(*, quick: bool, pairs: int) -> Section:
    """All of it; ``pairs`` is how often each reload is timed."""
    section = Section(
        "The chat",
        "A real JupyterLab in Chromium, headless, and the embedded models; bytes are those of the contents of the "
        "messages that a kernel publishes. “Plain ipywidgets” is a chat as tutorials write one, in the same kernel: "
        "one `HTML` widget whose whole text is set for each piece, with the pieces that ours has sent.",
        ["What", "Result"],
    )
    _bytes(section, 100 if quick else 1000)
    with tempfile.TemporaryDirectory() as folder, lab.running_lab(Path(folder)) as server:
        print("  bytes done", flush=True)
        _stops(section, server, 3 if quick else 6)
        print("  stops done", flush=True)
        chat_page.reloads(section, server, (2, 100 if quick else 1000), pairs)
        print("  reloads done", flush=True)
        chat_page.memory(section, server, turns=20 if quick else 200, widgets=10 if quick else 100)
    return section


# --- on the wire


def _cost(traffic: kernel.Traffic) -> dict[str, list[int]]:
    """Bytes of each message by what it is."""
    found: dict[str, list[int]] = {}
    for message in traffic.messages:
        data = message["content"].get("data", {})
        kind = message["msg_type"]
        if kind == "comm_msg":
            kind = data["content"]["type"] if data.get("method") == "custom" else data.get("method")
        found.setdefault(str(kind), []).append(len(json.dumps(message["content"])))
    return found


def _bytes(section: Section, count: int) -> None:
    rows: dict[int, dict[str, list[int]]] = {}
    plain: dict[int, int] = {}
    for already in (0, count):
        with kernel.running() as one:
            one.run(f"{LOAD}\n{FILLED.replace('COUNT', str(already))}")
            traffic = one.run(f"_ = chat.ask({QUESTION!r})", settle=1)
            rows[already] = _cost(traffic)
            pieces = [
                message["content"]["data"]["content"]["text"]
                for message in traffic.messages
                if message["msg_type"] == "comm_msg"
                and message["content"]["data"].get("content", {}).get("type") == "delta"
            ]
            one.run(f"{PLAIN}\npieces = {pieces!r}")
            plain[already] = sum(map(sum, _cost(one.run(PLAIN_ANSWER)).values()))

    def most(at: int) -> int:
        return max(rows[at].get("delta", [0]))

    def settled(at: int) -> int:
        kinds = ("turns", "update", "update_display_data")
        return sum(sum(rows[at].get(kind, [])) for kind in kinds)

    def whole(at: int) -> int:
        return sum(map(sum, rows[at].values()))

    for what, measure in (
        ("The largest delta", most),
        ("All that settles the turn, its place in the saved notebook included", settled),
        ("The whole answer", whole),
        ("The whole answer, plain ipywidgets", plain.__getitem__),
    ):
        section.rows.append([f"{what}: bytes at turn 1", size(measure(0))])
        section.rows.append([f"{what}: bytes at turn {count:,}", size(measure(count))])
    section.aims += [
        Aim(
            f"Chat: the largest delta at turn {count:,}",
            "≤ 2 KiB",
            f"{most(count):,} B (turn 1: {most(0):,} B)",
            most(count) <= 2048,
        ),
        Aim(
            f"Chat: bytes of an answer at turn {count:,}, beside turn 1",
            "≤ 1.5 of it",
            f"{whole(count) / whole(0):.2f}",
            whole(count) <= 1.5 * whole(0),
        ),
    ]


# --- in the page


def _until(page: Page, true: Callable[[], Any], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        page.wait_for_timeout(50)


def _send(page: Page, text: str) -> None:
    page.locator(".jor-root .jor-box").fill(text)
    page.keyboard.press("Enter")


def _streaming(page: Page) -> None:
    _story(page).last.wait_for()


def _story(page: Page) -> Any:
    return page.locator(".jor-root").get_by_text("This is a long story")


def _stops(section: Section, server: lab.Lab, rounds: int) -> None:
    worst: dict[str, float] = {}
    for name, cell in (("the kernel idle", None), ("its own cell", ASK), ("another cell computing", BUSY)):
        found = []
        with opened(
            server, f"stop-{len(section.rows)}.ipynb", LOAD, CHAT, cell or "pass", "chat.clear()"
        ) as notebook:
            notebook.run_cell(0)
            notebook.run_cell(1)
            page = notebook.page
            page.locator(".jor-root .jor-box").wait_for()
            for at in range(rounds):
                if cell == ASK:
                    notebook.start_cell(2)
                elif cell == BUSY and at == 0:
                    notebook.start_cell(2)
                    page.wait_for_timeout(500)
                if cell != ASK:
                    _send(page, f"Tell me a story, {at}.")
                page.locator(".jor-stop:visible").wait_for()
                _streaming(page)
                found.append(page.evaluate(STOP_TO_SHOWN))
                if cell == ASK:
                    notebook.wait_done()
                if cell != BUSY:
                    notebook.run_cell(3)
                    _until(page, lambda page=page: _story(page).count() == 0)
        worst[name] = max(found)
        section.rows.append(
            [
                f"Click on Stop to the stopped answer on the page, {name}, {rounds} times",
                f"{statistics.median(found):.0f} ms, at most {max(found):.0f} ms",
            ]
        )
    most = max(worst.values())
    section.aims.append(
        Aim(
            "Chat: click on Stop to the stopped answer, the slowest of all",
            "≤ 300 ms",
            f"{most:.0f} ms",
            most <= 300,
        )
    )
