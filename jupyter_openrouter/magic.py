"""``%%openrouter`` and ``%openrouter`` as IPython knows them: their defaults, and the run of a cell from its
first line to its end.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import traitlets
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from . import flags as all_flags
from .background import background
from .errors import OpenRouterError
from .keys import refuse_keys_in

if TYPE_CHECKING:
    from .asking import Asking
    from .cell import Asked, Where
    from .expressions import Prompt


@magics_class
class OpenRouterMagics(Magics):  # type: ignore[misc]
    """``%%openrouter``: the cell is the prompt, the answer streams in below it.

    Its traits are what holds where a flag is not given: ``%config OpenRouterMagics.model = 'demo/tour'``.
    """

    for _name, _meaning in all_flags.configurable().items():
        locals()[_name] = traitlets.Any(None, allow_none=True, help=_meaning).tag(config=True)
    del _name, _meaning

    _in_cell = False  # whether the cell that runs has come to us
    _last_run: tuple[str, int | None] = ("", None)
    _offered: ClassVar[set[tuple[str, str]]] = set()  # of the class, so that %reload_ext forgets none

    @traitlets.validate(*all_flags.configurable())
    def _fits(self, proposal: Any) -> Any:
        try:
            all_flags.defaults({proposal["trait"].name: proposal["value"]})
        except OpenRouterError as error:
            raise traitlets.TraitError(str(error)) from None
        return proposal["value"]

    @cell_magic
    def openrouter(self, line: str, cell: str) -> None:
        """Ask a model: the cell's body is the prompt, and the answer grows below it as Markdown.

        The Stop button ends the answer at once and keeps its text. The whole response (text, finish reason,
        usage, cost, who answered) is then in the variable _openrouter. ``%openrouter help`` tells all flags;
        ``%openrouter`` alone, how things stand.
        """
        self.ask(cell, line)

    # IPython would put values into `{x}` and `$x` of a question, and take one brace from each `{{`.
    @no_var_expand
    @line_magic("openrouter")
    def openrouter_line(self, line: str) -> Any:
        """One line: a command, or a question. ``%openrouter help`` lists them; alone, it tells how things stand."""
        self._in_cell = hasattr(self.shell, "kernel")
        try:
            refuse_keys_in(line)
            background().call(_load_commands)
            from . import commands

            return commands.run(line, self.shell, self)
        except (OpenRouterError, KeyboardInterrupt) as error:
            _raise_short(error)

    def ask(self, prompt: str | Prompt, line: str = "", *, below: bool = True) -> None:
        """Asks as a cell does.

        Args:
            prompt: The body of a cell; or a prompt that is made already, which goes out as it is.
            line: Flags, as on the first line of a cell.
            below: Whether the prompt begins on the line below the flags, as in a cell.

        Raises:
            OpenRouterError: nothing could be sent, or as the answer ended; the notebook shows one line of it.
            KeyboardInterrupt: it was interrupted; the text so far is in ``_openrouter``.
        """
        self._in_cell = hasattr(self.shell, "kernel")
        try:
            refuse_keys_in(line, prompt if isinstance(prompt, str) else "")
            background().call(_load)
            self._ask(prompt, line, below=below)
        except (OpenRouterError, KeyboardInterrupt) as error:
            _raise_short(error)

    def after_cell(self, _result: Any = None) -> None:
        """Lets an interrupt that comes too late for a cell of ours go by; IPython calls it when a cell has run.

        Between the end of a cell and its reply it would hit the kernel itself: the reply is never sent then, and
        the cell counts as running for ever. The kernel sets its own handler before the next message.
        """
        ours, self._in_cell = self._in_cell, False
        main = threading.current_thread() is threading.main_thread()
        if ours and main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, lambda *_: None)

    def configured(self) -> dict[str, Any]:
        """The defaults that are set, as the flags would have read them."""
        return all_flags.defaults({name: getattr(self, name) for name in all_flags.configurable()})

    def _ask(self, prompt: str | Prompt, line: str, *, below: bool) -> None:
        from .asking import Asking
        from .caps import caps
        from .cell import asked
        from .clients import key_for
        from .live import live_for

        flags = all_flags.parse(line, self.configured())
        if flags.help:
            return self._help()
        where = self._where("" if below else str(prompt))
        made = asked(flags, prompt, self.shell.user_ns, where)
        if flags.dry_run:
            return self._price(made)
        question = made.question
        key = key_for(question.model, ask=self._ask_for_key(), record=question.record, replay=question.replay)
        if where.cell and self._last_run != (where.cell, where.run):
            caps.begin_cell(where.cell)
        self._last_run = (where.cell, where.run)
        live = live_for(self.shell)
        goes_on = flags.background and live.stays
        asking = Asking(made, key, live, lambda response: self._keep(response, flags.out), goes_on=goes_on)
        try:
            self._run(asking)
        finally:
            self._show_prompt(made)
        return None

    def _run(self, asking: Asking) -> None:
        with _uninterrupted() as late:
            asking.start()
        if asking.goes_on and not late:
            return
        interrupted = bool(late)
        try:
            if not interrupted:
                asking.wait()
        except KeyboardInterrupt:
            interrupted = True
        finally:
            with _uninterrupted() as late:
                asking.close()
        if interrupted or late:
            raise KeyboardInterrupt("the answer was stopped; its text so far is in _openrouter")
        if asking.error is not None:
            raise asking.error
        self._offer(asking.code(), asking.where)

    def _offer(self, code: str, where: Where) -> None:
        """Puts code into a new cell below this one, where somebody is there to run it.

        A front end adds such a cell each time, so that a cell that is run again would add the same one again.
        """
        if not code or not self._somebody_is_there():
            return
        offer = (where.cell_id or where.source, code)
        if offer in self._offered and hasattr(self.shell, "kernel"):
            return
        self._offered.add(offer)
        self.shell.set_next_input(code.rstrip("\n"))

    def _help(self) -> None:
        from IPython.display import display

        background().call(_load_commands)
        from . import commands

        display(commands.run("help", self.shell, self))

    def _price(self, made: Asked) -> None:
        from IPython.display import display

        from .pricing import price

        display(background().submit(price(made)).result())
        self._show_prompt(made)

    def _show_prompt(self, made: Asked) -> None:
        if not made.flags.show_prompt:
            return
        from IPython.display import display

        from .kernel_channel import current_kernel
        from .shown import prompt_forms

        forms = prompt_forms(made.body.get("messages") or made.body["prompt"])
        if current_kernel() is None:
            print(forms["text/plain"])
        else:
            display(forms, raw=True)

    def _where(self, question: str = "") -> Where:
        from .cell import Where
        from .kernel_channel import current_kernel

        kernel = current_kernel()
        parent = kernel.get_parent("shell") if kernel is not None else {}
        ident = parent.get("metadata", {}).get("cellId")
        code = parent.get("content", {}).get("code")
        if kernel is None:
            history = self.shell.history_manager
            code = history.input_hist_raw[-1] if history is not None and history.input_hist_raw else ""
        source = code if isinstance(code, str) else ""
        before = source.partition(question)[0] if question and question in source else ""
        return Where(
            cell_id=ident if isinstance(ident, str) else "",
            run=self.shell.execution_count,
            source=source,
            first_line=before.count("\n") + 1 if question else 2,
        )

    def _keep(self, response: Any, out: str | None) -> None:
        # Not `push`: it may be called on the I/O thread, for an answer that is asked for again.
        self.shell.user_ns.update({"_openrouter": response} | ({out: response} if out else {}))

    def _somebody_is_there(self) -> bool:
        kernel = getattr(self.shell, "kernel", None)
        if kernel is not None:
            return bool(getattr(kernel, "_allow_stdin", False))
        return sys.stdin is not None and sys.stdin.isatty()

    def _ask_for_key(self) -> Any:
        """A way to ask the person in front of the notebook, or None if there is nobody."""
        if not self._somebody_is_there():
            return None
        import getpass

        return lambda: getpass.getpass("OpenRouter API key (not shown, kept for this session): ")


def _load() -> None:
    """Imports what the first answer needs, on the I/O thread.

    An interrupt that comes in an import can leave Python's import lock held by the thread that imported: were it
    the main thread, the I/O thread could never import anything again.
    """
    import importlib

    from . import (  # noqa: F401
        asking,
        caps,
        cell,
        client,
        conversations,
        estimate,
        expressions,
        live,
        parameters,
        prompt_loop,
        safe_markdown,
    )
    from .kernel_channel import current_kernel

    importlib.import_module("anyio._backends._asyncio")  # which httpx imports with its first connection
    if current_kernel() is not None:
        from . import widget  # noqa: F401


def _load_commands() -> None:
    from . import commands  # noqa: F401


@contextmanager
def _uninterrupted() -> Iterator[list[Any]]:
    """While an answer is being opened, or closed and shown, an interrupt waits; gives the list of those that came."""
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
    from .asking import short

    raise short(error).with_traceback(None) from None
