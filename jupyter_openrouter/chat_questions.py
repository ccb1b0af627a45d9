"""Makes the questions of a chat out of what a person gives: new, edited, asked again, gone on with; sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import parts as message_parts
from .attached import Attachment, apart, together
from .chat_line import Asked
from .continuing import continuation_messages
from .errors import InvalidRequestError
from .keys import refuse_keys_in
from .request import chat_body
from .turn import Turn

if TYPE_CHECKING:
    from .chat_view import ChatView


class Questions:
    """Those of one chat; a key to send them with is not looked for here."""

    def __init__(self, chat: ChatView) -> None:
        self._chat = chat

    def apart(self, content: Any) -> tuple[str, list[Attachment]]:
        """The words of a content, and what goes with them."""
        return apart(content, self._chat._images, self._chat._shown.names)

    def new(self, text_or_parts: Any) -> Asked:
        """A question for the end of the conversation, out of a text or a list of texts and parts."""
        if isinstance(text_or_parts, str):
            return self.asked(text_or_parts)
        given = text_or_parts if isinstance(text_or_parts, (list, tuple)) else [text_or_parts]
        return self.asked(message_parts.user(*given)["content"])

    def asked(self, content: Any) -> Asked:
        """A question for the end of the conversation, checked.

        Raises:
            InvalidRequestError: it is empty, cannot be sent, or holds something like a key.
        """
        text, attachments = self.apart(content)
        refuse_keys_in(text, *(one.part["text"] for one in attachments if "text" in one.part))
        if not text.strip() and not attachments:
            raise InvalidRequestError("The question is empty.", remedy="Write one.")
        chat_body([{"role": "user", "content": content}], model=self._chat.model)
        return Asked(text, content, self._chat.model, attachments=[one.told for one in attachments])

    def turn(self, turn: str) -> Turn:
        """The question of this id; raises InvalidRequestError where there is none."""
        found = self._chat.conversation.turn(turn)
        if found is None or found.role != "user":
            raise InvalidRequestError(
                f"There is no question {turn!r}.", remedy="messages has the ids of all turns."
            )
        return found

    def edited(self, turn: str, text_or_parts: Any) -> Asked:
        """An earlier question with other words, or, given a list, with another content."""
        before = self.turn(turn)
        if isinstance(text_or_parts, str):
            kept = [one.part for one in self.apart(before.content)[1]]
            return self.in_place_of(self.asked(together(text_or_parts, kept)), before)
        return self.in_place_of(self.new(text_or_parts), before)

    def in_place_of(self, asked: Asked, turn: Turn) -> Asked:
        """A question that is asked in the place of another one."""
        asked.kind, asked.turn = "edit", self._chat.conversation.before(turn.id)
        asked.hides = turn.id
        return asked

    def rest(self) -> Asked:
        """What asks for the rest of the last answer.

        Raises:
            InvalidRequestError: there is none, or it is complete.
        """
        turns = self._chat.conversation.turns
        if len(turns) < 2 or turns[-1].role != "assistant":
            raise InvalidRequestError("There is no answer to continue.", remedy="Ask something first.")
        answer, question = turns[-1], turns[-2]
        response = answer.response()
        response.body = {"messages": []}
        continuation_messages(response, prefill=True)  # refuses what cannot be continued
        text, attachments = self.apart(question.content)
        told = [one.told for one in attachments]
        model = response.requested_model or self._chat.model
        return Asked(
            text,
            question.content,
            model,
            own_model=True,
            attachments=told,
            kind="continue",
            turn=answer.id,
            hides=question.id,
        )

    def model_for(self, message: Mapping[str, Any]) -> str:
        """The slug that a checked message of a browser asks.

        Raises:
            InvalidRequestError: there is nothing to continue or to ask again.
        """
        if message["type"] == "continue":
            return self.rest().model
        if message["type"] == "retry":
            return self.again(message["turn"], model=message["model"]).model
        return self._chat.model

    def again(self, turn: str = "", *, model: str = "") -> Asked:
        """The question to ask for another answer in the place of this one.

        Raises:
            InvalidRequestError: there is no such turn.
        """
        chat = self._chat
        failed = chat._asking.failed
        if failed is not None and not turn:
            # The chat's model may have been changed for the very reason that the one before failed.
            own = model or (failed.model if failed.own_model else "")
            return replace(
                failed,
                model=own or chat.model,
                own_model=bool(own),
                error=None,
                response=None,
                waited=False,
            )
        shown = chat.conversation.turns
        asked = next((one for one in reversed(shown) if one.role == "user"), None)
        if turn:
            way = chat.conversation.way_to(turn)
            asked = next((one for one in reversed(way) if one.role == "user"), None)
        if asked is None:
            raise InvalidRequestError("There is no such question to ask again.", remedy="Ask a new one.")
        hides = asked.id if any(one.id == asked.id for one in shown) else ""
        text, attachments = self.apart(asked.content)
        return Asked(
            text,
            asked.content,
            model or chat.model,
            own_model=bool(model),
            attachments=[one.told for one in attachments],
            kind="retry",
            turn=asked.id,
            hides=hides,
        )
