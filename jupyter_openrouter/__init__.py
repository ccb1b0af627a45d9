"""OpenRouter in Jupyter: a cell magic that streams, a Stop that stops, a chat in a cell, and a Python client.

``%load_ext jupyter_openrouter`` brings ``%%openrouter``. The names below load when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chat import ChatWidget
    from .client import AsyncOpenRouter
    from .clients import demo_base_url
    from .conversation import Conversation
    from .describing import describe, register_describer
    from .errors import (
        AnswerFormatError,
        APIConnectionError,
        APIStatusError,
        APITimeoutError,
        AuthenticationError,
        BadRequestError,
        BudgetError,
        CutError,
        EmptyAnswerError,
        EventError,
        FileError,
        InvalidRequestError,
        MissingKeyError,
        NotFoundError,
        NotRecordedError,
        OpenRouterError,
        PaymentRequiredError,
        PermissionDeniedError,
        PromptError,
        ProviderError,
        RateLimitError,
        StreamError,
    )
    from .keys import Key
    from .plan import Timeouts
    from .response import Response
    from .retry import RetryPolicy
    from .schema import Schema, schema_of
    from .stream import Stream
    from .synchronous import OpenRouter

__version__ = "0.1.0"

_HOMES = {
    "ChatWidget": "chat",
    "AsyncOpenRouter": "client",
    "Conversation": "conversation",
    "OpenRouter": "synchronous",
    "RetryPolicy": "retry",
    "Stream": "stream",
    "Timeouts": "plan",
    "Schema": "schema",
    "demo_base_url": "clients",
    "describe": "describing",
    "register_describer": "describing",
    "schema_of": "schema",
    "Key": "keys",
    "Response": "response",
    "AnswerFormatError": "errors",
    "APIConnectionError": "errors",
    "APIStatusError": "errors",
    "APITimeoutError": "errors",
    "AuthenticationError": "errors",
    "BadRequestError": "errors",
    "BudgetError": "errors",
    "CutError": "errors",
    "EmptyAnswerError": "errors",
    "EventError": "errors",
    "FileError": "errors",
    "InvalidRequestError": "errors",
    "MissingKeyError": "errors",
    "NotFoundError": "errors",
    "NotRecordedError": "errors",
    "OpenRouterError": "errors",
    "PaymentRequiredError": "errors",
    "PermissionDeniedError": "errors",
    "PromptError": "errors",
    "ProviderError": "errors",
    "RateLimitError": "errors",
    "StreamError": "errors",
}

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AnswerFormatError",
    "AsyncOpenRouter",
    "AuthenticationError",
    "BadRequestError",
    "BudgetError",
    "ChatWidget",
    "Conversation",
    "CutError",
    "EmptyAnswerError",
    "EventError",
    "FileError",
    "InvalidRequestError",
    "Key",
    "MissingKeyError",
    "NotFoundError",
    "NotRecordedError",
    "OpenRouter",
    "OpenRouterError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "PromptError",
    "ProviderError",
    "RateLimitError",
    "Response",
    "RetryPolicy",
    "Schema",
    "Stream",
    "StreamError",
    "Timeouts",
    "demo_base_url",
    "describe",
    "load_ipython_extension",
    "register_describer",
    "schema_of",
    "unload_ipython_extension",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(ipython: Any) -> None:
    """``%load_ext jupyter_openrouter``: registers ``%%openrouter``; loading it again changes nothing."""
    from .magic import OpenRouterMagics

    if isinstance(ipython.magics_manager.registry.get("OpenRouterMagics"), OpenRouterMagics):
        return
    from . import completing, question_marks

    magics = OpenRouterMagics(ipython)
    ipython.register_magics(magics)
    ipython.events.register("post_run_cell", magics.after_cell)
    completing.install(ipython)
    question_marks.install(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """``%unload_ext jupyter_openrouter``: takes the magics away and ends the I/O thread with all that is on it."""
    import sys

    manager = ipython.magics_manager
    for kind in ("line", "cell"):
        manager.magics[kind].pop("openrouter", None)
    if (magics := manager.registry.pop("OpenRouterMagics", None)) in ipython.configurables:
        ipython.configurables.remove(magics)
    if magics is not None:
        ipython.events.unregister("post_run_cell", magics.after_cell)
    for name in ("completing", "question_marks"):
        if module := sys.modules.get(f"{__name__}.{name}"):
            module.uninstall(ipython)
    # What was never loaded has nothing to end.
    if widget := sys.modules.get(f"{__name__}.widget"):
        widget.close_channels()
    if background := sys.modules.get(f"{__name__}.background"):
        background.stop()
