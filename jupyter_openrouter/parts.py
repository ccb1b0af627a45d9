"""Messages and their parts as the wire has them: text, images, PDF files, sound, video, tool results.

Each function returns a plain dictionary; where one lacks a field, add it, or write the dictionary out.

Sources: OpenRouter's pages "Image inputs", "PDF inputs", "Audio inputs", "Video inputs", "Tool calling" and
"Prompt caching".

>>> user("What is this?", image("https://example.org/cat.png"))["content"][1]
{'type': 'image_url', 'image_url': {'url': 'https://example.org/cat.png'}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from .errors import InvalidRequestError
from .kinds import shown
from .media import (
    AUDIO_TYPES,
    FILE_TYPES,
    IMAGE_TYPES,
    VIDEO_TYPES,
    audio_type,
    base64_text,
    data_url,
    image_type,
    known_type,
    load,
    video_type,
    web_url,
)

_PART_TYPES = {"text", "image_url", "file", "input_audio", "video_url", "input_video"}


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
    if not isinstance(cache, (bool, str)):
        raise InvalidRequestError(f"cache is {shown(cache)}, not True, '5m' or '1h'.", remedy="")
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
    url = web_url(source)
    if url is None:
        data, _, _ = load(source, "image", IMAGE_TYPES, drawn=True)
        url = data_url("image", known_type(image_type(data), "image", IMAGE_TYPES), data)
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
    data = web_url(source)
    if data is not None:
        name = PurePosixPath(urlsplit(data).path).name
    else:
        content, name, _ = load(source, "file", FILE_TYPES)
        # Readers accept up to a kilobyte of anything before the mark.
        found = "pdf" if b"%PDF-" in content[:1024] else ""
        data = data_url("application", known_type(found, "file", FILE_TYPES), content)
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
    if web_url(source) is not None:
        raise InvalidRequestError(
            f"{shown(source)} is a URL, and the service takes sound only as bytes.",
            remedy="Download it, and give the file.",
        )
    data, _, hint = load(source, "audio", AUDIO_TYPES)
    found = known_type(format or audio_type(data) or hint, "audio", AUDIO_TYPES)
    return {"type": "input_audio", "input_audio": {"data": base64_text(data), "format": found}}


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
    url = web_url(source)
    if url is None:
        data, _, hint = load(source, "video", VIDEO_TYPES)
        url = data_url("video", known_type(video_type(data) or hint, "video", VIDEO_TYPES), data)
    return {"type": "video_url", "video_url": {"url": url}}
