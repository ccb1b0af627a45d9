"""Takes keys, and what names a person, out of what is about to be written down; pure.

A key is overwritten with stars, character for character, so that it is found and hidden also where it came in
pieces. What names a person is known by the name of its field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from .hidden_keys import LOOKS_LIKE_KEY, SHORTEST

HIDDEN = "…"
_PERSONAL = frozenset(
    {
        "creator_user_id",
        "email",
        "external_user",
        "external_user_id",
        "ip_address",
        "safety_identifier",
        "session_id",
        "user",
        "user_id",
    }
)
_MARK = len("sk-or-")

Path = tuple[Any, ...]


def impersonal(value: Any) -> Any:
    """The same JSON value without what names a person.

    >>> impersonal({"user": "me", "metadata": {"user_id": "u1", "role": "user"}, "n": [1]})
    {'user': '…', 'metadata': {'user_id': '…', 'role': 'user'}, 'n': [1]}
    """
    if isinstance(value, dict):
        return {
            name: HIDDEN if name in _PERSONAL and isinstance(one, str) else impersonal(one)
            for name, one in value.items()
        }
    return [impersonal(one) for one in value] if isinstance(value, list) else value


def starred(pieces: Iterable[str], secret: str = "") -> list[str]:
    """The pieces of one text, with stars in the place of every key that their joined text holds.

    Args:
        secret: A key that is hidden whatever it looks like.

    >>> starred(["my key: sk-or-", "v1-0123456789", "abcdef01 is it"])
    ['my key: sk-or-', '*************', '******** is it']
    """
    found = list(pieces)
    text = "".join(found)
    spans = [(match.start() + _MARK, match.end()) for match in LOOKS_LIKE_KEY.finditer(text)]
    if len(secret) >= SHORTEST:
        spans += [(match.start(), match.end()) for match in re.finditer(re.escape(secret), text)]
    if not spans:
        return found
    letters = list(text)
    for start, end in spans:
        letters[start:end] = "*" * (end - start)
    at, stars = 0, []
    for piece in found:
        stars.append("".join(letters[at : at + len(piece)]))
        at += len(piece)
    return stars


def scrub(values: list[Any], secret: str = "") -> list[Any]:
    """JSON values that came one after another, such as the chunks of an answer, without keys and persons.

    Texts at the same place of each are read as one: a key that a model writes comes in many deltas.

    >>> scrub([{"delta": "sk-or-v1-01234567"}, {"delta": "89abcdef"}, "[DONE]"])
    [{'delta': 'sk-or-***********'}, {'delta': '********'}, '[DONE]']
    """
    box: list[Any] = [impersonal(value) for value in values]
    texts: dict[Path, list[tuple[Any, Any]]] = {}
    for index in range(len(box)):
        for path, holder, name in _texts(box, index):
            texts.setdefault(path, []).append((holder, name))
    for places in texts.values():
        pieces = [holder[name] for holder, name in places]
        for (holder, name), before, after in zip(places, pieces, starred(pieces, secret), strict=True):
            if after != before:
                holder[name] = after
    return box


def _texts(holder: Any, name: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """Where the texts of a value are: their path within it, and what holds them under which name."""
    value = holder[name]
    if isinstance(value, str):
        yield path, holder, name
    elif isinstance(value, dict):
        for key in value:
            yield from _texts(value, key, (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from _texts(value, index, (*path, index))


def last_look(text: str, secret: str = "") -> str:
    """Lines of JSON that are about to be written, with stars for every key that is still in them."""
    escaped = json.dumps(secret, ensure_ascii=False)[1:-1]
    return starred([text], escaped)[0]
