"""Makes `.venv-bench`, where the peers live, so that the environment of the tests stays free of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".venv-bench"
LOCK = ROOT / "requirements" / "bench.lock"
PYTHON = FOLDER / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def _uv() -> str:
    beside = shutil.which("uv", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("uv")
    if found is None:
        raise SystemExit("uv is missing; install it: https://docs.astral.sh/uv/")
    return found


def ensure() -> None:
    """Makes the environment, or makes it anew when the lock file has changed since."""
    mark, wanted = FOLDER / "lock-hash", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return
    uv = _uv()
    for command in (
        ["venv", "--clear", "--python", sys.executable, str(FOLDER)],
        ["pip", "sync", "--compile-bytecode", "--python", str(PYTHON), str(LOCK)],
        ["pip", "install", "--no-deps", "--python", str(PYTHON), "--editable", str(ROOT)],
    ):
        subprocess.run([uv, command[0], "--quiet", *command[1:]], check=True)
    mark.write_text(wanted)


def enter() -> None:
    """Goes on in `.venv-bench`, with the same arguments; returns if it is there already."""
    ensure()
    # A user's second start finds bytecode; without it every start would be charged with compiling.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if Path(sys.prefix).resolve() != FOLDER.resolve():
        os.chdir(ROOT)
        command = [str(PYTHON), "-m", "benchmarks", *sys.argv[1:]]
        raise SystemExit(subprocess.run(command, check=False).returncode)
