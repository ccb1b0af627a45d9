"""Equal requests have equal hashes, and a difference is named so that a person finds it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from jupyter_openrouter.request_match import Request, difference, nearest


def chat(**body: Any) -> Request:
    return Request("POST", "/chat/completions", body={"model": "a/b", **body})


def test_the_hash_is_stable_and_does_not_know_the_order_of_names() -> None:
    one = Request("POST", "/x", {"b": 1, "a": "2"}, {"model": "a/b", "x": [{"p": 1, "q": None}]})
    other = Request("POST", "/x", {"a": 2, "b": "1"}, {"x": [{"q": None, "p": 1}], "model": "a/b"})
    assert one.digest == other.digest == "41ffa3535acb5c0a"


@pytest.mark.parametrize(
    "other",
    [
        Request("GET", "/chat/completions", body={"model": "a/b"}),
        Request("POST", "/completions", body={"model": "a/b"}),
        Request("POST", "/chat/completions", {"a": "b"}, {"model": "a/b"}),
        chat(seed=1),
        chat(seed=None),
        chat(model="a/c"),
    ],
)
def test_what_is_sent_is_in_the_hash(other: Request) -> None:
    assert other.digest != chat().digest


def test_what_a_recording_holds_has_the_hash_of_what_was_sent() -> None:
    picture = "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 40).decode()
    asked = chat(user="me", key="sk-or-v1-0123456789abcdef0123", picture=picture, empty=None)
    assert len(str(asked.body)) < 300
    assert Request("POST", "/chat/completions", body=asked.body).digest == asked.digest
    changed = chat(
        user="me", key="sk-or-v1-0123456789abcdef0123", picture=picture[:-8] + "AAAAAAA=", empty=None
    )
    assert changed.digest != asked.digest
    assert "picture: " in difference(changed, asked)


def test_prose_is_kept_however_long_it_is() -> None:
    text = "A long word. " * 1000
    assert chat(prompt=text).body["prompt"] == text


def test_the_nearest_request_differs_in_the_fewest_values() -> None:
    recorded = [chat(seed=1, top_p=0.5), chat(seed=2, top_k=3), chat(seed=2, top_p=0.5, x=[1, 2])]
    assert nearest(chat(seed=2, top_p=0.5, x=[1, 3]), recorded) is recorded[2]
    assert nearest(chat(), []) is None


def test_the_difference_of_long_texts_shows_the_place() -> None:
    text = "word " * 500
    told = difference(chat(prompt=text + "red" + text), chat(prompt=text + "blue" + text))
    assert "word blueword" in told
    assert "word redword" in told
    assert len(told) < 250


def test_many_differences_are_counted() -> None:
    told = difference(chat(a=1, b=2, c=3, d=4, e=True), chat())
    assert told.startswith("a: nothing was recorded, 1 is asked; b:")
    assert told.endswith("; and 2 more")


def test_a_body_that_is_nested_deep_is_compared_all_the_same() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    assert "1 more" not in difference(chat(deep=deep), chat(deep=[deep]))
