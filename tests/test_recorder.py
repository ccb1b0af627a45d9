"""What comes over a real connection is recorded as it came, and a replay gives the very same response."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from faults import (
    DONE,
    HELLO,
    LAST,
    OK,
    RESET,
    STALL,
    STOP,
    Each,
    FaultServer,
    Script,
    answer,
    delta,
    event,
    framed,
    head,
    said,
    stream,
)

from jupyter_openrouter import recorder
from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.errors import FileError, OpenRouterError
from jupyter_openrouter.keys import Key
from jupyter_openrouter.plan import Timeouts
from jupyter_openrouter.recording import read
from jupyter_openrouter.response import Response
from jupyter_openrouter.retry import RetryPolicy

KEY = "sk-or-v1-c0ffee" + "0" * 32
CHAT = "/chat/completions"
FAILED = {
    "error": {"message": "Slow down", "code": 429, "metadata": {"provider_name": "P"}},
    "user_id": "user_me",
}
FAULT = event({"error": {"code": 502, "message": "gone"}})
CALL = {"index": 0, "function": {"name": "f", "arguments": "{}"}}
HALF = event('{"a":"\\ud800"}')
PACKED = gzip.compress(b'{"error":{"message":"' + KEY.encode() + b'"}}')
WHOLE = {"id": "g", "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
RUNNING = head() + framed(said("Hel"), said("lo"))
# What the server does, and how an answer ends then.
SCRIPTS: dict[str, tuple[tuple[Script, ...], str]] = {
    "whole": ((OK,), "done"),
    "comments": ((stream(b": OPENROUTER PROCESSING\n\n", b":\n\n", *HELLO),), "done"),
    "crlf": ((stream(*(one.replace(b"\n", b"\r\n") for one in HELLO)),), "done"),
    "mixed line ends": ((stream(said("a").replace(b"\n\n", b"\n\r\n"), b"\rdata: \r", STOP, DONE),), "done"),
    "mark and escapes": ((stream(b"\xef\xbb\xbf", said("\u2028 漢\ud83d\ude42"), HALF, *HELLO),), "done"),
    "several lines": ((stream(b'event: message\nid: 3\ndata: {"choices":\ndata: []}\n\n', *HELLO),), "done"),
    "malformed": ((stream(said("a"), event("{nonsense"), event("NaN"), b"data: \xff\xfe\n\n", *HELLO),), "done"),
    "no finish": ((stream(said("Hel")),), "cut"),
    "half an event": ((stream(said("Hel"), said("lo")[:20]),), "cut"),
    "reset": (((RUNNING, RESET),), "cut"),
    "reset at once": (((head(), RESET),), "cut"),
    "no answer": (((RESET,),), "failed"),
    "empty": ((stream(STOP, DONE),), "failed"),
    "error in the middle": ((stream(said("Hel"), FAULT, said("x")),), "failed"),
    "tool call": ((stream(delta(tool_calls=[CALL]), STOP, DONE),), "done"),
    "reasoning": ((stream(delta(reasoning="hm"), delta(reasoning="so"), *HELLO),), "done"),
    "status": ((answer("402 Payment Required", {"error": {"code": 402, "message": "No credit"}}),), "failed"),
    "again": ((answer("429 Too Many", FAILED, "Retry-After-Ms: 20.25"), answer("503 Oh", b""), OK), "done"),
    "redirect": ((answer("302 Found", b"", "Location: https://x.test/a?token=secret"),), "failed"),
    "page": ((answer("200 OK", b"<html>", kind="text/html"),), "failed"),
    "packed": ((answer("400 Bad", PACKED, "Content-Encoding: gzip"),), "failed"),
    "in one piece": ((answer("200 OK", WHOLE),), "done"),
    "half in one piece": ((answer("200 OK", b'{"id": "g", "cho'),), "failed"),
}  # fmt: skip


def in_pieces(script: Script, size: int) -> Script:
    return tuple(Each(step, size) if isinstance(step, bytes) and size else step for step in script)


def asked(client: AsyncOpenRouter, response: Response | None = None, **options: Any) -> Any:
    return client.chat_stream("hello", model="a/b", response=response, **options)


async def run(client: AsyncOpenRouter, **options: Any) -> Response:
    async with asked(client, **options) as answered:
        with suppress(OpenRouterError):  # it is in the response
            await asyncio.wait_for(answered.run(), 20)
        return answered.response


@asynccontextmanager
async def recording(*scripts: Script, path: Path) -> AsyncIterator[AsyncOpenRouter]:
    async with (
        FaultServer(*scripts) as server,
        AsyncOpenRouter(base_url=server.base_url, record=path) as client,
    ):
        yield client


def both(
    scripts: tuple[Script, ...], path: Path, use: Callable[[AsyncOpenRouter], Any] = run, **options: Any
) -> tuple[Any, ...]:
    """What ``use`` gives of a client that records, and of clients that replay at every pace, without the server."""

    async def all_of_it() -> tuple[Any, ...]:
        async with FaultServer(*scripts) as server:
            async with AsyncOpenRouter(
                Key(KEY, source="test"), base_url=server.base_url, record=path, **options
            ) as client:
                first = await use(client)
            await server.emptied()
        found = [first]
        for pace in ("now", "original", 5000):
            async with AsyncOpenRouter(base_url=server.base_url, replay=path, pace=pace, **options) as client:
                found.append(await use(client))
        return tuple(found)

    return asyncio.run(asyncio.wait_for(all_of_it(), 60))


@pytest.mark.parametrize("size", [0, 1, 7, 100])
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_replay_gives_the_same_response_and_saved_form(name: str, size: int, tmp_path: Path) -> None:
    scripts, state = SCRIPTS[name]
    first, *again = both(tuple(in_pieces(one, size) for one in scripts), tmp_path / "a.jsonl")
    assert first.state == state
    for response in again:
        if name == "packed":  # what a compressed body says is not written down
            assert type(response.error) is type(first.error)
            continue
        assert response.to_dict() == first.to_dict()
        assert response.mimebundle() == first.mimebundle()
        assert (response.text, response.reasoning) == (first.text, first.reasoning)
    text = (tmp_path / "a.jsonl").read_text("utf-8")
    for secret in (KEY, "Authorization", "user_me", "token=secret"):
        assert secret not in text


def test_a_person_can_read_what_was_asked_what_came_and_when(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    both(
        (
            stream(
                b": OPENROUTER PROCESSING\n\n", *HELLO, headers=("Set-Cookie: a=b", "X-Generation-Id: gen-7")
            ),
        ),
        path,
    )
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    assert lines[0] == {"recording": "jupyter_openrouter", "version": 1}
    assert lines[1]["request"] == "POST /chat/completions"
    assert lines[1]["body"]["messages"] == [{"role": "user", "content": "hello"}]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", lines[1]["at"])
    assert lines[2]["status"] == 200
    assert lines[2]["headers"] == {"content-type": "text/event-stream", "x-generation-id": "gen-7"}
    assert lines[3]["comment"] == "OPENROUTER PROCESSING"
    assert lines[4]["data"]["choices"][0]["delta"] == {"content": "Hel"}
    assert lines[-2]["data"] == "[DONE]"
    assert lines[-1]["end"] == "whole"
    times = [line["ms"] for line in lines[2:]]
    assert times == sorted(times)


def test_the_gaps_between_chunks_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    slow = (head(), framed(said("Hel")), 0.15, framed(said("lo"), STOP, DONE), LAST)
    first, *again = both((slow,), path)
    assert first.seconds - first.first_delta_seconds >= 0.14
    assert {one.timing for one in again} == {first.timing}
    assert {one.sent_at for one in again} == {first.sent_at}
    assert all(one.replayed for one in again)


@pytest.mark.parametrize(
    "script", [(RUNNING, STALL), (head(), STALL), (STALL,)], ids=["text", "headers", "nothing"]
)
def test_a_stop_is_recorded_and_replayed_as_a_stop(script: Script, tmp_path: Path) -> None:
    recording: list[bool] = []

    async def use(client: AsyncOpenRouter) -> Response:
        answered = asked(client)
        task = asyncio.ensure_future(answered.run())
        if not recording:  # a replay ends by itself
            recording.append(True)
            while not (answered.response.text == "Hello" if script[0] == RUNNING else answered._reader):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            answered.stop()
        return await task

    first, *again = both((script,), tmp_path / "a.jsonl", use)
    (exchange,) = read((tmp_path / "a.jsonl").read_bytes(), "a")
    assert exchange.end == "stopped"
    assert first.state == "stopped"
    for response in again:
        assert response.to_dict() == first.to_dict()


def test_a_stop_between_two_tries_is_replayed_as_a_stop(tmp_path: Path) -> None:
    async def use(client: AsyncOpenRouter) -> Response:
        answered = asked(client)
        task = asyncio.ensure_future(answered.run())
        if not client.replays:
            while answered.response.retry_at is None:
                await asyncio.sleep(0.01)
            answered.stop()
        return await task

    script = answer("429 Too Many", FAILED, "Retry-After: 1")
    first, *again = both((script,), tmp_path / "a", use)
    assert (first.state, len(first.attempts)) == ("stopped", 1)
    for response in again:
        assert response.to_dict() == first.to_dict()


@pytest.mark.parametrize("script", [(RUNNING, STALL), (STALL,)], ids=["text", "nothing"])
def test_a_time_out_is_recorded_and_replayed_as_one(script: Script, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    limits = Timeouts(first_event=0.2, idle=0.2)
    first, *again = both(
        (script,), path, lambda client: run(client, timeouts=Timeouts() if client.replays else limits)
    )
    assert type(first.error).__name__ == "APITimeoutError"
    for response in again:
        assert response.to_dict() == first.to_dict()


def test_a_refused_connection_and_its_tries_are_recorded(tmp_path: Path) -> None:
    async def all_of_it() -> tuple[Response, Response]:
        server = FaultServer(OK)  # which does not listen
        options: dict[str, Any] = {"base_url": server.base_url, "retry": RetryPolicy(max_retries=1)}
        first = await run(AsyncOpenRouter(record=tmp_path / "a", **options))
        server._listening.close()
        return first, await run(AsyncOpenRouter(replay=tmp_path / "a", pace="now", **options))

    first, again = asyncio.run(asyncio.wait_for(all_of_it(), 30))
    assert len(first.attempts) == 1
    assert first.attempts[0].wait
    assert again.to_dict() == first.to_dict()


@pytest.mark.parametrize("size", [0, 1, 5])
def test_a_key_that_the_server_gives_back_is_not_in_the_file(size: int, tmp_path: Path) -> None:
    other = "sk-or-v1-" + "ab" * 20
    words = [said(KEY[at : at + 3]) for at in range(0, len(KEY), 3)]
    script = stream(
        *words,
        event({"choices": [], KEY: other, "user_id": "user_me"}),
        b": " + KEY.encode() + b"\n\n",
        event("{" + KEY),
        STOP,
        DONE,
        headers=(f"X-Generation-Id: gen-{KEY}", f"Set-Cookie: {KEY}"),
    )
    path = tmp_path / "a.jsonl"
    first, *again = both((in_pieces(script, size),), path)
    assert first.text == KEY
    text = path.read_text("utf-8")
    for part in (KEY, KEY[20:], other, "user_me"):
        assert part not in text
    assert again[0].text == "*" * len(KEY)


def test_a_key_of_no_known_form_is_not_in_the_file_either(tmp_path: Path) -> None:
    path, secret = tmp_path / "a.jsonl", 'local"secret\\0123456'

    async def all_of_it() -> None:
        async with FaultServer(stream(said(secret[:5]), said(f"{secret[5:]}, ok"), STOP, DONE)) as server:
            key = Key(secret, source="test")
            async with AsyncOpenRouter(key, base_url=server.base_url, record=path) as client:
                await run(client)
            assert secret.encode() in server.requests[0]

    asyncio.run(asyncio.wait_for(all_of_it(), 30))
    assert "0123456" not in path.read_text("utf-8")
    assert ", ok" in path.read_text("utf-8")


def test_what_tells_of_the_account_is_not_recorded(tmp_path: Path) -> None:
    async def all_of_it() -> None:
        told = answer("200 OK", {"data": {"label": "sk-or-v1-abc...def", "limit": 5, "usage": 1.0}})
        async with recording(told, path=tmp_path / "a") as client:
            assert (await client.key()).limit == 5

    asyncio.run(asyncio.wait_for(all_of_it(), 30))
    assert not (tmp_path / "a").exists()


def test_calls_that_are_no_stream_are_recorded_too(tmp_path: Path) -> None:
    scripts = (
        answer("200 OK", {"data": [{"id": "a/b", "name": "B"}]}),
        answer("200 OK", {"data": [{"index": 0, "embedding": [0.5, 1.0]}], "usage": {"cost": 1.0}}),
        answer("404 Not Found", {"error": {"code": 404, "message": "No such generation"}}),
        answer("200 OK", {"data": {"id": "gen-1", "total_cost": 0.25, "external_user": "me"}}),
    )

    async def use(client: AsyncOpenRouter) -> Any:
        models = [model.slug for model in await client.models("b")]
        vectors = (await client.embeddings("x", model="a/b")).vectors
        response = Response("a/b")
        response.generation_id, response.state, response.settler = "gen-1", "stopped", client.settle
        return models, vectors, (await client.settle(response)).cost

    first, *again = both(scripts, tmp_path / "a", use)
    assert first[0] == ["a/b"]
    assert first[2] == 0.25
    assert all(one == first for one in again)
    assert '"external_user": "…"' in (tmp_path / "a").read_text("utf-8")


def test_many_answers_at_once_are_each_written_whole(tmp_path: Path) -> None:
    async def use(client: AsyncOpenRouter) -> Any:
        answers = client.chat_many([f"question {n}" for n in range(20)], model="a/b", concurrency=10)
        return sorted([(index, one.text) async for index, one in answers])

    slow = (head(), framed(said("Hel")), 0.02, framed(*HELLO[1:]), LAST)
    first, *again = both((slow,), tmp_path / "a", use)
    assert all(one == first for one in again)
    found = read((tmp_path / "a").read_bytes(), "a")
    assert sorted(str(one.request.body["messages"][0]["content"]) for one in found) == sorted(
        f"question {n}" for n in range(20)
    )
    assert {one.end for one in found} == {"whole"}


def test_an_answer_whose_recording_fails_is_kept_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise FileError("a.jsonl cannot be written: No space left on device.")

    monkeypatch.setattr(recorder, "append_whole", full)

    async def all_of_it() -> Response:
        async with recording(OK, path=tmp_path / "a") as client:
            with pytest.warns(RuntimeWarning, match="No space left"), suppress(OpenRouterError):
                await client.models()
            return await run(client)

    response = asyncio.run(asyncio.wait_for(all_of_it(), 30))
    assert response.text == "Hello"
    assert response.warnings == [
        "The answer was not recorded: a.jsonl cannot be written: No space left on device."
    ]


def test_an_answer_that_is_too_large_is_not_written_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MAX_EXCHANGE_BYTES", 100)

    async def all_of_it() -> Response:
        async with recording(OK, path=tmp_path / "a") as client:
            return await run(client)

    response = asyncio.run(asyncio.wait_for(all_of_it(), 30))
    assert response.text == "Hello"
    assert "was not recorded" in response.warnings[0]
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    "content", [b"my notes\n", b'{"cells": []}', b'{"recording": "jupyter_openrouter", "version": 2}\n']
)
def test_another_file_is_not_recorded_into(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(FileError, match="a is no recording: line 1"):
        AsyncOpenRouter(base_url="http://127.0.0.1:9", record=path)
    assert path.read_bytes() == content


def test_a_recording_that_breaks_off_is_not_recorded_into(tmp_path: Path) -> None:
    path = tmp_path / "a"
    both((OK,), path)
    whole = path.read_bytes()
    for content in (whole[:-1], whole.rpartition(b'{"ms"')[0]):
        path.write_bytes(content)
        with pytest.raises(FileError, match="its end is missing"):
            AsyncOpenRouter(base_url="http://127.0.0.1:9", record=path)
    with pytest.raises(FileError, match="There is no folder"):
        AsyncOpenRouter(base_url="http://127.0.0.1:9", record=tmp_path / "no" / "a")
    with pytest.raises(FileError, match="is no file"):
        AsyncOpenRouter(base_url="http://127.0.0.1:9", record=tmp_path)
