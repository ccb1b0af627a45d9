"""The documentation: its cells run and show what the pages say, and what it takes from the code is current."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import jupyter_openrouter

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import cell_runs  # noqa: E402 - scripts, not modules of the package
import doc_cells  # noqa: E402
import reference  # noqa: E402

INDEX = (ROOT / "docs" / "index.md").read_text("utf-8")


@pytest.mark.kernel
def test_the_cells_run_in_order_and_show_what_the_pages_say() -> None:
    found = doc_cells.results(doc_cells.DOCUMENTS)
    assert sum(map(len, found.values())) > 80
    for path, pairs in found.items():
        for block, now in pairs:
            if block.shown is not None:
                assert doc_cells.fits(block.shown, now), f"{path.name}:\n{block.source}\n\nshows now:\n{now}"


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        ("```python\n1 / 0\n```", "ZeroDivisionError"),
        ("```python\n%%openrouter --modell demo/echo\nhello\n```", "Cell magic `%%openrouter` not found"),
        (
            "```python\n1\n```\n\n```output\nZeroDivisionError: division by zero\n```",
            "should fail, and did not",
        ),
    ],
    ids=["fails", "not loaded", "does not fail"],
)
def test_a_cell_that_does_otherwise_is_named(
    cell: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doc_cells, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(cell, "utf-8")
    with pytest.raises(cell_runs.Failed, match=complaint):
        doc_cells.results([page])


def test_an_output_is_compared_but_for_what_differs_from_run_to_run() -> None:
    now = cell_runs.of_no_run("demo/echo · 2 tokens · 0.4 s · stop\nat 127.0.0.1:4711\ngen-1-abc")
    assert doc_cells.fits("demo/echo · 2 tokens · 1.7 s · stop\nat 127.0.0.1:80\n…", now)
    assert not doc_cells.fits("demo/echo · 3 tokens · 1.7 s · stop\nat 127.0.0.1:80\n…", now)


def test_an_output_with_fences_is_read_as_it_was_written() -> None:
    page = f"```python\nx\n```\n\n{doc_cells.output_block('```data: x' + chr(10) + '1' + chr(10) + '```')}\n"
    assert [block.shown for block in doc_cells.blocks(page)] == ["```data: x\n1\n```"]


def test_the_generated_pages_are_what_the_code_says() -> None:
    for name, make in reference.PAGES.items():
        assert (reference.FOLDER / name).read_text("utf-8") == make(), "run `make reference`"


def test_every_error_is_in_the_tree_of_the_reference_and_in_troubleshooting() -> None:
    tree = (ROOT / "docs" / "reference" / "errors.md").read_text("utf-8").split("```")[1]
    headings = re.findall(
        r"^### (.*)$", (ROOT / "docs" / "troubleshooting.md").read_text("utf-8"), re.MULTILINE
    )
    for error in reference.error_classes():
        assert re.search(rf"\b{error.__name__}\b", tree), error
        assert any(error.__name__ in heading for heading in headings), error


def test_every_public_name_is_in_the_reference() -> None:
    pages = [path.read_text("utf-8") for path in (ROOT / "docs" / "reference").glob("*.md")]
    for name in jupyter_openrouter.__all__:
        if not name.endswith("_ipython_extension"):
            assert any(re.search(rf"\b{name}\b", page) for page in pages), name


def test_every_page_is_in_the_table_of_contents_once() -> None:
    listed = re.findall(r"^[a-z][\w/-]*$", INDEX, re.MULTILINE)
    pages = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in doc_cells.DOCUMENTS}
    assert sorted(listed) == sorted(pages - {"index"})


def test_every_picture_is_used_and_has_its_words() -> None:
    text = "\n".join(path.read_text("utf-8") for path in [ROOT / "README.md", *doc_cells.DOCUMENTS])
    for path in (ROOT / "docs" / "images").iterdir():
        assert f"images/{path.name.replace('-dark.', '.')})" in text, path.name
    assert not re.search(r"!\[\s*\]", text)
