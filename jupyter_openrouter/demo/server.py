"""The demo server: completions and their routes, from binding a loopback port to leaving nothing behind."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from . import account, kept, vectors
from .answers import answer, limited, mended
from .asked import Asked, read
from .faults import FAULTS, MISFIT, Scene, complete, named, table, well
from .ledger import Generation, Ledger
from .pkce import Codes
from .player import Talk
from .script import Answer, Reply, Telling
from .statuses import ERRORS
from .wire import JSON, PROVIDER, Envelope, Shape

BUFFER_LIMIT = 64 * 1024 * 1024  # bytes of a body that are read at all; from 8 MiB on the answer is 413
HOST = "127.0.0.1"


class Completions(Talk):
    """POST /chat/completions and /completions."""

    def initialize(self, ledger: Ledger, shape: Shape = "chat") -> None:
        """The legacy route has its own shape."""
        super().initialize(ledger)
        self.shape: Shape = shape

    async def post(self) -> None:
        """Answer, streamed or whole."""
        asked = read(self.json_body(), shape=self.shape, rate=self.ledger.rate, seed=self.ledger.seed)
        wish = kept.wish(self.request.headers, self.request.path, self.request.body)
        found = self.ledger.cache.find(wish, self.now()) if wish is not None else None
        tell = self.telling(asked, "" if found is None else found.source)
        faulty = asked.model.slug == "demo/faulty"
        if found is not None:
            said, reply = complete(Scene(tell, asked.stream, 0), found.answer)
        else:
            said, reply = self.fail(asked, tell) if faulty else plain(asked, tell)
        generation = Generation(tell, said, streamed=asked.stream, started=self.now())
        if reply.status == 200:
            self.set_header("X-Generation-Id", tell.envelope.id)
            if wish is not None:
                self.say_cached(wish, found)
        await self.play(reply, generation, tell.rate if asked.stream else 0.0)
        if wish is not None and found is None and not (faulty or generation.cancelled):
            self.ledger.cache.keep(wish, said, tell.envelope.id, self.now())

    def say_cached(self, wish: kept.Wish, found: kept.Kept | None) -> None:
        """The headers of an answer whose request asked for the cache; times in seconds."""
        self.set_header("X-OpenRouter-Cache-Status", "MISS" if found is None else "HIT")
        self.set_header("X-OpenRouter-Cache-TTL", str(wish.seconds))
        if found is not None:
            self.set_header("X-OpenRouter-Cache-Age", str(int(self.now() - found.since)))
            self.set_header("X-OpenRouter-Cache-Source-Id", found.source)

    def telling(self, asked: Asked, source: str) -> Telling:
        """The envelope and the extras that the request's headers and fields ask for."""
        id, created = self.ledger.next_id(asked.controls.seed)
        envelope = Envelope(id, created, asked.model.slug, asked.shape)
        debug = asked.body.get("debug")
        echo = asked.stream and isinstance(debug, dict) and debug.get("echo_upstream_body") is True
        first = {**envelope.top("chunk"), "choices": [], "debug": {"echo_upstream_body": asked.body}}
        wants_metadata = self.request.headers.get("X-OpenRouter-Metadata", "") == "enabled"
        return Telling(
            envelope,
            prompt_tokens=asked.prompt_tokens,
            prices=asked.model.prices,
            delay=0.0 if source else asked.controls.first_token_delay,
            rate=0.0 if source else asked.controls.rate,
            seed=asked.controls.seed,
            first=first if echo else None,
            more={"openrouter_metadata": metadata(asked)} if wants_metadata and not source else {},
            source=source,
        )

    def fail(self, asked: Asked, tell: Telling) -> tuple[Answer, Reply]:
        """Fail as the prompt says. Raises `Refused`, for the faults that are errors before a stream."""
        scene = Scene(tell, asked.stream, self.ledger.port, mended(asked, MISFIT))
        word = "misfit" if scene.mends else named(asked.prompt)
        if word is None:
            return complete(scene, limited(Answer(table()), asked))
        if "once" in asked.prompt.lower().split() and self.ledger.failed_before(repr(asked.body)):
            return complete(scene, well())
        if word in ERRORS:
            raise ERRORS[word].refused()
        return FAULTS[word].make(scene)


