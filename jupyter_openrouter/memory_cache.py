"""Keeps answers in memory for a while, and lets equal questions that are asked at once share one request."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

V = TypeVar("V")


class MemoryCache:
    """A bounded cache for one event loop. What failed is not kept.

    Args:
        clock: Seconds that only grow.
        size: The most answers that are kept; the oldest go first.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, size: int = 32) -> None:
        self._clock = clock
        self._size = size
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._asked: dict[Hashable, _Question] = {}

    def clear(self) -> None:
        """Forgets every answer."""
        self._kept.clear()

    async def get(
        self, key: Hashable, ask: Callable[[], Awaitable[V]], *, seconds: float, refresh: bool = False
    ) -> V:
        """The kept answer to ``key``, or what ``ask()`` returns now.

        Args:
            key: Equal keys are equal questions.
            ask: Called once however many wait for it. It goes on when one of them is cancelled, and is
                cancelled with the last.
            seconds: How long the answer is kept.
            refresh: Whether to ask anew though an answer is kept. A question on its way is joined.

        Raises:
            Exception: whatever ``ask`` raised, to all who wait.
        """
        if not refresh and (kept := self._kept.get(key)) is not None and self._clock() < kept[0]:
            return kept[1]  # type: ignore[no-any-return]
        question = self._asked.get(key)
        if question is None:
            question = self._asked[key] = _Question(asyncio.ensure_future(self._ask(key, ask, seconds)))
        question.waiting += 1
        try:
            return await asyncio.shield(question.task)
        finally:
            question.waiting -= 1
            if not question.waiting:
                if self._asked.get(key) is question:
                    del self._asked[key]
                if not question.task.done():
                    question.task.cancel()
                    await asyncio.wait([question.task])

    async def _ask(self, key: Hashable, ask: Callable[[], Awaitable[V]], seconds: float) -> V:
        answer = await ask()
        now = self._clock()
        self._kept[key] = (now + seconds, answer)
        self._kept.move_to_end(key)
        for old in [name for name, (end, _) in self._kept.items() if end <= now]:
            del self._kept[old]
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return answer


class _Question:
    """A request on its way, and how many wait for it."""

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.waiting = 0
