"""Tells the flags at the beginning of a line from the question behind them; pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from .flags import FlagError, close_flag, make_parser

# A word as a shell has it, quotes and all.
_WORD = re.compile(r"\s*((?:'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.|[^\s'\"\\])+)(?=\s|$)")
_NUMBER = re.compile(r"-\.?\d")


class LineQuestion(NamedTuple):
    """The flags as they were written, and the question."""

    flags: str
    question: str


def split(line: str) -> LineQuestion:
    r"""The flags, and the rest of the line as it is; ``--`` ends the flags.

    Raises:
        FlagError: a flag is unknown, or its value is missing.

    >>> split("-m demo/echo --raw what's up?")
    LineQuestion(flags='-m demo/echo --raw', question="what's up?")
    >>> split("-- show me the sky").question, split('"-5 or 5?"').question
    ('show me the sky', '-5 or 5?')
    """
    actions = {name: action for action in make_parser()._actions for name in action.option_strings}
    at = 0
    while (word := _WORD.match(line, at)) and word[1].startswith("-") and not _NUMBER.match(word[1]):
        if word[1] == "--":
            return LineQuestion(line[:at].strip(), _unquoted(line[word.end() :]))
        name, equals, _ = word[1].partition("=")
        joined = not name.startswith("--") and len(name) > 2  # -t0.5
        action = actions.get(name[:2] if joined else name)
        if action is None:
            near = close_flag(name)
            raise FlagError(
                f"%openrouter: {name!r} is no flag."
                + (f" Did you mean {near}?" if near else " A question that begins so goes behind --.")
            )
        at = word.end()
        if equals or joined or action.nargs == 0:
            continue
        value = _WORD.match(line, at)
        if action.nargs == "?" and (value is None or value[1].startswith("-")):
            continue
        if (
            action.dest == "cache"
            and value is not None
            and not (value[1].isdigit() or value[1].lower() == "off")
        ):
            continue
        if value is None:
            raise FlagError(f"%openrouter: {name} needs a value.")
        at = value.end()
    return LineQuestion(line[:at].strip(), _unquoted(line[at:]))


def _unquoted(question: str) -> str:
    question = question.strip()
    quote = question[:1]
    if quote in ('"', "'") and len(question) > 1 and question[-1] == quote and question.count(quote) == 2:
        return question[1:-1].strip()
    return question
