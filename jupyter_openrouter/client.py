"""The client of OpenRouter's API for asynchronous code: what can be asked, and how each answer is run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from . import request as requests
from .bodies import read_json
from .continuing import continuation_messages, joined, refuses_prefill, total_usage
from .errors import APITimeoutError, InvalidRequestError, NotFoundError, OpenRouterError
from .keys import Key, find_key
from .options import StreamOptions
from .plan import Plan, Timeouts, check_policies
from .response import Response
from .retry import RetryPolicy
from .spending import Spending, update
from .stream import Stream
from .taping import taping
from .transport import JSON, USUAL, Address, Transport

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from . import catalog as catalogs
    from .catalog import Catalog
    from .files import Pathlike
    from .options import ChatOptions, CompletionOptions
    from .player import Pace, Playback, Replay
    from .recorder import Recorder, Take

BASE_URL = USUAL

_STREAM_OPTIONS = frozenset(StreamOptions.__annotations__)
_HEADER_OPTIONS = frozenset({"cache", "refresh_cache", "title", "referer", "categories", "router_metadata"})


class AsyncOpenRouter:
    """A client of OpenRouter's API (or of a server that speaks it), for one event loop.

    Args:
        api_key: None looks for it as ``keys.find_key`` says, or sends none to this very machine.
        base_url: ``http://`` only to this machine.
        connect_timeout: Seconds until a connection must stand.
        timeouts: Of an answer; see ``plan.Timeouts``.
        retry: How often and after which errors a request is sent again; see ``retry.RetryPolicy``.
        title, referer, categories: The app's name, address and up to two categories, for OpenRouter's rankings; sent
            with every request, where the call gives no other. By default nothing is sent that names app or user.

        record: A file in which everything that comes is recorded, with its timing; see ``recorder``.
        replay: A recording from which everything is answered; nothing is sent and no key is needed. See ``player``.
        pace: Of a replay: "original", "now", or a number of chunks a second.

    It is an async context manager; ``aclose()`` closes its connections.

    Raises:
        MissingKeyError: no key was given or found, and the base URL needs one.
        InvalidRequestError: the base URL would give the key away, or a header cannot carry the app's name.
        FileError: what is to be replayed is no recording, or cannot be recorded.
    """

    def __init__(
        self,
        api_key: str | Key | None = None,
        *,
        base_url: str = BASE_URL,
        connect_timeout: float = 10.0,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        title: str | None = None,
        referer: str | None = None,
        categories: Sequence[str] = (),
        record: Pathlike | None = None,
        replay: Pathlike | Replay | None = None,
        pace: Pace = "original",
    ) -> None:
        self._app: dict[str, Any] = {"title": title, "referer": referer, "categories": categories}
        self._app_headers = requests.headers(**self._app)
        address = Address(base_url)
        self.base_url, self.host = address.text, address.host
        self.timeouts = Timeouts() if timeouts is None else timeouts
        self.retry = RetryPolicy() if retry is None else retry
        check_policies({"timeouts": self.timeouts, "retry": self.retry})
        try:
            tape = taping.tape(record=record, replay=replay, pace=pace)
            needs_none = tape.replay is not None or (address.local and api_key is None)
            key = None if needs_none else find_key(api_key)
        finally:
            del api_key  # a verbose traceback prints the locals of each frame
        self._replay = tape.replay
        self._recorder: Recorder | None = None
        self.replays = tape.replay is not None  # which costs nothing, and waits for nobody
        self._transport = (
            Transport(address, key, connect_timeout=connect_timeout) if tape.replay is None else None
        )
        if tape.record is not None:
            from .recorder import Recorder

            assert self._transport is not None
            self._recorder = Recorder(tape.record, self._transport, key)

    async def __aenter__(self) -> AsyncOpenRouter:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes every connection. Streams that are still open end as connection errors."""
        if self._transport is not None:
            await self._transport.aclose()

    def _way(self, response: Response | None = None) -> Transport | Take | Playback:
        """Who sends for one answer, or for a call that has no response."""
        if self._replay is not None:
            return self._replay.take(self.host, response)
        assert self._transport is not None
        return self._transport if self._recorder is None else self._recorder.take(response)

    # --- answers

    def chat_stream(self, messages: requests.Messages, **options: Unpack[ChatOptions]) -> Stream:
        """Prepares a streaming chat completion; it is sent when the stream is entered or iterated.

        Args:
            messages: The prompt as text, or messages as on the wire.
            model: Model slug; suffixes, presets and aliases are passed on as they are.
            options: The fields of the request by their own names (``parameters.ChatParameters``), ``system`` and
                ``extra``, and how it is sent and read (``StreamOptions``).

        Raises:
            InvalidRequestError: something here cannot be sent.
        """
        return self._stream("/chat/completions", requests.chat_body, messages, dict(options))

    def completion_stream(self, prompt: str, **options: Unpack[CompletionOptions]) -> Stream:
        """Prepares a streaming text completion (the legacy endpoint, also with ``suffix``).

        Args:
            prompt: The text to go on from.
            model, options: As in ``chat_stream``, with ``parameters.CompletionParameters``.
        """
        return self._stream("/completions", requests.completion_body, prompt, dict(options))

    async def chat(self, messages: requests.Messages, **options: Unpack[ChatOptions]) -> Response:
        """A chat completion, whole. It is streamed all the same, so that cancelling it also ends its cost;
        with ``stream=False`` it is not, which some of OpenRouter's plugins need.

        Raises:
            OpenRouterError: as the answer ended; its ``response`` holds what had come.
        """
        return await self.chat_stream(messages, **options).run()

    async def completion(self, prompt: str, **options: Unpack[CompletionOptions]) -> Response:
        """A text completion, whole; see ``completion_stream``."""
        return await self.completion_stream(prompt, **options).run()

    async def continue_(self, response: Response, /, **options: Unpack[ChatOptions]) -> Response:
        """Asks for the rest of a cut, stopped or length-limited answer, and joins both.

        The partial text is sent as the last message; where the provider refuses that, a user turn asks to go
        on. Of several choices the first is continued.
        What the continuation repeats is left out, ``seams`` says where it begins, usage and cost are added.

        Args:
            response: From this process: it still knows its request.
            options: As in ``chat_stream``; by default as they were.

        Raises:
            InvalidRequestError: the response is complete, or there is nothing to go on from.
            OpenRouterError: as the continuation ended; its ``response`` is the joined one.
        """
        new = {"messages", "model", "stream", "n", *options}  # the first choice alone can be continued
        before = {name: value for name, value in response.body.items() if name not in new}
        options["extra"] = before | dict(options.get("extra") or {})
        options.setdefault("model", response.body.get("model") or response.requested_model)
        try:
            for prefill in (True, False):
                messages = continuation_messages(response, prefill=prefill)
                try:
                    return joined(response, await self.chat(messages, **options))
                except OpenRouterError as error:
                    if not prefill or not refuses_prefill(error):
                        raise
        except OpenRouterError as error:
            if error.response is not None:
                error.response = joined(response, error.response)
                error.response.error = error
            raise
        raise AssertionError("one of the two ways returned or raised")

    async def chat_many(
        self,
        questions: Iterable[requests.Messages],
        *,
        concurrency: int = 8,
        per_minute: float | None = None,
        **options: Unpack[ChatOptions],
    ) -> AsyncIterator[tuple[int, Response]]:
        """Asks many questions at once and yields (index, response) as they are answered.

        A failed one is yielded like the others, with ``response.error``; it does not end the rest. Leaving the
        iteration stops what still runs, and so does a fault of the caller's own, such as in ``on_retry``: it is raised.

        Args:
            questions: Each a text, or messages.
            concurrency: The most answers at the same time, 1 or more.
            per_minute: The most requests that are begun in any minute, those that are made again included.

        Raises:
            InvalidRequestError: one of them cannot be sent; nothing was sent then.
        """
        if concurrency < 1:
            raise InvalidRequestError(f"concurrency is {concurrency}, not 1 or more.", remedy="")
        if per_minute is not None and not per_minute > 0:
            raise InvalidRequestError(f"per_minute is {per_minute}, not more than 0.", remedy="")
        if isinstance(questions, (str, bytes, Mapping)):
            raise InvalidRequestError(
                f"{questions!r:.80} is one question, not many.",
                remedy="Put it into a list, or ask with chat.",
            )
        streams = [self.chat_stream(question, **options) for question in questions]
        pace = 60.0 / per_minute if per_minute else 0.0
        places = asyncio.Semaphore(concurrency)
        finished: asyncio.Queue[tuple[int, Response] | Exception] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        due = loop.time()

        def turn() -> float:
            nonlocal due
            now = loop.time()
            due, begin = max(due, now) + pace, max(due, now)
            return begin - now

        async def one(index: int, stream: Stream) -> None:
            try:
                async with places:
                    if (wait := turn()) > 0:
                        await asyncio.sleep(wait)
                    stream.turn = turn
                    with suppress(OpenRouterError):  # it is in the response
                        await stream.run()
            except Exception as fault:  # noqa: BLE001 - it is raised where the answers are waited for
                await finished.put(fault)
            else:
                await finished.put((index, stream.response))

        tasks = [asyncio.ensure_future(one(index, stream)) for index, stream in enumerate(streams)]
        try:
            for _ in tasks:
                found = await finished.get()
                if isinstance(found, Exception):
                    raise found
                yield found
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def settle(self, response: Response) -> Response:
        """Fills in what is not known of the cost; see ``Response.settle``."""
        if response.continues:
            for part in response.continues:
                await self.settle(part)
            response.usage = total_usage(response.continues)
            return response
        ident = response.generation_id or response.id
        if response.cache_source and response.saved is None:
            ident = response.cache_source
        elif not ident or response.cost is not None:
            return response
        for wait in (0.25, 0.5, 1.0, 2.0, 4.0):
            await asyncio.sleep(0.0 if self.replays else wait)
            try:
                found = await self.request_json("GET", "/generation", params={"id": ident})
            except NotFoundError:
                continue  # not written down yet
            data = found.get("data") if isinstance(found, dict) else None
            if isinstance(data, dict):
                response.take_generation(data)
                update(response)
                if (response.saved if response.cache_source else response.cost) is not None:
                    break
        return response

    @cached_property
    def catalog(self) -> Catalog:
        """The read-only calls: models, endpoints, providers, key, credits, generation, embeddings."""
        from .catalog import Catalog

        return Catalog(self)

    async def models(self, *arguments: Any, **options: Any) -> catalogs.ModelList:
        """As ``Catalog.models``."""
        return await self.catalog.models(*arguments, **options)

    async def model(self, slug: str, *, refresh: bool = False) -> catalogs.Model:
        """As ``Catalog.model``."""
        return await self.catalog.model(slug, refresh=refresh)

    async def endpoints(self, slug: str, *, refresh: bool = False) -> catalogs.Listing[catalogs.Endpoint]:
        """As ``Catalog.endpoints``."""
        return await self.catalog.endpoints(slug, refresh=refresh)

    async def providers(self, *, refresh: bool = False) -> catalogs.Listing[catalogs.Provider]:
        """As ``Catalog.providers``."""
        return await self.catalog.providers(refresh=refresh)

    async def key(self) -> catalogs.KeyInfo:
        """As ``Catalog.key``."""
        return await self.catalog.key()

    async def credits(self) -> catalogs.Credits:
        """As ``Catalog.credits``."""
        return await self.catalog.credits()

    async def activity(self, *arguments: Any, **filters: Any) -> catalogs.Listing[catalogs.Activity]:
        """As ``Catalog.activity``."""
        return await self.catalog.activity(*arguments, **filters)

    async def generation(self, ident: str) -> catalogs.Generation:
        """As ``Catalog.generation``."""
        return await self.catalog.generation(ident)

    async def embeddings(self, text: Any, *, model: str, **fields: Any) -> catalogs.Embeddings:
        """As ``Catalog.embeddings``."""
        return await self.catalog.embeddings(text, model=model, **fields)

    def _stream(
        self, path: str, build: Callable[..., dict[str, Any]], prompt: Any, given: dict[str, Any]
    ) -> Stream:
        options: dict[str, Any] = {name: given.pop(name) for name in list(given) if name in _STREAM_OPTIONS}
        check_policies(options)
        for name in ("fallback_statuses", "on_malformed", "on_retry"):
            if options.get(name) is None:  # as if it had not been given
                options.pop(name, None)
        headers = requests.headers(
            **self._app | {name: options.pop(name) for name in list(options) if name in _HEADER_OPTIONS}
        )
        model, fallback = given.pop("model", None), options.pop("fallback", None) or ()
        bodies = [(slug or "", build(prompt, model=slug, **given)) for slug in (model, *fallback)]
        encoded = [(slug, requests.encode(body)) for slug, body in bodies]
        response = options.pop("response", None) or Response()
        response.requested_model, response.keep_text = model or "", options.pop("keep_text", True)
        response.request_hash, response.body = requests.body_hash(encoded[0][1]), bodies[0][1]
        response.settler = self.settle
        options.setdefault("timeouts", self.timeouts)
        options.setdefault("retry", self.retry)
        spending = Spending(
            response,
            bodies,
            lambda slug, body: self.catalog.offers(slug, body),
            max_cost=options.pop("max_cost", None),
        )
        response.recorded, response.replayed = self._recorder is not None, self.replays
        way = self._way(response)
        plan = Plan(path, encoded, headers=headers, **options)
        timeline = None if isinstance(way, Transport) else way
        return Stream(way, plan, response, spending, timeline=timeline)

    async def request_json(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Any:
        """One call that is no stream: the JSON of its answer.

        Args:
            method, path: Such as "GET", "/models".
            params: The query; None values are left out, lists joined by commas.
            body: Sent as JSON.

        Raises:
            OpenRouterError: typed, as for answers. It is tried again like those.
        """
        query = {
            name: ",".join(map(str, value)) if isinstance(value, (list, tuple)) else value
            for name, value in (params or {}).items()
            if value is not None
        }
        tries = 0
        while True:
            try:
                return await self._json_once(method, path, query, body)
            except OpenRouterError as error:
                wait = self.retry.delay(error, tries)
                if wait is None:
                    raise error from None
            tries += 1
            await asyncio.sleep(wait)

    async def _json_once(self, method: str, path: str, query: Mapping[str, Any], body: Any) -> Any:
        content = None if body is None else requests.encode(body)
        limit, way = self.timeouts.first_event, self._way()

        async def call() -> Any:
            connection = await way.send(
                method, path, query=query, content=content, headers={"Accept": JSON, **self._app_headers}
            )
            try:
                return await read_json(connection, self.host)
            finally:
                await connection.aclose()

        try:
            return await asyncio.wait_for(call(), limit)
        except asyncio.TimeoutError:
            raise APITimeoutError(f"{self.host} did not answer within {limit:g} s.") from None
        except Exception as error:
            if (known := way.translate(error)) is not None:
                raise known from None
            raise
