"""The two sides' list of traits and messages is one list: `protocol.json` is read by the tests of both."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_openrouter import background, chat_hearing, widget
from jupyter_openrouter.answering import Question, answer
from jupyter_openrouter.chat import ChatWidget
from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.publish import Publisher
from jupyter_openrouter.response import Response
from jupyter_openrouter.widget import PARTS, LiveAnswer, part

PROTOCOL = json.loads((Path(__file__).parent / "protocol.json").read_text("utf-8"))
OF_JUPYTER = {"_anywidget_id", "_esm", "_css", "layout", "tabbable", "tooltip"}


def own_traits(widget: Any) -> set[str]:
    names = set(widget.get_state()) - OF_JUPYTER
    return {name for name in names if not name.startswith(("_model_", "_view_", "_dom_"))}


def test_the_synced_traits_are_those_of_the_protocol() -> None:
    response = Response("demo/echo")
    job = background.background().submit(answer(Question("x", "demo/echo"), response, None))
    job.wait(20)
    assert own_traits(LiveAnswer(response, job)) == set(PROTOCOL["traits"]["answer"])
    assert own_traits(ChatWidget(model="demo/echo")) == set(PROTOCOL["traits"]["chat"])
    background.stop()


def test_what_is_published_has_the_fields_of_the_protocol() -> None:
    sent: list[dict[str, Any]] = []

    class Target:
        def send(self, content: dict[str, Any]) -> None:
            sent.append(content)

    response = Response("m")
    publisher = Publisher(Target(), response)
    response.add(0, "a")
    response.refusal = "no"
    response.tool_calls.append({"index": 0, "id": "", "function": {"name": "f", "arguments": "{}"}})
    image = next(message for message in PROTOCOL["from_kernel"] if message["type"] == "image")
    response.images.append({"image_url": {"url": f"data:{image['mime']};base64,{image['data']}"}})
    response.annotations.append({"type": "url_citation", "url_citation": {"url": "http://x", "title": "t"}})
    publisher.send_new()
    publisher.send_snapshot()
    examples = {message["type"]: message for message in PROTOCOL["from_kernel"]}
    pieces = {piece["kind"]: set(piece) for piece in examples["extras"]["pieces"]}
    assert [message["type"] for message in sent] == ["extras", "image", "delta", "snapshot"]
    for message in sent:
        assert set(message) == set(examples[message["type"]])
    for piece in sent[0]["pieces"]:
        assert set(piece) == pieces.pop(piece["kind"])
    assert not pieces
    assert set(sent[-1]["extras"]) == set(examples["snapshot"]["extras"])


def heard(chat: ChatWidget, message: dict[str, Any], buffers: Any = ()) -> None:
    """What a page sends, with all that comes of it at once."""
    chat._on_message(chat, message, list(buffers))
    background.background().call(lambda: None)
    if chat._job is not None:
        chat._job.wait(20)


@pytest.mark.parametrize("message", PROTOCOL["from_browser"], ids=lambda m: m.get("part", m["type"]))
def test_each_browser_message_is_heard_and_answered(
    message: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def offered(replay: Any = None) -> tuple[list[Any], None]:
        return [], None

    sent: list[Any] = []
    chat = ChatWidget(model="demo/echo")
    monkeypatch.setattr(chat_hearing, "offered", offered)
    monkeypatch.setattr(chat, "send", lambda content, buffers=None: sent.append((content, buffers)))
    buffers = [bytes(message["size"])] if message["type"] == "upload" else []
    heard(chat, message, buffers)
    background.stop()
    replies = [content for content, _ in sent if content.get("id") == message.get("id")]
    if message["type"] in ("ask", "stop", "settings", "model", "discard"):
        assert replies == [{"type": "ack", "id": message["id"]}]
    elif message["type"] in (
        "edit",
        "retry",
        "continue",
        "delete",
        "branch",
        "unqueue",
        "edit_queued",
        "upload",
        "send_now",
    ):
        assert [reply["type"] for reply in replies] == ["refused"], "there is nothing to do this with"
        assert "should be" not in replies[0]["reason"]
    elif message["type"] == "models":
        assert replies == [{"type": "models", "id": message["id"], "models": [], "error": None}]
    if message["type"] == "part":
        ident, compressed = part(message["part"])
        assert sent == [({"type": "part", "part": message["part"], "id": ident}, [compressed])]
    if message["type"] == "ask":
        assert chat.messages[-1]["content"] == message["text"]
        turns = [content for content, _ in sent if content["type"] == "turns"]
        assert [set(content) for content in turns] == [{"type", "version", "from", "turns"}]


def test_a_settled_turn_has_the_fields_of_the_protocol_alone() -> None:
    chat = ChatWidget(model="demo/reasoner")
    chat.ask("why?")
    chat.retry(model="demo/echo")
    examples = PROTOCOL["traits"]["chat"]["messages"]
    known = {name for turn in examples for name in turn} | {"error", "uncharged"}
    for turn in chat.messages:
        assert set(turn) <= known
    background.stop()


def asked_for_parts(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """What a chat sends when the browser asks for these parts, while its clock stands still."""
    sent: list[tuple[Any, Any]] = []
    chat = ChatWidget(model="demo/echo")
    monkeypatch.setattr(chat, "send", lambda content, buffers=None: sent.append((content, buffers)))
    monkeypatch.setattr(widget, "time", SimpleNamespace(monotonic=lambda: 5.0))
    for name in asked:
        chat._on_message(chat, {"type": "part", "part": name}, [])
    return sent


@pytest.mark.parametrize(
    "name",
    [
        *("", "Core", "core.js", "core\0", "loader", "licenses.txt", "../keys", "../../keys.py", "..\\keys"),
        *("/etc/passwd", "languages/python", "math/../core", "\ud800", "a" * 100_000),
        *(None, True, 1, 1.5, ["core"], {"core": 1}, {"__class__": "str"}),
    ],
    ids=lambda name: ascii(name)[:20],
)
def test_a_part_that_is_not_on_the_list_is_not_answered(name: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked_for_parts([name], monkeypatch) == []


def test_ten_thousand_requests_for_a_part_are_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = asked_for_parts(["math", "colours", "../keys"] * 10_000, monkeypatch)
    assert [content["part"] for content, _ in sent] == ["math", "colours"]


def test_a_part_is_sent_again_to_a_page_that_asks_later(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    chat = ChatWidget(model="demo/echo")
    monkeypatch.setattr(chat, "send", lambda content, buffers=None: sent.append(content))
    for now in (5.0, 5.9, 6.1):
        monkeypatch.setattr(widget, "time", SimpleNamespace(monotonic=lambda now=now: now))
        chat._on_message(chat, {"type": "part", "part": "math"}, [])
    assert len(sent) == 2


def test_the_core_was_built_with_the_hashes_by_which_the_kernel_names_the_parts() -> None:
    core = PARTS["core"].read_text("ascii")
    for name in set(PARTS) - {"core"}:
        assert part(name)[0] in core, f"{name}.js is not the one that core.js was built with"


def test_the_parts_are_small() -> None:
    limits = {"core": 60_000, "chat": 40_000, "math": 75_000, "colours": 34_000, "languages": 50_000}
    sizes = {name: len(part(name)[1]) for name in PARTS}
    assert all(sizes[name] <= limits[name] for name in PARTS), sizes


def test_an_observer_that_asks_or_fails_holds_nothing_up() -> None:
    other = ChatWidget(model="demo/echo")
    chat = ChatWidget(model="demo/echo")
    answered = threading.Semaphore(0)

    def ask_other(change: Any) -> None:
        if change.new == "done":
            other.ask("from an observer")
            answered.release()

    def fail(change: Any) -> None:
        raise ZeroDivisionError

    chat.observe(ask_other, "state")
    chat.observe(fail, "messages")
    assert chat.ask("one").text == "one"
    assert chat.ask("two").text == "two"
    # For both: the end of the I/O thread is not to come in the middle of an answer.
    assert answered.acquire(timeout=20)
    assert answered.acquire(timeout=20)
    assert other.messages[-1]["content"] == "from an observer"
    background.stop()


@pytest.mark.parametrize(
    "messages", [[{}], ["x"], [{"role": "user", "content": None}], [{"role": 1, "content": "x"}]]
)
def test_messages_that_are_no_turns_are_refused_with_a_sentence(messages: list[Any]) -> None:
    chat = ChatWidget(model="demo/echo")
    with pytest.raises(InvalidRequestError, match="is no turn"):
        chat.messages = messages
    assert chat.messages == []
    assert chat.ask("hello").text == "hello"
    background.stop()
