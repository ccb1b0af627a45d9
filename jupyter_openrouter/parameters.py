"""Every parameter of a completion: its name on the wire, its type, what it means, its unit and its range.

The typed dictionaries below are the one list of them. Editors and type checkers read the types; ``checked`` reads
the kind beside each type, and writes the body in this order; ``described`` reads the meaning, for the documents.
A parameter that is None is not sent. What a provider does not support, the service leaves out without a word,
unless ``provider={"require_parameters": True}``.

Sources: OpenRouter's pages "Parameters", "Provider selection", "Reasoning tokens", "Tool calling", "Plugins",
"Presets", "Prompt caching" and "Errors and debugging", and its OpenAPI document.
"""

# The kinds are values, so the annotations are not put off: no `from __future__ import annotations` here.

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypedDict

from . import meant
from .errors import InvalidRequestError
from .kinds import Either, Flag, Kind, ListOf, MapOf, Number, Shape, Slug, Text, Whole, fields

_EFFORTS = Text("max", "xhigh", "high", "medium", "low", "minimal", "none")
_DOLLARS = Either(Number(0), Text())
_ANY_OBJECT = MapOf(Kind())


class MaxPrice(TypedDict, total=False):
    """The most that an endpoint may cost, in US dollars; a hard filter."""

    prompt: Annotated[float | str, _DOLLARS, "US dollars for a million prompt tokens."]
    completion: Annotated[float | str, _DOLLARS, "US dollars for a million completion tokens."]
    image: Annotated[float | str, _DOLLARS, "US dollars for an image."]
    audio: Annotated[float | str, _DOLLARS, "US dollars for a unit of audio."]
    request: Annotated[float | str, _DOLLARS, "US dollars for a request."]


class Percentiles(TypedDict, total=False):
    """A goal for each percentile of an endpoint's recent requests."""

    p50: Annotated[float, Number(0), "For half of the requests."]
    p75: Annotated[float, Number(0), "For 75 % of the requests."]
    p90: Annotated[float, Number(0), "For 90 % of the requests."]
    p99: Annotated[float, Number(0), "For 99 % of the requests."]


class Sort(TypedDict, total=False):
    """How endpoints are sorted."""

    by: Annotated[str, Text("price", "throughput", "latency", "exacto"), "What is compared."]
    partition: Annotated[
        str,
        Text("model", "none"),
        "model keeps the order of `models`; none sorts the endpoints of all together.",
    ]


class ProviderPreferences(TypedDict, total=False):
    """Which providers may answer, and which are asked first ("Provider selection")."""

    order: Annotated[
        Sequence[str], ListOf(Text()), "Provider slugs to try first, in this order; turns load balancing off."
    ]
    only: Annotated[Sequence[str], ListOf(Text()), "The only provider slugs that may answer."]
    ignore: Annotated[Sequence[str], ListOf(Text()), "Provider slugs that may not answer."]
    allow_fallbacks: Annotated[bool, Flag(), "False gives the first provider's error back; default True."]
    require_parameters: Annotated[
        bool, Flag(), "Only providers that support every parameter sent; default False."
    ]
    data_collection: Annotated[str, Text("allow", "deny"), "deny: only providers that keep no data."]
    zdr: Annotated[bool, Flag(), "Only endpoints with zero data retention."]
    enforce_distillable_text: Annotated[bool, Flag(), "Only models whose text may be used for training."]
    quantizations: Annotated[
        Sequence[str], ListOf(Text("int4", "int8", "fp8", "bf16", "unknown")), "The only ones allowed."
    ]
    sort: Annotated[
        str | Sort,
        Either(Text("price", "throughput", "latency", "exacto"), Shape(Sort)),
        "Sorts providers instead of balancing the load.",
    ]
    preferred_min_throughput: Annotated[
        float | Percentiles,
        Either(Number(0), Shape(Percentiles)),
        "Tokens a second; slower endpoints come last, and are not excluded.",
    ]
    preferred_max_latency: Annotated[
        float | Percentiles,
        Either(Number(0), Shape(Percentiles)),
        "Seconds to the first token; slower endpoints come last, and are not excluded.",
    ]
    max_price: Annotated[MaxPrice, Shape(MaxPrice), "Dearer endpoints are excluded; 404 when none is left."]
    options: Annotated[
        Mapping[str, Mapping[str, Any]],
        MapOf(_ANY_OBJECT),
        "Extra fields by provider slug; only those of the provider that answers are sent on.",
    ]


