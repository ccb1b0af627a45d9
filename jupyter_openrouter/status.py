"""What is set and what was spent: the key and its limits, the model, where requests go, proxies, caps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.request import getproxies

from .background import background
from .caps import Caps, caps
from .clients import base_url, client_for, key_for
from .errors import MissingKeyError, OpenRouterError
from .hidden_keys import without_keys
from .key_status import KeyStatus
from .keys import Key
from .ledger import Ledger, ledger
from .money import dollars
from .notices import Rows
from .tape_commands import standing
from .taping import taping

_PATIENCE = 2.0  # seconds
_CREDENTIALS = re.compile(r"//[^/@]*@")


def status(model: str = "", *, ledger: Ledger = ledger, caps: Caps = caps) -> Rows:
    """The rows of ``%openrouter``; the service is asked for the key's limits, for two seconds at most.

    Args:
        model: The slug that is asked where a cell names none; "" for none.
    """
    from .client import BASE_URL

    key, limits, hint = _key()
    tape = standing()
    url = base_url()
    limited = [cap for cap in caps.listing() if cap.limit is not None]
    rows = [
        ("key", key),
        ("limits", limits),
        ("model", model or "none: -m SLUG, or %config OpenRouterMagics.model = SLUG"),
        ("recording", tape),
        ("base URL", url if url != BASE_URL else None),
        ("proxies", proxies(getproxies())),
        ("spent", _spent(ledger)),
        ("caps", ", ".join(_cap(cap) for cap in limited) or "none"),
        ("day's sum", caps.trouble),
    ]
    help_ = "%openrouter help lists what else there is."
    return Rows([(name, without_keys(value or "")) for name, value in rows], note=hint or help_)


def _key() -> tuple[str, str | None, str | None]:
    """Where the key is from, what it may spend, and what to do where there is none."""
    if taping.session.replay is not None:
        return "none is needed: a recording answers", None, None
    try:
        key = key_for("")
    except MissingKeyError as error:
        said = "none" if error.message.startswith("No ") else str(error)
        return said, None, "Without a key, -m demo/tour answers. %openrouter login gets one."
    except OpenRouterError as error:
        return error.message, None, error.remedy
    source = "none, and none is needed on this very machine" if key is None else f"from {key.source}"
    return source, _limits(key), None


def _limits(key: Key | None) -> str:
    source, url = key.source if key else "", base_url()

    async def ask() -> KeyStatus:
        return KeyStatus(source, url, await (await client_for("", key)).catalog.key())

    job = background().submit(ask())
    try:
        if not job.wait(_PATIENCE):
            return "not known: the service did not answer in time (%openrouter key check)"
        return _said(job.result())
    except OpenRouterError as error:
        return f"not known: {error.message}"
    finally:
        job.cancel()


def _said(found: KeyStatus) -> str:
    rows = dict(found.rows())
    told = (
        rows.get("limit"),
        f"{rows['remaining']} left" if "remaining" in rows else None,
        f"spent {rows['spent']}" if "spent" in rows else None,
    )
    return ", ".join(part for part in told if part)


def proxies(environment: Mapping[str, str]) -> str | None:
    """The proxies that the environment names, without their passwords.

    >>> proxies({"https": "http://me:secret@proxy:3128", "no": "localhost"})
    'https http://proxy:3128, not for localhost'
    """
    found = [
        f"{name} {_CREDENTIALS.sub('//', environment[name])}"
        for name in ("http", "https", "all")
        if environment.get(name)
    ]
    if found and (without := environment.get("no")):
        found.append(f"not for {without}")
    return ", ".join(found) or None


def _spent(ledger: Ledger) -> str:
    total = ledger.spent()
    answers = f"{total.answers:,} answer{'' if total.answers == 1 else 's'}"
    return f"{total.said} for {answers} in this session" if total.answers else "nothing in this session"


def _cap(cap: Any) -> str:
    left = f" ({dollars(cap.left)} left)" if cap.left is not None else ""
    return f"{cap.which} {dollars(cap.limit)}{left}"
