"""OpenRouter's response cache from end to end: a hit, its age, what it saves, and that it costs nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.demo import DemoServer
from jupyter_openrouter.demo.kept import MOST, Cache, Wish, wish
from jupyter_openrouter.demo.script import Answer
from jupyter_openrouter.demo.server import Completions

FAST = {"demo": {"rate": 0, "first_token_delay": 0}}


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that are added to the server's clock."""
    added = [0.0]
    now = Completions.now
    monkeypatch.setattr(Completions, "now", lambda self: now(self) + added[0])
    return added


def served(work: Any) -> Any:
    async def run() -> Any:
        server = DemoServer()
        await server.start()
        try:
            async with AsyncOpenRouter(base_url=server.base_url) as client:
                return await asyncio.wait_for(work(client), 30)
        finally:
            await server.stop()

    return asyncio.run(run())


@pytest.mark.parametrize("stream", [True, False])
def test_a_hit_has_the_same_text_says_its_age_and_costs_nothing(later: list[float], stream: bool) -> None:
    async def work(client: AsyncOpenRouter) -> Any:
        options: dict[str, Any] = {"model": "demo/reasoner", "cache": 60, "stream": stream, "extra": FAST}
        first = await client.chat("why?", **options)
        spent = (await client.catalog.key()).usage
        later[0] = 12.5
        second = await client.chat("why?", **options)
        return first, second, spent, (await client.catalog.key()).usage

    first, second, spent, spent_after = served(work)
    assert (first.cache_status, first.cache_age, first.cache_source) == ("MISS", None, "")
    assert first.cost > 0
    assert (second.text, second.reasoning) == (first.text, first.reasoning)
    assert (second.cache_status, second.cache_age) == ("HIT", 12.0)
    assert second.cache_source == first.generation_id != second.generation_id
    assert second.cost == 0
    assert (second.usage.prompt_tokens, second.usage.completion_tokens, second.usage.total_tokens) == (
        0,
        0,
        0,
    )
    assert "$0 · from the cache, 12 s old" in second.footer()
    assert spent_after == spent > 0


def test_what_a_hit_has_saved_is_told_when_the_answer_is_settled() -> None:
    async def work(client: AsyncOpenRouter) -> Any:
        first = await client.chat("hello", model="demo/tour", cache=True, extra=FAST)
        second = await client.chat("hello", model="demo/tour", cache=True, extra=FAST)
        assert second.saved is None
        assert await second.settle() is second
        await first.settle()
        return first, second

    first, second = served(work)
    assert second.saved == first.cost > 0
    assert second.cost == 0, "settling does not take the cost of the one that was kept"
    assert f"s old, ${first.cost:.4f} saved" in second.footer()
    assert first.saved is None


def test_what_differs_or_does_not_ask_or_asks_anew_is_no_hit(later: list[float]) -> None:
    async def work(client: AsyncOpenRouter) -> list[str]:
        async def status(prompt: str = "hello", **options: Any) -> str:
            given = {"model": "demo/echo", "cache": True, "extra": FAST} | options
            return (await client.chat(prompt, **given)).cache_status

        found = [await status(), await status()]
        found += [await status("hello "), await status(temperature=0.5), await status(stream=False)]
        found += [await status(cache=False), await status(refresh_cache=True), await status()]
        later[0] = 299.0
        found.append(await status())
        later[0] = 301.0
        found.append(await status())
        return found

    assert served(work) == ["MISS", "HIT", "MISS", "MISS", "MISS", "", "MISS", "HIT", "HIT", "MISS"]


def test_an_answer_that_was_stopped_or_failed_is_not_kept() -> None:
    async def work(client: AsyncOpenRouter) -> list[str]:
        found = []
        for _ in range(2):
            async with client.chat_stream("100000", model="demo/burst", cache=True, extra=FAST) as stream:
                async for _delta in stream:
                    break
            found.append(stream.response.cache_status)
            failing = client.chat_stream("mid-error", model="demo/faulty", cache=True, extra=FAST)
            async for _delta in failing.events():
                pass
            found.append(failing.response.cache_status)
        return found

    assert served(work) == ["MISS"] * 4


def test_another_key_does_not_see_what_was_kept() -> None:
    def place(key: str) -> str:
        headers = {"X-OpenRouter-Cache": "true", "Authorization": key}
        found = wish(headers, "/chat", b"{}")
        assert found is not None
        return found.place

    assert place("Bearer a") == place("Bearer a") != place("Bearer b")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [("", 300), ("1", 1), ("86400", 86400), ("9" * 5000, 86400), ("0", 1), ("-5", 300), ("x", 300)],
)
def test_the_time_to_keep_is_held_within_a_day(seconds: str, expected: int) -> None:
    found = wish({"X-OpenRouter-Cache": "true", "X-OpenRouter-Cache-TTL": seconds}, "/", b"")
    assert found is not None
    assert found.seconds == expected


def test_the_cache_is_bounded() -> None:
    cache = Cache()
    for number in range(2 * MOST):
        cache.keep(Wish(str(number), 60, False), Answer("x"), "gen", 0.0)
    assert len(cache._kept) == MOST
    assert cache.find(Wish("0", 60, False), 1.0) is None
    assert cache.find(Wish(str(2 * MOST - 1), 60, False), 1.0) is not None