class Reasoning(TypedDict, total=False):
    """How much a model thinks before it answers, and what of it is shown; give ``effort`` or ``max_tokens``."""

    effort: Annotated[str, _EFFORTS, "Share of the token limit to think with; none turns thinking off."]
    max_tokens: Annotated[int, Whole(1), "Tokens to think with; less than the limit of the whole answer."]
    exclude: Annotated[bool, Flag(), "Think, and do not send the thoughts."]
    enabled: Annotated[bool, Flag(), "True thinks with the model's defaults."]
    summary: Annotated[str, Text("auto", "concise", "detailed"), "How long a summary of the thoughts is."]
    context: Annotated[str, Text("auto", "all_turns", "current_turn"), "Which turns' thoughts are kept."]
    mode: Annotated[str, Text("standard", "pro"), "Which variant of a model that has two."]


class JsonSchema(TypedDict, total=False):
    """A JSON schema that the answer follows."""

    name: Annotated[str, Text(), "What the schema is called."]
    description: Annotated[str, Text(), "What it is for; the model reads it."]
    schema: Annotated[Mapping[str, Any], _ANY_OBJECT, "The JSON schema itself."]
    strict: Annotated[bool, Flag(), "Whether the answer must follow it exactly."]


class ResponseFormat(TypedDict, total=False):
    """What form the answer has ("Structured outputs")."""

    type: Annotated[str, Text("text", "json_object", "json_schema", "grammar", "python"), "The form."]
    json_schema: Annotated[JsonSchema, Shape(JsonSchema), "With type json_schema."]
    grammar: Annotated[str, Text(), "With type grammar."]


class CacheControl(TypedDict, total=False):
    """Asks the provider to keep the prompt for the next request."""

    type: Annotated[str, Text("ephemeral"), "The one kind there is."]
    ttl: Annotated[str, Text("5m", "1h"), "How long."]


class Function(TypedDict, total=False):
    """A function that the model may ask to be called."""

    name: Annotated[str, Text(most=64), "What the model calls it."]
    description: Annotated[str, Text(), "What it does; the model reads it."]
    parameters: Annotated[Mapping[str, Any], _ANY_OBJECT, "JSON schema of its arguments."]
    strict: Annotated[bool, Flag(), "Whether the arguments must follow the schema exactly."]
    defer_loading: Annotated[bool, Flag(), "Whether the model sees it only after a search for tools."]


class Tool(TypedDict, total=False):
    """A function, or a tool that runs at OpenRouter."""

    type: Annotated[str, Text("function", "openrouter:web_search", "openrouter:web_fetch"), "What it is."]
    function: Annotated[Function, Shape(Function, needs=("name",)), "With type function."]
    parameters: Annotated[Mapping[str, Any], _ANY_OBJECT, "Settings of a tool that runs at OpenRouter."]
    cache_control: Annotated[CacheControl, Shape(CacheControl), "Keeps the list up to here cached."]


class StopCondition(TypedDict, total=False):
    """One of the conditions that end the loop of tools that run at OpenRouter."""

    type: Annotated[
        str,
        Text("step_count_is", "has_tool_call", "max_tokens_used", "max_cost", "finish_reason_is"),
        "Which condition it is; each has one field of its own.",
    ]
    step_count: Annotated[int, Whole(0), "With step_count_is: steps."]
    tool_name: Annotated[str, Text(), "With has_tool_call."]
    max_tokens: Annotated[int, Whole(0), "With max_tokens_used: tokens."]
    max_cost_in_dollars: Annotated[float, Number(0), "With max_cost: US dollars."]
    reason: Annotated[str, Text(), "With finish_reason_is."]


