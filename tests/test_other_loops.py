"""Kernels whose loop is another one, or was patched before: a cell streams, Stop ends it, and ``await`` works or says
why not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel, running_kernel

pytestmark = pytest.mark.kernel

NESTED = "import nest_asyncio2; nest_asyncio2.apply()"
UVLOOP = "import asyncio, uvloop; asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())"


@pytest.fixture(params=[NESTED, UVLOOP], ids=["nested", "uvloop"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kernel]:
    if request.param is UVLOOP:
        pytest.importorskip("uvloop")
    with running_kernel("newest", tmp_path, first=request.param) as kernel:
        loop = kernel.value("type(get_ipython().kernel.io_loop.asyncio_loop).__module__")
        assert loop.startswith("uvloop") is (request.param is UVLOOP)
        yield kernel


def test_a_cell_streams_stop_ends_it_and_the_queue_goes_on(other: Kernel) -> None:
    run = other.start("%%openrouter -m demo/slow\ntell")
    following = other.start("print('next')")
    comm = other.comm("answer")
    other.until(lambda: other.text(comm))
    other.stop(comm)
    other.until(lambda: run.done and following.done)
    assert run.reply is not None
    assert run.reply["status"] == "ok"
    assert run.bundles[-1]["text/plain"].rstrip().endswith("stopped")
    assert following.text == "next\n"


def test_an_interrupt_keeps_the_text_and_the_background_is_awaited(other: Kernel) -> None:
    run = other.start("%%openrouter -m demo/slow\ntell")
    comm = other.comm("answer")
    other.until(lambda: other.text(comm))
    other.interrupt()
    other.until(lambda: run.done)
    assert run.reply is not None
    assert run.reply["ename"] == "KeyboardInterrupt"
    other.run("%%openrouter -m demo/echo --background -o x\nhello")
    other.run("y = await x")
    assert other.value("(y.state, y.text)") == ("done", "hello")


def test_an_await_in_a_prompt_runs_on_the_loop_or_says_that_this_one_cannot(other: Kernel) -> None:
    other.run("import asyncio\nasync def later(x):\n    await asyncio.sleep(0.01)\n    return x")
    run = other.run("%%openrouter -m demo/echo\nsay {{ await later(42) }}")
    assert run.reply is not None
    if "uvloop" in other.value("type(get_ipython().kernel.io_loop.asyncio_loop).__module__"):
        assert "cannot run on this kernel's loop (uvloop)" in run.reply["evalue"]
        run = other.run(
            "answer = await later(42)\nget_ipython().run_cell_magic('openrouter', '-m demo/echo', 'x')"
        )
        assert run.reply is not None
        assert run.reply["status"] == "ok"
    else:
        assert other.value("_openrouter.text") == "say 42"
    assert other.run("print(await later('goes on'))").text == "goes on\n"
