"""The form that an answer should have: a type or a JSON schema, what is sent for it, and how the answer is read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from . import answer_json, given_schema
from .errors import AnswerFormatError, InvalidRequestError
from .schema_check import Problem, allows_null, problems, resolve, step
from .strict_schema import inlined_root, strict
from .typed_json import Unfit, of_type

_FORMS = "a pydantic model, a dataclass, a TypedDict, an enum, list[...] of these, or a JSON schema as a dict"
_WRAP = "value"


class Schema:
    """The form that an answer should have.

    Attributes:
        name: What the service is told that it is called.
        json_schema: As the type or the dict says it; answers are held against this one.
        sent: What is sent: the strict form where there is one. A root that is no object stands in one, as ``value``.
        strict: Whether it has a strict form, which a provider can enforce.
    """

    def __init__(
        self,
        name: str,
        json_schema: dict[str, Any],
        convert: Callable[[Any], Any] | None = None,
        *,
        sent: Mapping[str, Any] | None = None,
    ) -> None:
        """Takes a schema, and a function that makes the wished type of JSON values.

        Args:
            convert: Raises AnswerFormatError; None where JSON values are what is wished.
            sent: The whole ``json_schema`` field of the request where it is not to be made here.
        """
        self.name = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:64] or "answer"
        self.json_schema = json_schema
        self._convert = convert
        root = inlined_root(json_schema)
        self._wrapped = sent is None and (
            root.get("type", "object" if "properties" in root else None) != "object"
            or any(keyword in root for keyword in ("anyOf", "oneOf", "allOf", "enum", "const"))
        )
        if sent is not None:
            self._field = dict(sent)
            self.sent, self.strict = sent.get("schema"), sent.get("strict") is True
            return
        if self._wrapped:
            below = {key: value for key, value in json_schema.items() if key not in ("$defs", "definitions")}
            homes: dict[str, Any] = {
                key: json_schema[key] for key in ("$defs", "definitions") if key in json_schema
            }
            root = {"type": "object", "properties": {_WRAP: below}, "required": [_WRAP], **homes}
        written = strict(root)
        self.strict, self.sent = written is not None, written or root
        self._field = {"name": self.name, "strict": self.strict, "schema": self.sent}

    def __repr__(self) -> str:
        return f"<Schema {self.name}{'' if self.strict else ', not strict'}>"

    def response_format(self) -> dict[str, Any]:
        """The ``response_format`` of a request."""
        return {"type": "json_schema", "json_schema": self._field}

    def fields(self, provider: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The fields of a request: the format, and that only providers who know it are asked.

        Args:
            provider: The request's own provider preferences, which win.
        """
        return {
            "response_format": self.response_format(),
            "provider": {"require_parameters": True, **(provider or {})},
        }

    def parse(self, text: str) -> Any:
        """The value that an answer holds.

        Raises:
            AnswerFormatError: it is no JSON, or does not fit; ``problems`` tells where and how. Or the type's own code
                has raised another error, which is its ``__cause__``; ``retryable`` is False then.
        """
        try:
            return self._fitted(answer_json.read(text))
        except RecursionError:
            raise AnswerFormatError(
                "The answer is no JSON that can be read: it is nested too deeply."
            ) from None

    def _fitted(self, value: Any) -> Any:
        path = "$"
        if self._wrapped and isinstance(value, dict) and value.keys() == {_WRAP}:
            value, path = value[_WRAP], step(path, _WRAP)
        # Types of pydantic's take more than their schema says, such as numbers in strings.
        if not getattr(self._convert, "lenient", False):
            wrong = problems(value, self.json_schema, path=path, null_is_absent=True)
            if wrong:
                raise unfit(wrong)
        # In the strict form null stands for what may be missing.
        value = _pruned(value, self.json_schema, self.json_schema)
        if self._convert is None:
            return value
        try:
            return self._convert(value)
        except Unfit as error:
            raise unfit([Problem(path + at.removeprefix("$"), said) for at, said in error.wrong]) from None
        except RecursionError:
            raise
        except Exception as fault:
            raise AnswerFormatError(
                f"The code of {self.name} failed on the answer: {type(fault).__name__}: {fault}".rstrip(": ")
                + ".",
                remedy="Correct that code; the text of the answer is kept.",
                retryable=False,
            ) from fault

    def repair_message(self, error: AnswerFormatError, text: str) -> list[dict[str, Any]]:
        """The two messages that go on from an answer that did not fit: the answer, and what is to be mended."""
        wrong = "\n".join(f"- {problem}" for problem in error.problems) or f"- {error.message}"
        ask = (
            f"That answer does not have the form that was asked for:\n{wrong}\n"
            "Answer again with the whole corrected JSON and nothing else: no fence, no comment."
        )
        answered = [{"role": "assistant", "content": text}] if text.strip() else []
        if not self.strict:
            ask += f"\nIts JSON schema is: {json.dumps(self.sent, ensure_ascii=False)}"
        return [*answered, {"role": "user", "content": ask}]


