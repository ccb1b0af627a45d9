"""A conversation's file: what is saved comes back, and any other file is refused with its reason."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from talks import facts, talk, talks

import jupyter_openrouter
from jupyter_openrouter.conversation import Conversation
from jupyter_openrouter.errors import FileError


@settings(max_examples=60, deadline=None)
@given(talks())
def test_what_is_saved_comes_back_whole(before: Conversation) -> None:
    with tempfile.TemporaryDirectory() as folder:
        after = Conversation.load(before.save(Path(folder) / "talk.json"))
    assert after.to_dict() == before.to_dict()
    assert facts(after) == facts(before)


def test_the_file_says_what_it_is_and_who_answered(tmp_path: Path) -> None:
    value = json.loads(talk("where?", "Rome").save(tmp_path / "x.json").read_text("utf-8"))
    assert (value["format"], value["version"]) == ("jupyter_openrouter.conversation", 1)
    assert value["saved_by"] == jupyter_openrouter.__version__
    assert value["saved_at"].endswith("+00:00")
    record = value["turns"][1]["record"]
    assert (record["model"], record["provider"], record["cost"]) == ("openai/gpt-4-0613", "OpenAI", 0.25)
    assert record["generation_id"].startswith("gen-")


def test_saving_again_replaces_a_conversation_and_nothing_else(tmp_path: Path) -> None:
    trip = talk("where?", "Rome")
    path = trip.save(tmp_path / "x.json")
    trip.undo()
    assert len(Conversation.load(trip.save(path))) == 0
    for other in ('{"cells": []}', "notes of mine", "{}"):
        path.write_text(other)
        with pytest.raises(FileError, match="is no conversation"):
            trip.save(path)
        assert path.read_text() == other


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "other"}, "This is no conversation"),
        ({"version": 2}, "has the form 2, and only 1 is known"),
        ({"name": None}, "at its name"),
        ({"name": "-x"}, "at its name"),
        ({"system": 5}, "no system message"),
        ({"turns": None}, "no turns"),
        ({"turns": [{"role": "user", "content": "x"}, 5]}, "at turn 2: 5 is no turn"),
        ({"turns": [{"role": "user"}]}, "at turn 1"),
    ],
)
def test_a_file_that_is_no_conversation_is_refused_with_its_reason(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({**talk("a", "b").to_dict(), **change}))
    with pytest.raises(FileError, match=words):
        Conversation.load(path)


@pytest.mark.parametrize("text", ["5", "[]", "null", '"x"', '{"turns": ' + "[" * 5000 + "]" * 5000 + "}"])
def test_other_json_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(FileError, match=r"x\.json"):
        Conversation.load(tmp_path / "x.json")


def test_what_cannot_be_json_is_said_before_a_file_is_touched(tmp_path: Path) -> None:
    trip = Conversation(turns=[{"role": "user", "content": [{"type": "text", "text": b"x"}]}])
    with pytest.raises(FileError, match="cannot be written as JSON"):
        trip.save(tmp_path / "x.json")
    assert list(tmp_path.iterdir()) == []


def test_an_export_replaces_a_file_only_when_told_to(tmp_path: Path) -> None:
    trip = talk("where?", "Rome")
    path = trip.export(tmp_path / "x.md")
    with pytest.raises(FileError, match="is there already"):
        trip.export(path)
    assert trip.export(path, overwrite=True) == path
    with pytest.raises(FileError, match=r"neither in \.ipynb nor in \.md"):
        trip.export(tmp_path / "x.txt")
