"""The growing answer in Chromium beside other renderers: frames, main-thread time, cost over length, bytes."""

from __future__ import annotations

import gzip
import math
import statistics
from collections import defaultdict
from collections.abc import Sequence

from playwright.sync_api import Browser

from . import browser_page, browser_pictures, browser_text
from .browser_page import RATE, STATIC, Streamed, way
from .report import Aim, Section, size, table

OURS, FLOOR, STREAMING, LAB, REACT = "ours", "floor", "streaming-markdown", "jupyterlab", "streamdown"
WAYS = {
    OURS: "jupyter_openrouter",
    STREAMING: "streaming-markdown",
    LAB: "JupyterLab's renderer",
    REACT: "streamdown",
    FLOOR: "plain text, no Markdown",
}
READERS = {True: "follows the end", False: "stays at the top"}
NOTED = "with one footnote"
# Way and document of 4-character updates; the words after the comma are the picture's too.
UPDATES = {
    OURS: (OURS, browser_text.mixed),
    f"{OURS}, {NOTED}": (OURS, browser_text.noted),
    STREAMING: (STREAMING, browser_text.mixed),
    LAB: (LAB, browser_text.mixed),
    REACT: (REACT, browser_text.mixed),
    f"{REACT}, {NOTED}": (REACT, browser_text.noted),
}
PAINT_STEP = RATE * 4 // 60
"""Characters in a frame at the pace of the streams."""

Runs = dict[tuple[str, int, bool], list[Streamed]]
Updates = dict[str, dict[int, float]]


def _streams(running: Browser, lengths: Sequence[int], rounds: int) -> Runs:
    """Every way at every length for both readers; later rounds for the two that are compared closely."""
    found: Runs = defaultdict(list)
    for at in range(rounds):
        names = list(WAYS) if at == 0 else [STREAMING, OURS]
        for length in lengths:
            text = browser_text.mixed(4 * length)
            for follow in READERS:
                for name in names:
                    with way(running, name) as shown:
                        run = shown.stream(text, follow=follow)
                    found[name, length, follow].append(run)
                    print(
                        f"  {name}, {length:,} tokens, reader {READERS[follow]}: {run.per_thousand:.0f} ms for 1,000 "
                        f"tokens, {run.lost:.1f} % dropped, {run.tasks} long tasks",
                        flush=True,
                    )
    return found


def _updates(running: Browser, lengths: Sequence[int], rounds: int) -> Updates:
    """Milliseconds for one more update at each length."""
    found: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(rounds):
        for length in lengths:
            for what, (name, document) in UPDATES.items():
                slow = name in (LAB, REACT)
                with way(running, name) as shown:
                    cost = shown.per_update(
                        document(4 * length), count=5 if slow else 30, rest=100 + slow * length * 20 // 1000
                    )
                found[what][length].append(cost)
                print(f"  {what}, one update after {length:,} tokens: {cost:.2f} ms", flush=True)
    return {name: {at: statistics.median(each) for at, each in row.items()} for name, row in found.items()}


def exponent(costs: dict[int, float]) -> float:
    """The slope of the logarithms: 1 where twice the length costs twice as much.

    >>> round(exponent({1: 10, 2: 20, 4: 40}), 3), round(exponent({1: 1, 10: 100}), 3)
    (1.0, 2.0)
    """
    xs, ys = [math.log(length) for length in costs], [math.log(cost) for cost in costs.values()]
    return statistics.linear_regression(xs, ys).slope


def _one_block(running: Browser, counts: Sequence[int], rounds: int) -> dict[str, float]:
    """Exponents of one growing table and one growing list; so many characters in each frame, however long it took."""
    found = {}
    for what, made in (("one table", browser_text.table), ("one list", browser_text.items)):
        costs: dict[int, list[float]] = defaultdict(list)
        for _ in range(rounds):
            for count in counts:
                with way(running, OURS) as shown:
                    costs[count].append(shown.stream(made(count), follow=True, step=PAINT_STEP).cost.cpu)
        found[f"{what} of {max(counts):,} {'rows' if what == 'one table' else 'items'}"] = exponent(
            {count: statistics.median(each) for count, each in costs.items()}
        )
    return found


def _parts() -> dict[str, tuple[int, int]]:
    """Name to bytes, whole and compressed, of every built part."""
    files = {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in sorted(STATIC.rglob("*.js"))}
    return {name: (len(data), len(gzip.compress(data, 9, mtime=0))) for name, data in files.items()}


def median(runs: Sequence[Streamed], what: str) -> float:
    return statistics.median(getattr(run, what) for run in runs)


def _said(what: str) -> str:
    """A key of the updates in words."""
    name, comma, more = what.partition(",")
    return f"{WAYS[name]}{comma}{more}"


def _rows(found: Runs) -> list[list[str]]:
    rows = []
    for (name, length, follow), runs in sorted(found.items(), key=lambda one: (one[0][1], not one[0][2])):
        came = min(run.fed / 4 / run.tokens for run in runs)
        end = "" if all(run.whole for run in runs) else f" (gave up at {100 * came:.0f} %)"
        rows.append(
            [
                f"{length // 1000}k, {READERS[follow]}: {WAYS[name]}{end}",
                f"{median(runs, 'per_thousand'):,.0f} ms",
                f"{median(runs, 'cpu_per_thousand'):,.0f} ms",
                f"{median(runs, 'lost'):.1f} %",
                f"{median(runs, 'tasks'):,.0f}",
                f"{max(run.task for run in runs):,.0f} ms",
            ]
        )
    return rows


