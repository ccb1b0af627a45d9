"""The streaming client against the embedded server: how an answer ends, and what is kept of it."""

from __future__ import annotations

import asyncio
import inspect
import logging
import traceback
from typing import Any, TypeVar

import pytest
from faults import OK, FaultServer, answer

from jupyter_openrouter import background, errors
from jupyter_openrouter.client import AsyncOpenRouter
from jupyter_openrouter.demo import DemoServer
from jupyter_openrouter.errors import InvalidRequestError, OpenRouterError
from jupyter_openrouter.keys import Key
from jupyter_openrouter.plan import Timeouts
from jupyter_openrouter.retry import RetryPolicy
from jupyter_openrouter.stream import Stream
from jupyter_openrouter.synchronous import OpenRouter

T = TypeVar("T")
CANARY = "sk-or-v1-c0ffee" + "0" * 32
NEVER = RetryPolicy(max_retries=0)
FAST = {"demo": {"rate": 0, "first_token_delay": 0}}


def with_client(work: Any, *, key: Key | None = None) -> Any:
    """Runs ``work(client, server)`` against a fresh demo server, and checks that no task is left."""

    async def run() -> Any:
        server = DemoServer()
        await server.start()
        try:
            async with AsyncOpenRouter(key, base_url=server.base_url, retry=NEVER) as client:
                result = await asyncio.wait_for(work(client, server), 20)
        finally:
            await server.stop()
        for _ in range(
            50
        ):  # generators inside httpx that were left early are closed in the loop's next turns
            await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    return asyncio.run(run())


def ask(client: AsyncOpenRouter, model: str, prompt: str = "hello", **extra: Any) -> Stream:
    return client.chat_stream(prompt, model=model, extra=FAST | extra)


def test_an_echo_comes_back_byte_for_byte_with_usage_and_who_answered() -> None:
    text = "héllo\r\n\u2028 漢字 🙂 `x` \u0085 \t$x$"

    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        return await ask(client, "demo/echo", text).run()

    response = with_client(work)
    assert response.text == text
    assert response.state == "done"
    assert response.finish_reason == "stop"
    assert response.provider == "Demo"
    assert response.generation_id.startswith("gen-")
    assert response.cost > 0
    assert response.usage.completion_tokens > 0
    assert 0 < response.first_delta_seconds <= response.seconds


def test_deltas_add_up_to_the_text_and_the_snapshot_is_valid_on_the_way() -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        stream, seen = ask(client, "demo/echo", "one two three four"), ""
        async for delta in stream:
            seen += delta.text
            assert stream.response.text.startswith(seen)
        return seen, stream.response

    seen, response = with_client(work)
    assert seen == response.text == "one two three four"


FAULTS = {
    "400": ("BadRequestError", "failed", False),
    "401": ("AuthenticationError", "failed", False),
    "402": ("PaymentRequiredError", "failed", False),
    "403": ("PermissionDeniedError", "failed", False),
    "404": ("NotFoundError", "failed", False),
    "413": ("BadRequestError", "failed", False),
    "429": ("RateLimitError", "failed", False),
    "500": ("ProviderError", "failed", False),
    "503": ("ProviderError", "failed", False),
    "html": ("ProviderError", "failed", False),
    "redirect": ("APIConnectionError", "failed", False),
    "error-first": ("ProviderError", "failed", False),
    "json-error": ("ProviderError", "failed", False),
    "cut": ("CutError", "cut", True),
    "reset": ("CutError", "cut", True),
    "mid-error": ("ProviderError", "failed", True),
    "error-string-code": ("ProviderError", "failed", True),
    "error-in-choice": ("ProviderError", "failed", True),
    "huge": ("EventError", "failed", False),
}


@pytest.mark.parametrize("word", FAULTS)
def test_a_fault_gives_its_typed_error_with_the_text_so_far(word: str) -> None:
    kind, state, has_text = FAULTS[word]

    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        stream = ask(client, "demo/faulty", word)
        with pytest.raises(OpenRouterError) as caught:
            await stream.run()
        return caught.value, stream.response

    error, response = with_client(work)
    assert type(error) is getattr(errors, kind) or isinstance(error, getattr(errors, kind))
    assert error.response is response is response.error.response
    assert (response.state, bool(response.text)) == (state, has_text)
    assert error.remedy
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("word", ["no-done", "no-finish", "malformed", "filter", "length"])
def test_an_odd_but_whole_answer_is_done_and_says_what_was_odd(word: str) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        return await ask(client, "demo/faulty", word).run()

    response = with_client(work)
    assert response.state == "done"
    assert response.text
    assert len(response.skipped_chunks) == (word == "malformed")
    expected = {"no-finish": "", "filter": "content_filter", "length": "length"}.get(word, "stop")
    assert response.finish_reason == expected


