"""Asks a cell's question: the answer is shown, held to its form, taken into its conversation, paid for, and saved."""

from __future__ import annotations

import asyncio
import functools
import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from .answering import answer, unexpected
from .background import Job, background
from .cell import Asked
from .conversation import Conversation, answered
from .conversations import conversations
from .errors import AnswerFormatError, NotFoundError, OpenRouterError
from .keys import Key
from .known_slugs import with_near
from .ledger import ledger
from .live import Live
from .money import dollars
from .publish import rest
from .response import Response
from .running import Run, RunningResponse
from .settling import is_open, settle_later
from .shown import code_of, saved_forms
from .spending import counted
from .users_code import UsersCode


def short(error: BaseException) -> BaseException:
    """The error, which a notebook now shows in one line: what happened and what to do, without our frames."""
    line = f"{type(error).__name__}: {error}".rstrip(": ")
    # Not a lambda: the response that holds the error can be pickled.
    error._render_traceback_ = functools.partial(list, [line])  # type: ignore[attr-defined]
    return error


_going_on: set[Asking] = set()
_numbers = itertools.count()
_newest: WeakKeyDictionary[Conversation, dict[str, tuple[int, int | None]]] = WeakKeyDictionary()
"""The last asked of what each cell has brought into a conversation: its number, and the cell's execution count."""
_taking = threading.Lock()


def _kept(asked: Asked) -> Asked:
    """The same, its conversation among those of the kernel and with the system message that it is asked with."""
    if asked.conversation is None:
        return asked
    talk = conversations.kept(asked.conversation)
    if asked.flags.system is not None:
        talk.system = asked.flags.system
    return replace(asked, conversation=talk)


def _beside_others(asked: Asked) -> list[str]:
    """What to say where answers of the same conversation still run in the background."""
    talk = asked.conversation
    if talk is None or all(one.conversation is not talk for one in list(_going_on)):
        return []
    return [f"Another answer of {talk.name!r} was still running, and was not sent along."]


