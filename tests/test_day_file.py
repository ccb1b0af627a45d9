"""The file of the days' sums: private, whole at any moment, right with several processes, dispensable."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_openrouter import file_lock
from jupyter_openrouter.day_file import DayFile, Sheet, usual_path


def add(file: DayFile, amount: int, date: str = "2026-01-02") -> None:
    with file.changed() as sheet:
        sheet.day(date).spent += amount


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_only_its_owner_may_read_it_and_nothing_else_is_left_beside_it(tmp_path: Path) -> None:
    file = DayFile(tmp_path / "data" / "spent.json")
    add(file, 10**12)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in file.path.parent.iterdir()) == ["spent.json", "spent.lock"]


def test_it_holds_dates_and_dollars_alone_and_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "spent.json"
    add(DayFile(path), 123_456)
    assert json.loads(path.read_text("utf-8")) == {
        "version": 1,
        "unit": "US dollars",
        "limit": None,
        "days": {"2026-01-02": {"spent": 1.23456e-07, "held": {}}},
    }
    assert DayFile(path).look().days["2026-01-02"].spent == 123_456


def test_what_another_process_wrote_is_seen(tmp_path: Path) -> None:
    one, two = DayFile(tmp_path / "spent.json"), DayFile(tmp_path / "spent.json")
    add(one, 1)
    add(two, 2)
    assert one.look().days["2026-01-02"].spent == 3


def test_an_error_in_the_block_writes_nothing(tmp_path: Path) -> None:
    file = DayFile(tmp_path / "spent.json")

    def fail() -> None:
        with file.changed() as sheet:
            sheet.day("2026-01-02").spent = 5
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not file.path.exists()


def test_several_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from jupyter_openrouter.day_file import DayFile\n"
        "for _ in range(100):\n"
        "    file = DayFile(Path(sys.argv[1]))\n"
        "    with file.changed() as sheet: sheet.day('2026-01-02').spent += 1\n"
        "assert not file.trouble, file.trouble"
    )
    path = tmp_path / "spent.json"
    processes = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert DayFile(path).look().days["2026-01-02"].spent == 300


@pytest.mark.skipif(os.name != "posix", reason="the lock is taken by hand")
def test_while_another_holds_the_lock_for_ever_the_file_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr(file_lock, "_SECONDS", 0.0)
    file = DayFile(tmp_path / "spent.json")
    add(file, 1)
    with (tmp_path / "spent.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        add(file, 2)
    assert "let go" in file.trouble
    assert file.look().days["2026-01-02"].spent == 3
    assert DayFile(file.path).look().days["2026-01-02"].spent == 1


def test_where_it_cannot_be_written_the_sums_go_on_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    file = DayFile(tmp_path / "file" / "spent.json")
    add(file, 1)
    add(file, 2)
    assert file.look().days["2026-01-02"].spent == 3
    assert file.trouble


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "[" * 100_000, '{"days": 3}', '{"limit": -1, "days": {"x": 1, "2026-01-02": []}}',
     '{"days": {"2026-01-02": {"spent": NaN, "held": {"a": -1, "b": "1", "c": 1e400}}}}', "\x00\ufffd"],
    ids=range(9),
)  # fmt: skip
def test_a_broken_file_counts_as_empty_and_is_written_anew(text: str, tmp_path: Path) -> None:
    path = tmp_path / "spent.json"
    path.write_text(text, "utf-8")
    file = DayFile(path)
    assert sum(day.spent for day in file.look().days.values()) == 0
    add(file, 7)
    assert Sheet.read(path.read_text("utf-8")).days["2026-01-02"].spent == 7


def test_a_file_that_breaks_while_we_run_does_not_take_what_we_know(tmp_path: Path) -> None:
    file = DayFile(tmp_path / "spent.json")
    add(file, 7)
    file.path.write_text("{", "utf-8")
    add(file, 1)
    assert file.look().days["2026-01-02"].spent == 8


def test_the_oldest_days_are_forgotten() -> None:
    sheet = Sheet()
    for number in range(1, 30):
        for month in (1, 2):
            sheet.day(f"2026-{month:02}-{number:02}")
    assert len(sheet.days) == 31
    assert min(sheet.days) == "2026-01-28"


def test_the_usual_place_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert usual_path() == Path(os.environ["JUPYTER_OPENROUTER_DATA"]) / "spent.json"
    monkeypatch.delenv("JUPYTER_OPENROUTER_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert usual_path() == tmp_path / "jupyter_openrouter" / "spent.json"
