"""The saved form of an answer: small, readable, and the exact text comes out of it again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import SIGNED, answer, words

from jupyter_openrouter.response import Response
from jupyter_openrouter.saved_form import MIME, bundle, content_hash, light, read


@settings(deadline=None)
@given(st.one_of(st.just(""), words, words.map(lambda text: f"\n\n{text}\n\n\n")))
def test_the_exact_text_comes_back_whatever_is_in_it(text: str) -> None:
    saved = read(json.loads(json.dumps(answer(text).mimebundle())))
    assert (saved.text, saved.exact) == (text, True)


def test_ordinary_text_is_saved_twice_and_not_thrice() -> None:
    for text in ("A plain answer.\n\nWith *two* paragraphs and 東京 😀.\n", "\n\nbegins late"):
        saved = answer(text).mimebundle()[MIME]
        assert saved["text_characters"] == len(text)
        assert "text" not in saved
    assert answer("a\r\nb").mimebundle()[MIME]["text"] == "a\r\nb"


def test_lines_as_a_list_are_read_as_the_file_has_them() -> None:
    forms = answer("one\ntwo\n").mimebundle()
    forms["text/plain"] = forms["text/plain"].splitlines(keepends=True)
    assert read(forms)[1:3] == ("one\ntwo\n", True)


def test_a_text_that_was_cut_short_afterwards_is_known_to_be() -> None:
    forms = answer("a long answer " * 20).mimebundle()
    forms["text/plain"] = forms["text/plain"][:40]
    assert not read(forms).exact


def test_a_record_from_before_the_characters_were_counted_gives_the_text_above_the_footer() -> None:
    forms = answer("one\n\ntwo").mimebundle()
    del forms[MIME]["text_characters"]
    assert read(forms)[1:3] == ("one\n\ntwo", False)


def test_outside_of_a_conversation_nothing_is_saved_but_what_was() -> None:
    response = answer(reasoning_details=SIGNED, reasoning="hm, well")
    assert set(response.mimebundle()[MIME]) == {*response.to_dict(), "text_characters"}


@pytest.mark.parametrize("conversation", [None, {"name": "x"}])
def test_the_reasoning_is_saved_once_and_comes_back_signed(conversation: Any) -> None:
    response = answer(reasoning_details=SIGNED, reasoning="hm, well", conversation=conversation)
    forms = json.loads(json.dumps(response.mimebundle()))
    assert json.dumps(forms).count("hm, well") == 1
    saved = read(forms)
    assert saved.record == response.to_dict()
    assert saved.record["reasoning_details"] == SIGNED
    again = Response.from_dict(forms[MIME], text=saved.text)
    assert again.message() == response.message()
    assert again.mimebundle() == response.mimebundle()


def test_parsed_files_are_saved_in_a_conversation_beside_the_citations_and_each_is_told_apart() -> None:
    cited = {"type": "url_citation", "url_citation": {"url": "https://example.org", "title": "t"}}
    parsed = {"type": "file", "file": {"hash": "h", "content": []}}
    response = answer(annotations=[cited, parsed])
    assert response.mimebundle()[MIME]["annotations"] == [cited]
    response.conversation = {"name": "x"}
    saved = read(response.mimebundle())
    assert (saved.record, saved.parsed_files) == (response.to_dict(), [parsed])
    assert response.to_dict()["annotations"] == [cited]


def test_a_record_of_the_first_notebooks_is_read_with_its_reasoning() -> None:
    record = {"version": 1, "requested_model": "a/b", "reasoning": "hm", "tool_calls": None, "state": "done"}
    saved = read({MIME: record, "text/plain": "Rome\n\na/b · stop"})
    assert (saved.record, saved.text, saved.exact, saved.parsed_files) == (record, "Rome", False, [])
    response = Response.from_dict(saved.record, text=saved.text)
    assert (response.reasoning, response.text, response.reasoning_details) == ("hm", "Rome", [])


@pytest.mark.parametrize(
    "forms",
    [
        {},
        {MIME: None, "text/plain": 5},
        {MIME: {"text": 5, "text_characters": -1, "reasoning_details": [5], "conversation": []}},
        {MIME: {"text_characters": 10**400, "timing": {"sent_at": 10**400}}, "text/plain": [None, "x"]},
    ],
)
def test_hostile_forms_are_read_as_empty(forms: dict[str, object]) -> None:
    saved = read(forms)
    assert (saved.text, saved.exact, saved.conversation) == ("", False, {})
    assert Response.from_dict(saved.record).footer()


def test_a_large_image_in_a_question_is_a_note_and_a_small_one_or_its_address_stays() -> None:
    small = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    large = {"type": "input_audio", "input_audio": {"data": "A" * 50_000, "format": "mp3"}}
    text = {"type": "text", "text": "t" * 50_000}
    made = light([text, small, large])
    assert made[:2] == [text, small]
    assert made[2] == {"type": "text", "text": "[input_audio of 50,003 characters, left out of the notebook]"}


def test_the_hash_of_a_content_tells_contents_apart_and_outlives_the_file() -> None:
    parts = [{"type": "text", "text": "ü", "n": 1}]
    assert content_hash(parts) == content_hash(json.loads(json.dumps(parts)))
    assert len({content_hash("a"), content_hash("b"), content_hash(parts), content_hash([])}) == 4


def test_a_footer_alone_is_shown_where_there_is_no_text() -> None:
    assert bundle({}, text="", footer="a/model")["text/plain"] == "a/model"
    assert bundle({}, text="", footer="a/model", instead="I will not.")["text/plain"].startswith(
        "I will not.\n"
    )
