"""The flags of ``%%openrouter``: what each means, and what they make of a request; knows no IPython."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from numbers import Number
from typing import Any, NoReturn

from . import flag_values as values
from . import meant
from .errors import InvalidRequestError

UNNAMED = "chat"
"""The conversation that ``--chat`` without a name goes on with."""
SHOWN_AS = ("markdown", "text", "code", "json")

# Flags whose value goes into the request under the same name; `parameters` checks them.
_PLAIN: dict[str, tuple[type, str]] = {
    "temperature": (float, "0 to 2: how much chance there is"),
    "max_tokens": (int, "the most tokens that the answer may have"),
    "top_p": (float, "0 to 1: only the likeliest tokens that make up this probability"),
    "top_k": (int, "only this many of the likeliest tokens"),
    "min_p": (float, "0 to 1: only tokens this likely, relative to the likeliest"),
    "top_a": (float, "0 to 1: like --min-p, relative to the square of the likeliest"),
    "frequency_penalty": (float, "-2 to 2: against words in step with how often they came"),
    "presence_penalty": (float, "-2 to 2: against words that came at all"),
    "repetition_penalty": (float, "above 0 to 2: against repeating the prompt's words"),
    "seed": (int, "the same seed gives the same answer where the provider can do so"),
    "verbosity": (str, "low, medium, high: how long the answer is"),
}
_ONE_CELL = frozenset(
    [
        "chat",
        "image",
        "file",
        "audio",
        "raw",
        "completion",
        "schema",
        "out",
        "background",
        "dry_run",
        "refresh",
        "record",
        "replay",
        "stop",
        "help",
    ]
)
"""What only makes sense for one cell."""


class FlagError(InvalidRequestError):
    """A line of flags that cannot be read."""

    default_remedy = "Run %openrouter help for all flags."


_OnOff = argparse.BooleanOptionalAction


_CHOICE = re.compile(r"invalid choice: (.+) \(choose from (.+)\)")


def plainly(message: str) -> str:
    """A complaint of argparse, which words it otherwise in each Python, as this package says it."""
    message = message.removeprefix("argument ")
    if found := _CHOICE.search(message):
        return f"{message[: found.start()]}{found[1]} is none of {found[2].replace(chr(39), '')}"
    return message.replace(": expected one argument", " needs a value")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise FlagError(f"%%openrouter: {plainly(message)}.")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise FlagError(message or "%%openrouter was ended.")


_READ: dict[type, Callable[[str], Any]] = {float: values.number, int: values.whole, str: str}


def make_parser() -> argparse.ArgumentParser:
    """A parser of all flags; each that was not given is None, or False where it is for one cell only."""
    parser = _Parser(
        prog="%%openrouter",
        add_help=False,
        allow_abbrev=False,
        usage="%%%%openrouter [-m MODEL] [flags]      with the prompt in the lines below",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=32, width=100),
    )
    who = parser.add_argument_group("who answers")
    who.add_argument("-m", "--model", metavar="SLUG", help="such as openai/gpt-4 or demo/tour")
    who.add_argument(
        "--models",
        type=values.words,
        metavar="A,B",
        help="others that OpenRouter may ask when the first fails",
    )
    who.add_argument(
        "--fallback",
        type=values.words,
        metavar="A,B",
        help="others that we ask in turn, before the first word",
    )
    who.add_argument("--only", type=values.words, metavar="A,B", help="the only providers that may answer")
    who.add_argument("--ignore", type=values.words, metavar="A,B", help="providers that may not")
    who.add_argument("--sort", metavar="BY", help="price, throughput or latency: which provider goes first")
    who.add_argument(
        "--max-price", type=values.price, metavar="X[,Y]", help="dollars for a million tokens in, and out"
    )
    who.add_argument(
        "--zdr", action=_OnOff, help="only where nothing is kept (zero data retention), or anywhere"
    )
    who.add_argument(
        "--provider", type=values.json_object, metavar="JSON", help="all routing fields, as on the wire"
    )

    asked = parser.add_argument_group("what is asked")
    asked.add_argument("-s", "--system", metavar="TEXT", help="system message")
    asked.add_argument(
        "-c", "--chat", nargs="?", const=UNNAMED, metavar="NAME", help="go on in a conversation"
    )
    asked.add_argument("--image", action="append", metavar="X", help="path or variable; may be repeated")
    asked.add_argument("--file", action="append", metavar="X", help="path or variable; may be repeated")
    asked.add_argument("--audio", action="append", metavar="X", help="path or variable; may be repeated")
    asked.add_argument("--raw", action="store_true", help="leave {{ }} in the prompt as it is")
    asked.add_argument("--completion", action="store_true", help="the legacy text endpoint")
    asked.add_argument("--show-prompt", action=_OnOff, help="show what was sent, below the answer, or not")

    how = parser.add_argument_group("how it is answered")
    for name, (kind, meaning) in _PLAIN.items():
        short = {"temperature": ["-t"]}.get(name, [])
        flag = f"--{name.replace('_', '-')}"
        metavar = {float: "X", int: "N", str: "WORD"}[kind]
        how.add_argument(*short, flag, type=_READ[kind], metavar=metavar, help=meaning)
    how.add_argument("--stop", action="append", metavar="TEXT", help="ends the answer; may be repeated")
    how.add_argument(
        "--reasoning",
        type=values.reasoning,
        metavar="HOW",
        help="high, medium, low, a number of tokens, or off",
    )
    how.add_argument("--plugin", action="append", metavar="ID", help="such as web; may be repeated")
    how.add_argument(
        "--param",
        action="append",
        type=values.pair,
        metavar="NAME=JSON",
        help="any other field; may be repeated",
    )
    how.add_argument("--schema", metavar="NAME", help="a class or a JSON schema: the answer is .parsed")

    shown = parser.add_argument_group("what becomes of it")
    shown.add_argument("-o", "--out", metavar="NAME", help="variable for the response, besides _openrouter")
    shown.add_argument(
        "--as", dest="shown_as", choices=SHOWN_AS, help="how it is shown; code goes without its fence"
    )
    shown.add_argument("--background", action="store_true", help="return at once and stream on")
    shown.add_argument(
        "--stream", action=_OnOff, help="show the answer as it comes, or ask for it in one piece"
    )
    shown.add_argument("--record", metavar="FILE", help="record what comes, with its timing, into a file")
    shown.add_argument("--replay", metavar="FILE", help="answer out of a recording; nothing is sent")
    shown.add_argument(
        "-h", "--help", action="store_true", help="show all flags and commands, and send nothing"
    )

    limits = parser.add_argument_group("money and time")
    limits.add_argument("--dry-run", action="store_true", help="price the request, and send nothing")
    limits.add_argument("--max-cost", type=values.dollars, metavar="USD", help="refuse, or stop, above this")
    limits.add_argument("--timeout", type=values.seconds, metavar="S", help="seconds for the whole answer")
    limits.add_argument("--idle-timeout", type=values.seconds, metavar="S", help="seconds without a word")
    limits.add_argument(
        "--cache",
        nargs="?",
        type=values.whole_or_off,
        const=True,
        metavar="S",
        help="OpenRouter's cache: again is free; --cache off asks without it",
    )
    limits.add_argument("--refresh", action="store_true", help="with --cache: ask anew, and keep that")
    return parser


def unset(value: Any) -> bool:
    """Whether a flag was not given, or a default not set; 0 is a value, and so is False."""
    return value is None or (isinstance(value, (str, list, dict, tuple)) and not value)


def configurable() -> dict[str, str]:
    """The flags for which a default can be set, by their names in Python, and what each means.

    >>> configurable()["model"]
    'such as openai/gpt-4 or demo/tour'
    """
    return {
        action.dest: str(action.help) for action in make_parser()._actions if action.dest not in _ONE_CELL
    }


def defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    """Configured values as the flags would have read them; those that are not set are left out.

    Raises:
        FlagError: a value does not fit its flag.

    >>> defaults({"reasoning": "high", "fallback": "a/b, c/d", "temperature": 0, "model": ""})
    {'fallback': ['a/b', 'c/d'], 'temperature': 0.0, 'reasoning': {'effort': 'high'}}
    """
    found = {}
    for action in make_parser()._actions:
        value = given.get(action.dest)
        if unset(value) or (value is False and not isinstance(action, _OnOff)):
            continue
        try:
            found[action.dest] = _as_flag(action, value)
        except (argparse.ArgumentTypeError, ValueError, TypeError) as error:
            raise FlagError(f"OpenRouterMagics.{action.dest}: {error}.") from None
    return found


_AS_IT_IS: dict[Any, type | tuple[type, ...]] = {
    values.words: (list, tuple),
    values.json_object: dict,
    values.price: dict,
    values.reasoning: dict,
}


def _as_flag(action: argparse.Action, value: Any) -> Any:
    if action.dest == "param":
        return list(dict(value).items())
    if isinstance(action, argparse._AppendAction):
        return [value] if isinstance(value, str) else list(value)
    if isinstance(action, _OnOff):
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is neither True nor False")
        return value
    if value is True and action.const is True:
        return value
    if isinstance(value, (str, Number)) and not isinstance(value, bool):
        text = str(value)
        value = action.type(text) if callable(action.type) else text
    elif not isinstance(value, _AS_IT_IS.get(action.type, ())):
        raise ValueError(f"a {type(value).__name__} does not fit")
    if action.choices is not None and value not in action.choices:
        raise ValueError(f"{value!r} is none of {', '.join(action.choices)}")
    return value


def parse(line: str, defaults: Mapping[str, Any] | None = None) -> argparse.Namespace:
    """The flags of a line, split as a shell would; ``defaults`` hold where a flag was not given.

    Raises:
        FlagError: a flag is unknown or its value does not fit.

    >>> parse("-m demo/echo -t 0.5 --max-price 1,5").max_price
    {'prompt': 1.0, 'completion': 5.0}
    """
    try:
        tokens = shlex.split(line)
    except ValueError as error:
        raise FlagError(f"%%openrouter: the line cannot be split ({error}).") from None
    found, rest = make_parser().parse_known_args(tokens)
    if rest:
        raise FlagError(f"%%openrouter: {rest[0]!r} is no flag. {_hint(rest[0])}")
    for name, value in (defaults or {}).items():
        if getattr(found, name, None) is None and not unset(value):  # an empty value switches a default off
            setattr(found, name, value)
    if found.cache is False:
        found.cache = None  # switched off, which is more than not given only where it is a default
    return found


def flag_names() -> list[str]:
    """All flags, as they are written.

    >>> flag_names()[:2]
    ['-m', '--model']
    """
    return [flag for action in make_parser()._actions for flag in action.option_strings]


def _hint(word: str) -> str:
    if slug := meant.slug_in(word):
        return f"A model is named so: -m {slug}."
    if near := close_flag(word):
        return f"Did you mean {near}?"
    return "A text with spaces is written in quotes, and the prompt goes into the lines below."


def close_flag(word: str) -> str | None:
    """The flag that a mistyped one was probably meant to be.

    >>> close_flag("--temprature"), close_flag("--temp")
    ('--temperature', '--temperature')
    """
    return meant.near(word, flag_names())


def fields(flags: argparse.Namespace) -> dict[str, Any]:
    """The fields of the request that the flags set, by their names on the wire; ``--param`` wins.

    >>> fields(parse("-t 0 --reasoning off --only openai,azure --param user=me"))
    {'temperature': 0.0, 'provider': {'only': ['openai', 'azure']}, 'reasoning': {'effort': 'none'}, 'user': 'me'}
    """
    found: dict[str, Any] = {
        name: value for name in _PLAIN if (value := getattr(flags, name, None)) not in (None, "")
    }
    provider = dict(flags.provider or {})
    for name in ("only", "ignore", "sort", "max_price", "zdr"):
        if not unset(value := getattr(flags, name)):
            provider[name] = value
    if flags.zdr is False:
        del provider["zdr"]
    if provider:
        found["provider"] = provider
    if flags.models:
        found["models"] = list(dict.fromkeys([*([flags.model] if flags.model else []), *flags.models]))
    if flags.stop:
        found["stop"] = flags.stop
    if flags.reasoning:
        found["reasoning"] = flags.reasoning
    if plugins := [{"id": ident} for ident in flags.plugin or () if ident]:
        found["plugins"] = plugins
    for name, value in flags.param or ():
        found[name] = value
    return found


def split_known(found: Mapping[str, Any], known: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that the client takes by name, and the rest, which goes into ``extra``."""
    names = set(known)
    return (
        {name: value for name, value in found.items() if name in names},
        {name: value for name, value in found.items() if name not in names},
    )
