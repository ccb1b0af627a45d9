"""Tells from model slugs alone which of the models that were asked for has answered; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^-_/:@~]+")


def stood_in(asked: Sequence[str], answered: str) -> bool:
    """Whether another than the first of the models that were asked for has answered, in OpenRouter's ``models``.

    The service names who answered in its own way: with a date, without a suffix, with an alias resolved, with the
    words in another order. So the answer is held against what was asked for, and only where it is surely another
    model of that list, and the first is none that stands for others (a preset, a router), it is a fallback.

    >>> stood_in(["openai/gpt-4:nitro", "a/b"], "openai/gpt-4-0613"), stood_in(["openai/gpt-4", "a/b"], "a/b")
    (False, True)
    >>> stood_in(["openai/gpt-4", "openai/gpt-4-turbo"], "openai/gpt-4-turbo-0409")
    True
    """
    if len(asked) < 2 or "@" in asked[0] or asked[0].startswith("openrouter/"):
        return False
    found = _words(answered)
    # The most words in common win: of gpt-4 and gpt-4-turbo, gpt-4-turbo-0409 is the latter. Of equals, the first.
    fits = [len(words) if (words := _words(slug)) and words <= found else 0 for slug in asked]
    return max(fits) > fits[0]


def _words(slug: str) -> frozenset[str]:
    """The author and the words of the name, without what follows a colon, and without "latest"."""
    return frozenset(_WORD.findall(slug.lower().partition(":")[0])) - {"latest"}
