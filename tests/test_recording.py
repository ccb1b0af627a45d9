"""A recording is read as it was written, and any other file is refused with its line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter.errors import FileError
from jupyter_openrouter.recorded_pieces import Piece
from jupyter_openrouter.recording import HEAD, Exchange, read, written
from jupyter_openrouter.request_match import Request

ASKED = '{"request": "POST /x", "at": "2026-01-02T03:04:05.678Z"}'
STATUS = '{"ms": 1, "status": 200}'
END = '{"ms": 2, "end": "whole"}'


def file(*lines: str) -> bytes:
    return (HEAD + "".join(f"{line}\n" for line in lines)).encode("utf-8", "surrogatepass")


def test_what_is_written_is_read_again() -> None:
    exchanges = [
        Exchange(
            Request("POST", "/chat/completions", {"a": "b"}, {"model": "a/b", "text": "\u2028 ü \ud800"}),
            1767323045.678,
            200,
            {"content-type": "text/event-stream"},
            12.3,
            (
                Piece(20.0, "data", {"a": "\u2029\ud800"}),
                Piece(20.0, "data", "[DONE]"),
                Piece(21.0, "base64", "/w=="),
            ),
            end_ms=22.5,
        ),
        Exchange(Request("GET", "/models"), 0.001, end="failed", error={"type": "X"}, retry=0.5, end_ms=1e9),
    ]
    text = HEAD + "".join(map(written, exchanges))
    found = read(text.encode("utf-8"), "a")
    for one, other in zip(found, exchanges, strict=True):
        assert {**vars(one), "line": 0, "request": one.request.digest} == {
            **vars(other),
            "request": other.request.digest,
        }
    assert [one.line for one in found] == [3, 10]
    assert all(line.isprintable() or "\u2028" in line or "\u2029" in line for line in text.split("\n"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "line 1: Expecting value at column 1"),
        (b"\xff\xfe", "line 1: it is no UTF-8 text"),
        (b"[]", "line 1: it is no JSON object"),
        (b'{"cells": []}', "line 1: it does not begin with"),
        (b'{"recording": "jupyter_openrouter"}', "line 1: its version is null"),
        (b'{"recording": "jupyter_openrouter", "version": 1', "line 1: .* at column 49"),
        (file("[" * 200_000), "line 2: it is nested too deep"),
        (file('{"a": ' + "9" * 10_000 + "}"), "line 2: it holds a number of too many digits"),
        (file("{}"), "line 2: the request is null"),
        (file('{"request": "post /x"}'), "line 2: the request is \"post /x\""),
        (file('{"request": "POST x"}'), "line 2: the request is"),
        (file('{"request": ["POST /x"]}'), "line 2: the request is …"),
        (file('{"request": "GET /x", "query": 3}'), "line 2: the query is 3"),
        (file('{"request": "GET /x", "at": "soon"}'), "line 2: at is \"soon\", not a time"),
        (file('{"request": "GET /x", "at": 1e300}'), "line 2: at is"),
        (file(ASKED), "line 2: the end of its last exchange is missing"),
        (file(ASKED, STATUS), "line 3: the end of its last exchange is missing"),
        (file(ASKED, STATUS, END[:-4]), "line 4: .* at column"),
        (file(ASKED, "", "", STATUS, '{"ms": 2}'), "line 6: there is none of data, comment"),
        (file(ASKED, STATUS, ASKED), "line 4: ms is null, not milliseconds"),
        (file(ASKED, '{"ms": 1, "data": {}}'), "line 3: there is neither a status nor an end"),
        (file(ASKED, '{"ms": "1", "status": 200}'), "line 3: ms is \"1\""),
        (file(ASKED, '{"ms": -1, "status": 200}'), "line 3: ms is -1"),
        (file(ASKED, '{"ms": NaN, "status": 200}'), "line 3: ms is NaN"),
        (file(ASKED, '{"ms": 1, "status": true}'), "line 3: the status is true"),
        (file(ASKED, '{"ms": 1, "status": 99}'), "line 3: the status is 99"),
        (file(ASKED, '{"ms": 1, "status": 200, "headers": {"a": 3}}'), "line 3: the headers are not texts"),
        (file(ASKED, STATUS, '{"ms": 1, "data": 3}'), "line 4: data cannot be read: it is neither"),
        (file(ASKED, STATUS, '{"ms": 1, "base64": "%"}'), "line 4: base64 cannot be read: it is no base64"),
        (file(ASKED, STATUS, '{"ms": 1, "data": ' + "[" * 5_000 + "]" * 5_000 + "}"), "line 4: .*nested too deep"),
        (file(ASKED, STATUS, '{"ms": 1, "end": "so"}'), "line 4: the end is \"so\", none of whole"),
        (file(ASKED, STATUS, '{"ms": 1, "end": "lost", "error": "x"}'), "line 4: the error is \"x\""),
        (file(ASKED, STATUS, '{"ms": 1, "end": "whole", "retry": -1}'), "line 4: retry is -1"),
    ],
    ids=lambda value: None if isinstance(value, str) else "",
)  # fmt: skip
def test_a_file_that_is_no_recording_is_refused_with_its_line(data: bytes, words: str) -> None:
    with pytest.raises(FileError, match=rf"^a\.jsonl is no recording: {words}"):
        read(data, "a.jsonl")


def _complaint(data: bytes) -> str:
    try:
        for exchange in read(data, "a"):
            _ = exchange.request.leaves
    except FileError as error:
        return error.message
    return ""


_TOO_DEEP = "a is no recording: line 2: it is nested too deep."


def test_a_request_that_is_nested_deep_is_read_or_refused() -> None:
    for depth in (100, 400, 900, 3000):
        first = '{"request": "POST /x", "at": 1, "body": ' + "[" * depth + "]" * depth + "}"
        told = _complaint(file(first, END))
        assert told == "" if depth == 100 else told in ("", _TOO_DEEP)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["ms", "status", "headers", "data", "end", "error", "at", "request", "body", "query"]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=8,
    ),
    st.sampled_from([1, 2, 3]),
)
def test_whatever_stands_on_a_line_is_an_exchange_or_a_complaint(value: Any, at: int) -> None:
    import json

    lines = [ASKED, STATUS, END]
    lines.insert(at - 1, json.dumps(value))
    told = _complaint(file(*lines))
    assert not told or "line " in told


def test_a_mark_at_the_beginning_and_spaces_between_are_no_harm() -> None:
    assert len(read(b"\xef\xbb\xbf" + file(ASKED, "  ", STATUS, "\r", END, "", ""), "a")) == 1
