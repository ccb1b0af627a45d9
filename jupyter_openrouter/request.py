"""What is sent: messages and parameters, checked, in a fixed key order.

The order matters: OpenRouter's response cache compares bodies as they are written, so the same cell must
give the same bytes each time.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .errors import InvalidRequestError
from .kinds import Flag, Slug, shown

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .parameters import ChatParameters, CompletionParameters


class HasMessage(Protocol):
    """What gives a message of a conversation, as a ``Response`` does."""

    def message(self) -> Mapping[str, Any]: ...


Message = Mapping[str, Any] | HasMessage
Messages = str | Message | Iterable[Message]
ROLES = ("system", "developer", "user", "assistant", "tool")

_SLUG, _FLAG = Slug(), Flag()


def chat_body(
    messages: Messages,
    *,
    model: str | None,
    system: str | None = None,
    extra: Mapping[str, Any] | None = None,
    stream: bool = True,
    **parameters: Unpack[ChatParameters],
) -> dict[str, Any]:
    """The body of ``POST /chat/completions``.

    Args:
        messages: The prompt as text, one message, or several: with ``role`` and ``content`` as on the wire, as
            ``parts`` makes them, or responses, which stand for their assistant messages.
        model: A model slug such as ``openai/gpt-4``; suffixes and aliases are passed on as they are. May be
            None where ``models`` or ``preset`` is given.
        system: Text of a system message that goes first.
        extra: Any other field of the body, by its own name and unchecked; they follow, sorted by name.
        stream: Whether the answer comes in events, or whole.
        **parameters: See ``parameters.ChatParameters``; None is not sent.

    Raises:
        InvalidRequestError: something here cannot be sent; the message says what.

    >>> chat_body("hello", model="demo/echo", temperature=0.2)["messages"]
    [{'role': 'user', 'content': 'hello'}]
    """
    if parameters:
        from . import parameters as known

        checked = known.checked(parameters, known.ChatParameters)
    else:
        checked = {}
    head = {"messages": _messages(messages, system)}
    return _body(model, head, checked, extra, stream)


def completion_body(
    prompt: str,
    *,
    model: str | None,
    extra: Mapping[str, Any] | None = None,
    stream: bool = True,
    **parameters: Unpack[CompletionParameters],
) -> dict[str, Any]:
    """The body of the legacy ``POST /completions``, which continues a text.

    Args:
        prompt: The text to continue, at least one character.
        model, extra, stream: As in ``chat_body``.
        **parameters: See ``parameters.CompletionParameters``; None is not sent.

    Raises:
        InvalidRequestError: something here cannot be sent; the message says what.

    >>> completion_body("def f(", model="demo/echo", suffix=")", stream=False)
    {'model': 'demo/echo', 'prompt': 'def f(', 'suffix': ')', 'stream': False}
    """
    if parameters:
        from . import parameters as known

        checked = known.checked(parameters, known.CompletionParameters)
    else:
        checked = {}
    if not isinstance(prompt, str) or not prompt:
        raise InvalidRequestError(f"{shown(prompt)} is no text to continue.", remedy="Write a prompt.")
    return _body(model, {"prompt": prompt}, checked, extra, stream)


def _body(
    model: str | None,
    head: dict[str, Any],
    checked: dict[str, Any],
    extra: Mapping[str, Any] | None,
    stream: bool,
) -> dict[str, Any]:
    extra = {} if extra is None else extra
    if not isinstance(extra, Mapping) or not all(isinstance(name, str) for name in extra):
        raise InvalidRequestError(f"extra is {shown(extra)}, not fields by their names.", remedy="")
    body: dict[str, Any] = {}
    if model is not None or not any(
        source.get("models") or source.get("preset") for source in (checked, extra)
    ):
        body["model"] = _SLUG.fit(model, "model")
    body |= head
    body |= checked
    for name in sorted(extra):
        if name in body or name in ("model", "stream"):
            raise InvalidRequestError(f"extra holds {name!r}, which has an argument of its own.", remedy="")
        body[name] = extra[name]
    body["stream"] = _FLAG.fit(stream, "stream")
    return body


def _messages(messages: Any, system: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if system:
        if not isinstance(system, str):
            raise InvalidRequestError(f"The system message {shown(system)} is no text.", remedy="")
        found.append({"role": "system", "content": system})
    if isinstance(messages, str):
        if not messages.strip():
            raise InvalidRequestError("The prompt is empty; nothing was sent.", remedy="Write a prompt.")
        return [*found, {"role": "user", "content": messages}]
    if isinstance(messages, Mapping) or _gives_message(messages):
        messages = [messages]
    if not isinstance(messages, Iterable):
        raise InvalidRequestError(
            f"{shown(messages)} is no prompt.", remedy="Give a text, or a list of messages."
        )
    before = len(found)
    found += map(_message, messages)
    if len(found) == before:
        raise InvalidRequestError("There is no message to send.", remedy="Write a prompt.")
    return found


def _gives_message(value: Any) -> bool:
    return not isinstance(value, (str, Mapping)) and callable(getattr(value, "message", None))


def _message(given: Any) -> dict[str, Any]:
    """A message as it is sent; all that is in it besides role and content goes unchanged."""
    if _gives_message(given):
        given = given.message()
    if not isinstance(given, Mapping) or not isinstance(given.get("role"), str):
        raise InvalidRequestError(
            f"{shown(given)} is no message.", remedy="A message has a 'role' and a 'content'."
        )
    message = dict(given)
    role, content = message["role"], message.get("content")
    if role not in ROLES:
        raise InvalidRequestError(
            f"{shown(role)} is no role of a message.", remedy=f"The roles are {', '.join(ROLES)}."
        )
    if role == "tool" and not (isinstance(message.get("tool_call_id"), str) and message["tool_call_id"]):
        raise InvalidRequestError(
            "A tool message names no call.", remedy="Give 'tool_call_id', the id of the tool call."
        )
    if content is None:
        if role != "assistant" and "configuration_update" not in message:
            raise InvalidRequestError(f"A {role} message has no content.", remedy="Give it a text.")
    elif isinstance(content, (list, tuple)):
        for part in content:
            if not isinstance(part, Mapping) or not isinstance(part.get("type"), str):
                raise InvalidRequestError(
                    f"{shown(part)} is no part of a message.",
                    remedy="A part has a 'type'; text(…), image(…), file(…), audio(…) and video(…) make them.",
                )
        message["content"] = list(content)
    elif not isinstance(content, str):
        raise InvalidRequestError(
            f"The content of a {role} message is {shown(content)}.",
            remedy="It is a text, or a list of parts.",
        )
    return message


def encode(body: Mapping[str, Any]) -> bytes:
    """The body as JSON bytes, in the order of its keys.

    Raises:
        InvalidRequestError: a value cannot be written as JSON, holds itself, or is nested too deep.
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


