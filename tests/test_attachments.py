"""What ``--image``, ``--file`` and ``--audio`` name: paths, variables, URLs, and names of nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jupyter_openrouter.attachments import attach, with_attachments
from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.expressions import Prompt, expand

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
PDF = b"%PDF-1.7 x"
MP3 = b"ID3\x04"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in {
        "a.png": PNG,
        "b.pdf": PDF,
        "c.mp3": MP3,
        "d e.txt": b"one\ntwo\n",
        "f": b"plain",
    }.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def kinds(prompt: Prompt) -> list[str]:
    assert isinstance(prompt.content, list)
    return [part["type"] for part in prompt.content]


def test_paths_become_parts_texts_before_pictures_before_sound(folder: Path) -> None:
    prompt = attach(
        images=["a.png", str(folder / "a.png"), "~/a.png"], files=["b.pdf", "d e.txt"], audios=["c.mp3"]
    )
    assert kinds(prompt) == ["file", "text", "image_url", "image_url", "image_url", "input_audio"]
    assert prompt.content[1] == {"type": "text", "text": "```data: d e.txt\none\ntwo\n```\n"}
    assert [piece.name for piece in prompt.pieces][:2] == ["--file b.pdf", "--file d e.txt"]


def test_variables_are_taken_by_name_and_before_a_file_of_that_name() -> None:
    names: dict[str, Any] = {
        "picture": Image.new("RGB", (1, 1)),
        "pictures": [PNG, Path("a.png"), "a.png"],
        "f": "a text\nof a variable",
        "rows": [1, 2],
        "paper": PDF,
        "url": "https://example.org/a.pdf",
        "sound": MP3,
    }
    assert kinds(attach(images=["picture", "pictures"], namespace=names)) == ["image_url"] * 4
    prompt = attach(files=["f", "rows", "paper", "url"], audios=["sound"], namespace=names)
    assert kinds(prompt) == ["text", "file", "file", "input_audio"]
    assert prompt.text == "```data: f\na text\nof a variable\n```\n```data: rows\n[1, 2]\n```\n"


def test_urls_are_sent_as_they_are() -> None:
    prompt = attach(images=["https://example.org/a.png"], files=["https://example.org/a.pdf"])
    assert kinds(prompt) == ["file", "image_url"]
    with pytest.raises(InvalidRequestError, match=r"--audio https://example.org/a.mp3: .* only as bytes"):
        attach(audios=["https://example.org/a.mp3"])


def test_a_file_is_sent_whole() -> None:
    Path("long.txt").write_text("x" * 1_000_000)
    prompt = attach(files=["long.txt"])
    assert "x" * 1_000_000 in prompt.text
    assert not prompt.notes
    assert prompt.pieces[0].tokens > 150_000


def test_a_secret_in_a_file_is_masked_and_said_so() -> None:
    Path(".env").write_text("TOKEN=ghp_" + "a1B2" * 10)
    prompt = attach(files=[".env"])
    assert "a1B2" not in prompt.text
    assert prompt.notes == [".env: what looks like a secret was masked: GitHub token."]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"images": ["a.pgn"]}, r"--image a\.pgn: There is no such file\. Did you mean a\.png\?"),
        ({"images": ["pictur"]}, r"There is no such file or variable\. Did you mean picture\?"),
        ({"files": ["nothing at all"]}, r"There is no such file\. Check the name\. Paths begin at /"),
        ({"files": ["/nowhere/x"]}, r"--file /nowhere/x: There is no such file\. Check the name\.$"),
        ({"files": ["."]}, r"It is a folder\."),
        ({"images": ["b.pdf"]}, r"The bytes are no image"),
        ({"images": ["number"]}, r"--image number: A int is no image"),
        ({"audios": ["a.png"]}, r"no type of audio|no audio"),
        ({"files": ["a\0b"]}, r"There is no such file"),
        ({"files": [""]}, r"There is no such file|It is a folder"),
    ],
)
def test_what_cannot_be_sent_is_an_error_that_names_the_flag(flags: dict[str, list[str]], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        attach(**flags, namespace={"picture": PNG, "number": 3})


def test_attached_text_comes_before_the_question_and_the_rest_after_it() -> None:
    question = expand("What is {{ n }}?", {"n": 3})
    prompt = with_attachments(question, attach(images=["a.png"], files=["f", "b.pdf"]))
    assert isinstance(prompt.content, list)
    assert kinds(prompt) == ["text", "file", "image_url"]
    assert prompt.content[0]["text"] == "```data: f\nplain\n```\nWhat is 3?"
    assert [piece.name for piece in prompt.pieces] == [
        "the cell",
        "n",
        "--file f",
        "--file b.pdf",
        "--image a.png",
    ]


def test_a_question_with_nothing_attached_is_unchanged() -> None:
    question = expand("hello", {})
    assert with_attachments(question, attach()) is question
