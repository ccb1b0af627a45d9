"""The transcript in a saved notebook: inert, readable, and read back to the very turns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from talks import answer, talk, talks

from jupyter_openrouter.chunks import Usage
from jupyter_openrouter.conversation import Conversation
from jupyter_openrouter.conversation_export import exchanges
from jupyter_openrouter.notebook_costs import read
from jupyter_openrouter.notebook_records import answers_in, rebuild
from jupyter_openrouter.transcript import Transcript
from jupyter_openrouter.transcript_form import FIRST, NEXT, NOTHING, forms, written


class Outputs:
    """The outputs of a cell, as a front end keeps them."""

    def __init__(self) -> None:
        self.data: dict[str, dict[str, Any]] = {}
        self.bytes = 0

    def publish(self, *, data: Any, metadata: Any, transient: Any, update: bool = False) -> None:
        assert update == (transient["display_id"] in self.data)
        self.data[transient["display_id"]] = data
        self.bytes += len(str(data))

    def notebook(self) -> dict[str, Any]:
        outputs = [
            {"output_type": "display_data", "data": data, "metadata": {}} for data in self.data.values()
        ]
        cell = {
            "cell_type": "code",
            "id": "c",
            "metadata": {},
            "execution_count": 1,
            "source": "chat",
            "outputs": outputs,
        }
        return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def shown(conversation: Conversation) -> Outputs:
    outputs = Outputs()
    transcript = Transcript(
        lambda: (conversation.name, conversation.system, conversation.turns), lambda ident: None
    )
    transcript.show(outputs.publish)
    return outputs


@given(talks())
def test_a_conversation_comes_back_out_of_its_transcript(conversation: Conversation) -> None:
    outputs = shown(conversation)
    nbformat.validate(nbformat.from_dict(outputs.notebook()))
    if not conversation.turns:
        return
    found = rebuild(answers_in(outputs.notebook()))
    assert found.system == conversation.system
    assert [turn.message() for turn in found.turns] == [turn.message() for turn in conversation.turns]
    assert not [note for note in found.notes if "images" not in note]


def test_what_anybody_wrote_is_inert_and_stands_once_in_the_file() -> None:
    text = "Rome <script>alert(1)</script> ![x](https://evil.example/a.png) " + "long " * 400
    outputs = shown(talk("where <iframe>?", text))
    data = list(outputs.data.values())[3]
    assert data["text/markdown"].startswith(FIRST)
    assert "<script" not in data["text/markdown"]
    assert "<iframe" not in data["text/markdown"]
    assert "![" not in data["text/markdown"]
    assert "long long" not in str(data["application/vnd.jupyter-openrouter.v1+json"])


def test_the_marks_say_which_output_is_the_first() -> None:
    one = written(*next(exchanges(talk("a", "b").turns)), name="trip", number=1, after="")
    assert forms([one], first=True)["text/markdown"].startswith(FIRST)
    assert forms([one], first=False)["text/markdown"].startswith(NEXT)
    assert forms([], first=True) == NOTHING


def test_the_older_part_of_a_long_transcript_is_folded_and_comes_back_whole() -> None:
    words = [f"word {number}\n\n</details> <details>\n\n```\nopen" for number in range(600)]
    outputs = shown(talk(*words))
    texts = [data.get("text/markdown", "") for data in outputs.data.values()]
    folded = ["<summary>" in text for text in texts]
    assert folded == [True] * 4 + [False] * 4
    assert "<summary>Questions 65 to 128</summary>" in texts[1]
    for text in texts[:4]:
        assert [text.count("<details>"), text.count("</details>")] == [1, 1]
        assert text.endswith("\n\n</details>")
    found = rebuild(answers_in(outputs.notebook()))
    assert [turn.text for turn in found.turns] == words


def test_a_transcript_that_grows_keeps_the_outputs_that_it_was_shown_with() -> None:
    conversation = talk("a", "b")
    outputs = Outputs()
    transcript = Transcript(lambda: ("trip", "", conversation.turns), lambda ident: None)
    transcript.show(outputs.publish)
    conversation.assign(talk(*["x"] * 300).turns)
    assert len(transcript._forms()) == len(outputs.data) == 4


def test_the_costs_of_a_saved_notebook_count_the_answers_of_a_chat_once(tmp_path: Path) -> None:
    conversation = talk(*["x"] * 20)
    made = shown(conversation).notebook()
    made["cells"] *= 2  # a copied cell
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps(made), "utf-8")
    found = read([path])
    assert (found.sum.answers, found.sum.dollars, found.repeated) == (10, 2.5, 10)
    assert {cost.conversation for cost in found.costs} == {"trip"}


@pytest.mark.parametrize(
    "record", [5, "x", [1], {"text_at": "x"}, {"text_at": -5, "text_characters": 1 << 70}]
)
def test_a_hostile_transcript_is_read_as_what_it_is(record: Any) -> None:
    data = {"text/plain": "abc", "application/vnd.jupyter-openrouter.v1+json": {"transcript": [record]}}
    made = shown(talk("a", "b")).notebook()
    made["cells"][0]["outputs"].append({"output_type": "display_data", "data": data, "metadata": {}})
    assert [one.text for one in answers_in(made) if one.conversation] == ["b"]


def test_a_cost_that_is_told_later_is_written_into_the_output() -> None:
    conversation = talk()
    stopped = answer("e", state="stopped")
    conversation.take("f", stopped)
    outputs = Outputs()
    transcript = Transcript(lambda: ("trip", "", conversation.turns), lambda ident: None)
    transcript.show(outputs.publish)
    stopped.usage = Usage.read({"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.5})
    assert "$0.5" in str(transcript._forms()[3])
