"""One message of a conversation: who says it, what it says, in which cell, and the record of the answer it is."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from . import tolerant
from .chunks import Usage
from .errors import InvalidRequestError
from .kinds import shown
from .money import is_play_money
from .request import ROLES
from .response import Response

MARKS = {
    "stopped": "[The user stopped this answer here.]",
    "cut": "[This answer broke off here.]",
    "failed": "[This answer broke off here.]",
}
"""What a model is told at the end of an answer of its own that is not whole."""
_NO_TEXT = "[An answer without text.]"
_LONGEST_ID = 64
_OWN = ("role", "content", "id", "cell_id", "fields", "record")


def new_id() -> str:
    """A name for a turn that no other has."""
    return secrets.token_hex(6)


def id_of(response: Response, place: str) -> str:
    """A name for the turn of an answer; of one that is recorded or replayed it is always the same.

    Args:
        place: Where it stands: no other answer stands there.
    """
    if not (response.recorded or response.replayed):
        return new_id()
    told = f"{place} {response.request_hash} {response.sent_at} {response.generation_id or response.id}"
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:12]


@dataclass(frozen=True)
class Turn:
    """One message. It never changes, so that several conversations can share it.

    Args:
        role: One of ``request.ROLES``; mostly "user" or "assistant".
        content: A text, or a list of parts as ``parts`` makes them.
        cell_id: The notebook cell that it was asked in; "" where there is none.
        response_record: Of an answer: its provenance, as ``Response.to_dict`` gives it.
        fields: What else the message has on the wire, unchanged: tool calls, reasoning details, a name.
        id: Names the turn; new if not given.
        run: The number of the cell's execution; None where it is not known. It is not saved.

    Raises:
        InvalidRequestError: it has no known role, or its content is neither a text nor a list of parts.

    >>> Turn("user", "hello").message()
    {'role': 'user', 'content': 'hello'}
    """

    role: str
    content: Any
    _: KW_ONLY
    cell_id: str = ""
    response_record: Mapping[str, Any] | None = field(default=None, hash=False, repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)
    id: str = field(default_factory=new_id)
    run: int | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise InvalidRequestError(
                f"{shown(self.role)} is no role of a message.", remedy=f"The roles are {', '.join(ROLES)}."
            )
        if not is_content(self.content):
            raise InvalidRequestError(
                f"{shown(self.content)} is no content of a message.",
                remedy="It is a text, or a list of parts.",
            )

    @classmethod
    def of_answer(
        cls,
        response: Response,
        *,
        record: Mapping[str, Any] | None = None,
        cell_id: str = "",
        run: int | None = None,
        id: str = "",
    ) -> Turn:
        """The turn that a settled response is; ``record`` is its saved one, where it was read from a file."""
        fields = response.message()
        del fields["role"], fields["content"]
        return cls(
            "assistant",
            response.text or response.refusal,
            cell_id=cell_id,
            response_record=response.to_dict() if record is None else record,
            fields=fields,
            id=id or new_id(),
            run=run,
        )

    @property
    def state(self) -> str:
        """As ``Response.state``; "done" for what is no answer of the service."""
        return tolerant.text((self.response_record or {}).get("state")) or "done"

    @property
    def model(self) -> str:
        """The slug of the model that answered; "" where it is not known."""
        record = self.response_record or {}
        return tolerant.text(record.get("model")) or tolerant.text(record.get("requested_model")) or ""

    @property
    def usage(self) -> Usage:
        """Tokens and cost as the service reported them; None in it what is not known.

        The cost of a demo model is 0, whatever it reported.
        """
        record = self.response_record or {}
        told = dict(tolerant.mapping(record.get("usage")))
        if is_play_money(tolerant.text(record.get("requested_model")) or ""):
            told["cost"] = 0.0
        return Usage.read(told)

    @property
    def text(self) -> str:
        """All text of the content; of other parts their kind in brackets."""
        if isinstance(self.content, str):
            return self.content
        return "\n\n".join(
            part["text"] if isinstance(part.get("text"), str) else f"[{part['type']}]"
            for part in self.content
        )

    def message(self) -> dict[str, Any]:
        """The message on the wire.

        Of an answer that is not whole (stopped, cut, failed, or cut by the token limit) only the text goes out,
        and where it ended without the model's will a mark says so: half a tool call or half of a signed reasoning
        block would make every later request fail. Of a whole one all goes out, unchanged.
        """
        fields, content = dict(self.fields), self.content
        if self.role == "assistant":
            mark = MARKS.get(self.state, "")
            if mark or (self.response_record or {}).get("finish_reason") == "length":
                fields = {name: fields[name] for name in ("name", "annotations") if name in fields}
            if not mark and not fields.get("tool_calls") and isinstance(content, str) and not content.strip():
                mark = _NO_TEXT  # providers refuse an empty message
            if mark:
                content = _marked(content, mark)
        return {"role": self.role, "content": content, **fields}

    def response(self) -> Response:
        """The answer as a ``Response`` again; one with no facts for what was no answer of the service."""
        record = {name: value for name, value in (self.response_record or {}).items() if value is not None}
        # A refusal stands in for the text that was not given.
        given = isinstance(self.content, str) and self.content != record.get("refusal")
        response = Response.from_dict({**self.fields, **record}, text=self.content if given else "")
        if record.get("annotations"):
            # In the record are the citations, and in the message the documents.
            response.annotations += Response.from_dict(self.fields).parsed_files
        return response

    def to_dict(self) -> dict[str, Any]:
        """It as JSON, without what is empty; what the record holds is in no field beside it."""
        told = _told(self.response_record)
        found = {
            "role": self.role,
            "content": self.content,
            "id": self.id,
            "cell_id": self.cell_id,
            "fields": {
                name: value for name, value in self.fields.items() if name not in told or told[name] != value
            },
            "record": None if self.response_record is None else dict(self.response_record),
        }
        return {name: value for name, value in found.items() if value or name in ("role", "content", "id")}

    @classmethod
    def from_dict(cls, value: Any) -> Turn:
        """The turn out of ``to_dict``, or out of a message as on the wire.

        Raises:
            InvalidRequestError: it is neither.
        """
        if not isinstance(value, Mapping):
            raise InvalidRequestError(
                f"{shown(value)} is no turn.", remedy="A turn has a 'role' and a 'content'."
            )
        record = value.get("record")
        others = [
            _told(record),
            value.get("fields"),
            {name: value[name] for name in value if name not in _OWN},
        ]
        return cls(
            value.get("role") if isinstance(value.get("role"), str) else "",  # type: ignore[arg-type]
            "" if value.get("content") is None and value.get("tool_calls") else value.get("content"),
            cell_id=text_id(value.get("cell_id")),
            response_record=record if isinstance(record, Mapping) else None,
            fields={
                name: field
                for fields in others
                if isinstance(fields, Mapping)
                for name, field in fields.items()
                if isinstance(name, str) and name not in _OWN
            },
            id=text_id(value.get("id")) or new_id(),
        )


def _told(record: Any) -> dict[str, Any]:
    """What the message of an answer has besides role and content, as far as its record holds it."""
    if not isinstance(record, Mapping):
        return {}
    return {name: value for name, value in Response.from_dict(record).message().items() if name not in _OWN}


def text_id(value: Any) -> str:
    """An id out of a file, or "" for what is none."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_ID and value.isprintable() else ""


def is_content(value: Any) -> bool:
    """Whether this can be the content of a message: a text, or a list of parts."""
    return isinstance(value, str) or (
        isinstance(value, list)
        and all(isinstance(part, Mapping) and isinstance(part.get("type"), str) for part in value)
    )


def _marked(content: Any, mark: str) -> Any:
    if isinstance(content, str):
        return f"{content.rstrip()}\n\n{mark}".lstrip()
    return [*content, {"type": "text", "text": mark}]
