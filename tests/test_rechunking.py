"""Joining the chunks of a body: what an HTTP parser makes of the bytes must stay what it was."""

from __future__ import annotations

import itertools
import random

import h11
import pytest

from jupyter_openrouter.rechunking import Rechunker

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
HEADS = [
    PLAIN,
    b"HTTP/1.1 200\r\ntransfer-encoding:Chunked\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n",
    b"HTTP/1.1 204 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Transfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
]
ENDINGS = [
    b"0\r\n\r\n",
    b"0\r\nX: y\r\n\r\n",
    b"",
    b"0\r\n",
    b"zz\r\n",
    b"5;x=1\r\nhello\r\n0\r\n\r\n",
    b" 5\r\nhello\r\n",
    b"5\rhello",
    b"00000005\r\nhello\r\n0\r\n\r\n",
    b"000000000005\r\nhello\r\n0\r\n\r\n",
    b"00000005\r",
    b"000000005\r",
]


def parsed(pieces: list[bytes]) -> tuple[bytes, object]:
    """What h11 makes of a response that comes in these pieces and then ends: its body, and how it ended."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "a")]))
    connection.send(h11.EndOfMessage())
    body, ending = b"", None
    try:
        for piece in [*pieces, b""]:
            connection.receive_data(piece)
            while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                if isinstance(event, h11.Data):
                    body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    ending = list(event.headers)
                elif isinstance(event, h11.ConnectionClosed):
                    return body, ending
    except h11.RemoteProtocolError:
        return body, "refused"
    return body, ending


def joined(pieces: list[bytes]) -> list[bytes]:
    rechunker = Rechunker()
    return [data for piece in pieces if (data := rechunker.feed(piece))]


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(at), len(data)]
    return [piece for start, end in itertools.pairwise(edges) if (piece := data[start:end])]


def same(pieces: list[bytes]) -> None:
    (body, ending), (ours, our_ending) = parsed(pieces), parsed(joined(pieces))
    assert our_ending == ending, pieces
    if ending == "refused":  # then it may be noticed a little earlier or later
        assert body.startswith(ours) or ours.startswith(body), pieces
    else:
        assert ours == body, pieces


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_cut_at_every_offset_a_parser_reads_the_same(head: bytes, ending: bytes) -> None:
    data = head + b"3\r\none\r\n0b\r\nhello\r\n\r\n33\r\n" + ending
    for at in range(len(data) + 1):
        same(cut(data, [at]))
    same([data[at : at + 1] for at in range(len(data))])


def test_whatever_comes_a_parser_reads_the_same() -> None:
    rng = random.Random(20261121)
    for _ in range(5000):
        chunks = [
            bytes(rng.choice(b"ab\r\n0") for _ in range(rng.randrange(1, 20)))
            for _ in range(rng.randrange(5))
        ]
        framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
        head = rng.choice(HEADS)
        data = head + framed + rng.choice(ENDINGS)
        if rng.random() < 0.3:
            at = rng.randrange(len(head) - 4, len(data))
            data = data[:at] + rng.choice([b"", b"x", b"\r", b"\n", b"1"]) + data[at + rng.randrange(2) :]
        same(cut(data, [rng.randrange(len(data) + 1) for _ in range(rng.randrange(8))]))


def test_what_has_come_is_one_chunk() -> None:
    many = b"".join(b"5\r\nevent\r\n" for _ in range(1000))
    assert joined([PLAIN + many]) == [PLAIN + b"1388\r\n" + b"event" * 1000 + b"\r\n"]


def test_the_beginning_of_a_long_chunk_is_not_held_back() -> None:
    assert joined([PLAIN, b"fffff\r\n", b"one", b"two"]) == [PLAIN, b"3\r\none\r\n", b"3\r\ntwo\r\n"]


def test_a_chunk_without_its_end_is_refused() -> None:
    assert parsed([PLAIN + b"3\r\nonetwo\r\n0\r\n\r\n"])[1] == "refused"
    assert parsed(joined([PLAIN + b"3\r\none3\r\ntwo\r\n0\r\n\r\n"])) == (b"one", "refused")


def test_after_the_first_odd_byte_everything_passes_unchanged() -> None:
    odd = b"3;why=not\r\none\r\n3\r\ntwo\r\n3\r\nend\r\n0\r\n\r\n"
    assert joined([PLAIN + b"1\r\na\r\n" + odd]) == [PLAIN + b"1\r\na\r\n" + odd]
