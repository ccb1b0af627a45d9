"""What an answer is: text, reasoning, tool calls, finish reason, usage, timing; and how a notebook shows it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Literal, NamedTuple

from . import answer_json, errors, tolerant
from .chunks import Growing, Usage
from .errors import AnswerFormatError, OpenRouterError
from .money import dollars
from .retry import Attempt
from .saved_form import MIME as MIME
from .saved_form import bundle, thoughts
from .saved_form import printable as printable
from .slugs import stood_in

State = Literal["waiting", "streaming", "done", "stopped", "cut", "failed"]


_OF_MENDED = (
    "requested_model",
    "model",
    "provider",
    "generation_id",
    "state",
    "finish_reason",
    "usage",
    "cost",
    "timing",
)


class Timing(NamedTuple):
    """Seconds from sending to the first text and to the end, seconds between arrivals of text, and speed."""

    first_delta: float | None
    total: float | None
    gap_median: float | None
    gap_p99: float | None
    tokens_per_second: float | None


class Response(Growing):
    """One answer: a snapshot that is valid at any moment, also after a stop or an error.

    Attributes:
        state: ``waiting`` (sent), ``streaming``, and then one of ``done``, ``stopped`` (by the user), ``cut``
            (the stream ended with neither a finish reason nor ``[DONE]``), ``failed`` (see ``error``).
        text, reasoning: What the model wrote so far, exactly.
        finish_reason, native_finish_reason: The model's own, "" while or where there is none.
        usage: Tokens and cost as the service reports them; None when it did not.
        requested_model, model: The slug that was asked for, and the one that answered.
        provider: Display name of the provider that answered.
        generation_id: The service's id, known before the first chunk.
        request_hash: Names what was asked; equal requests have equal hashes.
        error: The error that ended the answer, if one did.
        sent_at: Unix time at which the request was sent, in seconds.
        first_delta_seconds, seconds: From sending to the first text, and to the end; None before that.
        reasoning_began, reasoning_ended: From sending to the first reasoning, and to the first of the answer
            itself after it, in seconds; None before that, and for an answer that came in one piece.
        delta_gaps: Seconds between two arrivals of text, median and 99th percentile; None before the end.
        attempts: The tries that failed before this answer, in order; see ``retry.Attempt``.
        retry_at: Unix time of the next try while one is waited for, else None.
        seams: Character offsets in ``text`` at which an answer was continued; see ``AsyncOpenRouter.continue_``.
        continues: The two answers that this one joins, where it was continued; their costs are in its own.
        continued_ids: The generation ids of all that it joins, in order; they are saved.
        mends: The answers that did not have the form of ``--schema``, in whose place this one was asked for; what
            they cost is not in its own cost.
        recorded, replayed: Whether it goes into a recording, or came out of one and costs nothing now.
        body: The request as it was sent; of it, ``models`` alone is saved.
        parsed: The answer in the form that ``--schema`` asked for; None where none was, or where it does not fit.
        notes: Short sentences about what could not be kept; they are among the ``warnings``.
        cache_status, cache_age: What OpenRouter's response cache said ("HIT", "MISS", "" when it was not asked),
            and how many seconds ago the answer was kept.
        cache_source, saved: The generation that a hit was kept from, and the US dollars that it had cost; None until
            ``settle`` has asked for them.
        conversation: Where it stands in a conversation, as a notebook saves it; set by ``Conversation.take``.
    """

    def __init__(self, requested_model: str = "", *, request_hash: str = "") -> None:
        super().__init__()
        self.requested_model = requested_model
        self.request_hash = request_hash
        self.state: State = "waiting"
        self.generation_id = ""
        self.cache_status = ""
        self.cache_age: float | None = None
        self.cache_source = ""
        self.saved: float | None = None
        self.attempts: list[Attempt] = []
        self.retry_at: float | None = None
        self.delta_gaps: tuple[float, float] | None = None
        self.seams: list[int] = []
        self.continues: tuple[Response, ...] = ()
        self.continued_ids: list[str] = []
        self.mends: list[Response] = []
        self.parsed: Any = None
        self.notes: list[str] = []
        self.body: dict[str, Any] = {}
        self.recorded = self.replayed = False
        self.saved_images: list[dict[str, Any]] = []
        self.conversation: dict[str, Any] | None = None
        self.settler: Callable[[Response], Awaitable[Response]] | None = None
        self.error: OpenRouterError | None = None
        self.sent_at: float | None = None
        self.first_delta_seconds: float | None = None
        self.reasoning_began: float | None = None
        self.reasoning_ended: float | None = None
        self.seconds: float | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing more will come."""
        return self.state not in ("waiting", "streaming")

    @property
    def elapsed(self) -> float:
        """Seconds since the request was sent: so far, or in all."""
        if self.seconds is not None:
            return self.seconds
        return max(0.0, time.time() - self.sent_at) if self.sent_at is not None else 0.0

    @property
    def reasoning_seconds(self) -> float | None:
        """Seconds from the first reasoning to the first of the answer itself: so far, or in all."""
        if self.reasoning_began is None:
            return None
        ended = self.elapsed if self.reasoning_ended is None else self.reasoning_ended
        return round(max(0.0, ended - self.reasoning_began), 1)

    @property
    def cost(self) -> float | None:
        """US dollars, or None when the service did not say."""
        return self.usage.cost if self.usage else None

    @property
    def tokens_per_second(self) -> float | None:
        """Completion tokens by the seconds from the first text to the end, or None when either is unknown."""
        tokens = self.usage.completion_tokens if self.usage else None
        if tokens is None or self.seconds is None or self.first_delta_seconds is None:
            return None
        spent = self.seconds - self.first_delta_seconds
        return tokens / spent if spent > 0 else None

    @property
    def timing(self) -> Timing:
        """How long it took, in seconds and tokens per second; None where it is not known (yet)."""
        median, p99 = self.delta_gaps or (None, None)
        return Timing(self.first_delta_seconds, self.seconds, median, p99, self.tokens_per_second)

    @property
    def choices(self) -> list[Growing]:
        """All choices, where more than one was asked for; the first is this response itself."""
        return [self, *(self.others[index] for index in sorted(self.others))]

    @property
    def warnings(self) -> list[str]:
        """Short sentences that a person should see: what is odd about an answer that has settled."""
        found = []
        if self.finish_reason == "length":
            found.append("The answer was cut by the token limit.")
        if self.finish_reason == "content_filter":
            found.append("A content filter ended the answer.")
        if self.state == "done" and not self.finish_reason:
            found.append("The model gave no finish reason.")
        if self.state == "done" and self.reasoning and not self.text and not self.tool_calls:
            found.append("The model gave only reasoning, and no answer.")
        if self.skipped:
            found.append(_malformed(self.skipped) + " left out.")
        if self.dropped_tool_calls:
            found.append(f"More than {len(self.tool_calls)} tool calls came; the rest were left out.")
        if self.state == "done" and "error" in self.native_finish_reason.lower():
            found.append(f"The provider's own finish reason tells of a failure: {self.native_finish_reason}.")
        if self.state == "done" and self.finish_reason and self.usage is None:
            found.append("The connection ended before tokens and cost were told.")
        if self.usage is not None and self.usage.upstream_cost:
            found.append(
                f"The provider charged {dollars(self.usage.upstream_cost)} besides, to a key of your own."
            )
        asked = {attempt.model for attempt in self.attempts} - {self.requested_model}
        if asked:
            found.append(f"{self.requested_model} answered instead of {', '.join(sorted(asked))}.")
        models = _texts(self.body.get("models"))
        first = self.requested_model or "".join(models[:1])
        if stood_in([first, *models], self.model):
            found.append(f"{self.model} answered instead of {first}: the service fell back.")
        return found + self.notes

    def restart(self, requested_model: str) -> None:
        """Forgets what a failed attempt left, before the next one; only while nothing has been answered."""
        names = ("attempts", "sent_at", "keep_text", "body", "settler", "mends", "recorded", "replayed")
        kept = {name: getattr(self, name) for name in names}
        self.__init__(requested_model, request_hash=self.request_hash)  # type: ignore[misc]
        vars(self).update(kept)

    def __getstate__(self) -> dict[str, Any]:
        # The way back to the client is for this process only.
        return {**vars(self), "settler": None}

    async def settle(self) -> Response:
        """Asks the service for what is not known of the cost; to be awaited on its loop.

        It is ``usage`` of an answer that was stopped, or told no cost, and ``saved`` of one that came from the cache.

        After a stop no usage arrives in the stream. The service knows it some moments later, under the
        generation id: it is asked a few times over about 8 seconds. What it does not tell stays unknown.
        """
        if self.settler is None or (self.cost is not None and not self.cache_source):
            return self
        return await self.settler(self)

    def take_generation(self, data: Mapping[str, Any]) -> None:
        """Takes in what ``GET /generation`` tells of this answer, or of the one that it was kept from."""
        if self.cache_source and data.get("id") == self.cache_source:
            self.saved = Usage.read({"cost": data.get("total_cost")}).cost
            return

        def told(*names: str) -> Any:
            return next((value for name in names if (value := data.get(name)) is not None), None)

        found: dict[str, Any] = {
            "prompt_tokens": told("native_tokens_prompt", "tokens_prompt"),
            "completion_tokens": told("native_tokens_completion", "tokens_completion"),
            "cost": told("total_cost"),
            "is_byok": told("is_byok"),
            "cost_details": {"upstream_inference_cost": told("upstream_inference_cost")},
            "completion_tokens_details": {"reasoning_tokens": told("native_tokens_reasoning")},
            "prompt_tokens_details": {"cached_tokens": told("native_tokens_cached")},
        }
        before = self.usage.details if self.usage is not None else {}  # what the stream told goes first
        self.usage = Usage.read(found | {name: value for name, value in before.items() if value is not None})
        for name, theirs in (("model", "model"), ("provider", "provider_name")):
            value = data.get(theirs)
            if isinstance(value, str) and not getattr(self, name):
                setattr(self, name, value)

    def json(self) -> Any:
        """The answer read as JSON, a code fence or prose around it left out.

        Raises:
            AnswerFormatError: it is no JSON; the message names line, column and what stands there.
        """
        try:
            return answer_json.read(self.text)
        except AnswerFormatError as error:
            error.response = self
            raise

    @classmethod
    def from_dict(cls, record: Mapping[str, Any], *, text: str = "") -> Response:
        """A response out of a saved record (``to_dict``); its text stands beside the record in a notebook."""

        def of(kind: type, name: str, default: Any) -> Any:
            value = record.get(name)
            return value if isinstance(value, kind) else default

        response = cls(of(str, "requested_model", ""), request_hash=of(str, "request_hash", ""))
        response.add(0, text)
        details = [detail for detail in of(list, "reasoning_details", []) if isinstance(detail, dict)]
        response.add(1, of(str, "reasoning", "") or thoughts(details) or "")
        response.conversation = of(dict, "conversation", None)
        for name in (
            "model",
            "provider",
            "generation_id",
            "finish_reason",
            "native_finish_reason",
            "service_tier",
        ):
            setattr(response, name, of(str, name, ""))
        if (state := record.get("state")) in ("done", "stopped", "cut", "failed"):
            response.state = state
        if usage := of(dict, "usage", {}):
            response.usage = Usage.read(usage)
        timing = of(dict, "timing", {})
        for name in ("sent_at", "first_delta_seconds", "seconds"):
            setattr(response, name, tolerant.number(timing.get(name), 0))
        for name in ("tool_calls", "reasoning_details", "annotations"):
            setattr(response, name, [one for one in of(list, name, []) if isinstance(one, dict)])
        response.saved_images = [one for one in of(list, "images", []) if isinstance(one, dict)]
        response.reasoned = bool(response.reasoning_details)
        response.refusal = of(str, "refusal", "")
        for attempt in of(list, "attempts", []):
            if isinstance(attempt, dict) and isinstance(attempt.get("model"), str):
                with suppress(TypeError):  # what has other fields is no attempt
                    response.attempts.append(Attempt(**attempt))
        response.skipped_chunks = [text for text in of(list, "skipped_chunks", []) if isinstance(text, str)]
        response.skipped = max(of(int, "skipped", 0), len(response.skipped_chunks))
        cache = of(dict, "cache", {})
        for name in ("cache_status", "cache_source"):
            setattr(response, name, text if isinstance(text := cache.get(name), str) else "")
        response.cache_age, response.saved = _amount(cache.get("cache_age")), _amount(cache.get("saved"))
        response.seams = [
            at for at in of(list, "seams", []) if type(at) is int and 0 <= at <= len(response.text)
        ]
        response.notes = _texts(record.get("notes"))
        response.continued_ids = _texts(record.get("continues"))
        response.mends = [
            cls.from_dict({**one, "mends": None}) for one in of(list, "mends", []) if isinstance(one, dict)
        ]
        if models := _texts(record.get("models")):
            response.body = {"models": models}
        if error := of(dict, "error", {}):
            response.error = errors.restored(error, response)
        return response

    def message(self) -> dict[str, Any]:
        """The assistant message for a conversation's history, with reasoning details unchanged."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.tool_calls:
            message["tool_calls"] = [
                {name: value for name, value in call.items() if name != "index"} for call in self.tool_calls
            ]
        if self.reasoning_details:
            message["reasoning_details"] = self.reasoning_details
        if files := self.parsed_files:
            message["annotations"] = files
        return message

    @property
    def parsed_files(self) -> list[dict[str, Any]]:
        """The documents that were parsed for this answer: sent back with it, they are not paid for again."""
        return [item for item in self.annotations if item.get("type") == "file"]

    def to_dict(self) -> dict[str, Any]:
        """The provenance, as it is saved in a notebook. Holds no key, no header and no prompt."""
        from .beside import images_of

        usage, details = self.usage, self.reasoning_details
        cache = {name: getattr(self, name) for name in ("cache_status", "cache_source", "cache_age", "saved")}
        return {
            "version": 1,
            "request_hash": self.request_hash,
            "requested_model": self.requested_model,
            "model": self.model or None,
            "provider": self.provider or None,
            "generation_id": self.generation_id or self.id or None,
            "state": self.state,
            "finish_reason": self.finish_reason or None,
            "native_finish_reason": self.native_finish_reason or None,
            # A sum, of an answer that was continued, came from nowhere as it is.
            "usage": (usage.details or usage.to_dict() or None) if usage else None,
            "cost": self.cost,
            "timing": {
                "sent_at": self.sent_at,
                "first_delta_seconds": self.first_delta_seconds,
                "seconds": self.seconds,
                "reasoning_seconds": self.reasoning_seconds,
            },
            # Once: mostly the details hold it.
            "reasoning": None if self.reasoning == thoughts(details) else self.reasoning or None,
            "reasoning_details": details or None,
            "refusal": self.refusal or None,
            "tool_calls": self.tool_calls or None,
            # Those of files hold the whole document: ``parsed_files``.
            "annotations": [one for one in self.annotations if one.get("type") == "url_citation"] or None,
            "images": images_of(self) or self.saved_images or None,
            "service_tier": self.service_tier or None,
            "cache": cache if self.cache_status else None,
            "seams": self.seams or None,
            "continues": self.continued_ids or None,
            "mends": [{name: one.to_dict()[name] for name in _OF_MENDED} for one in self.mends] or None,
            "models": _texts(self.body.get("models")) or None,
            "notes": self.notes or None,
            "skipped": self.skipped or None,
            "skipped_chunks": self.skipped_chunks or None,
            "attempts": [dataclasses.asdict(attempt) for attempt in self.attempts] or None,
            "error": self.error.to_dict() if self.error else None,
        }

    def footer_parts(self) -> list[str]:
        """The facts of the footer: model, provider, tokens in → out, cost, seconds, how it ended."""
        usage = self.usage
        tokens_in = usage.prompt_tokens if usage else None
        tokens_out = usage.completion_tokens if usage else None
        parts = [self.model or self.requested_model, self.provider]
        if tokens_in is not None or tokens_out is not None:
            unknown = "unknown"
            parts.append(
                f"{unknown if tokens_in is None else tokens_in} → "
                f"{unknown if tokens_out is None else tokens_out} tokens"
            )
        if self.cost is not None:
            parts.append(dollars(self.cost))
        elif self.text or self.state != "failed":
            parts.append("cost unknown")
        if self.cache_status.upper() == "HIT":
            age = "" if self.cache_age is None else f", {self.cache_age:.0f} s old"
            saved = "" if self.saved is None else f", {dollars(self.saved)} saved"
            parts.append(f"from the cache{age}{saved}")
        if self.seconds is not None:
            parts.append(f"{self.seconds:.1f} s")
        parts.append(self._ending())
        if self.skipped:
            parts.append(_malformed(self.skipped) + " left out")
        return [part for part in parts if part]

    def _ending(self) -> str:
        if self.state == "done":
            reason = self.finish_reason or "no finish reason"
            return {"length": "cut by the token limit (length)"}.get(reason, reason)
        if self.state == "cut":
            return "cut off: incomplete"
        return self.state

    def footer(self) -> str:
        """One line of plain text, such as ``openai/gpt-4 · OpenAI · 12 → 340 tokens · $0.0012 · 4.2 s · stop``."""
        return " · ".join(" ".join(part.split()) for part in self.footer_parts())

    def __repr__(self) -> str:
        from .plain_text import plain

        return plain(f"<Response {self.state}: {len(self.text)} characters · {self.footer()}>")

    def mimebundle(self, record: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What a notebook saves: inert Markdown, plain text, and the provenance; see ``saved_form``.

        Args:
            record: The provenance as it was read from a file, in the place of ``to_dict()``.
        """
        from .beside import beside_text

        rich, poor = beside_text(self, self.model or self.requested_model)
        return bundle(
            self.to_dict() if record is None else record,
            text=self.text,
            footer=self.footer(),
            instead=self.refusal,
            beside=(rich, poor),
            parsed_files=self.parsed_files,
            conversation=self.conversation,
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.mimebundle()


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, (list, tuple)) else []


def _amount(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and 0 <= value < 1e12 else None


def _malformed(count: int) -> str:
    return f"{count} malformed chunk{'' if count == 1 else 's'}"
