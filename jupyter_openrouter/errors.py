"""Every error a user can meet, drawn as a tree, each with what to do next.

    OpenRouterError
    ├── InvalidRequestError      what was asked cannot be sent (also a ValueError)
    │   └── PromptError              an expression in the prompt failed, or has no end
    ├── MissingKeyError          no API key was found
    ├── NotRecordedError         a request is not in the recording that is replayed
    ├── FileError                a file cannot be read or written, or is not what it should be (also a ValueError)
    ├── BudgetError              it may cost more than a cap allows, or has already
    ├── APIConnectionError       the service was not reached, or the connection broke before the answer began
    │   └── APITimeoutError      nothing arrived for too long
    ├── APIStatusError           the service answered with an error
    │   ├── BadRequestError          400, 413, 422
    │   ├── AuthenticationError      401
    │   ├── PaymentRequiredError     402
    │   ├── PermissionDeniedError    403
    │   ├── NotFoundError            404
    │   ├── RateLimitError           429
    │   └── ProviderError            5xx, 408, and errors of a model's provider in the middle of an answer
    ├── AnswerFormatError        the answer is whole, and not of the form that was asked for (also a ValueError)
    └── StreamError              an answer began and did not end as it should
        ├── CutError                 the stream ended with neither a finish reason nor [DONE]
        ├── EmptyAnswerError         it ended in order, and holds no answer
        └── EventError               the stream holds something that is no event of this API

An error that ended an answer carries it as ``response``: no text that arrived is ever lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from .hidden_keys import without_keys
from .plain_text import plain

if TYPE_CHECKING:
    from .response import Response


_FACTS = {
    "status": int,
    "code": str,
    "provider": str,
    "generation_id": str,
    "retry_after": float,
    "retryable": bool,
    "limit_source": str,
}


class OpenRouterError(Exception):
    """The root of the tree. ``str(error)`` says what happened and then what to do.

    Attributes:
        message: What happened, in one sentence.
        remedy: What to do next, in one sentence; may be empty.
        status: HTTP status that the error stands for, if there is one.
        code: The service's own word for it (``error_type``, an availability code), if it gave one.
        provider: Display name of the model's provider, if the service named it.
        generation_id: The service's id of this generation (``gen-…``), if it is known.
        retry_after: Seconds to wait before another try, if the service said so.
        response: The answer so far, if one had begun.
        retryable: Whether the same request can succeed later, where the service says so; else None.
        limit_source: Which limit was reached (``openrouter_credits``, …), where the service says so.
        never_sent: True when the request cannot have reached the service.
    """

    default_remedy: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        remedy: str | None = None,
        status: int | None = None,
        code: str | None = None,
        provider: str | None = None,
        generation_id: str | None = None,
        retry_after: float | None = None,
        response: Response | None = None,
        retryable: bool | None = None,
        limit_source: str | None = None,
        never_sent: bool = False,
    ) -> None:
        # One line, without what a terminal obeys; and a service may quote the key that it refuses.
        message = without_keys(" ".join(plain(message).split()))
        super().__init__(message)
        self.message = message
        self.remedy = self.default_remedy if remedy is None else remedy
        self.status = status
        self.code = code and without_keys(code)
        self.provider = provider and without_keys(provider)
        self.generation_id = generation_id and without_keys(generation_id)
        self.retry_after = retry_after
        self.response = response
        self.retryable = retryable
        self.limit_source = limit_source and without_keys(limit_source)
        self.never_sent = never_sent

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def _render_traceback_(self) -> list[str]:
        # IPython asks for it by this name.
        from .short_traceback import rendered

        return rendered(self)

    def to_dict(self) -> dict[str, Any]:
        """What is saved of it: its class, what it says, and the known facts; see ``restored``."""
        facts = {name: getattr(self, name) for name in _FACTS}
        return {"type": type(self).__name__, "message": str(self), "remedy": self.remedy} | {
            name: value for name, value in facts.items() if value is not None
        }


class InvalidRequestError(OpenRouterError, ValueError):
    """What was asked cannot be sent; nothing was sent."""


class PromptError(InvalidRequestError):
    """An expression in the prompt failed, or has no end; nothing was sent.

    What Python raised is its ``__cause__``.

    Attributes:
        line: Where in the cell, counted from 1.
        column: Where in that line, in characters, counted from 1.
    """

    default_remedy = "Nothing was sent. Correct it, or use --raw where {{ is meant as text."

    def __init__(
        self, message: str, *, line: int | None = None, column: int | None = None, **more: Any
    ) -> None:
        super().__init__(message, **more)
        self.line = line
        self.column = column


class AnswerFormatError(OpenRouterError, ValueError):
    """The answer is whole, and not of the form that was asked for.

    Attributes:
        problems: What does not fit, each with ``path`` and ``message``; empty where the answer is no JSON at all.
    """

    default_remedy = "Ask again, or choose a model that takes structured_outputs."

    def __init__(self, message: str, *, problems: tuple[Any, ...] = (), **more: Any) -> None:
        super().__init__(message, **more)
        self.problems = problems


class MissingKeyError(OpenRouterError):
    """No API key was found; nothing was sent."""

    default_remedy = (
        "In a notebook, run %openrouter login or %openrouter key set; or set the environment variable "
        "OPENROUTER_API_KEY before the kernel starts, or install the extra "
        "'keyring' and store it there, or try a model that needs no key: --model demo/tour."
    )


class NotRecordedError(OpenRouterError):
    """A request is not in the recording that is replayed; nothing was sent."""

    default_remedy = (
        "Ask as it was recorded, or record it: %openrouter record FILE, or record=FILE for a client. "
        "%openrouter replay off asks the service again."
    )


class FileError(OpenRouterError, ValueError):
    """A file cannot be read or written, or it is not what it should be; nothing was changed."""

    default_remedy = "Check its name and its place."


class BudgetError(OpenRouterError):
    """It may cost more than a cap allows, and nothing was sent; or a running answer was stopped at its cap."""

    default_remedy = "Raise the cap with %openrouter cap, or ask for fewer tokens (max_tokens)."


class APIConnectionError(OpenRouterError):
    """The service was not reached, or the connection broke before the answer began."""

    default_remedy = "Check the network, the proxy settings and the base URL, then run it again."


class APITimeoutError(APIConnectionError):
    """Nothing arrived for longer than the time-out allows."""

    default_remedy = "Run it again, choose another model, or allow more time."


class APIStatusError(OpenRouterError):
    """The service answered with an error."""

    default_remedy = "Check the base URL and the request, or run it again later."
    statuses: ClassVar[tuple[int, ...]] = ()


class BadRequestError(APIStatusError):
    """The service does not accept this request (400, 413, 422)."""

    default_remedy = "Change the request: the same one will be refused again."
    statuses = (400, 413, 422)


class AuthenticationError(APIStatusError):
    """The key is missing, wrong, expired or revoked (401)."""

    default_remedy = "Check OPENROUTER_API_KEY, or make a new key at https://openrouter.ai/keys."
    statuses = (401,)


class PaymentRequiredError(APIStatusError):
    """There is not enough credit, or a limit of the key is reached (402)."""

    default_remedy = (
        "Add credit at https://openrouter.ai/credits, raise the key's limit, or ask for fewer tokens with "
        "--max-tokens."
    )
    statuses = (402,)


class PermissionDeniedError(APIStatusError):
    """A moderation, guardrail, budget or region rule refuses the request (403)."""

    default_remedy = (
        "Change the prompt, choose another model, or look at the account's guardrails and budgets."
    )
    statuses = (403,)


class NotFoundError(APIStatusError):
    """There is no such model, or none of its providers fits what was asked (404)."""

    default_remedy = (
        "Check the model slug (%openrouter models WORDS finds it), and the routing that was asked for."
    )
    statuses = (404,)


class RateLimitError(APIStatusError):
    """Too many requests, or all providers of the model are at capacity (429)."""

    default_remedy = "Wait a moment and run it again, or choose another model."
    statuses = (429,)


class ProviderError(APIStatusError):
    """The service or the model's provider failed (5xx, 408, or in the middle of an answer)."""

    default_remedy = "Run it again, or choose another model or provider."


