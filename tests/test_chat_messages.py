"""What a browser sends to a chat is checked: nothing malformed causes an exception, a request, or growth."""

from __future__ import annotations

import gc
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter import background
from jupyter_openrouter.chat import ChatWidget
from jupyter_openrouter.chat_messages import MAX_MESSAGE, MAX_PIECE, reason_against, whole

PROTOCOL = json.loads((Path(__file__).parent / "protocol.json").read_text("utf-8"))
GOOD = [m for m in PROTOCOL["from_browser"] if m["type"] not in ("part", "resync", "image", "stop")]
ODD = [
    None,
    True,
    -1,
    1.5,
    float("nan"),
    1 << 80,
    "",
    "x" * 300,
    "\ud800",
    [],
    ["x"] * 100,
    {},
    {"a": [1]},
    b"x",
]


def buffers(message: dict[str, Any]) -> list[bytes]:
    return [bytes(message["size"])] if message["type"] == "upload" else []


@pytest.mark.parametrize("message", GOOD, ids=lambda message: message["type"])
def test_the_messages_of_the_protocol_are_in_order(message: dict[str, Any]) -> None:
    assert reason_against(message, buffers(message)) == ""
    assert whole(message) == message


@pytest.mark.parametrize("message", GOOD, ids=lambda message: message["type"])
def test_a_message_with_one_odd_field_is_refused_with_a_reason(message: dict[str, Any]) -> None:
    for name in ("type", *message, "api_key", "headers", "base_url", "tools"):
        for odd in (object(), [object()], {"x": object()}):
            assert reason_against({**message, name: odd}, buffers(message)), name


@pytest.mark.parametrize("name", ["key", "api_key", "base_url", "headers", "tools", "plugins", "provider"])
def test_no_message_sets_a_key_an_address_headers_or_tools(name: str) -> None:
    for message in GOOD:
        assert name in reason_against({**message, name: "x"}, buffers(message))
    settings = {"type": "settings", "id": "a", "params": {name: "x"}}
    assert reason_against(settings, []) == "'params' is not what it should be"


def test_sizes_are_bounded() -> None:
    ask = {"type": "ask", "id": "a", "text": "\u00e4" * (MAX_MESSAGE // 2)}
    assert "text" in reason_against(ask, [])
    assert reason_against({"type": "ask", "id": "a", "text": "x", "uploads": ["u"] * 65}, [])
    upload = next(message for message in GOOD if message["type"] == "upload")
    assert "512 KiB" in reason_against(upload, [bytes(MAX_PIECE + 1)])
    for wrong in ([], [b"x", b"y"], ["x"]):
        assert "one buffer" in reason_against(upload, wrong)
    assert "no bytes" in reason_against({"type": "ask", "id": "a", "text": "x"}, [b"x"])


values = st.recursive(
    st.sampled_from(ODD) | st.text(max_size=5) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["type", "id", "text", "uploads", "params", "keep", "x"]), values))
def test_whatever_comes_is_refused_or_in_order(message: dict[str, Any]) -> None:
    assert isinstance(reason_against(message, []), str)


def odd_messages(count: int) -> list[tuple[Any, list[Any]]]:
    """Messages of the protocol with something wrong in each."""
    chance = random.Random(5)
    found: list[tuple[Any, list[Any]]] = []
    while len(found) < count:
        message = dict(chance.choice(GOOD))
        change = chance.randrange(4)
        if change == 0:
            message = chance.choice(ODD)
        elif change == 1:
            message[chance.choice(["headers", "api_key", "tools", "base_url"])] = "x"
        elif change == 2:
            message.pop(chance.choice(list(message)))
        else:
            message[chance.choice(list(message))] = chance.choice(ODD)
        given = chance.choice([[], [b"x"], [b"x" * 10, b"y"], [None]])
        if isinstance(message, dict) and reason_against(message, given) == "":
            continue
        found.append((message, given))
    return found


def test_ten_thousand_malformed_messages_cause_no_exception_no_request_and_no_growth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from jupyter_openrouter.demo.server import DemoServer

    asked: list[Any] = []
    monkeypatch.setattr(DemoServer, "start", lambda self: asked.append(self))
    sent: list[Any] = []
    chat = ChatWidget(model="demo/echo", params={"seed": 1})
    monkeypatch.setattr(chat, "send", lambda content, buffers=None: sent.append(content))
    before = chat.get_state()
    messages = odd_messages(10_000)
    for content, data in messages[:1000]:
        chat._on_message(chat, content, data)
    background.background().call(lambda: None)
    gc.collect()
    held = len(gc.get_objects())
    for content, data in messages[1000:]:
        chat._on_message(chat, content, data)
    background.background().call(lambda: None)
    sent_in_all = len(sent)
    sent.clear()
    gc.collect()
    assert len(gc.get_objects()) < held + 1000
    assert chat.get_state() == before
    assert not asked
    assert not chat._hearing._replies
    assert sent_in_all < 5000, "a flood is not answered one by one"
    background.stop()


def test_well_formed_messages_about_nothing_cause_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = ChatWidget(model="demo/echo")
    sent: list[Any] = []
    monkeypatch.setattr(chat, "send", lambda content, buffers=None: sent.append(content))
    for number in range(5000):
        kind = ("edit", "retry", "continue", "delete", "branch", "unqueue", "send_now", "edit_queued")[
            number % 8
        ]
        message = next(dict(one) for one in GOOD if one["type"] == kind) | {"id": f"n{number}"}
        chat._on_message(chat, message, [])
    background.background().call(lambda: None)
    assert {content["type"] for content in sent} == {"refused"}
    assert len(chat._hearing._replies) <= 2000
    assert chat._job is None
    background.stop()
