"""The named conversations of a kernel, and the table of them."""

from __future__ import annotations

import pytest
from talks import answer, talk

from jupyter_openrouter.conversations import Conversations
from jupyter_openrouter.errors import InvalidRequestError


def test_a_name_always_means_the_same_conversation_until_it_is_forgotten() -> None:
    talks = Conversations()
    first = talks.get("trip")
    assert talks.get("trip") is talks["trip"] is first
    assert talks.forget("trip") is first
    assert "trip" not in talks
    assert talks.get("trip") is not first


def test_no_name_means_chat() -> None:
    talks = Conversations()
    assert talks.get().name == "chat"
    assert talks[""] is talks["chat"]
    assert talks.forget() is not None


def test_an_unknown_name_is_said_with_those_that_there_are() -> None:
    talks = Conversations()
    with pytest.raises(InvalidRequestError, match="Begin one with"):
        talks["trip"]
    talks.get("trip")
    with pytest.raises(InvalidRequestError, match="Did you mean 'trip'"):
        talks["tripp"]
    with pytest.raises(InvalidRequestError, match="There are: trip"):
        talks.forget("xyz")
    with pytest.raises(InvalidRequestError, match="no name"):
        talks.get("-c")
    assert [one.name for one in talks] == talks.names() == ["trip"]


def test_a_loaded_conversation_takes_the_place_of_its_name() -> None:
    talks = Conversations()
    before = talks.get("trip")
    loaded = talk("a", "b")
    assert talks.put(loaded) is before
    assert talks["trip"] is loaded
    assert (talks.put(talk(name="other")), len(talks)) == (None, 2)


def test_the_table_gives_turns_tokens_cost_and_last_model_and_unknown_is_not_zero() -> None:
    talks = Conversations()
    talks.put(talk("a", "b", "c", "d"))
    talks.get("stopped").take("x", answer("y", state="stopped"))
    talks.get("new")
    rows = talks.listing().to_dicts()
    assert [list(row.values()) for row in rows] == [
        ["trip", 2, 16, 0.5, "openai/gpt-4-0613"],
        ["stopped", 1, None, None, "openai/gpt-4-0613"],
        ["new", 0, 0, 0.0, None],
    ]
    assert "Last model" in repr(talks.listing())
    assert ">trip</td>" in talks.listing()._repr_html_()
