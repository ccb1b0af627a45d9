"""Vectors for texts: what is asked of ``POST /embeddings``, and how the answer is put beside it."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .chunks import Usage
from .errors import EventError, InvalidRequestError
from .tolerant import items, mapping, text

Input = str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]] | Sequence[Mapping[str, Any]]
"""A text; several texts; the tokens of one text or of several; or objects with ``content`` parts."""


@dataclass(frozen=True)
class Embeddings:
    """One vector for each input, in the order of the inputs.

    Attributes:
        vectors: As long as the input is.
        model: The slug that answered.
        id: The service's id.
        usage: Tokens and cost as the service reports them; None when it did not.
        raw: The answer without its vectors.
    """

    vectors: tuple[tuple[float, ...], ...]
    model: str | None = None
    id: str | None = None
    usage: Usage | None = field(default=None, compare=False)
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def cost(self) -> float | None:
        """US dollars, or None when the service did not say."""
        return self.usage.cost if self.usage else None

    def __len__(self) -> int:
        return len(self.vectors)

    def __repr__(self) -> str:
        sizes = "/".join(map(str, sorted({len(vector) for vector in self.vectors})))
        return f"<Embeddings: {len(self)} × {sizes or 0} by {self.model!r}>"


def body(input: Input, *, model: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the request; a field that is None is left out.

    Raises:
        InvalidRequestError: there is nothing to embed, or no model.

    >>> body("hello", model="demo/embedder", fields={"dimensions": None})
    {'model': 'demo/embedder', 'input': 'hello'}
    """
    if not isinstance(model, str) or not model.strip():
        raise InvalidRequestError(
            f"{model!r} is no model slug.",
            remedy='models(output_modalities="embeddings") lists the models that make embeddings.',
        )
    if isinstance(input, (bytes, Mapping)) or not isinstance(input, Sequence) or not len(input):
        raise InvalidRequestError(
            "There is nothing to embed.", remedy="Give a text that is not empty, or a list of texts."
        )
    sent: Any = input if isinstance(input, str) else list(input)
    return {"model": model, "input": sent, **{k: v for k, v in fields.items() if v is not None}}


def inputs(input: Input) -> int:
    """How many vectors an input asks for.

    >>> inputs("a text"), inputs(["a", "b"]), inputs([1, 2, 3]), inputs([[1, 2], [3]])
    (1, 2, 1, 2)
    """
    return 1 if isinstance(input, str) or isinstance(input[0], int) else len(input)


def read(answer: dict[str, Any], expected: int) -> Embeddings:
    """Puts the answer's vectors into the order of the inputs.

    Raises:
        EventError: a vector is missing or cannot be read, or it is not clear to which input one belongs. A
            vector in the wrong place would be worse than none.
    """
    data = [mapping(item) for item in items(answer.get("data"))]
    if len(data) != expected:
        raise EventError(f"The answer holds {len(data)} vectors for {expected} inputs.", remedy=_REMEDY)
    indexes: list[Any] = [item.get("index") for item in data]
    if all(type(index) is int for index in indexes) and sorted(indexes) == list(range(expected)):
        data.sort(key=lambda item: item["index"])
    elif any(index != indexes[0] for index in indexes):
        raise EventError("The answer does not say which vector belongs to which input.", remedy=_REMEDY)
    # else none has an index, or all have the same: some providers number nothing, and keep the order.
    vectors = []
    for number, item in enumerate(data):
        found = vector(item.get("embedding"))
        if found is None:
            raise EventError(f"Vector {number} of the answer cannot be read.", remedy=_REMEDY)
        vectors.append(found)
    usage = answer.get("usage")
    return Embeddings(
        tuple(vectors),
        model=text(answer.get("model")),
        id=text(answer.get("id")),
        usage=Usage.read(usage) if isinstance(usage, dict) else None,
        raw={name: value for name, value in answer.items() if name != "data"},
    )


_REMEDY = "Run it again, send fewer inputs at once, or choose another model or provider."


def vector(value: Any) -> tuple[float, ...] | None:
    """A list of finite numbers, or base64 of little-endian float32; None if it is neither.

    >>> vector([1, 0.5]), vector("AACAPw=="), vector([1, None]), vector([])
    ((1.0, 0.5), (1.0,), None, None)
    """
    if isinstance(value, str):
        try:
            packed = base64.b64decode(value, validate=True)
            value = list(struct.unpack(f"<{len(packed) // 4}f", packed))
        except (binascii.Error, ValueError, struct.error):
            return None
    if not isinstance(value, list) or not value or not {type(item) for item in value} <= {int, float}:
        return None
    try:
        numbers = tuple(map(float, value))
    except OverflowError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None
