"""The settings of a chat: which values they may have, and what they are in a request; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import meant
from .errors import InvalidRequestError
from .kinds import shown
from .request import chat_body

EFFORTS = ("off", "minimal", "low", "medium", "high", "xhigh")
_NO_SETTINGS = {
    "model": "the trait model",
    "models": "fallback=[…]",
    "system": "the trait system",
    "messages": "the trait messages",
    "stream": "nothing: answers are streamed",
    "n": "nothing: a chat shows one answer",
}


def of_request(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a request by their own names, checked.

    Args:
        params: By the names of ``parameters.ChatParameters``, and ``web`` for web search. ``reasoning`` may be an
            effort as a word, "off" included. None is left to the model.

    Raises:
        InvalidRequestError: there is no such parameter, or it cannot have this value.

    >>> of_request({"temperature": 0.2, "reasoning": "off", "web": True})
    {'temperature': 0.2, 'reasoning': {'effort': 'none'}, 'plugins': [{'id': 'web'}]}
    """
    if not isinstance(params, Mapping):
        raise InvalidRequestError(f"{shown(params)} are no params.", remedy="Give a dict of parameters.")
    found = {name: value for name, value in params.items() if value is not None}
    for name in found:
        if not isinstance(name, str) or name in _NO_SETTINGS:
            instead = _NO_SETTINGS.get(name, "a name") if isinstance(name, str) else "a name"
            raise InvalidRequestError(f"{shown(name)} is none of params.", remedy=f"Use {instead}.")
    effort = found.get("reasoning")
    if isinstance(effort, str):
        found["reasoning"] = {"effort": "none" if effort == "off" else effort}
    web = found.pop("web", False)
    if not isinstance(web, bool):
        raise InvalidRequestError(f"web is {shown(web)}, not True or False.", remedy="")
    if web:
        plugins = found.get("plugins") or []
        given = [one for one in plugins if isinstance(one, Mapping)] if isinstance(plugins, list) else []
        if not any(one.get("id") == "web" for one in given):
            found["plugins"] = [*plugins, {"id": "web"}]
    chat_body("x", model="x/x", **found)  # refuses what cannot be sent
    return found


def no_option(name: str) -> InvalidRequestError:
    """What is said of an option that a chat does not take: a parameter of a request stands in ``params``.

    >>> no_option("temperature").remedy, no_option("max_retries").remedy
    ("Write params={'temperature': …}.", 'Write retry=RetryPolicy(max_retries=…).')
    """
    from .parameters import ChatParameters

    remedy = "Look at its help: ChatWidget?"
    if name in ChatParameters.__annotations__:
        remedy = f"Write params={{{name!r}: …}}."
    elif ours := meant.option(name):
        remedy = f"Write {ours}."
    return InvalidRequestError(f"A ChatWidget takes no {name!r}.", remedy=remedy)


def settled(params: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with changes taken in; None takes one back to the model's own.

    >>> settled({"temperature": 1.0, "seed": 5}, {"temperature": None, "web": True})
    {'seed': 5, 'web': True}
    """
    both = {**params, **changes}
    return {name: value for name, value in both.items() if value is not None}
