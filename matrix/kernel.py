"""Cells in a real kernel over ZeroMQ, by a client that sends no subshell id, as VS Code and Colab do not."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .environments import ROOT, Environment
from .steps import Step, expect, run

sys.path.insert(0, str(ROOT / "tests"))

import kernels

MIMES = {"text/markdown", "text/plain", "application/vnd.jupyter-openrouter.v1+json"}
STEPS = ["load", "stream", "saved", "Stop", "Stop, busy", "interrupt", "chat", "client"]
LONG = " ".join(f"word{number}" for number in range(150))
CLIENT = """
from jupyter_openrouter import AsyncOpenRouter, OpenRouter, demo_base_url
one = OpenRouter(base_url=demo_base_url()).chat("one", model="demo/echo").text
async with AsyncOpenRouter(base_url=demo_base_url()) as client:
    async with client.chat_stream("two", model="demo/echo") as stream:
        two = "".join([delta.text async for delta in stream])
print(one, two)
"""


def exercise(environment: Environment) -> dict[str, str]:
    """What became of each step in a kernel of this environment."""
    kernels.PYTHONS["under trial"] = environment.python
    with (
        tempfile.TemporaryDirectory() as folder,
        kernels.running_kernel("under trial", Path(folder)) as kernel,
    ):
        return run(_steps(kernel))


def _steps(kernel: kernels.Kernel) -> list[Step]:
    saved: list[dict[str, object]] = []

    def load() -> None:
        kernel.run("%load_ext jupyter_openrouter")
        expect(kernel.value("'openrouter' in get_ipython().magics_manager.magics['cell']"), "no %%openrouter")

    def stream() -> None:
        cell = kernel.start(f"%%openrouter --model demo/echo --out x\n{LONG}")
        comm = kernel.comm("answer")
        lengths: set[int] = set()
        kernel.until(lambda: cell.done or lengths.add(len(kernel.text(comm))))
        expect(len(lengths) > 2, "the text did not grow")
        expect(kernel.value("(x.text, x.state)") == (LONG, "done"), "the answer is not whole")
        saved.extend(cell.bundles)

    def saved_forms() -> None:
        expect([set(bundle) for bundle in saved] == [MIMES], f"saved as {[sorted(one) for one in saved]}")

    def stop() -> None:
        first = kernel.start("%%openrouter --model demo/slow --out x\ntell")
        second = kernel.start("print('next', x.state)")
        comm = kernel.comm("answer")
        kernel.until(lambda: kernel.text(comm))
        kernel.stop(comm)
        kernel.until(lambda: first.done and second.done)
        expect(kernel.acknowledged(comm), "Stop was not acknowledged")
        expect(second.text == "next stopped\n", f"the queued cell printed {second.text!r}")

    def stop_busy() -> None:
        kernel.run("from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/slow')\nchat")
        comm = kernel.comm("chat")
        kernel.send(comm, {"type": "ask", "id": "a1", "text": "tell me"})
        kernel.until(lambda: kernel.text(comm))
        busy = kernel.start("import time\nend = time.monotonic() + 5\nwhile time.monotonic() < end: pass")
        kernel.until(lambda: busy.busy)
        kernel.stop(comm)
        kernel.until(lambda: kernel.acknowledged(comm))
        expect(not busy.done, "Stop was heard only after the other cell had ended")
        kernel.until(lambda: busy.done)

    def interrupt() -> None:
        cell = kernel.start("%%openrouter --model demo/slow --out x\ntell")
        comm = kernel.comm("answer")
        kernel.until(lambda: kernel.text(comm))
        kernel.interrupt()
        kernel.until(lambda: cell.done)
        reply = cell.reply or {}
        expect(reply.get("ename") == "KeyboardInterrupt", f"the cell ended with {reply.get('ename')}")
        expect(kernel.value("x.state == 'stopped' and len(x.text) > 0"), "the text was not kept")

    def chat() -> None:
        kernel.run("chat = ChatWidget(model='demo/echo')")
        expect(kernel.value("(chat.ask('Hello.').text, len(chat.messages))") == ("Hello.", 2), "no answer")

    def client() -> None:
        cell = kernel.run(CLIENT)
        expect(cell.text == "one two\n", f"{cell.reply} {cell.text}")

    found = [load, stream, saved_forms, stop, stop_busy, interrupt, chat, client]
    return list(zip(STEPS, found, strict=True))
