"""What the catalogue says of models, of the endpoints that serve them, and of the providers behind those.

Prices are US dollars, for a million tokens or for one piece; None is unknown, and never 0. The field names of the
wire are those of OpenRouter's OpenAPI description (``Model``, ``PublicEndpoint``, ``PublicPricing``). ``raw`` holds
each object as it came, unknown fields included; it is shared with the cache, so do not change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from .listing import known
from .tolerant import count, day, flag, items, mapping, moment, number, price, text, texts

_MILLION = 1_000_000


@dataclass(frozen=True)
class Prices:
    """What a model or an endpoint costs.

    Attributes:
        prompt, completion, reasoning: US dollars for a million tokens in, out, and of reasoning where that has
            a price of its own.
        cache_read, cache_write, cache_write_1h: US dollars for a million prompt tokens from and into the cache.
        audio, audio_output, audio_cache, image_token: US dollars for a million tokens of that kind.
        image, image_output: US dollars for one image in, out.
        request, web_search: US dollars for one request, one search.
        discount: The part of the price that is taken off, 0 to 1.
        conditional: Whether other prices apply to long prompts or at some hours; they are in ``raw["overrides"]``.
    """

    prompt: float | None = None
    completion: float | None = None
    reasoning: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    cache_write_1h: float | None = None
    audio: float | None = None
    audio_output: float | None = None
    audio_cache: float | None = None
    image_token: float | None = None
    image: float | None = None
    image_output: float | None = None
    request: float | None = None
    web_search: float | None = None
    discount: float | None = None
    conditional: bool = False
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    __repr__ = known

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Prices:
        """Reads the wire's ``pricing``, whose values are decimal strings in US dollars for one token or piece.

        >>> Prices.read({"prompt": "0.00000025", "completion": "-1"}).prompt
        0.25
        """

        def tokens(name: str) -> float | None:
            return price(raw.get(name), _MILLION)

        return cls(
            prompt=tokens("prompt"),
            completion=tokens("completion"),
            reasoning=tokens("internal_reasoning"),
            cache_read=tokens("input_cache_read"),
            cache_write=tokens("input_cache_write"),
            cache_write_1h=tokens("input_cache_write_1h"),
            audio=tokens("audio"),
            audio_output=tokens("audio_output"),
            audio_cache=tokens("input_audio_cache"),
            image_token=tokens("image_token"),
            image=price(raw.get("image")),
            image_output=price(raw.get("image_output")),
            request=price(raw.get("request")),
            web_search=price(raw.get("web_search")),
            discount=number(raw.get("discount"), 0, 1),
            conditional=bool(items(raw.get("overrides"))),
            raw=raw,
        )

    @property
    def are_zero(self) -> bool:
        """Whether tokens in and out are known to cost nothing, and so is all else that has a price."""
        # A web search is bought apart, also by users of free models.
        pieces = (self.reasoning, self.image, self.image_output, self.image_token, self.request)
        sounds = (self.audio, self.audio_output)
        return self.prompt == self.completion == 0 and not any(pieces + sounds)

    def row(self) -> dict[str, float | None]:
        """The prices under names that say so, for a table."""
        names = (
            "prompt",
            "completion",
            "reasoning",
            "cache_read",
            "cache_write",
            "image",
            "request",
            "web_search",
        )
        return {f"{name}_price": getattr(self, name) for name in names}


@dataclass(frozen=True)
class ReasoningSupport:
    """How a model's reasoning can be steered. A field that the service left out is None.

    Attributes:
        mandatory: Whether it cannot be switched off.
        default_enabled: Whether the model reasons when nothing is asked.
        default_effort: The effort then.
        efforts: The efforts that it takes, highest first; None where any is taken or none is named, which
            ``any_effort`` tells apart.
        any_effort: Whether every effort is taken.
        max_tokens: Whether it takes a budget of reasoning tokens.
    """

    mandatory: bool | None = None
    default_enabled: bool | None = None
    default_effort: str | None = None
    efforts: tuple[str, ...] | None = None
    any_effort: bool = False
    max_tokens: bool | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    __repr__ = known

    @classmethod
    def read(cls, raw: dict[str, Any]) -> ReasoningSupport:
        """Reads the wire's ``reasoning``."""
        efforts = raw.get("supported_efforts")
        return cls(
            mandatory=flag(raw.get("mandatory")),
            default_enabled=flag(raw.get("default_enabled")),
            default_effort=text(raw.get("default_effort")),
            efforts=texts(efforts) if isinstance(efforts, list) else None,
            any_effort="supported_efforts" in raw and efforts is None,
            max_tokens=flag(raw.get("supports_max_tokens")),
            raw=raw,
        )


