"""Folding the chunks of OpenRouter's streaming reference into a growing response."""

from __future__ import annotations

import json
import sys
import threading
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_openrouter.chunks import Growing, decode, fold, fold_plain
from jupyter_openrouter.errors import EventError


def delta(**fields: Any) -> dict[str, Any]:
    return {"id": "gen-1", "choices": [{"index": 0, "delta": fields, "finish_reason": None}]}


def folded(*chunks: dict[str, Any]) -> Growing:
    growing = Growing()
    for chunk in chunks:
        fold(growing, decode(json.dumps(chunk)))
    growing.close()
    return growing


def test_content_and_reasoning_are_gathered_apart() -> None:
    got = folded(
        delta(role="assistant", content=""), delta(reasoning="hm "), delta(content="a"), delta(content="b")
    )
    assert (got.text, got.reasoning, got.id) == ("ab", "hm ", "gen-1")


def test_the_snapshot_is_valid_after_each_chunk() -> None:
    growing = Growing()
    for number in range(5):
        fold(growing, delta(content=str(number)))
        assert growing.text == "01234"[: number + 1]


def test_usage_comes_after_the_finish_reason_in_a_chunk_without_choices() -> None:
    got = folded(
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "native_finish_reason": "end_turn"}]},
        {
            "choices": [],
            "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7, "cost": 0.25},
        },
    )
    assert (got.finish_reason, got.native_finish_reason) == ("stop", "end_turn")
    assert got.usage is not None
    assert (got.usage.prompt_tokens, got.usage.completion_tokens, got.usage.cost) == (3, 4, 0.25)


@pytest.mark.parametrize("cost", [None, "0.1", float("nan"), -1, True, [], 10**400])
def test_a_cost_that_is_no_amount_is_unknown_not_zero(cost: Any) -> None:
    growing = Growing()
    fold(growing, {"usage": {"prompt_tokens": 1, "cost": cost}})
    assert growing.usage is not None
    assert growing.usage.cost is None


@pytest.mark.parametrize(
    "chunk",
    [
        {},
        {"choices": None},
        {"choices": "x"},
        {"choices": [None, 1, "x", []]},
        {"choices": [{"index": 0, "delta": None}]},
        {"choices": [{"index": 0, "delta": {"content": None, "tool_calls": None, "reasoning_details": 3}}]},
        {"choices": [{"index": 0, "delta": {"content": 5, "role": ""}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [None, {"function": None}, {"index": "a"}]}}]},
        {"id": 5, "model": [], "usage": "many"},
    ],
)
def test_wrong_types_and_null_fields_add_nothing_and_break_nothing(chunk: dict[str, Any]) -> None:
    got = folded(delta(content="a"), chunk, delta(content="b"))
    assert got.text == "ab"


def test_other_choices_are_not_mixed_in() -> None:
    got = folded(
        delta(content="a"), {"choices": [{"index": 1, "delta": {"content": "other"}}]}, delta(content="b")
    )
    assert got.text == "ab"


def test_a_legacy_completion_has_its_text_in_the_choice() -> None:
    assert folded({"choices": [{"index": 0, "text": "a"}]}, {"choices": [{"text": "b"}]}).text == "ab"


def test_a_surrogate_pair_cut_between_chunks_is_joined() -> None:
    growing = Growing()
    for piece in (
        '{"choices":[{"delta":{"content":"x\\ud83d"}}]}',
        '{"choices":[{"delta":{"content":"\\ude42y"}}]}',
    ):
        fold(growing, decode(piece))
    assert growing.text == "x🙂y"


def test_half_a_surrogate_pair_alone_becomes_the_replacement_character() -> None:
    growing = Growing()
    fold(growing, decode('{"choices":[{"delta":{"content":"a\\udc00b\\ud83d"}}]}'))
    growing.close()
    assert growing.text == "a\ufffdb\ufffd"


