"""Draws the two pictures of the browser benchmark as SVG, legible on light and on dark pages."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from .environment import ROOT

IMAGES = ROOT / "docs" / "images"
NAMES = {
    "ours": "jupyter_openrouter",
    "streaming-markdown": "streaming-markdown",
    "jupyterlab": "JupyterLab",
    "streamdown": "streamdown",
}
NOTED = "streamdown, with one footnote"
STYLE = """text{font:12px system-ui,sans-serif;fill:#1f2328}.soft{fill:#59636e}.title{font-size:13px;font-weight:600}
.back{fill:#fff;stroke:#d8dee4}.grid{stroke:#d8dee4}.axis{stroke:#8c959f}
.ours{--c:#0969da}.streaming-markdown{--c:#1a7f37}.jupyterlab{--c:#bc4c00}.streamdown{--c:#8250df}
polyline{fill:none;stroke:var(--c);stroke-width:2}circle,rect.bar{fill:var(--c)}text.name{fill:var(--c);font-weight:600}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.soft{fill:#9198a1}.back{fill:#0d1117;stroke:#30363d}.grid{stroke:#21262d}
.axis{stroke:#6e7681}.ours{--c:#4493f8}.streaming-markdown{--c:#3fb950}.jupyterlab{--c:#f0883e}.streamdown{--c:#ab7df8}}"""


def _text(x: float, y: float, words: str, *, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def _picture(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}"><style>{STYLE}</style>'
        f'<rect class="back" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="6"/>'
        f"{_text(20, 26, title, kind='title')}{''.join(parts)}</svg>\n"
    )


def _words(milliseconds: float) -> str:
    """A time, short.

    >>> _words(0.01), _words(1), _words(1000)
    ('0.01 ms', '1 ms', '1 s')
    """
    return f"{milliseconds / 1000:g} s" if milliseconds >= 1000 else f"{milliseconds:g} ms"


def update_cost(updates: Mapping[str, Mapping[int, float]]) -> str:
    """Time for one more update over the length so far, both on logarithmic scales."""
    left, right, top, bottom = 70, 530, 44, 300
    updates = {name: updates[name] for name in (*NAMES, NOTED)}
    lengths = sorted(updates["ours"])
    values = [max(value, 0.01) for row in updates.values() for value in row.values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def x(length: float) -> float:
        first, last = math.log(lengths[0]), math.log(lengths[-1])
        return left + (right - left) * (math.log(length) - first) / (last - first)

    def y(value: float) -> float:
        return bottom - (bottom - top) * (math.log10(max(value, 0.01)) - low) / (high - low)

    parts = []
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(_text(left - 8, at + 4, _words(10.0**power), kind="soft", anchor="end"))
    for length in lengths:
        parts.append(_text(x(length), bottom + 18, f"{length // 1000}k", kind="soft", anchor="middle"))
    parts.append(_text((left + right) / 2, bottom + 38, "tokens shown so far", kind="soft", anchor="middle"))
    ends = sorted((y(row[lengths[-1]]), name) for name, row in updates.items())
    free = 0.0
    for end, name in ends:
        row = updates[name]
        points = " ".join(f"{x(at):.1f},{y(row[at]):.1f}" for at in lengths)
        dots = "".join(f'<circle cx="{x(at):.1f}" cy="{y(row[at]):.1f}" r="3"/>' for at in lengths)
        free = max(end, free + 15)
        dashed = ' stroke-dasharray="5 4"' if name == NOTED else ""
        parts.append(f'<g class="{name.partition(",")[0]}"><polyline points="{points}"{dashed}/>{dots}')
        words = NAMES.get(name, "streamdown, a footnote")
        parts.append(f"{_text(right + 10, free + 4, words, kind='name')}</g>")
    return _picture(720, 350, "Main-thread time for 4 more characters", parts)


def long_answer(streams: Mapping[tuple[str, int, bool], Any], length: int) -> str:
    """Bars of the busy share of the main thread and of the dropped frames, for a reader who follows."""
    parts, left, widest = [], 170, 190
    for column, (head, of) in enumerate(
        [
            ("main thread busy", lambda run: 100 * run.cost.busy / run.milliseconds),
            ("frames dropped", lambda run: run.lost),
        ]
    ):
        start = left + column * (widest + 75)
        parts.append(_text(start, 52, head, kind="soft"))
        for row, name in enumerate(NAMES):
            value = min(100.0, statistics.median(of(run) for run in streams[name, length, True]))
            at = 64 + row * 30
            bar = max(1.5, widest * value / 100)
            parts.append(
                f'<g class="{name}"><rect class="bar" x="{start}" y="{at}" width="{bar:.1f}" height="18" rx="2"/>'
            )
            if column == 0:
                parts.append(_text(left - 10, at + 13, NAMES[name], kind="name", anchor="end"))
            parts.append("</g>")
            parts.append(
                _text(start + bar + 6, at + 13, f"{value:.0f} %" if value >= 1 else f"{value:.1f} %")
            )
    return _picture(
        720, 200, f"An answer of {length // 1000}k tokens at 2,000 tokens/s, followed to its end", parts
    )


def draw(
    updates: Mapping[str, Mapping[int, float]], streams: Mapping[tuple[str, int, bool], Any], length: int
) -> None:
    """Writes both pictures into the documents."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / "update-cost.svg").write_text(update_cost(updates), "utf-8")
    (IMAGES / "long-answer.svg").write_text(long_answer(streams, length), "utf-8")
