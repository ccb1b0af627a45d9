"""What is sent: the body, its order, and what is refused before anything is sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from jupyter_openrouter.demo import DemoServer
from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.parts import image, system, user
from jupyter_openrouter.request import body_hash, chat_body, completion_body, encode, headers
from jupyter_openrouter.response import Response


def test_a_text_becomes_one_user_message_after_the_system_message() -> None:
    body = chat_body("hi", model="a/b", system="be short")
    assert body["messages"] == [{"role": "system", "content": "be short"}, {"role": "user", "content": "hi"}]
    assert body["stream"] is True


def test_the_same_request_gives_the_same_bytes_whatever_the_order_of_the_arguments() -> None:
    one = encode(chat_body("hi", model="a/b", temperature=0.5, max_tokens=3, extra={"b": 1, "a": 2}))
    two = encode(chat_body("hi", max_tokens=3, extra={"a": 2, "b": 1}, model="a/b", temperature=0.5))
    assert one == two
    assert body_hash(one) == body_hash(two) != body_hash(encode(chat_body("ho", model="a/b")))


def test_what_is_not_asked_for_is_not_sent() -> None:
    assert set(chat_body("hi", model="a/b")) == {"model", "messages", "stream"}


@pytest.mark.parametrize(
    "model", ["openai/gpt-4:nitro", "@preset/x", "a/b@preset/x", "~a/b-latest", "x:free:online"]
)
def test_suffixes_presets_and_aliases_pass(model: str) -> None:
    assert chat_body("hi", model=model)["model"] == model


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": ""},
        {"model": "two words"},
        {"model": None},
        {"temperature": 2.1},
        {"temperature": float("nan")},
        {"temperature": True},
        {"temperature": "1"},
        {"max_tokens": 0},
        {"max_tokens": 1.5},
        {"max_tokens": True},
        {"extra": {"model": "c/d"}},
        {"extra": {"stream": False}},
        {"stream": "no"},
        {"extra": {1: 2}},
        {"extra": "x"},
        {"system": 3},
        {"messages": ""},
        {"messages": " \n"},
        {"messages": []},
        {"messages": ["hi"]},
        {"messages": [{"content": "hi"}]},
    ],
)
def test_what_cannot_be_sent_is_refused_with_a_sentence(wrong: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"messages": "hi", "model": "a/b"} | wrong
    with pytest.raises(InvalidRequestError, match=r"\w+ \w+"):
        chat_body(arguments.pop("messages"), **arguments)


def test_a_value_that_is_no_json_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="JSON"):
        encode(chat_body("hi", model="a/b", extra={"x": object()}))
    with pytest.raises(InvalidRequestError, match="JSON"):
        encode(chat_body("hi", model="a/b", extra={"x": float("nan")}))


def test_half_a_surrogate_pair_in_a_prompt_does_not_stop_it() -> None:
    assert b"?" in encode(chat_body("a\ud83d", model="a/b"))


def test_the_bytes_of_a_request_are_these_and_stay_so() -> None:
    """Hashes in saved notebooks, and OpenRouter's cache, depend on it."""
    body = chat_body("hi", model="a/b", system="s", max_tokens=3, temperature=0.5, extra={"z": 1})
    assert encode(body) == (
        b'{"model":"a/b","messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}],'
        b'"temperature":0.5,"max_tokens":3,"z":1,"stream":true}'
    )


def test_a_whole_answer_is_asked_for_with_stream_off() -> None:
    assert chat_body("hi", model="a/b", stream=False)["stream"] is False


def test_the_model_may_be_left_to_models_or_a_preset() -> None:
    assert "model" not in chat_body("hi", model=None, models=["a/b", "c/d"])
    assert "model" not in chat_body("hi", model=None, preset="mine")
    assert "model" not in chat_body("hi", model=None, extra={"preset": "mine"})
    assert "model" not in completion_body("hi", model=None, models=["a/b"])
    with pytest.raises(InvalidRequestError, match="No model is named"):
        chat_body("hi", model=None, models=[])


def test_extra_passes_on_what_nobody_knows_unchecked_after_the_known_fields() -> None:
    body = chat_body("hi", model="a/b", top_k=1, extra={"temperature": 3, "new": {"deep": [None]}, "a": None})
    assert list(body) == ["model", "messages", "top_k", "a", "new", "temperature", "stream"]
    assert body["temperature"] == 3


def test_a_text_completion_has_a_prompt_and_no_messages() -> None:
    body = completion_body("def f(", model="a/b", suffix=")", logprobs=2, temperature=0, extra={"x": 1})
    assert encode(body) == (
        b'{"model":"a/b","prompt":"def f(","temperature":0,"suffix":")","logprobs":2,"x":1,"stream":true}'
    )
    for wrong in ("", None, ["a"]):
        with pytest.raises(InvalidRequestError, match="no text to continue"):
            completion_body(wrong, model="a/b")  # type: ignore[arg-type]
    assert completion_body("\n", model="a/b")["prompt"] == "\n"


def test_messages_may_be_one_a_generator_or_responses() -> None:
    response = Response("a/b")
    response.reasoning_details = details = [{"type": "reasoning.encrypted", "data": "x"}]
    assert chat_body(user("hi"), model="a/b")["messages"] == [user("hi")]
    assert chat_body((user(c) for c in "ab"), model="a/b")["messages"] == [user("a"), user("b")]
    sent = chat_body([user("hi"), response, user("and?")], model="a/b")["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user"]
    assert sent[1]["reasoning_details"] == details


