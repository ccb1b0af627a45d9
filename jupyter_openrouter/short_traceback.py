"""The traceback of an error of ours as a notebook shows it: to the last line of the reader's own, and no further."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from types import TracebackType
from typing import Any

_BELOW = ("traitlets", "ipywidgets", "anywidget", "anyio", "httpx", "httpcore", "msgspec")
_PACKAGES = ("site-packages", "dist-packages")
_OURS = str(Path(__file__).parent) + os.sep
_PYTHON = tuple(
    {str(Path(path)) + os.sep for name, path in sysconfig.get_paths().items() if name.endswith("stdlib")}
)


def rendered(error: BaseException) -> list[str]:
    """The lines that IPython shows; after ``%xmode Verbose`` with every frame, as for any other error."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        import traceback

        return traceback.format_exception(error)
    frames = error.__traceback__
    if shell.InteractiveTB.mode != "Verbose":
        frames = to_the_readers_own(frames)
    lines: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, frames)
    return lines


def to_the_readers_own(traceback: TracebackType | None) -> TracebackType | None:
    """The same traceback without the frames at its end that are this package's, or of what it stands on.

    Where nothing would be left but what runs the cell, it is given back whole.
    """
    steps = []
    step = traceback
    while step is not None:
        steps.append(step)
        step = step.tb_next
    while steps and _is_below(steps[-1].tb_frame.f_code.co_filename):
        steps.pop()
    if all(_in_packages(step.tb_frame.f_code.co_filename) for step in steps):
        return traceback
    found: TracebackType | None = None
    for step in reversed(steps):
        found = TracebackType(found, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return found


def _in_packages(file: str) -> bool:
    return any(f"{os.sep}{folder}{os.sep}" in file for folder in _PACKAGES)


def _is_below(file: str) -> bool:
    if file.startswith((_OURS, "<frozen")):
        return True
    if _in_packages(file):
        return any(
            f"{os.sep}{folder}{os.sep}{name}{os.sep}" in file for folder in _PACKAGES for name in _BELOW
        )
    return file.startswith(_PYTHON)
