"""Lines typed into IPython and into `jupyter console` through a pseudo-terminal."""

from __future__ import annotations

import os
import signal
import tempfile
from functools import partial

import pexpect

from .environments import Environment
from .steps import Step, run

STEPS = ["load", "stream", "interrupt", "chat", "client"]
IPYTHON = ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
CONSOLE = ["-m", "jupyter_console", "--simple-prompt"]
ARGUMENTS = {"IPython": IPYTHON, "jupyter console": CONSOLE}
CLIENT = (
    "from jupyter_openrouter import OpenRouter, demo_base_url; "
    "print(OpenRouter(base_url=demo_base_url()).chat('abc', model='demo/echo').text * 2)"
)
CHAT = "from jupyter_openrouter import ChatWidget; print(ChatWidget(model='demo/echo').ask('xyz').text * 2)"


def exercise(environment: Environment, program: str) -> dict[str, str]:
    """What became of each step in ``program``, one of ARGUMENTS."""
    with tempfile.TemporaryDirectory() as folder:
        child = pexpect.spawn(
            str(environment.python),
            ARGUMENTS[program],
            env={**os.environ, "IPYTHONDIR": folder, "TERM": "dumb", "JUPYTER_PREFER_ENV_PATH": "1"},
            cwd=folder,
            encoding="utf-8",
            timeout=40,
            dimensions=(40, 200),
            # A shell starts what runs in its background deaf to Ctrl-C, and that is inherited.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        try:
            return run(_steps(child))
        finally:
            child.close(force=True)


def wait(child: pexpect.spawn, pattern: str) -> None:
    """Reads until the terminal shows a pattern."""
    try:
        child.expect(pattern)
    except pexpect.ExceptionPexpect:
        said = child.before if isinstance(child.before, str) else ""
        raise AssertionError(f"{pattern!r} was not shown, but: {said[-160:]}") from None


def magic(line: str, cell: str) -> str:
    return f"get_ipython().run_cell_magic('openrouter', {line!r}, {cell!r})"


def _steps(child: pexpect.spawn) -> list[Step]:
    def load() -> None:
        wait(child, r"In \[1\]: ")
        child.sendline("%load_ext jupyter_openrouter")
        wait(child, r"In \[2\]: ")

    def stream() -> None:
        child.sendline(magic("-m demo/echo -o x", "hello terminal"))
        wait(child, r"\r\n(?:Out\[\d+\]: )?hello terminal")
        wait(child, "demo/echo · Demo")
        child.sendline("print(x.state, len(x.text))")
        wait(child, "done 14")

    def interrupt() -> None:
        child.sendline(magic("-m demo/slow -o x", "tell"))
        wait(child, "This is a long story")
        child.sendintr()
        wait(child, "KeyboardInterrupt")
        child.sendline("print(x.state, len(x.text) > 0)")
        wait(child, "stopped True")

    def chat() -> None:
        child.sendline(CHAT)
        wait(child, "xyzxyz")

    def client() -> None:
        child.sendline(CLIENT)
        wait(child, "abcabc")

    return list(zip(STEPS, [load, stream, interrupt, chat, client], strict=True))
