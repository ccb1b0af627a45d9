"""What a request may cost, before it is sent: the worst case, by part, and what is not known said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter.estimate import estimate, is_free
from jupyter_openrouter.model_cards import Model
from jupyter_openrouter.token_count import tokens


def card(prompt: str = "0.000001", completion: str = "0.00001", **fields: Any) -> Model:
    pricing = {"prompt": prompt, "completion": completion, **fields.pop("pricing", {})}
    found = Model.read({"id": "a/b", "pricing": pricing, **fields})
    assert found is not None
    return found


def ask(text: Any = "hello", **fields: Any) -> dict[str, Any]:
    return {"model": "a/b", "messages": [{"role": "user", "content": text}], "stream": True, **fields}


@pytest.mark.parametrize(
    ("fields", "of_card", "most"),
    [
        ({"max_tokens": 100}, {}, 100),
        ({"max_completion_tokens": 50, "max_tokens": 100}, {}, 100),
        ({"max_tokens": 100, "n": 3}, {}, 300),
        ({}, {"top_provider": {"max_completion_tokens": 64}}, 64),
        ({"max_tokens": 100}, {"top_provider": {"max_completion_tokens": 64}}, 64),
        ({}, {"context_length": 1005}, 1000),
        ({}, {"context_length": 2}, 0),
        ({}, {}, None),
    ],
)
def test_the_most_tokens_of_the_answer(fields: Any, of_card: Any, most: int | None) -> None:
    found = estimate(ask(**fields), card(**of_card))
    assert found.tokens_out_max == most
    assert (found.dollars_worst is None) == (most is None)
    if most is not None:
        assert found.dollars_worst == pytest.approx(5e-6 + most * 1e-5)


def test_of_several_models_the_dearest_counts_and_one_unknown_makes_it_unknown() -> None:
    both = [card(), card("0.000002", "0.000005")]
    assert estimate(ask(max_tokens=100), both).dollars_worst == pytest.approx(1e-5 + 1e-3)
    assert estimate(ask(max_tokens=100), [*both, None]).dollars_worst is None
    assert estimate(ask(max_tokens=100), None).dollars_in is None


def test_of_several_models_the_longest_answer_counts() -> None:
    both = [card(top_provider={"max_completion_tokens": size}) for size in (10, 99, 20)]
    assert estimate(ask(), both).tokens_out_max == 99


def test_a_highest_price_of_the_request_stands_in_for_an_unknown_one() -> None:
    body = ask(max_tokens=100, provider={"max_price": {"prompt": 1, "completion": 10}})
    assert estimate(body, None).dollars_worst == pytest.approx(5e-6 + 1e-3)
    assert estimate(body, card("-1", "-1")).dollars_worst == pytest.approx(5e-6 + 1e-3)


def test_a_highest_price_of_the_request_bounds_a_known_one_which_may_not_be_charged_then() -> None:
    body = ask(max_tokens=100, provider={"max_price": {"prompt": 0.5, "completion": 20}})
    assert estimate(body, card()).dollars_worst == pytest.approx(2.5e-6 + 1e-3)


def test_prices_for_long_prompts_for_the_request_and_of_reasoning_count() -> None:
    dear = card(pricing={"overrides": [{"min_prompt_tokens": 9, "completion": "0.0001"}], "request": "0.5"})
    assert estimate(ask(max_tokens=100), dear).dollars_worst == pytest.approx(5e-6 + 0.5 + 0.01)
    thinking = card(pricing={"internal_reasoning": "0.0002"})
    assert estimate(ask(max_tokens=100), thinking).dollars_worst == pytest.approx(5e-6 + 0.02)


def test_what_is_free_costs_nothing_though_nothing_limits_it() -> None:
    assert estimate(ask(), card("0", "0")).dollars_worst == 0
    assert is_free("demo/tour", None)
    assert is_free("a/b:free", None)
    assert not is_free("a/b", card())
    assert not is_free("a/b:free", card())


def test_the_parts_are_named_and_add_up() -> None:
    body = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "x"}]},
            {"role": "tool", "tool_call_id": "x", "content": "42"},
            {"role": "user", "content": [{"type": "text", "text": "three"}, {"type": "image_url", "image_url": {}}]},
        ],
        "tools": [{"type": "function"}],
        "response_format": {"type": "json_object"},
        "max_tokens": 10,
        "plugins": [{"id": "web"}],
    }  # fmt: skip
    found = estimate(body, card(pricing={"image": "0.5"}))
    names = ["system message", "earlier prompt", "earlier answer", "tool result", "prompt", "image", "tools"]
    assert [part.name for part in found.parts] == [*names, "form of the answer"]
    assert sum(part.tokens for part in found.parts) == found.tokens_in
    assert sum(part.dollars or 0 for part in found.parts) == pytest.approx(found.dollars_in)
    assert next(part.dollars for part in found.parts if part.name == "image") == 0.5
    assert "image" in repr(found)
    assert "Worst case: $" in repr(found)
    assert "Plugins and web searches are paid apart" in found._repr_html_()


def test_pieces_of_the_prompt_have_rows_of_their_own_and_are_not_counted_twice() -> None:
    text = "Explain this:\n" + "some data " * 50
    pieces = [("df", 500, tokens("some data " * 50))]
    with_pieces, without = estimate(ask(text), card(), pieces), estimate(ask(text), card())
    assert [part.name for part in with_pieces.parts] == ["df", "the rest of the prompt"]
    assert abs(with_pieces.tokens_in - without.tokens_in) <= 2
    assert with_pieces.parts[1].characters == 14


def test_a_legacy_completion_is_counted_with_its_suffix() -> None:
    assert estimate({"prompt": "def f(", "suffix": ")", "max_tokens": 1}, card()).tokens_in > 0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(
    st.sampled_from(["messages", "prompt", "max_tokens", "n", "tools", "provider", "plugins", "models"]),
    json_values | st.lists(st.dictionaries(st.sampled_from(["role", "content", "tool_calls"]), json_values)),
)


@given(bodies)
def test_no_body_is_too_odd_to_be_looked_at(body: Any) -> None:
    found = estimate(body, card())
    assert found.tokens_in >= 0
    assert repr(found)


def test_what_it_says_below_its_table_is_neither_a_formula_nor_a_tag() -> None:
    found = estimate({"messages": [{"role": "user", "content": "hello"}]}, Model.read({"id": "a/b"}))
    found.parts.lines = ("about $0.01 and $0.02 <b>",)
    assert "$" not in found._repr_html_()
    assert "<b>" not in found._repr_html_()