class Plugin(TypedDict, total=False):
    """A plugin, with options of its own beside these ("Plugins")."""

    id: Annotated[
        str,
        Text("web", "web-fetch", "file-parser", "response-healing", "context-compression", "moderation"),
        "Which plugin.",
    ]
    enabled: Annotated[bool, Flag(), "False turns off one that the account turns on."]


class AudioOutput(TypedDict, total=False):
    """How spoken answers sound."""

    voice: Annotated[str, Text(), "The model's name for a voice."]
    format: Annotated[str, Text("wav", "mp3", "flac", "opus", "pcm16"), "How the sound is written."]


class Prediction(TypedDict, total=False):
    """What most of the answer will be, as when a text is edited; makes some models faster."""

    type: Annotated[str, Text("content"), "The one kind there is."]
    content: Annotated[
        str | Sequence[Mapping[str, Any]], Either(Text(), ListOf(_ANY_OBJECT)), "Text, or text parts."
    ]


class Trace(TypedDict, total=False):
    """Names for the destinations to which the account sends its traces; other fields pass, too."""

    trace_id: Annotated[str, Text(), "Joins several requests."]
    trace_name: Annotated[str, Text(), "What the whole is called."]
    span_name: Annotated[str, Text(), "What this step is called."]
    generation_name: Annotated[str, Text(), "What this request is called."]
    parent_span_id: Annotated[str, Text(), "The step that this one belongs to."]


class PromptCacheOptions(TypedDict, total=False):
    """Explicit prompt caching of some OpenAI models."""

    mode: Annotated[str, Text("explicit"), "How it is cached."]
    ttl: Annotated[str, Text("30m", "12h"), "How long."]


class Debug(TypedDict, total=False):
    """What to tell besides the answer."""

    echo_upstream_body: Annotated[
        bool, Flag(), "Streams only: the first chunk of each provider holds what was sent to it."
    ]


class IncludeUsage(TypedDict, total=False):
    """Has no effect any more: usage always comes."""

    include_usage: Annotated[bool, Flag(), "Has no effect any more."]


class Include(TypedDict, total=False):
    """Has no effect any more: usage always comes."""

    include: Annotated[bool, Flag(), "Has no effect any more."]


class CommonParameters(TypedDict, total=False):
    """The parameters that chat and text completions share."""

    temperature: Annotated[float | None, Number(0, 2), "How much chance there is: 0 hardly any."]
    top_p: Annotated[float | None, Number(0, 1), "Only the likeliest tokens that make up this probability."]
    top_k: Annotated[int | None, Whole(0), "Only this many of the likeliest tokens; 0 for all."]
    frequency_penalty: Annotated[
        float | None, Number(-2, 2), "Makes tokens less likely the more often they have come."
    ]
    presence_penalty: Annotated[
        float | None, Number(-2, 2), "Makes tokens less likely that have come at all."
    ]
    seed: Annotated[int | None, Whole(), "The same seed gives the same answer where the provider can do so."]
    max_tokens: Annotated[int | None, Whole(1), "The most tokens that the answer may have."]
    stop: Annotated[
        str | Sequence[str] | None,
        Either(Text(), ListOf(Text(), most=4)),
        "The answer ends before any of these.",
    ]
    logit_bias: Annotated[
        Mapping[str, float] | Mapping[int, float] | None,
        MapOf(Number(-100, 100)),
        "By token id: -100 forbids a token, 100 all but forces it.",
    ]
    models: Annotated[
        Sequence[str] | None,
        ListOf(Slug()),
        "Model slugs that the service tries in turn when one fails; the response says which answered.",
    ]
    provider: Annotated[
        ProviderPreferences | None,
        Shape(ProviderPreferences),
        "Which providers may answer, and in what order.",
    ]
    plugins: Annotated[
        Sequence[Mapping[str, Any]] | None,
        ListOf(Shape(Plugin, needs=("id",))),
        "Web search, PDF engines, healing of JSON, compression of the context, and others.",
    ]
    reasoning: Annotated[Reasoning | None, Shape(Reasoning), "How much to think, and what of it to show."]
    include_reasoning: Annotated[bool | None, Flag(), "Older form: False is `reasoning.exclude`."]
    response_format: Annotated[
        ResponseFormat | None,
        Shape(ResponseFormat, needs=("type",)),
        "Plain text, JSON, or JSON by a schema.",
    ]
    user: Annotated[
        str | None, Text(), "A stable name for your end user, so that one user's abuse is not taken for all."
    ]


