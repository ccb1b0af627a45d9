"""Messages and their parts as the wire has them: text, images, PDF files, sound, video, tool results.

Each function returns a plain dictionary; where one lacks a field, add it, or write the dictionary out.

Sources: OpenRouter's pages "Image inputs", "PDF inputs", "Audio inputs", "Video inputs", "Tool calling" and
"Prompt caching".

>>> user("What is this?", image("https://example.org/cat.png"))["content"][1]
{'type': 'image_url', 'image_url': {'url': 'https://example.org/cat.png'}}
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
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
_PART_TYPES = {"text", "image_url", "file", "input_audio", "video_url", "input_video"}


# --- messages


def system(*parts: str | Mapping[str, Any], name: str | None = None) -> dict[str, Any]:
    """A system message: one text, or several parts of text.

    >>> system("Answer in one word.")
    {'role': 'system', 'content': 'Answer in one word.'}
    """
    return _message("system", parts, name)


def user(*parts: str | Mapping[str, Any], name: str | None = None) -> dict[str, Any]:
    """A user message: one text, or several parts; put the text before the images.

    Raises:
        InvalidRequestError: there is no part, or something that is neither text nor a part.
    """
    return _message("user", parts, name)


def assistant(
    content: Any = None,
    *,
    tool_calls: Sequence[Mapping[str, Any]] | None = None,
    reasoning_details: Sequence[Mapping[str, Any]] | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """An assistant message: what a model said, or should be taken to have said.

    Args:
        content: A text, a list of parts, or a ``Response``, whose tool calls and reasoning details come with it,
            unchanged, as the providers demand.
        tool_calls: As the model gave them.
        reasoning_details: As the model gave them.
        name: Who speaks, where several do.

    Raises:
        InvalidRequestError: there is neither content nor a tool call.

    >>> assistant("Paris.")
    {'role': 'assistant', 'content': 'Paris.'}
    """
    if callable(getattr(content, "message", None)):
        message = dict(content.message())
    elif content is None or isinstance(content, str):
        message = {"role": "assistant", "content": content}
    elif isinstance(content, (list, tuple)):
        message = {"role": "assistant", "content": [_part(part) for part in content]}
    else:
        raise InvalidRequestError(
            f"{shown(content)} is nothing that an assistant said.", remedy="Give a text or a response."
        )
    for field, value in (("tool_calls", tool_calls), ("reasoning_details", reasoning_details)):
        if value is not None:
            message[field] = list(value)
    if name is not None:
        message["name"] = name
    if message.get("content") is None and not message.get("tool_calls"):
        raise InvalidRequestError("The assistant message is empty.", remedy="Give it a text or tool calls.")
    return message


def tool_result(call_id: str, content: Any) -> dict[str, Any]:
    """What a tool gave back, as an answer to the call of that id.

    Args:
        call_id: The ``id`` of the tool call.
        content: A text; a list of parts; or any other JSON value, which is sent as JSON text.

    Raises:
        InvalidRequestError: there is no id, or the content cannot be written as JSON.

    >>> tool_result("call_1", {"celsius": 21})
    {'role': 'tool', 'tool_call_id': 'call_1', 'content': '{"celsius": 21}'}
    """
    if not isinstance(call_id, str) or not call_id:
        raise InvalidRequestError(
            f"{shown(call_id)} is no id of a tool call.", remedy="Give the call's 'id'."
        )
    if not isinstance(content, str):
        if isinstance(content, (list, tuple)) and content and all(map(_is_part, content)):
            content = [dict(part) for part in content]
        else:
            try:
                content = json.dumps(content, ensure_ascii=False, allow_nan=False)
            except (TypeError, ValueError, RecursionError) as error:
                raise InvalidRequestError(
                    f"The result of the tool cannot be written as JSON: {error}.", remedy="Make it a text."
                ) from None
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def _message(role: str, parts: Sequence[Any], name: str | None) -> dict[str, Any]:
    if not parts:
        raise InvalidRequestError(f"The {role} message is empty.", remedy="Give it a text.")
    alone = len(parts) == 1 and isinstance(parts[0], str)
    message = {"role": role, "content": parts[0] if alone else [_part(part) for part in parts]}
    return message if name is None else {**message, "name": name}


def _is_part(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("type"), str) and value["type"] in _PART_TYPES


def _part(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping) and isinstance(value.get("type"), str):
        return dict(value)
    raise InvalidRequestError(
        f"{shown(value)} is neither text nor a part of a message.",
        remedy="image(…), file(…), audio(…) and video(…) make parts.",
    )


# --- parts


def text(words: str, *, cache: bool | str = False) -> dict[str, Any]:
    """A part of text.

    Args:
        words: The text, unchanged.
        cache: True asks the provider to cache the prompt up to here; "5m" or "1h" says for how long.

    >>> text("A long introduction", cache="1h")["cache_control"]
    {'type': 'ephemeral', 'ttl': '1h'}
    """
    if not isinstance(words, str):
        raise InvalidRequestError(f"{shown(words)} is no text.", remedy="")
    part: dict[str, Any] = {"type": "text", "text": words}
    if cache:
        part["cache_control"] = {"type": "ephemeral"} | ({} if cache is True else {"ttl": cache})
    return part


def image(source: Any, *, detail: str | None = None) -> dict[str, Any]:
    """A part that is an image.

    Args:
        source: A path, an http(s) URL (sent as it is), a data URL, the bytes of a PNG, JPEG, WebP or GIF, or an
            object that a notebook shows as a picture: a Matplotlib figure or axes, a PIL image.
        detail: How closely to look: "auto", "low", "high" or "original".

    Raises:
        InvalidRequestError: nothing is there, it is none of these types, or larger than 20 MB.

    >>> image(b"GIF89a" + bytes(6), detail="low")["image_url"]["url"]
    'data:image/gif;base64,R0lGODlhAAAAAAAA'
    """
    url = _web_url(source)
    if url is None:
        data, _, _ = _load(source, "image", IMAGE_TYPES, drawn=True)
        url = _data_url("image", _known(_image_type(data), "image", IMAGE_TYPES), data)
    inner = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": inner}


def file(source: Any, *, filename: str | None = None) -> dict[str, Any]:
    """A part that is a PDF file; it works with every model, through a parser where the model reads none.

    Args:
        source: A path, an http(s) URL (sent as it is), a data URL, or the bytes of a PDF.
        filename: What the model sees as its name; by default that of the file itself, without its folder.

    Raises:
        InvalidRequestError: nothing is there, it is no PDF, or larger than 20 MB.

    >>> file("https://example.org/paper.pdf")["file"]
    {'filename': 'paper.pdf', 'file_data': 'https://example.org/paper.pdf'}
    """
    data = _web_url(source)
    if data is not None:
        name = PurePosixPath(urlsplit(data).path).name
    else:
        content, name, _ = _load(source, "file", FILE_TYPES)
        # Readers accept up to a kilobyte of anything before the mark.
        found = "pdf" if b"%PDF-" in content[:1024] else ""
        data = _data_url("application", _known(found, "file", FILE_TYPES), content)
    return {"type": "file", "file": {"filename": filename or name or "document.pdf", "file_data": data}}


def audio(source: Any, *, format: str | None = None) -> dict[str, Any]:
    """A part that is sound. The service takes no URLs of sound, so that there must be bytes.

    Args:
        source: A path, a data URL, or bytes.
        format: One of ``AUDIO_TYPES``; by default what the bytes show, or else the name of the file. Raw samples
            (pcm16, pcm24) show nothing, so they need it.

    Raises:
        InvalidRequestError: nothing is there, it is of none of these types, or larger than 20 MB.

    >>> audio(b"ID3" + bytes(6))["input_audio"]
    {'data': 'SUQzAAAAAAAA', 'format': 'mp3'}
    """
    if _web_url(source) is not None:
        raise InvalidRequestError(
            f"{shown(source)} is a URL, and the service takes sound only as bytes.",
            remedy="Download it, and give the file.",
        )
    data, _, hint = _load(source, "audio", AUDIO_TYPES)
    found = _known(format or _audio_type(data) or hint, "audio", AUDIO_TYPES)
    return {"type": "input_audio", "input_audio": {"data": _base64(data), "format": found}}


def video(source: Any) -> dict[str, Any]:
    """A part that is a video.

    Args:
        source: An http(s) URL (sent as it is; some providers take those of YouTube only, some none), a path, a
            data URL, or the bytes of an MP4, MPEG, MOV or WebM file.

    Raises:
        InvalidRequestError: nothing is there, it is of none of these types, or larger than 20 MB.

    >>> video("https://example.org/v.mp4")["video_url"]
    {'url': 'https://example.org/v.mp4'}
    """
    url = _web_url(source)
    if url is None:
        data, _, hint = _load(source, "video", VIDEO_TYPES)
        url = _data_url("video", _known(_video_type(data) or hint, "video", VIDEO_TYPES), data)
    return {"type": "video_url", "video_url": {"url": url}}


# --- where the bytes come from


def _web_url(source: Any) -> str | None:
    """The source, if it is an http(s) URL."""
    if not isinstance(source, str) or not source[:8].lower().startswith(("http://", "https://")):
        return None
    if " " in source or not source.isprintable() or not source.partition("://")[2]:
        raise InvalidRequestError(f"{shown(source)} is no URL.", remedy="Write its spaces as %20.")
    return source


def _load(source: Any, what: str, types: Sequence[str], *, drawn: bool = False) -> tuple[bytes, str, str]:
    """The bytes of a source, the name of its file, and the type that its name or its data URL claims."""
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
    for owner in (source, _called(source, "get_figure")):  # a figure; or axes, which belong to one
        if callable(getattr(owner, "savefig", None)):
            buffer = io.BytesIO()
            owner.savefig(buffer, format="png", bbox_inches="tight")
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


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _data_url(family: str, kind: str, data: bytes) -> str:
    return f"data:{family}/{kind};base64,{_base64(data)}"


# --- which type the bytes are of


def _known(found: str, what: str, types: Sequence[str]) -> str:
    if found not in types:
        problem = f"{shown(found)} is no type of {what}" if found else f"The bytes are no {what}"
        raise InvalidRequestError(f"{problem} that can be sent.", remedy=f"It must be {_list(types)}.")
    return found


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _image_type(data: bytes) -> str:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "gif" if data[:6] in (b"GIF87a", b"GIF89a") else ""


def _audio_type(data: bytes) -> str:
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
        if data[1] & 0xE0 == 0xE0 and data[1] & 0x06:
            return "mp3"
    return ""


def _video_type(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return "mov" if data[8:12] == b"qt  " else "mp4"
    if data[4:8] in (b"moov", b"mdat", b"wide"):
        return "mov"
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm"
    return "mpeg" if data[:4] in (b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3") else ""
