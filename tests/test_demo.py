"""The demo server over real HTTP on loopback: order of frames, models, faults, and what is left behind."""

from __future__ import annotations

import asyncio
import base64
import doctest
import hashlib
import importlib
import json
import os
import pkgutil
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

import jupyter_openrouter.demo as demo
from jupyter_openrouter.demo import DemoServer, faults, ledger, statuses, wire
from jupyter_openrouter.demo.models import MODELS
from jupyter_openrouter.demo.script import Telling, Wait, opening

STRANGE = 'é\x00\r\n\r\n\u2028\u0085 data: [DONE]\n\n日本語 👩‍👩‍👧‍👦 עברית "\\" \ud800 </script> \ufeff end'


@dataclass
class Got:
    """What came back, and how it ended: whole, short or reset."""

    status: int
    headers: dict[str, str]
    body: bytes
    end: str = "whole"

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[bytes]:
        return self.body.split(b"\n\n")[:-1]

    @property
    def chunks(self) -> list[Any]:
        """Every JSON event but a malformed one."""
        data = [event[6:] for event in self.events if event.startswith(b"data: ")]
        return [json.loads(one) for one in data if one.startswith(b"{") and one.endswith(b"}")]

    def deltas(self, field: str = "content") -> list[Any]:
        found = [choice.get("delta") or choice for chunk in self.chunks for choice in chunk["choices"]]
        return [delta[field] for delta in found if delta.get(field)]

    @property
    def text(self) -> str:
        return "".join(self.deltas())

    @property
    def finishes(self) -> list[str]:
        reasons = [choice["finish_reason"] for chunk in self.chunks for choice in chunk["choices"]]
        return [reason for reason in reasons if reason]


async def send(
    server: DemoServer, method: str, path: str, body: Any = None, **headers: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = urlsplit(server.base_url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**26)
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path if path == '/auth' or '/auth?' in path else where.path + path} HTTP/1.1"]
    named = {"Host": where.netloc, "Connection": "close", "Content-Length": str(len(data)), **headers}
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + data)
    return reader, writer


async def head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines)