class ChatParameters(CommonParameters, total=False):
    """Every documented parameter of ``POST /chat/completions`` but the model and the messages.

    >>> tuned: ChatParameters = {"temperature": 0.2, "reasoning": {"effort": "high"}}
    """

    min_p: Annotated[float | None, Number(0, 1), "Only tokens this likely, relative to the likeliest."]
    top_a: Annotated[float | None, Number(0, 1), "Like min_p, relative to the square of the likeliest."]
    repetition_penalty: Annotated[
        float | None, Number(0, 2), "Makes repetition less likely; 1 has no effect."
    ]
    max_completion_tokens: Annotated[
        int | None,
        Whole(1),
        "The most tokens of the answer and its reasoning together; newer than max_tokens.",
    ]
    n: Annotated[int | None, Whole(1), "Number of choices; few models give more than one."]
    logprobs: Annotated[bool | None, Flag(), "Send the log probability of each token."]
    top_logprobs: Annotated[int | None, Whole(0, 20), "With logprobs: the likeliest tokens at each place."]
    prediction: Annotated[Prediction | None, Shape(Prediction), "What most of the answer will be."]
    route: Annotated[str | None, Text("fallback"), "Older companion of `models`."]
    preset: Annotated[str | None, Text(), "Slug of a preset; what the request itself says wins over it."]
    service_tier: Annotated[
        str | None,
        Text("auto", "default", "flex", "priority", "fast", "scale", "ultrafast"),
        "How fast and how dear; the answer says which tier was served.",
    ]
    reasoning_effort: Annotated[
        str | None, _EFFORTS, "Short form of `reasoning.effort`; give one of the two."
    ]
    verbosity: Annotated[
        str | None, Text("low", "medium", "high", "xhigh", "max"), "How long-winded the answer is."
    ]
    structured_outputs: Annotated[bool | None, Flag(), "Ask for answers that follow a JSON schema."]
    tools: Annotated[
        Sequence[Mapping[str, Any]] | None,
        ListOf(Shape(Tool, needs=("type",))),
        "Functions that the model may ask for, and tools that run at OpenRouter.",
    ]
    tool_choice: Annotated[
        str | Mapping[str, Any] | None,
        Either(Text("auto", "none", "required"), _ANY_OBJECT),
        "Whether a tool must be used, or which.",
    ]
    parallel_tool_calls: Annotated[
        bool | None, Flag(), "Whether several may be asked for at once; default True."
    ]
    max_tool_calls: Annotated[int | None, Whole(0, 30), "Steps of tools that run at OpenRouter; default 30."]
    stop_server_tools_when: Annotated[
        Sequence[StopCondition] | None,
        ListOf(Shape(StopCondition, needs=("type",))),
        "Ends the loop of tools that run at OpenRouter when any of these is true; wins over max_tool_calls.",
    ]
    deferred_tools: Annotated[
        Mapping[str, Any] | None, _ANY_OBJECT, "How tools are searched for when needed."
    ]
    web_search_options: Annotated[
        Mapping[str, Any] | None, _ANY_OBJECT, "For models that search by themselves."
    ]
    x_search_filter: Annotated[Mapping[str, Any] | None, _ANY_OBJECT, "For xAI's models that search X."]
    modalities: Annotated[
        Sequence[str] | None, ListOf(Text("text", "image", "audio")), "What the answer may consist of."
    ]
    image_config: Annotated[
        Mapping[str, Any] | None, _ANY_OBJECT, "How images are made, such as {'aspect_ratio': '16:9'}."
    ]
    audio: Annotated[AudioOutput | None, Shape(AudioOutput), "How speech is made; streams only."]
    transforms: Annotated[
        Sequence[str] | None, ListOf(Text("middle-out")), "Older form of the plugin context-compression."
    ]
    cache_control: Annotated[CacheControl | None, Shape(CacheControl), "Cache the prompt at the provider."]
    prompt_cache_key: Annotated[str | None, Text(), "Requests with one key share a prompt cache."]
    prompt_cache_options: Annotated[
        PromptCacheOptions | None, Shape(PromptCacheOptions), "Explicit prompt caching of some OpenAI models."
    ]
    session_id: Annotated[
        str | None, Text(most=256), "Keeps a conversation at one provider, and groups it in the logs."
    ]
    safety_identifier: Annotated[str | None, Text(), "Newer name of `user`."]
    metadata: Annotated[
        Mapping[str, str] | None,
        MapOf(Text(most=512), most=16, name_most=64),
        "Texts of yours to keep with the request; names of at most 64 characters.",
    ]
    trace: Annotated[Trace | None, Shape(Trace), "Names for where the account sends its traces."]
    debug: Annotated[Debug | None, Shape(Debug), "What to tell besides the answer."]
    stream_options: Annotated[IncludeUsage | None, Shape(IncludeUsage), "Has no effect any more."]
    usage: Annotated[Include | None, Shape(Include), "Has no effect any more: usage always comes."]


