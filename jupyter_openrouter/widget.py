"""The live answer and what it shares with the chat: traits, messages, and one running response.

Every trait and message is listed once for the browser in ``js/src/protocol.ts``, and once in Python here and
in ``chat``; ``tests/protocol.json`` holds an example of each, read by the tests of both sides. Only Python
sets traits: what the browser may do is said in messages, each of which is checked. Everything is published
from the I/O thread, in order (see ``kernel_channel``).
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import math
import queue
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import anywidget
from traitlets import Bool, Bytes, Dict, Float, HasTraits, Unicode
from traitlets.utils.bunch import Bunch

from . import background as threads
from .background import Background, Job, background
from .carrier import carry
from .extras import Images
from .kernel_channel import KernelChannel, current_kernel
from .publish import Publisher
from .response import Response, printable

STATIC = Path(__file__).parent / "static"


PARTS = {name: STATIC / f"{name}.js" for name in ("core", "chat", "math", "colours", "languages")}
"""The browser code that a page may ask for; nothing else is ever read for it."""
PART_AGAIN_SECONDS = 1.0
"""Every page of a kernel hears the answer to a request, so one that comes sooner than this after it is dropped."""

PART_UNHEARD_SECONDS = 10.0
"""A request that comes within this after another is of a page that did not hear the answer, or not yet; one that
comes later is of a page that was loaded since."""


@lru_cache(maxsize=len(PARTS))
def part(name: str) -> tuple[str, bytes]:
    """The content hash of a part of the browser code, and the part itself, gzip-compressed."""
    content = PARTS[name].read_bytes()
    return hashlib.sha256(content).hexdigest()[:16], gzip.compress(content, 9, mtime=0)


_channels: WeakKeyDictionary[Background, KernelChannel] = WeakKeyDictionary()


def channel() -> KernelChannel | None:
    """How this kernel reaches our comms; None outside ipykernel. Made once for each I/O thread."""
    kernel = current_kernel()
    if kernel is None:
        return None
    here = background()
    found = _channels.get(here)
    if found is None or found.kernel is not kernel:
        found = _channels[here] = KernelChannel(kernel, here)
    return found


_last: LiveAnswer | None = None


def keep(ended: LiveAnswer | None) -> None:
    """Keeps the last answer's widget open, and closes the one before.

    A page that was loaded again while the cell ran hears of its widgets only when the cell has ended.
    """
    global _last
    before, _last = _last, ended
    if before is not None:
        before.close()


def close_channels() -> None:
    """Takes back what was added to the kernel; for ``%unload_ext``."""
    keep(None)
    for found in list(_channels.values()):
        found.close()
    _channels.clear()


_to_tell: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
_teller: threading.Thread | None = None


def _tell_apart(tell: Callable[[], None]) -> None:
    """Calls observers in order on a thread of their own, for where no notebook has a loop for them."""
    global _teller

    def work() -> None:
        while True:
            _to_tell.get()()

    if _teller is None or not _teller.is_alive():
        _teller = threading.Thread(target=work, name="jupyter_openrouter observers", daemon=True)
        _teller.start()
    _to_tell.put(tell)


class _Running(Unicode):  # type: ignore[type-arg]
    """Text that is read from the running response while there is one; its tag ``part`` says which."""

    def get(self, obj: Any, cls: Any = None) -> Any:
        running = obj._running
        return super().get(obj, cls) if running is None else getattr(running, self.metadata["part"])


class _RunningExtras(Dict):
    """What stands beside the text, read from the running response while there is one."""

    def get(self, obj: Any, cls: Any = None) -> Any:
        running, publisher = obj._running, obj._publisher
        return super().get(obj, cls) if running is None or publisher is None else publisher.extras()


class _RunningSeconds(Float):  # type: ignore[type-arg]
    """Seconds of reasoning, read from the running response while there is one."""

    def get(self, obj: Any, cls: Any = None) -> Any:
        running = obj._running
        return super().get(obj, cls) if running is None else running.reasoning_seconds


class StreamingWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """What the live answer and the chat share: one running response, shown as it grows, and Stop.

    Traits: ``state``, ``message`` (the whole text at any moment when it is read here; published when the
    answer settles, since running text travels as deltas), ``reasoning``, ``reasoning_seconds``, ``extras`` (what
    stands beside the text, as ``extras.Beside`` gives it), ``model``, ``error``.
    """

    _esm = (STATIC / "loader.js").read_text("utf-8")
    _core_id = Unicode().tag(sync=True)
    _core_gz = Bytes(None, allow_none=True).tag(sync=True)
    _control = Bool(False).tag(sync=True)
    _kind = Unicode().tag(sync=True)

    state = Unicode("idle", help="State of the running or last answer, as Response.state.").tag(sync=True)
    message = _Running(help="Text of the running or last answer, whole at any moment.").tag(
        sync=True, part="text"
    )
    reasoning = _Running(help="Its reasoning, as plain text.").tag(sync=True, part="reasoning")
    reasoning_seconds = _RunningSeconds(
        default_value=None, allow_none=True, help="Seconds of its reasoning."
    ).tag(sync=True)
    extras = _RunningExtras(help="Its refusal, tool calls, images and citations.").tag(sync=True)
    model = Unicode(help="Model slug, such as openai/gpt-4.").tag(sync=True)
    error = Dict(
        default_value=None, allow_none=True, help="What ended the last answer: type, message, remedy."
    ).tag(sync=True)
    interruptible = Bool(False, help="Whether a cell waits for this very answer.").tag(sync=True)

    _choices: frozenset[str] = frozenset()
    """Traits that Python and the browser may both set."""
    _running: Response | None = None
    _job: Job[Any] | None = None
    _publisher: Publisher | None = None
    _channel: KernelChannel | None = None

    def __init__(self, *, before_open: Callable[[], None] | None = None, **traits: Any) -> None:
        self._channel = channel()
        self._images = Images()
        if before_open is not None:
            before_open()
        traits["_core_id"], compressed = part("core")
        self._part_sent: dict[str, float] = {}
        if self.deaf:
            assert self._channel is not None
            traits["_core_gz"] = compressed
            traits["_control"] = self._channel.hears_control
        super().__init__(**traits)
        self.on_msg(self._on_message)

    @property
    def deaf(self) -> bool:
        """Whether this kernel may not hear the browser while a cell runs."""
        return self._channel is not None and not self._channel.hears_while_busy

    # --- publishing

    def open(self) -> None:
        """Opens the comm, from the I/O thread."""
        background().call(super().open)
        self._reach()

    def _reach(self) -> None:
        """Makes the browser's messages reach us, also after the extension was loaded anew."""
        self._channel = channel()
        if self._channel is not None and self.comm is not None:
            self._channel.attach(self.comm)

    def close(self) -> None:
        """Stops the running answer and closes the comm; nothing is left running."""
        self.stop()
        # The layout, too, which ipywidgets makes for each widget and leaves open.
        layout = self.layout
        here = threads.running()
        for close in (super().close, *([layout.close] if layout is not None else [])):
            if here is None or here.here:
                close()
            else:
                here.post(close)

    def _send(self, msg: dict[str, Any], buffers: Any = None) -> None:
        here = threads.running()
        if here is None or here.here:
            super()._send(msg, buffers)
        else:
            here.post(super()._send, msg, buffers)

    def send(self, content: Any, buffers: Any = None) -> None:
        """Sends a message of the protocol to the browser."""
        super().send(printable(content), buffers)

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """The traits as the browser sees them; while an answer runs, with its whole text so far."""
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        return {
            name: value if isinstance(value, bytes) else printable(value) for name, value in state.items()
        }

    def publish(self, **values: Any) -> None:
        """Sets traits and publishes them in one message; to be called on the I/O thread.

        Python observers are told on the notebook's own thread, or on one of their own where there is none: a slow
        one must not hold up every stream, and one that asks something itself would wait for ever.
        """
        changes = []
        for name, new in values.items():
            old = self._trait_values.get(name)
            self._trait_values[name] = new
            if old != new:
                changes.append(Bunch(name=name, old=old, new=new, owner=self, type="change"))
        if not changes:
            return
        self.send_state([change.name for change in changes])
        self._tell(changes)

    def _tell(self, changes: list[Bunch]) -> None:
        """Tells Python observers and callbacks of changes, in order."""

        def tell() -> None:
            for change in changes:
                # What has been set otherwise since then would be set back by whoever is linked to it.
                if change.name in self._choices and self._trait_values.get(change.name) != change.new:
                    continue
                try:
                    HasTraits.notify_change(self, change)
                except Exception:
                    logging.getLogger(__name__).exception("An observer of %s failed", change.name)

        self._call(tell)

    def _call(self, function: Callable[[], None]) -> None:
        """Calls a function on the notebook's own thread, or on one for observers where there is none."""
        loop = getattr(self._channel.kernel, "io_loop", None) if self._channel else None
        if loop is None:
            _tell_apart(function)
        else:
            loop.add_callback(function)

    # --- listening

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        # A browser may ask for the state and send messages of the protocol; it sets no trait.
        data = msg.get("content", {}).get("data")
        if isinstance(data, dict) and data.get("method") in ("custom", "request_state"):
            super()._handle_msg(msg)

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        kind, ident = content.get("type"), content.get("id")
        ident = ident[:64] if isinstance(ident, str) else ""
        if kind == "part":
            self._send_part(content.get("part"))
        elif kind == "image":
            if (image := self._image(ident)) is not None:
                self.send(image)
        elif kind == "resync":
            background().post(self._resync, content.get("version"))
        elif kind == "stop":
            self._on_stop(ident)
        else:
            self._on_request(content, buffers)

    def _on_stop(self, ident: str) -> None:
        self.stop()
        self.send({"type": "ack", "id": ident})

    def _on_request(self, content: dict[str, Any], buffers: Any) -> None:
        """Acts on a message that not every widget knows; an unknown one is ignored."""

    def _image(self, ident: str) -> dict[str, Any] | None:
        return self._images.message(ident)

    def _send_part(self, name: Any) -> None:
        if not isinstance(name, str) or name not in PARTS:
            return
        now = time.monotonic()
        since = now - self._part_sent.get(name, -math.inf)
        if since < PART_AGAIN_SECONDS:
            return
        if name == "core" and since < PART_UNHEARD_SECONDS:
            here = background()
            here.post(carry, here, self._esm, *part(name))
        self._part_sent[name] = now
        self._push_part(name)

    def _push_part(self, name: str) -> None:
        ident, compressed = part(name)
        self.send({"type": "part", "part": name, "id": ident}, [compressed])

    def _resync(self, version: Any = None) -> None:
        if self._publisher is not None:
            self._publisher.send_snapshot()

    def stop(self) -> None:
        """Stops the running answer at once, from any thread; its text is kept. Without one, nothing happens."""
        if self._job is not None:
            self._job.cancel()


class LiveAnswer(StreamingWidget):
    """The growing answer of one magic cell; at its end the cell's saved form takes its place."""

    _kind = Unicode("answer").tag(sync=True)

    def __init__(self, response: Response, job: Job[Any], *, interruptible: bool = True) -> None:
        self._running, self._job = response, job
        super().__init__(model=response.requested_model, state="waiting", interruptible=interruptible)
        self._publisher = Publisher(self, response, deaf=self.deaf, images=self._images)

    def end(self, response: Response) -> None:
        """Tells a view that comes later how the answer ended; there is nothing to stop any more."""
        self._job = None
        background().post(lambda: self.publish(state=response.state, interruptible=False))

    async def follow(self) -> None:
        """Publishes the response until it has settled. To be run on the I/O loop."""
        assert self._publisher is not None
        assert self._running is not None
        await self._publisher.run(on_state=lambda state: self.publish(state=state))
        self.publish(state=self._running.state, interruptible=False)
