"""Shows a growing response in a cell: as a widget where there is a browser, as text in a terminal, and as its
saved form alone where nobody watches.

Whatever it was while it ran, a notebook's output ends as the saved form of ``Response.mimebundle``.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol

from .background import Job, background
from .kernel_channel import current_kernel
from .response import Response


class Live(Protocol):
    """How one cell shows one response. ``close`` is always called, and leaves the saved form."""

    def open(self, response: Response, job: Job[Any]) -> None: ...

    def wait(self, job: Job[Any]) -> None: ...

    def close(self, response: Response) -> None: ...


def live_for(shell: Any) -> Live:
    """The way that suits who runs this cell."""
    kernel = current_kernel()
    if kernel is None:
        return Terminal()
    # Executors of whole notebooks (nbclient, papermill) cannot answer questions and say so; under %%capture
    # nobody watches either. A widget there would only be left over in the saved file.
    from IPython.core.displaypub import CapturingDisplayPublisher

    unwatched = not getattr(kernel, "_allow_stdin", True)
    if unwatched or isinstance(shell.display_pub, CapturingDisplayPublisher):
        return Quiet()
    return Widget()


class Quiet:
    """Shows nothing until the answer has ended."""

    def open(self, response: Response, job: Job[Any]) -> None:
        """Nothing to open."""

    def wait(self, job: Job[Any]) -> None:
        job.wait()

    def close(self, response: Response) -> None:
        from IPython.display import display

        display(response.mimebundle(), raw=True)


class Widget:
    """Shows the growing answer with its Stop button, and puts the saved form in its place at the end."""

    def __init__(self) -> None:
        self._widget: Any = None
        self._following: Job[None] | None = None
        self._display: Any = None

    def open(self, response: Response, job: Job[Any]) -> None:
        from IPython.display import display

        from .widget import LiveAnswer, channel

        channel()
        self._widget = background().call(lambda: LiveAnswer(response, job))
        bundle = dict(self._widget._repr_mimebundle_()[0])
        bundle["text/plain"] = f"{response.requested_model} is answering …"
        self._display = display(bundle, raw=True, display_id=True)
        self._following = background().submit(self._widget.follow())

    def wait(self, job: Job[Any]) -> None:
        job.wait()

    def close(self, response: Response) -> None:
        from IPython.display import display

        if self._following is not None:
            self._following.cancel()
        bundle = response.mimebundle()
        if self._display is None:
            display(bundle, raw=True)
        else:
            self._display.update(bundle, raw=True)
        if self._widget is not None:
            self._widget.close()


class Terminal:
    """Writes the text to standard output as it arrives, then the footer."""

    def __init__(self) -> None:
        self._response: Response | None = None
        self._shown = 0
        self._column = 0

    def open(self, response: Response, job: Job[Any]) -> None:
        self._response = response

    def wait(self, job: Job[Any]) -> None:
        while not job.wait(0.05):
            self._write_new()

    def close(self, response: Response) -> None:
        self._write_new()
        end = "\n" if response.text and not response.text.endswith("\n") else ""
        self._write(f"{end}\n{response.footer()}\n")

    def _write_new(self) -> None:
        if self._response is None:
            return
        parts = self._response.text_parts
        count = len(parts)
        new = "".join(parts[self._shown : count])
        self._shown = count
        if new:
            self._write(new)

    def _write(self, text: str) -> None:
        # Without control characters: a terminal obeys them.
        clean = "".join(c for c in text if c.isprintable() or c in "\n\t" or c == "\u200d")
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        sys.stdout.write(clean.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
