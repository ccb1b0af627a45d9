"""Answers held to caps and written into the ledger, through the real client against the embedded server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from jupyter_openrouter import answering, clients, money, synchronous
from jupyter_openrouter import caps as all_caps
from jupyter_openrouter import ledger as all_lines
from jupyter_openrouter.caps import Caps
from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.day_file import DayFile
from jupyter_openrouter.demo import DemoServer, models
from jupyter_openrouter.errors import BudgetError, CutError, OpenRouterError
from jupyter_openrouter.ledger import Ledger
from jupyter_openrouter.response import Response
from jupyter_openrouter.retry import RetryPolicy
from jupyter_openrouter.spending import counted

FAST = {"demo": {"rate": 0, "first_token_delay": 0}}
SLOW = {"demo": {"rate": 300, "first_token_delay": 0}}


@pytest.fixture(autouse=True)
def purse(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Caps:
    """Caps and a ledger of this test alone, in which the demo's money is real."""
    caps = Caps(DayFile(tmp_path / "spent.json"))
    monkeypatch.setattr(all_caps, "caps", caps)
    monkeypatch.setattr(all_lines, "ledger", Ledger())
    monkeypatch.setattr(money, "PLAY_MONEY", "toy/")
    return caps


def run(work: Any) -> Any:
    """Runs ``work(client, server)`` against a fresh embedded server."""

    async def all_of_it() -> Any:
        server = DemoServer()
        await server.start()
        retry = RetryPolicy(max_retries=2, jitter=lambda: 1.0)
        try:
            async with AsyncOpenRouter(base_url=server.base_url, retry=retry) as client:
                return await asyncio.wait_for(work(client, server), 30)
        finally:
            await server.stop()

    return asyncio.run(all_of_it())


def asked(server: DemoServer) -> list[str]:
    return [request["path"] for request in server.requests if request["method"] == "POST"]


def test_an_answer_is_in_the_ledger_and_spent_with_what_the_service_reports(purse: Caps) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Response:
        return await client.chat("hello", model="demo/echo", extra=FAST)

    response = run(work)
    (line,) = all_lines.ledger
    assert line.dollars == response.cost > 0
    assert purse.spent("session") == purse.spent("day") == pytest.approx(response.cost)


def test_without_a_cap_the_catalogue_is_not_asked() -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        await client.chat("hello", model="demo/echo", extra=FAST)
        return list(server.requests)

    assert len(run(work)) == 1


def test_an_answer_counts_what_it_has_cost_or_what_is_held_while_that_is_unknown(purse: Caps) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        options: Any = {"model": "demo/faulty", "max_tokens": 1000, "extra": FAST, "max_cost": 1.0}
        return await client.chat("malformed", **options), await client.chat("no-finish", **options)

    known, unknown = run(work)
    assert counted(known) == pytest.approx(known.cost) != 0
    assert unknown.cost is None
    assert counted(unknown) > known.cost
    purse.set("session", None)
    assert counted(Response("a/b")) == 0


