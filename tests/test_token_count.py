"""The estimate of tokens: near what tokenizers give, additive enough, quick for very long texts."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_openrouter.token_count import reach, tokens

# Of each text: the fewest and the most characters for a token that tokenizers of today have for its kind.
KINDS = {
    "English": ("The committee met again in the autumn and postponed its decision by a year. ", 3.9, 5.2),
    "German": ("Der Ausschuss trat im Herbst wieder zusammen und verschob die Entscheidung für Ältere. ", 3.0, 4.6),
    "Russian": ("Комитет снова собрался осенью и отложил решение на один год. ", 2.0, 3.6),
    "Chinese": ("委员会在秋天再次开会，并将决定推迟了一年。", 0.7, 1.6),
    "Korean": ("위원회는 가을에 다시 모여 결정을 일 년 미루었다. ", 0.9, 2.1),
    "Python": ("def mean(values):\n    return sum(values) / len(values)\n\n", 2.6, 4.2),
    "numbers": ("12,3.75,2026-01-02,400123\n", 1.0, 2.6),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_characters_for_a_token_are_those_of_its_kind_of_text(kind: str) -> None:
    text, fewest, most = KINDS[kind]
    assert fewest <= len(text * 50) / tokens(text * 50) <= most


@given(st.text())
def test_any_text_has_a_number_and_none_but_the_empty_has_0(text: str) -> None:
    assert (tokens(text) == 0) == (text == "")
    assert tokens(text) <= 1 + 2.5 * len(text)


@given(st.text(min_size=1), st.text())
def test_a_longer_text_has_hardly_fewer(text: str, more: str) -> None:
    # An accent that comes late makes the words before it count as those of another language.
    assert tokens(text + " " + more) >= 0.6 * tokens(text) - 1


def test_a_very_long_text_is_counted_by_samples_to_the_same_figure() -> None:
    text = "".join(KINDS[kind][0] for kind in KINDS)
    times = 300_000 // len(text)
    assert tokens(text * times) == pytest.approx(times * tokens(text), rel=0.05)


@pytest.mark.parametrize(
    "text", ["a" * 150_000, " " * 150_000, "1" * 150_000, "\ud800" * 1000, "\n" * 9, "́" * 99]
)
def test_odd_texts_are_counted_without_trouble(text: str) -> None:
    assert tokens(text) > 0


@given(
    st.text(st.sampled_from("aé 漢가1\n{;") | st.characters(), max_size=200),
    st.integers(0, 30),
    st.booleans(),
)
@example("가" + "漢" * 50, 20, True)
def test_what_reaches_from_either_end_is_within_its_budget_and_hardly_less(
    text: str, budget: int, backwards: bool
) -> None:
    size = reach(text, budget, backwards=backwards)
    kept = text[len(text) - size :] if backwards else text[:size]
    assert len(kept) == size
    assert tokens(kept) <= budget
    if tokens(text) <= budget:
        assert tokens(text) >= tokens(kept) >= 0.6 * tokens(text) - 3
    else:
        assert tokens(kept) >= 0.6 * budget - 3
