"""The outputs of a transcript: nothing is lost, the order stays, and a new exchange costs little."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter.transcript_slots import LIMITS, begun, empty, filled


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 60)), max_size=12))
def test_every_exchange_stands_in_one_output_in_its_order(steps: list[tuple[int, int]]) -> None:
    slots, now, number = empty(LIMITS), list[int](), 0
    for kept, new in steps:
        now = [*now[:kept], *range(number, number + new)]
        number += new
        slots = filled(slots, now)
        assert list(chain(*slots)) == now
        assert all(limit is None or len(slot) <= limit for slot, limit in zip(slots, LIMITS, strict=True))


def test_an_exchange_is_written_a_bounded_number_of_times_however_long_the_chat() -> None:
    slots, written = empty(LIMITS), 0
    for length in range(1, 5001):
        now = filled(slots, range(length))
        written += sum(len(new) for old, new in zip(slots, now, strict=True) if old != new)
        slots = now
    assert written / 5000 < 25


def test_what_was_not_changed_stays_where_it_is() -> None:
    before = filled(empty(LIMITS), range(300))
    after = filled(before, [*range(299), 1000, 1001])
    assert before[:2] == after[:2]
    assert filled(before, range(300)) == before
    assert filled(before, []) == empty(LIMITS)


@given(st.integers(0, 3000), st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 60)), max_size=6))
def test_a_transcript_that_begins_long_has_outputs_of_bounded_length_and_keeps_their_number(
    length: int, steps: list[tuple[int, int]]
) -> None:
    now = list(range(length))
    slots = begun(now)
    count, number = len(slots), length
    assert count <= 32 + len(LIMITS)
    assert max(map(len, slots)) <= max(256, length // 31 + 1)
    for kept, new in steps:
        now = [*now[:kept], *range(number, number + new)]
        number += new
        slots = filled(slots, now)
        assert (list(chain(*slots)), len(slots)) == (now, count)
