"""Files are written whole or not at all, and read with a clear complaint about what they are not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_openrouter import files
from jupyter_openrouter.errors import FileError


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_whole(path, "old")
    path.chmod(0o640)
    assert files.write_whole(path, "new\r\nü\ud800") == path
    assert path.read_bytes() == "new\r\nü?".encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    files.write_whole(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(FileError, match="cannot be written: No space left"):
        files.write_whole(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_several_processes_that_add_at_once_lose_and_mix_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from jupyter_openrouter.files import append_whole\n"
        "for n in range(50): append_whole(sys.argv[1], sys.argv[2] * 3000 + '\\n', first='first\\n')"
    )
    path = tmp_path / "a"
    processes = [subprocess.Popen([sys.executable, "-c", code, str(path), letter]) for letter in "abc"]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    lines = path.read_text().splitlines()
    assert lines[0] == "first"
    assert sorted(lines[1:]) == sorted(letter * 3000 for letter in "abc" for _ in range(50))


def test_what_cannot_be_added_whole_is_not_there_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    files.append_whole(path, "old\n")
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))  # a part of it fits
    try:
        with pytest.raises(FileError, match="cannot be written"):
            files.append_whole(path, "new " * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_text() == "old\n"
    with pytest.raises(FileError, match="is no file"):
        files.append_whole(tmp_path, "x")


def test_the_file_behind_a_link_is_written_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    files.write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", "is no thing: .* at line 1, column 2"),
        (b"\xff\xfe", "no UTF-8"),
        (b"[" * 200_000, "nested too deep"),
        (b"", "line 1"),
    ],
)
def test_what_is_no_json_is_said_with_its_place(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(FileError, match=words):
        files.read_json(path, what="thing")


def test_a_missing_file_a_folder_a_pipe_and_a_huge_one_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "big").write_bytes(b" " * 11)
    monkeypatch.setattr(files, "LARGEST", 10)
    for name, words in [
        ("none", "No such file"),
        ("", "is no file"),
        ("pipe", "is no file"),
        ("big", "larger"),
    ]:
        with pytest.raises(FileError, match=words):
            files.read_json(tmp_path / name, what="thing")
    for name in ("", "pipe", "none/x", "a\0b"):
        with pytest.raises(FileError):
            files.write_whole(tmp_path / name, "x")


def test_a_byte_order_mark_and_a_number_of_very_many_digits_are_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbf[1, " + b"9" * 5000 + b"]")
    assert files.read_json(tmp_path / "x", what="thing") == [1, float("inf")]
