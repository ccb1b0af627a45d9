"""The example that relays a stream through a web app, driven as a web server would."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parent.parent / "examples" / "relay.py"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("relay", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_events_pass_through_and_a_browser_that_goes_away_stops_the_stream() -> None:
    relay = load()
    made: list[Any] = []

    async def browse(leave_after: int) -> tuple[list[bytes], Any]:
        async with relay.lifespan(relay.app):
            client = relay.app.state.client
            prepare = client.chat_stream

            def remember(*arguments: Any, **options: Any) -> Any:
                made.append(prepare(*arguments, extra={"demo": {"rate": 0}}, **options))
                return made[-1]

            client.chat_stream = remember
            gone, pieces = asyncio.Event(), []
            body = iter([{"type": "http.request", "body": b"a story", "more_body": False}])

            async def receive() -> dict[str, Any]:
                for message in body:
                    return message
                await gone.wait()
                return {"type": "http.disconnect"}

            async def send(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.body" and message.get("body"):
                    pieces.append(message["body"])
                    if len(pieces) == leave_after:
                        gone.set()
                        await asyncio.sleep(0)

            scope = {
                "type": "http",
                "asgi": {"version": "3.0", "spec_version": "2.0"},
                "method": "POST",
                "path": "/ask",
                "query_string": b"",
                "headers": [],
                "app": relay.app,
            }
            await asyncio.wait_for(relay.app(scope, receive, send), 20)
            return pieces, made[-1].response

    pieces, response = asyncio.run(browse(leave_after=0))
    assert pieces[-1] == b"data: [DONE]\n\n"
    assert all(piece.startswith(b"data: ") and piece.endswith(b"\n\n") for piece in pieces)
    assert response.state == "done"

    pieces, response = asyncio.run(browse(leave_after=5))
    assert pieces[-1] != b"data: [DONE]\n\n"
    assert response.state == "stopped"
    assert response.text
