"""Deltas: numbered, gathered, few, and enough to rebuild the text."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from jupyter_openrouter import publish
from jupyter_openrouter.publish import Publisher, interval, utf16_length
from jupyter_openrouter.response import Response
from jupyter_openrouter.retry import Attempt


class Target:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, content: dict[str, Any]) -> None:
        self.sent.append(content)

    def text(self) -> str:
        units = b""
        for message in self.sent:
            if message["type"] == "delta":
                assert len(units) == 2 * message["offset"]
                units += message["text"].encode("utf-16-le")
        return units.decode("utf-16-le")


def test_offsets_count_as_javascript_does() -> None:
    response, target = Response("m"), Target()
    publisher = Publisher(target, response)
    for piece in ("a", "🙂", "é", "漢🙂x"):
        response.add(0, piece)
        assert publisher.send_new()
    assert [m["offset"] for m in target.sent] == [0, 1, 3, 4]
    assert target.text() == "a🙂é漢🙂x"
    assert not publisher.send_new()


def test_reasoning_has_offsets_of_its_own() -> None:
    response, target = Response("m"), Target()
    publisher = Publisher(target, response)
    response.add(1, "think")
    publisher.send_new()
    response.add(0, "say")
    response.add(1, "ing")
    publisher.send_new()
    assert [(m["offset"], m["text"], m["reasoning_offset"], m["reasoning"]) for m in target.sent] == [
        (0, "", 0, "think"),
        (0, "say", 5, "ing"),
    ]


def test_a_snapshot_holds_what_was_sent_and_nothing_that_a_delta_will_still_bring() -> None:
    response, target = Response("m"), Target()
    publisher = Publisher(target, response)
    response.add(0, "sent ")
    publisher.send_new()
    response.add(0, "later")
    publisher.send_snapshot()
    assert target.sent[-1]["text"] == "sent "
    publisher.send_new()
    assert target.text() == "sent later"


@pytest.mark.parametrize("deaf", [False, True])
def test_a_fast_stream_is_few_messages_and_whole(deaf: bool) -> None:
    async def run() -> tuple[Response, Target]:
        response, target = Response("m"), Target()
        following = asyncio.ensure_future(Publisher(target, response, deaf=deaf).run())
        for number in range(10_000):
            response.add(0, f"{number} ")
            response.state = "streaming"
            if number % 1000 == 0:
                await asyncio.sleep(0.01)
        response.state = "done"
        await following
        return response, target

    response, target = asyncio.run(run())
    assert target.text() == response.text
    assert len(target.sent) < 50
    assert publish._running == 0


def test_a_kernel_that_cannot_hear_gets_the_whole_text_again_at_growing_intervals() -> None:
    async def run() -> Target:
        response, target = Response("m"), Target()
        response.add(0, "x")
        response.sent_at = 0.0
        publisher = Publisher(target, response, deaf=True)
        now = 0.0
        type(response).elapsed = property(lambda self: now)  # type: ignore[method-assign, assignment]
        following = asyncio.ensure_future(publisher.run())
        for step in range(1, 9):
            now = step / 2
            await asyncio.sleep(2 * publish.GATHER_SECONDS)
        response.state = "done"
        await following
        return target

    before = Response.elapsed
    try:
        target = asyncio.run(run())
    finally:
        Response.elapsed = before  # type: ignore[method-assign]
    assert [m["type"] for m in target.sent].count("snapshot") == 4  # at 0.5, 1, 2 and 4 s


def test_many_answers_at_once_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    assert interval() == publish.GATHER_SECONDS
    monkeypatch.setattr(publish, "_running", 40)
    assert 40 / interval() <= publish.MESSAGES_PER_SECOND


def test_utf16_length_agrees_with_the_codec() -> None:
    for text in ("", "abc", "é漢", "🙂" * 3, "a\U0010ffffb"):
        assert utf16_length(text) == len(text.encode("utf-16-le")) // 2


def test_a_wait_before_another_try_is_said() -> None:
    response = Response("m")
    publisher = Publisher(Target(), response)
    assert publisher._status() == "waiting for the provider"
    response.attempts.append(Attempt("m", "RateLimitError: slow down", 429, 3.0))
    response.retry_at = time.time() + 3
    assert publisher._status() == "rate limit reached: try 2 in 3 s"
