"""The core comes to a page that hears nothing: in the state of a widget made for it, which goes again."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from ipywidgets.widgets import widget as widgets

from jupyter_openrouter import ChatWidget, background, carrier, widget


@pytest.fixture(autouse=True)
def at_rest() -> Iterator[None]:
    yield
    background.stop()


def ask_for(chat: ChatWidget, *parts: str, seconds: float = 2) -> None:
    """Asks as a browser does that gets no answer, every few seconds."""
    for name in parts:
        chat._part_sent = {known: at - seconds for known, at in chat._part_sent.items()}
        chat._on_message(chat, {"type": "part", "part": name}, [])
    background.background().call(lambda: None)


def test_a_second_request_for_the_core_brings_it_in_a_state_and_once() -> None:
    chat = ChatWidget(model="demo/echo")
    ask_for(chat, "core", "math", "math")
    assert carrier._there is None, "one request is answered with a message"
    ask_for(chat, "core")
    there = carrier._there
    assert there is not None
    ask_for(chat, *["core"] * 20)
    ask_for(ChatWidget(model="demo/echo"), "core", "core")
    assert carrier._there is there
    state = there.get_state()
    assert (state["_core_id"], state["_core_gz"]) == widget.part("core")
    assert state["_esm"] == chat._esm


def test_a_page_that_was_loaded_anew_gets_the_core_as_a_message_alone() -> None:
    chat = ChatWidget(model="demo/echo")
    ask_for(chat, *["core"] * 5, seconds=60)
    assert carrier._there is None


def test_what_carried_the_core_goes_with_its_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrier, "SECONDS", 0.2)
    chat = ChatWidget(model="demo/echo")
    before = set(widgets._instances)
    ask_for(chat, "core", "core")
    there = carrier._there
    assert there is not None
    end = time.monotonic() + 10
    while carrier._there is not None and time.monotonic() < end:
        time.sleep(0.02)
    assert carrier._there is None
    assert there.comm is None
    assert set(widgets._instances) == before


def test_what_carried_the_core_goes_when_the_extension_is_unloaded() -> None:
    chat = ChatWidget(model="demo/echo")
    ask_for(chat, "core", "core")
    there = carrier._there
    assert there is not None
    background.stop()
    assert carrier._there is None
    assert there.comm is None
