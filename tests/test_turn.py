"""A turn: what goes out on the wire of a whole answer, and of one that is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from talks import CALL, SIGNED, answer, answers

from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.request import chat_body
from jupyter_openrouter.turn import Turn

REPLAYED = {key: value for key, value in CALL.items() if key != "index"}


def test_a_whole_answer_goes_out_unchanged() -> None:
    turn = Turn.of_answer(answer(" text\n", reasoning_details=SIGNED, tool_calls=[CALL]))
    assert turn.message() == {
        "role": "assistant",
        "content": " text\n",
        "tool_calls": [REPLAYED],
        "reasoning_details": SIGNED,
    }


@pytest.mark.parametrize(
    ("state", "mark"),
    [("stopped", "[The user stopped this answer here.]"), ("cut", "[This answer broke off here.]")],
)
def test_an_answer_that_is_not_whole_is_marked_and_its_half_tool_calls_stay_home(
    state: str, mark: str
) -> None:
    files = [{"type": "file", "file": {"hash": "h"}}]
    given = answer("so far \n", state=state, reasoning_details=SIGNED, tool_calls=[CALL], annotations=files)
    turn = Turn.of_answer(given)
    assert turn.content == "so far \n"
    assert turn.message() == {"role": "assistant", "content": f"so far\n\n{mark}", "annotations": files}


def test_an_answer_cut_by_the_token_limit_goes_out_as_text_without_a_mark() -> None:
    turn = Turn.of_answer(answer("so far", finish_reason="length", tool_calls=[CALL]))
    assert turn.message() == {"role": "assistant", "content": "so far"}


def test_no_answer_goes_out_empty_but_with_tool_calls() -> None:
    assert Turn.of_answer(answer("", state="stopped")).message()["content"].startswith("[The user stopped")
    assert (
        Turn.of_answer(answer("", reasoning="only thoughts")).message()["content"]
        == "[An answer without text.]"
    )
    assert Turn.of_answer(answer("", refusal="I will not.")).message()["content"] == "I will not."
    assert Turn.of_answer(answer("", tool_calls=[CALL])).message()["content"] == ""


@settings(deadline=None)
@given(answers)
def test_a_turn_survives_its_json_and_gives_the_response_again(fields: dict[str, Any]) -> None:
    given = answer(**fields)
    turn = Turn.of_answer(given, cell_id="c1")
    again = Turn.from_dict(json.loads(json.dumps(turn.to_dict())))
    assert again == turn
    assert again.message() == turn.message()
    assert again.response().footer() == given.footer()
    assert again.response().text == given.text


def test_a_file_holds_reasoning_and_tool_calls_once_and_citations_beside_parsed_files() -> None:
    cited = {"type": "url_citation", "url": "https://example.org", "title": "t"}
    parsed = {"type": "file", "file": {"hash": "h"}}
    given = answer(
        reasoning="hm, well", reasoning_details=SIGNED, tool_calls=[CALL], annotations=[cited, parsed]
    )
    turn = Turn.of_answer(given)
    written = json.dumps(turn.to_dict())
    counts = {one: written.count(one) for one in ("hm, well", "arguments", "url_citation", '"hash"')}
    assert set(counts.values()) == {1}, counts
    again = Turn.from_dict(json.loads(written))
    assert again == turn
    assert again.message()["reasoning_details"] == SIGNED
    back = again.response()
    assert (back.annotations, back.tool_calls, back.reasoning) == ([cited, parsed], [CALL], "hm, well")
    assert Turn.from_dict({**turn.to_dict(), "fields": dict(turn.fields)}) == turn, "as older files have it"


def test_a_message_of_the_wire_is_a_turn_and_turns_can_be_asked_with() -> None:
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "hi"}], "name": "me"},
        {"role": "assistant", "content": None, "tool_calls": [REPLAYED]},
        {"role": "tool", "tool_call_id": "c1", "content": "21"},
    ]
    turns = [Turn.from_dict(message) for message in messages]
    messages[1]["content"] = ""
    assert chat_body(turns, model="m/x")["messages"] == messages


@pytest.mark.parametrize(
    "value", [None, 5, [], {}, {"role": "user"}, {"role": "pope", "content": "x"}, {"role": ["user"], "content": ""},
              {"role": "user", "content": [5]}, {"role": "user", "content": [{"type": 5}]}]
)  # fmt: skip
def test_what_is_no_turn_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequestError):
        Turn.from_dict(value)


def test_odd_fields_in_a_file_neither_break_a_turn_nor_replace_its_role() -> None:
    turn = Turn.from_dict(
        {
            "role": "user",
            "content": "x",
            "fields": {"role": "system", "content": 5},
            "record": 5,
            "id": [],
            "cell_id": "x" * 99,
        }
    )
    assert turn.message() == {"role": "user", "content": "x"}
    assert (turn.cell_id, turn.response_record, len(turn.id)) == ("", None, 12)
    assert (turn.usage.cost, turn.model, turn.state) == (None, "", "done")
