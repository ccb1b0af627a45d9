"""Keeps the transcript of a chat in outputs below its view, for the saved notebook; see ``transcript_slots``."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import is_not
from typing import Any, TypeVar

from .conversation_export import exchanges
from .response import Response
from .transcript_form import Written, forms, written
from .transcript_slots import Slots, begun, filled
from .turn import Turn

T = TypeVar("T")
Publish = Callable[..., Any]
_Exchange = tuple[Turn | None, Turn | None, str]  # question, answer, and the system message where it begins


class Transcript:
    """The outputs of one chat.

    Args:
        read: Gives the conversation's name, its system message and the turns that are shown; called on any thread.
        answer: Gives the response that an answer's turn was made of, where it is still there.
    """

    def __init__(
        self,
        read: Callable[[], tuple[str, str, Sequence[Turn]]],
        answer: Callable[[str], Response | None],
    ) -> None:
        self._read, self._answer = read, answer
        self._id = secrets.token_hex(8)
        self._publish: Publish | None = None
        self._slots: Slots[_Exchange] | None = None
        self._written: dict[tuple[int, int], tuple[_Exchange, int, str, Written]] = {}
        self._told: list[dict[str, Any]] = []
        self._made: dict[int, tuple[list[Written], bool, dict[str, Any]]] = {}
        self._changed = False
        self._writing: asyncio.Task[None] | None = None

    @property
    def shown(self) -> bool:
        """Whether there are outputs."""
        return self._publish is not None

    def show(self, publish: Publish) -> None:
        """Publishes the outputs, on the thread of the cell that shows the chat, and keeps them up to date.

        Args:
            publish: The notebook's own ``display_pub.publish``.
        """
        now = self._forms()
        for place, bundle in enumerate(now):
            publish(data=bundle, metadata={}, transient={"display_id": self._name(place)})
        self._told = now
        self._publish = publish

    def update(self) -> None:
        """The conversation has changed; on the I/O thread. Many changes at once are written once."""
        if self._publish is None:
            return
        self._changed = True
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write())

    async def flush(self) -> None:
        """Waits until what has changed is published."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def _write(self) -> None:
        while self._changed and self._publish is not None:
            self._changed = False
            # Writing Markdown anew takes milliseconds for each new answer; other answers stream on meanwhile.
            now = await _apart(self._forms)
            for place, bundle in enumerate(now):
                if bundle is not self._told[place]:
                    self._publish(
                        data=bundle, metadata={}, transient={"display_id": self._name(place)}, update=True
                    )
            self._told = now

    def end(self) -> None:
        """No more updates; what is published stays."""
        self._publish = None
        self._written.clear()

    def _name(self, place: int) -> str:
        return f"openrouter-chat-{self._id}-{place}"

    def _forms(self) -> list[dict[str, Any]]:
        name, system, turns = self._read()
        now: list[_Exchange] = []
        for asked, answer in exchanges(turns):
            now.append((asked, answer, "" if now else system))
        # As many outputs as were shown first: a front end knows no others.
        self._slots = begun(now) if self._slots is None else filled(self._slots, now)
        found: list[dict[str, Any]] = []
        kept: dict[tuple[int, int], tuple[_Exchange, int, str, Written]] = {}
        number, after, first = 0, "", True
        for place, slot in enumerate(self._slots):
            texts = []
            for exchange in slot:
                asked, answer, begins = exchange
                number += asked is not None
                key = (id(asked), id(answer))
                known = self._written.get(key)
                if known is None or known[0] != exchange or known[1:3] != (number, after):
                    response = self._answer(answer.id) if answer is not None else None
                    text = written(
                        asked,
                        answer,
                        name=name,
                        number=number,
                        after=after,
                        system=begins or None,
                        response=response,
                    )
                    known = (exchange, number, after, text)
                kept[key] = known
                texts.append(known[3])
                after = answer.id if answer is not None else after
            made = self._made.get(place)
            if (
                made is None
                or made[1] != first
                or len(made[0]) != len(texts)
                or any(map(is_not, made[0], texts))
            ):
                made = self._made[place] = (texts, first, forms(texts, first=first))
            found.append(made[2])
            first = first and not slot
        self._written = kept
        return found


async def _apart(function: Callable[[], T]) -> T:
    """Calls a function on a thread of its own, which ends with it."""
    executor = ThreadPoolExecutor(1, "jupyter_openrouter transcript")
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, function)
    finally:
        executor.shutdown(wait=False)
