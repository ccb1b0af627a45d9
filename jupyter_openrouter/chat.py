"""The chat widget: settled turns as plain traits, and one running answer on the same parts as the magic's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from traitlets import Dict, List, Unicode

from .answering import Question, answer
from .background import background
from .clients import key_for
from .errors import InvalidRequestError, OpenRouterError
from .keys import Key, refuse_keys_in
from .publish import Publisher, rest
from .request import chat_body
from .response import Response
from .widget import StreamingWidget

MAX_QUESTION_CHARACTERS = 1 << 20


class ChatWidget(StreamingWidget):
    """A chat in a cell, whose state is plain traits that can be read, observed and linked.

    Args:
        model: Model slug, such as ``openai/gpt-4``; ``demo/…`` models need no key and no network.
        system: Text of the system message; "" sends none.
        messages: Turns so far, each with ``role`` and ``content``.

    Traits:
        model, system: For the next question; may be set at any time.
        messages: The settled turns, oldest first. An answer is taken in when something was answered.
        asking: The question that is being answered, or that could not be; else "".
        message: The whole text of the running or last answer, at any moment.
        state: ``idle``, or as ``Response.state``.
        finish_reason, usage, error: Of the last answer; usage holds tokens, and cost in US dollars.

    >>> from jupyter_openrouter import ChatWidget
    >>> chat = ChatWidget(model="demo/echo")
    >>> chat.ask("hello").text
    'hello'
    >>> [turn["role"] for turn in chat.messages]
    ['user', 'assistant']
    """

    _kind = Unicode("chat").tag(sync=True)
    system = Unicode(help="Text of the system message; empty sends none.").tag(sync=True)
    messages = List(Dict(), help="The settled turns, oldest first.").tag(sync=True)
    asking = Unicode(help="The question that is being answered, or that could not be.").tag(sync=True)
    finish_reason = Unicode(help="The model's own, of the last answer.").tag(sync=True)
    usage = Dict(
        default_value=None, allow_none=True, help="Tokens and cost (US dollars) of the last answer."
    ).tag(sync=True)

    _answers = 0

    def __init__(self, *, model: str, system: str = "", messages: list[dict[str, Any]] | None = None) -> None:
        self.response: Response | None = None
        """The last response, whole."""
        self._place = threading.Lock()  # held while an answer runs
        super().__init__(model=model, system=system, messages=list(messages or []))

    def __repr__(self) -> str:
        return f"ChatWidget(model={self.model!r}, {len(self.messages)} messages, {self.state})"

    def ask(self, text: str) -> Response:
        """Asks, waits for the whole answer, and returns it. An interrupt stops the answer and keeps its text.

        Raises:
            InvalidRequestError: the question cannot be sent, or an answer is still running.
            OpenRouterError: as the answer ended; what arrived is in its ``response`` and in ``messages``.
        """
        try:
            accepted = self._accept(text)
        except OpenRouterError as error:
            # Without the frames that looked for the key: a verbose traceback prints their locals.
            raise error.with_traceback(None) from None
        job = background().submit(self._turn(*accepted))
        self._job = job
        self._set_interruptible(True)
        try:
            response = job.result()
        finally:
            self._set_interruptible(False)
        if response.error is not None:
            raise response.error
        return response

    def _set_interruptible(self, value: bool) -> None:
        background().post(lambda: self.publish(interruptible=value))

    def _accept(self, text: Any) -> tuple[Question, Response, Key | None]:
        """Checks a question before anything is shown or sent, and takes the one place of a running answer."""
        if not isinstance(text, str) or len(text) > MAX_QUESTION_CHARACTERS:
            raise InvalidRequestError(
                f"A question is text of at most {MAX_QUESTION_CHARACTERS} characters.", remedy="Shorten it."
            )
        refuse_keys_in(text, self.system)
        wire = [_wire_message(turn) for turn in self.messages]
        question = Question(
            [*wire, {"role": "user", "content": text}], self.model, system=self.system or None
        )
        if not text.strip():
            raise InvalidRequestError("The question is empty.", remedy="Write one.")
        chat_body(question.messages, model=question.model, system=question.system)
        key = key_for(self.model)
        if not self._place.acquire(blocking=False):
            raise InvalidRequestError("An answer is still running.", remedy="Wait for it, or stop it.")
        return question, Response(self.model), key

    async def _turn(self, question: Question, response: Response, key: Key | None) -> Response:
        text = question.messages[-1]["content"]
        self._reach()
        self.response = self._running = response
        self._answers += 1
        self._publisher = Publisher(self, response, answer=self._answers, deaf=self.deaf, images=self._images)
        try:
            self.publish(
                asking=text,
                state="waiting",
                message="",
                reasoning="",
                reasoning_seconds=None,
                extras={},
                error=None,
                finish_reason="",
                usage=None,
            )
            following = asyncio.ensure_future(
                self._publisher.run(on_state=lambda state: self.publish(state=state))
            )
            await answer(question, response, key, rest=rest)
            with suppress(asyncio.CancelledError):  # a Stop that comes when the answer has just ended
                await following
        finally:
            self._running = None
            self._place.release()  # nothing else runs on this thread until all is published
            self._settle(text, response)
        return response

    def _settle(self, text: str, response: Response) -> None:
        assert self._publisher is not None
        extras = self._publisher.extras()
        values: dict[str, Any] = {
            "state": response.state,
            "message": response.text,
            "reasoning": response.reasoning,
            "reasoning_seconds": response.reasoning_seconds,
            "extras": extras,
            "finish_reason": response.finish_reason,
            "usage": response.usage.to_dict() if response.usage else None,
            "error": _failure(response.error),
        }
        if response.text or response.reasoning or extras or response.state == "done":
            turns = [{"role": "user", "content": text}, _settled_turn(response, extras)]
            values |= {"messages": [*self.messages, *turns], "asking": ""}
        self.publish(**values)

    def _on_request(self, kind: Any, ident: str, content: dict[str, Any]) -> None:
        if kind != "ask":
            return
        try:
            accepted = self._accept(content.get("text"))
        except OpenRouterError as error:
            self.send({"type": "refused", "id": ident, "reason": str(error)})
            return
        self._job = background().submit(self._turn(*accepted))
        self.send({"type": "ack", "id": ident})


def _wire_message(turn: Any) -> dict[str, Any]:
    if (
        not isinstance(turn, Mapping)
        or turn.get("role") not in ("system", "user", "assistant")
        or not isinstance(turn.get("content"), str)
    ):
        raise InvalidRequestError(
            f"{str(turn)[:80]!r} in messages is no turn.",
            remedy="A turn has a 'role' and a 'content' that is text.",
        )
    return {"role": turn["role"], "content": turn["content"]}


def _settled_turn(response: Response, extras: dict[str, Any]) -> dict[str, Any]:
    turn = {
        "role": "assistant",
        "content": response.text,
        "reasoning": response.reasoning,
        "reasoning_seconds": response.reasoning_seconds,
        "extras": extras,
        "state": response.state,
        "model": response.model or response.requested_model,
        "provider": response.provider,
        "finish_reason": response.finish_reason,
        "usage": response.usage.to_dict() if response.usage else None,
        "seconds": response.seconds,
    }
    return {name: value for name, value in turn.items() if value or name == "content"}


def _failure(error: OpenRouterError | None) -> dict[str, str] | None:
    if error is None:
        return None
    return {"type": type(error).__name__, "message": error.message, "remedy": error.remedy}
