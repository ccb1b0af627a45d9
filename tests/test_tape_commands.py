"""``%openrouter record`` and ``%openrouter replay`` say what they do, and refuse what they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_openrouter.errors import FileError, InvalidRequestError
from jupyter_openrouter.recording import HEAD, Exchange, written
from jupyter_openrouter.request_match import Request
from jupyter_openrouter.tape_commands import record, replay, standing
from jupyter_openrouter.taping import VARIABLE, Taping


@pytest.fixture
def tape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tape.jsonl"
    path.write_text(HEAD + written(Exchange(Request("GET", "/models"), 1.0, 200)))
    return path


def test_each_says_what_holds_from_now_on(tape: Path) -> None:
    own = Taping({})
    assert repr(record([], taping=own)) == repr(replay([], taping=own)) == "Nothing is recorded or replayed."
    assert "go into new.jsonl" in repr(record(["new.jsonl"], taping=own))
    assert own.session.record == tape.with_name("new.jsonl")
    assert repr(replay([], taping=own)) == "Recording into new.jsonl."
    assert "1 exchange of tape.jsonl answer, at their own pace" in repr(replay(["tape.jsonl"], taping=own))
    assert own.session.record is None
    assert repr(record([], taping=own)) == "Replaying 1 exchange of tape.jsonl, at their own pace."
    assert repr(replay(["off"], taping=own)) == "The service answers again."
    assert repr(record(["off"], taping=own)) == "Nothing is recorded any more."


@pytest.mark.parametrize(
    ("words", "pace", "said"),
    [
        (["tape.jsonl", "--pace", "now"], "now", "at once"),
        (["--pace=20", "tape.jsonl"], 20.0, "at 20 chunks a second"),
        (["--pace", "original", "tape.jsonl"], "original", "at their own pace"),
    ],
)
def test_the_pace_is_taken_where_it_stands(tape: Path, words: list[str], pace: object, said: str) -> None:
    own = Taping({})
    assert said in repr(replay(words, taping=own))
    assert own.session.replay is not None
    assert own.session.replay.pace == pace


def test_each_replay_begins_at_the_beginning(tape: Path) -> None:
    own = Taping({})
    replay(["tape.jsonl"], taping=own)
    first = own.session.replay
    replay(["tape.jsonl"], taping=own)
    assert own.session.replay is not first


def test_the_environment_is_named_where_it_decides(tape: Path) -> None:
    own = Taping({VARIABLE: str(tape)})
    assert f"at once, as {VARIABLE} says" in standing(own)
    assert "Nothing is recorded: Replaying" in repr(record(["new.jsonl"], taping=own))
    assert VARIABLE in repr(replay(["off"], taping=own))


@pytest.mark.parametrize("words", [["a", "b"], ["a", "--pace"], ["tape.jsonl", "--pace", "soon"]])
def test_what_is_written_otherwise_is_refused(tape: Path, words: list[str]) -> None:
    own = Taping({})
    with pytest.raises(InvalidRequestError):
        replay(words, taping=own)
    if len(words) == 2:
        with pytest.raises(InvalidRequestError):
            record(["a", "b"], taping=own)
    with pytest.raises(FileError):
        replay(["missing"], taping=own)
    assert standing(own) == ""
