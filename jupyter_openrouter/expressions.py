"""Turns a cell's body into what is sent: its ``{{ expressions }}`` are evaluated, described and put in their places.

>>> expand("Say {{ word.upper() }} {twice}.", {"word": "yes"}).content
'Say YES {twice}.'
"""

from __future__ import annotations

import builtins
import inspect
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from . import parts
from .brace_pairs import Expression, Place, expressions_in
from .cutting import short
from .describing import BUDGET, Description, describe, verbatim
from .errors import InvalidRequestError, PromptError
from .kinds import shown
from .masking import mask
from .token_count import tokens

__all__ = ["Piece", "Prompt", "expand", "joined", "raw"]

_TYPED = "the cell"
_IMAGE_TOKENS = 1600
_BYTES_PER_TOKEN = 100


class Piece(NamedTuple):
    """A part of a prompt, for its price.

    Attributes:
        name: Where it came from: an expression, a file, or "the cell" for what was typed.
        characters: Of its text.
        tokens: An estimate; for images and files a rough one, which goes by their number and size.
    """

    name: str
    characters: int
    tokens: int


@dataclass(frozen=True)
class Prompt:
    """What a cell's body has become.

    Attributes:
        content: A text; or, where there are images or files, the parts of a message.
        pieces: What it is made of: first what was typed, then each value in the order of the cell.
        notes: Short sentences that a person should see: what was left out of a value, or masked.
    """

    content: str | list[dict[str, Any]]
    pieces: list[Piece] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text of it."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part["text"] for part in self.content if part["type"] == "text")


def raw(body: str) -> Prompt:
    """The body as it is: nothing in it is an expression.

    >>> raw("{{ x }}").content
    '{{ x }}'
    """
    return Prompt(body, [Piece(_TYPED, len(body), tokens(body))])


def expand(
    body: str,
    namespace: Mapping[str, Any],
    *,
    run: Callable[[Awaitable[Any]], Any] | None = None,
    budget: int = BUDGET,
    first_line: int = 1,
) -> Prompt:
    """Evaluates the expressions of a body, once each and in order, on the caller's thread.

    All else in the body stays as it is, and so does what a value holds: a ``{{`` in it is text. Nothing is
    evaluated before all expressions are known to be Python.

    Args:
        body: The text of the cell, without the line of the magic.
        namespace: The names that the expressions may use. In a dictionary they may also bind some (``:=``).
        run: Runs an awaitable to its end and returns its result; for expressions with ``await``.
        budget: About the most tokens of the text of one value.
        first_line: The number of the body's first line in its cell, for the places in errors.

    Raises:
        PromptError: an expression has no end, is no Python, raises, or gives what cannot be sent.
    """
    found = expressions_in(body, first_line=first_line)
    if not found:
        return raw(body)
    content: list[dict[str, Any] | str] = []
    pieces, notes = [], []
    typed, at = [], 0
    alone = len(found) == 1 and body.strip() == body[found[0].start : found[0].end]
    with _names(namespace) as names:
        for expression in found:
            before = body[at : expression.start]
            typed.append(before)
            content.append(before)
            at = expression.end
            description = _described(expression, names, run, budget, alone=alone)
            _insert(content, description, body[at : at + 1])
            pieces.append(piece_of(expression.source, description))
            notes += description.notes
    typed.append(body[at:])
    content.append(body[at:])
    text = "".join(typed)
    return Prompt(joined(content), [Piece(_TYPED, len(text), tokens(text)), *pieces], notes)


def joined(content: list[dict[str, Any] | str]) -> str | list[dict[str, Any]]:
    """Texts and parts as the content of a message: one text where all is text.

    Between images there is no part of blanks alone, which providers refuse.

    >>> joined(["a", "b"]), joined(["a", {"type": "image_url"}, " "])
    ('ab', [{'type': 'text', 'text': 'a'}, {'type': 'image_url'}])
    """
    if all(isinstance(part, str) for part in content):
        return "".join(part for part in content if isinstance(part, str))
    done: list[dict[str, Any]] = []
    text = ""
    for part in [*content, None]:
        if isinstance(part, str):
            text += part
            continue
        if text.strip():
            done.append(parts.text(text))
        text = ""
        if part is not None:
            done.append(part)
    return done