@dataclass(frozen=True)
class Model:
    """A model of the catalogue.

    Attributes:
        slug: What a request names, such as ``openai/gpt-4``.
        canonical_slug: The lasting name of this very version.
        name: For people.
        description: In Markdown of its author's; not inert.
        created: When it came to OpenRouter, in UTC.
        context_length: Tokens of prompt and answer together.
        max_completion_tokens: Tokens of an answer, at the first provider.
        prices: See ``Prices``.
        is_free: Whether it is known to cost nothing, or is a ``:free`` variant without a price.
        input_modalities, output_modalities: ``text``, ``image``, ``file``, ``audio``, ...
        tokenizer: The family of its tokenizer.
        supported_parameters: The fields of a request that at least one of its providers takes.
        reasoning: How its reasoning is steered; None where the service says nothing of it.
        is_moderated: Whether the first provider's prompts are moderated.
        knowledge_cutoff: The date to which its training data reach.
        expires: The date after which it may be gone.
        hugging_face_id: Its name there.
        alias_target: The slug that a ``~.../...-latest`` alias stands for now.
    """

    slug: str
    canonical_slug: str | None = None
    name: str = ""
    description: str | None = None
    created: datetime | None = None
    context_length: int | None = None
    max_completion_tokens: int | None = None
    prices: Prices = Prices()
    is_free: bool = False
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    tokenizer: str | None = None
    supported_parameters: tuple[str, ...] = ()
    reasoning: ReasoningSupport | None = None
    is_moderated: bool | None = None
    knowledge_cutoff: date | None = None
    expires: date | None = None
    hugging_face_id: str | None = None
    alias_target: str | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    __repr__ = known

    COLUMNS: ClassVar[Mapping[str, str]] = {
        "slug": "model",
        "name": "name",
        "context_length": "context (tokens)",
        "prompt_price": "prompt (USD per million tokens)",
        "completion_price": "completion (USD per million tokens)",
        "input_modalities": "input",
        "output_modalities": "output",
        "created": "created",
    }

    @property
    def id(self) -> str:
        """The slug, by the wire's name for it."""
        return self.slug

    @classmethod
    def read(cls, raw: Any) -> Model | None:
        """Reads one object of the wire; None if it has no slug.

        >>> Model.read({"id": "a/b", "context_length": "many", "pricing": {"prompt": "0.000002"}})
        Model(slug='a/b', name='a/b', prices=Prices(prompt=2.0, conditional=False), is_free=False)
        """
        slug = text(mapping(raw).get("id"))
        if slug is None:
            return None
        architecture, top = mapping(raw.get("architecture")), mapping(raw.get("top_provider"))
        prices = Prices.read(mapping(raw.get("pricing")))
        unpriced = prices.prompt is None and prices.completion is None
        reasoning = raw.get("reasoning")
        return cls(
            slug=slug,
            canonical_slug=text(raw.get("canonical_slug")),
            name=text(raw.get("name")) or slug,
            description=text(raw.get("description")),
            created=moment(raw.get("created")),
            context_length=count(raw.get("context_length")),
            max_completion_tokens=count(top.get("max_completion_tokens")),
            prices=prices,
            is_free=prices.are_zero or (unpriced and slug.endswith(":free")),
            input_modalities=texts(architecture.get("input_modalities")),
            output_modalities=texts(architecture.get("output_modalities")),
            tokenizer=text(architecture.get("tokenizer")),
            supported_parameters=texts(raw.get("supported_parameters")),
            reasoning=ReasoningSupport.read(reasoning) if isinstance(reasoning, dict) else None,
            is_moderated=flag(top.get("is_moderated")),
            knowledge_cutoff=day(raw.get("knowledge_cutoff")),
            expires=day(raw.get("expiration_date")),
            hugging_face_id=text(raw.get("hugging_face_id")),
            alias_target=text(mapping(raw.get("alias_target")).get("slug")),
            raw=raw,
        )

    def row(self) -> dict[str, Any]:
        """The model as one flat row; modalities and parameters are joined with commas."""
        return {
            "slug": self.slug,
            "name": self.name,
            "created": self.created,
            "context_length": self.context_length,
            "max_completion_tokens": self.max_completion_tokens,
            **self.prices.row(),
            "is_free": self.is_free,
            "input_modalities": ", ".join(self.input_modalities) or None,
            "output_modalities": ", ".join(self.output_modalities) or None,
            "supported_parameters": ", ".join(self.supported_parameters) or None,
            "reasoning": self.reasoning is not None,
            "knowledge_cutoff": self.knowledge_cutoff,
            "expires": self.expires,
        }


