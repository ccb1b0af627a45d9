"""A recording: what was asked of the service, what came and when, as lines of JSON, and a precise complaint about
any other file; pure.

    {"recording": "jupyter_openrouter", "version": 1}

    {"request": "POST /chat/completions", "hash": "…", "at": "2026-01-02T03:04:05.678Z", "body": {…}}
    {"ms": 312.4, "status": 200, "headers": {"content-type": "text/event-stream"}}
    {"ms": 402.1, "data": {…}}
    {"ms": 500.0, "data": "[DONE]"}
    {"ms": 510.2, "end": "whole"}

Each exchange is such a block of lines. Its ``end`` is ``whole``, ``stopped`` (by a person), ``lost`` (the connection
broke) or ``failed`` (it was given up, or did not begin); ``error`` says more of the latter two. Times are in
milliseconds from sending the request.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal, NoReturn

from .errors import FileError
from .recorded_pieces import KINDS, Piece, bytes_of
from .request_match import Request
from .tolerant import moment, number

HEAD = '{"recording": "jupyter_openrouter", "version": 1}\n'
End = Literal["whole", "stopped", "lost", "failed"]
_ENDS: tuple[End, ...] = ("whole", "stopped", "lost", "failed")
_LONGEST_MS = 1e10
_SHOWN = 60  # characters


@dataclass(frozen=True)
class Exchange:
    """One request and what came of it.

    Attributes:
        request: What was asked.
        at: When it was sent: Unix time in seconds, to the millisecond.
        status: Of HTTP; None where no answer began.
        headers: Those that are kept, with lower-case names.
        status_ms, end_ms: When the headers had come, and when it ended.
        pieces: The body.
        end: How it ended.
        error: For ``lost`` and ``failed``: ``type``, ``message`` and what else is known of it.
        retry: Seconds to the next try, if there was one.
        line: Where it begins in its file, from 1.
    """

    request: Request
    at: float
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    status_ms: float = 0.0
    pieces: tuple[Piece, ...] = ()
    end: End = "whole"
    end_ms: float = 0.0
    error: Mapping[str, Any] = field(default_factory=dict)
    retry: float | None = None
    line: int = 0


def millisecond(seconds: float) -> float:
    """A Unix time as a recording has it."""
    return round(seconds * 1000) / 1000


def seconds(first: float | None, at: float, ms: float) -> float:
    """Seconds from an answer's first request to a moment of a later one, to the tenth of a millisecond."""
    return round((at - first if first is not None else 0.0) + ms / 1000, 4)


def written(exchange: Exchange) -> str:
    """The lines of one exchange, with a blank one before them."""
    asked = exchange.request
    at = datetime.fromtimestamp(exchange.at, timezone.utc).isoformat(timespec="milliseconds")
    first: dict[str, Any] = {
        "request": f"{asked.method} {asked.path}",
        "hash": asked.digest,
        "at": at.replace("+00:00", "Z"),
    }
    if asked.query:
        first["query"] = asked.query
    if asked.body is not None:
        first["body"] = asked.body
    lines = [first]
    if exchange.status is not None:
        lines.append({"ms": exchange.status_ms, "status": exchange.status, "headers": dict(exchange.headers)})
    lines += [{"ms": piece.ms, piece.kind: piece.value} for piece in exchange.pieces]
    last: dict[str, Any] = {"ms": exchange.end_ms, "end": exchange.end}
    if exchange.error:
        last["error"] = dict(exchange.error)
    if exchange.retry is not None:
        last["retry"] = exchange.retry
    return "\n" + "".join(_line(line) + "\n" for line in (*lines, last))


