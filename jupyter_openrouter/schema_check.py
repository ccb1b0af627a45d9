"""Holds a JSON value against a JSON schema: where it does not fit, and what stands there instead; pure.

It knows the keywords of JSON Schema 2020-12 that say what a single value is. ``format``, ``if``, ``contains``,
``propertyNames``, ``dependent...`` and ``unevaluated...`` say nothing here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .errors import InvalidRequestError

_MOST = 5  # problems that are told: enough to mend an answer by
_LONGEST = 60  # characters of a value that is quoted


class Problem(NamedTuple):
    """One thing that does not fit: where it stands (``$.a[0]``), and what was expected and found there."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"at {self.path}: {self.message}"


def problems(
    value: Any, schema: Any, *, root: Any = None, path: str = "$", null_is_absent: bool = False
) -> list[Problem]:
    """What is wrong with a value, at most five things; nothing if it fits.

    Args:
        value: As JSON has it.
        schema: What it is held against.
        root: Where references are looked up; None for the schema itself.
        path: How the value's own place is called.
        null_is_absent: Takes a null for a property that may be missing as if it were missing: in a strict schema
            no property may be.

    Raises:
        InvalidRequestError: the schema refers to what is not in it, or to itself without end.

    >>> problems({"a": [1, "two"]}, {"properties": {"a": {"items": {"type": "integer"}}}})
    [Problem(path='$.a[1]', message='expected integer, found the string "two"')]
    """
    return _Check(schema if root is None else root, null_is_absent).of(value, schema, path)[:_MOST]


def step(path: str, name: str | int) -> str:
    """The path of what is in a list or an object.

    >>> step(step("$", "a b"), 0)
    '$["a b"][0]'
    """
    if isinstance(name, int):
        return f"{path}[{name}]"
    if re.fullmatch(r"[A-Za-z_]\w{0,80}", name):
        return f"{path}.{name}"
    return f"{path}[{json.dumps(name[:80])}]"


def kind(value: Any) -> str:
    """What JSON calls the type of a value."""
    if isinstance(value, bool):
        return "boolean"
    names = {
        dict: "object",
        list: "array",
        str: "string",
        int: "integer",
        float: "number",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)


def found(value: Any) -> str:
    """What stands somewhere, in a few words."""
    if isinstance(value, dict):
        names = ", ".join(json.dumps(name[:20]) for name in list(value)[:5])
        return f"an object with {names}{', …' if len(value) > 5 else ''}" if names else "an empty object"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f"the {'string' if isinstance(value, str) else 'number'} {text}"


def resolve(schema: Any, root: Any) -> Any:
    """The schema that a ``$ref`` stands for; any other schema is itself.

    Raises:
        InvalidRequestError: it is not in the root.
    """
    for _ in range(50):
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if not isinstance(reference, str):
            return schema
        target: Any = root
        for part in reference.removeprefix("#").strip("/").split("/") if reference != "#" else ():
            part = part.replace("~1", "/").replace("~0", "~")
            target = target.get(part) if isinstance(target, dict) else None
        if target is None or not reference.startswith("#"):
            raise InvalidRequestError(f"The schema refers to {reference}, which is not in it.", remedy="")
        schema = target
    raise InvalidRequestError("The schema refers to itself without end.", remedy="")


def allows_null(schema: Any, root: Any) -> bool:
    """Whether null fits."""
    return not _Check(root, null_is_absent=False).of(None, schema, "$")


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _texts(value: Any) -> str:
    return " or ".join(json.dumps(item, ensure_ascii=False) for item in value)


# Each keyword about a number, a string, an array or an object as a whole: how it is broken, and what it says.
_LIMITS: dict[str, tuple[tuple[type, ...], Callable[[Any, Any], bool], str]] = {
    "minimum": ((int, float), lambda v, n: v < n, "at least {}"),
    "maximum": ((int, float), lambda v, n: v > n, "at most {}"),
    "exclusiveMinimum": ((int, float), lambda v, n: v <= n, "more than {}"),
    "exclusiveMaximum": ((int, float), lambda v, n: v >= n, "less than {}"),
    "multipleOf": ((int, float), lambda v, n: not _multiple(v, n), "a multiple of {}"),
    "minLength": ((str,), lambda v, n: len(v) < n, "at least {} characters"),
    "maxLength": ((str,), lambda v, n: len(v) > n, "at most {} characters"),
    "pattern": ((str,), lambda v, n: not _matches(n, v), "a string that matches {}"),
    "minItems": ((list,), lambda v, n: len(v) < n, "at least {} items"),
    "maxItems": ((list,), lambda v, n: len(v) > n, "at most {} items"),
    "uniqueItems": ((list,), lambda v, n: n is True and _repeats(v), "no item twice"),
    "minProperties": ((dict,), lambda v, n: len(v) < n, "at least {} names"),
    "maxProperties": ((dict,), lambda v, n: len(v) > n, "at most {} names"),
}


def limit_words(keyword: str, value: Any) -> str | None:
    """What a limiting keyword asks for, in words; None for any other.

    >>> limit_words("maxItems", 3)
    'at most 3 items'
    """
    return _LIMITS[keyword][2].format(value) if keyword in _LIMITS else None


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:  # another dialect than Python's; the service may know it
        return True


def _multiple(value: Any, unit: Any) -> bool:
    if not unit:
        return True
    if isinstance(value, int) and isinstance(unit, int):
        return value % unit == 0
    try:
        ratio = value / unit
    except OverflowError:
        return False
    return math.isclose(ratio, round(ratio), rel_tol=1e-9, abs_tol=1e-9)