@dataclass(frozen=True)
class Percentiles:
    """How a figure is spread over the requests of the last 30 minutes."""

    p50: float | None = None
    p75: float | None = None
    p90: float | None = None
    p99: float | None = None

    @classmethod
    def read(cls, raw: Any) -> Percentiles | None:
        """Reads an object with the four names; None where there is none."""
        if not isinstance(raw, dict):
            return None
        return cls(*(number(raw.get(name), 0) for name in ("p50", "p75", "p90", "p99")))


@dataclass(frozen=True)
class Endpoint:
    """One provider's offer of a model.

    Attributes:
        name: For people.
        provider: Display name of the provider.
        tag: The slug that ``provider.order`` and its kin take, such as ``openai/priority``.
        model_name: For people.
        prices: See ``Prices``.
        context_length, max_completion_tokens, max_prompt_tokens: Tokens.
        quantization: ``fp8`` and the like; None where the service says that it is unknown, or nothing.
        status: ``normal`` for the wire's 0 and ``degraded`` for a number below it, whose steps OpenRouter
            does not explain; None where it is missing.
        status_code: The wire's number.
        uptime_5m, uptime_30m, uptime_1d: Percent of the minutes in which at least 80 % of the attempts went
            well; None where there was too little traffic.
        latency: Milliseconds to the first token; None without a key.
        throughput: Tokens per second; None without a key.
        supported_parameters: The fields of a request that it takes.
        implicit_caching: Whether it caches prompts unasked.
        service_tier: ``flex``, ``priority``, ...; None for the standard one.
    """

    name: str | None = None
    provider: str | None = None
    tag: str | None = None
    model_name: str | None = None
    prices: Prices = Prices()
    context_length: int | None = None
    max_completion_tokens: int | None = None
    max_prompt_tokens: int | None = None
    quantization: str | None = None
    status: str | None = None
    status_code: int | None = None
    uptime_5m: float | None = None
    uptime_30m: float | None = None
    uptime_1d: float | None = None
    latency: Percentiles | None = None
    throughput: Percentiles | None = None
    supported_parameters: tuple[str, ...] = ()
    implicit_caching: bool | None = None
    service_tier: str | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    __repr__ = known

    COLUMNS: ClassVar[Mapping[str, str]] = {
        "provider": "provider",
        "tag": "tag",
        "prompt_price": "prompt (USD per million tokens)",
        "completion_price": "completion (USD per million tokens)",
        "context_length": "context (tokens)",
        "quantization": "quantization",
        "status": "status",
        "uptime_30m": "uptime, 30 min (%)",
        "latency_p50": "latency, median (ms)",
        "throughput_p50": "throughput, median (tokens/s)",
    }

    @classmethod
    def read(cls, raw: Any) -> Endpoint | None:
        """Reads one object of the wire; None if it is none."""
        if not isinstance(raw, dict):
            return None
        code = number(raw.get("status"), -1e6, 1e6)
        quantization = text(raw.get("quantization"))
        return cls(
            name=text(raw.get("name")),
            provider=text(raw.get("provider_name")),
            tag=text(raw.get("tag")),
            model_name=text(raw.get("model_name")),
            prices=Prices.read(mapping(raw.get("pricing"))),
            context_length=count(raw.get("context_length")),
            max_completion_tokens=count(raw.get("max_completion_tokens")),
            max_prompt_tokens=count(raw.get("max_prompt_tokens")),
            quantization=None if quantization == "unknown" else quantization,
            status=None if code is None else "normal" if code >= 0 else "degraded",
            status_code=None if code is None else int(code),
            uptime_5m=number(raw.get("uptime_last_5m"), 0, 100),
            uptime_30m=number(raw.get("uptime_last_30m"), 0, 100),
            uptime_1d=number(raw.get("uptime_last_1d"), 0, 100),
            latency=Percentiles.read(raw.get("latency_last_30m")),
            throughput=Percentiles.read(raw.get("throughput_last_30m")),
            supported_parameters=texts(raw.get("supported_parameters")),
            implicit_caching=flag(raw.get("supports_implicit_caching")),
            service_tier=text(raw.get("service_tier")),
            raw=raw,
        )

    def row(self) -> dict[str, Any]:
        """The endpoint as one flat row."""
        return {
            "provider": self.provider,
            "tag": self.tag,
            "name": self.name,
            "status": self.status,
            **self.prices.row(),
            "context_length": self.context_length,
            "max_completion_tokens": self.max_completion_tokens,
            "max_prompt_tokens": self.max_prompt_tokens,
            "quantization": self.quantization,
            "uptime_5m": self.uptime_5m,
            "uptime_30m": self.uptime_30m,
            "uptime_1d": self.uptime_1d,
            "latency_p50": self.latency.p50 if self.latency else None,
            "latency_p99": self.latency.p99 if self.latency else None,
            "throughput_p50": self.throughput.p50 if self.throughput else None,
            "service_tier": self.service_tier,
            "supported_parameters": ", ".join(self.supported_parameters) or None,
        }


