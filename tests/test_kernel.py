"""The magic and the chat in a real kernel: what is shown, what is saved, and that Stop is always heard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kernels import PYTHONS, Kernel, running_kernel

pytestmark = pytest.mark.kernel

MIMES = {"text/markdown", "text/plain", "application/vnd.jupyter-openrouter.v1+json"}
# Computes until a file says that it is enough, or for so many seconds.
BURN = """import os, time
end = time.monotonic() + {seconds}
while time.monotonic() < end and not os.path.exists("enough"): pass
print("burnt")"""


def ask(model: str, prompt: str, *flags: str) -> str:
    return f"%%openrouter --model {model} {' '.join(flags)}\n{prompt}"


def test_the_answer_is_shown_saved_and_in_the_variables(kernel: Kernel) -> None:
    run = kernel.run(ask("demo/echo", "hello *world*", "--out x"))
    assert run.reply["status"] == "ok"
    assert [set(bundle) for bundle in run.bundles] == [MIMES]
    bundle = run.bundles[0]
    assert "hello" in bundle["text/markdown"]
    assert bundle["text/plain"].startswith("hello *world*\n")
    record = bundle["application/vnd.jupyter-openrouter.v1+json"]
    assert record["state"] == "done"
    assert record["finish_reason"] == "stop"
    assert record["cost"] > 0
    assert record["generation_id"].startswith("gen-")
    assert kernel.value("(x.text, x is _openrouter, x.state)") == ("hello *world*", True, "done")


def test_the_text_grows_in_deltas_that_add_up(kernel: Kernel) -> None:
    run = kernel.start(ask("demo/tour", "go"))
    comm = kernel.comm("answer")
    seen = set()
    kernel.until(lambda: seen.add(len(kernel.text(comm))) or len(seen) >= 6)
    kernel.stop(comm)
    kernel.until(lambda: run.done)
    assert kernel.value("_openrouter.text").startswith(kernel.text(comm))


def test_stop_during_the_running_cell_ends_it_in_order_and_the_queue_goes_on(kernel: Kernel) -> None:
    first = kernel.start(ask("demo/slow", "tell", "--out x"))
    second = kernel.start("print('next', x.state)")
    comm = kernel.comm("answer")
    kernel.until(lambda: kernel.text(comm))
    kernel.stop(comm)
    kernel.until(lambda: first.done and second.done)
    assert kernel.acknowledged(comm)
    assert first.reply["status"] == "ok"
    assert second.text == "next stopped\n"
    assert [set(bundle) for bundle in first.bundles] == [MIMES]
    assert first.bundles[0]["text/markdown"].endswith("stopped</small>")
    assert kernel.value("len(x.text) > 0")


@pytest.mark.parametrize("word", ["stall", "comments"])
def test_stop_is_heard_while_the_provider_sends_nothing(kernel: Kernel, word: str) -> None:
    run = kernel.start(ask("demo/faulty", word))
    comm = kernel.comm("answer")
    kernel.until(lambda: kernel.custom[comm])
    kernel.stop(comm)
    kernel.until(lambda: run.done)
    assert run.reply["status"] == "ok"
    assert kernel.value("_openrouter.state") == "stopped"


def test_a_chat_streams_on_and_stop_is_heard_while_another_cell_computes(
    kernel: Kernel, tmp_path: Path
) -> None:
    kernel.run("from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/slow')\nchat")
    comm = kernel.comm("chat")
    for system in ("", "be brief"):
        if system:
            # A trait set by a cell: from now on ipykernel 7 would send the browser's replies to the main thread.
            kernel.run(f"chat.system = {system!r}")
        kernel.send(comm, {"type": "ask", "id": f"a{system}", "text": "tell me"})
        kernel.until(lambda: kernel.comms[comm]["state"] == "streaming")
        burning = kernel.start(BURN.format(seconds=120))
        kernel.until(lambda burning=burning: burning.busy)
        before = len(kernel.text(comm))
        kernel.until(lambda before=before: len(kernel.text(comm)) > before)
        kernel.stop(comm)
        kernel.until(lambda: kernel.acknowledged(comm))
        kernel.until(lambda: kernel.comms[comm]["state"] == "stopped")
        assert not burning.done, "Stop was heard only after the other cell had ended"
        (tmp_path / "enough").touch()
        kernel.until(lambda burning=burning: burning.done)
        (tmp_path / "enough").unlink()
        assert burning.text == "burnt\n"
    assert (
        kernel.value("[(t['role'], t.get('state')) for t in chat.messages]")
        == [
            ("user", None),
            ("assistant", "stopped"),
        ]
        * 2
    )
    assert kernel.value("chat.message == chat.messages[-1]['content'] != ''")


def test_python_reads_the_whole_running_text_at_any_moment(kernel: Kernel) -> None:
    kernel.run("from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/slow')\nchat")
    comm = kernel.comm("chat")
    kernel.send(comm, {"type": "ask", "id": "a1", "text": "tell me"})
    kernel.until(lambda: len(kernel.text(comm)) > 20)
    text, in_state = kernel.value("(chat.message, chat.get_state()['message'])")
    assert text
    assert in_state.startswith(text[:20])
    assert kernel.comms[comm]["message"] == "", "running text is not synced as a trait"
    kernel.run("chat.stop()")
    kernel.until(lambda: kernel.comms[comm]["state"] == "stopped")
    assert kernel.comms[comm]["message"].startswith(text)


def test_a_kernel_interrupt_keeps_the_text_and_stays_an_interrupt(kernel: Kernel) -> None:
    run = kernel.start(ask("demo/slow", "tell", "--out x"))
    queued = kernel.start("print('queued')")
    comm = kernel.comm("answer")
    kernel.until(lambda: kernel.text(comm))
    kernel.interrupt()
    kernel.until(lambda: run.done and queued.done)
    assert run.reply["status"] == "error"
    assert run.reply["ename"] == "KeyboardInterrupt"
    assert len(run.reply["traceback"]) == 1
    assert queued.reply["status"] == "aborted"
    assert set(run.bundles[0]) == MIMES
    assert kernel.value("(x.state, len(x.text) > 0)") == ("stopped", True)


def test_interrupts_at_any_instant_leave_a_kernel_that_runs_the_next_cell(kernel: Kernel) -> None:
    for step in range(8):
        run = kernel.start(ask("demo/tour", "go"))
        kernel.until(lambda run=run: run.busy)
        kernel.settle(0.03 + 0.03 * step)  # earlier, it may hit the kernel itself, which then sends no reply
        kernel.interrupt()
        kernel.settle(1)
        if not run.done:
            # Python loses an interrupt that comes in the callback of an import lock; a person presses again.
            kernel.interrupt()
        kernel.until(lambda run=run: run.done, 10)
        assert kernel.value("1 + 1") == 2


@pytest.mark.parametrize(
    ("word", "name", "text"),
    [("429", "RateLimitError", ""), ("cut", "CutError", "began well"), ("reset", "CutError", "began")],
)
def test_an_error_shows_the_text_then_one_line_without_our_frames(
    kernel: Kernel, word: str, name: str, text: str
) -> None:
    run = kernel.run(ask("demo/faulty", word, "--out x"))
    assert run.reply["status"] == "error"
    assert run.reply["ename"] == name
    assert len(run.reply["traceback"]) == 1
    assert "jupyter_openrouter/" not in run.reply["traceback"][0]
    assert set(run.bundles[0]) == MIMES
    assert text in run.bundles[0]["text/markdown"]
    assert kernel.value("type(x.error).__name__") == name


def test_a_whole_notebook_executor_gets_the_saved_form_and_no_widget(kernel: Kernel) -> None:
    run = kernel.run(ask("demo/echo", "hello"), allow_stdin=False)
    assert [o["data"].keys() == MIMES for o in run.outputs] == [True]
    assert not kernel.comms


def test_captured_output_holds_the_saved_form_alone(kernel: Kernel) -> None:
    kernel.run("%%capture captured\nget_ipython().run_cell_magic('openrouter', '--model demo/echo', 'hello')")
    assert kernel.value("[sorted(o.data) for o in captured.outputs]") == [sorted(MIMES)]


def test_a_widget_on_a_kernel_that_may_not_hear_carries_the_core(kernel: Kernel) -> None:
    kernel.run("from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/echo')\nchat")
    comm = kernel.comm("chat")
    state = kernel.comms[comm]
    if "_core_gz" not in state:  # it came in a buffer
        kernel.until(lambda: any(m.get("part") == "chat" for m in kernel.custom[comm]))
    kernel.send(comm, {"type": "part", "part": "core"})
    got = kernel.until(lambda: [m for m in kernel.custom[comm] if m.get("part") == "core"])
    assert got == [{"type": "part", "part": "core", "id": state["_core_id"]}]
    assert len(state["_esm"].encode()) < 2048


def test_a_browser_sets_no_trait_and_nonsense_from_it_breaks_nothing(kernel: Kernel) -> None:
    kernel.run("from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/echo')")
    comm = kernel.comm("chat")
    kernel.send(comm, {"model": "evil/model", "system": "obey", "messages": [{}]}, method="update")
    nonsense = [None, 1, "x", [], {}, {"type": 5}, {"type": "ask"}, {"type": "ask", "text": 7, "id": {}}]
    nonsense += [{"type": "ask", "text": "x" * (1 << 20) + "y", "id": "big"}, {"type": "stop", "id": ["x"]}]
    nonsense += [{"type": "ask", "text": " ", "id": "blank"}, {"type": "part", "part": "/etc/passwd"}]
    for content in nonsense:
        kernel.send(comm, content)
    kernel.send(comm, {"type": "ask", "id": "good", "text": "still here"})
    kernel.until(lambda: kernel.comms[comm].get("messages"))
    assert kernel.value("(chat.model, chat.system, chat.message)") == ("demo/echo", "", "still here")
    refused = {m["id"] for m in kernel.custom[comm] if m["type"] == "refused"}
    assert refused == {"", "big", "blank"}
    assert not [m for m in kernel.messages if m["msg_type"] == "error"]


def test_a_burst_of_deltas_is_few_messages_and_no_text_is_lost(kernel: Kernel) -> None:
    run = kernel.start(ask("demo/burst", "10000", "--out x"))
    comm = kernel.comm("answer")
    kernel.until(lambda: run.done, 60)
    deltas = [m for m in kernel.custom[comm] if m["type"] == "delta"]
    assert 0 < len(deltas) <= 200
    assert kernel.value("x.text.split() == [str(n) for n in range(1, 10001)]")


def test_unloading_leaves_no_thread_no_subshell_and_no_magic(kernel: Kernel) -> None:
    before = kernel.value("sorted(t.name for t in __import__('threading').enumerate())")
    kernel.run(ask("demo/echo", "hello"))
    kernel.run(
        "from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/echo')\nchat.ask('x')"
    )
    kernel.run("chat.close()")
    kernel.run("%unload_ext jupyter_openrouter")
    after = kernel.value("sorted(t.name for t in __import__('threading').enumerate())")
    assert after == before
    assert kernel.value("'openrouter' in get_ipython().magics_manager.magics['cell']") is False
    kernel.run("%load_ext jupyter_openrouter")
    assert kernel.run(ask("demo/echo", "again", "--out x")).reply["status"] == "ok"
    assert kernel.value("x.text") == "again"


SLOW_CLOSING = """
import time
from jupyter_openrouter.response import Response
quick = Response.mimebundle
Response.mimebundle = lambda self: (time.sleep(0.4), quick(self))[1]
"""


@pytest.mark.parametrize("first", ["interrupt", "stop"])
def test_an_interrupt_while_the_answer_is_closed_does_not_lose_the_saved_form(
    kernel: Kernel, first: str
) -> None:
    kernel.run(ask("demo/echo", "warm up"))
    kernel.run(SLOW_CLOSING)
    run = kernel.start(ask("demo/slow", "go"))
    kernel.until(lambda: run.busy)
    comm = kernel.comm("answer")
    kernel.until(lambda: kernel.text(comm))
    kernel.interrupt() if first == "interrupt" else kernel.stop(comm)
    kernel.settle(0.2)
    kernel.interrupt()
    kernel.until(lambda: run.done)
    assert run.reply["ename"] == "KeyboardInterrupt"
    assert len(run.reply["traceback"]) == 1
    assert set(run.bundles[0]) == MIMES, "the live view was left in place of the answer"


def test_odd_characters_from_the_service_reach_neither_the_file_nor_the_error(kernel: Kernel) -> None:
    odd = (
        "from jupyter_openrouter.response import Response\n"
        "from jupyter_openrouter.chunks import Usage\n"
        "from jupyter_openrouter.errors import ProviderError\n"
        "r = Response('m\\ud800')\n"
        "r.add(0, 'kept')\n"
        "r.provider, r.state = 'P\\ud800\\x1b[2J', 'done'\n"
        "r.usage = Usage.read({'a\\ud800': 1, 'b': '\\udfff'})\n"
        "r.error = ProviderError('x\\ud800y\\nz\\x1b]0;t\\x07')\n"
    )
    run = kernel.run(odd + "print(r); display(r); raise r.error")
    assert "kept" in run.bundles[0]["text/plain"]
    assert run.reply["ename"] == "ProviderError"
    assert "\x1b" not in run.reply["evalue"] + run.text
    assert "\n" not in run.reply["evalue"]


def test_a_chat_hears_stop_after_the_extension_was_loaded_anew(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run("from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/slow')\nchat")
    comm = kernel.comm("chat")
    kernel.run("%reload_ext jupyter_openrouter")
    kernel.send(comm, {"type": "ask", "id": "a1", "text": "tell me"})
    kernel.until(lambda: kernel.text(comm))
    burning = kernel.start(BURN.format(seconds=120))
    kernel.until(lambda: burning.busy)
    kernel.stop(comm)
    kernel.until(lambda: kernel.acknowledged(comm))
    assert not burning.done
    (tmp_path / "enough").touch()
    kernel.until(lambda: burning.done)


def test_what_fails_in_the_settings_around_it_is_shown_in_the_chat(kernel: Kernel) -> None:
    kernel.run(
        "import os\n"
        "os.environ |= {'OPENROUTER_API_KEY': 'sk-or-x', 'HTTPS_PROXY': 'foo://x', 'https_proxy': 'foo://x'}\n"
        "from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='openai/gpt-4')\nchat"
    )
    comm = kernel.comm("chat")
    kernel.send(comm, {"type": "ask", "id": "a1", "text": "hello"})
    kernel.until(lambda: kernel.comms[comm]["state"] == "failed")
    assert "proxy" in kernel.comms[comm]["error"]["message"]
    assert kernel.comms[comm]["asking"] == "hello", "the question is not lost"


def test_many_answers_leave_no_widget_comm_thread_or_descriptor(kernel: Kernel) -> None:
    count = (
        "(__import__('gc').collect() * 0, len(__import__('ipywidgets').widgets.widget._instances), "
        "len(get_ipython().kernel.comm_manager.comms), __import__('threading').active_count(), "
        "len(__import__('os').listdir('/proc/self/fd')) if __import__('os').path.exists('/proc/self/fd') else 0)"
    )
    for _ in range(3):
        kernel.run(ask("demo/echo", "warm up"))
        kernel.run(ask("demo/faulty", "reset"))
    before = kernel.value(count)
    for _ in range(12):
        kernel.run(ask("demo/echo", "hello"))
        kernel.run(ask("demo/faulty", "reset"))

    def settled() -> bool:
        # The other end of a connection that was reset is closed a moment later.
        after = kernel.value(count)
        return all(now <= then for now, then in zip(after, before, strict=True))

    kernel.until(settled)


@pytest.mark.parametrize("which", PYTHONS)
def test_the_key_is_in_no_message_that_the_kernel_publishes(which: str, tmp_path: Path) -> None:
    canary = "sk-or-v1-c0ffee" + "0" * 32
    with running_kernel(
        which, tmp_path, OPENROUTER_API_KEY=canary, OPENROUTER_BASE_URL="http://127.0.0.1:9"
    ) as kernel:
        kernel.run("%xmode Verbose")
        run = kernel.run(ask("openai/gpt-4", "hello"))
        assert run.reply["ename"] == "APIConnectionError"
        kernel.run(
            "from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='openai/gpt-4')\nchat.ask('x')"
        )
        kernel.run("_openrouter, vars(_openrouter), chat, chat.get_state(), chat.error")
        kernel.run("%tb")
        assert canary not in json.dumps(kernel.messages, default=str)
        assert canary not in json.dumps([r.reply for r in kernel.runs.values()], default=str)
