"""What a saved notebook tells without a kernel: its answers and its conversations, whoever wrote the file."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient
from talks import answer, exchanged, facts, notebook

from jupyter_openrouter.conversation import Conversation
from jupyter_openrouter.errors import FileError
from jupyter_openrouter.notebook_records import answers_in, names_in, read_notebook, rebuild
from jupyter_openrouter.saved_form import MIME


class Cells:
    """A notebook in which cells are run with one conversation, as the magic will run them."""

    def __init__(self, name: str = "trip") -> None:
        self.talk = Conversation(name)
        self.cells: dict[str, dict[str, Any]] = {}
        self.clock = 1000.0

    def run(
        self, cell: str, body: str, text: str, *, sent: Any = None, state: str = "done", **fields: Any
    ) -> Any:
        self.clock += 1
        response = answer(text, sent_at=self.clock, state=state, **fields)
        question = body if sent is None else sent
        self.talk.take(
            question,
            response,
            cell_id=f"cell-{cell}",
            run=int(self.clock),
            source=f"%%openrouter --chat trip\n{body}",
        )
        self.cells[cell] = {**exchanged(response, question, body), "id": f"cell-{cell}"}
        return response

    def document(self) -> dict[str, Any]:
        return json.loads(json.dumps(notebook(*self.cells.values())))

    def back(self) -> Conversation:
        found = rebuild(answers_in(self.document()), self.talk.name)
        self.notes = found.notes
        return Conversation(found.name, system=found.system, turns=found.turns)


def test_a_conversation_comes_back_exactly_whatever_the_order_of_the_cells() -> None:
    cells = Cells()
    cells.talk.system = "Be brief."
    cells.run("a", "where?\n\nto go", "Rome\r\n")
    cells.run("b", "look at {{ frame }}", "nice", sent="look at | x |")
    cells.talk.system = ""
    cells.run("c", "why?", "so fa", state="stopped")
    cells.run("d", "again", "fine")
    cells.cells = {name: cells.cells[name] for name in "dbca"}
    assert facts(cells.back()) == facts(cells.talk)
    assert [turn.cell_id for turn in cells.back().turns] == [turn.cell_id for turn in cells.talk.turns]
    assert [turn.id for turn in cells.back().turns] == [turn.id for turn in cells.talk.turns]
    assert cells.notes == []


def test_what_was_replaced_undone_or_forgotten_stays_out_though_it_stands_in_the_notebook() -> None:
    cells = Cells()
    cells.run("a", "where?", "Rome")
    cells.run("b", "when?", "May")
    cells.talk.undo()
    cells.run("c", "when then?", "June")
    cells.run("c", "when then?", "July")
    assert facts(cells.back()) == facts(cells.talk)
    assert [turn.content for turn in cells.talk.turns] == ["where?", "Rome", "when then?", "July"]
    cells.talk = Conversation("trip")
    cells.run("d", "anew", "yes")
    assert facts(cells.back()) == facts(cells.talk)


STEPS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["done", "done", "stopped", "failed", "undo"])),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_after_any_runs_and_reruns_the_notebook_tells_what_the_kernel_remembers(
    steps: list[tuple[str, str]],
) -> None:
    cells = Cells()
    for number, (cell, what) in enumerate(steps):
        if what == "undo":
            # What is undone and never asked again is not known to the notebook: ask once more.
            cells.talk.undo()
            what = "done"
        cells.run(cell, f"question {number}", "" if what == "failed" else f"answer {number}", state=what)
    if not cells.talk.turns:
        return
    # A cell whose answer others stand on, run again, has lost its first output: then it tells what it can.
    found = answers_in(cells.document())
    kept = {one.record["generation_id"] for one in found}
    lost = [
        turn
        for turn in cells.talk.turns
        if turn.response_record and turn.response_record["generation_id"] not in kept
    ]
    if not lost:
        assert facts(cells.back()) == facts(cells.talk)
    elif names_in(found):
        words = [turn.content.split() for turn in cells.back().turns]
        assert [(first, number) for first, number in words[::2]] == [("question", n) for _, n in words[1::2]]


def test_a_system_message_is_told_again_when_the_turn_that_told_it_is_gone_or_not_known() -> None:
    cells = Cells()
    cells.talk.system = "Be brief."
    cells.run("a", "where?", "Rome")
    cells.talk.undo()
    del cells.cells["a"]
    cells.run("b", "when?", "May")
    assert cells.back().system == "Be brief."
    cells.talk = Conversation("trip", turns=cells.talk.turns)
    cells.run("c", "why?", "So.")
    assert cells.back().system == ""


def test_an_answer_shown_again_above_its_cell_does_not_hide_the_question() -> None:
    cells = Cells()
    response = cells.run("a", "where?", "Rome")
    cells.cells = {"shown": exchanged(response, "where?", None), **cells.cells}
    assert facts(cells.back()) == facts(cells.talk)
    assert cells.notes == []


def test_a_turn_whose_output_was_cleared_is_missed_and_the_rest_comes_back() -> None:
    cells = Cells()
    for name in "abc":
        cells.run(name, f"{name}?", f"{name}!")
    cells.cells["b"]["outputs"] = []
    assert [turn.content for turn in cells.back().turns] == ["a?", "a!", "c?", "c!"]
    assert cells.notes == ["The turn before that of cell 3 is not in the notebook."]


def test_a_cell_that_was_edited_after_its_answer_is_said_to_be() -> None:
    cells = Cells()
    cells.run("a", "where?", "Rome")
    cells.cells["a"]["source"] = "%%openrouter --chat trip\nwhen?"
    assert cells.back().turns[0].content == "when?"
    assert cells.notes == ["Cell 1 was changed after its answer; its question is the one that stands there."]


@pytest.mark.parametrize("text", ["Ro", "Rome"])
def test_a_continued_answer_is_found_whole_in_the_cell_that_continued_it(text: str) -> None:
    cells = Cells()
    cells.run("a", "where?", "Ro", state="cut")
    whole = answer(text, sent_at=1001.0, continued_ids=["a", "b"], generation_id="b")
    assert cells.talk.take_continued(whole)
    cells.cells["b"] = {**exchanged(whole, "where?", None), "id": "other"}
    cells.run("c", "when?", "May")
    assert facts(cells.back()) == facts(cells.talk)
    assert [turn.content for turn in cells.back().turns][:2] == ["where?", text]


def test_an_answer_that_stands_in_it_several_times_counts_once_where_it_was_asked() -> None:
    response = answer("Rome")
    shown = exchanged(response, "where?", None)
    asked = exchanged(response, "where?", "where?")
    other = exchanged(answer("May", sent_at=1002.0), "when?", "when?")
    found = answers_in(notebook(shown, asked, asked, other))
    assert [one.repeated for one in found] == [True, False, True, False]
    assert sum(one.response.cost or 0 for one in found if not one.repeated) == 0.5


def test_two_conversations_are_kept_apart_and_one_must_be_named(tmp_path: Path) -> None:
    first, second = Cells("trip"), Cells("food")
    second.clock = 2000.0
    for cells in (first, second):
        cells.run("a", "q?", f"about {cells.talk.name}")
    alone = exchanged(answer("alone", sent_at=5.0), "x", "x")
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps(notebook(alone, *first.cells.values(), *second.cells.values())))
    assert names_in(read_notebook(path)) == ["trip", "food"]
    assert Conversation.from_notebook(path, "food").turns[1].content == "about food"
    with pytest.raises(FileError, match=r"2 conversations\. It holds: 'trip', 'food'"):
        Conversation.from_notebook(path)
    with pytest.raises(FileError, match="no conversation 'tea'"):
        Conversation.from_notebook(path, "tea")
    path.write_text(json.dumps(notebook(alone)))
    with pytest.raises(FileError, match=r"no conversations\. Its cells were run without --chat"):
        Conversation.from_notebook(path)


@pytest.mark.parametrize(
    ("source", "line", "body"),
    [
        ("%%openrouter -m a/b\nhello", "-m a/b", "hello"),
        ("\n\n%%openrouter\nhello\n", "", "hello"),
        ("%%openrouter -c x\r\nhello\n\n", "-c x", "hello\n"),
        (["%%openrouter -m a/b\n", "two\n", "lines"], "-m a/b", "two\nlines"),
        ("%%openrouter -m a/b", "-m a/b", ""),
        ("%%capture shown\n%%time\n%%openrouter\t-m a/b \nhello", "-m a/b", "hello"),
        ("%%time\nprint(1)\n%%openrouter\nhello", "", None),
        ("%%openrouters\nx", "", None),
        ("print(1)\n%%openrouter\nx", "", None),
        (None, "", None),
        ({"a": 1}, "", None),
    ],
)
def test_line_and_body_are_what_the_magic_gets(source: Any, line: str, body: str | None) -> None:
    cell = {**exchanged(answer(), "x", None), "source": source}
    found = answers_in(notebook(cell))
    assert [(one.line, one.body) for one in found] == [(line, body)]


def hostile(choose: random.Random, value: Any, depth: int = 0) -> Any:
    """The value with some of its parts of another type."""
    if choose.random() < 0.04:
        odd = [
            None,
            True,
            -1,
            10**30,
            float("nan"),
            "",
            "\ud800",
            "x" * 1000,
            [],
            {},
            [None],
            {"id": ["x"]},
            "trip",
        ]
        return choose.choice(odd)
    if isinstance(value, dict):
        return {name: hostile(choose, inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [hostile(choose, inner, depth + 1) for inner in value] * choose.choice([1, 1, 1, 2])
    return value


@pytest.mark.parametrize("seed", range(300))
def test_hostile_notebooks_are_read_or_refused_in_words(seed: int, tmp_path: Path) -> None:
    cells = Cells()
    for name in "abc":
        cells.run(name, f"{name}?", f"{name}!", reasoning="hm", tool_calls=[{"id": "c"}])
    document = hostile(random.Random(seed), cells.document())
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps(document))
    try:
        for one in read_notebook(path):
            assert one.response.footer()
        after = Conversation.from_notebook(path, "trip")
    except FileError:
        return
    json.dumps(after.messages())
    assert after.cost is None or after.cost >= 0
    Conversation.load(after.save(tmp_path / "y.json"))
    nbformat.validate(nbformat.read(after.export(tmp_path / "y.ipynb"), as_version=4))


def test_answers_that_follow_each_other_in_a_circle_end() -> None:
    cells = Cells()
    for name in "abc":
        cells.run(name, f"{name}?", f"{name}!")
    outputs = [cell["outputs"][0]["data"][MIME]["conversation"] for cell in cells.cells.values()]
    outputs[0]["after"] = outputs[2]["id"]
    assert len(cells.back()) == 6


def test_very_many_answers_with_nothing_before_them_are_read_in_little_work() -> None:
    cell = exchanged(talk_of_one(), "x", "x")
    many = []
    for number in range(3000):
        copy = json.loads(json.dumps(cell))
        record = copy["outputs"][0]["data"][MIME]
        record["generation_id"] = f"g{number}"
        record["conversation"] |= {"id": f"i{number}", "after": "nowhere", "turn": number + 1}
        many.append(copy)
    found = rebuild(answers_in(notebook(*many)), "trip")
    assert len(found.turns) == 6000


def talk_of_one() -> Any:
    response = answer("y")
    Conversation("trip").take("x", response, source="%%openrouter\nx")
    return response


def test_a_deep_record_or_output_is_read_without_its_depths(tmp_path: Path) -> None:
    cells = Cells()
    cells.run("a", "where?", "Rome")
    text = json.dumps(cells.document()).replace(
        '"tool_calls": null', '"tool_calls": ' + "[" * 500 + "]" * 500
    )
    path = tmp_path / "x.ipynb"
    path.write_text(text)
    assert Conversation.from_notebook(path).turns[1].content == "Rome"


@pytest.mark.parametrize("value", [[], {}, {"cells": {}}, {"worksheets": []}, 5])
def test_a_file_that_is_no_notebook_is_refused(value: Any, tmp_path: Path) -> None:
    (tmp_path / "x.ipynb").write_text(json.dumps(value))
    with pytest.raises(FileError, match="is no notebook"):
        read_notebook(tmp_path / "x.ipynb")


TALK = """
import asyncio
from jupyter_openrouter import Conversation, OpenRouter, demo_base_url
talk = Conversation("trip", system="Be brief.")
def ask(question, model):
    messages = [*talk.messages(), {"role": "user", "content": question}]
    response = client.chat(messages, model=model)
    talk.take(question, response)
    display(response)
