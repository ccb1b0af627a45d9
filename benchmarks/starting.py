"""What `import jupyter_openrouter`, `%load_ext` and the first `%%openrouter` cell cost over a plain start."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable

from . import provider
from .kernel import running
from .report import Aim, Section

LOAD = "%load_ext jupyter_openrouter"
IPYTHON = ["-m", "IPython", "--no-banner", "--no-confirm-exit", "--colors=nocolor", "-c"]
# Each with the same start without it.
STARTS = {
    "`import jupyter_openrouter`, over Python": (["-c", "pass"], ["-c", "import jupyter_openrouter"]),
    f"`{LOAD}`, over IPython": ([*IPYTHON, "pass"], [*IPYTHON, LOAD]),
    "`import openai`, over Python": (["-c", "pass"], ["-c", "import openai"]),
    "`import chatlas`, over Python": (["-c", "pass"], ["-c", "import chatlas"]),
}
IMPORT, LOADING, *PEERS = STARTS
KERNEL = f"`{LOAD}`, in a running kernel"
FIRST = "the first `%%openrouter` cell, over the second"
BASE = "import ipykernel.kernelapp, ipykernel.zmqshell, ipykernel.ipkernel, ipykernel.comm.manager"


def cpu(arguments: list[str]) -> float:
    """CPU milliseconds (user and system) of a whole Python process."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "IPYTHONDIR": folder},
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    return 1000 * (usage.ru_utime + usage.ru_stime)


def differences(pairs: int) -> dict[str, list[float]]:
    """CPU milliseconds over the plain start, pair by pair, in turns."""
    found: dict[str, list[float]] = {name: [] for name in STARTS}
    for _, ours in STARTS.values():
        cpu(ours)  # writes the bytecode
    for turn in range(pairs):
        for name, (plain, ours) in STARTS.items():
            if name in PEERS and turn >= 5:
                continue  # they take long, and nothing is decided by them
            order = [plain, ours] if turn % 2 else [ours, plain]
            spent = {arguments[-1]: cpu(arguments) for arguments in order}
            found[name].append(spent[ours[-1]] - spent[plain[-1]])
    return found


def in_kernels(kernels: int) -> tuple[dict[str, list[float]], list[str]]:
    """The same in running kernels, and the names of the modules that the first cell loads."""
    found: dict[str, list[float]] = {KERNEL: [], FIRST: []}
    cell, modules = f"%%openrouter --model {provider.ESSAY}\n20", []
    with provider.running() as url:
        for _ in range(kernels + 1):
            with running(OPENROUTER_BASE_URL=url) as kernel:
                found[KERNEL].append(1000 * kernel.cpu_of(LOAD)[0])
                kernel.run("before = set(__import__('sys').modules)")
                first, second = (1000 * kernel.cpu_of(cell, settle=0.5)[0] for _ in range(2))
                found[FIRST].append(first - second)
                modules = kernel.value("sorted(set(__import__('sys').modules) - before)")
    # The first kernel wrote the bytecode.
    return {name: values[1:] for name, values in found.items()}, modules


def by_package(modules: Iterable[str]) -> dict[str, float]:
    """Milliseconds that loading these modules takes on top of a kernel's, by package, as `-X importtime` says."""
    names = set(modules)
    ours = ", ".join(name for name in sorted(names) if name.startswith("jupyter_openrouter."))
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-c",
        f"{BASE}\nimport jupyter_openrouter.magic\nimport {ours}",
    ]
    lines = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True).stderr
    found: dict[str, float] = defaultdict(float)
    for microseconds, name in re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", lines, re.MULTILINE):
        if name in names:
            package = name.partition(".")[0]
            found["standard library" if package in sys.stdlib_module_names else package] += (
                int(microseconds) / 1000
            )
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def run(*, quick: bool, pairs: int) -> Section:
    """Runs the pairs and gives medians, and the middle half of what was found."""
    found = differences(pairs)
    kernels, modules = in_kernels(2 if quick else 5)
    found |= kernels
    # Three times, since what the disk and the machine do shows in a single one.
    several = [by_package(modules) for _ in range(1 if quick else 3)]
    packages = {name: statistics.median(one.get(name, 0.0) for one in several) for name in several[0]}
    middle = {name: statistics.median(values) for name, values in found.items()}
    loads = [IMPORT, LOADING, KERNEL]
    return Section(
        title="Starting",
        how="CPU (user and system) of whole processes, each beside the same start without it, in turns; in kernels: of "
        "the cell beside one with `pass`. All bytecode is there.",
        head=["What", "Pairs", "CPU, median", "Middle half"],
        rows=[
            [name, f"{len(found[name])}", f"{middle[name]:.0f} ms", _half(found[name])]
            for name in [*loads, FIRST, *PEERS]
        ],
        aims=[
            Aim(f"{name}: CPU", "≤ 60 ms (wished: 25)", f"{middle[name]:.0f} ms", middle[name] <= 60)
            for name in loads
        ],
        notes=[
            f"The first cell loads {len(modules)} modules. Their own time by `python -X importtime` on top of a "
            f"kernel's modules, {sum(packages.values()):.0f} ms in all: "
            + ", ".join(f"{name} {time:.0f}" for name, time in packages.items() if time >= 1)
            + "."
        ],
    )


def _half(values: list[float]) -> str:
    if len(values) < 2:
        return "–"
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{low:.0f} to {high:.0f} ms"
