"""The embeddings route: small vectors that depend on the bytes of a text alone, always the same."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from typing import Any

from .asked import bad, unknown_model
from .models import EMBEDDER, base
from .player import Talk
from .refusals import Refused
from .wire import JSON, dump, tokens, usage

DIMENSIONS, MOST = 8, 64


def vector(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """A vector of length 1; its numbers are exact as float32, so that base64 and decimals say the same.

    >>> vector("a") == vector("a") != vector("b")
    True
    """
    noise = hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(4 * dimensions)
    numbers = [one / 2**31 for one in struct.unpack(f"<{dimensions}i", noise)]
    length = math.hypot(*numbers) or 1.0
    return list(struct.unpack(f"<{dimensions}f", pack([one / length for one in numbers])))


def pack(numbers: list[float]) -> bytes:
    """Little-endian float32."""
    return struct.pack(f"<{len(numbers)}f", *numbers)


def texts(given: Any) -> list[str]:
    """Each input as one text: a string, a list of strings, of tokens, or of objects. Raises `Refused`."""
    if isinstance(given, str) and given:
        return [given]
    if not isinstance(given, list) or not given:
        raise bad("input: a text, or a list that is not empty, is required.")
    if all(isinstance(one, int) for one in given):
        return [dump(given).decode()]
    return [one if isinstance(one, str) else dump(one).decode() for one in given]


def embed(body: Any) -> JSON:
    """The answer to a request body. Raises `Refused`."""
    if not isinstance(body, dict):
        raise bad("The body must be a JSON object.")
    slug = body.get("model")
    if not isinstance(slug, str) or base(slug) != EMBEDDER.slug:
        raise Refused(unknown_model((str(slug),)))
    dimensions = body.get("dimensions", DIMENSIONS)
    if not isinstance(dimensions, int) or isinstance(dimensions, bool) or not 1 <= dimensions <= MOST:
        raise bad(f"dimensions must be an integer from 1 to {MOST}.")
    form = body.get("encoding_format", "float")
    if form not in ("float", "base64"):
        raise bad("encoding_format must be float or base64.")
    given = texts(body.get("input"))
    vectors = [vector(text, dimensions) for text in given]
    spent = usage(sum(map(tokens, given)), 0, 0, prices=EMBEDDER.prices)
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": one if form == "float" else base64.b64encode(pack(one)).decode(),
        }
        for index, one in enumerate(vectors)
    ]
    kept = ("prompt_tokens", "total_tokens", "cost", "is_byok", "cost_details")
    return {
        "object": "list",
        "data": data,
        "model": EMBEDDER.slug,
        "usage": {name: spent[name] for name in kept},
    }


class Embeddings(Talk):
    """POST /embeddings."""

    def post(self) -> None:
        """The vectors, and what they would cost in US dollars."""
        said = embed(self.json_body())
        id, _ = self.ledger.next_id(self.ledger.seed)
        self.ledger.spent += said["usage"]["cost"]
        self.answer({"id": id, **said})


class EmbeddingModels(Talk):
    """GET /embeddings/models."""

    def get(self) -> None:
        """The one there is."""
        self.answer({"data": [EMBEDDER.card()]})
