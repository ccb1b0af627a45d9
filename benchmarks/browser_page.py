"""One Chromium page for each way of showing a growing answer, and what its main thread spends in it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, Route, sync_playwright

from .browser_text import LAST
from .environment import ROOT

FOLDER = Path(__file__).with_name("browser")
BUILT = FOLDER / "node_modules" / ".built"
STATIC = ROOT / "jupyter_openrouter" / "static"
ORIGIN = "http://benchmark.localhost"
RATE = 2000
"""Tokens in a second; a token is 4 characters."""
PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>benchmark</title><style>
body { margin: 0; font: 14px/1.5 system-ui, sans-serif; }
#pane { width: 860px; height: 700px; overflow-y: auto; overflow-anchor: none; padding: 0 12px; box-sizing: border-box; }
pre { overflow-x: auto; } table { border-collapse: collapse; } td, th { padding: 4px 8px; }
</style></head><body><div id="pane"></div></body></html>"""
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
"""With these the page's clock is fine enough for single updates."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def chromium_path() -> str:
    """Where the browser is."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise SystemExit("Chromium is missing. Install it (Debian: apt-get install chromium), then run again.")


def ensure_peers() -> None:
    """Installs and bundles the peers, again when their lock file or an entry has changed since."""
    sources = [FOLDER / "package-lock.json", *sorted(FOLDER.glob("*.js")), FOLDER / "build.mjs"]
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    mark = BUILT / "hash"
    if mark.exists() and mark.read_text() == wanted:
        return
    for command in (["npm", "ci", "--silent", "--ignore-scripts"], ["node", "build.mjs"]):
        subprocess.run(command, cwd=FOLDER, check=True)
    mark.write_text(wanted)


def versions() -> dict[str, str]:
    """What the peers' lock file pins, by name."""
    return dict(json.loads((FOLDER / "package.json").read_text())["dependencies"])


@dataclass
class Cost:
    """What the main thread has done over a while, in milliseconds: busy by the clock, and CPU time alone."""

    busy: float
    cpu: float
    script: float
    style: float
    layout: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(
            self.busy - other.busy,
            self.cpu - other.cpu,
            self.script - other.script,
            self.style - other.style,
            self.layout - other.layout,
        )


@dataclass
class Streamed:
    """One answer: what it cost, and what a reader would have noticed."""

    cost: Cost
    tokens: int
    fed: int
    whole: bool
    milliseconds: float
    frames: int
    dropped: int
    tasks: int
    """Tasks of more than 50 ms, and the longest of them."""
    task: float

    @property
    def per_thousand(self) -> float:
        """Busy milliseconds for 1,000 tokens."""
        return 1000 * self.cost.busy / (self.fed / 4)

    @property
    def cpu_per_thousand(self) -> float:
        """CPU milliseconds of the main thread for 1,000 tokens."""
        return 1000 * self.cost.cpu / (self.fed / 4)

    @property
    def lost(self) -> float:
        """Dropped frames in per cent."""
        return 100 * self.dropped / max(1, self.frames)


class Way:
    """One way of showing an answer, in a page of its own."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        self._metrics: CDPSession = page.context.new_cdp_session(page)
        self._metrics.send("Performance.enable")
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.goto(f"{ORIGIN}/")
        page.evaluate(
            "async name => { window.bench = await import('/harness.js'); window.way = await bench.open(name); }",
            name,
        )

    def _now(self) -> Cost:
        found = {
            one["name"]: 1000 * one["value"]
            for one in self._metrics.send("Performance.getMetrics")["metrics"]
        }
        return Cost(
            found["TaskDuration"],
            found["ThreadTime"],
            found["ScriptDuration"],
            found["RecalcStyleDuration"],
            found["LayoutDuration"],
        )

    def _run(self, what: str, given: dict[str, Any]) -> tuple[Any, Cost]:
        before = self._now()
        found = self.page.evaluate(f"given => bench.{what}(way, given)", given)
        spent = self._now() - before
        if self.faults:
            raise RuntimeError(f"{self.name}: {self.faults[0]}")
        return found, spent

    def stream(self, text: str, *, follow: bool, rate: int = RATE, step: int = 0) -> Streamed:
        """Shows the text as it comes; gives up after three times the time that it takes to come."""
        nominal = 1000 * len(text) / 4 / rate
        given = {
            "text": text,
            "rate": rate,
            "step": step,
            "follow": follow,
            "last": LAST,
            "cap": 3 * nominal + 2000,
        }
        found, cost = self._run("stream", given)
        found.pop("gap")
        return Streamed(cost=cost, tokens=len(text) // 4, **found)

    def per_update(self, text: str, *, count: int, rest: int) -> float:
        """Milliseconds for 4 more characters after `text`, up to and with their layout; the median of `count`."""
        shown, _ = self._run("load", {"text": f"{text}\n\nNow there is more", "last": "Now there"})
        if not shown:
            raise RuntimeError(f"{self.name} did not show {len(text)} characters within a minute")
        pieces = [f" w{at % 90 + 10}" for at in range(count)]
        found, _ = self._run("updates", {"pieces": pieces, "rest": rest})
        return float(found)


def _serve(route: Route) -> None:
    name = route.request.url.removeprefix(f"{ORIGIN}/")
    if not name:
        route.fulfill(body=PAGE, content_type="text/html", headers=ISOLATED)
        return
    folders = [STATIC] if name == "core.js" else [BUILT, FOLDER]
    for path in (folder / name for folder in folders):
        if path.is_file() and path.suffix == ".js":
            route.fulfill(body=path.read_text("utf-8"), content_type="text/javascript; charset=utf-8")
            return
    route.fulfill(status=404)


@contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium for the whole benchmark."""
    ensure_peers()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def way(running: Browser, name: str) -> Iterator[Way]:
    """A fresh page with one way in it."""
    context = running.new_context(viewport={"width": 900, "height": 720})
    try:
        page = context.new_page()
        page.set_default_timeout(0)
        page.route("**/*", _serve)
        yield Way(page, name)
    finally:
        context.close()
