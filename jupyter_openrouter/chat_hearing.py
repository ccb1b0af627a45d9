"""Acts on what a browser sends to a chat: each message once, checked, and answered with what came of it."""

from __future__ import annotations

from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING, Any

from .attached import together
from .background import background
from .chat_line import MOST_WAITING, Asked
from .chat_messages import reason_against, whole
from .chat_models import offered
from .chat_params import of_request, settled
from .clients import key_for
from .errors import InvalidRequestError, OpenRouterError
from .keys import Key, refuse_keys_in
from .uploads import Uploads

if TYPE_CHECKING:
    from .chat_view import ChatView

_REMEMBERED = 2000
_REFUSALS = 20
"""A second; a browser that sends more than that in error reads none of them."""
_MOST_ASKING = 8
_WAITS_NOT = "This question does not wait any more."
_ASKS = ("ask", "edit", "retry", "continue")
_CHANGES = ("edit", "retry", "continue", "delete", "branch", "send_now")
"""What cannot be done while an answer runs."""


class Hearing:
    """The messages of one chat.

    Args:
        chat: Who is meant.
    """

    def __init__(self, chat: ChatView) -> None:
        self._chat = chat
        self.uploads = Uploads(chat._shown.names)
        self._replies: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._stopped: OrderedDict[str, None] = OrderedDict()
        self._refusals = (0, 0.0)
        self._for_models: list[str] = []

    def stop(self, ident: str) -> None:
        """Stops the running answer, at once and on any thread; one that comes again stops no other answer."""
        if ident not in self._stopped or not ident:
            self._stopped[ident] = None
            while len(self._stopped) > _REMEMBERED:
                self._stopped.popitem(last=False)
            self._chat.stop()
        self._chat.send({"type": "ack", "id": ident})

    def hear(self, content: dict[str, Any], buffers: Any) -> None:
        """Checks a message on the thread that got it, and has the I/O thread act on it."""
        ident = content.get("id")
        ident = ident[:64] if isinstance(ident, str) else ""
        if reason := reason_against(content, buffers):
            self._refuse(ident, reason)
            return
        message, key, error = whole(content), None, None
        if message["type"] in _ASKS:
            try:
                # Here, for it may ask the system's keyring, which takes its time.
                tape = self._chat._tape
                model = self._chat._questions.model_for(message)
                key = key_for(model, record=tape.record, replay=tape.replay)
            except OpenRouterError as found:
                error = found
        background().post(self._act, message, [bytes(one) for one in buffers or ()], key, error)

    def _refuse(self, ident: str, reason: str) -> None:
        count, since = self._refusals
        now = monotonic()
        self._refusals = (count + 1, since) if now - since < 1 else (1, now)
        if self._refusals[0] <= _REFUSALS:
            self._chat.send({"type": "refused", "id": ident, "reason": reason})

    def _act(
        self, message: dict[str, Any], buffers: list[bytes], key: Key | None, error: OpenRouterError | None
    ) -> None:
        ident, kind = message["id"], message["type"]
        if kind == "models":
            self._models(ident)
            return
        reply = self._replies.get(ident)
        if reply is None:
            reply = {"type": "ack", "id": ident}
            try:
                if self._chat._asking.closed:
                    raise InvalidRequestError("This chat is closed.", remedy="")
                if kind in _CHANGES and self._chat._asking.running:
                    raise InvalidRequestError("An answer is running; stop it first.", remedy="")
                getattr(self, f"_{kind}")(message, buffers, key, error)
            except OpenRouterError as found:
                reply = {"type": "refused", "id": ident, "reason": str(found)[:1000]}
            self._replies[ident] = reply
            while len(self._replies) > _REMEMBERED:
                self._replies.popitem(last=False)
        self._chat.send(reply)

    # --- questions

    def _ask(self, message: dict[str, Any], _: Any, key: Key | None, error: OpenRouterError | None) -> None:
        if self._chat._asking.running and len(self._chat._asking.line) >= MOST_WAITING:
            raise InvalidRequestError("Too many questions wait already.", remedy="")
        asked = self._question(message["text"], message["uploads"], [])
        asked.key, asked.error = key, error
        self._chat._asking.ask(asked)
        self.uploads.drop(message["uploads"])

    def _question(self, text: str, uploads: list[str], kept: list[dict[str, Any]]) -> Asked:
        parts = [*kept, *(one.part for one in self.uploads.whole(uploads))]
        return self._chat._questions.asked(together(text, parts))

    def _anew(self, message: dict[str, Any], content: Any) -> Asked:
        """A question with other words, with those files of this content that stay, and with new ones."""
        before = self._chat._questions.apart(content)[1]
        kept = [before[at].part for at in dict.fromkeys(message["keep"]) if at < len(before)]
        return self._question(message["text"], message["uploads"], kept)

    def _edit(self, message: dict[str, Any], _: Any, key: Key | None, error: OpenRouterError | None) -> None:
        turn = self._chat._questions.turn(message["turn"])
        asked = self._anew(message, turn.content)
        self._chat._questions.in_place_of(asked, turn)
        asked.key, asked.error = key, error
        self._chat._asking.ask(asked)
        self.uploads.drop(message["uploads"])

    def _retry(self, message: dict[str, Any], _: Any, key: Key | None, error: OpenRouterError | None) -> None:
        asked = self._chat._questions.again(message["turn"], model=message["model"])
        asked.key, asked.error = key, error
        self._chat._asking.ask(asked)

    def _continue(self, _m: Any, _: Any, key: Key | None, error: OpenRouterError | None) -> None:
        asked = self._chat._questions.rest()
        asked.key, asked.error = key, error
        self._chat._asking.ask(asked)

    def _unqueue(self, message: dict[str, Any], *_: Any) -> None:
        if self._chat._asking.unqueue(message["item"]) is None:
            raise InvalidRequestError(_WAITS_NOT, remedy="")

    def _edit_queued(self, message: dict[str, Any], *_: Any) -> None:
        found = self._chat._asking.line.find(message["item"])
        if found is None or found.kind in ("retry", "continue"):
            raise InvalidRequestError(_WAITS_NOT if found is None else "It is no new question.", remedy="")
        self._chat._asking.edit_queued(found, self._anew(message, found.content))
        self.uploads.drop(message["uploads"])

    def _send_now(self, message: dict[str, Any], *_: Any) -> None:
        if not self._chat._asking.send_now(message["item"]):
            raise InvalidRequestError(_WAITS_NOT, remedy="")

    # --- turns and settings

    def _delete(self, message: dict[str, Any], *_: Any) -> None:
        if not self._chat.conversation.delete(message["turn"]):
            raise InvalidRequestError("There is no such turn.", remedy="")

    def _branch(self, message: dict[str, Any], *_: Any) -> None:
        if not self._chat.conversation.show(message["turn"]):
            raise InvalidRequestError("There is no such turn.", remedy="")

    def _model(self, message: dict[str, Any], *_: Any) -> None:
        if not message["model"]:
            raise InvalidRequestError("No model was named.", remedy="")
        self._chat.publish(model=message["model"])

    def _settings(self, message: dict[str, Any], *_: Any) -> None:
        chat = self._chat
        params = settled(chat.params, message.get("params", {}))
        of_request(params)
        if "system" in message:
            refuse_keys_in(message["system"])
            chat.conversation.system = message["system"]
        chat.publish(params=params, system=chat.conversation.system)

    # --- attachments

    def _upload(self, message: dict[str, Any], buffers: list[bytes], *_: Any) -> None:
        self.uploads.take(
            message["upload"],
            name=message["name"],
            size=message["size"],
            offset=message["offset"],
            data=buffers[0],
        )

    def _discard(self, message: dict[str, Any], *_: Any) -> None:
        self.uploads.drop([message["upload"]])

    # --- models

    def _models(self, ident: str) -> None:
        if ident in self._for_models:
            return
        self._for_models.append(ident)
        if len(self._for_models) == 1:
            background().submit(self._tell_models())
        elif len(self._for_models) > _MOST_ASKING:
            self._for_models.remove(ident)

    async def _tell_models(self) -> None:
        try:
            models, error = await offered(self._chat._tape.replay)
        finally:
            waiting, self._for_models = self._for_models, []
        for ident in waiting:
            self._chat.send({"type": "models", "id": ident, "models": models, "error": error})
