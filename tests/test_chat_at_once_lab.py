"""The chat in JupyterLab and Notebook 7 where things happen at once: quick hands, views that come and go, others."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from chat_lab import ASKS, GIVE, HIDDEN, PNG, STORY, Chat, Stage, Stages, ours, python, staged, words
from lab import Lab, running_lab, steady

pytestmark = pytest.mark.browser

DRAWN = "() => document.querySelector('.jor-chat').checkVisibility({ opacityProperty: true })"
# Asks through the box of the first chat, as quickly as a page can.
ASK = """
window.askNow = (text) => {
  const box = document.querySelector('.jor-chat .jor-composer .jor-box');
  box.value = text;
  box.dispatchEvent(new Event('input', { bubbles: true }));
  box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
};
/** Asks `when` milliseconds after the page hears that the answer has ended; -1: just before; -2: as it begins. */
window.askAtTheEnd = (text, when) => {
  window.askedAtTheEnd = false;
  const ends = (said) => said.includes('"method": "update"') && said.includes('"state": "done"');
  const begins = (said) => said.includes('"type": "delta"');
  wire.take = (said, hear) => {
    if (!(when === -2 ? begins : ends)(said)) return hear();
    wire.take = null;
    const ask = () => { askNow(text); window.askedAtTheEnd = true; };
    if (when < 0) ask();
    hear();
    if (when === 0) ask();
    else if (when > 0) setTimeout(ask, when);
  };
};
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="module")
def stages(lab: Lab) -> Iterator[Stages]:
    found = Stages(lab)
    yield found
    found.close()


@pytest.fixture
def stage(stages: Stages, request: pytest.FixtureRequest) -> Iterator[Stage]:
    with stages.of(request) as found:
        yield found


# --- quick hands


def test_a_double_click_on_send_is_one_request(stage: Stage) -> None:
    chat = stage.chat()
    before = stage.page.evaluate(ASKS)
    chat.box.fill("only once")
    chat.find(".jor-send").dblclick()
    chat.settles("only once", "only once")
    chat.box.fill("and again")
    chat.box.press("Enter")
    chat.box.press("Enter")
    chat.settles("only once", "only once", "and again", "and again")
    assert stage.page.evaluate(ASKS) == before + 2
    assert chat.python("chat.queued") == []


@pytest.mark.parametrize("when", [-2, -1, 0, 5, 40])
def test_what_is_asked_as_an_answer_ends_is_asked_once_and_answered(stage: Stage, when: int) -> None:
    chat = stage.chat()
    stage.page.evaluate(ASK)
    said: list[str] = []
    for _ in range(3):
        stage.page.evaluate("([text, when]) => askAtTheEnd(text, when)", ["the very same", when])
        chat.ask("the very same")
        chat.until(lambda: stage.page.evaluate("() => askedAtTheEnd"))
        said += ["the very same"] * 4
        chat.settles(*said)
    assert chat.box.input_value() == ""
    assert chat.find(".jor-queue-row").count() == 0
    assert chat.python("chat.queued") == []


# --- views that come and go


@pytest.fixture(scope="module")
def windowed(lab: Lab) -> Iterator[Stage]:
    """A page on which a cell that is scrolled out of view is no longer laid out."""
    folder = lab.folder / ".config" / "lab" / "user-settings" / "@jupyterlab" / "notebook-extension"
    folder.mkdir(parents=True)
    settings = folder / "tracker.jupyterlab-settings"
    settings.write_text('{"windowingMode": "full"}')
    try:
        with staged(lab, "windowed.ipynb") as found:
            yield found
    finally:
        settings.unlink()


def away(stage: Stage, chat: Chat) -> None:
    """Scrolls to the end of the notebook, and waits until the chat's cell is not drawn."""
    scroll(stage, 40)
    chat.until(lambda: not stage.page.evaluate(DRAWN))


