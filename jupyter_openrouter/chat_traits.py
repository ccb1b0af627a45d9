"""The traits of the chat: what Python can read, set, observe and link, and what of it is refused."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Dict, HasTraits, Int, List, Unicode, validate
from traitlets.utils.bunch import Bunch

from .chat_params import of_request
from .chat_shown import Shown
from .conversation import Conversation
from .errors import InvalidRequestError
from .keys import refuse_keys_in
from .kinds import Slug
from .widget import StreamingWidget

_SLUG = Slug()


class _Turns(List):  # type: ignore[type-arg]
    """The settled turns, read from the conversation; setting them puts others in their place."""

    def get(self, obj: Any, cls: Any = None) -> Any:
        return [dict(turn) for turn in obj._shown.turns()]

    def set(self, obj: Any, value: Any) -> None:
        if not isinstance(value, (list, tuple)):
            raise InvalidRequestError(
                f"messages is a {type(value).__name__}, not a list of turns.", remedy="Give a list."
            )
        obj._assign(value)


class _MessagesVersion(Int):  # type: ignore[type-arg]
    """The version of the turns that ``messages`` gives; it goes out with them alone."""

    def get(self, obj: Any, cls: Any = None) -> Any:
        return obj._shown.version


class ChatTraits(StreamingWidget):
    """What of a chat is state."""

    _kind = Unicode("chat").tag(sync=True)
    name = Unicode(help="Of the conversation.").tag(sync=True)
    system = Unicode(help="Text of the system message; empty sends none.").tag(sync=True)
    params = Dict(help="What the next question is sent with, by name; see ChatParameters.").tag(sync=True)
    messages = _Turns(Dict(), help="The settled turns of the branch that is shown, oldest first.").tag(
        sync=True
    )
    _messages_version = _MessagesVersion().tag(sync=True)
    version = Int(help="How often the settled turns have changed.").tag(sync=True)
    asking = Unicode(help="The question that is being answered, or that could not be.").tag(sync=True)
    asking_attachments = List(Dict(), help="What goes with it.").tag(sync=True)
    queued = List(Dict(), help="Questions that wait for the running answer, in order.").tag(sync=True)
    finish_reason = Unicode(help="The model's own, of the last answer.").tag(sync=True)
    usage = Dict(
        default_value=None, allow_none=True, help="Tokens and cost (US dollars) of the last answer."
    ).tag(sync=True)
    totals = Dict(help="Tokens and cost (US dollars) of all answers, other branches included.").tag(sync=True)
    saved = Unicode(help="The file that it was last saved to.").tag(sync=True)
    suggestions = List(Unicode(), help="Prompts that are offered while it is empty.").tag(sync=True)
    compact = Bool(False, help="Whether it is shown in few lines.").tag(sync=True)

    _choices = frozenset({"model", "system", "params"})
    conversation: Conversation
    _shown: Shown
    _told_messages: list[dict[str, Any]]

    @property
    def cost(self) -> float | None:
        """US dollars of the last answer; None while and where that is not known."""
        return (self.usage or {}).get("cost")

    @validate("model")
    def _check_model(self, proposal: Any) -> Any:
        return _SLUG.fit(proposal.value, "model")

    @validate("system")
    def _check_system(self, proposal: Any) -> Any:
        refuse_keys_in(proposal.value)
        return proposal.value

    @validate("params")
    def _check_params(self, proposal: Any) -> Any:
        of_request(proposal.value)
        refuse_keys_in(repr(proposal.value))
        return proposal.value

    def _assign(self, values: Any) -> None:
        """Other turns in the place of all, from Python."""
        before = self.messages
        self._shown.assign(values)
        after = self._told_messages = self.messages
        if before != after:
            HasTraits.notify_change(
                self, Bunch(name="messages", old=before, new=after, owner=self, type="change")
            )

    def _tell_messages(self) -> None:
        """Tells observers of turns that have changed; on the I/O thread."""
        before, after = self._told_messages, self.messages
        if before != after:
            self._told_messages = after
            self._tell([Bunch(name="messages", old=before, new=after, owner=self, type="change")])
