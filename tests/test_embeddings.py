"""Vectors of an answer beside their inputs: order, encodings, and answers that must not be trusted."""

from __future__ import annotations

import base64
import math
import struct
from typing import Any

import pytest

from jupyter_openrouter.embeddings import read
from jupyter_openrouter.errors import EventError


def answer(*items: tuple[Any, Any], **more: Any) -> dict[str, Any]:
    """Items are an index and a vector."""
    return {"data": [{"index": index, "embedding": vector} for index, vector in items], **more}


def test_vectors_are_put_into_the_order_of_their_indexes() -> None:
    assert read(answer((1, [2]), (0, [1])), 2).vectors == ((1.0,), (2.0,))


@pytest.mark.parametrize("index", [None, 0, "0"])
def test_vectors_without_numbers_of_their_own_keep_the_order_of_the_answer(index: Any) -> None:
    assert read(answer((index, [1]), (index, [2])), 2).vectors == ((1.0,), (2.0,))


@pytest.mark.parametrize(
    "indexes", [(0, 0, 1), (0, 1, 3), (0, 1, None), (0, 1, True), (-1, 0, 1), (0.5, 1, 2)]
)
def test_vectors_that_cannot_be_told_apart_are_an_error_and_no_guess(indexes: tuple[Any, ...]) -> None:
    with pytest.raises(EventError, match="which vector"):
        read(answer(*((index, [1]) for index in indexes)), 3)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_missing_or_extra_vector_is_an_error(count: int) -> None:
    with pytest.raises(EventError, match=f"{count} vectors for 2 inputs"):
        read(answer(*((index, [1]) for index in range(count))), 2)


@pytest.mark.parametrize(
    "vector",
    [
        None,
        [],
        {},
        3,
        "",
        "?",
        "AAA=",
        [None],
        ["1"],
        [True],
        [math.nan],
        [math.inf],
        [10**400],
        [[1]],
        [1, {}],
        base64.b64encode(struct.pack("<f", math.nan)).decode(),
        "é",
    ],
)
def test_a_vector_that_cannot_be_read_is_an_error_that_names_it(vector: Any) -> None:
    with pytest.raises(EventError, match="Vector 1 "):
        read(answer((0, [1]), (1, vector)), 2)


def test_usage_and_cost_are_what_the_service_says_and_else_unknown() -> None:
    found = read(answer((0, [1]), model="a/b", id="gen-1", usage={"prompt_tokens": 3, "cost": 0.5}), 1)
    assert (found.model, found.id, found.cost) == ("a/b", "gen-1", 0.5)
    assert found.usage is not None
    assert found.usage.prompt_tokens == 3
    assert "data" not in found.raw
    assert found.raw["model"] == "a/b"
    usages: tuple[Any, ...] = (None, [], {}, {"cost": "much"}, {"cost": math.nan})
    for usage in usages:
        assert read(answer((0, [1]), usage=usage), 1).cost is None


def test_its_repr_is_short() -> None:
    found = read(answer((0, [1.0] * 1000), (1, [1.0] * 1000), model="a/b"), 2)
    assert repr(found) == "<Embeddings: 2 × 1000 by 'a/b'>"
