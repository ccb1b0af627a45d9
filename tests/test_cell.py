"""One cell's question: what its flags and its body make of a request, before anything is shown or sent."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_openrouter.cell import Asked, Where, asked
from jupyter_openrouter.conversations import conversations
from jupyter_openrouter.errors import InvalidRequestError, PromptError
from jupyter_openrouter.expressions import Prompt
from jupyter_openrouter.flags import parse
from jupyter_openrouter.response import Response


def make(line: str, body: Any = "hello", where: Where | None = None, **names: Any) -> Asked:
    return asked(parse(f"-m demo/echo {line}"), body, names, where)


def test_known_fields_go_by_name_and_others_are_extra() -> None:
    made = make("--top-p 0.5 --param surprise=1")
    assert made.question.extra == {"surprise": 1}
    assert made.question.options["top_p"] == 0.5
    assert list(made.body) == ["model", "messages", "top_p", "surprise", "stream"]


def test_what_is_inserted_counts_apart_for_the_price() -> None:
    assert [piece.name for piece in make("", "say {{ x }}", x="word").pieces] == ["the cell", "x"]


def test_a_prompt_that_is_made_already_goes_out_as_it_is() -> None:
    made = make("", Prompt("{{ nothing }}", [("question", 13, 4)], ["a note"]))  # type: ignore[list-item]
    assert made.body["messages"][0]["content"] == "{{ nothing }}"
    assert made.notes == ["a note"]


def test_a_form_brings_its_fields_and_the_answer_is_shown_as_json() -> None:
    made = make("--schema Box.form --only a", Box=type("Box", (), {"form": {"type": "object"}}))
    assert made.body["response_format"]["type"] == "json_schema"
    assert made.body["provider"] == {"require_parameters": True, "only": ["a"]}
    assert made.shown_as == "json"
    assert make("--schema form --as text", form={"type": "object"}).shown_as == "text"


def test_limits_of_time_leave_the_others_as_they_are() -> None:
    timeouts = make("--timeout 5").question.options["timeouts"]
    assert (timeouts.total, timeouts.idle, timeouts.first_event, timeouts.comments) == (5, 60, 60, 120)
    timeouts = make("--idle-timeout 300").question.options["timeouts"]
    assert (timeouts.total, timeouts.idle, timeouts.first_event, timeouts.comments) == (None, 300, 300, 300)
    assert "timeouts" not in make("").question.options


def test_a_conversation_brings_what_was_said_before_and_its_system_message_once() -> None:
    name = "test-cell"
    talk = conversations.get(name)
    try:
        first = make(f"-c {name} -s brief", where=Where("c1", 1))
        assert first.conversation is talk
        assert [m["role"] for m in first.body["messages"]] == ["system", "user"]
        response = Response("demo/echo")
        response.add(0, "hi")
        response.state = "done"
        talk.system = "brief"
        talk.take(first.content, response, cell_id="c1", run=1)
        second = make(f"-c {name}", "more", where=Where("c2", 2))
        assert [m["content"] for m in second.body["messages"]] == ["brief", "hello", "hi", "more"]
        again = make(f"-c {name}", "other", where=Where("c1", 3))
        assert [m["content"] for m in again.body["messages"]] == ["brief", "other"]
        assert "replaces the last turn" in again.notes[0]
    finally:
        conversations.forget(name)


@pytest.mark.parametrize(
    ("line", "body", "kind", "words"),
    [
        ("", " \n", InvalidRequestError, "no prompt"),
        ("-o 2x", "x", InvalidRequestError, "name of a variable"),
        ("-o class", "x", InvalidRequestError, "name of a variable"),
        ("--schema nothing", "x", InvalidRequestError, "no variable 'nothing'"),
        ("--schema thing.part", "x", InvalidRequestError, "no 'part' in it"),
        ("--schema thing", "x", InvalidRequestError, "no form of an answer"),
        ("--completion --image y", "x", InvalidRequestError, "takes no --image"),
        ("--refresh", "x", InvalidRequestError, "--refresh goes with --cache"),
        ("--cache 100000", "x", InvalidRequestError, "from 1 to 86400"),
        ("-t 3", "x", InvalidRequestError, "0 to 2"),
        ("--chat ''", "x", InvalidRequestError, "--chat was given an empty name"),
        ("--schema ''", "x", InvalidRequestError, "--schema was given an empty name"),
        ("--record ''", "x", InvalidRequestError, "--record was given an empty name"),
        ("--param stream=false", "x", InvalidRequestError, "cannot set 'stream'. Write --no-stream"),
        ("--param messages=[]", "x", InvalidRequestError, "cannot set 'messages'"),
        ("--file nowhere.txt", "x", InvalidRequestError, "nowhere.txt"),
        ("", "{{ 1 / 0 }}", PromptError, "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_sent_says_why(line: str, body: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        make(line, body, thing=3)


def test_a_system_message_that_cannot_be_sent_is_said_and_an_empty_one_sends_none() -> None:
    made = make("--completion -s brief")
    assert list(made.body) == ["model", "prompt", "stream"]
    assert "--system was not sent" in made.notes[0]
    assert [m["role"] for m in make("-s ''").body["messages"]] == ["user"]
    name = "test-cell-system"
    try:
        assert [m["role"] for m in make(f"-c {name} -s brief").body["messages"]] == ["system", "user"]
        assert name not in conversations, "nothing was asked in it yet"
        conversations.get(name).system = "brief"
        assert [m["role"] for m in make(f"-c {name}").body["messages"]] == ["system", "user"]
        assert [m["role"] for m in make(f"-c {name} -s ''").body["messages"]] == ["user"]
        assert [m["content"] for m in make(f"-c {name} -s long").body["messages"]] == ["long", "hello"]
        assert conversations[name].system == "brief"
    finally:
        conversations.forget(name)


def test_a_secret_that_was_typed_is_sent_and_said_to_be() -> None:
    token = "ghp_" + "a1B2" * 9
    made = make("", f"is {token} valid? {{{{ token }}}}", token=token)
    assert made.content.startswith(f"is {token} valid?")
    assert made.content.count(token) == 1, "that of the value is masked"
    assert "typed holds what looks like a secret (GitHub token), and goes out as it is" in made.notes[-1]
    assert "AWS key id" in make("-s AKIAABCDEFGHIJKLMNOP", "x").notes[-1]
    assert not make("-s brief", "⟦masked: API key⟧ sk-learn").notes


def test_without_a_model_it_says_how_to_name_one() -> None:
    with pytest.raises(InvalidRequestError, match="no model is named") as error:
        asked(parse(""), "hello", {})
    assert "OpenRouterMagics.model" in str(error.value)
    assert asked(parse("--models demo/tour,demo/echo"), "hello", {}).question.model == "demo/tour"
