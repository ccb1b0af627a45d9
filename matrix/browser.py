"""JupyterLab and Notebook 7 of the environment under trial, in Chromium."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from .environments import ROOT, Environment
from .steps import Step, expect, run

sys.path.insert(0, str(ROOT / "tests"))

import lab

MIMES = {"text/markdown", "text/plain", "application/vnd.jupyter-openrouter.v1+json"}
STEPS = ["load", "stream", "Stop", "saved", "Stop, busy", "chat", "client"]
CELLS = [
    "%load_ext jupyter_openrouter",
    "%%openrouter --model demo/tour --out x\ngo",
    "print('next', x.state, len(x.text) > 0)",
    "from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/slow')\nchat",
    "import time\nend = time.monotonic() + 6\nwhile time.monotonic() < end: pass\nprint('burnt')",
    "from jupyter_openrouter import OpenRouter, demo_base_url\n"
    "print(chat.state, OpenRouter(base_url=demo_base_url()).chat('abc', model='demo/echo').text * 2)",
]


def exercise(environment: Environment, application: str) -> dict[str, str]:
    """What became of each step; ``application`` is "lab/tree" or "notebooks"."""
    with (
        tempfile.TemporaryDirectory() as folder,
        lab.running_lab(Path(folder), python=environment.python) as server,
    ):
        server.write("trial.ipynb", CELLS)
        with server.open("trial.ipynb", application=application) as notebook:
            return run(_steps(notebook))


def until(notebook: lab.Notebook, true: Callable[[], object], said: str, seconds: float = 40) -> None:
    """Waits until something is true of the page."""
    end = time.monotonic() + seconds
    while not true():
        expect(time.monotonic() < end, f"{said}; the page said: {notebook.console[-2:]}")
        notebook.page.wait_for_timeout(20)


def _steps(notebook: lab.Notebook) -> list[Step]:
    page = notebook.page
    stop = page.get_by_role("button", name="Stop")

    def load() -> None:
        notebook.run_cell(0)
        expect(not notebook.output_text(0), notebook.output_text(0))

    def stream() -> None:
        notebook.start_cell(1)
        notebook.start_cell(2)
        lengths: set[int] = set()
        until(
            notebook,
            lambda: lengths.add(len(notebook.output_text(1))) or len(lengths) >= 6,
            "the text does not grow",
        )
        until(notebook, lambda: notebook.output(1).locator("h1, h2").count(), "no heading is shown")

    def press_stop() -> None:
        stop.first.click()
        notebook.wait_done()
        until(notebook, lambda: "stopped" in notebook.output_text(1), "nothing says that it was stopped")
        expect(notebook.output_text(2) == "next stopped True", f"next: {notebook.output_text(2)!r}")

    def saved() -> None:
        node = notebook.save()
        found = [set(output.data) for output in node.cells[1].outputs]
        expect(found == [MIMES], f"saved as {[sorted(one) for one in found]}")
        expect("widgets" not in node.metadata, "the file holds widget state")

    def stop_busy() -> None:
        notebook.run_cell(3)
        page.locator(".jor-composer .jor-box").fill("tell me a story")
        page.keyboard.press("Enter")
        until(notebook, lambda: len(notebook.output_text(3)) > 100, "the chat does not answer")
        notebook.start_cell(4)
        page.wait_for_timeout(300)
        stop.first.click()
        until(notebook, lambda: "stopped" in notebook.output_text(3), "the chat goes on")
        busy = notebook.prompts()[4] == "[*]:"
        notebook.wait_done()
        expect(busy, "Stop was heard only after the other cell had ended")

    def chat() -> None:
        expect("stopped" in notebook.output_text(3), "the chat shows no stopped answer")
        until(notebook, lambda: page.get_by_role("button", name="Send").count() == 1, "no Send button")

    def client() -> None:
        notebook.run_cell(5)
        expect(notebook.output_text(5) == "stopped abcabc", notebook.output_text(5))

    return list(zip(STEPS, [load, stream, press_stop, saved, stop_busy, chat, client], strict=True))
