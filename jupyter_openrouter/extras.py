"""What an answer holds beside its text, as a browser is told it: refusal, tool calls, images, citations; bounded.

Everything only grows while an answer runs, so what is new since the last look can be said in pieces, each with
the place where it goes: an index in its list, an offset in its text. An image is told of by its id, its type
and its size; its bytes travel once, apart from all this.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any, NamedTuple

from .chunks import Growing

MAX_TEXT = 100_000
"""Characters of one call's arguments, and of a refusal, that are shown; the response itself has them all."""
MAX_IMAGES = 32
MAX_IMAGE_BYTES = 8 << 20
MAX_KEPT_BYTES = 64 << 20
"""Of all images that one widget can still hand out; the oldest go first."""
MAX_CITATIONS = 200
MAX_TITLE = 300
MAX_URL = 2_000

_DATA = re.compile(r"data:([a-zA-Z0-9.+/-]{1,60})((?:;[a-zA-Z0-9=.+-]{1,60})*?)(;base64)?,")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_OPENS = {
    "image/png": rb"\x89PNG\r\n\x1a\n",
    "image/jpeg": rb"\xff\xd8\xff",
    "image/gif": rb"GIF8[79]a",
    "image/webp": rb"RIFF.{4}WEBP",
}

Extras = dict[str, Any]
"""``refusal``, ``tool_calls``, ``images``, ``citations``; those that are empty are left out."""


class Picture(NamedTuple):
    """An image that the model made: its type, and its bytes in base64."""

    type: str
    data: str

    @property
    def bytes(self) -> int:
        """How many bytes the image has.

        >>> Picture("image/png", "AAAAAA==").bytes
        4
        """
        return len(self.data) * 3 // 4 - self.data.count("=", -2)


def utf16_length(text: str) -> int:
    """Length as JavaScript counts it.

    >>> utf16_length("a"), utf16_length("🙂")
    (1, 2)
    """
    if text.isascii():
        return len(text)
    return len(text) + sum(c > "\uffff" for c in text)


def picture(url: str) -> Picture | str:
    """The image in a data URL when it is PNG, JPEG, WebP or GIF and not too large; else why it is not shown.

    >>> picture("data:image/svg+xml;base64,AAAA")
    'image/svg+xml is not shown'
    """
    found = _DATA.match(url)
    if not found or not found[3]:
        return "not an image"
    kind = found[1].lower().replace("image/jpg", "image/jpeg")
    opens = _OPENS.get(kind)
    if opens is None:
        return f"{kind} is not shown"
    data = url[found.end() :]
    if len(data) > MAX_IMAGE_BYTES * 4 // 3:
        return f"{kind} of more than {MAX_IMAGE_BYTES >> 20} MB is not shown"
    if len(data) % 4 or not _BASE64.fullmatch(data):
        return "not an image"
    try:
        begins = base64.b64decode(data[:64], validate=True)
    except binascii.Error:
        return "not an image"
    return Picture(kind, data) if re.match(opens, begins, re.DOTALL) else "not an image"


class Images:
    """The images that one widget can hand to a browser, by id."""

    def __init__(self) -> None:
        self._kept: dict[str, Picture] = {}
        self._bytes = 0

    def keep(self, image: Picture) -> str:
        """Keeps an image and returns its id, which is the same for the same image."""
        ident = hashlib.sha256(image.data.encode("ascii")).hexdigest()[:16]
        if ident not in self._kept:
            self._kept[ident] = image
            self._bytes += len(image.data)
            while self._bytes > MAX_KEPT_BYTES and len(self._kept) > 1:
                self._bytes -= len(self._kept.pop(next(iter(self._kept))).data)
        return ident

    def message(self, ident: Any) -> dict[str, Any] | None:
        """The message that brings an image to a browser; None for one that is not known."""
        image = self._kept.get(ident) if isinstance(ident, str) else None
        return (
            None if image is None else {"type": "image", "id": ident, "mime": image.type, "data": image.data}
        )


