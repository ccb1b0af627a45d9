"""What the account says of itself: the key, the credits, the activity of each day, and what one generation cost.

Every amount is in US dollars; what the service does not say is None, and never 0. ``raw`` holds each object as it
came. The field names of the wire are those of OpenRouter's OpenAPI description.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from .listing import known
from .tolerant import count, day, flag, items, mapping, moment, number, text


@dataclass(frozen=True)
class Budget:
    """One limit that requests of a key are held against.

    Attributes:
        scope: Whose limit it is: of a guardrail, a workspace, the key.
        limit, spent, remaining: US dollars, within the present window.
        interval: ``daily``, ``weekly``, ``monthly``; None for a limit that lasts.
        resets_at: When the window ends, in UTC.
    """

    scope: str | None = None
    limit: float | None = None
    spent: float | None = None
    remaining: float | None = None
    interval: str | None = None
    resets_at: dt.datetime | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    __repr__ = known

    @classmethod
    def read(cls, raw: Any) -> Budget | None:
        """Reads one object of the wire; None if it is none."""
        if not isinstance(raw, dict):
            return None
        return cls(
            scope=text(raw.get("scope")),
            limit=number(raw.get("limit_usd")),
            spent=number(raw.get("spend_usd")),
            remaining=number(raw.get("remaining_usd")),
            interval=text(raw.get("reset_interval")),
            resets_at=moment(raw.get("resets_at")),
            raw=raw,
        )


@dataclass(frozen=True)
class KeyInfo:
    """What the API key may spend and has spent; holds no key.

    Attributes:
        label: Its name.
        limit, remaining: US dollars; a ``limit`` of None means that the service names none. Below 0 once it is
            overdrawn.
        limit_resets: ``daily``, ``weekly``, ``monthly``; None for a limit that lasts.
        usage: US dollars in all; ``usage_daily``, ``usage_weekly`` (from Monday) and ``usage_monthly`` by UTC.
        byok_usage: US dollars spent outside OpenRouter with keys of one's own.
        is_free_tier: Whether no credits were ever bought.
        is_management_key: Whether it may read credits and activity.
        expires_at: In UTC.
        free_daily_limit, free_daily_used, free_daily_remaining: Requests to ``:free`` models; the count starts
            anew at midnight UTC.
        budgets: Every limit that is checked, in that order.
        effective_budget: The one that ends requests first.
    """

    label: str | None = None
    limit: float | None = None
    remaining: float | None = None
    limit_resets: str | None = None
    usage: float | None = None
    usage_daily: float | None = None
    usage_weekly: float | None = None
    usage_monthly: float | None = None
    byok_usage: float | None = None
    is_free_tier: bool | None = None
    is_management_key: bool | None = None
    expires_at: dt.datetime | None = None
    free_daily_limit: int | None = None
    free_daily_used: int | None = None
    free_daily_remaining: int | None = None
    budgets: tuple[Budget, ...] = ()
    effective_budget: Budget | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    __repr__ = known

    @classmethod
    def read(cls, raw: dict[str, Any]) -> KeyInfo:
        """Reads the ``data`` of ``GET /key``."""
        free = mapping(raw.get("free_model_daily_requests"))
        budgets = (Budget.read(item) for item in items(raw.get("budgets")))
        return cls(
            label=text(raw.get("label")),
            limit=number(raw.get("limit")),
            remaining=number(raw.get("limit_remaining")),
            limit_resets=text(raw.get("limit_reset")),
            usage=number(raw.get("usage")),
            usage_daily=number(raw.get("usage_daily")),
            usage_weekly=number(raw.get("usage_weekly")),
            usage_monthly=number(raw.get("usage_monthly")),
            byok_usage=number(raw.get("byok_usage")),
            is_free_tier=flag(raw.get("is_free_tier")),
            is_management_key=flag(raw.get("is_management_key")),
            expires_at=moment(raw.get("expires_at")),
            free_daily_limit=count(free.get("limit")),
            free_daily_used=count(free.get("used")),
            free_daily_remaining=count(free.get("remaining")),
            budgets=tuple(budget for budget in budgets if budget is not None),
            effective_budget=Budget.read(raw.get("effective_budget")),
            raw=raw,
        )


@dataclass(frozen=True)
class Credits:
    """What the account has bought and used, in US dollars."""

    total: float | None = None
    used: float | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    __repr__ = known

    @property
    def remaining(self) -> float | None:
        """US dollars that are left; None unless both figures are known.

        >>> Credits(total=10.0, used=2.5).remaining
        7.5
        """
        return None if self.total is None or self.used is None else self.total - self.used

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Credits:
        """Reads the ``data`` of ``GET /credits``."""
        return cls(total=number(raw.get("total_credits")), used=number(raw.get("total_usage")), raw=raw)


@dataclass(frozen=True)
class Activity:
    """What one model cost at one provider on one day.

    Attributes:
        date: By UTC.
        model: Its slug.
        provider: Display name.
        requests: How many.
        prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens: Sums.
        cost: US dollars of OpenRouter credits.
        byok_cost: US dollars spent outside, with keys of one's own.
    """

    date: dt.date | None = None
    model: str | None = None
    provider: str | None = None
    requests: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    cost: float | None = None
    byok_cost: float | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    __repr__ = known

    COLUMNS: ClassVar[Mapping[str, str]] = {
        "date": "date (UTC)",
        "model": "model",
        "provider": "provider",
        "requests": "requests",
        "prompt_tokens": "prompt (tokens)",
        "completion_tokens": "completion (tokens)",
        "cost": "cost (USD)",
    }

    @classmethod
    def read(cls, raw: Any) -> Activity | None:
        """Reads one object of the wire; None if it is none."""
        if not isinstance(raw, dict):
            return None
        return cls(
            date=day(raw.get("date")),
            model=text(raw.get("model")),
            provider=text(raw.get("provider_name")),
            requests=count(raw.get("requests")),
            prompt_tokens=count(raw.get("prompt_tokens")),
            completion_tokens=count(raw.get("completion_tokens")),
            reasoning_tokens=count(raw.get("reasoning_tokens")),
            cached_tokens=count(raw.get("cached_tokens")),
            cost=number(raw.get("usage")),
            byok_cost=number(raw.get("byok_usage_inference")),
            raw=raw,
        )

    def row(self) -> dict[str, Any]:
        """The day as one flat row."""
        names = ("date", "model", "provider", "requests", "prompt_tokens", "completion_tokens")
        more = ("reasoning_tokens", "cached_tokens", "cost", "byok_cost")
        return {name: getattr(self, name) for name in names + more}


@dataclass(frozen=True)
class Generation:
    """What became of one generation.

    Attributes:
        id: ``gen-...``.
        model: The slug that answered.
        provider: Display name.
        cost: US dollars, in all.
        upstream_cost: US dollars that the provider charged, where it was asked with a key of one's own.
        cache_discount: US dollars saved by the prompt cache; below 0 where writing it cost more.
        is_byok: Whether it ran with a key of one's own.
        cancelled: Whether the client left before its end.
        streamed: Whether it was streamed.
        finish_reason, native_finish_reason: Why it ended.
        prompt_tokens, completion_tokens: By OpenRouter's own count.
        native_prompt_tokens, native_completion_tokens, native_reasoning_tokens, native_cached_tokens: By the
            provider's count, which is what is billed.
        latency_ms, generation_ms, moderation_ms: Milliseconds, as the service counts them.
        created: In UTC.
        service_tier: The tier that served it.
        router: The router that chose the model.
        session_id, request_id, cache_source_id: Ids that it belongs to; the last is the generation whose
            stored answer this is.
    """

    id: str | None = None
    model: str | None = None
    provider: str | None = None
    cost: float | None = None
    upstream_cost: float | None = None
    cache_discount: float | None = None
    is_byok: bool | None = None
    cancelled: bool | None = None
    streamed: bool | None = None
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    native_prompt_tokens: int | None = None
    native_completion_tokens: int | None = None
    native_reasoning_tokens: int | None = None
    native_cached_tokens: int | None = None
    latency_ms: float | None = None
    generation_ms: float | None = None
    moderation_ms: float | None = None
    created: dt.datetime | None = None
    service_tier: str | None = None
    router: str | None = None
    session_id: str | None = None
    request_id: str | None = None
    cache_source_id: str | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    __repr__ = known

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Generation:
        """Reads the ``data`` of ``GET /generation``."""
        return cls(
            id=text(raw.get("id")),
            model=text(raw.get("model")),
            provider=text(raw.get("provider_name")),
            cost=number(raw.get("total_cost")),
            upstream_cost=number(raw.get("upstream_inference_cost")),
            cache_discount=number(raw.get("cache_discount")),
            is_byok=flag(raw.get("is_byok")),
            cancelled=flag(raw.get("cancelled")),
            streamed=flag(raw.get("streamed")),
            finish_reason=text(raw.get("finish_reason")),
            native_finish_reason=text(raw.get("native_finish_reason")),
            prompt_tokens=count(raw.get("tokens_prompt")),
            completion_tokens=count(raw.get("tokens_completion")),
            native_prompt_tokens=count(raw.get("native_tokens_prompt")),
            native_completion_tokens=count(raw.get("native_tokens_completion")),
            native_reasoning_tokens=count(raw.get("native_tokens_reasoning")),
            native_cached_tokens=count(raw.get("native_tokens_cached")),
            latency_ms=number(raw.get("latency"), 0),
            generation_ms=number(raw.get("generation_time"), 0),
            moderation_ms=number(raw.get("moderation_latency"), 0),
            created=moment(raw.get("created_at")),
            service_tier=text(raw.get("service_tier")),
            router=text(raw.get("router")),
            session_id=text(raw.get("session_id")),
            request_id=text(raw.get("request_id")),
            cache_source_id=text(raw.get("response_cache_source_id")),
            raw=raw,
        )
