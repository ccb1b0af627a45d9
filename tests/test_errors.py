"""The error tree, and the service's error values in every shape that was seen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from jupyter_openrouter import errors
from jupyter_openrouter.errors import from_payload


def test_the_tree_drawn_at_the_top_is_the_tree() -> None:
    drawn = re.findall(r"^[ │├└─]*(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    classes = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert sorted(drawn) == sorted(c for c in classes if c.endswith("Error"))


@pytest.mark.parametrize(
    ("error", "http_status", "kind", "words"),
    [
        ({"code": 429, "message": "slow down"}, 429, "RateLimitError", "slow down"),
        ({"code": 502, "message": "m"}, None, "ProviderError", "m"),
        ({"code": "server_error", "message": "m"}, None, "ProviderError", "m"),
        ({"message": "m"}, None, "ProviderError", "m"),
        ("just text", 400, "BadRequestError", "just text"),
        (None, 401, "AuthenticationError", "no reason"),
        ({"message": "m", "http_status": 404, "error_type": "not_found"}, None, "NotFoundError", "m"),
        ({"code": "402", "message": "m"}, None, "PaymentRequiredError", "m"),
        ({"code": True, "message": 5}, None, "ProviderError", "no reason"),
        (
            {
                "code": 400,
                "message": "Provider returned error",
                "metadata": {"raw": '{"error":{"message":"too long"}}'},
            },
            400,
            "BadRequestError",
            "too long",
        ),
        (
            {"code": 400, "message": "P", "metadata": {"raw": {"detail": "deep"}}},
            400,
            "BadRequestError",
            "deep",
        ),
        ({"code": 400, "message": "P", "metadata": {"raw": "[" * 9999}}, 400, "BadRequestError", "P"),
        (
            {"code": 403, "message": "m", "metadata": {"provider_name": "Acme"}},
            403,
            "PermissionDeniedError",
            "Acme",
        ),
        ({"code": 200, "message": "m"}, 200, "ProviderError", "m"),
    ],
)
def test_an_error_value_becomes_its_typed_error(
    error: Any, http_status: int | None, kind: str, words: str
) -> None:
    got = from_payload(error, http_status=http_status)
    assert type(got).__name__ == kind
    assert words in str(got)


def test_every_error_says_what_to_do() -> None:
    for status in (400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 524, 529):
        assert from_payload({"message": "m"}, http_status=status).remedy


def test_a_wait_that_the_service_names_is_in_the_remedy() -> None:
    got = from_payload(
        {"message": "m", "availability": {"retry_after": 7, "code": "capacity_exhausted"}}, http_status=503
    )
    assert got.retry_after == 7
    assert got.code == "capacity_exhausted"
    assert "7 s" in str(got)