client = OpenRouter("none", base_url=demo_base_url())
"""


@pytest.mark.kernel
def test_a_notebook_that_a_kernel_has_run_gives_its_conversation_back(tmp_path: Path) -> None:
    cells = [
        "%load_ext jupyter_openrouter",
        TALK,
        "ask('hello\\r\\n*world*', 'demo/echo')",
        "ask('why?', 'demo/reasoner')",
        "%%openrouter --model demo/echo\nnot in it",
        "talk.save('kernel.json')",
        "%%openrouter --model demo/echo --chat food --system Brief.\nbread {{ 1 + 1 }}",
        "%openrouter --model demo/researcher --chat food what then?",
        "%%openrouter --model demo/faulty --chat food\ncut",
        "%openrouter continue",
        "%openrouter save food food.json",
    ]
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(
        document, timeout=60, allow_errors=True, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    path = tmp_path / "x.ipynb"
    nbformat.write(document, path)
    after = Conversation.from_notebook(path, "trip")
    assert after.notes == []
    assert after.turns[1].content == "hello\r\n*world*"
    assert facts(after) == facts(Conversation.load(tmp_path / "kernel.json"))
    found = read_notebook(path)
    assert [one.name for one in found] == ["trip", "trip", "", "food", "food", "food", "food"]
    food = Conversation.from_notebook(path, "food")
    assert food.notes == []
    assert facts(food) == facts(Conversation.load(tmp_path / "food.json"))
    assert [turn.text for turn in food.turns[::2]] == ["bread 2", "what then?", "cut"]
    assert (found[2].body, found[2].text) == ("not in it", "not in it")
