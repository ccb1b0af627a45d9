"""The two sides' list of traits and messages is one list: `protocol.json` is read by the tests of both."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from jupyter_openrouter import background
from jupyter_openrouter.answering import Question, answer
from jupyter_openrouter.chat import ChatWidget
from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.publish import Publisher
from jupyter_openrouter.response import Response
from jupyter_openrouter.widget import LiveAnswer, core

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


@pytest.mark.parametrize("message", PROTOCOL["from_browser"], ids=lambda m: m["type"])
def test_each_browser_message_is_heard_and_answered(
    message: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    chat = ChatWidget(model="demo/echo")
    monkeypatch.setattr(chat, "send", lambda content, buffers=None: sent.append((content, buffers)))
    chat._on_message(chat, message, [])
    if chat._job is not None:
        chat._job.wait(20)
    background.stop()
    if message["type"] in ("ask", "stop"):
        assert {"type": "ack", "id": message["id"]} in [content for content, _ in sent]
    if message["type"] == "part":
        assert sent[0] == ({"type": "part", "part": "core", "id": core()[0]}, [core()[1]])
    if message["type"] == "ask":
        assert chat.messages[-1]["content"] == message["text"]


def test_an_observer_that_asks_or_fails_holds_nothing_up() -> None:
    other = ChatWidget(model="demo/echo")
    chat = ChatWidget(model="demo/echo")
    answered = threading.Event()

    def ask_other(change: Any) -> None:
        if change.new == "done":
            other.ask("from an observer")
            answered.set()

    def fail(change: Any) -> None:
        raise ZeroDivisionError

    chat.observe(ask_other, "state")
    chat.observe(fail, "messages")
    assert chat.ask("one").text == "one"
    assert chat.ask("two").text == "two"
    assert answered.wait(20)
    assert other.messages[-1]["content"] == "from an observer"
    background.stop()


@pytest.mark.parametrize(
    "messages", [[{}], ["x"], [{"role": "user", "content": None}], [{"role": 1, "content": "x"}]]
)
def test_messages_that_are_no_turns_are_refused_with_a_sentence(messages: list[Any]) -> None:
    chat = ChatWidget(model="demo/echo")
    chat._trait_values["messages"] = messages
    with pytest.raises(InvalidRequestError, match="is no turn"):
        chat.ask("hello")
    chat.messages = []
    assert chat.ask("hello").text == "hello"
    background.stop()
