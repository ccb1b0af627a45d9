"""What a request will cost before it is sent: tokens in, tokens out at most, US dollars, by part of the prompt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from .listing import Listing
from .money import dollars, is_play_money
from .token_count import tokens
from .tolerant import count, items, mapping, number

if TYPE_CHECKING:
    from .model_cards import Model

__all__ = ["Estimate", "Part", "estimate", "tokens"]

_MESSAGE_TOKENS = 4  # role and separators
_IMAGE_TOKENS = 1600
_BASE64 = 0.75
# Bytes of a file, a sound or a video for one token; rough, and on the upper side.
_BYTES = {"file": 30, "input_audio": 500, "video_url": 1000, "input_video": 1000}
_SAID = {"image_url": "image", "input_audio": "sound", "video_url": "video", "input_video": "video"}
_PAID_APART = frozenset({"plugins", "web_search_options"})
PAID_APART = "Plugins and web searches are paid apart, and not in these figures."


@dataclass(frozen=True)
class Part:
    """A part of a request: what it is, its characters, its estimated tokens, and their price in US dollars."""

    name: str = ""
    characters: int | None = None
    tokens: int = 0
    dollars: float | None = None

    COLUMNS: ClassVar[Mapping[str, str]] = {
        "name": "part",
        "characters": "characters",
        "tokens": "tokens (estimate)",
        "dollars": "cost (USD)",
    }

    def row(self) -> dict[str, Any]:
        """The part as one flat row."""
        return {name: getattr(self, name) for name in self.COLUMNS}


class Parts(Listing[Part]):
    """The parts of an estimate, with what they come to below."""

    lines: tuple[str, ...] = ()

    def _remarks(self, shown: int) -> Iterable[str]:
        yield from super()._remarks(shown)
        yield from self.lines


@dataclass(frozen=True, repr=False)
class Estimate:
    """What a request may cost; it shows itself as a table.

    Attributes:
        tokens_in: Estimated tokens of the prompt.
        tokens_out_max: The most tokens that the answer may have; None where nothing limits them.
        dollars_in: US dollars for the prompt, None where the price is unknown.
        dollars_worst: US dollars at most, None where the price or the limit is unknown.
        parts: By part of the prompt.
        notes: Short sentences that a person should see.
    """

    tokens_in: int
    tokens_out_max: int | None
    dollars_in: float | None
    dollars_worst: float | None
    parts: Parts
    notes: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The result in sentences."""
        price_in = "at an unknown price" if self.dollars_in is None else f"about {dollars(self.dollars_in)}"
        most = (
            "no limit is known" if self.tokens_out_max is None else f"at most {self.tokens_out_max:,} tokens"
        )
        worst = "unknown" if self.dollars_worst is None else dollars(self.dollars_worst)
        return [
            f"In: about {self.tokens_in:,} tokens (an estimate), {price_in}. Out: {most}. Worst case: {worst}.",
            *self.notes,
        ]

    def __repr__(self) -> str:
        return repr(self.parts)

    def _repr_html_(self) -> str:
        return self.parts._repr_html_()


def estimate(
    body: Mapping[str, Any],
    card: Model | Sequence[Model | None] | None,
    pieces: Sequence[tuple[str, int, int]] = (),
) -> Estimate:
    """What a request may cost.

    Args:
        body: As ``request.chat_body`` or ``completion_body`` makes it.
        card: The model's card of the catalogue; those of all models that may answer, and then the dearest counts.
            None stands for a model of which nothing is known.
        pieces: Where the text of the last message came from: name, characters, estimated tokens.

    >>> from jupyter_openrouter.model_cards import Model
    >>> card = Model.read({"id": "a/b", "pricing": {"prompt": "0.000001", "completion": "0.00001"}})
    >>> found = estimate({"messages": [{"role": "user", "content": "hello"}], "max_tokens": 100}, card)
    >>> found.tokens_in, found.tokens_out_max, found.dollars_worst
    (5, 100, 0.001005)
    """
    cards = list(card) if isinstance(card, Sequence) else [card]
    raw = _parts(body, pieces)
    tokens_in = sum(part.tokens for part, _ in raw)
    rates = _rates(body, cards)
    most = [_most_tokens(body, card, tokens_in) for card in cards]
    tokens_out = None if not most or None in most else max(size for size in most if size is not None)
    price_in, price_out, price_image, price_request = rates
    parts = [_priced(part, kind, price_in, price_image) for part, kind in raw]
    dollars_in = None if price_in is None else sum(part.dollars or 0.0 for part in parts) + price_request
    worst = None
    if dollars_in is not None and price_out == 0:
        worst = dollars_in
    elif dollars_in is not None and price_out is not None and tokens_out is not None:
        worst = dollars_in + tokens_out * price_out / 1e6
    rounded = (
        None if dollars_in is None else round(dollars_in, 12),
        None if worst is None else round(worst, 12),
    )
    table = Parts(parts)
    found = Estimate(tokens_in, tokens_out, *rounded, table, tuple(_notes(body, cards, raw, rates)))
    table.lines = tuple(found.lines())
    return found


def is_free(slug: str, card: Model | None) -> bool:
    """Whether a model is known to cost nothing: the embedded demo's, and the free ones of the catalogue."""
    return is_play_money(slug) or (card.is_free if card is not None else slug.endswith(":free"))


# --- tokens


