"""Takes keys out of a text that others have written before it is shown: those in use, and what looks like one.

A server that refuses a key may quote it, whatever it looks like: that of a gateway of one's own has no mark by which
it could be known.
"""

from __future__ import annotations

import re
import weakref
from typing import Protocol

LOOKS_LIKE_KEY = re.compile(r"(?<![A-Za-z0-9])sk-or-(?:v\d+-)?[A-Za-z0-9]{16,}")
MARK = "sk-or-…"
SHORTEST = 12
"""Characters. A shorter secret is the word that a local server takes for a key, and stands in many a text."""


class Secret(Protocol):
    """A key that is in use."""

    def hidden_in(self, text: str, mark: str = "") -> str:
        """The text with a mark in the place of this key."""


_in_use: dict[int, weakref.ref[Secret]] = {}


def hide_from_now_on(secret: Secret) -> None:
    """Hides this key in every text, as long as anybody holds it."""
    name = id(secret)
    _in_use[name] = weakref.ref(secret, lambda _: _in_use.pop(name, None))


def without_keys(text: str) -> str:
    """The text with a mark in the place of every key.

    >>> without_keys("Bearer sk-or-v1-0123456789abcdef0123 is unknown")
    'Bearer sk-or-… is unknown'
    """
    return LOOKS_LIKE_KEY.sub(MARK, without_keys_in_use(text))


def without_keys_in_use(text: str, mark: str = "") -> str:
    """The same for those that are in use alone.

    Args:
        mark: "" for one that suits the key. With another, the text is part of a prompt, and keys of words alone stay.
    """
    if len(text) >= SHORTEST:
        for held in list(_in_use.values()):
            if (secret := held()) is not None:
                text = secret.hidden_in(text, mark)
    return text
