"""Runs one line of ``%openrouter``: a command, or a question."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from . import key_commands, line_question, talk_commands, tape_commands
from .command_list import COMMANDS, help_on, help_tables, near_command, usage_error
from .errors import APIConnectionError, InvalidRequestError, NotFoundError, OpenRouterError
from .flags import plainly
from .keys import refuse_keys_in
from .notices import Block, Page, Rows, Said, Tabled


def run(line: str, shell: Any, magics: Any) -> Any:
    """Does what the line says, and returns what there is to see, or None.

    A line that begins with a command is that command; ``--`` before it makes it a question. Otherwise it asks
    when there is more than one word, or a question mark at the end.

    Args:
        shell: IPython's.
        magics: The ``OpenRouterMagics`` of it.

    Raises:
        OpenRouterError: with what to do next.
    """
    refuse_keys_in(line)
    line = line.strip()
    word, rest = (*line.split(None, 1), "", "")[:2]
    _load(_NEEDS.get(word if line else "status"))
    if not line:
        from .status import status

        return status(str(getattr(magics, "model", "") or ""))
    if word in ("-h", "--help"):
        return _help(_words("help", rest))
    if word in COMMANDS:
        return _command(word, rest.strip(), shell, magics)
    if word.startswith("-"):
        flags, text = line_question.split(line)
        if not text:
            raise InvalidRequestError("There is no question.", remedy=f"Write it behind the flags: {line} …")
        return _ask(text, flags, magics)
    words = line.split()
    near = near_command(word)
    if (len(words) == 1 and not line.endswith("?")) or (
        near and len(words) > 1 and words[1].startswith("--")
    ):
        raise InvalidRequestError(
            f"{word[:40]!r} is no command.",
            remedy=(f"Did you mean %openrouter {near}? " if near else "%openrouter help lists them. ")
            + f"To ask it: %openrouter -- {line[:40]}",
        )
    return _ask(line, "", magics)


def _load(module: str | None) -> None:
    """Imports what a command needs on the I/O thread, where no interrupt can come between."""
    if module is not None:
        from .background import background

        background().call(lambda: import_module(f".{module}", __package__))


def _ask(question: str, flags: str, magics: Any) -> Any:
    """Asks by the way of a cell with these flags."""
    return magics.ask(question, flags, below=False)


def _command(word: str, rest: str, shell: Any, magics: Any) -> Any:
    if word == "explain":
        return _explain(rest, shell, magics)
    words = _words(word, rest)
    if word in talk_commands.TALK_COMMANDS:
        return talk_commands.TALK_COMMANDS[word](words)
    if word in tape_commands.TAPE_COMMANDS:
        return tape_commands.TAPE_COMMANDS[word](words)
    if word in ("login", "key"):
        return getattr(key_commands, word)(words, shell)
    if word == "continue":
        _none(word, words)
        from .going_on import go_on

        return go_on(shell)
    return _OTHERS[word](words)


def _words(command: str, rest: str) -> list[str]:
    try:
        return shlex.split(rest)
    except ValueError as error:
        raise usage_error(command, f"the line cannot be split ({error})") from None


def _none(command: str, words: Sequence[str]) -> None:
    if words:
        raise usage_error(command, "it takes no more words")


# --- models


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise usage_error("models", plainly(message))


def _models(words: Sequence[str]) -> Any:
    from .model_table import SORTS, chosen

    parser = _Parser(prog="%openrouter models", add_help=False, allow_abbrev=False)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--free", action="store_true")
    parser.add_argument("--vision", action="store_true")
    parser.add_argument("--max-price", type=float)
    parser.add_argument("--sort", choices=SORTS)
    asked = parser.parse_intermixed_args(list(words))
    options = {"sort": "throughput-high-to-low"} if asked.sort == "speed" else {}
    note = ""
    try:
        found = _catalog("", lambda catalog: catalog.models(**options))
    except APIConnectionError as error:
        if _has_key():
            raise
        # Where there is neither a key nor a way to the service, the demo's models are those that answer.
        found = _catalog("demo/", lambda catalog: catalog.models())
        note = f"{error.message} These are the models of the embedded demo, which need no key."
    return chosen(
        found,
        words=" ".join(asked.words),
        free=asked.free,
        vision=asked.vision,
        max_price=asked.max_price,
        sort=asked.sort,
        note=note,
    )


def _model(words: Sequence[str]) -> Any:
    if len(words) != 1:
        raise usage_error("model", "it takes one slug")
    from .model_table import ModelPage

    (slug,) = words

    async def both(catalog: Any) -> Any:
        return await catalog.model(slug), await catalog.endpoints(slug)

    try:
        return ModelPage(*_catalog(slug, both))
    except (InvalidRequestError, NotFoundError) as error:
        from .known_slugs import with_near

        raise with_near(error, slug) from None


def _catalog(slug: str, ask: Callable[[Any], Any]) -> Any:
    """What the catalogue behind a slug answers."""
    from .background import background
    from .open_catalog import catalog_for

    async def asked() -> Any:
        return await ask(await catalog_for(slug))

    return background().submit(asked()).result()


def _has_key() -> bool:
    from .keys import find_key

    try:
        return find_key() is not None
    except OpenRouterError:
        return False


# --- money


def _cost(words: Sequence[str]) -> Any:
    from .ledger import ledger

    rest = [word for word in words if word != "by"]
    if len(rest) > 1:
        raise usage_error("cost", "it adds up by one thing")
    table = ledger.by(rest[0] if rest else "model")  # type: ignore[arg-type]
    return table if len(ledger) else Said("Nothing was asked in this session, so nothing was spent.")


def _cap(words: Sequence[str]) -> Any:
    from .caps import caps

    if len(words) > 2:
        raise usage_error("cap", "it takes one cap and one amount")
    if len(words) == 1 and words[0].removeprefix("$").replace(".", "", 1).isdecimal():
        raise InvalidRequestError(
            "%openrouter cap: for what it is a limit is missing.",
            remedy=f"Did you mean %openrouter cap session {words[0]}? There are caps for cell, session and day.",
        )
    if words and words[0] not in ("cell", "session", "day"):
        raise usage_error("cap", f"{words[0][:40]!r} is none of cell, session and day")
    if len(words) == 2:
        caps.set(words[0], _amount(words[1]))  # type: ignore[arg-type]
    return Page(caps.listing(), Said(caps.trouble)) if caps.trouble else caps.listing()


def _amount(text: str) -> float | None:
    if text.lower() in ("off", "none"):
        return None
    from .request import number

    try:
        return number(text.removeprefix("$"))
    except ValueError:
        raise usage_error("cap", f"{text[:40]!r} is no amount in US dollars, and not off") from None


def _settle(words: Sequence[str]) -> Any:
    _none("settle", words)
    from .ledger import ledger
    from .settling import settle_all

    before = ledger.spent()
    told, left = settle_all()
    if not told and not left:
        return Said("The cost of every answer is known.")
    more = ledger.spent()
    rest = f" {left} stay unknown." if left else ""
    return Said(f"The cost of {told} more is known: {before.said} before, {more.said} now.{rest}")


# --- the rest


def _help(words: Sequence[str]) -> Block:
    text = help_on(" ".join(words))
    return (
        Block(text)
        if words
        else Tabled(text, ((name, Rows(rows, long_names=True)) for name, rows in help_tables()))
    )


def _explain(rest: str, shell: Any, magics: Any) -> Any:
    from .explaining import explain

    flags, words = line_question.split(rest)
    return explain(words, flags, shell, magics)


_OTHERS: dict[str, Callable[[Sequence[str]], Any]] = {
    "models": _models,
    "model": _model,
    "logout": key_commands.logout,
    "cost": _cost,
    "cap": _cap,
    "settle": _settle,
    "help": _help,
}
_NEEDS = {
    "status": "status",
    "models": "open_catalog",
    "model": "open_catalog",
    "login": "login",
    "logout": "login",
    "key": "key_status",
    "settle": "settling",
    "continue": "going_on",
    "explain": "explaining",
}