def plain(asked: Asked, tell: Telling) -> tuple[Answer, Reply]:
    """An answer that goes well."""
    said = answer(asked)
    return complete(Scene(tell, asked.stream, 0), said)


def metadata(asked: Asked) -> JSON:
    """How the request found its model: directly, or by falling back over unknown ones."""
    slug, before = asked.model.slug, asked.requested.index(asked.used)
    attempts = [{"provider": PROVIDER, "model": slug, "status": 200}]
    return {
        "requested": asked.requested[0],
        "strategy": "fallback" if before else "direct",
        "region": "loopback",
        "summary": f"available=1, selected={PROVIDER}",
        "attempt": 1 + before,
        "is_byok": False,
        "endpoints": {"total": 1, "available": [{"provider": PROVIDER, "model": slug, "selected": True}]},
        "attempts": attempts,
        "params": {},
        "pipeline": [],
    }


class DemoServer:
    """A small OpenRouter on loopback, for teaching and testing; it answers with written text.

    `rate` is in deltas a second: None leaves each model its own pace, 0 is as fast as possible.
    """

    def __init__(self, *, rate: float | None = None, seed: int = 0) -> None:
        self._ledger = Ledger(rate=rate, seed=seed)
        self._server: HTTPServer | None = None

    @property
    def base_url(self) -> str:
        """Where clients should send their requests."""
        return f"http://{HOST}:{self._ledger.port}/api/v1"

    @property
    def requests(self) -> list[JSON]:
        """The last requests, at most 100 and 2 MiB: method, path, headers and body as received, without the key."""
        return self._ledger.requests

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1 (0: any free port), on the running loop. Raises OSError if it is taken."""
        sockets = bind_sockets(port, HOST)
        self._ledger.port = sockets[0].getsockname()[1]
        app = Application(routes(self._ledger), log_function=lambda handler: None)
        self._server = HTTPServer(app, max_body_size=BUFFER_LIMIT)
        self._server.add_sockets(sockets)

    async def stop(self) -> None:
        """Close the listening socket and every connection, and wait for every task."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.stop()
        await server.close_all_connections()
        while self._ledger.talking:
            await asyncio.wait(self._ledger.talking)


def routes(ledger: Ledger) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Every path of the server."""
    codes = Codes(time.monotonic)
    plain, coded = {"ledger": ledger}, {"ledger": ledger, "codes": codes}
    base, slug = "/api/v1", "([^/]+/[^/]+)"
    return [
        (f"{base}/chat/completions", Completions, {**plain, "shape": "chat"}),
        (f"{base}/completions", Completions, {**plain, "shape": "text"}),
        (f"{base}/models", account.Models, plain),
        (f"{base}/models/user", account.Models, plain),
        (f"{base}/model/{slug}", account.OneModel, plain),
        (f"{base}/models/{slug}/(endpoints)", account.OneModel, plain),
        (f"{base}/providers", account.Providers, plain),
        (f"{base}/key", account.Key, plain),
        (f"{base}/credits", account.Credits, plain),
        (f"{base}/activity", account.Activity, plain),
        (f"{base}/generation", account.Statistics, plain),
        (f"{base}/embeddings", vectors.Embeddings, plain),
        (f"{base}/embeddings/models", vectors.EmbeddingModels, plain),
        (f"{base}/auth/keys/code", account.IssueCode, coded),
        (f"{base}/auth/keys", account.RedeemCode, coded),
        ("/auth", account.AuthPage, coded),
        (f"{base}/redirected", account.Redirected, plain),
        (".*", account.Nowhere, plain),
    ]