def back(stage: Stage, chat: Chat) -> None:
    scroll(stage, 0)
    chat.until(lambda: stage.page.evaluate(DRAWN))


def leave(stage: Stage) -> None:
    """Makes another cell the active one: the active one is kept, transparent; any other is not laid out."""
    stage.page.evaluate(
        "() => { document.activeElement.blur(); jupyterapp.shell.currentWidget.content.activeCellIndex = 20; }"
    )


def scroll(stage: Stage, to: int) -> None:
    stage.page.evaluate("(to) => jupyterapp.shell.currentWidget.content.scrollToItem(to)", to)


def test_a_cell_that_is_not_laid_out_while_it_is_out_of_view_loses_nothing_and_shows_nothing_twice(
    windowed: Stage,
) -> None:
    stage = windowed
    chat = stage.chat("slow", "", *["1\n" * 12] * 40)
    chat.ask("a story")
    chat.streams()
    chat.box.fill("a draft")
    stage.page.evaluate("() => wire.watch(1)")
    for active in (True, False, False):
        if not active:
            leave(stage)
        away(stage, chat)
        length = chat.python("len(chat.message)")
        chat.until(lambda length=length: chat.python("len(chat.message)") > length + 30)
        back(stage, chat)
        chat.until(lambda length=length: len(chat.shown()[1][1]) > length)
    assert chat.box.input_value() == "a draft"
    chat.stop()
    chat.grew(chat.settles("a story", STORY)[1]["content"])
    # What settles while the cell is away is there when it comes back.
    python(stage.page, "setattr(chat, 'model', 'demo/echo')")
    away(stage, chat)
    python(stage.page, "chat.ask('asked from afar').text")
    back(stage, chat)
    chat.settles("a story", STORY, "asked from afar", "asked from afar")
    stage.fresh()
    assert not ours(stage.notebook)


def test_a_reader_finds_the_place_again_when_the_cell_comes_back_into_view(windowed: Stage) -> None:
    stage = windowed
    many = "messages=[{'role': ('user', 'assistant')[at % 2], 'content': f'turn {at}'} for at in range(60)]"
    top = """() => { const log = document.querySelector('.jor-log'); const y = log.getBoundingClientRect().top;
        return [...log.querySelectorAll('.jor-turn')].find((one) => one.getBoundingClientRect().bottom > y + 1)
            .textContent; }"""
    below = """() => { const log = document.querySelector('.jor-log');
        return log.scrollHeight - log.scrollTop - log.clientHeight; }"""
    chat = stage.chat("echo", many, *["1\n" * 12] * 40)
    leave(stage)
    back(stage, chat)
    chat.until(lambda: stage.page.evaluate(below) <= 1 and len(chat.shown()) == 60)
    for left in (False, True):
        if left:
            chat.find(".jor-log").hover()
            stage.page.mouse.wheel(0, -700)
            chat.until(lambda: stage.page.evaluate(below) > 300)
        seen = steady(stage.page, lambda: stage.page.evaluate(top))
        away(stage, chat)
        back(stage, chat)
        chat.until(
            lambda seen=seen: stage.page.evaluate(top) == seen,
            told=lambda seen=seen: (stage.page.evaluate(top), seen),
        )
    stage.fresh()
    assert not ours(stage.notebook)