@pytest.mark.parametrize("word", ["stall", "comments"])
def test_stop_ends_a_stalled_answer_at_once_and_keeps_its_text(word: str) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        stream = ask(client, "demo/faulty", word)
        reading = asyncio.ensure_future(stream.run())
        while not (stream.response.text if word == "stall" else stream.comments):
            await asyncio.sleep(0.01)
        stream.stop()
        return await reading

    response = with_client(work)
    assert response.state == "stopped"
    assert response.finish_reason == ""
    assert response.error is None


def test_stop_between_two_deltas_ends_the_iteration() -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        stream, count = ask(client, "demo/burst", "1000"), 0
        async for _ in stream:
            count += 1
            if count == 3:
                stream.stop()
        return count, stream.response

    count, response = with_client(work)
    assert count == 3
    assert response.state == "stopped"


def test_cancelling_the_reading_task_closes_the_socket_and_stays_a_cancellation() -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        stream = ask(client, "demo/faulty", "stall")
        reading = asyncio.ensure_future(stream.run())
        while not stream.response.text:
            await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert not client._transport._pool.connections
        return stream.response

    assert with_client(work).state == "stopped"


def test_leaving_the_stream_early_counts_as_stopped() -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        async with ask(client, "demo/burst", "1000") as stream:
            async for _ in stream:
                break
        return stream.response

    assert with_client(work).state == "stopped"


def test_nothing_listening_is_a_connection_error_that_names_the_host() -> None:
    async def run() -> None:
        async with AsyncOpenRouter(base_url="http://127.0.0.1:9/api/v1", retry=NEVER) as client:
            with pytest.raises(errors.APIConnectionError, match=r"127\.0\.0\.1 was not reached"):
                await client.chat_stream("x", model="demo/echo").run()

    asyncio.run(run())


def test_an_idle_connection_is_a_timeout_that_names_the_seconds() -> None:
    async def run() -> None:
        server = DemoServer()
        await server.start()
        try:
            async with AsyncOpenRouter(base_url=server.base_url, timeouts=Timeouts(idle=0.2)) as client:
                stream = ask(client, "demo/faulty", "stall")
                with pytest.raises(errors.APITimeoutError, match=r"0\.2 s"):
                    await stream.run()
                assert stream.response.text
                assert stream.response.state == "failed"
        finally:
            await server.stop()

    asyncio.run(run())


