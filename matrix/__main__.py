"""Runs the trials, keeps their results, and writes the page: `python -m matrix [WORDS]`.

With words, only the trials whose names hold one of them are run again; the other results are those kept in
build/matrix/results.json.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import sys
import time
from typing import Any

from . import report
from .environments import FOLDER, NotMade, make
from .steps import NOT_TRIED, sentence
from .trials import Trial, groups

RESULTS = FOLDER / "results.json"


def trial(one: Trial) -> dict[str, Any]:
    """The result of one trial, whatever happens in it."""
    result: dict[str, Any] = {"date": datetime.date.today().isoformat(), "versions": {}, "steps": {}}
    try:
        environment = make(one.name, one.python, one.requirements)
    except NotMade as error:
        return result | {"not made": f"not run: {error}"}
    result["versions"] = environment.versions
    try:
        result["steps"] = one.exercise(environment)
    except Exception as error:  # noqa: BLE001 - a front end that does not start is a result
        result["steps"] = dict.fromkeys(one.steps, NOT_TRIED) | {one.steps[0]: sentence(error)}
    finally:
        shutil.rmtree(environment.python.parent.parent, ignore_errors=True)
    return result


def main(words: list[str]) -> None:
    """One trial after the other."""
    # Nothing of this shell may stand in for what is under trial.
    for name in ("PYTHONPATH", "OPENROUTER_API_KEY", "OPENROUTER_BASE_URL"):
        os.environ.pop(name, None)
    tables = groups()
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for one in (one for trials in tables.values() for one in trials):
        if words and not any(word in one.name for word in words):
            continue
        began = time.monotonic()
        results[one.name] = trial(one)
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1), "utf-8")
        said = {step: what for step, what in results[one.name]["steps"].items() if what != "ok"}
        said |= {"not made": results[one.name]["not made"]} if "not made" in results[one.name] else {}
        print(f"{one.name}: {said or 'ok'} ({time.monotonic() - began:.0f} s)", flush=True)
        report.write(tables, results)
    report.write(tables, results)


if __name__ == "__main__":
    main(sys.argv[1:])
