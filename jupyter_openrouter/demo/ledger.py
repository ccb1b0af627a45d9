"""Remembers what was asked, what each generation came to, and which tasks still talk; all within bounds."""

from __future__ import annotations

import asyncio
import json
import random
import string
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .kept import Cache
from .models import CREATED
from .script import Answer, Telling
from .wire import JSON, PROVIDER, tokens, usage

GENERATIONS, REQUESTS = 1000, 100
REQUEST_BYTES = 2 * 1024 * 1024  # of the bodies of all requests that are remembered
LAG = 0.3  # seconds between the end of a stream and its statistics, as on the real service
HIDDEN = "***"


@dataclass(frozen=True)
class Noted:
    """One request as it came, without its key. The body stays bytes: as objects it takes several times the room."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def told(self) -> JSON:
        """It as JSON; a body that is none is a text, and an empty one None."""
        return {"method": self.method, "path": self.path, "headers": self.headers, "body": self._said()}

    def _said(self) -> Any:
        if not self.body:
            return None
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body.decode("utf-8", "replace")


@dataclass
class Generation:
    """One generation on its way; characters are counted as they are sent."""

    tell: Telling
    answer: Answer
    streamed: bool
    started: float
    characters: int = 0
    first: float | None = None
    ended: float | None = None
    cancelled: bool = False

    def count(self, text: str, now: float) -> None:
        """Text has been sent; `now` in seconds."""
        if text:
            self.first = self.first or now
            self.characters += len(text)

    def spent(self) -> JSON:
        """The usage: of the whole answer, or of what was sent before the client left."""
        if not self.cancelled or self.tell.source:
            return self.tell.spent(self.answer)
        sent = tokens("." * self.characters)
        thought = min(sent, tokens(self.answer.reasoning))
        return usage(self.tell.prompt_tokens, sent, thought, prices=self.tell.prices)

    def stats(self) -> JSON:
        """The `data` of `/generation`; times in milliseconds, costs in US dollars."""
        envelope, spent, ended = self.tell.envelope, self.spent(), self.ended or self.started
        finish = None if self.cancelled else self.answer.finish
        return {
            "id": envelope.id,
            "model": envelope.model,
            "provider_name": PROVIDER,
            "created_at": iso(envelope.created),
            "total_cost": spent["cost"],
            "usage": spent["cost"],
            "is_byok": False,
            "upstream_inference_cost": None,
            "cache_discount": None,
            "cancelled": self.cancelled,
            "streamed": self.streamed,
            "finish_reason": finish,
            "native_finish_reason": finish,
            "tokens_prompt": spent["prompt_tokens"],
            "tokens_completion": spent["completion_tokens"],
            "native_tokens_prompt": spent["prompt_tokens"],
            "native_tokens_completion": spent["completion_tokens"],
            "native_tokens_reasoning": spent["completion_tokens_details"]["reasoning_tokens"],
            "native_tokens_cached": 0,
            "latency": round(1000 * ((self.first or ended) - self.started)),
            "generation_time": round(1000 * (ended - self.started)),
            "moderation_latency": None,
            "service_tier": None,
            "router": None,
            "response_cache_source_id": self.tell.source or None,
        }


class Ledger:
    """The state behind all routes of one server."""

    def __init__(self, *, rate: float | None, seed: int) -> None:
        self.rate = rate
        self.seed = seed
        self.talking: set[asyncio.Task[Any]] = set()
        self.port = 0
        self.spent = 0.0  # US dollars
        self.cache = Cache()
        self._noted: deque[Noted] = deque(maxlen=REQUESTS)
        self._stats: OrderedDict[str, tuple[float, JSON]] = OrderedDict()
        self._failed: OrderedDict[str, None] = OrderedDict()
        self._issued = 0

    def note(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        """Write a request down, without its key; the oldest are forgotten."""
        shown = {name: HIDDEN if name == "Authorization" else text for name, text in headers.items()}
        self._noted.append(Noted(method, path, shown, body))
        while len(self._noted) > 1 and sum(len(one.body) for one in self._noted) > REQUEST_BYTES:
            self._noted.popleft()

    @property
    def requests(self) -> list[JSON]:
        """The last requests, oldest first: at most `REQUESTS`, and, but for the very last, of `REQUEST_BYTES`."""
        return [one.told() for one in self._noted]

    def register(self, task: asyncio.Task[Any]) -> None:
        """Know a task until it ends."""
        self.talking.add(task)
        task.add_done_callback(self.talking.discard)

    def next_id(self, seed: int) -> tuple[str, int]:
        """A generation id and its `created`: the same for the same seed and the same turn."""
        self._issued += 1
        letters = random.Random(f"{seed}:{self._issued}").choices(string.ascii_letters + string.digits, k=20)
        created = CREATED + self._issued
        return f"gen-{created}-{''.join(letters)}", created

    def close(self, generation: Generation) -> None:
        """Remember what a generation came to (not its text), and forget the oldest."""
        assert generation.ended is not None
        stats = generation.stats()
        self.spent += stats["total_cost"]
        self._stats[stats["id"]] = (generation.ended + LAG, stats)
        while len(self._stats) > GENERATIONS:
            self._stats.popitem(last=False)

    def find(self, id: str, now: float) -> JSON | None:
        """The statistics of a generation that ended a moment ago or longer; times in seconds."""
        ready, stats = self._stats.get(id, (now, None))
        return stats if now >= ready else None

    def activity(self) -> list[JSON]:
        """What each model's remembered generations add up to, on the one day of this server."""
        rows: dict[str, JSON] = {}
        for _, stats in self._stats.values():
            model = stats["model"]
            row = rows.setdefault(model, {"date": self.today[:10], "model": model, "model_permaslug": model})
            row |= {"endpoint_id": "demo", "provider_name": PROVIDER, "byok_usage_inference": 0}
            sums = {
                "requests": 1,
                "usage": stats["total_cost"],
                "prompt_tokens": stats["tokens_prompt"],
                "completion_tokens": stats["tokens_completion"],
                "reasoning_tokens": stats["native_tokens_reasoning"],
                "cached_tokens": stats["native_tokens_cached"],
            }
            row |= {name: row.get(name, 0) + value for name, value in sums.items()}
        return list(rows.values())

    def failed_before(self, request: str) -> bool:
        """Whether this very request has failed already; from now on it has."""
        before = request in self._failed
        self._failed[request] = None
        while len(self._failed) > REQUESTS:
            self._failed.popitem(last=False)
        return before

    @property
    def today(self) -> str:
        """The fixed date of this server, so that recordings can be compared."""
        return iso(CREATED)


def iso(created: int) -> str:
    """Seconds since 1970 as an ISO 8601 date and time."""
    return datetime.fromtimestamp(created, timezone.utc).isoformat()
