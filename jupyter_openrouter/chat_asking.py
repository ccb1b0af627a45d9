"""Runs the questions of one chat on the I/O loop, one after the other, and tells the browser of each turn once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import time
from typing import TYPE_CHECKING, Any

from .answering import Question, answer
from .background import background
from .chat_continued import GoingOn
from .chat_line import Asked, Line
from .chat_params import of_request
from .chat_turns import MOST_NAME
from .continuing import continuation_messages, joined, refuses_prefill
from .errors import InvalidRequestError, OpenRouterError
from .failures import failure
from .ledger import ledger
from .publish import Publisher, rest
from .response import Response

if TYPE_CHECKING:
    from .chat_view import ChatView

_ANEW = frozenset({"messages", "model", "stream", "n"})  # of a request that is gone on with


class Asking:
    """Everything here runs on the I/O thread, but for ``running``, which may be read from any.

    Args:
        chat: Whose questions they are.
        on_response: Called with each answer that has settled.
    """

    def __init__(self, chat: ChatView, on_response: Callable[[Response], None]) -> None:
        self._chat, self._on_response = chat, on_response
        self.line = Line()
        self.failed: Asked | None = None
        self.closed = False

    @property
    def running(self) -> bool:
        """Whether an answer is on its way."""
        return self.line.running is not None

    # --- from outside

    def ask(self, asked: Asked) -> None:
        """Asks it now, or when the running answer is done.

        Raises:
            InvalidRequestError: too many wait, or it cannot wait.
        """
        if self.closed:
            raise InvalidRequestError("This chat is closed.", remedy="Make a new one.")
        if not self.running:
            self._start(asked)
            return
        self.line.wait(asked)
        self._publish_line()

    async def follow(self, asked: Asked) -> Response:
        """Asks it, and waits for its end; cancelled, it takes it back or stops it."""
        asked.waited, asked.ended = True, asyncio.get_running_loop().create_future()
        self.ask(asked)
        try:
            await asyncio.shield(asked.ended)
        except asyncio.CancelledError:
            if self.line.take(asked.id) is not None:
                self._publish_line()
                raise
            self._chat.stop()
            await asyncio.shield(asked.ended)
        await self._chat._transcript.flush()
        if asked.response is None:
            raise asked.error or InvalidRequestError(
                "The answer before this question did not end well, so it was not asked.",
                remedy="Ask it again.",
            )
        return asked.response

    def unqueue(self, ident: str) -> Asked | None:
        """Takes a question out of the queue; None where it is not there."""
        found = self.line.take(ident)
        if found is not None:
            found.error = InvalidRequestError(
                "The question was taken out of the queue.", remedy="Ask it again."
            )
            self._let_down([found])
            self._publish_line()
        return found

    def edit_queued(self, found: Asked, other: Asked) -> None:
        """Puts the words and files of another question in the place of those of one that waits."""
        found.text, found.content, found.attachments = other.text, other.content, other.attachments
        self._publish_line()

    def send_now(self, ident: str) -> bool:
        """Asks a question that waits, before the others; False where it is not there."""
        found = self.line.take(ident)
        if found is not None:
            self._start(found)
            self._publish_line()
        return found is not None

    def empty(self) -> None:
        """Drops what waits and what could not be asked."""
        self._let_down(self.line.drop(lambda asked: True))
        self.failed = None
        self._publish_line()
        self._chat.publish(asking="", asking_attachments=[], error=None)

    def close(self) -> None:
        """Nothing is asked any more."""
        self.closed = True
        self._let_down(self.line.drop(lambda asked: True))

    # --- one answer

    def _start(self, asked: Asked) -> None:
        self.line.running = asked
        self._chat._job = background().submit(self._run(asked))

    async def _run(self, asked: Asked) -> None:
        chat = self._chat
        chat._reach()
        response, first = Response(asked.model), self._first(asked)
        shown: Any = response if first is None else GoingOn(first, response)
        if asked.hides:
            chat._shown.until = asked.hides
            self.tell_turns()
        chat.response, chat._running = (response if first is None else chat.response), shown
        chat._answers += 1
        publisher = chat._publisher = Publisher(
            chat, shown, answer=chat._answers, deaf=chat.deaf, images=chat._images
        )
        try:
            chat.publish(
                asking=asked.text,
                asking_attachments=asked.attachments,
                state="waiting",
                message="",
                reasoning="",
                reasoning_seconds=None,
                extras={},
                error=None,
                finish_reason="",
                usage=None,
                interruptible=asked.waited,
            )
            ledger.note(response, source="chat", conversation=chat.conversation.name)
            following = asyncio.ensure_future(publisher.run(on_state=lambda state: chat.publish(state=state)))
            await self._answer(asked, first, response)
            with suppress(asyncio.CancelledError):  # a Stop that comes when the answer has just ended
                await following
        finally:
            # Nothing else runs on this thread until all is published.
            self._settle(asked, response, first)

    async def _answer(self, asked: Asked, first: Response | None, response: Response) -> None:
        if asked.error is not None:
            response.error, response.state = asked.error, "failed"
            return
        chat = self._chat
        options = {**of_request(chat.params), **chat._options}
        try:
            questions = self._questions(asked, first, options)
        except OpenRouterError as wrong:
            response.error, response.state = wrong, "failed"
            return
        for number, question in enumerate(questions):
            await answer(question, response, asked.key, rest=rest)
            error = response.error
            if number + 1 == len(questions) or error is None or not refuses_prefill(error):
                return
            response.restart(asked.model)

    def _questions(self, asked: Asked, first: Response | None, options: dict[str, Any]) -> list[Question]:
        """What to ask; a second one where the provider may refuse the first for its form alone."""
        chat = self._chat
        talk = chat.conversation
        own = {name: options.pop(name) for name in ("max_cost",) if name in options}
        own |= chat._tape._asdict()
        if first is not None:
            ways = [continuation_messages(first, prefill=prefill) for prefill in (True, False)]
            if first.requested_model:
                options = {name: value for name, value in options.items() if name not in first.body}
            extra = {name: value for name, value in first.body.items() if name not in _ANEW}
            return [Question(way, asked.model, extra=extra, options=options, **own) for way in ways]
        if asked.kind == "retry":
            messages = talk.messages(upto=asked.turn)
        else:
            before = talk.messages(upto=asked.turn) if asked.kind == "edit" else talk.messages()
            messages = [*before, {"role": "user", "content": asked.content}]
        return [Question(messages, asked.model, options=options, **own)]

    def _first(self, asked: Asked) -> Response | None:
        """The answer that is gone on with, which knows its request; None where there is none."""
        chat = self._chat
        turn = chat.conversation.turn(asked.turn)
        if turn is None and asked.turn:
            # Dropped while the question waited, which is asked at the end then.
            if asked.kind == "continue":
                gone = InvalidRequestError(
                    "The answer to go on with is gone.", remedy="Ask its question again."
                )
                asked.error = asked.error or gone
            asked.kind, asked.turn, asked.hides = "new", "", ""
        if turn is None or asked.kind != "continue":
            return None
        first = chat._shown.answer(turn.id) or turn.response()
        if not isinstance(first.body.get("messages"), list):
            before = chat.conversation.messages(upto=chat.conversation.before(turn.id))
            first.body = {**first.body, "messages": before}
        return first

    # --- its end

    def _settle(self, asked: Asked, response: Response, first: Response | None) -> None:
        chat, talk = self._chat, self._chat.conversation
        if not response.settled:
            response.state = "stopped"
        whole = response if first is None else joined(first, response)
        taken = False
        if first is not None:
            taken = response.begun and talk.take_continued(whole, turn=asked.turn)
        elif asked.kind == "retry":
            taken = talk.take_another(asked.turn, response)
        if not taken and (asked.kind in ("new", "edit") or response.begun):
            # New, or its place was dropped while it ran: it goes to the end, and nothing is lost.
            after = asked.turn if asked.kind == "edit" else None
            taken = talk.take(asked.content, whole, after=after)
        chat.response = asked.response = whole
        if taken:
            chat._shown.keep(whole)
        chat._shown.paid(response)
        chat._shown.until = ""
        self.tell_turns()
        again = not taken and response.state != "stopped"
        self.failed = asked if again else None
        # A retry's question stands in the turns that are shown again.
        stays = again and asked.kind in ("new", "edit")
        extras = chat._publisher.extras() if chat._publisher is not None else {}
        chat._running = None  # until now it is what `message` is read from
        chat.publish(
            state=response.state,
            message=whole.text if taken or first is None else response.text,
            reasoning=whole.reasoning,
            reasoning_seconds=whole.reasoning_seconds,
            extras=extras,
            finish_reason=response.finish_reason[:MOST_NAME],
            usage=whole.usage.to_dict() if whole.usage else None,
            error=failure(response.error, now=time()),
            asking=asked.text if stays else "",
            asking_attachments=asked.attachments if stays else [],
            interruptible=False,
            totals=chat._shown.totals(),
            version=chat._shown.version,
        )
        if (
            response.usage is None
            and response.settler is not None
            and (response.generation_id or response.id)
        ):
            background().submit(self._price(response, whole, first))
        well = response.state == "done"
        following = self.line.end(well=well)
        if not well:
            self._let_down(self.line.drop(lambda one: one.waited))
        if following is not None and not self.closed:
            self._start(following)
        self._publish_line()
        if asked.ended is not None and not asked.ended.done():
            asked.ended.set_result(None)
        self._on_response(whole)

    def _let_down(self, waiting: list[Asked]) -> None:
        """Ends the wait of calls whose questions are not asked."""
        for asked in waiting:
            if asked.ended is not None and not asked.ended.done():
                asked.ended.set_result(None)

    async def _price(self, response: Response, whole: Response, first: Response | None) -> None:
        """Fills in what an answer has cost that was stopped or cut."""
        with suppress(OpenRouterError):  # it stays unknown, and is said to be
            await response.settle()
        if response.usage is not None:
            if first is not None:
                whole.usage = (first.usage + response.usage) if first.usage is not None else None
            self._chat._shown.paid(response)
            self.refresh()

    def refresh(self) -> None:
        """Something of the conversation has changed."""
        chat = self._chat
        self.tell_turns()
        chat.publish(
            system=chat.conversation.system, totals=chat._shown.totals(), version=chat._shown.version
        )

    def tell_turns(self) -> None:
        """Sends the settled turns that are new."""
        chat = self._chat
        new = chat._shown.new()
        if new is None:
            return
        start, turns = new
        chat.send({"type": "turns", "version": chat._shown.version, "from": start, "turns": turns})
        chat._tell_messages()
        chat._transcript.update()

    def _publish_line(self) -> None:
        self._chat.publish(queued=self.line.told())
