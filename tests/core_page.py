"""A page in Chromium with our browser code alone: models of our own instead of a notebook, and the parts at hand."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab import CHROMIUM_FLAGS, chromium_path, steady
from playwright.sync_api import Browser, Page, sync_playwright

from jupyter_openrouter.widget import PARTS, STATIC, part

POLICY = (
    "require-trusted-types-for 'script'; trusted-types 'none'; default-src 'none'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline' blob:"
)
ADDRESS = "http://127.0.0.1:9/page"

SCRIPT = """
window.bytes = (name) => {
  const [id, text] = window.parts[name];
  return [id, new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer)];
};
window.asked = [];
window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => violations.push(`${e.violatedDirective} ${e.sample}`));
/** A model as a host gives it; `answers` are the parts that its kernel answers for. */
window.modelOf = (traits, answers = ['core', 'chat', 'math', 'colours', 'languages']) => {
  const listeners = [];
  const fire = (name, ...args) => {
    for (const one of listeners.filter((one) => one.name === name)) one.callback(...args);
  };
  const all = { _kind: 'chat', _core_id: bytes('core')[0], _core_gz: null, state: 'done', message: '', reasoning: '',
    model: 'm', error: null, interruptible: false, messages: [], asking: '', finish_reason: '', usage: null,
    ...traits };
  return {
    answers, listeners, traits: all,
    get: (name) => all[name],
    set: (more) => { Object.assign(all, more); for (const name of Object.keys(more)) fire('change:' + name, {}); },
    on: (name, callback) => listeners.push({ name, callback }),
    off: (name, callback) => {
      const at = listeners.findIndex((one) => one.name === name && one.callback === callback);
      if (at >= 0) listeners.splice(at, 1);
    },
    hear: (message, buffers = []) => fire('msg:custom', message, buffers),
    send(message) {
      if (message.type !== 'part') return;
      asked.push(message.part);
      if (!this.answers.includes(message.part)) return;
      const [id, data] = bytes(message.part);
      setTimeout(() => this.hear({ type: 'part', part: message.part, id }, [data]));
    },
  };
};
window.mount = (model) => {
  const life = new AbortController();
  const el = document.body.appendChild(document.createElement('div'));
  loader.initialize({ model, signal: life.signal });
  loader.render({ model, el, signal: life.signal });
  return { model, el, end: () => { life.abort(); el.remove(); } };
};
window.show = (text, answers) => mount(modelOf({ messages: [{ role: 'assistant', content: text }] }, answers));
window.painted = () => {
  const ours = [...CSS.highlights].filter(([name]) => name.startsWith('jor-'));
  return ours.reduce((sum, [, set]) => sum + set.size, 0);
};
window.formulas = () => [...document.querySelectorAll('.jor-math')];
"""


@contextmanager
def running_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def core_page(browser: Browser, *, dark: bool = False) -> Iterator[CorePage]:
    """Opens a page of its own; no request of it ever leaves the browser, and each is on record."""
    context = browser.new_context(
        color_scheme="dark" if dark else "light", permissions=["clipboard-read", "clipboard-write"]
    )
    try:
        yield CorePage(context.new_page())
    finally:
        context.close()


class CorePage:
    """The page, what it has asked the network for, and what its console said."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.console: list[str] = []
        page.set_default_timeout(60_000)
        html = f'<!doctype html><meta http-equiv=Content-Security-Policy content="{POLICY}"><body>'
        page.route("**/*", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto(ADDRESS)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"pageerror: {error}"))
        named = {name: part(name) for name in PARTS}
        texts = {name: [ident, base64.b64encode(data).decode()] for name, (ident, data) in named.items()}
        page.evaluate("parts => { window.parts = parts; }", texts)
        page.evaluate(SCRIPT)
        page.evaluate(
            """async code => {
                 const url = URL.createObjectURL(new Blob([code], {type: 'text/javascript'}));
                 window.loader = (await import(url)).default;
               }""",
            (STATIC / "loader.js").read_text("utf-8"),
        )

    def run(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)

    def until(self, condition: str) -> None:
        self.page.wait_for_function(condition)

    def steady(self, script: str, *, quiet: float = 0.4) -> Any:
        """What a script gives once it gives the same for ``quiet`` seconds."""
        return steady(self.page, lambda: self.run(script), quiet=quiet)

    def outside(self) -> list[str]:
        """What was asked of the network; the code's own blobs are in the page already."""
        return [url for url in self.requests if not url.startswith("blob:")]
