"""A chat in a real JupyterLab for tests: what a person does, what the screen shows, and what Python sees of it."""

from __future__ import annotations

import ast
import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from lab import Lab, Notebook
from playwright.sync_api import Locator, Page

BEFORE = """
from jupyter_openrouter import ChatWidget
from jupyter_openrouter.background import background
import asyncio, threading
"""
CHAT = "{before}\nchat = ChatWidget(model='demo/{model}'{more})\nchat"

# Lets a test lose, keep back or repeat what comes from the kernel, and take the page's sockets away.
WIRE = """
window.wire = { take: null, asleep: false, sockets: new Set(), kept: [], sizes: [], sent: [] };
window.WebSocket = class extends WebSocket {
  constructor(url, ...more) {
    super(wire.asleep ? 'ws://127.0.0.1:9/' : url, ...more);
    wire.sockets.add(this);
  }
  send(data) { wire.sent.push(text(data)); super.send(data); }
  get onmessage() { return super.onmessage; }
  set onmessage(hear) {
    super.onmessage = hear && ((event) => {
      const said = text(event.data);
      if (said.includes('"comm_msg"')) wire.sizes.push([typeOf(said), event.data.byteLength ?? event.data.length]);
      if (wire.take) wire.take(said, () => hear.call(this, event));
      else hear.call(this, event);
    });
  }
};
const text = (data) => typeof data === 'string' ? data : new TextDecoder('latin1').decode(data);
const typeOf = (said) => /"content": ?\\{"type": ?"(\\w+)"/.exec(said)?.[1]
  ?? (said.includes('"method": "update"') ? 'update' : '');
const each = (kind, act) => {
  wire.take = (said, hear) => said.includes(`"type": "${kind}"`) ? act(hear, said) : hear();
};
/** Loses the messages of a kind: `only` of them, or all. */
wire.lose = (kind, only = Infinity) => {
  wire.lost = 0;
  each(kind, (hear) => wire.lost < only ? wire.lost++ : hear());
};
/** Gives each two messages of a kind in the other order. */
wire.swap = (kind) => { wire.swapped = 0; let held = null; each(kind, (hear) => {
  if (!held) { held = hear; return; }
  hear(); held(); held = null; wire.swapped++;
}); wire.end = () => { held?.(); held = null; wire.take = null; }; };
wire.twice = (kind) => { wire.repeated = 0; each(kind, (hear) => { hear(); hear(); wire.repeated++; }); };
wire.sleep = () => { wire.asleep = true; for (const one of wire.sockets) one.close(); wire.sockets.clear(); };
wire.wake = () => { wire.asleep = false; };
/** Keeps every text that the turn with this index is shown with, frame by frame; of the first chat. */
wire.watch = (at) => {
  const texts = wire.texts = [];
  const look = () => {
    if (wire.texts !== texts) return;
    const turn = document.querySelectorAll('.jor-chat')[0]?.querySelectorAll('.jor-turn')[at];
    const text = turn?.querySelector('.jor-text')?.textContent ?? '';
    if (text !== texts.at(-1)) texts.push(text);
    requestAnimationFrame(look);
  };
  look();
};
/** Shows the page a clock that is so many milliseconds slow. */
wire.slow = (by) => { Date.now = () => now() - by; };
const now = Date.now;
"""
CELL = "document.querySelectorAll('.jp-CodeCell')[{cell}]"
SHOWN = """([cell, at]) => {
  const root = (cell === null ? document : document.querySelectorAll('.jp-CodeCell')[cell])
    ?.querySelectorAll('.jor-chat')[at];
  return [...root?.querySelectorAll('.jor-turn') ?? []].map((turn) => {
    const asked = turn.querySelector('.jor-question-text');
    return [asked ? 'user' : 'assistant', (asked ?? turn.querySelector('.jor-text'))?.textContent ?? ''];
  });
}"""
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ASKS = '() => wire.sent.filter((one) => /"type": ?"ask"/.test(one)).length'
STORY = "The lamp on the north stair This is a long story"
# A file as a person gives it to the page: pasted, or dropped on the chat.
GIVE = """([how, name, mime, data]) => {
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name, { type: mime }));
  const box = document.querySelector('.jor-composer .jor-box');
  const event = how === 'paste' ? new ClipboardEvent('paste', { clipboardData: files, bubbles: true, cancelable: true })
    : new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true });
  box.dispatchEvent(event);
}"""
HIDDEN = """cell => [...document.querySelectorAll('.jp-CodeCell')[cell].querySelectorAll('.jp-OutputArea-child')]
  .filter((one) => /Transcript/.test(one.textContent) && one.checkVisibility()).length"""
