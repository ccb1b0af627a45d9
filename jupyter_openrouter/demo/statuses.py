"""The errors that demo/faulty gives before a stream begins: one real-looking envelope for each status."""

from __future__ import annotations

from dataclasses import dataclass, field

from .refusals import Refused, envelope
from .wire import JSON, PROVIDER

RETRY_AFTER = "1"  # seconds
DOCS = "https://openrouter.ai/docs/api-reference/errors"


@dataclass(frozen=True)
class Error:
    """An error's status, what it shows, its message and type, and what goes with it."""

    status: int
    does: str
    message: str
    kind: str
    metadata: JSON = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    availability: JSON | None = None

    def refused(self) -> Refused:
        """The exception to raise."""
        status, body = envelope(self.status, self.message, self.kind, **self.metadata)
        if self.availability is not None:
            body["error"]["availability"] = self.availability
        return Refused((status, body), **self.headers)


def availability(code: str, *, retryable: bool, **more: object) -> JSON:
    """The block that says whether another try can help."""
    return {
        "code": code,
        "retryable": retryable,
        "requested_models": ["demo/faulty"],
        "docs_url": DOCS,
        **more,
    }


WAIT = {"Retry-After": RETRY_AFTER}
LIMITS = {"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1767225660000"}

ERRORS: dict[str, Error] = {
    "400": Error(
        400,
        "bad request",
        "temperature: expected a number of at most 2",
        "invalid_request",
    ),
    "401": Error(401, "invalid key", "User not found.", "authentication"),
    "402": Error(
        402,
        "no credits left (`limit_source` `openrouter_credits`)",
        "Insufficient credits. Add more at https://openrouter.ai/settings/credits",
        "payment_required",
        {"limit_source": "openrouter_credits"},
    ),
    "402-in-flight": Error(
        402,
        "too much under way at once; may be retried, `Retry-After: 1`",
        "The requests in flight use up the remaining budget.",
        "payment_required",
        {"limit_source": "openrouter_in_flight_budget", "reason": "in_flight_budget_exhausted"},
        WAIT,
    ),
    "403": Error(
        403,
        "refused by moderation, with the reasons",
        "demo/faulty requires moderation. The input was flagged.",
        "permission_denied",
        {
            "reasons": ["demonstration"],
            "flagged_input": "403",
            "provider_name": PROVIDER,
            "model_slug": "demo/faulty",
        },
    ),
    "404": Error(
        404,
        "no endpoint fits, with an availability block",
        "No endpoints found that match the data policy.",
        "not_found",
        availability=availability(
            "privacy_restricted",
            retryable=False,
            excluded_by=["data_policy:training"],
            fallback_models=["demo/echo"],
        ),
    ),
    "408": Error(408, "request timeout", "The request timed out.", "timeout"),
    "413": Error(413, "request too large", "The request body is too large.", "payload_too_large"),
    "429": Error(
        429,
        "rate limit, with `Retry-After: 1`",
        "Rate limit exceeded",
        "rate_limit_exceeded",
        {"headers": LIMITS},
        {**WAIT, **LIMITS},
    ),
    "500": Error(500, "internal error, masked", "Internal Server Error", "server"),
    "502": Error(
        502,
        "provider error in the older form: the useful text is in `raw`",
        "Provider returned error",
        "provider_unavailable",
        {
            "provider_name": PROVIDER,
            "raw": '{"error":{"message":"The upstream answered with nothing."}}',
            "provider_code": "empty_reply",
            "previous_errors": [{"provider": PROVIDER, "code": "empty_reply", "status": 502}],
        },
    ),
    "503": Error(
        503,
        "no provider free, with an availability block and `Retry-After: 1`",
        "All providers for demo/faulty are at capacity.",
        "provider_overloaded",
        headers=WAIT,
        availability=availability("capacity_exhausted", retryable=True, retry_after=1),
    ),
    "524": Error(524, "edge timeout", "A timeout occurred at the edge.", "timeout"),
    "529": Error(
        529,
        "provider overloaded",
        "Provider is overloaded.",
        "provider_overloaded",
        {"provider_code": "overloaded_error"},
    ),
}
