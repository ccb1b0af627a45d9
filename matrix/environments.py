"""Makes an environment for one trial, with the wheel of this clone in it, and says which versions it has."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "matrix"
INSTALL_SECONDS = 900


class NotMade(Exception):
    """An environment could not be made; the message is one line."""


@dataclass(frozen=True)
class Environment:
    """An environment on disk.

    Attributes:
        python: Its interpreter.
        versions: Name and version of everything in it, Python itself included.
    """

    python: Path
    versions: dict[str, str]

    @property
    def scripts(self) -> Path:
        """Where its commands are."""
        return self.python.parent


@cache
def wheel() -> Path:
    """The wheel of this clone, built once for a run."""
    target = FOLDER / "dist"
    shutil.rmtree(target, ignore_errors=True)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(target.glob("*.whl"))


def lower_bounds() -> dict[str, str]:
    """The oldest version of each run-time dependency that pyproject.toml allows."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    if block is None:
        raise NotMade("pyproject.toml lists no dependencies")
    return dict(re.findall(r'"([\w-]+)>=([\d.]+)', block[1]))


def python_path(version: str) -> Path | None:
    """The interpreter of a minor version such as "3.12", or None where it is not at hand."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [*sorted(pyenv.glob(f"{version}.*/bin/python")), shutil.which(f"python{version}")]
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, candidates):
        # pyenv leaves commands on the path that only say that they are not there.
        said = subprocess.run([candidate, "-c", question], capture_output=True, text=True)
        if said.stdout.strip() == version:
            return Path(candidate)
    return None


def make(name: str, python: str, requirements: tuple[str, ...]) -> Environment:
    """An environment with these requirements, and the newest of what they leave open.

    Raises:
        NotMade: the interpreter is not at hand, or the versions do not go together.
    """
    interpreter = python_path(python)
    if interpreter is None:
        raise NotMade(f"Python {python} is not at hand")
    folder = FOLDER / "envs" / re.sub(r"[^\w.]+", "-", name)
    shutil.rmtree(folder, ignore_errors=True)
    _run([_uv(), "venv", "--quiet", "--python", str(interpreter), str(folder)])
    own = folder / "bin" / "python"
    _run([_uv(), "pip", "install", "--quiet", "--python", str(own), str(wheel()), *requirements])
    listed = subprocess.run(
        [_uv(), "pip", "list", "--format", "json", "--python", str(own)],
        capture_output=True,
        text=True,
        check=True,
    )
    versions = {
        entry["name"].replace("_", "-").lower(): entry["version"] for entry in json.loads(listed.stdout)
    }
    exact = subprocess.run(
        [own, "-c", "import platform; print(platform.python_version())"],
        capture_output=True,
        text=True,
        check=True,
    )
    return Environment(own, versions | {"python": exact.stdout.strip()})


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise NotMade("uv is missing: run `make matrix`, which installs it")
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    if done.returncode != 0:
        said = " ".join(re.sub(r"[│╰╭─▶×]", " ", done.stderr).split())
        raise NotMade(said[:300] or f"{command[0]} ended with {done.returncode}")
