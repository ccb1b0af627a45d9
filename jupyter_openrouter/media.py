"""The bytes of an image, a file, a sound or a video: where they come from, how many, and of what type.

The first bytes decide the type, because names lie; the name helps where there is no such mark.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from .errors import InvalidRequestError
from .kinds import shown

MAX_PART_BYTES = 20 * 1024 * 1024
"""The most bytes of one image, file, sound or video, before they are encoded."""

IMAGE_TYPES = ("png", "jpeg", "webp", "gif")
FILE_TYPES = ("pdf",)
AUDIO_TYPES = ("wav", "mp3", "flac", "m4a", "ogg", "aiff", "aac", "pcm16", "pcm24")
VIDEO_TYPES = ("mp4", "mpeg", "mov", "webm")

_SUFFIXES = {"mpg": "mpeg", "aif": "aiff", "oga": "ogg", "qt": "mov", "quicktime": "mov"}


def web_url(source: Any) -> str | None:
    """The source, if it is an http(s) URL."""
    if not isinstance(source, str) or not source[:8].lower().startswith(("http://", "https://")):
        return None
    try:
        host = urlsplit(source).hostname
    except ValueError:
        host = None
    if not host or " " in source or not source.isprintable():
        raise InvalidRequestError(f"{shown(source)} is no URL.", remedy="Write its spaces as %20.")
    return source


def load(source: Any, what: str, types: Sequence[str], *, drawn: bool = False) -> tuple[bytes, str, str]:
    """The bytes of a source, the name of its file, and the type that its name or its data URL claims.

    Args:
        source: A path, a data URL, bytes, or (where ``drawn``) what a notebook shows as a picture.
        what: The word for it in messages.
        types: The ones that can be sent, for messages.

    Raises:
        InvalidRequestError: there are no bytes, or more than ``MAX_PART_BYTES``.
    """
    data, name, hint = None, "", ""
    if isinstance(source, (bytes, bytearray, memoryview)):
        _check_size(memoryview(source).nbytes, what)
        data = bytes(source)
    elif isinstance(source, str) and source[:5].lower() == "data:":
        data, hint = _from_data_url(source, what)
    elif isinstance(source, (str, os.PathLike)):
        data, name = _from_path(os.fsdecode(source), what, types)
        hint = PurePosixPath(name).suffix[1:].lower()
    elif drawn:
        data = _from_drawn(source)
    if data is None:
        raise InvalidRequestError(
            f"A {type(source).__name__} is no {what} that can be sent.",
            remedy=f"Give a path, bytes or a URL of one of these types: {', '.join(types)}.",
        )
    _check_size(len(data), what)
    if not data:
        raise InvalidRequestError(f"The {what} is empty: it has no bytes.", remedy="Give another one.")
    return data, name, _SUFFIXES.get(hint, hint)


def _from_data_url(source: str, what: str) -> tuple[bytes, str]:
    head, comma, encoded = source.partition(",")
    kind, *settings = head[5:].lower().split(";")
    _check_size(len(encoded) * 3 // 4 - 2, what)
    try:
        if not comma or "base64" not in settings:
            raise ValueError
        data = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise InvalidRequestError(
            f"{shown(source)} is no data URL in base64.", remedy="One begins with data:image/png;base64, say."
        ) from None
    return data, kind.rpartition("/")[2]


def _from_path(source: str, what: str, types: Sequence[str]) -> tuple[bytes, str]:
    given = repr(source) if len(source) <= 300 else f"{source[:100]!r}…"
    try:
        path = Path(source).expanduser()
        if path.is_file():
            with path.open("rb") as opened:
                # One byte more than is allowed shows that there is too much, however large the file.
                return opened.read(MAX_PART_BYTES + 1), path.name
        problem = f"{given} is no file." if path.exists() else f"There is no file {given}."
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        problem = f"The file {given} cannot be read: {reason}."
    raise InvalidRequestError(
        problem,
        remedy=f"For this {what}, give the path of a {_list(types)} file, a URL or bytes.",
    )


def _from_drawn(source: Any) -> bytes | None:
    """A picture of what a notebook shows as one; asks the object, and imports no library."""
    # Axes have no file of their own; they belong to a figure.
    figure = source if hasattr(source, "savefig") else _called(source, "get_figure")
    if callable(getattr(figure, "savefig", None)) and not isinstance(figure, type):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", bbox_inches="tight")
        return buffer.getvalue()
    for method in ("_repr_png_", "_repr_jpeg_"):
        found = _called(source, method)
        if isinstance(found, tuple) and found:  # with metadata
            found = found[0]
        if isinstance(found, str):
            try:
                return base64.b64decode(found)
            except binascii.Error:
                return None
        if isinstance(found, bytes):
            return found
    return None


def _called(owner: Any, name: str) -> Any:
    method: Callable[[], Any] | None = getattr(owner, name, None)
    return method() if callable(method) and not isinstance(owner, type) else None


def _check_size(size: int, what: str) -> None:
    if size > MAX_PART_BYTES:
        raise InvalidRequestError(
            f"The {what} is larger than {MAX_PART_BYTES // 1024**2} MB.",
            remedy="Make it smaller, or give the URL of a public copy.",
        )


def base64_text(data: bytes) -> str:
    """The bytes in base64."""
    return base64.b64encode(data).decode("ascii")


def data_url(family: str, kind: str, data: bytes) -> str:
    """The bytes as a data URL of the media type ``family/kind``."""
    return f"data:{family}/{kind};base64,{base64_text(data)}"


def known_type(found: str, what: str, types: Sequence[str]) -> str:
    """``found``, if it is one of the types that can be sent; else InvalidRequestError, which names them."""
    if found not in types:
        problem = f"{shown(found)} is no type of {what}" if found else f"The bytes are no {what}"
        raise InvalidRequestError(f"{problem} that can be sent.", remedy=f"It must be {_list(types)}.")
    return found


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def image_type(data: bytes) -> str:
    """Which of the IMAGE_TYPES the first bytes show, or ""."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "gif" if data[:6] in (b"GIF87a", b"GIF89a") else ""


def audio_type(data: bytes) -> str:
    """Which of the AUDIO_TYPES the first bytes show, or ""."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if data[4:8] == b"ftyp":
        return "m4a"
    for mark, kind in ((b"fLaC", "flac"), (b"OggS", "ogg"), (b"ID3", "mp3")):
        if data.startswith(mark):
            return kind
    if len(data) > 1 and data[0] == 0xFF:
        # Both begin with eleven or twelve ones; the two layer bits are 00 in AAC's ADTS only.
        if data[1] & 0xF6 == 0xF0:
            return "aac"
        if _begins_mp3(data):
            return "mp3"
    return ""


def _begins_mp3(data: bytes) -> bool:
    """Whether these are the first bytes of a frame; the values that no frame has are the ones of a run of ones."""
    version, layer = data[1] >> 3 & 3, data[1] >> 1 & 3
    rates = data[2] if len(data) > 2 else 0
    return data[1] & 0xE0 == 0xE0 and version != 1 and layer != 0 and rates >> 4 != 15 and rates >> 2 & 3 != 3


def video_type(data: bytes) -> str:
    """Which of the VIDEO_TYPES the first bytes show, or ""."""
    if data[4:8] == b"ftyp":
        return "mov" if data[8:12] == b"qt  " else "mp4"
    if data[4:8] in (b"moov", b"mdat", b"wide"):
        return "mov"
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm"
    return "mpeg" if data[:4] in (b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3") else ""
