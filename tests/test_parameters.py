"""Every parameter: its name, its range, what is refused and what is never refused."""

from __future__ import annotations

import re
from contextlib import suppress
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.parameters import ChatParameters, CompletionParameters, checked, described
from jupyter_openrouter.request import chat_body, encode

# The documents' own list, so that no field is lost from ours.
DOCUMENTED = set(
    re.findall(
        r"\w+",
        """
    models route preset max_tokens max_completion_tokens temperature top_p top_k min_p top_a
    frequency_penalty presence_penalty repetition_penalty seed stop logit_bias logprobs top_logprobs
    n response_format structured_outputs verbosity prediction user session_id metadata trace
    service_tier modalities audio image_config transforms web_search_options x_search_filter debug
    cache_control prompt_cache_key prompt_cache_options safety_identifier reasoning reasoning_effort
    include_reasoning provider tools tool_choice parallel_tool_calls max_tool_calls
    stop_server_tools_when deferred_tools plugins stream_options usage
    """,
    )
)
LEGACY = set(
    re.findall(
        r"\w+",
        """
    models suffix max_tokens temperature top_p top_k frequency_penalty presence_penalty seed stop
    logit_bias logprobs user reasoning include_reasoning response_format provider plugins
    """,
    )
)

RIGHT: dict[str, list[Any]] = {
    "temperature": [0, 2, 0.5],
    "top_p": [0, 1],
    "top_k": [0, 40],
    "min_p": [0, 1.0],
    "top_a": [0.5],
    "frequency_penalty": [-2, 2],
    "presence_penalty": [-2, 2],
    "repetition_penalty": [0, 2],
    "seed": [0, -1, 2**40],
    "max_tokens": [1, 10**6],
    "max_completion_tokens": [1],
    "stop": ["\n", ["a", "b", "c", "d"]],
    "logit_bias": [{"50256": -100}, {}],
    "logprobs": [True, False],
    "top_logprobs": [0, 20],
    "n": [1],
    "metadata": [{"a" * 64: "b" * 512}, {str(i): "" for i in range(16)}],
    "session_id": ["s" * 256],
    "models": [["a/b", "@preset/x", "~a/b-latest", "c/d:nitro:online"]],
    "response_format": [
        {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": {"type": "object"}}},
        {"type": "of next year", "with": 1},
    ],
    "tool_choice": ["auto", "of next year", {"type": "function", "function": {"name": "f"}}],
    "tools": [
        [{"type": "function", "function": {"name": "f" * 64, "parameters": {}}}],
        [{"type": "openrouter:web_search", "parameters": {"max_results": 3}}],
        [{"type": "web_search"}],
        [],
    ],
    "max_tool_calls": [0, 30],
    "stop_server_tools_when": [[{"type": "max_cost", "max_cost_in_dollars": 0.5}, {"type": "new", "x": 1}]],
    "plugins": [
        [{"id": "web", "max_results": 3}, {"id": "of next year"}, {"id": "moderation", "enabled": False}]
    ],
    "reasoning": [
        {"effort": "high", "max_tokens": 2000, "exclude": True, "enabled": True},
        {"summary": "auto", "context": "all_turns", "mode": "pro"},
        {"effort": "of next year", "field of next year": 1},
        {"effort": None},
    ],
    "provider": [
        {"order": ["a", "b/c"], "only": ["a"], "ignore": [], "allow_fallbacks": False},
        {"sort": "price"},
        {"sort": {"by": "throughput", "partition": "none"}},
        {"preferred_min_throughput": 50, "preferred_max_latency": {"p50": 1, "p99": 3.5}},
        {"max_price": {"prompt": 1, "completion": "2.5", "image": 0, "audio": 1.5, "request": "0"}},
        {"options": {"a": {"b": 1}}, "quantizations": ["fp8", "of next year"], "data_collection": "deny"},
        {"zdr": True, "require_parameters": True, "enforce_distillable_text": False},
    ],
    "prediction": [
        {"type": "content", "content": "text"},
        {"type": "content", "content": [{"type": "text"}]},
    ],
    "modalities": [["image", "text"]],
    "image_config": [{"aspect_ratio": "16:9", "n": 1, "colours": ["red"]}],
    "audio": [{"voice": "alloy", "format": "of next year"}],
    "trace": [{"trace_id": "t", "mine": {"deep": 1}}],
    "cache_control": [{"type": "ephemeral", "ttl": "1h"}],
    "prompt_cache_options": [{"mode": "explicit", "ttl": "30m"}],
    "debug": [{"echo_upstream_body": True}],
    "service_tier": ["flex", "of next year"],
    "verbosity": ["max"],
    "transforms": [["middle-out"], []],
}

WRONG: dict[str, list[tuple[Any, str]]] = {
    "temperature": [
        (-0.1, "from 0 to 2"),
        (2.01, "from 0 to 2"),
        (float("nan"), "from 0 to 2"),
        ("1", "a number"),
        (True, "a number"),
        ([1], "a number"),
    ],
    "top_p": [(1.1, "from 0 to 1"), (-1, "from 0 to 1")],
    "top_k": [(-1, "at least 0"), (0.5, "a whole number")],
    "min_p": [(2, "from 0 to 1")],
    "top_a": [(2, "from 0 to 1")],
    "frequency_penalty": [(-2.1, "from -2 to 2")],
    "presence_penalty": [(2.1, "from -2 to 2")],
    "repetition_penalty": [(-0.1, "from 0 to 2")],
    "seed": [(1.0, "a whole number"), (float("inf"), "a whole number")],
    "max_tokens": [(0, "at least 1")],
    "stop": [(list("abcde"), "at most 4"), ([1], r"stop\[0\]"), (1, "a text or a list")],
    "logit_bias": [({"1": 101}, "from -100 to 100"), ({1: 0, "1": 0}, "name"), ([1], "an object")],
    "logprobs": [(1, "True or False")],
    "top_logprobs": [(21, "from 0 to 20"), (True, "a whole number")],
    "metadata": [
        ({str(i): "" for i in range(17)}, "at most 16 pairs"),
        ({"a" * 65: ""}, "64 characters"),
        ({"a": "b" * 513}, "512 characters"),
        ({"a": 1}, "a text"),
    ],
    "session_id": [("s" * 257, "257 characters.*at most 256")],
    "models": [("a/b", "a list of model slugs"), (["a/b", "two words"], r"models\[1\]")],
    "response_format": [("json", "an object with 'type'"), ({"json_schema": {}}, "'type'")],
    "tools": [
        ({"type": "function"}, "a list"),
        ([{"function": {}}], r"tools\[0\].*'type'"),
        (
            [{"type": "function", "function": {"name": "f" * 65}}],
            r"tools\[0\].function.name has 65 characters",
        ),
        ([len], r"tools\[0\]"),
    ],
    "max_tool_calls": [(31, "from 0 to 30")],
    "plugins": [([{"enabled": True}], "'id'"), (["web"], r"plugins\[0\]")],
    "reasoning": [
        ("high", "an object"),
        ({"max_tokens": "2000"}, r"reasoning\.max_tokens"),
        ({"exclude": 1}, "True"),
    ],
    "provider": [
        ({"order": "openai"}, r"provider\.order.*a list of texts"),
        ({"max_price": {"prompt": -1}}, r"provider\.max_price\.prompt"),
        ({"sort": {"by": 1}}, r"provider\.sort\.by"),
        ({"sort": 1}, r"provider\.sort is 1"),
        ({"preferred_max_latency": {"p50": -1}}, r"preferred_max_latency\.p50"),
        ({"zdr": "yes"}, r"provider\.zdr"),
        ("openai", "an object"),
    ],
    "modalities": [("text", "a list of texts")],
    "image_config": [("16:9", "an object")],
    "parallel_tool_calls": [("false", "True or False")],
    "user": [(1, "a text")],
}


def test_every_documented_field_is_there() -> None:
    assert set(ChatParameters.__annotations__) == DOCUMENTED
    assert set(CompletionParameters.__annotations__) == LEGACY


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, some in RIGHT.items() for value in some])
def test_what_the_documents_allow_is_sent_unchanged(name: str, value: Any) -> None:
    assert checked({name: value}, ChatParameters) == {name: value}