class Asking:
    """One run of one cell.

    Args:
        asked: The question.
        key: To send it with.
        live: How it is shown.
        keep: Called with each response that is begun, which goes into the user's variables.
        goes_on: Whether the cell ends before the answer does.

    Attributes:
        goes_on: Whether the cell ends before the answer does.
        where: Where it is asked.
        conversation: The one that it goes on in, if it does.
        response: The answer; the second one where the first did not have the form that was asked for.
        error: What the cell ends with, or None.
    """

    def __init__(
        self,
        asked: Asked,
        key: Key | None,
        live: Live,
        keep: Callable[[Response], None],
        *,
        goes_on: bool = False,
    ) -> None:
        self._asked, self._key, self._live, self._keep = _kept(asked), key, live, keep
        asked = self._asked
        self.where, self.conversation = asked.where, asked.conversation
        self._number = next(_numbers)
        self.goes_on = goes_on
        self._notes = [*asked.notes, *_beside_others(asked)]
        self._run: Run | None = Run() if asked.flags.background else None
        self._code = UsersCode(waits=not goes_on)
        self._opened = asyncio.Event()
        self._finished = False
        self.error: OpenRouterError | None = None
        self.job: Job[None] | None = None
        self.response = self._begin(asked.question.model)

    def _begin(self, model: str) -> Response:
        if self._run is not None:
            response: Response = RunningResponse(model)
            response._run = self._run  # type: ignore[attr-defined]
        else:
            response = Response(model)
        talk = self._asked.conversation
        ledger.note(
            response,
            source="cell",
            cell_id=self._asked.where.cell,
            conversation=talk.name if talk is not None else "",
        )
        self._keep(response)
        return response

    def start(self) -> None:
        """Sends it, and begins to show what comes."""
        if self.goes_on:
            _going_on.add(self)
        self.job = background().submit(self._answer())
        if self._run is not None:
            self._run.job, self._run.response = self.job, self.response
        try:
            self._live.open(self.response, self.job, waits=not self.goes_on)
        except BaseException:
            self.job.cancel()
            raise
        finally:
            background().post(self._opened.set)

    def wait(self) -> None:
        """Waits for the answer, which is shown meanwhile."""
        if self.job is None:
            return
        if self._asked.schema is None:
            self._live.wait(self.job)
        else:
            self._code.serve(self.job, self._live.wait)

    def close(self) -> None:
        """Ends it, wherever it is, and leaves its saved form."""
        if self.job is not None:
            self.job.cancel()
            self.job.wait(2)
        self._finish()

    async def _answer(self) -> None:
        try:
            await answer(self._asked.question, self.response, self._key, rest=rest)
            await self._until_open()
            wrong = await self._read()
            if wrong is not None and self._may_repair(wrong):
                await self._repair(wrong)
                wrong = await self._read()
            self.error = self.response.error or wrong
        except asyncio.CancelledError:
            self._notes.append("It was stopped before its form was looked at.")
        except Exception as error:  # noqa: BLE001 - it is shown, with its place
            self.error = unexpected(error, self.response)
        finally:
            if self.goes_on:
                self._finish()

    async def _until_open(self) -> None:
        """What ends at once must not be replaced before it is shown; that takes moments, so a Stop waits, too."""
        while not self._opened.is_set():
            with suppress(asyncio.CancelledError):
                await self._opened.wait()

    # --- the form of the answer

    async def _read(self) -> AnswerFormatError | None:
        """Reads the answer in the form that was asked for; gives what is wrong with it, or None."""
        response, schema = self.response, self._asked.schema
        if response.state != "done" or (schema is None and self._asked.shown_as != "json"):
            return None
        try:
            if schema is None:
                response.parsed = response.json()
            else:
                response.parsed = await self._code.run(functools.partial(schema.parse, response.text))
        except AnswerFormatError as error:
            error.response = response
            return error
        return None

    def _may_repair(self, wrong: AnswerFormatError) -> bool:
        asked_for = self._asked.schema is not None and self.response.finish_reason != "length"
        return asked_for and wrong.retryable is not False

    async def _repair(self, wrong: AnswerFormatError) -> None:
        """Asks once more, with what was wrong; the new answer takes the place of the first."""
        schema, first, question = self._asked.schema, self.response, self._asked.question
        assert schema is not None
        assert self.job is not None
        cost = "unknown" if first.cost is None else dollars(first.cost)
        self._notes.append(
            f"Asked a second time: the first answer ({cost}) did not have the form that was asked for."
        )
        left = None if question.max_cost is None else max(0.0, question.max_cost - counted(first))
        again = replace(
            question,
            messages=[*question.messages, *schema.repair_message(wrong, first.text)],
            max_cost=left,
        )
        self.response = self._begin(question.model)
        self.response.mends = [first]
        if self._run is not None:
            self._run.response = self.response
        self._live.again(self.response, self.job)
        await answer(again, self.response, self._key, rest=rest)

    def code(self) -> str:
        """The code of a whole answer that was asked for as code, "" for none."""
        whole = self.response.state == "done" and self._asked.shown_as == "code"
        return code_of(self.response.text)[0] if whole else ""

    # --- the end

    def _finish(self) -> None:
        if self._finished:
            return  # an interrupt closes what goes on, too
        self._finished = True
        _going_on.discard(self)
        asked, response = self._asked, self.response
        if not response.settled:
            response.state = "stopped"  # it did not end in time
        notes = [note for note in self._notes if note != asked.rerun or answered(response)]
        response.notes = list(dict.fromkeys([*notes, *response.notes]))
        if asked.conversation is not None:
            self._take(asked.conversation)
        error = self.error = self.error or response.error
        if isinstance(error, NotFoundError):
            with_near(error, asked.question.model)
        if error is not None:
            short(error)
        self._live.close(response, self._forms())
        if self._run is not None:
            self._run.error = error
            self._run.end()
        if is_open(response):
            settle_later(response, lambda: self._live.update(self._forms()))

    def _take(self, talk: Conversation) -> None:
        """Takes the answer into its conversation; not where the cell was run again since, and was answered sooner."""
        where, response = self.where, self.response
        with _taking:
            newest = _newest.setdefault(talk, {})
            number, run = newest.get(where.cell_id, (-1, None))
            if where.cell_id and number > self._number and run != where.run and answered(response):
                response.notes.append(
                    f"This cell was run again and answered sooner: this answer is not in {talk.name!r}."
                )
                return
            taken = talk.take(
                self._asked.content, response, cell_id=where.cell_id, run=where.run, source=where.source
            )
            if taken:
                newest[where.cell_id] = (self._number, where.run)

    def _forms(self) -> dict[str, Any]:
        # What a cell raises stands below its output; what ends after its cell has nowhere else to be said.
        more = (
            [f"{type(self.error).__name__}: {self.error}"] if self.error is not None and self.goes_on else []
        )
        return saved_forms(self.response, shown_as=self._asked.shown_as, more=more)
