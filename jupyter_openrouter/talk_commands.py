"""The commands that list, show, change, keep and bring back conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .command_list import usage_error
from .conversation import Conversation
from .conversations import Conversations, conversations
from .errors import InvalidRequestError
from .notices import Said
from .plain_text import plain


class Shown:
    """A conversation to be read: as Markdown in a notebook, as text in a terminal.

    Attributes:
        conversation: The conversation itself.
    """

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation

    def __repr__(self) -> str:
        lines = [repr(self.conversation)]
        for turn in self.conversation.turns:
            lines.append(f"{turn.role}: {plain(turn.text)}")
        return "\n\n".join(lines)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {**self.conversation._repr_mimebundle_(), "text/plain": repr(self)}


def chats(words: Sequence[str], *, talks: Conversations = conversations) -> Any:
    """All conversations as a table."""
    if words:
        raise usage_error("chats", "it takes no more words")
    return talks.listing() if len(talks) else Said("No conversation has begun: %%openrouter --chat NAME.")


def show(words: Sequence[str], *, talks: Conversations = conversations) -> Shown:
    """One conversation."""
    return Shown(talks[_one("show", words)])


def forget(words: Sequence[str], *, talks: Conversations = conversations) -> Said:
    """Drops one."""
    if len(words) != 1:
        raise usage_error("forget", "it takes one name")
    gone = talks.forget(words[0])
    return Said(f"Forgotten: {gone.name!r}, {_turns(gone)}. What it cost stays in %openrouter cost.")


def undo(words: Sequence[str], *, talks: Conversations = conversations) -> Said:
    """Drops the last question with its answer."""
    talk = talks[_one("undo", words)]
    if not talk.undo():
        return Said(f"There is nothing to undo in {talk.name!r}.")
    return Said(f"The last turn of {talk.name!r} is dropped; {_turns(talk)} left.")


def save(words: Sequence[str], *, talks: Conversations = conversations) -> Said:
    """Writes one as JSON."""
    name, file = _two("save", words)
    return Said(f"Saved: {talks[name].save(Path(file).expanduser())}")


def load(words: Sequence[str], *, talks: Conversations = conversations) -> Said:
    """Reads one back, from its file or out of a notebook, and never in the place of another."""
    if not 1 <= len(words) <= 2:
        raise usage_error("load", "it takes a file, and a name if it should have another one")
    path, name = Path(words[0]).expanduser(), words[1] if len(words) == 2 else ""
    if path.suffix.lower() == ".ipynb":
        talk = Conversation.from_notebook(path, name)
    else:
        talk = Conversation.load(path)
        if name:
            talk = Conversation(name, system=talk.system, turns=talk.turns)
    if talk.name in talks and len(talks[talk.name]):
        other = "" if path.suffix.lower() == ".ipynb" else f"Give it another name (load {words[0]} NAME), or "
        raise InvalidRequestError(
            f"There is a conversation {talk.name!r} already, with {_turns(talks[talk.name])}.",
            remedy=f"{other or 'First '}forget that one: %openrouter forget {talk.name}.",
        )
    talks.put(talk)
    return Said(" ".join([f"Loaded: {talk.name!r}, {_turns(talk)}.", *talk.notes]))


def export(words: Sequence[str], *, talks: Conversations = conversations) -> Said:
    """Writes one as a notebook or as Markdown; a file that is there stays, but with ``--overwrite``."""
    rest = [word for word in words if word != "--overwrite"]
    name, file = _two("export", rest)
    written = talks[name].export(Path(file).expanduser(), overwrite=len(rest) < len(words))
    return Said(f"Written: {written}")


def _one(command: str, words: Sequence[str]) -> str:
    if len(words) > 1:
        raise usage_error(command, "it takes one name")
    return words[0] if words else ""


def _two(command: str, words: Sequence[str]) -> tuple[str, str]:
    if len(words) != 2:
        raise usage_error(command, "it takes a name and a file")
    return words[0], words[1]


def _turns(talk: Conversation) -> str:
    count = sum(turn.role == "user" for turn in talk.turns)
    return f"{count} turn{'' if count == 1 else 's'}"


TALK_COMMANDS: dict[str, Callable[[Sequence[str]], Any]] = {
    "chats": chats,
    "show": show,
    "forget": forget,
    "undo": undo,
    "save": save,
    "load": load,
    "export": export,
}
