"""An OpenRouter of our own on loopback, so that everything runs with no key and no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import DemoServer

__all__ = ["DemoServer"]


def __getattr__(name: str) -> Any:
    """Load the server (and with it tornado) when it is first asked for."""
    if name == "DemoServer":
        from .server import DemoServer

        return DemoServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
