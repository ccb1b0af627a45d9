"""Does what Binder does with this repository, without a container, and drives the quickstart in Chromium.

The steps are repo2docker's: an environment of the Python that ``runtime.txt`` names with what its images always hold,
``requirements.txt``, ``postBuild``, ``start``, then the command of its images; the files of ``binder/`` are read in
that order, in a copy of what git knows, with a home of their own.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import demo_check
import nbformat
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import lab  # noqa: E402 - the browser of the tests

FOLDER = ROOT / "build" / "binder"
REPOSITORY = FOLDER / "repository"
# The environment.yml of repo2docker's images, by the names that pip knows.
ALWAYS = [
    "ipywidgets==8.*",
    "jupyter-offlinenotebook==0.3.*",
    "jupyter-resource-usage==1.*",
    "jupyter_server==2.*",
    "jupyterhub==5.*",
    "jupyterlab==4.*",
    "notebook==7.*",
]
QUICKSTART = "examples/quickstart.ipynb"
START_SECONDS = 90
RUN_SECONDS = 180


class NotOpened(Exception):
    """Binder would not open the quickstart; the message is one sentence."""


def read(name: str) -> str | None:
    """A file of ``binder/``, or None."""
    path = REPOSITORY / "binder" / name
    return path.read_text("utf-8") if path.exists() else None


def interpreter() -> str:
    """The Python that ``runtime.txt`` names."""
    wanted = re.fullmatch(r"python-(3\.\d+)", (read("runtime.txt") or "").strip())
    if wanted is None:
        raise NotOpened("binder/runtime.txt does not name a Python as python-3.12 does.")
    version = wanted[1]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for found in [*sorted(pyenv.glob(f"{version}.*/bin/python")), shutil.which(f"python{version}")]:
        if found and subprocess.run([found, "-V"], capture_output=True).returncode == 0:
            return str(found)
    raise NotOpened(f"binder/runtime.txt names Python {version}, which is not on this machine.")


def copied() -> None:
    """What git knows of this repository, as a clone would have it, with changes that are not committed."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (REPOSITORY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, REPOSITORY / name)


def environment() -> dict[str, str]:
    """The variables that the steps see: a home of their own, and the new environment first on the path."""
    home = FOLDER / "home"
    home.mkdir(exist_ok=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not re.match(r"OPENROUTER|JUPYTER|IPYTHON|PYTHON|VIRTUAL_ENV|XDG", name)
    }
    return kept | {
        "HOME": str(home),
        "PATH": f"{FOLDER / 'venv' / 'bin'}:{os.environ['PATH']}",
        "VIRTUAL_ENV": str(FOLDER / "venv"),
        "REPO_DIR": str(REPOSITORY),
        # Made up: it must not come out again.
        "OPENROUTER_API_KEY": demo_check.CANARY,
    }


def step(name: str, command: list[str], variables: dict[str, str]) -> None:
    """Runs one step in the repository's folder."""
    began = time.monotonic()
    done = subprocess.run(command, cwd=REPOSITORY, env=variables, capture_output=True, text=True)
    if done.returncode != 0:
        raise NotOpened(f"{name} ended with {done.returncode}: {' '.join(done.stderr.split())[-400:]}")
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)


@contextmanager
def server(variables: dict[str, str]) -> Iterator[str]:
    """The server as the images start it, and its address with the token; on loopback only."""
    port, token = lab.free_port(), secrets.token_hex(8)
    command = ["jupyter", "notebook", "--ip", "127.0.0.1", "--no-browser", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += ["--allow-root"] if os.geteuid() == 0 else []
    if read("start") is not None:
        command = ["binder/start", *command]
    with (FOLDER / "server.log").open("w") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=variables, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/api", process)
            yield f"http://127.0.0.1:{port}/{{}}?token={token}"
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                said = (FOLDER / "server.log").read_text("utf-8")[-400:]
                raise NotOpened(f"The server did not start: {said}") from None
            time.sleep(0.1)


def drive(page: Page, address: str) -> None:
    """Opens the quickstart as the badge does, runs all of it from the menu, and saves it."""
    page.set_default_timeout(60_000)
    page.goto(address.format(f"lab/tree/{QUICKSTART}"))
    # The status bar: the indicator beside the kernel's name says idle before there is a kernel.
    idle = page.get_by_text(re.compile(r"\| Idle$"))
    idle.wait_for()
    cells = page.locator(".jp-CodeCell")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Run All Cells", exact=True).click()
    page.get_by_role("button", name="Stop").first.wait_for()
    last = cells.nth(cells.count() - 1).locator(".jp-OutputArea")
    last.get_by_text("Hello from Python.").wait_for(timeout=RUN_SECONDS * 1000)
    idle.wait_for()
    page.locator(".jor-composer .jor-box").wait_for()
    saved = REPOSITORY / QUICKSTART
    before = saved.read_bytes()
    page.keyboard.press("Control+s")
    end = time.monotonic() + 30
    while saved.read_bytes() == before:
        if time.monotonic() > end:
            raise NotOpened("The quickstart was not saved.")
        page.wait_for_timeout(100)


def main() -> int:
    """Every step in order; returns the exit status."""
    try:
        copied()
        python = interpreter()
        variables = environment()
        own = str(FOLDER / "venv" / "bin" / "python")
        step("runtime.txt", [python, "-m", "venv", str(FOLDER / "venv")], variables)
        install = [own, "-m", "pip", "install", "--quiet"]
        step("what is always there", [*install, *ALWAYS], variables)
        step("requirements.txt", [*install, "-r", "binder/requirements.txt"], variables)
        if read("postBuild") is not None:
            (REPOSITORY / "binder" / "postBuild").chmod(0o755)
            step("postBuild", ["binder/postBuild"], variables)
        with server(variables) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=lab.chromium_path(), args=lab.CHROMIUM_FLAGS)
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            try:
                drive(page, address)
            except BrowserError as error:
                said = " ".join(error.message.split())[:200]
                raise NotOpened(f"The page is not as it should be, see {FOLDER}: {said}") from None
            finally:
                page.screenshot(path=FOLDER / "quickstart.png")
                browser.close()
        print(demo_check.answer(nbformat.read(REPOSITORY / QUICKSTART, as_version=4)).splitlines()[0])
    except (NotOpened, demo_check.Missing) as error:
        print(f"binder-check: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
