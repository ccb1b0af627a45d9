"""What is sent: the body, its order, and what is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.request import body_hash, chat_body, encode


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
