"""What a cell leaves in a real JupyterLab: the background's answer in its own output, code in the next cell."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
import same
from lab import running_lab
from nbclient import NotebookClient

pytestmark = pytest.mark.browser
MIME = "application/vnd.jupyter-openrouter.v1+json"


@pytest.mark.parametrize("application", ["lab/tree", "notebooks"])
def test_the_background_ends_in_its_own_cell_and_code_goes_into_the_next_once(
    application: str, tmp_path: Path
) -> None:
    cells = [
        "%load_ext jupyter_openrouter",
        "%%openrouter -m demo/slow --background -o x --max-tokens 60 --param demo='{\"rate\": 4}'\ntell",
        "%%openrouter -m demo/echo --as code\n```python\nprint('from the model')\n```",
        "print(x.settled); (await x).state",
    ]
    with running_lab(tmp_path) as lab:
        lab.write("cells.ipynb", cells)
        with lab.open("cells.ipynb", application=application) as notebook:
            for index in (0, 1, 2, 2):  # run again, the same code is not put in again
                notebook.run_cell(index)
            notebook.run_cell(4)  # behind the one that was put in
            notebook.page.wait_for_function(
                "() => document.querySelectorAll('.jp-CodeCell')[1].innerText.includes('token limit')",
                timeout=60_000,
            )
            notebook.shot("cell-background")
            saved = notebook.save().cells
    assert [cell.source for cell in saved[2:4]] == [cells[2], "print('from the model')"]
    assert [sorted(output.data) for output in saved[1].outputs] == [[MIME, "text/markdown", "text/plain"]]
    assert saved[1].outputs[0].data[MIME]["state"] == "done"
    assert saved[4].outputs[0].text == "False\n"
    assert saved[4].outputs[1].data["text/plain"] == "'done'"


def test_what_a_stopped_answer_cost_comes_into_its_output_later(tmp_path: Path) -> None:
    with running_lab(tmp_path) as lab:
        lab.write("stop.ipynb", ["%load_ext jupyter_openrouter", "%%openrouter -m demo/slow -o x\ntell"])
        with lab.open("stop.ipynb") as notebook:
            notebook.run_cell(0)
            notebook.start_cell(1)
            notebook.page.get_by_role("button", name="Stop").first.click()
            notebook.wait_done()
            notebook.page.wait_for_function(
                "() => { const text = document.querySelectorAll('.jp-CodeCell')[1].innerText;"
                " return text.includes('stopped') && text.includes('$'); }"
            )
            (output,) = notebook.save().cells[1].outputs
    assert output.data[MIME]["cost"] > 0
    assert "cost unknown" not in output.data["text/plain"]


@pytest.mark.parametrize("application", ["lab/tree", "notebooks"])
def test_jupyterlab_and_notebook_7_save_the_same_as_a_run_without_a_person(
    application: str, tmp_path: Path
) -> None:
    alone = same.notebook()
    NotebookClient(alone, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    with running_lab(tmp_path) as lab:
        nbformat.write(same.notebook(), tmp_path / "same.ipynb")
        with lab.open("same.ipynb", application=application) as notebook:
            for index in range(len(same.CELLS)):
                notebook.run_cell(index)
            settled = "() => !document.body.innerText.includes('is answering')"
            notebook.page.wait_for_function(settled)
            notebook.shot(f"same-{application[:4].strip('/')}")
            saved = notebook.save()
    for source, mine, theirs in zip(same.CELLS, same.outputs(alone), same.outputs(saved), strict=True):
        assert theirs == mine, source
