"""A page so slow that anywidget has given up on our widgets: they hear all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chat_lab import Chat, staged
from lab import Lab, Notebook, running_lab

pytestmark = pytest.mark.browser

# anywidget's 2 seconds are over before it has looked.
HASTE = """
const plain = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (ms) => plain(ms === 2000 ? 0 : ms);
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("slow")) as lab:
        yield lab


def given_up(notebook: Notebook) -> bool:
    return any("Failed to initialize model" in line for line in notebook.console)


def test_a_chat_that_anywidget_gave_up_is_asked_stopped_and_reloaded(lab: Lab) -> None:
    with staged(lab, "slow.ipynb", prepare=HASTE) as stage:
        chat = stage.chat()
        assert given_up(stage.notebook)
        chat.ask("one")
        chat.settles("one", "one")
        chat.python("setattr(chat, 'model', 'demo/slow')")
        chat.ask("a story")
        chat.streams()
        stage.notebook.console.clear()
        stage.reload()
        chat.opens()
        chat.streams()
        assert given_up(stage.notebook)
        chat.stop()
        chat.settles("one", "one", "a story", "The lamp on the north stair")


def test_a_live_answer_that_anywidget_gave_up_grows_and_is_stopped(lab: Lab) -> None:
    lab.write(
        "cell.ipynb", ["%load_ext jupyter_openrouter", "%%openrouter --model demo/slow\nTell me a story."]
    )
    with lab.open("cell.ipynb", prepare=HASTE) as notebook:
        notebook.run_cell(0)
        notebook.start_cell(1)
        live = notebook.page.locator(".jor-live .jor-text")
        live.filter(has_text="long story").wait_for()
        begun = len(live.inner_text())
        Chat(notebook, cell=1).until(lambda: len(live.inner_text()) > begun + 20)
        assert given_up(notebook)
        notebook.page.get_by_role("button", name="Stop").click()
        notebook.wait_done()
        Chat(notebook, cell=1).until(lambda: "stopped" in notebook.output_text(1))
