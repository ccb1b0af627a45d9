"""Runs the few tests that failed in the last run three times each with nothing beside them: `python scripts/again.py`.

Exit status 1 when more than three had failed, none is known, or one of them fails again; each is named with its result.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
# More than so many are no busy machine.
MOST = 3
TIMES = 3


def failed() -> list[str]:
    """The tests that failed in the last run."""
    try:
        return list(json.loads(FAILED.read_text()))
    except (OSError, ValueError):
        return []


def passes_alone(test: str) -> bool:
    """Whether a test passes as often as it is run, one run after the other."""
    run = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test]
    return all(subprocess.run(run, cwd=ROOT, check=False).returncode == 0 for _ in range(TIMES))


def main() -> int:
    tests = failed()
    if not 0 < len(tests) <= MOST:
        print(
            f"{len(tests)} tests are known to have failed: only one to {MOST} are run again.", file=sys.stderr
        )
        return 1
    results = {test: passes_alone(test) for test in tests}
    for test, passed in results.items():
        print(f"{'Passed' if passed else 'FAILED'} alone, after it had failed beside others: {test}")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
