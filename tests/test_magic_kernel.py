"""Every flag of ``%%openrouter`` in a real kernel: what the server received, what is saved, and what stays behind."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kernels import PYTHONS, Kernel, Run, running_kernel

from jupyter_openrouter.demo.picture import data_url
from jupyter_openrouter.flags import flag_names
from jupyter_openrouter.notebook_costs import read

pytestmark = pytest.mark.kernel

MIME = "application/vnd.jupyter-openrouter.v1+json"
SETUP = """
import gc
from jupyter_openrouter import demo_base_url
from jupyter_openrouter.demo.server import DemoServer
demo_base_url()
SERVER = next(one for one in gc.get_objects() if isinstance(one, DemoServer))
def asked():
    return [one for one in SERVER.requests if one["path"].endswith("completions")]
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for the tests that leave nothing behind; its name is not that of the fixture for each."""
    folder = tmp_path_factory.mktemp("kernel")
    (folder / "dot.png").write_bytes(base64.b64decode(data_url().partition(",")[2]))
    (folder / "note.txt").write_text("the note", "utf-8")
    (folder / "beep.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 24)
    with running_kernel("newest", folder) as kernel:
        kernel.run(SETUP)
        yield kernel


def cell(kernel: Kernel, code: str, *, cell_id: str = "", allow_stdin: bool = True) -> Run:
    """Runs a cell as JupyterLab sends it, with its id."""
    content = {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": allow_stdin,
        "stop_on_error": True,
    }
    message = kernel.client.session.msg("execute_request", content, metadata={"cellId": cell_id})
    kernel.client.shell_channel.send(message)
    run = kernel.runs[message["header"]["msg_id"]] = Run(message["header"]["msg_id"])
    kernel.until(lambda: run.done)
    return run


def good(run: Run) -> Run:
    assert run.reply is not None
    assert run.reply["status"] == "ok", run.reply.get("evalue")
    return run


def saved(run: Run) -> dict[str, Any]:
    """The record in the last output that has one."""
    return next(bundle for bundle in reversed(run.bundles) if MIME in bundle)


# Each flag: what the line is, and what the server then received in the body.
BODIES: list[tuple[str, dict[str, Any]]] = [
    ("-m demo/echo", {"model": "demo/echo", "stream": True}),
    ("--model demo/echo", {"messages": [{"role": "user", "content": "hello"}]}),
    ("-m demo/echo -s 'be brief'", {"messages.0": {"role": "system", "content": "be brief"}}),
    ("-m demo/echo --system x", {"messages.0": {"role": "system", "content": "x"}}),
    ("-m demo/echo -t 0.25", {"temperature": 0.25}),
    ("-m demo/echo --temperature 0", {"temperature": 0}),
    ("-m demo/echo --max-tokens 7", {"max_tokens": 7}),
    ("-m demo/echo --top-p 0.5", {"top_p": 0.5}),
    ("-m demo/echo --top-k 3", {"top_k": 3}),
    ("-m demo/echo --min-p 0.1", {"min_p": 0.1}),
    ("-m demo/echo --top-a 0.2", {"top_a": 0.2}),
    ("-m demo/echo --frequency-penalty 1", {"frequency_penalty": 1}),
    ("-m demo/echo --presence-penalty -1", {"presence_penalty": -1}),
    ("-m demo/echo --repetition-penalty 1.5", {"repetition_penalty": 1.5}),
    ("-m demo/echo --seed 4", {"seed": 4}),
    ("-m demo/echo --verbosity low", {"verbosity": "low"}),
    ("-m demo/echo --stop END --stop '. '", {"stop": ["END", ". "]}),
    ("-m demo/echo --reasoning high", {"reasoning": {"effort": "high"}}),
    ("-m demo/echo --reasoning 2000", {"reasoning": {"max_tokens": 2000}}),
    ("-m demo/echo --reasoning off", {"reasoning": {"effort": "none"}}),
    ("-m demo/echo --models demo/tour,demo/slow", {"models": ["demo/echo", "demo/tour", "demo/slow"]}),
    ("-m demo/echo --only demo", {"provider": {"only": ["demo"]}}),
    ("-m demo/echo --ignore a,b", {"provider": {"ignore": ["a", "b"]}}),
    ("-m demo/echo --sort price", {"provider": {"sort": "price"}}),
    ("-m demo/echo --max-price 1,5", {"provider": {"max_price": {"prompt": 1, "completion": 5}}}),
    ("-m demo/echo --zdr", {"provider": {"zdr": True}}),
    (
        """-m demo/echo --provider '{"allow_fallbacks": false}' --zdr""",
        {"provider": {"allow_fallbacks": False, "zdr": True}},
    ),
    ("-m demo/echo --plugin web", {"plugins": [{"id": "web"}]}),
    ("""-m demo/echo --param demo='{"rate": 0}' --param user=me""", {"demo": {"rate": 0}, "user": "me"}),
    ("-m demo/echo --no-stream", {"stream": False}),
    ("-m demo/echo --stream --no-zdr --no-show-prompt", {"stream": True}),
    ("-m demo/echo --completion", {"prompt": "hello", "model": "demo/echo"}),
    ("-m demo/echo --image dot.png", {"messages.0.content.1.type": "image_url"}),
    ("-m demo/echo --file note.txt", {"messages.0.content": "```data: note.txt\nthe note\n```\nhello"}),
    ("-m demo/echo --audio beep.wav", {"messages.0.content.1.type": "input_audio"}),
    (
        "-m demo/echo --schema FORM",
        {"response_format.type": "json_schema", "response_format.json_schema.name": "thing"},
    ),
    ("-m demo/echo --chat about", {"messages": [{"role": "user", "content": "hello"}]}),
    ("-m demo/echo -c about", {"messages.2": {"role": "user", "content": "hello"}}),
    ("-m demo/echo --cache", {"header:X-Openrouter-Cache": "true"}),
    (
        "-m demo/echo --cache 60 --refresh",
        {"header:X-Openrouter-Cache-Ttl": "60", "header:X-Openrouter-Cache-Clear": "true"},
    ),
    ("-m demo/echo --timeout 30 --idle-timeout 20 --max-cost 5", {"messages.0.content": "hello"}),
    ("-m demo/echo --background", {"messages.0.content": "hello"}),
    ("-m demo/echo --record tape.jsonl", {"messages.0.content": "hello"}),
]
ELSEWHERE = {"--fallback", "-o", "--out", "--as", "--raw", "--show-prompt", "--dry-run", "--replay", "-h"}
ELSEWHERE |= {"--help"}


def test_the_table_names_every_flag() -> None:
    words = {word for line, _ in BODIES for word in line.split()}
    assert set(flag_names()) <= words | ELSEWHERE


@pytest.mark.parametrize(("line", "expected"), BODIES, ids=[line for line, _ in BODIES])
def test_each_flag_reaches_the_server(shared: Kernel, line: str, expected: dict[str, Any]) -> None:
    shared.run("FORM = {'title': 'thing', 'type': 'object', 'properties': {'a': {'type': 'integer'}}}")
    before = shared.value("len(asked())")
    shared.run(f"%%openrouter {line}\nhello")
    if "--background" in line:
        shared.run("await _openrouter")
    assert shared.value("len(asked())") > before
    received = shared.value(f"asked()[{before}]")
    for name, value in expected.items():
        if name.startswith("header:"):
            headers = {key.lower(): text for key, text in received["headers"].items()}
            assert headers[name.removeprefix("header:").lower()] == value
            continue
        found = received["body"]
        for step in name.split("."):
            found = found[int(step)] if step.isdigit() else found[step]
        assert found == value
    assert received["path"].endswith("/chat/completions") == ("--completion" not in line)


def test_a_fallback_of_ours_is_asked_next_and_the_output_says_so(shared: Kernel) -> None:
    run = good(shared.run("%%openrouter -m demo/faulty --fallback demo/echo\n503"))
    assert shared.value("_openrouter.model") == "demo/echo"
    assert "answered instead of" in saved(run)["text/plain"] + saved(run)["text/markdown"]


def test_braces_are_filled_in_awaits_run_and_raw_leaves_all_as_it_is(shared: Kernel) -> None:
    shared.run("import asyncio\nasync def later(x):\n    await asyncio.sleep(0)\n    return x")
    good(shared.run("%%openrouter -m demo/echo\n{{ 6 * 7 }} {{ await later('yes') }} {x} {'a': {'b': 1}}"))
    assert shared.value("_openrouter.text") == "42 yes {x} {'a': {'b': 1}}"
    good(shared.run("%%openrouter -m demo/echo --raw\n{{ 6 * 7 }}"))
    assert shared.value("_openrouter.text") == "{{ 6 * 7 }}"


def test_an_expression_that_fails_sends_nothing_and_says_where(shared: Kernel) -> None:
    before = shared.value("len(asked())")
    run = shared.run("%%openrouter -m demo/echo\nhello {{ nowhere }}")
    assert run.reply is not None
    assert run.reply["ename"] == "PromptError"
    assert "Line 2, column 7" in run.reply["evalue"]
    assert "NameError: name 'nowhere' is not defined" in run.reply["evalue"]
    assert len(run.reply["traceback"]) == 1
    assert shared.value("len(asked())") == before
    assert not run.bundles


def test_a_masked_secret_is_said_in_the_saved_output(shared: Kernel) -> None:
    shared.run("secret = 'ghp_' + 'a1B2' * 9")
    bundle = saved(good(shared.run("%%openrouter -m demo/echo\nsay {{ secret }}")))
    assert "ghp_" not in json.dumps(bundle)
    assert "masked" in bundle["text/markdown"].rpartition("\n\n")[0]
    assert "ghp_" not in json.dumps(shared.value("asked()[-1]"))


def test_dry_run_prices_and_sends_nothing_and_show_prompt_shows(shared: Kernel) -> None:
    before = shared.value("len(asked())")
    run = good(
        shared.run("%%openrouter -m demo/tour --dry-run --show-prompt --max-tokens 10\nhello {{ 1 + 1 }}")
    )
    priced, shown = run.bundles
    assert "Nothing was sent." in priced["text/plain"]
    assert "at most 10 tokens" in priced["text/html"]
    assert "hello 2" in shown["text/plain"]
    assert shared.value("len(asked())") == before
    run = good(shared.run("%%openrouter -m demo/echo --show-prompt -s brief\nhello"))
    assert [MIME in bundle for bundle in run.bundles] == [True, False]
    assert run.bundles[1]["text/plain"] == "system:\nbrief\n\nuser:\nhello"


def test_a_cap_on_the_answer_refuses_before_anything_is_sent(shared: Kernel) -> None:
    before = shared.value("len(asked())")
    shared.run("from jupyter_openrouter import money\nmoney.PLAY_MONEY = 'toy/'")
    try:
        run = shared.run("%%openrouter -m demo/echo --max-tokens 1000 --max-cost 0.0001\nhello")
    finally:
        shared.run("money.PLAY_MONEY = 'demo/'")
    assert run.reply is not None
    assert run.reply["ename"] == "BudgetError"
    assert "the cap of this answer is $0.0001" in run.reply["evalue"]
    assert shared.value("len(asked())") == before


def test_what_one_execution_asks_shares_the_cap_of_its_cell_where_nobody_names_the_cell(
    shared: Kernel,
) -> None:
    shared.run("from jupyter_openrouter import money\nmoney.PLAY_MONEY = 'toy/'")
    shared.run("%openrouter cap cell 0.00082")
    ask = "get_ipython().run_cell_magic('openrouter', '-m demo/faulty --max-tokens 400', 'malformed')\n"
    try:
        first = shared.run(ask)
        twice = shared.run(ask * 2)
        again = shared.run(ask)
    finally:
        shared.run("%openrouter cap cell off\nmoney.PLAY_MONEY = 'demo/'")
    good(first)
    good(again)
    assert twice.reply is not None
    assert twice.reply["ename"] == "BudgetError"
    assert "the cap of this cell is" in twice.reply["evalue"]
    shared.run("from jupyter_openrouter.ledger import ledger")
    assert shared.value("[line.cell for line in ledger][-1]").startswith("In [")


def test_what_a_cap_does_not_reserve_is_said(shared: Kernel) -> None:
    run = good(shared.run("%%openrouter -m demo/echo --max-tokens 9 --max-cost 1 --plugin web\nhello"))
    assert "the cap has not reserved them" in saved(run)["text/plain"]
    run = good(shared.run("%%openrouter -m demo/echo --max-tokens 9 --plugin web\nhello"))
    assert "reserved" not in saved(run)["text/plain"], "there is no cap"


def test_code_is_shown_without_fences_and_offered_as_the_next_cell(shared: Kernel) -> None:
    run = good(shared.run("%%openrouter -m demo/echo --as code\nSo:\n```python\nx = 1\n```\nDone."))
    assert run.reply is not None
    assert run.reply["payload"] == [{"source": "set_next_input", "text": "x = 1", "replace": False}]
    assert saved(run)["text/markdown"].startswith("```python\nx = 1\n```\n\n<small>")
    assert saved(run)["text/plain"].startswith("So:\n")
    unwatched = shared.run("%%openrouter -m demo/echo --as code\n```python\nx = 1\n```", allow_stdin=False)
    assert good(unwatched).reply["payload"] == []


def test_a_cell_that_is_run_again_offers_other_code_and_never_the_same_or_an_older_one_twice(
    shared: Kernel,
) -> None:
    def offered(code: str, cell_id: str) -> list[str]:
        run = good(cell(shared, f"%%openrouter -m demo/echo --as code\n{code}", cell_id=cell_id))
        assert saved(run)["text/markdown"].startswith(f"```text\n{code}\n```")
        assert run.reply is not None
        return [one["text"] for one in run.reply["payload"]]

    assert offered("x = 1", "offers") == ["x = 1"]
    assert offered("x = 1", "offers") == []
    assert offered("x = 2", "offers") == ["x = 2"]
    assert offered("x = 1", "offers") == []
    assert offered("x = 1", "another") == ["x = 1"]
    assert offered("y = 1", "") == ["y = 1"]
    assert offered("y = 1", "") == [], "a front end that tells no id"


def test_json_is_put_on_lines_and_what_is_none_is_an_error_with_the_text_kept(shared: Kernel) -> None:
    run = good(shared.run('%%openrouter -m demo/echo --as json\n{"a":[1]}'))
    assert saved(run)["text/markdown"].startswith('```json\n{\n  "a": [\n    1\n  ]\n}\n```')
    assert shared.value("_openrouter.parsed") == {"a": [1]}
    run = shared.run("%%openrouter -m demo/echo --as json\nno json")
    assert run.reply is not None
    assert run.reply["ename"] == "AnswerFormatError"
    assert "no json" in saved(run)["text/plain"]


def test_a_schema_gives_the_type_and_asks_once_more_where_the_answer_does_not_fit(shared: Kernel) -> None:
    shared.run("from dataclasses import dataclass\n@dataclass\nclass Thing:\n    a: int")
    good(shared.run('%%openrouter -m demo/echo --schema Thing -o x\n{"a": 3}'))
    assert shared.value("(x.parsed.a, type(x.parsed).__name__)") == (3, "Thing")
    before = shared.value("len(asked())")
    run = shared.run("%%openrouter -m demo/echo --schema Thing -o x\nnonsense")
    assert run.reply is not None
    assert run.reply["ename"] == "AnswerFormatError"
    assert shared.value("len(asked())") == before + 2
    roles = [message["role"] for message in shared.value("asked()[-1]")["body"]["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert len(run.bundles) == 1
    assert "Asked a second time: the first answer ($" in saved(run)["text/plain"]
    assert shared.value("x.parsed") is None


def test_the_code_of_a_form_runs_in_the_cell_and_never_where_answers_arrive(shared: Kernel) -> None:
    shared.run(
        "import threading, time\nfrom dataclasses import dataclass\n@dataclass\nclass Slow:\n    a: int\n"
        "    def __post_init__(self):\n"
        "        print('in', threading.current_thread().name)\n"
        "        seen = len(other.text)\n"
        "        while not other.settled and len(other.text) == seen: time.sleep(0.01)\n"
        "        self.grew = len(other.text) > seen"
    )
    good(shared.run("%%openrouter -m demo/slow --background -o other\ntell"))
    run = good(shared.run('%%openrouter -m demo/echo --schema Slow -o x\n{"a": 3}'))
    assert "in MainThread" in run.text
    assert shared.value("x.parsed.grew"), "another answer went on meanwhile"
    shared.run("other.stop(); other.wait()")
    good(shared.run('%%openrouter -m demo/echo --schema Slow -o x --background\n{"a": 3}'))
    shared.run("y = await x")
    assert shared.value("y.parsed.a") == 3


def test_a_form_whose_code_fails_is_said_and_nothing_is_asked_again(shared: Kernel) -> None:
    shared.run(
        "from dataclasses import dataclass\n@dataclass\nclass Broken:\n    a: int\n"
        "    def __post_init__(self): 1 / 0"
    )
    before = shared.value("len(asked())")
    run = shared.run('%%openrouter -m demo/echo --schema Broken -o x\n{"a": 3}')
    assert run.reply is not None
    assert run.reply["ename"] == "AnswerFormatError"
    assert (
        "The code of Broken failed on the answer: ZeroDivisionError: division by zero." in run.reply["evalue"]
    )
    assert shared.value("len(asked())") == before + 1
    assert shared.value("(x.text, x.parsed)") == ('{"a": 3}', None)


def test_a_fault_of_our_own_is_said_with_its_place_and_the_text_is_kept(shared: Kernel) -> None:
    shared.run("from jupyter_openrouter.asking import Asking\nread = Asking._read")
    shared.run("async def broken(self): raise ZeroDivisionError('odd')\nAsking._read = broken")
    run = shared.run("%%openrouter -m demo/echo -o x\nhello")
    shared.run("Asking._read = read")
    assert run.reply is not None
    assert "ZeroDivisionError: odd" in run.reply["evalue"]
    assert "please report it" in run.reply["evalue"]
    assert saved(run)["text/markdown"].startswith("hello")


def test_an_interrupt_of_the_code_of_a_form_is_one_and_the_next_cell_runs(shared: Kernel) -> None:
    shared.run(
        "import time\nfrom dataclasses import dataclass\n@dataclass\nclass Endless:\n    a: int\n"
        "    def __post_init__(self):\n        print('begun', flush=True)\n        while True: time.sleep(0.01)"
    )
    run = shared.start('%%openrouter -m demo/echo --schema Endless -o x\n{"a": 3}')
    shared.until(lambda: "begun" in run.text)
    shared.interrupt()
    shared.until(lambda: run.done)
    assert run.reply is not None
    assert run.reply["ename"] == "KeyboardInterrupt"
    assert shared.value("x.text") == '{"a": 3}'
    good(shared.run("%%openrouter -m demo/echo\nhello"))


def test_an_answer_that_was_mended_is_the_value_and_both_are_paid_for_in_ledger_and_file(
    shared: Kernel, tmp_path: Path
) -> None:
    shared.run("from dataclasses import dataclass\n@dataclass\nclass Thing:\n    a: int")
    shared.run("from jupyter_openrouter import money\nmoney.PLAY_MONEY = 'toy/'")
    shared.run("from jupyter_openrouter.ledger import ledger\nbefore = len(ledger)")
    try:
        run = good(shared.run("%%openrouter -m demo/faulty --schema Thing -o x\nmisfit, please"))
        lines = shared.value("[(c.source, c.state, c.dollars) for c in ledger][before:]")
    finally:
        shared.run("money.PLAY_MONEY = 'demo/'")
    assert shared.value("(type(x.parsed) is Thing, x.state, len(x.mends))") == (True, "done", 1)
    assert [line[:2] for line in lines] == [("cell", "done")] * 2
    assert all(dollars > 0 for _, _, dollars in lines)
    assert len(run.bundles) == 1
    assert "Asked a second time: the first answer ($" in saved(run)["text/plain"]
    record = saved(run)[MIME]
    assert [record["mends"][0]["cost"], record["cost"]] == [dollars for _, _, dollars in lines]
    path = tmp_path / "saved.ipynb"
    record = json.loads(json.dumps(record).replace("demo/", "toy/"))  # whose figures are no play money
    output = {"output_type": "display_data", "data": {MIME: record}}
    path.write_text(
        json.dumps({"cells": [{"cell_type": "code", "outputs": [output]}], "nbformat": 4}), "utf-8"
    )
    found = read([path])
    assert (found.sum.answers, found.sum.dollars) == (2, pytest.approx(sum(line[2] for line in lines)))


def test_a_hit_of_the_cache_is_free_and_the_footer_says_so(shared: Kernel) -> None:
    good(shared.run("%%openrouter -m demo/echo --cache 60\nkeep this"))
    run = good(shared.run("%%openrouter -m demo/echo --cache 60\nkeep this"))
    assert "from the cache" in saved(run)["text/plain"]
    assert shared.value("_openrouter.cost") == 0


def test_limits_of_time_end_an_answer_and_keep_its_text(shared: Kernel) -> None:
    for line, prompt in (
        ("--timeout 0.3 -m demo/slow", "tell"),
        ("--idle-timeout 0.3 -m demo/faulty", "stall"),
    ):
        run = shared.run(f"%%openrouter {line}\n{prompt}")
        assert run.reply is not None
        assert run.reply["ename"] == "APITimeoutError"
        assert saved(run)[MIME]["state"] == "failed"


def test_defaults_are_configured_and_a_flag_wins_for_one_cell(shared: Kernel) -> None:
    try:
        shared.run("%config OpenRouterMagics.model = 'demo/echo'")
        shared.run("%config OpenRouterMagics.temperature = 0.5\n%config OpenRouterMagics.reasoning = 'low'")
        good(shared.run("%%openrouter\nhello"))
        body = shared.value("asked()[-1]")["body"]
        assert (body["model"], body["temperature"], body["reasoning"]) == (
            "demo/echo",
            0.5,
            {"effort": "low"},
        )
        good(shared.run("%%openrouter -t 0 -m demo/tour --reasoning off --param demo='{\"rate\": 0}'\nhello"))
        body = shared.value("asked()[-1]")["body"]
        assert (body["model"], body["temperature"], body["reasoning"]) == ("demo/tour", 0, {"effort": "none"})
        wrong = shared.run("%config OpenRouterMagics.temperature = 'warm'")
        assert "'warm' is no number" in wrong.text
    finally:
        for name in ("model", "temperature", "reasoning"):
            shared.run(f"%config OpenRouterMagics.{name} = None")
    assert shared.run("%%openrouter\nhello").reply["ename"] == "FlagError"


def test_a_conversation_goes_on_and_the_same_cell_replaces_its_own_turn(shared: Kernel) -> None:
    good(cell(shared, "%%openrouter -m demo/echo -c trip\none", cell_id="c1"))
    good(cell(shared, "%%openrouter -m demo/echo -c trip\ntwo", cell_id="c2"))
    run = good(cell(shared, "%%openrouter -m demo/echo -c trip\nthree", cell_id="c2"))
    said = [message["content"] for message in shared.value("asked()[-1]")["body"]["messages"]]
    assert said == ["one", "one", "three"]
    assert "its answer replaces the last turn of 'trip'" in saved(run)["text/plain"]
    assert saved(run)[MIME]["conversation"]["name"] == "trip"
    assert "question" not in saved(run)[MIME]["conversation"], "it stands in the cell"
    failed = cell(shared, "%%openrouter -m demo/faulty -c trip\n402", cell_id="c2")
    assert failed.reply is not None
    assert failed.reply["ename"] == "PaymentRequiredError"
    assert "replaces" not in saved(failed)["text/plain"], "what has failed replaces nothing"
    shared.run("from jupyter_openrouter.conversations import conversations")
    assert shared.value("[turn.text for turn in conversations['trip'].turns]") == [
        "one",
        "one",
        "three",
        "three",
    ]


def test_a_stopped_answer_is_paid_for_later_in_variable_ledger_and_output(shared: Kernel) -> None:
    run = shared.start("%%openrouter -m demo/slow -c stopped -o x\ntell")
    comm = shared.comm("answer")
    shared.until(lambda: shared.text(comm))
    shared.stop(comm)
    shared.until(lambda: run.done)
    good(run)
    assert "cost unknown" in saved(run)["text/plain"]
    shared.until(lambda: "cost unknown" not in saved(run)["text/plain"])
    assert saved(run)["text/markdown"].endswith("stopped</small>")
    assert saved(run)[MIME]["cost"] > 0
    assert saved(run)[MIME]["conversation"]["name"] == "stopped"
    shared.run("from jupyter_openrouter.ledger import ledger")
    assert shared.value("x.cost > 0")
    lines = shared.value("[(c.source, c.conversation, c.tokens_out) for c in ledger][-1]")
    assert lines[:2] == ("cell", "stopped")
    assert lines[2] is not None


def test_settle_fills_in_what_stopped_answers_of_older_cells_have_cost(kernel: Kernel) -> None:
    kernel.run("from jupyter_openrouter import OpenRouterError, Response, money\nmoney.PLAY_MONEY = 'toy/'")
    kernel.run("async def fail(self):\n    raise OpenRouterError('not yet')")
    kernel.run("settle, Response.settle = Response.settle, fail")
    runs = []
    for _ in range(2):
        runs.append(kernel.start("%%openrouter -m demo/slow\ntell"))
        comm = kernel.comm("answer")
        kernel.until(lambda comm=comm: kernel.text(comm))
        kernel.stop(comm)
        kernel.until(lambda: runs[-1].done)
        kernel.until(lambda: not kernel.answers())
    assert all("cost unknown" in saved(run)["text/plain"] for run in runs)
    said = good(kernel.run("%openrouter settle")).bundles[-1]["text/plain"]
    assert "2 stay unknown" in said
    kernel.run("Response.settle = settle")
    said = good(kernel.run("%openrouter settle")).bundles[-1]["text/plain"]
    assert "The cost of 2 more is known" in said
    kernel.until(lambda: not any("cost unknown" in saved(run)["text/plain"] for run in runs))
    assert all(saved(run)[MIME]["cost"] > 0 for run in runs)


def test_answers_in_the_background_run_at_once_and_each_has_its_own_stop(kernel: Kernel) -> None:
    runs = [good(kernel.run(f"%%openrouter -m demo/slow --background -o x{n}\ntell {n}")) for n in range(3)]
    assert kernel.value("[x.settled for x in (x0, x1, x2)]") == [False] * 3
    comms = [kernel.until(lambda n=n: kernel.answers()[n:])[0] for n in range(3)]
    assert not any(kernel.comms[comm]["interruptible"] for comm in comms)
    kernel.until(lambda: kernel.text(comms[1]))
    kernel.stop(comms[1])
    kernel.until(lambda: MIME in runs[1].bundles[0])
    assert runs[1].bundles[0][MIME]["state"] == "stopped"
    assert MIME not in runs[0].bundles[0]
    kernel.run("x0.stop()")
    kernel.run("y = await x0")
    assert kernel.value("(y is x0, y.state, x2.settled)") == (True, "stopped", False)
    kernel.run("x2.stop(); x2.wait()")
    kernel.until(lambda: all(MIME in run.bundles[0] for run in runs))
    kernel.until(lambda: not kernel.answers())


def test_a_question_beside_a_running_answer_of_its_conversation_says_what_it_goes_without(
    shared: Kernel,
) -> None:
    good(shared.run("%%openrouter -m demo/slow -c both --background -o first\ntell"))
    run = good(shared.run("%%openrouter -m demo/echo -c both\nhello"))
    assert "Another answer of 'both' was still running" in saved(run)["text/plain"]
    shared.run("first.stop(); first.wait()")
    run = good(shared.run("%%openrouter -m demo/echo -c both\nhello"))
    assert "still running" not in saved(run)["text/plain"]


def test_the_answer_of_an_earlier_run_of_a_cell_does_not_replace_that_of_a_later_one(shared: Kernel) -> None:
    good(cell(shared, "%%openrouter -m demo/slow -c late --background -o early\ntell", cell_id="late-1"))
    shared.until(lambda: shared.answers() and shared.text(shared.answers()[-1]))
    good(cell(shared, "%%openrouter -m demo/echo -c late\nagain", cell_id="late-1"))
    shared.run("early.stop(); early.wait()")
    good(cell(shared, "%%openrouter -m demo/echo -c late\nmore", cell_id="late-2"))
    shared.run("from jupyter_openrouter.conversations import conversations")
    said = shared.value("[turn.content for turn in conversations['late'].turns]")
    assert said == ["again", "again", "more", "more"]
    assert "answered sooner" in shared.value("early.notes")[-1]
    assert shared.value("bool(early.text)"), "it is in the variable all the same"


def test_what_sends_nothing_begins_no_conversation_and_changes_none(shared: Kernel) -> None:
    shared.run("from jupyter_openrouter.conversations import conversations")
    good(shared.run("%%openrouter -m demo/echo -c unsent -s brief --dry-run\nhello"))
    run = shared.run("%%openrouter -m demo/echo -c unsent -s brief\n{{ 1/0 }}")
    assert run.reply is not None
    assert run.reply["ename"] == "PromptError"
    assert shared.value("'unsent' in conversations") is False
    good(shared.run("%%openrouter -m demo/echo -c sent -s brief\nhello"))
    good(shared.run("%%openrouter -m demo/echo -c sent -s long --dry-run\nhello"))
    assert shared.value("conversations['sent'].system") == "brief"


def test_an_error_in_the_background_is_said_in_the_output_and_raised_where_it_is_awaited(
    shared: Kernel,
) -> None:
    run = good(shared.run("%%openrouter -m demo/faulty --background -o x\n402"))
    shared.until(lambda: MIME in run.bundles[0])
    assert "PaymentRequiredError: " in run.bundles[0]["text/plain"]
    awaited = shared.run("await x")
    assert awaited.reply is not None
    assert awaited.reply["ename"] == "PaymentRequiredError"
    assert len(awaited.reply["traceback"]) == 1


def test_where_nobody_watches_the_background_is_waited_for(shared: Kernel) -> None:
    run = good(shared.run("%%openrouter -m demo/echo --background -o x\nhello", allow_stdin=False))
    assert saved(run)[MIME]["state"] == "done"
    assert shared.value("x.settled")
    shared.run("y = await x")
    assert shared.value("y.text") == "hello"


def test_it_is_the_same_under_time_capture_and_run_cell_magic(shared: Kernel) -> None:
    call = "get_ipython().run_cell_magic('openrouter', '-m demo/echo', 'hello')"
    plain = saved(good(shared.run("%%openrouter -m demo/echo\nhello")))
    timed = saved(good(shared.run(f"%%time\n{call}")))
    shared.run("%load_ext autoreload\n%autoreload 2")
    reloaded = saved(good(shared.run(call)))
    shared.run("%autoreload 0")
    shared.run(f"%%capture got\n{call}")
    caught = shared.value("got.outputs[0].data['text/plain']")
    for text in (timed["text/plain"], reloaded["text/plain"], caught):
        assert text.split(" · ")[:4] == plain["text/plain"].split(" · ")[:4]


# Of files, only those of this test: IPython writes its history when it likes.
COUNT = """(lambda: (
    __import__('gc').collect() * 0,
    len(__import__('ipywidgets').widgets.widget._instances),
    len(get_ipython().kernel.comm_manager.comms),
    __import__('threading').active_count(),
    len(__import__('jupyter_openrouter.background').background.background().call(
        lambda: __import__('asyncio').all_tasks())),
    len([f for f in __import__('glob').glob('/proc/self/fd/*')
         if not __import__('os').path.realpath(f).startswith('/') or ':[' in __import__('os').path.realpath(f)]),
))()"""
FAST = "-m demo/echo --param demo='{\"rate\": 0}'"


def test_a_hundred_runs_of_a_cell_leave_descriptors_threads_and_tasks_as_they_were(kernel: Kernel) -> None:
    code = f"%%openrouter {FAST} --chat\nhello {{{{ 1 + 1 }}}}"
    kernel.run("import jupyter_openrouter.background")
    for _ in range(3):
        good(cell(kernel, code, cell_id="same"))
    before = kernel.value(COUNT)
    for _ in range(100):
        good(cell(kernel, code, cell_id="same"))
    after = kernel.value(COUNT)
    assert after[-1] > 0
    assert all(now <= then for now, then in zip(after, before, strict=True)), (before, after)
    kernel.run("from jupyter_openrouter.conversations import conversations")
    assert kernel.value("len(conversations['chat'].turns)") == 2, "the cell replaced its own turn each time"


def runs_the_next(kernel: Kernel, number: int) -> bool:
    """Whether a cell after the interrupted one runs within some seconds."""
    for _ in range(4):
        following = kernel.start(f"print('next', {number})")
        for _ in range(30):
            kernel.settle(0.05)
            if following.done:
                break
        if following.text == f"next {number}\n":
            return True
        if not following.done:
            return False
    return False  # each was aborted


def test_interrupts_at_sixty_random_instants_leave_a_kernel_that_runs_the_next_cell(kernel: Kernel) -> None:
    chance, pressed = random.Random(5), []
    kernel.run(f"%%openrouter {FAST}\nwarm up")
    for number in range(60):
        line = "-m demo/tour" if number % 2 else "-m demo/echo -c talk"
        run = kernel.start(f"%%openrouter {line}\n{{{{ {number} }}}} of sixty")
        kernel.until(lambda run=run: run.busy)
        kernel.settle(0.02 + chance.random() * 0.5)  # earlier, it may hit the kernel itself
        kernel.interrupt()
        pressed.append(0)
        while not runs_the_next(kernel, number):
            # Python loses an interrupt that comes in a callback of its own; a person presses again.
            pressed[-1] += 1
            assert pressed[-1] < 5, f"the cell of interrupt {number} never ended"
            kernel.interrupt()
    assert sum(pressed) < 6, pressed
    state = "_openrouter.state in ('done', 'stopped')"
    assert kernel.value(f"({state}, _openrouter.settled)") == (True, True)
    good(kernel.run(f"%%openrouter {FAST}\nstill here"))
    assert kernel.value("_openrouter.text") == "still here"
    kernel.until(lambda: not kernel.answers())
    assert len([one for one in kernel.comms.values() if one.get("_kind") == "answer"]) <= 1


def test_an_interrupt_that_comes_when_the_cell_is_over_loses_no_reply_and_the_next_one_is_heard(
    kernel: Kernel,
) -> None:
    kernel.run(
        "import os, signal\n"
        "late, usual = [], get_ipython().user_expressions\n"
        "def user_expressions(wanted):\n"
        "    if late:\n"
        "        os.kill(os.getpid(), late.pop())\n"
        "    return usual(wanted)\n"
        "get_ipython().user_expressions = user_expressions  # between the end of a cell and its reply"
    )
    ask = "get_ipython().run_cell_magic('openrouter', '-m demo/echo', 'hello')"
    run = good(kernel.run(f"late.append(signal.SIGINT)\n{ask}"))
    assert saved(run)[MIME]["state"] == "done"
    good(kernel.run("late.append(signal.SIGINT)\n%openrouter chats"))
    sleeping = kernel.start("import time\nprint('begins')\ntime.sleep(600)")
    kernel.until(lambda: sleeping.text)
    kernel.interrupt()
    kernel.until(lambda: sleeping.done)
    assert sleeping.reply is not None
    assert sleeping.reply["ename"] == "KeyboardInterrupt"


def test_twenty_answers_in_the_background_do_not_slip_past_a_cap(kernel: Kernel) -> None:
    kernel.run(SETUP)
    kernel.run("from jupyter_openrouter import money\nmoney.PLAY_MONEY = 'toy/'")
    kernel.run("from jupyter_openrouter.caps import caps\ncaps.set('session', 0.0025)")
    # At most 100 tokens at 4 dollars a million, and a few of the prompt: about six answers fit.
    code = "\n".join(
        f"get_ipython().run_cell_magic('openrouter', '-m demo/tour --max-tokens 100 --background -o x{n}', 'go')"
        for n in range(20)
    )
    good(kernel.run(code))
    good(kernel.run("import asyncio\nrunning = [globals()[f'x{n}'] for n in range(20)]"))
    good(kernel.run("await asyncio.gather(*running, return_exceptions=True)"))
    ends = kernel.value("[type(x.error).__name__ for x in running]")
    assert set(ends) == {"BudgetError", "NoneType"}
    assert kernel.value("len(asked())") == ends.count("NoneType")
    assert kernel.value("caps.spent('session')") <= 0.0025


def test_unloading_leaves_nothing_and_loading_again_works(kernel: Kernel) -> None:
    state = (
        "(len(get_ipython().configurables), sorted(get_ipython().magics_manager.registry), "
        "[name for kind in get_ipython().magics_manager.magics.values() for name in kind if 'openrouter' in name], "
        "len(get_ipython().Completer.custom_matchers), "
        "len(get_ipython().events.callbacks['post_run_cell']), "
        "[t.name for t in __import__('threading').enumerate() if 'openrouter' in t.name])"
    )
    kernel.run("%unload_ext jupyter_openrouter")
    before = kernel.value(state)
    for load in ("%load_ext", "%load_ext", "%load_ext", "%reload_ext"):
        kernel.run(f"{load} jupyter_openrouter")
    good(kernel.run(f"%%openrouter {FAST} --background\nhello"))
    assert kernel.value(f"{state}[0]") == before[0] + 1
    offers = [good(cell(kernel, f"%%openrouter {FAST} --as code\nx = 1", cell_id="same"))]
    kernel.run("%reload_ext jupyter_openrouter")
    offers.append(good(cell(kernel, f"%%openrouter {FAST} --as code\nx = 1", cell_id="same")))
    assert [len(run.reply["payload"]) for run in offers if run.reply] == [1, 0]
    kernel.run("%unload_ext jupyter_openrouter")
    assert kernel.value(state) == before
    kernel.run("%load_ext jupyter_openrouter")
    good(kernel.run(f"%%openrouter {FAST}\nagain"))


@pytest.mark.parametrize("which", PYTHONS)
def test_without_a_person_a_missing_key_is_an_error_at_once(which: str, tmp_path: Path) -> None:
    with running_kernel(which, tmp_path) as kernel:
        run = kernel.run("%%openrouter -m openai/gpt-4\nhello", allow_stdin=False)
        assert run.reply is not None
        assert run.reply["ename"] == "MissingKeyError"
        assert len(run.reply["traceback"]) == 1
