"""A real JupyterLab in headless Chromium, for tests: one server a session, one page a test."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, Page, sync_playwright

CANARY = "sk-or-v1-c0ffee" + "0" * 32
"""The key of the server's environment, which no file, page or message may hold."""

ROOT = Path(__file__).parent.parent
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium_path() -> str:
    """Where the browser is; a test never skips for want of one."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise RuntimeError("Chromium is missing. Install it (Debian: apt-get install chromium), then run again.")


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Lab:
    """One JupyterLab server with a folder of its own, and a browser."""

    def __init__(self, folder: Path, browser: Browser, url: str, token: str) -> None:
        self.folder, self.browser, self.url, self.token = folder, browser, url, token

    def api(self, path: str, method: str = "GET", body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/api/{path}", data, {"Authorization": f"token {self.token}"}, method=method
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def write(self, name: str, cells: list[str], kernel: str = "python3") -> None:
        """Writes a notebook of code cells."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        )
        nbformat.write(notebook, self.folder / name)

    def read(self, name: str) -> Any:
        return nbformat.read(self.folder / name, as_version=4)

    @contextmanager
    def open(
        self,
        name: str,
        *,
        width: int = 1100,
        height: int = 900,
        dark: bool = False,
        application: str = "lab/tree",
        prepare: str = "",
    ) -> Iterator[Notebook]:
        """Opens a notebook in a page of its own, with its kernel ready; ends the kernel after it.

        ``application`` is "lab/tree" for JupyterLab, "notebooks" for Notebook 7; ``prepare`` is a script that the
        page runs before its own.
        """
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        if prepare:
            context.add_init_script(prepare)
        page = context.new_page()
        page.set_default_timeout(60_000)
        try:
            notebook = Notebook(self, page, name)
            notebook.load(application, dark=dark)
            yield notebook
            assert not notebook.leaked, "the key was sent to the page"
        finally:
            context.close()
            for session in self.api("sessions"):
                self.api(f"sessions/{session['id']}", "DELETE")


def steady(page: Page, value: Callable[[], Any], *, quiet: float = 0.4, seconds: float = 30) -> Any:
    """What ``value`` gives once it has given the same for ``quiet`` seconds: what may still come has come."""
    end = time.monotonic() + seconds
    last, since = value(), time.monotonic()
    while time.monotonic() < end:
        page.wait_for_timeout(40)
        if (now := value()) != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since >= quiet:
            return now
    raise AssertionError(f"it still changes after {seconds} s: {last!r}")


