"""Runs the Python blocks of documents as cells, and writes what they show below them: `python scripts/doc_cells.py`.

Each document begins in a fresh state; its blocks that say they are ``python`` run in order. A block that says
``output``, right below one, is what the cell shows as plain text, with … for what differs from run to run. A cell
may fail only where its output says with which error. With `--check` no file is written, and the exit status is 1
where a block fails or shows something else.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from cell_runs import AT_ONCE, NOWHERE, ROOT, Failed, of_no_run, run_cell, running
from nbformat import NotebookNode

DOCUMENTS = [*sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(
    r"^```python[^\n]*\n(.*?)\n```$(?:\n\n(?P<all>(?P<fence>```+)output\n(?P<shown>.*?)\n?(?P=fence)$))?",
    re.MULTILINE | re.DOTALL,
)
_FAILURE = re.compile(r"^\w+(?:Error|Interrupt): ", re.MULTILINE)
# Colours; and what a kernel that a cell starts says of loopback.
_LEFT_OUT = re.compile(r"\x1b\[[0-9;]*m|^\[IPKernelApp\] WARNING .*\n?", re.MULTILINE)
_FRESH = """\
%reset -f
%unload_ext jupyter_openrouter
import os, sys
if "jupyter_openrouter.background" in sys.modules:
    sys.modules["jupyter_openrouter.background"].stop()
for name in [name for name in sys.modules if name.partition(".")[0] == "jupyter_openrouter"]:
    del sys.modules[name]
os.environ.update({environment!r})
os.mkdir({folder!r})
os.chdir({folder!r})
del os, sys
"""


@dataclass(frozen=True)
class Block:
    """A Python block of a document.

    Attributes:
        source: The cell.
        shown: What the document says that it shows; None where it says nothing.
        place: Where the block of the output begins and ends in the document.
    """

    source: str
    shown: str | None
    place: tuple[int, int]

    @property
    def fails(self) -> bool:
        """Whether the document says that the cell fails."""
        return self.shown is not None and _FAILURE.search(self.shown) is not None


def blocks(document: str) -> list[Block]:
    """The Python blocks of a document, in order.

    >>> [block.shown for block in blocks("```python\\n1\\n```\\n\\n```output\\n1\\n```\\n\\n```python\\n2\\n```")]
    ['1', None]
    """
    return [Block(found[1], found["shown"], found.span("all")) for found in _BLOCK.finditer(document)]


def output_block(text: str) -> str:
    """An output as a document holds it, between fences that nothing in it closes."""
    fence = "`" * (1 + max([2, *(len(run) for run in re.findall("`{3,}", text))]))
    return f"{fence}output\n{text.strip(chr(10))}\n{fence}"


def shown(outputs: Iterable[NotebookNode]) -> str:
    """What outputs show as plain text, without what differs from run to run."""
    texts = []
    for output in outputs:
        if output.output_type == "stream":
            text = output.text
        elif output.output_type == "error":
            text = f"{output.ename}: {output.evalue}"
        else:
            text = output.data.get("text/plain", "")
        texts.append("\n".join(line.rstrip() for line in _LEFT_OUT.sub("", text).strip("\n").split("\n")))
    return of_no_run("\n".join(texts))


def fits(said: str, found: str) -> bool:
    """Whether a document's output is what a cell showed; … stands for anything.

    >>> fits("a … c\\n…", "a b c\\nd\\ne"), fits("a", "b")
    (True, False)
    """
    pattern = ".*?".join(map(re.escape, of_no_run(said.strip("\n")).split("…")))
    return re.fullmatch(pattern, found.strip("\n"), re.DOTALL) is not None


def results(paths: Iterable[Path]) -> dict[Path, list[tuple[Block, str]]]:
    """The blocks of each document with what they show, all run in one kernel.

    Raises:
        Failed: a cell failed that should not, or did not fail as its document says.
    """
    found: dict[Path, list[tuple[Block, str]]] = {}
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )

    def run(source: str, *, fails: bool = False) -> str:
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["raises-exception"] if fails else []})
        notebook.cells.append(cell)
        return shown(run_cell(client, len(notebook.cells) - 1))

    with tempfile.TemporaryDirectory() as folder, running(notebook, Path(folder)) as client:
        for number, path in enumerate(paths):
            fresh = _FRESH.format(environment=NOWHERE, folder=f"{folder}/{number}")
            run(f"{fresh}{AT_ONCE}")
            found[path] = []
            for block in blocks(path.read_text("utf-8")):
                try:
                    text = run(block.source, fails=block.fails)
                except Failed as failed:
                    raise Failed(f"{path.relative_to(ROOT)}: {failed}") from None
                if block.fails and not _FAILURE.search(text):
                    raise Failed(
                        f"{path.relative_to(ROOT)}: this cell should fail, and did not:\n{block.source}"
                    )
                found[path].append((block, text))
    return found


def main(arguments: list[str]) -> int:
    """Runs them and writes or compares; returns the exit status."""
    check = "--check" in arguments
    paths = [Path(argument).resolve() for argument in arguments if argument != "--check"] or DOCUMENTS
    try:
        found = results(paths)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    status = 0
    for path, pairs in found.items():
        text = path.read_text("utf-8")
        for block, now in reversed(pairs):
            if block.shown is None or fits(block.shown, now):
                continue
            if check:
                print(f"{path.relative_to(ROOT)}:\n{block.source}\n\nshows now:\n{now}", file=sys.stderr)
                status = 1
            start, end = block.place
            text = text[:start] + output_block(now) + text[end:]
        if not check and text != path.read_text("utf-8"):
            path.write_text(text, "utf-8")
            print(f"{path.relative_to(ROOT)}: written")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
