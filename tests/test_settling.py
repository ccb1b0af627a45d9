"""The cost of answers that ended without telling it: asked for at once, again when told to, and then shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from faults import DONE, FaultServer, answer, event, said, stream

from jupyter_openrouter import settling
from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.errors import OpenRouterError
from jupyter_openrouter.ledger import known_cost, ledger
from jupyter_openrouter.response import Response
from jupyter_openrouter.settling import is_open, settle_all, settle_later


class Service:
    """Tells costs once it knows them."""

    def __init__(self) -> None:
        self.knows = False
        self.asked = 0

    async def tell(self, response: Response) -> Response:
        self.asked += 1
        if not self.knows:
            raise OpenRouterError("It is not known yet.")
        response.take_generation({"total_cost": 0.25})
        return response

    def stopped(self, number: int = 0) -> Response:
        response = Response("x/y")
        response.add(0, "some")
        response.state, response.settler, response.generation_id = "stopped", self.tell, f"gen-{number}"
        return response


@pytest.fixture
def service() -> Iterator[Service]:
    ledger.clear()
    settling._shown.clear()
    yield Service()
    ledger.clear()
    settling._shown.clear()


def test_a_cost_that_is_told_at_once_is_shown_once(service: Service) -> None:
    response, shown = service.stopped(), []
    service.knows = True
    settle_later(response, lambda: shown.append(response.cost)).result()
    assert shown == [0.25]
    assert settle_all() == (0, 0)
    assert shown == [0.25]


def test_what_stayed_unknown_is_shown_when_it_is_asked_for_again_though_nobody_else_holds_the_answer(
    service: Service,
) -> None:
    shown: list[int] = []
    for number in range(3):
        response = service.stopped(number)
        ledger.note(response)
        settle_later(response, lambda number=number: shown.append(number)).result()  # type: ignore[misc]
        del response
    assert not shown
    assert settle_all() == (0, 3)
    service.knows = True
    assert settle_all() == (3, 0)
    assert sorted(shown) == [0, 1, 2]
    assert service.asked == 9


def test_the_oldest_of_very_many_are_let_go(service: Service) -> None:
    for number in range(settling._MOST_SHOWN + 5):
        settle_later(service.stopped(number), lambda: None).result()
    assert len(settling._shown) == settling._MOST_SHOWN
    assert next(iter(settling._shown)).generation_id == "gen-5"


def test_nothing_is_asked_of_an_answer_that_has_no_name_or_nobody_to_ask(service: Service) -> None:
    nameless, alone = service.stopped(), service.stopped()
    nameless.generation_id, alone.settler = "", None
    assert not is_open(nameless)
    assert not is_open(alone)
    hit = service.stopped()
    hit.cache_source = "gen-before"
    assert is_open(hit)
    hit.saved = 0.5
    assert not is_open(hit)


TEXT = (said("x"), said("", "stop"))
COUNTED = event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}})


def told(*generations: dict[str, object], usage: bool = False) -> tuple[Response, int]:
    """A response that was settled with these answers of ``GET /generation``, and how often the service was asked."""

    async def run() -> tuple[Response, int]:
        first = stream(*TEXT, *((COUNTED,) if usage else ()), DONE)
        later = [answer("200 OK", {"data": {"id": "gen-1", **one}}) for one in generations]
        async with FaultServer(first, *later) as server, AsyncOpenRouter(base_url=server.base_url) as client:
            response = await client.chat("hi", model="a/b")
            await response.settle()
            return response, len(server.requests) - 1

    return asyncio.run(run())


def test_tokens_of_the_service_stand_where_the_provider_has_counted_none() -> None:
    ours = {"tokens_prompt": 7, "tokens_completion": 3}
    response, _ = told(
        {**ours, "native_tokens_prompt": None, "native_tokens_completion": 4, "total_cost": 0.25}
    )
    assert response.usage is not None
    assert (response.usage.prompt_tokens, response.usage.completion_tokens) == (7, 4)


def test_a_cost_that_is_not_written_down_yet_is_asked_for_again() -> None:
    response, asked = told({"total_cost": None, "tokens_prompt": 3}, {"total_cost": 0.75, "tokens_prompt": 3})
    assert (response.cost, asked) == (0.75, 2)


def test_an_answer_that_told_tokens_and_no_cost_can_be_settled_and_keeps_its_tokens() -> None:
    response, asked = told({"total_cost": 0.25, "native_tokens_prompt": 9}, usage=True)
    assert (response.cost, asked) == (0.25, 1)
    assert response.usage is not None
    assert (response.usage.prompt_tokens, response.usage.completion_tokens) == (3, 1)


def test_what_the_provider_charges_to_a_key_of_ones_own_is_counted() -> None:
    response, _ = told({"total_cost": 0.25, "is_byok": True, "upstream_inference_cost": 0.5})
    assert response.cost == 0.25
    assert known_cost(response) == 0.75