class Beside:
    """What stands beside the text of one response so far, read anew at each look at a small cost.

    Args:
        response: Watched, never changed.
        images: Where images are kept that were found.
    """

    def __init__(self, response: Growing, images: Images | None = None) -> None:
        self._response = response
        self._images = Images() if images is None else images
        self._found: list[dict[str, Any]] = []
        self._citations: list[dict[str, str]] = []
        self._cited = 0
        self._known: set[str] = set()

    def now(self) -> Extras:
        """Everything so far, as a value that is not changed any more."""
        response = self._response
        calls = [_called(call) for call in response.tool_calls]
        for item in response.images[len(self._found) : MAX_IMAGES]:
            self._found.append(self._reference(item))
        for item in response.annotations[self._cited :]:
            self._cited += 1
            cited = citation(item)
            if cited and len(self._citations) < MAX_CITATIONS and cited["url"] not in self._known:
                self._known.add(cited["url"])
                self._citations.append(cited)
        found = {
            "refusal": _whole(response.refusal),
            "tool_calls": calls,
            "images": list(self._found),
            "citations": list(self._citations),
        }
        return {name: value for name, value in found.items() if value}

    def _reference(self, item: dict[str, Any]) -> dict[str, Any]:
        address = image_url(item)
        if re.match(r"https?://", address, re.IGNORECASE) and len(address) <= MAX_URL:
            return {"url": address}
        image = picture(address)
        if isinstance(image, str):
            return {"note": image}
        return {"id": self._images.keep(image), "mime": image.type, "bytes": image.bytes}


def _called(call: dict[str, Any]) -> dict[str, str]:
    function = call.get("function")  # a saved record is anybody's
    found = function if isinstance(function, dict) else {}
    name, arguments = found.get("name"), found.get("arguments")
    return {
        "name": _short(name if isinstance(name, str) else ""),
        "arguments": _whole(arguments if isinstance(arguments, str) else ""),
    }


def image_url(item: dict[str, Any]) -> str:
    """The address in an entry of ``images``; "" where there is none."""
    inner = item.get("image_url")
    address = inner.get("url") if isinstance(inner, dict) else inner
    return address if isinstance(address, str) else ""


def citation(item: dict[str, Any]) -> dict[str, str] | None:
    """Address and title of an annotation of the type ``url_citation``; None for every other one."""
    if item.get("type") != "url_citation":
        return None
    inner = item.get("url_citation")
    inner = inner if isinstance(inner, dict) else item
    url, title = inner.get("url"), inner.get("title")
    if not isinstance(url, str) or not 0 < len(url) <= MAX_URL:
        return None
    return {"url": url, "title": _short(title) if isinstance(title, str) else ""}


def _short(text: str) -> str:
    return text if len(text) <= MAX_TITLE else text[: MAX_TITLE - 1] + "…"


def _whole(text: str) -> str:
    text = text[:MAX_TEXT]
    # Half a surrogate pair waits for its other half.
    return text[:-1] if text and "\ud800" <= text[-1] <= "\udbff" else text


def pieces(before: Extras, after: Extras) -> list[dict[str, Any]]:
    """What must be added to ``before`` so that it becomes ``after``, a later look at the same answer.

    >>> pieces({}, {"refusal": "No."})
    [{'kind': 'refusal', 'offset': 0, 'text': 'No.'}]
    >>> call = {"name": "f", "arguments": '{"a"'}
    >>> pieces({"tool_calls": [call]}, {"tool_calls": [{**call, "arguments": '{"a": 1}'}]})
    [{'kind': 'tool_call', 'at': 0, 'name': 'f', 'offset': 4, 'text': ': 1}'}]
    """
    new: list[dict[str, Any]] = []
    old_refusal, refusal = before.get("refusal", ""), after.get("refusal", "")
    if len(refusal) > len(old_refusal):
        new.append({"kind": "refusal", **_added(old_refusal, refusal)})
    old_calls, calls = before.get("tool_calls", []), after.get("tool_calls", [])
    for at, call in enumerate(calls):
        old = old_calls[at] if at < len(old_calls) else {"name": "", "arguments": ""}
        if at >= len(old_calls) or old != call:
            added = _added(old["arguments"], call["arguments"])
            new.append({"kind": "tool_call", "at": at, "name": call["name"], **added})
    for kind, name in (("image", "images"), ("citation", "citations")):
        had = len(before.get(name, []))
        new += [
            {"kind": kind, "at": at, kind: item} for at, item in enumerate(after.get(name, [])) if at >= had
        ]
    return new


def _added(before: str, after: str) -> dict[str, Any]:
    return {"offset": utf16_length(before), "text": after[len(before) :]}
