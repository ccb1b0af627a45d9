"""Cuts bytes into server-sent events, by the WHATWG rules, with no I/O.

The rules are those of the HTML standard, section 9.2.6 "Interpreting an event stream": a line ends with LF,
CR or CRLF; one byte order mark at the very start is dropped; a blank line dispatches the event; an event
without data is dropped; several ``data`` lines are joined by LF; an event that is not closed by a blank line
before the end is dropped. Two things are added: comments come out as values, since this service sends them
as a sign of life, and an event has a size limit.

Work is linear in the bytes fed, however they are cut.
"""

from __future__ import annotations

from typing import NamedTuple

from .errors import EventError

MAX_EVENT_BYTES = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One dispatched event."""

    data: str
    event: str = "message"
    id: str = ""


class Comment(NamedTuple):
    """One comment line, without its colon."""

    text: str


class Decoder:
    """Takes the body of a stream in pieces of any size.

    >>> decoder = Decoder()
    >>> decoder.feed(b"data: a\\r")
    []
    >>> decoder.feed(b"\\n: hello\\ndata: b\\n\\n")
    [Comment(text='hello'), Event(data='a\\nb', event='message', id='')]
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self.max_event_bytes = max_event_bytes
        self.last_event_id = ""
        self.retry: int | None = None
        self._pending: list[bytes] = []  # pieces of a line that has not ended yet
        self._start = b""  # the first bytes, while they may still be a byte order mark
        self._started = False
        self._after_cr = False
        self._data: list[bytes] = []
        self._event = ""
        self._too_large = False
        self._size = 0  # bytes held for the event that is being read
        self._between = False  # that nothing at all is held; known only after `whole`

    def whole(self, chunk: bytes) -> list[bytes] | None:
        """Takes a chunk that completes events of one ``data: `` line each and holds nothing else.

        Returns the data of each, undecoded. None, with nothing taken, for every other chunk: feed it. Nearly all
        that a service sends is of the former kind, and is cut here in one pass.

        >>> decoder = Decoder()
        >>> decoder.whole(b"data: a\\n\\n"), decoder.feed(b": hello\\n\\n")
        (None, [Comment(text='hello')])
        >>> decoder.whole(b"data: a\\n\\ndata: b\\n\\nda"), decoder.whole(b"ta: c\\n\\n")
        ([b'a', b'b'], [b'c'])
        """
        if (
            self._between
            and chunk.find(b"\n") == len(chunk) - 2  # the first one
            and chunk.startswith(b"data: ")
            and chunk.endswith(b"\n\n")
            and b"\r" not in chunk
            and len(chunk) <= self.max_event_bytes
        ):
            return [chunk[6:-2]]
        # Before the first line there may be a byte order mark.
        if not self._started or self._data or self._event or self._after_cr or self._too_large:
            return None
        end = chunk.rfind(b"\n\n")
        if end < 0 or b"\r" in chunk or self._size + len(chunk) > self.max_event_bytes:
            return None
        rest = chunk[end + 2 :]
        lines = b"".join((*self._pending, chunk[:end])) if self._pending else chunk[:end]
        if b"\n" in rest or not lines.startswith(b"data: "):
            return None
        events = lines[6:].split(b"\n\ndata: ")
        if lines.count(b"\n") != 2 * len(events) - 2:
            return None
        self._pending = [rest] if rest else []
        self._size = len(rest)
        self._between = not rest
        return events

    def feed(self, chunk: bytes) -> list[Event | Comment]:
        """Returns what the chunk completes, in order.

        Raises:
            EventError: an event holds more than ``max_event_bytes`` bytes.
        """
        self._between = False
        if self._too_large:
            raise self._refusal()
        if not self._started:
            chunk = self._start + chunk
            if len(chunk) < 3 and _BOM.startswith(chunk):
                self._start = chunk
                return []
            self._started = True
            self._start = b""
            if chunk.startswith(_BOM):
                chunk = chunk[3:]
        if self._after_cr and chunk:
            self._after_cr = False
            if chunk.startswith(b"\n"):
                chunk = chunk[1:]
        if not chunk:
            return []
        if chunk.endswith(b"\r"):
            self._after_cr = True

        lines = chunk.splitlines()  # on bytes: CR, LF and CRLF only
        if self._pending:
            self._pending.append(lines[0])
            if len(lines) == 1 and not chunk.endswith((b"\n", b"\r")):
                return self._grow(len(lines[0]), [])
            lines[0] = b"".join(self._pending)
            self._size -= len(lines[0]) - len(self._pending[-1])
            self._pending = []
        rest = None if chunk.endswith((b"\n", b"\r")) else lines.pop()

        found: list[Event | Comment] = []
        for line in lines:
            if not line:
                self._dispatch(found)
            elif line.startswith(b"data:"):
                value = line[6:] if line.startswith(b" ", 5) else line[5:]
                self._data.append(value)
                self._size += len(line)
                if self._size > self.max_event_bytes:
                    break
            else:
                self._field(line, found)
        if rest is not None:
            self._pending.append(rest)
        return self._grow(len(rest or b""), found)

    def _grow(self, size: int, found: list[Event | Comment]) -> list[Event | Comment]:
        """Counts; over the limit, what was found before still comes out, and the next call raises."""
        self._size += size
        if self._size > self.max_event_bytes:
            self._too_large = True
            self._data, self._pending = [], []
            if not found:
                raise self._refusal()
        return found

    def _refusal(self) -> EventError:
        return EventError(f"One event of the stream is larger than {self.max_event_bytes} bytes.")

    def _dispatch(self, found: list[Event | Comment]) -> None:
        data, event = self._data, self._event
        self._data, self._event, self._size = [], "", 0
        if data:
            joined = data[0] if len(data) == 1 else b"\n".join(data)
            found.append(Event(joined.decode("utf-8", "replace"), event or "message", self.last_event_id))

    def _field(self, line: bytes, found: list[Event | Comment]) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not name:
            found.append(Comment(value[:200].decode("utf-8", "replace")))
        elif name == b"data":
            self._data.append(value)
            self._size += len(line)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id":
            if b"\0" not in value:
                self.last_event_id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():
            self.retry = int(value[:18])
