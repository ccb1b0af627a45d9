"""Reads the answers that a saved notebook holds, without a kernel and with every doubt about the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from . import saved_form, tolerant
from .errors import FileError
from .files import Pathlike, read_json
from .response import Response
from .turn import Turn, is_content, new_id, text_id

_MAGIC = "%%openrouter"
_UNKNOWN_QUESTION = "[This question is not in the notebook.]"


@dataclass(frozen=True)
class SavedAnswer:
    """One answer in a notebook.

    Attributes:
        cell: The place of its cell in the notebook, from 1.
        cell_id: The cell's own id; "" in notebooks before format 4.5.
        line: What stands behind ``%%openrouter``: the flags.
        body: What stands below it, as the magic got it; in a chat's transcript the question; None where the cell is
            another one.
        record: The provenance, as ``Response.to_dict`` gave it.
        text: What the model wrote; see ``exact``.
        exact: Whether the text is known to be what it wrote, character for character.
        parsed_files: The documents that were parsed for it, where it stands in a conversation.
        conversation: Where it stands in a conversation; empty when it stands in none.
        repeated: Whether the same answer stands in the notebook another time, and is counted there.
    """

    cell: int
    cell_id: str
    line: str
    body: str | None
    record: Mapping[str, Any] = field(hash=False, repr=False)
    text: str = field(repr=False)
    exact: bool = True
    parsed_files: Sequence[Mapping[str, Any]] = field(default=(), hash=False, repr=False)
    conversation: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)
    repeated: bool = False

    @property
    def response(self) -> Response:
        """The answer as a response again."""
        response = Response.from_dict(self.record, text=self.text)
        response.annotations += map(dict, self.parsed_files)
        response.conversation = dict(self.conversation) or None
        return response

    @property
    def name(self) -> str:
        """The name of the conversation that it stands in; "" for none."""
        return tolerant.text(self.conversation.get("name")) or ""

    @property
    def sent_at(self) -> float:
        """Unix time at which it was asked, in seconds; 0 where it is not known."""
        return tolerant.number(tolerant.mapping(self.record.get("timing")).get("sent_at"), 0) or 0.0


class Rebuilt(NamedTuple):
    """A conversation out of a notebook: its name, its system message, its turns, and what is not as it was."""

    name: str
    system: str
    turns: list[Turn]
    notes: list[str]


def read_notebook(path: Pathlike) -> list[SavedAnswer]:
    """All answers in a notebook file, in the order of its cells.

    Raises:
        FileError: it cannot be read, or is no notebook.
    """
    document = read_json(path, what="notebook")
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        raise FileError(f"{path} is no notebook: it has no list of cells.", remedy="Give an .ipynb file.")
    return answers_in(document)


def answers_in(document: Mapping[str, Any]) -> list[SavedAnswer]:
    """All answers in a notebook's JSON, in the order of its cells; never raises.

    An answer that stands in it several times (a copied cell, a variable that was shown again) is marked as
    ``repeated``, but for once: where its own ``%%openrouter`` is, if that is there.
    """
    found: list[SavedAnswer] = []
    for number, cell in enumerate(tolerant.items(document.get("cells")), 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        asked: tuple[str, str | None] | None = None
        for output in tolerant.items(cell.get("outputs")):
            forms = tolerant.mapping(output.get("data")) if isinstance(output, dict) else {}
            if not isinstance(forms.get(saved_form.MIME), dict):
                continue
            if asked is None:
                asked = asked_in(saved_form.joined(cell.get("source")))
            for saved, question in saved_form.read_all(forms):
                line, body = asked if question is None else ("", question)
                found.append(
                    SavedAnswer(
                        number,
                        text_id(cell.get("id")),
                        line,
                        body,
                        saved.record,
                        saved.text,
                        saved.exact,
                        saved.parsed_files,
                        saved.conversation,
                    )
                )
    own: dict[str, int] = {}
    for place, answer in enumerate(found):
        name = _identity(answer)
        if name not in own or (found[own[name]].body is None and answer.body is not None):
            own[name] = place
    kept = set(own.values())
    return [
        answer if place in kept else SavedAnswer(**{**vars(answer), "repeated": True})
        for place, answer in enumerate(found)
    ]


def asked_in(source: str) -> tuple[str, str | None]:
    r"""The line and the body that ``%%openrouter`` gets of a cell; the body is None where the cell is another one.

    It may stand below other magics for a whole cell, such as ``%%time``.

    >>> asked_in("%%time\n%%openrouter -m a/model\nhello")
    ('-m a/model', 'hello')
    """
    rest = source.lstrip("\n\r\t ")
    while rest.startswith("%%"):
        line, _, rest = rest.partition("\n")
        name, _, flags = line.strip().replace("\t", " ").partition(" ")
        if name == _MAGIC:
            if rest and not rest.endswith("\n"):
                rest += "\n"  # as IPython does
            return flags.strip(), rest.removesuffix("\n")
    return "", None


def _identity(answer: SavedAnswer) -> str:
    ident = tolerant.text(answer.record.get("generation_id"))
    if ident:
        # A continued answer has two ids in turn, and the same one may come again from a cache.
        return json.dumps([ident, answer.sent_at, len(answer.text)])
    return json.dumps(answer.record, sort_keys=True) + answer.text


def names_in(answers: Iterable[SavedAnswer]) -> list[str]:
    """The names of the conversations, each once, in the order of their first answers."""
    return list(dict.fromkeys(answer.name for answer in answers if answer.name))


def rebuild(answers: Sequence[SavedAnswer], name: str = "") -> Rebuilt:
    """The conversation of that name as it was after its newest answer.

    Each answer names the one that it followed. So the order of the cells does not matter, and what was replaced,
    undone or forgotten stays out, although its output may still stand in the notebook.

    Args:
        answers: As ``read_notebook`` gives them.
        name: May be left out where there is one conversation only.

    Raises:
        FileError: there is no such conversation, or there are several and no name was given.
    """
    names = names_in(answers)
    if name not in names and (name or len(names) != 1):
        raise FileError(
            f"The notebook holds no conversation {name!r}."
            if name
            else f"The notebook holds {len(names) or 'no'} conversations.",
            remedy=f"It holds: {', '.join(map(repr, names))}."
            if names
            else "Its cells were run without --chat.",
        )
    name = name or names[0]
    notes: list[str] = []
    system, turns = "", []
    for answer in reversed(_path([one for one in answers if one.name == name and not one.repeated], notes)):
        told = answer.conversation
        if isinstance(told.get("system"), str):
            system = told["system"]
        ident = text_id(told.get("id")) or new_id()
        turns.append(Turn("user", _question(answer, notes), cell_id=answer.cell_id, id=f"q-{ident}"[:64]))
        record = answer.record
        turns.append(Turn.of_answer(answer.response, record=record, cell_id=answer.cell_id, id=ident))
        if not answer.exact:
            notes.append(f"The answer in cell {answer.cell} is not whole in the notebook.")
    return Rebuilt(name, system, turns, notes)


def _path(answers: list[SavedAnswer], notes: list[str]) -> list[SavedAnswer]:
    """From the newest answer back to the first one, each time to the one that it followed."""
    ranked = sorted(answers, key=lambda answer: (answer.sent_at, answer.cell))
    ranks: dict[str, int] = {}
    for rank, answer in enumerate(ranked):
        ident = text_id(answer.conversation.get("id"))
        # The same turn again: with its continuation, which is longer, or came to nothing more.
        if ident and (ident not in ranks or len(ranked[ranks[ident]].text) <= len(answer.text)):
            ranks[ident] = rank
    if not ranked:
        return []
    rank = ranks.get(text_id(ranked[-1].conversation.get("id")), len(ranked) - 1)
    path: list[SavedAnswer] = []
    seen: set[int] = set()
    lowest = len(ranked)
    while rank not in seen:
        seen.add(rank)
        path.append(answer := ranked[rank])
        after = answer.conversation.get("after")
        if after == "":
            break
        if (following := ranks.get(text_id(after), rank)) not in seen:
            rank = following
            continue
        number = tolerant.count(answer.conversation.get("turn")) or 1
        notes.append(f"The turn before that of cell {answer.cell} is not in the notebook.")
        lowest = min(lowest, rank)
        while lowest > 0:
            lowest -= 1
            if lowest not in seen and (tolerant.count(ranked[lowest].conversation.get("turn")) or 1) < number:
                rank = lowest
                break
    return path


def _question(answer: SavedAnswer, notes: list[str]) -> Any:
    saved, named = answer.conversation.get("question"), answer.conversation.get("question_hash")
    if is_content(saved) and saved:
        if named != saved_form.content_hash(saved):
            notes.append(
                f"The question of cell {answer.cell} had images or files that are not in the notebook."
            )
        return saved
    if answer.body is None:
        notes.append(f"The question of the answer in cell {answer.cell} is not in the notebook.")
        return _UNKNOWN_QUESTION
    if named != saved_form.content_hash(answer.body):
        notes.append(
            f"Cell {answer.cell} was changed after its answer; its question is the one that stands there."
        )
    return answer.body
