"""An await in a prompt: on the notebook's own loop, on the cell's own thread, and without losing a queued cell."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from kernels import Kernel

from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.prompt_loop import run_here

EXPAND = (
    "import asyncio, threading\n"
    "from jupyter_openrouter.expressions import expand\n"
    "from jupyter_openrouter.prompt_loop import run_here\n"
    "def prompt(body):\n"
    "    'As a magic would: a plain function, while the loop runs the cell.'\n"
    "    return expand(body, globals(), run=run_here).content\n"
)


@pytest.mark.kernel
def test_an_await_runs_on_the_loop_and_thread_of_the_cell_and_queued_cells_are_not_lost(
    kernel: Kernel,
) -> None:
    kernel.run(EXPAND)
    kernel.run(
        "home = (id(asyncio.get_running_loop()), threading.get_ident())\n"
        "async def slow(seconds):\n"
        "    await asyncio.sleep(seconds)\n"
        "    return (id(asyncio.get_running_loop()), threading.get_ident())\n"
    )
    first = kernel.start("print(prompt('{{ (await slow(0.7)) == home }} {{ await slow(0.1) == home }}'))")
    kernel.until(lambda: first.busy)
    kernel.settle(0.2)
    # These arrive while the nested run is on.
    later = [kernel.start(f"print('cell {number}')") for number in range(3)]
    info = kernel.client.kernel_info()
    kernel.until(lambda: first.done and all(run.done for run in later))
    assert info
    assert first.text == "True True\n"
    assert [run.text for run in later] == ["cell 0\n", "cell 1\n", "cell 2\n"]
    order = [message["content"]["text"] for message in kernel.messages if message["msg_type"] == "stream"]
    assert order[-4:] == ["True True\n", "cell 0\n", "cell 1\n", "cell 2\n"], "and none ran before its turn"
    assert kernel.run("await slow(0)").reply["status"] == "ok"
    assert kernel.value("prompt('{{ await slow(0) == home }}')") == "True"


@pytest.mark.kernel
def test_tasks_of_earlier_cells_can_be_awaited_and_print_in_order(kernel: Kernel) -> None:
    kernel.run(EXPAND)
    kernel.run(
        "async def speak():\n    await asyncio.sleep(0.2)\n    return 'earlier'\ntask = asyncio.create_task(speak())"
    )
    run = kernel.run("print('before')\nprint(prompt('{{ await task }}'))")
    assert run.text == "before\nearlier\n"


@pytest.mark.kernel
def test_an_interrupt_of_an_await_cancels_it_and_the_next_cell_runs(kernel: Kernel) -> None:
    kernel.run(EXPAND)
    kernel.run(
        "seen = []\n"
        "async def forever():\n"
        "    try:\n        seen.append('begun')\n        await asyncio.sleep(1000)\n"
        "    except asyncio.CancelledError:\n        seen.append('cancelled')\n        raise\n"
    )
    run = kernel.start("prompt('{{ await forever() }}')")
    kernel.until(lambda: run.busy)
    kernel.settle(0.5)
    kernel.interrupt()
    kernel.until(lambda: run.done)
    assert run.reply["ename"] == "KeyboardInterrupt"
    kernel.run("await asyncio.sleep(0)")
    assert kernel.value("seen") == ["begun", "cancelled"]


@pytest.mark.kernel
def test_answers_stream_and_stop_is_heard_after_and_while_the_loop_is_entered_again(kernel: Kernel) -> None:
    kernel.run(EXPAND)
    kernel.run("from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/slow')\nchat")
    comm = kernel.comm("chat")
    kernel.send(comm, {"type": "ask", "id": "a1", "text": "tell me"})
    kernel.until(lambda: kernel.text(comm))
    assert kernel.value("prompt('{{ await asyncio.sleep(0.3) }}')") == "None"
    before = len(kernel.text(comm))
    kernel.until(lambda: len(kernel.text(comm)) > before)
    kernel.stop(comm)
    kernel.until(lambda: kernel.comms[comm]["state"] == "stopped")
    assert kernel.run("%%openrouter --model demo/echo\nhello").reply["status"] == "ok"
    run = kernel.start("%%openrouter --model demo/slow\ntell")
    answer = kernel.comm("answer")
    kernel.until(lambda: kernel.text(answer))
    kernel.stop(answer)
    kernel.until(lambda: run.done)
    assert kernel.value("_openrouter.state") == "stopped"


def test_without_a_running_loop_it_runs_and_patches_nothing() -> None:
    code = (
        "import asyncio, sys, warnings\n"
        "from jupyter_openrouter.prompt_loop import run_here\n"
        "async def f():\n    await asyncio.sleep(0)\n    return 5\n"
        "print(run_here(f()), 'nest_asyncio2' in sys.modules, hasattr(asyncio, '_nest_patched'))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "5 False False"
    assert done.stderr == ""


def test_a_loop_that_cannot_be_entered_twice_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import nest_asyncio2

    def refuse(loop: object) -> None:
        raise ValueError("Can't patch loop of type")

    async def nothing() -> None: ...

    async def cell() -> None:
        awaitable = nothing()
        try:
            with pytest.raises(InvalidRequestError, match="Await it in a cell of its own"):
                run_here(awaitable)
        finally:
            awaitable.close()

    monkeypatch.setattr(nest_asyncio2, "apply", refuse)
    asyncio.run(cell())
