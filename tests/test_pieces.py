"""Joining tool calls and reasoning details out of pieces: right at any moment, and no dearer the longer they get."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_openrouter import pieces
from jupyter_openrouter.chunks import Growing, fold
from jupyter_openrouter.pieces import Pieces, ReasoningDetails, ToolCalls


def call(arguments: Any, **more: Any) -> dict[str, Any]:
    return {"function": {"arguments": arguments}, **more}


def arguments_of(calls: ToolCalls) -> list[str]:
    return [one["function"]["arguments"] for one in calls.snapshot()]


@pytest.mark.parametrize("count", [1_000, 20_000])
def test_no_string_grows_with_the_answer_while_nobody_looks(count: int) -> None:
    growing = Growing()
    for _ in range(count):
        fold(growing, {"choices": [{"delta": {"tool_calls": [call("abcd", index=0)], "refusal": "abcd"}}]})
        fold(growing, {"choices": [{"delta": {"audio": {"data": "abcd"}}}]})
        fold(
            growing,
            {"choices": [{"delta": {"reasoning_details": [{"type": "reasoning.text", "text": "abcd"}]}}]},
        )
    grown = [
        growing._tool_calls._calls[0].arguments,
        growing._reasoning_details._details[0]["text"],
        growing._refusal,
        growing._audio["data"],
    ]
    for text in grown:
        # Each character was copied once, from its piece into a block of bounded length.
        assert max(map(len, text._blocks + text._open[1])) <= 4 * 512
        assert len(text._open[1]) < 512
        assert text.text == "abcd" * count


@pytest.mark.parametrize(("ending", "more"), [('"}', " "), ('"]', " "), ('"}} x', "x"), ("}", "x")])
def test_a_name_in_every_piece_does_not_have_the_arguments_read_over_and_over(
    ending: str, more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    decode, add = pieces._decode, pieces._Object.add
    monkeypatch.setattr(pieces, "_decode", lambda text: (read.append(len(text)), decode(text))[1])
    monkeypatch.setattr(pieces._Object, "add", lambda it, text: (read.append(len(text)), add(it, text))[1])
    calls = ToolCalls()
    parts = ['{"a":"', *(['}}\\"{'] * 2_000), ending]
    for part in parts:
        calls.add({"function": {"name": "f", "arguments": part}})
    for _ in range(50):
        calls.add({"function": {"name": "f", "arguments": more}})
    written = sum(map(len, parts)) + 50
    assert 0 < sum(read) <= 3 * written


def test_one_more_whole_object_under_the_same_name_is_another_call() -> None:
    calls = ToolCalls()
    for part in ('{"a":', '"}"}', '{"b"', ":[1]}", "\n", '{"c":1}'):
        calls.add({"function": {"name": "f", "arguments": part}})
    # White space after a whole object begins another call too, as any piece under a name does.
    assert arguments_of(calls) == ['{"a":"}"}', '{"b":[1]}', '\n{"c":1}']


def test_a_snapshot_does_not_change_and_is_the_same_until_something_comes() -> None:
    calls = ToolCalls()
    calls.add(call("1", index=0, id="c"))
    before = calls.snapshot()
    assert calls.snapshot() is before
    calls.add(call("2", index=0))
    assert [one["function"]["arguments"] for one in before] == ["1"]
    assert arguments_of(calls) == ["12"]


def test_what_was_whole_stays_before_what_grows() -> None:
    calls = ToolCalls([{"index": 0, "id": "saved"}])
    assert calls
    calls.add(call("1"))
    assert [one["id"] for one in calls.snapshot()] == ["saved", ""]


def test_arguments_as_an_object_are_written_as_json() -> None:
    calls = ToolCalls()
    calls.add(call({"a": 1}, index=0))
    assert arguments_of(calls) == ['{"a": 1}']


def test_arguments_that_are_nested_too_deep_break_nothing() -> None:
    deep: dict[str, Any] = {}
    for _ in range(200_000):
        deep = {"a": deep}
    calls = ToolCalls()
    assert calls.add(call(deep, index=0, id="c"))
    assert calls.snapshot()[0]["id"] == "c"
    while deep:  # or its end would be the interpreter's
        deep = deep.pop("a")


@given(
    st.lists(st.sampled_from(['{"', "a", '":', "1", "}", "{", '"', "\\", "[", "]", " ", "\n"]), max_size=12)
)
@example(["{", "}", "a"])
@example(["{", "}", " ", "}"])
@example(["{", "]"])
def test_an_object_is_whole_exactly_when_it_can_be_read(parts: list[str]) -> None:
    seen, text = pieces._Object(""), Pieces()
    for part in parts:
        text.add(part)
        seen.add(part)
        try:
            expected = isinstance(json.loads(text.text), dict)
        except ValueError:
            expected = False
        assert seen.whole(text) == expected


_TEXTS = st.sampled_from(["", "a", "{", "}", '{"x":1}', None, 3])
_CALLS = st.fixed_dictionaries(
    {
        "function": st.fixed_dictionaries(
            {}, optional={"name": st.sampled_from(["f", "g", ""]), "arguments": _TEXTS}
        )
    },
    optional={"index": st.sampled_from([0, 1, 0, None]), "id": st.sampled_from(["c", "d", "", None])},
)


@given(st.lists(_CALLS, max_size=10))
def test_calls_come_out_as_if_each_piece_were_added_to_a_plain_string(parts: list[dict[str, Any]]) -> None:
    calls, plain = ToolCalls(), []
    for part in parts:
        calls.add(part)
        added_plainly(plain, part)
        assert calls.snapshot() == plain


def added_plainly(calls: list[dict[str, Any]], piece: dict[str, Any]) -> None:
    index, ident = piece.get("index"), piece.get("id") or ""
    name = piece["function"].get("name") or ""
    arguments = piece["function"].get("arguments")
    found = None
    if index is not None:
        found = next((one for one in reversed(calls) if one["index"] == index), None)
        if found and name and ident and found["id"] and ident != found["id"]:
            found = None
    elif ident:
        found = next((one for one in calls if one["id"] == ident), None)
    elif calls:
        last = calls[-1]["function"]
        try:
            whole = isinstance(json.loads(last["arguments"]), dict)
        except ValueError:
            whole = False
        begins = name and last["name"] and (name != last["name"] or whole)
        found = None if begins else calls[-1]
    if found is None:
        number = len(calls) if index is None else index
        found = {"index": number, "id": ident, "type": "function", "function": {"name": "", "arguments": ""}}
        calls.append(found)
    found["id"] = found["id"] or ident
    found["function"]["name"] = found["function"]["name"] or name
    found["function"]["arguments"] += arguments if isinstance(arguments, str) else ""


def test_a_field_that_comes_while_the_details_are_looked_at_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    details = ReasoningDetails()
    for _ in range(2):
        details.add({"type": "reasoning.text", "index": 0, "text": "a"})
    joined = Pieces.text.fget

    def interrupted(pieces: Pieces) -> str:
        details.add({"type": "reasoning.text", "index": 0, "text": "b", "format": "f"})  # the other thread
        return joined(pieces)  # type: ignore[misc, no-any-return]

    monkeypatch.setattr(Pieces, "text", property(interrupted))
    assert details.snapshot()[0]["text"] == "aab"
    monkeypatch.undo()
    assert details.snapshot()[0] == {"type": "reasoning.text", "index": 0, "text": "aab", "format": "f"}


@pytest.mark.parametrize("late", [{"signature": "whole"}, {"text": "b", "signature": "whole"}])
def test_the_last_signature_is_that_of_the_whole_and_other_fields_stay_as_they_came(
    late: dict[str, Any],
) -> None:
    details, kind = ReasoningDetails(), {"type": "reasoning.text", "index": 0}
    details.add({**kind, "text": "a", "signature": "part", "format": "f", "id": None})
    details.add({**kind, **late, "format": "g", "id": "i"})
    details.add({**kind, "signature": None})
    text = "a" + late.get("text", "")
    assert details.snapshot() == [{**kind, "text": text, "signature": "whole", "format": "f", "id": "i"}]


def test_details_may_be_looked_at_while_another_thread_adds_fields_to_them() -> None:
    details, stop, wrong = ReasoningDetails(), threading.Event(), []

    def look() -> None:
        seen = 0
        while not stop.is_set():
            try:
                now = sum(len(one["text"]) for one in details.snapshot())
            except RuntimeError as error:
                wrong.append(error)
                return
            if now < seen:
                wrong.append((seen, now))
            seen = now

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=look)
    thread.start()
    try:
        for number in range(3_000):
            details.add({"type": "reasoning.text", "index": 0, "text": "x", f"field{number}": number})
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(before)
    assert not wrong
    assert sum(len(one["text"]) for one in details.snapshot()) == 3_000
