"""Which of an argument, the environment and a command decides, and that a replay asks for no key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_openrouter import clients, taping
from jupyter_openrouter.answering import Question, answer
from jupyter_openrouter.background import background
from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.clients import client_for, demo_base_url, key_for
from jupyter_openrouter.errors import FileError, InvalidRequestError, MissingKeyError, NotRecordedError
from jupyter_openrouter.open_catalog import catalog_for
from jupyter_openrouter.player import Replay
from jupyter_openrouter.recording import read
from jupyter_openrouter.response import Response
from jupyter_openrouter.synchronous import OpenRouter
from jupyter_openrouter.taping import VARIABLE, Tape, Taping

FAST = {"demo": {"rate": 0, "first_token_delay": 0}}


@pytest.fixture(autouse=True)
def _no_key_no_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    own = Taping()
    for module in (taping, clients):
        monkeypatch.setattr(module, "taping", own)
    for name in ("client", "open_catalog"):
        monkeypatch.setattr(f"jupyter_openrouter.{name}.taping", own)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "tape.jsonl"
    with OpenRouter(base_url=demo_base_url(), record=path) as client:
        client.chat("hello", model="demo/echo", extra=FAST)
    return path


def ask(**tape: object) -> Response:
    question = Question("hello", "demo/echo", extra=FAST, **tape)  # type: ignore[arg-type]
    return background().submit(answer(question, Response("demo/echo"), None)).result()


def test_with_nothing_said_the_service_is_asked() -> None:
    assert Taping({}).tape() == Taping({}).session == Tape()
    assert not Taping({}).replays()


def test_the_command_holds_for_the_session_and_the_newer_one_for_all(recorded: Path, tmp_path: Path) -> None:
    own = Taping({})
    own.record(tmp_path / "new")
    assert own.session == own.tape(session=True) == Tape(record=tmp_path / "new")
    assert own.tape() == Tape()  # a client of one's own says for itself
    own.replay(replay := Replay(recorded))
    assert own.session == Tape(replay=replay)
    assert own.replays()
    assert own.tape(record=tmp_path / "x", session=True) == Tape(record=tmp_path / "x")
    assert not own.replays(record="x")
    own.replay(None)
    assert own.session == Tape()


def test_the_environment_lets_nothing_out(recorded: Path, tmp_path: Path) -> None:
    own = Taping({VARIABLE: str(recorded)})
    forced = own.forced
    assert forced is not None
    assert forced.pace == "now"
    own.record(tmp_path / "new")
    for tape in (own.session, own.tape(), own.tape(record=tmp_path / "x", session=True)):
        assert tape == Tape(replay=forced)
    other = Replay(recorded, pace=5)
    own.replay(other)
    assert own.tape(session=True).replay is other
    own.replay(None)
    assert own.tape(session=True).replay is forced
    assert own.replays(record="x")


def test_a_file_that_is_none_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("hello")
    with pytest.raises(FileError, match="notes is no recording"):
        Taping({VARIABLE: str(tmp_path / "notes")}).tape()
    with pytest.raises(FileError, match="cannot be read"):
        Taping({}).tape(replay="missing")
    with pytest.raises(FileError, match="notes is no recording"):
        Taping({}).record(tmp_path / "notes")
    with pytest.raises(InvalidRequestError, match="at once"):
        Taping({}).tape(record="a", replay="b")


def test_a_client_needs_no_key_where_the_environment_names_a_recording(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MissingKeyError):
        AsyncOpenRouter()
    monkeypatch.setenv(VARIABLE, str(recorded))
    client = OpenRouter()
    assert client.chat("hello", model="demo/echo", extra=FAST).text == "hello"
    with pytest.raises(NotRecordedError):
        client.models()
    assert key_for("openai/gpt-4") is None


def test_no_key_is_asked_for_in_a_replay_and_one_is_for_a_recording(recorded: Path) -> None:
    with pytest.raises(MissingKeyError):
        key_for("openai/gpt-4")
    assert key_for("openai/gpt-4", replay=recorded) is None
    clients.taping.replay(Replay(recorded))
    assert key_for("openai/gpt-4") is None
    with pytest.raises(MissingKeyError):
        key_for("openai/gpt-4", record="new")


def test_a_question_may_name_its_own_recording(recorded: Path, tmp_path: Path) -> None:
    first = ask(record=tmp_path / "own")
    assert first.text == "hello"
    assert len(read((tmp_path / "own").read_bytes(), "own")) == 1
    assert ask(replay=tmp_path / "own").to_dict() == first.to_dict()
    assert ask().replayed is False
    assert len(read((tmp_path / "own").read_bytes(), "own")) == 1
    missing = ask(replay=tmp_path / "missing")
    assert isinstance(missing.error, FileError)


def test_questions_of_a_session_go_by_its_choice_and_so_does_the_catalogue(
    recorded: Path, tmp_path: Path
) -> None:
    clients.taping.record(tmp_path / "own")
    ask(), ask()
    assert len(read((tmp_path / "own").read_bytes(), "own")) == 2
    clients.taping.replay(Replay(tmp_path / "own", pace="now"))
    assert ask().replayed

    async def catalogue(with_key: bool) -> None:
        await (await catalog_for(with_key=with_key)).models()

    for with_key in (True, False):
        with pytest.raises(NotRecordedError):
            background().submit(catalogue(with_key)).result()
    clients.taping.replay(None)
    assert not ask().replayed


def test_clients_that_record_are_kept_for_reuse(tmp_path: Path) -> None:
    there = os.path.abspath("a")

    async def two() -> bool:
        first = await client_for("demo/echo", None, record="a")
        return first is await client_for("demo/echo", None, record=there)

    assert background().submit(two()).result()