def _parts(body: Mapping[str, Any], pieces: Sequence[tuple[str, int, int]]) -> list[tuple[Part, str]]:
    """The parts of a request, each with the kind of its content."""
    found: list[tuple[Part, str]] = []
    messages = items(body.get("messages"))
    for number_, message in enumerate(messages):
        role = mapping(message).get("role")
        name = {"system": "system message", "assistant": "earlier answer", "tool": "tool result"}.get(
            str(role), "prompt" if number_ == len(messages) - 1 else "earlier prompt"
        )
        content = mapping(message).get("content")
        content = [{"type": "text", "text": content}] if isinstance(content, str) else items(content)
        written = [p["text"] for p in content if isinstance(p, Mapping) and isinstance(p.get("text"), str)]
        extra = {
            key: mapping(message)[key]
            for key in ("tool_calls", "reasoning_details")
            if mapping(message).get(key)
        }
        text = "".join([*written, _text(extra)])
        size, weight = len(text), tokens(text) + _MESSAGE_TOKENS
        if pieces and number_ == len(messages) - 1:
            for piece, characters, cost in pieces:
                found.append((Part(piece, characters, cost), "text"))
                size, weight = max(0, size - characters), max(_MESSAGE_TOKENS, weight - cost)
            name = "the rest of the prompt"
        found.append((Part(name, size, weight), "text"))
        found += [_media(part) for part in content if mapping(part).get("type", "text") != "text"]
    if isinstance(prompt := body.get("prompt"), str):
        text = prompt + str(body.get("suffix") or "")
        found.append((Part("prompt", len(text), tokens(text)), "text"))
    for field, name in (("tools", "tools"), ("response_format", "form of the answer")):
        if body.get(field):
            text = _text(body[field])
            found.append((Part(name, len(text), tokens(text)), "text"))
    return found


def _media(part: Mapping[str, Any]) -> tuple[Part, str]:
    kind = str(part.get("type"))
    if kind == "image_url":
        return Part("image", None, _IMAGE_TOKENS), kind
    size = len(_text(dict(part))) * _BASE64
    return Part(_SAID.get(kind, kind), None, max(1500, math.ceil(size / _BYTES.get(kind, 3)))), kind


def _text(value: Any) -> str:
    if not value:
        return ""
    import json

    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return ""


def _most_tokens(body: Mapping[str, Any], card: Model | None, tokens_in: int) -> int | None:
    """The most tokens of all answers together."""
    asked = [count(body.get(name)) for name in ("max_tokens", "max_completion_tokens")]
    # Which of the two a provider holds to is its own affair.
    limits = [max(limit for limit in asked if limit is not None)] if any(x is not None for x in asked) else []
    if card is not None and card.max_completion_tokens:
        limits.append(card.max_completion_tokens)
    if card is not None and card.context_length and not limits:
        limits.append(max(0, card.context_length - tokens_in))
    return min(limits) * (count(body.get("n")) or 1) if limits else None


# --- prices


def _rates(
    body: Mapping[str, Any], cards: Sequence[Model | None]
) -> tuple[float | None, float | None, float, float]:
    """US dollars for a million tokens in and out, for an image and for the request; of the dearest model."""
    most = mapping(mapping(body.get("provider")).get("max_price"))
    allowed = [number(most.get(name), 0) for name in ("prompt", "completion")]
    cached = bool(body.get("cache_control"))
    offers = [_dearest(card, allowed, cached=cached) for card in cards or [None]]
    columns = list(zip(*offers, strict=True))
    price_in, price_out = (None if None in column else max(column) for column in columns[:2])
    return price_in, price_out, max(columns[2]), max(columns[3])


def _dearest(
    card: Model | None, allowed: Sequence[float | None], *, cached: bool
) -> tuple[float | None, float | None, float, float]:
    """The highest prices of one model, those for long prompts and busy hours included."""
    if card is None:
        return allowed[0], allowed[1], 0.0, 0.0
    if card.is_free:
        return 0.0, 0.0, 0.0, 0.0
    from .model_cards import Prices

    offers = [card.prices, *(Prices.read(mapping(one)) for one in items(card.prices.raw.get("overrides")))]

    bounds = dict(zip(("prompt", "completion"), allowed, strict=True))  # a dearer offer is not taken then

    def most(*names: str) -> float | None:
        known = [
            price if (bound := bounds.get(name)) is None else min(price, bound)
            for offer in offers
            for name in names
            if (price := getattr(offer, name)) is not None
        ]
        return max(known) if known else None

    price_in, price_out = card.prices.prompt, card.prices.completion
    return (
        allowed[0] if price_in is None else most(*(("prompt", "cache_write") if cached else ("prompt",))),
        allowed[1] if price_out is None else most("completion", "reasoning"),
        most("image") or 0.0,
        most("request") or 0.0,
    )


def _priced(part: Part, kind: str, price_in: float | None, price_image: float) -> Part:
    if price_in is None:
        return part
    amount = part.tokens * price_in / 1e6
    if kind == "image_url":
        amount = max(amount, price_image)
    return Part(part.name, part.characters, part.tokens, round(amount, 12))


def _notes(
    body: Mapping[str, Any],
    cards: Sequence[Model | None],
    raw: Sequence[tuple[Part, str]],
    rates: Sequence[Any],
) -> Iterable[str]:
    if rates[0] is None or rates[1] is None:
        yield "The price of this model is unknown."
    if any(card is not None and card.is_free for card in cards) and rates[1] == 0:
        yield "This model is free."
    media = sum(kind != "text" for _, kind in raw)
    if media:
        yield f"{media} part{'' if media == 1 else 's'} without text: their tokens are rough figures."
    online = any(isinstance(body.get(name), str) and body[name].endswith(":online") for name in ("model",))
    if online or any(body.get(name) for name in _PAID_APART):
        yield PAID_APART
