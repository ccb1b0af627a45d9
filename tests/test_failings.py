"""What users of other clients complain about, each as a test of that name."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from faults import (
    DONE,
    FIN,
    RESET,
    STALL,
    STOP,
    USAGE,
    FaultServer,
    Script,
    answer,
    delta,
    event,
    framed,
    head,
    said,
    stream,
)

from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.errors import (
    APITimeoutError,
    CutError,
    EmptyAnswerError,
    EventError,
    OpenRouterError,
    ProviderError,
    RateLimitError,
)
from jupyter_openrouter.plan import Timeouts
from jupyter_openrouter.response import Response
from jupyter_openrouter.retry import RetryPolicy

QUICK = RetryPolicy(jitter=lambda: 3.99)  # waits of a few milliseconds


def asked(
    *scripts: Script, prompt: Any = "hi", **options: Any
) -> tuple[Response, OpenRouterError | None, list[dict[str, Any]]]:
    """The response, the error that ended it, and the bodies that the server was sent."""

    async def work() -> Any:
        async with (
            FaultServer(*scripts) as server,
            AsyncOpenRouter(base_url=server.base_url, retry=QUICK) as client,
        ):
            one = client.chat_stream(prompt, **({"model": "a/b"} | options))
            error = None
            try:
                await one.run()
            except OpenRouterError as raised:
                error = raised
            bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in server.requests]
            return one.response, error, bodies

    return asyncio.run(asyncio.wait_for(work(), 10))


def test_a_processing_comment_is_not_fed_to_a_json_parser() -> None:
    comment = b": OPENROUTER PROCESSING\n\n"
    response, error, _ = asked(stream(comment, comment, said("Hel"), comment, said("lo"), STOP, USAGE, DONE))
    assert (response.text, response.skipped, error) == ("Hello", 0, None)


def test_an_error_in_the_middle_of_a_stream_is_raised_and_no_empty_success() -> None:
    failure = {"id": "gen-1", "error": {"code": 502, "message": "no more"}, "choices": []}
    response, error, _ = asked(stream(said("Hel"), event(failure)))
    assert isinstance(error, ProviderError)
    assert (error.response.text, response.state) == ("Hel", "failed")


def test_a_stream_that_ends_without_a_finish_reason_or_done_is_cut() -> None:
    response, error, _ = asked(stream(said("Hel")))
    assert isinstance(error, CutError)
    assert (response.text, response.state, response.finish_reason) == ("Hel", "cut", "")


def test_a_failure_that_only_the_native_finish_reason_tells_is_seen() -> None:
    choice = {"index": 0, "delta": {}, "finish_reason": "stop", "native_finish_reason": "network_error"}
    _, error, _ = asked(stream(event({"choices": [choice]}), DONE))
    assert isinstance(error, EmptyAnswerError)
    assert "network_error" in str(error)
    response, error, _ = asked(stream(said("Hel"), event({"choices": [choice]}), DONE))
    assert error is None
    assert any("network_error" in warning for warning in response.warnings)


def test_a_200_with_an_error_in_its_body_is_an_error() -> None:
    raised = answer("200 OK", {"error": {"code": 429, "message": "slow down", "metadata": {"headers": {}}}})
    _, error, _ = asked(raised, stream=False)
    assert isinstance(error, RateLimitError)
    beside = {"index": 0, "message": {"content": "Hel"}, "error": {"code": 502, "message": "no more"}}
    response, error, _ = asked(answer("200 OK", {"choices": [beside]}), stream=False)
    assert isinstance(error, ProviderError)
    assert response.text == "Hel"


def test_usage_and_cost_after_the_finish_reason_are_not_lost() -> None:
    response, _, _ = asked(stream(said("Hello"), STOP, USAGE, DONE))
    assert (response.cost, response.usage.completion_tokens) == (0.5, 2)


@pytest.mark.parametrize(
    "odd",
    [
        {"id": None, "choices": [{"index": 0, "delta": {"role": "", "content": ""}}], "usage": None},
        {"choices": [{"delta": None}]},
        {"choices": [{"index": 0}], "usage": {"prompt_tokens": "3", "cost": None}},
        {"object": 5, "created": "now", "model": None, "provider": {}, "choices": None},
        {"choices": [{"index": 0, "delta": {"tool_calls": None, "annotations": None}}], "usage": {}},
    ],
)
def test_a_quirk_of_a_provider_does_not_break_the_answer(odd: dict[str, Any]) -> None:
    response, error, _ = asked(stream(event(odd), said("Hel"), event(odd), said("lo"), STOP, DONE))
    assert (response.text, response.skipped, error) == ("Hello", 0, None)


def test_gaps_in_the_indexes_of_tool_calls_lose_no_call() -> None:
    def call(index: int, **function: str) -> bytes:
        return delta(tool_calls=[{"index": index, "id": f"c{index}", "function": function}])

    response, _, _ = asked(
        stream(
            call(7, name="g", arguments="{"), call(2, name="f", arguments="{}"), call(7, arguments="}"), DONE
        )
    )
    found = [(one["function"]["name"], one["function"]["arguments"]) for one in response.tool_calls]
    assert found == [("g", "{}"), ("f", "{}")]


@pytest.mark.parametrize("raw", ["the real reason", '{"error":{"message":"the real reason"}}'])
@pytest.mark.parametrize("code", ["server_error", None, 502])
def test_an_error_shows_the_words_of_the_provider_and_not_a_validation_message(code: Any, raw: str) -> None:
    metadata = {"provider_name": "Acme", "raw": raw}
    failure = {"code": code, "message": "Provider returned error", "metadata": metadata}
    _, error, _ = asked(stream(said("Hel"), event({"error": failure, "choices": []})))
    assert isinstance(error, ProviderError)
    assert "the real reason" in str(error)
    assert error.provider == "Acme"


def test_no_field_of_a_request_is_dropped_silently() -> None:
    reasoning = {"max_tokens": 2000, "exclude": True, "enabled": True}
    more: dict[str, Any] = {
        "verbosity": "low",
        "preset": "p",
        "transforms": ["middle-out"],
        "route": "fallback",
    }
    _, _, bodies = asked(
        stream(said("x"), STOP, DONE), reasoning=reasoning, **more, extra={"not_known_yet": [1]}
    )
    assert bodies[0]["reasoning"] == reasoning
    assert {name: bodies[0][name] for name in more} == more
    assert bodies[0]["not_known_yet"] == [1]


def test_no_field_of_an_answer_is_dropped_silently() -> None:
    details = {"upstream_inference_cost": 0.1}
    last = {
        "choices": [],
        "provider": "Acme",
        "usage": {"cost": 1, "cost_details": details},
        "debug": {"echo_upstream_body": {"a": 1}},
        "openrouter_metadata": {"region": "eu"},
    }
    image = {"type": "image_url", "image_url": {"url": "data:,"}}
    note = {"type": "url_citation", "url_citation": {"url": "https://example.org"}}
    response, _, _ = asked(
        stream(delta(content="x", images=[image], annotations=[note]), STOP, event(last), DONE)
    )
    assert response.provider == "Acme"
    assert response.usage.details["cost_details"] == details
    assert response.extra == {name: last[name] for name in ("debug", "openrouter_metadata")}
    assert (response.images, response.annotations) == ([image], [note])


def test_an_error_says_whether_it_may_pass() -> None:
    unlike = {"code": 400, "message": "m", "availability": {"retryable": True}}
    refused = answer("400 Bad Request", {"error": unlike})
    response, error, bodies = asked(refused, stream(said("Hello"), STOP, DONE))
    assert error is None
    assert (len(bodies), response.attempts[0].status) == (2, 400)


@pytest.mark.parametrize("fault", [RESET, FIN, STALL])
def test_a_slow_or_broken_reply_that_may_have_been_billed_is_not_sent_again(fault: str) -> None:
    _, error, bodies = asked((fault,), timeouts=Timeouts(first_event=0.15))
    assert error is not None
    assert isinstance(error, APITimeoutError) == (fault == STALL)
    assert len(bodies) == 1


def test_a_failing_service_is_not_asked_for_an_hour_and_429_is_retried() -> None:
    for status in (b"503 Busy", b"429 Too Many"):
        response, error, bodies = asked((b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % status,))
        assert error is not None
        assert (len(bodies), len(response.attempts)) == (3, 2)


def test_a_malformed_frame_loses_neither_the_text_nor_the_news_of_it() -> None:
    bad = b"data: {oops\n\n"
    response, error, _ = asked(stream(said("Hel"), bad, said("lo"), STOP, DONE))
    assert (response.text, response.skipped_chunks, error) == ("Hello", ["{oops"], None)
    response, error, _ = asked(stream(said("Hel"), bad, said("lo"), STOP, DONE), on_malformed="raise")
    assert isinstance(error, EventError)
    assert response.text == "Hel"


def test_reasoning_signatures_are_neither_lost_nor_doubled_in_the_next_turn() -> None:
    kind = {"type": "reasoning.text", "index": 0}
    first = [
        delta(reasoning="ab", reasoning_details=[kind | {"text": "ab", "format": "f"}]),
        delta(reasoning="c", reasoning_details=[kind | {"text": "c"}]),
        delta(reasoning_details=[kind | {"signature": "sig"}]),
        delta(reasoning_details=[{"type": "reasoning.encrypted", "index": 1, "data": "x"}]),
    ]
    response, _, _ = asked(stream(*first, said("Hello"), STOP, DONE))
    assert response.reasoning == "abc"
    _, _, bodies = asked(stream(said("x"), STOP, DONE), prompt=[response, {"role": "user", "content": "on"}])
    assert bodies[0]["messages"][0]["reasoning_details"] == [
        kind | {"text": "abc", "format": "f", "signature": "sig"},
        {"type": "reasoning.encrypted", "index": 1, "data": "x"},
    ]


def test_the_generation_id_is_known_before_the_first_chunk() -> None:
    script = (head("200 OK", "X-Generation-Id: gen-7"), framed(said("Hel")), STALL)

    async def work() -> str:
        async with FaultServer(script) as server, AsyncOpenRouter(base_url=server.base_url) as client:
            one = client.chat_stream("hi", model="a/b")
            async for _ in one:
                break
            one.stop()
            await one.aclose()
            return one.response.generation_id

    assert asyncio.run(asyncio.wait_for(work(), 10)) == "gen-7"


@pytest.mark.parametrize(
    "slug", ["a/b:nitro", "x:free:online", "@preset/mine", "~a/b-latest", "a/b@preset/c"]
)
def test_a_slug_that_no_list_knows_is_sent_as_it_is(slug: str) -> None:
    _, _, bodies = asked(stream(said("x"), STOP, DONE), model=slug)
    assert bodies[0]["model"] == slug


def test_the_usage_of_a_cancelled_answer_is_asked_for_afterwards() -> None:
    script = (head("200 OK", "X-Generation-Id: gen-7"), framed(said("Hel")), STALL)
    unknown = answer("404 Not Found", {"error": {"code": 404, "message": "not yet"}})
    data = {"id": "gen-7", "native_tokens_prompt": 3, "native_tokens_completion": 1, "total_cost": 0.25}

    async def work() -> Any:
        async with (
            FaultServer(script, unknown, answer("200 OK", {"data": data})) as server,
            AsyncOpenRouter(base_url=server.base_url, retry=QUICK) as client,
        ):
            async with client.chat_stream("hi", model="a/b") as one:
                async for _ in one:
                    break
            before = one.response.usage
            await one.response.settle()
            return one.response, before, [request.split(b" ")[1] for request in server.requests[1:]]

    response, before, asked_for = asyncio.run(asyncio.wait_for(work(), 30))
    assert before is None
    assert (response.state, response.cost, response.usage.completion_tokens) == ("stopped", 0.25, 1)
    assert asked_for == [b"/api/v1/generation?id=gen-7"] * 2


REFUSED = (
    "This model does not support assistant message prefill. The conversation must end with a user message."
)


@pytest.mark.parametrize("refuses", [True, False])
def test_a_model_that_refuses_a_prefill_goes_on_all_the_same(refuses: bool) -> None:
    cut = stream(said("one two"))
    refusal = answer("400 Bad Request", {"error": {"code": 400, "message": REFUSED}})
    rest = stream(said(" three"), STOP, DONE)

    async def work() -> Any:
        scripts = (cut, refusal, rest) if refuses else (cut, rest)
        async with (
            FaultServer(*scripts) as server,
            AsyncOpenRouter(base_url=server.base_url, retry=QUICK) as client,
        ):
            with pytest.raises(CutError) as raised:
                await client.chat("hi", model="new/model")
            whole = await client.continue_(raised.value.response)
            bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in server.requests[1:]]
            return whole, [body["messages"][-1]["role"] for body in bodies]

    whole, last = asyncio.run(asyncio.wait_for(work(), 10))
    assert (whole.text, whole.state, whole.seams) == ("one two three", "done", [7])
    assert last == (["assistant", "user"] if refuses else ["assistant"])


@pytest.mark.parametrize("content", ["", None])
def test_a_reasoning_model_whose_content_is_empty_while_it_thinks_breaks_nothing(content: Any) -> None:
    thoughts = [delta(content=content, reasoning=word, role="assistant") for word in ("I ", "think")]
    response, error, _ = asked(stream(*thoughts, said("Hello"), STOP, USAGE, DONE))
    assert (response.reasoning, response.text, error) == ("I think", "Hello", None)


def test_while_the_service_says_that_it_is_processing_one_can_see_it() -> None:
    comment = framed(b": OPENROUTER PROCESSING\n\n")

    async def work() -> tuple[int, str]:
        async with (
            FaultServer((head(), comment, comment, STALL)) as server,
            AsyncOpenRouter(base_url=server.base_url) as client,
        ):
            one = client.chat_stream("hi", model="a/b")
            reading = asyncio.ensure_future(one.run())
            while one.comments < 2:
                await asyncio.sleep(0.002)
            seen = one.comments, one.response.state
            one.stop()
            await reading
            return seen

    assert asyncio.run(asyncio.wait_for(work(), 10)) == (2, "waiting")
