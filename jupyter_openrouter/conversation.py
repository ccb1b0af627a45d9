"""The messages so far, as they go out with the next question; takes a turn in only when something was answered."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

from . import conversation_files as files
from .chunks import Usage
from .conversation_export import markdown
from .errors import FileError, InvalidRequestError
from .files import Pathlike
from .notebook_records import asked_in, read_notebook, rebuild
from .response import Response
from .saved_form import place
from .turn import Turn, id_of

DEFAULT_NAME = "chat"
_MOST_UNSETTLED = 20
_SHOWN = 40  # turns


class Conversation:
    """What was asked and answered, in order; it may be used from several threads.

    Args:
        name: As ``--chat`` has it; "chat" where there is none.
        system: Text of the system message; "" sends none. It may be set at any time, and holds from then on.
        turns: Turns to begin with, or messages as on the wire. Turns never change, so a branch of a conversation
            is ``Conversation(name, system=c.system, turns=c.turns[:n])``, and costs next to nothing.

    Attributes:
        notes: Short sentences that a person should see: what could not be read back as it was.

    Raises:
        InvalidRequestError: this cannot be a name, or something is no message.

    >>> talk = Conversation("trip", system="Be brief.")
    >>> talk.messages()
    [{'role': 'system', 'content': 'Be brief.'}]
    """

    def __init__(self, name: str = "", *, system: str = "", turns: Iterable[Any] = ()) -> None:
        self.name = files.checked_name(name or DEFAULT_NAME)
        self.system = system
        self.notes: list[str] = []
        self._turns = [turn if isinstance(turn, Turn) else Turn.from_dict(turn) for turn in turns]
        # None: not known, so that it is told with the next answer.
        self._told_system: str | None = None if self._turns else ""
        self._unsettled: dict[str, Response] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._turns)

    def __repr__(self) -> str:
        asked = sum(turn.role == "user" for turn in self._turns)
        return f"<Conversation {self.name!r}: {asked} question{'' if asked == 1 else 's'}>"

    def __reduce__(self) -> Any:
        return (type(self).from_dict, (self.to_dict(),))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        turns = self.turns
        left_out = max(0, len(turns) - _SHOWN)
        shown_turns = markdown(self.name, self.system, turns[left_out:])
        more = f"*{left_out} earlier turns are not shown here.*\n\n" if left_out else ""
        return {"text/markdown": more + shown_turns, "text/plain": repr(self)}

    # --- what it holds

    @property
    def turns(self) -> list[Turn]:
        """The turns, oldest first; a list of its own."""
        with self._lock:
            self._settle()
            return list(self._turns)

    @property
    def usage(self) -> Usage:
        """Tokens and cost of the answers in it; a figure that is unknown of one is unknown in the sum.

        Answers that were replaced or undone were paid for as well; they are in the ledger, and not here.
        """
        nothing = Usage(0, 0, 0, 0, 0, 0.0)
        return reduce(lambda a, b: a + b, (t.usage for t in self.turns if t.role == "assistant"), nothing)

    @property
    def cost(self) -> float | None:
        """US dollars, or None when that of an answer is unknown."""
        return self.usage.cost

    @property
    def tokens(self) -> int | None:
        """Tokens in and out, or None when those of an answer are unknown."""
        usage = self.usage
        both = (usage.prompt_tokens, usage.completion_tokens)
        return usage.total_tokens if None in both else sum(n for n in both if n is not None)

    @property
    def last_model(self) -> str:
        """The slug of the model that answered last; "" before the first answer."""
        return next((turn.model for turn in reversed(self._turns) if turn.role == "assistant"), "")

    def messages(self, upto_cell: str | None = None, *, run: int | None = None) -> list[dict[str, Any]]:
        """The messages on the wire that go before the next question, the system message first, if there is one.

        Args:
            upto_cell: The cell that asks. When it asked last, and is run again, its own turns are left out, for
                its new answer will replace them.
            run: The number of its execution: turns of this very one stay.
        """
        with self._lock:
            turns = self._turns[: self._replaced_from(upto_cell or "", run)]
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, *(turn.message() for turn in turns)]

    def rerun_note(self, cell_id: str, *, run: int | None = None) -> str:
        """One sentence on what an answer in this cell will do to its earlier ones; "" when there are none."""
        with self._lock:
            start = self._replaced_from(cell_id, run)
            earlier = any(turn.cell_id == cell_id != "" and _other_run(turn, run) for turn in self._turns)
            if start < len(self._turns):
                return f"This cell was run before: its answer replaces the last turn of {self.name!r}."
        if earlier:
            return (
                f"This cell was run before, and later turns of {self.name!r} stand on its answer: "
                "the new one goes to the end."
            )
        return ""

    def _replaced_from(self, cell_id: str, run: int | None) -> int:
        start = len(self._turns)
        while cell_id and start and self._turns[start - 1].cell_id == cell_id:
            if not _other_run(self._turns[start - 1], run):
                break
            start -= 1
        return start

    # --- what changes it

    def take(
        self,
        question: Any,
        response: Response,
        *,
        cell_id: str = "",
        run: int | None = None,
        source: str = "",
    ) -> bool:
        """Takes a question and its answer in; gives False, and changes nothing, when nothing was answered.

        A stopped answer is taken in with what there is of it; one that was cut or has failed, only with a text.
        The same cell run again replaces its own turns where they are the last ones. Where later turns stand on
        them, the new one goes to the end, and nothing is lost; ``rerun_note`` says which it will be.

        To be called before the answer is shown for the last time: it also tells the response where it stands
        (``Response.conversation``), so that the notebook's own record can give the conversation back.

        Args:
            question: The content of the user's message, as it was sent.
            response: The settled answer.
            cell_id: The notebook cell that asked.
            run: The number of the cell's execution: a cell that asks several times in one run replaces nothing
                of that run.
            source: The whole cell as it stands in the notebook. The record holds the question only where it is
                not what stands below a line with ``%%openrouter`` there.
        """
        if not answered(response):
            return False
        with self._lock:
            self._drop_from(self._replaced_from(cell_id, run))
            ident = id_of(response, f"{self.name} {len(self._turns)}")
            asked = Turn("user", question, cell_id=cell_id, id=f"q-{ident}", run=run)
            answer = Turn.of_answer(response, cell_id=cell_id, id=ident, run=run)
            self._place(asked, answer, response, asked_in(source)[1])
        return True

    def take_continued(self, response: Response) -> bool:
        """Puts an answer that was continued in the place of the last one; False when there is none to replace."""
        with self._lock:
            if len(self._turns) < 2 or self._turns[-1].role != "assistant" or not answered(response):
                return False
            asked, before = self._turns[-2:]
            if asked.role != "user":
                return False
            answer = Turn.of_answer(response, cell_id=before.cell_id, id=before.id, run=before.run)
            self._drop_from(len(self._turns) - 2)
            self._place(asked, answer, response, None)
        return True

    def _place(self, asked: Turn, answer: Turn, response: Response, body: str | None) -> None:
        after = next((turn.id for turn in reversed(self._turns) if turn.role == "assistant"), "")
        number = 1 + sum(turn.role == "user" for turn in self._turns)
        system = None if self._told_system == self.system else self.system
        response.conversation = place(
            self.name, number, answer.id, asked.content, after=after, body=body, system=system
        )
        self._told_system = self.system
        self._turns += (asked, answer)
        if response.usage is None and len(self._unsettled) < _MOST_UNSETTLED:
            self._unsettled[answer.id] = response

    def _settle(self) -> None:
        """Takes in what became known of an answer after it was taken in: the cost of a stopped one."""
        for ident in [ident for ident, response in self._unsettled.items() if response.usage is not None]:
            record = self._unsettled.pop(ident).to_dict()
            for index, turn in enumerate(self._turns):
                if turn.id == ident:
                    self._turns[index] = replace(turn, response_record=record)

    def _drop_from(self, start: int) -> list[Turn]:
        dropped = self._turns[start:]
        del self._turns[start:]
        for turn in dropped:
            self._unsettled.pop(turn.id, None)
        if dropped:
            self._told_system = None  # it may have been told with one of these
        return dropped

    def undo(self) -> list[Turn]:
        """Drops the last question with its answer, and gives what was dropped, which may be nothing."""
        with self._lock:
            self._settle()
            start = len(self._turns)
            while start and self._turns[start - 1].role != "user":
                start -= 1
            return self._drop_from(max(0, start - 1))

    def clear(self) -> None:
        """Drops all turns; the name and the system message stay."""
        with self._lock:
            self._drop_from(0)

    # --- files

    @property
    def _parts(self) -> files.Parts:
        return files.Parts(self.name, self.system, self.turns)

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON: each turn as it was sent, and the provenance of each answer."""
        return files.to_json(self._parts)

    @classmethod
    def from_dict(cls, value: Any) -> Conversation:
        """The conversation out of ``to_dict``.

        Raises:
            FileError: this is none; the message says what is wrong with it.
        """
        name, system, turns = files.from_json(value)
        return cls(name, system=system, turns=turns)

    def save(self, path: Pathlike) -> Path:
        """Writes all of it, images included, into a JSON file, whole or not at all, and gives its path.

        Raises:
            FileError: it cannot be written, or another thing than a conversation stands there.
        """
        return files.save(self._parts, path)

    @classmethod
    def load(cls, path: Pathlike) -> Conversation:
        """Reads what ``save`` wrote.

        Raises:
            FileError: there is no such file, or it holds no conversation.
        """
        name, system, turns = files.load(path)
        return cls(name, system=system, turns=turns)

    @classmethod
    def from_notebook(cls, path: Pathlike, name: str = "") -> Conversation:
        """Reads a conversation out of a saved notebook's own records; no kernel is needed.

        It is as it was after its newest answer. ``notes`` says what the notebook does not hold as it was.

        Args:
            path: The notebook's file.
            name: May be left out where it holds one conversation only.

        Raises:
            FileError: it cannot be read, is no notebook, or holds no such conversation.
        """
        found = rebuild(read_notebook(path), name)
        try:
            conversation = cls(found.name, system=found.system, turns=found.turns)
        except InvalidRequestError as error:
            raise FileError(f"{path}: {error.message}") from None
        conversation.notes = found.notes
        return conversation

    def export(self, path: Pathlike, *, overwrite: bool = False) -> Path:
        """Writes it as a notebook (``.ipynb``) that asks the same, or to be read (``.md``); gives the path.

        In a notebook, images, files and sounds of more than 16,000 characters are left out; ``save`` keeps them.

        Raises:
            FileError: the name ends otherwise, the file is there already, or cannot be written.
        """
        return files.export(self._parts, path, overwrite=overwrite)


def _other_run(turn: Turn, run: int | None) -> bool:
    return run is None or turn.run != run


def answered(response: Response) -> bool:
    """Whether there is something of an answer that a conversation can go on from."""
    if response.state in ("done", "stopped"):
        return response.begun
    return response.settled and bool((response.text or response.refusal).strip())
