"""One cell's question: from its flags and its body to what is sent, with nothing shown and nothing sent yet."""

from __future__ import annotations

import argparse
import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .answering import Question
from .errors import InvalidRequestError
from .flags import FlagError, fields, split_known
from .masking import mask, masked
from .plan import Timeouts
from .taping import taping

if TYPE_CHECKING:
    from .conversation import Conversation
    from .expressions import Prompt
    from .schema import Schema


@dataclass(frozen=True)
class Where:
    """Where it is asked: the cell's id and whole source ("" where they are not known), its execution count, and the
    number of the line on which the prompt begins.
    """

    cell_id: str = ""
    run: int | None = None
    source: str = ""
    first_line: int = 2

    @property
    def cell(self) -> str:
        """What costs are put under: the cell's id; where nobody gives it one, the execution, such as ``In [3]``."""
        return self.cell_id or (f"In [{self.run}]" if self.run is not None else "")


@dataclass(frozen=True)
class Asked:
    """A question that can be sent.

    Attributes:
        flags: All of them, configured defaults included.
        content: Of the user's message.
        body: What the request will hold, checked.
        pieces: What the prompt is made of, for its price.
        notes: Short sentences that a person should see.
        conversation: The one that it goes on in, if it does.
        schema: The form that the answer should have, if one was asked for.
        rerun: Of the notes, the one on what the answer does to earlier ones of this cell; "" for none.
    """

    flags: argparse.Namespace
    question: Question
    content: Any
    body: Mapping[str, Any]
    pieces: list[Any]
    where: Where = field(default_factory=Where)
    notes: list[str] = field(default_factory=list)
    conversation: Conversation | None = None
    schema: Schema | None = None
    rerun: str = ""

    @property
    def shown_as(self) -> str:
        """How the answer is shown: JSON where a form was asked for, Markdown otherwise, or as the flag says."""
        return self.flags.shown_as or ("json" if self.schema is not None else "markdown")


def asked(
    flags: argparse.Namespace, prompt: str | Prompt, namespace: Mapping[str, Any], where: Where | None = None
) -> Asked:
    """Makes the question of a cell; its expressions are evaluated here.

    Args:
        flags: As ``flags.parse`` gives them.
        prompt: The cell's body; or a prompt that is made already.
        namespace: The user's variables.

    Raises:
        InvalidRequestError: something here cannot be sent.

    >>> from .flags import parse
    >>> asked(parse("-m demo/echo -t 0"), "Say {{ x }}.", {"x": 2}).body["messages"]
    [{'role': 'user', 'content': 'Say 2.'}]
    """
    where = where or Where()
    _check(flags)
    made = _prompt(flags, prompt, namespace, where.first_line)
    conversation, system, before, notes = _before(flags, where)
    rerun = notes[0] if conversation is not None and notes else ""
    schema = _schema(flags.schema, namespace) if flags.schema else None
    found = fields(flags)
    if schema is not None:
        found |= schema.fields(found.get("provider"))
    known, extra = split_known(found, _known(completion=flags.completion))
    messages: Any = made.content if flags.completion else [*before, {"role": "user", "content": made.content}]
    model = flags.model or (flags.models or [""])[0]
    question = Question(
        messages,
        model,
        system=system,
        max_cost=flags.max_cost,
        extra=extra,
        options={**known, **_sending(flags)},
        completion=flags.completion,
        record=flags.record,
        replay=taping.tape(replay=flags.replay).replay if flags.replay else None,
    )
    body = _body(question, known)
    return Asked(
        flags,
        question,
        made.content,
        body,
        made.pieces,
        where,
        [*made.notes, *notes],
        conversation,
        schema,
        rerun,
    )


_OWN_WAY = {
    "model": "Name it with -m.",
    "stream": "Write --no-stream to ask for the answer in one piece.",
    "messages": "What is sent is the cell, after -s and -c.",
    "prompt": "What is sent is the cell.",
}


def _check(flags: argparse.Namespace) -> None:
    if not flags.model and not flags.models:
        raise FlagError(
            "%%openrouter: no model is named.",
            remedy="Write -m and its slug, such as -m demo/tour, or set one for all cells: "
            "%config OpenRouterMagics.model = 'demo/tour'",
        )
    if flags.out is not None and (not flags.out.isidentifier() or keyword.iskeyword(flags.out)):
        raise FlagError(f"--out takes the name of a variable, and {flags.out!r} is none.", remedy="")
    for name in ("chat", "schema", "record", "replay"):
        if getattr(flags, name) == "":
            raise FlagError(f"--{name} was given an empty name.", remedy="Write a name, or leave it out.")
    for name, _ in flags.param or ():
        if name in _OWN_WAY:
            raise FlagError(f"--param cannot set {name!r}.", remedy=_OWN_WAY[name])
    if flags.refresh and flags.cache is None:
        raise FlagError("--refresh goes with --cache.", remedy="Write both, or neither.")
    if flags.record and flags.replay:
        raise FlagError("An answer cannot be recorded and replayed at once.", remedy="Leave out one of them.")
    if flags.record:
        taping.tape(record=flags.record)  # refuses a file that is none
    if flags.completion:
        for name in ("chat", "image", "file", "audio", "schema"):
            if getattr(flags, name):
                raise FlagError(f"--completion continues a text, and takes no --{name}.", remedy="")