def _line(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # Half a surrogate pair is no text of a file: it stays an escape.
    return text if text.isascii() or _is_text(text) else json.dumps(value)


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def read(data: bytes, name: str) -> list[Exchange]:
    """The exchanges of a recording, in order.

    Args:
        data: The file.
        name: Its name, for the error.

    Raises:
        FileError: it is no recording; the message names the line.

    >>> read(HEAD.encode(), "a.jsonl")
    []
    >>> read(HEAD.encode() + b'{"request": 3}', "a.jsonl")
    Traceback (most recent call last):
    ...
    jupyter_openrouter.errors.FileError: a.jsonl is no recording: line 2: the request is 3, not such as "GET /models". \
Record it anew, or take the exchange out of it.
    """
    reader = _Reader(name)
    found: list[Exchange] = []
    lines = iter(_lines(data, reader))
    for number_, value in lines:
        reader.line = number_
        found.append(_exchange(reader, number_, value, lines))
    return found


def check_ends(head: bytes, tail: bytes, name: str) -> None:
    """Makes sure that a file can be recorded into: by its first bytes, and its last line.

    Raises:
        FileError: it is something else, or breaks off.
    """
    reader = _Reader(name)
    reader.line = 1
    _head(reader, head.partition(b"\n")[0])
    last = tail.rstrip(b"\n").rpartition(b"\n")[2]
    if not tail.endswith(b"\n") or not (b'"end"' in last or b'"recording"' in last):
        raise FileError(
            f"{name} is no recording: its end is missing.",
            remedy="Take its last exchange out of it, or record into another file.",
        )


class _Reader:
    """Where in the file a complaint is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.line = 1

    def refuse(self, what: str) -> NoReturn:
        raise FileError(
            f"{self.name} is no recording: line {self.line}: {what}.",
            remedy="Record it anew, or take the exchange out of it.",
        )

    def json(self, raw: bytes) -> dict[str, Any]:
        """The object on a line."""
        reason = "it is no JSON object"
        try:
            value = json.loads(raw.decode("utf-8"))
            if isinstance(value, dict):
                return value
        except UnicodeDecodeError:
            reason = "it is no UTF-8 text"
        except json.JSONDecodeError as error:
            reason = f"{error.msg} at column {error.colno}"
        except RecursionError:
            reason = "it is nested too deep"
        except ValueError:
            reason = "it holds a number of too many digits"
        return self.refuse(reason)

    def ms(self, value: Mapping[str, Any]) -> float:
        """The time of a line."""
        found = number(value.get("ms"), 0, _LONGEST_MS)
        return (
            found if found is not None else self.refuse(f"ms is {_shown(value.get('ms'))}, not milliseconds")
        )


def _lines(data: bytes, reader: _Reader) -> Iterator[tuple[int, dict[str, Any]]]:
    head, _, rest = data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    _head(reader, head)
    for number_, raw in enumerate(rest.split(b"\n"), 2):
        if raw.strip():
            reader.line = number_
            yield number_, reader.json(raw)


def _head(reader: _Reader, raw: bytes) -> None:
    head = reader.json(raw)
    if head.get("recording") != "jupyter_openrouter":
        reader.refuse('it does not begin with {"recording": "jupyter_openrouter", …}')
    if head.get("version") != 1:
        reader.refuse(f"its version is {_shown(head.get('version'))}, and this package reads version 1")


def _exchange(
    reader: _Reader, line: int, first: Mapping[str, Any], lines: Iterable[tuple[int, dict[str, Any]]]
) -> Exchange:
    request, at = _request(reader, first), moment(first.get("at"))
    if at is None:
        reader.refuse(f"at is {_shown(first.get('at'))}, not a time")
    status: int | None = None
    status_ms = 0.0
    headers: dict[str, str] = {}
    pieces: list[Piece] = []
    for number_, value in lines:
        reader.line = number_
        ms = reader.ms(value)
        if "end" in value:
            end, error, retry = _ending(reader, value)
            return Exchange(
                request,
                at.timestamp(),
                status,
                headers,
                status_ms,
                tuple(pieces),
                end,
                ms,
                error,
                retry,
                line,
            )
        if "status" in value and status is None and not pieces:
            status, headers, status_ms = *_status(reader, value), ms
        elif status is not None:
            pieces.append(_piece(reader, ms, value))
        else:
            reader.refuse("there is neither a status nor an end")
    return reader.refuse("the end of its last exchange is missing")


def _request(reader: _Reader, value: Mapping[str, Any]) -> Request:
    asked = value.get("request")
    method, _, path = asked.partition(" ") if isinstance(asked, str) else ("", "", "")
    if not method.isupper() or not path.startswith("/"):
        reader.refuse(f'the request is {_shown(asked)}, not such as "GET /models"')
    query = value.get("query", {})
    if not isinstance(query, dict):
        reader.refuse(f"the query is {_shown(query)}, not an object")
    try:
        found = Request(method, path, query, value.get("body"))
        _ = found.digest
    except RecursionError:
        return reader.refuse("it is nested too deep")
    return found


def _status(reader: _Reader, value: Mapping[str, Any]) -> tuple[int, dict[str, str]]:
    status, headers = value["status"], value.get("headers", {})
    if type(status) is not int or not 100 <= status <= 999:
        reader.refuse(f"the status is {_shown(status)}, not a number from 100 to 999")
    if not isinstance(headers, dict) or not all(isinstance(one, str) for one in headers.values()):
        reader.refuse("the headers are not texts by their names")
    return status, {name.lower(): one for name, one in headers.items()}


def _piece(reader: _Reader, ms: float, value: Mapping[str, Any]) -> Piece:
    for kind in KINDS:
        if kind in value:
            piece = Piece(ms, kind, value[kind])
            try:
                bytes_of(piece)
            except (ValueError, RecursionError) as error:
                reader.refuse(f"{kind} cannot be read: {error}")
            return piece
    return reader.refuse(f"there is none of {', '.join(KINDS)} and end")


def _ending(reader: _Reader, value: Mapping[str, Any]) -> tuple[End, dict[str, Any], float | None]:
    end, error, retry = value["end"], value.get("error", {}), value.get("retry")
    if end not in _ENDS:
        reader.refuse(f"the end is {_shown(end)}, none of {', '.join(_ENDS)}")
    if not isinstance(error, dict):
        reader.refuse(f"the error is {_shown(error)}, not an object")
    if retry is not None and number(retry, 0, 1e7) is None:
        reader.refuse(f"retry is {_shown(retry)}, not seconds")
    return end, error, None if retry is None else float(retry)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)[: _SHOWN + 1] if not isinstance(value, (dict, list)) else "…"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