async def parts(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The body piece by piece, as it was flushed."""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        yield (await reader.readexactly(size + 2))[:-2]


async def call(server: DemoServer, method: str, path: str, body: Any = None, **headers: str) -> Got:
    reader, writer = await send(server, method, path, body, **headers)
    try:
        status, got = await head(reader)
        content, end = bytearray(), "whole"
        try:
            if got.get("Transfer-Encoding") != "chunked":
                content += await reader.readexactly(int(got.get("Content-Length", "0")))
            else:
                async for part in parts(reader):
                    content += part
        except asyncio.IncompleteReadError:
            end = "short"
        except ConnectionResetError:
            end = "reset"
        return Got(status, got, bytes(content), end)
    finally:
        writer.close()


async def ask(server: DemoServer, model: str | None, prompt: Any, *, stream: bool = True, **more: Any) -> Got:
    body = {"messages": [{"role": "user", "content": prompt}], "stream": stream, **more}
    return await call(server, "POST", "/chat/completions", {"model": model, **body} if model else body)


def on_server(use: Callable[[DemoServer], Awaitable[None]], **options: Any) -> None:
    """Run a coroutine against a server of its own, and see that nothing is left."""

    async def run() -> None:
        server = DemoServer(**{"rate": 0, **options})
        await server.start()
        try:
            await use(server)
        finally:
            await server.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "days": {"type": "integer"},
                    "unit": {"enum": ["C", "F"]},
                },
            },
        },
    },
    {"type": "function", "function": {"name": "clock"}},
]


def check_usage(usage: Any, model: str) -> None:
    prices = [float(price) for price in MODELS[model].prices]
    assert usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"]
    cost = usage["prompt_tokens"] * prices[0] + usage["completion_tokens"] * prices[1]
    assert usage["cost"] == pytest.approx(cost) != 0
    parts = usage["cost_details"]
    both = parts["upstream_inference_prompt_cost"] + parts["upstream_inference_completions_cost"]
    assert both == pytest.approx(usage["cost"])
    assert usage["is_byok"] is False


def test_frames_come_in_the_documented_order() -> None:
    async def use(server: DemoServer) -> None:
        got = await ask(server, "demo/echo", "hello there, all of you")
        assert got.headers["Content-Type"] == "text/event-stream"
        assert got.headers["Transfer-Encoding"] == "chunked"
        assert got.events[0] == b": OPENROUTER PROCESSING"
        assert got.events[-1] == b"data: [DONE]"
        first, *deltas, finish, usage = got.chunks
        assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
        assert all(chunk["choices"][0]["finish_reason"] is None for chunk in [first, *deltas])
        assert finish["choices"][0]["finish_reason"] == finish["choices"][0]["native_finish_reason"] == "stop"
        assert usage["choices"] == []
        assert [chunk for chunk in got.chunks if "usage" in chunk] == [usage]
        assert {chunk["id"] for chunk in got.chunks} == {got.headers["X-Generation-Id"]}
        assert {chunk["model"] for chunk in got.chunks} == {"demo/echo"}
        assert {chunk["object"] for chunk in got.chunks} == {"chat.completion.chunk"}

    on_server(use)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_says_the_same_streamed_and_whole(model: str) -> None:
    async def use(server: DemoServer) -> None:
        streamed = await ask(server, model, "say 300 words", tools=TOOLS)
        whole = await ask(server, model, "say 300 words", tools=TOOLS, stream=False)
        message = whole.json["choices"][0]["message"]
        assert whole.headers["Content-Type"] == "application/json"
        assert streamed.text == (message["content"] or "")
        assert "".join(streamed.deltas("reasoning")) == message.get("reasoning", "")
        assert streamed.finishes == [whole.json["choices"][0]["finish_reason"]]
        assert streamed.chunks[-1]["usage"] == whole.json["usage"]
        check_usage(whole.json["usage"], model)

    on_server(use)


@pytest.mark.parametrize("seed", range(5))
def test_echo_gives_the_prompt_back_byte_for_byte(seed: int) -> None:
    async def use(server: DemoServer) -> None:
        parts = [
            {"type": "text", "text": STRANGE[:20]},
            {"type": "image_url"},
            {"type": "text", "text": STRANGE[20:]},
        ]
        got = await ask(server, "demo/echo", parts, demo={"seed": seed})
        assert got.text == STRANGE
        assert got.chunks[-1]["usage"]["completion_tokens"] == -(-len(STRANGE) // 4)
        plain = await ask(server, "demo/echo", "unbreakable" * 20, demo={"seed": seed})
        assert len(plain.deltas()) > 20  # cut inside the word
        assert (
            "日本"
            in (
                await call(server, "POST", "/completions", {"model": "demo/echo", "prompt": "日本"})
            ).body.decode()
        )

    on_server(use)


def test_tour_begins_with_the_part_that_the_prompt_names_and_says_it_is_written() -> None:
    async def use(server: DemoServer) -> None:
        for word in ("Stop", "chat", "key", "cost"):
            text = (await ask(server, "demo/tour", f"Tell me about {word}!")).text
            assert word.lower() in text.split("\n## ")[1].split("\n")[0].lower()
            assert "written, not generated" in text
        text = (await ask(server, None, "hello")).text
        assert "| `demo/tour` | 1.00 | 4.00 | looking around |" in text
        wanted = ("%%openrouter --model", "--out", "_openrouter", "ChatWidget(model=", "OPENROUTER_API_KEY")
        assert all(word in text for word in wanted)
        assert 600 < len(text.split()) < 900

    on_server(use)


def test_reasoner_thinks_first_and_signs_last() -> None:
    async def use(server: DemoServer) -> None:
        got = await ask(server, "demo/reasoner", "why?")
        kinds = [
            "reasoning" if d.get("reasoning_details") else "content"
            for d in (c["choices"][0]["delta"] for c in got.chunks[1:-2])
        ]
        assert kinds == sorted(kinds, reverse=True)
        details = [one for entry in got.deltas("reasoning_details") for one in entry]
        assert "".join(detail.get("text", "") for detail in details) == "".join(got.deltas("reasoning"))
        assert [bool(detail.get("signature")) for detail in details] == [False] * (len(details) - 1) + [True]
        counted = got.chunks[-1]["usage"]
        assert 0 < counted["completion_tokens_details"]["reasoning_tokens"] < counted["completion_tokens"]
        hidden = await ask(server, "demo/reasoner", "why?", reasoning={"exclude": True})
        assert not hidden.deltas("reasoning")
        assert hidden.chunks[-1]["usage"] == counted
        off = await ask(server, "demo/reasoner", "why?", reasoning={"effort": "none"})
        assert off.chunks[-1]["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0

    on_server(use)


def test_tools_calls_a_function_in_pieces_and_then_repeats_its_result() -> None:
    async def use(server: DemoServer) -> None:
        prompt = 'weather in "Oslo" for 3 days'
        pieces = [
            piece
            for entry in (await ask(server, "demo/tools", prompt, tools=TOOLS)).deltas("tool_calls")
            for piece in entry
        ]
        assert pieces[0]["id"]
        assert pieces[0]["function"] == {"name": "weather", "arguments": ""}
        assert all(set(piece) == {"index", "function"} for piece in pieces[1:])
        made = json.loads("".join(piece["function"]["arguments"] for piece in pieces))
        assert made == {"city": "Oslo", "days": 3, "unit": "C"}
        both = await ask(server, "demo/tools", "use both", tools=TOOLS, stream=False)
        assert [one["function"]["name"] for one in both.json["choices"][0]["message"]["tool_calls"]] == [
            "weather",
            "clock",
        ]
        choice = {"type": "function", "function": {"name": "clock"}}
        chosen = await ask(server, "demo/tools", "x", tools=TOOLS, tool_choice=choice, stream=False)
        assert chosen.json["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "clock"
        assert (await ask(server, "demo/tools", "x", tools=TOOLS, tool_choice="none")).finishes == ["stop"]
        result = [
            {"role": "user", "content": "x"},
            {"role": "tool", "tool_call_id": "c", "content": "12 degrees"},
        ]
        after = await ask(server, "demo/tools", "", messages=result, tools=TOOLS)
        assert "12 degrees" in after.text

    on_server(use)


def test_burst_counts_to_the_number_in_the_prompt_one_delta_each() -> None:
    async def use(server: DemoServer) -> None:
        got = await ask(server, "demo/burst", "please 777 of them, not 5")
        assert got.deltas() == [f"{number} " for number in range(1, 778)]
        assert len((await ask(server, "demo/burst", "many")).deltas()) == 10_000
        most = await ask(server, "demo/burst", "999999999999", stream=False)
        assert most.json["choices"][0]["message"]["content"].endswith(" 199999 200000 ")

    on_server(use)


def test_max_tokens_and_stop_strings_cut_the_answer() -> None:
    async def use(server: DemoServer) -> None:
        prompt = "one two three four five six"
        cut = await ask(server, "demo/echo", prompt, max_tokens=3, temperature=0.3)
        assert (cut.text, cut.finishes) == (prompt[:12], ["length"])
        assert cut.chunks[-1]["usage"]["completion_tokens"] == 3
        exact = await ask(server, "demo/echo", prompt, max_completion_tokens=7)
        assert (exact.text, exact.finishes) == (prompt, ["stop"])
        stopped = await ask(server, "demo/echo", prompt, stop=["five", " three"])
        assert (stopped.text, stopped.finishes) == ("one two", ["stop"])
        thinking = await ask(server, "demo/reasoner", prompt, max_tokens=5)
        assert (len("".join(thinking.deltas("reasoning"))), thinking.text, thinking.finishes) == (
            20,
            "",
            ["length"],
        )
        numbers = await ask(server, "demo/burst", "50", max_tokens=2)
        assert numbers.deltas() == ["1 ", "2 ", "3 ", "4 "]

    on_server(use)


def test_the_first_known_model_answers() -> None:
    async def use(server: DemoServer) -> None:
        got = await call(
            server,
            "POST",
            "/chat/completions",
            {
                "model": "a/b",
                "models": ["c/d", "demo/echo:free", "demo/tour"],
                "messages": [{"role": "user", "content": "x"}],
            },
            X_OpenRouter_Metadata="enabled",
        )
        assert got.json["model"] == "demo/echo"
        assert got.json["openrouter_metadata"]["strategy"] == "fallback"
        lost = await ask(server, "a/b", "x", models=["c/d"])
        assert lost.status == 404
        assert lost.json["error"]["availability"]["code"] == "model_not_found"
        assert lost.json["error"]["availability"]["requested_models"] == ["a/b", "c/d"]
        echoed = await ask(server, "demo/echo", "x", debug={"echo_upstream_body": True})
        assert echoed.chunks[0]["choices"] == []
        assert echoed.chunks[0]["debug"]["echo_upstream_body"]["model"] == "demo/echo"

    on_server(use)


def test_requests_that_make_no_sense_are_refused_in_the_envelope(caplog: pytest.LogCaptureFixture) -> None:
    chat, user = "/chat/completions", [{"role": "user", "content": "x"}]
    large = [{"role": "user", "content": "x" * (9 * 2**20)}]
    cases: list[tuple[int, str, str, str, Any]] = [
        (400, "invalid_request", "POST", chat, b"{"),
        (400, "invalid_request", "POST", chat, b"\xff"),
        (400, "invalid_request", "POST", chat, []),
        (400, "invalid_request", "POST", chat, {"model": "demo/echo"}),
        (400, "invalid_request", "POST", chat, {"messages": [{"content": "no role"}]}),
        (400, "invalid_request", "POST", chat, {"messages": user, "max_tokens": 0}),
        (400, "invalid_request", "POST", chat, {"messages": user, "stop": [1]}),
        (400, "invalid_request", "POST", chat, {"messages": user, "demo": {"rate": -1}}),
        (400, "invalid_request", "POST", "/completions", {"messages": user}),
        (413, "payload_too_large", "POST", chat, {"messages": large}),
        (404, "not_found", "GET", "/nowhere", None),
        (405, "invalid_request", "GET", chat, None),
    ]

    async def use(server: DemoServer) -> None:
        for status, kind, method, path, body in cases:
            got = await call(server, method, path, body)
            error = got.json["error"]
            assert (got.status, error["code"], error["metadata"]["error_type"]) == (status, status, kind)
            assert error["message"]
        refused = await call(server, "POST", chat, {"messages": user}, Authorization="Bearer invalid")
        assert (refused.status, refused.json["error"]["metadata"]["error_type"]) == (401, "authentication")
        assert not caplog.records

    on_server(use)


@pytest.mark.parametrize("word", statuses.ERRORS)
@pytest.mark.parametrize("stream", [True, False])
def test_faulty_refuses_with_the_status_that_is_named(word: str, stream: bool) -> None:
    async def use(server: DemoServer) -> None:
        got = await ask(server, "demo/faulty", f"please fail with {word}", stream=stream)
        assert got.status == got.json["error"]["code"] == int(word[:3])
        assert got.json["error"]["metadata"]["error_type"] == statuses.ERRORS[word].kind
        assert (got.headers.get("Retry-After") == "1") == (word in ("402-in-flight", "429", "503"))
        assert ("limit_source" in got.json["error"]["metadata"]) == word.startswith("402")
        assert ("availability" in got.json["error"]) == (word in ("404", "503"))

    on_server(use)


# For each word: does text come, which finish reasons, usage?, [DONE]?, errors at the top, in the choice
STREAMS: dict[str, tuple[bool, list[str], bool, bool, int, int]] = {
    "cut": (True, [], False, False, 0, 0),
    "mid-error": (True, ["error"], False, False, 1, 0),
    "error-first": (False, [], False, False, 1, 0),
    "error-string-code": (True, ["error"], False, False, 1, 0),
    "error-in-choice": (True, ["error"], False, False, 0, 1),
    "reset": (True, [], False, False, 0, 0),
    "malformed": (True, ["stop"], True, True, 0, 0),
    "empty": (False, ["stop"], True, True, 0, 0),
    "length": (True, ["length"], True, True, 0, 0),
    "filter": (True, ["content_filter"], True, True, 0, 0),
    "misfit": (True, ["stop"], True, True, 0, 0),
    "no-done": (True, ["stop"], True, False, 0, 0),
    "no-finish": (True, [], False, True, 0, 0),
    "huge": (True, ["stop"], True, True, 0, 0),
}
APART = {"stall", "comments", "json-error", "html", "redirect"}


def test_every_fault_has_a_test() -> None:
    assert STREAMS.keys() | APART == faults.FAULTS.keys()


@pytest.mark.parametrize("word", STREAMS)
def test_faulty_breaks_the_stream_as_named(word: str) -> None:
    async def use(server: DemoServer) -> None:
        got = await ask(server, "demo/faulty", f"{word} please")
        assert (got.status, got.end) == (200, "reset" if word == "reset" else "whole")
        text = "".join(got.deltas())
        choices = [choice for chunk in got.chunks for choice in chunk["choices"]]
        seen = (
            bool(text),
            got.finishes,
            any(chunk.get("usage") for chunk in got.chunks),
            b"data: [DONE]" in got.events,
            sum("error" in chunk for chunk in got.chunks),
            sum("error" in choice for choice in choices),
        )
        assert seen == STREAMS[word]
        if word == "huge":
            assert max(map(len, got.events)) > 16 * 2**20
        elif text:
            assert text.startswith(faults.MISFIT if word == "misfit" else faults.TEXT)
        broken = [event for event in got.events if event.startswith(b"data: {") and not event.endswith(b"}")]
        assert bool(broken) == (word == "malformed")
        codes = [type(chunk["error"]["code"]) for chunk in got.chunks if "error" in chunk]
        assert codes == [str if word == "error-string-code" else int] * seen[4]

    on_server(use)


def test_faulty_mends_the_form_of_an_answer_when_it_is_asked_to() -> None:
    async def use(server: DemoServer) -> None:
        schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
        wish = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        said = [
            {"role": "user", "content": "misfit"},
            {"role": "assistant", "content": faults.MISFIT},
            {"role": "user", "content": "$.a is missing: mend it, at any length"},
        ]
        got = await ask(server, "demo/faulty", "", messages=said, response_format=wish)
        assert json.loads(got.text) == {"a": 1}
        got = await ask(server, "demo/faulty", "", messages=said[:1], response_format=wish)
        assert got.text == faults.MISFIT

    on_server(use)


def test_faulty_fails_whole_answers_too() -> None:
    async def use(server: DemoServer) -> None:
        async def whole(word: str) -> Got:
            return await ask(server, "demo/faulty", word, stream=False)

        for word in ("mid-error", "error-first", "error-string-code", "json-error"):
            got = await whole(word)
            assert got.status == 200
            assert "choices" not in got.json
            assert got.json["error"]["message"]
        assert (await whole("error-in-choice")).json["choices"][0]["error"]["code"] == 502
        for word in ("cut", "malformed"):
            with pytest.raises(ValueError, match=r"line|column"):
                assert (await whole(word)).json
        assert (await whole("reset")).end == "reset"
        assert (await whole("no-finish")).json["choices"][0]["finish_reason"] is None
        for word in ("no-done", "empty", "length", "filter"):
            assert (await whole(word)).json["choices"][0]["finish_reason"] in (
                "stop",
                "length",
                "content_filter",
            )

    on_server(use)


def test_faulty_answers_with_something_else_than_a_stream() -> None:
    async def use(server: DemoServer) -> None:
        body = await ask(server, "demo/faulty", "json-error")
        assert (body.status, body.headers["Content-Type"]) == (200, "application/json")
        assert body.json["error"]["code"] == 502
        page = await ask(server, "demo/faulty", "html")
        assert (page.status, page.body[:15]) == (502, b"<!DOCTYPE html>")
        away = await ask(server, "demo/faulty", "redirect")
        target = urlsplit(away.headers["Location"])
        assert (away.status, target.hostname) == (302, "localhost")
        assert f":{target.port}/" in server.base_url
        assert (await call(server, "GET", "/redirected")).status == 400

    on_server(use)


def test_faulty_lists_its_words_and_can_fail_only_once() -> None:
    async def use(server: DemoServer) -> None:
        text = (await ask(server, "demo/faulty", "hello")).text
        assert all(f"| `{word}` |" in text for word in [*statuses.ERRORS, *faults.FAULTS])
        assert "| --- | --- |" in text
        tries = [await ask(server, "demo/faulty", "429 once") for _ in range(3)]
        assert [got.status for got in tries] == [429, 200, 200]
        assert (await ask(server, "demo/faulty", "503 once")).status == 503

    on_server(use)


async def statistics(server: DemoServer, id: str) -> Any:
    """Ask until the statistics are there."""
    while (got := await call(server, "GET", f"/generation?id={id}")).status == 404:
        await asyncio.sleep(0.02)
    return got.json["data"]


def test_statistics_of_a_generation_appear_a_moment_after_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(server: DemoServer) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(ledger, "LAG", 3600.0)  # however long the next request takes
            early = (await ask(server, "demo/echo", "hello")).headers["X-Generation-Id"]
            assert (await call(server, "GET", f"/generation?id={early}")).status == 404
        before = (await call(server, "GET", "/key")).json["data"]["usage"]
        got = await ask(server, "demo/reasoner", "why?")
        id, usage = got.headers["X-Generation-Id"], got.chunks[-1]["usage"]
        data = await statistics(server, id)
        assert (data["id"], data["cancelled"], data["streamed"], data["finish_reason"]) == (
            id,
            False,
            True,
            "stop",
        )
        assert data["total_cost"] == usage["cost"]
        assert data["tokens_completion"] == usage["completion_tokens"]
        spent = (await call(server, "GET", "/key")).json["data"]["usage"]
        assert spent - before == pytest.approx(usage["cost"])
        assert (await call(server, "GET", "/generation")).status == 400
        failed = await ask(server, "demo/faulty", "mid-error")
        assert (await statistics(server, failed.headers["X-Generation-Id"]))["total_cost"] == 0

    on_server(use)


@pytest.mark.parametrize(
    ("model", "prompt", "marker"),
    [
        ("demo/faulty", "stall", faults.TEXT),
        ("demo/faulty", "comments", "PROCESSING"),
        ("demo/slow", "tell", "lamp on"),
        ("demo/burst", "200000", " 100 "),
    ],
    ids=["stall", "comments", "slow", "burst"],
)
def test_a_client_that_leaves_ends_the_answer(model: str, prompt: str, marker: str) -> None:
    async def use(server: DemoServer) -> None:
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], "stream": True}
        wish = {"demo": {"rate": 50, "first_token_delay": 0}} if model == "demo/slow" else {}
        reader, writer = await send(server, "POST", "/chat/completions", {**body, **wish})
        _, headers = await head(reader)
        seen = b""
        async for part in parts(reader):
            seen += part
            if marker in seen.decode() or marker in Got(200, {}, seen).text:
                break
        writer.close()
        data = await statistics(server, headers["X-Generation-Id"])
        assert (data["cancelled"], data["finish_reason"]) == (True, None)
        assert data["tokens_completion"] < 200_000
        assert not server._ledger.talking

    on_server(use)


def test_a_long_answer_lets_a_short_one_pass() -> None:
    async def use(server: DemoServer) -> None:
        body = {"model": "demo/burst", "stream": True, "messages": [{"role": "user", "content": "5000"}]}
        reader, writer = await send(server, "POST", "/chat/completions", body)
        _, headers = await head(reader)
        assert (await ask(server, "demo/echo", "short")).text == "short"
        writer.close()
        assert (await statistics(server, headers["X-Generation-Id"]))["cancelled"]

    on_server(use)


def test_keep_alive_comments_are_repeated_while_the_first_token_is_awaited() -> None:
    tell = Telling(wire.Envelope("gen-1", 0, "demo/echo"), 1, ("0", "0"), delay=1.7)
    steps = list(opening(tell))
    waits = [step.seconds for step in steps if isinstance(step, Wait)]
    assert sum(waits) == pytest.approx(1.7)
    assert sum(getattr(step, "data", b"") == wire.COMMENT for step in steps) == len(waits) == 4


def test_stop_closes_every_connection_and_leaves_nothing() -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0

    async def run() -> None:
        before = open_files()
        server = DemoServer()
        await server.start()
        streams = []
        for model, prompt in (("demo/faulty", "stall"), ("demo/slow", "x"), ("demo/burst", "200000")):
            body = {"model": model, "stream": True, "messages": [{"role": "user", "content": prompt}]}
            reader, writer = await send(server, "POST", "/chat/completions", body)
            await head(reader)
            streams.append((reader, writer))
        await server.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        for reader, writer in streams:
            try:
                ended = await reader.read()
            except ConnectionResetError:
                ended = b""
            assert not ended.endswith(b"0\r\n\r\n")  # cut off, not ended in order
            writer.close()
        with pytest.raises(OSError, match="onnect"):
            await send(server, "GET", "/models")
        await server.stop()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert open_files() == before

    asyncio.run(run())


def test_it_runs_on_a_loop_in_another_thread() -> None:
    box: list[Any] = []

    def run() -> None:
        on_server(lambda server: use(server))

    async def use(server: DemoServer) -> None:
        box.append((await ask(server, "demo/echo", "from a thread")).text)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert box == ["from a thread"]


def test_the_same_seed_gives_the_same_bytes() -> None:
    got: list[bytes] = []

    async def use(server: DemoServer) -> None:
        got.append((await ask(server, "demo/reasoner", "why?")).body)

    for seed in (1, 1, 2):
        on_server(use, seed=seed)
    assert got[0] == got[1] != got[2]


def test_requests_are_remembered_without_the_key() -> None:
    async def use(server: DemoServer) -> None:
        for number in range(105):
            await call(server, "GET", f"/nowhere/{number}", Authorization="Bearer sesame")
        await ask(server, "demo/echo", "hello")
        last = server.requests[-1]
        assert (last["method"], last["path"]) == ("POST", "/api/v1/chat/completions")
        assert last["body"]["messages"] == [{"role": "user", "content": "hello"}]
        assert len(server.requests) == ledger.REQUESTS == 100
        assert server.requests[0]["headers"]["Authorization"] == "***"
        assert "sesame" not in repr(server.requests)

    on_server(use)


def test_large_requests_are_forgotten_sooner_but_for_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "REQUEST_BYTES", 2500)

    async def use(server: DemoServer) -> None:
        for number, length in enumerate((900, 900, 900)):
            await ask(server, "demo/echo", f"{number}" + "x" * length)
        kept = [one["body"]["messages"][0]["content"][0] for one in server.requests]
        assert kept == ["1", "2"]
        await ask(server, "demo/echo", "3" + "x" * 5000)
        assert [one["body"]["messages"][0]["content"][0] for one in server.requests] == ["3"]

    on_server(use)


def test_the_researcher_has_everything_that_can_stand_beside_a_text() -> None:
    async def use(server: DemoServer) -> None:
        got = await ask(server, "demo/researcher", "Why is the sky blue?")
        assert got.deltas("reasoning")
        assert got.deltas("tool_calls")
        cited = [entry for delta in got.deltas("annotations") for entry in delta]
        assert cited[0]["url_citation"]["title"] == "Rayleigh scattering"
        [[image]] = got.deltas("images")
        whole = await ask(server, "demo/researcher", "Why is the sky blue?", stream=False)
        assert whole.json["choices"][0]["message"]["images"] == [image]
        refused = await ask(server, "demo/researcher", "please refuse", stream=False)
        assert refused.json["choices"][0]["message"]["refusal"].startswith("I was written")

    on_server(use)


def test_legacy_completions_carry_text() -> None:
    async def use(server: DemoServer) -> None:
        for path in ("/completions", "/chat/completions"):
            body = {"model": "demo/echo", "prompt": "once upon", "stream": True}
            got = await call(server, "POST", path, body)
            assert "".join(got.deltas("text")) == "once upon"
            assert got.chunks[0]["object"] == "text_completion"
            assert got.finishes == ["stop"]
            whole = await call(server, "POST", path, {**body, "stream": False})
            assert whole.json["choices"][0]["text"] == "once upon"

    on_server(use)


def test_the_catalogue_and_the_account() -> None:
    async def use(server: DemoServer) -> None:
        async def get(path: str, **headers: str) -> Any:
            return (await call(server, "GET", path, **headers)).json

        listed = await get("/models")
        assert [card["id"] for card in listed["data"]] == list(MODELS)
        assert listed["total_count"] == len(MODELS)
        assert all("teaching and testing tool" in card["description"] for card in listed["data"])
        assert all(float(card["pricing"]["completion"]) > 0 for card in listed["data"])
        assert [card["id"] for card in (await get("/models?supported_parameters=tools"))["data"]] == [
            "demo/tools"
        ]
        assert [card["id"] for card in (await get("/models?q=ECHO"))["data"]] == ["demo/echo"]
        seen, path = [], "/models?limit=3"
        while path:
            page = await get(path)
            seen += [card["id"] for card in page["data"]]
            path = (page["links"]["next"] or "").removeprefix("/api/v1")
        assert seen == list(MODELS)
        assert (await call(server, "GET", "/models?limit=x")).status == 400
        assert (await get("/model/demo/tour"))["data"]["id"] == "demo/tour"
        assert (await get("/models/demo/tour/endpoints"))["data"]["endpoints"][0]["provider_name"] == "Demo"
        assert (await call(server, "GET", "/model/demo/none")).status == 404
        assert [one["name"] for one in (await get("/providers"))["data"]] == ["Demo"]
        assert (await get("/key"))["data"]["limit_remaining"] == 10.0
        assert (await call(server, "GET", "/credits")).status == 403
        assert (await get("/credits", Authorization="Bearer demo-management"))["data"][
            "total_credits"
        ] == 10.0

    on_server(use)


def test_the_list_of_models_is_filtered_and_sorted() -> None:
    async def use(server: DemoServer) -> None:
        async def ids(query: str) -> list[str]:
            got = await call(server, "GET", f"/models?{query}")
            assert got.status == 200, got.body
            return [card["id"] for card in got.json["data"]]

        assert (await ids("sort=pricing-low-to-high"))[0] == "demo/burst"
        assert (await ids("sort=pricing-high-to-low"))[0] == "demo/reasoner"
        assert await ids("sort=most-popular") == list(MODELS)
        assert await ids("max_price=0.2") == ["demo/slow", "demo/burst"]
        assert await ids("min_price=2") == ["demo/reasoner"]
        assert await ids("context=200000") == []
        assert await ids("input_modalities=image") == []
        assert await ids("output_modalities=embeddings") == ["demo/embedder"]
        assert await ids("output_modalities=all") == [*MODELS, "demo/embedder"]
        for query in ("sort=loudest", "max_price=cheap"):
            assert (await call(server, "GET", f"/models?{query}")).status == 400

    on_server(use)


def test_embeddings_are_small_and_always_the_same() -> None:
    async def use(server: DemoServer) -> None:
        async def embed(status: int = 200, **body: Any) -> Any:
            got = await call(server, "POST", "/embeddings", {"model": "demo/embedder", **body})
            assert got.status == status, got.body
            return got.json

        both = await embed(input=["a", "b"])
        first, second = (item["embedding"] for item in both["data"])
        assert [item["index"] for item in both["data"]] == [0, 1]
        assert len(first) == 8
        assert sum(one * one for one in first) == pytest.approx(1)
        assert (await embed(input="a"))["data"][0]["embedding"] == first != second
        assert both["usage"]["prompt_tokens"] == 2
        assert both["usage"]["cost"] > 0
        packed = (await embed(input="a", encoding_format="base64"))["data"][0]["embedding"]
        assert struct.unpack("<8f", base64.b64decode(packed)) == tuple(first)
        assert len((await embed(input="a", dimensions=3))["data"][0]["embedding"]) == 3
        assert len((await embed(input=[1, 2]))["data"]) == 1
        assert len((await embed(input=[{"content": []}, {"content": []}]))["data"]) == 2
        for wrong in (
            {"input": ""},
            {"input": []},
            {"input": "a", "dimensions": 65},
            {"input": "a", "dimensions": True},
        ):
            await embed(400, **wrong)
        await embed(400, input="a", encoding_format="int8")
        await embed(404, input="a", model="demo/echo")
        assert (await call(server, "POST", "/embeddings", [])).status == 400
        listed = (await call(server, "GET", "/embeddings/models")).json["data"]
        assert [card["id"] for card in listed] == ["demo/embedder"]

    on_server(use)


def test_activity_is_for_management_keys_and_adds_up_what_was_generated() -> None:
    async def use(server: DemoServer) -> None:
        assert (await call(server, "GET", "/activity")).status == 403

        async def rows(query: str = "") -> Any:
            got = await call(server, "GET", f"/activity{query}", Authorization="Bearer demo-management")
            return got.json["data"]

        assert await rows() == []
        for _ in range(2):
            await ask(server, "demo/echo", "hello")
        (row,) = await rows()
        assert (row["model"], row["requests"], row["date"]) == ("demo/echo", 2, "2026-01-01")
        assert row["completion_tokens"] == 4
        assert row["usage"] > 0
        assert await rows("?date=2026-01-01") == [row]
        assert await rows("?date=2026-01-02") == []
        got = await call(server, "GET", "/activity?date=soon", Authorization="Bearer demo-management")
        assert got.status == 400

    on_server(use)


def test_latency_and_throughput_are_seen_with_a_key_only() -> None:
    async def use(server: DemoServer) -> None:
        async def seen(**headers: str) -> Any:
            got = await call(server, "GET", "/models/demo/slow/endpoints", **headers)
            return got.json["data"]["endpoints"][0]["throughput_last_30m"]

        assert await seen() is None
        assert (await seen(Authorization="Bearer x"))["p50"] == 4

    on_server(use)


def test_a_code_is_redeemed_by_its_verifier_only_and_only_once() -> None:
    verifier = "v" * 64
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "callback_url": "http://localhost:1/",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }

    async def use(server: DemoServer) -> None:
        async def issue(**changes: Any) -> Got:
            return await call(server, "POST", "/auth/keys/code", {**asked, **changes})

        async def redeem(**body: Any) -> Got:
            return await call(server, "POST", "/auth/keys", {"code_challenge_method": "S256", **body})

        code = (await issue()).json["data"]["id"]
        key = (await redeem(code=code, code_verifier=verifier)).json
        assert key["key"].startswith("sk-or-v1-")
        assert key["user_id"]
        assert (await redeem(code=code, code_verifier=verifier)).status == 403
        code = (await issue()).json["data"]["id"]
        assert (await redeem(code=code, code_verifier="w" * 64)).status == 403
        assert (await redeem(code="never issued", code_verifier=verifier)).status == 403
        assert (await redeem(code_verifier=verifier)).status == 400
        assert (await redeem(code=code, code_verifier="short")).status == 400
        assert (await redeem(code=code, code_verifier=verifier, code_challenge_method="plain")).status == 400
        assert (await issue(code_challenge_method="plain")).status == 400
        assert (await issue(code_challenge="x")).status == 400
        example = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        assert (await redeem(code="demo-code", code_verifier=example)).status == 200
        assert (await redeem(code="demo-code", code_verifier=verifier)).status == 403
        query = f"code_challenge={asked['code_challenge']}&code_challenge_method=S256"
        away = await call(
            server, "GET", f"/auth?{query}&callback_url=http%3A%2F%2Flocalhost%3A1%2Fback%3Fa%3Db"
        )
        place, _, code = away.headers["Location"].partition("&code=")
        assert (away.status, place) == (302, "http://localhost:1/back?a=b")
        assert (await redeem(code=code, code_verifier=verifier)).status == 200
        page = (await call(server, "GET", f"/auth?{query}")).body.decode()
        shown = page.partition("<code>")[2].partition("</code>")[0]
        assert (await redeem(code=shown, code_verifier=verifier)).status == 200

    on_server(use)


def test_importing_the_package_does_not_import_tornado() -> None:
    line = "import sys, jupyter_openrouter.demo; print('tornado' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", line]).strip() == b"False"
    with pytest.raises(AttributeError, match="nothing"):
        _ = demo.nothing


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_the_command_says_where_it_listens_and_ends_at_ctrl_c() -> None:
    command = [sys.executable, "-m", "jupyter_openrouter.demo", "--rate", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            _, complaint = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, complaint) == (0, "")


@pytest.mark.parametrize(
    "name", [one.name for one in pkgutil.iter_modules(demo.__path__) if one.name != "__main__"]
)
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"{demo.__name__}.{name}")).failed == 0