def piece_of(name: str, description: Description) -> Piece:
    """A description as a piece of a prompt."""
    estimated = 0
    for part in description.parts:
        if isinstance(part, str):
            estimated += tokens(part)
        elif part["type"] == "text":
            estimated += tokens(str(part.get("text", "")))
        elif part["type"] == "image_url":
            estimated += _IMAGE_TOKENS
        else:
            inner = part.get(part["type"])
            sizes = [len(value) for value in inner.values() if isinstance(value, str)] if inner else []
            estimated += max(_IMAGE_TOKENS, max(sizes, default=0) * 3 // 4 // _BYTES_PER_TOKEN)
    return Piece(short(name, 60), len(description.text), estimated)


@contextmanager
def _names(namespace: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The names as ``eval`` takes them; it leaves its own ``__builtins__`` behind, which are taken out again."""
    if not isinstance(namespace, dict):
        yield {**namespace, "__builtins__": builtins}
        return
    given = "__builtins__" in namespace
    try:
        yield namespace
    finally:
        if not given:
            namespace.pop("__builtins__", None)


def _described(
    expression: Expression,
    names: dict[str, Any],
    run: Callable[[Awaitable[Any]], Any] | None,
    budget: int,
    *,
    alone: bool,
) -> Description:
    value = _value(expression, names, run)
    if inspect.iscoroutine(value):
        value.close()
        raise _failed(
            expression, f"a coroutine has to be awaited: {{{{ await {short(expression.source, 40)} }}}}"
        )
    try:
        if alone and type(value) is str:
            # The text is the whole prompt, and no data within one.
            return verbatim(value, name=expression.source, budget=budget)
        return describe(value, name=expression.source, budget=budget)
    except InvalidRequestError as error:
        raise _failed(expression, str(error), remedy="Nothing was sent.") from error


def _value(expression: Expression, names: dict[str, Any], run: Callable[[Awaitable[Any]], Any] | None) -> Any:
    try:
        value = eval(expression.code, names)
        if not expression.code.co_flags & inspect.CO_COROUTINE:
            return value
        if run is None:
            value.close()
            raise _failed(expression, "there is no event loop here that could run an await")
        try:
            return run(value)
        finally:
            if inspect.getcoroutinestate(value) == inspect.CORO_CREATED:
                value.close()  # it was never begun, about which Python would warn
    except PromptError:
        raise
    except (Exception, CancelledError) as error:
        raise _failed(expression, _said(error)) from error


def _said(error: BaseException) -> str:
    """Python's own message: the type and the words, whatever the error's own code does."""
    try:
        words = str(error)
    except Exception:  # noqa: BLE001 - a foreign str
        words = shown(error)
    # The first line: some libraries write pages.
    return short(mask(f"{type(error).__name__}: {words}".rstrip(": ")), 500)


def _failed(expression: Expression, reason: str, remedy: str | None = None) -> PromptError:
    where: Place = expression.place
    return PromptError(
        f"{str(where).capitalize()} of the cell: {{{{ {short(expression.source, 60)} }}}} failed: "
        f"{reason.rstrip('.')}.",
        remedy=remedy,
        line=where.line,
        column=where.column,
    )


def _insert(content: list[dict[str, Any] | str], description: Description, after: str) -> None:
    """Adds a value's parts; a fence stands on lines of its own."""
    for part in description.parts:
        if not isinstance(part, str) or description.inline:
            content.append(part)
            continue
        last = next((text for text in reversed(content) if text != ""), "\n")
        if isinstance(last, str) and not last.endswith("\n"):
            content.append("\n")
        content.append(part)
    if (
        description.parts
        and isinstance(description.parts[-1], str)
        and not description.inline
        and after != "\n"
    ):
        content.append("\n")
