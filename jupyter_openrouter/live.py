"""Shows a growing response in a cell: as a widget where there is a browser, as text in a terminal, and as its
saved form alone where nobody watches.

Whatever it was while it ran, a notebook's output ends as the saved form of the answer (``shown.saved_forms``).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import Any, Protocol

from .background import Job, background
from .kernel_channel import current_kernel
from .plain_text import plain
from .response import Response
from .users_code import Ending

Forms = Mapping[str, Any]
_CONSOLE = re.compile(r"(?:.*[/\\])?(?:jupyter[-_](?:qt)?console|qtconsole)(?:-script)?(?:\.py|\.exe)?")
"""A word of the command line of a console: the path of its script, or its module behind `-m`."""


class Live(Protocol):
    """How one cell shows one response. ``close`` is always called, and leaves the saved form."""

    stays: bool
    """Whether its output can change after the cell has ended."""

    def open(self, response: Response, job: Job[Any], *, waits: bool = True) -> None:
        """Begins; ``waits`` says whether the cell waits for the answer."""

    def wait(self, job: Ending) -> None:
        """Shows what comes until the job has ended."""

    def again(self, response: Response, job: Job[Any]) -> None:
        """Another response takes the place of the one that was shown; on the I/O thread."""

    def close(self, response: Response, forms: Forms) -> None:
        """Puts the saved form in its place; also on the I/O thread."""

    def update(self, forms: Forms) -> None:
        """More is known since; on the I/O thread."""


def live_for(shell: Any) -> Live:
    """The way that suits who runs this cell."""
    if current_kernel() is None or _front_end_is_a_console():
        return Terminal()
    return Widget() if watched(shell) else Quiet()


def watched(shell: Any) -> bool:
    """Whether somebody may look at what this cell shows while the kernel runs."""
    # Executors of whole notebooks (nbclient, papermill) cannot answer questions and say so; under %%capture
    # nobody watches either. A widget there would only be left over in the saved file.
    from IPython.core.displaypub import CapturingDisplayPublisher

    asks = getattr(current_kernel(), "_allow_stdin", True)
    return bool(asks) and not isinstance(shell.display_pub, CapturingDisplayPublisher)


def _front_end_is_a_console() -> bool:
    """Whether `jupyter console` or `qtconsole` has started this kernel: they show no widget and change no output."""
    try:
        import psutil
    except ImportError:
        return False
    try:
        command = psutil.Process(os.getppid()).cmdline()
    except psutil.Error:
        return False
    return any(_CONSOLE.fullmatch(word) for word in command[:3])


class Quiet:
    """Shows nothing until the answer has ended."""

    stays = False

    def open(self, response: Response, job: Job[Any], *, waits: bool = True) -> None:
        """Nothing to open."""

    def wait(self, job: Ending) -> None:
        job.wait()

    def again(self, response: Response, job: Job[Any]) -> None:
        """Nothing was shown yet."""

    def close(self, response: Response, forms: Forms) -> None:
        from IPython.display import display

        display(dict(forms), raw=True)

    def update(self, forms: Forms) -> None:
        """What has run is in the file already."""


class Widget:
    """Shows the growing answer with its Stop button, and puts the saved form in its place at the end."""

    stays = True

    def __init__(self) -> None:
        self._widget: Any = None
        self._following: Job[None] | None = None
        self._display: Any = None
        self._waits = True

    def open(self, response: Response, job: Job[Any], *, waits: bool = True) -> None:
        from IPython.display import display

        self._waits = waits
        self._display = display(self._grow(response, job), raw=True, display_id=True)
        self._follow()

    def _grow(self, response: Response, job: Job[Any]) -> dict[str, Any]:
        from .widget import LiveAnswer, channel

        channel()
        self._widget = background().call(lambda: LiveAnswer(response, job, interruptible=self._waits))
        bundle = dict(self._widget._repr_mimebundle_()[0])
        bundle["text/plain"] = f"{plain(response.requested_model)} is answering …"
        return bundle

    def _follow(self) -> None:
        self._following = background().submit(self._widget.follow())

    def wait(self, job: Ending) -> None:
        job.wait()

    def again(self, response: Response, job: Job[Any]) -> None:
        self._end()
        bundle = self._grow(response, job)
        if self._display is not None:
            self._display.update(bundle, raw=True)
        self._follow()

    def close(self, response: Response, forms: Forms) -> None:
        from IPython.display import display

        if self._display is None:
            display(dict(forms), raw=True)
        else:
            self.update(forms)
        self._end()

    def update(self, forms: Forms) -> None:
        if self._display is not None:
            self._display.update(dict(forms), raw=True)

    def _end(self) -> None:
        if self._following is not None:
            self._following.cancel()
        if self._widget is not None:
            from .widget import keep

            # Its end is not that of the job, which may go on with another response, or be what runs this.
            self._widget.end(self._widget._running)
            keep(self._widget)
        self._following = self._widget = None


class Terminal:
    """Writes the text to standard output as it arrives, then the footer; nothing of what runs in the background."""

    stays = True

    def __init__(self) -> None:
        self._response: Response | None = None
        self._next: Response | None = None
        self._waits = True
        self._shown = 0

    def open(self, response: Response, job: Job[Any], *, waits: bool = True) -> None:
        self._response, self._waits = response, waits
        if not waits:
            self._write(f"{response.requested_model} is answering in the background.\n")

    def wait(self, job: Ending) -> None:
        while not job.wait(0.05):
            self._write_new()

    def again(self, response: Response, job: Job[Any]) -> None:
        self._next = response  # written by the thread that waits

    def close(self, response: Response, forms: Forms) -> None:
        if not self._waits:
            return  # somebody may be typing there
        self._write_new()
        text = self._response.text if self._response is not None else ""
        end = "\n" if text and not text.endswith("\n") else ""
        beside = str(forms["text/plain"]).removeprefix(plain(response.text).rstrip("\n")).strip("\n")
        self._write(f"{end}\n{beside}\n")

    def update(self, forms: Forms) -> None:
        """What is written stays."""

    def _write_new(self) -> None:
        if self._response is None:
            return
        parts = self._response.text_parts
        count = len(parts)
        new = "".join(parts[self._shown : count])
        self._shown = count
        if new:
            self._write(new)
        if self._next is not None:
            end = "\n" if self._shown else ""
            self._response, self._next, self._shown = self._next, None, 0
            self._write(f"{end}\n")
            self._write_new()

    def _write(self, text: str) -> None:
        # Without control characters: a terminal obeys them.
        clean = "".join(c for c in text if c.isprintable() or c in "\n\t" or c == "\u200d")
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        sys.stdout.write(clean.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
