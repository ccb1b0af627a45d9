"""Recordings in real kernels: a notebook that is run again from one is the same file, byte for byte, with no key."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernels import Kernel, running_kernel
from nbclient import NotebookClient

pytestmark = pytest.mark.kernel

MIME = "application/vnd.jupyter-openrouter.v1+json"
FAST = """--param demo='{"rate": 2000, "first_token_delay": 0.01, "seed": null}'"""
CLIENT = """
from jupyter_openrouter import OpenRouter
with OpenRouter(CLIENT) as client:
    answer = client.chat('hi', model='demo/echo')
    print(answer.timing, answer.sent_at, answer.generation_id)
    print([model.slug for model in client.models()][:3])
"""
CELLS = [
    f"%%openrouter -m demo/tour {FAST}\nWhat can you do?",
    f"%%openrouter -m demo/reasoner {FAST} --background\nWhy?",
    "await _openrouter",
    f"%%openrouter -m demo/echo {FAST} --chat trip\nWhere to?",
    f"%%openrouter -m demo/echo {FAST} --chat trip\nAnd when?",
    f"%%openrouter -m demo/faulty {FAST}\n429 once",
    f"%%openrouter -m demo/faulty {FAST}\ncut",
    f"%%openrouter -m demo/faulty {FAST}\nreset",
    f"%%openrouter -m demo/faulty {FAST}\nmid-error",
    f"%%openrouter -m demo/faulty {FAST}\n402",
    f"%%openrouter -m demo/echo {FAST} --no-stream\nin one piece",
    f"%%openrouter -m demo/tools {FAST} --schema FORM\nx",
    "%openrouter cost",
]


def notebook(first: str, client: str) -> nbformat.NotebookNode:
    sources = ["%load_ext jupyter_openrouter", first, "FORM = {'title': 'a', 'type': 'object'}", *CELLS]
    sources.append(CLIENT.replace("CLIENT", client))
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{at}") for at, source in enumerate(sources)]
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "x"}}
    )


def executed(node: nbformat.NotebookNode, folder: Path, **environment: str) -> bytes:
    """The notebook's file after a run of all its cells, in a kernel without a key."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENROUTER")}
    client = NotebookClient(
        node,
        timeout=120,
        kernel_name="python3",
        allow_errors=True,
        record_timing=False,  # when each cell ran is in the metadata otherwise
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],
    )
    client.execute(env={**env, "IPYTHONDIR": str(folder / "ipython"), **environment})
    nbformat.write(node, folder / "run.ipynb")
    return (folder / "run.ipynb").read_bytes()


def answers(data: bytes) -> list[Any]:
    """What is saved of the cells with answers."""
    return [cell["outputs"] for cell in json.loads(data)["cells"][3:-2]]


def test_a_notebook_that_is_replayed_is_the_same_file_every_time(tmp_path: Path) -> None:
    demo = "base_url=__import__('jupyter_openrouter').demo_base_url(), record='tape.jsonl'"
    first = executed(notebook("%openrouter record tape.jsonl", demo), tmp_path)
    text = (tmp_path / "tape.jsonl").read_text("utf-8")
    assert text.count('"end"') >= len(CELLS)
    states = [
        one["data"][MIME]["state"]
        for outputs in answers(first)
        for one in outputs
        if MIME in one.get("data", {})
    ]
    assert {"done", "cut", "failed"} <= set(states)
    assert len(states) == 12

    replayed = notebook("%openrouter replay tape.jsonl --pace now", "replay='tape.jsonl'")
    again = executed(replayed, tmp_path)
    assert answers(again) == answers(first)
    assert executed(replayed, tmp_path) == again
    slower = notebook("%openrouter replay tape.jsonl", "replay='tape.jsonl'")
    assert answers(executed(slower, tmp_path)) == answers(first)
    assert (tmp_path / "tape.jsonl").read_text("utf-8") == text


