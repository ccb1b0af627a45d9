"""Asks the person at the notebook for something that must not be shown, where there is one to ask."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def asks_for(what: str, shell: Any) -> Callable[[], str] | None:
    """A function that asks for it without showing what is typed; None where nobody can be asked.

    Executors of whole notebooks say that they cannot answer; what is no terminal cannot either.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        possible = bool(getattr(kernel, "_allow_stdin", False))
    else:
        possible = sys.stdin is not None and sys.stdin.isatty()
    if not possible:
        return None
    import getpass

    return lambda: getpass.getpass(f"{what} (not shown): ")
