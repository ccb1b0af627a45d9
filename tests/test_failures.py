"""What a browser is told of an error."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_openrouter.errors import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    BudgetError,
    CutError,
    MissingKeyError,
    OpenRouterError,
    PaymentRequiredError,
    ProviderError,
    RateLimitError,
)
from jupyter_openrouter.failures import failure


@pytest.mark.parametrize(
    ("error", "act"),
    [
        (MissingKeyError("x"), "key"),
        (AuthenticationError("x"), "key"),
        (PaymentRequiredError("x"), "credit"),
        (PaymentRequiredError("x", limit_source="openrouter_in_flight_budget"), "retry"),
        (RateLimitError("x"), "retry"),
        (ProviderError("x", retryable=False), None),
        (APIConnectionError("x"), "retry"),
        (CutError("x"), "retry"),
        (BadRequestError("x"), None),
        (BudgetError("x"), None),
    ],
)
def test_what_helps_is_told(error: OpenRouterError, act: str | None) -> None:
    told: dict[str, Any] | None = failure(error, now=1000.0)
    assert told is not None
    assert (told["type"], told["message"], told.get("act")) == (type(error).__name__, "x", act)
    assert told.get("remedy", "") == error.remedy


@pytest.mark.parametrize("wait", [0.0, 1e9, None])
def test_a_time_that_cannot_be_waited_for_is_not_told(wait: float | None) -> None:
    told = failure(RateLimitError("x", retry_after=wait), now=1000.0)
    assert told is not None
    assert (told["act"], "until" in told) == ("retry", False)


def test_when_to_ask_again_is_told_in_milliseconds() -> None:
    told = failure(RateLimitError("x", retry_after=2.5), now=1000.0)
    assert told is not None
    assert (told["act"], told["until"]) == ("wait", 1_002_500)
    assert failure(None) is None