@dataclass(frozen=True)
class Provider:
    """A company that runs models.

    Attributes:
        name: For people.
        slug: What ``provider.order`` and its kin take.
        privacy_policy_url, terms_of_service_url, status_page_url: As the service gives them; not checked.
        headquarters: ISO 3166-1 code of a country.
        datacenters: ISO 3166-1 codes of countries; empty where nothing is said.
    """

    slug: str
    name: str = ""
    privacy_policy_url: str | None = None
    terms_of_service_url: str | None = None
    status_page_url: str | None = None
    headquarters: str | None = None
    datacenters: tuple[str, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    __repr__ = known

    COLUMNS: ClassVar[Mapping[str, str]] = {
        "name": "provider",
        "slug": "slug",
        "headquarters": "headquarters",
        "datacenters": "datacenters",
        "privacy_policy_url": "privacy policy",
        "status_page_url": "status page",
    }

    @classmethod
    def read(cls, raw: Any) -> Provider | None:
        """Reads one object of the wire; None if it has no slug."""
        slug = text(mapping(raw).get("slug"))
        if slug is None:
            return None
        return cls(
            slug=slug,
            name=text(raw.get("name")) or slug,
            privacy_policy_url=text(raw.get("privacy_policy_url")),
            terms_of_service_url=text(raw.get("terms_of_service_url")),
            status_page_url=text(raw.get("status_page_url")),
            headquarters=text(raw.get("headquarters")),
            datacenters=texts(raw.get("datacenters")),
            raw=raw,
        )

    def row(self) -> dict[str, Any]:
        """The provider as one flat row."""
        return {
            "slug": self.slug,
            "name": self.name,
            "headquarters": self.headquarters,
            "datacenters": ", ".join(self.datacenters) or None,
            "privacy_policy_url": self.privacy_policy_url,
            "terms_of_service_url": self.terms_of_service_url,
            "status_page_url": self.status_page_url,
        }
