"""Hostile answers in a real Chromium, through the built core: nothing runs, nothing is fetched, no policy is broken."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import payloads
import pytest
from lab import CHROMIUM_FLAGS, chromium_path, steady
from playwright.sync_api import Browser, Page, Route, sync_playwright

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
ORIGIN = "http://answer.localhost"
TRUSTED = "require-trusted-types-for 'script'; trusted-types 'none'"
STRICT = (
    f"default-src 'none'; script-src {ORIGIN}; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    + TRUSTED
)
CANARIES = """
window.broken = [];
document.addEventListener('securitypolicyviolation', e =>
  broken.push([e.violatedDirective, e.blockedURI, e.sample].join(' ')));
window.copied = [];
for (const name of ['writeText', 'write', 'readText', 'read'])
  if (navigator.clipboard) navigator.clipboard[name] = async (...given) => { copied.push(name + given); };
for (const name of ['open', 'print', 'fetch', 'alert', 'confirm', 'prompt'])
  window[name] = () => { broken.push('called ' + name); };
document.addEventListener('click', e => {
  if (e.target.closest('[data-commandlinker-command]')) broken.push('a command of JupyterLab');
}, true);
"""
PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>answers</title>{policy}</head><body></body></html>"""


@dataclass
class Seen:
    """What happened in the page besides showing text."""

    shown: int = 0
    pwned: int = 0
    broken: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def harm(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if value and name != "shown"}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page's side of this test, bundled."""
    built = tmp_path_factory.mktemp("hostile") / "page.js"
    command = [
        "node_modules/.bin/esbuild",
        "tests/hostile-page.ts",
        "--bundle",
        "--format=esm",
    ]
    subprocess.run([*command, f"--outfile={built}", "--log-level=error"], cwd=ROOT / "js", check=True)
    return built.read_text("utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        yield running
        running.close()


@contextmanager
def page_with(browser: Browser, policy: str, script: str, seen: Seen) -> Iterator[Page]:
    """A page under a policy; whatever it asks for besides itself and its two scripts is noted, and refused."""
    core = (ROOT / "jupyter_openrouter" / "static" / "core.js").read_text("utf-8")
    own = {"/core.js": core, "/page.js": script}
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""

    def serve(route: Route) -> None:
        url = route.request.url
        path = url.removeprefix(ORIGIN)
        if path == "/" and not seen.shown:
            route.fulfill(body=PAGE.format(policy=meta), content_type="text/html")
        elif path in own:
            route.fulfill(body=own[path], content_type="text/javascript; charset=utf-8")
        else:
            seen.requests.append(url)
            route.abort()

    context = browser.new_context()
    try:
        page = context.new_page()
        context.on("page", lambda other: seen.pages.append(other.url))
        page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("framenavigated", lambda frame: frame.url == f"{ORIGIN}/" or seen.pages.append(frame.url))
        page.add_init_script(CANARIES)
        context.route("**/*", serve)
        page.goto(f"{ORIGIN}/")
        yield page
    finally:
        context.close()


def look(page: Page, seen: Seen, show: str) -> None:
    """Shows all payloads, uses the page, waits a little, and fills in what was seen."""
    seen.shown = page.evaluate(f"async () => {{ const made = await import('/page.js'); return {show}; }}")
    page.evaluate("async () => (await import('/page.js')).use()")
    # What a payload has begun ends in a page, a dialog, a request or a mark.
    told = "() => [window.__pwned ?? 0, document.querySelectorAll('*').length]"
    steady(page, lambda: [page.evaluate(told), len(seen.pages), len(seen.dialogs), len(seen.errors)])
    seen.pwned = page.evaluate("window.__pwned ?? 0")
    seen.broken, seen.copied = page.evaluate("[broken, copied]")


@pytest.mark.parametrize("policy", ["", TRUSTED, STRICT], ids=["no policy", "trusted types", "strict"])
def test_every_payload_through_the_built_core_does_nothing(
    browser: Browser, script: str, policy: str
) -> None:
    seen = Seen()
    with page_with(browser, policy, script, seen) as page:
        look(page, seen, "await made.live(await import('/core.js'))")
        assert page.locator(".jor-text").first.is_visible()
    assert seen.shown >= 2 * (len(payloads.PAYLOADS) + 80)
    assert seen.harm() == {}


def test_the_canaries_see_what_a_view_of_raw_html_lets_through(browser: Browser, script: str) -> None:
    seen = Seen()
    with page_with(browser, "", script, seen) as page:
        look(page, seen, "await made.raw()")
    assert seen.pwned > 5
    assert any("leak" in url for url in seen.requests)
    assert any("command of JupyterLab" in one for one in seen.broken)


def test_the_policy_stops_and_names_a_view_of_raw_html(browser: Browser, script: str) -> None:
    seen = Seen()
    with page_with(browser, STRICT, script, seen) as page:
        look(page, seen, "await made.raw()")
    assert any("require-trusted-types-for" in one for one in seen.broken)
    assert seen.pwned == 0


def test_both_sides_read_the_same_payloads() -> None:
    assert json.loads(payloads.SHARED.read_text("ascii")) == payloads.PAYLOADS, (
        "run: python tests/payloads.py"
    )
    assert payloads.SHARED.read_text("ascii") == payloads.as_json()
