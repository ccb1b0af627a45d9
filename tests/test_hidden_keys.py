"""No text of others shows a key that is in use, whatever the key looks like and however it is quoted."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import pickle
from contextlib import suppress
from typing import Any

import pytest
from faults import HELLO, FaultServer, Script, answer, event, stream

from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.errors import OpenRouterError
from jupyter_openrouter.hidden_keys import without_keys
from jupyter_openrouter.keys import Key
from jupyter_openrouter.masking import mask

KEY = "gateway-0123-4567-89ab-cdef"
HEADER = base64.b64encode(f"Bearer {KEY}".encode()).decode()


def said(text: str) -> dict[str, Any]:
    return {"error": {"message": f"no such key: {text}", "code": text, "metadata": {"provider_name": text}}}


QUOTED: dict[str, Script] = {
    "in the reason": answer("401 Unauthorized", said(f"Bearer {KEY}")),
    "in base64": answer("400 Bad Request", said(HEADER)),
    "between other letters": answer("403 Forbidden", said(f"key_{KEY}_end")),
    "in the words of a provider": answer("400 Bad", {"error": {"message": "x", "metadata": {"raw": KEY}}}),
    "in a header": answer("404 Not Found", {"error": {"message": "x"}}, f"X-Generation-Id: {KEY}"),
    "in a redirect": answer("302 Found", b"", f"Location: https://example.org/?key={KEY}"),
    "in the first event": stream(event(said(KEY))),
    "in a malformed chunk": stream(event(f"{{{KEY}"), *HELLO),
    "in the name of a provider": stream(event({"id": KEY, "provider": KEY, "model": KEY}), *HELLO),
    "in a plain event": stream(
        event({"id": KEY, "provider": KEY, "model": KEY, "choices": [{"delta": {"content": "x"}}]}),
        event("[DONE]"),
    ),
    "in words that are no stream": answer("200 OK", f"key {KEY}".encode(), kind="text/plain"),
}


@pytest.mark.parametrize("where", QUOTED)
def test_a_server_that_quotes_the_key_makes_nobody_show_it(where: str) -> None:
    async def run() -> tuple[Any, list[bytes]]:
        async with (
            FaultServer(QUOTED[where]) as server,
            AsyncOpenRouter(KEY, base_url=server.base_url) as client,
        ):
            one = client.chat_stream("hi", model="a/b")
            with suppress(OpenRouterError):
                await one.run()
            return one.response, server.requests

    response, requests = asyncio.run(run())
    assert KEY.encode() in requests[0], "the server knew it"
    shown = f"{response!r} {json.dumps(response.to_dict())} {json.dumps(response.mimebundle())} {response.warnings}"
    assert KEY not in shown
    if (error := response.error) is not None:
        error.response = None
        assert KEY not in f"{error} {error!r} {vars(error)}"
        assert KEY.encode() not in pickle.dumps(error)
    assert HEADER.rstrip("=") not in shown


def test_a_key_is_hidden_as_long_as_anybody_holds_it() -> None:
    key = Key(KEY, source="argument")
    same = Key(KEY, source="argument")
    assert without_keys(f"<{KEY}>") == "<…>"
    del same
    gc.collect()
    assert without_keys(f"<{KEY}>") == "<…>"
    del key
    gc.collect()
    assert without_keys(f"<{KEY}>") == f"<{KEY}>"


def test_a_word_that_is_too_short_for_a_key_stays_in_texts() -> None:
    held = Key("ollama", source="argument")
    assert without_keys("The model of ollama is unknown.") == "The model of ollama is unknown."
    del held


def test_words_that_serve_as_a_key_are_hidden_in_an_error_and_stay_in_a_prompt() -> None:
    held = Key("no-key-required", source="argument")
    assert without_keys("Wrong key: no-key-required") == "Wrong key: …"
    assert mask("Is no-key-required a key?") == "Is no-key-required a key?"
    del held


@pytest.mark.parametrize("before", ["", "key=", "key_", "Bearer "])
def test_what_looks_like_a_key_is_hidden_whoever_it_belongs_to(before: str) -> None:
    assert without_keys(f"{before}sk-or-v1-0123456789abcdef is wrong") == f"{before}sk-or-… is wrong"


def test_words_that_end_like_the_beginning_of_a_key_stay() -> None:
    assert without_keys("a task-or-responsibilities table") == "a task-or-responsibilities table"
