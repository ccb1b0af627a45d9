"""The costs in saved notebooks: added up without a kernel, hostile files named, and the rest still counted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_openrouter.notebook_costs import MIME, main, read
from jupyter_openrouter.response import MIME as SAVED_MIME
from jupyter_openrouter.response import Response


def record(cost: Any = 0.25, generation_id: Any = None, **fields: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "cost": cost}
    found = {"version": 1, "model": "a/b", "cost": cost, "usage": usage, "generation_id": generation_id}
    return {**found, "timing": {"sent_at": 1_767_355_200.0}, **fields}


def notebook(path: Path, *records: Any) -> Path:
    cells: list[Any] = [{"cell_type": "markdown", "source": "x"}]
    cells += [
        {"cell_type": "code", "outputs": [{"output_type": "display_data", "data": {MIME: one}}]}
        for one in records
    ]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}), "utf-8")
    return path


def test_the_mime_type_is_that_of_the_saved_form_and_a_saved_answer_is_read(tmp_path: Path) -> None:
    assert MIME == SAVED_MIME
    response = Response("a/b")
    response.state, response.model = "stopped", "a/b"
    response.take_generation({"total_cost": 0.5, "tokens_prompt": 7})
    response.sent_at = 1_767_355_200.0
    found = read([notebook(tmp_path / "n.ipynb", response.mimebundle()[MIME])])
    (cost,) = found.costs
    assert (cost.dollars, cost.model, cost.state, cost.cell) == (0.5, "a/b", "stopped", "n.ipynb [2]")
    assert cost.day.startswith("2026-01-0")


def test_cells_models_and_days_are_added_up_and_copies_left_out(tmp_path: Path) -> None:
    path = notebook(tmp_path / "n.ipynb", record(generation_id="g1"), record(None), record(0.5, model="c/d"))
    copy = notebook(tmp_path / "copy.ipynb", record(generation_id="g1"))
    found = read([path, copy])
    assert found.repeated == 1
    assert [(row.name, row.said) for row in found.by("model")] == [
        ("c/d", "$0.5000"),
        ("a/b", "$0.2500 + 1 unknown"),
    ]
    assert len(found.by("cell")) == 3
    assert len(found.by("day")) == 1
    assert found.sum.unknown == 1


def test_what_an_answer_cost_that_was_to_be_mended_is_added_once(tmp_path: Path) -> None:
    mended = [record(0.5, "g1", model="c/d"), "no record", record("much", "g0")]
    whole = record(0.25, "g2", mends=mended, conversation={"name": "trip"})
    found = read([notebook(tmp_path / "n.ipynb", whole), notebook(tmp_path / "copy.ipynb", whole)])
    assert [(cost.dollars, cost.conversation) for cost in found.costs] == [
        (0.5, "trip"),
        (None, "trip"),
        (0.25, "trip"),
    ]
    assert found.repeated == 3
    assert read([notebook(tmp_path / "odd.ipynb", record(mends="x"))]).sum.dollars == 0.25


def test_an_answer_that_was_continued_is_counted_once_with_all_its_parts(tmp_path: Path) -> None:
    whole = record(0.75, "g2", continues=["g1", "g2"])
    again = record(1.0, "g3", continues=["g1", "g2", "g3", 5, None])
    path = notebook(tmp_path / "n.ipynb", record(0.25, "g1"), whole, again)
    found = read([path, notebook(tmp_path / "earlier.ipynb", record(0.25, "g1"), whole)])
    assert (found.sum.dollars, found.repeated) == (1.0, 4)
    assert read([notebook(tmp_path / "n.ipynb", record(0.25, "g1"), whole)]).sum.dollars == 0.75
    assert read([notebook(tmp_path / "n.ipynb", record(0.25, "g1"))]).sum.dollars == 0.25


def test_answers_are_added_up_by_conversation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(
        tmp_path / "n.ipynb", record(conversation={"name": "trip"}), record(), record(conversation="x")
    )
    assert main([str(path), "--by", "conversation", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["by_conversation"]
    assert {row["name"]: row["dollars"] for row in rows}["trip"] == 0.25


def test_the_play_money_of_the_demo_is_not_counted(tmp_path: Path) -> None:
    path = notebook(tmp_path / "n.ipynb", record(0.5, requested_model="demo/tour"))
    assert read([path]).sum.dollars == 0


HOSTILE: list[Any] = [
    b"", b"{", b"\xff\xfe", b"[]", b"3", b'{"cells": {}}', b"[" * 200_000,
    b'{"cells": ' + b"[" * 200_000 + b"}", b'{"cells": [' + b"9" * 5000 + b"]}",
]  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_file_is_named_and_the_rest_is_counted(content: bytes, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ipynb"
    bad.write_bytes(content)
    found = read([bad, tmp_path, tmp_path / "none.ipynb", notebook(tmp_path / "n.ipynb", record())])
    assert len(found.problems) == 3
    assert "bad.ipynb: cannot be read" in found.problems[0]
    assert found.sum.dollars == 0.25


def test_what_is_odd_within_a_notebook_does_not_hide_the_rest(tmp_path: Path) -> None:
    path = notebook(
        tmp_path / "n.ipynb",
        *("text", None, [], {}, record("much"), record(-1), record(1e300), record(True)),
        record(model=["x"], usage=3, timing=[], generation_id={}, attempts="x"),
        record(timing={"sent_at": 1e11}),
        record(),
    )
    raw = json.loads(path.read_text("utf-8"))
    raw["cells"] += [None, 3, {"outputs": 3}, {"outputs": [None, {"data": []}]}]
    path.write_text(json.dumps(raw), "utf-8")
    found = read([path])
    assert found.problems == ["n.ipynb: 3 records could not be read."]
    assert found.sum.answers == 8
    assert found.sum.dollars == 0.75
    assert found.sum.unknown == 5


def test_the_command_prints_tables_and_a_total_and_fails_where_a_file_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = notebook(tmp_path / "n.ipynb", record(), record(0.5, model="c/d\x1b[31m"))
    assert main([str(path)]) == 0
    out = capsys.readouterr().out
    assert out.count("in all $0.7500 for 2 answers") == 1
    assert "n.ipynb [3]" in out
    assert "█" * 20 in out
    assert "\x1b" not in out
    assert main([str(path), "missing.ipynb", "--by", "model"]) == 1
    caught = capsys.readouterr()
    assert "missing.ipynb: No such file or directory." in caught.err
    assert "n.ipynb [3]" not in caught.out


def test_the_command_gives_json_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(tmp_path / "n.ipynb", record(), record(None))
    assert main(["--json", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["dollars"] == 0.25
    assert found["unknown"] == 1
    assert found["by_model"][0]["name"] == "a/b"
    assert set(found) == {"answers", "tokens_in", "tokens_out", "dollars", "unknown", "repeated", "problems",
                          "by_cell", "by_model", "by_day"}  # fmt: skip


def test_it_runs_from_a_shell_without_anything_heavy(tmp_path: Path) -> None:
    path = notebook(tmp_path / "n.ipynb", record())
    code = (
        "import sys, jupyter_openrouter.__main__ as m; status = m.main(sys.argv[1:]); "
        "heavy = {'httpx', 'msgspec', 'IPython', 'ipywidgets', 'markdown_it', 'asyncio'} & set(sys.modules); "
        "sys.exit(status or (repr(heavy) if heavy else 0))"
    )
    done = subprocess.run([sys.executable, "-c", code, "cost", str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    started = [sys.executable, "-m", "jupyter_openrouter"]
    assert subprocess.run([*started, "cost", str(path)], capture_output=True).returncode == 0
    assert subprocess.run(started, capture_output=True).returncode == 2
    latin = subprocess.run(
        [*started, "cost", str(path)], capture_output=True, env={"PYTHONIOENCODING": "ascii", "PATH": ""}
    )
    assert (latin.returncode, latin.stderr) == (0, b"")
