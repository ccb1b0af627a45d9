"""Joins the small chunks of a body's chunked transfer coding into one for each read, with no I/O.

A live API sends every event as an HTTP chunk of its own, and reading a chunk costs an HTTP parser written in Python
more than all that is done with the event. Where one chunk ends and the next begins means nothing (RFC 9112, section
7.1), so what has come in one read is handed on as one chunk. Only the plain form is joined: a 200 of HTTP/1.1 whose
one coding is ``chunked``, chunks without extensions. From the first byte of anything else on, the last chunk and its
trailers included, bytes are handed on as they are: it is the HTTP parser that reads, and refuses, everything else.
"""

from __future__ import annotations

import re

_MOST_HEAD = 64 * 1024
_CODINGS = re.compile(rb"\r\n(transfer-encoding|content-length)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
_MAY_BE_SIZE = re.compile(rb"[0-9A-Fa-f]{0,8}\r?")
_REFUSED = b"chunk without its end\r\n"  # which no parser takes for the beginning of a chunk


class Rechunker:
    """Takes the bytes of one HTTP response, from its status line on, and gives equal ones in fewer chunks.

    >>> joiner = Rechunker()
    >>> head = b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"
    >>> joiner.feed(head + b"3\\r\\none\\r\\n3\\r\\ntwo\\r\\n").removeprefix(head)
    b'6\\r\\nonetwo\\r\\n'
    >>> joiner.feed(b"5\\r\\nth"), joiner.feed(b"ree\\r\\n0\\r\\n\\r\\n")
    (b'2\\r\\nth\\r\\n', b'3\\r\\nree\\r\\n0\\r\\n\\r\\n')
    """

    def __init__(self) -> None:
        self._head: bytes | None = b""
        self._joins = False
        self._held = b""  # the beginning of a chunk's size
        self._left = 0  # bytes of a chunk that are still to come
        self._end = b""  # what of its line end is still to come

    def feed(self, data: bytes) -> bytes:
        """What to hand on; nothing while only the beginning of a chunk's size has come."""
        if self._joins:
            return self._join(data)
        if self._head is None:
            return data
        head = self._head + data
        end = head.find(b"\r\n\r\n")
        if end < 0:
            self._head = head if len(head) <= _MOST_HEAD else None
            return data
        shown, self._head = len(self._head), None
        self._joins = _is_plain(head[: end + 2])
        if not self._joins:
            return data
        return head[shown : end + 4] + self._join(head[end + 4 :])

    def _join(self, data: bytes) -> bytes:
        if self._held:
            data, self._held = self._held + data, b""
        parts: list[bytes] = []
        at, size = self._go_on(data, 0, parts), len(data)
        while 0 <= at < size:
            found = _SIZE.match(data, at)
            length = int(found[1], 16) if found else 0
            if found is None or not length:
                if found is None and size - at <= 9 and _MAY_BE_SIZE.fullmatch(data, at):
                    self._held = data[at:]
                    return _chunk(parts)
                self._joins = False
                return _chunk(parts) + data[at:]
            begin = found.end()
            end = begin + length
            if data[end : end + 2] == b"\r\n":
                parts.append(data[begin:end])
                at = end + 2
            else:
                self._left, self._end = length, b"\r\n"
                at = self._go_on(data, begin, parts)
        if at >= 0:
            return _chunk(parts)
        self._joins = False
        return _chunk(parts) + _REFUSED

    def _go_on(self, data: bytes, at: int, parts: list[bytes]) -> int:
        """Takes what has come of the chunk that has begun. Returns where that ends, -1 if the chunk has no end."""
        if self._left:
            parts.append(data[at : at + self._left])
            at += len(parts[-1])
            self._left -= len(parts[-1])
        if self._left or not self._end:
            return at
        come = data[at : at + len(self._end)]
        if not self._end.startswith(come):
            return -1
        self._end = self._end[len(come) :]
        return at + len(come)


def _chunk(parts: list[bytes]) -> bytes:
    payload = b"".join(parts)
    return b"%x\r\n%b\r\n" % (len(payload), payload) if payload else b""


def _is_plain(head: bytes) -> bool:
    if not head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 200\r\n")) or head.count(b"\n") != head.count(
        b"\r\n"
    ):
        return False
    found = _CODINGS.findall(head)
    return (
        len(found) == 1
        and found[0][0].lower() == b"transfer-encoding"
        and found[0][1].strip().lower() == b"chunked"
    )
