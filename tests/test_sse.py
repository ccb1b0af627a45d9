"""The event-stream rules of the HTML standard, each at several ways of cutting the bytes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_openrouter.errors import EventError
from jupyter_openrouter.sse import Comment, Decoder, Event

CASES: dict[str, tuple[bytes, list[Event | Comment]]] = {
    "a blank line dispatches the event": (b"data: a\n\n", [Event("a")]),
    "lines end with LF, CR or CRLF": (
        b"data: a\n\ndata: b\r\rdata: c\r\n\r\n",
        [Event("a"), Event("b"), Event("c")],
    ),
    "one byte order mark at the start is dropped": (b"\xef\xbb\xbfdata: a\n\n", [Event("a")]),
    "a second byte order mark is part of the field name": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
    "data lines are joined by LF": (b"data: a\ndata: b\n\n", [Event("a\nb")]),
    "an empty data line adds an empty line": (b"data\ndata:\n\n", [Event("\n")]),
    "an event with an empty data line only has no data but is dispatched": (b"data:\n\n", [Event("")]),
    "an event without data is dropped": (b"event: x\n\ndata: a\n\n", [Event("a")]),
    "only one space after the colon is dropped": (b"data:  a\n\ndata:b\n\n", [Event(" a"), Event("b")]),
    "a line that starts with a colon is a comment": (
        b": OPENROUTER PROCESSING\n\ndata: a\n\n",
        [Comment("OPENROUTER PROCESSING"), Event("a")],
    ),
    "the event field names the event": (b"event: x\ndata: a\n\ndata: b\n\n", [Event("a", "x"), Event("b")]),
    "the last event id stays": (b"id: 7\ndata: a\n\ndata: b\n\n", [Event("a", id="7"), Event("b", id="7")]),
    "an id with NUL is ignored": (b"id: 7\0\ndata: a\n\n", [Event("a")]),
    "unknown fields are ignored": (b"foo: 1\nretry: x\ndata: a\n\n", [Event("a")]),
    "an event that is not closed before the end is dropped": (b"data: a\n\ndata: b\n", [Event("a")]),
    "line separators of Unicode do not end a line": (
        "data: a\u2028b\u2029c\x85d\x0be\n\n".encode(),
        [Event("a\u2028b\u2029c\x85d\x0be")],
    ),
    "text of several bytes a character": ("data: é漢🙂\n\n".encode(), [Event("é漢🙂")]),
    "bytes that are no UTF-8 become U+FFFD": (b"data: a\xffb\n\n", [Event("a\ufffdb")]),
}


def read(pieces: list[bytes]) -> list[Event | Comment]:
    decoder = Decoder()
    return [item for piece in pieces for item in decoder.feed(piece)]


@pytest.mark.parametrize("name", CASES)
def test_the_rule_holds_however_the_bytes_are_cut(name: str) -> None:
    body, expected = CASES[name]
    assert read([body]) == expected
    assert read([bytes([b]) for b in body]) == expected
    for cut in range(len(body)):
        assert read([body[:cut], body[cut:]]) == expected
        assert read([body[:cut], b"", body[cut:]]) == expected


def test_the_retry_field_sets_the_reconnection_time() -> None:
    decoder = Decoder()
    decoder.feed(b"retry: 250\n\n")
    assert decoder.retry == 250


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_event_over_the_limit_is_refused(size: int) -> None:
    decoder = Decoder(max_event_bytes=1000)
    body = b"data: " + b"x" * 2000
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    with pytest.raises(EventError, match="1000 bytes"):
        [decoder.feed(piece) for piece in pieces]


def test_many_events_of_the_allowed_size_pass_the_limit() -> None:
    decoder = Decoder(max_event_bytes=100)
    body = (b": " + b"c" * 90 + b"\ndata: " + b"x" * 80 + b"\n\n") * 50
    found = [item for at in range(0, len(body), 13) for item in decoder.feed(body[at : at + 13])]
    assert sum(isinstance(item, Event) for item in found) == 50


@given(
    st.lists(st.sampled_from([b"data: a", b"data", b":c", b"id: 1", b"event: e", b"", b"x"]), max_size=12),
    st.lists(st.sampled_from([b"\n", b"\r", b"\r\n"]), min_size=12, max_size=12),
    st.lists(st.integers(0, 80), max_size=6),
)
def test_any_chunking_gives_the_same_events(lines: list[bytes], ends: list[bytes], cuts: list[int]) -> None:
    body = b"".join(line + end for line, end in zip(lines, ends, strict=False))
    places = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    pieces = [body[a:b] for a, b in pairwise(places)]
    assert read(pieces) == read([body])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.sampled_from([b"data: a", b"data: b c", b"data:d", b"data", b":c", b"event: e", b"", b"x"]),
        max_size=12,
    ),
    st.lists(st.sampled_from([b"\n\n", b"\n\n", b"\n\n", b"\n", b"\r\n", b"\r"]), min_size=12, max_size=12),
    st.lists(st.integers(0, 80), max_size=6),
)
def test_whole_chunks_taken_at_once_give_what_feeding_them_gives(
    lines: list[bytes], ends: list[bytes], cuts: list[int]
) -> None:
    body = b"".join(line + end for line, end in zip(lines, ends, strict=False))
    fed, taken = Decoder(), Decoder()
    expected: list[Comment | str] = []
    found: list[Comment | str] = []
    for start, stop in pairwise([0, *sorted(cuts), max(80, len(body))]):
        chunk = body[start:stop]
        items = fed.feed(chunk)
        expected += [item if isinstance(item, Comment) else item.data for item in items]
        events = taken.whole(chunk)
        if events is None:
            items = taken.feed(chunk)
            found += [item if isinstance(item, Comment) else item.data for item in items]
        else:
            found += [data.decode() for data in events]
        assert found == expected
