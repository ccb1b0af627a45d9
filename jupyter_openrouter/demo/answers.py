"""What each demo model says to a request, cut by `max_tokens` and `stop`; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from .asked import Asked, text_of
from .picture import data_url
from .script import Answer, Call
from .story import STORY
from .tour import tour
from .wire import CHARACTERS_PER_TOKEN, JSON, tokens

BURST, BURST_LIMIT = 10_000, 200_000

REASONING = """By the four-characters rule the prompt has {tokens} token(s), and I was written beforehand, \
so I cannot think about it. What I can do is show how thinking arrives.

First the provider sends reasoning, piece by piece, both as plain text and as structured details. \
A client should show one of the two, not both.

Then comes a signature on its own. It has no text, yet it belongs to the block before it: whoever \
sends this turn back later must send text and signature together.

Only now does the answer begin."""

CONCLUSION = """The reasoning came first, in its own field; this answer comes after it.

**Tokens:** the reasoning counts among the completion tokens, and is also shown apart, as \
`reasoning_tokens`."""

LOOKED_UP = """Why the sky is blue is known, so this needs no long search, only one source for the law and one \
for the colours.

Light that meets particles far smaller than its wavelength is scattered in all directions. How strongly \
depends on the wavelength, to the inverse fourth power.

Violet is scattered more than blue. But the sun sends less of it, and eyes see less of it. A curve says this \
faster than a sentence: draw one, and ask for the air's numbers with a tool."""

FOUND = """The air scatters **short waves more than long ones**: blue light reaches the eye from every part of \
the sky, red light mostly straight from the sun.

How much more follows from the inverse fourth power of the wavelength:

| Colour | Wavelength | Scattered, against violet |
| :-- | --: | --: |
| violet | 400 nm | 1.00 |
| blue | 450 nm | 0.62 |
| red | 700 nm | 0.11 |

The picture shows the same curve over the colours that it falls on."""

SOURCES = (
    ("https://encyclopedia.example/rayleigh-scattering", "Rayleigh scattering"),
    (
        "https://physics.example/why-is-the-sky-blue?page=2",
        "Why is the sky blue? A short answer and a long one",
    ),
    ("https://optics.example/eye", "What the eye sees of violet"),
)

REFUSED = "I was written to show what a refusal looks like, so I refuse. Ask without that word."

NO_TOOLS = """No tools were sent, so there is nothing to call. Send `tools` with at least one function, \
and I answer with a call."""


def tour_answer(asked: Asked) -> Answer:
    """The guided tour, beginning with the part that the prompt names."""
    return Answer(tour(asked.prompt))


def echo(asked: Asked) -> Answer:
    """The last user message."""
    return Answer(asked.prompt)


def reasoner(asked: Asked) -> Answer:
    """Reasoning if it is wanted, then a conclusion."""
    wish = asked.body.get("reasoning")
    wish = wish if isinstance(wish, dict) else {}
    effort = wish.get("effort", asked.body.get("reasoning_effort"))
    if effort == "none" or wish.get("enabled") is False:
        return Answer(CONCLUSION)
    hidden = wish.get("exclude") is True or asked.body.get("include_reasoning") is False
    thought = REASONING.format(tokens=asked.prompt_tokens)
    return Answer(CONCLUSION, reasoning=thought, show_reasoning=not hidden)


def researcher(asked: Asked) -> Answer:
    """An answer with reasoning, a picture, sources and a tool call; or a refusal."""
    if re.search(r"\brefuse\b", asked.prompt, re.IGNORECASE):
        return Answer(refusal=REFUSED)
    wish = json.dumps({"quantity": "refractive index", "medium": "air", "wavelengths_nm": [400, 450, 700]})
    call = Call(f"call_{asked.controls.seed}_{len(asked.messages)}", "look_up", wish)
    return Answer(FOUND, reasoning=LOOKED_UP, calls=(call,), images=(data_url(),), citations=SOURCES)


def slow(asked: Asked) -> Answer:
    """The long story, word by word."""
    return Answer(STORY, by_word=True)


def burst(asked: Asked) -> Answer:
    """Numbers, one a delta."""
    found = re.search(r"\d+", asked.prompt)
    count = min(int(found[0][:9]) if found else BURST, BURST_LIMIT)
    deltas = tuple(f"{number} " for number in range(1, count + 1))
    return Answer("".join(deltas), deltas=deltas)