def test_the_environment_replays_a_notebook_as_it_stands(tmp_path: Path) -> None:
    cells = [
        "%load_ext jupyter_openrouter",
        f"%%openrouter -m demo/tour {FAST} --record tape.jsonl\nhello",
        "from jupyter_openrouter import ChatWidget; ChatWidget(model='openai/gpt-4').ask('hi').text",
    ]

    def made() -> nbformat.NotebookNode:
        return nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell, id=f"c{at}") for at, cell in enumerate(cells)]
        )

    first = json.loads(executed(made(), tmp_path))
    size = (tmp_path / "tape.jsonl").stat().st_size
    assert "MissingKeyError" in str(first["cells"][2]["outputs"])
    found = [executed(made(), tmp_path, JUPYTER_OPENROUTER_REPLAY="tape.jsonl") for _ in range(2)]
    saved = [json.loads(data)["cells"] for data in found]
    assert saved[0][1]["outputs"] == saved[1][1]["outputs"] == first["cells"][1]["outputs"]
    assert "NotRecordedError" in str(saved[0][2]["outputs"])
    assert 'model: \\"demo/tour\\" was recorded' in json.dumps(saved[0][2]["outputs"])
    assert (tmp_path / "tape.jsonl").stat().st_size == size


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A kernel whose service is nobody, so that whatever is asked of it fails."""
    with running_kernel(
        "newest", tmp_path_factory.mktemp("kernel"), OPENROUTER_BASE_URL="http://127.0.0.1:9"
    ) as kernel:
        yield kernel


def test_a_cell_of_its_own_is_recorded_and_replayed_from_the_beginning(shared: Kernel) -> None:
    for number in range(2):
        shared.run(f"%%openrouter -m demo/echo {FAST} -o first{number} --record own.jsonl\nhello")
    for _ in range(2):
        shared.run(f"%%openrouter -m demo/echo {FAST} -o again --replay own.jsonl\nhello")
        assert shared.value("again.to_dict() == first0.to_dict() != first1.to_dict()")
    run = shared.run(f"%%openrouter -m demo/echo {FAST} --replay own.jsonl --dry-run\nhello")
    assert run.reply is not None
    assert run.reply["status"] == "ok"
    run = shared.run(f"%%openrouter -m demo/echo {FAST} --replay own.jsonl --record other.jsonl\nhello")
    assert "Leave out one of them" in str(run.reply)


def test_a_miss_is_one_line_that_names_the_difference(shared: Kernel) -> None:
    shared.run(f"%%openrouter -m demo/echo {FAST} --record miss.jsonl\nWhy is the sky blue?")
    run = shared.run(f"%%openrouter -m demo/echo {FAST} --replay miss.jsonl\nWhy is the sky red?")
    assert run.reply is not None
    assert run.reply["ename"] == "NotRecordedError"
    assert '"Why is the sky blue?" was recorded, "Why is the sky red?" is asked' in run.reply["evalue"]
    traceback = next(output["traceback"] for output in run.outputs if "traceback" in output)
    assert len(traceback) == 1


def test_a_broken_file_is_said_before_anything_is_shown(shared: Kernel) -> None:
    shared.run("open('broken.jsonl', 'w').write('{}');")
    for line in ("--replay broken.jsonl", "--record broken.jsonl"):
        run = shared.run(f"%%openrouter -m demo/echo {line}\nhello")
        assert run.reply is not None
        assert run.reply["ename"] == "FileError"
        assert "broken.jsonl is no recording: line 1" in run.reply["evalue"]
        assert not run.bundles


def test_stop_ends_a_replay_in_order_and_the_queue_goes_on(shared: Kernel) -> None:
    slow = """--param demo='{"rate": 5, "first_token_delay": 0}'"""
    shared.run(f"%%openrouter -m demo/slow {slow} --background --record slow.jsonl\nA story")
    shared.until(lambda: shared.value("len(_openrouter.text)") > 5)
    shared.run("_openrouter.stop()")
    shared.until(lambda: shared.value("_openrouter.settled"))
    shared.until(lambda: shared.value("__import__('os').path.exists('slow.jsonl')"))
    assert '"end": "stopped"' in shared.run("print(open('slow.jsonl').read())").text

    run = shared.start("%openrouter replay slow.jsonl --pace 1")
    shared.until(lambda: run.done)
    run = shared.start(f"%%openrouter -m demo/slow {slow}\nA story")
    after = shared.start("print('after')")
    ident = shared.comm("answer")
    shared.stop(ident)
    shared.until(lambda: run.done and after.done)
    assert run.reply is not None
    assert run.reply["status"] == "ok"
    assert run.bundles[-1][MIME]["state"] == "stopped"
    assert after.text == "after\n"
    shared.run("%openrouter replay off")


def test_the_chat_widget_goes_by_the_command_too(shared: Kernel) -> None:
    shared.run("from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/echo')")
    shared.run("%openrouter record chat.jsonl")
    assert shared.value("chat.ask('Hello.').text") == "Hello."
    shared.run("%openrouter replay chat.jsonl --pace now")
    assert shared.value("ChatWidget(model='demo/echo').ask('Hello.').replayed") is True
    assert "NotRecordedError" in str(shared.run("ChatWidget(model='openai/gpt-4').ask('Hello.')").reply)
    assert "Replaying 1 exchange of chat.jsonl, at once." in str(shared.run("%openrouter").bundles)
    shared.run("%openrouter replay off")


def test_a_chat_is_recorded_and_replayed_from_one_question_to_the_next(shared: Kernel) -> None:
    shared.run("from jupyter_openrouter import ChatWidget")
    shared.run("first = ChatWidget('demo/echo', record='talk.jsonl')")
    shared.run("was = [first.ask('hello').to_dict(), first.retry().to_dict(), first.ask('on').to_dict()]")
    assert shared.value("was[0]['generation_id'] != was[1]['generation_id']")
    shared.run("again = ChatWidget('demo/echo', replay='talk.jsonl', pace='now')\nagain")
    comm = shared.comm("chat")
    for number, message in enumerate(
        [{"type": "ask", "text": "hello"}, {"type": "retry"}, {"type": "ask", "text": "on"}]
    ):
        shared.send(comm, {"id": f"q{number}", **message})
        ended = f"again._answers > {number} and not again._asking.running"
        shared.until(lambda ended=ended: shared.value(ended))
        same = "{k: v for k, v in again.response.to_dict().items() if k != 'conversation'}"
        first = f"{{k: v for k, v in was[{number}].items() if k != 'conversation'}}"
        assert shared.value(f"{same} == {first}")
    shared.run("third = ChatWidget('demo/echo', replay='talk.jsonl', pace='now')")
    assert shared.value("third.ask('hello').generation_id == was[0]['generation_id']"), (
        "each chat begins at the beginning"
    )


def test_a_replaying_chat_needs_no_key_and_asks_nobody(shared: Kernel) -> None:
    shared.run("import os\nos.environ['OPENROUTER_BASE_URL'] = 'https://openrouter.invalid/api/v1'")
    shared.run("alone = ChatWidget('openai/gpt-4', replay='talk.jsonl', pace='now')\nalone")
    comm = shared.comm("chat")
    shared.send(comm, {"type": "ask", "id": "q", "text": "hello"})
    shared.until(lambda: shared.comms[comm]["state"] == "failed")
    assert shared.comms[comm]["error"]["type"] == "NotRecordedError"
    assert "NotRecordedError" in str(shared.run("alone.ask('hello')").reply)
    shared.send(comm, {"type": "models", "id": "m"})
    shared.until(lambda: [one for one in shared.custom[comm] if one.get("id") == "m"])
    models = next(one for one in shared.custom[comm] if one.get("id") == "m")
    assert (models["models"], models["error"]["type"]) == ([], "NotRecordedError")
    run = shared.run("ChatWidget('demo/echo', replay='talk.jsonl', record='other.jsonl')")
    assert "Leave out one of them" in str(run.reply)
    assert "FileError" in str(shared.run("ChatWidget('demo/echo', replay='missing.jsonl')").reply)
