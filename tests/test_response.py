"""What an answer is, and what a notebook saves of it."""

from __future__ import annotations

import json

import pytest

from jupyter_openrouter.chunks import Usage
from jupyter_openrouter.errors import CutError
from jupyter_openrouter.response import MIME, Response, dollars, printable


def answered(text: str = "hello") -> Response:
    response = Response("openai/gpt-4", request_hash="abc")
    response.add(0, text)
    response.state, response.finish_reason = "done", "stop"
    response.model, response.provider = "openai/gpt-4-0613", "OpenAI"
    response.usage = Usage.read(
        {"prompt_tokens": 12, "completion_tokens": 340, "cost": 0.0012, "is_byok": False}
    )
    response.seconds = 4.21
    return response


def test_the_footer_names_model_provider_tokens_cost_seconds_and_ending() -> None:
    assert answered().footer() == "openai/gpt-4-0613 · OpenAI · 12 → 340 tokens · $0.0012 · 4.2 s · stop"


def test_what_the_service_did_not_say_is_unknown_and_never_zero() -> None:
    response = answered()
    response.usage = None
    assert "cost unknown" in response.footer()
    assert "tokens" not in response.footer()
    response.usage = Usage.read({"completion_tokens": 3})
    assert "unknown → 3 tokens" in response.footer()


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("stopped", "", "stopped"),
        ("cut", "", "incomplete"),
        ("done", "length", "length"),
        ("failed", "", "failed"),
    ],
)
def test_the_footer_says_how_it_ended(state: str, reason: str, words: str) -> None:
    response = answered()
    response.state, response.finish_reason = state, reason  # type: ignore[assignment]
    assert words in response.footer_parts()[-1]


def test_a_notebook_gets_inert_markdown_plain_text_and_the_record() -> None:
    bundle = answered("**bold** <img src=x onerror=alert(1)>").mimebundle()
    assert set(bundle) == {"text/markdown", "text/plain", MIME}
    assert bundle["text/markdown"].startswith("**bold**")
    assert "<img" not in bundle["text/markdown"]
    assert "<img src=x" in bundle["text/plain"]
    assert bundle[MIME]["usage"]["completion_tokens"] == 340
    json.dumps(bundle, allow_nan=False).encode()


def test_hostile_names_in_the_footer_are_inert() -> None:
    response = answered()
    response.model, response.provider = (
        "a</small><script>x</script>",
        "[x](javascript:alert(1)) ![y](https://leak.invalid/)",
    )
    markdown = response.mimebundle()["text/markdown"]
    assert "<script" not in markdown
    assert "](" not in markdown


def test_a_record_holds_no_prompt_and_survives_json_whatever_the_service_sent() -> None:
    response = answered("a\ud800b")
    response.usage = Usage.read({"cost": 1, "odd": [float("nan"), float("inf"), "\udfff", {1: 2}]})
    response.error = CutError("x")
    record = json.loads(json.dumps(printable(response.to_dict()), allow_nan=False))
    assert record["error"]["type"] == "CutError"
    assert "messages" not in record


def test_the_history_message_keeps_tool_calls_and_reasoning_details() -> None:
    response = answered()
    response.reasoning_details.append({"type": "reasoning.text", "text": "t", "signature": "s"})
    response.tool_calls.append(
        {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    )
    message = response.message()
    assert message["reasoning_details"] == response.reasoning_details
    assert message["tool_calls"] == [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    ]


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "$0"), (1e-9, "$0.000000001"), (0.5, "$0.5000"), (12, "$12.00")]
)
def test_small_amounts_keep_their_digits(amount: float, text: str) -> None:
    assert dollars(amount) == text
