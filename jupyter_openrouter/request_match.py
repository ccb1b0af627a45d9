"""What a request asks for, whoever sends it wherever: a stable hash of it, and how two of them differ; pure.

The hash is over the method, the path below the base URL, the query and the body, with the names in a fixed order. The
key, the headers and the base URL are not in it, nor what names a person, and long data (images, files, sound) are
there by their own hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from .cutting import short
from .scrubbing import scrub

_DATA = re.compile(r"(data:[\w.+;=/-]{0,200};base64,)?[A-Za-z0-9+/_-]{2000,}={0,2}", re.ASCII)
_MOST_NAMED = 3
_SHOWN = 60  # characters of each value
_BEFORE = 20  # of these, before the first one that differs
_MOST_LEAVES = 20_000
_DEEPEST = 50

Leaf = tuple[str, str]


class Request:
    """What is asked.

    Attributes:
        method, path: Such as "POST" and "/chat/completions".
        query: Names and values.
        body: Its JSON, or None; without keys and persons, and with long data by their hash.

    >>> one = Request("POST", "/chat/completions", body={"model": "a/b", "user": "me"})
    >>> other = Request("POST", "/chat/completions", body={"user": "you", "model": "a/b"})
    >>> one.digest == other.digest
    True
    """

    def __init__(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None
    ) -> None:
        self.method, self.path = method, path
        self.query = {name: str(value) for name, value in sorted((query or {}).items())}
        self.query = scrub([self.query])[0]
        self.body = _light(scrub([body])[0])

    @cached_property
    def digest(self) -> str:
        """The stable hash: 16 hex digits."""
        text = json.dumps(
            [self.method, self.path, self.query, self.body], sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]

    @cached_property
    def leaves(self) -> dict[str, str]:
        """Every single value by its place, such as ``messages[0].content``."""
        whole = {"request": f"{self.method} {self.path}", **{f"query.{n}": v for n, v in self.query.items()}}
        found = dict(_leaves(whole, ""))
        for place, value in _leaves(self.body, ""):
            found[place] = value
            if len(found) >= _MOST_LEAVES:
                break
        return found


def _light(value: Any) -> Any:
    """The same with the hash of what is long and no text."""
    if isinstance(value, str):
        if len(value) < 2000 or (found := _DATA.fullmatch(value)) is None:
            return value
        digest = hashlib.sha256(value.encode("ascii")).hexdigest()[:16]
        return f"{found[1] or ''}… {len(value):,} characters, SHA-256 {digest}"
    if isinstance(value, dict):
        return {name: _light(one) for name, one in value.items()}
    return [_light(one) for one in value] if isinstance(value, list) else value


def _leaves(value: Any, place: str, depth: int = 0) -> Iterator[Leaf]:
    if isinstance(value, dict) and value and depth < _DEEPEST:
        for name, one in value.items():
            yield from _leaves(one, f"{place}.{name}" if place else name, depth + 1)
    elif isinstance(value, list) and value and depth < _DEEPEST:
        for index, one in enumerate(value):
            yield from _leaves(one, f"{place}[{index}]", depth + 1)
    elif value is not None or place:
        yield place, value if isinstance(value, str) else json.dumps(value)


def nearest(asked: Request, recorded: Iterable[Request]) -> Request | None:
    """The recorded request that differs in the fewest values; the first of several, None of none."""
    return min(recorded, key=lambda one: len(asked.leaves.items() ^ one.leaves.items()), default=None)


def difference(asked: Request, recorded: Request) -> str:
    """In which fields they differ, what was recorded there and what is asked, in one line.

    >>> one, other = ({"model": "a/b", "seed": 1}, {"model": "a/c"})
    >>> difference(Request("POST", "/x", body=one), Request("POST", "/x", body=other))
    'model: "a/c" was recorded, "a/b" is asked; seed: nothing was recorded, 1 is asked'
    """
    was, now = recorded.leaves, asked.leaves
    places = [place for place in (now | was) if was.get(place) != now.get(place)]
    if not places:
        return "they differ in what kind of value stands where"
    told = [f"{place}: {_pair(was.get(place), now.get(place))}" for place in places[:_MOST_NAMED]]
    if len(places) > _MOST_NAMED:
        told.append(f"and {len(places) - _MOST_NAMED} more")
    return "; ".join(told)


def _pair(was: str | None, now: str | None) -> str:
    start = 0
    if was is not None and now is not None and max(len(was), len(now)) > _SHOWN:
        same = next((at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), None)
        start = max(0, (min(len(was), len(now)) if same is None else same) - _BEFORE)
    return f"{_shown(was, start)} was recorded, {_shown(now, start)} is asked"


def _shown(text: str | None, start: int) -> str:
    if text is None:
        return "nothing"
    line = short(("…" if start else "") + text[start:], _SHOWN)
    return line if line in ("true", "false", "null") or _NUMBER.fullmatch(line) else f'"{line}"'


_NUMBER = re.compile(r"-?[0-9][0-9.eE+-]*")
