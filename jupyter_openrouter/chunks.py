"""Reads one event's JSON and folds it into the growing response; no I/O.

The shapes are those of OpenRouter's streaming reference, read with tolerance: an unknown field is ignored,
null means "not set", a field of the wrong type is left out, and nothing but a finish reason of the model's
own is ever taken for one.
"""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

import msgspec

from .errors import EventError
from .hidden_keys import without_keys
from .money import charged_upstream
from .pieces import Pieces, ReasoningDetails, ToolCalls

_decode = msgspec.json.Decoder().decode
_MAX_NOTE = 80
_READ = frozenset(
    {"id", "model", "provider", "service_tier", "object", "created", "usage", "error", "choices"}
)
_SOUND = ("data", "transcript")
MAX_CHOICES = 128


class Delta(NamedTuple):
    """What one chunk added: text, reasoning as plain text, or neither (a role, a tool call, usage)."""

    text: str = ""
    reasoning: str = ""


class Usage(msgspec.Struct, frozen=True):
    """What the service reports of one answer. A figure that it did not report is None, never 0.

    Attributes:
        prompt_tokens, completion_tokens, total_tokens: Tokens, as counted by the model's own tokenizer.
        reasoning_tokens: The part of ``completion_tokens`` that was spent on reasoning.
        cached_tokens: The part of ``prompt_tokens`` that was read from a cache.
        cost: US dollars charged to the account.
        details: The whole usage object as it came.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    cost: float | None = None
    details: dict[str, Any] = {}

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Usage:
        """Reads the wire's usage object; what is missing or of another type is unknown."""
        completion = _dict(raw.get("completion_tokens_details"))
        prompt = _dict(raw.get("prompt_tokens_details"))
        return cls(
            prompt_tokens=_count(raw.get("prompt_tokens")),
            completion_tokens=_count(raw.get("completion_tokens")),
            total_tokens=_count(raw.get("total_tokens")),
            reasoning_tokens=_count(completion.get("reasoning_tokens")),
            cached_tokens=_count(prompt.get("cached_tokens")),
            cost=_amount(raw.get("cost")),
            details=raw,
        )

    def __add__(self, other: Usage) -> Usage:
        """The sum; a figure that either side does not know is unknown in the sum.

        >>> (Usage(prompt_tokens=2, cost=0.5) + Usage(prompt_tokens=3)).prompt_tokens
        5
        """
        figures: dict[str, Any] = {}
        for name in _FIGURES:
            mine, theirs = getattr(self, name), getattr(other, name)
            figures[name] = None if mine is None or theirs is None else mine + theirs
        return Usage(**figures)

    @property
    def upstream_cost(self) -> float:
        """US dollars that the provider charged beside ``cost``; see ``money.charged_upstream``."""
        return charged_upstream(self.details)

    def with_later(self, raw: dict[str, Any]) -> Usage:
        """What holds when the service reports once more: what it leaves out of the same tokens stays known.

        >>> Usage.read({"completion_tokens": 2, "cost": 0.5}).with_later({"completion_tokens": 2}).cost
        0.5
        >>> Usage.read({"completion_tokens": 2, "cost": 0.5}).with_later({"completion_tokens": 3}).cost
        """
        later = Usage.read(raw)
        if later.completion_tokens not in (None, self.completion_tokens):
            return later
        return Usage.read(self.details | {name: value for name, value in raw.items() if value is not None})

    def to_dict(self) -> dict[str, Any]:
        """The known figures under their wire names."""
        return {
            name: value
            for name in ("prompt_tokens", "completion_tokens", "total_tokens", "cost")
            if (value := getattr(self, name)) is not None
        }


_FIGURES = ("prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens", "cached_tokens", "cost")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53:
        return value
    return None


