"""Caps: reserved before sending, settled after, never passed by many at once, kept over days and kernels."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_openrouter.caps import Caps, Reservation
from jupyter_openrouter.day_file import DayFile
from jupyter_openrouter.errors import BudgetError, InvalidRequestError


class Calendar:
    """A day that tests turn."""

    def __init__(self) -> None:
        self.date = dt.date(2026, 1, 2)

    def __call__(self) -> dt.date:
        return self.date


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spent.json"


def new(path: Path, **limits: float) -> Caps:
    caps = Caps(DayFile(path), today=Calendar())
    for name, limit in limits.items():
        caps.set(name, limit)  # type: ignore[arg-type]
    return caps


@pytest.mark.parametrize("which", ["session", "day"])
def test_what_does_not_fit_is_refused_with_the_sum_and_nothing_is_held(which: str, path: Path) -> None:
    caps = new(path, **{which: 1.0})
    caps.reserve(0.25).settle(0.25)
    caps.reserve(0.5)
    with pytest.raises(BudgetError) as caught:
        caps.reserve(0.26, remedy="Do that.")
    words = {"session": "this session", "day": "today"}[which]
    assert str(caught.value) == (
        f"This may cost up to $0.2600, and the cap of {words} is $1.00: $0.2500 is spent, and $0.5000 is held "
        "for answers that run or whose cost is unknown. Do that."
    )
    caps.reserve(0.25)


def test_the_cost_takes_the_place_of_what_was_held_and_may_be_corrected(path: Path) -> None:
    caps = new(path, session=1.0)
    first = caps.reserve(0.9)
    first.settle(0.1)
    first.settle(0.1)
    first.settle(0.2)
    assert caps.spent("session") == caps.spent("day") == 0.2
    assert caps.reserve(0.8).dollars == 0.8


def test_an_unknown_cost_keeps_what_was_held_until_it_is_known(path: Path) -> None:
    caps = new(path, day=1.0)
    stopped = caps.reserve(0.9)
    stopped.settle(None)
    with pytest.raises(BudgetError):
        caps.reserve(0.2)
    stopped.settle(0.1)
    caps.reserve(0.2)


def test_an_unknown_price_is_refused_under_a_cap_unless_the_user_says_otherwise(path: Path) -> None:
    caps = new(path)
    caps.reserve(None)
    caps.set("session", 1.0)
    with pytest.raises(BudgetError, match="unknown"):
        caps.reserve(None)
    caps.unpriced = True
    caps.reserve(None)
    caps.set("session", None)
    caps.unpriced = False
    with pytest.raises(BudgetError, match="unknown"):
        caps.reserve(None, at_most=0.5)


def test_what_costs_nothing_passes_a_cap_of_nothing(path: Path) -> None:
    caps = new(path, session=0, day=0, cell=0)
    caps.reserve(0.0).settle(0.0)
    with pytest.raises(BudgetError):
        caps.reserve(1e-9)


def test_a_cell_has_its_own_sum_for_each_run_and_shares_it_among_its_answers(path: Path) -> None:
    caps = new(path, cell=1.0)
    late = caps.reserve(0.75, cell_id="a")
    with pytest.raises(BudgetError, match="this cell"):
        caps.reserve(0.5, cell_id="a")
    caps.reserve(0.75, cell_id="b")
    caps.begin_cell("a")
    caps.reserve(0.75, cell_id="a")
    late.settle(0.75)  # it belongs to the run before
    caps.reserve(0.25, cell_id="a")
    for _ in range(3):
        caps.reserve(1.0)  # without a cell, each is alone


def test_an_answer_may_have_a_cap_of_its_own(path: Path) -> None:
    caps = new(path)
    with pytest.raises(BudgetError, match="this answer"):
        caps.reserve(0.5, at_most=0.25)
    assert caps.reserve(0.25, at_most=0.25).over(0.3)


def test_a_running_answer_passes_a_cap_only_where_there_is_no_room_left(path: Path) -> None:
    caps = new(path, session=1.0)
    one, two = caps.reserve(0.25), caps.reserve(0.25)
    assert not one.over(0.2)
    assert not one.over(0.7)
    assert one.dollars == 0.7
    assert two.over(0.31)
    assert not two.over(0.3)
    one.settle(0.7)
    assert not one.over(5)


def test_the_sum_of_a_day_and_its_cap_outlive_the_kernel(path: Path) -> None:
    first = new(path, day=1.0, session=5.0)
    first.reserve(0.75).settle(0.75)
    second = new(path)
    assert (second.spent("day"), second.spent("session")) == (0.75, 0.0)
    assert (second.limit("day"), second.limit("session")) == (1.0, None)
    with pytest.raises(BudgetError, match="today"):
        second.reserve(0.5)
    second.set("day", None)
    assert not new(path).active


def test_a_new_day_begins_with_nothing_and_a_late_cost_belongs_to_its_own(path: Path) -> None:
    calendar = Calendar()
    caps = Caps(DayFile(path), today=calendar)
    caps.set("day", 1.0)
    late = caps.reserve(0.9)
    calendar.date += dt.timedelta(days=1)
    assert caps.spent("day") == 0
    caps.reserve(0.9).settle(0.3)
    late.settle(0.5)
    assert caps.spent("day") == 0.3
    calendar.date -= dt.timedelta(days=1)
    assert caps.spent("day") == 0.5


def test_without_a_file_the_caps_hold_in_this_process_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    caps = new(tmp_path / "file" / "spent.json", day=1.0)
    caps.reserve(0.75).settle(0.75)
    with pytest.raises(BudgetError, match="today"):
        caps.reserve(0.5)
    assert caps.trouble


def test_what_is_free_leaves_no_file(path: Path) -> None:
    new(path).reserve(None).settle(0.0)
    assert not path.exists()


@pytest.mark.parametrize("limit", [-1, float("nan"), float("inf"), "2", True])
def test_what_is_no_amount_is_refused(limit: Any, path: Path) -> None:
    with pytest.raises(InvalidRequestError):
        new(path).set("session", limit)
    with pytest.raises(InvalidRequestError):
        new(path).set("week", 1.0)  # type: ignore[arg-type]


def test_the_caps_can_be_looked_at(path: Path) -> None:
    caps = new(path, session=1.0)
    caps.reserve(0.5).settle(0.25)
    caps.reserve(0.5)
    rows = {row["which"]: row for row in caps.listing().to_dicts()}
    assert rows["session"] == {"which": "session", "limit": 1.0, "spent": 0.25, "held": 0.5, "left": 0.25}
    assert rows["day"]["left"] is None


@pytest.mark.parametrize("kernels", [1, 2])
def test_threads_of_one_and_two_kernels_never_pass_the_cap(kernels: int, path: Path) -> None:
    all_caps = [new(path) for _ in range(kernels)]
    all_caps[0].set("day", 1.0)
    most, refused, lock = [0.0], [0], threading.Lock()

    def work(caps: Caps, number: int) -> None:
        for turn in range(10):
            try:
                reservation = caps.reserve(0.09)
            except BudgetError:
                with lock:
                    refused[0] += 1
                continue
            with lock:
                row = caps.listing()[2]
                most[0] = max(most[0], (row.spent or 0) + (row.held or 0))
            reservation.settle(0.01 if (turn + number) % 3 else None)
            reservation.settle(0.01)

    threads = [threading.Thread(target=work, args=(all_caps[n % kernels], n)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < most[0] <= 1.0
    assert refused[0] > 0
    spent = all_caps[0].spent("day")
    assert spent == pytest.approx(0.01 * (200 - refused[0]))
    assert spent <= 1.0
    assert all_caps[0].listing()[2].held == 0


steps = st.lists(
    st.tuples(st.sampled_from(["reserve", "settle", "unknown", "over"]), st.integers(0, 100), st.integers(0, 9)),
    max_size=40,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(steps)
def test_spent_and_held_never_pass_the_cap_whatever_happens_within_it(found: list[Any]) -> None:
    caps = Caps(DayFile(Path("/dev/null/spent.json")), today=Calendar())
    caps.set("session", 1.0)
    open_: list[Reservation] = []
    for kind, cents, which in found:
        if kind == "reserve":
            try:
                open_.append(caps.reserve(cents / 100))
            except BudgetError:
                continue
        elif open_:
            one = open_[which % len(open_)]
            if kind == "over":
                one.over(cents / 100)
            else:
                one.settle(None if kind == "unknown" else min(cents / 100, one.dollars))
        row = caps.listing()[1]
        assert (row.spent or 0) + (row.held or 0) <= 1.0 + 1e-9
        assert round((row.spent or 0) + (row.held or 0), 9) == round(sum(one.dollars for one in open_), 9)
