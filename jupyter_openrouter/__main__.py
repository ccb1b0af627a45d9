"""The commands of ``python -m jupyter_openrouter``, which need no kernel."""

from __future__ import annotations

import sys
from collections.abc import Sequence

USE = """\
python -m jupyter_openrouter cost NOTEBOOK.ipynb…   what the answers in saved notebooks have cost
python -m jupyter_openrouter.demo                   a demo OpenRouter on this machine"""


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit status; without one, says which there are."""
    if arguments and arguments[0] == "cost":
        from .notebook_costs import main as cost

        return cost(arguments[1:])
    helped = list(arguments) in (["-h"], ["--help"])
    print(USE, file=sys.stdout if helped else sys.stderr)
    return 0 if helped else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
