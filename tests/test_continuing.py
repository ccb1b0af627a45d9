"""Joining a cut answer with its continuation: overlaps, seams, sums, and providers that refuse a prefill."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from jupyter_openrouter.chunks import Usage, fold
from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.continuing import continuation_messages, joined, refuses_prefill, rest_of
from jupyter_openrouter.demo import DemoServer
from jupyter_openrouter.errors import BadRequestError, InvalidRequestError, NotFoundError
from jupyter_openrouter.response import Response


def cut(text: str, **usage: Any) -> Response:
    response = Response("demo/echo")
    response.add(0, text)
    response.state = "cut"
    response.body = {"model": "demo/echo", "messages": [{"role": "user", "content": "q"}], "temperature": 0.5}
    response.usage = Usage.read(usage) if usage else None
    return response


@pytest.mark.parametrize(
    ("partial", "continuation", "rest"),
    [
        ("The quick brown fox", " jumps", " jumps"),
        ("The quick brown fox", "brown fox jumps", " jumps"),
        ("one two three four", "one two three four five", " five"),
        ("ha", "ha", "ha"),
        ("x = 1\n", "y = 2", "y = 2"),
        ("x = 1\n", "\ny = 2", "y = 2"),
        ("a word", "", ""),
        ("1, 2, 3, 4, 5, 6, 7, 8", "3, 4, 5, 6, 7, 8, 9", ", 9"),
    ],
)
def test_what_is_repeated_is_left_out_and_chance_is_not(partial: str, continuation: str, rest: str) -> None:
    assert rest_of(partial, continuation) == rest


def test_the_seam_is_marked_and_usage_and_cost_are_added() -> None:
    first, second = cut("one two", prompt_tokens=1, completion_tokens=2, cost=0.5), Response("demo/echo")
    second.add(0, " three")
    second.state, second.finish_reason = "done", "stop"
    second.usage = Usage.read({"prompt_tokens": 3, "completion_tokens": 4, "cost": 0.25})
    whole = joined(first, second)
    assert (whole.text, whole.seams, whole.state, whole.finish_reason) == (
        "one two three",
        [7],
        "done",
        "stop",
    )
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens, whole.cost) == (4, 6, 0.75)


def test_what_came_besides_the_text_is_not_lost_at_the_seam() -> None:
    first, second = cut("Hel"), cut("lo")
    first.annotations, second.annotations = [{"type": "a"}], [{"type": "b"}]
    first.skip("bad")
    second.extra = {"openrouter_metadata": {}}
    second._tool_calls.add({"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}})
    whole = joined(first, second)
    assert whole.annotations == [{"type": "a"}, {"type": "b"}]
    assert (whole.skipped, whole.skipped_chunks) == (1, ["bad"])
    assert whole.extra == {"openrouter_metadata": {}}
    assert whole.message()["tool_calls"][0]["id"] == "c"


def test_a_continuation_says_what_it_cannot_continue() -> None:
    def spoken(data: str) -> Response:
        response = cut("Hel")
        fold(response, {"choices": [{"delta": {"audio": {"id": "s", "data": data, "transcript": data}}}]})
        return response

    both = joined(spoken("AAAA"), spoken("BBBB"))
    assert both.audio == {"id": "s", "data": "AAAA", "transcript": "AAAA"}
    assert both.warnings[-1] == "The sound is that of the first part alone."
    after = joined(cut("Hel"), spoken("BBBB"))
    assert after.audio["data"] == "BBBB"
    assert after.warnings[-1] == "The sound is that of the continuation alone."
    first = cut("Hel")
    fold(first, {"choices": [{"index": 1, "delta": {"content": "another"}, "finish_reason": "stop"}]})
    whole = joined(first, cut("lo"))
    assert [choice.text for choice in whole.choices] == ["Hello", "another"]
    assert "Only the first choice was continued." in whole.warnings
    assert joined(cut("Hel"), cut("lo")).notes == []


def test_the_reasoning_of_both_parts_is_kept() -> None:
    first, second = cut("Hel"), cut("lo")
    first.add(1, "one")
    first.reasoning_details = [{"type": "reasoning.encrypted", "data": "x"}]
    assert joined(first, second).reasoning == "one"
    assert joined(first, second).reasoning_details == first.reasoning_details
    second.add(1, "two")
    assert joined(first, second).reasoning == "one\n\ntwo"


def test_tokens_and_cost_of_both_parts_are_in_the_record_and_come_back() -> None:
    used = {"prompt_tokens": 2, "completion_tokens": 3, "cost": 0.25}
    first, second = cut("one", **used), cut(" two", **used)
    whole = joined(first, second)
    assert Response.from_dict(json.loads(json.dumps(whole.to_dict()))).cost == whole.cost == 0.5
    assert whole.to_dict()["continues"] is None, "they had no ids"
    first.generation_id, second.generation_id = "g1", "g2"
    again = Response.from_dict(joined(first, second).to_dict())
    assert joined(again, cut(" three")).continued_ids == ["g1", "g2"]
    second.usage = None
    assert joined(first, second).to_dict()["usage"] is None


def test_a_cost_that_one_part_does_not_know_is_unknown_in_the_sum() -> None:
    second = Response("m")
    second.usage = Usage.read({"cost": 1})
    assert joined(cut("a"), second).cost is None


def test_a_complete_or_empty_answer_is_not_continued() -> None:
    complete = cut("all")
    complete.state, complete.finish_reason = "done", "stop"
    for response in (complete, cut(" "), Response("m")):
        with pytest.raises(InvalidRequestError):
            continuation_messages(response, prefill=True)


def test_only_an_error_about_the_last_message_is_a_refused_prefill() -> None:
    words = "This model does not support assistant message prefill. The conversation must end with a user message."
    assert refuses_prefill(BadRequestError(words))
    assert not refuses_prefill(BadRequestError("temperature is too high"))
    assert not refuses_prefill(NotFoundError(words))


def run(work: Any) -> Any:
    async def main() -> Any:
        server = DemoServer(rate=0)
        await server.start()
        try:
            async with AsyncOpenRouter(base_url=server.base_url) as client:
                return await work(client, server)
        finally:
            await server.stop()

    return asyncio.run(main())


def test_the_partial_text_is_sent_as_the_last_message() -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        first = await client.chat("one two three four five six seven", model="demo/echo", max_tokens=3)
        assert first.finish_reason == "length"
        first.body["n"] = 2
        whole = await client.continue_(first, max_tokens=50, extra={})
        return first, whole, server.requests[-1]["body"]

    first, whole, body = run(work)
    assert body["messages"][-1] == {"role": "assistant", "content": first.text.rstrip()}
    assert "n" not in body
    assert whole.text.startswith(first.text)
    assert whole.seams == [len(first.text)]
    assert whole.cost > first.cost


def test_where_a_prefill_is_refused_a_user_turn_asks_to_go_on() -> None:
    sent: list[list[Any]] = []

    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        real = client.chat

        async def refusing(messages: Any, **options: Any) -> Response:
            sent.append(messages)
            if messages[-1]["role"] == "assistant":
                raise BadRequestError("The conversation must end with a user message.", status=400)
            return await real(messages, **options)

        client.chat = refusing  # type: ignore[method-assign]
        return await client.continue_(cut("one two"))

    whole = run(work)
    assert [messages[-1]["role"] for messages in sent] == ["assistant", "user"]
    assert sent[1][-2]["content"] == "one two"
    assert whole.text.startswith("one two")
    assert whole.state == "done"
