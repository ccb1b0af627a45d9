"""The flags of ``%%openrouter``, and nothing that needs a test without IPython."""

from __future__ import annotations

import functools
import keyword
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from .background import background
from .errors import OpenRouterError
from .keys import refuse_keys_in

if TYPE_CHECKING:
    import argparse

    from .answering import Question
    from .response import Response


def _temperature(text: str) -> float:
    from .request import number

    return number(text)


@magics_class
class OpenRouterMagics(Magics):  # type: ignore[misc]
    """``%%openrouter``: the cell is the prompt, the answer streams in below it."""

    @magic_arguments()
    @argument("-m", "--model", required=True, help="model slug, such as openai/gpt-4 or demo/tour")
    @argument("-s", "--system", metavar="TEXT", help="system message")
    @argument("-t", "--temperature", metavar="X", type=_temperature, help="0 to 2")
    @argument("--max-tokens", metavar="N", type=int, help="the most tokens that the answer may have")
    @argument("-o", "--out", metavar="NAME", help="variable for the response, besides _openrouter")
    @cell_magic
    def openrouter(self, line: str, cell: str) -> None:
        """Ask a model: the cell's body is the prompt, and the answer grows below it as Markdown.

        The Stop button ends the answer at once and keeps its text. The whole response (text, finish reason,
        usage, cost, who answered) is then in the variable _openrouter.
        """
        arguments = _parse(OpenRouterMagics.openrouter.parser, line)
        if arguments.out is not None and (
            not arguments.out.isidentifier() or keyword.iskeyword(arguments.out)
        ):
            raise UsageError(f"--out takes the name of a variable, and {arguments.out!r} is none.")
        if not cell.strip():
            raise UsageError("The cell has no prompt. Write it below the line with %%openrouter.")
        try:
            refuse_keys_in(line, cell)
            background().call(_load)
            question = _question(arguments, cell)
            self._answer(question, arguments.out)
        except (OpenRouterError, KeyboardInterrupt) as error:
            _raise_short(error)

    def _answer(self, question: Question, out: str | None) -> None:
        from .answering import answer
        from .clients import key_for
        from .live import live_for
        from .publish import rest
        from .response import Response

        key = key_for(question.model, ask=self._ask_for_key())
        response = Response(question.model)
        self._keep(response, out)
        live = live_for(self.shell)
        job = background().submit(answer(question, response, key, rest=rest))
        interrupted = False
        try:
            live.open(response, job)
            live.wait(job)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            with _uninterrupted() as late:
                job.cancel()
                job.wait(2)
                live.close(response)
        if interrupted or late:
            raise KeyboardInterrupt("the answer was stopped; its text so far is in _openrouter")
        if response.error is not None:
            raise response.error

    def _keep(self, response: Response, out: str | None) -> None:
        names = {"_openrouter": response}
        if out:
            names[out] = response
        self.shell.push(names)

    def _ask_for_key(self) -> Any:
        """A way to ask the person in front of the notebook, or None if there is nobody."""
        import sys

        kernel = getattr(self.shell, "kernel", None)
        if kernel is not None:
            possible = getattr(kernel, "_allow_stdin", False)
        else:
            possible = sys.stdin is not None and sys.stdin.isatty()
        if not possible:
            return None
        import getpass

        return lambda: getpass.getpass("OpenRouter API key (not shown, kept for this session): ")


def _question(arguments: argparse.Namespace, cell: str) -> Question:
    """The question of a cell, checked before anything is shown or sent."""
    from .answering import Question
    from .request import chat_body

    prompt = cell.removesuffix("\n")
    chat_body(
        prompt,
        model=arguments.model,
        system=arguments.system,
        temperature=arguments.temperature,
        max_tokens=arguments.max_tokens,
    )
    return Question(
        prompt,
        arguments.model,
        system=arguments.system,
        temperature=arguments.temperature,
        max_tokens=arguments.max_tokens,
    )


def _parse(parser: argparse.ArgumentParser, line: str) -> argparse.Namespace:
    """Splits the line as a shell would and reads its flags; what is wrong becomes a usage error with the help."""
    try:
        return parser.parse_args(shlex.split(line))
    except (UsageError, ValueError) as error:
        usage = parser.format_help().replace("::\n\n  %openrouter", "%%openrouter", 1)
        raise UsageError(f"%%openrouter: {error}\n\n{usage}") from None


def _load() -> None:
    """Imports what the first answer needs, on the I/O thread.

    An interrupt that comes in an import can leave Python's import lock held by the thread that imported: were it
    the main thread, the I/O thread could never import anything again.
    """
    import importlib

    from . import answering, client, live, safe_markdown  # noqa: F401
    from .kernel_channel import current_kernel

    importlib.import_module("anyio._backends._asyncio")  # which httpx imports with its first connection
    if current_kernel() is not None:
        from . import widget  # noqa: F401


@contextmanager
def _uninterrupted() -> Iterator[list[Any]]:
    """While an answer is being closed and shown, an interrupt waits; gives the list of those that came."""
    late: list[Any] = []
    if threading.current_thread() is not threading.main_thread():
        yield late
        return
    before = signal.signal(signal.SIGINT, lambda *arguments: late.append(arguments))
    try:
        yield late
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)


def _raise_short(error: BaseException) -> NoReturn:
    """Raises an error that a notebook shows in one line: what happened and what to do, without our frames."""
    line = f"{type(error).__name__}: {error}".rstrip(": ")
    # Not a lambda: the response that holds the error can be pickled.
    error._render_traceback_ = functools.partial(list, [line])  # type: ignore[attr-defined]
    raise error.with_traceback(None) from None
