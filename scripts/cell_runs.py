"""Runs cells in a kernel of their own, and says of what they leave whether it differs by more than the run."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

ROOT = Path(__file__).parent.parent
CELL_SECONDS = START_SECONDS = 300
# Nothing answers at this address, so that what needs the service fails, and is not asked for a key.
NOWHERE = {"OPENROUTER_BASE_URL": "http://127.0.0.1:9", "OPENROUTER_API_KEY": "none"}
AT_ONCE = """\
from jupyter_openrouter.demo.server import DemoServer
DemoServer.__init__.__kwdefaults__["rate"] = 0
del DemoServer
"""
"""Lets the demo models of a kernel answer without a pause: they say the same in less time."""

_TIMES = frozenset(
    {"sent_at", "first_delta_seconds", "seconds", "reasoning_seconds", "generation_id", "request_hash"}
)
_TURNS = frozenset({"id", "after"})
_BROKEN_OFF = frozenset({"stopped", "cut", "failed"})
_OF_A_RUN = [
    # The cost of an answer that broke off is asked for, and told some moments later: before the run ends, or not.
    (
        re.compile(
            r"(?: · \d+ → \d+ tokens)? · (?:cost unknown|\\?\$[\d.]+)"
            r"(?= · [\d.]+ s · (?:stopped|cut off: incomplete|failed))"
        ),
        " · …",
    ),
    (re.compile(r"\b\d+(?:\.\d+)? (s|ms|seconds)\b"), r"… \1"),
    (re.compile(r"\bgen-\d+-\w+"), "gen-…"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:…"),
    (re.compile(r"\b0x[0-9a-f]{6,}\b"), "0x…"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?"), "…-…-…"),
]


class Failed(Exception):
    """A cell did not do what it should; the message is one sentence, and the cell's own error."""


@contextmanager
def running(notebook: NotebookNode, folder: Path, *, startup: str = "") -> Iterator[NotebookClient]:
    """A kernel for the cells of a notebook, which runs in ``folder``; ended whatever happens.

    Args:
        startup: Python that the kernel runs before the first cell; it counts as no cell.
    """
    profile = folder / ".ipython" / "profile_default" / "startup"
    profile.mkdir(parents=True)
    (profile / "00-startup.py").write_text(startup, "utf-8")
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        startup_timeout=START_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],  # no warning that loopback is not encrypted
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,
    )
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        **NOWHERE,
        "PYTHONPATH": os.pathsep.join(paths),
        "IPYTHONDIR": str(folder / ".ipython"),
        "JUPYTER_OPENROUTER_DATA": str(folder / ".spent"),
    }
    with client.setup_kernel(env=environment):
        yield client


def run_cell(client: NotebookClient, index: int) -> list[NotebookNode]:
    """Runs one cell of the client's notebook and returns its outputs.

    Raises:
        Failed: it failed, and has no tag ``raises-exception``.
    """
    cell = client.nb.cells[index]
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        raise Failed(f"{cell.source}\n\n{error.ename}: {error.evalue}") from None
    for output in cell.outputs:
        # IPython prints a usage error, and calls the cell a success.
        if output.get("name") == "stderr" and "UsageError" in output.text:
            raise Failed(f"{cell.source}\n\n{output.text.strip()}")
    return list(cell.outputs)


def of_no_run(value: Any) -> Any:
    """Outputs without what is another at each run: times, dates, ids, ports, addresses, and the bytes of pictures."""
    if isinstance(value, str):
        for pattern, instead in _OF_A_RUN:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, list):
        return [of_no_run(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    hidden = _TIMES | (_TURNS if "question_hash" in value else frozenset())
    if value.get("state") in _BROKEN_OFF:
        hidden |= {"usage", "cost"}
    return {
        name: "…" if name in hidden or name.startswith("image/") or name == "model_id" else of_no_run(inner)
        for name, inner in value.items()
    }


def tidy(notebook: NotebookNode) -> NotebookNode:
    """A copy of a notebook without what a machine adds to it: versions, widget state, the ids of displays."""
    found = copy.deepcopy(notebook)
    found.metadata.language_info = {"name": "python"}
    found.metadata.pop("widgets", None)
    for cell in found.cells:
        for name in ("execution", "jupyter"):
            cell.metadata.pop(name, None)
        for output in cell.get("outputs", ()):
            output.pop("transient", None)
    return found
