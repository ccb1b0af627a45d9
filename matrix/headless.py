"""A notebook run to its end with no front end: by nbclient, papermill or nbconvert, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from .environments import ROOT, Environment
from .steps import expect, run

sys.path.insert(0, str(ROOT / "scripts"))

import demo_check

STEPS = ["run", "saved"]
SECONDS = 180
CELLS = [
    "%load_ext jupyter_openrouter",
    "%%openrouter --model demo/tour --out tour\nWhat can you do?",
    "assert tour.state == 'done'",
    "from jupyter_openrouter import ChatWidget\nassert ChatWidget(model='demo/echo').ask('Hello.').text == 'Hello.'",
]
COMMANDS = {
    "nbclient": [
        "-c",
        "import nbformat, nbclient; node = nbformat.read('in.ipynb', 4); "
        "nbclient.NotebookClient(node, timeout=120).execute(); nbformat.write(node, 'out.ipynb')",
    ],
    "papermill": ["-m", "papermill", "in.ipynb", "out.ipynb"],
    "nbconvert": ["-m", "nbconvert", "--execute", "--to", "notebook", "--output", "out.ipynb", "in.ipynb"],
}


def exercise(environment: Environment, runner: str) -> dict[str, str]:
    """What became of a run by ``runner``, one of COMMANDS."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        nbformat.write(notebook, folder / "in.ipynb")

        def execute() -> None:
            done = subprocess.run(
                [environment.python, *COMMANDS[runner]],
                cwd=folder,
                env={**os.environ, "IPYTHONDIR": name, "JUPYTER_PREFER_ENV_PATH": "1"},
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
            expect(done.returncode == 0, done.stderr[-200:])

        def saved() -> None:
            answer = demo_check.answer(nbformat.read(folder / "out.ipynb", as_version=4))
            expect(answer.startswith("# Welcome to jupyter_openrouter"), "another answer was saved")

        return run([("run", execute), ("saved", saved)])
