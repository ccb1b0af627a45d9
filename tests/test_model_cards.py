"""What is read of models, endpoints and providers: units, what is unknown, and what is hostile."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_openrouter.account import Activity, Budget, Credits, Generation, KeyInfo
from jupyter_openrouter.model_cards import Endpoint, Model, Prices, Provider, ReasoningSupport

JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)
NAMES = [
    "id",
    "name",
    "canonical_slug",
    "description",
    "created",
    "context_length",
    "architecture",
    "input_modalities",
    "pricing",
    "prompt",
    "completion",
    "image",
    "request",
    "discount",
    "overrides",
    "top_provider",
    "supported_parameters",
    "reasoning",
    "supported_efforts",
    "expiration_date",
    "knowledge_cutoff",
    "alias_target",
    "slug",
    "status",
    "quantization",
    "uptime_last_5m",
    "latency_last_30m",
    "p50",
    "p99",
    "throughput_last_30m",
    "label",
    "limit",
    "limit_remaining",
    "usage",
    "expires_at",
    "free_model_daily_requests",
    "used",
    "budgets",
    "effective_budget",
    "resets_at",
    "limit_usd",
    "total_credits",
    "total_usage",
    "date",
    "requests",
    "model",
    "cancelled",
    "latency",
    "created_at",
    "datacenters",
]


def model(**fields: Any) -> Model:
    found = Model.read({"id": "a/b", **fields})
    assert found is not None
    return found


def test_prices_are_dollars_per_million_tokens_or_for_one_piece() -> None:
    prices = Prices.read(
        {
            "prompt": "0.00000125",
            "completion": "0.00001",
            "internal_reasoning": "0.00001",
            "input_cache_read": "0.000000125",
            "input_cache_write": "0.0000015625",
            "input_cache_write_1h": "0.0000025",
            "audio": "0.00004",
            "image": "0.005",
            "request": "0.01",
            "web_search": "0.004",
            "discount": 0.25,
            "overrides": [{"min_prompt_tokens": 200000, "prompt": "0.0000025"}],
        }
    )
    assert (prices.prompt, prices.completion, prices.reasoning) == (1.25, 10.0, 10.0)
    assert (prices.cache_read, prices.cache_write, prices.cache_write_1h) == (0.125, 1.5625, 2.5)
    assert (prices.audio, prices.image, prices.request, prices.web_search) == (40.0, 0.005, 0.01, 0.004)
    assert (prices.discount, prices.conditional) == (0.25, True)
    assert prices.raw["overrides"][0]["prompt"] == "0.0000025"


@pytest.mark.parametrize(
    "price",
    [
        None,
        "-1",
        -1,
        "",
        "free",
        "NaN",
        "sNaN",
        "Infinity",
        "1e999",
        "1e99",
        math.nan,
        math.inf,
        True,
        10**400,
        "9" * 1000000,
        "1e999999999999999",
        "٣",
        "1_0",
        "0x10",
        "+1",
        "--1",
        ".",
        [],
        {},
    ],
)
def test_a_price_that_is_unknown_or_varies_is_none_and_never_zero(price: Any) -> None:
    prices = Prices.read({"prompt": price, "image": price})
    assert prices.prompt is None
    assert prices.image is None
    assert not prices.are_zero


@pytest.mark.parametrize(
    ("price", "million"), [("0", 0.0), (0, 0.0), ("1e-7", 0.1), (1e-07, 0.1), (" .5 ", 5e5)]
)
def test_a_price_in_any_form_of_a_number_is_read(price: Any, million: float) -> None:
    assert Prices.read({"prompt": price}).prompt == million


def test_a_model_is_read_with_its_dates_and_its_reasoning() -> None:
    found = model(
        name="A: B",
        canonical_slug="a/b-2026",
        created=1_767_225_600,
        context_length=8192.0,
        architecture={
            "input_modalities": ["text", "image"],
            "output_modalities": ["text"],
            "tokenizer": "GPT",
        },
        top_provider={"max_completion_tokens": 4096, "is_moderated": True},
        supported_parameters=["tools", "seed"],
        reasoning={"mandatory": True, "supported_efforts": ["high", "low"], "supports_max_tokens": True},
        expiration_date="2027-01-31",
        knowledge_cutoff="2025-06-30",
        alias_target={"slug": "a/c", "name": "C"},
        novelty={"kept": True},
    )
    assert (found.id, found.slug, found.name, found.canonical_slug) == ("a/b", "a/b", "A: B", "a/b-2026")
    assert found.created == dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    assert (found.context_length, found.max_completion_tokens, found.is_moderated) == (8192, 4096, True)
    assert (found.input_modalities, found.output_modalities) == (("text", "image"), ("text",))
    assert found.supported_parameters == ("tools", "seed")
    assert (found.expires, found.knowledge_cutoff) == (dt.date(2027, 1, 31), dt.date(2025, 6, 30))
    assert found.reasoning is not None
    assert (found.reasoning.mandatory, found.reasoning.efforts) == (True, ("high", "low"))
    assert found.reasoning.max_tokens is True
    assert found.alias_target == "a/c"
    assert found.raw["novelty"] == {"kept": True}


def test_efforts_that_are_any_are_told_from_efforts_that_are_not_named() -> None:
    assert ReasoningSupport.read({"supported_efforts": None}).any_effort is True
    absent = ReasoningSupport.read({"mandatory": False})
    assert (absent.any_effort, absent.efforts, absent.default_enabled) == (False, None, None)
    assert model().reasoning is None


def test_a_field_of_another_type_is_none_and_spoils_no_other() -> None:
    found = model(
        name=3,
        created="yesterday",
        context_length="many",
        architecture=[],
        pricing="free",
        top_provider=None,
        supported_parameters="tools",
        reasoning=True,
        expiration_date=10**400,
        description="kept",
    )
    assert (found.name, found.description) == ("a/b", "kept")
    unread = (found.created, found.context_length, found.reasoning, found.expires, found.prices.prompt)
    assert unread == (None,) * 5
    assert (found.input_modalities, found.supported_parameters) == ((), ())


def test_a_model_without_a_slug_is_none() -> None:
    raws: tuple[Any, ...] = ({}, {"id": ""}, {"id": 3}, None, [], "a/b")
    for raw in raws:
        assert Model.read(raw) is None


def test_an_endpoint_says_what_its_numbers_mean() -> None:
    found = Endpoint.read(
        {
            "provider_name": "P",
            "tag": "p/fast",
            "status": -2,
            "quantization": "fp8",
            "uptime_last_5m": 99.5,
            "uptime_last_30m": 101,
            "uptime_last_1d": None,
            "latency_last_30m": {"p50": 350, "p99": "slow"},
            "throughput_last_30m": [],
            "pricing": {"prompt": "0.000001", "discount": 2},
        }
    )
    assert found is not None
    assert (found.status, found.status_code, found.quantization) == ("degraded", -2, "fp8")
    assert (found.uptime_5m, found.uptime_30m, found.uptime_1d) == (99.5, None, None)
    assert found.latency is not None
    assert (found.latency.p50, found.latency.p75, found.latency.p99) == (350.0, None, None)
    assert found.throughput is None
    assert (found.prices.prompt, found.prices.discount) == (1.0, None)
    row = found.row()
    assert (row["latency_p50"], row["throughput_p50"], row["prompt_price"]) == (350.0, None, 1.0)
    other = Endpoint.read({"status": 0})
    assert other is not None
    assert other.status == "normal"
    assert Endpoint.read("x") is None


def test_a_key_says_what_remains_and_when_it_starts_anew() -> None:
    key = KeyInfo.read(
        {
            "label": "mine",
            "limit": 5,
            "limit_remaining": -0.25,
            "limit_reset": "monthly",
            "usage": 1,
            "usage_daily": 0.5,
            "usage_weekly": "much",
            "is_free_tier": 0,
            "free_model_daily_requests": {"limit": 50, "used": 50, "remaining": 0},
            "effective_budget": {"scope": "key", "limit_usd": 5, "resets_at": "2026-02-01T00:00:00Z"},
            "budgets": [None, {"scope": "key"}],
        }
    )
    assert (key.limit, key.remaining, key.limit_resets) == (5.0, -0.25, "monthly")
    assert (key.usage, key.usage_daily, key.usage_weekly, key.usage_monthly) == (1.0, 0.5, None, None)
    assert key.is_free_tier is None
    assert (key.free_daily_limit, key.free_daily_used, key.free_daily_remaining) == (50, 50, 0)
    assert key.effective_budget is not None
    assert key.effective_budget.resets_at == dt.datetime(2026, 2, 1, tzinfo=dt.timezone.utc)
    assert [budget.scope for budget in key.budgets] == ["key"]


def test_what_remains_is_unknown_where_a_figure_is() -> None:
    assert Credits.read({"total_credits": 3}).remaining is None
    assert Credits.read({"total_credits": 3, "total_usage": 4}).remaining == -1


# Making such values is slow on a busy machine, which says nothing of the code.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=12))
def test_no_json_makes_reading_fail(raw: dict[str, Any]) -> None:
    for nested in ("pricing", "architecture", "top_provider", "reasoning", "free_model_daily_requests"):
        for kind in (Model, Endpoint, Provider, Activity, Budget, KeyInfo, Credits, Generation):
            found = kind.read({**raw, nested: raw})
            if found is None:
                continue
            assert found.raw == {**raw, nested: raw} or repr(found.raw)  # NaN is not equal to itself
            assert repr(found)
            repr(found).encode()
            if hasattr(found, "row"):
                assert all(not isinstance(value, (dict, list, tuple)) for value in found.row().values())


def test_values_are_small_to_look_at_frozen_hashable_and_can_be_pickled() -> None:
    found = model(pricing={"prompt": "0"}, created=0)
    assert repr(found) == (
        "Model(slug='a/b', name='a/b', created=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), "
        "prices=Prices(prompt=0.0, conditional=False), is_free=False)"
    )
    assert found == model(pricing={"prompt": 0.0}, created=0)
    assert len({found, model(pricing={"prompt": "0"}, created=0)}) == 1
    assert pickle.loads(pickle.dumps(found)) == found
    with pytest.raises(AttributeError):
        found.slug = "c"  # type: ignore[misc]
