"""Reads one field of foreign JSON as the type that was hoped for, or as None; never raises."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

_DECIMAL = re.compile(r"(?=\.?\d)\d{0,32}(?:\.\d{0,64})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_YEAR_9999 = 253_000_000_000  # seconds since 1970
_LARGEST = 1e12


def text(value: Any) -> str | None:
    """A text that is not empty, with U+FFFD for half surrogate pairs.

    >>> text("a"), text(""), text(3)
    ('a', None, None)
    """
    if not isinstance(value, str) or not value:
        return None
    return (
        value
        if value.isascii()
        else value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    )


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list; what is no text in it is left out.

    >>> texts(["a", None, "b"]), texts("ab")
    (('a', 'b'), ())
    """
    found = (text(item) for item in items(value))
    return tuple(item for item in found if item is not None)


def items(value: Any) -> list[Any]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def flag(value: Any) -> bool | None:
    """True or False, and no number for it."""
    return value if isinstance(value, bool) else None


def count(value: Any) -> int | None:
    """A whole number, 0 or more and below 2**53.

    >>> count(3), count(3.0), count(-1), count(True), count(10**400), count(float("nan"))
    (3, 3, None, None, None, None)
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53:
        return value
    return None


def number(value: Any, low: float = -_LARGEST, high: float = _LARGEST) -> float | None:
    """A number from ``low`` to ``high``.

    >>> number(1), number(-2.5), number("3"), number(float("nan")), number(101, 0, 100)
    (1.0, -2.5, None, None, None)
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    return None


def price(value: Any, units: int = 1) -> float | None:
    """A price in US dollars, times ``units``; None where it is unknown or, as with routers (``"-1"``), varies.

    The wire has decimal strings; they are multiplied as decimals, so that no digit is invented.

    >>> price("0.0000003", 1_000_000), price("0"), price("-1"), price(0.5), price(None)
    (0.3, 0.0, None, 0.5, None)
    """
    if not isinstance(value, str):
        if number(value, 0) is None:
            return None
        value = str(value)
    value = value.strip()
    if len(value) > 100 or not _DECIMAL.fullmatch(value):
        return None
    return number(float(Decimal(value) * units), 0)


def moment(value: Any) -> datetime | None:
    """A time in UTC out of seconds since 1970 or of ISO 8601.

    >>> moment(0).isoformat(), moment("2026-01-02T03:04:05Z").isoformat(), moment("soon")
    ('1970-01-01T00:00:00+00:00', '2026-01-02T03:04:05+00:00', None)
    """
    seconds = number(value, 0, _YEAR_9999)
    if seconds is not None:
        return _EPOCH + timedelta(seconds=seconds)
    if not isinstance(value, str):
        return None
    try:
        # Python 3.10 does not read the Z.
        found = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", value))
        return found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return None


def day(value: Any) -> date | None:
    """A date out of ISO 8601, with or without a time.

    >>> day("2026-01-02"), day("2026-01-02T03:04:05Z"), day("2026-13-02")
    (datetime.date(2026, 1, 2), datetime.date(2026, 1, 2), None)
    """
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
