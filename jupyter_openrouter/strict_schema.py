"""Writes a JSON schema in the strict form that structured output asks for; pure.

In that form every object names all it may hold and needs all of it, so what may be missing is null instead; there
are no open maps. Of the other keywords each provider takes some and refuses the rest, so those that limit a value
are said in its description: the answer is held against the schema as it was given all the same.
(OpenRouter, guides/features/structured-outputs; OpenAI, "Supported schemas" of structured outputs.)
"""

from __future__ import annotations

import json
from typing import Any

from .schema_check import allows_null, kind, limit_words, resolve

_OPEN = frozenset({"patternProperties", "unevaluatedProperties", "unevaluatedItems"})
# What is written anew or needs no words.
_SHAPE = {"type", "properties", "required", "additionalProperties", "items", "prefixItems", "enum", "const"}
_JOINED = {"anyOf", "oneOf", "allOf", "$ref", "$defs", "definitions", "discriminator"}
_TAKEN = _SHAPE | _JOINED | {"$schema", "$id", "$comment", "title", "description", "default", "examples"}


class _NoStrictForm(Exception):
    """This schema allows what no strict one can."""


def strict(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The strict form of a schema whose root is an object; None where it has none, as with open maps.

    >>> strict({"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}})["properties"]
    {'n': {'anyOf': [{'type': 'integer', 'description': 'at least 1'}, {'type': 'null'}]}}
    """
    try:
        return _Writer(schema).write()
    except _NoStrictForm:
        return None


def inlined_root(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema without a reference at its root, which services refuse there."""
    if "$ref" not in schema:
        return schema
    rest = {name: value for name, value in schema.items() if name != "$ref"}
    return {**resolve(schema, schema), **rest}


class _Writer:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._definitions: dict[str, Any] = {}
        self._inside: list[str] = []

    def write(self) -> dict[str, Any]:
        written = self._schema(inlined_root(self._root))
        if self._definitions:
            written["$defs"] = self._definitions
        return written

    def _schema(self, schema: Any) -> dict[str, Any]:
        if not isinstance(schema, dict) or _OPEN & schema.keys():
            raise _NoStrictForm
        if "$ref" in schema:
            return self._reference(schema)
        if "allOf" in schema:
            return self._schema(self._merged(schema))
        if branches := schema.get("anyOf") or schema.get("oneOf"):
            if schema.keys() & {"type", "properties", "items", "enum"} or (
                "anyOf" in schema and "oneOf" in schema
            ):
                raise _NoStrictForm
            return self._described({"anyOf": [self._schema(branch) for branch in branches]}, schema)
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if values:
            return self._described(_choice(values), schema)
        types = schema.get("type") or ("object" if "properties" in schema else None)
        if isinstance(types, list) and len(types) == 1:
            types = types[0]
        if isinstance(types, list):
            return self._one_of_types(types, schema)
        if types == "object":
            return self._object(schema)
        if types == "array":
            return self._array(schema)
        if not types:
            raise _NoStrictForm  # anything at all
        return self._described({"type": types}, schema)

    def _reference(self, schema: dict[str, Any]) -> dict[str, Any]:
        reference, target = schema["$ref"], resolve(schema, self._root)
        beside = {name: value for name, value in schema.items() if name not in ("$ref", "default", "title")}
        if beside and reference not in self._inside:
            # Nothing may stand beside a reference.
            self._inside.append(reference)
            try:
                return self._schema({**target, **beside})
            finally:
                self._inside.pop()
        if target is self._root or reference == "#":
            return {"$ref": "#"}
        name = reference.rpartition("/")[2].replace("~1", "_").replace("~0", "_")
        if name not in self._definitions:
            self._definitions[name] = {}  # it may refer to itself
            self._definitions[name] = self._schema(target)
        return {"$ref": f"#/$defs/{name}"}

    def _merged(self, schema: dict[str, Any]) -> dict[str, Any]:
        if len(schema["allOf"]) != 1:
            raise _NoStrictForm
        rest = {name: value for name, value in schema.items() if name not in ("allOf", "default")}
        if rest.keys() - {"description", "title"}:
            raise _NoStrictForm
        return {**schema["allOf"][0], **rest}

    def _one_of_types(self, types: list[str], schema: dict[str, Any]) -> dict[str, Any]:
        if {"object", "array"} & set(types):
            each = [self._schema({**schema, "type": name}) for name in types if name != "null"]
            return {"anyOf": each + ([{"type": "null"}] if "null" in types else [])}
        return self._described({"type": types}, schema)

    def _object(self, schema: dict[str, Any]) -> dict[str, Any]:
        properties, extra = schema.get("properties") or {}, schema.get("additionalProperties")
        if extra not in (None, False) or (extra is None and not properties):
            raise _NoStrictForm
        required = schema.get("required") or ()
        if set(required) - set(properties):
            raise _NoStrictForm
        written = {}
        for name, inner in properties.items():
            written[name] = self._schema(inner)
            if name not in required and not allows_null(inner, self._root):
                written[name] = {"anyOf": [written[name], {"type": "null"}]}
                if isinstance(inner, dict) and inner.get("default") is not None:
                    written[name]["description"] = f"null for the usual {_json(inner['default'])}"
        return self._described(
            {
                "type": "object",
                "properties": written,
                "required": list(properties),
                "additionalProperties": False,
            },
            schema,
        )

    def _array(self, schema: dict[str, Any]) -> dict[str, Any]:
        words = []
        if first := schema.get("prefixItems"):
            items = [self._schema(item) for item in first]
            if schema.get("items") not in (None, False, True):
                items.append(self._schema(schema["items"]))
            unlike = [item for index, item in enumerate(items) if item not in items[:index]]
            inner = unlike[0] if len(unlike) == 1 else {"anyOf": unlike}
            words.append("in this order: " + ", ".join(_name(item) for item in first))
        else:
            inner = self._schema(schema.get("items"))
        return self._described({"type": "array", "items": inner}, schema, *words)

    def _described(self, written: dict[str, Any], schema: dict[str, Any], *words: str) -> dict[str, Any]:
        said = list(words)
        for keyword, value in schema.items():
            if keyword == "format":
                said.append(f"format: {value}")
            elif keyword not in _TAKEN:
                said.append(limit_words(keyword, value) or f"{keyword}: {_json(value)}")
        description = schema.get("description") or ""
        if said:
            limits = "; ".join(said)
            description = f"{description} ({limits})" if description else limits
        if description:
            written["description"] = description
        return written


def _choice(values: list[Any]) -> dict[str, Any]:
    kinds = list(dict.fromkeys(kind(value) for value in values))
    if set(kinds) & {"object", "array"}:
        raise _NoStrictForm
    return {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": list(values)}


def _name(schema: Any) -> str:
    if not isinstance(schema, dict):
        return "anything"
    words = (
        schema.get("title")
        or schema.get("$ref", "").rpartition("/")[2]
        or schema.get("type")
        or "one of several"
    )
    return str(words)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:200]
