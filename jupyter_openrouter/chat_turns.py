"""The turns of a conversation as a browser is told them: the ``Turn`` of the protocol; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import tolerant
from .attached import Names, apart
from .errors import InvalidRequestError
from .extras import Beside, Images
from .failures import failure
from .kinds import shown
from .money import is_play_money
from .response import Response
from .turn import Turn, is_content, new_id, text_id

_MOST_TRIED = 10
MOST_NAME = 200
"""Characters of a name that a footer shows: a provider's, a model's, a finish reason's."""
_CONTINUABLE = ("stopped", "cut", "failed")


def told(turn: Turn, images: Images, names: Names, *, answer: Response | None = None) -> dict[str, Any]:
    """What is known of a turn; what is empty or unknown is left out.

    Args:
        turn: A settled one.
        images: Where its images are kept.
        names: The names of attached images.
        answer: The response that the turn was made of, where it is still there: it has the bytes of its images.

    >>> told(Turn("user", "hello", id="q1"), Images(), Names())
    {'id': 'q1', 'role': 'user', 'content': 'hello'}
    """
    if turn.role != "assistant":
        text, attachments = apart(turn.content, images, names)
        found: dict[str, Any] = {"id": turn.id, "role": turn.role, "content": text}
        return found | ({"attachments": [one.told for one in attachments]} if attachments else {})
    response = answer or turn.response()
    found = of_answer(response, images, content="" if response.refusal else turn.text)
    timing = tolerant.mapping((turn.response_record or {}).get("timing"))
    if response.reasoning and (seconds := tolerant.number(timing.get("reasoning_seconds"), 0)) is not None:
        found["reasoning_seconds"] = seconds
    return {"id": turn.id, "role": "assistant"} | (found if turn.response_record else _plain(found))


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """Of what is no answer of the service, such as a turn that Python has set."""
    return {name: value for name, value in found.items() if name in ("content", "extras")}


def of_answer(response: Response, images: Images, *, content: str = "") -> dict[str, Any]:
    """What is known of an answer: its text, what stands beside it, and what its footer shows."""
    extras = Beside(response, images).now()
    if not extras.get("images") and response.saved_images:
        extras["images"] = [_saved_image(one) for one in response.saved_images]
    model = response.model or response.requested_model
    speed = response.tokens_per_second
    native = response.native_finish_reason
    found: dict[str, Any] = {
        "reasoning": response.reasoning,
        "reasoning_seconds": response.reasoning_seconds,
        "extras": extras,
        "state": response.state if response.settled else "done",
        "model": model,
        "requested_model": first_asked(response) if first_asked(response) != model else "",
        "provider": response.provider,
        "finish_reason": response.finish_reason,
        "native_finish_reason": native if native != response.finish_reason else "",
        "usage": usage_of(response),
        "uncharged": bool(response.cost) and uncharged(response),
        "seconds": response.seconds,
        "speed": round(speed, 1) if speed is not None else None,
        "tried": [f"{attempt.model}: {attempt.error}"[:300] for attempt in response.attempts[:_MOST_TRIED]],
        "continuable": continuable(response),
        "error": failure(response.error),
    }
    for name in ("model", "requested_model", "provider", "finish_reason", "native_finish_reason"):
        found[name] = found[name][:MOST_NAME]
    return {"content": response.text or content} | {name: value for name, value in found.items() if value}


def first_asked(response: Response) -> str:
    """The model that was asked first, where another one was sent for it or stood in; else the one that answered."""
    if response.attempts and response.attempts[0].model != response.requested_model:
        return response.attempts[0].model
    fell_back = any("fell back" in warning for warning in response.warnings)
    return response.requested_model if fell_back else response.model or response.requested_model


def continuable(response: Response) -> bool:
    """Whether an answer can be gone on with: it has a text, and was cut, stopped or ended by the token limit."""
    early = response.state in _CONTINUABLE or response.finish_reason == "length"
    return early and bool(response.text.strip())


def uncharged(response: Response) -> bool:
    """Whether nobody pays what this answer says that it cost: it is the demo's, or out of a recording."""
    return is_play_money(response.requested_model) or response.replayed


def usage_of(response: Response) -> dict[str, Any]:
    """Tokens and US dollars of an answer, as far as they are known."""
    usage = response.usage.to_dict() if response.usage else {}
    named = ("prompt_tokens", "completion_tokens", "total_tokens", "cost")
    return {name: usage[name] for name in named if usage.get(name) is not None}


def _saved_image(one: Mapping[str, Any]) -> dict[str, Any]:
    """An image whose bytes were not saved with the answer."""
    if isinstance(one.get("url"), str):
        return {"url": one["url"]}
    note = tolerant.text(one.get("note"))
    return {
        "note": note or f"{tolerant.text(one.get('mime')) or 'the image'} was not kept with the conversation"
    }


_WIRE = ("name", "tool_calls", "tool_call_id", "reasoning_details", "annotations")


def turn_of(value: Any, known: Turn | None = None) -> Turn:
    """The turn that a dict of ``messages`` is, as ``told`` has made it or as it is on the wire.

    Args:
        value: With ``role`` and ``content``; ``id`` may name a turn that is there.
        known: That one; it is taken where it says the same, with all that ``told`` leaves out.

    Raises:
        InvalidRequestError: it is no turn.
    """
    if not isinstance(value, Mapping) or not (
        isinstance(value.get("role"), str) and is_content(value.get("content"))
    ):
        raise InvalidRequestError(
            f"{shown(value)} in messages is no turn.", remedy="A turn has a 'role' and a 'content'."
        )
    content = value["content"]
    if known is not None and known.role == value["role"]:
        words = apart(known.content)[0] if known.role != "assistant" else known.text
        if content in (words, known.content) or (not content and "extras" in value):
            return known
    return Turn(
        value["role"],
        content,
        id=text_id(value.get("id")) or new_id(),
        response_record=record_of(value) if value["role"] == "assistant" else None,
        fields={name: value[name] for name in _WIRE if name in value},
    )


def record_of(told_turn: Mapping[str, Any]) -> dict[str, Any] | None:
    """The provenance that a told turn holds, for one that comes back from Python; None where it holds none."""
    known = (
        "state",
        "model",
        "requested_model",
        "provider",
        "finish_reason",
        "native_finish_reason",
        "reasoning",
    )
    record: dict[str, Any] = {
        name: value for name in known if isinstance(value := told_turn.get(name), str) and value
    }
    if usage := tolerant.mapping(told_turn.get("usage")):
        record["usage"], record["cost"] = usage, tolerant.number(usage.get("cost"), 0)
    if (seconds := tolerant.number(told_turn.get("seconds"), 0)) is not None:
        record["timing"] = {"seconds": seconds}
    return record or None