WIDGETS = "__import__('ipywidgets').widgets.widget._instances"


def words(text: str) -> str:
    """The letters of a text alone: what Markdown is made of and how it is broken does not count."""
    return "".join(re.findall(r"\w", text))


class Chat:
    """The chat of one cell, by eye and hand."""

    def __init__(
        self, notebook: Notebook, *, cell: int | None = 0, page: Page | None = None, at: int = 0
    ) -> None:
        self.notebook, self.cell, self.at = notebook, cell, at
        self.page = page or notebook.page
        inside = (
            self.page.locator(".jp-CodeCell").nth(cell) if cell is not None else self.page.locator("body")
        )
        self.root = inside.locator(".jor-chat").nth(at)
        self.box = self.root.locator(".jor-composer .jor-box")

    def find(self, selector: str) -> Locator:
        return self.root.locator(selector)

    def button(self, name: str, nth: int = 0) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True).nth(nth)

    def ask(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def until(
        self, true: Callable[[], Any], seconds: float = 40, *, told: Callable[[], Any] | None = None
    ) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := true():
                return found
            self.page.wait_for_timeout(40)
        raise AssertionError((told or self.shown)(), self.notebook.console[-10:])

    def opens(self) -> None:
        """Waits until its box can be typed in."""
        self.until(
            self.box.is_visible,
            120,
            told=lambda: [self.page.url, self.page.locator("body").inner_text()[-2000:]],
        )

    def shown(self) -> list[list[str]]:
        """What the screen shows, turn by turn."""
        return self.page.evaluate(SHOWN, [self.cell, self.at])

    def python(self, expression: str, name: str = "chat") -> Any:
        """What Python says, asked of the kernel beside the cells."""
        return python(self.page, expression.replace("chat", name) if name != "chat" else expression)

    def settles(self, *said: str, seconds: float = 60, name: str = "chat") -> list[Any]:
        """Waits until Python holds just these turns (of each the first words count), and the screen shows the same."""

        def same() -> bool:
            turns = self.python("[[t['role'], t['content']] for t in chat.messages]", name)
            if self.python("chat.state", name) in ("waiting", "streaming") or len(turns) != len(said):
                return False
            shown = self.shown()
            return (
                all(words(text).startswith(words(one)) for one, (_, text) in zip(said, turns, strict=True))
                and [[role, words(text)] for role, text in shown]
                == [[role, words(text)] for role, text in turns]
                and (self.root.locator(".jor-stop").is_hidden() or self.lost())
            )

        def told() -> Any:
            return self.shown()[-4:], self.python(
                "[chat.messages[-4:], chat.state, chat.queued, chat.asking]", name
            )

        self.until(same, seconds, told=told)
        return self.python("chat.messages", name)

    def grew(self, text: str) -> None:
        """Every text that was seen since ``wire.watch`` began is a beginning of this one, none shorter than before."""
        seen = [words(one) for one in self.page.evaluate("() => wire.texts")]
        assert all(words(text).startswith(one) for one in seen), seen[-3:]
        assert [len(one) for one in seen] == sorted(map(len, seen))

    def lost(self) -> bool:
        return "jor-lost" in (self.root.get_attribute("class") or "")

    def streams(self, more: str = "long story") -> None:
        """Waits until the screen shows these words of a running answer."""
        self.until(
            lambda: any(more in text for _, text in self.shown()) and self.find(".jor-stop").is_visible()
        )

    def stop(self) -> None:
        self.button("Stop the answer").click()
        self.until(lambda: self.find(".jor-stop").is_hidden())


def python(page: Page, expression: str) -> Any:
    """The value of an expression in the kernel of the page's notebook, which JSON can hold."""
    found = page.evaluate(
        """async (expression) => {
            const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
            const asked = kernel.requestExecute({ code: '', silent: true, store_history: false,
                user_expressions: { it: expression } });
            const { it } = (await asked.done).content.user_expressions;
            return it.status === 'ok' ? it.data['text/plain'] : `raise ${it.ename}: ${it.evalue}`; }""",
        f"__import__('json').dumps({expression})",
    )
    if found.startswith("raise "):
        raise AssertionError(found, expression)
    return json.loads(ast.literal_eval(found))


class Stage:
    """One page with one notebook, used by one test after the other: each has cells of its own."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook, self.page = notebook, notebook.page

    def cells(self, *sources: str) -> None:
        """Puts these cells in the place of all; nothing runs."""
        self.page.keyboard.press("Escape")
        self.page.evaluate(
            """(sources) => { const shared = jupyterapp.shell.currentWidget.model.sharedModel;
                shared.deleteCellRange(0, shared.cells.length);
                shared.insertCells(0, sources.map((source) => ({ cell_type: 'code', source, metadata: {} }))); }""",
            list(sources),
        )
        self.page.wait_for_function(
            "count => document.querySelectorAll('.jp-CodeCell').length === count", arg=len(sources)
        )

    def chat(self, model: str = "echo", more: str = "", *others: str, then: str = "") -> Chat:
        """A new chat in the first cell, shown; the cells after it do not run."""
        source = CHAT.format(before=BEFORE, model=model, more=more and f", {more}")
        self.cells(source.removesuffix("chat") + then + "\nchat", *others)
        self.notebook.run_cell(0)
        chat = Chat(self.notebook)
        chat.opens()
        return chat

    def fresh(self) -> None:
        """Ends what a test has left, so that the next one finds an idle kernel and an awake page."""
        self.page.evaluate(
            "() => { wire.take = null; wire.asleep = false; wire.texts = null; wire.slow(0); }"
        )
        self.notebook.wait_idle()
        python(self.page, f"[one.close() for one in list(({WIDGETS}).values())] and 0")

    def reload(self) -> None:
        """Saves, and loads the page again."""
        self.notebook.command("docmanager:save")
        self.page.reload()
        self.page.wait_for_function("window.jupyterapp !== undefined", timeout=60_000)


@contextmanager
def staged(lab: Lab, name: str, *, prepare: str = "", **how: Any) -> Iterator[Stage]:
    """Opens a page for a stage."""
    lab.write(name, ["1"])
    with lab.open(name, prepare=WIRE + prepare, **how) as notebook:
        yield Stage(notebook)


class Stages:
    """The stage of all tests; after one that failed, another."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.number, self.open = lab, 0, None

    def get(self) -> Stage:
        if self.open is None:
            self.number += 1
            self.manager = staged(self.lab, f"stage-{self.number}.ipynb")
            self.open = self.manager.__enter__()
        return self.open

    def close(self) -> None:
        if self.open is not None:
            self.open = None
            self.manager.__exit__(None, None, None)

    @contextmanager
    def of(self, request: pytest.FixtureRequest) -> Iterator[Stage]:
        """The stage for one test, cleared after it; what went wrong in our code by then fails the test."""
        found = self.get()
        failed = request.session.testsfailed
        found.notebook.console.clear()
        yield found
        if request.session.testsfailed > failed:
            self.close()
            return
        found.fresh()
        assert not ours(found.notebook)


def ours(notebook: Notebook) -> list[str]:
    """What went wrong in our code, which the page has from blob URLs."""
    # A page that sleeps, or whose kernel is gone, says that it cannot reach it.
    told = [line for line in notebook.console if "cannot be reached" not in line]
    return [line for line in told if "blob:" in line or "jupyter_openrouter" in line]
