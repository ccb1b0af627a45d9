"""What stands below the messages of a chat, in a browser: the box, the list of models, the settings, the handle."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from core_page import CorePage, core_page, running_browser
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent.parent / "js" / "node_modules" / "axe-core" / "axe.min.js"
THEMES = Path(sys.prefix) / "share" / "jupyter" / "lab" / "themes" / "@jupyterlab"

KERNEL = """
window.sent = [];
window.cards = [
  { slug: 'demo/tour', name: 'Demo: Guided tour', context: 131072, takes: ['text'], gives: ['text'],
    prompt: 0, completion: 0 },
  { slug: 'a/eyes', name: 'A: Eyes', context: 1000000, takes: ['text', 'image'], gives: ['text'],
    prompt: 5, completion: 25 },
];
for (let at = 0; at < 400; at++)
  cards.push({ slug: `b/model-${at}`, name: `B: Model ${at}`, takes: ['text'], gives: ['text'], prompt: at / 10 });
/** A chat whose kernel takes everything at once. */
window.chat = (traits) => {
  const model = modelOf({ version: 0, name: 'chat', system: '', params: {}, state: 'idle', model: 'demo/tour',
    asking_attachments: [], queued: [], totals: {}, saved: '', suggestions: [], compact: false, ...traits });
  const sendPart = model.send;
  model.send = function (message, callbacks, buffers) {
    if (message.type === 'part') return sendPart.call(model, message);
    sent.push({ ...message, bytes: buffers?.[0]?.byteLength });
    const reply = message.type === 'models' ? { type: 'models', models: cards, error: null } : { type: 'ack' };
    if (message.id) setTimeout(() => model.hear({ ...reply, id: message.id }));
  };
  window.view = mount(model);
};
"""
TURNS = [
    {"id": "q-1", "role": "user", "content": "Why is the sky blue?"},
    {"id": "a-1", "role": "assistant", "content": "It *scatters*.", "state": "done", "model": "demo/tour"},
]
FULL = {
    "messages": TURNS,
    "version": 1,
    "state": "done",
    "queued": [{"id": "k-1", "text": "And why is it red at dusk? " * 20}],
    "totals": {"prompt_tokens": 1204, "completion_tokens": 412, "cost": 0.00123, "unknown": 1},
    "params": {"temperature": 0.2, "provider": {"order": ["one", "another"]}},
    "system": "Answer briefly.",
}
FILES: list[Any] = [
    {
        "name": "a-picture-with-a-long-name-of-its-own.png",
        "mimeType": "image/png",
        "buffer": b"\x89PNG\r\n\x1a\n" * 150_000,
    },
    {"name": "data.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"},
    {"name": "archive.zip", "mimeType": "application/zip", "buffer": b"PK\x00\x00" * 9},
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[CorePage]:
    with core_page(browser) as opened:
        opened.run(f"() => {{ {KERNEL} }}")
        yield opened


def fill(page: CorePage) -> None:
    """Puts something into everything that can be seen."""
    page.run("traits => chat(traits)", FULL)
    page.page.locator(".jor-files").set_input_files(FILES)
    page.page.locator(".jor-box").fill("What is this?")
    page.until("() => document.querySelectorAll('.jor-upload.jor-bad').length === 1")
    page.until("() => !document.querySelector('.jor-upload-state')?.textContent.includes('%')")


def states(page: CorePage) -> Iterator[str]:
    """Each state of the desk, one after the other."""
    page.run(
        "() => chat({ suggestions: ['Why is the sky blue?', 'What does this notebook do? '.repeat(9)] })"
    )
    page.page.wait_for_selector(".jor-suggestion")
    yield "empty"
    page.run("() => view.end()")
    fill(page)
    yield "full"
    page.page.locator(".jor-model-button").click()
    page.page.wait_for_selector("[role=option]")
    yield "models"
    page.page.keyboard.press("Escape")
    page.page.locator(".jor-settings-button").click()
    page.page.get_by_label("Temperature").fill("3")
    yield "settings"
    page.page.keyboard.press("Escape")
    page.run("() => view.model.set({ state: 'streaming', asking: 'Why?', queued: [] })")
    page.page.wait_for_selector(".jor-stop:not([hidden])")
    yield "running"
    page.run("() => view.model.set({ compact: true })")
    page.page.wait_for_selector(".jor-compact")
    yield "compact"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(browser: Browser, theme: str) -> None:
    with core_page(browser, dark=theme == "dark") as page:
        page.run(f"() => {{ {KERNEL} }}")
        page.page.add_style_tag(
            content=(THEMES / f"theme-{theme}-extension" / "index.css").read_text("utf-8")
        )
        page.page.add_style_tag(content="body { background: var(--jp-layout-color0) }")
        page.run("() => {" + AXE.read_text("utf-8") + "}")
        for state in states(page):
            found = page.run(
                "() => axe.run({include: [['.jor-desk']]}, {resultTypes: ['violations']})"
                ".then(r => r.violations.flatMap(v => v.nodes.map(n => [v.id, n.html, n.failureSummary])))"
            )
            assert found == [], state
        # The page's policy keeps previews from being loaded; the chips show the kind of the file then.
        wrong = [
            line for line in page.console if line.startswith(("pageerror", "error")) and "image" not in line
        ]
        assert wrong == []


@pytest.mark.parametrize("width", [300, 480, 1000])
def test_nothing_is_wider_than_its_column(page: CorePage, width: int) -> None:
    page.page.set_viewport_size({"width": width, "height": 900})
    for state in states(page):
        wide = page.run(
            """() => [document.documentElement, ...document.querySelectorAll('.jor-desk, .jor-desk *')]
                 .filter(n => n.checkVisibility() && !n.matches('.jor-box, .jor-queue-text'))
                 .filter(n => { const { left, right } = n.getBoundingClientRect();
                                return left < -0.5 || right > innerWidth + 0.5; })
                 .map(n => n.className)"""
        )
        assert wide == [], state


def test_files_from_the_dialog_travel_in_pieces_and_go_with_the_question(page: CorePage) -> None:
    fill(page)
    uploads = [message for message in page.run("() => sent") if message["type"] == "upload"]
    pieces = [(one["offset"], one["bytes"]) for one in uploads if one["mime"] == "image/png"]
    assert pieces == [(0, 524_288), (524_288, 524_288), (1_048_576, 151_424)]
    page.page.get_by_role("button", name="remove archive.zip").click()
    page.page.locator(".jor-box").press("Enter")
    page.until("() => sent.some(one => one.type === 'ask')")
    ask = page.run("() => sent.find(one => one.type === 'ask')")
    assert ask["text"] == "What is this?"
    # In the order in which they were attached, whichever was read first; its number is the end of an id.
    assert ask["uploads"] == sorted(
        {one["upload"] for one in uploads}, key=lambda one: int(one.rsplit("-", 1)[1])
    )


def test_a_question_that_was_stopped_before_the_first_word_is_in_the_box_and_nowhere_else(
    page: CorePage,
) -> None:
    page.run("() => chat({ extras: {} })")
    page.page.locator(".jor-box").fill("Why?")
    page.page.locator(".jor-box").press("Enter")
    page.until("() => sent.some(one => one.type === 'ask')")
    page.run("() => view.model.set({ state: 'waiting', asking: 'Why?' })")
    page.page.wait_for_selector(".jor-question")
    page.page.keyboard.press("Escape")
    page.until("() => sent.some(one => one.type === 'stop')")
    page.run("() => view.model.set({ state: 'stopped', asking: '' })")
    page.until(
        "() => document.querySelector('.jor-box').value === 'Why?' && !document.querySelector('.jor-question')"
    )
    assert page.run("() => document.activeElement.className") == "jor-box"


def test_a_model_is_found_and_chosen_by_keys_alone_and_is_always_in_sight(page: CorePage) -> None:
    page.run("() => chat({})")
    page.page.locator(".jor-model-button").focus()
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("[role=option]")
    active = """() => { const row = document.getElementById(
        document.activeElement.getAttribute('aria-activedescendant'));
        const [list, place] = [row.parentElement.getBoundingClientRect(), row.getBoundingClientRect()];
        return [row.querySelector('.jor-option-name').textContent, row.getAttribute('aria-selected'),
                place.top >= list.top - 1 && place.bottom <= list.bottom + 1]; }"""
    assert page.run(active) == ["Demo: Guided tour", "true", True]
    page.page.keyboard.press("ArrowUp")
    assert page.run(active) == ["B: Model 399", "true", True]
    page.page.keyboard.press("PageUp")
    assert page.run(active) == ["B: Model 391", "true", True]
    page.page.keyboard.type("model 21")
    assert page.run(active) == ["B: Model 21", "true", True]
    page.page.keyboard.press("ArrowDown")
    assert page.run(active) == ["B: Model 210", "true", True]
    page.page.keyboard.press("Enter")
    page.until("() => sent.some(one => one.type === 'model' && one.model === 'b/model-210')")
    assert page.run("() => document.activeElement.className").startswith("jor-quiet-button jor-model-button")


def test_a_panel_stands_in_the_window_above_all_that_clips_and_goes_when_its_button_is_scrolled_away(
    page: CorePage,
) -> None:
    page.page.set_viewport_size({"width": 700, "height": 600})
    page.run("() => document.body.prepend(Object.assign(document.createElement('div'), { id: 'above' }))")
    page.page.add_style_tag(
        content="#above { height: 500px } body > div + div { overflow: hidden } body { height: 3000px }"
    )
    page.run("() => chat({})")
    page.page.locator(".jor-settings-button").click()
    place = page.page.locator(".jor-settings").bounding_box()
    assert place is not None
    assert place["y"] >= 0
    assert place["y"] + place["height"] <= 600
    assert page.run("() => document.querySelector('.jor-settings-popup').matches(':popover-open')")
    page.page.get_by_label("Temperature").fill("1")
    page.run("() => scrollTo(0, 2000)")
    page.until("() => !document.querySelector('.jor-settings-popup').checkVisibility()")
    page.run("() => scrollTo(0, 0)")
    page.page.locator(".jor-settings-button").click()
    assert page.page.get_by_label("Temperature").input_value() == "1"
    page.page.mouse.click(5, 5)
    assert not page.page.locator(".jor-settings-popup").is_visible()


def test_where_a_window_is_too_low_a_panel_stands_in_the_text(page: CorePage) -> None:
    page.page.set_viewport_size({"width": 500, "height": 200})
    page.run("() => chat({})")
    page.page.locator(".jor-settings-button").click()
    assert page.run("() => document.querySelector('.jor-settings-popup').classList.contains('jor-inline')")
    assert page.page.get_by_label("System prompt").is_visible()


def test_the_handle_is_dragged_and_the_height_is_that_of_later_views(page: CorePage) -> None:
    page.run("traits => chat(traits)", FULL)
    handle = page.page.locator(".jor-size")
    handle.press("Home")
    box = handle.bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + 50, box["y"] + 5)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 50, box["y"] + 85, steps=4)
    page.page.mouse.up()
    page.page.mouse.move(box["x"] + 50, box["y"] + 300)
    assert handle.get_attribute("aria-valuenow") == "176"
    heights = "() => [...document.querySelectorAll('.jor-log')].map(log => log.offsetHeight)"
    assert page.run(heights) == [176]
    page.run(
        """() => loader.render({ model: view.model, signal: new AbortController().signal,
                                 el: document.body.appendChild(document.createElement('div')) })"""
    )
    page.until("() => document.querySelectorAll('.jor-size').length === 2")
    page.until(f"() => ({heights})().every(height => height === 176)")
    handle.first.dblclick()
    page.until("() => !document.querySelector('.jor-chat').classList.contains('jor-sized')")


def test_the_box_grows_with_its_text_and_no_further_than_it_may(page: CorePage) -> None:
    page.run("() => chat({})")
    height = "() => document.querySelector('.jor-box').offsetHeight"
    box = page.page.locator(".jor-box")
    box.wait_for()
    one = page.run(height)
    box.fill("a\nb\nc\nd")
    assert page.run(height) > 2 * one
    box.fill("line\n" * 100)
    assert page.run(height) == 320
    box.fill("")
    assert page.run(height) == one
