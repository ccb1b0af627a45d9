"""A real kernel over ZeroMQ, with a small stand-in for the browser side of its widgets."""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parent.parent
PYTHONS = {
    "newest": Path(sys.executable),
    "ipykernel 6.31": ROOT / ".venv-kernel6" / "bin" / "python",
}


class Run:
    """One execution request and what came of it."""

    def __init__(self, msg_id: str) -> None:
        self.msg_id = msg_id
        self.outputs: list[dict[str, Any]] = []
        self.displays: dict[str, dict[str, Any]] = {}
        self.reply: dict[str, Any] | None = None
        self.busy = self.idle = False

    @property
    def done(self) -> bool:
        return self.reply is not None and self.idle

    @property
    def text(self) -> str:
        """What was printed."""
        return "".join(o.get("text", "") for o in self.outputs)

    @property
    def bundles(self) -> list[dict[str, Any]]:
        """The mime bundles that a front end shows at the end, updates applied."""
        return [o["data"] for o in self.outputs if "data" in o]


class Kernel:
    """Runs cells and keeps every message that was published."""

    def __init__(self, manager: KernelManager, client: Any) -> None:
        self.manager, self.client = manager, client
        self.messages: list[dict[str, Any]] = []
        self.runs: dict[str, Run] = {}
        self.comms: dict[str, dict[str, Any]] = {}
        self.custom: dict[str, list[dict[str, Any]]] = {}
        self._stops = 0

    # --- cells

    def start(self, code: str, *, allow_stdin: bool = True) -> Run:
        """Sends a cell and returns at once; several may be queued."""
        run = Run(self.client.execute(code, allow_stdin=allow_stdin))
        self.runs[run.msg_id] = run
        return run

    def run(self, code: str, *, timeout: float = 30, allow_stdin: bool = True) -> Run:
        """Runs a cell to its end."""
        run = self.start(code, allow_stdin=allow_stdin)
        self.until(lambda: run.done, timeout)
        return run

    def value(self, expression: str) -> Any:
        """What an expression is in the kernel, for plain values."""
        import ast

        run = self.run(f"print(repr({expression}))")
        assert run.reply is not None
        assert run.reply["status"] == "ok", run.reply
        return ast.literal_eval(run.text)

    def until(self, true: Callable[[], Any], timeout: float = 30) -> Any:
        """Takes in messages until something is true of them."""
        end = time.monotonic() + timeout
        while not (result := true()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {timeout} s; last messages: {self.messages[-5:]}")
            self._take()
        return result

    def settle(self, seconds: float) -> None:
        """Takes in what comes for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._take()

    def _take(self) -> None:
        try:
            while True:
                reply = self.client.get_shell_msg(timeout=0)
                run = self.runs.get(reply["parent_header"].get("msg_id"))
                if run is not None and reply["msg_type"] == "execute_reply":
                    run.reply = reply["content"]
        except queue.Empty:
            pass
        try:
            message = self.client.get_iopub_msg(timeout=0.02)
        except queue.Empty:
            return
        self.messages.append(message)
        self._file(message)

    def _file(self, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        run = self.runs.get(message["parent_header"].get("msg_id", ""))
        if kind == "comm_open":
            self.comms[content["comm_id"]] = dict(content["data"].get("state", {}))
            self.custom[content["comm_id"]] = []
        elif kind == "comm_close":
            self.comms.pop(content["comm_id"], None)
        elif kind == "comm_msg" and content["comm_id"] in self.comms:
            data = content["data"]
            if data.get("method") == "update":
                self.comms[content["comm_id"]].update(data["state"])
            elif data.get("method") == "custom":
                self.custom[content["comm_id"]].append(data["content"])
                self._fold(self.comms[content["comm_id"]], data["content"])
        elif kind == "update_display_data":
            ident = content["transient"]["display_id"]
            for other in self.runs.values():
                if ident in other.displays:
                    other.displays[ident]["data"] = content["data"]
        elif run is not None and kind in ("stream", "display_data", "execute_result", "error"):
            output = dict(content)
            run.outputs.append(output)
            if ident := content.get("transient", {}).get("display_id"):
                run.displays[ident] = output
        elif run is not None and kind == "execute_input":
            run.busy = True
        elif run is not None and kind == "status" and content["execution_state"] == "idle":
            run.idle = True

    @staticmethod
    def _fold(state: dict[str, Any], content: dict[str, Any]) -> None:
        """Puts the settled turns of a chat where a browser has them: among its state."""
        if content.get("type") == "turns":
            assert content["version"] == state["version"] + 1 or content["from"] == 0, "a message is missing"
            state["messages"] = state["messages"][: content["from"]] + content["turns"]
            state["version"] = content["version"]
        elif content.get("type") == "conversation":
            state |= {"messages": content["turns"], "version": content["version"]}

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()

    # --- the browser side

    def comm(self, kind: str, number: int = -1) -> str:
        """The id of a widget's open comm: "answer" (one that runs) or "chat"; by default the newest."""
        found = self.until(
            lambda: (
                self.answers()
                if kind == "answer"
                else [i for i, s in self.comms.items() if s.get("_kind") == kind]
            )
        )
        return found[number]

    def answers(self) -> list[str]:
        """The ids of the live answers that run; the last one that has ended stays open beside them."""
        return [
            i
            for i, s in self.comms.items()
            if s.get("_kind") == "answer" and s.get("state") in ("waiting", "streaming")
        ]

    def text(self, comm_id: str) -> str:
        """The text that a browser would hold: deltas put at their offsets, snapshots taken whole."""
        text, answer = "", 0
        for message in self.custom[comm_id]:
            if message.get("answer", answer) != answer:
                text, answer = "", message["answer"]
            if message["type"] == "delta":
                units = text.encode("utf-16-le")
                assert len(units) // 2 >= message["offset"], "a delta is missing"
                text = units[: 2 * message["offset"]].decode("utf-16-le") + message["text"]
            elif message["type"] == "snapshot":
                text = message["text"]
        return text

    def send(self, comm_id: str, content: Any, *, channel: str = "shell", method: str = "custom") -> None:
        """Sends what a browser would, without a subshell id, as VS Code and Colab do."""
        data = (
            {"method": method, "content": content}
            if method == "custom"
            else {"method": method, "state": content}
        )
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        socket = self.client.control_channel if channel == "control" else self.client.shell_channel
        socket.send(message)

    def stop(self, comm_id: str) -> None:
        """Presses Stop by the way that this kernel offers."""
        control = self.comms[comm_id].get("_control")
        self._stops += 1
        ident = f"s{self._stops}"
        self.send(comm_id, {"type": "stop", "id": ident}, channel="control" if control else "shell")

    def acknowledged(self, comm_id: str) -> bool:
        """Whether the last Stop was."""
        return {"type": "ack", "id": f"s{self._stops}"} in self.custom[comm_id]


@contextmanager
def running_kernel(which: str, folder: Path, *, first: str = "", **environment: str) -> Iterator[Kernel]:
    """A fresh kernel with the extension loaded; ended whatever happens. ``first`` is Python that runs before it."""
    python = PYTHONS[which]
    if not python.exists():
        raise RuntimeError(f"The environment for {which} is missing: run `make test`, which makes it.")
    manager = KernelManager()
    launch = ["-m", "ipykernel_launcher"]
    if first:
        launch = ["-c", f"{first}\nfrom ipykernel import kernelapp\nkernelapp.launch_new_instance()"]
    manager.kernel_spec.argv = [str(python), *launch, "-f", "{connection_file}"]
    env = {name: value for name, value in os.environ.items() if name != "OPENROUTER_API_KEY"}
    manager.start_kernel(env={**env, "IPYTHONDIR": str(folder), **environment}, cwd=str(folder))
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        kernel = Kernel(manager, client)
        kernel.run("%load_ext jupyter_openrouter")
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
