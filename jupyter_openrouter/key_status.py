"""What a person is shown of their key: where it comes from and what it may spend, never the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .account import KeyInfo
from .background import background
from .clients import base_url, client_for, key_for
from .hidden_keys import without_keys
from .money import dollars
from .notices import Rows
from .plain_text import plain


@dataclass(frozen=True, repr=False)
class KeyStatus:
    """A key as the service knows it. Holds no key.

    Attributes:
        source: Where the key was found.
        base_url: Whom it is sent to.
        info: What it may spend and has spent; see ``account.KeyInfo``.
    """

    source: str
    base_url: str
    info: KeyInfo

    def rows(self) -> list[tuple[str, str]]:
        """What is shown, as names and values; what the service does not say is left out."""
        info = self.info
        resets = f", resets {info.limit_resets}" if info.limit_resets else ""
        found = [
            ("key from", self.source),
            ("sent to", self.base_url),
            ("label", info.label),
            ("limit", "none" if info.limit is None else dollars(info.limit) + resets),
            ("remaining", _amount(info.remaining)),
            ("spent", _spent(info)),
            ("free tier", None if info.is_free_tier is None else "yes" if info.is_free_tier else "no"),
            ("free requests today", _free(info)),
            ("expires", None if info.expires_at is None else f"{info.expires_at:%Y-%m-%d %H:%M} UTC"),
            ("next limit", _budget(info)),
        ]
        # The service may name a key by a part of itself.
        return [(name, without_keys(_line(value))) for name, value in found if value]

    def __repr__(self) -> str:
        rows = self.rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name.ljust(width)}  {value}" for name, value in rows)

    def _repr_html_(self) -> str:
        return Rows(self.rows())._repr_html_()


def check_key() -> KeyStatus:
    """Asks the service what the key may spend; nobody is asked for a key.

    Raises:
        MissingKeyError: there is none.
        AuthenticationError: the service does not know it.
        OpenRouterError: as for any request.
    """
    key = key_for("")
    home = background()

    async def ask() -> Any:
        return await (await client_for("", key)).catalog.key()

    info = home.submit(ask()).result()
    source = key.source if key is not None else "nowhere: this very machine needs none"
    return KeyStatus(source, base_url(), info)


def _line(value: str) -> str:
    text = " ".join(plain(value).split())
    return text if len(text) <= 200 else text[:199] + "…"


def _amount(amount: float | None) -> str | None:
    if amount is None:
        return None
    return dollars(amount) if amount >= 0 else f"-{dollars(-amount)}, overdrawn"


def _spent(info: KeyInfo) -> str | None:
    parts = ((info.usage, "in all"), (info.usage_monthly, "this month"), (info.usage_daily, "today"))
    return ", ".join(f"{dollars(amount)} {when}" for amount, when in parts if amount is not None)


def _free(info: KeyInfo) -> str | None:
    if info.free_daily_limit is None or info.free_daily_remaining is None:
        return None
    return f"{info.free_daily_remaining:,} of {info.free_daily_limit:,} left"


def _budget(info: KeyInfo) -> str | None:
    budget = info.effective_budget
    if budget is None or budget.remaining is None:
        return None
    return f"{_amount(budget.remaining)} left{f' ({budget.scope})' if budget.scope else ''}"
