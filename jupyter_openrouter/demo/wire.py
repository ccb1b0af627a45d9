"""Makes the JSON and the server-sent events of OpenRouter's wire out of plain values; pure.

Field names and the order of frames follow OpenRouter's own documentation (API reference: streaming,
overview, errors and debugging). Token counts are an estimate, one token for every four characters
begun, because no tokenizer is at work here: nothing is generated.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

PROVIDER = "Demo"
CHARACTERS_PER_TOKEN = 4
COMMENT = b": OPENROUTER PROCESSING\n\n"
DONE = b"data: [DONE]\n\n"

JSON = dict[str, Any]
Shape = Literal["chat", "text"]


def dump(value: Any) -> bytes:
    """JSON as UTF-8; escapes instead where a lone surrogate has no UTF-8."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def frame(value: Any) -> bytes:
    """One event: `data: {json}` and a blank line."""
    return b"data: " + dump(value) + b"\n\n"


def tokens(text: str) -> int:
    """The estimated number of tokens in a text.

    >>> tokens(""), tokens("four"), tokens("fives")
    (0, 1, 2)
    """
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def pieces(text: str, seed: str) -> Iterator[str]:
    """Cut a text anywhere between code points, four characters at a time on average.

    The same text and seed are always cut alike.

    >>> "".join(pieces("inside words as well", "7"))
    'inside words as well'
    """
    cuts = random.Random(seed)
    start = 0
    while start < len(text):
        end = start + cuts.randint(1, 2 * CHARACTERS_PER_TOKEN - 1)
        yield text[start:end]
        start = end


def words(text: str) -> Iterator[str]:
    r"""Cut a text before each word, keeping every character.

    >>> list(words("once  upon\n"))
    ['once', '  upon', '\n']
    """
    return (match[0] for match in re.finditer(r"\s*\S+|\s+", text))


def usage(prompt: int, completion: int, reasoning: int, *, prices: tuple[str, str]) -> JSON:
    """The `usage` block; counts in tokens, `prices` in US dollars for one token in and one out."""
    prompt_cost, completion_cost = prompt * Decimal(prices[0]), completion * Decimal(prices[1])
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cost": float(prompt_cost + completion_cost),
        "is_byok": False,
        "prompt_tokens_details": {
            "cached_tokens": 0,
            "cache_write_tokens": 0,
            "audio_tokens": 0,
            "video_tokens": 0,
        },
        "cost_details": {
            "upstream_inference_cost": None,
            "upstream_inference_prompt_cost": float(prompt_cost),
            "upstream_inference_completions_cost": float(completion_cost),
        },
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "image_tokens": 0,
        },
    }


@dataclass(frozen=True)
class Envelope:
    """What every chunk of one generation repeats."""

    id: str
    created: int
    model: str
    shape: Shape = "chat"

    def top(self, kind: Literal["chunk", "whole"]) -> JSON:
        """The fields around `choices`."""
        chat = "chat.completion.chunk" if kind == "chunk" else "chat.completion"
        return {
            "id": self.id,
            "object": chat if self.shape == "chat" else "text_completion",
            "created": self.created,
            "model": self.model,
            "provider": PROVIDER,
            "system_fingerprint": None,
        }

    def chunk(self, delta: JSON, finish: str | None = None, native: str | None = None) -> JSON:
        """A chunk with one choice; the legacy shape carries `text` in the place of a delta."""
        choice: JSON = {"index": 0}
        if self.shape == "chat":
            choice["delta"] = delta
        else:
            choice["text"] = delta.get("content", "")
            choice |= {key: delta[key] for key in ("reasoning", "reasoning_details") if key in delta}
        choice |= {"finish_reason": finish, "native_finish_reason": native or finish, "logprobs": None}
        return {**self.top("chunk"), "choices": [choice]}

    def tail(self, spent: JSON, **more: Any) -> JSON:
        """The last chunk: no choice, the usage, and whatever rides along."""
        return {**self.top("chunk"), "choices": [], "usage": spent, **more}

    def whole(self, message: JSON, spent: JSON, finish: str | None, **more: Any) -> JSON:
        """The body of an answer that is not streamed."""
        choice: JSON = {"index": 0}
        if self.shape == "chat":
            choice["message"] = {"role": "assistant", "refusal": None, **message}
        else:
            choice["text"] = message.get("content") or ""
            choice |= {key: message[key] for key in ("reasoning", "reasoning_details") if key in message}
        choice |= {"finish_reason": finish, "native_finish_reason": finish, "logprobs": None}
        return {**self.top("whole"), "choices": [choice], "usage": spent, **more}
