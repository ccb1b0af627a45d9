"""A value against a schema: every keyword, and the exact place of what does not fit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from test_answer_json import VALUES

from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.schema_check import allows_null, limit_words, problems, step

NODE: dict[str, Any] = {
    "$ref": "#/$defs/Node",
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "kids": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            },
            "required": ["name"],
            "additionalProperties": False,
        }
    },
}


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        (1, {"type": "string"}, ["at $: expected string, found the number 1"]),
        (True, {"type": "integer"}, ["at $: expected integer, found true"]),
        (1, {"type": ["string", "null"]}, ["at $: expected string or null, found the number 1"]),
        ("c", {"enum": ["a", None]}, ['at $: expected "a" or null, found the string "c"']),
        (True, {"const": 1}, ["at $: expected 1, found true"]),
        ([0], {"const": [False]}, ["at $: expected [false], found an array of 1"]),
        ({"a": 1}, {"enum": [{"a": True}]}, ['at $: expected {"a": true}, found an object with "a"']),
        ({}, {"required": ["a"]}, ['at $: "a" is missing, found an empty object']),
        ({"a b": 1}, {"additionalProperties": False}, ['at $["a b"]: this name is not expected']),
        ({"a": [{"b": 5}]}, {"properties": {"a": {"items": {"properties": {"b": {"maximum": 4}}}}}}, [
            "at $.a[0].b: expected at most 4, found the number 5"
        ]),
        ([1, "a", 2], {"prefixItems": [{"type": "integer"}, {"type": "integer"}], "items": False}, [
            'at $[1]: expected integer, found the string "a"',
            "at $[2]: expected nothing here, found the number 2",
        ]),
        ([1, 1], {"uniqueItems": True}, ["at $: expected no item twice, found an array of 2"]),
        ("abc", {"pattern": "^b"}, ['at $: expected a string that matches ^b, found the string "abc"']),
        ({"x1": "a"}, {"patternProperties": {"^x": {"type": "integer"}}}, [
            'at $.x1: expected integer, found the string "a"'
        ]),
        ({"a": 1}, {"anyOf": [{"type": "string"}, {"type": "null"}]}, [
            'at $: expected string or null, found an object with "a"'
        ]),
        ({"k": {"n": "x"}}, {"properties": {"k": {"anyOf": [
            {"type": "object", "properties": {"n": {"type": "integer"}}}, {"type": "null"}
        ]}}}, ['at $.k.n: expected integer, found the string "x"']),
        ({"name": "a", "kids": [{"name": "b"}, {"kids": []}]}, NODE, [
            'at $.kids[1]: "name" is missing, found an object with "kids"'
        ]),
        (5, {"not": {"type": "integer"}}, ["at $: expected something else, found the number 5"]),
        (3, {"multipleOf": 2}, ["at $: expected a multiple of 2, found the number 3"]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_with_its_place(value: Any, schema: Any, expected: list[str]) -> None:
    assert [str(problem) for problem in problems(value, schema)] == expected


KEYWORDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
        | st.just(["string", "null"]),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "minimum": st.integers(-5, 5),
        "exclusiveMaximum": st.integers(-5, 5),
        "minLength": st.integers(0, 3),
        "maxItems": st.integers(0, 3),
        "minProperties": st.integers(0, 2),
        "uniqueItems": st.booleans(),
        "required": st.just(["a"]),
    },
)
SCHEMAS = st.recursive(
    KEYWORDS,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("ab"), inner),
            "additionalProperties": inner | st.booleans(),
            "items": inner | st.booleans(),
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "oneOf": st.lists(inner, min_size=1, max_size=3),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
        },
    ),
    max_leaves=6,
)
SMALL = st.recursive(
    st.none() | st.booleans() | st.integers(-6, 6) | st.sampled_from(["", "a", "abcd", 1.5]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(SMALL, SCHEMAS)
def test_it_finds_a_fault_exactly_where_the_reference_implementation_does(value: Any, schema: Any) -> None:
    assert bool(problems(value, schema)) == (not Draft202012Validator(schema).is_valid(value))


def test_five_problems_are_told_at_most() -> None:
    assert len(problems(list("abcdefgh"), {"items": {"type": "integer"}})) == 5


def test_a_null_may_stand_for_what_may_be_missing_where_that_is_asked_for() -> None:
    schema = {"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["b"]}
    assert problems({"a": None, "b": 1}, schema, null_is_absent=True) == []
    assert [p.path for p in problems({"a": None, "b": None}, schema, null_is_absent=True)] == ["$.b"]
    assert [p.path for p in problems({"a": None, "b": 1}, schema)] == ["$.a"]


def test_a_union_that_meets_itself_at_every_level_is_read_once_for_each() -> None:
    schema = {"anyOf": [{"properties": {"a": {"$ref": "#"}}, "required": [name]} for name in ("a", "b")]}
    value: Any = {}
    for _ in range(60):
        value = {"a": value}
    assert problems(value, schema)  # with two ways at each level it would not end


@pytest.mark.parametrize(
    "schema",
    [{"$ref": "#"}, {"anyOf": [{"$ref": "#"}]}, {"$ref": "#/$defs/No"}, {"$ref": "https://example.org/s"}],
)
def test_a_schema_that_leads_nowhere_is_refused(schema: Any) -> None:
    with pytest.raises(InvalidRequestError):
        problems(1, schema)


def test_null_fits_where_it_may_stand() -> None:
    assert allows_null({"anyOf": [{"$ref": "#/$defs/N"}]}, {"$defs": {"N": {"type": "null"}}})
    assert not allows_null({"type": "string"}, {})


def test_paths_and_limits_in_words() -> None:
    assert step("$", 'a"b') == '$["a\\"b"]'
    assert limit_words("minLength", 2) == "at least 2 characters"
    assert limit_words("format", "date") is None