def test_tool_call_pieces_are_gathered_by_index() -> None:
    got = folded(
        delta(tool_calls=[{"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a'}}]),
        delta(tool_calls=[{"index": 1, "id": "c2", "function": {"name": "g", "arguments": ""}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '":1}'}}]),
        delta(tool_calls=[{"index": 1, "id": "", "function": {"arguments": None}}]),
    )
    assert [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in got.tool_calls] == [
        ("c1", "f", '{"a":1}'),
        ("c2", "g", ""),
    ]


def test_tool_call_pieces_without_index_follow_their_id() -> None:
    got = folded(
        delta(tool_calls=[{"id": "c1", "function": {"name": "f", "arguments": "1"}}]),
        delta(tool_calls=[{"function": {"arguments": "2"}}]),
        delta(tool_calls=[{"id": "c2", "function": {"name": "g", "arguments": "3"}}]),
        delta(tool_calls=[{"id": "c1", "function": {"arguments": "4"}}]),
    )
    assert [(c["id"], c["function"]["arguments"]) for c in got.tool_calls] == [("c1", "124"), ("c2", "3")]


def test_reasoning_details_merge_by_type_and_index_and_keep_the_late_signature() -> None:
    got = folded(
        delta(
            reasoning_details=[{"type": "reasoning.text", "index": 0, "text": "a", "format": "f", "id": "i"}]
        ),
        delta(reasoning_details=[{"type": "reasoning.text", "index": 0, "text": "b"}]),
        delta(reasoning_details=[{"type": "reasoning.text", "index": 0, "signature": "s"}]),
        delta(reasoning_details=[{"type": "reasoning.encrypted", "index": 0, "data": "x"}]),
        delta(reasoning_details=[{"type": "reasoning.encrypted", "index": 0, "data": "y"}]),
    )
    assert got.reasoning_details == [
        {"type": "reasoning.text", "index": 0, "text": "ab", "format": "f", "id": "i", "signature": "s"},
        {"type": "reasoning.encrypted", "index": 0, "data": "x"},
        {"type": "reasoning.encrypted", "index": 0, "data": "y"},
    ]


@pytest.mark.parametrize(
    "chunk",
    [
        {"error": {"code": 502, "message": "m"}, "choices": []},
        {"error": "m"},
        {"choices": [{"index": 0, "delta": {}, "error": {"code": "server_error", "message": "m"}}]},
        {
            "choices": [
                {"index": 0, "delta": {"content": ""}, "finish_reason": "error", "native_finish_reason": "m"}
            ]
        },
    ],
)
def test_an_error_is_found_wherever_it_sits(chunk: dict[str, Any]) -> None:
    got = folded(delta(content="kept"), chunk)
    assert "m" in str(got.failure)
    assert got.text == "kept"


@pytest.mark.parametrize(
    "data", ["", "{", "[1]", "null", '{"a":', "[" * 100_000, '{"a":' * 100_000, "<html>"]
)
def test_what_is_no_json_object_is_a_malformed_chunk(data: str) -> None:
    with pytest.raises(EventError, match="malformed"):
        decode(data)


@given(st.text(max_size=60), st.lists(st.integers(0, 60), max_size=8))
def test_any_cutting_of_the_text_gives_the_same_response(text: str, cuts: list[int]) -> None:
    utf16 = text.encode("utf-16-le", "surrogatepass")
    places = sorted({0, len(utf16), *(2 * c for c in cuts if 2 * c < len(utf16))})
    growing = Growing()
    for start, end in pairwise(places):
        # Cut between UTF-16 units, as a service written in JavaScript may do.
        piece = utf16[start:end].decode("utf-16-le", "surrogatepass")
        fold(growing, decode(json.dumps({"choices": [{"delta": {"content": piece}}]})))
    growing.close()
    assert growing.text == utf16.decode("utf-16-le", "replace")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "content",
                    "index",
                    "error",
                    "usage",
                    "tool_calls",
                    "function",
                    "id",
                    "reasoning_details",
                    "text",
                    "cost",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["choices", "usage", "error", "id", "model"]), JSON))
def test_no_chunk_breaks_the_fold(chunk: dict[str, Any]) -> None:
    growing = Growing()
    fold(growing, chunk)
    assert isinstance(growing.text, str)


def test_two_threads_that_look_at_once_see_the_text_as_it_is() -> None:
    growing, stop = Growing(), threading.Event()

    def look() -> None:
        while not stop.is_set():
            _ = growing.text

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=look) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        for number in range(3000):
            growing.add(0, f"{number} ")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(before)
    assert growing.text == "".join(f"{number} " for number in range(3000))


def test_a_flood_of_tool_calls_is_cut_short() -> None:
    got = folded(delta(tool_calls=[{"index": n, "function": {"name": "f"}} for n in range(60_000)]))
    assert len(got.tool_calls) == 128


