"""The JSON of an answer: found in fences and prose, and read as every reader would."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter import answer_json
from jupyter_openrouter.answer_json import DEEPEST, read
from jupyter_openrouter.errors import AnswerFormatError

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_as_json_is_read_as_it_was(value: Any) -> None:
    assert read(json.dumps(value)) == value
    assert read(f"\ufeff {json.dumps(value, indent=1)}\n\n") == value


@given(st.dictionaries(st.text(), VALUES, min_size=1, max_size=3))
def test_a_fence_and_prose_around_an_object_are_left_out(value: Any) -> None:
    text = json.dumps(value)
    for around in ("Sure!\n```json\n{}\n```\nDone.", "~~~\n{}\n~~~", "The answer is {} as asked."):
        assert read(around.replace("{}", text)) == value


def test_the_longest_value_in_prose_is_meant() -> None:
    assert read('As [1] says, it is {"a": [1, 2], "b": "]}"} and not [2].') == {"a": [1, 2], "b": "]}"}


def test_a_fenced_block_comes_before_what_stands_in_prose() -> None:
    assert read('With {"much": "longer text than the block"}:\n```\n{"a": 1}\n```') == {"a": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("no braces", "line 1, column 1"),
        ('{"a": 1,\n"b": oops}', "line 2, column 6"),
        ('so:\n\n```json\n{"a":\n oops}\n```', "line 5, column 2"),
        ('{"a": {"b": 1}', "line 1"),
        ('{"a": 1, "b": 2, "a": 3}', 'the name "a" stands twice'),
        ('```\n{"a": NaN}\n```', "NaN is no value"),
        ("[-Infinity]", "-Infinity is no value"),
        ("[1e999]", "1e999 is too large"),
        (f"[{'9' * 5000}]", "5000 digits"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("see " + "[1, " * 200_000, "no JSON"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_says_why(text: str, said: str) -> None:
    with pytest.raises(AnswerFormatError) as caught:
        read(text)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_object_that_breaks_off_is_not_taken_for_a_part_of_it() -> None:
    with pytest.raises(AnswerFormatError):
        read('{"recipe": {"name": "soup"}, "steps": ["boil"')


def test_a_value_as_deep_as_is_allowed_is_read() -> None:
    text = "[" * DEEPEST + "]" * DEEPEST
    assert json.dumps(read(text)) == text


def test_of_many_blocks_that_are_no_json_the_place_of_one_is_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []
    said = answer_json._said
    monkeypatch.setattr(answer_json, "_said", lambda *given: looked.append(1) or said(*given))
    with pytest.raises(AnswerFormatError, match="line 2, column 2"):
        read("```\n{oops, the longest\n```\n" + "```\n{\n```\n" * 500)
    assert looked == [1]
