"""Writes a reply down as steps (send, wait, fall silent, break off) for the server to play; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .wire import COMMENT, DONE, JSON, Envelope, dump, frame, pieces, tokens, usage, words

COMMENT_INTERVAL = 0.5  # seconds between two keep-alives
FREE = ("0", "0")
SIGNATURE = "ZGVtby1zaWduYXR1cmU="


@dataclass(frozen=True)
class Send:
    """Write these bytes and flush; `text` is what they add to the answer, and makes the step paced."""

    data: bytes
    text: str = ""


@dataclass(frozen=True)
class Wait:
    """Do nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Hold:
    """Do nothing until the client has gone."""


@dataclass(frozen=True)
class Reset:
    """Break the TCP connection with a reset."""


Step = Send | Wait | Hold | Reset


@dataclass(frozen=True)
class Reply:
    """A status, headers, and the steps that make the body."""

    steps: Iterable[Step]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call of a function tool, its arguments as JSON text."""

    id: str
    name: str
    arguments: str

    def wire(self) -> JSON:
        """The complete entry of `tool_calls`."""
        return {
            "id": self.id,
            "type": "function",
            "function": {"name": self.name, "arguments": self.arguments},
        }


@dataclass(frozen=True)
class Answer:
    """What a demo model has to say, before it is cut into deltas."""

    text: str = ""
    reasoning: str = ""
    show_reasoning: bool = True
    calls: tuple[Call, ...] = ()
    images: tuple[str, ...] = ()
    citations: tuple[tuple[str, str], ...] = ()
    refusal: str = ""
    finish: str | None = "stop"
    by_word: bool = False
    deltas: tuple[str, ...] | None = None

    @property
    def completion_tokens(self) -> int:
        """Estimated tokens of text, reasoning and tool calls together."""
        spoken = tokens(self.text) + tokens(self.reasoning)
        return spoken + sum(tokens(call.name + call.arguments) for call in self.calls)


@dataclass(frozen=True)
class Telling:
    """Everything beside the answer that shapes its way onto the wire; seconds and US dollars.

    `source` is the generation from whose kept answer this one is told; such a one is free.
    """

    envelope: Envelope
    prompt_tokens: int
    prices: tuple[str, str]
    delay: float = 0.0
    rate: float = 0.0
    seed: int = 0
    first: JSON | None = None
    more: JSON = field(default_factory=dict)
    source: str = ""

    def spent(self, answer: Answer) -> JSON:
        """The usage block of an answer told in full."""
        if self.source:
            return usage(0, 0, 0, prices=FREE)
        completion, reasoning = answer.completion_tokens, tokens(answer.reasoning)
        # A failure is free (the service calls it zero completion insurance).
        free = answer.finish == "error" or (answer.finish is None and not completion)
        return usage(self.prompt_tokens, completion, reasoning, prices=FREE if free else self.prices)


def opening(tell: Telling) -> Iterator[Step]:
    """Keep-alive comments while the first token is awaited (one at least), then the role."""
    if tell.first is not None:
        yield Send(frame(tell.first))
    yield Send(COMMENT)
    left = tell.delay
    while left > 0:
        yield Wait(min(left, COMMENT_INTERVAL))
        left -= COMMENT_INTERVAL
        if left > 0:
            yield Send(COMMENT)
    yield Send(frame(tell.envelope.chunk({"role": "assistant", "content": ""})))


def detail(**fields: str) -> JSON:
    """One entry of `reasoning_details`."""
    return {"type": "reasoning.text", **fields, "format": "unknown", "index": 0}


def thinking(answer: Answer, tell: Telling) -> Iterator[Step]:
    """The reasoning, plain and structured side by side, and last the signature alone."""
    if not answer.reasoning:
        return
    for piece in pieces(answer.reasoning, f"{tell.seed}:reasoning"):
        delta = {"content": "", "reasoning": piece, "reasoning_details": [detail(text=piece)]}
        # Excluded reasoning takes its time and its tokens all the same.
        data = frame(tell.envelope.chunk(delta)) if answer.show_reasoning else COMMENT
        yield Send(data, piece)
    if answer.show_reasoning:
        signed = {"content": "", "reasoning": None, "reasoning_details": [detail(signature=SIGNATURE)]}
        yield Send(frame(tell.envelope.chunk(signed)))


def telling(answer: Answer, tell: Telling) -> Iterator[Step]:
    """The text, delta by delta."""
    if answer.deltas is not None:
        cut: Iterable[str] = answer.deltas
    else:
        cut = words(answer.text) if answer.by_word else pieces(answer.text, f"{tell.seed}:text")
    # The frame around the text is written once: a burst of 200000 deltas spends its time elsewhere.
    before, after = frame(tell.envelope.chunk({"content": "\x00"})).split(rb'"\u0000"')
    for piece in cut:
        yield Send(before + dump(piece) + after, piece)


def calling(answer: Answer, tell: Telling) -> Iterator[Step]:
    """Each tool call: first its index, id and name, then its arguments in pieces."""
    for index, call in enumerate(answer.calls):
        start = {"index": index, **call.wire()}
        start["function"] = {"name": call.name, "arguments": ""}
        yield Send(frame(tell.envelope.chunk({"content": None, "tool_calls": [start]})), call.name)
        for piece in pieces(call.arguments, f"{tell.seed}:{index}"):
            part = {"index": index, "function": {"arguments": piece}}
            yield Send(frame(tell.envelope.chunk({"content": None, "tool_calls": [part]})), piece)


def beside(answer: Answer) -> JSON:
    """What stands beside the text: annotations of the sources, and images as data URLs."""
    cited = [
        {"type": "url_citation", "url_citation": {"url": url, "title": title}}
        for url, title in answer.citations
    ]
    drawn = [{"type": "image_url", "image_url": {"url": url}} for url in answer.images]
    return {name: value for name, value in (("annotations", cited), ("images", drawn)) if value}


def adding(answer: Answer, tell: Telling) -> Iterator[Step]:
    """A refusal in pieces; sources and images in one chunk each."""
    for piece in pieces(answer.refusal, f"{tell.seed}:refusal"):
        yield Send(frame(tell.envelope.chunk({"content": "", "refusal": piece})), piece)
    for name, value in beside(answer).items():
        yield Send(frame(tell.envelope.chunk({"content": "", name: value})), name)


def body(answer: Answer, tell: Telling) -> Iterator[Step]:
    """From the first comment to the last delta."""
    yield from opening(tell)
    yield from thinking(answer, tell)
    yield from telling(answer, tell)
    yield from adding(answer, tell)
    yield from calling(answer, tell)


def ending(answer: Answer, tell: Telling) -> Iterator[Step]:
    """The finish reason, then the usage, then `[DONE]`."""
    yield Send(frame(tell.envelope.chunk({"content": ""}, answer.finish)))
    yield Send(frame(tell.envelope.tail(tell.spent(answer), **tell.more)))
    yield Send(DONE)


def streamed(answer: Answer, tell: Telling) -> Iterator[Step]:
    """A whole stream that goes well."""
    yield from body(answer, tell)
    yield from ending(answer, tell)


def message(answer: Answer) -> JSON:
    """The message of an answer that is not streamed."""
    out: JSON = {"content": None if answer.calls and not answer.text else answer.text}
    if answer.reasoning and answer.show_reasoning:
        out["reasoning"] = answer.reasoning
        out["reasoning_details"] = [detail(text=answer.reasoning, signature=SIGNATURE)]
    if answer.calls:
        out["tool_calls"] = [{"index": index, **call.wire()} for index, call in enumerate(answer.calls)]
    if answer.refusal:
        out["refusal"] = answer.refusal
    return out | beside(answer)


def keeping_alive(answer: Answer, tell: Telling) -> Iterator[Step]:
    """Blank lines for as long as the answer would take to stream; JSON may begin with them."""
    left = tell.delay + (answer.completion_tokens / tell.rate if tell.rate else 0.0)
    while left > 0:
        yield Send(b"\n")
        yield Wait(min(left, COMMENT_INTERVAL))
        left -= COMMENT_INTERVAL


def whole(answer: Answer, tell: Telling) -> Iterator[Step]:
    """An answer in one piece, as JSON."""
    yield from keeping_alive(answer, tell)
    content = tell.envelope.whole(message(answer), tell.spent(answer), answer.finish, **tell.more)
    yield Send(dump(content), answer.text + answer.reasoning)
