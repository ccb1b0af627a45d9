"""Runs the steps of a trial, each to "ok" or to one sentence about what failed."""

from __future__ import annotations

import re
from collections.abc import Callable

Step = tuple[str, Callable[[], None]]
OK = "ok"
NOT_TRIED = "not tried"


def run(steps: list[Step]) -> dict[str, str]:
    """What became of each step; when the first fails, the others are not tried."""
    results: dict[str, str] = {}
    for number, (name, step) in enumerate(steps):
        if number and results[steps[0][0]] != OK:
            results[name] = NOT_TRIED
            continue
        try:
            step()
            results[name] = OK
        except Exception as error:  # noqa: BLE001 - whatever fails in a foreign front end is a result
            results[name] = sentence(error)
    return results


def sentence(error: BaseException) -> str:
    """An error in one line."""
    text = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", f"{type(error).__name__}: {error}").split())
    return text[:240]


def expect(true: object, said: str) -> None:
    """Fails with a sentence where something is not true."""
    if not true:
        raise AssertionError(said)