@pytest.mark.parametrize(
    ("name", "value", "said"), [(name, *one) for name, some in WRONG.items() for one in some]
)
def test_what_is_out_of_range_is_refused_with_the_name_and_the_range(
    name: str, value: Any, said: str
) -> None:
    with pytest.raises(InvalidRequestError, match=said) as caught:
        checked({name: value}, ChatParameters)
    assert name in str(caught.value)
    assert len(str(caught.value)) < 300


def test_none_is_not_sent() -> None:
    assert checked(dict.fromkeys(DOCUMENTED), ChatParameters) == {}


def test_an_unknown_name_is_refused_with_the_nearest_one_and_the_way_round() -> None:
    with pytest.raises(
        InvalidRequestError, match=r"'temprature'.*Did you mean temperature\?.*extra=\{'temprature'"
    ):
        checked({"temprature": 1}, ChatParameters)
    with pytest.raises(InvalidRequestError, match=r"'zzz'\. If the service knows it, pass it in extra="):
        checked({"zzz": None}, ChatParameters)
    with pytest.raises(InvalidRequestError, match="no parameter 'tools'"):
        checked({"tools": []}, CompletionParameters)


def test_the_legacy_endpoint_counts_log_probabilities() -> None:
    assert checked({"logprobs": 5, "suffix": ")"}, CompletionParameters) == {"suffix": ")", "logprobs": 5}
    with pytest.raises(InvalidRequestError, match="whole number"):
        checked({"logprobs": True}, CompletionParameters)


