"""Reads the value of a flag from its text: prices, seconds, JSON, pairs; pure.

What a text cannot be is raised as ``argparse.ArgumentTypeError``.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

_EFFORTS = ("xhigh", "high", "medium", "low", "minimal", "max")


def words(text: str) -> list[str]:
    """Words with commas or blanks between them."""
    return [word for word in text.replace(",", " ").split() if word]


def json_object(text: str) -> dict[str, Any]:
    """A JSON object."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON ({error})") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON object")
    return value


def pair(text: str) -> tuple[str, Any]:
    """A name and a JSON value; a bare word is a text.

    >>> pair("n=2"), pair("user=me")
    (('n', 2), ('user', 'me'))
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=json")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        if value[:1] in ("{", "[", '"'):
            raise argparse.ArgumentTypeError(f"the value of {name} is no JSON: {value!r}") from None
        return name.strip(), value


def reasoning(text: str) -> dict[str, Any]:
    """How much the model should think: an effort, a number of tokens, on or off."""
    word = text.strip().lower()
    if word in ("off", "none", "no"):
        return {"effort": "none"}
    if word == "on":
        return {"enabled": True}
    if word.isdigit() and int(word) > 0:
        return {"max_tokens": int(word)}
    if word in _EFFORTS:
        return {"effort": word}
    raise argparse.ArgumentTypeError(
        f"{text!r} is none of {', '.join(_EFFORTS)}, on, off, or a number of tokens"
    )


def price(text: str) -> dict[str, float]:
    """US dollars for a million tokens in, and out; one figure is for both."""
    values = words(text)
    if len(values) > 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not one price or two: prompt,completion")
    prices = [dollars(value) for value in values] or [dollars(text)]
    return {"prompt": prices[0], "completion": prices[-1]}


def dollars(text: str) -> float:
    """US dollars, 0 or more."""
    value = number(text.removeprefix("$"))
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is less than nothing")
    return value


def seconds(text: str) -> float:
    """Seconds above 0."""
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time above 0 seconds")
    return value


def number(text: str) -> float:
    """Any number that JSON can hold."""
    from . import request

    try:
        return request.number(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None


def whole(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


def whole_or_off(text: str) -> int | bool:
    """A whole number, or False for the word off."""
    return False if text.strip().lower() == "off" else whole(text)
