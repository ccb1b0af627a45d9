"""The example notebooks: each is kept with what a run gives, and a difference by more than the run is seen."""

from __future__ import annotations

import copy
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from cell_runs import Failed  # noqa: E402

import examples  # noqa: E402 - scripts, not modules of the package

NOTEBOOKS = examples.examples()


@pytest.mark.kernel
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_run_gives_what_is_kept(path: Path) -> None:
    found = examples.executed(path, paced=False)
    assert examples.difference(nbformat.read(path, as_version=4), found) == "", "see `make examples`"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_tidy_and_names_no_folder_of_a_machine(path: Path) -> None:
    text = path.read_text("utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert text == examples.written(examples.tidy(notebook)), "as JupyterLab writes it"
    assert notebook.cells[0].source.startswith("# ")
    assert all(re.fullmatch(r"[a-z-]+", cell.id) for cell in notebook.cells)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not re.search(r"/(?:home|root|tmp|Users)/|File \"", text)


def test_the_page_of_the_examples_lists_them_all() -> None:
    page = (ROOT / "docs" / "examples.md").read_text("utf-8")
    names = [path.name for path in (ROOT / "examples").iterdir() if path.suffix in (".ipynb", ".py")]
    assert sorted(re.findall(r"\(\.\./examples/([\w.-]+)\)", page)) == sorted(names)


def notebook_with(text: str) -> NotebookNode:
    cell = nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output("stream", text=text)])
    return nbformat.v4.new_notebook(cells=[cell])


def test_times_ids_and_ports_are_no_difference_and_words_are() -> None:
    saved = notebook_with("done in 0.4 s as gen-1767225601-abc at http://127.0.0.1:4711/api/v1")
    assert not examples.difference(
        saved, notebook_with("done in 12.1 s as gen-17-x at http://127.0.0.1:1/api/v1")
    )
    assert "cut in" in examples.difference(
        saved, notebook_with("cut in 0.4 s as gen-1-a at http://127.0.0.1:1/api/v1")
    )


def test_a_cost_that_is_told_later_is_no_difference_and_that_of_a_whole_answer_is() -> None:
    unknown, told = "· cost unknown · 0.7 s ·", "· 6 → 23 tokens · $0.000052 · 0.9 s ·"
    for ending, same in (("stopped", True), ("cut off: incomplete", True), ("stop", False)):
        saved, now = (notebook_with(f"demo/faulty · Demo {cost} {ending}") for cost in (unknown, told))
        assert (examples.difference(saved, now) == "") is same


@pytest.mark.kernel
def test_a_cell_that_should_fail_and_does_not_is_named(tmp_path: Path) -> None:
    notebook = copy.deepcopy(notebook_with("1"))
    notebook.cells[0].source, notebook.cells[0].metadata["tags"] = "1", ["raises-exception"]
    nbformat.write(notebook, tmp_path / "wrong.ipynb")
    with pytest.raises(Failed, match=r"wrong\.ipynb: this cell should fail"):
        examples.executed(tmp_path / "wrong.ipynb", paced=False)