def tools(asked: Asked) -> Answer:
    """A call, the results of the last calls, or a word about missing tools."""
    results = list(trailing_results(asked))
    if results:
        lines = [f"- `{text_of(result)}`" for result in reversed(results)]
        return Answer("The tools answered:\n\n" + "\n".join(lines))
    functions = wanted_functions(asked)
    if not functions:
        return Answer(NO_TOOLS)
    # The number of messages keeps ids apart over several turns.
    turn = len(asked.messages)
    calls = (
        Call(
            f"call_{asked.controls.seed}_{turn}_{index}", function["name"], arguments(function, asked.prompt)
        )
        for index, function in enumerate(functions)
    )
    return Answer(calls=tuple(calls), finish="tool_calls")


def trailing_results(asked: Asked) -> Iterator[JSON]:
    """The tool messages at the end of the conversation, last first."""
    for said in reversed(asked.messages):
        if said["role"] != "tool":
            return
        yield said


def wanted_functions(asked: Asked) -> list[JSON]:
    """The functions to call: the chosen one, the first one, or each when the prompt says both or all."""
    sent = asked.body.get("tools")
    tools = (
        [tool.get("function") for tool in sent if isinstance(tool, dict)] if isinstance(sent, list) else []
    )
    functions = [one for one in tools if isinstance(one, dict) and isinstance(one.get("name"), str)]
    choice = asked.body.get("tool_choice")
    if choice == "none":
        return []
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        return [function for function in functions if function["name"] == name][:1]
    several = re.search(r"\b(both|all)\b", asked.prompt, re.IGNORECASE)
    return functions if several and asked.body.get("parallel_tool_calls") is not False else functions[:1]


def arguments(function: JSON, prompt: str) -> str:
    """Arguments that fit the function's schema: quoted words and numbers of the prompt fill them."""
    strings = iter(re.findall(r'"([^"]+)"', prompt))
    numbers = iter(re.findall(r"-?\d+", prompt))

    def value(schema: Any) -> Any:
        schema = schema if isinstance(schema, dict) else {}
        if schema.get("enum"):
            return schema["enum"][0]
        kind = schema.get("type")
        if kind == "object":
            properties = schema.get("properties") or {}
            return {name: value(properties[name]) for name in properties}
        if kind == "array":
            return [value(schema.get("items"))]
        if kind in ("integer", "number"):
            return int(next(numbers, "1")[:9])
        if kind in ("boolean", "null"):
            return True if kind == "boolean" else None
        return next(strings, prompt[:80])

    made = value({"type": "object", **(function.get("parameters") or {})})
    return json.dumps(made, ensure_ascii=False)


def mended(asked: Asked, wrong: str) -> str:
    """JSON in the form that was asked for, where `wrong` was answered and is to be mended; "" otherwise."""
    form = asked.body.get("response_format")
    named = form.get("json_schema") if isinstance(form, dict) else None
    schema = named.get("schema") if isinstance(named, dict) else None
    said = any(text_of(one) == wrong for one in asked.messages if one["role"] == "assistant")
    return arguments({"parameters": schema}, asked.prompt) if isinstance(schema, dict) and said else ""


ANSWERS: dict[str, Callable[[Asked], Answer]] = {
    "demo/tour": tour_answer,
    "demo/echo": echo,
    "demo/reasoner": reasoner,
    "demo/tools": tools,
    "demo/researcher": researcher,
    "demo/slow": slow,
    "demo/burst": burst,
}


def answer(asked: Asked) -> Answer:
    """What the asked model says, within the request's limits."""
    return limited(ANSWERS[asked.model.slug](asked), asked)


def limited(said: Answer, asked: Asked) -> Answer:
    """Cut an answer before the first stop string, then to `max_tokens` (reasoning counts)."""
    said = stopped(said, asked.stops)
    if asked.limit is None or said.completion_tokens <= asked.limit:
        return said
    reasoning = said.reasoning[: asked.limit * CHARACTERS_PER_TOKEN]
    left = asked.limit - tokens(reasoning)
    text = said.text[: left * CHARACTERS_PER_TOKEN]
    return recut(replace(said, reasoning=reasoning, calls=(), finish="length"), text)


def stopped(said: Answer, stops: tuple[str, ...]) -> Answer:
    """Cut an answer before the first stop string."""
    ends = [place for place in map(said.text.find, stops) if place >= 0]
    return recut(said, said.text[: min(ends)]) if ends else said


def recut(said: Answer, text: str) -> Answer:
    """The answer with a shorter text; deltas that were set beforehand are cut at the same place."""
    if said.deltas is None:
        return replace(said, text=text)
    kept, length = [], 0
    for delta in said.deltas:
        kept.append(delta[: len(text) - length])
        length += len(delta)
        if length >= len(text):
            break
    return replace(said, text=text, deltas=tuple(filter(None, kept)))
