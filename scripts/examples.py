"""Runs the example notebooks and keeps their outputs: `python scripts/examples.py [--check] [NOTEBOOK…]`.

A notebook is its own source: the cells stay, the outputs are what they leave. Where a run differs from what is
saved in times, ids and ports alone, the file stays as it is, so that a second run changes nothing. With `--check`
no file is written, the demo models answer without a pause, and the exit status is 1 where something else came out.
"""

from __future__ import annotations

import difflib
import json
import sys
import tempfile
from pathlib import Path

import nbformat
from cell_runs import AT_ONCE, ROOT, Failed, of_no_run, run_cell, running, tidy
from nbformat import NotebookNode

from jupyter_openrouter.keys import refuse_keys_in

FOLDER = ROOT / "examples"
WITHOUT_OUTPUTS = frozenset({"quickstart.ipynb"})  # `make demo` opens it, to be run


def examples() -> list[Path]:
    """The notebooks that are kept with their outputs."""
    return [path for path in sorted(FOLDER.glob("*.ipynb")) if path.name not in WITHOUT_OUTPUTS]


def executed(path: Path, *, paced: bool) -> NotebookNode:
    """The notebook after its cells have run in a folder of their own; the file is not touched.

    Args:
        paced: Whether the demo models take their time.

    Raises:
        Failed: a cell failed that should not, or did not fail though its tag says so.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory() as folder:
        startup = "" if paced else AT_ONCE
        with running(notebook, Path(folder), startup=startup) as client:
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type != "code":
                    continue
                outputs = run_cell(client, index)
                failed = any(output.output_type == "error" for output in outputs)
                if failed != ("raises-exception" in cell.metadata.get("tags", ())):
                    raise Failed(f"{path.name}: this cell should fail, and did not:\n{cell.source}")
    return tidy(notebook)


def difference(saved: NotebookNode, found: NotebookNode) -> str:
    """What differs in the outputs of two runs by more than the run, as a diff; "" for nothing."""
    before, after = (
        json.dumps(
            [[cell.get("execution_count"), of_no_run(cell.get("outputs", []))] for cell in notebook.cells],
            indent=1,
            ensure_ascii=False,
            sort_keys=True,
        ).splitlines()
        for notebook in (saved, found)
    )
    return "\n".join(difflib.unified_diff(before, after, "saved", "now", lineterm="", n=2))


def written(notebook: NotebookNode) -> str:
    """A notebook as JupyterLab writes it."""
    return nbformat.writes(notebook, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Runs them; returns the exit status."""
    check = "--check" in arguments
    named = [Path(argument) for argument in arguments if argument != "--check"]
    status = 0
    for path in named or examples():
        saved = nbformat.read(path, as_version=4)
        try:
            found = executed(path, paced=not check)
        except Failed as failed:
            print(f"{path.name}: {failed}", file=sys.stderr)
            return 1
        changed = difference(saved, found)
        if check and changed:
            print(
                f"{path.name}: a run gives something else; `make examples` keeps it.\n{changed}",
                file=sys.stderr,
            )
            status = 1
        elif changed or path.read_text("utf-8") != written(tidy(saved)):
            text = written(found if changed else tidy(saved))
            refuse_keys_in(text)
            if str(ROOT) in text:
                print(f"{path.name}: an output names a folder of this machine.", file=sys.stderr)
                return 1
            path.write_text(text, "utf-8")
            print(f"{path.name}: written")
        else:
            print(f"{path.name}: as it was")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
