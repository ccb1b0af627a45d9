"""The ledger: every answer once, whoever asked; and what is known later put in its place."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest

from jupyter_openrouter.chunks import Usage
from jupyter_openrouter.continuing import joined
from jupyter_openrouter.errors import APIConnectionError, CutError, OpenRouterError, from_payload
from jupyter_openrouter.ledger import Ledger, known_cost
from jupyter_openrouter.notebook_costs import cost_of
from jupyter_openrouter.response import Response
from jupyter_openrouter.retry import Attempt


def settled(cost: float | None = 0.25, state: Any = "done", text: str = "x", **fields: Any) -> Response:
    response = Response("a/b")
    response.add(0, text)
    response.state = state
    response.usage = None if cost is None else Usage.read({"cost": cost, "prompt_tokens": 3})
    vars(response).update(fields)
    return response


def test_an_answer_is_written_down_once_and_when_it_has_settled() -> None:
    ledger, response = Ledger(), settled(state="streaming")
    assert ledger.note(response, source="cell", cell_id="c1") is None
    assert len(ledger) == 0
    response.state = "done"
    for _ in range(3):
        ledger.note(response)
    assert len(ledger) == 1
    (line,) = ledger
    assert (line.source, line.cell, line.dollars, line.tokens_in) == ("cell", "c1", 0.25, 3)


@pytest.mark.parametrize(
    ("more", "cost"),
    [
        ({"is_byok": True, "cost_details": {"upstream_inference_cost": 0.5}}, 0.75),
        ({"is_byok": False, "cost_details": {"upstream_inference_cost": 0.25}}, 0.25),
        ({"cost_details": {"upstream_inference_cost": 0.25}}, 0.25),
        ({"is_byok": True}, 0.25),
        ({"is_byok": True, "cost_details": {"upstream_inference_cost": "x"}}, 0.25),
    ],
)
def test_what_the_provider_charges_to_a_key_of_ones_own_counts_and_is_said(more: Any, cost: float) -> None:
    response = settled(usage=Usage.read({"cost": 0.25, **more}))
    assert known_cost(response) == cost
    assert any("a key of your own" in one for one in response.warnings) == (cost > 0.25)
    assert cost_of(response.to_dict()).dollars == cost


def test_a_cost_that_is_told_later_takes_the_place_of_the_unknown_one() -> None:
    ledger, stopped = Ledger(), settled(None, "stopped")
    ledger.note(stopped, conversation="main")
    ledger.note(settled())
    assert ledger.spent().said == "$0.2500 + 1 unknown"
    stopped.take_generation({"total_cost": 0.5})
    ledger.note(stopped)
    assert [line.dollars for line in ledger] == [0.5, 0.25]
    assert ledger.spent().said == "$0.7500"
    assert ledger.by("conversation")[0].name == "main"


def test_a_continued_answer_is_its_parts_and_is_not_counted_again() -> None:
    ledger, first, second = Ledger(), settled(0.5, "cut"), settled(0.25)
    ledger.note(first, cell_id="one")
    ledger.note(second)
    whole = joined(first, second)
    assert whole.cost == 0.75
    ledger.note(whole, cell_id="two")
    assert [(line.cell, line.dollars) for line in ledger] == [("one", 0.5), ("two", 0.25)]


def error(status: int | None) -> OpenRouterError:
    return from_payload({}, http_status=status)


@pytest.mark.parametrize(
    ("response", "cost"),
    [
        (settled(0.5), 0.5),
        (settled(0.0), 0.0),
        (settled(None, "stopped"), None),
        (settled(None, "cut", error=CutError("x")), None),
        (settled(None, "failed", "", error=error(401)), 0.0),
        (settled(None, "failed", "", error=error(503)), 0.0),
        (settled(None, "failed", "", error=error(524)), None),
        (settled(None, "failed", "words", error=error(503)), None),
        (settled(None, "failed", "", error=APIConnectionError("x", never_sent=True)), 0.0),
        (settled(None, "failed", "", error=APIConnectionError("x")), None),
        (settled(0.5, requested_model="demo/tour"), 0.0),
    ],
)
def test_what_is_known_of_a_cost(response: Response, cost: float | None) -> None:
    assert known_cost(response) == cost


def test_retries_are_counted_and_one_that_may_have_been_billed_is_unknown() -> None:
    ledger = Ledger()
    attempts = [Attempt("a/b", "x", 429, 0.5), Attempt("a/b", "x", 524, None)]
    ledger.note(settled(attempts=attempts))
    (line,) = ledger
    assert line.attempts == 3
    assert ledger.spent().said == "$0.2500 + 1 unknown"


def test_the_sum_since_a_time_leaves_out_what_was_sent_before() -> None:
    ledger = Ledger()
    day = dt.datetime(2026, 5, 4, 12)
    for hours in (-24, 0, 24):
        ledger.note(settled(sent_at=day.timestamp() + 3600 * hours))
    assert ledger.spent(since=day.date()).answers == ledger.spent(since=day).answers == 2
    assert ledger.spent(since=day.timestamp() + 1).answers == 1
    assert [row.name for row in ledger.by("day")] == ["2026-05-03", "2026-05-04", "2026-05-05"]


def test_many_threads_lose_and_double_nothing() -> None:
    ledger, responses = Ledger(), [settled(0.001) for _ in range(400)]

    def work() -> None:
        for response in responses:
            ledger.note(response)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledger) == 400
    assert ledger.spent().dollars == 0.4


def test_the_ledger_keeps_no_answer_alive_and_can_be_cleared() -> None:
    import gc
    import weakref

    ledger, response = Ledger(), settled()
    ledger.note(response)
    seen = weakref.ref(response)
    del response
    gc.collect()
    assert seen() is None
    assert len(ledger.listing()) == 1
    ledger.clear()
    assert len(ledger) == 0
