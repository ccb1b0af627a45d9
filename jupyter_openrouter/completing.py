"""Lets the Tab key offer what fits in ``%openrouter``, on the first line of ``%%openrouter``, and in ``{{ }}``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_IDENTIFIER = "jupyter_openrouter"


def install(shell: Any) -> None:
    """Lets Tab offer all this in a shell; again, it changes nothing."""
    from IPython.core.completer import context_matcher

    uninstall(shell)
    completer: Any = getattr(shell, "Completer", None)
    if not hasattr(completer, "custom_matchers"):
        return

    def openrouter_matcher(context: Any) -> Any:
        # Nothing is loaded for the cells of others.
        return _matched(context, shell) if "%openrouter" in context.full_text else _nothing()

    decorate: Any = context_matcher(priority=100, identifier=_IDENTIFIER)
    completer.custom_matchers.append(decorate(openrouter_matcher))


def uninstall(shell: Any) -> None:
    """Takes it away again."""
    completer: Any = getattr(shell, "Completer", None)
    if hasattr(completer, "custom_matchers"):
        completer.custom_matchers[:] = [
            matcher
            for matcher in completer.custom_matchers
            if getattr(matcher, "matcher_identifier", None) != _IDENTIFIER
        ]


def _nothing() -> dict[str, Any]:
    return {"completions": [], "suppress": False}  # a new one each time: IPython writes into it


def _matched(context: Any, shell: Any) -> Any:
    from IPython.core.completer import SimpleCompletion

    from .offering import Sources, offer

    sources = Sources(
        variables=lambda: [name for name in shell.user_ns if _is_own(name, shell)],
        names=lambda text: _names(shell.Completer, text),
    )
    found = offer(context.full_text, context.cursor_line, context.cursor_position, sources)
    if found is None:
        return _nothing()
    return {
        "completions": [SimpleCompletion(text=word, type=found.kind) for word in found.words],
        "matched_fragment": found.fragment,
        "suppress": True,
        "ordered": True,
    }


def _is_own(name: str, shell: Any) -> bool:
    return not name.startswith("_") and name not in getattr(shell, "user_ns_hidden", {})


def _names(completer: Any, text: str) -> Iterable[str]:
    """What IPython itself knows that a name or an attribute can go on with; it calls nothing of the user's."""
    found: Iterable[str] = completer.attr_matches(text) if "." in text else completer.global_matches(text)
    return [word for word in found if not word.rpartition(".")[2].startswith("_") or "_" in text]
