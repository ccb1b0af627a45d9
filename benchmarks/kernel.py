"""A real kernel over ZeroMQ, watched as a notebook server watches it: every message and byte it publishes."""

from __future__ import annotations

import ast
import os
import queue
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.manager import KernelManager


@dataclass
class Traffic:
    """What was published on iopub while one cell ran; `size` in bytes on the wire."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0

    @property
    def printed(self) -> str:
        """What the cell printed."""
        parts = [m["content"]["text"] for m in self.messages if m["msg_type"] == "stream"]
        return "".join(parts)


class Kernel:
    """One kernel with one subscriber."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._reading = 0.0  # CPU seconds of asking for the CPU seconds
        self._reading = statistics.median(self._cpu_of("pass") for _ in range(5))

    def run(self, code: str, *, timeout: float = 120, settle: float = 0.0, watched: bool = True) -> Traffic:
        """Runs a cell as a front end (or, not watched, an executor) does, and listens `settle` seconds longer."""
        asked, traffic = self._client.execute(code, allow_stdin=watched), Traffic()
        end, idle, reply = time.monotonic() + timeout, None, None
        while idle is None or reply is None or time.monotonic() < idle + settle:
            if time.monotonic() > end:
                raise TimeoutError(code)
            message = self._receive(traffic)
            if message is not None and message["parent_header"].get("msg_id") == asked:
                if message["content"].get("execution_state") == "idle":
                    idle = time.monotonic()
                if message["msg_type"] == "error":
                    raise RuntimeError("\n".join(message["content"]["traceback"]))
            if reply is None and idle is not None:
                reply = self._reply(asked)
        return traffic

    def value(self, expression: str) -> Any:
        """What a plain expression is in the kernel."""
        return ast.literal_eval(self.run(f"print(repr({expression}))").printed)

    def cpu_of(self, code: str, **options: Any) -> tuple[float, Traffic]:
        """CPU seconds (user and system, all threads) of a cell and what follows it, and its traffic."""
        before = self._process_time()
        traffic = self.run(code, **options)
        return self._process_time() - before - self._reading, traffic

    def _cpu_of(self, code: str) -> float:
        return self.cpu_of(code)[0]

    def _process_time(self) -> float:
        return float(self.run("print(__import__('time').process_time())").printed)

    def _receive(self, traffic: Traffic) -> dict[str, Any] | None:
        socket, session = self._client.iopub_channel.socket, self._client.session
        if not socket.poll(20):
            return None
        frames = socket.recv_multipart()
        message = session.deserialize(session.feed_identities(frames)[1])
        traffic.messages.append(message)
        traffic.size += sum(map(len, frames))
        return message

    def _reply(self, asked: str) -> dict[str, Any] | None:
        try:
            while True:
                reply = self._client.get_shell_msg(timeout=1)
                if reply["parent_header"].get("msg_id") == asked:
                    return reply
        except queue.Empty:
            return None


@contextmanager
def running(**environment: str) -> Iterator[Kernel]:
    """A fresh kernel in a folder of its own; ended whatever happens."""
    with tempfile.TemporaryDirectory() as folder:
        manager = KernelManager()
        placeholder = {"OPENROUTER_API_KEY": "none"}  # without one, the magic would ask for it
        manager.start_kernel(
            env={**os.environ, **placeholder, "IPYTHONDIR": folder, **environment},
            cwd=folder,
            stderr=subprocess.DEVNULL,
        )
        client = manager.client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=60)
            yield Kernel(client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()
