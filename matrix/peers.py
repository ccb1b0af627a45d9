"""Asks the embedded demo server through other packages, and prints what was seen: `python -m matrix.peers`.

docs/comparison.md is written from what this prints. Each package is in an environment of its own; the cells are what
its own documentation shows for a cell that streams, with the address of the demo server.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .environments import ROOT, make

sys.path.insert(0, str(ROOT / "tests"))

import kernels

PYTHON = "3.12"
LONG = " ".join(f"word{number}" for number in range(150))
HTML = "<img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Peer:
    """A package, and the cells that use it.

    Attributes:
        setup: The cell that comes first; URL is the demo server's address.
        ask: The cell that asks MODEL for PROMPT.
        kept: An expression for the text of the last answer, also of one that was interrupted.
        cost: An expression for what it cost in US dollars.
    """

    requirements: tuple[str, ...]
    setup: str
    ask: str
    kept: str
    cost: str


LOOP = """
text = ""
for chunk in {stream}:
    last = chunk
    if chunk.choices and chunk.choices[0].delta.content:
        text += chunk.choices[0].delta.content
        print(chunk.choices[0].delta.content, end="", flush=True)
"""
MESSAGES = 'messages=[{"role": "user", "content": """PROMPT"""}]'
PEERS = {
    "jupyter_openrouter": Peer(
        (),
        "%load_ext jupyter_openrouter",
        "%%openrouter --model MODEL\nPROMPT",
        "_openrouter.text",
        "_openrouter.cost",
    ),
    "jupyter-ai-magic-commands": Peer(
        ("jupyter-ai-magic-commands",),
        "import os; os.environ['OPENAI_API_KEY'] = 'none'\n%load_ext jupyter_ai_magic_commands\n"
        + "\n".join(
            f"%ai alias {name} openai/demo/{name} --api-base URL"
            for name in ("echo", "slow", "faulty", "tour")
        ),
        "%%ai ALIAS\nPROMPT",
        "get_ipython().magics_manager.registry['AiMagics'].transcript[-1]",
        "None",
    ),
    "chatlas": Peer(
        ("chatlas", "openai", "ipywidgets"),
        "from chatlas import ChatOpenRouter",
        "chat = ChatOpenRouter(model='MODEL', base_url='URL', api_key='none')\n_ = chat.chat('''PROMPT''')",
        "chat.get_last_turn(role='assistant').text",
        "chat.get_cost()",
    ),
    "openai": Peer(
        ("openai",),
        "from openai import OpenAI\nclient = OpenAI(base_url='URL', api_key='none')",
        LOOP.format(
            stream=f"client.chat.completions.create(model='MODEL', stream=True, "
            f"stream_options={{'include_usage': True}}, {MESSAGES})".replace("{{", "{").replace("}}", "}")
        ),
        "text",
        "last.usage.model_extra['cost']",
    ),
    "openrouter (official)": Peer(
        ("openrouter",),
        "from openrouter import OpenRouter\nclient = OpenRouter(server_url='URL', api_key='none')",
        LOOP.format(stream=f"client.chat.send(model='MODEL', stream=True, {MESSAGES})"),
        "text",
        "last.usage.cost",
    ),
}


@contextmanager
def demo_server() -> Iterator[str]:
    """A demo server in a process of its own, and its address."""
    command = [sys.executable, "-u", "-m", "jupyter_openrouter.demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if found := re.search(r"http://127\.0\.0\.1:\d+/\S*", line):
                    yield found[0].rstrip(".,)")
                    return
            raise RuntimeError("the demo server said no address")
        finally:
            process.terminate()


def look(peer: Peer, url: str, kernel: kernels.Kernel) -> dict[str, Any]:
    """What was seen of one package."""

    def cell(model: str, prompt: str) -> str:
        code = peer.ask.replace("MODEL", f"demo/{model}").replace("ALIAS", model)
        return code.replace("URL", url).replace("PROMPT", prompt)

    def value(expression: str) -> Any:
        run = kernel.run(f"print(repr({expression}))")
        return run.text.strip() or (run.reply or {}).get("evalue")

    seen: dict[str, Any] = {}
    setup = kernel.run(peer.setup.replace("URL", url), timeout=120)
    seen["setup"] = (setup.reply or {}).get("status"), setup.text[-300:]

    run = kernel.run(cell("echo", LONG), timeout=60)
    content = {"stream", "display_data", "update_display_data", "execute_result", "comm_msg"}
    messages = [m for m in kernel.messages if m["parent_header"].get("msg_id") == run.msg_id or _ours(m)]
    seen["messages while it arrived"] = sum(m["msg_type"] in content for m in messages)
    seen["widgets opened"] = len(kernel.comms)
    seen["saved"] = [sorted(bundle) for bundle in run.bundles] or f"printed {len(run.text)} characters"
    saved = json.dumps(run.outputs)
    seen["saved record"] = {word: word in saved for word in ("gen-", "cost", "finish_reason", "echo")}
    seen["cost"] = value(peer.cost)

    before = len(kernel.messages)
    run = kernel.run(cell("tour", "go"), timeout=120)
    seen["bytes for the tour"] = sum(len(json.dumps(m["content"])) for m in kernel.messages[before:])

    run = kernel.run(cell("echo", HTML), timeout=60)
    shown = [str(bundle.get(kind, "")) for bundle in run.bundles for kind in ("text/markdown", "text/html")]
    seen["HTML of the model in Markdown or HTML output"] = any(HTML in one for one in shown)

    run = kernel.run(cell("faulty", "cut"), timeout=120)
    reply = run.reply or {}
    seen["cut"] = reply.get("status"), reply.get("ename"), run.text[-160:]

    run = kernel.start(cell("slow", "tell"))
    queued = kernel.start("print('queued')")
    kernel.until(lambda: run.busy)
    kernel.settle(4)
    kernel.interrupt()
    kernel.until(lambda: run.done and queued.done, 60)
    seen["interrupt"] = (run.reply or {}).get("ename"), "queued cell", (queued.reply or {}).get("status")
    seen["kept after interrupt"] = str(value(peer.kept))[:90]
    return seen


def _ours(message: dict[str, Any]) -> bool:
    return message["msg_type"] == "comm_msg" and message["content"]["data"].get("method") == "custom"


def main(words: list[str]) -> None:
    """One package after the other."""
    os.environ.pop("PYTHONPATH", None)
    with demo_server() as url:
        for name, peer in PEERS.items():
            if words and not any(word in name for word in words):
                continue
            environment = make(f"peer {name}", PYTHON, ("ipykernel", *peer.requirements))
            kernels.PYTHONS["under trial"] = environment.python
            versions = {one: environment.versions.get(one.lower()) for one in peer.requirements}
            print(f"\n== {name} {versions}", flush=True)
            with (
                tempfile.TemporaryDirectory() as folder,
                kernels.running_kernel("under trial", Path(folder)) as kernel,
            ):
                for what, found in look(peer, url, kernel).items():
                    print(f"{what}: {found}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
