"""What a chat costs its page and its kernel: loading it again, many turns, and what stays when it is closed."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from .environment import ROOT
from .report import Aim, Section, size

sys.path.insert(0, str(ROOT / "tests"))

import lab

LOAD = """
from jupyter_openrouter import ChatWidget
from IPython.display import clear_output, display
import ipywidgets, os, resource, time
"""
FILLED = (
    "turns = [{'role': ('user', 'assistant')[at % 2], 'content': f'Turn {at}: ' + 'some **words** of it. ' * 8}"
    " for at in range(COUNT)]\nchat = ChatWidget(model='demo/tour', messages=turns)\nchat"
)
CHAT = "chat = ChatWidget(model='demo/echo')\nchat.ask('hi')\nchat"
RSS = "int(open('/proc/self/statm').read().split()[1]) * resource.getpagesize()"
SHOW = f"print('rss', {RSS})"
OPENED = """
for at in range(COUNT):
    one = MADE
    display(one)
    time.sleep(0.2)
    one.close()
    clear_output(wait=False)
del one
"""
NEWEST = """(text) => {
    const root = document.querySelector('.jor-root');
    const newest = [...(root?.querySelectorAll('.jor-turn') ?? [])].at(-1);
    return root?.querySelector('.jor-box') && newest?.textContent.includes(text) ? performance.now() : 0;
}"""
"""Milliseconds since the page was asked for, once the newest turn stands there, and the box below it."""

Page = Any


@contextmanager
def opened(server: lab.Lab, name: str, *cells: str, **how: Any) -> Iterator[lab.Notebook]:
    """A page with a notebook of these cells; ``how`` as ``Lab.open`` takes it."""
    server.write(name, list(cells))
    with server.open(name, **how) as notebook:
        notebook.page.set_default_timeout(120_000)
        yield notebook


# --- loading it again


def reloads(section: Section, server: lab.Lab, counts: tuple[int, int], rounds: int) -> None:
    """Loads a chat of few turns and one of many again, in turns."""
    walls: dict[int, list[float]] = {count: [] for count in counts}
    cpus: dict[int, list[float]] = {count: [] for count in counts}
    with ExitStack() as stack:
        books = {}
        for turns in counts:
            cells = (LOAD, FILLED.replace("COUNT", str(turns)))
            # JupyterLab opens again what a workspace had open: each page has its own.
            how = {"application": f"lab/workspaces/reload-{turns}/tree"}
            notebook = stack.enter_context(opened(server, f"reload-{turns}.ipynb", *cells, **how))
            notebook.run_all()
            notebook.save()
            books[turns] = notebook, notebook.page.context.new_cdp_session(notebook.page)
        for at in range(rounds + 1):
            for turns, (notebook, session) in books.items():
                wall, cpu = _reload(notebook.page, session, f"Turn {turns - 1}:")
                if at:
                    walls[turns].append(wall)
                    cpus[turns].append(cpu)
    few, many = counts
    for turns in counts:
        seconds = f"{statistics.median(walls[turns]):.2f} s, {statistics.median(cpus[turns]):.2f} s of CPU"
        section.rows.append([f"Reload to the chat of {turns:,} turns on the page", seconds])
    more = [statistics.median(of[many]) - statistics.median(of[few]) for of in (walls, cpus)]
    told = f"{more[0]:.2f} s, {more[1]:.2f} s of CPU"
    section.rows.append([f"The same, over a chat of {few} turns; CPU of the page's main thread", told])
    section.aims.append(
        Aim(f"Chat: reload of {many:,} turns, over a chat of {few}", "≤ 2 s", told, more[0] <= 2)
    )


def _reload(page: Page, session: Any, text: str) -> tuple[float, float]:
    """Seconds until the newest turn is on the page: by the clock, and of the CPU by the page's main thread."""
    page.bring_to_front()
    session.send("Performance.disable")
    session.send("Performance.enable")  # counts from here, or from the new document on
    page.reload(wait_until="commit")
    wall = page.wait_for_function(NEWEST, arg=text, polling=50).json_value() / 1000
    metrics = session.send("Performance.getMetrics")["metrics"]
    return wall, next(one["value"] for one in metrics if one["name"] == "ThreadTime")


# --- memory


def memory(section: Section, server: lab.Lab, *, turns: int, widgets: int) -> None:
    """What many turns leave, and what chats leave that are opened and closed, beside widgets of ipywidgets."""
    asked = f"for at in range({turns}): _ = chat.ask('hello ' * 20)"
    loop = OPENED.replace("COUNT", str(widgets))
    chats, plain = (
        loop.replace("MADE", made) for made in ("ChatWidget(model='demo/echo')", "ipywidgets.HTML('x')")
    )
    with opened(server, "memory.ipynb", LOAD, CHAT, SHOW, asked, plain, chats) as notebook:
        page = notebook.page
        session = page.context.new_cdp_session(page)

        def after(cell: int) -> tuple[dict[str, float], dict[str, float]]:
            before = _held(notebook, session)
            notebook.start_cell(cell)
            page.wait_for_timeout(500)
            notebook.wait_done(600)
            return before, _held(notebook, session)

        notebook.run_cell(0)
        notebook.run_cell(1)
        page.locator(".jor-root .jor-box").wait_for()
        found = {f"{turns} turns in one chat": after(3)}
        for cell in (4, 5):
            after(cell)  # what is loaded once is there then
        found[f"{widgets} `ipywidgets.HTML` opened and closed"] = after(4)
        found[f"{widgets} chats opened and closed"] = after(5)
    for name, (old, new) in found.items():
        section.rows += [
            [f"{name}: the kernel's memory", f"+{size(max(0, new['rss'] - old['rss']))}"],
            [f"{name}: the page's heap", f"+{size(max(0, new['heap'] - old['heap']))}"],
            [f"{name}: DOM nodes", f"{new['nodes'] - old['nodes']:+.0f}"],
            [f"{name}: listeners", f"{new['jsEventListeners'] - old['jsEventListeners']:+.0f}"],
        ]
    theirs, ours = ((new["heap"] - old["heap"]) / widgets for old, new in list(found.values())[1:])
    section.aims.append(
        Aim(
            f"Chat: the page's heap after {widgets} chats were opened and closed, over as many `ipywidgets.HTML`",
            "≤ 5 kB for each",
            f"{size(max(0, ours - theirs))} ({size(ours)} and {size(theirs)})",
            ours - theirs <= 5_000,
        )
    )


def _held(notebook: lab.Notebook, session: Any) -> dict[str, float]:
    """Bytes that the kernel and the page hold, and what is in the page, once that does not change any more."""
    page, last = notebook.page, None
    notebook.run_cell(2)
    for _ in range(20):
        page.wait_for_timeout(500)
        for _ in range(3):  # what one collection finalizes, the next one frees
            session.send("HeapProfiler.collectGarbage")
        counters = session.send("Memory.getDOMCounters")
        if last == counters:
            break
        last = counters
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    return {"rss": float(notebook.output_text(2).split()[-1]), "heap": heap, **counters}
