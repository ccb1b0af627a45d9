"""Where the conversation of a chat comes from, and how a chat is written to a file and read out of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import tolerant
from .chat_params import of_request
from .conversation import Conversation
from .conversations import conversations
from .errors import FileError, InvalidRequestError
from .files import Pathlike, read_json
from .keys import refuse_keys_in


class Kept(NamedTuple):
    """A chat out of a file: its conversation, and the model and the settings that it had, as far as they are told."""

    conversation: Conversation
    model: str
    params: dict[str, Any]


def save(conversation: Conversation, path: Pathlike, *, model: str, params: Mapping[str, Any]) -> Path:
    """Writes all of it into a JSON file, which is that of the conversation, and gives its path.

    Raises:
        FileError: it cannot be written, or another thing than a conversation stands there.
    """
    return conversation.save(path, more={"chat": {"model": model, "params": dict(params)}})


def load(path: Pathlike, name: str = "") -> Kept:
    """Reads what ``save`` wrote, or the transcript in a saved notebook.

    Args:
        path: A JSON file, or one whose name ends in ``.ipynb``.
        name: Of the conversation, where a notebook holds several.

    Raises:
        FileError: there is no such file, or it holds no conversation.
    """
    if Path(path).suffix.lower() == ".ipynb":
        return Kept(found := Conversation.from_notebook(path, name), _model_of(found), {})
    conversation = Conversation.load(path)
    told = tolerant.mapping(tolerant.mapping(read_json(path, what="conversation")).get("chat"))
    params = tolerant.mapping(told.get("params"))
    try:
        of_request(params)
    except InvalidRequestError as error:
        raise FileError(f"{path}: its settings cannot be used: {error.message}", remedy="") from None
    return Kept(conversation, tolerant.text(told.get("model")) or _model_of(conversation), params)


def _model_of(conversation: Conversation) -> str:
    """The model that was asked last; "" where none was."""
    records = (turn.response_record for turn in reversed(conversation.turns))
    asked = (tolerant.text((record or {}).get("requested_model")) for record in records)
    return next((slug for slug in asked if slug), conversation.last_model)


def conversation_for(
    given: Conversation | str | None, name: str, system: str, messages: Sequence[Any]
) -> Conversation:
    """The conversation of a new chat: one of its own, or one that others know.

    Raises:
        InvalidRequestError: it is none, or has turns or a name already where others are given.
    """
    own = Conversation(name) if given is None else given
    talk = conversations.get(own) if isinstance(own, str) else own
    if not isinstance(talk, Conversation):
        raise InvalidRequestError(
            f"A {type(talk).__name__} is no conversation.", remedy="Give a Conversation, or the name of one."
        )
    if given is not None and name and name != talk.name:
        raise InvalidRequestError("The conversation has a name already.", remedy="Leave out one of both.")
    if messages and len(talk):
        raise InvalidRequestError("The conversation has turns already.", remedy="Leave messages out.")
    refuse_keys_in(system)
    if system:
        talk.system = system
    return talk