def unfit(wrong: list[Problem]) -> AnswerFormatError:
    """The error for an answer that is JSON of another form."""
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return AnswerFormatError(
        f"The answer does not have the form that was asked for: {wrong[0]}{more}.", problems=tuple(wrong)
    )


def schema_of(target: Any) -> Schema:
    """The form for a type, or for a JSON schema.

    Args:
        target: A pydantic model, a dataclass, a TypedDict, a ``msgspec.Struct``, an enum, a ``Literal``, lists,
            dicts and unions of these; a JSON schema as a dict; or a dict with ``name`` and ``schema``, which is sent
            as it is.

    Raises:
        InvalidRequestError: no form can be made of it; the message says why.

    >>> schema_of(list[int]).parse('{"value": [1, 2]}')
    [1, 2]
    """
    if isinstance(target, Schema):
        return target
    if isinstance(target, Mapping):
        return _of_dict(dict(target))
    if isinstance(target, (str, bytes, int, float, list, tuple)) or target is None:
        raise InvalidRequestError(f"{found_type(target)} is no form of an answer.", remedy=f"Give {_FORMS}.")
    if hasattr(type(target), "__dataclass_fields__") and not isinstance(target, type):
        raise InvalidRequestError(
            f"This is one {type(target).__name__}, not the type.",
            remedy=f"Give {type(target).__name__} itself.",
        )
    name = getattr(target, "__name__", "") or "answer"
    try:
        return Schema(name, *of_type(target))
    except InvalidRequestError:
        raise
    except Exception as error:  # noqa: BLE001 - the type is the user's, and so is what it raises
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise InvalidRequestError(
            f"No JSON schema can be made of {name}: {reason[0]}.", remedy=f"Give {_FORMS}."
        ) from None


def found_type(value: Any) -> str:
    """How a value that is no type is called in an error."""
    return "None" if value is None else f"A value of the type {type(value).__name__}"


def _of_dict(given: dict[str, Any]) -> Schema:
    if given.get("type") == "json_schema" and isinstance(given.get("json_schema"), dict):
        given = given["json_schema"]
    if isinstance(given.get("schema"), dict) and isinstance(given.get("name"), str):
        return Schema(given["name"], given_schema.checked(given["schema"]), sent=given)
    schema = given_schema.checked(given)
    return Schema(schema.get("title", "answer"), schema)


def _pruned(value: Any, schema: Any, root: Any) -> Any:
    """A value without the nulls that its schema has no place for; shares what it does not change."""
    schema = resolve(schema, root)
    if not isinstance(schema, dict):
        return value
    for part in schema.get("allOf") or ():
        value = _pruned(value, part, root)
    for branch in [*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())]:
        if isinstance(value, (dict, list)) and not _misfits(value, branch, root):
            value = _pruned(value, branch, root)
            break
    if isinstance(value, dict):
        properties, required = schema.get("properties") or {}, schema.get("required") or ()
        rest = schema.get("additionalProperties")
        return {
            name: _pruned(inner, properties.get(name, rest), root)
            for name, inner in value.items()
            if inner is not None
            or name not in properties
            or name in required
            or allows_null(properties[name], root)
        }
    if isinstance(value, list):
        first, rest = schema.get("prefixItems") or (), schema.get("items")
        return [
            _pruned(inner, first[index] if index < len(first) else rest, root)
            for index, inner in enumerate(value)
        ]
    return value


def _misfits(value: Any, schema: Any, root: Any) -> bool:
    return bool(problems(value, schema, root=root, null_is_absent=True))
