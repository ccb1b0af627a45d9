"""The strict form: what is written, what is moved into words, and what has no such form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from test_schema_check import NODE, SCHEMAS

from jupyter_openrouter.strict_schema import inlined_root, strict


def of(inner: Any, **more: Any) -> Any:
    """The strict form of one property that is needed."""
    written = strict({"type": "object", "properties": {"a": inner}, "required": ["a"], **more})
    return written and written["properties"]["a"]


@pytest.mark.parametrize(
    ("given_", "written"),
    [
        ({"type": "string", "title": "A"}, {"type": "string"}),
        ({"const": "x"}, {"type": "string", "enum": ["x"]}),
        ({"enum": ["x", 1, None]}, {"type": ["string", "integer", "null"], "enum": ["x", 1, None]}),
        ({"type": ["string", "null"], "description": "D"}, {"type": ["string", "null"], "description": "D"}),
        ({"type": ["string"]}, {"type": "string"}),
        (
            {"type": "integer", "minimum": 0, "maximum": 5, "description": "How many"},
            {"type": "integer", "description": "How many (at least 0; at most 5)"},
        ),
        ({"type": "string", "format": "date"}, {"type": "string", "description": "format: date"}),
        (
            {"type": "string", "contentEncoding": "base64"},
            {"type": "string", "description": 'contentEncoding: "base64"'},
        ),
        (
            {"oneOf": [{"type": "string"}, {"type": "null"}]},
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
        ),
        ({"allOf": [{"type": "string"}], "description": "D"}, {"type": "string", "description": "D"}),
        (
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "items": False,
                "maxItems": 2,
            },
            {
                "type": "array",
                "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
                "description": "in this order: integer, string; at most 2 items",
            },
        ),
        (
            {"type": ["array", "null"], "items": {"type": "integer"}},
            {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
        ),
    ],
)
def test_each_keyword_has_its_strict_form(given_: Any, written: Any) -> None:
    assert of(given_) == written


@pytest.mark.parametrize(
    "inner",
    [
        {},
        True,
        {"type": "object"},
        {"type": "array"},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": True},
        {"type": "object", "patternProperties": {"^a": {"type": "string"}}},
        {"allOf": [{"type": "object"}, {"type": "object"}]},
        {"enum": [{"a": 1}]},
    ],
)
def test_what_is_open_has_no_strict_form(inner: Any) -> None:
    assert of(inner) is None


def test_what_may_be_missing_is_null_instead_and_its_usual_value_is_said() -> None:
    schema = {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "default": 3},
            "s": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        },
    }
    assert strict(schema) == {
        "type": "object",
        "properties": {
            "n": {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "null for the usual 3"},
            "s": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["n", "s"],
        "additionalProperties": False,
    }
    assert "required" not in schema


def test_definitions_are_kept_also_when_they_refer_to_themselves() -> None:
    written = strict(NODE)
    assert written is not None
    kids = {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/Node"}}, {"type": "null"}]}
    assert written["properties"]["kids"] == written["$defs"]["Node"]["properties"]["kids"] == kids
    assert "$ref" not in inlined_root(NODE)


def test_nothing_stands_beside_a_reference() -> None:
    color = {"$defs": {"Color": {"enum": ["red"]}, "Unused": {}}}
    assert of({"$ref": "#/$defs/Color", "description": "D"}, **color) == {
        "type": "string",
        "enum": ["red"],
        "description": "D",
    }
    assert of({"$ref": "#/$defs/Color", "default": "red"}, **color) == {"$ref": "#/$defs/Color"}


def shut(schema: Any) -> bool:
    """Whether every object in a schema names and needs all it holds, and no keyword is left that limits."""
    if isinstance(schema, list):
        return all(shut(inner) for inner in schema)
    if not isinstance(schema, dict):
        return True
    if (
        schema.keys()
        - {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf"}
        - {
            "description",
            "$ref",
            "$defs",
        }
    ):
        return False
    named = list(schema.get("properties", {}).values()) + list(schema.get("$defs", {}).values())
    if "properties" in schema and (
        schema["additionalProperties"] is not False or schema["required"] != list(schema["properties"])
    ):
        return False
    return shut(named) and shut(schema.get("anyOf", [])) and shut(schema.get("items"))


@given(SCHEMAS)
def test_a_strict_form_leaves_nothing_open(inner: Any) -> None:
    written = strict({"type": "object", "properties": {"a": inner}, "required": ["a"]})
    assert written is None or shut(written)
