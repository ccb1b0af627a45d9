"""The chat in a real JupyterLab and a real Notebook 7: all that a notebook does to it, by eye and as Python sees it."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_lab import ASKS, GIVE, HIDDEN, PNG, STORY, Chat, Stage, Stages, ours, python, staged, words
from lab import ROOT, Lab, Notebook, running_lab, steady

pytestmark = pytest.mark.browser

AXE = ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"
# Computes until a file says that it is enough, or for so many seconds.
BURN = """import os, time
end = time.monotonic() + {seconds}
while time.monotonic() < end and not os.path.exists("enough"): pass"""
RETRY = "retry=__import__('jupyter_openrouter').retry.RetryPolicy(max_retries=0)"


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


def audit(notebook: Notebook) -> list[str]:
    """What axe finds in our views."""
    if not notebook.page.evaluate("'axe' in window"):
        notebook.page.evaluate(AXE.read_text("utf-8"))
    return notebook.page.evaluate(
        "() => axe.run({include: [['.jor-root']]}, {resultTypes: ['violations']})"
        ".then(r => r.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 160)}`)))"
    )


# --- what is said, and what is seen


def test_turns_from_before_the_first_view_are_shown(stage: Stage) -> None:
    told = "[{'role': 'user', 'content': 'given'}, {'role': 'assistant', 'content': 'so'}]"
    # Nothing but the state of the widget tells of these.
    stage.chat("echo", f"messages={told}").settles("given", "so")
    chat = stage.chat("echo", f"messages={told}", then="chat.ask('asked before')\n")
    chat.settles("given", "so", "asked before", "asked before")
    chat.ask("and after")
    chat.settles("given", "so", "asked before", "asked before", "and after", "and after")


def test_a_question_goes_out_once_and_stands_once_on_the_screen(stage: Stage) -> None:
    chat = stage.chat()
    before = stage.page.evaluate(ASKS)
    chat.box.fill("only once")
    chat.box.press("Enter")
    chat.box.press("Enter")
    chat.settles("only once", "only once")
    assert stage.page.evaluate(ASKS) == before + 1
    chat.until(lambda: stage.page.evaluate(HIDDEN, 0) == 0)
    assert chat.python("[chat.totals['completion_tokens'] > 0, chat.response.text]") == [True, "only once"]


def test_a_message_typed_while_an_answer_runs_is_queued_and_says_so_and_waits_after_a_stop(
    stage: Stage,
) -> None:
    chat = stage.chat("slow")
    chat.ask("a story")
    chat.streams()
    chat.ask("one")
    chat.ask("two")
    chat.until(lambda: chat.find(".jor-queue-row").count() == 2)
    assert chat.find(".jor-queue-head").inner_text() == "2 queued questions, asked when this answer is done"
    assert chat.python("[one['text'] for one in chat.queued]") == ["one", "two"]
    chat.stop()
    chat.settles("a story", STORY)
    chat.until(lambda: "2 queued questions, waiting for you" in chat.find(".jor-queue-head").inner_text())
    stage.page.evaluate("() => 0")
    python(stage.page, "setattr(chat, 'model', 'demo/echo')")
    chat.find(".jor-queue-row").nth(1).get_by_role("button", name="remove from the queue").click()
    chat.until(lambda: chat.find(".jor-queue-row").count() == 1)
    chat.button("Send now").click()
    # The model is that of the moment at which it was asked.
    chat.until(lambda: chat.find(".jor-queue-row").count() == 0)
    chat.until(lambda: len(chat.shown()) == 4 and chat.shown()[2] == ["user", "one"])
    if chat.python("chat.state") in ("waiting", "streaming"):
        chat.until(lambda: chat.shown()[3][1] != "")
        chat.stop()
    assert [turn["content"] for turn in chat.python("chat.messages")][::2] == ["a story", "one"]
    assert chat.python("chat.queued") == []


def test_a_question_of_the_queue_and_one_of_the_conversation_are_edited_with_their_files(
    stage: Stage,
) -> None:
    note = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"words"}
    fake = {"name": "x.png", "mimeType": "image/png", "buffer": b"\xff" * 4000}
    chat = stage.chat("slow")
    chat.ask("a story")
    chat.streams()
    chat.ask("one")
    chat.until(lambda: chat.find(".jor-queue-row").count() == 1)
    chat.button("edit in the queue: one").click()
    edit = chat.find(".jor-queue .jor-edit")
    edit.locator(".jor-files").set_input_files([note, fake])
    chat.until(lambda: "it is no image" in edit.inner_text())
    edit.get_by_role("button", name="remove x.png").click()
    edit.locator(".jor-box").fill("another")
    edit.locator(".jor-box").press("Enter")
    queued = "[[one['text'], [file['name'] for file in one['attachments']]] for one in chat.queued]"
    chat.until(lambda: edit.count() == 0 and chat.python(queued) == [["another", ["note.txt"]]])
    chat.stop()
    chat.settles("a story", STORY)
    chat.button("remove from the queue: another").click()
    python(stage.page, "setattr(chat, 'model', 'demo/echo')")
    chat.find(".jor-asked").first.hover()
    chat.button("Edit the question").click()
    chat.find(".jor-asked .jor-files").set_input_files([note])
    chat.until(lambda: chat.find(".jor-asked .jor-upload").count() == 1)
    chat.find(".jor-asked .jor-box").fill("with a note")
    chat.find(".jor-asked .jor-box").press("Enter")
    chat.until(lambda: chat.python("chat.messages and chat.messages[0]['content']") == "with a note")
    assert chat.python("[one['name'] for one in chat.messages[0]['attachments']]") == ["note.txt"]
    chat.until(lambda: chat.python("chat.state") == "done")
    assert chat.python("len(chat._hearing.uploads)") == 0


def test_a_stop_before_the_first_token_puts_the_prompt_back_with_its_files(stage: Stage) -> None:
    chat = stage.chat("faulty")
    chat.find(".jor-files").set_input_files(
        [{"name": "note.txt", "mimeType": "text/plain", "buffer": b"words"}]
    )
    chat.until(lambda: chat.find(".jor-upload").count() == 1)
    chat.ask("comments")
    chat.until(lambda: chat.shown() and chat.find(".jor-stop").is_visible())
    chat.until(lambda: chat.python("chat.state") == "waiting")
    chat.box.press("Escape")
    chat.until(lambda: chat.box.input_value() == "comments" and chat.shown() == [])
    chat.until(lambda: chat.find(".jor-upload").count() == 1)
    assert chat.python("[chat.messages, chat.asking, chat.state]") == [[], "", "stopped"]


def test_retry_edit_branches_delete_and_continue(stage: Stage) -> None:
    chat = stage.chat()
    chat.ask("first")
    chat.settles("first", "first")
    python(stage.page, "setattr(chat, 'model', 'demo/faulty')")
    chat.ask("length please")
    cut = "This answer began well"
    chat.settles("first", "first", "length please", cut)
    spent = chat.python("chat.totals['completion_tokens']")
    chat.button("Continue the answer").click()
    chat.until(lambda: chat.python("chat.totals['completion_tokens']") > spent)
    chat.settles("first", "first", "length please", cut)
    chat.find(".jor-reply").nth(1).get_by_role("button", name="Delete", exact=True).click()
    chat.button("Delete", nth=2).click()
    chat.settles("first", "first")
    python(stage.page, "setattr(chat, 'model', 'demo/echo')")
    chat.button("Retry").click()
    chat.until(lambda: "2 of 2" in chat.find(".jor-reply .jor-branches").inner_text())
    assert len(chat.settles("first", "first")[1]["branches"]) == 2
    # Editing keeps the old branch within reach.
    chat.find(".jor-asked").hover()
    chat.button("Edit the question").click()
    edit = chat.find(".jor-edit .jor-box")
    edit.fill("edited")
    edit.press("Enter")
    turns = chat.settles("edited", "edited")
    chat.button("previous question").click()
    chat.settles("first", "first")
    # The focus leaves the question: nothing may move under the pointer.
    chat.button("previous answer").click()
    chat.until(
        lambda: "1 of 2" in chat.find(".jor-reply .jor-branches").inner_text(),
        told=lambda: [chat.find(".jor-branches, .jor-note").all_inner_texts(), chat.python("chat.branches")],
    )
    chat.button("next question").click()
    assert chat.settles("edited", "edited") == turns
    assert chat.python("sorted(map(len, chat.branches.values()))") == [2]


@pytest.mark.parametrize(
    ("prompt", "shows", "offers"),
    [
        ("402", "Insufficient credits", "Add credit at openrouter.ai"),
        ("401", "User not found", "To a new cell"),
        ("mid-error", "Provider disconnected", "Retry"),
    ],
)
def test_an_error_stands_in_its_place_and_says_what_to_do(
    stage: Stage, prompt: str, shows: str, offers: str
) -> None:
    chat = stage.chat("faulty", RETRY)
    chat.ask(f"please {prompt}")
    chat.until(lambda: chat.find(".jor-failure:visible").count() == 1)
    assert shows in chat.find(".jor-failure:visible").inner_text()
    assert chat.python("chat.error")["message"] in chat.find(".jor-failure:visible").inner_text()
    assert chat.find(".jor-remedy:visible").inner_text().count(offers) == 1
    if prompt == "mid-error":
        chat.settles(f"please {prompt}", "This answer began well")
    else:
        assert chat.python("chat.messages") == []
        assert chat.shown()[0] == ["user", f"please {prompt}"]
        python(stage.page, "setattr(chat, 'model', 'demo/echo')")
        chat.find(".jor-remedy:visible").get_by_role("button", name="Retry").click()
        chat.settles(f"please {prompt}", f"please {prompt}")
        chat.until(lambda: chat.find(".jor-failure:visible, .jor-remedy:visible").count() == 0)
        assert chat.python("chat.error") is None


def test_a_rate_limit_counts_down_before_it_can_be_asked_again(stage: Stage) -> None:
    chat = stage.chat("faulty", RETRY)
    stage.page.evaluate("() => wire.slow(30_000)")
    chat.ask("429 once")
    retry = chat.find(".jor-remedy:visible").get_by_role("button", name="Retry")
    chat.until(lambda: retry.count() == 1)
    told: set[str] = set()
    chat.until(lambda: told.add(retry.inner_text()) or len(told) >= 2)
    assert all(text.startswith("Retry in ") for text in told)
    assert retry.is_disabled()
    stage.page.evaluate("() => wire.slow(0)")
    chat.until(lambda: retry.is_enabled() and retry.inner_text() == "Retry")
    retry.click()
    chat.settles("429 once", "This time it went well.")


def test_files_are_pasted_dropped_and_picked_and_can_be_taken_away(stage: Stage) -> None:
    chat = stage.chat()
    for how, name, mime, data in (
        ("paste", "pixel.png", "image/png", PNG),
        ("drop", "paper.pdf", "application/pdf", b"%PDF-1.4 words"),
    ):
        stage.page.evaluate(GIVE, [how, name, mime, base64.b64encode(data).decode()])
    chat.find(".jor-files").set_input_files(
        [
            {"name": "table.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2"},
            {"name": "archive.zip", "mimeType": "application/zip", "buffer": b"PK\x00\x00"},
        ]
    )
    chat.until(
        lambda: chat.find(".jor-upload").count() == 4 and chat.find(".jor-upload.jor-bad").count() == 1
    )
    assert chat.find(".jor-send").is_disabled()
    chat.button("remove archive.zip").click()
    chat.until(lambda: chat.find(".jor-send").is_enabled())
    chat.ask("look")
    chat.until(lambda: chat.python("len(chat.messages)") == 2)
    attached = chat.python("chat.messages[0]['attachments']")
    assert sorted((one["kind"], one["name"], one["bytes"]) for one in attached) == [
        ("file", "paper.pdf", 14),
        ("image", "pixel.png", len(PNG)),
        ("text", "table.csv", 7),
    ]
    row = chat.find(".jor-question")
    chat.until(lambda: all(name in row.inner_text() for name in ("paper.pdf", "table.csv")))
    chat.until(lambda: row.locator("img").count() == 1)
    assert row.locator("img").evaluate("n => n.decode().then(() => n.naturalWidth)") == 1
    assert chat.python("len(chat.conversation.messages()[0]['content'])") == 4


def test_the_model_and_the_settings_are_chosen_by_keys_alone(stage: Stage) -> None:
    chat = stage.chat()
    keys = stage.page.keyboard
    chat.box.focus()
    keys.press("Tab")  # attach
    keys.press("Tab")
    keys.press("Enter")
    stage.page.wait_for_selector("[role=option]")
    keys.type("burst")
    chat.until(lambda: stage.page.locator("[role=option]:visible").count() >= 1)
    keys.press("Enter")
    chat.until(lambda: chat.python("chat.model") == "demo/burst")
    chat.until(lambda: chat.find(".jor-model-button").inner_text().strip() == "demo/burst")
    keys.press("Tab")
    keys.press("Enter")
    field = stage.page.get_by_label("System prompt")
    chat.until(lambda: field.is_visible() and field.evaluate("n => n === document.activeElement"))
    keys.type("Be brief.")
    keys.press("Enter")
    keys.type("Be kind.")
    keys.press("Tab")
    keys.type("0.5")
    keys.press("Enter")
    chat.until(
        lambda: chat.python("[chat.system, chat.params]") == ["Be brief.\nBe kind.", {"temperature": 0.5}]
    )
    chat.until(lambda: stage.page.locator(".jor-settings:visible").count() == 0)
    # What Python sets is seen in the form.
    python(stage.page, "setattr(chat, 'params', {'temperature': 1.5, 'seed': 7})")
    chat.button("Settings").press("Enter")
    chat.until(lambda: stage.page.get_by_label("Temperature").input_value() == "1.5")
    assert "seed" in stage.page.locator(".jor-besides").inner_text()
    keys.press("Escape")
    chat.box.focus()
    keys.type("3")
    keys.press("Shift+Enter")
    keys.type("numbers")
    keys.press("Enter")
    assert chat.settles("3\nnumbers", "1 2 3")[0]["content"] == "3\nnumbers"
    keys.press("ArrowUp")
    assert chat.box.input_value() == "3\nnumbers"
    # The tools of an answer, by Tab and arrows.
    chat.box.fill("")
    tools = chat.find(".jor-reply .jor-tools")
    tools.locator("button").first.focus()
    names = []
    for _ in range(5):
        names.append(stage.page.evaluate("() => document.activeElement.getAttribute('aria-label')"))
        keys.press("ArrowRight")
    assert names == ["Copy as text", "Copy as Markdown", "Retry", "Retry with another model", "Delete"]
    assert stage.page.evaluate("() => document.querySelectorAll('.jp-Cell').length") == 1


def test_code_goes_to_a_new_cell_and_never_twice(stage: Stage) -> None:
    chat = stage.chat()
    chat.ask("```python\nprint('from the chat')\n```")
    button = chat.find(".jor-to-cell")
    chat.until(lambda: button.count() == 1)
    button.scroll_into_view_if_needed()
    button.dblclick()
    sources = "() => jupyterapp.shell.currentWidget.model.sharedModel.cells.map((cell) => cell.source)"
    chat.until(lambda: len(stage.page.evaluate(sources)) == 2)
    chat.until(lambda: button.inner_text() == "to a new cell")
    assert stage.page.evaluate(sources)[1] == "print('from the chat')"
    assert chat.python("[one.strip() for one in chat.code]") == ["print('from the chat')"]


# --- what a notebook does to it


def test_a_page_that_is_loaded_again_shows_the_chat_as_it_was(stage: Stage) -> None:
    chat = stage.chat()
    chat.ask("before")
    chat.settles("before", "before")
    chat.box.fill("not sent yet")
    note = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"words"}
    chat.find(".jor-files").first.set_input_files([note])
    chat.until(lambda: "1 kB" in " ".join(chat.find(".jor-upload").all_inner_texts()))
    stage.reload()
    chat.opens()
    chat.settles("before", "before")
    chat.until(lambda: chat.box.input_value() == "not sent yet")
    chat.until(lambda: "note.txt" in " ".join(chat.find(".jor-upload").all_inner_texts()))
    chat.until(lambda: stage.page.evaluate(HIDDEN, 0) == 0)
    python(stage.page, "setattr(chat, 'model', 'demo/slow')")
    chat.ask("a story")
    chat.streams()
    assert chat.python("[one['name'] for one in chat.asking_attachments]") == ["note.txt"]
    stage.reload()
    chat.opens()
    chat.streams()
    length = len(chat.shown()[-1][1])
    chat.until(lambda: len(chat.shown()[-1][1]) > length + 20)
    chat.stop()
    chat.settles("before", "before", "a story", STORY)


def test_a_second_view_shows_the_same_and_either_can_ask(stage: Stage) -> None:
    chat = stage.chat("echo", "", "chat")
    chat.ask("one")
    chat.settles("one", "one")
    stage.notebook.run_cell(1)
    second = Chat(stage.notebook, cell=1)
    second.opens()
    second.settles("one", "one")
    second.ask("two")
    for view in (chat, second):
        view.settles("one", "one", "two", "two")
    python(stage.page, "setattr(chat, 'model', 'demo/slow')")
    chat.ask("a story")
    second.streams()
    second.stop()
    for view in (chat, second):
        view.settles("one", "one", "two", "two", "a story", STORY)
    # A box is one for all views of a page.
    chat.box.fill("draft")
    assert second.until(lambda: second.box.input_value()) == "draft"
    chat.box.fill("")


def test_two_tabs_show_the_same_and_one_send_is_one_request(stage: Stage) -> None:
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
        tab.ask("two")
        for view in (chat, tab):
            view.settles("one", "one", "two", "two")
        python(stage.page, "setattr(chat, 'model', 'demo/slow')")
        chat.ask("a story")
        tab.streams()
        tab.ask("queued in the other")
        chat.until(lambda: "queued in the other" in chat.find(".jor-queue").inner_text())
        chat.find(".jor-queue-row").get_by_role("button", name="remove from the queue").click()
        tab.until(lambda: tab.find(".jor-queue-row").count() == 0)
        tab.stop()
        for view in (chat, tab):
            view.settles("one", "one", "two", "two", "a story", STORY)
    finally:
        other.close()


def test_views_that_are_detached_hidden_moved_and_made_anew_miss_nothing(stage: Stage) -> None:
    chat = stage.chat("slow", "", *["1"] * 40)
    chat.ask("a story")
    chat.streams()
    stage.page.evaluate("() => jupyterapp.shell.currentWidget.content.scrollToItem(40)")
    box = "() => document.querySelector('.jor-chat').getBoundingClientRect().bottom"
    chat.until(lambda: stage.page.evaluate(box) < 0)
    length = chat.python("len(chat.message)")
    chat.until(lambda: chat.python("len(chat.message)") > length + 20)
    stage.page.evaluate("() => jupyterapp.shell.currentWidget.content.scrollToItem(0)")
    chat.until(lambda: stage.page.locator(".jor-chat").count() == 1 and len(chat.shown()) == 2)
    chat.until(lambda: len(chat.shown()[1][1]) > length + 20)
    stage.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 0; }")
    stage.notebook.command("notebook:hide-cell-outputs")
    chat.until(lambda: stage.page.locator(".jor-chat:visible").count() == 0)
    stage.notebook.command("notebook:show-cell-outputs")
    chat.streams()
    stage.notebook.command("notebook:move-cell-down")
    moved = Chat(stage.notebook, cell=1)
    moved.streams()
    moved.stop()
    moved.settles("a story", STORY)


def test_a_busy_kernel_is_asked_stopped_and_read_also_after_a_trait_was_set(stage: Stage) -> None:
    chat = stage.chat(
        "slow", "", "chat.system = 'be brief'\nchat.params = {'seed': 3}", BURN.format(seconds=120)
    )
    stage.notebook.run_cell(1)
    stage.notebook.start_cell(2)
    chat.until(lambda: stage.notebook.prompts()[2] == "[*]:")
    chat.ask("a story")
    chat.streams()
    length = len(chat.shown()[1][1])
    chat.until(lambda: len(chat.shown()[1][1]) > length + 10)
    chat.ask("later")
    chat.until(lambda: "1 queued question" in chat.find(".jor-queue").inner_text())
    chat.stop()
    chat.until(lambda: "waiting for you" in chat.find(".jor-queue").inner_text())
    assert stage.notebook.prompts()[2] == "[*]:", "it was heard only after the cell had ended"
    (stage.notebook.lab.folder / "enough").touch()
    stage.notebook.wait_done()
    chat.settles("a story", STORY)
    assert chat.python("[one['text'] for one in chat.queued]") == ["later"]


def test_a_kernel_that_begins_anew_leaves_what_is_shown_and_the_saved_chat_is_loaded(stage: Stage) -> None:
    chat = stage.chat(then="chat.save('kept.json')\n")
    chat.ask("kept")
    chat.settles("kept", "kept")
    python(stage.page, "str(chat.save('kept.json'))")
    chat.until(lambda: stage.page.evaluate(HIDDEN, 0) == 0)
    stage.page.evaluate("() => { jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }")
    note = chat.find(".jor-gone-note")
    chat.until(note.is_visible)
    assert "The kernel is gone. What is shown here stays." in note.inner_text()
    assert 'ChatWidget.load("kept.json")' in note.inner_text()
    assert [words(text) for _, text in chat.shown()] == ["kept", "kept"]
    assert chat.find(".jor-send").is_disabled()
    chat.until(lambda: stage.page.evaluate(HIDDEN, 0) >= 1)
    to_cell = note.get_by_role("button", name="into a new cell")
    to_cell.dblclick()
    chat.until(lambda: stage.page.locator(".jp-CodeCell").count() == 2)
    stage.notebook.wait_idle()
    stage.notebook.run_cell(1)
    loaded = Chat(stage.notebook, cell=1)
    loaded.opens()
    loaded.until(lambda: [words(text) for _, text in loaded.shown()] == ["kept", "kept"])
    loaded.ask("goes on")
    loaded.until(lambda: [text for _, text in loaded.shown()] == ["kept", "kept", "goes on", "goes on"])


def test_a_dead_kernel_is_said_and_the_running_text_stays(stage: Stage) -> None:
    chat = stage.chat("slow")
    chat.ask("a story")
    chat.streams()
    session = stage.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.id")
    pid = chat.python("__import__('os').getpid()")
    shown = chat.shown()
    subprocess.run(["kill", "-9", str(pid)], check=True)
    chat.until(chat.find(".jor-gone-note").is_visible, 60)
    assert "Run the cell again for a new chat" in chat.find(".jor-gone-note").inner_text()
    assert chat.shown()[1][1].startswith(shown[1][1])
    assert chat.find(".jor-stop").is_hidden()
    assert session
    stage.notebook.wait_idle()


def test_restart_and_run_all_makes_a_new_chat_and_the_old_is_gone(stage: Stage) -> None:
    chat = stage.chat("echo", "", "chat.ask('from a cell').text")
    chat.ask("old")
    chat.settles("old", "old")
    stage.page.evaluate("() => { jupyterapp.commands.execute('notebook:restart-run-all'); }")
    stage.page.locator(".jp-Dialog .jp-mod-accept").click()
    chat.until(lambda: "'from a cell'" in stage.notebook.output_text(1), 60)
    stage.notebook.wait_idle()
    chat.opens()
    chat.settles("from a cell", "from a cell")
    assert stage.page.locator(".jor-chat").count() == 1


def test_a_copy_of_the_cell_is_a_view_until_it_runs_and_then_a_chat_of_its_own(stage: Stage) -> None:
    chat = stage.chat()
    chat.ask("one")
    chat.settles("one", "one")
    python(stage.page, "globals().update(first=chat) or 0")
    for command in ("copy-cell", "paste-cell-below"):
        stage.notebook.command(f"notebook:{command}")
    copy = Chat(stage.notebook, cell=1)
    copy.opens()
    copy.settles("one", "one")
    stage.notebook.run_cell(1)
    copy.until(lambda: copy.box.is_visible() and copy.shown() == [])
    copy.ask("two")
    copy.settles("two", "two")
    chat.settles("one", "one", name="first")
    chat.ask("three")
    chat.settles("one", "one", "three", "three", name="first")
    copy.settles("two", "two")


def test_thirty_chats_on_a_page_share_the_code_and_nothing_else(stage: Stage) -> None:
    make = (
        "from jupyter_openrouter import ChatWidget\nc{0} = ChatWidget(model='demo/echo', name='n{0}')\nc{0}"
    )
    stage.cells(*(make.format(at) for at in range(30)))
    sizes = len(stage.page.evaluate("() => wire.sizes"))
    stage.notebook.run_all()
    stage.page.wait_for_function("() => document.querySelectorAll('.jor-chat .jor-box').length === 30")
    parts = [size for kind, size in stage.page.evaluate("() => wire.sizes")[sizes:] if kind == "part"]
    assert len(parts) <= 2, "the code came more than once"
    last, first = (Chat(stage.notebook, cell=at) for at in (29, 0))
    last.ask("to the last")
    first.ask("to the first")
    last.settles("to the last", "to the last", name="c29")
    first.settles("to the first", "to the first", name="c0")
    others = [Chat(stage.notebook, cell=at).shown() for at in range(1, 29)]
    assert others == [[]] * 28
    assert python(stage.page, "[len(c.messages) for c in (c0, c1, c15, c28, c29)]") == [2, 0, 0, 0, 2]


def test_in_a_chat_of_a_thousand_messages_a_turn_costs_what_it_cost_in_the_first(stage: Stage) -> None:
    def costs(chat: Chat, *before: str) -> dict[str, int]:
        start = len(stage.page.evaluate("() => wire.sizes"))
        chat.ask("40")
        chat.settles(*before, "40", "1 2 3")
        chat.until(lambda: python(stage.page, "chat._transcript._writing.done()"))
        sizes = steady(stage.page, lambda: stage.page.evaluate("() => wire.sizes"))
        found: dict[str, int] = {}
        for kind, size in sizes[start:]:
            found[kind] = max(found.get(kind, 0), size)
        return found

    first = costs(stage.chat("burst"))
    many = "messages=[{'role': ('user', 'assistant')[at % 2], 'content': f'turn {at}'} for at in range(1000)]"
    chat = stage.chat("burst", many)
    told = [f"turn {at}" for at in range(1000)]
    chat.settles(*told, seconds=180)
    later = costs(chat, *told)
    assert 0 < first["delta"] <= 2048
    assert later["delta"] <= 2048
    for kind in ("delta", "turns", "update"):
        assert later[kind] <= first[kind] + 200, (kind, first, later)


@pytest.mark.parametrize(
    ("does", "kind", "count"),
    [
        ("lose", "delta", "lost"),
        ("swap", "delta", "swapped"),
        ("twice", "delta", "repeated"),
        ("lose", "turns", "lost"),
    ],
)
def test_lost_reordered_and_repeated_messages_cost_no_text(
    stage: Stage, does: str, kind: str, count: str
) -> None:
    chat = stage.chat("slow")
    stage.page.evaluate(f"() => wire.{does}({kind!r}{', 1' if does == 'lose' else ''})")
    stage.page.evaluate("() => wire.watch(1)")
    chat.ask("a story")
    if kind == "delta":
        chat.until(lambda: stage.page.evaluate(f"() => wire.{count}") >= (1 if does == "lose" else 2))
    chat.streams()
    # It goes on while the answer runs: what has settled heals everything.
    length = len(chat.shown()[1][1])
    chat.until(lambda: len(chat.shown()[1][1]) > length + 60)
    assert chat.find(".jor-stop").is_visible()
    if does == "swap":
        stage.page.evaluate("() => wire.end()")
    chat.stop()
    turns = chat.settles("a story", STORY)
    assert stage.page.evaluate(f"() => wire.{count}") >= 1
    chat.grew(turns[1]["content"])


def test_a_page_that_sleeps_has_all_when_it_wakes(stage: Stage) -> None:
    chat = stage.chat("slow")
    chat.ask("a story")
    chat.streams()
    length = len(chat.shown()[1][1])
    stage.page.evaluate("() => { wire.watch(1); wire.sleep(); }")
    stage.page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.connectionStatus !== 'connected'"
    )
    asleep = len(steady(stage.page, chat.shown)[1][1])
    chat.box.fill("asked asleep")
    chat.box.press("Enter")
    assert len(steady(stage.page, chat.shown)[1][1]) == asleep
    # What a server keeps for a page that has gone comes late, and not always whole.
    stage.page.evaluate("() => { wire.lose('delta', 3); wire.wake(); }")
    stage.page.evaluate("() => { jupyterapp.shell.currentWidget.sessionContext.session.kernel.reconnect(); }")
    chat.until(lambda: len(chat.shown()[1][1]) > max(length, asleep) + 60, 60)
    chat.until(lambda: "asked asleep" in chat.find(".jor-queue").inner_text(), 60)
    chat.stop()
    chat.grew(chat.settles("a story", STORY)[1]["content"])
    assert chat.python("[one['text'] for one in chat.queued]") == ["asked asleep"]


def test_closing_a_chat_leaves_nothing_running(stage: Stage) -> None:
    tasks = (
        "background().call(lambda: sorted(name for t in asyncio.all_tasks(background().loop)"
        " if 'HTTP1' not in (name := t.get_coro().__qualname__)))"
    )
    chat = stage.chat("slow")
    before = python(stage.page, tasks)
    threads = python(stage.page, "threading.active_count()")
    chat.ask("a story")
    chat.streams()
    chat.ask("waits")
    chat.until(lambda: chat.find(".jor-queue-row").count() == 1)
    assert len(python(stage.page, tasks)) > len(before)
    python(stage.page, "chat.close()")
    chat.until(lambda: python(stage.page, tasks) == before, told=lambda: (python(stage.page, tasks), before))
    chat.until(lambda: stage.page.locator(".jor-chat").count() == 0)
    assert python(stage.page, "threading.active_count()") <= threads
    assert python(stage.page, "chat._job.done") is True
    text = python(stage.page, "chat.response.text")
    assert steady(stage.page, lambda: python(stage.page, "chat.response.text")) == text


# --- without a kernel


def test_the_saved_notebook_holds_the_transcript_for_every_reader(lab: Lab, stage: Stage) -> None:
    earlier = (
        "messages=[{'role': ('user', 'assistant')[n % 2], 'content': f'early {n} <b>'} for n in range(220)]"
    )
    chat = stage.chat(more=earlier)
    for number in range(3):
        chat.ask(f"question **{number}** with `code`")
        chat.until(lambda number=number: chat.python("len(chat.messages)") == 222 + 2 * number)
    chat.until(lambda: chat.python("chat.state") == "done")
    chat.until(lambda: python(stage.page, "chat._transcript._writing.done()"))
    saved = stage.notebook.save()
    assert "widgets" not in saved.metadata
    (lab.folder / "reader.ipynb").write_text((lab.folder / stage.notebook.name).read_text("utf-8"), "utf-8")
    context = lab.browser.new_context()
    page = context.new_page()
    try:
        # No kernel is started, and nothing runs: what is read is what the file holds.
        page.goto(f"{lab.url}/lab/workspaces/reader/tree/reader.ipynb?reset&token={lab.token}")
        page.wait_for_selector(".jp-RenderedMarkdown:visible", timeout=60_000)
        shown = page.evaluate("() => document.querySelector('.jp-CodeCell').innerText")
        for number in range(3):
            assert shown.count(f"question {number} with code") == 2, shown
        assert shown.index("question 0") < shown.index("question 1") < shown.index("question 2")
        assert shown.count("Transcript of the chat above") == 1
        # Of a long chat the older part is folded, the newer one is not.
        old, new = (page.get_by_text(f"early {number} <b>", exact=True) for number in (5, 219))
        new.wait_for()
        assert old.is_hidden()
        page.get_by_text("Questions 1 to 64", exact=True).click()
        old.wait_for()
    finally:
        context.close()
        for session in lab.api("sessions"):
            if session["path"] == "reader.ipynb":
                lab.api(f"sessions/{session['id']}", "DELETE")
    for form, told in (("markdown", "question **2** with `code`"), ("html", "question <strong>2</strong>")):
        name = lab.folder / f"reader-{form}"
        subprocess.run(
            [
                *(sys.executable, "-m", "nbconvert", "--to", form, "--output", name),
                lab.folder / "reader.ipynb",
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        text = next(Path(lab.folder).glob(f"reader-{form}.*")).read_text("utf-8")
        assert text.count(told) == 2, text[-2000:]
        assert text.rindex(told) > text.rindex(told.replace("2", "1"))
    loaded = chat.python(
        "[t['content'] for t in ChatWidget.load('reader.ipynb').messages] == [t['content'] for t in chat.messages]"
    )
    assert loaded is True


def test_a_chat_in_a_box_of_widgets_hides_its_transcript_and_leaves_it_in_the_file(
    lab: Lab, stage: Stage
) -> None:
    box = "import ipywidgets\nbox = ipywidgets.HBox([ipywidgets.IntText(), chat])\n"
    stage.chat(then=box)
    stage.page.evaluate(
        "() => { jupyterapp.shell.currentWidget.model.sharedModel.cells[0].source = 'print(1)\\nbox'; }"
    )
    stage.notebook.run_cell(0)
    chat = Chat(stage.notebook)
    chat.opens()
    chat.until(lambda: chat.root.evaluate("n => n.getBoundingClientRect().width") > 240)
    chat.ask("in a box")
    chat.settles("in a box", "in a box")
    chat.until(lambda: python(stage.page, "chat._transcript._writing.done()"))
    chat.until(lambda: stage.page.evaluate(HIDDEN, 0) == 0)
    saved = stage.notebook.save()
    written = [one.data.get("text/markdown", "") for one in saved.cells[0].outputs if "data" in one]
    assert sum("in a box" in one for one in written) == 1
    assert Path(lab.folder / stage.notebook.name).read_text("utf-8").count("widget-view") == 1


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_an_audit_finds_nothing_in_a_full_chat(stage: Stage, dark: bool) -> None:
    name = "JupyterLab Dark" if dark else "JupyterLab Light"
    stage.notebook.command("apputils:change-theme", theme=name)
    stage.page.wait_for_selector(f'body[data-jp-theme-name="{name}"]', state="attached")
    chat = fill(stage)
    assert audit(stage.notebook) == []
    stage.notebook.shot(f"chat-full-{'dark' if dark else 'light'}")
    python(stage.page, "setattr(chat, 'model', 'demo/faulty')")
    chat.ask("402")
    chat.until(lambda: chat.find(".jor-failure:visible").count() == 1)
    assert audit(stage.notebook) == []
    chat.button("Settings").click()
    assert audit(stage.notebook) == []
    stage.page.keyboard.press("Escape")
    stage.notebook.command("apputils:change-theme", theme="JupyterLab Light")
    stage.page.wait_for_selector('body[data-jp-theme-name="JupyterLab Light"]', state="attached")


def fill(stage: Stage) -> Chat:
    """A chat with everything in it: reasoning, sources, an image, a tool call, branches, a queue and files."""
    chat = stage.chat("researcher")
    chat.find(".jor-files").set_input_files(
        [{"name": "note.txt", "mimeType": "text/plain", "buffer": b"words"}]
    )
    chat.ask("Why is the sky blue?")
    chat.until(lambda: chat.find(".jor-reply .jor-tools").count() == 1)
    python(stage.page, "setattr(chat, 'model', 'demo/echo')")
    chat.button("Retry").click()
    chat.until(lambda: chat.find(".jor-reply .jor-branches").is_visible())
    chat.button("previous answer").click()
    chat.until(lambda: "1 of 2" in chat.find(".jor-reply .jor-branches").inner_text())
    python(stage.page, "setattr(chat, 'model', 'demo/slow')")
    chat.ask("Tell me a story.")
    chat.streams()
    chat.ask("And then?")
    chat.until(lambda: chat.find(".jor-queue-row").count() == 1)
    chat.box.fill("A draft")
    chat.find(".jor-files").set_input_files([{"name": "pixel.png", "mimeType": "image/png", "buffer": PNG}])
    chat.until(lambda: chat.find(".jor-upload").count() == 1)
    chat.stop()
    chat.until(lambda: chat.find(".jor-reply .jor-tools").count() == 2)
    chat.find(".jor-asked").first.hover()
    return chat


def test_in_notebook_7_it_is_asked_stopped_reloaded_and_begun_anew(lab: Lab) -> None:
    with staged(lab, "seven.ipynb", application="notebooks") as stage:
        chat = stage.chat()
        chat.ask("```python\n1 + 1\n```")
        button = chat.find(".jor-to-cell")
        chat.until(lambda: button.count() == 1)
        button.scroll_into_view_if_needed()
        button.dblclick()
        chat.until(lambda: stage.page.locator(".jp-CodeCell").count() == 2)
        chat.until(lambda: stage.page.evaluate(HIDDEN, 0) == 0)
        chat.button("Retry").click()
        chat.until(lambda: chat.find(".jor-reply .jor-branches").is_visible())
        python(stage.page, "setattr(chat, 'model', 'demo/slow')")
        chat.ask("a story")
        chat.streams()
        chat.ask("later")
        chat.until(lambda: chat.find(".jor-queue-row").count() == 1)
        stage.reload()
        chat.opens()
        chat.streams()
        chat.stop()
        chat.until(lambda: chat.python("chat.state") == "stopped" and len(chat.shown()) == 4)
        turns = chat.python("chat.messages")
        assert words(turns[3]["content"]) == words(chat.shown()[3][1])
        assert len(turns[1]["branches"]) == 2
        assert "waiting for you" in chat.find(".jor-queue").inner_text()
        chat.until(lambda: stage.page.evaluate(HIDDEN, 0) == 0)
        stage.page.evaluate(
            "() => { jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
        )
        chat.until(chat.find(".jor-gone-note").is_visible)
        assert len(chat.shown()) == 4
        chat.until(lambda: stage.page.evaluate(HIDDEN, 0) >= 1)
        stage.notebook.wait_idle()
        assert not ours(stage.notebook)
