"""Takes a JSON schema that a person wrote as a dict, and refuses what is none before anything is sent; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .errors import InvalidRequestError
from .schema_check import problems

_TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"]
_ONE: dict[str, Any] = {"$ref": "#"}
_MANY: dict[str, Any] = {"type": "array", "items": _ONE}
_NAMED: dict[str, Any] = {"type": "object", "additionalProperties": _ONE}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_NUMBER: dict[str, Any] = {"type": "number"}
_OF_SCHEMAS: dict[str, Any] = {
    "type": ["object", "boolean"],
    "properties": {
        "type": {"anyOf": [{"enum": _TYPES}, {"type": "array", "items": {"enum": _TYPES}}]},
        "required": {"type": "array", "items": {"type": "string"}},
        "enum": {"type": "array"},
        "$ref": {"type": "string"},
        "pattern": {"type": "string"},
        "title": {"type": "string"},
        "description": {"type": "string"},
        "uniqueItems": {"type": "boolean"},
        "items": _ONE,
        "additionalProperties": _ONE,
        "not": _ONE,
        "anyOf": _MANY,
        "oneOf": _MANY,
        "allOf": _MANY,
        "prefixItems": _MANY,
        "properties": _NAMED,
        "patternProperties": _NAMED,
        "$defs": _NAMED,
        "definitions": _NAMED,
        "minItems": _COUNT,
        "maxItems": _COUNT,
        "minLength": _COUNT,
        "maxLength": _COUNT,
        "minProperties": _COUNT,
        "maxProperties": _COUNT,
        "minimum": _NUMBER,
        "maximum": _NUMBER,
        "exclusiveMinimum": _NUMBER,
        "exclusiveMaximum": _NUMBER,
        "multipleOf": {"type": "number", "exclusiveMinimum": 0},
    },
}
_SAY_SOMETHING = {
    "type",
    "properties",
    "items",
    "prefixItems",
    "enum",
    "const",
    "$ref",
    "anyOf",
    "oneOf",
    "allOf",
}


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a schema.

    Raises:
        InvalidRequestError: it is none; the message says where, as far as it can.

    >>> checked({"type": "object", "properties": {"a": {"type": "strin"}}})
    Traceback (most recent call last):
    jupyter_openrouter.errors.InvalidRequestError: This is no JSON schema: at $.properties.a.type: expected "array" ...
    """
    try:
        schema: dict[str, Any] = json.loads(json.dumps(given, allow_nan=False))
        wrong = problems(schema, _OF_SCHEMAS)
        if wrong:
            raise InvalidRequestError(f"This is no JSON schema: {wrong[0]}.", remedy="")
        if not _SAY_SOMETHING & schema.keys():
            raise InvalidRequestError(
                "This dict is no JSON schema: it says nothing of a type.",
                remedy='One looks like {"type": "object", "properties": {"name": {"type": "string"}}}.',
            )
        _follow(schema, schema)
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, InvalidRequestError):
            raise
        raise InvalidRequestError(f"The schema cannot be written as JSON: {error}.", remedy="") from None
    return schema


def _follow(schema: Any, root: dict[str, Any]) -> None:
    """Raises where a reference leads to nothing."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            problems(None, schema, root=root)
        for name, inner in schema.items():
            if name not in ("enum", "const", "default", "examples"):
                _follow(inner, root)
    elif isinstance(schema, list):
        for inner in schema:
            _follow(inner, root)