def _prompt(
    flags: argparse.Namespace, prompt: str | Prompt, namespace: Mapping[str, Any], first_line: int
) -> Prompt:
    from . import expressions

    if isinstance(prompt, str):
        attached = bool(flags.image or flags.file or flags.audio)
        if not prompt.strip() and not attached:
            raise FlagError("The cell has no prompt.", remedy="Write it below the line with %%openrouter.")
        body = prompt.removesuffix("\n")
        if flags.raw:
            made = expressions.raw(body)
        else:
            from .prompt_loop import run_here

            made = expressions.expand(body, namespace, run=run_here, first_line=first_line)
    else:
        made, attached = prompt, bool(flags.image or flags.file or flags.audio)
    if isinstance(prompt, str):
        made = replace(made, notes=[*made.notes, *_typed_secrets(flags.system or "", prompt)])
    if attached:
        from .attachments import attach, with_attachments

        made = with_attachments(
            made,
            attach(
                images=flags.image or (),
                files=flags.file or (),
                audios=flags.audio or (),
                namespace=namespace,
            ),
        )
    if flags.completion and not isinstance(made.content, str):
        raise InvalidRequestError("--completion continues a text, and the prompt holds more.", remedy="")
    return made


def _typed_secrets(*texts: str) -> list[str]:
    """What to say of secrets that a person has typed: unlike those in values, they are not masked."""
    kinds = ", ".join(sorted({kind for text in texts for kind in masked(mask(text)) - masked(text)}))
    return (
        [f"What was typed holds what looks like a secret ({kinds}), and goes out as it is."] if kinds else []
    )


def _before(
    flags: argparse.Namespace, where: Where
) -> tuple[Conversation | None, str | None, list[dict[str, Any]], list[str]]:
    """The conversation, the system message where there is none, the messages before, and what a re-run does."""
    if not flags.chat:
        if flags.completion and flags.system:
            return None, None, [], ["--completion has no messages, so that --system was not sent."]
        return None, flags.system or None, [], []
    from .conversations import conversations

    conversation = conversations.seen(flags.chat)
    note = conversation.rerun_note(where.cell_id, run=where.run)
    before = conversation.messages(where.cell_id, run=where.run)
    if flags.system is not None:  # which holds for the conversation once something is asked in it
        system = [{"role": "system", "content": flags.system}] if flags.system else []
        before = [*system, *before[bool(conversation.system) :]]
    return conversation, None, before, [note] if note else []


def _schema(name: str, namespace: Mapping[str, Any]) -> Schema:
    from .schema import schema_of

    first, *rest = name.split(".")
    if first not in namespace:
        raise InvalidRequestError(
            f"--schema {name}: there is no variable {first!r}.",
            remedy="Give the name of a class or of a dict with a JSON schema in this notebook.",
        )
    target = namespace[first]
    for part in rest:
        if not hasattr(target, part):
            raise InvalidRequestError(f"--schema {name}: there is no {part!r} in it.", remedy="")
        target = getattr(target, part)
    return schema_of(target)


def _known(*, completion: bool) -> list[str]:
    from .parameters import ChatParameters, CompletionParameters

    return list((CompletionParameters if completion else ChatParameters).__annotations__)


def _sending(flags: argparse.Namespace) -> dict[str, Any]:
    """How the request is sent and its answer read; checked as headers are."""
    found: dict[str, Any] = {}
    if flags.fallback:
        found["fallback"] = flags.fallback
    if flags.stream is False:
        found["stream"] = False
    if flags.cache is not None:
        found["cache"] = flags.cache
        found["refresh_cache"] = bool(flags.refresh)
    if flags.timeout or flags.idle_timeout:
        usual, idle = Timeouts(), flags.idle_timeout
        found["timeouts"] = Timeouts(
            first_event=idle or usual.first_event,
            idle=idle or usual.idle,
            comments=idle or usual.comments,
            total=flags.timeout or usual.total,
        )
    return found


def _body(question: Question, known: Mapping[str, Any]) -> dict[str, Any]:
    """The body as the client will make it, so that what cannot be sent is said before anything is shown."""
    from . import request

    options = question.options
    request.headers(cache=options.get("cache"), refresh_cache=options.get("refresh_cache", False))
    more: dict[str, Any] = {"stream": options.get("stream", True), "extra": question.extra, **known}
    if question.completion:
        return request.completion_body(question.messages, model=question.model, **more)
    return request.chat_body(question.messages, model=question.model, system=question.system, **more)
