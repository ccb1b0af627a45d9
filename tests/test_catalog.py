"""The read-only calls: what is sent, what is kept, what is shared, and what becomes of hostile answers."""

from __future__ import annotations

import asyncio
import datetime as dt
import doctest
import http.client
import importlib
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from jupyter_openrouter.catalog import Catalog, ModelList, encoded
from jupyter_openrouter.demo import DemoServer
from jupyter_openrouter.demo.models import MODELS
from jupyter_openrouter.errors import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    EventError,
    InvalidRequestError,
    NotFoundError,
    OpenRouterError,
    PermissionDeniedError,
    RateLimitError,
    from_payload,
)

DEEP: Any = "core"
for _ in range(5000):
    DEEP = [DEEP]
HOSTILE = [
    None,
    True,
    -1,
    10**400,
    math.nan,
    math.inf,
    "x" * 100_000,
    "\ud800",
    [],
    [None, 3, "a"],
    {},
    {"a": 1},
    DEEP,
]


def kind(value: Any) -> str:
    return type(value).__name__


class Fake:
    """Answers from a table, and remembers what was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, Any], Any]] = []
        self.gate: asyncio.Event | None = None
        self.cancelled = 0

    async def request_json(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Any:
        self.asked.append((method, path, dict(params or {}), body))
        if self.gate is not None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run(work: Awaitable[Any]) -> Any:
    """Runs a coroutine, and sees that it leaves no task."""

    async def all_of_it() -> Any:
        result = await asyncio.wait_for(work, 20)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    return asyncio.run(all_of_it())


def card(slug: str = "a/b", **fields: Any) -> dict[str, Any]:
    return {
        "id": slug,
        "name": slug.title(),
        "pricing": {"prompt": "0.000001", "completion": "0.000002"},
        **fields,
    }


def cards(*slugs: str, **more: Any) -> dict[str, Any]:
    return {"data": [card(slug) for slug in slugs], **more}


# --- what is sent


def test_a_question_is_sent_under_the_names_of_the_wire() -> None:
    fake = Fake(cards("a/b"))
    run(
        Catalog(fake).models(
            " gpt ",
            supported_parameters=("tools", "seed"),
            input_modalities="image",
            output_modalities="all",
            sort="newest",
            max_price=0.5,
            min_context=1000,
            category="science",
            zdr=True,
            region=None,
        )
    )
    method, path, params, body = fake.asked[0]
    assert (method, path, body) == ("GET", "/models", None)
    assert params == {
        "q": "gpt",
        "supported_parameters": "tools,seed",
        "input_modalities": "image",
        "output_modalities": "all",
        "sort": "newest",
        "max_price": "0.5",
        "context": "1000",
        "category": "science",
        "zdr": "true",
    }


@pytest.mark.parametrize(
    "filters",
    [
        {"max_price": math.nan},
        {"category": object()},
        {"q": "\ud800"},
        {"category": b"x"},
        {"category": {"a": 1}},
    ],
    ids=lambda filters: next(iter(filters)),
)
def test_what_cannot_be_in_a_query_is_refused_and_nothing_is_sent(filters: dict[str, Any]) -> None:
    fake = Fake(cards())
    with pytest.raises(InvalidRequestError):
        run(Catalog(fake).models(**filters))
    assert fake.asked == []


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "a",
        "/",
        "a/",
        "/b",
        "a//b",
        "a/..",
        "../b",
        "./b",
        "a/.",
        "a/b/../c",
        "a/...",
        "a\\b/c",
        "a/b c",
        "a/b\n",
        "a/" + "b" * 600,
        "a/b/c/d/e",
        "a/\ud800",
        None,
        3,
        ["a", "b"],
    ],
    ids=repr,
)
def test_a_slug_never_leads_out_of_its_path(slug: Any) -> None:
    fake = Fake(cards())
    for call in (Catalog(fake).model, Catalog(fake).endpoints):
        with pytest.raises(InvalidRequestError, match="no model slug"):
            run(call(slug))
    assert fake.asked == []


def test_slugs_are_encoded_for_the_path() -> None:
    assert encoded("openai/gpt-4:free") == "openai/gpt-4:free"
    assert encoded("~anthropic/claude-latest") == "~anthropic/claude-latest"
    assert encoded("@preset/x") == "@preset/x"
    assert encoded("a/b@preset/x") == "a/b@preset/x"
    assert encoded("a/b?q=1&x#y;%2e%2e") == "a/b%3Fq%3D1%26x%23y%3B%252e%252e"
    assert encoded("a/é") == "a/%C3%A9"


def test_embeddings_send_the_body_in_a_fixed_order_without_what_is_none() -> None:
    fake = Fake({"data": [{"embedding": [1, 2], "index": 0}]})
    run(Catalog(fake).embeddings(("a",), model="a/b", dimensions=2, user=None))
    method, path, params, body = fake.asked[0]
    assert (method, path, params) == ("POST", "/embeddings", {})
    assert json.dumps(body) == '{"model": "a/b", "input": ["a"], "dimensions": 2}'


@pytest.mark.parametrize("wrong", ["", [], b"x", {"content": []}, None, 3])
def test_nothing_to_embed_is_refused_and_nothing_is_sent(wrong: Any) -> None:
    fake = Fake({})
    with pytest.raises(InvalidRequestError, match="nothing to embed"):
        run(Catalog(fake).embeddings(wrong, model="a/b"))
    with pytest.raises(InvalidRequestError, match="no model slug"):
        run(Catalog(fake).embeddings("a", model=" "))
    assert fake.asked == []


@pytest.mark.parametrize(
    "date", ["2026-01-02", dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3, tzinfo=dt.timezone.utc)]
)
def test_activity_takes_a_date_in_any_form(date: Any) -> None:
    fake = Fake({"data": []})
    assert len(run(Catalog(fake).activity(date))) == 0
    assert fake.asked == [("GET", "/activity", {"date": "2026-01-02"}, None)]


@pytest.mark.parametrize("date", ["soon", "2026-13-01", "2026-01-02&x=1", 3])
def test_what_is_no_date_is_refused(date: Any) -> None:
    with pytest.raises(InvalidRequestError, match="no date"):
        run(Catalog(Fake({})).activity(date))


def test_a_generation_needs_an_id() -> None:
    for wrong in ("", "  ", None):
        with pytest.raises(InvalidRequestError, match="no generation id"):
            run(Catalog(Fake({})).generation(wrong))  # type: ignore[arg-type]


# --- what is kept, and what is shared


def test_an_equal_question_is_asked_once_an_hour_and_refresh_asks_again() -> None:
    fake, clock = Fake(cards("a/b"), cards("a/c")), Clock()
    catalog = Catalog(fake, clock=clock)

    async def work() -> None:
        async def slugs(**options: Any) -> list[str]:
            return [model.slug for model in await catalog.models(**options)]

        assert await slugs() == await slugs() == ["a/b"]
        clock.now = 3599.9
        assert await slugs() == ["a/b"]
        assert len(fake.asked) == 1
        clock.now = 3600.0
        assert await slugs() == ["a/c"]
        fake.answers = [cards("a/d")]
        assert await slugs() == ["a/c"]
        assert await slugs(refresh=True) == ["a/d"]
        assert await slugs() == ["a/d"]
        assert len(fake.asked) == 3

    run(work())


def test_questions_written_otherwise_but_equal_are_one() -> None:
    fake = Fake(cards("a/b"))
    catalog = Catalog(fake)

    async def work() -> None:
        await catalog.models("x ", input_modalities=["image", "file"], zdr=True)
        await catalog.models("x", zdr=True, input_modalities=iter(["image", "file"]), free=True)
        await catalog.models("x", input_modalities="image,file", zdr="true", free=False)
        assert len(fake.asked) == 1
        await catalog.models("y", input_modalities="image,file", zdr="true")
        assert len(fake.asked) == 2

    run(work())


def test_models_endpoints_and_providers_are_kept_and_the_account_is_not() -> None:
    clock = Clock()

    async def asked(answer: Any, call: str, *arguments: Any, later: float) -> int:
        fake = Fake(answer)
        catalog = Catalog(fake, clock=clock)
        await getattr(catalog, call)(*arguments)
        clock.now += later
        await getattr(catalog, call)(*arguments)
        return len(fake.asked)

    async def work() -> None:
        assert await asked({"data": card()}, "model", "a/b", later=3599) == 1
        assert await asked({"data": []}, "providers", later=3599) == 1
        assert await asked({"data": {"endpoints": []}}, "endpoints", "a/b", later=299) == 1
        # Their freshest figure is that of five minutes.
        assert await asked({"data": {"endpoints": []}}, "endpoints", "a/b", later=301) == 2
        for call, *arguments in (["key"], ["credits"], ["generation", "gen-1"]):
            assert await asked({"data": {}}, call, *arguments, later=0) == 2
        assert await asked({"data": []}, "activity", later=0) == 2

    run(work())


def test_refresh_reaches_every_kept_call() -> None:
    async def work() -> None:
        for call, answer, arguments in (
            ("model", {"data": card()}, ["a/b"]),
            ("endpoints", {"data": {"endpoints": []}}, ["a/b"]),
            ("providers", {"data": []}, []),
        ):
            fake = Fake(answer)
            catalog = Catalog(fake)
            for _ in range(2):
                await getattr(catalog, call)(*arguments, refresh=True)
            assert len(fake.asked) == 2

    run(work())


def test_equal_questions_at_once_share_one_request() -> None:
    fake = Fake(cards("a/b"))
    catalog = Catalog(fake)

    async def work() -> None:
        fake.gate = asyncio.Event()
        calls = [asyncio.ensure_future(catalog.models(refresh=number % 2 == 1)) for number in range(5)]
        other = asyncio.ensure_future(catalog.models("b"))
        await asyncio.sleep(0.01)
        assert [asked[2] for asked in fake.asked] == [{}, {"q": "b"}]
        fake.gate.set()
        found = await asyncio.gather(*calls, other)
        assert all(models == found[0] for models in found)

    run(work())


def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    fake = Fake(from_payload({}, http_status=429), cards("a/b"))
    catalog = Catalog(fake)

    async def work() -> None:
        fake.gate = asyncio.Event()
        calls = [asyncio.ensure_future(catalog.models()) for _ in range(3)]
        await asyncio.sleep(0.01)
        fake.gate.set()
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(error) for error in found] == [RateLimitError] * 3
        assert len(fake.asked) == 1
        assert [model.slug for model in await catalog.models()] == ["a/b"]

    run(work())


def test_an_answer_that_is_no_list_is_not_kept() -> None:
    fake = Fake({"data": {}}, cards("a/b"))
    catalog = Catalog(fake)

    async def work() -> None:
        with pytest.raises(EventError):
            await catalog.models()
        assert len(await catalog.models()) == 1

    run(work())


def test_a_failed_refresh_leaves_what_was_kept() -> None:
    fake = Fake(cards("a/b"), APIConnectionError("gone"))
    catalog = Catalog(fake)

    async def work() -> None:
        await catalog.models()
        with pytest.raises(APIConnectionError):
            await catalog.models(refresh=True)
        assert [model.slug for model in await catalog.models()] == ["a/b"]

    run(work())


def test_one_who_leaves_takes_nothing_from_the_others_and_the_last_ends_the_request() -> None:
    fake = Fake(cards("a/b"))
    catalog = Catalog(fake)

    async def work() -> None:
        fake.gate = asyncio.Event()
        first, second = (asyncio.ensure_future(catalog.models()) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.wait([first])
        assert fake.cancelled == 0
        fake.gate.set()
        assert len(await second) == 1
        assert first.cancelled()

        fake.gate = asyncio.Event()
        calls = [asyncio.ensure_future(catalog.models("b")) for _ in range(2)]
        await asyncio.sleep(0.01)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        assert fake.cancelled == 1
        fake.gate.set()
        assert len(await catalog.models("b")) == 1

    run(work())


def test_the_cache_is_bounded() -> None:
    fake = Fake(cards("a/b"))
    catalog = Catalog(fake)

    async def work() -> None:
        for number in range(100):
            await catalog.models(str(number))
        assert len(catalog._cache._kept) == 32
        await catalog.models("99")
        assert len(fake.asked) == 100
        await catalog.models("0")
        assert len(fake.asked) == 101

    run(work())


# --- what comes back


def test_the_best_match_comes_first_unless_an_order_was_asked_for() -> None:
    fake = Fake(cards("x/gpt-tools", "x/my-gpt", "openai/gpt"))
    catalog = Catalog(fake)
    assert [model.slug for model in run(catalog.models("gpt"))] == ["openai/gpt", "x/gpt-tools", "x/my-gpt"]
    ordered = run(catalog.models("gpt", sort="newest"))
    assert [model.slug for model in ordered] == ["x/gpt-tools", "x/my-gpt", "openai/gpt"]


def test_free_models_are_told_from_those_that_cost_and_those_unknown() -> None:
    zero = {"prompt": "0", "completion": "0"}
    answer = {
        "data": [
            card("a/zero", pricing={**zero, "request": "0", "web_search": "0.004"}),
            card("a/variant:free", pricing={}),
            card("a/image", pricing={**zero, "image": "0.01"}),
            card("a/router", pricing={"prompt": "-1", "completion": "-1"}),
            card("a/half", pricing={"prompt": "0"}),
            card("a/unknown", pricing=None),
            card("a/odd:free", pricing={"prompt": "0.1", "completion": "0"}),
        ]
    }
    free = run(Catalog(Fake(answer)).models(free=True))
    assert [model.slug for model in free] == ["a/zero", "a/variant:free"]
    assert len(run(Catalog(Fake(answer)).models(free=False))) == 5


def test_pages_are_put_together_where_nobody_asked_for_one() -> None:
    fake = Fake(
        cards("a/1", "a/2", total_count=3, links={"next": "http://elsewhere.example/steal"}),
        cards("a/3", total_count=3, links={"next": None}),
    )
    models = run(Catalog(fake).models(zdr=True))
    assert [model.slug for model in models] == ["a/1", "a/2", "a/3"]
    assert models.total == 3
    assert [(asked[1], asked[2]) for asked in fake.asked] == [
        ("/models", {"zdr": "true"}),
        ("/models", {"zdr": "true", "offset": "2", "limit": "1000"}),
    ]


def test_a_page_that_was_asked_for_is_one_page_and_pages_without_end_end() -> None:
    endless = Fake(cards("a/b", total_count=9, links={"next": "/models?offset=1"}))
    assert run(Catalog(endless).models(limit=1)).total == 9
    assert len(endless.asked) == 1
    assert len(run(Catalog(endless).models())) == 50


def test_an_error_in_an_answer_with_status_200_is_raised() -> None:
    fake = Fake({"error": {"code": 403, "message": "no"}, "data": []})
    for call in ("models", "credits", "activity", "key", "providers"):
        with pytest.raises(PermissionDeniedError, match="no"):
            run(getattr(Catalog(fake), call)())
    with pytest.raises(OpenRouterError, match="bare"):
        run(Catalog(Fake({"error": "bare"})).embeddings("a", model="a/b"))


@pytest.mark.parametrize("call", ["credits", "activity"])
def test_a_refusal_says_that_a_management_key_is_needed_and_that_key_works_with_any(call: str) -> None:
    with pytest.raises(PermissionDeniedError, match=r"management key.*key\(\) works with any key"):
        run(getattr(Catalog(Fake(from_payload({}, http_status=403))), call)())


def test_a_missing_generation_says_that_it_may_come_yet() -> None:
    with pytest.raises(NotFoundError, match="ask again in a moment"):
        run(Catalog(Fake(from_payload({}, http_status=404))).generation("gen-1"))


@pytest.mark.parametrize("answer", [*HOSTILE, {"data": None}, "data"], ids=kind)
def test_an_answer_without_what_was_asked_for_is_a_typed_error_and_no_empty_list(answer: Any) -> None:
    catalog = Catalog(Fake(answer))
    calls: list[Callable[[], Awaitable[Any]]] = [
        catalog.models,
        lambda: catalog.model("a/b"),
        lambda: catalog.endpoints("a/b"),
        catalog.providers,
        catalog.key,
        catalog.credits,
        catalog.activity,
        lambda: catalog.generation("gen-1"),
        lambda: catalog.embeddings("a", model="a/b"),
    ]
    for call in calls:
        with pytest.raises(EventError):
            run(call())


@pytest.mark.parametrize("data", HOSTILE, ids=kind)
def test_hostile_data_give_a_value_or_a_typed_error_and_never_another(data: Any) -> None:
    for answer in (
        {"data": data},
        {"data": [data]},
        {"data": {"endpoints": data}},
        {"data": {"endpoints": [data]}},
    ):
        catalog = Catalog(Fake(answer))

        async def work(catalog: Catalog = catalog) -> None:
            for call, *arguments in (
                ["models"],
                ["models", "q"],
                ["model", "a/b"],
                ["endpoints", "a/b"],
                ["providers"],
                ["key"],
                ["credits"],
                ["activity"],
                ["generation", "gen-1"],
            ):
                try:
                    found = await getattr(catalog, call)(*arguments)
                except EventError:
                    continue
                repr(found)
                if hasattr(found, "to_dicts"):
                    assert found._repr_html_()
                    found.to_dicts()
            with pytest.raises(EventError):
                await catalog.embeddings("a", model="a/b")

        run(work())


def test_what_cannot_be_read_is_left_out_and_counted() -> None:
    models = run(Catalog(Fake({"data": [card("a/b"), None, {"id": 3}, {}, "x"]})).models())
    assert (len(models), models.left_out) == (1, 4)
    assert "4 entries could not be read" in models._repr_html_()
    assert "4 entries could not be read" in repr(models)


# --- against the demo server, over real HTTP


class Caller:
    """A small blocking client in a thread; the real one retries, and has its own tests."""

    def __init__(self, server: DemoServer, key: str) -> None:
        self.where = urlsplit(server.base_url)
        self.key = key

    async def request_json(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Any:
        return await asyncio.to_thread(self._call, method, path, params or {}, body)

    def _call(self, method: str, path: str, params: Mapping[str, Any], body: Any) -> Any:
        connection = http.client.HTTPConnection(self.where.hostname or "", self.where.port, timeout=10)
        try:
            query = f"?{urlencode(params)}" if params else ""
            headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
            data = None if body is None else json.dumps(body)
            connection.request(method, f"{self.where.path}{path}{query}", data, headers)
            answer = connection.getresponse()
            said = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise from_payload(said.get("error"), http_status=answer.status)
        return said

    async def chat(self, prompt: str) -> str:
        body = {"model": "demo/echo", "messages": [{"role": "user", "content": prompt}]}
        said = await self.request_json("POST", "/chat/completions", body=body)
        return str(said["id"])


def on_demo(work: Callable[[Catalog, Caller], Awaitable[Any]], key: str = "") -> None:
    async def all_of_it() -> None:
        server = DemoServer(rate=0)
        await server.start()
        try:
            caller = Caller(server, key)
            await work(Catalog(caller), caller)
        finally:
            await server.stop()

    run(all_of_it())


def test_the_demo_catalogue_is_read_whole() -> None:
    async def work(catalog: Catalog, caller: Caller) -> None:
        models = await catalog.models()
        assert [model.slug for model in models] == list(MODELS)
        assert (models.total, models.left_out) == (len(MODELS), 0)
        reasoner = await catalog.model("demo/reasoner:free")
        assert (reasoner.prices.prompt, reasoner.prices.completion) == (2.0, 8.0)
        assert reasoner.prices.cache_read is None
        assert reasoner.context_length == 131_072
        assert reasoner.created == dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
        assert reasoner.reasoning is not None
        assert (reasoner.reasoning.default_effort, reasoner.reasoning.mandatory) == ("medium", False)
        assert reasoner.is_free is False
        assert [model.slug for model in await catalog.models(supported_parameters="tools")] == ["demo/tools"]
        cheap = await catalog.models(sort="pricing-low-to-high", max_price=0.5)
        assert [model.slug for model in cheap] == ["demo/burst", "demo/echo", "demo/slow"]
        assert [m.slug for m in await catalog.models(output_modalities="embeddings")] == ["demo/embedder"]
        page = await catalog.models(limit=2, offset=1)
        assert ([model.slug for model in page], page.total) == (list(MODELS)[1:3], len(MODELS))
        assert [provider.name for provider in await catalog.providers()] == ["Demo"]
        with pytest.raises(NotFoundError):
            await catalog.model("@preset/none")
        with pytest.raises(BadRequestError):
            await catalog.models(sort="loudest")

    on_demo(work)


def test_endpoints_have_their_figures_with_a_key() -> None:
    async def work(catalog: Catalog, caller: Caller) -> None:
        (endpoint,) = await catalog.endpoints("demo/slow")
        assert (endpoint.provider, endpoint.tag, endpoint.status) == ("Demo", "demo", "normal")
        assert (endpoint.uptime_5m, endpoint.uptime_30m, endpoint.uptime_1d) == (100.0, 100.0, 100.0)
        assert endpoint.quantization is None
        assert endpoint.prices.completion == 0.8
        caller.key = "x"
        (endpoint,) = await catalog.endpoints("demo/slow", refresh=True)
        assert endpoint.latency is not None
        assert endpoint.throughput is not None
        assert (endpoint.latency.p50, endpoint.throughput.p50) == (1000.0, 4.0)

    on_demo(work)


def test_the_account_is_read_with_the_key_that_it_needs() -> None:
    async def work(catalog: Catalog, caller: Caller) -> None:
        key = await catalog.key()
        assert (key.limit, key.remaining, key.usage) == (10.0, 10.0, 0.0)
        assert (key.free_daily_limit, key.free_daily_used, key.free_daily_remaining) == (1000, 0, 1000)
        for call in (catalog.credits, catalog.activity):
            with pytest.raises(PermissionDeniedError, match="management key"):
                await call()
        id = await caller.chat("hello")
        caller.key = "demo-management"
        assert (await catalog.key()).is_management_key is True
        credits = await catalog.credits()
        assert credits.total == 10.0
        assert credits.remaining is not None
        assert 0 < credits.remaining < 10
        (row,) = await catalog.activity("2026-01-01")
        assert (row.model, row.requests, row.date) == ("demo/echo", 1, dt.date(2026, 1, 1))
        assert row.cost == credits.used
        generation = None
        while generation is None:
            try:
                generation = await catalog.generation(id)
            except NotFoundError:
                await asyncio.sleep(0.05)
        assert (generation.id, generation.model, generation.provider) == (id, "demo/echo", "Demo")
        assert generation.cost == row.cost
        assert (generation.cancelled, generation.streamed, generation.finish_reason) == (False, False, "stop")
        caller.key = "invalid"
        with pytest.raises(AuthenticationError):
            await catalog.key()

    on_demo(work)


def test_embeddings_come_in_the_order_of_their_texts_in_either_encoding() -> None:
    async def work(catalog: Catalog, caller: Caller) -> None:
        both = await catalog.embeddings(["a", "b"], model="demo/embedder")
        packed = await catalog.embeddings(["a", "b"], model="demo/embedder", encoding_format="base64")
        assert both.vectors == packed.vectors
        assert (len(both), len(both.vectors[0]), both.model) == (2, 8, "demo/embedder")
        assert both.usage is not None
        assert both.usage.prompt_tokens == 2
        assert both.cost is not None
        assert both.cost > 0
        alone = await catalog.embeddings("b", model="demo/embedder", dimensions=4)
        assert len(alone.vectors[0]) == 4
        with pytest.raises(NotFoundError):
            await catalog.embeddings("a", model="demo/echo")

    on_demo(work)


@pytest.mark.parametrize(
    "name",
    [
        "catalog",
        "account",
        "embeddings",
        "listing",
        "memory_cache",
        "model_cards",
        "model_search",
        "tolerant",
    ],
)
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"jupyter_openrouter.{name}")).failed == 0


def test_a_list_of_models_is_what_the_client_gives() -> None:
    assert isinstance(run(Catalog(Fake(cards())).models()), ModelList)
