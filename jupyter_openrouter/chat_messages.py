"""Checks what a browser sends to a chat before anything is done with it: types, sizes and names; pure.

A message can ask, stop, edit, show, choose a model and settings, and bring attachments, nothing else: a field that
is not named here is refused, so none can bring a key, an address, headers or tools.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .chat_params import EFFORTS

MAX_MESSAGE = 1 << 20
"""Bytes of one message, without its buffers."""
MAX_PIECE = 512 << 10
MAX_UPLOAD = 20 * 1024 * 1024
MAX_SLUG = 200
_MAX_ID = 64
_MAX_LIST = 64

Check = Callable[[Any], bool]


def is_id(value: Any) -> bool:
    """Whether this names something: 1 to 64 printable characters."""
    return isinstance(value, str) and 0 < len(value) <= _MAX_ID and value.isprintable()


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value.encode("utf-8", "replace")) <= MAX_MESSAGE - 1024


def _is_slug(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_SLUG and value.isprintable() and " " not in value


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255


def _is_kind(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 100


def _is_count(most: int) -> Check:
    return lambda value: type(value) is int and 0 <= value <= most


def _is_list(each: Check) -> Check:
    return lambda value: isinstance(value, list) and len(value) <= _MAX_LIST and all(map(each, value))


def _is_number(low: float, high: float) -> Check:
    return lambda value: (
        type(value) in (int, float) and math.isfinite(float(value)) and low <= float(value) <= high
    )


def _may_be(check: Check) -> Check:
    return lambda value: value is None or check(value)


_PARAMS: Mapping[str, Check] = {
    "temperature": _may_be(_is_number(0, 2)),
    "max_tokens": _may_be(lambda value: type(value) is int and 1 <= value <= 10**9),
    "reasoning": _may_be(lambda value: isinstance(value, str) and value in EFFORTS),
    "web": _may_be(lambda value: isinstance(value, bool)),
}


def _is_params(value: Any) -> bool:
    return isinstance(value, dict) and all(
        name in _PARAMS and _PARAMS[name](value[name]) for name in list(value)[: len(_PARAMS) + 1]
    )


_TURN_OR_NONE: Check = lambda value: value == "" or is_id(value)  # noqa: E731 - one of a table of checks
_FIELDS: Mapping[str, Mapping[str, Check]] = {
    "ask": {"text": _is_text, "uploads": _is_list(is_id)},
    "edit": {"turn": is_id, "text": _is_text, "keep": _is_list(_is_count(999)), "uploads": _is_list(is_id)},
    "retry": {"turn": _TURN_OR_NONE, "model": _is_slug},
    "continue": {},
    "delete": {"turn": is_id},
    "branch": {"turn": is_id},
    "unqueue": {"item": is_id},
    "edit_queued": {
        "item": is_id,
        "text": _is_text,
        "keep": _is_list(_is_count(999)),
        "uploads": _is_list(is_id),
    },
    "send_now": {"item": is_id},
    "model": {"model": _is_slug},
    "settings": {"system": _is_text, "params": _is_params},
    "upload": {
        "upload": is_id,
        "name": _is_line,
        "mime": _is_kind,
        "size": _is_count(MAX_UPLOAD),
        "offset": _is_count(MAX_UPLOAD),
    },
    "discard": {"upload": is_id},
    "models": {},
}
_DEFAULTS: Mapping[str, Any] = {"uploads": [], "keep": [], "turn": "", "model": ""}
_MAY_LACK = {
    "ask": {"uploads"},
    "edit": {"keep", "uploads"},
    "edit_queued": {"keep", "uploads"},
    "retry": {"turn", "model"},
    "settings": {"system", "params"},
}


def reason_against(content: Mapping[str, Any], buffers: Sequence[Any] | None) -> str:
    """Why a message of one of these types is not acted upon; "" for one that is in order.

    >>> reason_against({"type": "ask", "id": "m1", "text": "hello"}, [])
    ''
    >>> reason_against({"type": "ask", "id": "m1", "text": "hello", "headers": {}}, [])
    "a message of the type 'ask' has no 'headers'"
    """
    kind = content.get("type")
    if not isinstance(kind, str) or (fields := _FIELDS.get(kind)) is None:
        return "there is no such message"
    if not is_id(content.get("id")):
        return "the message has no id"
    lacking = _MAY_LACK.get(kind, set())
    for name in list(content)[: len(fields) + 3]:
        if name not in fields and name not in ("type", "id"):
            return f"a message of the type {kind!r} has no {str(name)[:40]!r}"
    total = 0
    for name, check in fields.items():
        if name not in content:
            if name in lacking:
                continue
            return f"{name!r} is missing"
        value = content[name]
        if not check(value):
            return f"{name!r} is not what it should be"
        total += len(value) if isinstance(value, str) else 0
    if total > MAX_MESSAGE:
        return "the message is longer than 1 MiB"
    return _against_buffers(kind, buffers or ())


def _against_buffers(kind: str, buffers: Sequence[Any]) -> str:
    if kind != "upload":
        return "" if not buffers else f"a message of the type {kind!r} brings no bytes"
    if len(buffers) != 1 or not isinstance(buffers[0], (bytes, bytearray, memoryview)):
        return "a piece of an attachment brings its bytes in one buffer"
    size = memoryview(buffers[0]).nbytes
    return "" if size <= MAX_PIECE else "a piece of an attachment has at most 512 KiB"


def whole(content: Mapping[str, Any]) -> dict[str, Any]:
    """A checked message with what may be left out."""
    lacking = _MAY_LACK.get(content["type"], set())
    return {name: _DEFAULTS[name] for name in lacking if name in _DEFAULTS} | dict(content)