def test_tuples_read_only_maps_and_numbers_of_other_libraries_become_plain_json() -> None:
    class Float32(float):
        """As NumPy's float64 is."""

        def __repr__(self) -> str:
            return "np.float64(0.5)"

    body = checked(
        {
            "temperature": Float32(0.5),
            "top_p": Fraction(1, 2),
            "stop": ("a",),
            "logit_bias": {50256: -1},
            "provider": MappingProxyType({"order": ("x",), "max_price": MappingProxyType({"prompt": 1})}),
        },
        ChatParameters,
    )
    assert encode(body) == (
        b'{"temperature":0.5,"top_p":0.5,"stop":["a"],"logit_bias":{"50256":-1},'
        b'"provider":{"order":["x"],"max_price":{"prompt":1}}}'
    )


def test_the_order_of_the_body_is_that_of_the_table_whatever_the_order_of_the_arguments() -> None:
    given = {name: some[0] for name, some in RIGHT.items()}
    body = chat_body("hi", model="a/b", **given)  # type: ignore[typeddict-item]
    turned = chat_body("hi", model="a/b", **dict(reversed(given.items())))  # type: ignore[typeddict-item]
    table = [name for name in ChatParameters.__annotations__ if name in given]
    assert list(body) == ["model", "messages", *table, "stream"]
    assert encode(body) == encode(turned)


def test_the_caller_s_objects_are_neither_changed_nor_kept() -> None:
    order = ["a"]
    given = {"provider": {"order": order}}
    body = checked(given, ChatParameters)
    order.append("b")
    assert body == {"provider": {"order": ["a"]}}


def test_the_table_for_the_documents_names_every_field_with_its_range_and_meaning() -> None:
    rows = {name: (said, meaning) for name, said, meaning in described()}
    assert set(rows) >= DOCUMENTED
    assert rows["temperature"][0] == "number from 0 to 2"
    assert rows["provider.max_price.prompt"][1].startswith("US dollars for a million")
    assert rows["provider.sort.partition"][0] == "text such as model, none"
    assert rows["tools.function.name"][0] == "text of at most 64 characters"
    assert all(said and meaning.endswith(".") for said, meaning in rows.values())
    assert len(described()) == len(rows)
    assert [name for name, _, _ in described(CompletionParameters) if "." not in name][-2:] == [
        "suffix",
        "logprobs",
    ]


class Angry:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_a_value_that_cannot_be_shown_does_not_hide_the_message() -> None:
    with pytest.raises(InvalidRequestError, match=r"temperature is .*Angry"):
        checked({"temperature": Angry()}, ChatParameters)
    for endless in (10**5000, Fraction(10**400), [[10**5000]]):
        with pytest.raises(InvalidRequestError, match="from 0 to 2"):
            checked({"temperature": endless}, ChatParameters)


deep: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "id", "order", "sort", "max_price", "p50", "function"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(DOCUMENTED)), deep)
def test_whatever_is_given_is_either_json_or_refused(name: str, value: Any) -> None:
    with suppress(InvalidRequestError):
        encode(checked({name: value}, ChatParameters))