class CompletionParameters(CommonParameters, total=False):
    """Every parameter of the legacy ``POST /completions`` but the model and the prompt."""

    suffix: Annotated[str | None, Text(), "What comes after the answer, for models that fill in the middle."]
    logprobs: Annotated[int | None, Whole(0), "The likeliest tokens at each place, with log probabilities."]


def checked(parameters: Mapping[str, Any], shape: type) -> dict[str, Any]:
    """The parameters that are not None, each checked, in the order of ``shape``.

    Args:
        parameters: By name, as the caller gave them.
        shape: ``ChatParameters`` or ``CompletionParameters``.

    Raises:
        InvalidRequestError: a name is unknown, or a value is of the wrong type or out of its range.

    >>> checked({"top_p": 0.5, "temperature": 1, "seed": None}, ChatParameters)
    {'temperature': 1, 'top_p': 0.5}
    """
    known = fields(shape)
    for name in parameters:
        if name not in known:
            raise _unknown(name, list(known))
    return {
        name: known[name][0].fit(parameters[name], name)
        for name in (known if len(parameters) > 1 else parameters)
        if parameters.get(name) is not None
    }


def _unknown(name: str, known: list[str]) -> InvalidRequestError:
    ours, near = meant.option(name), meant.near(name, known, cutoff=0.6)
    if ours is not None:
        return InvalidRequestError(f"There is no parameter {name!r}.", remedy=f"Write {ours}.")
    hint = f"Did you mean {near}? If not" if near else "If the service knows it"
    return InvalidRequestError(
        f"There is no parameter {name!r}.", remedy=f"{hint}, pass it in extra={{{name!r}: …}}."
    )


def described(shape: type = ChatParameters) -> list[tuple[str, str, str]]:
    """Name, type with range, and meaning of each parameter, in the order of the body; fields of fields by dots.

    >>> described()[0]
    ('temperature', 'number from 0 to 2', 'How much chance there is: 0 hardly any.')
    """
    rows = []
    for name, (kind, meaning) in fields(shape).items():
        rows.append((name, kind.said.removeprefix("a ").removeprefix("an "), meaning))
        rows += [(f"{name}.{inner}", said, more) for inner, said, more in _inside(kind)]
    return rows


def _inside(kind: Kind) -> list[tuple[str, str, str]]:
    if isinstance(kind, Shape):
        return described(kind.shape)
    if isinstance(kind, ListOf):
        return _inside(kind.item)
    if isinstance(kind, Either):
        return [row for one in kind.kinds for row in _inside(one)]
    return []
