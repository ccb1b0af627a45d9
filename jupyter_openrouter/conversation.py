"""The messages so far, as they go out with the next question; takes a turn in only when something was answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from . import conversation_files as files
from .chunks import Usage
from .conversation_export import markdown
from .conversation_turns import Other, Turns
from .errors import FileError, InvalidRequestError
from .files import Pathlike
from .notebook_records import asked_in, read_notebook, rebuild
from .response import Response
from .turn import Turn, id_of, new_id

DEFAULT_NAME = "chat"
_SHOWN = 40  # turns


class Conversation:
    """What was asked and answered, in order; it may be used from several threads.

    Args:
        name: As ``--chat`` has it; "chat" where there is none.
        system: Text of the system message; "" sends none. It may be set at any time, and holds from then on.
        turns: Turns to begin with, or messages as on the wire. Turns never change, so a branch of a conversation
            is ``Conversation(name, system=c.system, turns=c.turns[:n])``, and costs next to nothing.
        others: Turns of other branches, as a file of it has them.

    Attributes:
        notes: Short sentences that a person should see: what could not be read back as it was.

    Raises:
        InvalidRequestError: this cannot be a name, or something is no message.

    >>> talk = Conversation("trip", system="Be brief.")
    >>> talk.messages()
    [{'role': 'system', 'content': 'Be brief.'}]
    """

    def __init__(
        self,
        name: str = "",
        *,
        system: str = "",
        turns: Iterable[Any] = (),
        others: Iterable[Other] = (),
    ) -> None:
        self.name = files.checked_name(name or DEFAULT_NAME)
        self._system = system
        self.notes: list[str] = []
        given = [turn if isinstance(turn, Turn) else Turn.from_dict(turn) for turn in turns]
        self._turns = Turns(given, others)

    def __len__(self) -> int:
        return len(self._turns)

    def __repr__(self) -> str:
        asked = sum(turn.role == "user" for turn in self.turns)
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
        return self._turns.shown

    @property
    def all_turns(self) -> list[Turn]:
        """The turns of all branches, in the order in which they came."""
        return self._turns.all

    def with_branches(self) -> list[tuple[Turn, list[str]]]:
        """The turns that are shown, each with the ids of all that may stand in its place, oldest first."""
        return self._turns.with_branches()

    def turn(self, ident: str) -> Turn | None:
        """The turn of this id, on whatever branch."""
        return self._turns.find(ident)

    def way_to(self, ident: str) -> list[Turn]:
        """The turns from the first to this one, on whatever branch; none where there is no such turn."""
        return self._turns.way_to(ident)

    def before(self, ident: str) -> str:
        """The id of the turn before this one; "" for the first."""
        return self._turns.before(ident)

    @property
    def system(self) -> str:
        """Text of the system message; "" sends none. It may be set at any time."""
        return self._system

    @system.setter
    def system(self, text: str) -> None:
        changed, self._system = text != self._system, text
        if changed:
            self._turns.tell()

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Calls ``tell`` after each change, on the thread that made it; gives the function that ends this.

        >>> talk, seen = Conversation(), []
        >>> end = talk.watch(lambda: seen.append(talk.system))
        >>> talk.system = "Be brief."
        >>> end()
        >>> seen
        ['Be brief.']
        """
        return self._turns.watch(tell)

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
        return next((turn.model for turn in reversed(self.turns) if turn.role == "assistant"), "")

    def messages(
        self, upto_cell: str | None = None, *, run: int | None = None, upto: str | None = None
    ) -> list[dict[str, Any]]:
        """The messages on the wire that go before the next question, the system message first, if there is one.

        Args:
            upto_cell: The cell that asks. When it asked last, and is run again, its own turns are left out, for
                its new answer will replace them.
            run: The number of its execution: turns of this very one stay.
            upto: The id of the last turn to send, on whatever branch, "" for none; None for the one shown last.
        """
        if upto is not None:
            turns = self._turns.way_to(upto)
        else:
            with self._turns.lock:
                turns = self.turns
                turns = turns[: _replaced_from(turns, upto_cell or "", run)]
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, *(turn.message() for turn in turns)]

    def rerun_note(self, cell_id: str, *, run: int | None = None) -> str:
        """One sentence on what an answer in this cell will do to its earlier ones; "" when there are none."""
        turns = self.turns
        earlier = any(turn.cell_id == cell_id != "" and _other_run(turn, run) for turn in turns)
        if _replaced_from(turns, cell_id, run) < len(turns):
            return f"This cell was run before: its answer replaces the last turn of {self.name!r}."
        if earlier:
            return (
                f"This cell was run before, and later turns of {self.name!r} stand on its answer: "
                "the new one goes to the end."
            )
        return ""

    # --- what changes it

    def take(
        self,
        question: Any,
        response: Response,
        *,
        cell_id: str = "",
        run: int | None = None,
        source: str = "",
        after: str | None = None,
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
            after: The id of the turn that the question follows, "" for none; where others follow it already, this is a
                new branch, which is shown from now on. None is the turn shown last.
            source: The whole cell as it stands in the notebook. The record holds the question only where it is
                not what stands below a line with ``%%openrouter`` there.
        """
        if not answered(response):
            return False
        with self._turns.changing():
            turns = self._turns.shown
            if after is None:
                self._turns.drop_from(_replaced_from(turns, cell_id, run))
            ident = self._id_of(response)
            asked = Turn("user", question, cell_id=cell_id, id=f"q-{ident}", run=run)
            answer = Turn.of_answer(response, cell_id=cell_id, id=ident, run=run)
            self._take(asked, answer, response, after=after, body=asked_in(source)[1])
        return True

    def _id_of(self, response: Response) -> str:
        ident = id_of(response, f"{self.name} {len(self._turns.all)}")
        return new_id() if self._turns.find(ident) is not None else ident

    def _take(self, asked: Turn, answer: Turn, response: Response, **more: Any) -> None:
        self._turns.take(asked, answer, response, name=self.name, system=self.system, **more)

    def take_another(self, question: str, response: Response) -> bool:
        """Takes in another answer to an earlier question, on a branch of its own that is shown from now on.

        Args:
            question: The id of the question's turn.
            response: The settled answer.

        Returns:
            False, with nothing changed, when nothing was answered or there is no such question.
        """
        with self._turns.changing():
            asked = self._turns.find(question)
            if asked is None or asked.role == "assistant" or not answered(response):
                return False
            answer = Turn.of_answer(response, cell_id=asked.cell_id, id=self._id_of(response))
            self._take(asked, answer, response)
        return True

    def take_continued(self, response: Response, *, turn: str = "") -> bool:
        """Puts an answer that was continued in the place of the one that it goes on from.

        Args:
            response: The whole one.
            turn: The id of that one's turn; "" for the last answer.

        Returns:
            False, with nothing changed, when there is no such answer, or nothing was answered.
        """
        with self._turns.changing():
            last = self._turns.shown[-1:]
            before = self._turns.find(turn) if turn else last[0] if last else None
            asked = self._turns.find(self._turns.before(before.id)) if before is not None else None
            if before is None or asked is None or before.role != "assistant" or asked.role != "user":
                return False
            if not answered(response):
                return False
            answer = Turn.of_answer(response, cell_id=before.cell_id, id=before.id, run=before.run)
            self._take(asked, answer, response)
        return True

    def undo(self) -> list[Turn]:
        """Drops the last question with its answer, and gives what was dropped, which may be nothing."""
        with self._turns.changing():
            turns = self._turns.shown
            start = len(turns)
            while start and turns[start - 1].role != "user":
                start -= 1
            dropped = turns[max(0, start - 1) :]
            if dropped:
                self._turns.take_out(dropped[0].id)
        return dropped

    def delete(self, turn: str) -> list[Turn]:
        """Drops a question with all answers to it, by the id of any of them; what follows stays. Gives what was shown
        of it, nothing where there is no such turn."""
        with self._turns.changing():
            return self._turns.take_out(turn)

    def show(self, turn: str) -> bool:
        """Shows the branch of this turn; False where there is no such turn."""
        with self._turns.changing():
            return self._turns.show(turn)

    def branches(self, turn: str) -> list[str]:
        """The ids of all turns that may stand in the place of this one, oldest first; none where there is no such."""
        return self._turns.beside(turn)

    def assign(self, turns: Iterable[Turn]) -> None:
        """These are its turns from now on; other branches are dropped."""
        with self._turns.changing():
            self._turns.assign(turns)

    def clear(self) -> None:
        """Drops all turns; the name and the system message stay."""
        self.assign(())

    # --- files

    @property
    def _parts(self) -> files.Parts:
        with self._turns.lock:
            return files.Parts(self.name, self.system, self.turns, self._turns.others())

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON: each turn as it was sent, and the provenance of each answer."""
        return files.to_json(self._parts)

    @classmethod
    def from_dict(cls, value: Any) -> Conversation:
        """The conversation out of ``to_dict``.

        Raises:
            FileError: this is none; the message says what is wrong with it.
        """
        name, system, turns, others = files.from_json(value)
        return cls(name, system=system, turns=turns, others=others)

    def save(self, path: Pathlike, *, more: Mapping[str, Any] | None = None) -> Path:
        """Writes all of it, images included, into a JSON file, whole or not at all, and gives its path.

        Raises:
            FileError: it cannot be written, or another thing than a conversation stands there.
        """
        return files.save(self._parts, path, more=more)

    @classmethod
    def load(cls, path: Pathlike) -> Conversation:
        """Reads what ``save`` wrote.

        Raises:
            FileError: there is no such file, or it holds no conversation.
        """
        name, system, turns, others = files.load(path)
        return cls(name, system=system, turns=turns, others=others)

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


def _replaced_from(turns: Sequence[Turn], cell_id: str, run: int | None) -> int:
    """The index from which on the shown turns are those of this cell, asked in another run of it."""
    start = len(turns)
    while cell_id and start and turns[start - 1].cell_id == cell_id and _other_run(turns[start - 1], run):
        start -= 1
    return start


def _other_run(turn: Turn, run: int | None) -> bool:
    return run is None or turn.run != run


def answered(response: Response) -> bool:
    """Whether there is something of an answer that a conversation can go on from."""
    if response.state in ("done", "stopped"):
        return response.begun
    return response.settled and bool((response.text or response.refusal).strip())
