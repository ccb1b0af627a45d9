"""What an answer is, and what a notebook saves of it."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter import errors
from jupyter_openrouter.chunks import Usage
from jupyter_openrouter.errors import CutError
from jupyter_openrouter.response import MIME, Response, dollars, printable
from jupyter_openrouter.retry import Attempt


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


def test_a_saved_record_and_its_text_make_the_response_again() -> None:
    before = answered("the text")
    before.add(1, "thoughts")
    before.first_delta_seconds = 0.5
    before.refusal = "no"
    before.attempts.append(Attempt("other/model", "RateLimitError: m", 429, None))
    before.mends = [answered("not as it should be")]
    record = json.loads(json.dumps(before.to_dict()))
    after = Response.from_dict(record, text="the text")
    assert after.to_dict() == before.to_dict()
    assert (after.text, after.reasoning, after.cost) == ("the text", "thoughts", 0.0012)
    assert [one.cost for one in after.mends] == [0.0012]
    assert "not as it should be" not in json.dumps(record)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {
            "state": 5,
            "usage": [],
            "timing": "x",
            "tool_calls": [None],
            "model": {},
            "attempts": [1, {}, {"model": 1}, {"model": "m", "a": 1}],
        },
        {
            "images": [1, {}],
            "annotations": {},
            "cache": [1],
            "seams": [-1, "x", 5, True, 1e9],
            "notes": [1],
            "models": [None],
            "error": "bad",
            "skipped": -3,
            "reasoning_details": "x",
            "mends": [1, {"mends": [{}], "usage": "x"}],
        },
    ],
)
def test_a_hostile_record_makes_a_response_all_the_same(record: dict[str, object]) -> None:
    response = Response.from_dict(record)
    assert response.text == ""
    assert response.footer()
    assert response.warnings == []


@pytest.mark.parametrize("text", ['{"a": [1]}', '```json\n{"a": [1]}\n```', '\n```\n{"a": [1]}\n```\n'])
def test_a_json_answer_is_read_without_its_fence(text: str) -> None:
    assert answered(text).json() == {"a": [1]}


def test_an_answer_that_is_no_json_says_where() -> None:
    with pytest.raises(ValueError, match=r"line 2, column 6, near '.*oops.*'"):
        answered('{"a": 1,\n"b": oops}').json()
    with pytest.raises(ValueError, match="no JSON"):
        answered("[" * 100_000).json()


def test_what_is_odd_about_an_answer_is_a_warning() -> None:
    response = answered()
    assert response.warnings == []
    response.finish_reason, response.skipped, response.native_finish_reason = "length", 1, "network_error"
    response.attempts.append(Attempt("other/model", "RateLimitError: m", 429, None))
    text = " ".join(response.warnings)
    for words in ("token limit", "1 malformed chunk left out", "network_error", "instead of other/model"):
        assert words in text
    response = Response("m")
    response.add(1, "only thoughts")
    response.state = "done"
    assert any("only reasoning" in warning for warning in response.warnings)


def test_timing_gives_seconds_and_speed_where_they_are_known() -> None:
    response = answered()
    assert response.timing.tokens_per_second is None
    response.first_delta_seconds, response.delta_gaps = 0.21, (0.01, 0.05)
    assert response.timing == (0.21, 4.21, 0.01, 0.05, pytest.approx(85.0))


def test_an_answer_from_the_cache_says_so_and_costs_what_the_service_says() -> None:
    response = answered()
    response.usage = Usage.read({"prompt_tokens": 0, "completion_tokens": 0, "cost": 0})
    response.cache_status, response.cache_age = "HIT", 12.0
    assert "$0 · from the cache, 12 s old" in response.footer()


def test_a_response_with_its_error_can_be_pickled_and_holds_no_way_to_the_client() -> None:
    response = answered()
    response.error = CutError("x", response=response)
    response.settler = lambda r: r  # type: ignore[assignment, return-value]
    copy = pickle.loads(pickle.dumps(response))
    assert (copy.text, copy.settler, str(copy.error)) == (response.text, None, str(response.error))


def with_everything() -> Response:
    response = answered("See the picture.")
    png = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    png += "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    response.images = [
        {"type": "image_url", "image_url": {"url": png}},
        {"image_url": {"url": "http://x.example/a b"}},
    ]
    response.tool_calls = [
        {"index": 0, "id": "c", "function": {"name": "f<b>", "arguments": '{"a": "</code>\\n"}'}}
    ]
    cited = {"url": "https://x.example/](javascript:alert(1))", "title": "[t](http://y) <img src=x>"}
    response.annotations = [{"type": "url_citation", "url_citation": cited}]
    return response


def test_what_stands_beside_the_text_is_saved_and_inert() -> None:
    bundle = with_everything().mimebundle()
    markdown = bundle["text/markdown"]
    assert "\n\n![image made by openai/gpt-4-0613](data:image/png;base64,iVBORw0KGgo" in markdown
    assert "(image&#58; http&#58;//x.example/a b)" in markdown or "x.example/a b" in markdown
    assert "<details><summary>called <code>f&lt;b&#62;</code></summary><pre><code>" in markdown
    assert "<img" not in markdown
    assert "](javascript" not in markdown
    assert "](http://y)" not in markdown
    assert (
        markdown.index("See the picture.") < markdown.index("**Sources**\n\n1. [") < markdown.index("<small>")
    )
    assert (
        "Sources:\n1. [t](http://y) <img src=x> https://x.example/](javascript:alert(1))"
        in bundle["text/plain"]
    )
    assert bundle[MIME]["images"][0]["bytes"] == 70
    assert "iVBORw0KGgo" not in json.dumps(bundle[MIME])


def test_reasoning_is_timed_from_its_first_word_to_the_first_of_the_answer() -> None:
    response = Response("m")
    assert response.reasoning_seconds is None
    response.reasoning_began, response.seconds = 1.25, 4.0
    assert response.reasoning_seconds == 2.8
    response.reasoning_ended = 3.25
    assert response.reasoning_seconds == 2.0


def test_a_model_that_the_service_fell_back_to_is_a_warning_also_out_of_the_record() -> None:
    response = answered()
    response.body = {"models": ["openai/gpt-4", "a/b"], "messages": []}
    assert response.warnings == []  # a date is no other model
    response.model = "a/b"
    told = ["a/b answered instead of openai/gpt-4: the service fell back."]
    assert response.warnings == told
    assert Response.from_dict(response.to_dict(), text="hello").warnings == told
    response.body = {"models": ["a/b", "openai/gpt-4"]}
    response.requested_model = ""
    assert response.warnings == []
    response.body = {"models": "a/b"}
    assert response.warnings == []


def test_of_annotations_citations_are_saved_and_documents_are_not() -> None:
    response = answered()
    citation = {"type": "url_citation", "url_citation": {"url": "https://example.org", "title": "t"}}
    response.annotations = [citation, {"type": "file", "file": {"content": "long"}}]
    assert Response.from_dict(response.to_dict()).annotations == [citation]


_TEXT = st.text(max_size=20)
_WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20)
_OBJECTS = st.lists(st.dictionaries(_TEXT, _TEXT | st.integers(-9, 9) | st.none(), max_size=3), max_size=3)
_SECONDS = st.none() | st.floats(0, 1e6)
_ERRORS = [
    one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.OpenRouterError)
]


@given(
    text=_TEXT,
    error=st.none()
    | st.builds(
        lambda kind, message, **facts: kind(message, **facts),
        st.sampled_from(_ERRORS),
        _TEXT,
        remedy=st.none() | st.just("") | _TEXT,
        status=st.none() | st.integers(400, 599),
        code=st.none() | _TEXT,
        provider=st.none() | _TEXT,
        retry_after=_SECONDS,
        retryable=st.none() | st.booleans(),
    ),
    plain=st.fixed_dictionaries(
        {
            "reasoning_details": _OBJECTS,
            "tool_calls": _OBJECTS,
            "saved_images": _OBJECTS,
            "annotations": st.lists(
                st.fixed_dictionaries({"type": st.just("url_citation"), "u": _TEXT}), max_size=2
            ),
            "service_tier": _TEXT,
            "cache_source": _TEXT,
            "cache_age": _SECONDS,
            "saved": _SECONDS,
            "notes": st.lists(_TEXT, max_size=2),
            "refusal": _TEXT,
            "provider": _TEXT,
            "skipped": st.integers(0, 50),
            "state": st.sampled_from(["done", "stopped", "cut", "failed"]),
            "body": st.just({}) | st.builds(dict, models=st.lists(_WORDS, max_size=3)),
        }
    ),
    seams=st.lists(st.integers(0, 20), max_size=3),
)
def test_a_record_read_again_is_the_same_record(
    text: str, error: errors.OpenRouterError | None, plain: dict[str, Any], seams: list[int]
) -> None:
    before = Response("a/b", request_hash="h")
    before.add(0, text)
    before.cache_status = "HIT"
    before.seams = [at for at in seams if at <= len(before.text)]
    for name, value in plain.items():
        setattr(before, name, value)
    before.error = error
    record = json.loads(json.dumps(before.to_dict()))
    after = Response.from_dict(record, text=before.text)
    assert after.to_dict() == record
    for name in plain.keys() - {"body"}:
        assert getattr(after, name) == plain[name], name
    assert after.seams == before.seams
    assert after.warnings == before.warnings
    assert type(after.error) is type(error)
    if error is not None:
        assert str(after.error) == str(error)
        assert (after.error.status, after.error.retryable) == (error.status, error.retryable)
        assert after.error.response is after


@pytest.mark.parametrize("remedy", ["0\r", " 0", "\n", ""])
def test_a_remedy_with_white_space_around_it_is_said_once(remedy: str) -> None:
    error = errors.OpenRouterError("It failed.", remedy=remedy)
    again = errors.restored(errors.restored(error.to_dict()).to_dict())
    assert (str(again), again.message) == (str(error), error.message)


@pytest.mark.parametrize(
    "kind", ["Exception", "Mapping", "re", "plain", "", None, 5, "FutureError", "OpenRouterError"]
)
def test_an_error_of_a_class_that_there_is_not_is_the_root_of_the_tree(kind: Any) -> None:
    error = Response.from_dict({"error": {"type": kind, "message": "It failed.", "status": "x"}}).error
    assert type(error) is errors.OpenRouterError
    assert (str(error), error.status) == ("It failed.", None)