def test_what_is_not_known_at_the_top_of_a_chunk_is_kept() -> None:
    got = folded(
        delta(content="a") | {"openrouter_metadata": {"region": "eu"}, "system_fingerprint": "f", "x": None}
    )
    assert got.extra == {"openrouter_metadata": {"region": "eu"}, "system_fingerprint": "f"}


_ODD = st.sampled_from(
    [
        None,
        "",
        "a",
        "stop",
        "error",
        "é𝄞",
        "\ud834",
        0,
        1,
        -1,
        1.0,
        10**30,
        True,
        False,
        [],
        {},
        [{}],
        ["a"],
        {"a": 1},
    ]
)
_DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "role": st.one_of(st.just("assistant"), _ODD),
        "content": st.one_of(st.text(max_size=4), _ODD),
        "reasoning": st.one_of(st.text(max_size=4), _ODD),
        "reasoning_details": st.one_of(
            st.lists(
                st.fixed_dictionaries(
                    {"type": st.sampled_from(["reasoning.text", "reasoning.encrypted"])},
                    optional={"text": _ODD, "index": st.integers(0, 1), "signature": _ODD},
                ),
                max_size=2,
            ),
            _ODD,
        ),
        "refusal": _ODD,
        "tool_calls": _ODD,
        "annotations": _ODD,
    },
)
_CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "index": st.one_of(st.just(0), _ODD),
        "delta": st.one_of(_DELTAS, _ODD),
        "finish_reason": _ODD,
        "native_finish_reason": _ODD,
        "logprobs": st.one_of(st.none(), _ODD),
        "error": st.one_of(st.none(), _ODD),
        "text": _ODD,
    },
)
_CHUNKS = st.fixed_dictionaries(
    {},
    optional={
        "choices": st.one_of(st.lists(_CHOICES, max_size=2), _ODD),
        "usage": st.one_of(st.none(), _ODD),
        "error": st.one_of(st.none(), _ODD),
        **dict.fromkeys(("id", "model", "provider", "service_tier", "object", "created", "x"), _ODD),
        "system_fingerprint": _ODD,
    },
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(_CHUNKS, st.builds(lambda d: {"id": "g", "choices": [{"delta": d}]}, _DELTAS)), max_size=4
    )
)
def test_a_chunk_of_the_common_shape_reads_the_same_the_short_way(chunks: list[dict[str, Any]]) -> None:
    short, long = Growing(), Growing()
    for chunk in chunks:
        data = json.dumps(chunk).encode()
        expected = fold(long, decode(data.decode()))
        found = fold_plain(short, data)
        if found is None:
            found = fold(short, decode(data.decode()))
        assert found == expected
        assert state(short) == state(long)


def state(growing: Growing) -> dict[str, Any]:
    shown = ("text", "reasoning", "reasoning_details", "tool_calls", "refusal", "audio")
    inside = {
        name: value
        for name, value in vars(growing).items()
        if name.lstrip("_") not in shown and name not in ("_joined", "others")
    }
    return (
        inside
        | {name: getattr(growing, name) for name in shown}
        | {"others": {n: state(other) for n, other in growing.others.items()}}
    )


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{", b'{"choices": [{"delta": {"content": "\xff"}}]}', b'{"choices":' + b"[" * 100_000],
)
def test_what_is_malformed_is_not_for_the_short_way(data: bytes) -> None:
    growing = Growing()
    assert fold_plain(growing, data) is None
    assert state(growing) == state(Growing())


def test_the_common_shapes_take_the_short_way() -> None:
    for chunk in (
        delta(role="assistant", content="a"),
        delta(role="assistant", content="", reasoning="a", reasoning_details=[{"type": "reasoning.text"}]),
        {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop", "logprobs": None}]},
    ):
        assert fold_plain(Growing(), json.dumps(chunk).encode()) is not None


@pytest.mark.parametrize("plainly", [True, False])
def test_without_the_text_no_reasoning_details_are_kept_either(plainly: bool) -> None:
    got = Growing()
    got.keep_text = False
    detail = {"type": "reasoning.text", "index": 0, "text": "hm"}
    fields = {"content": "a", "reasoning": "hm", "reasoning_details": [detail]}
    for _ in range(3):
        chunk = {"choices": [{"index": 0, "delta": fields}]}
        found = fold_plain(got, json.dumps(chunk).encode()) if plainly else fold(got, chunk)
        assert found == ("a", "hm")
    got.close()
    assert (got.text, got.reasoning, got.reasoning_details, got._reasoning_details._details) == (
        "",
        "",
        [],
        [],
    )
    assert got.reasoned
