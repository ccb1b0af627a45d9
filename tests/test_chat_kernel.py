"""The chat in real kernels: what a browser asks for, while cells run, in two tabs, and what stays in the notebook."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernels import Kernel, running_kernel
from nbclient import NotebookClient

from jupyter_openrouter.conversation import Conversation
from jupyter_openrouter.notebook_costs import read
from jupyter_openrouter.transcript_form import FIRST

pytestmark = pytest.mark.kernel

MAKE = "from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/{model}'{more})\nchat"
# Computes until a file says that it is enough, or for so many seconds.
BURN = """import os, time
end = time.monotonic() + {seconds}
while time.monotonic() < end and not os.path.exists("enough"): pass
print("burnt")"""
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_numbers = iter(range(1_000_000))


def make(kernel: Kernel, model: str = "echo", more: str = "") -> str:
    run = kernel.run(MAKE.format(model=model, more=more and f", {more}"))
    assert run.reply is not None
    assert run.reply["status"] == "ok", run.reply
    return kernel.comm("chat")


def send(kernel: Kernel, comm: str, kind: str, buffers: list[bytes] | None = None, **fields: Any) -> str:
    """Sends a message of the protocol with an id of its own, which it gives."""
    ident = f"t{next(_numbers)}"
    data = {"method": "custom", "content": {"type": kind, "id": ident, **fields}}
    message = kernel.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
    socket = kernel.client.shell_channel.socket
    kernel.client.session.send(socket, message, buffers=buffers)
    return ident


def reply(kernel: Kernel, comm: str, ident: str) -> dict[str, Any]:
    found = kernel.until(lambda: [m for m in kernel.custom[comm] if m.get("id") == ident])
    return found[-1]


def done(kernel: Kernel, comm: str, kind: str, **fields: Any) -> None:
    """Sends it, and waits until it was acted upon."""
    answer = reply(kernel, comm, send(kernel, comm, kind, **fields))
    assert answer["type"] == "ack", answer


def settled(kernel: Kernel, comm: str, *contents: str) -> None:
    """Waits until these are the turns that a browser shows, and no answer runs."""

    def there() -> bool:
        state = kernel.comms[comm]
        said = [turn["content"] for turn in state["messages"]]
        return said == list(contents) and state["state"] not in ("waiting", "streaming")

    kernel.until(there)
    assert kernel.value("[t['content'] for t in chat.messages]") == list(contents), "Python sees the same"


def test_a_question_asked_while_the_kernel_is_busy_is_answered_or_waits_for_the_cell(
    kernel: Kernel, tmp_path: Path
) -> None:
    comm = make(kernel)
    deaf = "_core_gz" not in kernel.comms[comm]
    kernel.run("chat.system = 'Be brief.'")
    burning = kernel.start(BURN.format(seconds=2 if deaf else 120))
    kernel.until(lambda: burning.busy)
    ident = send(kernel, comm, "ask", text="hello", uploads=[])
    kernel.until(lambda: kernel.comms[comm]["messages"])
    assert burning.done == deaf
    assert reply(kernel, comm, ident)["type"] == "ack"
    (tmp_path / "enough").touch()
    kernel.until(lambda: burning.done)
    settled(kernel, comm, "hello", "hello")


def test_a_question_that_is_asked_while_an_answer_runs_waits_and_is_asked_when_it_is_done(
    kernel: Kernel,
) -> None:
    comm = make(kernel, "tour")
    done(kernel, comm, "ask", text="one")
    kernel.run("chat.model = 'demo/echo'")
    done(kernel, comm, "ask", text="two")
    done(kernel, comm, "ask", text="three")
    kernel.until(lambda: [q["text"] for q in kernel.comms[comm]["queued"]] == ["two", "three"])
    assert kernel.value("[q['text'] for q in chat.queued]") == ["two", "three"]
    first = kernel.comms[comm]["queued"][0]["id"]
    done(kernel, comm, "unqueue", item=first)
    assert reply(kernel, comm, send(kernel, comm, "unqueue", item=first))["type"] == "refused"
    kernel.until(lambda: len(kernel.comms[comm]["messages"]) == 4, 60)
    assert [t["content"] for t in kernel.comms[comm]["messages"]][2:] == ["three", "three"]
    assert kernel.comms[comm]["queued"] == []


def test_after_a_stop_the_queue_waits_until_it_is_sent(kernel: Kernel) -> None:
    comm = make(kernel, "slow")
    done(kernel, comm, "ask", text="one")
    kernel.until(lambda: kernel.text(comm))
    kernel.run("chat.model = 'demo/echo'")
    done(kernel, comm, "ask", text="two")
    kernel.stop(comm)
    kernel.until(lambda: kernel.comms[comm]["state"] == "stopped")
    assert kernel.value("(chat.state, len(chat.queued), len(chat.messages))") == ("stopped", 1, 2)
    done(kernel, comm, "send_now", item=kernel.comms[comm]["queued"][0]["id"])
    kernel.until(lambda: len(kernel.comms[comm]["messages"]) == 4)
    assert kernel.value("[t['content'] for t in chat.messages[2:]]") == ["two", "two"]


def test_a_stop_before_the_first_token_takes_nothing_in(kernel: Kernel) -> None:
    comm = make(kernel, "faulty")
    done(kernel, comm, "ask", text="stall")
    kernel.until(lambda: kernel.comms[comm]["asking"] == "stall")
    kernel.stop(comm)
    kernel.until(lambda: kernel.comms[comm]["state"] == "stopped")
    assert kernel.comms[comm]["asking"] == ""
    assert kernel.value("(chat.messages, chat.asking)") == ([], "")


def test_two_tabs_see_the_same_and_one_send_is_one_request(kernel: Kernel) -> None:
    comm = make(kernel)
    again = {"type": "ask", "id": "same", "text": "hello", "uploads": []}
    for _ in range(3):
        kernel.send(comm, again)
    kernel.until(lambda: [m for m in kernel.custom[comm] if m.get("id") == "same"][2:])
    settled(kernel, comm, "hello", "hello")
    assert kernel.value("chat.totals['completion_tokens'] == chat.usage['completion_tokens']")
    kernel.send(comm, {"type": "resync", "version": 0})
    whole = kernel.until(lambda: [m for m in kernel.custom[comm] if m["type"] == "conversation"])[-1]
    assert [turn["content"] for turn in whole["turns"]] == ["hello", "hello"]
    assert whole["version"] == kernel.value("chat.version")


def test_an_interrupt_of_a_cell_that_asks_stops_the_answer_and_keeps_its_text(kernel: Kernel) -> None:
    comm = make(kernel, "slow")
    asking = kernel.start("chat.ask('tell')")
    kernel.until(lambda: kernel.text(comm))
    assert kernel.comms[comm]["interruptible"]
    kernel.interrupt()
    kernel.until(lambda: asking.done)
    assert asking.reply is not None
    assert asking.reply["ename"] == "KeyboardInterrupt"
    kernel.until(lambda: kernel.comms[comm]["state"] == "stopped")
    assert not kernel.comms[comm]["interruptible"]
    assert kernel.value("chat.messages[-1]['content'] == chat.message != ''")


def test_many_pages_that_missed_something_are_answered_together(kernel: Kernel) -> None:
    comm = make(kernel)
    kernel.run("chat.ask('one')")
    for _ in range(200):
        kernel.send(comm, {"type": "resync", "version": 100})
    kernel.send(comm, {"type": "ask", "id": "last", "text": "two", "uploads": []})
    settled(kernel, comm, "one", "one", "two", "two")
    assert len([m for m in kernel.custom[comm] if m["type"] == "conversation"]) < 100


def test_a_stop_that_comes_twice_does_not_stop_the_next_answer(kernel: Kernel) -> None:
    comm = make(kernel, "slow")
    for number in range(2):
        send(kernel, comm, "ask", text="tell", uploads=[])
        kernel.until(lambda: kernel.comms[comm]["state"] == "streaming")
        if number == 0:
            kernel.stop(comm)
            kernel.until(lambda: kernel.comms[comm]["state"] == "stopped")
    control = kernel.comms[comm].get("_control")
    before = len(kernel.text(comm))
    kernel.send(comm, {"type": "stop", "id": "s1"}, channel="control" if control else "shell")
    kernel.until(lambda: len(kernel.text(comm)) > before + 20)
    assert kernel.comms[comm]["state"] == "streaming"
    kernel.run("chat.stop()")
    kernel.until(lambda: kernel.comms[comm]["state"] == "stopped")


def test_retry_edit_branch_and_delete_show_what_python_sees(kernel: Kernel) -> None:
    comm = make(kernel)
    done(kernel, comm, "ask", text="one")
    settled(kernel, comm, "one", "one")
    done(kernel, comm, "ask", text="two")
    settled(kernel, comm, "one", "one", "two", "two")
    question, answer = (turn["id"] for turn in kernel.comms[comm]["messages"][:2])
    done(kernel, comm, "retry", turn=answer, model="demo/echo")
    kernel.until(lambda: len(kernel.comms[comm]["messages"]) == 2)
    settled(kernel, comm, "one", "one")
    branches = kernel.comms[comm]["messages"][1]["branches"]
    assert branches[0] == answer
    assert kernel.comms[comm]["messages"][1]["id"] == branches[1]
    done(kernel, comm, "branch", turn=answer)
    settled(kernel, comm, "one", "one", "two", "two")
    done(kernel, comm, "edit", turn=question, text="other", keep=[], uploads=[])
    settled(kernel, comm, "other", "other")
    assert kernel.value("chat.branches[chat.messages[0]['id']]")[0] == question
    done(kernel, comm, "branch", turn=question)
    settled(kernel, comm, "one", "one", "two", "two")
    done(kernel, comm, "delete", turn=answer)
    settled(kernel, comm, "two", "two")
    refused = reply(kernel, comm, send(kernel, comm, "delete", turn=answer))
    assert refused["reason"].startswith("There is no such turn")


def test_a_retry_hides_what_it_replaces_while_it_runs_and_shows_it_again_when_nothing_comes(
    kernel: Kernel,
) -> None:
    comm = make(kernel)
    done(kernel, comm, "ask", text="stall")
    settled(kernel, comm, "stall", "stall")
    done(kernel, comm, "retry", turn="", model="demo/faulty")
    kernel.until(lambda: kernel.comms[comm]["messages"] == [] and kernel.comms[comm]["asking"] == "stall")
    assert kernel.value("(chat.messages, chat.asking)") == ([], "stall")
    for kind, fields in (("delete", {"turn": "x"}), ("branch", {"turn": "x"}), ("continue", {})):
        assert "running" in reply(kernel, comm, send(kernel, comm, kind, **fields))["reason"]
    kernel.stop(comm)
    settled(kernel, comm, "stall", "stall")
    assert kernel.comms[comm]["asking"] == ""


def test_a_stopped_answer_is_continued_in_one_place(kernel: Kernel) -> None:
    comm = make(kernel, "slow")
    done(kernel, comm, "ask", text="tell")
    kernel.until(lambda: len(kernel.text(comm)) > 30)
    kernel.stop(comm)
    kernel.until(lambda: kernel.comms[comm]["state"] == "stopped")
    before = kernel.value("chat.messages[-1]")
    assert before["continuable"]
    done(kernel, comm, "continue")
    kernel.until(
        lambda: kernel.text(comm).startswith(before["content"]) and kernel.comms[comm]["messages"] == []
    )
    kernel.until(lambda: len(kernel.text(comm)) > len(before["content"]) + 20)
    assert kernel.value("chat.message").startswith(before["content"])
    kernel.stop(comm)
    kernel.until(lambda: kernel.comms[comm]["messages"])
    after = kernel.value("chat.messages")
    assert [turn["role"] for turn in after] == ["user", "assistant"]
    assert after[1]["id"] == before["id"]
    assert after[1]["content"].startswith(before["content"])
    assert len(after[1]["content"]) > len(before["content"])
    assert after[1] == kernel.comms[comm]["messages"][1]


def upload(kernel: Kernel, comm: str, name: str, data: bytes, piece: int = 512 << 10) -> str:
    upload = f"u{next(_numbers)}"
    for offset in range(0, len(data), piece):
        ident = send(
            kernel,
            comm,
            "upload",
            buffers=[data[offset : offset + piece]],
            upload=upload,
            name=name,
            mime="text/plain",
            size=len(data),
            offset=offset,
        )
        assert reply(kernel, comm, ident)["type"] == "ack"
    return upload


def test_attachments_come_in_pieces_and_are_known_by_their_bytes(kernel: Kernel) -> None:
    comm = make(kernel)
    uploads = [
        upload(kernel, comm, "dot.txt", PNG, piece=20),
        upload(kernel, comm, "notes.md", b"three\nwords"),
        upload(kernel, comm, "paper.bin", b"%PDF-1.4 " + bytes(600_000)),
    ]
    done(kernel, comm, "ask", text="what?", uploads=uploads)
    kernel.until(lambda: len(kernel.comms[comm]["messages"]) == 2)
    turn = kernel.comms[comm]["messages"][0]
    found = [(one["kind"], one["name"], one["bytes"]) for one in turn["attachments"]]
    assert turn["content"] == "what?"
    assert sorted(found) == [
        ("file", "paper.bin", 600_009),
        ("image", "dot.txt", 70),
        ("text", "notes.md", 11),
    ]
    image = next(one for one in turn["attachments"] if one["kind"] == "image")
    kernel.send(comm, {"type": "image", "id": image["id"]})
    sent = kernel.until(lambda: [m for m in kernel.custom[comm] if m["type"] == "image"])[-1]
    assert base64.b64decode(sent["data"]) == PNG
    parts = kernel.value("[part['type'] for part in chat.conversation.turns[0].content]")
    assert parts == ["text", "text", "image_url", "file"]
    refused = reply(kernel, comm, send(kernel, comm, "ask", text="again", uploads=uploads))
    assert refused["type"] == "refused", "they were used"
    done(kernel, comm, "edit", turn=turn["id"], text="and?", keep=[1], uploads=[])
    kernel.until(lambda: [t["content"] for t in kernel.comms[comm]["messages"][:1]] == ["and?"])
    assert [one["kind"] for one in kernel.comms[comm]["messages"][0]["attachments"]] == ["image"]


def test_settings_and_model_are_chosen_in_the_browser_and_seen_in_python(kernel: Kernel) -> None:
    comm = make(kernel, more="params={'seed': 5}")
    done(
        kernel,
        comm,
        "settings",
        system="Be brief.",
        params={"temperature": 0.5, "reasoning": "low", "web": True},
    )
    done(kernel, comm, "settings", params={"web": None})
    done(kernel, comm, "model", model="demo/tour")
    assert kernel.value("(chat.model, chat.system, chat.params)") == (
        "demo/tour",
        "Be brief.",
        {"seed": 5, "temperature": 0.5, "reasoning": "low"},
    )
    assert kernel.comms[comm]["params"] == {"seed": 5, "temperature": 0.5, "reasoning": "low"}
    for params in ({"temperature": 9}, {"headers": {}}, {"tools": []}, {"max_tokens": 0}, {"seed": 1}):
        assert reply(kernel, comm, send(kernel, comm, "settings", params=params))["type"] == "refused"


def test_a_cell_and_the_chat_go_on_in_one_conversation(kernel: Kernel) -> None:
    kernel.run("%%openrouter --model demo/echo --chat trip\nwhere?")
    comm = make(kernel, more="conversation='trip'")
    settled(kernel, comm, "where?", "where?")
    done(kernel, comm, "ask", text="when?")
    settled(kernel, comm, "where?", "where?", "when?", "when?")
    run = kernel.run("%%openrouter --model demo/echo --chat trip --show-prompt\nwhy?")
    assert "when?" in str(run.bundles)
    settled(kernel, comm, "where?", "where?", "when?", "when?", "why?", "why?")
    kernel.run("%openrouter undo trip")
    settled(kernel, comm, "where?", "where?", "when?", "when?")


def test_malformed_messages_cause_no_request_and_the_chat_goes_on(kernel: Kernel) -> None:
    comm = make(kernel)
    shapes: list[dict[str, Any]] = [
        {"type": "ask", "id": 1, "text": "x"},
        {"type": "ask", "id": "x" * 65, "text": "x"},
        {"type": "ask", "id": "i", "text": "x", "api_key": "k"},
        {"type": "ask", "id": "j", "text": "x", "uploads": ["nothing"]},
        {"type": "retry", "id": "k", "turn": "q", "model": "a b"},
        {"type": "upload", "id": "l", "upload": "u", "name": "n", "mime": "m", "size": 1 << 40, "offset": 0},
        {"type": "settings", "id": "m", "params": {"base_url": "http://evil"}},
        {"type": "no such", "id": "n"},
    ]
    for _ in range(20):
        for shape in shapes:
            kernel.send(comm, shape)
    kernel.send(comm, {"type": "ask", "id": "good", "text": "still here", "uploads": []})
    settled(kernel, comm, "still here", "still here")
    assert kernel.value("(chat.params, chat.model, len(chat._hearing.uploads))") == ({}, "demo/echo", 0)
    assert not [m for m in kernel.messages if m["msg_type"] == "error"]


def test_a_closed_chat_leaves_nothing_running(kernel: Kernel) -> None:
    comm = make(kernel, "slow")
    done(kernel, comm, "ask", text="one")
    done(kernel, comm, "ask", text="two")
    kernel.until(lambda: kernel.text(comm))
    upload(kernel, comm, "a.txt", b"hello")
    kernel.run("chat.close()")
    kernel.until(lambda: comm not in kernel.comms)
    code = "import time\nwhile chat._asking.running: time.sleep(0.05)"
    kernel.run(code)
    assert kernel.value("(chat.state, len(chat._hearing.uploads), chat.conversation._turns._watchers)") == (
        "stopped",
        0,
        [],
    )
    names = "[t.name for t in __import__('threading').enumerate() if 'openrouter' in t.name or 'asyncio_' in t.name]"
    assert kernel.value(names) == ["jupyter_openrouter I/O"]
    kernel.run("%unload_ext jupyter_openrouter")
    assert kernel.value(names) == []


def slots(run: Any) -> list[dict[str, Any]]:
    return [bundle for bundle in run.bundles if "application/vnd.jupyter.widget-view+json" not in bundle]


def test_the_transcript_below_the_view_follows_the_chat(kernel: Kernel) -> None:
    run = kernel.run(MAKE.format(model="echo", more=""))
    comm = kernel.comm("chat")
    assert len(run.bundles) == 5
    assert "application/vnd.jupyter.widget-view+json" in run.bundles[0]
    assert run.bundles[0]["text/plain"] == "A chat; what was said stands below it."
    assert slots(run) == [{"text/plain": ""}] * 4
    done(kernel, comm, "ask", text="<b>one</b>")
    kernel.until(lambda: "text/markdown" in slots(run)[3])
    last = slots(run)[3]
    assert last["text/markdown"].startswith(f"{FIRST}\n\n**Question 1**")
    assert "<b>" not in last["text/markdown"]
    kernel.run("for n in range(5): chat.ask(f'question {n}')")
    kernel.until(lambda: "question 4" in slots(run)[3]["text/plain"])
    assert slots(run)[2]["text/markdown"].startswith(FIRST)
    assert "question 4" not in slots(run)[2]["text/plain"]
    kernel.run("chat.clear()")
    kernel.until(lambda: slots(run) == [{"text/plain": ""}] * 4)


def test_a_chat_in_a_box_of_widgets_has_its_transcript_below_the_cell_s_outputs(kernel: Kernel) -> None:
    code = MAKE.format(model="echo", more="").removesuffix("chat")
    shows = "import ipywidgets\nipywidgets.VBox([ipywidgets.HBox([chat]), ipywidgets.IntText()])"
    run = kernel.run(f"{code}print('before')\n{shows}")
    comm = kernel.comm("chat")
    assert "widget-view" in str(list(run.bundles[0]))
    assert slots(run) == [{"text/plain": ""}] * 4
    done(kernel, comm, "ask", text="hello")
    kernel.until(lambda: "hello" in slots(run)[3]["text/plain"])
    assert slots(kernel.run("print(1)")) == []
    # What a callback shows between two cells has no place in the next one.
    kernel.run(f"get_ipython().events.register('post_run_cell', lambda _: display({shows.splitlines()[1]}))")
    assert slots(kernel.run("get_ipython().events.callbacks['post_run_cell'].pop() and None")) == []


def test_a_chat_that_is_never_displayed_publishes_nothing(kernel: Kernel) -> None:
    run = kernel.run(MAKE.format(model="echo", more="").removesuffix("chat") + "chat.ask('hello')\nNone")
    assert run.reply["status"] == "ok"
    assert run.outputs == []
    assert not [m for m in kernel.messages if m["msg_type"] == "update_display_data"]


def notebook(*cells: str) -> Any:
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    return made


def test_a_headless_run_saves_the_transcript_and_no_dead_view(tmp_path: Path) -> None:
    cells = [
        "from jupyter_openrouter import ChatWidget\nchat = ChatWidget('demo/echo', system='Be brief.')\nchat",
        "chat.ask('one\\r\\n\\x1b[1mtwo')\nfor n in range(6): chat.ask(f'question {n}')\nchat.retry()",
        "chat.save('x.json')",
    ]
    made = notebook(*cells)
    NotebookClient(
        made, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    nbformat.validate(made)
    outputs = made.cells[0].outputs
    assert [sorted(one.data) for one in outputs[:2]] == [["text/plain"]] * 2
    assert not any("widget-view" in mime for one in outputs for mime in one.data)
    assert "question 5" in outputs[3].data["text/markdown"]
    path = tmp_path / "x.ipynb"
    nbformat.write(made, path)
    back, kept = Conversation.from_notebook(path), Conversation.load(tmp_path / "x.json")
    assert back.notes == []
    assert [t.message() for t in back.turns] == [t.message() for t in kept.turns]
    assert [t.id for t in back.turns if t.role == "assistant"] == [
        t.id for t in kept.turns if t.role == "assistant"
    ]
    assert back.system == "Be brief."
    assert len(read([path]).costs) == 7
    assert json.loads(path.read_text("utf-8"))["metadata"].get("widgets") is None


def test_thirty_chats_answer_at_once(tmp_path: Path) -> None:
    with running_kernel("newest", tmp_path) as kernel:
        kernel.run(
            "from jupyter_openrouter import ChatWidget\n"
            "chats = [ChatWidget(model='demo/echo') for _ in range(30)]\n"
            "from IPython.display import display\nfor chat in chats: display(chat)"
        )
        comms = kernel.until(
            lambda: [i for i, s in kernel.comms.items() if s.get("_kind") == "chat"][29:]
        ) and [i for i, s in kernel.comms.items() if s.get("_kind") == "chat"]
        for number, comm in enumerate(comms):
            send(kernel, comm, "ask", text=f"question {number}", uploads=[])
        for number, comm in enumerate(comms):
            kernel.until(lambda comm=comm: len(kernel.comms[comm]["messages"]) == 2)
            assert [turn["content"] for turn in kernel.comms[comm]["messages"]] == [f"question {number}"] * 2


COUNTS = """
import gc, os, threading
from ipywidgets.widgets import widget
from jupyter_openrouter.conversation_turns import Turns
from jupyter_openrouter import background
def counts():
    gc.collect()
    alive = lambda name: sum(type(one).__name__ == name for one in gc.get_objects())
    return {
        "widgets": len(widget._instances),
        "comms": len(get_ipython().kernel.comm_manager.comms),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "descriptors": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0,
        "chats": alive("ChatWidget"),
        "publishers": alive("Publisher"),
        "uploads": alive("Uploads"),
        "transcripts": alive("Transcript"),
        "conversations": alive("Conversation"),
        "jobs": sum(not job.done for job in background.background()._jobs),
    }
"""
OPEN_AND_CLOSE = """
from IPython.display import clear_output, display
for at in range({count}):
    one = ChatWidget("demo/echo")
    display(one)
    if at % 20 == 0:
        one.ask("hello")
    ended = one.on_response(print)
    one.close()
    clear_output()
del one, ended
"""


def test_what_a_hundred_chats_have_held_is_given_back_when_they_are_closed(kernel: Kernel) -> None:
    make(kernel)
    kernel.run(COUNTS)
    kernel.run(OPEN_AND_CLOSE.format(count=2))

    kernel.until(lambda: kernel.value("counts()['chats']") == 1)
    before = kernel.value("counts()")
    run = kernel.run(OPEN_AND_CLOSE.format(count=100), timeout=90)
    assert run.reply is not None
    assert run.reply["status"] == "ok", run.reply
    # Connections to the model come and go, and a page that may not have heard is told again for some seconds.
    most = before.pop("descriptors") + 20
    after: dict[str, Any] = {}

    def given_back() -> bool:
        after.update(kernel.value("counts()"))
        return after.pop("descriptors") < most and after["chats"] <= before["chats"]

    kernel.until(given_back)
    assert after == before
    assert len([state for state in kernel.comms.values() if state.get("_kind") == "chat"]) == 1
