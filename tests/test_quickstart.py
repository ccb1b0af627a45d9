"""The quickstart notebook runs as it is shipped, and the check of it fails where the answer is missing."""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import demo_check  # noqa: E402 - a script, not a module of the package

TOUR = "%%openrouter --model demo/tour --out tour"
ANSWER = {
    "text/markdown": "Hello.\n\n<small>demo/tour</small>",
    "text/plain": "Hello.\n\ndemo/tour",
    demo_check.MIME: {"state": "done", "finish_reason": "stop"},
}


def cells(*sources: str) -> NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def saved(bundle: dict[str, object]) -> NotebookNode:
    """A notebook as the file holds it after a run."""
    notebook = cells("%load_ext jupyter_openrouter", f"{TOUR}\nhello")
    notebook.cells[1].outputs = [nbformat.v4.new_output("display_data", data=copy.deepcopy(bundle))]
    return notebook


def write(notebook: NotebookNode, folder: Path) -> Path:
    path = folder / "notebook.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.mark.kernel
def test_the_quickstart_runs_to_its_end_and_leaves_the_saved_form(capfd: pytest.CaptureFixture[str]) -> None:
    before = demo_check.QUICKSTART.read_bytes()
    assert demo_check.main([]) == 0
    shown = capfd.readouterr()
    assert shown.out.startswith("# Welcome to jupyter_openrouter\n")
    assert "· stop\n" in shown.out
    assert shown.err == ""
    assert demo_check.QUICKSTART.read_bytes() == before


def test_the_quickstart_is_shipped_without_outputs_and_with_stable_ids() -> None:
    text = demo_check.QUICKSTART.read_text("utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) == 6
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code"] * 6
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert all(re.fullmatch(r"[a-z-]+", cell.id) for cell in notebook.cells)
    assert notebook.metadata.kernelspec.name == "python3"
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n", (
        "as JupyterLab writes it"
    )


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (cells(f"{TOUR}\nhello"), "failed: UsageError: Cell magic `%%openrouter` not found"),
        (
            cells("%load_ext jupyter_openrouter", "1 / 0"),
            "A cell of notebook.ipynb failed: ZeroDivisionError",
        ),
        (
            cells("%load_ext jupyter_openrouter", "%%openrouter --model demo/faulty\n402"),
            "PaymentRequiredError",
        ),
    ],
    ids=["not loaded", "another cell fails", "the answer fails"],
)
def test_a_broken_notebook_fails_with_one_sentence(
    broken: NotebookNode, sentence: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert demo_check.main([str(write(broken, tmp_path))]) == 1
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("demo-check: ")
    assert shown.err.count("\n") == 1
    assert re.search(sentence, shown.err)


def test_the_saved_form_is_accepted() -> None:
    assert demo_check.answer(saved(ANSWER)) == "Hello.\n\ndemo/tour"


def _no_tour(notebook: NotebookNode) -> None:
    notebook.cells[1].source = "%%openrouter --model demo/echo\nhello"


def _no_output(notebook: NotebookNode) -> None:
    notebook.cells[1].outputs = []


def _a_widget_is_left(notebook: NotebookNode) -> None:
    notebook.cells[1].outputs[0].data["application/vnd.jupyter.widget-view+json"] = {"model_id": "0"}


def _no_provenance(notebook: NotebookNode) -> None:
    del notebook.cells[1].outputs[0].data[demo_check.MIME]


def _stopped(notebook: NotebookNode) -> None:
    notebook.cells[1].outputs[0].data[demo_check.MIME].update(state="stopped", finish_reason=None)


def _only_a_footer(notebook: NotebookNode) -> None:
    notebook.cells[1].outputs[0].data["text/plain"] = "demo/tour"


def _widget_state(notebook: NotebookNode) -> None:
    state = {"state": {"0": {"state": {"_kind": "answer"}}}}
    notebook.metadata.widgets = nbformat.from_dict({"application/vnd.jupyter.widget-state+json": state})


def _a_key(notebook: NotebookNode) -> None:
    notebook.metadata.note = f"Bearer {demo_check.CANARY}"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_no_tour, "No cell asks demo/tour"),
        (_no_output, "0 displayed outputs"),
        (_a_widget_is_left, "is saved as"),
        (_no_provenance, "is saved as"),
        (_stopped, "ended as 'stopped'"),
        (_only_a_footer, "has no text"),
        (_widget_state, "state of an answer's widget"),
        (_a_key, "looks like an API key"),
    ],
)
def test_an_answer_that_is_not_as_it_should_be_is_refused(
    spoil: Callable[[NotebookNode], None], sentence: str
) -> None:
    notebook = saved(ANSWER)
    spoil(notebook)
    with pytest.raises(demo_check.Missing, match=sentence):
        demo_check.answer(notebook)
