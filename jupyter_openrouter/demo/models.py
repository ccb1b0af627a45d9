"""The catalogue of demo models: what each teaches or tests, what it would cost, how fast it answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from .wire import JSON, PROVIDER

CREATED = 1_767_225_600  # 2026-01-01, in seconds since 1970: a fixed date keeps recordings comparable
CONTEXT_LENGTH = 131_072
SAMPLING = ["max_tokens", "max_completion_tokens", "stop", "temperature", "seed"]


@dataclass(frozen=True)
class Model:
    """A demo model; prices in US dollars per token, `rate` in deltas a second (0: no pause)."""

    slug: str
    name: str
    description: str
    prices: tuple[str, str]
    rate: float
    first_token_delay: float = 0.3
    parameters: tuple[str, ...] = ()
    output: str = "text"
    reasoning: JSON | None = field(default=None, hash=False)

    @property
    def pricing(self) -> JSON:
        """The list prices as the wire spells them: decimal strings in US dollars per token."""
        return {"prompt": self.prices[0], "completion": self.prices[1], "request": "0", "image": "0"}

    def card(self) -> JSON:
        """The entry in `/models`."""
        card: JSON = {
            "id": self.slug,
            "canonical_slug": self.slug,
            "hugging_face_id": None,
            "name": self.name,
            "created": CREATED,
            "description": f"{self.description} A teaching and testing tool: it answers with written text.",
            "context_length": CONTEXT_LENGTH,
            "architecture": {
                "modality": f"text->{self.output}",
                "input_modalities": ["text"],
                "output_modalities": self.output.split("+"),
                "tokenizer": "Other",
                "instruct_type": None,
            },
            "pricing": self.pricing,
            "top_provider": {
                "context_length": CONTEXT_LENGTH,
                "max_completion_tokens": None,
                "is_moderated": False,
            },
            "per_request_limits": None,
            "supported_parameters": sorted({*SAMPLING, *self.parameters}),
            "default_parameters": None,
            "supported_voices": None,
            "links": {"details": f"/api/v1/models/{self.slug}/endpoints"},
            "knowledge_cutoff": None,
            "expiration_date": None,
        }
        if self.reasoning is not None:
            card["reasoning"] = self.reasoning
        return card

    def endpoints(self, *, measured: bool = False) -> JSON:
        """The entry in `/models/{author}/{slug}/endpoints`: one provider, this process.

        `measured` gives latency (ms) and throughput (tokens a second), which only callers with a key see.
        """
        card = self.card()
        kept = ("id", "name", "created", "description", "architecture")
        endpoint = {
            "name": f"{PROVIDER} | {self.slug}",
            "model_name": self.name,
            "provider_name": PROVIDER,
            "tag": "demo",
            "context_length": CONTEXT_LENGTH,
            "max_completion_tokens": None,
            "max_prompt_tokens": None,
            "quantization": "unknown",
            "pricing": {**self.pricing, "discount": 0},
            "supported_parameters": card["supported_parameters"],
            "supports_implicit_caching": False,
            "supports_tool_choice": dict.fromkeys(
                ("auto", "none", "required", "function"), "tools" in self.parameters
            ),
            "native_tools": {},
            "service_tier": None,
            "status": 0,
            "uptime_last_5m": 100,
            "uptime_last_30m": 100,
            "uptime_last_1d": 100,
            "latency_last_30m": spread(1000 * self.first_token_delay) if measured else None,
            "throughput_last_30m": spread(self.rate or 10_000) if measured else None,
        }
        return {**{key: card[key] for key in kept}, "endpoints": [endpoint]}


def spread(median: float) -> JSON:
    """Percentiles around a median.

    >>> spread(100)
    {'p50': 100, 'p75': 125.0, 'p90': 150.0, 'p99': 200.0}
    """
    return {"p50": median, "p75": median * 1.25, "p90": median * 1.5, "p99": median * 2.0}


EFFORTS = ["high", "medium", "low", "minimal", "none"]
_ALL = [
    Model(
        "demo/tour",
        "Demo: Guided tour",
        "A guided tour of jupyter_openrouter in rich Markdown. A prompt with the word stop, chat, key or "
        "cost begins with that part.",
        ("0.000001", "0.000004"),
        rate=60,
    ),
    Model(
        "demo/echo",
        "Demo: Echo",
        "Gives the last user message back, byte for byte, in pieces cut anywhere between code points.",
        ("0.0000005", "0.0000005"),
        rate=60,
    ),
    Model(
        "demo/reasoner",
        "Demo: Reasoner",
        "Streams reasoning first (text, structured details and a late signature), then a short answer.",
        ("0.000002", "0.000008"),
        rate=40,
        parameters=("reasoning", "include_reasoning"),
        reasoning={
            "mandatory": False,
            "default_enabled": True,
            "default_effort": "medium",
            "supported_efforts": EFFORTS,
            "supports_max_tokens": False,
        },
    ),
    Model(
        "demo/tools",
        "Demo: Tools",
        "Calls the first function in `tools` (every function if the prompt says both or all), with "
        "arguments that fit its schema; once given the results, it repeats them.",
        ("0.000001", "0.000004"),
        rate=40,
        parameters=("tools", "tool_choice", "parallel_tool_calls"),
    ),
    Model(
        "demo/researcher",
        "Demo: Researcher",
        "Thinks, answers with a picture and with sources, and calls a tool; a prompt with the word refuse is "
        "refused. Shows everything that can stand beside a text.",
        ("0.000001", "0.000004"),
        rate=40,
        parameters=("reasoning", "include_reasoning"),
        output="text+image",
    ),
    Model(
        "demo/slow",
        "Demo: Slow",
        "A long story, a few words a second, for trying Stop and Continue.",
        ("0.0000002", "0.0000008"),
        rate=4,
        first_token_delay=1.0,
    ),
    Model(
        "demo/burst",
        "Demo: Burst",
        "As many numbered deltas as the first integer in the prompt says (10000 without one, at most "
        "200000), as fast as the connection takes them.",
        ("0.0000001", "0.0000001"),
        rate=0,
        first_token_delay=0.0,
    ),
    Model(
        "demo/faulty",
        "Demo: Faulty",
        "Fails in the way that the prompt names (`429`, `cut`, `stall`, `mid-error` and others); a prompt "
        "that names none is answered with the list.",
        ("0.000001", "0.000002"),
        rate=60,
    ),
]
MODELS = {model.slug: model for model in _ALL}
DEFAULT = "demo/tour"
EMBEDDER = Model(
    "demo/embedder",
    "Demo: Embedder",
    "Turns each text into a small vector that depends on its bytes alone, not on what they mean.",
    ("0.00000002", "0"),
    rate=0,
    output="embeddings",
)


def find(slug: str) -> Model | None:
    """The model behind a slug; a variant suffix (`:free`, `:nitro`) or a preset after `@` is ignored."""
    return MODELS.get(base(slug))


def base(slug: str) -> str:
    """The slug without its variant and its preset.

    >>> base("demo/tour:free@preset/x")
    'demo/tour'
    """
    return slug.partition("@")[0].partition(":")[0]
