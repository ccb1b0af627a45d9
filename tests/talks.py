"""Answers and conversations for tests: made of values, as the service and the magic would make them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from jupyter_openrouter.chunks import Usage
from jupyter_openrouter.conversation import Conversation
from jupyter_openrouter.response import Response

SIGNED = [
    {"type": "reasoning.text", "text": "hm, well", "signature": "s" * 20, "format": "anthropic-claude-v1"}
]
CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def answer(text: str = "hello", *, state: str = "done", sent_at: float = 1000.0, **fields: Any) -> Response:
    """A settled answer of openai/gpt-4 with 3 tokens in, 5 out, and $0.25."""
    response = Response("openai/gpt-4", request_hash="abc")
    response.add(0, text)
    response.state = state  # type: ignore[assignment]
    response.finish_reason = "stop" if state == "done" else ""
    response.model, response.provider = "openai/gpt-4-0613", "OpenAI"
    response.generation_id = f"gen-{sent_at}"
    response.sent_at, response.seconds = sent_at, 2.0
    if state == "done":
        response.usage = Usage.read({"prompt_tokens": 3, "completion_tokens": 5, "cost": 0.25})
    if reasoning := fields.pop("reasoning", ""):
        response.add(1, reasoning)
    for name, value in fields.items():
        setattr(response, name, value)
    return response


def talk(*said: str, name: str = "trip", system: str = "") -> Conversation:
    """A conversation of questions and answers in turn, each in a cell of its own: c1, c2, …"""
    conversation = Conversation(name, system=system)
    for number, (question, text) in enumerate(zip(said[::2], said[1::2], strict=True), 1):
        assert conversation.take(question, answer(text, sent_at=1000.0 + number), cell_id=f"c{number}")
    return conversation


def facts(conversation: Conversation) -> list[Any]:
    """All that is to survive a round trip, but for the ids of cells that a notebook cannot have."""
    turns = [
        (turn.role, turn.content, dict(turn.fields), turn.response_record, turn.message())
        for turn in conversation.turns
    ]
    return [conversation.name, conversation.system, turns]


def exchanged(
    response: Response, question: Any, body: str | None, line: str = "--chat trip"
) -> dict[str, Any]:
    """The notebook cell of an answer, as the file has it after the magic has run."""
    source = "c.ask()" if body is None else f"%%openrouter {line}\n{body}"
    output = {"output_type": "display_data", "data": response.mimebundle(), "metadata": {}}
    return {
        "cell_type": "code",
        "id": f"cell-{response.sent_at:.0f}",
        "metadata": {},
        "execution_count": 1,
        "source": source,
        "outputs": [output],
    }


def notebook(*cells: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).map(
    lambda text: "w" + text
)
"""Any text, with control characters and line ends of all kinds, that is not blank."""
pictures = st.sampled_from(
    [
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "text", "text": "and?"},
    ]
)
questions = st.one_of(words, st.lists(pictures, min_size=1, max_size=3))
answers = st.builds(
    lambda text, state, reasoning, fields: {"text": text, "state": state, "reasoning": reasoning, **fields},
    words,
    st.sampled_from(["done", "done", "stopped", "cut", "failed"]),
    st.one_of(st.just(""), words),
    st.sampled_from(
        [
            {},
            {"reasoning_details": SIGNED},
            {"reasoning_details": SIGNED, "tool_calls": [CALL]},
            {"annotations": [{"type": "file", "file": {"hash": "h", "content": []}}]},
            {"finish_reason": "length"},
            {"refusal": "no"},
        ]
    ),
)


@st.composite
def talks(draw: st.DrawFn) -> Conversation:
    conversation = Conversation(
        draw(st.sampled_from(["chat", "trip to Rome", "ü-1"])),
        system=draw(st.sampled_from(["", "Be brief.", "a\n{b} $c"])),
    )
    for number, (question, fields) in enumerate(draw(st.lists(st.tuples(questions, answers), max_size=5))):
        given = answer(**fields, sent_at=1000.0 + number)
        assert conversation.take(
            question, given, cell_id=draw(st.sampled_from(["", f"c{number}", "ä ö"])), run=number
        )
        if draw(st.booleans()):
            conversation.system = draw(st.sampled_from(["", "Be long."]))
    return conversation
