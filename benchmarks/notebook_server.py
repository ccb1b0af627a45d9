"""A default `jupyter server`, and a websocket client that takes what a browser would be sent."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websocket
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1

PROTOCOL = "v1.kernel.websocket.jupyter.org"  # the one that JupyterLab speaks


@dataclass
class Message:
    """One message from the kernel; `size` in bytes on the websocket, `at` in seconds on the monotonic clock."""

    kind: str
    parent: str
    content: Any
    size: int
    at: float


class Browser:
    """The browser's end of one kernel's websocket."""

    def __init__(self, connection: websocket.WebSocket) -> None:
        self._connection = connection
        self._session = uuid.uuid4().hex
        self.received: list[Message] = []
        """What came on iopub, but for the kernel's status."""

    def send(self, kind: str, content: dict[str, Any]) -> str:
        """Sends a message on the shell channel and returns its id."""
        ident = uuid.uuid4().hex
        header = {
            "msg_id": ident,
            "msg_type": kind,
            "session": self._session,
            "username": "",
            "date": "",
            "version": "5.3",
        }
        parts = [b"shell", *(json.dumps(part).encode() for part in (header, {}, {}, content))]
        # Number of offsets, the offsets (little endian, 8 bytes each), then the parts themselves.
        offsets = [8 * (len(parts) + 2)]
        for part in parts:
            offsets.append(offsets[-1] + len(part))
        head = b"".join(number.to_bytes(8, "little") for number in (len(offsets), *offsets))
        self._connection.send_binary(head + b"".join(parts))
        return ident

    def run(self, code: str, *, silence: float = 60) -> list[Message]:
        """Runs a cell to its end and returns what came meanwhile."""
        start = len(self.received)
        asked = self.send(
            "execute_request",
            {
                "code": code,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": True,
            },
        )
        self.until(lambda message: message.kind == "idle" and message.parent == asked, silence=silence)
        return self.received[start:]

    def until(self, true: Callable[[Message], bool], *, silence: float = 60) -> None:
        """Takes messages in until one is as wanted; gives up after so many seconds without any."""
        while (message := self._take(silence)) is not None:
            if true(message):
                return
        raise TimeoutError(f"nothing for {silence} s")

    def settle(self, seconds: float) -> None:
        """Takes messages in until none has come for so long."""
        while self._take(seconds) is not None:
            pass

    def _take(self, seconds: float) -> Message | None:
        self._connection.settimeout(seconds)
        try:
            raw = self._connection.recv()
        except websocket.WebSocketTimeoutException:
            return None
        channel, (header, parent, _, content, *_) = deserialize_msg_from_ws_v1(raw)
        head, body = json.loads(header), json.loads(content)
        kind = head["msg_type"]
        if kind == "status":
            kind = body["execution_state"]
        message = Message(kind, json.loads(parent).get("msg_id", ""), body, len(raw), time.monotonic())
        if channel == "iopub" and head["msg_type"] != "status":
            self.received.append(message)
        return message


@contextmanager
def running(**environment: str) -> Iterator[Callable[[], Any]]:
    """A server with its defaults; gives a function that opens a `Browser` on a fresh kernel."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port, token = probe.getsockname()[1], secrets.token_hex()
        probe.close()
        own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        paths = {name: str(Path(folder, name.lower())) for name in own}
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", f"--port={port}"],
            env={**os.environ, **paths, "OPENROUTER_API_KEY": "none", "JUPYTER_TOKEN": token, **environment},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def ask(path: str, method: str = "GET") -> Any:
            headers = {"Authorization": f"token {token}"}
            data = b"{}" if method == "POST" else None
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/api{path}", data, headers, method=method
            )
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")

        @contextmanager
        def browser() -> Iterator[Browser]:
            kernel = ask("/kernels", "POST")["id"]
            connection = websocket.create_connection(
                f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels",
                header=[f"Authorization: token {token}"],
                subprotocols=[PROTOCOL],
                timeout=60,
            )
            try:
                yield Browser(connection)
            finally:
                connection.close()
                ask(f"/kernels/{kernel}", "DELETE")

        try:
            _wait(ask, process)
            yield browser
        finally:
            process.terminate()
            process.wait(20)


def _wait(ask: Callable[[str], Any], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            ask("")
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("jupyter server did not start")
