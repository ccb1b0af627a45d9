"""Decides whether a failed attempt may be made again, and after how many seconds; pure.

An attempt is made again only while nothing of an answer has come, only for errors that pass by themselves, and
never when the request may already have been billed: a connection that broke after the request had been sent
is not tried again, nor is an edge time-out (524).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import APIConnectionError, APIStatusError, OpenRouterError, PaymentRequiredError

RETRY_STATUSES = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
FALLBACK_STATUSES = frozenset({402, 408, 429, 500, 502, 503, 504, 524, 529})
_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 8.0


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long.

    Args:
        max_retries: Tries after the first one; 0 or more.
        longest_wait: Seconds; a ``Retry-After`` above it fails at once, and the error says how long it is.
        jitter: Gives a number from 0 to 1; shortens a wait by up to a quarter.
    """

    max_retries: int = 2
    longest_wait: float = 60.0
    jitter: Callable[[], float] = field(default=random.random, repr=False)

    def delay(self, error: OpenRouterError, tries: int) -> float | None:
        """Seconds to wait before the next try, or None for none.

        Args:
            error: What ended the attempt.
            tries: How many tries were made again already.

        >>> from jupyter_openrouter.errors import from_payload
        >>> policy = RetryPolicy(jitter=lambda: 0.0)
        >>> policy.delay(from_payload({}, http_status=429), 0), policy.delay(from_payload({}, http_status=401), 0)
        (0.5, None)
        """
        if tries >= self.max_retries or not self.passes(error):
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= self.longest_wait else None
        delay = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0**tries)
        return delay * (1 - 0.25 * self.jitter())

    @staticmethod
    def passes(error: OpenRouterError) -> bool:
        """Whether the error may pass by itself, so that the same request can succeed later."""
        if error.retryable is not None:
            return error.retryable
        if isinstance(error, PaymentRequiredError):
            # Only the budget of requests in flight fills up again by itself.
            return error.limit_source == "openrouter_in_flight_budget" and error.retry_after is not None
        if isinstance(error, APIStatusError):
            return error.status in RETRY_STATUSES
        return isinstance(error, APIConnectionError) and error.never_sent


@dataclass(frozen=True)
class Attempt:
    """One try that failed.

    Attributes:
        model: The slug that was asked for.
        error: Its class and message.
        status: HTTP status, if there was one.
        wait: Seconds until the next try; None when another model was asked instead, or nothing.
    """

    model: str
    error: str
    status: int | None
    wait: float | None
