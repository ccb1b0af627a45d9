"""What a person probably meant by a word that is none of those that there are; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

COMMANDS = {
    "list": "models",
    "ls": "models",
    "prices": "models",
    "price": "model SLUG",
    "reset": "forget NAME",
    "clear": "forget NAME",
    "delete": "forget NAME",
    "history": "show NAME",
    "chat": "chats",
    "conversations": "chats",
    "error": "explain",
    "fix": "explain",
    "costs": "cost",
    "spent": "cost",
    "usage": "cost",
    "credits": "key check",
    "budget": "cap",
    "limit": "cap",
    "resume": "continue",
    "retry": "continue",
    "signin": "login",
    "auth": "login",
    "signout": "logout",
}
"""What other tools call a command of ours, and how ours is written."""

_PARAMETERS = {
    "timeout": "timeouts=Timeouts(total=…)",
    "max_retries": "retry=RetryPolicy(max_retries=…)",
    "retries": "retry=RetryPolicy(max_retries=…)",
    "extra_body": "extra={…}",
    "system_prompt": "system=…",
    "system_message": "system=…",
    "http_referer": "referer=…",
    "x_title": "title=…",
}
"""What other clients call an option of a call, and how ours is written."""

_SLUG = re.compile(r"(?:openrouter:)?(~?[\w.-]+/[\w.:-]+)")


def near(word: str, names: Iterable[str], *, cutoff: float = 0.7) -> str | None:
    """The name that a word begins, if it begins one alone; else the one that it resembles most, if any.

    Args:
        cutoff: 0 to 1: how much a name must resemble the word.

    >>> near("--temp", ["--system", "--temperature"]), near("--sytem", ["--system", "--temperature"])
    ('--temperature', '--system')
    >>> near("sky", ["--system"])
    """
    import difflib  # when it is needed: the flags are loaded with the extension

    known = list(names)
    begun = [name for name in known if len(word.lstrip("-")) > 1 and name.startswith(word)]
    if len(begun) == 1:
        return begun[0]
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=cutoff)), None)


def near_slug(slug: str, known: Iterable[str]) -> str | None:
    """The model slug that was probably meant: the author may be missing, and some letters may be others.

    >>> near_slug("gpt-4", ["openai/gpt-4o", "openai/gpt-4"]), near_slug("openai/gtp-4", ["openai/gpt-4"])
    ('openai/gpt-4', 'openai/gpt-4')
    >>> near_slug("openai/gpt-4", ["openai/gpt-4"])
    """
    slugs = list(known)
    slug = slug.lower().removeprefix("openrouter:")
    if slug in slugs and "/" in slug:
        return None
    whole = [one for one in slugs if one.rpartition("/")[2] == slug.rpartition("/")[2]]
    return whole[0] if whole else near(slug, slugs, cutoff=0.8)


def slug_in(word: str) -> str | None:
    """The model slug that a word is, also as Jupyter AI writes it; else None.

    >>> slug_in("openai/gpt-4"), slug_in("openrouter:openai/gpt-4"), slug_in("hello")
    ('openai/gpt-4', 'openai/gpt-4', None)
    """
    found = _SLUG.fullmatch(word)
    return found[1] if found else None


def option(name: str) -> str | None:
    """How an option of a call is written here that other clients call by this name; None for any other.

    >>> option("max_retries"), option("temperature")
    ('retry=RetryPolicy(max_retries=…)', None)
    """
    return _PARAMETERS.get(name)
