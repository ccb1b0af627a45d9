"""One notebook for every way of running it, and what is the same of its saved outputs whoever ran it."""

from __future__ import annotations

import re
from typing import Any

import nbformat

MIME = "application/vnd.jupyter-openrouter.v1+json"
CELLS = [
    "%load_ext jupyter_openrouter\nfrom dataclasses import dataclass",
    "@dataclass\nclass Thing:\n    a: int",
    "%%openrouter -m demo/echo\nThe sum is {{ sum([1, 2]) }}: <b>*bold*</b> and `{}`.",
    "%%openrouter -m demo/researcher --param demo='{\"rate\": 0}' -o x\nWhy is the sky blue?",
    "%%openrouter -m demo/faulty --schema Thing\nmisfit, please",
    "%%openrouter -m demo/echo --as text -c talk --show-prompt\nhello",
    "%%openrouter -m demo/echo -c talk --background -o y\nagain",
    "y.wait().text, x.state, _openrouter.state",
    "%%time\nget_ipython().run_cell_magic('openrouter', '-m demo/echo', 'under %%time')",
    "%%openrouter -m demo/tour --dry-run --max-tokens 10\nhello",
    "%openrouter -m demo/echo what is 1 + 1?",
    "%openrouter chats",
    "%openrouter cost by conversation",
    "%openrouter help chats",
]
# What tells one run from another: seconds, times and the ids that the service gives.
_SECONDS = re.compile(r"\d+\.\d s\b")
_OF_ONE_RUN = frozenset({"timing", "generation_id", "id", "after", "seconds", "sent_at"})


def notebook(kernel: str = "python3") -> Any:
    """The notebook as it is before anybody has run it."""
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(CELLS)]
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})


def outputs(ran: Any) -> list[list[Any]]:
    """The saved outputs of each cell, but for what tells one run from another."""
    return [[_output(output) for output in cell.outputs] for cell in ran.cells]


def _output(output: Any) -> Any:
    if output.output_type == "stream":
        return output.name, "the times" if "Wall time" in output.text else output.text
    assert output.output_type in ("display_data", "execute_result"), output
    return output.output_type, _same(output.data), _same(output.metadata)


def _same(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _same(inner) for name, inner in value.items() if name not in _OF_ONE_RUN}
    if isinstance(value, list):
        return [_same(inner) for inner in value]
    return _SECONDS.sub("… s", value) if isinstance(value, str) else value
