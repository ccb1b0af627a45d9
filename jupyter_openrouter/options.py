"""What a call of the client may be given besides the model and the prompt: parameters, and how it is sent and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from .plan import Timeouts
from .response import Response
from .retry import Attempt, RetryPolicy

if TYPE_CHECKING:
    from .parameters import ChatParameters, CompletionParameters


class StreamOptions(TypedDict, total=False):
    """How a request is sent and its answer read; nothing of it is in the body.

    Keys:
        fallback: Models to ask in turn when the one before failed with nothing answered.
        fallback_statuses: The HTTP statuses that lead to the next one; 402, 408, 429 and 5xx by default.
        timeouts, retry: In place of the client's.
        on_retry: Called with each ``retry.Attempt`` that failed and is followed by another.
        on_malformed: "skip" counts a malformed chunk and goes on, "raise" ends the answer.
        keep_text: False hands deltas out and keeps none, for very long answers in little memory.
        response: A response to fill, given to watch it from elsewhere.
        max_cost: US dollars. The answer is refused before it is sent when it may cost more, and stopped when it does.
        cache: OpenRouter's response cache: True, or seconds from 1 to 86,400 to keep the answer; a hit is free.
        refresh_cache: Ask anew, and keep that answer.
        title, referer, categories: The app's name, address and up to two categories, for OpenRouter's rankings; in
            place of the client's, None and () for none.
        router_metadata: Ask which endpoints were considered and tried.
    """

    fallback: Sequence[str]
    fallback_statuses: frozenset[int]
    timeouts: Timeouts
    retry: RetryPolicy
    on_retry: Callable[[Attempt], None]
    on_malformed: Literal["skip", "raise"]
    keep_text: bool
    response: Response
    max_cost: float | None
    cache: bool | int
    refresh_cache: bool
    title: str | None
    referer: str | None
    categories: Sequence[str]
    router_metadata: bool


if TYPE_CHECKING:
    # For type checkers and editors alone: making these classes would load the table of parameters.

    class _BodyOptions(StreamOptions, total=False):
        model: str
        stream: bool
        extra: Mapping[str, Any] | None

    class ChatOptions(ChatParameters, _BodyOptions, total=False):
        """Everything that a chat call takes by name; ``system`` is the text of a system message that goes first."""

        system: str | None

    class CompletionOptions(CompletionParameters, _BodyOptions, total=False):
        """Everything that a text completion takes by name."""
