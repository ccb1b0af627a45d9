"""The read-only calls: models, endpoints, providers, key, credits, activity, generation, embeddings.

Everything here stands on one call that returns decoded JSON, so it knows no transport. Inbound data are never
validated: a field of another type than expected is None, an unknown one stays in ``raw``. Only an answer that
holds nothing of what was asked for is an error (``EventError``), for an empty list would be a lie.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from . import embeddings
from .account import Activity, Credits, Generation, KeyInfo
from .embeddings import Embeddings
from .errors import EventError, InvalidRequestError, NotFoundError, PermissionDeniedError, from_payload
from .listing import Listing
from .memory_cache import MemoryCache
from .model_cards import Endpoint, Model, Provider
from .model_search import ModelList
from .offers import offers
from .spending import spent_without_answer

__all__ = [
    "Activity",
    "Catalog",
    "Credits",
    "Embeddings",
    "Endpoint",
    "Generation",
    "JSONCaller",
    "KeyInfo",
    "Listing",
    "Model",
    "ModelList",
    "Provider",
]

CATALOG_SECONDS = 3600.0
ENDPOINT_SECONDS = 300.0  # their freshest figure is that of the last five minutes
_PAGE = 1000
_MAX_PAGES = 50
_NEEDS_MANAGEMENT = "This call needs a management key. key() works with any key: limit, usage, what remains."

V = TypeVar("V")


class JSONCaller(Protocol):
    """Who sends requests, and raises the typed errors of ``errors``."""

    async def request_json(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Any:
        """The decoded JSON of an answer with status 200."""
        ...


class Catalog:
    """What OpenRouter offers, and what the account says of itself.

    Every call raises what the caller's ``request_json`` raises (``APIStatusError`` and its kin,
    ``APIConnectionError``), and ``EventError`` for an answer that is not what was asked for.

    Args:
        caller: Sends the requests.
        clock: Seconds that only grow; for tests.
    """

    def __init__(self, caller: JSONCaller, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._caller = caller
        self._cache = MemoryCache(clock=clock)

    # --- the catalogue

    async def models(
        self,
        q: str | None = None,
        *,
        supported_parameters: str | Iterable[str] | None = None,
        input_modalities: str | Iterable[str] | None = None,
        output_modalities: str | Iterable[str] | None = None,
        sort: str | None = None,
        max_price: float | None = None,
        min_context: int | None = None,
        free: bool | None = None,
        refresh: bool = False,
        **filters: Any,
    ) -> ModelList:
        """The models that fit (``GET /models``); needs no key. An equal question is asked once an hour.

        Args:
            q: Words in the name or the slug. Without ``sort``, the best match comes first.
            supported_parameters: Fields of a request that the models take, such as ``"tools"``.
            input_modalities: ``text``, ``image``, ``file``, ``audio``, ...
            output_modalities: The same, or ``all``; the service takes ``text`` where nothing is said.
            sort: ``pricing-low-to-high``, ``pricing-high-to-low``, ``context-high-to-low``, ``newest``,
                ``most-popular``, ``throughput-high-to-low``, ``latency-low-to-high`` and others of the service.
            max_price: US dollars for a million prompt tokens.
            min_context: Tokens.
            free: True for models that cost nothing, False for the others. Looked at here, after the service
                has chosen.
            refresh: Asks again though an answer is kept.
            filters: Any other field of the query by its own name, such as ``category``, ``providers``,
                ``min_output_price``, ``zdr``, ``region``, ``limit``, ``offset``. Lists are joined with commas.

        Raises:
            InvalidRequestError: a value cannot be sent.
        """
        named = {
            "q": (q or "").strip() or None,
            "supported_parameters": supported_parameters,
            "input_modalities": input_modalities,
            "output_modalities": output_modalities,
            "sort": sort,
            "max_price": max_price,
            "context": min_context,
        }
        params = query({**filters, **named})
        found = await self._kept("/models", params, lambda: self._all_models(params), refresh=refresh)
        if "q" in params and sort is None:
            found = found.ranked(params["q"])
        return found if free is None else found.of(model for model in found if model.is_free is free)

    async def model(self, slug: str, *, refresh: bool = False) -> Model:
        """One model (``GET /model/{author}/{slug}``); aliases and variants are resolved. Kept for an hour.

        Raises:
            InvalidRequestError: this cannot be a slug.
            NotFoundError: there is no such model.
        """
        path = f"/model/{encoded(slug)}"

        async def ask() -> Model:
            model = Model.read(await self._data(path))
            if model is None:
                raise unlike(path, "a model with an id")
            return model

        return await self._kept(path, {}, ask, refresh=refresh)

    async def endpoints(self, slug: str, *, refresh: bool = False) -> Listing[Endpoint]:
        """Who serves a model, at what price, how fast and how reliably. Kept for five minutes.

        From ``GET /models/{author}/{slug}/endpoints``. Latency and throughput are None without a key.

        Raises:
            InvalidRequestError: this cannot be a slug.
            NotFoundError: there is no such model.
        """
        path = f"/models/{encoded(slug)}/endpoints"

        async def ask() -> Listing[Endpoint]:
            data = await self._data(path)
            return listed(path, data.get("endpoints") if isinstance(data, dict) else None, Endpoint.read)

        return await self._kept(path, {}, ask, refresh=refresh, seconds=ENDPOINT_SECONDS)

    async def offers(self, slug: str, body: Mapping[str, Any]) -> list[Model]:
        """The model, once for each price at which a request may be served; see ``offers.offers``.

        Raises:
            InvalidRequestError: this cannot be a slug.
            NotFoundError: there is no such model.
        """
        asked = self.model(slug), self.endpoints(slug)
        card, endpoints = await asyncio.gather(*asked, return_exceptions=True)
        if isinstance(card, BaseException):
            raise card
        if isinstance(endpoints, NotFoundError):
            return [card]  # not every server lists them
        if isinstance(endpoints, BaseException):
            raise endpoints
        return offers(card, endpoints, body)

    async def providers(self, *, refresh: bool = False) -> Listing[Provider]:
        """Who runs models (``GET /providers``). Kept for an hour."""
        path = "/providers"

        async def ask() -> Listing[Provider]:
            return listed(path, await self._data(path), Provider.read)

        return await self._kept(path, {}, ask, refresh=refresh)

    # --- the account; never kept

    async def key(self) -> KeyInfo:
        """What this key may spend and has spent, in US dollars (``GET /key``); any key will do.

        Raises:
            AuthenticationError: there is no such key.
        """
        return KeyInfo.read(await self._object("/key"))

    async def credits(self) -> Credits:
        """What the account has bought and used, in US dollars (``GET /credits``).

        Raises:
            PermissionDeniedError: this is no management key; ``key()`` works with any.
        """
        try:
            return Credits.read(await self._object("/credits"))
        except PermissionDeniedError as error:
            error.remedy = _NEEDS_MANAGEMENT
            raise

    async def activity(self, date: str | dt.date | None = None, **filters: Any) -> Listing[Activity]:
        """Requests, tokens and US dollars by day, model and provider (``GET /activity``), of the last 30 days.

        Args:
            date: One day by UTC, as ``YYYY-MM-DD`` or a date; None for all.
            filters: Any other field of the query by its own name, such as ``api_key_hash``.

        Raises:
            InvalidRequestError: this is no date.
            PermissionDeniedError: this is no management key; ``key()`` works with any.
        """
        params = query({**filters, "date": None if date is None else day_text(date)})
        try:
            return listed("/activity", await self._data("/activity", params), Activity.read)
        except PermissionDeniedError as error:
            error.remedy = _NEEDS_MANAGEMENT
            raise

    async def generation(self, id: str) -> Generation:
        """What became of one generation, and what it cost (``GET /generation``).

        Args:
            id: As in ``Response.generation_id``.

        Raises:
            InvalidRequestError: there is no id.
            NotFoundError: there is no such generation, or its statistics are not there yet.
        """
        if not isinstance(id, str) or not id.strip():
            raise InvalidRequestError(
                f"{id!r} is no generation id.",
                remedy="It looks like gen-…, and stands in response.generation_id.",
            )
        try:
            return Generation.read(await self._object("/generation", query({"id": id.strip()})))
        except NotFoundError as error:
            error.remedy = "Statistics appear some seconds after the end of an answer: ask again in a moment."
            raise

    async def embeddings(self, input: embeddings.Input, *, model: str, **fields: Any) -> Embeddings:
        """One vector for each input (``POST /embeddings``). Costs money, and is not kept.

        Args:
            input: A text, a list of texts, tokens, or objects with ``content`` parts.
            model: The slug of a model whose output is embeddings.
            fields: Any other field of the body by its own name, such as ``dimensions``, ``input_type``,
                ``encoding_format`` (``base64`` is decoded) or ``provider``.

        Raises:
            InvalidRequestError: there is nothing to embed.
            EventError: the vectors cannot be read, or not be told apart.
        """
        body = embeddings.body(input, model=model, fields=fields)
        sent_at = time.time()
        answer = await self._caller.request_json("POST", "/embeddings", body=body)
        checked("/embeddings", answer)
        found = embeddings.read(answer, embeddings.inputs(input))
        if not getattr(self._caller, "replays", False):
            spent_without_answer(model, found.usage, sent_at=sent_at)
        return found

    # --- requests

    async def _kept(
        self,
        path: str,
        params: Mapping[str, str],
        ask: Callable[[], Awaitable[V]],
        *,
        refresh: bool,
        seconds: float = CATALOG_SECONDS,
    ) -> V:
        return await self._cache.get((path, *params.items()), ask, seconds=seconds, refresh=refresh)

    async def _all_models(self, params: Mapping[str, str]) -> ModelList:
        """The list; put together where the service gives it in pages though nobody asked for a page."""
        entries: list[Any] = []
        answer: dict[str, Any] = {}
        for page in range(_MAX_PAGES):
            # Counted on from here: the address of the next page is the service's word, and the key goes along.
            more = {"offset": str(len(entries)), "limit": str(_PAGE)} if page else {}
            answer = await self._answer("/models", {**params, **more})
            data = answer["data"]
            if not isinstance(data, list):
                raise unlike("/models", "a list")
            entries += data
            links = answer.get("links")
            following = links.get("next") if isinstance(links, dict) else None
            if not data or not following or {"limit", "offset"} & params.keys():
                break
        found = [Model.read(entry) for entry in entries]
        models = [model for model in found if model is not None]
        total = answer.get("total_count")
        return ModelList(
            models,
            total=total if type(total) is int and total >= 0 else None,
            left_out=len(found) - len(models),
        )

    async def _answer(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        answer = await self._caller.request_json("GET", path, params=params or None)
        checked(path, answer)
        if answer.get("data") is None:
            raise unlike(path, "data")
        return answer  # type: ignore[no-any-return]

    async def _data(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return (await self._answer(path, params or {}))["data"]

    async def _object(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        data = await self._data(path, params)
        if not isinstance(data, dict):
            raise unlike(path, "an object")
        return data


def unlike(path: str, wanted: str) -> EventError:
    """The error for an answer that is something else."""
    return EventError(
        f"The answer to {path} does not hold {wanted}.",
        remedy="Run it again; if it stays so, look at the base URL: something else may be answering there.",
    )


def checked(path: str, answer: Any) -> None:
    """Raises for what is no object, and for an error in an answer whose status is 200."""
    if not isinstance(answer, dict):
        raise unlike(path, "an object")
    if answer.get("error"):
        raise from_payload(answer["error"])


def listed(path: str, data: Any, read: Callable[[Any], V | None]) -> Listing[Any]:
    """The entries of a list that can be read, and how many cannot.

    Raises:
        EventError: it is no list.
    """
    if not isinstance(data, list):
        raise unlike(path, "a list")
    found = [read(entry) for entry in data]
    entries: list[Any] = [entry for entry in found if entry is not None]
    return Listing(entries, left_out=len(found) - len(entries))


def encoded(slug: str) -> str:
    """A model slug as a part of a path, out of which it cannot lead.

    Raises:
        InvalidRequestError: it has no two parts, or one of them is empty, ``.`` or ``..``.

    >>> encoded("openai/gpt-4:free"), encoded("~anthropic/claude-latest"), encoded("@preset/x"), encoded("a/b?c#d%2f")
    ('openai/gpt-4:free', '~anthropic/claude-latest', '@preset/x', 'a/b%3Fc%23d%252f')
    """
    parts = slug.split("/") if isinstance(slug, str) and len(slug) <= 500 else []
    blank = any(c.isspace() or not c.isprintable() or c == "\\" for c in "".join(parts))
    if not 2 <= len(parts) <= 4 or blank or any(part.strip(".") == "" for part in parts):
        shown = slug[:80] if isinstance(slug, str) else slug
        raise InvalidRequestError(
            f"{shown!r} is no model slug.",
            remedy="A slug looks like openai/gpt-4: %openrouter models WORDS finds it, as models() does.",
        )
    return "/".join(quote(part, safe=":@~") for part in parts)


def day_text(date: str | dt.date) -> str:
    """A date as the service takes it.

    >>> day_text(dt.date(2026, 1, 2)), day_text("2026-01-02")
    ('2026-01-02', '2026-01-02')
    """
    try:
        if isinstance(date, dt.datetime):
            date = date.astimezone(dt.timezone.utc).date() if date.tzinfo else date.date()
        return (date if isinstance(date, dt.date) else dt.datetime.strptime(date, "%Y-%m-%d")).strftime(
            "%Y-%m-%d"
        )
    except (TypeError, ValueError):
        raise InvalidRequestError(f"{date!r} is no date.", remedy="Write it as YYYY-MM-DD.") from None


def query(fields: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a query as text, in the order of their names; what is None is left out.

    Raises:
        InvalidRequestError: a value is no text, number, truth value, date or list of texts.

    >>> query({"zdr": True, "q": None, "max_price": 0.5, "input_modalities": ["image", "file"]})
    {'input_modalities': 'image,file', 'max_price': '0.5', 'zdr': 'true'}
    """
    return {name: _query_text(name, fields[name]) for name in sorted(fields) if fields[name] is not None}


def _query_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str):
        text = value
    elif isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping)):
        parts = list(value)
        if isinstance(value, (set, frozenset)):
            parts.sort(key=str)  # so that equal questions are written alike
        text = ",".join(_query_text(name, part) for part in parts)
    else:
        raise InvalidRequestError(f"{name}={value!r} cannot be sent in a query.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRequestError(f"{name} holds half a surrogate pair, which cannot be sent.") from None
    return text
