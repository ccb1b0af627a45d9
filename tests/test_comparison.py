"""Every row of docs/comparison.md has what holds our part of it, and that is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "comparison.md").read_text("utf-8")


def rows() -> list[str]:
    """The rows of the tables that compare."""
    tables = re.findall(r"^\| What \|.*\n\|[ :|-]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [row for table in tables for row in table.splitlines()]


def held() -> dict[str, str]:
    """What holds our part of each row, by the row's first cell."""
    section = PAGE.partition("\n## What holds ours\n")[2]
    pairs = re.findall(r"^- (.+): (`.+)$", section, re.MULTILINE)
    return dict(pairs)


def test_every_row_is_held_by_a_test_or_a_measurement_of_ours_that_is_there() -> None:
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8")
    firsts = [row.strip("| ").partition(" | ")[0] for row in rows()]
    assert len(firsts) >= 10
    assert list(held()) == firsts
    for row, by in held().items():
        if test := re.fullmatch(r"`(tests/test_\w+\.py)::(test_\w+)`", by):
            assert f"def {test[2]}(" in (ROOT / test[1]).read_text("utf-8"), row
        else:
            section = re.fullmatch(r"`benchmarks/RESULTS\.md`, \*(.+)\*", by)
            assert section is not None, row
            assert re.search(rf"^### {re.escape(section[1])}", results, re.MULTILINE), row


def test_a_version_and_a_date_stand_beside_what_is_said_of_the_others() -> None:
    assert re.search(r"on 20\d\d-\d\d-\d\d, with Python", PAGE)
    versions = re.findall(r"^\| [\w' -]+ \| (?:[\w-]+ )?(\d+\.\d+\.\d+) \|", PAGE, re.MULTILINE)
    assert len(versions) == 6


def test_the_short_table_of_the_readme_has_the_same_date_packages_and_figures() -> None:
    readme = (ROOT / "README.md").read_text("utf-8").partition("## Beside others\n")[2].partition("\n## ")[0]
    date = re.search(r"on (20\d\d-\d\d-\d\d)", PAGE)
    assert date is not None
    assert f"on {date[1]}," in readme
    for package in ("Jupyter AI's magics", "chatlas", "marimo's chat", "openai-python", "official SDK"):
        assert f"| {package} " in readme
        assert f"| {package} " in PAGE
    (figures,) = re.findall(r"^\| One chunk of a stream, CPU \(µs\) \|(.*)$", readme, re.MULTILINE)
    (row,) = [row for row in rows() if row.startswith("| One chunk of a stream, sync, CPU ")]
    assert re.findall(r"[\d.]+", figures) == re.findall(r"([\d.]+) µs", row)
