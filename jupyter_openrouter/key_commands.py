"""The commands that sign in and out, and set, forget and check a key; none of them shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .command_list import usage_error
from .errors import InvalidRequestError
from .hidden_input import asks_for
from .notices import Page, Said


def login(words: Sequence[str], shell: Any) -> Any:
    """Shows the link, asks for the code, and tells what the new key may spend."""
    from IPython.display import display

    from . import login as signing_in

    keep = _keep("login", words)
    status = signing_in.login(ask=asks_for("The code that the page shows", shell), show=display, keep=keep)
    return Page(status, Said(_used("login", keep=keep)))


def logout(words: Sequence[str]) -> Any:
    """Forgets the key of this session, also in the keyring."""
    from .login import logout as sign_out

    if words:
        raise usage_error("logout", "it takes no more words")
    return Said(repr(sign_out()))


def key(words: Sequence[str], shell: Any) -> Any:
    """Sets a key that is typed at a hidden prompt, forgets it, or tells what it may spend."""
    from . import keys
    from .key_status import check_key

    what, rest = (words[0], words[1:]) if words else ("check", [])
    if what == "set":
        keep = _keep("key", rest)
        ask = asks_for("OpenRouter API key", shell)
        if ask is None:
            raise InvalidRequestError(
                "Nobody can be asked for a key here.",
                remedy=f"Set {keys.VARIABLE} before the kernel starts.",
            )
        keys.set_key(ask, keep=keep)
        return Said(f"{_used('key set', keep=keep)} %openrouter key check asks what it may spend.")
    if what not in ("forget", "check") or rest:
        raise usage_error("key", f"{' '.join(words)[:40]!r} is none of set, forget and check")
    return Said(repr(keys.forget_key())) if what == "forget" else check_key()


def _used(command: str, *, keep: bool) -> str:
    from .keys import can_keep

    if keep:
        return "The key is used in this session, and kept in the keyring for later ones."
    more = f" %openrouter {command} --keep stores it in this machine's keyring as well." if can_keep() else ""
    return f"The key is used in this session and kept nowhere else.{more}"


def _keep(command: str, words: Sequence[str]) -> bool:
    if list(words) not in ([], ["--keep"]):
        raise usage_error(command, "it takes no more than --keep, and never the key itself")
    return bool(words)
