"""`%openrouter` and the Tab key in real kernels, as a front end sees them."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest
from kernels import Kernel

pytestmark = pytest.mark.kernel


def complete(kernel: Kernel, code: str) -> list[str]:
    """What a front end would offer, as the whole text that a choice makes of the code."""
    reply: Any = kernel.client.complete(code, len(code), reply=True, timeout=30)
    content = reply["content"]
    assert content["status"] == "ok"
    return [code[: content["cursor_start"]] + match for match in content["matches"]]


def shown(run: Any) -> dict[str, Any]:
    assert run.reply["status"] == "ok", run.reply
    (bundle,) = run.bundles
    return dict(bundle)


def test_tab_offers_what_fits_in_a_line_a_first_line_and_between_braces(kernel: Kernel) -> None:
    kernel.run("my_frame = {'a': 1}\nprint()")
    assert complete(kernel, "%openrouter mod") == ["%openrouter model", "%openrouter models"]
    assert complete(kernel, "%openrouter model demo/t") == [
        "%openrouter model demo/tour",
        "%openrouter model demo/tools",
    ]
    assert complete(kernel, "%%openrouter -m demo/ec") == ["%%openrouter -m demo/echo"]
    assert complete(kernel, "%%openrouter --temp") == ["%%openrouter --temperature"]
    assert complete(kernel, "%%openrouter -m demo/echo\nSee {{ my_f") == [
        "%%openrouter -m demo/echo\nSee {{ my_frame"
    ]
    kernel.run("%%openrouter -m demo/echo --chat trip\nhello")
    assert complete(kernel, "%openrouter show tr") == ["%openrouter show trip"]
    assert "my_frame" in complete(kernel, "my_fr")


def test_unloaded_nothing_is_offered_and_nothing_is_left(kernel: Kernel) -> None:
    kernel.run("%load_ext jupyter_openrouter\n%reload_ext jupyter_openrouter")
    assert len(complete(kernel, "%openrouter mod")) == 2
    kernel.run("%unload_ext jupyter_openrouter")
    assert complete(kernel, "%openrouter mod") == []
    left = kernel.value(
        "[m for m in get_ipython().Completer.custom_matchers if 'openrouter' in str(m)]"
        " + [t.__name__ for t in get_ipython().input_transformer_manager.token_transformers"
        " if 'OpenRouter' in t.__name__]"
    )
    assert left == []


def test_a_line_asks_with_its_braces_and_its_question_mark(kernel: Kernel) -> None:
    kernel.run("x = 20")
    run = kernel.run("%openrouter -m demo/echo is {{ x + 1 }} more than {x} and $x?")
    assert run.reply["status"] == "ok"
    assert kernel.value("_openrouter.text") == "is 21 more than {x} and $x?"
    assert run.bundles[-1]["text/plain"].startswith("is 21 more than")


def test_an_expression_that_fails_in_a_line_is_said_to_be_on_that_line(kernel: Kernel) -> None:
    for code, line in (
        ("%openrouter -m demo/echo is {{ nowhere }} here", 1),
        ("a = 1\n\n%openrouter -m demo/echo is {{ nowhere }} here", 3),
        ("%%openrouter -m demo/echo\nis {{ nowhere }} here", 2),
    ):
        run = kernel.run(code)
        assert run.reply is not None
        assert f"Line {line}, column" in run.reply["evalue"]


def test_the_status_and_help_are_tables_and_text(kernel: Kernel) -> None:
    status = shown(kernel.run("%openrouter"))
    assert status["text/plain"].startswith("key ")
    assert "<table>" in status["text/html"]
    assert "--temperature" in shown(kernel.run("%openrouter help -t"))["text/plain"]


def test_models_are_a_listing_for_further_work(kernel: Kernel) -> None:
    bundle = shown(kernel.run("%openrouter model demo/echo"))
    assert "131,072 tokens" in bundle["text/plain"]
    kernel.run(
        "import os, jupyter_openrouter\nos.environ['OPENROUTER_BASE_URL'] = jupyter_openrouter.demo_base_url()"
    )
    bundle = shown(kernel.run("%openrouter models echo"))
    assert "demo/echo" in bundle["text/html"]
    assert kernel.value("_[0].slug") == "demo/echo"


def test_a_conversation_and_what_it_cost_are_seen_and_undone(kernel: Kernel) -> None:
    kernel.run("%%openrouter -m demo/echo --chat trip\nhello")
    assert "trip" in shown(kernel.run("%openrouter chats"))["text/html"]
    assert "hello" in shown(kernel.run("%openrouter show trip"))["text/markdown"]
    assert "demo/echo" in shown(kernel.run("%openrouter cost"))["text/plain"]
    assert "0 turns left" in shown(kernel.run("%openrouter undo trip"))["text/plain"]


def test_an_answer_that_was_cut_goes_on_and_both_are_one(kernel: Kernel) -> None:
    kernel.run("%%openrouter -m demo/echo --max-tokens 2 --chat trip\none two three four five six seven")
    first = kernel.value("_openrouter.text")
    assert kernel.value("_openrouter.finish_reason") == "length"
    run = kernel.run("%openrouter continue")
    assert run.reply["status"] == "ok", run.reply
    whole, seams, parts = kernel.value("(_openrouter.text, _openrouter.seams, len(_openrouter.continues))")
    assert whole.startswith(first)
    assert (seams, parts) == ([len(first)], 2)
    assert run.bundles[-1]["text/plain"].startswith(whole)
    assert kernel.value(
        "[t.text for t in __import__('jupyter_openrouter').conversations.conversations['trip'].turns][1:]"
    ) == [whole]


def test_a_stopped_answer_goes_on_and_a_stop_of_that_keeps_its_text(kernel: Kernel) -> None:
    def ask_and_stop(cell: str) -> Any:
        run = kernel.start(cell)
        comm = kernel.until(lambda: next((i for i in kernel.answers() if kernel.text(i)), None))
        kernel.stop(comm)
        kernel.until(lambda: run.done)
        return run

    ask_and_stop("%%openrouter -m demo/slow\ntell")
    first = kernel.value("_openrouter.text")
    run = ask_and_stop("%openrouter continue")
    whole, state = kernel.value("(_openrouter.text, _openrouter.state)")
    assert run.reply["status"] == "ok", run.reply
    assert state == "stopped"
    assert whole.startswith(first.rstrip())
    assert kernel.value("1 + 1") == 2


def test_an_interrupt_of_a_continuation_keeps_its_text_and_the_next_cell_runs(kernel: Kernel) -> None:
    def answering() -> str | None:
        return next((i for i in kernel.answers() if kernel.text(i)), None)

    first = kernel.start("%%openrouter -m demo/slow\ntell")
    kernel.stop(kernel.until(answering))
    kernel.until(lambda: first.done)
    before = kernel.value("_openrouter.text")
    run = kernel.start("%openrouter continue")
    kernel.until(answering)
    kernel.interrupt()
    kernel.until(lambda: run.done)
    assert run.reply["ename"] == "KeyboardInterrupt"
    whole, state = kernel.value("(_openrouter.text, _openrouter.state)")
    assert whole.startswith(before.rstrip())
    assert len(whole) > len(before)
    assert state == "stopped"
    assert kernel.value("1 + 1") == 2


def test_explain_shows_the_change_as_a_diff_and_edits_nothing(kernel: Kernel) -> None:
    kernel.run("%config OpenRouterMagics.model = 'demo/echo'")
    failed = kernel.run("y = [1, 2]\ny[5]")
    assert failed.reply["status"] == "error"
    run = kernel.run("%openrouter explain why?")
    assert run.reply["status"] == "ok", run.reply
    question = kernel.value("_openrouter.body['messages'][-1]['content']")
    assert "IndexError" in question
    assert "y[5]" in question
    assert "`y` is now:\n```text\n[1, 2]\n```" in question
    assert kernel.value("y") == [1, 2]


def test_a_mistake_is_one_line_and_where_nobody_can_be_asked_it_is_said_at_once(kernel: Kernel) -> None:
    run = kernel.run("%openrouter modles")
    assert run.reply["status"] == "error"
    assert run.outputs[-1]["traceback"] == [
        "InvalidRequestError: 'modles' is no command. Did you mean %openrouter models? "
        "To ask it: %openrouter -- modles"
    ]
    run = kernel.run("%openrouter key set", allow_stdin=False)
    assert run.reply["ename"] == "InvalidRequestError"


def test_a_key_is_asked_for_hidden_and_shown_nowhere(kernel: Kernel) -> None:
    secret = "sk-or-v1-" + "e" * 30
    run = kernel.start("%openrouter key set")
    asked = kernel.client.get_stdin_msg(timeout=30)
    assert asked["content"]["password"] is True
    kernel.client.input(secret)
    kernel.until(lambda: run.done)
    assert "used in this session" in shown(run)["text/plain"]
    assert "from the prompt" in shown(kernel.run("%openrouter"))["text/plain"]
    assert "this session" in shown(kernel.run("%openrouter key forget"))["text/plain"]
    assert secret not in str(kernel.messages)


def test_signing_in_shows_a_link_asks_for_the_code_hidden_and_gives_a_key(kernel: Kernel) -> None:
    kernel.run(
        "import os, jupyter_openrouter\nos.environ['OPENROUTER_BASE_URL'] = jupyter_openrouter.demo_base_url()"
    )
    run = kernel.start("%openrouter login")
    asked = kernel.client.get_stdin_msg(timeout=30)
    assert asked["content"]["password"] is True
    kernel.until(lambda: run.bundles)
    link = run.bundles[0]["text/plain"].split()[-1]
    with urllib.request.urlopen(link, timeout=10) as page:
        code = page.read().decode().partition("<code>")[2].partition("</code>")[0]
    kernel.client.input(code)
    kernel.until(lambda: run.done)
    assert run.reply["status"] == "ok", run.reply
    assert "from" in run.bundles[-1]["text/plain"]
    assert "the sign-in" in shown(kernel.run("%openrouter"))["text/plain"]
    assert "this session" in shown(kernel.run("%openrouter logout"))["text/plain"]
