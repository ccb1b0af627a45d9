"""Issues and redeems the codes of the OAuth PKCE exchange; really verifies S256, and holds no secret."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any

from .refusals import Refused, envelope
from .wire import JSON

LIFETIME = 600.0  # seconds
KEPT = 100
USER = "demo-user"
TEACHING_CODE = "demo-code"
TEACHING_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # the example of RFC 7636, appendix B


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, section 4.2).

    >>> challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == TEACHING_CHALLENGE
    True
    """
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def refuse(status: int, message: str) -> Refused:
    """400 for a request that makes no sense, 403 for a code or verifier that is not right."""
    kinds = {400: "invalid_request", 403: "permission_denied"}
    return Refused(envelope(status, message, kinds[status]))


class Codes:
    """The codes that are waiting for their verifier; each works once, for ten minutes.

    The fixed `TEACHING_CODE` belongs to the verifier of RFC 7636's own example, and works any number of
    times. `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: dict[str, tuple[str, float]] = {}
        self._issued = 0

    def issue(self, body: Any) -> str:
        """A new code for a challenge. Raises `Refused` (400)."""
        body = body if isinstance(body, dict) else {}
        given, method = body.get("code_challenge"), body.get("code_challenge_method")
        if method != "S256":
            raise refuse(400, "code_challenge_method must be S256.")
        if not isinstance(given, str) or not re.fullmatch(r"[A-Za-z0-9_-]{43}", given):
            raise refuse(400, "code_challenge must be the 43 characters of an S256 challenge.")
        self._issued += 1
        code = f"demo-code-{self._issued}-{challenge(given)[:12]}"
        self._open[code] = (given, self._clock() + LIFETIME)
        while len(self._open) > KEPT:
            del self._open[next(iter(self._open))]
        return code

    def redeem(self, body: Any) -> JSON:
        """A key for a code and its verifier. Raises `Refused` (400 or 403)."""
        body = body if isinstance(body, dict) else {}
        code, verifier = body.get("code"), body.get("code_verifier")
        if not isinstance(code, str) or not code:
            raise refuse(400, "code is required.")
        if body.get("code_challenge_method", "S256") != "S256":
            raise refuse(400, "code_challenge_method must be S256.")
        if not isinstance(verifier, str) or not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier):
            raise refuse(400, "code_verifier must be 43 to 128 unreserved characters.")
        if challenge(verifier) != self._take(code):
            raise refuse(403, "Invalid code or code_verifier.")
        return {"key": "sk-or-v1-" + hashlib.sha256(code.encode()).hexdigest(), "user_id": USER}

    def _take(self, code: str) -> str | None:
        """The challenge of a code, which is then used up."""
        if code == TEACHING_CODE:
            return TEACHING_CHALLENGE
        given, until = self._open.pop(code, (None, 0.0))
        return given if self._clock() < until else None