def test_a_view_of_the_output_that_is_opened_closed_and_opened_again_shows_the_same(stage: Stage) -> None:
    chat = stage.chat("slow")
    chat.ask("a story")
    chat.streams()
    views = "() => document.querySelectorAll('.jor-chat').length"
    for _ in range(2):
        stage.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 0; }")
        stage.notebook.command("notebook:create-output-view")
        chat.until(lambda: stage.page.evaluate(views) == 2)
        at = stage.page.evaluate(
            "() => [...document.querySelectorAll('.jor-chat')].findIndex((one) => !one.closest('.jp-CodeCell'))"
        )
        clone = Chat(stage.notebook, cell=None, at=at)
        clone.streams()
        length = len(clone.shown()[1][1])
        clone.until(lambda clone=clone, length=length: len(clone.shown()[1][1]) > length + 10)
        hidden = """() => [...document.querySelectorAll('.jp-LinkedOutputView .jp-OutputArea-child')]
            .filter((one) => /Transcript/.test(one.textContent) && one.checkVisibility()).length"""
        clone.until(lambda hidden=hidden: stage.page.evaluate(hidden) == 0)
        stage.page.evaluate(
            """() => { for (const one of jupyterapp.shell.widgets('main'))
                if (one.node.querySelector('.jp-LinkedOutputView')) one.close(); }"""
        )
        chat.until(lambda: stage.page.evaluate(views) == 1)
    length = len(chat.shown()[1][1])
    chat.until(lambda: len(chat.shown()[1][1]) > length + 10)
    chat.stop()
    chat.settles("a story", STORY)
    chat.until(lambda: stage.page.evaluate(HIDDEN, 0) == 0)


# --- others who ask


def test_two_tabs_that_edit_the_same_question_at_once_lose_neither_text(stage: Stage) -> None:
    chat = stage.chat("echo")
    chat.ask("one")
    chat.settles("one", "one")
    stage.notebook.command("docmanager:save")
    other = stage.page.context.new_page()
    try:
        other.goto(stage.page.url.replace("/lab/", "/lab/workspaces/other/"))
        other.wait_for_function("window.jupyterapp !== undefined", timeout=120_000)
        tab = Chat(stage.notebook, page=other)
        tab.opens()
        tab.settles("one", "one")
        python(stage.page, "setattr(chat, 'model', 'demo/slow')")
        for view, text in ((chat, "a story of the first"), (tab, "a story of the other")):
            view.find(".jor-asked").hover()
            view.button("Edit the question").click()
            view.find(".jor-edit .jor-box").fill(text)
        # Each hears of the other's only after its own has been sent.
        for view in (chat, tab):
            view.page.evaluate(
                """() => { wire.held = []; wire.take = (said, hear) => wire.held.push(hear); }"""
            )
        for view in (chat, tab):
            view.find(".jor-edit .jor-box").press("Enter")
        for view in (chat, tab):
            view.page.evaluate("() => { wire.take = null; for (const hear of wire.held) hear(); }")
        chat.streams()
        tab.streams()
        # One was asked; the words of the other are still there to be asked.
        asked = chat.python("chat.asking")
        first, second = (chat, tab) if asked.endswith("first") else (tab, chat)
        left = "a story of the other" if first is chat else "a story of the first"
        second.until(lambda: second.box.input_value() == left, told=lambda: second.box.input_value())
        assert first.box.input_value() == ""
        first.stop()
        for view in (chat, tab):
            view.settles(asked, STORY)
    finally:
        other.close()


def test_a_cell_and_a_chat_that_share_a_conversation_may_ask_at_once(stage: Stage) -> None:
    asks = "%%openrouter --model demo/slow --chat shared --out cell\na story from the cell"
    chat = stage.chat("slow", "conversation='shared'", "%load_ext jupyter_openrouter", asks)
    stage.notebook.run_cell(1)
    stage.notebook.start_cell(2)
    stage.notebook.page.wait_for_function(
        "() => document.querySelectorAll('.jp-CodeCell')[2].innerText.includes('long story')"
    )
    chat.ask("a story from the chat")
    chat.streams()
    assert stage.notebook.prompts()[2] == "[*]:"
    # The cell's answer begins as the chat's does, and settles while that one still runs.
    stage.page.locator(".jp-CodeCell").nth(2).get_by_role("button", name="Stop").click()
    stage.notebook.wait_done()
    chat.until(lambda: chat.python("len(chat.messages)") == 2)
    assert chat.python("chat.state") == "streaming"
    chat.until(
        lambda: (
            [words(text)[:15] for _, text in chat.shown()]
            == [words(text)[:15] for text in ("a story from the cell", STORY, "a story from the chat", STORY)]
        )
    )
    assert chat.python("chat.message").startswith("# The lamp")
    length = len(chat.shown()[3][1])
    chat.until(lambda: len(chat.shown()[3][1]) > length + 20)
    chat.stop()
    chat.settles("a story from the cell", STORY, "a story from the chat", STORY)
    assert python(stage.page, "[cell.state, chat.state]") == ["stopped", "stopped"]