def _aims(
    found: Runs, updates: Updates, exponents: dict[str, float], parts: dict[str, tuple[int, int]]
) -> list[Aim]:
    ours = {key: runs for key, runs in found.items() if key[0] == OURS}
    longest = max(length for _, length, _ in ours)
    tasks = max(median(runs, "tasks") for runs in ours.values())
    task = max(run.task for runs in ours.values() for run in runs)
    lost = max(median(runs, "lost") for runs in ours.values())
    aims = [
        Aim(
            "tasks of more than 50 ms",
            "none",
            f"{tasks:.0f}, longest {task:.0f} ms" if task else "none",
            not task,
        ),
        Aim("dropped frames, at most", "≤ 1 %", f"{lost:.1f} %", lost <= 1),
    ]
    for follow, wanted in ((True, 150), (False, 40)):
        worst = max(
            median(ours[OURS, length, follow], "per_thousand") for _, length, f in ours if f == follow
        )
        what = f"main thread for 1,000 tokens, reader {READERS[follow]}, at most"
        aims.append(Aim(what, f"≤ {wanted} ms", f"{worst:.0f} ms", worst <= wanted))
    aims += [
        Aim(f"cost over length, {what}: exponent", "≤ 1.05", f"{slope:.2f}", slope <= 1.05)
        for what, slope in exponents.items()
    ]
    for follow in READERS:
        both = zip(found[OURS, longest, follow], found[STREAMING, longest, follow], strict=True)
        ratio = statistics.median(a.cost.busy / b.cost.busy for a, b in both)
        what = f"main thread beside streaming-markdown, {longest // 1000}k tokens, reader {READERS[follow]}"
        aims.append(Aim(what, "≤ 0.5 of it", f"{ratio:.2f}", ratio <= 0.5))
    at = max(updates[OURS])
    for peer, own, wanted in (
        (LAB, OURS, 300),
        (f"{REACT}, {NOTED}", f"{OURS}, {NOTED}", 1000),
        (REACT, OURS, 1000),
    ):
        ratio = updates[peer][at] / updates[own][at]
        what = f"one update at {at // 1000}k tokens, beside {_said(peer)}"
        aims.append(Aim(what, f"≥ {wanted:,} × less", f"{ratio:,.0f} ×", ratio >= wanted))
    aims += [
        Aim(f"`{name}`, compressed", f"≤ {most / 1000:g} kB", size(parts[name][1]), parts[name][1] <= most)
        for name, most in (("loader.js", 2000), ("core.js", 60_000))
    ]
    return [Aim(f"Browser: {aim.what}", aim.aim, aim.result, aim.met) for aim in aims]


def run(*, quick: bool, pairs: int) -> Section:
    """Runs the streams, the updates and the single blocks, and draws the pictures of a full run."""
    lengths = [2_000, 8_000] if quick else [4_000, 32_000, 128_000]
    stops = [2_000, 8_000] if quick else [1_000, 4_000, 16_000, 32_000, 64_000, 120_000]
    counts = [60, 120, 240] if quick else [125, 250, 500, 1000]
    with browser_page.browser() as running:
        version = running.version
        found = _streams(running, lengths, pairs)
        updates = _updates(running, stops, pairs)
        slopes = {
            "mixed": exponent(
                {at: statistics.median(r.cost.cpu for r in found[OURS, at, True]) for at in lengths}
            ),
            **_one_block(running, counts, pairs),
        }
    parts = _parts()
    if not quick:
        browser_pictures.draw(updates, found, max(lengths))
    peers = ", ".join(
        f"{name} {number}" for name, number in browser_page.versions().items() if name != "esbuild"
    )
    return Section(
        title="The growing answer in the browser",
        how=f"Chromium {version}, headless, drawing in software; {peers}. A token is 4 characters; {RATE:,} tokens/s, "
        "in each frame what has come since the one before; prose, lists, tables, code, headings, quotes and links with "
        f"no chance in them; a fresh page each time. Rounds: {pairs} of ours and streaming-markdown, in turns; "
        "the others once. Busy is Chromium's own count of the main thread's tasks by the clock: script, style, "
        "layout, painting and the harness, which alone costs about 15 ms for 1,000 tokens; CPU is that thread's, and "
        "the exponents are of it. Of the peers JupyterLab colours code, which is built in; none is given formulas.",
        head=[
            "Tokens, reader, way",
            "Busy for 1,000 tokens",
            "CPU",
            "Dropped frames",
            "Tasks > 50 ms",
            "Longest",
        ],
        rows=_rows(found),
        aims=_aims(found, updates, slopes, parts),
        notes=[
            "One more update of 4 characters, script, style and layout, in ms, over tokens shown (medians):",
            table(
                ["Way", *(f"{at // 1000}k" for at in stops)],
                [[_said(what), *(f"{row[at]:,.2f}" for at in stops)] for what, row in updates.items()],
            ),
            "Built parts:",
            table(
                ["Part", "Bytes", "gzip"],
                [[f"`{name}`", size(whole), size(packed)] for name, (whole, packed) in parts.items()],
            ),
            "![One more update against the length of the answer](../docs/images/update-cost.svg)\n\n"
            "![The main thread and the dropped frames of a long answer](../docs/images/long-answer.svg)",
        ],
    )
