"""The chat widget: a conversation as plain traits and calls of Python, and in the browser a view of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .background import background, from_here
from .chat_files import conversation_for, load, save
from .chat_line import Asked
from .chat_params import no_option
from .chat_view import ChatView
from .clients import key_for
from .conversation import Conversation
from .errors import InvalidRequestError, OpenRouterError
from .fences import Code, codes
from .files import Pathlike
from .options import StreamOptions
from .plan import check_policies
from .response import Response
from .taping import Tape, taping

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .player import Pace, Replay

_NO_OPTIONS = frozenset({"response", "keep_text", "on_retry"})  # a chat keeps its text, and calls nobody else


class ChatWidget(ChatView):
    """A chat in a cell, whose state is plain traits that can be read, observed, linked and saved.

    Args:
        model: Model slug, such as ``openai/gpt-4``; ``demo/…`` models need no key and no network.
        system: Text of the system message; "" sends none.
        params: What questions are sent with: any of ``parameters.ChatParameters`` by name; ``reasoning`` may be an
            effort as a word, and ``web`` turns web search on.
        messages: Turns so far, each with ``role`` and ``content``.
        conversation: Whose turns it shows: a ``Conversation``, or the name of one that cells go on in with
            ``--chat NAME``. Turns taken by either are seen by both at once.
        name: Of a conversation of its own.
        suggestions: Prompts that are offered while it is empty.
        compact: Whether it is shown in few lines.
        record: A file into which what comes for its questions is recorded.
        replay: A recording that answers its questions, from one to the next, without a network and without a key.
        pace: Of a replay: "original", "now", or a number of chunks a second.
        options: How questions are sent, as the client's calls take it: ``max_cost``, ``timeouts``, ``retry``,
            ``fallback``, ``cache``, …

    Traits:
        model, system, params: For the next question; may be set at any time.
        messages: The settled turns of the branch that is shown. An answer is taken in when something was answered.
        asking, queued: The question that is being answered, or could not be; and those that wait.
        message: The whole text of the running or last answer, at any moment.
        state: ``idle``, or as ``Response.state``.
        finish_reason, usage, error: Of the last answer; usage holds tokens, and cost in US dollars.
        totals: Tokens and cost of all answers; ``unknown`` counts those whose cost is not known,
            ``uncharged`` is what nobody pays.
        name, version, saved, suggestions, compact: See ``ChatTraits``.

    Attributes:
        conversation: Whose turns it shows.
        response: The last response, whole; None before the first.

    Raises:
        InvalidRequestError: an argument cannot be what it is.
        FileError: what is to be replayed is no recording, or it cannot be recorded there.

    >>> from jupyter_openrouter import ChatWidget
    >>> chat = ChatWidget(model="demo/echo")
    >>> chat.ask("hello").text
    'hello'
    >>> [turn["role"] for turn in chat.messages]
    ['user', 'assistant']
    """

    def __init__(
        self,
        model: str,
        *,
        system: str = "",
        params: Mapping[str, Any] | None = None,
        messages: Sequence[Mapping[str, Any]] = (),
        conversation: Conversation | str | None = None,
        name: str = "",
        suggestions: Sequence[str] = (),
        compact: bool = False,
        record: Pathlike | None = None,
        replay: Pathlike | Replay | None = None,
        pace: Pace = "original",
        **options: Unpack[StreamOptions],
    ) -> None:
        for option in options:
            if option not in StreamOptions.__annotations__ or option in _NO_OPTIONS:
                raise no_option(option)
        check_policies(options)
        self._options: dict[str, Any] = dict(options)
        tape = taping.tape(record=record, replay=replay, pace=pace)
        self._tape = Tape(record=tape.record, replay=None if replay is None else tape.replay)
        talk = conversation_for(conversation, name, system, messages)
        self.conversation, self.response = talk, None
        super().__init__(
            before_open=self._begin,
            model=model,
            system=talk.system,
            params=dict(params or {}),
            name=talk.name,
            suggestions=list(suggestions),
            compact=compact,
        )
        if messages:
            self._shown.assign(messages)
        self._unwatch = talk.watch(self._changed)
        background().call(self._asking.refresh)

    def __repr__(self) -> str:
        return f"ChatWidget(model={self.model!r}, {len(self.conversation)} messages, {self.state})"

    # --- asking

    def ask(self, text_or_parts: Any) -> Response:
        """Asks, waits for the whole answer, and returns it. An interrupt stops the answer and keeps its text.

        While another answer runs, the question waits for it.

        Args:
            text_or_parts: A text, or a list of texts and parts, as ``parts`` makes them.

        Raises:
            InvalidRequestError: the question cannot be sent; or the answer before it did not end well.
            OpenRouterError: as the answer ended; what arrived is in its ``response`` and in ``messages``.
        """
        return self._wait(self._with_key(lambda: self._questions.new(text_or_parts)))

    async def ask_async(self, text_or_parts: Any) -> Response:
        """The same, to be awaited; cancelling it stops the answer."""
        return await self._await(self._with_key(lambda: self._questions.new(text_or_parts)))

    def retry(self, turn: str = "", *, model: str = "") -> Response:
        """Asks for another answer in the place of one, on a branch of its own; as ``ask`` otherwise.

        Args:
            turn: The id of the answer or of its question; "" for the last question, also one that could not be asked.
            model: Another model for this answer alone.
        """
        return self._wait(self._with_key(lambda: self._questions.again(turn, model=model), alone="retry"))

    def edit(self, turn: str, text_or_parts: Any) -> Response:
        """Asks an earlier question with another text, on a branch of its own; as ``ask`` otherwise.

        Args:
            turn: The id of the question.
            text_or_parts: A text, which takes the place of the words alone; or a list, in the place of all.
        """
        return self._wait(self._with_key(lambda: self._questions.edited(turn, text_or_parts), alone="edit"))

    def continue_(self) -> Response:
        """Goes on with the last answer where it was cut, stopped or ended by the token limit; gives the whole one.

        Raises:
            InvalidRequestError: there is none, or it is complete.
            OpenRouterError: as the continuation ended; what came of it is kept.
        """
        return self._wait(self._with_key(self._questions.rest, alone="continue_"))

    # ``stop()`` is that of every live answer.

    # --- turns

    def undo(self) -> list[dict[str, Any]]:
        """Drops the last question with its answers, and gives what was shown of them."""
        self._check_idle("undo")
        before = self.messages
        gone = len(self.conversation.undo())
        self._refresh()
        return before[len(before) - gone :]

    def clear(self) -> None:
        """Drops all turns and all that waits; name, system message and settings stay."""
        self._check_idle("clear")
        self.conversation.clear()
        background().call(self._asking.empty)
        self._refresh()

    def delete(self, turn: str) -> None:
        """Drops a question and its answers, by the id of any of them; what follows stays.

        Raises:
            InvalidRequestError: there is no such turn, or an answer runs.
        """
        self._check_idle("delete")
        if not self.conversation.delete(turn):
            raise InvalidRequestError(f"There is no turn {turn!r}.", remedy="messages has their ids.")
        self._refresh()

    @property
    def branches(self) -> dict[str, list[str]]:
        """Where the conversation branches: the ids of the turns that are shown, each with all in its place."""
        return {turn["id"]: turn["branches"] for turn in self.messages if "branches" in turn}

    def show_branch(self, turn: str) -> None:
        """Shows another branch, by the id of one of its turns.

        Raises:
            InvalidRequestError: there is no such turn, or an answer runs.
        """
        self._check_idle("show_branch")
        if not self.conversation.show(turn):
            raise InvalidRequestError(f"There is no turn {turn!r}.", remedy="branches has their ids.")
        self._refresh()

    def unqueue(self, item: str) -> str:
        """Takes a question out of ``queued``, by its id, and gives its text.

        Raises:
            InvalidRequestError: it does not wait any more.
        """
        asked = background().call(lambda: self._asking.unqueue(item))
        if asked is None:
            raise InvalidRequestError(
                "This question does not wait any more.", remedy="queued has those that do."
            )
        return asked.text

    @property
    def code(self) -> list[Code]:
        """The fenced code of the last answer: strings with their ``language``; none before the first answer."""
        return codes(self.response.text) if self.response is not None else []

    def on_response(self, callback: Callable[[Response], Any]) -> Callable[[], None]:
        """Calls ``callback`` with each answer that has settled, on the notebook's thread; gives what ends this."""
        self._watching.append(callback)

        def end() -> None:
            with suppress(ValueError):
                self._watching.remove(callback)

        return end

    # --- files

    def save(self, path: Pathlike) -> Any:
        """Writes the conversation, all its branches, the model and the settings into a JSON file; gives its path.

        Raises:
            FileError: it cannot be written, or another thing than a conversation stands there.
        """
        written = save(self.conversation, path, model=self.model, params=self.params)
        self.saved = str(path)
        return written

    @classmethod
    def load(cls, path: Pathlike, *, model: str = "", name: str = "", **more: Any) -> ChatWidget:
        """A chat out of what ``save`` wrote, or out of the transcript in a saved notebook (``.ipynb``).

        Args:
            path: The file.
            model: In the place of the one in the file.
            name: Of the conversation, where a notebook holds several.
            more: As the class takes it.

        Raises:
            FileError: there is no such file, or it holds no conversation.
            InvalidRequestError: no model is told.
        """
        kept = load(path, name)
        if not (model or kept.model):
            raise InvalidRequestError(f"{path} tells no model.", remedy='Give one: model="…".')
        more.setdefault("params", kept.params)
        chat = cls(model or kept.model, conversation=kept.conversation, **more)
        if not str(path).lower().endswith(".ipynb"):
            chat.saved = str(path)
        return chat

    def export(self, path: Pathlike, *, overwrite: bool = False) -> Any:
        """Writes it as a notebook (``.ipynb``) that asks the same, or to be read (``.md``); gives the path.

        Raises:
            FileError: the name ends otherwise, the file is there already, or cannot be written.
        """
        return self.conversation.export(path, overwrite=overwrite)

    def to_conversation(self) -> Conversation:
        """A conversation of its own, with the same turns and branches."""
        return Conversation.from_dict(self.conversation.to_dict())

    # --- within

    def _refresh(self) -> None:
        """Tells the browser of what has changed, and waits until that is done."""
        background().call(self._asking.refresh)

    def _check_idle(self, what: str) -> None:
        if self._asking.running:
            raise InvalidRequestError(
                f"{what} cannot be done while an answer runs.", remedy="Stop it with stop(), or wait for it."
            )

    def _with_key(self, make: Callable[[], Asked], *, alone: str = "") -> Asked:
        """A question with the key to send it with; all that can be refused is, before anything is shown.

        Args:
            make: Makes it.
            alone: What is done, where it cannot be done while an answer runs.
        """
        try:
            if alone:
                self._check_idle(alone)
            asked = make()
            asked.key = key_for(asked.model, record=self._tape.record, replay=self._tape.replay)
        except OpenRouterError as error:
            # Without the frames that looked for the key: a verbose traceback prints their locals.
            raise error.with_traceback(None) from None
        return asked

    def _wait(self, asked: Asked) -> Response:
        return _outcome(background().submit(self._asking.follow(asked)).result())

    async def _await(self, asked: Asked) -> Response:
        return _outcome(await from_here(self._asking.follow(asked)))


def _outcome(response: Response) -> Response:
    if response.error is not None:
        raise response.error
    return response