def test_the_key_is_sent_and_shows_in_no_log_error_traceback_or_repr(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> Any:
        shown = [repr(client), repr(vars(client))]
        with caplog.at_level(logging.DEBUG):
            response = await ask(client, "demo/echo").run()
            stream = ask(client, "demo/faulty", "reset")
            try:
                await stream.run()
            except OpenRouterError as error:
                captured = traceback.TracebackException.from_exception(error, capture_locals=True)
                shown += [str(error), repr(error), repr(vars(error)), *captured.format()]
        shown += [repr(response), repr(response.to_dict()), repr(vars(response)), caplog.text]
        return shown, server.requests

    shown, received = with_client(work, key=Key(CANARY, source="argument"))
    assert CANARY not in "".join(shown)
    assert received, "the server saw the request"


APP = {"title": "My notebook", "referer": "https://example.org/", "categories": ["programming-app"]}
SENT = ("x-openrouter-title", "http-referer", "x-openrouter-categories")


def said_of_the_app(requests: list[bytes]) -> list[list[str | None]]:
    found = []
    for request in requests:
        lines = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        assert set(headers) <= {
            *("host", "accept", "accept-encoding", "user-agent", "content-type", "content-length"),
            *SENT,
        }
        found.append([headers.get(name) for name in SENT])
    return found


@pytest.mark.parametrize("face", ["asynchronous", "synchronous"])
def test_the_apps_name_is_the_clients_where_the_call_gives_no_other(face: str) -> None:
    models = answer("200 OK", {"data": []})

    def ask(client: OpenRouter) -> None:
        client.chat("x", model="a/b")
        client.chat("x", model="a/b", title="Another", categories=())
        client.completion("x", model="a/b", title=None, referer=None)
        client.models()

    async def work(**options: Any) -> list[bytes]:
        async with FaultServer(OK, OK, OK, models) as server:
            options |= {"base_url": server.base_url, "retry": NEVER}
            if face == "synchronous":
                with OpenRouter(**options) as client:
                    await asyncio.to_thread(ask, client)
            else:
                async with AsyncOpenRouter(**options) as one:
                    await one.chat("x", model="a/b")
                    await one.chat("x", model="a/b", title="Another", categories=())
                    await one.completion("x", model="a/b", title=None, referer=None)
                    await one.models()
            return server.requests

    mine = ["My notebook", "https://example.org/", "programming-app"]
    assert said_of_the_app(asyncio.run(work(**APP))) == [
        mine,
        ["Another", "https://example.org/", None],
        [None, None, "programming-app"],
        mine,
    ]
    assert said_of_the_app(asyncio.run(work())) == [
        [None] * 3,
        ["Another", None, None],
        [None] * 3,
        [None] * 3,
    ]
    background.stop()


@pytest.mark.parametrize(
    "bad", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "\u2603", "\udc80", "", " ", "a\x85b", 5]
)
def test_a_name_of_the_app_that_could_be_another_header_is_refused_at_once(bad: Any) -> None:
    for face in (AsyncOpenRouter, OpenRouter):
        for option in ({"title": bad}, {"referer": f"https://e.org/{bad}\n"}, {"categories": [bad]}):
            with pytest.raises(errors.InvalidRequestError, match=next(iter(option))):
                face(base_url="http://127.0.0.1:9/v1", **option)


def test_the_catalogue_is_asked_on_the_client_itself() -> None:
    async def work(client: AsyncOpenRouter, server: DemoServer) -> None:
        slug = (await client.models())[0].slug
        assert (await client.model(slug)).slug == slug
        assert len(await client.endpoints(slug)) > 0
        assert len(await client.providers()) > 0
        assert (await client.key()).usage is not None
        for management in (client.credits, client.activity):
            with pytest.raises(errors.PermissionDeniedError, match="management key"):
                await management()
        with pytest.raises(errors.NotFoundError):
            await client.generation("gen-none")
        with pytest.raises(errors.InvalidRequestError):
            await client.embeddings([], model="demo/embedding")

    with_client(work)


def test_both_faces_have_the_same_calls_and_take_the_same_settings() -> None:
    def calls(face: type) -> set[str]:
        return {name for name in vars(face) if not name.startswith("_")} - {"aclose", "close", "catalog"}

    assert calls(AsyncOpenRouter) - calls(OpenRouter) == {"request_json"}
    assert calls(OpenRouter) <= calls(AsyncOpenRouter)
    settings = [inspect.signature(face.__init__).parameters for face in (AsyncOpenRouter, OpenRouter)]
    assert list(settings[0]) == list(settings[1])


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"fallback": "a/b"}, "list of model slugs"),
        ({"fallback": ["a/b", None]}, "list of model slugs"),
        ({"fallback_statuses": 500}, "set of HTTP statuses"),
        ({"fallback_statuses": ["500"]}, "set of HTTP statuses"),
        ({"max_cost": -1}, "amount in US dollars"),
        ({"max_cost": float("nan")}, "amount in US dollars"),
        ({"max_cost": "1"}, "amount in US dollars"),
        ({"on_malformed": "stop"}, "no 'skip' and no 'raise'"),
        ({"on_retry": 5}, "no function"),
    ],
)
def test_an_option_that_cannot_be_what_it_is_is_refused_where_it_is_given(option: Any, words: str) -> None:
    async def run() -> None:
        async with AsyncOpenRouter(base_url="http://127.0.0.1:9/api/v1") as client:
            with pytest.raises(InvalidRequestError, match=words):
                client.chat_stream("hello", model="a/b", **option)
            client.chat_stream("hello", model="a/b", **dict.fromkeys(option))

    asyncio.run(run())
