"""Files are written whole or not at all, and read with a clear complaint about what they are not."""

from __future__ import annotations

import os
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
