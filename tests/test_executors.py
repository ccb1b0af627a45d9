"""One notebook, run without a person by nbclient, papermill and ``jupyter execute``: the same is saved by all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import same

pytestmark = pytest.mark.kernel

WAYS = {
    "papermill": ["papermill", "--no-progress-bar", "before.ipynb", "papermill.ipynb"],
    "jupyter execute": ["jupyter", "execute", "before.ipynb", "--output=jupyter execute"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("executors")
    nbformat.write(same.notebook(), found / "before.ipynb")
    return found


@pytest.fixture(scope="module")
def by_nbclient(folder: Path) -> Any:
    from nbclient import NotebookClient

    notebook = nbformat.read(folder / "before.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def test_nbclient_saves_one_answer_for_each_question_and_no_widget(by_nbclient: Any) -> None:
    forms = {same.MIME, "text/markdown", "text/plain"}
    for cell in by_nbclient.cells:
        if cell.source.startswith(("%%openrouter", "%openrouter -m")) and "--dry-run" not in cell.source:
            answers = [output for output in cell.outputs if same.MIME in output.get("data", {})]
            assert [set(output.data) for output in answers] == [forms], cell.source
            assert answers[0].data[same.MIME]["state"] == "done"
    assert "widget" not in nbformat.writes(by_nbclient)
    assert by_nbclient.cells[7].outputs[0].data["text/plain"] == "('again', 'done', 'done')"


@pytest.mark.parametrize("way", WAYS)
def test_others_save_the_same_as_nbclient(way: str, folder: Path, by_nbclient: Any) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENROUTER_API_KEY"}
    done = subprocess.run(
        [sys.executable, "-m", *WAYS[way]],
        cwd=folder,
        env={**environment, "IPYTHONDIR": str(folder / ".ipython")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ran = nbformat.read(folder / f"{way}.ipynb", as_version=4)
    for source, mine, theirs in zip(same.CELLS, same.outputs(by_nbclient), same.outputs(ran), strict=True):
        assert theirs == mine, source
