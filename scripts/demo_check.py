"""Runs the quickstart notebook without a screen, and prints its answer: `python scripts/demo_check.py [NOTEBOOK]`.

Exit status 1 and one sentence on standard error, when the answer is not there or not in its saved form.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.keys import refuse_keys_in
from jupyter_openrouter.response import MIME

QUICKSTART = Path(__file__).parent.parent / "examples" / "quickstart.ipynb"
MODEL = "demo/tour"
SAVED_FORM = {"text/markdown", "text/plain", MIME}
CELL_SECONDS = 120
# Made up, and in the kernel's environment: it must not come out again.
CANARY = "sk-or-v1-" + "c0ffee" * 8


class Missing(Exception):
    """The answer is not there, or not as it should be saved; the message is one sentence."""


def executed(notebook: Path) -> NotebookNode:
    """The notebook after all its cells have run, in a folder of its own; the file itself is not touched.

    Raises:
        Missing: it did not run to its end.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(notebook, folder))
        node = nbformat.read(copy, as_version=4)
        client = NotebookClient(
            node,
            timeout=CELL_SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            extra_arguments=["--log-level=ERROR"],  # no warning that loopback is not encrypted
        )
        try:
            client.execute(env={**os.environ, "OPENROUTER_API_KEY": CANARY})
        except CellExecutionError as error:
            raise Missing(f"A cell of {notebook.name} failed: {error.ename}: {error.evalue}") from None
        except (CellTimeoutError, DeadKernelError, NoSuchKernel) as error:
            raise Missing(f"{notebook.name} did not run to its end: {error}") from None
        # What is looked at is what a file would hold.
        nbformat.write(node, copy)
        return nbformat.read(copy, as_version=4)


def answer(notebook: NotebookNode) -> str:
    """The text of the answer in an executed notebook, as ``text/plain`` has it.

    Raises:
        Missing: it is not there or not in its saved form, or the file holds what it should not.
    """
    try:
        refuse_keys_in(json.dumps(notebook))
    except InvalidRequestError:
        raise Missing("The notebook holds something that looks like an API key.") from None
    texts = {}
    for cell in notebook.cells:
        first_line = cell.source.partition("\n")[0]
        if cell.cell_type == "code" and first_line.startswith("%%openrouter"):
            texts[first_line] = _saved(cell)
    for widget in _widgets(notebook):
        if widget.get("state", {}).get("_kind") == "answer":
            raise Missing("The notebook's metadata holds the state of an answer's widget.")
    for first_line, (text, record) in texts.items():
        if f"--model {MODEL}" in first_line:
            if record["state"] != "done" or not record["finish_reason"]:
                ending = f"{record['state']!r} with the finish reason {record['finish_reason']!r}"
                raise Missing(f"The answer of {MODEL} ended as {ending}, not whole.")
            if not text.rpartition("\n\n")[0].strip():
                raise Missing(f"The answer of {MODEL} has no text, only its footer.")
            return text
    raise Missing(f"No cell asks {MODEL} with %%openrouter.")


def _saved(cell: Any) -> tuple[str, dict[str, Any]]:
    """The plain text and the provenance of a magic cell's one answer."""
    bundles = [output.data for output in cell.outputs if "data" in output]
    if len(bundles) != 1:
        raise Missing(f"The cell {cell.id!r} has {len(bundles)} displayed outputs, not one answer.")
    (bundle,) = bundles
    if set(bundle) != SAVED_FORM:
        raise Missing(
            f"The answer of the cell {cell.id!r} is saved as {sorted(bundle)}, not {sorted(SAVED_FORM)}."
        )
    return bundle["text/plain"].strip(), bundle[MIME]


def _widgets(notebook: NotebookNode) -> list[Any]:
    saved = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {})
    return list(saved.get("state", {}).values())


def main(arguments: list[str]) -> int:
    """Runs and checks; returns the exit status."""
    notebook = Path(arguments[0]) if arguments else QUICKSTART
    try:
        print(answer(executed(notebook)))
    except Missing as missing:
        print(f"demo-check: {missing}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
