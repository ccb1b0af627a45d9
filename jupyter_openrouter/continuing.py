"""Joins a cut or length-limited answer with its continuation; pure."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from typing import Any

from .chunks import Usage
from .errors import BadRequestError, InvalidRequestError, OpenRouterError
from .response import Response

_LEAST_OVERLAP = 16
_MOST_OVERLAP = 2000
_ASK = "Continue your last answer exactly where it stopped. Repeat nothing of it, and say nothing about continuing."
_PREFILL_WORDS = ("prefill", "end with a user", "last message", "assistant message", "final message")


def continuation_messages(response: Response, *, prefill: bool) -> list[Any]:
    """The messages that ask for the rest: the partial text last, or a user turn that asks to go on.

    Raises:
        InvalidRequestError: the response has no request or no text, or it is complete.
    """
    messages = response.body.get("messages")
    if not isinstance(messages, list) or not response.text.strip():
        raise InvalidRequestError("There is no answer that could be continued.", remedy="Ask again instead.")
    if response.state == "done" and response.finish_reason != "length":
        raise InvalidRequestError("This answer is complete.", remedy="Ask a new question instead.")
    # Some providers refuse a text that ends in white space.
    turns = [*messages, {"role": "assistant", "content": response.text.rstrip()}]
    return turns if prefill else [*turns, {"role": "user", "content": _ASK}]


def refuses_prefill(error: OpenRouterError) -> bool:
    """Whether the error says that a conversation may not end with an assistant message.

    It is learnt from the error: lists of models that refuse it are out of date as soon as they are written.
    """
    return isinstance(error, BadRequestError) and any(
        word in error.message.lower() for word in _PREFILL_WORDS
    )


def rest_of(partial: str, continuation: str) -> str:
    """The continuation without what it repeats of the partial text, and with the white space between.

    >>> rest_of("The quick brown fox jumps", "brown fox jumps over the dog")
    ' over the dog'
    >>> rest_of("one two", "three"), rest_of("one two ", "three"), rest_of("some", " more")
    ('three', 'three', ' more')
    """
    body = partial.rstrip()
    if len(body) >= _LEAST_OVERLAP // 2 and continuation.startswith(body):
        continuation = continuation[len(body) :]  # it began anew
    else:
        start = continuation.lstrip()
        for size in range(min(len(body), len(start), _MOST_OVERLAP), 0, -1):
            # A short one may be chance: "ha" after "ha".
            if body.endswith(start[:size]) and (
                size >= _LEAST_OVERLAP or (size >= 8 and " " in start[:size])
            ):
                continuation = start[size:]
                break
    white = partial[len(body) :]
    return continuation.removeprefix(white) if white else continuation


def total_usage(parts: Iterable[Response]) -> Usage:
    """What the parts used together; what one of them does not know is unknown."""
    unknown = Usage()
    return functools.reduce(operator.add, (part.usage or unknown for part in parts))


def joined(first: Response, second: Response) -> Response:
    """One response out of both: the text with its seam marked, usage and cost added."""
    whole = Response(first.requested_model, request_hash=first.request_hash)
    whole.body, whole.settler, whole.sent_at = first.body, second.settler, first.sent_at
    whole.add(1, "\n\n".join(part for part in (first.reasoning, second.reasoning) if part))
    whole.add(0, first.text)
    whole.seams = [*first.seams, len(first.text)]
    whole.add(0, rest_of(first.text, second.text))
    for name in (
        "id",
        "model",
        "provider",
        "generation_id",
        "finish_reason",
        "native_finish_reason",
        "finished",
        "service_tier",
        "tool_calls",
        "reasoning_details",
        "refusal",
    ):
        setattr(whole, name, getattr(second, name))
    for name in ("images", "annotations", "logprobs", "skipped_chunks", "mends"):
        setattr(whole, name, [*getattr(first, name), *getattr(second, name)])
    whole.skipped, whole.skipped_chunks = first.skipped + second.skipped, whole.skipped_chunks[:20]
    whole.extra = first.extra | second.extra
    whole.reasoning_details = whole.reasoning_details or first.reasoning_details
    whole.notes = [*first.notes, *second.notes]
    whole.others = first.others or second.others
    if whole.others:
        whole.notes.append("Only the first choice was continued.")
    # Pieces of sound cannot be put one behind the other: each may be a file with a head of its own.
    whole.audio = first.audio or second.audio
    if whole.audio:
        part = "the first part" if first.audio else "the continuation"
        whole.notes.append(f"The sound is that of {part} alone.")
    whole.dropped_tool_calls = second.dropped_tool_calls
    whole.state, whole.error = second.state, second.error
    whole.attempts = [*first.attempts, *second.attempts]
    whole.continues = (first, second)
    whole.continued_ids = [
        ident
        for part in whole.continues
        for ident in part.continued_ids or [part.generation_id or part.id]
        if ident
    ]
    whole.usage = total_usage(whole.continues)
    whole.first_delta_seconds = first.first_delta_seconds
    whole.seconds = (first.seconds or 0.0) + (second.seconds or 0.0)
    return whole
