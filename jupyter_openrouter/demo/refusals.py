"""The error envelopes of OpenRouter, and the exception that carries one to the wire."""

from __future__ import annotations

from typing import Any

from .wire import JSON


def envelope(status: int, message: str, kind: str, **metadata: Any) -> tuple[int, JSON]:
    """A status and its body `{error: {code, message, metadata: {error_type, …}}}`."""
    return status, {
        "error": {"code": status, "message": message, "metadata": {"error_type": kind, **metadata}},
        "user_id": "demo-user",
    }


class Refused(Exception):
    """The request cannot be answered; holds the status, the body and the headers to send."""

    def __init__(self, answer: tuple[int, JSON], **headers: str) -> None:
        self.status, self.body = answer
        self.headers = headers
        super().__init__(self.body["error"]["message"])