def _repeats(values: list[Any]) -> bool:
    return len({json.dumps(value, sort_keys=True) for value in values}) < len(values)


class _Check:
    def __init__(self, root: Any, null_is_absent: bool) -> None:
        self._root = root
        self._null_is_absent = null_is_absent
        # A value may be tried against many branches of a union, each of which holds its parts against the same ones.
        self._known: dict[tuple[str, int], list[Problem]] = {}
        self._active: set[tuple[str, int]] = set()

    def of(self, value: Any, schema: Any, path: str) -> list[Problem]:
        if schema is True or (isinstance(schema, dict) and not schema):
            return []
        if not isinstance(schema, dict):
            return [Problem(path, f"expected nothing here, found {found(value)}")]
        key = (path, id(schema))
        if key not in self._known:
            self._known[key] = self._deeper(value, schema, path)
        return self._known[key]

    def _deeper(self, value: Any, schema: dict[str, Any], path: str) -> list[Problem]:
        key = (path, id(schema))
        if key in self._active:
            raise InvalidRequestError("The schema refers to itself without end.", remedy="")
        self._active.add(key)
        try:
            told: list[Problem] = []
            for problem in self._all(value, schema, path):
                told.append(problem)
                if len(told) >= _MOST:
                    break
            return told
        finally:
            self._active.discard(key)

    def _all(self, value: Any, schema: dict[str, Any], path: str) -> Iterator[Problem]:
        if "$ref" in schema:
            yield from self.of(value, resolve(schema, self._root), path)
        types = schema.get("type")
        if types is not None and not _is_of(value, types):
            expected = " or ".join(types) if isinstance(types, list) else types
            yield Problem(path, f"expected {expected}, found {found(value)}")
            return
        allowed = [schema["const"]] if "const" in schema else schema.get("enum")
        if isinstance(allowed, (list, tuple)) and not any(_same(value, item) for item in allowed):
            yield Problem(path, f"expected {_texts(allowed)}, found {found(value)}")
        for keyword, (kinds, broken, words) in _LIMITS.items():
            limit = schema.get(keyword)
            if limit is None or isinstance(value, bool) or not isinstance(value, kinds):
                continue
            if broken(value, limit):
                yield Problem(path, f"expected {words.format(limit)}, found {found(value)}")
        if isinstance(value, dict):
            yield from self._object(value, schema, path)
        if isinstance(value, list):
            yield from self._array(value, schema, path)
        yield from self._combined(value, schema, path)

    def _object(self, value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[Problem]:
        properties, required = schema.get("properties") or {}, schema.get("required") or ()
        for name in required:
            if name not in value:
                yield Problem(path, f"{json.dumps(name)} is missing, found {found(value)}")
        patterns: Mapping[str, Any] = schema.get("patternProperties") or {}
        rest = schema.get("additionalProperties", True)
        for name, inner in value.items():
            below = [properties[name]] if name in properties else []
            below += [part for pattern, part in patterns.items() if _matches(pattern, name)]
            if inner is None and self._null_is_absent and name in properties and name not in required:
                continue
            if not below and rest is False:
                yield Problem(step(path, name), "this name is not expected")
                continue
            for part in below or [rest]:
                yield from self.of(inner, part, step(path, name))

    def _array(self, value: list[Any], schema: dict[str, Any], path: str) -> Iterator[Problem]:
        first = schema.get("prefixItems") or ()
        rest = schema.get("items", True)
        for index, inner in enumerate(value):
            part = first[index] if index < len(first) else rest
            yield from self.of(inner, part, step(path, index))

    def _combined(self, value: Any, schema: dict[str, Any], path: str) -> Iterator[Problem]:
        for part in schema.get("allOf") or ():
            yield from self.of(value, part, path)
        if "not" in schema and not self.of(value, schema["not"], path):
            yield Problem(path, f"expected something else, found {found(value)}")
        for keyword in ("anyOf", "oneOf"):
            if branches := schema.get(keyword):
                tried = [self.of(value, branch, path) for branch in branches]
                if all(tried):
                    yield from self._nearest(value, branches, tried, path)
                elif keyword == "oneOf" and sum(not problems for problems in tried) > 1:
                    yield Problem(
                        path, f"expected one of several forms, found more than one in {found(value)}"
                    )

    def _nearest(
        self, value: Any, branches: list[Any], tried: list[list[Problem]], path: str
    ) -> Iterator[Problem]:
        """What to say when no branch fits: how the one that comes nearest does not, or what all expect."""
        inside = [told for told in tried if not any(problem.path == path for problem in told)]
        missing = [told for told in tried if all("missing" in problem.message for problem in told)]
        if nearest := inside or (missing if len(missing) == 1 else []):
            yield from min(nearest, key=len)
            return
        expected = " or ".join(dict.fromkeys(self._name(branch) for branch in branches))
        yield Problem(path, f"expected {expected}, found {found(value)}")

    def _name(self, schema: Any) -> str:
        schema = resolve(schema, self._root)
        if not isinstance(schema, dict):
            return "something else"
        if "enum" in schema or "const" in schema:
            return _texts([schema["const"]] if "const" in schema else schema["enum"])
        types = schema.get("type", "something else")
        return str(schema.get("title") or (" or ".join(types) if isinstance(types, list) else types))


def _is_of(value: Any, types: Any) -> bool:
    names = types if isinstance(types, list) else [types]
    own = kind(value)
    return own in names or (
        ("number" in names and own == "integer")
        or ("integer" in names and isinstance(value, float) and value.is_integer())
    )
