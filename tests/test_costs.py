"""Sums of costs: exact, in any order, with what is unknown kept apart; and the table with its bars."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter.costs import Cost, Sum, added_up, bar
from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.money import exact, from_exact

amounts = st.none() | st.integers(0, 10**9).map(lambda nano: nano / 10**9)
costs = st.lists(
    st.builds(
        Cost,
        model=st.sampled_from(["a/b", "c/d", ""]),
        cell=st.sampled_from(["1", "2", ""]),
        dollars=amounts,
        tokens_in=st.none() | st.integers(0, 10**6),
    )
)


@given(costs, st.randoms())
def test_a_sum_is_exact_and_the_same_in_any_order(found: list[Cost], random: Any) -> None:
    whole = Sum.of(found)
    known = [cost.dollars for cost in found if cost.dollars is not None]
    assert whole.unknown == len(found) - len(known)
    if known:
        assert whole.dollars == float(sum(Decimal(str(amount)) for amount in known))
    else:
        assert whole.dollars is None
    random.shuffle(found)
    assert Sum.of(found) == whole


@given(costs, st.sampled_from(["model", "cell", "day"]))
def test_the_groups_add_up_to_the_whole(found: list[Cost], by: Any) -> None:
    table = added_up(found, by)
    assert sum(row.answers for row in table) == len(found) == table.sum.answers
    assert sum(row.unknown for row in table) == table.sum.unknown
    assert sum(exact(row.dollars or 0) for row in table) == exact(table.sum.dollars or 0)


@given(st.floats())
def test_any_float_becomes_an_amount(value: float) -> None:
    assert exact(value) >= 0
    assert from_exact(exact(value)) >= 0


def test_unknown_is_never_shown_as_nothing() -> None:
    table = added_up([Cost(model="a/b"), Cost(model="c/d", dollars=0.5), Cost(model="c/d")], "model")
    assert [row.said for row in table] == ["$0.5000 + 1 unknown", "unknown"]
    assert repr(table).endswith("in all $0.5000 for 3 answers; the cost of 2 is unknown, and not in the sum")
    assert repr(added_up([Cost()], "model")).endswith("1 answer, the cost unknown")


def test_a_failed_attempt_that_may_have_been_billed_counts_as_unknown() -> None:
    assert Sum.of([Cost(dollars=0.5, unsettled=1)]).said == "$0.5000 + 1 unknown"


def test_the_dearest_comes_first_with_the_longest_bar_and_days_in_their_order() -> None:
    found = [Cost(model="a/b", dollars=0.25, sent_at=90_000), Cost(model="c/d", dollars=0.5, sent_at=400_000)]
    lines = repr(added_up(found, "model")).splitlines()
    assert lines[1].startswith("c/d")
    assert lines[1].endswith("█" * 20)
    assert lines[2].endswith(" " + "█" * 10)
    assert [row.dollars for row in added_up(found, "day")] == [0.25, 0.5]


def test_a_hostile_name_is_inert_in_the_table_and_rows_have_no_bar() -> None:
    table = added_up([Cost(model="<img src=x onerror=alert(1)>\x1b[31m", dollars=1.0)], "model")
    assert "<img" not in table._repr_html_()
    assert "\x1b" not in repr(table)
    assert set(table.to_dicts()[0]) == {"name", "answers", "tokens_in", "tokens_out", "dollars", "unknown"}
    assert table[:0].sum == table.sum


def test_what_cannot_be_added_up_by_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="colour"):
        added_up([], "colour")  # type: ignore[arg-type]


def test_a_bar_never_grows_over_its_width() -> None:
    assert bar(2, 1) == "█" * 20
    assert bar(1, 0) == bar(-1, 1) == ""


def test_a_time_that_no_calendar_has_is_an_unknown_day() -> None:
    assert Cost(sent_at=1e30).day == ""
