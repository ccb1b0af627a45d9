"""The view of an answer in a real JupyterLab: what stands beside the text, where the reader is, and who can use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lab import ROOT, Lab, Notebook, running_lab

pytestmark = pytest.mark.browser

LOAD = "%load_ext jupyter_openrouter"
CHAT = "from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/{model}')\nchat"
AXE = ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"
# An answer that is fed by hand: each cell after this one adds to it.
FED = """
import asyncio
from jupyter_openrouter import background
from jupyter_openrouter.widget import LiveAnswer, channel
from jupyter_openrouter.response import Response
from IPython.display import display
channel()
response = Response("demo/tour")
loop = background.background()
async def idle(): await asyncio.sleep(3600)
job = loop.submit(idle())
live = loop.call(lambda: LiveAnswer(response, job))
response.state = "streaming"
async def feed(times, text, pause=0.02, start=0):
    for number in range(start, times):
        response.add(0, text.format(number))
        live._publisher.send_new()
        await asyncio.sleep(pause)
response.add(1, "Thinking it over.")
live.publish(state="streaming")
display(live)
loop.post(live._publisher.send_new)
"""
BESIDE = """
response.add(0, "Text with `code`, [a link](https://x.example) and\\n\\n```python\\nx = 1\\n```\\n\\n")
response.add(0, "| a |\\n| - |\\n| b |\\n\\nend")
response.tool_calls.append({"index": 0, "id": "c", "function": {"name": "search", "arguments": '{"a"'}})
response.annotations.append({"type": "url_citation", "url_citation": {"url": "https://x.example/y", "title": "y"}})
response.images.append({"image_url": {"url": "https://x.example/z.png"}})
loop.post(live._publisher.send_new)
"""
PARAGRAPHS = "Paragraph {0} with enough words in it to fill a line of a notebook, and then some more.\\n\\n"


def feed(times: int, text: str = PARAGRAPHS, pause: float = 0.02, start: int = 0) -> str:
    return f"loop.submit(feed({times}, '{text}', {pause}, {start})); None"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


def until(notebook: Notebook, true: Callable[[], Any], seconds: float = 30) -> None:
    for _ in range(int(seconds / 0.05)):
        if true():
            return
        notebook.page.wait_for_timeout(50)
    raise AssertionError(notebook.console[-20:])


def grow(notebook: Notebook, code: str) -> None:
    """Feeds the answer without running a cell, which would scroll the notebook."""
    notebook.page.evaluate(
        """code => jupyterapp.shell.currentWidget.sessionContext.session.kernel
             .requestExecute({code, silent: true, store_history: false}).done.then(() => null)""",
        code,
    )


def at_rest(notebook: Notebook, script: str) -> Any:
    """The value of a script once it has been the same for a while."""
    seen: list[Any] = [None]

    def rests() -> bool:
        seen.append(notebook.page.evaluate(script))
        return len(seen) > 8 and len({json.dumps(one) for one in seen[-8:]}) == 1

    until(notebook, rests)
    return seen[-1]


def ours(notebook: Notebook) -> list[str]:
    return [line for line in notebook.console if "blob:" in line or "jupyter_openrouter" in line]


def theme(notebook: Notebook, name: str) -> None:
    notebook.command("apputils:change-theme", theme=name)
    notebook.page.wait_for_selector(f'body[data-jp-theme-name="{name}"]', state="attached")
    notebook.page.wait_for_timeout(300)


def ask(notebook: Notebook, text: str) -> None:
    notebook.page.locator(".jor-root textarea.jor-box").fill(text)
    notebook.page.keyboard.press("Enter")


def audit(notebook: Notebook) -> list[str]:
    """What axe finds serious or critical in our views."""
    if not notebook.page.evaluate("'axe' in window"):
        notebook.page.evaluate(AXE.read_text("utf-8"))
    found = notebook.page.evaluate(
        "() => axe.run({include: [['.jor-root']]}, {resultTypes: ['violations']}).then(r => r.violations)"
    )
    return [
        f"{one['id']} ({one['impact']}): {[node['html'][:160] for node in one['nodes']][:3]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


THEMES = ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"]


def test_everything_beside_the_text_is_shown_while_it_runs_and_in_the_saved_form(lab: Lab) -> None:
    lab.write("beside.ipynb", [LOAD, "%%openrouter --model demo/researcher\nWhy is the sky blue?"])
    with lab.open("beside.ipynb") as notebook:
        page = notebook.page
        notebook.run_cell(0)
        notebook.start_cell(1)
        page.wait_for_selector("details.jor-thought[open]")
        until(notebook, lambda: "thinking…" in notebook.output_text(1))
        page.wait_for_selector("details.jor-thought:not([open])", state="attached")
        until(notebook, lambda: "thought for " in notebook.output_text(1))
        assert " s, 87 words" in notebook.output_text(1)
        seen = page.wait_for_function(
            """() => { const image = document.querySelector('.jor-live img.jor-picture');
                const call = document.querySelector('.jor-live .jor-call summary');
                return image?.naturalWidth && call && [image.alt, image.naturalWidth, call.textContent,
                    document.querySelectorAll('.jor-live .jor-citations li').length]; }""",
            timeout=30_000,
        ).json_value()
        assert seen == ["image made by demo/researcher", 480, "calling look_up", 3]
        notebook.wait_done()
        until(notebook, lambda: page.locator(".jor-root").count() == 0)
        saved = page.locator(".jp-OutputArea .jp-RenderedMarkdown")
        assert saved.locator("img").evaluate("n => n.decode().then(() => n.naturalWidth)") == 480
        assert "called look_up" in saved.inner_text()
        assert saved.locator("ol a").count() == 3
        assert not [url for url in notebook.requests if ".example" in url]
        assert not ours(notebook)


@pytest.mark.parametrize("name", THEMES)
def test_an_audit_finds_nothing_serious_running_settled_failed_with_all_open(lab: Lab, name: str) -> None:
    lab.write(
        "axe.ipynb",
        [
            LOAD,
            FED,
            BESIDE,
            CHAT.format(model="researcher"),
            "chat.model = 'demo/faulty'",
        ],
    )
    with lab.open("axe.ipynb") as notebook:
        page = notebook.page
        theme(notebook, name)
        for index in range(2):
            notebook.run_cell(index)
        page.wait_for_selector("details.jor-thought[open]")
        assert audit(notebook) == [], "thinking"
        notebook.run_cell(2)
        page.wait_for_selector(".jor-live .jor-citations:not([hidden])")
        page.locator(".jor-live .jor-call summary").click()
        assert audit(notebook) == [], "running"
        notebook.run_cell(3)
        page.wait_for_selector(".jor-chat")
        assert audit(notebook) == [], "empty chat"
        ask(notebook, "Why is the sky blue?")
        page.wait_for_selector(".jor-foot:not([hidden])", timeout=40_000)
        for summary in page.locator(".jor-chat .jor-fold-summary").all():
            summary.click()
        assert audit(notebook) == [], "settled, all open"
        notebook.shot(f"audit-{name.replace(' ', '-').lower()}")
        ask(notebook, "please refuse")
        until(notebook, lambda: page.locator(".jor-chat .jor-foot:not([hidden])").count() == 2)
        assert page.locator(".jor-chat .jor-refusal:not([hidden])").count() == 1
        notebook.run_cell(4)
        ask(notebook, "cut")
        page.wait_for_selector(".jor-chat .jor-failure:not([hidden])")
        assert audit(notebook) == [], "refused and failed"
        page.locator(".jor-chat .jor-failure:not([hidden])").scroll_into_view_if_needed()
        notebook.shot(f"failed-{name.replace(' ', '-').lower()}")


def test_the_audit_sees_what_is_wrong(lab: Lab) -> None:
    lab.write("wrong.ipynb", [LOAD, CHAT.format(model="echo")])
    with lab.open("wrong.ipynb") as notebook:
        notebook.run_all()
        page = notebook.page
        page.wait_for_selector(".jor-root")
        page.evaluate("() => document.querySelector('.jor-box').removeAttribute('aria-label')")
        page.evaluate("() => document.querySelector('.jor-box').removeAttribute('placeholder')")
        assert any(line.startswith("label ") for line in audit(notebook))


def test_all_of_it_works_by_keyboard(lab: Lab) -> None:
    lab.write("keys.ipynb", [LOAD, CHAT.format(model="researcher"), "chat.model = 'demo/slow'"])
    with lab.open("keys.ipynb") as notebook:
        page = notebook.page
        for index in range(2):
            notebook.run_cell(index)
        ask(notebook, "Why is the sky blue?")
        page.wait_for_selector(".jor-foot:not([hidden])", timeout=40_000)
        page.locator(".jor-log").focus()
        names = []
        while (names or [""])[-1] != "Your question" and len(names) < 40:
            names.append(
                page.evaluate(
                    "() => document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"
                )
            )
            if names[-1].startswith(("thought", "called")):
                page.keyboard.press("Enter" if names[-1].startswith("thought") else "Space")
            page.keyboard.press("Tab")
        first = names.index("Copy the question")
        start = next(at for at, name in enumerate(names) if name.startswith("thought"))
        assert names[0] == "conversation"
        assert first < start
        assert names[start + 1 : start + 4] == ["reasoning", "called look_up", "arguments"]
        assert names[start + 4].startswith("Rayleigh")
        assert names.index("Copy as text") > start, names
        assert names[-1] == "Your question"
        assert page.locator("details.jor-fold[open]").count() == 2
        notebook.run_cell(2)
        ask(notebook, "tell me a story")
        until(notebook, lambda: "long story" in notebook.output_text(1))
        ahead = []
        while "Stop the answer" not in ahead and len(ahead) < 10:
            page.keyboard.press("Tab")
            ahead.append(page.evaluate("() => document.activeElement.getAttribute('aria-label')"))
        assert ahead[-1] == "Stop the answer", ahead
        page.keyboard.press("Escape")
        until(notebook, lambda: "stopped" in notebook.output_text(1))
        assert not ours(notebook)


SCROLLER = "document.querySelector('.jp-WindowedPanel-outer')"
TOP = f"() => {SCROLLER}.scrollTop"
# Of the end of the live answer below the end of what is seen, in pixels.
BELOW = f"""() => document.querySelector('.jor-live').getBoundingClientRect().bottom
    - {SCROLLER}.getBoundingClientRect().bottom"""


def to_end(notebook: Notebook) -> None:
    """Goes to the end of the live answer as a reader does: JupyterLab undoes what no wheel has done."""
    notebook.page.mouse.move(500, 400)
    notebook.page.mouse.wheel(0, -20)
    at_rest(notebook, TOP)
    for _ in range(10):
        notebook.page.mouse.wheel(0, max(0, notebook.page.evaluate(BELOW)) + 30)
        if at_rest(notebook, BELOW) < 2:
            return
    raise AssertionError("the end of the answer cannot be reached")


def fed(lab: Lab, name: str, *more: str) -> None:
    lab.write(name, [LOAD, FED, *more])


def grown(notebook: Notebook, words: str) -> None:
    # `innerText` has nothing of sections that are out of view.
    until(notebook, lambda: words in notebook.page.locator(".jor-live .jor-text").text_content())


def test_a_reader_at_the_end_of_a_live_answer_stays_there_and_one_who_left_is_left_alone(lab: Lab) -> None:
    fed(lab, "follow.ipynb")
    with lab.open("follow.ipynb", height=700) as notebook:
        page = notebook.page
        jump = page.locator(".jor-jump:popover-open")

        def is_at_end() -> bool:
            return -590 < page.evaluate(BELOW) < 2 and jump.count() == 0

        notebook.run_cell(0)
        notebook.run_cell(1)
        page.wait_for_selector(".jor-live")
        grow(notebook, feed(20))
        grown(notebook, "Paragraph 19")
        to_end(notebook)
        grow(notebook, feed(60, start=20))
        grown(notebook, "Paragraph 59")
        until(notebook, is_at_end)
        # What changes its height between two pieces of text is followed, too.
        page.evaluate("() => { document.querySelector('.jor-live .jor-text').style.paddingTop = '300px'; }")
        until(notebook, is_at_end)
        # The reader goes up a little while more comes: nothing pulls back.
        second = PARAGRAPHS.replace("Paragraph", "Second")
        grow(notebook, feed(4, second))
        grown(notebook, "Second 3 ")
        before = at_rest(notebook, TOP)
        page.mouse.move(500, 400)
        page.mouse.wheel(0, -40)
        until(notebook, lambda: page.evaluate(TOP) < before)
        top = at_rest(notebook, TOP)
        grow(notebook, feed(60, second, start=4))
        grown(notebook, "Second 59")
        jump.wait_for()
        assert page.evaluate(TOP) == top
        notebook.shot("jump-light")
        jump.click()
        until(notebook, is_at_end)
        grow(notebook, feed(40, PARAGRAPHS.replace("Paragraph", "Third")))
        grown(notebook, "Third 39")
        until(notebook, is_at_end)  # after the jump the reader is at the end again
        assert not ours(notebook)


def test_the_page_stands_still_until_the_answer_reaches_its_end(lab: Lab) -> None:
    """What was not painted yet must not count as higher than it is, at the first block and at each later section."""
    lab.write("still.ipynb", [LOAD, "%%openrouter --model demo/tour\ngo", "1 + 1"])
    with lab.open("still.ipynb", height=700) as notebook:
        page = notebook.page
        notebook.run_cell(0)
        page.evaluate(
            f"""() => {{ window.gaps = []; const scroller = {SCROLLER}; let top = scroller.scrollTop;
                scroller.addEventListener('scroll', () => {{ const live = document.querySelector('.jor-live');
                    const down = scroller.scrollTop > top;
                    top = scroller.scrollTop;
                    if (!down || !live?.querySelector('[aria-busy=true]')) return;
                    const end = live.getBoundingClientRect().bottom;
                    gaps.push(scroller.getBoundingClientRect().bottom - end); }}); }}"""
        )
        notebook.start_cell(1)
        notebook.start_cell(2)
        until(
            notebook,
            lambda: page.evaluate("() => document.querySelectorAll('.jor-live .jor-section').length") > 2,
        )
        gaps = page.evaluate("() => window.gaps")
        assert gaps, "the end was followed"
        assert max(gaps) < 60, "nothing moved while there was room below the answer"


@pytest.mark.parametrize("where", ["end", "middle", "top"])
def test_nothing_jumps_when_the_saved_form_takes_the_place_of_the_live_view(lab: Lab, where: str) -> None:
    lab.write("swap.ipynb", [LOAD, "%%openrouter --model demo/tour\ngo", "1 + 1"])
    with lab.open("swap.ipynb", height=700) as notebook:
        page = notebook.page
        notebook.run_cell(0)
        notebook.start_cell(1)
        until(notebook, lambda: "A page for the renderer" in notebook.output_text(1))
        tops: list[float] = []
        if where != "end":
            page.mouse.move(500, 400)
            page.evaluate(
                f"w => {{ {SCROLLER}.scrollTop = w === 'top' ? 0 : {SCROLLER}.scrollHeight / 3 }}", where
            )
        page.evaluate(
            f"""() => {{ window.tops = []; const scroller = {SCROLLER};
                const note = () => {{ const live = document.querySelector('.jor-live');
                    window.tops.push([!!live, scroller.scrollTop, scroller.scrollHeight]);
                    requestAnimationFrame(note); }};
                note(); }}"""
        )
        notebook.wait_done()
        # Until it has stood in its saved form for many frames.
        page.wait_for_function(
            "() => window.tops.length > 90 && window.tops.slice(-90).every(([live]) => !live)", timeout=60_000
        )
        frames = page.evaluate("() => window.tops")
        live = [frame for frame in frames if frame[0]]
        saved = [frame for frame in frames if not frame[0]]
        print(where, live[-1], saved[0], saved[-1], min(frame[1] for frame in saved))
        tops = [frame[1] for frame in saved]
        assert max(abs(top - live[-1][1]) for top in tops) <= (150 if where == "end" else 2)


def test_selection_and_scroll_are_kept_over_200_updates_and_finished_nodes_stay(lab: Lab) -> None:
    fed(lab, "select.ipynb")
    with lab.open("select.ipynb", height=700) as notebook:
        page = notebook.page
        for index in range(2):
            notebook.run_cell(index)
        grow(notebook, feed(30))
        grown(notebook, "Paragraph 29")
        page.evaluate(
            """() => { const all = document.querySelectorAll('.jor-live .jor-section p');
                const range = document.createRange();
                range.setStart(all[2].firstChild, 3); range.setEnd(all[20].firstChild, 9);
                getSelection().removeAllRanges(); getSelection().addRange(range);
                window.finished = [...all].slice(0, 28); window.words = getSelection().toString();
                window.changes = 0;
                const seen = new MutationObserver(list => { window.changes += list.length; });
                for (const node of window.finished)
                    seen.observe(node, {childList: true, characterData: true, subtree: true, attributes: true}); }"""
        )
        page.mouse.move(500, 400)
        page.mouse.wheel(0, 200 - page.evaluate(TOP))
        top = at_rest(notebook, TOP)
        assert page.evaluate("() => document.querySelectorAll('.jor-live .jor-section p').length") < 40
        grow(notebook, feed(200, "More {0} **words** and `code`.\\n\\n"))
        grown(notebook, "More 199")
        kept = page.evaluate(
            """() => { const all = [...document.querySelectorAll('.jor-live .jor-section p')];
                return [getSelection().toString() === window.words, window.finished.every((n, i) => all[i] === n),
                        window.changes, window.words.includes('Paragraph 10')]; }"""
        )
        assert kept == [True, True, 0, True]
        assert page.evaluate(TOP) == top
        # Find-in-page goes into sections that were never painted.
        assert page.evaluate("() => window.find('More 150', false, false, true)")
        page.wait_for_function("() => getSelection().anchorNode.textContent.includes('More 150')")
        assert not ours(notebook)


def test_a_view_says_that_its_kernel_is_gone_and_keeps_what_had_come(lab: Lab) -> None:
    lab.write("gone.ipynb", [LOAD, CHAT.format(model="slow")])
    with lab.open("gone.ipynb") as notebook:
        page = notebook.page
        notebook.run_all()
        ask(notebook, "tell me a story")
        until(notebook, lambda: "This is a long story" in notebook.output_text(1))
        page.evaluate("() => { jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }")
        until(notebook, lambda: "the kernel is gone; this is what had come" in notebook.output_text(1))
        assert "This is a long story" in notebook.output_text(1)
        assert page.locator(".jor-stop:not([disabled]):visible").count() == 0
        assert page.locator(".jor-send").is_disabled()
        page.locator(".jor-root textarea.jor-box").fill("another")
        assert page.locator(".jor-send").is_disabled()
        assert audit(notebook) == []
        notebook.shot("gone")
        page.wait_for_function(
            "jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
        )


def test_a_live_answer_says_that_its_kernel_is_gone_with_stop_disabled(lab: Lab) -> None:
    fed(lab, "dead.ipynb", feed(5))
    with lab.open("dead.ipynb") as notebook:
        for index in range(3):
            notebook.run_cell(index)
        grown(notebook, "Paragraph 4")
        notebook.page.evaluate("() => { jupyterapp.shell.currentWidget.sessionContext.shutdown(); }")
        until(notebook, lambda: "the kernel is gone; this is what had come" in notebook.output_text(1))
        assert "Paragraph 4" in notebook.output_text(1)
        assert notebook.page.locator(".jor-stop").is_disabled()
        notebook.shot("dead")


def test_a_page_that_is_loaded_again_while_a_cell_runs_shows_the_answer_when_the_cell_has_ended(
    lab: Lab,
) -> None:
    story = "%%openrouter --model demo/slow\nA story"
    lab.write("again.ipynb", [LOAD, story, "len(_openrouter.text) * (_openrouter.state == 'stopped')"])
    with lab.open("again.ipynb") as notebook:
        page = notebook.page
        notebook.run_cell(0)
        notebook.start_cell(1)
        until(notebook, lambda: len(notebook.output_text(1)) > 160)
        notebook.save()
        before = page.locator(".jor-text").inner_text()
        page.reload()
        # JupyterLab asks for widgets on the channel that the cell blocks, so there is no view before its end.
        kernel = "globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
        page.wait_for_function(f"() => {kernel}?.connectionStatus === 'connected'", timeout=60_000)
        page.evaluate(f"() => {kernel}.interrupt()")
        page.wait_for_function(f"() => {kernel}.status === 'idle'", timeout=60_000)
        until(notebook, lambda: page.locator(".jor-text").count() == 1)
        assert page.locator(".jor-text").inner_text().startswith(before[:100])
        until(notebook, lambda: "stopped" in notebook.output_text(1))
        assert page.get_by_role("button", name="Stop").count() == 0
        notebook.run_cell(2)
        assert int(notebook.output(2).inner_text()) >= len(before)
        assert not ours(notebook)


def test_two_pages_and_two_views_show_one_answer_whole(lab: Lab) -> None:
    lab.write("pages.ipynb", [LOAD, CHAT.format(model="slow"), "chat", "len(chat.message)"])
    with lab.open("pages.ipynb") as notebook:
        for index in range(3):
            notebook.run_cell(index)
        notebook.page.locator(".jor-root textarea.jor-box").first.fill("A story")
        notebook.page.keyboard.press("Enter")
        texts = ".jor-turn-answer .jor-text, .jor-log .jor-text"
        until(notebook, lambda: len(notebook.page.locator(texts).first.inner_text()) > 100)
        notebook.save()
        other = Notebook(lab, notebook.page.context.new_page(), "pages.ipynb")
        other.page.set_default_timeout(60_000)
        other.page.goto(f"{lab.url}/lab/tree/pages.ipynb?token={lab.token}")
        other.page.wait_for_selector(".jor-log .jor-text:not([hidden])")
        running = [(one, at) for one in (notebook, other) for at in range(2)]
        begun = notebook.page.locator(texts).first.inner_text()[:-40]
        for one, at in running:
            # All of it, from its beginning, and more while it goes on.
            until(one, lambda one=one, at=at: one.page.locator(texts).nth(at).inner_text().startswith(begun))
            so_far = len(one.page.locator(texts).nth(at).inner_text())
            until(one, lambda one=one, at=at, n=so_far: len(one.page.locator(texts).nth(at).inner_text()) > n)
        assert len(begun) > 60
        other.page.get_by_role("button", name="Stop").first.click()
        for one in (notebook, other):
            until(one, lambda one=one: "stopped" in one.output_text(1) and "stopped" in one.output_text(2))
        shown = [text for one in (notebook, other) for text in one.page.locator(texts).all_inner_texts()]
        assert len(shown) == 4
        assert len(set(shown)) == 1
        assert not ours(notebook)
        assert not ours(other)


LOSSY = """() => { let seed = 7; const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    window.dropped = 0; window.heard = 0;
    const handle = kernel._handleCommMsg.bind(kernel);
    kernel._handleCommMsg = async message => {
        if (message.content.data?.method === 'custom') {
            window.heard++;
            if (!window.lossless && next() < 0.01) { window.dropped++; return; }
        }
        return handle(message);
    }; }"""


def test_lost_messages_end_in_the_same_text(lab: Lab) -> None:
    words = "".join(f"w{number} " for number in range(1000))
    # Nothing tells of the loss of the last message but the end of the answer, which is not to come here.
    last = f"import time\nwhile len(response.text) < {len(words)}: time.sleep(0.01)\n" + feed(1, "the end")
    fed(lab, "lossy.ipynb", feed(1000, "w{0} ", 0.004), last)
    with lab.open("lossy.ipynb") as notebook:
        page = notebook.page
        notebook.run_cell(0)
        notebook.run_cell(1)
        page.wait_for_selector(".jor-live")
        page.evaluate(LOSSY)
        notebook.run_cell(2)
        until(notebook, lambda: page.evaluate("() => window.heard") >= 1000)
        page.evaluate("() => { window.lossless = true; }")
        notebook.run_cell(3)
        text = "() => document.querySelector('.jor-live .jor-text').textContent.trim()"
        until(notebook, lambda: page.evaluate(text) == words + "the end")
        assert page.evaluate("() => window.dropped") > 3
        assert not ours(notebook)


def test_views_that_come_and_go_leave_nothing_behind(lab: Lab) -> None:
    lab.write("mounts.ipynb", [LOAD, CHAT.format(model="researcher"), "chat"])
    with lab.open("mounts.ipynb") as notebook:
        page = notebook.page
        for index in range(2):
            notebook.run_cell(index)
        ask(notebook, "Why is the sky blue?")
        page.wait_for_selector(".jor-foot:not([hidden])", timeout=40_000)
        client = page.context.new_cdp_session(page)
        client.send("Performance.enable")

        def mounted(times: int) -> dict[str, float]:
            page.evaluate(
                """async times => {
                    const panel = jupyterapp.shell.currentWidget;
                    const area = panel.content.widgets[1].outputArea;
                    const saved = area.model.toJSON();
                    for (let at = 0; at < times; at++) {
                        area.model.clear(); await new Promise(r => setTimeout(r, 15));
                        area.model.fromJSON(saved);
                        for (let n = 0; n < 100 && !area.node.querySelector('.jor-text p'); n++)
                            await new Promise(r => setTimeout(r, 10));
                    }
                }""",
                times,
            )
            return counts()

        def counts() -> dict[str, float]:
            for _ in range(3):
                client.send("HeapProfiler.collectGarbage")
            found = client.send("Performance.getMetrics")["metrics"]
            return {one["name"]: one["value"] for one in found}

        first, last = mounted(20), mounted(100)
        # JupyterLab itself keeps a few for each output; a view of ours has dozens.
        most = {"JSEventListeners": 300, "Nodes": 2_000, "JSHeapUsedSize": 6_000_000}

        def is_settled() -> bool:
            last.update(counts())
            return all(last[name] - first[name] < limit for name, limit in most.items())

        until(notebook, is_settled)
        print({name: last[name] - first[name] for name in most})
        assert page.locator(".jor-root").count() == 1
        assert not ours(notebook)


def test_a_long_answer_opens_in_slices(lab: Lab) -> None:
    piece = "Some **words** of a text, with `code` and [a link](https://x.example).\n\n- one\n- two\n\n"
    cell = "from jupyter_openrouter import ChatWidget\n"
    cell += f"turn = {{'role': 'assistant', 'content': ({piece!r} * 6000)[:480_000]}}\n"
    cell += "ChatWidget(model='demo/echo', messages=[turn])"
    lab.write("long.ipynb", [LOAD, "1", cell])
    with lab.open("long.ipynb") as notebook:
        page = notebook.page
        notebook.run_cell(0)
        page.evaluate(
            """() => { window.long = [];
                new PerformanceObserver(list => window.long.push(...list.getEntries().map(e => e.duration)))
                    .observe({type: 'longtask', buffered: false}); }"""
        )
        notebook.run_cell(2)
        # All of it is drawn, slice by slice, and the newest line is in sight when the last slice is.
        items = (piece * 6000)[:480_000].count("- two")
        until(notebook, lambda: page.locator(".jor-log li").count() >= items, 120)
        print("long tasks", json.dumps(page.evaluate("() => window.long")))
        below = page.locator(".jor-log")
        until(notebook, lambda: below.evaluate("n => n.scrollHeight - n.scrollTop - n.clientHeight") < 60, 60)
        assert not ours(notebook)


@pytest.mark.parametrize("width", [300, 1100])
def test_print_and_forced_colours_and_narrow_columns(lab: Lab, width: int) -> None:
    turns = [
        {"role": "user", "content": "שלום עולם, mixed"},
        {
            "role": "assistant",
            "content": "English.\n\nשורה בעברית עם word.\n\n- one\n- שתיים\n\n| "
            + " | ".join(f"column {n}" for n in range(20))
            + " |\n|"
            + " - |" * 20
            + "\n| "
            + " | ".join("cell" for _ in range(20))
            + " |\n\n```python\n"
            + "x = 1  # long " * 30
            + "\n```",
            "reasoning": "Thought of it.",
            "state": "done",
        },
    ]
    lab.write(
        "print.ipynb",
        [
            LOAD,
            f"from jupyter_openrouter import ChatWidget\nChatWidget(model='demo/echo', messages={turns!r})",
        ],
    )
    with lab.open("print.ipynb") as notebook:
        page = notebook.page
        theme(notebook, "JupyterLab Light")
        notebook.run_all()
        page.wait_for_selector(".jor-section table")
        page.evaluate("w => { document.querySelector('.jor-root').style.width = w + 'px'; }", width)
        # An answer is drawn in pieces, and what is wide is found out when it is near.
        page.wait_for_function(
            """() => ['.jor-table', '.jor-code pre'].map(s => document.querySelector(s))
                .every(n => n && n.scrollWidth > n.clientWidth && n.tabIndex === 0)"""
        )
        wide = at_rest(
            notebook,
            """() => { const root = document.querySelector('.jor-root'); const box = root.getBoundingClientRect();
                return [...root.querySelectorAll('*')].filter(n => !n.closest('.jor-table, pre, .jor-spoken')
                    && n.getBoundingClientRect().right > box.right + 1).map(n => n.className || n.tagName); }""",
        )
        assert wide == []
        item = page.locator(".jor-section li > p").nth(1)
        place = "n => { const r = document.createRange(); r.selectNodeContents(n); const b = n.getBoundingClientRect();"
        place += (
            " const t = r.getBoundingClientRect(); return [t.left - b.left > 20, b.right - t.right < 2]; }"
        )
        assert item.evaluate(place) == [True, True], "an item in Hebrew begins at the right"
        paragraph = page.locator(".jor-section > p").nth(1)
        assert paragraph.evaluate(place) == [True, True], "and so does a paragraph"
        notebook.shot(f"wide-table-{width}")
        page.emulate_media(forced_colors="active")
        page.wait_for_timeout(200)
        notebook.shot(f"forced-{width}")
        page.emulate_media(forced_colors="none", media="print")
        shown = page.evaluate(
            """() => ['.jor-composer', '.jor-copy', '.jor-newest'].map(s => document.querySelector(s).checkVisibility())
                .concat(document.querySelector('.jor-thought-text').getBoundingClientRect().height > 0)"""
        )
        assert shown == [False, False, False, True]