def headers(
    *,
    cache: bool | int | None = None,
    refresh_cache: bool = False,
    title: str | None = None,
    referer: str | None = None,
    categories: Sequence[str] = (),
    router_metadata: bool = False,
    session_id: str | None = None,
) -> dict[str, str]:
    """The headers of a request besides its key and its content type; only what is asked for.

    Args:
        cache: OpenRouter's response cache: True or False, or True with a number of seconds, 1 to 86400, to keep
            the answer (300 by default). A hit costs nothing.
        refresh_cache: Replace what is cached; turns the cache on for this request.
        title: The app's name, in letters of Latin-1.
        referer: The app's URL, which is its identity in OpenRouter's rankings.
        categories: At most two of the app's categories, such as ``programming-app``.
        router_metadata: Ask how the request found its provider; it comes with the last chunk.
        session_id: At most 256 characters; the ``session_id`` of the body wins over it.

    Raises:
        InvalidRequestError: a value is out of its range, or a header cannot carry it.

    Source: OpenRouter's pages "Response caching", "App attribution", "Router metadata" and "Prompt caching".

    >>> headers(cache=60, title="My notebook")
    {'X-OpenRouter-Cache': 'true', 'X-OpenRouter-Cache-TTL': '60', 'X-OpenRouter-Title': 'My notebook'}
    """
    found = _cache_headers(cache, refresh_cache)
    if title is not None:
        found["X-OpenRouter-Title"] = _header("title", title)
    if referer is not None:
        found["HTTP-Referer"] = _header("referer", referer)
        if not referer.lower().startswith(("http://", "https://")) or " " in referer:
            raise InvalidRequestError(f"referer is {shown(referer)}, not an http(s) URL.", remedy="")
    if isinstance(categories, str) or len(categories) > 2:
        raise InvalidRequestError(f"categories is {shown(categories)}, not a list of at most 2.", remedy="")
    if categories:
        found["X-OpenRouter-Categories"] = ",".join(_header("categories", one, ",") for one in categories)
    if router_metadata:
        found["X-OpenRouter-Metadata"] = "enabled"
    if session_id is not None:
        found["x-session-id"] = _header("session_id", session_id)
        if len(session_id) > 256:
            raise InvalidRequestError("session_id has more than 256 characters.", remedy="Shorten it.")
    return found


def _cache_headers(cache: bool | int | None, refresh: bool) -> dict[str, str]:
    seconds = isinstance(cache, int) and not isinstance(cache, bool)
    if not (cache is None or isinstance(cache, bool) or (seconds and 1 <= cache <= 86400)):
        raise InvalidRequestError(
            f"cache is {shown(cache)}, not True, False or a whole number of seconds from 1 to 86400.",
            remedy="",
        )
    if refresh and cache is False:
        raise InvalidRequestError(
            "refresh_cache asks for the cache, and cache=False turns it off.", remedy="Leave out one of them."
        )
    found = {}
    if cache is not None or refresh:
        found["X-OpenRouter-Cache"] = "false" if cache is False else "true"
    if seconds:
        found["X-OpenRouter-Cache-TTL"] = str(cache)
    if refresh:
        found["X-OpenRouter-Cache-Clear"] = "true"
    return found


def _header(name: str, value: Any, without: str = "") -> str:
    """A text that an HTTP header can carry: one line, Latin-1, not empty."""
    text = value.strip(" ") if isinstance(value, str) else ""
    # Every character outside of Latin-1 is above U+00FF.
    if not text or not text.isprintable() or max(text) > "\xff" or any(c in without for c in text):
        raise InvalidRequestError(
            f"{name} is {shown(value)}, which a header cannot carry.",
            remedy="Write one line of Latin letters, digits and signs.",
        )
    return text


def number(text: str) -> float:
    """A finite number out of a flag's text.

    >>> number("0.2")
    0.2
    """
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not finite")
    return value
