"""A replay answers what was recorded, in its order and at the pace that is asked for, and never calls out."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from jupyter_openrouter import caps as all_caps
from jupyter_openrouter import ledger as all_lines
from jupyter_openrouter.caps import Caps
from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.day_file import DayFile
from jupyter_openrouter.errors import FileError, InvalidRequestError, NotRecordedError, OpenRouterError
from jupyter_openrouter.ledger import Ledger
from jupyter_openrouter.player import Replay
from jupyter_openrouter.recorded_pieces import Piece
from jupyter_openrouter.recording import HEAD, Exchange, written
from jupyter_openrouter.request import chat_body
from jupyter_openrouter.request_match import Request
from jupyter_openrouter.response import Response
from jupyter_openrouter.synchronous import OpenRouter

AT = 1767323045.678
_watched: list[list[str]] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in (
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.sendto",
        "socket.bind",
    ):
        for seen in _watched:
            seen.append(event)


sys.addaudithook(_watch)  # it stays for the process, and does nothing while nobody watches


@pytest.fixture
def calls() -> Any:
    """What this process asks of the network."""
    seen: list[str] = []
    _watched.append(seen)
    yield seen
    _watched.remove(seen)


def chunk(text: str, ms: float, finish: str | None = None) -> Piece:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return Piece(ms, "data", {"id": "gen-1", "model": "a/b", "choices": [choice]})


def exchange(prompt: str, *words: str, gap: float = 10.0, **more: Any) -> Exchange:
    pieces = [chunk(word, gap * number) for number, word in enumerate(words, 1)]
    last = gap * (len(words) + 1)
    pieces += [chunk("", last, "stop"), Piece(last, "data", "[DONE]")]
    return Exchange(
        Request("POST", "/chat/completions", body=chat_body(prompt, model="a/b")),
        AT,
        200,
        {"content-type": "text/event-stream"},
        1.0,
        tuple(pieces),
        **{"end_ms": last, **more},
    )


def saved(path: Path, *exchanges: Exchange) -> Path:
    path.write_text(HEAD + "".join(map(written, exchanges)), "utf-8")
    return path


def test_the_same_request_is_answered_in_the_order_recorded_and_then_by_the_last(tmp_path: Path) -> None:
    path = saved(tmp_path / "a", exchange("x", "one"), exchange("y", "other"), exchange("x", "two"))
    client = OpenRouter(replay=path, pace="now")
    texts = [client.chat(prompt, model="a/b").text for prompt in "xxyxxy"]
    assert texts == ["one", "two", "other", "two", "two", "other"]
    assert OpenRouter(replay=path, pace="now").chat("x", model="a/b").text == "one"


def test_clients_that_share_a_replay_go_on_where_it_is(tmp_path: Path) -> None:
    replay = Replay(saved(tmp_path / "a", exchange("x", "one"), exchange("x", "two")), pace="now")
    assert [OpenRouter(replay=replay).chat("x", model="a/b").text for _ in range(2)] == ["one", "two"]


def test_a_request_that_was_not_recorded_names_the_difference_and_opens_no_socket(
    tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    path = saved(tmp_path / "a.jsonl", exchange("Why is the sky blue?", "Rayleigh."), exchange("other", "x"))

    async def work() -> None:
        async with AsyncOpenRouter(replay=path, pace="now") as client:  # which needs no key
            assert (await client.chat("Why is the sky blue?", model="a/b")).text == "Rayleigh."
            with pytest.raises(NotRecordedError) as caught:
                await client.chat("Why is the sky red?", model="a/b", temperature=0.5)
            told = caught.value.message
            assert "on line 3" in told
            assert (
                'messages[0].content: "Why is the sky blue?" was recorded, "Why is the sky red?" is asked'
                in told
            )
            assert "temperature: nothing was recorded, 0.5 is asked" in told
            assert caught.value.response.state == "failed"
            response = Response("a/b")
            response.generation_id, response.state = "gen-1", "stopped"
            for ask in (
                client.models(),
                client.model("a/b"),
                client.endpoints("a/b"),
                client.providers(),
                client.key(),
                client.credits(),
                client.generation("gen-1"),
                client.embeddings("x", model="a/b"),
                client.settle(response),
                client.completion("x", model="a/b"),
                client.chat("other", model="a/b", fallback=["c/d"], temperature=1),
            ):
                with pytest.raises(NotRecordedError):
                    await ask

    asyncio.run(asyncio.wait_for(work(), 30))
    assert calls == []


def test_the_watch_on_the_network_sees_a_client_that_does_call_out(calls: list[str]) -> None:
    with pytest.raises(OpenRouterError), OpenRouter(base_url="http://127.0.0.1:9") as client:
        client.models()
    assert "socket.connect" in calls


def test_a_cap_reserves_nothing_for_a_replay_and_no_ledger_counts_its_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> None:
    caps = Caps(DayFile(tmp_path / "spent.json"))
    caps.set("session", 0.001)
    monkeypatch.setattr(all_caps, "caps", caps)
    monkeypatch.setattr(all_lines, "ledger", ledger := Ledger())
    cost = Piece(
        40.0, "data", {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 9.5}}
    )
    one = exchange("x", "one", "two")
    one = Exchange(**{**vars(one), "pieces": (*one.pieces[:-1], cost, one.pieces[-1])})
    with OpenRouter(replay=saved(tmp_path / "a", one), pace="now") as client:
        response = client.chat("x", model="a/b", max_cost=0.01)
    assert response.cost == 9.5
    assert [line.dollars for line in ledger] == [0.0]
    assert caps.listing()[1].spent == 0
    assert calls == []


@pytest.mark.parametrize("pace", ["original", 2.0])
def test_a_stop_ends_a_replay_at_once_and_keeps_its_text(pace: Any, tmp_path: Path) -> None:
    path = saved(tmp_path / "a", exchange("x", "one", "two", gap=60_000.0))
    if pace == 2.0:
        path = saved(tmp_path / "a", exchange("x", *["word"] * 1000))

    async def work() -> Response:
        async with AsyncOpenRouter(replay=path, pace=pace) as client:
            stream = client.chat_stream("x", model="a/b")
            task = asyncio.ensure_future(stream.run())
            while stream._reader is None or (pace == 2.0 and not stream.response.text):
                await asyncio.sleep(0.01)
            stream.stop()
            return await task

    response = asyncio.run(asyncio.wait_for(work(), 30))
    assert response.state == "stopped"
    assert response.text == ("word" if pace == 2.0 else "")


def test_each_pace_waits_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a", exchange("x", "one", "two", gap=100.0, end_ms=350.0))

    async def waits(pace: Any) -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with AsyncOpenRouter(replay=path, pace=pace) as client:
            await client.chat("x", model="a/b")
        return loop.time() - began

    assert asyncio.run(waits("original")) >= 0.3
    assert asyncio.run(waits(20)) >= 0.15  # three chunks before the last
    slept: list[float] = []
    sleep = asyncio.sleep

    async def told(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr("jupyter_openrouter.player.asyncio.sleep", told)
    asyncio.run(waits("now"))
    assert set(slept) == {0.0}


def test_a_pace_or_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a", exchange("x", "one"))
    for pace in ("soon", 0, -1, float("nan"), None):
        with pytest.raises(InvalidRequestError, match="is no pace"):
            Replay(path, pace=pace)
    with pytest.raises(FileError, match="cannot be read"):
        Replay(tmp_path / "missing")
    with pytest.raises(InvalidRequestError, match="recorded and replayed at once"):
        AsyncOpenRouter(record=tmp_path / "b", replay=path)
    with pytest.raises(NotRecordedError, match="only nothing"):
        OpenRouter(replay=saved(tmp_path / "c")).chat("x", model="a/b")


def test_an_error_of_a_made_up_kind_is_an_error_of_ours(tmp_path: Path) -> None:
    strange = [
        {"type": "SystemExit", "message": "3"},
        {"type": "Key", "message": ["x"]},
        {"type": 3, "message": None, "retry_after": "soon", "never_sent": "yes"},
        {},
    ]
    for end in ("lost", "failed"):
        for error in strange:
            one = exchange("x", "one", end=end, error=error)
            one = Exchange(**{**vars(one), "pieces": one.pieces[:1]})
            with pytest.raises(OpenRouterError) as caught:
                OpenRouter(replay=saved(tmp_path / "a", one), pace="now").chat("x", model="a/b")
            assert caught.value.response.text == "one"


def test_several_threads_may_ask_at_once(tmp_path: Path) -> None:
    path = saved(tmp_path / "a", *(exchange("x", str(number)) for number in range(40)))
    client, texts = OpenRouter(replay=path, pace="now"), []

    def ask() -> None:
        texts.extend(client.chat("x", model="a/b").text for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, texts)) == list(range(40))