def test_a_chat_lives_on_when_modules_are_loaded_anew(stage: Stage, lab: Lab) -> None:
    module = lab.folder / "of_the_user.py"
    module.write_text("word = 'first'\n")
    chat = stage.chat(
        "slow",
        "",
        "%load_ext autoreload\n%autoreload 2\nimport of_the_user\nof_the_user.word",
        "of_the_user.word",
    )
    chat.ask("a story")
    chat.streams()
    stage.notebook.run_cell(1)
    assert stage.notebook.output(1).inner_text().strip() == "'first'"
    module.write_text("word = 'the second one'\n")
    stage.notebook.run_cell(2)
    assert stage.notebook.output(2).inner_text().strip() == "'the second one'"
    length = len(chat.shown()[1][1])
    chat.until(lambda: len(chat.shown()[1][1]) > length + 20)
    chat.stop()
    chat.settles("a story", STORY)
    python(stage.page, "setattr(chat, 'model', 'demo/echo')")
    chat.ask("and on")
    chat.settles("a story", STORY, "and on", "and on")
    python(stage.page, "get_ipython().run_line_magic('autoreload', '0') or 0")


# --- Notebook 7


def test_in_notebook_7_files_are_pasted_and_dropped(lab: Lab) -> None:
    with staged(lab, "seven-files.ipynb", application="notebooks") as stage:
        chat = stage.chat()
        given: list[Any] = [
            ("paste", "pixel.png", "image/png", PNG),
            ("drop", "paper.pdf", "application/pdf", b"%PDF-1.4 words"),
        ]
        for how, name, mime, data in given:
            stage.page.evaluate(GIVE, [how, name, mime, base64.b64encode(data).decode()])
        # As the system gives it: with the keys, and by the browser's own drag.
        stage.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        stage.page.evaluate(
            """async (data) => { const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
                const item = { 'image/png': new Blob([bytes], { type: 'image/png' }) };
                await navigator.clipboard.write([new ClipboardItem(item)]); }""",
            base64.b64encode(PNG).decode(),
        )
        chat.box.press("Control+v")
        chat.until(lambda: chat.find(".jor-upload").count() == 3)
        note = lab.folder / "note.txt"
        note.write_text("words of a note")
        drop(stage, chat, str(note))
        chat.until(lambda: chat.find(".jor-upload").count() == 4 and chat.find(".jor-send").is_enabled())
        assert "notebooks/seven-files.ipynb" in stage.page.url
        assert stage.page.locator(".jp-CodeCell").count() == 1
        chat.ask("look")
        chat.until(lambda: chat.python("len(chat.messages)") == 2)
        kinds = chat.python(
            "sorted(one['kind'] + ' ' + one['name'] for one in chat.messages[0]['attachments'])"
        )
        assert kinds[0] == "file paper.pdf"
        assert kinds[2:] == ["image pixel.png", "text note.txt"]
        chat.until(lambda: chat.find(".jor-question img").count() == 2)
        assert chat.python("len(chat.conversation.messages()[0]['content'])") == 5
        assert not ours(stage.notebook)


def drop(stage: Stage, chat: Chat, path: str) -> None:
    """Drops a file of the disk on the chat, as a person does."""
    session = stage.page.context.new_cdp_session(stage.page)
    box = chat.box.bounding_box()
    assert box is not None
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [path], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})
    session.detach()
