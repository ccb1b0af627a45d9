"""Writes docs/where-it-works.md from the results of the trials."""

from __future__ import annotations

import platform
from typing import Any

from .environments import ROOT
from .steps import NOT_TRIED, OK
from .trials import Trial

PAGE = ROOT / "docs" / "where-it-works.md"
HEAD = """# Where it works

Each row of these tables is a run: an environment of its own with the versions that the row names, the wheel of this
package in it, and the same small exercise. `make matrix` makes them and writes this page; it needs a package index
and Chromium, and is no part of `make test`. {machine}

| Column | What was done |
| --- | --- |
| load | `%load_ext jupyter_openrouter` brings the magic; in marimo: the widget is on the page |
| stream | an answer of a demo model grew, and was whole |
| saved | the notebook holds Markdown, plain text and JSON provenance, and nothing of a widget |
| Stop | the answer was stopped by a message (in a page: by the button), its text was kept, and the queued cell ran |
| Stop, busy | a chat was stopped while another cell computed |
| interrupt | a kernel interrupt (in a terminal: Ctrl-C) was a `KeyboardInterrupt`, and the text was kept |
| chat | `ChatWidget.ask` gave an answer; in a page: the chat can be asked again after a Stop |
| client | `OpenRouter` answered; in a kernel also `AsyncOpenRouter` with `await` |

The kernels are driven by a client that sends no subshell id, as VS Code and Colab send none.
"""
NOT_RUN = """## What was not run

- **VS Code, Google Colab, Kaggle, Deepnote**: they need an account or a desktop. What they have in common, a front end
  that sends no subshell id, is what the tables of kernels show.
- **Windows and macOS**: there was no such machine.
- **OpenRouter itself**: every answer is the embedded demo server's.
"""


def write(groups: dict[str, list[Trial]], results: dict[str, Any]) -> None:
    """The whole page; trials without a result are said to be not run."""
    machine = f"These ran on {platform.system()} ({platform.machine()})."
    parts = [HEAD.format(machine=machine)]
    failures: list[str] = []
    for title, trials in groups.items():
        parts.append(f"## {title}\n\n{_table(trials, results, failures)}")
    if failures:
        notes = "\n".join(f"{number}. {said}" for number, said in enumerate(failures, 1))
        parts.append(f"## What failed\n\n{notes}\n")
    parts.append(NOT_RUN)
    PAGE.write_text("\n".join(parts), "utf-8")


def _table(trials: list[Trial], results: dict[str, Any], failures: list[str]) -> str:
    steps = trials[0].steps
    lines = [
        f"| Tried | Versions | {' | '.join(steps)} | Run on |",
        "| --- | --- |" + " --- |" * len(steps) + " --- |",
    ]
    for trial in trials:
        found = results.get(trial.name, {"date": "", "versions": {}, "steps": {}, "not made": NOT_TRIED})
        cells = [_cell(found["steps"].get(step, NOT_TRIED), trial, step, failures) for step in steps]
        if said := found.get("not made"):
            cells = [said, *["–"] * (len(steps) - 1)]
        shown = dict.fromkeys(("python", *trial.shows))
        versions = ", ".join(
            f"{name} {found['versions'][name]}" for name in shown if name in found["versions"]
        )
        lines.append(f"| {trial.name} | {versions or '–'} | {' | '.join(cells)} | {found['date']} |")
    return "\n".join(lines) + "\n"


def _cell(result: str, trial: Trial, step: str, failures: list[str]) -> str:
    if result == OK:
        return OK
    if result == NOT_TRIED:
        return "–"
    failures.append(f"{trial.name}, {step}: {result.replace('|', '/').replace('<', '&lt;')}")
    return f"**failed** ({len(failures)})"