class StreamError(OpenRouterError):
    """An answer began and did not end as it should; the text so far is in ``response``."""

    default_remedy = "Run it again for a whole answer."


class CutError(StreamError):
    """The stream ended with neither a finish reason nor ``[DONE]``: the answer is incomplete."""

    default_remedy = (
        "The text so far is kept. Go on with it (%openrouter continue, or continue_), or run it again."
    )


class EmptyAnswerError(StreamError):
    """The stream ended in order, and holds no answer at all."""

    default_remedy = "Run it again, allow more tokens, or choose another model."


class EventError(StreamError):
    """The stream holds something that is no event of this API."""


def status_class(status: int | None) -> type[APIStatusError]:
    """The class for an HTTP status (or for none, as in the middle of an answer).

    >>> status_class(429).__name__, status_class(503).__name__, status_class(418).__name__
    ('RateLimitError', 'ProviderError', 'APIStatusError')
    """
    for cls in APIStatusError.__subclasses__():
        if status in cls.statuses:
            return cls
    if status is None or status >= 500 or status == 408:
        return ProviderError
    return APIStatusError


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _raw_message(raw: Any) -> str:
    """The provider's own words out of ``metadata.raw``: text, JSON text, or an object."""
    if isinstance(raw, str):
        import json

        try:
            parsed = json.loads(raw)
        except (ValueError, RecursionError):
            return raw.strip()
        return _raw_message(parsed) if isinstance(parsed, dict) else raw.strip()
    if isinstance(raw, dict):
        inner = raw.get("error", raw)
        if isinstance(inner, dict):
            return _text(inner.get("message")) or _text(inner.get("detail"))
        return _text(inner)
    return ""


