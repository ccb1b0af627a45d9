"""Goes on with the last answer where it ended too early, in a cell of its own, and shows both as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .answering import Question, answer
from .background import background
from .clients import key_for
from .continuing import continuation_messages, joined, refuses_prefill, total_usage
from .conversations import conversations
from .errors import InvalidRequestError, OpenRouterError
from .keys import Key
from .ledger import ledger
from .live import Live, live_for
from .publish import rest
from .response import Response
from .settling import is_open, settle_later
from .shown import saved_forms


def go_on(shell: Any) -> None:
    """Asks for the rest of the last answer that ended too early; the whole one is in ``_openrouter`` then, and in
    its conversation.

    Raises:
        InvalidRequestError: there is no answer, or all are complete.
        OpenRouterError: as the continuation ended; what came of it is kept.
        KeyboardInterrupt: it was stopped; what came of it is kept.
    """
    before = unfinished(shell.user_ns)
    continuation_messages(before, prefill=True)  # refuses what cannot be continued before anything is shown
    model = str(before.body.get("model") or before.requested_model)
    key = key_for(model)
    place = ledger.place(_last(before))
    part = Response(model)
    ledger.note(part, source=place.source or "cell", cell_id=place.cell_id, conversation=place.conversation)
    live = live_for(shell)
    job = background().submit(_asked(before, part, model, key))
    interrupted = False
    try:
        live.open(part, job)
        live.wait(job)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        job.cancel()
        job.wait(2)
        if not part.settled:
            part.state = "stopped"  # it did not end in time
        whole = joined(before, part)
        if part.begun:
            shell.user_ns["_openrouter"] = whole
            _taken(before, whole, place.conversation)
        live.close(whole, saved_forms(whole))
    if part.error is None and part.usage is None and is_open(part):
        settle_later(part, lambda: _settled(whole, live))
    if interrupted:
        raise KeyboardInterrupt("the continuation was stopped; the text so far is in _openrouter")
    if part.error is not None:
        raise part.error


def unfinished(namespace: Mapping[str, Any]) -> Response:
    """The last of the user's answers that was stopped, cut or ended by the token limit; else the last one of all.

    Raises:
        InvalidRequestError: there is none, or the last one is running.
    """
    last = namespace.get("_openrouter")
    if not isinstance(last, Response):
        raise InvalidRequestError("There is no answer to continue yet.", remedy="Ask something first.")
    if not last.settled:
        raise InvalidRequestError("The last answer is still running.", remedy="Wait for it, or stop it.")
    found = list({id(value): value for value in namespace.values() if isinstance(value, Response)}.values())
    gone_on = {id(part) for response in found for part in response.continues}
    early = [
        response
        for response in found
        if response.settled
        and (response.state != "done" or response.finish_reason == "length")
        and response.text.strip()
        and isinstance(response.body.get("messages"), list)
        and id(response) not in gone_on
    ]
    return last if last in early else max(early, key=lambda response: response.sent_at or 0.0, default=last)


async def _asked(before: Response, part: Response, model: str, key: Key | None) -> None:
    """Fills ``part``: the partial text goes last, and where the provider refuses that, a turn that asks to go on."""
    kept = {name: value for name, value in before.body.items() if name not in _ANEW}
    for prefill in (True, False):
        messages = continuation_messages(before, prefill=prefill)
        await answer(Question(messages, model, extra=kept), part, key, rest=rest)
        if not (prefill and isinstance(part.error, OpenRouterError) and refuses_prefill(part.error)):
            return
        part.restart(model)


_ANEW = frozenset({"messages", "model", "stream", "n"})  # the first choice alone can be continued


def _settled(whole: Response, live: Live) -> None:
    """Fills in what the continuation has cost, in the variable and the saved output."""
    whole.usage = total_usage(whole.continues)
    live.update(saved_forms(whole))


def _last(response: Response) -> Response:
    while response.continues:
        response = response.continues[-1]
    return response


def _taken(before: Response, whole: Response, name: str) -> None:
    """Puts the whole answer in the place of the partial one, if that is the last of its conversation still."""
    told = before.conversation or {}
    name = name or str(told.get("name") or "")
    if not name or name not in conversations:
        return
    talk = conversations[name]
    last = next(reversed(talk.turns), None)
    if last is not None and last.role == "assistant" and last.id == told.get("id", last.id):
        talk.take_continued(whole)
