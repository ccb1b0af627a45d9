"""What is sent: messages and parameters, checked, in a fixed key order.

The order matters: OpenRouter's response cache compares bodies as they are written, so the same cell must
give the same bytes each time.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import InvalidRequestError

Messages = str | Iterable[Mapping[str, Any]]


def chat_body(
    messages: Messages,
    *,
    model: str,
    system: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The body of ``POST /chat/completions``, with ``stream`` on.

    Args:
        messages: The prompt as text, or messages with ``role`` and ``content`` as on the wire.
        model: A model slug such as ``openai/gpt-4``; suffixes and aliases are passed on as they are.
        system: Text of a system message that goes first.
        temperature: 0 to 2.
        max_tokens: The most tokens that the answer may have, 1 or more.
        extra: Any other field of the body, by its own name.

    Raises:
        InvalidRequestError: something here cannot be sent; the message says what.

    >>> chat_body("hello", model="demo/echo")["messages"]
    [{'role': 'user', 'content': 'hello'}]
    """
    if (
        not isinstance(model, str)
        or not model.strip()
        or any(c.isspace() or not c.isprintable() for c in model)
    ):
        raise InvalidRequestError(
            f"{model!r} is no model slug.",
            remedy="A slug looks like openai/gpt-4: see https://openrouter.ai/models.",
        )
    body: dict[str, Any] = {"model": model, "messages": _messages(messages, system)}
    if temperature is not None:
        if (
            isinstance(temperature, bool)
            or not isinstance(temperature, (int, float))
            or not 0 <= temperature <= 2
        ):
            raise InvalidRequestError(
                f"The temperature {temperature!r} is not a number from 0 to 2.", remedy=""
            )
        body["temperature"] = temperature
    if max_tokens is not None:
        if isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or max_tokens < 1:
            raise InvalidRequestError(
                f"max_tokens is {max_tokens!r}, not a whole number from 1 on.", remedy=""
            )
        body["max_tokens"] = max_tokens
    for name, value in sorted((extra or {}).items()):
        if name in body or name == "stream":
            raise InvalidRequestError(f"extra holds {name!r}, which has an argument of its own.", remedy="")
        body[name] = value
    body["stream"] = True
    return body


def _messages(messages: Messages, system: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if system:
        found.append({"role": "system", "content": system})
    if isinstance(messages, str):
        if not messages.strip():
            raise InvalidRequestError("The prompt is empty; nothing was sent.", remedy="Write a prompt.")
        return [*found, {"role": "user", "content": messages}]
    for message in messages:
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise InvalidRequestError(
                f"{str(message)[:80]!r} is no message.", remedy="A message has a 'role' and a 'content'."
            )
        found.append(dict(message))
    if not found:
        raise InvalidRequestError("There is no message to send.", remedy="Write a prompt.")
    return found


def encode(body: Mapping[str, Any]) -> bytes:
    """The body as JSON bytes, in the order of its keys.

    Raises:
        InvalidRequestError: a value cannot be written as JSON.
    """
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"The request cannot be written as JSON: {error}.", remedy="") from None
    # Half a surrogate pair, which a Python string may hold, is no Unicode text.
    return text.encode("utf-8", "replace")


def body_hash(content: bytes) -> str:
    """A stable name for what was asked: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def number(text: str) -> float:
    """A finite number out of a flag's text.

    >>> number("0.2")
    0.2
    """
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not finite")
    return value


def headers(**options: Any) -> dict[str, str]:
    """To be replaced within the hour."""
    return {}


def completion_body(prompt: str, **parameters: Any) -> dict[str, Any]:
    """To be replaced within the hour."""
    body = chat_body(prompt, **parameters)
    body["prompt"] = body.pop("messages")[0]["content"]
    return body