class Notebook:
    """One notebook in one page."""

    def __init__(self, lab: Lab, page: Page, name: str) -> None:
        self.lab, self.page, self.name = lab, page, name
        self.console: list[str] = []
        self.requests: list[str] = []
        self.leaked = False
        self.received = 0
        """Bytes that the page has got from the kernel."""
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"pageerror: {error} {error.stack}"))
        page.on("websocket", lambda socket: socket.on("framereceived", self._frame))
        page.on("request", lambda request: self.requests.append(request.url))

    def _frame(self, payload: str | bytes) -> None:
        data = payload if isinstance(payload, bytes) else payload.encode()
        self.received += len(data)
        self.leaked = self.leaked or CANARY.encode() in data

    def load(self, application: str, *, dark: bool = False) -> None:
        url = f"{self.lab.url}/{application}/{self.name}?reset&token={self.lab.token}"
        self.page.goto(url)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        self.page.wait_for_function("window.jupyterapp !== undefined")
        self.wait_idle()
        if dark:
            self.command("apputils:change-theme", theme="JupyterLab Dark")
            self.page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")

    def wait_idle(self) -> None:
        """Waits until the page is joined to a kernel that does nothing."""
        self.page.wait_for_function(
            """() => { const panel = jupyterapp.shell.currentWidget;
                       const kernel = panel?.sessionContext?.session?.kernel;
                       return kernel?.connectionStatus === 'connected' && kernel.status === 'idle'; }""",
            timeout=60_000,
        )

    def command(self, name: str, **arguments: Any) -> Any:
        return self.page.evaluate(
            "([name, args]) => jupyterapp.commands.execute(name, args).then(() => 0)", [name, arguments]
        )

    def start_all(self) -> None:
        """Queues every cell and returns at once."""
        self.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")

    def start_cell(self, index: int) -> None:
        """Queues one cell, counted among all cells, and returns at once."""
        self.page.evaluate(
            """i => { jupyterapp.shell.currentWidget.content.activeCellIndex = i;
                      jupyterapp.commands.execute('notebook:run-cell'); }""",
            index,
        )

    def run_cell(self, index: int) -> None:
        """Runs one cell and waits until nothing runs."""
        self.start_cell(index)
        self.page.wait_for_timeout(50)
        self.wait_done()

    def run_all(self, timeout: float = 60) -> None:
        """Runs every cell and waits until the kernel is idle again."""
        self.start_all()
        self.wait_done(timeout)

    def prompts(self) -> list[str]:
        """The cells' numbers as the page shows them: "[1]:", "[*]:" or "[ ]:"."""
        return self.page.evaluate(
            "() => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(n => n.textContent.trim())"
        )

    def wait_done(self, timeout: float = 60) -> None:
        """Waits until no cell runs or is queued."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            prompts = self.prompts()
            if prompts and "[*]:" not in prompts and any(p != "[ ]:" for p in prompts):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"cells still run: {self.prompts()}")

    def output(self, index: int) -> Any:
        """A locator of the outputs of the cell with this index."""
        return self.page.locator(".jp-CodeCell").nth(index).locator(".jp-OutputArea-output")

    def output_text(self, index: int) -> str:
        return self.page.evaluate(
            "i => document.querySelectorAll('.jp-CodeCell')[i].querySelector('.jp-OutputArea')?.innerText.trim() ?? ''",
            index,
        )

    def save(self) -> Any:
        self.command("docmanager:save")
        assert CANARY not in (self.lab.folder / self.name).read_text("utf-8")
        return self.lab.read(self.name)

    def shot(self, name: str) -> Path:
        folder = ROOT / "build" / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png")
        return folder / f"{name}.png"


@contextmanager
def running_lab(folder: Path, *, python: Path | str = sys.executable) -> Iterator[Lab]:
    """Starts JupyterLab on loopback and Chromium; ends both. ``python`` is that of the JupyterLab."""
    port, token = free_port(), secrets.token_hex(8)
    environment = {
        **os.environ,
        "OPENROUTER_API_KEY": CANARY,
        "JUPYTER_CONFIG_DIR": str(folder / ".config"),
        "JUPYTER_DATA_DIR": str(folder / ".data"),
        "JUPYTER_RUNTIME_DIR": str(folder / ".runtime"),
        "IPYTHONDIR": str(folder / ".ipython"),
    }
    settings = folder / ".data" / "lab" / "settings"
    settings.mkdir(parents=True)
    (settings / "overrides.json").write_text(
        json.dumps(
            {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
        )
    )
    _kernelspec(folder / ".data", "kernel6", ROOT / ".venv-kernel6" / "bin" / "python")
    log = (folder / "jupyter.log").open("w")
    server = subprocess.Popen(
        [
            *(str(python), "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"),
            *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
            f"--ServerApp.root_dir={folder}",
            f"--LabServerApp.app_settings_dir={folder / '.data' / 'lab' / 'settings'}",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ],
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=folder,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 180
        while True:
            if server.poll() is not None:
                raise RuntimeError(f"JupyterLab ended: {(folder / 'jupyter.log').read_text()[-2000:]}")
            try:
                urllib.request.urlopen(f"{url}/api", timeout=2).close()
                break
            except OSError:
                if time.monotonic() > end:
                    raise RuntimeError("JupyterLab has not started within 180 s.") from None
                time.sleep(0.1)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
            try:
                yield Lab(folder, browser, url, token)
            finally:
                browser.close()
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(5)
        log.close()


def _kernelspec(data: Path, name: str, python: Path) -> None:
    folder = data / "kernels" / name
    folder.mkdir(parents=True, exist_ok=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (folder / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": name, "language": "python"})
    )
