"""Sends a growing response to the browser side of a widget, as numbered deltas under one budget for the kernel.

A message for each token would cost a hundred times its text, and a Jupyter server drops what comes above
1,000 messages a second, the last ones included. So text is gathered for 50 to 100 ms, longer when many answers
run at once; each delta says at which offset it starts, and a browser that missed one asks for all of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

from .extras import Beside, Extras, Images, pieces, utf16_length
from .response import Response

__all__ = ["Publisher", "interval", "rest", "utf16_length"]

GATHER_SECONDS = 0.05
MESSAGES_PER_SECOND = 200
"""For the whole kernel; the rest of what a default Jupyter server lets through is left to the user's own."""

_FAILED = {
    "APIConnectionError": "no connection",
    "APITimeoutError": "no answer in time",
    "ProviderError": "the provider failed",
    "RateLimitError": "rate limit reached",
}
"""What came of a try, in words for the status line, by the name of its error."""
_running = 0


class Target(Protocol):
    """What a publisher needs of a widget."""

    def send(self, content: dict[str, Any]) -> None: ...


def interval(shown: float = 0.0) -> float:
    """Seconds between two deltas of one answer, so that all answers together stay within the budget.

    Args:
        shown: Seconds since its first text; after 5 of them a reader is behind anyway, and half as often will do.
    """
    gather = GATHER_SECONDS if shown < 5 else 2 * GATHER_SECONDS
    return max(gather, _running / MESSAGES_PER_SECOND)


def rest(response: Response) -> float:
    """Seconds that a reader may leave between reads: what comes meanwhile is shown at the next delta anyway.

    Each wake-up for a single token costs the kernel about 0.3 ms, most of it in the HTTP library.
    """
    return interval(shown) if (shown := _shown(response)) > 0.5 else 0.0


def _shown(response: Response) -> float:
    first = response.first_delta_seconds
    return 0.0 if first is None else response.elapsed - first


class Publisher:
    """What of one response has been sent to one widget, and the loop that sends the rest.

    Args:
        target: Where messages go.
        response: Watched, never changed.
        answer: Number of the answer within its widget, from 1.
        deaf: True when the kernel may not hear a request for what was lost; the whole text is then repeated
            after 0.5 s, 1 s, 2 s, 4 s and so on, which at most doubles the traffic of a steady stream.
        images: The widget's images; each that comes is kept there, and sent once.
    """

    def __init__(
        self,
        target: Target,
        response: Response,
        *,
        answer: int = 1,
        deaf: bool = False,
        images: Images | None = None,
    ) -> None:
        self._target = target
        self._response = response
        self._answer = answer
        self._taken = [0, 0]  # parts of text and of reasoning that were sent
        self._offset = [0, 0]  # the same in UTF-16 units
        self._images = Images() if images is None else images
        self._beside = Beside(response, self._images)
        self._extras: Extras = {}  # what was sent of it
        self._extras_sent = 0  # in so many messages
        self._next_repeat = 0.5 if deaf else float("inf")

    def _progress(self) -> dict[str, Any]:
        # The service counts tokens only at the end; four characters for each is the usual estimate.
        calls = self._extras.get("tool_calls", ())
        length = sum(self._offset) + sum(len(call["arguments"]) for call in calls)
        return {
            "answer": self._answer,
            "tokens": -(-length // 4),
            "seconds": round(self._response.elapsed, 1),
            "reasoning_seconds": self._response.reasoning_seconds,
        }

    def _take(self, which: int) -> tuple[int, str]:
        parts = self._response.reasoning_parts if which else self._response.text_parts
        count, offset = len(parts), self._offset[which]
        text = "".join(parts[self._taken[which] : count])
        self._taken[which] = count
        self._offset[which] += utf16_length(text)
        return offset, text

    def extras(self) -> Extras:
        """What stands beside the text now, for a trait: with how many messages of it were sent, while it grows."""
        now = self._beside.now()
        return now | {"sent": self._extras_sent} if now and not self._response.settled else now

    def _send_extras(self) -> bool:
        now = self._beside.now()
        new = pieces(self._extras, now)
        if not new:
            return False
        self._extras = now
        self._extras_sent += 1
        self._target.send({"type": "extras", "sent": self._extras_sent, "pieces": new, **self._progress()})
        for ident in [piece["image"].get("id") for piece in new if piece["kind"] == "image"]:
            if (image := self._images.message(ident)) is not None:
                self._target.send(image)
        return True

    def send_new(self) -> bool:
        """Sends what has come since the last time; False if there is nothing."""
        extras = self._send_extras()
        (offset, text), (reasoning_offset, reasoning) = self._take(0), self._take(1)
        if not text and not reasoning:
            return extras
        self._target.send(
            {
                "type": "delta",
                "offset": offset,
                "text": text,
                "reasoning_offset": reasoning_offset,
                "reasoning": reasoning,
                "extras_sent": self._extras_sent,
                **self._progress(),
            }
        )
        return True

    def send_snapshot(self) -> None:
        """Sends all text that was sent so far once more, for a browser that missed some."""
        response = self._response
        self._target.send(
            {
                "type": "snapshot",
                "text": "".join(response.text_parts[: self._taken[0]]),
                "reasoning": "".join(response.reasoning_parts[: self._taken[1]]),
                "extras": self._extras | {"sent": self._extras_sent},
                **self._progress(),
            }
        )

    def _status(self) -> str:
        response = self._response
        if response.retry_at is not None:
            name = response.attempts[-1].error.partition(":")[0]
            reason = _FAILED.get(name, name)
            seconds = max(0, round(response.retry_at - time.time()))
            return f"{reason}: try {len(response.attempts) + 1} in {seconds} s"
        return "waiting for the provider" if response.state == "waiting" else "streaming"

    async def run(self, *, on_state: Callable[[str], None] | None = None) -> None:
        """Sends until the response has settled or the task is cancelled.

        Args:
            on_state: Called with the response's state when it changes, but for the last change.
        """
        global _running
        response, state = self._response, "waiting"
        next_status = 0.0
        _running += 1
        try:
            while not response.settled:
                seconds = response.elapsed
                if state != response.state:
                    state = response.state
                    if on_state is not None:
                        on_state(state)
                if self.send_new():
                    next_status = seconds + 1
                elif seconds >= next_status:
                    self._target.send({"type": "status", "text": self._status(), **self._progress()})
                    next_status = seconds + 1
                if seconds >= self._next_repeat:
                    self._next_repeat *= 2
                    self.send_snapshot()
                await asyncio.sleep(interval(_shown(response)))
            self.send_new()
        finally:
            _running -= 1
