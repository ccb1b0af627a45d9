"""A Python type as a JSON schema, and a function that makes the type of JSON values.

Types are read by msgspec, and by pydantic where it is loaded and the type is one of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from .errors import InvalidRequestError
from .schema_check import found, step

Made = tuple[dict[str, Any], Callable[[Any], Any]]


class Unfit(Exception):
    """A value is not of the type; ``wrong`` has each place (``$.a``) and what is wrong there."""

    def __init__(self, wrong: list[tuple[str, str]]) -> None:
        super().__init__(wrong)
        self.wrong = wrong


def of_type(target: Any) -> Made:
    """The JSON schema of a type, and what makes the type of a value that fits, or raises ``Unfit``.

    Where the function has an attribute ``lenient``, it takes more than the schema says.

    Raises:
        Exception: whatever msgspec, pydantic or the type itself raise.
    """
    return _of_pydantic(target) if _is_pydantic(target) else _of_msgspec(target)


def _is_pydantic(target: Any) -> bool:
    if "pydantic" not in sys.modules:
        return False
    return any(
        hasattr(target, name)
        for name in ("__pydantic_validator__", "validate_python", "__pydantic_core_schema__")
    )


def _of_msgspec(target: Any) -> Made:
    import msgspec

    try:
        json_schema = msgspec.json.schema(target)
    except TypeError:
        if "pydantic" in sys.modules:  # one of its models may stand within
            return _of_pydantic(target)
        raise

    def convert(value: Any) -> Any:
        try:
            return msgspec.convert(value, target, str_keys=True)
        except msgspec.ValidationError as error:
            message, _, at = str(error).partition(" - at `")
            raise Unfit([(at.rstrip("`") or "$", message.replace("`", ""))]) from None

    _as_declared(json_schema, target)
    return json_schema, convert


def _of_pydantic(target: Any) -> Made:
    pydantic = sys.modules["pydantic"]
    if not hasattr(pydantic, "TypeAdapter"):
        raise InvalidRequestError("This needs pydantic 2.", remedy="pip install 'pydantic>=2'")
    adapter = target if isinstance(target, pydantic.TypeAdapter) else pydantic.TypeAdapter(target)

    def convert(value: Any) -> Any:
        try:
            return adapter.validate_json(json.dumps(value))
        except pydantic.ValidationError as error:
            wrong = []
            for problem in error.errors(include_url=False, include_context=False)[:5]:
                path = _path(value, problem["loc"], missing=problem["type"] == "missing")
                wrong.append((path, f"{problem['msg']}, found {found(problem['input'])}"))
            raise Unfit(wrong) from None

    convert.lenient = True  # type: ignore[attr-defined]
    return adapter.json_schema(), convert


def _path(value: Any, location: tuple[Any, ...], *, missing: bool) -> str:
    """Where a problem of pydantic's is in the document: its own location also names the members of unions."""
    path = "$"
    for number, name in enumerate(location, 1):
        within = isinstance(value, dict) and name in value
        if within or (isinstance(value, list) and isinstance(name, int) and name < len(value)):
            path, value = step(path, name), value[name]
        elif missing and number == len(location) and isinstance(name, str):
            path = step(path, name)
    return path


def _as_declared(json_schema: dict[str, Any], target: Any) -> None:
    """Puts the names of each TypedDict in its own order, for a model writes them in the order that it is given."""
    import msgspec

    definitions = json_schema.get("$defs", {})
    for cls in _typed_dicts(msgspec.inspect.type_info(target), set()):
        written = definitions.get(cls.__name__)
        if isinstance(written, dict) and written.get("properties", {}).keys() == cls.__annotations__.keys():
            written["properties"] = {name: written["properties"][name] for name in cls.__annotations__}
            written["required"] = [
                name for name in cls.__annotations__ if name in written.get("required", ())
            ]


def _typed_dicts(info: Any, seen: set[int]) -> Iterator[Any]:
    import msgspec

    if id(info) in seen:
        return
    seen.add(id(info))
    if isinstance(info, msgspec.inspect.TypedDictType):
        yield info.cls
    if isinstance(info, msgspec.Struct):
        info = [getattr(info, name) for name in info.__struct_fields__]
    if isinstance(info, (list, tuple)):
        for part in info:
            yield from _typed_dicts(part, seen)
