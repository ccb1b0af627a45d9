"""Keys and what names a person are taken out, wherever they stand and however they are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_openrouter.scrubbing import impersonal, last_look, scrub, starred

KEY = "sk-or-v1-" + "0123456789abcdef" * 3


@pytest.mark.parametrize("size", [1, 2, 5, 9, 200])
def test_a_key_is_found_however_it_is_cut(size: int) -> None:
    text = f"Your key {KEY}, and again {KEY}."
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    found = starred(pieces)
    assert list(map(len, found)) == list(map(len, pieces))
    assert "".join(found) == text.replace(KEY, "sk-or-" + "*" * (len(KEY) - 6))
    assert starred(found) == found


def test_a_secret_of_no_form_is_found_by_itself_unless_it_is_a_mere_word() -> None:
    assert starred(["a hunter2-hunter2 b"], "hunter2-hunter2") == ["a *************** b"]
    assert starred(["none of it"], "none") == ["none of it"]


def test_texts_at_the_same_place_of_several_values_are_read_as_one() -> None:
    def chunk(text: str, index: int = 0) -> dict[str, Any]:
        return {"choices": [{"index": index, "delta": {"content": text, "role": "assistant"}}]}

    values = [chunk(KEY[:9]), {"usage": 1}, chunk(KEY[9:20]), chunk(KEY[20:] + " end")]
    found = json.dumps(scrub(values))
    assert "0123" not in found
    assert " end" in found
    assert found.count("assistant") == 3


def test_fields_that_name_a_person_are_hidden_and_nothing_else() -> None:
    asked = {
        "user": "me@x.test",
        "messages": [{"role": "user", "content": "user_id"}],
        "tools": [{"parameters": {"properties": {"user": {"type": "string"}, "email": {"type": "string"}}}}],
        "session_id": "abc",
        "n": 3,
        "user_id": None,
    }
    found = impersonal(asked)
    assert found == {**asked, "user": "…", "session_id": "…"}
    assert asked["user"] == "me@x.test"


def test_the_last_look_sees_what_stands_anywhere_in_a_line() -> None:
    secret = 'quo"te\\0123456789'
    line = json.dumps({secret: 1, KEY: 2})
    assert "0123" not in last_look(line, secret)
    json.loads(last_look(line, secret))
