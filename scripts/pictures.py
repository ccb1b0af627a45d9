"""Takes the pictures of the documentation in a real JupyterLab, light and dark: `python scripts/pictures.py [NAME…]`.

They are not taken again by a build or a test: look at each before it is committed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import FloatRect, Locator

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from lab import Notebook, running_lab  # noqa: E402 - beside the tests

IMAGES = ROOT / "docs" / "images"
LOAD = "%load_ext jupyter_openrouter"
CHAT = 'from jupyter_openrouter import ChatWidget\n\nchat = ChatWidget("demo/{model}")\nchat'
BRANCHES = """\
from jupyter_openrouter import ChatWidget

chat = ChatWidget("demo/echo")
chat.ask("What is the capital of Austria?")
chat.retry(model="demo/reasoner")
chat"""
AT_HOME = """\
import os
from jupyter_openrouter import demo_base_url
os.environ["OPENROUTER_BASE_URL"] = demo_base_url()"""
FILES = """\
from pathlib import Path
from PIL import Image
Path("notes.txt").write_text("The sky was blue.")
Image.linear_gradient("L").convert("RGB").save("sky.png")"""
PYTHON = """\
from jupyter_openrouter import OpenRouter, demo_base_url

client = OpenRouter(base_url=demo_base_url())
with client.chat_stream("Why?", model="demo/reasoner") as stream:
    for delta in stream:
        print(delta.text, end="")
print("\\n\\n" + stream.response.footer())"""
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
    _ask(notebook, "How do I stop an answer?")
    _until(notebook, "answer complete", 0)


def _ask(notebook: Notebook, question: str) -> None:
    field = notebook.page.get_by_label("Your question")
    field.fill(question)
    field.press("Enter")


def talking(notebook: Notebook) -> None:
    """A chat whose answer is arriving."""
    notebook.run_all()
    _ask(notebook, "What does a token cost?")
    _until(notebook, "per million", 0)


def waiting(notebook: Notebook) -> None:
    """An answer that is arriving, and a question that waits for it."""
    notebook.run_all()
    _ask(notebook, "Tell me a long story.")
    _until(notebook, "long story, told slowly", 0)
    _ask(notebook, "And how does it end?")
    _until(notebook, "queued question", 0)


def branching(notebook: Notebook) -> None:
    """A second answer in the place of the first."""
    notebook.run_all()
    notebook.page.get_by_role("button", name="previous answer").first.wait_for()


def attaching(notebook: Notebook) -> None:
    """An image and a text that will go with a question."""
    notebook.run_all()
    with notebook.page.expect_file_chooser() as chooser:
        notebook.page.get_by_role("button", name="Attach images").click()
    chooser.value.set_files([notebook.lab.folder / "sky.png", notebook.lab.folder / "notes.txt"])
    notebook.page.get_by_label("Your question").fill(
        "What is in the picture, and what do my notes say of it?"
    )
    _until(notebook, "notes.txt", 1)


def choosing(notebook: Notebook) -> None:
    """The list of models."""
    notebook.run_all()
    notebook.page.get_by_role("button", name="Model:").click()
    _until(notebook, "Demo: Echo", 1)


def setting(notebook: Notebook) -> None:
    """The settings of a chat."""
    notebook.run_all()
    notebook.page.get_by_role("button", name="Settings", exact=True).click()
    _until(notebook, "Web search", 1)


def reopened(notebook: Notebook) -> None:
    """The file of a notebook with a chat, opened again."""
    notebook.run_all()
    _ask(notebook, "How far is it to Graz?")
    _until(notebook, "answer complete", 0)
    notebook.page.wait_for_timeout(1000)  # for the transcript
    notebook.save()
    for session in notebook.lab.api("sessions"):
        notebook.lab.api(f"sessions/{session['id']}", "DELETE")
    notebook.page.reload()
    _until(notebook, "Transcript of the chat", 0)
    notebook.page.wait_for_timeout(8000)  # for what JupyterLab shows in place of the view


Picture = tuple[list[str], Callable[[Notebook], None], int]
PICTURES: dict[str, Picture] = {
    "tutorial-asking": ([LOAD, ASK.format(model="tour", prompt="What does a token cost?")], asking, 1),
    "tutorial-stopped": ([LOAD, ASK.format(model="slow", prompt="Tell me a long story.")], stopped, 1),
    "tutorial-chat": (
        ["from jupyter_openrouter import ChatWidget\n\nChatWidget(model='demo/echo')"],
        chatting,
        0,
    ),
    "chat-answer": ([CHAT.format(model="tour")], talking, 0),
    "chat-queue": ([CHAT.format(model="slow")], waiting, 0),
    "chat-branches": ([BRANCHES], branching, 0),
    "chat-attachments": ([FILES, CHAT.format(model="echo")], attaching, 1),
    "chat-models": ([AT_HOME, BRANCHES], choosing, 1),
    "chat-settings": ([AT_HOME, BRANCHES], setting, 1),
    "chat-transcript": ([CHAT.format(model="echo")], reopened, 0),
    "python-client": ([PYTHON], whole, 0),
    "reasoning": ([LOAD, ASK.format(model="reasoner --reasoning high", prompt="Why?")], thinking, 1),
    "dry-run": (
        [LOAD, "%%openrouter --model demo/tour --max-tokens 500 --dry-run\nWhat can you do?"],
        whole,
        1,
    ),
    "cut": ([LOAD, ASK.format(model="faulty", prompt="Please break off: cut")], whole, 1),
}


def _shoot(notebook: Notebook, cell: Locator, path: Path) -> None:
    """A picture of a cell, with what has popped up over it."""
    boxes = [
        box
        for one in [cell, *notebook.page.locator(".jor-popup:visible").all()]
        if (box := one.bounding_box())
    ]
    left, top = (min(box[side] for box in boxes) for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes)
    clip: FloatRect = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    if len(boxes) == 1:
        cell.screenshot(path=path, animations="disabled")
    else:
        notebook.page.screenshot(path=path, animations="disabled", clip=clip)


def main(names: list[str]) -> int:
    """Takes them; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab:
        for name in names or list(PICTURES):
            cells, act, index = PICTURES[name]
            for dark in (False, True):
                lab.write(f"{name}.ipynb", cells)
                with lab.open(f"{name}.ipynb", width=860, height=1000, dark=dark) as notebook:
                    notebook.command("application:toggle-left-area")
                    if not dark:  # the server remembers the theme of the picture before
                        notebook.command("apputils:change-theme", theme="JupyterLab Light")
                        notebook.page.wait_for_selector("body[data-jp-theme-light=true]", state="attached")
                    act(notebook)
                    cell = notebook.page.locator(".jp-CodeCell").nth(index)
                    path = IMAGES / f"{name}{'-dark' if dark else ''}.png"
                    notebook.page.mouse.move(0, 0)
                    _shoot(notebook, cell, path)
                    print(name, "dark" if dark else "light")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