def _amount(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9:
        return float(value)
    return None


def _int(digits: str) -> int | float:
    # Python refuses to read a number of very many digits; the text beside it is not to be lost for that.
    return int(digits) if len(digits) < 1000 else float(digits)


def _mended(value: Any, depth: int = 0) -> Any:
    """The value with halves of surrogate pairs joined where they meet, and U+FFFD where one stands alone."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    elif isinstance(value, dict) and depth < 50:
        return {_mended(name): _mended(inner, depth + 1) for name, inner in value.items()}
    elif isinstance(value, list) and depth < 50:
        return [_mended(inner, depth + 1) for inner in value]
    return value


def decode(data: str) -> dict[str, Any]:
    """The JSON object of one event.

    Raises:
        EventError: it is no JSON object; the message holds its first 80 characters.
    """
    try:
        value = _decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        # Python's own decoder takes some things that strict ones refuse, such as NaN and half a surrogate pair.
        try:
            value = json.loads(data, parse_int=_int)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict):
        raise EventError(f"The stream holds a malformed chunk: {data[:_MAX_NOTE]!r}.") from None
    return value


class Growing:
    """The content of an answer while it arrives: what the chunks so far add up to, valid at any moment."""

    def __init__(self) -> None:
        self.text_parts: list[str] = []
        self.reasoning_parts: list[str] = []
        self.dropped_tool_calls = False
        """True when there were more than ``pieces.MAX_TOOL_CALLS``."""
        self.annotations: list[dict[str, Any]] = []
        self.extra: dict[str, Any] = {}
        """Whatever else the chunks held at their top, such as ``openrouter_metadata``; the last value of each."""
        self.images: list[dict[str, Any]] = []
        self.logprobs: list[Any] = []
        self.others: dict[int, Growing] = {}
        """The choices besides the first, by index, where more than one was asked for."""
        self.id = ""
        self.model = ""
        self.provider = ""
        self.service_tier = ""
        self.finish_reason = ""
        self.native_finish_reason = ""
        self.usage: Usage | None = None
        self.finished = False
        """True after ``[DONE]``."""
        self.failure: Any = None
        """The service's ``error`` value, if it sent one in the middle of the answer."""
        self.skipped = 0
        """Number of chunks that were malformed and left out."""
        self.skipped_chunks: list[str] = []
        """The first 80 characters of the first 20 of them."""
        self.keep_text = True
        """False: deltas are handed out, and not kept (for very long streams in little memory)."""
        self.characters = 0
        """Of text and reasoning so far."""
        self.reasoned = False
        """True when reasoning details came, which may be encrypted, and are not kept without ``keep_text``."""
        self._joined: list[tuple[str, int]] = [("", 0), ("", 0)]
        self._half = ["", ""]
        self._tool_calls, self._reasoning_details = ToolCalls(), ReasoningDetails()
        self._refusal = Pieces()
        self._audio: dict[str, Any] = {}

    @property
    def text(self) -> str:
        """The answer so far, exactly as the model wrote it."""
        return self._join(0, self.text_parts)

    @property
    def reasoning(self) -> str:
        """The reasoning so far, as plain text; empty if the model gave none."""
        return self._join(1, self.reasoning_parts)

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """The calls so far, each with ``index``, ``id``, ``type`` and ``function``."""
        return self._tool_calls.snapshot()

    @tool_calls.setter
    def tool_calls(self, value: list[dict[str, Any]]) -> None:
        self._tool_calls = ToolCalls(value)

    @property
    def reasoning_details(self) -> list[dict[str, Any]]:
        """The reasoning so far in its structured form, as it is to be replayed."""
        return self._reasoning_details.snapshot()

    @reasoning_details.setter
    def reasoning_details(self, value: list[dict[str, Any]]) -> None:
        self._reasoning_details = ReasoningDetails(value)

    @property
    def refusal(self) -> str:
        """The model's refusal so far, where it is told apart from the text."""
        return self._refusal.text

    @refusal.setter
    def refusal(self, value: str) -> None:
        self._refusal = Pieces(value)

    @property
    def audio(self) -> dict[str, Any]:
        """The sound so far: ``data`` (base64), ``transcript``, ``id``; empty when the model gave none."""
        return {
            name: value.text if isinstance(value, Pieces) else value
            for name, value in dict(self._audio).items()
        }

    @audio.setter
    def audio(self, value: dict[str, Any]) -> None:
        self._audio = {name: Pieces(one) if name in _SOUND else one for name, one in value.items()}

    def _join(self, which: int, parts: list[str]) -> str:
        # Joins only what is new since the last look; parts are append-only. Text and count are stored as one
        # value: several threads may look at once.
        text, joined = self._joined[which]
        count = len(parts)
        if joined < count:
            text += "".join(parts[joined:count])
            self._joined[which] = (text, count)
        return text

    def add(self, which: int, text: str) -> str:
        """Appends to the text (0) or the reasoning (1), and returns what was appended.

        A surrogate pair that was cut between two chunks is joined; half a pair alone becomes U+FFFD.
        """
        if not text.isascii() or self._half[which]:
            text = self._half[which] + text
            self._half[which] = ""
            if text and "\ud800" <= text[-1] <= "\udbff":
                self._half[which] = text[-1]
                text = text[:-1]
            try:
                text.encode()
            except UnicodeEncodeError:
                text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if text:
            self.characters += len(text)
            if self.keep_text:
                (self.reasoning_parts if which else self.text_parts).append(text)
        return text

    def add_detail(self, detail: dict[str, Any]) -> None:
        """Takes in a piece of the reasoning in its structured form."""
        self.reasoned = True
        if self.keep_text:
            self._reasoning_details.add(detail)

    def skip(self, note: str) -> None:
        """Counts a chunk that is left out, and keeps the first 80 characters of the first 20."""
        self.skipped += 1
        if len(self.skipped_chunks) < 20:
            self.skipped_chunks.append(without_keys(note[:200])[:_MAX_NOTE])

    @property
    def begun(self) -> bool:
        """Whether any part of an answer has come: from here on nothing is tried again."""
        return bool(
            self.characters
            or self._tool_calls
            or self.images
            or self._refusal
            or self._audio
            or self.annotations
            or any(other.begun for other in self.others.values())
        )

    @property
    def concluded(self) -> bool:
        """Whether the model has given a finish reason, for each choice that there is."""
        return bool(self.finish_reason) and all(other.finish_reason for other in self.others.values())

    def close(self) -> Delta:
        """To be called when no more chunk follows; returns what that adds.

        Half a surrogate pair that still waits is shown, and reasoning that came in details alone is read out of them.
        """
        added = ["", ""]
        for which in (0, 1):
            if self._half[which]:
                self._half[which] = ""
                added[which] = self.add(which, "\ufffd")
        for name in ("tool_calls", "reasoning_details", "refusal", "annotations"):
            setattr(self, name, _mended(getattr(self, name)))
        self.audio = _mended(self.audio)
        if not self.reasoning_parts and self.keep_text:
            self.add(
                1, "".join(_str(d.get("text")) or _str(d.get("summary")) for d in self.reasoning_details)
            )
        for other in self.others.values():
            other.close()
        return Delta(*added)


def fold(into: Growing, chunk: dict[str, Any]) -> Delta:
    """Folds one chunk (of a stream, or a whole answer) into the growing response.

    Returns the text and reasoning that it added. An error in the chunk is put into ``into.failure``.
    """
    for name in ("id", "model", "provider", "service_tier"):
        value = chunk.get(name)
        if value and isinstance(value, str) and value != getattr(into, name):
            setattr(into, name, without_keys(_mended(value)))
    if (usage := chunk.get("usage")) and isinstance(usage, dict):
        into.usage = Usage.read(usage) if into.usage is None else into.usage.with_later(usage)
    if error := chunk.get("error"):  # an empty one says that there is none
        into.failure = error
    for name in chunk.keys() - _READ:
        if chunk[name] is not None:
            into.extra[name] = chunk[name]

    text = reasoning = ""
    choices = chunk.get("choices")
    if choices and not isinstance(choices, list):
        into.skip(f"choices: {choices!r:.100}")
    for position, choice in enumerate(_list(choices)):
        if not isinstance(choice, dict):
            if choice is not None:
                into.skip(f"choice: {choice!r:.100}")
            continue
        if (choice.get("index") or position) and (index := _index(choice, position)):
            _fold_other(into, choice, index)
            continue
        if (error := choice.get("error")) and into.failure is None:
            into.failure = error
        # A legacy completion has `text` in the choice itself; a whole answer has a `message`.
        delta = choice.get("delta") or choice.get("message") or choice
        if isinstance(delta, dict):
            if content := delta.get("content") or delta.get("text"):
                text += into.add(0, content if isinstance(content, str) else _parts_text(into, content))
            if thought := delta.get("reasoning") or delta.get("reasoning_content"):
                reasoning += into.add(1, _str(thought))
            if len(delta) > 1 or not content:
                _fold_rarer(into, delta)
        else:
            into.skip(f"delta: {delta!r:.100}")
        if logprobs := _list(_dict(choice.get("logprobs")).get("content")):
            into.logprobs.extend(logprobs)
        if (reason := choice.get("finish_reason")) and isinstance(reason, str):
            into.finish_reason = _mended(reason)
        if (native := choice.get("native_finish_reason")) and isinstance(native, str):
            into.native_finish_reason = _mended(native)
    if into.finish_reason == "error" and into.failure is None:
        into.failure = {
            "message": into.native_finish_reason or "the provider failed in the middle of the answer"
        }
    return Delta(text, reasoning)


class _PlainDelta(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    role: str | None = None
    content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    refusal: None = None
    tool_calls: None = None


class _PlainChoice(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    index: Literal[0] = 0
    delta: _PlainDelta | None = None
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    logprobs: None = None
    error: None = None


class _PlainChunk(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    choices: list[_PlainChoice]
    id: str | None = None
    model: str | None = None
    provider: str | None = None
    service_tier: str | None = None
    object: str | None = None
    created: int | None = None
    system_fingerprint: str | None = None
    usage: None = None
    error: None = None


_decode_plain = msgspec.json.Decoder(_PlainChunk).decode
_delta = tuple.__new__  # what Delta(…) comes to, at half its cost


def fold_plain(into: Growing, data: bytes) -> Delta | None:
    """Reads and folds an event of the common shape: text, reasoning, a finish reason, and nothing else.

    Returns None, with nothing changed, for every other one; it is for ``decode`` and ``fold``, and so is
    whatever is odd. What both would read comes out the same, at a quarter of the cost.
    """
    try:
        chunk = _decode_plain(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    choices = chunk.choices
    if len(choices) != 1 or (choice := choices[0]).finish_reason == "error" or into.finish_reason == "error":
        return None
    if chunk.id != into.id and chunk.id:
        into.id = without_keys(chunk.id)
    if chunk.model != into.model and chunk.model:
        into.model = without_keys(chunk.model)
    if chunk.provider != into.provider and chunk.provider:
        into.provider = without_keys(chunk.provider)
    if chunk.service_tier:
        into.service_tier = chunk.service_tier
    if chunk.system_fingerprint is not None:
        into.extra["system_fingerprint"] = chunk.system_fingerprint
    if choice.finish_reason:
        into.finish_reason = choice.finish_reason
    if choice.native_finish_reason:
        into.native_finish_reason = choice.native_finish_reason
    text = reasoning = ""
    if (delta := choice.delta) is not None:
        if delta.content:
            text = into.add(0, delta.content)
        if delta.reasoning:
            reasoning = into.add(1, delta.reasoning)
        if delta.reasoning_details:
            for detail in delta.reasoning_details:
                into.add_detail(detail)
    return _delta(Delta, (text, reasoning))


def _parts_text(into: Growing, content: Any) -> str:
    parts = content if isinstance(content, list) else [content]
    for part in parts:
        if part is not None and not isinstance(part, (str, dict)):
            into.skip(f"content: {part!r:.100}")
    return "".join(part if isinstance(part, str) else _str(_dict(part).get("text")) for part in parts)


def _index(choice: dict[str, Any], position: int) -> int:
    """The choice's index; its place in the chunk where it has none that could be one."""
    index = choice.get("index")
    if isinstance(index, float) and index.is_integer():
        index = int(index)
    return index if isinstance(index, int) and not isinstance(index, bool) and index >= 0 else position


def _fold_other(into: Growing, choice: dict[str, Any], index: int) -> None:
    if index >= MAX_CHOICES:
        into.skip(f"choice {index}"[:_MAX_NOTE])
        return
    if (other := into.others.get(index)) is None:
        other = into.others[index] = Growing()
        other.keep_text = into.keep_text
    fold(other, {"choices": [choice | {"index": 0}]})
    if into.failure is None:
        into.failure = other.failure


def _fold_rarer(into: Growing, delta: dict[str, Any]) -> None:
    if refusal := _str(delta.get("refusal")):
        into._refusal.add(refusal)
    if audio := _dict(delta.get("audio")):
        for name in _SOUND:
            if piece := _str(audio.get(name)):
                into._audio.setdefault(name, Pieces()).add(piece)
        into._audio |= {name: audio[name] for name in ("id", "expires_at") if audio.get(name) is not None}
    for name in ("images", "annotations"):
        getattr(into, name).extend(item for item in _list(delta.get(name)) if isinstance(item, dict))
    for detail in _list(delta.get("reasoning_details")):
        if isinstance(detail, dict):
            into.add_detail(detail)
    for piece in _list(delta.get("tool_calls")):
        if isinstance(piece, dict):
            into.dropped_tool_calls = not into._tool_calls.add(piece) or into.dropped_tool_calls