def test_the_dearest_provider_that_may_answer_is_what_a_cap_holds(
    purse: Caps, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = models.Model.endpoints

    def with_a_dear_one(model: models.Model, **options: Any) -> Any:
        found = usual(model, **options)
        (first,) = found["endpoints"]
        dear = {name: str(float(price) * 100) for name, price in first["pricing"].items()}
        return found | {"endpoints": [first, first | {"tag": "dear/fp8", "pricing": dear}]}

    monkeypatch.setattr(models.Model, "endpoints", with_a_dear_one)

    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        options: Any = {"model": "demo/echo", "max_tokens": 1000, "extra": FAST, "max_cost": 0.02}
        with pytest.raises(BudgetError, match="the cap of this answer is"):
            await client.chat("hello", **options)
        assert not asked(server)
        await client.chat("hello", provider={"ignore": ["dear"]}, **options)
        await client.chat("hello", provider={"max_price": {"prompt": 1, "completion": 10}}, **options)
        return asked(server)

    assert len(run(work)) == 2


def test_what_a_cap_does_not_allow_is_refused_before_it_is_sent(purse: Caps) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        purse.set("session", 1e-6)
        with pytest.raises(BudgetError, match="cap of this session is") as caught:
            await client.chat("hello", model="demo/echo", max_tokens=1000, extra=FAST)
        assert caught.value.response is not None
        assert caught.value.response.state == "failed"
        with pytest.raises(BudgetError, match="cap of this answer is"):
            await client.chat("hello", model="demo/echo", max_tokens=1000, max_cost=1e-7, extra=FAST)
        return asked(server)

    assert run(work) == []
    assert len(all_lines.ledger) == 0


def test_a_model_that_the_catalogue_does_not_know_is_refused_under_a_cap_and_free_ones_are_not(
    purse: Caps, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        purse.set("day", 0)
        with pytest.raises(BudgetError, match="unknown"):
            await client.chat("hello", model="nobody/nothing", max_tokens=5)
        monkeypatch.setattr(money, "PLAY_MONEY", "demo/")
        await client.chat("hello", model="demo/echo", extra=FAST)
        return asked(server)

    assert run(work) == ["/api/v1/chat/completions"]
    assert all_lines.ledger.spent().dollars == 0


def test_of_twenty_at_once_only_those_that_fit_are_sent(purse: Caps) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        probe = client.chat_stream("hello", model="demo/echo", max_tokens=1000, extra=FAST, max_cost=1.0)
        await probe.run()
        worst = probe._account._estimate.dollars_worst  # type: ignore[union-attr]
        before = purse.spent("session")
        purse.set("session", before + 5.5 * worst)
        questions = ["hello"] * 20
        options: Any = {"model": "demo/echo", "max_tokens": 1000, "extra": SLOW, "concurrency": 20}
        found = [response async for _, response in client.chat_many(questions, **options)]
        return worst, before, found, asked(server)

    worst, before, found, sent = run(work)
    refused = [response for response in found if isinstance(response.error, BudgetError)]
    assert len(found) - len(refused) == len(sent) - 1 == 5
    assert purse.spent("session") <= before + 5.5 * worst
    assert purse.listing()[1].held == 0


def test_a_stopped_answer_is_unknown_and_held_until_its_cost_is_told(purse: Caps) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        purse.set("session", 1.0)
        stream = client.chat_stream("one two three " * 20, model="demo/echo", max_tokens=1000, extra=SLOW)
        async for _ in stream:
            stream.stop()
        before = all_lines.ledger.spent(), purse.listing()[1]
        await stream.response.settle()
        return stream.response, *before

    response, line, cap = run(work)
    assert response.state == "stopped"
    assert (line.dollars, line.unknown) == (None, 1)
    assert cap.held > 0
    assert cap.spent == 0
    assert [line.dollars for line in all_lines.ledger] == [response.cost]
    assert purse.spent("session") == pytest.approx(response.cost)
    assert purse.listing()[1].held == 0


def test_a_running_answer_is_stopped_at_its_cap_with_its_text(purse: Caps) -> None:
    text = "word " * 2000

    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        card = await client.catalog.model("demo/echo")
        assert card.prices.completion
        # The model writes more than it was allowed to, as some do.
        stream = client.chat_stream(text, model="demo/echo", extra=SLOW, max_cost=1.0)
        await stream._account.before()  # type: ignore[union-attr]
        reservation = stream._account._reservation  # type: ignore[union-attr]
        room = stream._account._estimate.dollars_in + 300 * card.prices.completion / 1e6  # type: ignore[union-attr]
        reservation._held = reservation._at_most = money.exact(room)
        seen = ""
        try:
            async for delta in stream:
                seen += delta.text
        except BudgetError as error:
            return seen, error.response, str(error)
        raise AssertionError("it was not stopped")

    seen, response, said = run(work)
    assert "stopped at a cap" in said
    assert response.state == "stopped"
    assert seen == response.text
    assert 300 * 4 < len(response.text) < 300 * 12
    assert isinstance(response.error, BudgetError)


def test_retries_and_fallbacks_share_one_reservation_and_are_counted_once(purse: Caps) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        purse.set("session", 1.0)
        with pytest.raises(OpenRouterError):
            await client.chat("503", model="demo/faulty", fallback=["demo/faulty"], max_tokens=10, extra=FAST)
        return asked(server)

    assert len(run(work)) == 6
    (line,) = all_lines.ledger
    assert (line.attempts, line.dollars) == (6, 0.0)
    assert purse.listing()[1].held == 0


def test_a_continuation_is_a_line_of_its_own_and_nothing_is_counted_twice(purse: Caps) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        first = await client.chat("one two three four", model="demo/echo", max_tokens=2, extra=FAST)
        whole = await client.continue_(first)
        return first, whole

    first, whole = run(work)
    assert len(all_lines.ledger) == 2
    assert all_lines.ledger.spent().dollars == pytest.approx(whole.cost)
    all_lines.ledger.note(whole, source="cell")
    assert len(all_lines.ledger) == 2
    assert first.cost < whole.cost


def test_a_continued_answer_whose_parts_were_cut_can_be_settled(purse: Caps) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        with pytest.raises(CutError) as caught:
            await client.chat("cut", model="demo/faulty", extra=FAST)
        first = caught.value.response
        assert first is not None
        first.body["demo"] = FAST["demo"]
        whole = await client.continue_(first, model="demo/echo")
        assert whole.cost is None
        await whole.settle()
        return whole

    whole = run(work)
    assert all_lines.ledger.spent().unknown == 0
    assert all_lines.ledger.spent().dollars == pytest.approx(whole.cost)


def test_the_engine_of_magic_and_chat_and_the_synchronous_client_use_the_same_purse(
    purse: Caps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_BASE_URL", clients.demo_base_url())
    response = Response("demo/echo")
    all_lines.ledger.note(response, source="cell", cell_id="c1")
    question = answering.Question("hello", "demo/echo", extra=FAST)
    clients.background().submit(answering.answer(question, response, None)).result()
    with synchronous.OpenRouter(base_url=clients.demo_base_url()) as client:
        client.chat("hello", model="demo/echo", extra=FAST)
    assert [(line.source, line.cell) for line in all_lines.ledger] == [("cell", "c1"), ("client", "")]
    assert purse.spent("session") == pytest.approx(all_lines.ledger.spent().dollars)
    refused = Response("demo/echo")
    question = answering.Question("hello", "demo/echo", max_tokens=1000, max_cost=1e-9, extra=FAST)
    clients.background().submit(answering.answer(question, refused, None)).result()
    assert isinstance(refused.error, BudgetError)
    assert refused.state == "failed"


def test_embeddings_are_counted_and_spent_too(purse: Caps) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        return await client.catalog.embeddings(["one", "two"], model="demo/embedder")

    found = run(work)
    (line,) = all_lines.ledger
    assert line.dollars == found.cost > 0
    assert purse.spent("session") == pytest.approx(found.cost or 0.0)
