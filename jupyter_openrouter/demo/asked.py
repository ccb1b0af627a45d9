"""Reads a completion request: who should answer what, how long and how fast; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .models import DEFAULT, Model, find
from .refusals import Refused, envelope
from .wire import JSON, Shape, tokens


@dataclass(frozen=True)
class Controls:
    """The `demo` field of a request: deltas a second (0: no pause), seconds, and a seed."""

    rate: float
    first_token_delay: float
    seed: int


@dataclass(frozen=True)
class Asked:
    """A completion request that can be answered."""

    model: Model
    requested: tuple[str, ...]
    used: str
    shape: Shape
    messages: tuple[JSON, ...]
    stream: bool
    limit: int | None
    stops: tuple[str, ...]
    controls: Controls
    body: JSON

    @property
    def prompt(self) -> str:
        """The text of the last user message."""
        said = (text_of(message) for message in reversed(self.messages) if message.get("role") == "user")
        return next(said, "")

    @property
    def prompt_tokens(self) -> int:
        """Estimated tokens of all messages; only text counts."""
        return sum(tokens(text_of(message)) for message in self.messages)


def text_of(message: JSON) -> str:
    """All text of a message, its text parts joined with nothing between them."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text")
    return "".join(text for text in texts if isinstance(text, str))


def bad(message: str) -> Refused:
    """A request that does not fit the schema."""
    return Refused(envelope(400, message, "invalid_request"))


def read(body: Any, *, shape: Shape, rate: float | None, seed: int) -> Asked:
    """Read a request body; `rate` and `seed` are the server's own. Raises `Refused`."""
    if not isinstance(body, dict):
        raise bad("The body must be a JSON object.")
    if "messages" not in body and isinstance(body.get("prompt"), str):
        shape = "text"
    messages = read_prompt(body) if shape == "text" else read_messages(body)
    model, used, requested = choose(body)
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise bad("max_tokens must be an integer of at least 1.")
    stop = body.get("stop") or []
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or not all(isinstance(one, str) for one in stops):
        raise bad("stop must be a string or a list of strings.")
    return Asked(
        model=model,
        requested=requested,
        used=used,
        shape=shape,
        messages=messages,
        stream=body.get("stream") is True,
        limit=limit,
        stops=tuple(filter(None, stops)),
        controls=read_controls(body, model, rate=rate, seed=seed),
        body=body,
    )


def read_messages(body: JSON) -> tuple[JSON, ...]:
    """The conversation of a chat request."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise bad("messages: at least one message is required.")
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise bad(f"messages[{index}]: an object with a role is required.")
    return tuple(messages)


def read_prompt(body: JSON) -> tuple[JSON, ...]:
    """The prompt of a legacy text request, as one user message."""
    if not isinstance(body.get("prompt"), str):
        raise bad("prompt: a string is required.")
    return ({"role": "user", "content": body["prompt"]},)


def choose(body: JSON) -> tuple[Model, str, tuple[str, ...]]:
    """The first model of `model` and `models` that exists here, its slug as asked, and all slugs asked."""
    wanted = [body.get("model"), *(body.get("models") or [])]
    slugs = tuple(slug for slug in wanted if isinstance(slug, str)) or (DEFAULT,)
    for slug in slugs:
        model = find(slug)
        if model is not None:
            return model, slug, slugs
    raise Refused(unknown_model(slugs))


def unknown_model(slugs: tuple[str, ...]) -> tuple[int, JSON]:
    """404 in the form with an `availability` block, which has no `code` beside the message."""
    availability = {
        "code": "model_not_found",
        "retryable": False,
        "requested_models": list(slugs),
        "docs_url": "https://openrouter.ai/docs/api-reference/errors",
    }
    message = f"No model here is called {', '.join(slugs)}. This is the demo server: its models are demo/…"
    error = {
        "message": message,
        "error_type": "not_found",
        "http_status": 404,
        "availability": availability,
    }
    return 404, {"error": error}


def read_controls(body: JSON, model: Model, *, rate: float | None, seed: int) -> Controls:
    """The request's own wishes, else the server's, else the model's."""
    wishes = body.get("demo") or {}
    if not isinstance(wishes, dict):
        raise bad("demo must be an object.")
    pace = wishes.get("rate", model.rate if rate is None else rate) or 0.0
    delay = wishes.get("first_token_delay", model.first_token_delay if pace else 0.0) or 0.0
    seed = wishes.get("seed", body.get("seed", seed)) or 0
    for name, value in (("rate", pace), ("first_token_delay", delay), ("seed", seed)):
        if not isinstance(value, int | float) or value < 0:
            raise bad(f"demo.{name} must be a number, 0 or more.")
    return Controls(rate=float(pace), first_token_delay=float(delay), seed=int(seed))
