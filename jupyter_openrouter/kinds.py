"""What a field of a request may hold, by kind: checked, as JSON has it, and said in words.

A kind refuses what its documented range excludes, and nothing else: words of an open list, fields that are new
and values that nobody has described are passed on, because the service gets new ones without notice.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping, Sequence
from functools import cache
from numbers import Integral, Real
from operator import index
from typing import Any

from .errors import InvalidRequestError


def shown(value: object) -> str:
    """A value as an error message may show it: short, whatever it is.

    >>> shown("x" * 1000), shown(0.5)
    ("'xxxxxxxxxxxx...xxxxxxxxxxxxx'", '0.5')
    """
    try:
        return reprlib.repr(value)
    except Exception:  # noqa: BLE001 - a foreign repr, or a number with too many digits to write
        return f"a {type(value).__name__}"


class Kind:
    """Any JSON value; the other kinds narrow it.

    Attributes:
        said: The kind in words, with an article.
        plural: Several of them.
    """

    said = "any JSON value"
    plural = "JSON values"

    def takes(self, value: Any) -> bool:
        """Whether this is the right type of value, whatever its range."""
        return True

    def fit(self, value: Any, name: str) -> Any:
        """The value in the form that JSON has for it.

        Args:
            value: As the caller gave it.
            name: The field, for the message; fields of fields are joined with dots.

        Raises:
            InvalidRequestError: it does not fit; the message holds the name, the value and what would fit.
        """
        if not self.takes(value):
            raise self.refusal(value, name)
        return value

    def refusal(self, value: Any, name: str) -> InvalidRequestError:
        """The error for a value that does not fit."""
        return InvalidRequestError(f"{name} is {shown(value)}, not {self.said}.", remedy="")


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f" of at least {low}" if low is not None else ""


class Number(Kind):
    """A finite number; NumPy's are taken, and sent as plain ones.

    >>> Number(0, 2).fit(3, "temperature")
    Traceback (most recent call last):
        ...
    jupyter_openrouter.errors.InvalidRequestError: temperature is 3, not a number from 0 to 2.
    """

    plural = "numbers"
    noun, type = "a number", Real

    def __init__(self, low: float | None = None, high: float | None = None) -> None:
        self.low, self.high = low, high
        self.said = self.noun + _range(low, high)

    def takes(self, value: Any) -> bool:
        return isinstance(value, self.type) and not isinstance(value, bool)

    def fit(self, value: Any, name: str) -> int | float:
        if not self.takes(value):
            raise self.refusal(value, name)
        try:
            number: int | float = index(value) if isinstance(value, Integral) else float(value)
        except OverflowError:
            raise self.refusal(value, name) from None
        if isinstance(number, float) and not math.isfinite(number):
            raise self.refusal(value, name)
        if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
            raise self.refusal(value, name)
        return number


class Whole(Number):
    """A whole number; ``1.0`` is none."""

    plural = "whole numbers"
    noun, type = "a whole number", Integral


class Flag(Kind):
    """True or False."""

    said, plural = "True or False", "flags"

    def takes(self, value: Any) -> bool:
        return isinstance(value, bool)


class Text(Kind):
    """A text of at most ``most`` characters; ``known`` words are examples, and others pass."""

    plural = "texts"

    def __init__(self, *known: str, most: int | None = None) -> None:
        self.most = most
        self.said = "a text"
        if most is not None:
            self.said += f" of at most {most} characters"
        if known:
            self.said += f" such as {', '.join(known)}"
            self.plural = f"texts such as {', '.join(known)}"

    def takes(self, value: Any) -> bool:
        return isinstance(value, str)

    def fit(self, value: Any, name: str) -> Any:
        if not isinstance(value, str):
            raise self.refusal(value, name)
        if self.most is not None and len(value) > self.most:
            raise InvalidRequestError(
                f"{name} has {len(value)} characters, and is not {self.said}.", remedy="Shorten it."
            )
        return value


class Slug(Kind):
    """A model slug; suffixes, presets and aliases that nobody has heard of are slugs, too."""

    said, plural = "a model slug", "model slugs"

    def takes(self, value: Any) -> bool:
        return isinstance(value, str) and value != "" and value.isprintable() and " " not in value

    def refusal(self, value: Any, name: str) -> InvalidRequestError:
        if value is None and name == "model":
            return InvalidRequestError("No model is named.", remedy="Name one, as in model='openai/gpt-4'.")
        place = "" if name == "model" else f" (in {name})"
        return InvalidRequestError(
            f"{shown(value)} is no model slug{place}.",
            remedy="A slug looks like openai/gpt-4: see https://openrouter.ai/models.",
        )


class ListOf(Kind):
    """A list or tuple of at most ``most`` values of one kind; a single text is none."""

    plural = "lists"

    def __init__(self, item: Kind, *, most: int | None = None) -> None:
        self.item, self.most = item, most
        self.said = f"a list of {'' if most is None else f'at most {most} '}{item.plural}"

    def takes(self, value: Any) -> bool:
        return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))

    def fit(self, value: Any, name: str) -> list[Any]:
        if not self.takes(value) or (self.most is not None and len(value) > self.most):
            raise self.refusal(value, name)
        return [self.item.fit(one, f"{name}[{place}]") for place, one in enumerate(value)]


class MapOf(Kind):
    """An object whose values are of one kind: at most ``most`` pairs, names of at most ``name_most`` characters."""

    plural = "objects"

    def __init__(self, item: Kind, *, most: int | None = None, name_most: int | None = None) -> None:
        self.item, self.most, self.name_most = item, most, name_most
        self.said = "an object" if type(item) is Kind else f"an object of {item.plural}"
        if most is not None:
            self.said += f" with at most {most} pairs"

    def takes(self, value: Any) -> bool:
        return isinstance(value, Mapping)

    def fit(self, value: Any, name: str) -> dict[str, Any]:
        if not self.takes(value) or (self.most is not None and len(value) > self.most):
            raise self.refusal(value, name)
        fitted = {}
        for key, one in value.items():
            # Token ids are numbers in Python and names on the wire.
            written = str(index(key)) if isinstance(key, Integral) and not isinstance(key, bool) else key
            if not isinstance(written, str) or written in fitted:
                raise InvalidRequestError(
                    f"{name} has the name {shown(key)}, which cannot be sent.", remedy=""
                )
            if self.name_most is not None and len(written) > self.name_most:
                raise InvalidRequestError(
                    f"{name} has the name {shown(key)}, longer than {self.name_most} characters.", remedy=""
                )
            fitted[written] = self.item.fit(one, f"{name}[{shown(key)}]")
        return fitted


class Shape(Kind):
    """An object with the fields of an annotated ``TypedDict``; unknown fields pass, ``needs`` must be there."""

    said, plural = "an object", "objects"

    def __init__(self, shape: type, *, needs: Sequence[str] = ()) -> None:
        self.shape, self.needs = shape, needs
        if needs:
            self.said = f"an object with {', '.join(map(repr, needs))}"

    def takes(self, value: Any) -> bool:
        return isinstance(value, Mapping)

    def fit(self, value: Any, name: str) -> dict[str, Any]:
        if not self.takes(value) or any(value.get(need) is None for need in self.needs):
            raise self.refusal(value, name)
        known = fields(self.shape)
        return {
            key: known[key][0].fit(one, f"{name}.{key}") if key in known and one is not None else one
            for key, one in value.items()
        }


class Either(Kind):
    """One of several kinds, told apart by the type of the value."""

    plural = "values"

    def __init__(self, *kinds: Kind) -> None:
        self.kinds = kinds
        self.said = " or ".join(kind.said for kind in kinds)

    def takes(self, value: Any) -> bool:
        return any(kind.takes(value) for kind in self.kinds)

    def fit(self, value: Any, name: str) -> Any:
        for kind in self.kinds:
            if kind.takes(value):
                try:
                    return kind.fit(value, name)
                except InvalidRequestError as error:
                    # Only a fault deeper inside has more to say than all the kinds together.
                    if str(error).startswith((f"{name}.", f"{name}[")):
                        raise
        raise self.refusal(value, name)


@cache
def fields(shape: type) -> Mapping[str, tuple[Kind, str]]:
    """The kind and the meaning of each field of a ``TypedDict``, out of its ``Annotated`` types, in order."""
    return {name: one.__metadata__ for name, one in shape.__annotations__.items()}
