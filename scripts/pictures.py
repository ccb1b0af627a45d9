"""Takes the pictures of the documentation in a real JupyterLab, light and dark: `python scripts/pictures.py [NAME…]`.

They are not taken again by a build or a test: look at each before it is committed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from lab import Notebook, running_lab  # noqa: E402 - beside the tests

IMAGES = ROOT / "docs" / "images"
LOAD = "%load_ext jupyter_openrouter"
ASK = "%%openrouter --model demo/{model}\n{prompt}"


def _until(notebook: Notebook, words: str, index: int = 1) -> None:
    notebook.page.wait_for_function(
        """([index, words]) => document.querySelectorAll('.jp-CodeCell')[index]?.innerText.includes(words)""",
        arg=[index, words],
        timeout=60_000,
    )


def asking(notebook: Notebook) -> None:
    """An answer that is arriving."""
    notebook.start_all()
    _until(notebook, "per million", 1)


def stopped(notebook: Notebook) -> None:
    """An answer that was stopped."""
    notebook.start_all()
    _until(notebook, "long story, told slowly")
    notebook.page.get_by_role("button", name="Stop").first.click()
    notebook.wait_done()
    _until(notebook, "stopped")


def whole(notebook: Notebook) -> None:
    """What is there when all has run."""
    notebook.run_all()


def thinking(notebook: Notebook) -> None:
    """Reasoning, unfolded, while the answer arrives."""
    notebook.start_all()
    _until(notebook, "thought for")
    notebook.page.locator("summary").first.click()
    _until(notebook, "The reasoning came first, in its own field")


def chatting(notebook: Notebook) -> None:
    """A chat with one turn, and a question that waits to be sent."""
    notebook.run_all()
    field = notebook.page.locator(".jp-OutputArea textarea").last
    field.fill("How do I stop an answer?")
    field.press("Enter")
    _until(notebook, "answer complete", 0)


def full_chat(notebook: Notebook) -> None:
    """A chat with an answer that has sources and code behind it, and the next one arriving."""
    page = notebook.page
    page.set_viewport_size({"width": 860, "height": 900})
    notebook.run_cell(0)
    field = page.locator(".jor-composer .jor-box")
    page.evaluate("document.querySelector('.jor-chat').style.setProperty('--jor-log-height', '480px')")
    field.fill("Why is the sky blue?")
    field.press("Enter")
    page.locator(".jor-reply .jor-tools").wait_for(timeout=60_000)
    notebook.start_cell(1)
    page.wait_for_function("document.querySelector('.jor-model-button').innerText.includes('tour')")
    field.fill("How do I stop an answer?")
    field.press("Enter")
    page.wait_for_function(
        "document.querySelectorAll('.jor-reply')[1]?.innerText.length > 250", timeout=60_000
    )


Picture = tuple[list[str], Callable[[Notebook], None], int]
PICTURES: dict[str, Picture] = {
    "tutorial-asking": ([LOAD, ASK.format(model="tour", prompt="What does a token cost?")], asking, 1),
    "tutorial-stopped": ([LOAD, ASK.format(model="slow", prompt="Tell me a long story.")], stopped, 1),
    "tutorial-chat": (
        ["from jupyter_openrouter import ChatWidget\n\nChatWidget(model='demo/echo')"],
        chatting,
        0,
    ),
    "chat": (
        [
            "from jupyter_openrouter import ChatWidget\n\nchat = ChatWidget(model='demo/researcher')\nchat",
            "chat.model = 'demo/tour'",
        ],
        full_chat,
        0,
    ),
    "reasoning": ([LOAD, ASK.format(model="reasoner --reasoning high", prompt="Why?")], thinking, 1),
    "dry-run": (
        [LOAD, "%%openrouter --model demo/tour --max-tokens 500 --dry-run\nWhat can you do?"],
        whole,
        1,
    ),
    "cut": ([LOAD, ASK.format(model="faulty", prompt="Please break off: cut")], whole, 1),
}


def main(names: list[str]) -> int:
    """Takes them; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab:
        for name in names or list(PICTURES):
            cells, act, index = PICTURES[name]
            for dark in (False, True):
                lab.write(f"{name}.ipynb", cells)
                with lab.open(f"{name}.ipynb", width=860, height=700, dark=dark) as notebook:
                    notebook.command("application:toggle-left-area")
                    if not dark:  # the server remembers the theme of the picture before
                        notebook.command("apputils:change-theme", theme="JupyterLab Light")
                        notebook.page.wait_for_selector("body[data-jp-theme-light=true]", state="attached")
                    act(notebook)
                    cell = notebook.page.locator(".jp-CodeCell").nth(index)
                    cell.screenshot(
                        path=IMAGES / f"{name}{'-dark' if dark else ''}.png", animations="disabled"
                    )
                    print(name, "dark" if dark else "light")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
