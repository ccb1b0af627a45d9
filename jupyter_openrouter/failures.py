"""What a browser is told of an error: what went wrong, what to do, and what a button can do about it; pure."""

from __future__ import annotations

from typing import Any

from .errors import (
    APIConnectionError,
    AuthenticationError,
    MissingKeyError,
    OpenRouterError,
    PaymentRequiredError,
    ProviderError,
    RateLimitError,
    StreamError,
)

_LONGEST_WAIT = 86_400.0  # seconds


def failure(error: OpenRouterError | None, *, now: float | None = None) -> dict[str, Any] | None:
    """The ``Failure`` of the protocol; None for no error.

    Args:
        error: What happened.
        now: The time at which it happened, as Unix time in seconds; without it nothing is said of when to ask again.

    >>> failure(RateLimitError("Slow down.", retry_after=2.0), now=1000.0)["until"]
    1002000
    """
    if error is None:
        return None
    found: dict[str, Any] = {"type": type(error).__name__, "message": error.message}
    if error.remedy:
        found["remedy"] = error.remedy
    act = _act(error)
    wait = error.retry_after
    if act == "retry" and wait is not None and now is not None and 0 < wait <= _LONGEST_WAIT:
        return found | {"act": "wait", "until": round((now + wait) * 1000)}
    return found | {"act": act} if act else found


def _act(error: OpenRouterError) -> str:
    if isinstance(error, (MissingKeyError, AuthenticationError)):
        return "key"
    if isinstance(error, PaymentRequiredError):
        return "retry" if error.limit_source == "openrouter_in_flight_budget" else "credit"
    passing = (RateLimitError, ProviderError, APIConnectionError, StreamError)
    return "retry" if isinstance(error, passing) and error.retryable is not False else ""
