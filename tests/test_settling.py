"""The cost of answers that ended without telling it: asked for at once, again when told to, and then shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_openrouter import settling
from jupyter_openrouter.errors import OpenRouterError
from jupyter_openrouter.ledger import ledger
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
