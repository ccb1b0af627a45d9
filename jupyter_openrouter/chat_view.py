"""How a chat is shown: its view in a cell, the transcript below it, what a page asks for, and its end."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, ClassVar

from traitlets import observe

from . import background as threads
from . import boxes
from .background import background
from .chat_asking import Asking
from .chat_hearing import Hearing
from .chat_questions import Questions
from .chat_shown import Shown
from .chat_traits import ChatTraits
from .kernel_channel import current_kernel
from .live import watched
from .response import Response
from .taping import Tape
from .transcript import Transcript
from .turn import Turn

_PUSH_AFTER = (0.0, 1.0, 3.0)  # seconds
_GATHER_SECONDS = 0.05
_PLAIN = "A chat; what was said stands below it."


class ChatView(ChatTraits):
    """What joins the chat to the notebook and to the browser."""

    _answers = 0
    _pushed: ClassVar[float] = float("-inf")
    _telling_all = False
    _unwatch: Callable[[], None] | None = None
    response: Response | None
    _options: dict[str, Any]
    _tape: Tape

    def _begin(self) -> None:
        """Makes its parts, before the comm is opened."""
        self._watching: list[Callable[[Response], Any]] = []
        self._told_messages = []
        self._shown = Shown(self.conversation, self._images)
        self._asking = Asking(self, self._answered)
        self._questions = Questions(self)
        self._hearing = Hearing(self)
        self._transcript = Transcript(self._settled, self._shown.answer)
        if current_kernel() is not None:
            from IPython.core.getipython import get_ipython

            shell = get_ipython()
            if shell is not None:
                boxes.watch(shell, ChatView)

    def _ipython_display_(self, **_: Any) -> None:
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        shell = get_ipython()
        if current_kernel() is None or shell is None:
            raise NotImplementedError  # IPython then shows it by its other forms
        seen = watched(shell)
        if seen:
            # For readers of the file: its repr says how it stands now, which will not be true then.
            display({**self._repr_mimebundle_()[0], "text/plain": _PLAIN}, raw=True)
            self._push_view()
        self._show_transcript(shell)

    def shown_in_box(self) -> None:
        """A cell has shown a box of widgets with this chat in it; the transcript goes below all of its outputs."""
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
        if shell is not None and self.comm is not None:
            if watched(shell):
                self._push_view()
            self._show_transcript(shell)

    def _show_transcript(self, shell: Any) -> None:
        # What is captured goes nowhere that could be brought up to date.
        self._transcript.show(shell.display_pub.publish)
        if watched(shell):
            background().post(self._transcript.update)

    def _push_view(self) -> None:
        """A kernel that may not hear the page's request sends what it will ask for.

        The page listens some moments after it has made the widget, so it is sent more than once; one page needs it
        once for all its chats.
        """
        now = monotonic()
        if self.deaf and now - ChatView._pushed >= _PUSH_AFTER[1]:
            ChatView._pushed = now
            loop = background().loop
            for seconds in _PUSH_AFTER:
                background().post(loop.call_later, seconds, self._push_again)

    def _push_again(self) -> None:
        if self.comm is not None:
            self._push_part("chat")

    def close(self) -> None:
        """Stops the running answer, drops what waits, and closes the comm; nothing is left running."""
        unwatch = getattr(self, "_unwatch", None)
        if unwatch is not None:
            unwatch()
            self._unwatch = None
            here = threads.running()
            if here is not None:
                here.post(self._end)
        super().close()

    def _end(self) -> None:
        self._asking.close()
        self._hearing.uploads.clear()
        self._transcript.end()

    def _on_request(self, content: dict[str, Any], buffers: Any) -> None:
        self._hearing.hear(content, buffers)

    def _on_stop(self, ident: str) -> None:
        self._hearing.stop(ident)

    def _image(self, ident: str) -> dict[str, Any] | None:
        return self._shown.image(ident)

    def _resync(self, version: Any = None) -> None:
        # One answer serves all pages, so requests that come at once get one.
        if type(version) is int and version != self._shown.version and not self._telling_all:
            self._telling_all = True
            background().loop.call_later(_GATHER_SECONDS, self._tell_all)
        super()._resync()

    def _tell_all(self) -> None:
        self._telling_all = False
        self.send({"type": "conversation", "version": self._shown.version, "turns": self._shown.turns()})

    @observe("system")
    def _system_set(self, change: Any) -> None:
        if self.conversation.system != change.new:
            self.conversation.system = change.new

    def _changed(self) -> None:
        here = threads.running()
        if here is not None:
            here.post(self._asking.refresh)

    def _settled(self) -> tuple[str, str, list[Turn]]:
        return self.conversation.name, self.conversation.system, self.conversation.turns

    def _answered(self, response: Response) -> None:
        for callback in list(self._watching):
            self._call(lambda callback=callback: callback(response))  # type: ignore[misc]
