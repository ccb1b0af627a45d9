"""What to send for one answer, how long to wait and what to do when it fails; and who makes the connections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from .errors import BudgetError, InvalidRequestError, OpenRouterError
from .retry import FALLBACK_STATUSES, Attempt, RetryPolicy
from .tolerant import number


class Connection(Protocol):
    """An answer of the server whose headers have arrived."""

    status: int
    headers: Mapping[str, str]
    """With lower-case names."""

    def blocks(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None: ...


class Timeline(Protocol):
    """When what has come of one answer had come, where that is recorded; then its facts are the recording's.

    Attributes:
        sent_at: Unix time at which the request was sent, in seconds; None before.
        elapsed: Seconds from then to the last that has come.
    """

    sent_at: float | None
    elapsed: float

    def end(self) -> float:
        """Nothing more will be read: gives the seconds from sending to the end."""

    def retry(self, seconds: float) -> tuple[float, float]:
        """The seconds to the next try, and how many of them are waited for now."""


class Stopped(Exception):
    """Somebody called stop(), or has done so where a recording ends."""


class Account(Protocol):
    """Who pays for one answer."""

    async def before(self) -> None:
        """Before anything is sent; raises BudgetError where it may not be."""

    def over(self) -> BudgetError | None:
        """The error that ends a running answer, or None."""

    def after(self) -> None:
        """The answer has settled."""


class Transport(Protocol):
    """Who makes connections, and says in our terms what went wrong with them."""

    host: str

    async def open(self, path: str, content: bytes, headers: Mapping[str, str]) -> Connection: ...

    def translate(self, error: Exception) -> OpenRouterError | None: ...


@dataclass(frozen=True)
class Timeouts:
    """Seconds; None for no limit.

    Args:
        first_event: Until the first sign of life after sending, headers that drip included.
        idle: Without a whole event or comment.
        comments: With nothing but keep-alive comments.
        total: For the whole answer.
    """

    first_event: float | None = 60.0
    idle: float | None = 60.0
    comments: float | None = 120.0
    total: float | None = None


def check_policies(options: Mapping[str, Any]) -> None:
    """Raises InvalidRequestError where one of the options that say how a request is sent cannot be what it is.

    Found out where it is given, and not at the first failure.
    """
    for name, (fits, said) in _FITTING.items():
        if options.get(name) is not None and not fits(options[name]):
            raise InvalidRequestError(f"{name}={options[name]!r:.80} is no {said}.", remedy="")
    for name, kind in (("timeouts", Timeouts), ("retry", RetryPolicy)):
        if name in options and not isinstance(options[name], kind):
            raise InvalidRequestError(
                f"{name}={options[name]!r:.80} is no {kind.__name__}.",
                remedy="Write retry=RetryPolicy(max_retries=0) for one try, timeouts=Timeouts(total=60) for a minute.",
            )


def _are(kind: type, value: Any) -> bool:
    """Whether it is a list, or the like, of these; a text is none, though its letters are texts."""
    return isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(one, kind) for one in value)


_FITTING: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "fallback": (lambda value: _are(str, value), "list of model slugs"),
    "fallback_statuses": (lambda value: _are(int, value), "set of HTTP statuses"),
    "max_cost": (lambda value: number(value, 0) is not None, "amount in US dollars, 0 or more"),
    "on_malformed": (lambda value: value in ("skip", "raise"), "'skip' and no 'raise'"),
    "on_retry": (callable, "function"),
}


@dataclass(frozen=True)
class Plan:
    """What to send, and what to do when it fails.

    Args:
        path: Below the base URL.
        bodies: The model slug and the body of each request, the first one first; the others are asked in turn
            when the one before failed with nothing answered (``fallback``).
        headers: Besides those of every request.
        fallback_statuses: The HTTP statuses that lead to the next model.
        on_malformed: "skip" counts a malformed chunk and goes on, "raise" ends the answer with EventError.
        on_retry: Called with each attempt that failed and is made again or answered by another model.
    """

    path: str
    bodies: Sequence[tuple[str, bytes]]
    headers: Mapping[str, str] = field(default_factory=dict)
    timeouts: Timeouts = field(default_factory=Timeouts)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    fallback_statuses: frozenset[int] = FALLBACK_STATUSES
    on_malformed: Literal["skip", "raise"] = "skip"
    on_retry: Callable[[Attempt], None] | None = None
