"""The commands of ``%openrouter``: how each is written and what it does, and the help on them; pure."""

from __future__ import annotations

import argparse
import textwrap
from typing import NamedTuple

from . import meant
from .errors import InvalidRequestError
from .flags import close_flag, make_parser

_WIDTH = 88


class Command(NamedTuple):
    """How a command is written behind ``%openrouter``, and what it does."""

    usage: str
    does: str


COMMANDS = {
    "models": Command(
        "models [words] [--free] [--vision] [--max-price X] [--sort price|context|new|speed]",
        "finds models: prices in US dollars per million tokens, context, modalities, parameters",
    ),
    "model": Command("model SLUG", "one model, and who serves it: prices, uptime and speed"),
    "cost": Command(
        "cost [by cell|model|conversation|day|notebook|source]", "what was spent in this session"
    ),
    "cap": Command(
        "cap [cell|session|day] [USD|off]", "shows, sets or lifts a limit that is held before sending"
    ),
    "settle": Command("settle", "asks for the cost of stopped answers"),
    "continue": Command(
        "continue", "goes on with the last answer where it was cut, stopped or ran out of tokens"
    ),
    "chats": Command("chats", "the conversations: turns, tokens, cost, last model"),
    "show": Command("show [NAME]", "one conversation"),
    "forget": Command("forget NAME", "drops a conversation"),
    "undo": Command("undo [NAME]", "drops the last turn of a conversation"),
    "save": Command("save NAME FILE", "writes a conversation as JSON, all of it"),
    "load": Command("load FILE [NAME]", "reads it back; also from the records of a saved notebook (.ipynb)"),
    "export": Command("export NAME FILE.ipynb|.md", "writes a conversation as a notebook or as Markdown"),
    "record": Command(
        "record [FILE|off]", "records every answer, with its timing and without keys, into a file"
    ),
    "replay": Command(
        "replay [FILE [--pace original|N|now]|off]",
        "answers out of a recording, at N chunks a second or as it came; needs no key, and sends nothing",
    ),
    "explain": Command("explain [flags] [words]", "asks about the last exception; changes nothing by itself"),
    "login": Command(
        "login [--keep]", "signs in with a link and a code; --keep stores the key in the keyring"
    ),
    "logout": Command("logout", "forgets the key of this session, also in the keyring"),
    "key": Command(
        "key [set [--keep]|forget|check]", "asks for a key, never shown; forgets it; says what it may spend"
    ),
    "help": Command("help [command or flag]", "this page, or one entry of it"),
}


def near_command(word: str) -> str | None:
    """The command that a word was probably meant to be: mistyped, or what other tools call it.

    >>> near_command("modles"), near_command("reset"), near_command("sky")
    ('models', 'forget NAME', None)
    """
    word = word.lower()
    return meant.COMMANDS.get(word) or meant.near(word, COMMANDS, cutoff=0.75)


def usage_error(command: str, trouble: str) -> InvalidRequestError:
    """A command that is written otherwise than it should be; a question may begin with the same word."""
    return InvalidRequestError(
        f"%openrouter {command}: {trouble}.",
        remedy=f"It is written %openrouter {COMMANDS[command].usage}. A question goes behind --: "
        f"%openrouter -- {command} …",
    )


def help_on(word: str = "") -> str:
    """The page of help, or the entry of one command or flag.

    Raises:
        InvalidRequestError: there is neither.

    >>> print(help_on("chats"))
    %openrouter chats
        the conversations: turns, tokens, cost, last model
    """
    name = word.strip().removeprefix("%openrouter").strip()
    if not name:
        return _page()
    if name in COMMANDS:
        command = COMMANDS[name]
        return f"%openrouter {command.usage}\n    {command.does}"
    parser = make_parser()
    for action in parser._actions:
        if name in action.option_strings or name == action.dest.replace("_", "-"):
            formatter = parser._get_formatter()
            formatter.add_argument(action)
            return textwrap.dedent(formatter.format_help()).rstrip()
    near = near_command(name) or close_flag(name) or close_flag(f"--{name}")
    raise InvalidRequestError(
        f"There is no command and no flag {name[:40]!r}.",
        remedy=f"Did you mean {near}?" if near else "%openrouter help lists all of them.",
    )


def help_tables() -> list[tuple[str, list[tuple[str, str]]]]:
    """The same page as tables, each with its heading: what is written, and what it means."""
    commands = [(f"%openrouter {command.usage}", command.does) for command in (*_ALONE, *COMMANDS.values())]
    groups = [(str(group.title), group._group_actions) for group in make_parser()._action_groups]
    flags = [
        (title, [(_written(action), str(action.help)) for action in actions]) for title, actions in groups
    ]
    return [("commands", commands), *((f"flags: {title}", rows) for title, rows in flags if rows)]


def _written(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else str(action.metavar or "|".join(action.choices or ()))
    value = f"[{value}]" if action.nargs == "?" else value
    return ", ".join(f"{flag} {value}".strip() for flag in action.option_strings)


_ALONE = (
    Command("", "what is set, and what was spent"),
    Command("why is the sky blue", "asks; flags may stand before the words"),
)


def _page() -> str:
    rows = []
    for command in (*_ALONE, *COMMANDS.values()):
        indent = " " * 27
        lines = textwrap.wrap(command.does, _WIDTH - len(indent))
        first = f"%openrouter {command.usage}"
        if len(first) < len(indent):
            rows.append(first.ljust(len(indent)) + lines[0])
            lines = lines[1:]
        else:
            rows.append(first)
        rows += [indent + line for line in lines]
    return "\n".join([*rows, "", make_parser().format_help().rstrip()])
