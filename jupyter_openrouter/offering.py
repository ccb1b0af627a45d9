"""What may stand at a place of a cell: flags and commands of ours and their values, and names in ``{{ }}``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from .command_list import COMMANDS
from .conversations import conversations
from .costs import By
from .flags import SHOWN_AS, make_parser
from .known_slugs import known_slugs

_LINE = re.compile(r"^\s*(?:[\w., \t]+=\s*)?%openrouter[ \t](.*)$")
_CELL = re.compile(r"^\s*%%openrouter[ \t](.*)$")
_EFFORTS = ("high", "medium", "low", "minimal", "off")
_MOST = 500


class Offer(NamedTuple):
    """What may stand in the place of the ``fragment`` that ends at the cursor, and of what kind it is."""

    fragment: str
    words: Sequence[str]
    kind: str = "keyword"


class Sources:
    """Where the names come from that are not fixed; every one answers at once.

    Args:
        slugs: The model slugs.
        talks: The names of the conversations.
        variables: The names of the user's own variables.
        names: What an expression that has begun can go on with, whole: ``df.he`` gives ``df.head``.
    """

    def __init__(
        self,
        *,
        slugs: Callable[[], Iterable[str]] = known_slugs.now,
        talks: Callable[[], Iterable[str]] = conversations.names,
        variables: Callable[[], Iterable[str]] = tuple,
        names: Callable[[str], Iterable[str]] = lambda text: (),
    ) -> None:
        self.slugs, self.talks, self.variables, self.names = slugs, talks, variables, names


def offer(text: str, line: int, column: int, sources: Sources) -> Offer | None:
    """What to offer at a place of a cell; None where it is none of ours.

    Args:
        text: The whole cell.
        line, column: Of the cursor, from 0.
    """
    lines = text.split("\n")
    first = next((number for number, one in enumerate(lines) if one.strip()), 0)
    before = lines[line][:column] if line < len(lines) else ""
    if lines[first].lstrip().startswith("%%openrouter"):
        if line == first:
            found = _CELL.match(before)
            return _of_flags(found[1], sources) if found else None
        if line > first:
            return _in_braces("\n".join([*lines[first + 1 : line], before]), sources)
        return None
    if found := _LINE.match(before):
        return _of_line(found[1], sources) or _in_braces(found[1], sources)
    return None


def _of_line(typed: str, sources: Sources) -> Offer | None:
    words, fragment = _split(typed)
    if not words:
        if fragment.startswith("-"):
            return _of_flags(typed, sources)
        return _fitting(fragment, COMMANDS)
    if words[0].startswith("-"):
        return _of_flags(typed, sources)
    command = words[0]
    if command == "explain":
        return _of_flags(fragment if len(words) == 1 else typed.partition("explain")[2], sources)
    if command == "model":
        return _slugs(fragment, sources) if len(words) == 1 else None
    if command not in _ARGUMENTS:
        return None
    return _fitting(fragment, _ARGUMENTS[command](words[1:], sources))


def _of_flags(typed: str, sources: Sources) -> Offer | None:
    words, fragment = _split(typed)
    actions = {name: action for action in make_parser()._actions for name in action.option_strings}
    name, equals, value = fragment.partition("=")
    if equals and name in actions:
        return _values(actions[name].dest, value, sources)
    if fragment.startswith("-"):
        return _fitting(fragment, [flag for flag in actions if flag.startswith("--")])
    last = actions.get(words[-1]) if words else None
    if last is not None and last.nargs != 0:
        return _values(last.dest, fragment, sources)
    return None if fragment else _fitting("", [flag for flag in actions if flag.startswith("--")])


def _values(flag: str, fragment: str, sources: Sources) -> Offer | None:
    if flag in ("models", "fallback"):  # a list: the part behind the last comma
        fragment = fragment.rpartition(",")[2]
    if flag in ("model", "models", "fallback"):
        return _slugs(fragment, sources)
    fixed: Mapping[str, Callable[[], Iterable[str]]] = {
        "chat": sources.talks,
        "shown_as": lambda: SHOWN_AS,
        "sort": lambda: ("price", "throughput", "latency"),
        "reasoning": lambda: _EFFORTS,
        "verbosity": lambda: ("low", "medium", "high"),
        "plugin": lambda: ("web", "file-parser"),
        "image": sources.variables,
        "file": sources.variables,
        "audio": sources.variables,
        "schema": sources.variables,
    }
    return _fitting(fragment, fixed[flag]()) if flag in fixed else None


def _slugs(fragment: str, sources: Sources) -> Offer | None:
    """Slugs that begin so, then those with a part that does: ``gpt`` finds ``openai/gpt-4``."""
    slugs = list(dict.fromkeys(sources.slugs()))
    begin = [slug for slug in slugs if slug.startswith(fragment)]
    inside = (
        [] if "/" in fragment else [slug for slug in slugs if f"/{fragment}" in slug and slug not in begin]
    )
    found = (begin + inside)[:_MOST]
    return Offer(fragment, found, "model") if found else None


def _in_braces(before: str, sources: Sources) -> Offer | None:
    """Names in an expression that has been opened with ``{{`` and not been closed."""
    opened = before.rfind("{{")
    if opened < 0 or "}}" in before[opened:]:
        return None
    expression = before[opened + 2 :]
    fragment = re.search(r"[^\W\d][\w.]*$|$", expression)
    text = fragment[0] if fragment else ""
    found = sorted(set(sources.names(text)))[:_MOST]
    return Offer(text, found, "instance") if found else None


def _fitting(fragment: str, words: Iterable[str]) -> Offer | None:
    found = sorted(word for word in words if word.startswith(fragment))[:_MOST]
    return Offer(fragment, found) if found else None


def _split(typed: str) -> tuple[list[str], str]:
    """The words before the one that is being typed, and that one."""
    words = typed.split()
    if not words or typed[-1:].isspace():
        return words, ""
    return words[:-1], words[-1]


def _names(words: Sequence[str], sources: Sources) -> Iterable[str]:
    return () if words else sources.talks()


def _once(*choices: str) -> Callable[[Sequence[str], Sources], Iterable[str]]:
    return lambda words, sources: () if words else choices


def _of_models(words: Sequence[str], sources: Sources) -> Iterable[str]:
    if words and words[-1] == "--sort":
        return ("price", "context", "new", "speed")
    return ("--free", "--vision", "--max-price", "--sort")


def _of_cost(words: Sequence[str], sources: Sources) -> Iterable[str]:
    by: tuple[str, ...] = By.__args__  # type: ignore[attr-defined]
    return ("by", *by) if not words else by if words == ["by"] else ()


def _of_key(words: Sequence[str], sources: Sources) -> Iterable[str]:
    return ("set", "forget", "check") if not words else ("--keep",) if words == ["set"] else ()


def _of_replay(words: Sequence[str], sources: Sources) -> Iterable[str]:
    if words[-1:] == ["--pace"]:
        return ("original", "now")
    return () if "--pace" in words else ("--pace",) if words else ("off", "--pace")


_ARGUMENTS: dict[str, Callable[[Sequence[str], Sources], Iterable[str]]] = {
    "models": _of_models,
    "cost": _of_cost,
    "cap": lambda words, sources: (
        ("cell", "session", "day") if not words else ("off",) if len(words) == 1 else ()
    ),
    "show": _names,
    "forget": _names,
    "undo": _names,
    "save": _names,
    "export": _names,
    "record": lambda words, sources: () if words else ("off",),
    "replay": _of_replay,
    "login": _once("--keep"),
    "key": _of_key,
    "help": lambda words, sources: () if words else (*COMMANDS, *(f for f in _flags() if f.startswith("--"))),
}


def _flags() -> list[str]:
    return [name for action in make_parser()._actions for name in action.option_strings]