def test_a_message_goes_as_it_is_and_the_caller_s_own_is_not_touched() -> None:
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c"}],
        "reasoning_details": [{"type": "reasoning.text", "signature": "s"}],
        "of next year": {"x": 1},
    }
    before = json.dumps(message)
    sent = chat_body([message], model="a/b")["messages"][0]
    assert json.dumps(sent) == before == json.dumps(message)
    assert list(sent) == list(message)
    assert sent is not message


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"role": "user"}, "no content"),
        ({"role": "user", "content": None}, "no content"),
        ({"role": "tool", "content": "x"}, "tool_call_id"),
        ({"role": "bot", "content": "x"}, "'bot' is no role.*system, developer, user, assistant, tool"),
        ({"role": "user", "content": 3}, "content of a user message is 3"),
        ({"role": "user", "content": {"type": "text"}}, "list of parts"),
        ({"role": "user", "content": ["x"]}, "'x' is no part"),
        ({"role": "user", "content": [{"text": "x"}]}, "is no part"),
        ({"role": None, "content": "x"}, "no message"),
        (b"x", "no message"),
        (None, "no message"),
    ],
    ids=repr,
)
def test_a_message_that_the_service_would_refuse_is_refused_here(message: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        chat_body([message], model="a/b")


@pytest.mark.parametrize("messages", [None, 3, object()])
def test_what_is_no_list_of_messages_is_refused(messages: Any) -> None:
    with pytest.raises(InvalidRequestError, match="no prompt"):
        chat_body(messages, model="a/b")


def test_what_holds_itself_or_is_nested_too_deep_is_refused() -> None:
    knot: dict[str, Any] = {"role": "user", "content": [{"type": "text"}]}
    knot["content"][0]["self"] = knot
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    for messages in ([knot], [{"role": "user", "content": [{"type": "text", "text": deep}]}], [deep], deep):
        with pytest.raises(InvalidRequestError) as caught:
            encode(chat_body(messages, model="a/b"))
        assert len(str(caught.value)) < 300
    for parameters in ({"trace": {"x": deep}}, {"provider": {"options": {"a": knot}}}, {"stop": [deep]}):
        with pytest.raises(InvalidRequestError):
            encode(chat_body("hi", model="a/b", **parameters))
    with pytest.raises(InvalidRequestError, match="JSON"):
        encode(chat_body("hi", model="a/b", extra={"x": knot}))
    while deep:  # taken apart here, and not by the garbage collector's recursion
        deep = deep.pop()


def test_no_header_is_sent_that_was_not_asked_for() -> None:
    assert headers() == {}


def test_the_headers_are_those_of_the_documents() -> None:
    assert headers(
        cache=86400,
        refresh_cache=True,
        title=" Café ",
        referer="https://example.org/app",
        categories=["programming-app", "writing"],
        router_metadata=True,
        session_id="s" * 256,
    ) == {
        "X-OpenRouter-Cache": "true",
        "X-OpenRouter-Cache-TTL": "86400",
        "X-OpenRouter-Cache-Clear": "true",
        "X-OpenRouter-Title": "Café",
        "HTTP-Referer": "https://example.org/app",
        "X-OpenRouter-Categories": "programming-app,writing",
        "X-OpenRouter-Metadata": "enabled",
        "x-session-id": "s" * 256,
    }
    assert headers(cache=True) == {"X-OpenRouter-Cache": "true"}
    assert headers(cache=False) == {"X-OpenRouter-Cache": "false"}
    # Without the first, the service takes no notice of the second.
    assert headers(refresh_cache=True) == {"X-OpenRouter-Cache": "true", "X-OpenRouter-Cache-Clear": "true"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"cache": 0}, "1 to 86400"),
        ({"cache": 86401}, "1 to 86400"),
        ({"cache": 1.5}, "1 to 86400"),
        ({"cache": "yes"}, "True, False"),
        ({"cache": False, "refresh_cache": True}, "turns it off"),
        ({"title": "a\r\nX-Evil: 1"}, "title.*header"),
        ({"title": "a\x00"}, "header"),
        ({"title": "\x85"}, "header"),
        ({"title": "漢字"}, "Latin"),
        ({"title": ""}, "header"),
        ({"title": 3}, "header"),
        ({"referer": "example.org"}, "URL"),
        ({"referer": "https://example.org/a b"}, "URL"),
        ({"referer": "https://example.org/\n"}, "header"),
        ({"categories": "writing"}, "at most 2"),
        ({"categories": ["a", "b", "c"]}, "at most 2"),
        ({"categories": ["a,b"]}, "header"),
        ({"session_id": "s" * 257}, "256"),
        ({"session_id": "\t"}, "header"),
    ],
    ids=repr,
)
def test_a_header_that_cannot_be_sent_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        headers(**wrong)


def test_the_server_receives_every_parameter_and_header_as_it_was_given() -> None:
    sent = chat_body(
        [system("s"), user("hi", image(b"GIF89a\0\0"))],
        model="demo/echo",
        temperature=0.5,
        provider={"max_price": {"prompt": 1}, "sort": {"by": "price", "partition": "none"}},
        reasoning={"max_tokens": 2000, "exclude": True, "enabled": True},
        models=["demo/tour"],
        extra={"of next year": [1, {"x": None}]},
    )
    asked = headers(cache=60, title="Caf\xe9", session_id="s")

    async def run() -> dict[str, Any]:
        server = DemoServer(rate=0)
        await server.start()
        try:
            async with httpx.AsyncClient() as http:
                await http.post(
                    f"{server.base_url}/chat/completions",
                    content=encode(sent),
                    headers={name: value.encode("latin-1") for name, value in asked.items()},
                )
            return server.requests[-1]
        finally:
            await server.stop()

    received = asyncio.run(run())
    assert received["body"] == sent
    assert list(received["body"]) == list(sent)
    shown = {name.lower(): value for name, value in received["headers"].items()}
    assert {name: shown[name.lower()] for name in asked} == asked