def _seconds(value: Any) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < 1e7 else None


def wait_remedy(kind: type[APIStatusError], retry_after: float | None) -> str | None:
    """What to do after an error for which the service named a time, in seconds; else None."""
    if retry_after is None or kind not in (RateLimitError, ProviderError):
        return None
    return f"Wait {_duration(retry_after)} and run it again, or choose another model."


def _duration(seconds: float) -> str:
    """
    >>> _duration(7), _duration(3600), _duration(7200), _duration(1e6)
    ('7 s', '3600 s', '2 hours', '12 days')
    """
    if seconds < 5400:
        return f"{seconds:.6g} s"
    return f"{seconds / 3600:.0f} hours" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def from_payload(
    error: Any,
    *,
    http_status: int | None = None,
    retry_after: float | None = None,
    generation_id: str | None = None,
    response: Response | None = None,
) -> APIStatusError:
    """Makes the typed error out of the service's ``error`` value, whatever its shape.

    The forms are those of OpenRouter's "Errors and debugging" page and of answers seen in the wild: an
    object with an integer or a string ``code``, one without a code, a bare string, a bare number.
    """
    if isinstance(error, int):
        error = {"code": error}
    if not isinstance(error, dict):
        error = {"message": error if isinstance(error, str) else ""}
    metadata = error.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    availability = error.get("availability")
    availability = availability if isinstance(availability, dict) else {}

    status = None
    if http_status is not None and http_status >= 400:
        status = http_status
    else:
        for candidate in (error.get("code"), error.get("http_status")):
            if isinstance(candidate, str) and candidate.isascii() and candidate.isdigit():
                candidate = int(candidate[:4])
            if isinstance(candidate, int) and not isinstance(candidate, bool) and 400 <= candidate < 600:
                status = candidate
                break

    code = ""
    for word in (
        metadata.get("error_type"),
        error.get("error_type"),
        availability.get("code"),
        error.get("code"),
    ):
        code = code or _text(word)
    message = _text(error.get("message"))
    raw = _raw_message(metadata.get("raw"))
    if raw and raw not in message:
        message = f"{message}: {raw}" if message else raw
    cls = status_class(status)
    provider = _text(metadata.get("provider_name")) or None
    head = provider or "OpenRouter"
    number = f" ({status})" if status else ""
    message = message[:2000] or "no reason was given"
    if retry_after is None:
        retry_after = _seconds(availability.get("retry_after"))
    retryable = availability.get("retryable")
    return cls(
        f"{head} answered with an error{number}: {message.rstrip('.')}.",
        remedy=wait_remedy(cls, retry_after),
        status=status,
        code=code or None,
        provider=provider,
        generation_id=generation_id,
        retry_after=retry_after,
        response=response,
        retryable=retryable if isinstance(retryable, bool) else None,
        limit_source=_text(metadata.get("limit_source")) or None,
    )


def restored(record: Mapping[str, Any], response: Response | None = None) -> OpenRouterError:
    """The error out of what ``to_dict`` saved; of a class that there is not (any more), the root of the tree.

    >>> error = restored({"type": "RateLimitError", "message": "Slow down. Wait.", "remedy": "Wait.", "status": 429})
    >>> type(error).__name__, error.message, error.remedy, error.status
    ('RateLimitError', 'Slow down.', 'Wait.', 429)
    """
    kind = globals().get(_text(record.get("type")))
    if not (isinstance(kind, type) and issubclass(kind, OpenRouterError)):
        kind = OpenRouterError
    remedy = record.get("remedy")
    remedy = remedy if isinstance(remedy, str) else ""
    message = _text(record.get("message")).removesuffix(remedy.strip())
    facts: dict[str, Any] = {}
    for name, of in _FACTS.items():
        value = record.get(name)
        if of is float and type(value) is int:
            value = float(value)
        facts[name] = value if type(value) is of else None
    return kind(message, remedy=remedy, response=response, **facts)
