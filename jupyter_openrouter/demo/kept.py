"""Keeps whole answers for whoever asks for it by a header, as OpenRouter's response cache does; within bounds.

What is equal is the body as it was written, the order of its fields included, under the same key at the same path.
A hit is a generation of its own, with a new id, and costs nothing. (OpenRouter's page "Response caching".)
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from .script import Answer

SECONDS, LONGEST, MOST = 300, 86_400, 100


@dataclass(frozen=True)
class Wish:
    """What a request wants of the cache: where its answer is, for how many seconds it may stay, or be forgotten."""

    place: str
    seconds: int
    clear: bool


@dataclass(frozen=True)
class Kept:
    """An answer, the id of the generation that it came from, and from when to when it is kept, in seconds."""

    answer: Answer
    source: str
    since: float
    until: float


def wish(headers: Mapping[str, str], path: str, body: bytes) -> Wish | None:
    """The wish in a request's headers, or None.

    >>> wish({"X-OpenRouter-Cache": "true", "X-OpenRouter-Cache-TTL": "60"}, "/", b"{}").seconds
    60
    >>> wish({}, "/", b"{}")
    """
    if headers.get("X-OpenRouter-Cache", "").lower() != "true":
        return None
    parts = (headers.get("Authorization", ""), path, body.decode("utf-8", "replace"))
    wanted = headers.get("X-OpenRouter-Cache-TTL", "")
    seconds = min(max(int(wanted[:9]), 1), LONGEST) if wanted.isascii() and wanted.isdigit() else SECONDS
    clear = headers.get("X-OpenRouter-Cache-Clear", "").lower() == "true"
    return Wish(hashlib.sha256("\0".join(parts).encode()).hexdigest(), seconds, clear)


class Cache:
    """The answers that are kept, at most 100."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def find(self, wish: Wish, now: float) -> Kept | None:
        """The answer for a wish, unless it is too old or to be forgotten."""
        kept = self._kept.get(wish.place)
        if kept is not None and (wish.clear or now >= kept.until):
            del self._kept[wish.place]
            return None
        return kept

    def keep(self, wish: Wish, answer: Answer, source: str, now: float) -> None:
        """Keep an answer from now on, and forget the oldest."""
        self._kept[wish.place] = Kept(answer, source, now, now + wish.seconds)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
