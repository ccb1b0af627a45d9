"""A marimo notebook, served as an app and used in Chromium: the chat and the client, for marimo has no magics."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from .environments import ROOT, Environment
from .steps import Step, expect, run

sys.path.insert(0, str(ROOT / "tests"))

import lab

STEPS = ["load", "stream", "Stop", "chat", "client"]
NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    from jupyter_openrouter import ChatWidget, OpenRouter, demo_base_url
    return ChatWidget, OpenRouter, demo_base_url, mo


@app.cell
def _(ChatWidget, mo):
    chat = mo.ui.anywidget(ChatWidget(model="demo/slow"))
    chat
    return


@app.cell
def _(ChatWidget, mo):
    mo.md("asked: " + ChatWidget(model="demo/echo").ask("xyz").text * 2)
    return


@app.cell
def _(OpenRouter, demo_base_url, mo):
    mo.md("client: " + OpenRouter(base_url=demo_base_url()).chat("abc", model="demo/echo").text * 2)
    return


if __name__ == "__main__":
    app.run()
"""


def exercise(environment: Environment) -> dict[str, str]:
    """What became of each step in a served marimo notebook."""
    with served(environment, NOTEBOOK) as page:
        return run(_steps(page))


@contextmanager
def served(environment: Environment, notebook: str) -> Iterator[Page]:
    """A marimo notebook as an app, open in Chromium."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "trial.py"
        path.write_text(notebook)
        port, token = lab.free_port(), secrets.token_hex(8)
        server = subprocess.Popen(
            [
                *(environment.python, "-m", "marimo", "-q", "run", "--headless", "--port", str(port)),
                *("--host", "127.0.0.1", "--token-password", token, str(path)),
            ],
            cwd=name,
            env={
                **os.environ,
                "MARIMO_SKIP_UPDATE_CHECK": "1",
                "XDG_CONFIG_HOME": name,
                "XDG_STATE_HOME": name,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(url, server)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=lab.chromium_path(), args=lab.CHROMIUM_FLAGS
                )
                try:
                    page = browser.new_page()
                    page.set_default_timeout(40_000)
                    page.goto(f"{url}/?access_token={token}")
                    yield page
                finally:
                    browser.close()
        finally:
            server.terminate()
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(5)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=2).close()
            return
        except OSError:
            expect(server.poll() is None and time.monotonic() < end, "marimo does not start")
            time.sleep(0.1)


def _steps(page: Page) -> list[Step]:
    box = page.locator(".jor-box")

    def load() -> None:
        box.wait_for()

    def stream() -> None:
        box.fill("tell me a story")
        page.keyboard.press("Enter")
        page.get_by_text("This is a long story").first.wait_for()

    def stop() -> None:
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("stopped").first.wait_for()
        page.get_by_role("button", name="Send").wait_for()

    def chat() -> None:
        page.get_by_text("asked: xyzxyz").wait_for()

    def client() -> None:
        page.get_by_text("client: abcabc").wait_for()

    return list(zip(STEPS, [load, stream, stop, chat, client], strict=True))
