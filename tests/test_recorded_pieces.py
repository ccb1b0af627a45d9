"""What a body is cut into gives the same events again, however its bytes came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter.recorded_pieces import Cutter, Piece, bytes_of
from jupyter_openrouter.sse import Decoder

STREAM = (
    'data: {"a": "ü\\u2028 \\"x\\"", "n": 1.50}\n\n: OPENROUTER PROCESSING\n\ndata:{"b":1}\n\nevent: x\ndata: 1\n\n'
    "data: [DONE]\r\n\r\n\r\rdata: two\ndata: lines\n\ndata: [1,\u2028 2]\n\n"
).encode()


def cut(body: bytes, size: int, *, whole: bool = False) -> list[Piece]:
    cutter = Cutter(whole=whole)
    found = []
    for start in range(0, len(body), size):
        found += cutter.feed(body[start : start + size], float(start))
    return found + cutter.end()


def events(body: bytes) -> list[Any]:
    """What is read of a stream, with JSON as its value."""
    found: list[Any] = []
    decoder = Decoder()
    for item in [*decoder.feed(body), *decoder.feed(b"")]:
        try:
            found.append((type(item).__name__, json.loads(item[0])))
        except (ValueError, RecursionError):
            found.append((type(item).__name__, *item))
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_the_events_are_the_same_at_every_size(size: int) -> None:
    found = cut(STREAM, size)
    assert events(b"".join(map(bytes_of, found))) == events(STREAM)
    # Every piece has its time: that of the block with its last byte.
    assert [piece.ms for piece in found] == sorted(piece.ms for piece in found)
    assert len(found) >= 7


@given(
    st.lists(st.sampled_from([b"data: ", b"{}", b"\n", b"\r", b"\r\n", b": c", b"\xff", "ü".encode(), b"x"])),
    st.integers(1, 5),
)
def test_any_bytes_give_the_same_events(parts: list[bytes], size: int) -> None:
    body = b"".join(parts)
    assert events(b"".join(map(bytes_of, cut(body, size)))) == events(body)


@given(st.binary(max_size=50), st.integers(1, 9), st.booleans())
def test_what_is_no_json_comes_back_byte_for_byte(body: bytes, size: int, whole: bool) -> None:
    assert b"".join(map(bytes_of, cut(body, size, whole=whole))) == body


@pytest.mark.parametrize(
    ("raw", "piece"),
    [
        (b'data: {"a": 1}\n\n', ("data", {"a": 1})),
        (b"data: [DONE]\n\n", ("data", "[DONE]")),
        (b'data: "a"\n\n', ("data", '"a"')),
        (b'data: {"a": NaN}\n\n', ("data", '{"a": NaN}')),
        (b'data: {"a": 1e999}\n\n', ("data", '{"a": 1e999}')),
        (b"data: " + b"[" * 100_000 + b"\n\n", ("data", "[" * 100_000)),
        (b": hi\n\n", ("comment", "hi")),
        (b":hi\n\n", ("text", ":hi\n\n")),
        (b"data: \xff\n\n", ("base64", "ZGF0YTog/woK")),
        (b'data: {"a": "\\ud800"}\n\n', ("data", {"a": "\ud800"})),
    ],
)
def test_each_event_is_kept_as_a_person_reads_it_best(raw: bytes, piece: tuple[str, Any]) -> None:
    (found,) = cut(raw, 1000)
    assert found[1:] == piece
    assert events(bytes_of(found)) == events(raw)


def test_a_body_that_is_no_stream_stays_in_one_piece() -> None:
    assert cut(b' \n\n{"a":\n\n 1}\n\n\n', 2, whole=True) == [Piece(14.0, "json", {"a": 1})]
    assert cut(b"<html>\n\n</html>", 2, whole=True) == [Piece(14.0, "text", "<html>\n\n</html>")]


def test_a_stream_without_an_end_is_cut_where_it_stands() -> None:
    cutter = Cutter()
    found = [piece for _ in range(40) for piece in cutter.feed(b"x" * 100_000, 1.0)] + cutter.end()
    assert len(found) > 2
    assert b"".join(map(bytes_of, found)) == b"x" * 4_000_000


@pytest.mark.parametrize(
    ("kind", "value"),
    [("data", 3), ("data", None), ("json", "x"), ("text", {}), ("base64", "%"), ("base64", "ü"),
     ("comment", "a\nb"), ("data", "a\rb"), ("data", {"a": float("inf")})],
)  # fmt: skip
def test_a_value_that_does_not_fit_its_kind_is_refused(kind: Any, value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the reader of the file says which line
        bytes_of(Piece(0.0, kind, value))
