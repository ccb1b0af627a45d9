"""How comms of ours are published from the I/O thread, and heard while the kernel's main thread computes.

ipykernel 7 sends a browser's message to the shell thread that last published on its comm, so a comm that was
touched by a cell is deaf until that cell ends. Two things avoid it. What is published from the I/O thread
carries an empty parent, so nothing is remembered of it; and where the kernel lets us, every message to a
comm of ours goes to a subshell of our own, whatever the front end asked for, so that Stop is heard in
front ends that know no subshells, too.

ipykernel 6 has one shell thread, and its parent is global, so nothing of the kind is done there. Its control
thread is free, though: a handler for comm messages there lets the browser send a Stop by that way.

The names of ipykernel that are used here are private; each is looked for first, and without it the next way
is taken: subshell of our own → the front end's subshell → control channel → the
browser interrupts the kernel, if it is our own cell that waits.
"""

from __future__ import annotations

import concurrent.futures
import contextvars
from collections.abc import Callable
from typing import Any

from .background import Background

_WAIT_SECONDS = 2.0


def current_kernel() -> Any | None:
    """The ipykernel that runs this process's IPython, or None (a terminal, marimo, plain Python)."""
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    kernel = getattr(shell, "kernel", None)
    return kernel if hasattr(kernel, "iopub_socket") else None


class KernelChannel:
    """The ways by which the browser reaches us in one kernel.

    Attributes:
        subshell_id: The subshell of our own, or None.
        hears_control: Whether a message on the control channel is heard.
    """

    def __init__(self, kernel: Any, background: Background) -> None:
        self.kernel = kernel
        self.subshell_id: str | None = None
        self.hears_control = False
        background.post(_empty_parent, kernel)
        self._make_subshell()
        if self.subshell_id is None:
            self._hear_control()

    @property
    def hears_while_busy(self) -> bool:
        """Whether a message from any front end is heard while a cell runs."""
        return self.subshell_id is not None

    def attach(self, comm: Any) -> None:
        """Makes messages for this comm reach us by the way that this kernel has."""
        if self.subshell_id is not None:
            comm._reply_subshell_for = lambda data, default: self.subshell_id or default
        if hasattr(comm, "_msg_callback"):
            # The usual way runs the notebook's pre- and post-execute hooks around each message; from a thread
            # of ours they would show half-finished figures of the cell that is running.
            comm.handle_msg = lambda msg: comm._msg_callback(msg) if comm._msg_callback else None

    def close(self) -> None:
        """Takes back everything that was added to the kernel."""
        if self.subshell_id is not None:
            manager, subshell_id = self.kernel.shell_channel_thread.manager, self.subshell_id
            self.subshell_id = None
            if subshell_id in manager.list_subshell():
                self._on_shell_channel(lambda: manager._delete_subshell(subshell_id))
        if self.hears_control:
            self.kernel.control_handlers.pop("comm_msg", None)
            self.hears_control = False

    def _on_shell_channel(self, function: Callable[[], Any]) -> Any:
        done: concurrent.futures.Future[Any] = concurrent.futures.Future()

        def run() -> None:
            try:
                done.set_result(function())
            except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that asked
                done.set_exception(error)

        self.kernel.shell_channel_thread.io_loop.add_callback(run)
        return done.result(_WAIT_SECONDS)

    def _make_subshell(self) -> None:
        thread = getattr(self.kernel, "shell_channel_thread", None)
        manager = getattr(thread, "manager", None)
        try:
            from ipykernel.comm.comm import BaseComm
        except ImportError:
            return
        if (
            manager is None
            or not hasattr(manager, "_create_subshell")
            or not hasattr(manager, "_delete_subshell")
            or not hasattr(BaseComm, "_reply_subshell_for")
        ):
            return
        self.subshell_id = self._on_shell_channel(manager._create_subshell)

    def _hear_control(self) -> None:
        handlers = getattr(self.kernel, "control_handlers", None)
        manager = getattr(self.kernel, "comm_manager", None)
        if getattr(self.kernel, "control_thread", None) is None or manager is None:
            return
        if isinstance(handlers, dict) and "comm_msg" not in handlers:
            handlers["comm_msg"] = manager.comm_msg
            self.hears_control = True


def _empty_parent(kernel: Any) -> None:
    """Gives the context it runs in an empty kernel parent (ipykernel ≥ 7, where the parent is a contextvar)."""
    for name, empty in (("_shell_parent", {}), ("_shell_parent_ident", b"")):
        variable = getattr(kernel, name, None)
        if isinstance(variable, contextvars.ContextVar):
            variable.set(empty)
