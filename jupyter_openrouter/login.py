"""Signs in to OpenRouter for a key, without a callback: a link to open, and a code to paste.

It is OAuth's code flow with PKCE (RFC 7636, S256) in OpenRouter's form for machines that no browser can call back,
such as a kernel on Binder (OpenRouter, guides/overview/auth/oauth): the page shows a code, which is good for ten
minutes, once, and only together with a secret that never leaves this process.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from .background import background
from .bodies import read_json
from .clients import base_url
from .errors import (
    APIStatusError,
    APITimeoutError,
    EventError,
    InvalidRequestError,
    OpenRouterError,
)
from .hidden_keys import LOOKS_LIKE_KEY
from .key_status import KeyStatus, check_key
from .keys import Forgotten, Key, forget_key, set_key
from .request import encode
from .transport import JSON, Address, Transport

LABEL = "jupyter_openrouter"
_SECONDS = 30.0
_API = "/api/v1"


class Link:
    """The address of the page where a person says yes; ``url`` is no secret."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __repr__(self) -> str:
        return f"Open this page, say yes, and copy the code that it shows:\n{self.url}"

    def _repr_html_(self) -> str:
        url = html.escape(self.url)
        return (
            f'<p>Open <a href="{url}" target="_blank" rel="noopener noreferrer">this page</a>, say yes, and copy '
            "the code that it shows.</p>"
        )


class Login:
    """One sign-in that has begun.

    Attributes:
        link: Where to go.
    """

    def __init__(self, base_url: str) -> None:
        """Begins one.

        Raises:
            InvalidRequestError: a key may not be asked for there.
        """
        self._address = Address(base_url)
        site = self._address.text.removesuffix(_API)
        if site == self._address.text:
            raise InvalidRequestError(
                f"{site} is not known to have a page to sign in.",
                remedy="Set a key instead: %openrouter key set.",
            )
        verifier = secrets.token_urlsafe(64)
        # Held in a closure, so that no attribute or verbose traceback of this object prints it.
        self._verifier: Callable[[], str] = lambda: verifier
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "key_label": LABEL,
        }
        self.link = Link(f"{site}/auth?{urlencode(asked)}")

    async def redeem(self, code: str) -> Key:
        """The key for a code; to be awaited on the I/O loop. It is asked for once: a code works only once.

        Raises:
            OpenRouterError: typed, as for every request.
        """
        body = {"code": code, "code_verifier": self._verifier(), "code_challenge_method": "S256"}
        transport = Transport(self._address, None)
        try:
            answer = await asyncio.wait_for(_post(transport, body), _SECONDS)
        except asyncio.TimeoutError:
            raise APITimeoutError(f"{transport.host} did not answer within {_SECONDS:g} s.") from None
        except Exception as error:
            if (known := transport.translate(error)) is not None:
                raise known from None
            raise
        finally:
            await transport.aclose()
        key = answer.get("key")
        if not isinstance(key, str):
            raise EventError("The service took the code, and gave no key.", remedy="Sign in again.")
        return Key(key, source="the sign-in")


async def _post(transport: Transport, body: dict[str, Any]) -> dict[str, Any]:
    connection = await transport.send("POST", "/auth/keys", content=encode(body), headers={"Accept": JSON})
    try:
        return await read_json(connection, transport.host)
    finally:
        await connection.aclose()


_open: list[Login] = []


def link() -> Link:
    """Begins to sign in, in the place of any that had begun: the page to open.

    Raises:
        InvalidRequestError: the base URL has no such page.
    """
    _open[:] = [Login(base_url())]
    return _open[0].link


def exchange(code: str | Callable[[], str], *, keep: bool = False) -> Key:
    """Ends to sign in: the key for the code of the page is used from now on in this process.

    Args:
        code: As it was copied, or a function that asks for it without showing what is typed.
        keep: Stores the key in the keyring as well.

    Raises:
        InvalidRequestError: no sign-in has begun, or this is no code.
        APIStatusError: the service does not take the code; no other key is forgotten then.
        OpenRouterError: the service was not reached, or the keyring did not take the key.
    """
    if not _open:
        raise InvalidRequestError("No sign-in has begun.", remedy="Begin with %openrouter login.")
    wanted = _code(code() if callable(code) else code)
    code = ""  # a verbose traceback prints the locals of each frame
    job = background().submit(_open[0].redeem(wanted))
    wanted = ""
    try:
        key = job.result()
    except OpenRouterError as error:
        # Without the frames and the errors below, whose variables hold the code, or an answer with the key.
        failed = error.with_traceback(None)
        failed.__context__ = failed.__cause__ = None
        if isinstance(failed, APIStatusError) and (failed.status or 500) < 500 and failed.status != 429:
            failed.remedy = "A code is good for ten minutes, once, and for the last link only: sign in again."
    else:
        _open.clear()
        return set_key(key, keep=keep)
    raise failed


def _code(pasted: str) -> str:
    """The code out of what was pasted: itself, or the address of a page that has it.

    >>> _code(" abc-1 "), _code("https://example.org/?a=b&code=abc-1")
    ('abc-1', 'abc-1')
    """
    text, pasted = pasted.strip(), ""
    if found := re.search(r"[?&]code=([^&#\s]+)", text):
        text, found = found[1], None
    said = "This is no code" if text else "Nothing was pasted"
    if LOOKS_LIKE_KEY.search(text):
        said = "This is a key"
    elif text and len(text) <= 1000 and text.isascii() and text.isprintable() and " " not in text:
        return text
    text = ""
    raise InvalidRequestError(
        f"{said}; what is wanted is the code that the page shows.",
        remedy="Paste that, or set a key: %openrouter key set.",
    )


def login(*, ask: Callable[[], str] | None, show: Callable[[Link], object], keep: bool = False) -> KeyStatus:
    """Signs in: shows the link, asks for the code, and says what the new key may spend.

    Args:
        ask: Asks a person for the code without showing what is typed; None where nobody can be asked.
        show: Shows the link to that person.
        keep: Stores the key in the keyring as well.

    Raises:
        InvalidRequestError: nobody can be asked, or what was pasted is no code.
        OpenRouterError: as in ``exchange``.
    """
    if ask is None:
        raise InvalidRequestError(
            "Nobody can be asked for a code here.",
            remedy="Run it in a notebook, or set OPENROUTER_API_KEY before the kernel starts.",
        )
    show(link())
    exchange(ask, keep=keep)
    return check_key()


def logout() -> Forgotten:
    """Forgets the key of this session, also in the keyring; see ``keys.forget_key``."""
    _open.clear()
    return forget_key()
