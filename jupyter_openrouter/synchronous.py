"""The client for synchronous code: a thin face over the one I/O thread, usable in cells, scripts and threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from .background import Background, Job, background
from .chunks import Delta
from .client import BASE_URL, AsyncOpenRouter
from .keys import Key
from .plan import Timeouts
from .request import Messages
from .response import Response
from .retry import Attempt, RetryPolicy
from .stream import Stream

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from . import catalog
    from .files import Pathlike
    from .options import ChatOptions, CompletionOptions
    from .player import Pace, Replay

T = TypeVar("T")
_GATHER_SECONDS = 0.02
_MOST_WAITING = 4096


class OpenRouter:
    """A client of OpenRouter's API for synchronous code. Its arguments are those of ``AsyncOpenRouter``.

    One client may be used from several threads. It is a context manager; one that is never closed leaks nothing
    at exit.

    >>> from jupyter_openrouter import demo_base_url
    >>> with OpenRouter(base_url=demo_base_url()) as client:
    ...     client.chat("hello", model="demo/echo").text
    'hello'
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
        if isinstance(api_key, str):
            api_key = Key(api_key, source="argument")  # which shows itself in no traceback

        def make() -> AsyncOpenRouter:
            return AsyncOpenRouter(
                api_key,
                base_url=base_url,
                connect_timeout=connect_timeout,
                timeouts=timeouts,
                retry=retry,
                title=title,
                referer=referer,
                categories=categories,
                record=record,
                replay=replay,
                pace=pace,
            )

        self._make = make
        self._client: AsyncOpenRouter | None = self._make()
        self._home: Background | None = None

    def __enter__(self) -> OpenRouter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes every connection."""
        client, self._client, home, self._home = self._client, None, self._home, None
        if client is not None and home is not None and home is background():
            home.submit(client.aclose()).result()

    def _here(self) -> tuple[Background, AsyncOpenRouter]:
        home = background()
        if self._client is None or (self._home is not None and self._home is not home):
            # Closed, or forked, or the I/O thread was ended: connections belong to their thread and process.
            self._client = self._make()
        self._home = home
        return home, self._client

    def _run(self, call: Callable[[AsyncOpenRouter], Coroutine[Any, Any, T]]) -> T:
        home, client = self._here()
        return home.submit(call(client)).result()

    # --- answers

    def chat(self, messages: Messages, **options: Unpack[ChatOptions]) -> Response:
        """Asks, waits for the whole answer, and returns it. An interrupt stops it, and is raised.

        Args:
            messages: The prompt as text, or messages as on the wire: dicts with ``role`` and ``content``.
            model: Model slug, such as ``openai/gpt-4``.
            options: The fields of the request by their own names, such as ``temperature``, ``max_tokens``, ``tools``
                or ``provider`` (``parameters.ChatParameters``); ``system`` for a system message; ``extra`` for
                fields that have no name here yet; and how it is sent: ``fallback``, ``max_cost`` (US dollars),
                ``timeouts``, ``retry``, ``cache`` and the rest of ``options.StreamOptions``.

        Raises:
            InvalidRequestError: something here cannot be sent.
            OpenRouterError: as the answer ended; its ``response`` holds what had come.

        >>> from jupyter_openrouter import demo_base_url
        >>> with OpenRouter(base_url=demo_base_url()) as client:
        ...     client.chat("Hello.", model="demo/echo", temperature=0.2).usage.completion_tokens
        2
        """
        with self.chat_stream(messages, **options) as stream:
            return stream.run()

    def chat_stream(self, messages: Messages, **options: Unpack[ChatOptions]) -> SyncStream:
        """An answer that is sent when it is iterated: for its deltas, or by ``text_deltas`` for its text alone.

        Use it in a ``with`` block, which closes the connection whatever happens. ``response`` is the whole so far.

        Args:
            messages, model, options: As in ``chat``.

        >>> from jupyter_openrouter import demo_base_url
        >>> with OpenRouter(base_url=demo_base_url()) as client:
        ...     with client.chat_stream("Hello.", model="demo/echo") as stream:
        ...         "".join(stream.text_deltas())
        'Hello.'
        """
        on_retry = options.pop("on_retry", None)
        home, client = self._here()
        return SyncStream(home, client.chat_stream(messages, **options), on_retry)

    def completion(self, prompt: str, **options: Unpack[CompletionOptions]) -> Response:
        """A text completion (the legacy endpoint), whole; as ``AsyncOpenRouter.completion``."""
        with self.completion_stream(prompt, **options) as stream:
            return stream.run()

    def completion_stream(self, prompt: str, **options: Unpack[CompletionOptions]) -> SyncStream:
        """A text completion, as it comes; as ``AsyncOpenRouter.completion_stream``."""
        on_retry = options.pop("on_retry", None)
        home, client = self._here()
        return SyncStream(home, client.completion_stream(prompt, **options), on_retry)

    def continue_(self, response: Response, /, **options: Unpack[ChatOptions]) -> Response:
        """Asks for the rest of a cut, stopped or length-limited answer; as ``AsyncOpenRouter.continue_``."""
        return self._run(lambda client: client.continue_(response, **options))

    def settle(self, response: Response) -> Response:
        """Asks for what a stopped answer has cost; as ``Response.settle``."""
        return self._run(lambda client: client.settle(response))

    def chat_many(
        self,
        questions: Iterable[Messages],
        *,
        concurrency: int = 8,
        per_minute: float | None = None,
        **options: Unpack[ChatOptions],
    ) -> Iterator[tuple[int, Response]]:
        """Asks many questions at once, and gives ``(index, response)`` as each ends; as ``AsyncOpenRouter.chat_many``.

        Leaving the iteration stops what still runs.
        """
        on_retry, failed = options.pop("on_retry", None), deque[Attempt]()
        if on_retry is not None:
            options["on_retry"] = failed.append
        home, client = self._here()
        answers = client.chat_many(questions, concurrency=concurrency, per_minute=per_minute, **options)

        async def following() -> tuple[int, Response] | None:
            return await anext(answers, None)

        async def close() -> None:
            await answers.aclose()  # type: ignore[attr-defined]

        def tell() -> None:
            # On the caller's thread: what is called is the caller's code.
            while failed and on_retry is not None:
                on_retry(failed.popleft())

        def waited(job: Job[T]) -> T:
            try:
                while not job.wait(0.2):
                    tell()
                tell()
            except BaseException:
                job.cancel()
                job.wait(2)
                raise
            return job.result()

        try:
            while (found := waited(home.submit(following()))) is not None:
                yield found
        finally:
            home.submit(close()).result()

    # --- the read-only calls

    def models(self, *arguments: Any, **options: Any) -> catalog.ModelList:
        """The models of the catalogue, found by words and filters, with prices; as ``Catalog.models``."""
        return self._run(lambda client: client.models(*arguments, **options))

    def model(self, slug: str, *, refresh: bool = False) -> catalog.Model:
        """One model of the catalogue; as ``Catalog.model``."""
        return self._run(lambda client: client.model(slug, refresh=refresh))

    def endpoints(self, slug: str, *, refresh: bool = False) -> catalog.Listing[catalog.Endpoint]:
        """Who serves a model, with prices, uptime and speed; as ``Catalog.endpoints``."""
        return self._run(lambda client: client.endpoints(slug, refresh=refresh))

    def providers(self, *, refresh: bool = False) -> catalog.Listing[catalog.Provider]:
        """The providers behind the models; as ``Catalog.providers``."""
        return self._run(lambda client: client.providers(refresh=refresh))

    def key(self) -> catalog.KeyInfo:
        """What the key may spend, and has spent; as ``Catalog.key``."""
        return self._run(lambda client: client.key())

    def credits(self) -> catalog.Credits:
        """The credits of the account; as ``Catalog.credits``."""
        return self._run(lambda client: client.credits())

    def activity(self, *arguments: Any, **filters: Any) -> catalog.Listing[catalog.Activity]:
        """What the account did on each day; as ``Catalog.activity``."""
        return self._run(lambda client: client.activity(*arguments, **filters))

    def generation(self, ident: str) -> catalog.Generation:
        """What the service knows of one answer, by its id; as ``Catalog.generation``."""
        return self._run(lambda client: client.generation(ident))

    def embeddings(self, text: Any, *, model: str, **fields: Any) -> catalog.Embeddings:
        """Vectors for texts; as ``Catalog.embeddings``."""
        return self._run(lambda client: client.embeddings(text, model=model, **fields))


class SyncStream:
    """An answer for synchronous code: iterate it for its deltas, read ``response`` at any moment, stop it.

    Deltas are handed over as they have gathered, and while they come faster than one in 20 ms they gather for
    20 ms: a change of threads for each would cost as much again as reading it.
    """

    def __init__(self, home: Background, stream: Stream, on_retry: Any = None) -> None:
        self.response = stream.response
        self._home = home
        self._stream = stream
        self._on_retry = on_retry
        self._told = 0
        self._ready: deque[Delta] = deque()
        # A bare lock that is released when there is news: it costs a third of an Event.
        self._news = threading.Lock()
        self._news.acquire()
        self._job: Job[None] | None = None
        self._waking = False
        self._raised = False

    def __iter__(self) -> Iterator[Delta]:
        return self

    def __next__(self) -> Delta:
        ready = self._ready
        if not ready:
            self._wait()
        if ready:
            return ready.popleft()
        self._raise_ending()
        raise StopIteration

    def __enter__(self) -> SyncStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def text_deltas(self) -> Iterator[str]:
        """The text alone, piece by piece."""
        for delta in self:
            if delta.text:
                yield delta.text

    def run(self) -> Response:
        """Reads to the end and returns the response.

        Raises:
            OpenRouterError: as the answer ended.
        """
        while True:
            if not self._ready:
                self._wait()
                if not self._ready:
                    break
            self._ready.clear()
        self._raise_ending()
        return self.response

    def stop(self) -> None:
        """Ends this answer at once and keeps its text; from any thread."""
        self._stream.stop()

    def close(self) -> None:
        """Closes the socket. An answer that had not ended counts as stopped."""
        self._stream.stop()
        if self._job is None:
            self._home.submit(self._stream.aclose()).result()
        else:
            self._job.wait(5)

    # --- handing over

    def _wait(self) -> None:
        """Returns when a delta is ready or the answer has ended; an interrupt stops the answer and is raised."""
        if self._job is None:
            self._job = self._home.submit(self._pump(), on_done=self._tell)
        try:
            while not self._ready and not self._job.done:
                self._tell_retries()
                self._news.acquire(timeout=0.2)  # a signal may be seen only between two waits
        except BaseException:
            self.close()
            raise
        self._tell_retries()

    def _tell_retries(self) -> None:
        # On the caller's thread: what is called is the caller's code.
        attempts: list[Attempt] = self.response.attempts
        while self._told < len(attempts):
            self._told += 1
            if self._on_retry is not None:
                self._on_retry(attempts[self._told - 1])

    def _raise_ending(self) -> None:
        if self._job is not None and not self._raised:
            self._raised = True
            self._job.result()

    async def _pump(self) -> None:
        import asyncio

        call_soon = asyncio.get_running_loop().call_soon
        while batch := await self._stream.batch(gather=_GATHER_SECONDS):
            self._ready.extend(batch)
            if not self._waking:
                self._waking = True
                call_soon(self._wake)  # when all that has come is read, and the reader waits for more
            while len(self._ready) > _MOST_WAITING:
                await asyncio.sleep(0.005)

    def _wake(self) -> None:
        self._waking = False
        self._tell()

    def _tell(self) -> None:
        with suppress(RuntimeError):  # told already
            self._news.release()
