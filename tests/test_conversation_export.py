"""A conversation as a notebook and as Markdown: valid, inert, and read back as it was."""

from __future__ import annotations

import json
import re
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
from hypothesis import given, settings
from payloads import PAYLOADS
from talks import SIGNED, answer, facts, talk, talks
from test_inert_gate import fuzzed, report, shown

from jupyter_openrouter.conversation import Conversation
from jupyter_openrouter.conversation_export import exchanges, markdown
from jupyter_openrouter.saved_form import MIME
from jupyter_openrouter.turn import Turn


def exported(conversation: Conversation, folder: Path) -> Any:
    path = conversation.export(folder / "x.ipynb", overwrite=True)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


@settings(max_examples=60, deadline=None)
@given(talks())
def test_an_exported_notebook_is_valid_and_gives_the_conversation_back(before: Conversation) -> None:
    with tempfile.TemporaryDirectory() as folder:
        notebook = exported(before, Path(folder))
        path = Path(folder) / "again.ipynb"
        nbformat.write(notebook, path)  # as a front end would, with its texts cut into lines
        if not len(before):
            return
        after = Conversation.from_notebook(path)
    assert after.notes == []
    assert facts(after)[:1] + facts(after)[2:] == facts(before)[:1] + facts(before)[2:]
    assert after.system == before.system


def test_the_cells_ask_the_same_and_hold_the_answers_as_the_magic_saves_them(tmp_path: Path) -> None:
    trip = talk("where?", "**Rome**", "use {{ this }}\n", "May", name="to Rome", system="Be brief.")
    notebook = exported(trip, tmp_path)
    assert notebook.cells[0].source == "# Conversation to Rome\n\n## System message\n\nBe brief."
    assert [cell.source for cell in notebook.cells[1:]] == [
        "%%openrouter --chat 'to Rome' --model openai/gpt-4\nwhere?",
        "%%openrouter --chat 'to Rome' --model openai/gpt-4 --raw\nuse {{ this }}\n\n",
    ]
    assert [cell.id for cell in notebook.cells[1:]] == ["c1", "c2"]
    data = notebook.cells[1].outputs[0].data
    saved = answer("**Rome**", sent_at=1001.0)
    assert data["text/markdown"] == saved.mimebundle()["text/markdown"]
    assert data["text/plain"] == saved.mimebundle()["text/plain"]
    assert data[MIME]["conversation"]["system"] == "Be brief."
    assert "question" not in data[MIME]["conversation"], "it stands in the cell"


def test_ids_that_a_notebook_cannot_have_or_has_twice_are_replaced(tmp_path: Path) -> None:
    trip = talk()
    for number, cell_id in enumerate(["a", "b", "a", "ä ö", ""]):
        trip.take(f"{number}", answer(f"{number}", sent_at=number), cell_id=cell_id)
    ids = [cell.id for cell in exported(trip, tmp_path).cells]
    assert ids[1:3] == ["a", "b"]
    assert len(set(ids)) == 6


def test_a_large_image_is_left_out_of_the_notebook_and_said_to_be(tmp_path: Path) -> None:
    parts = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}},
    ]
    trip = talk()
    trip.take(parts, answer("a cat"))
    path = trip.export(tmp_path / "x.ipynb")
    assert path.stat().st_size < 10_000
    after = Conversation.from_notebook(path)
    assert after.turns[0].content[0] == parts[0]
    assert "left out" in after.turns[0].content[1]["text"]
    assert after.notes == ["The question of cell 2 had images or files that are not in the notebook."]
    assert Conversation.load(trip.save(tmp_path / "x.json")).turns[0].content == parts


def test_what_is_no_exchange_stands_in_the_notebook_as_text(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "never answered"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "tool", "tool_call_id": "c", "content": "21"},
    ]
    pairs = list(exchanges([Turn.from_dict(turn) for turn in turns]))
    assert [tuple(turn and turn.content for turn in pair) for pair in pairs] == [
        ("never answered", None),
        ("a", "b"),
        (None, "21"),
    ]
    notebook = exported(Conversation(turns=turns), tmp_path)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "markdown", "code", "markdown"]


def test_the_markdown_reads_well() -> None:
    trip = talk("where?", "**Rome**", system="Be brief.")
    trip.take(
        [{"type": "text", "text": "and"}, {"type": "image_url", "image_url": {"url": "x"}}], answer("May")
    )
    lines = markdown(trip.name, trip.system, trip.turns)
    footer = (
        "<small>openai/gpt-4-0613 · OpenAI · 3 → 5 tokens · <span>&#36;</span>0.2500 · 2.0 s · stop</small>"
    )
    assert lines.split("\n\n") == [
        "# Conversation trip",
        "## System message",
        "Be brief.",
        "## Question 1",
        "where?",
        "## Answer 1",
        "**Rome**",
        footer,
        "## Question 2",
        "and",
        "&#91;image_url&#93;",
        "## Answer 2",
        "May",
        footer + "\n",
    ]


def test_whatever_was_said_stays_inert_in_the_markdown() -> None:
    sources = [*PAYLOADS.values(), *fuzzed(seed=11, count=400)]
    written = [markdown("trip", first, talk(first, second).turns) for first, second in pairwise(sources)]
    # The gate knows no heading and no footer of ours: they are given the form of those that it lets pass.
    ours = re.compile(r"^(##? (?:Conversation trip|System message|Question 1|Answer 1))$", re.MULTILINE)
    documents = [ours.sub(r"\1 <span></span>", text).replace("small>", "em>") for text in written]
    found = report(documents)
    assert not found["found"], shown(documents, found)


def test_a_hostile_record_in_a_conversation_still_gives_a_valid_notebook(tmp_path: Path) -> None:
    record = {
        "model": "x\ny",
        "requested_model": "{x} $y",
        "usage": {"cost": float("nan")},
        "timing": 5,
        "state": [],
    }
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "record": record}]
    notebook = exported(Conversation(turns=turns), tmp_path)
    assert notebook.cells[1].source == "%%openrouter --chat chat\na"
    json.dumps(notebook, allow_nan=False)


def test_signed_reasoning_survives_the_notebook(tmp_path: Path) -> None:
    trip = talk()
    trip.take("a", answer("b", reasoning="hm, well", reasoning_details=SIGNED))
    after = Conversation.from_notebook(trip.export(tmp_path / "x.ipynb"))
    assert after.messages()[1]["reasoning_details"] == SIGNED
