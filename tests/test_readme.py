"""What the documents for people say: their examples run, and what they list is what there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from kernels import Run, running_kernel

from jupyter_openrouter.keys import refuse_keys_in

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "RELEASING.md")]
PAGES = sorted((ROOT / "docs").rglob("*.md"))  # their examples run in test_docs.py


def examples(document: str) -> list[str]:
    """The cells in a document: its fenced blocks that say they are Python, in order."""
    return re.findall(r"^```python[^\n]*\n(.*?)\n```$", document, re.MULTILINE | re.DOTALL)


def run_as_cells(cells: list[str], folder: Path) -> list[Run]:
    """Runs cells one after another in a fresh kernel, as a reader would; fails with the first that fails."""
    runs = []
    # Nothing answers at this address, so an example that needs the service fails, and is not asked for a key.
    with running_kernel(
        "newest", folder, OPENROUTER_BASE_URL="http://127.0.0.1:9", OPENROUTER_API_KEY="none"
    ) as kernel:
        kernel.run("%unload_ext jupyter_openrouter")
        for cell in cells:
            runs.append(kernel.run(cell, timeout=90))
            reply = runs[-1].reply
            assert reply is not None
            assert reply["status"] == "ok", f"{cell}\n\n{reply.get('ename')}: {reply.get('evalue')}"
            # IPython prints a usage error, and calls the cell a success.
            assert "UsageError" not in runs[-1].text, f"{cell}\n\n{runs[-1].text}"
    return runs


@pytest.mark.kernel
@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if examples(path.read_text("utf-8"))], ids=lambda p: p.name
)
def test_the_examples_run_in_order_as_cells_without_key_or_network(path: Path, tmp_path: Path) -> None:
    run_as_cells(examples(path.read_text("utf-8")), tmp_path)


@pytest.mark.kernel
@pytest.mark.parametrize(
    "broken",
    [
        "ChatWidget(modell='demo/echo')",
        "%%openrouter --modell demo/echo\nhello",
        "%%openrouter --model demo/echo\n",
        "%%openrouter --model openai/gpt-4\nhello",
    ],
)
def test_an_example_that_does_not_work_fails(broken: str, tmp_path: Path) -> None:
    cells = ["%load_ext jupyter_openrouter", "from jupyter_openrouter import ChatWidget", broken]
    with pytest.raises(AssertionError, match=re.escape(broken.splitlines()[0])):
        run_as_cells(cells, tmp_path)


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 175


def test_contributing_gives_every_module_with_the_first_sentence_of_its_docstring() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for path in sorted((ROOT / "jupyter_openrouter").glob("*.py")):
        said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        sentence = " ".join(said.split("\n\n")[0].replace("``", "`").split())
        row = f"| `{path.name}` | {sentence} |"
        assert row in text, f"CONTRIBUTING.md lacks this row: {row}"
    rows = re.findall(r"^\| `(\w+\.py)` \|", text, re.MULTILINE)
    assert sorted(rows) == sorted(path.name for path in (ROOT / "jupyter_openrouter").glob("*.py"))


@pytest.mark.parametrize("path", [*DOCUMENTS, *PAGES], ids=lambda p: p.name)
def test_every_link_leads_to_a_file_and_every_make_target_is_there(path: Path) -> None:
    text = path.read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text):
        assert (path.parent / target).exists(), target
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets


@pytest.mark.parametrize("path", [*DOCUMENTS, *PAGES], ids=lambda p: p.name)
def test_the_documents_hold_nothing_like_a_key(path: Path) -> None:
    refuse_keys_in(path.read_text("utf-8"))
