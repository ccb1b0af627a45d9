"""The turns of a chat in a browser: a thousand of them, a reader who stays where they are, and what axe finds."""

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

ANSWER = "Some **bold** words and `code`.\n\n```python\nprint(1)\n```\n\n- one\n- two\n"
FIGURES = {"prompt_tokens": 1204, "completion_tokens": 412, "cost": 0.00123}
FAILURE = {"type": "E", "message": "No key was found.", "remedy": "Sign in.", "act": "key"}


def turns(pairs: int) -> list[dict[str, Any]]:
    settled = {"role": "assistant", "state": "done", "model": "m/x", "provider": "P", "usage": FIGURES}
    return [
        turn
        for at in range(pairs)
        for turn in (
            {"id": f"q{at}", "role": "user", "content": f"Question {at}?"},
            {"id": f"a{at}", "content": f"Answer {at}. {ANSWER}", "seconds": 4.2, **settled},
        )
    ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[CorePage]:
    with core_page(browser) as opened:
        yield opened


def show(page: CorePage, **traits: Any) -> None:
    page.run("traits => { window.view = mount(modelOf(traits)); }", {"version": 1, **traits})
    page.until("() => view.el.querySelector('.jor-log')")
    page.run(
        """() => { window.turns = () => [...view.el.querySelectorAll('.jor-turn')];
                   window.log = view.el.querySelector('.jor-log');
                   window.below = () => log.scrollHeight - log.scrollTop - log.clientHeight; }"""
    )


BUILT = "() => turns().every((turn) => turn.style.minHeight === '' && turn.firstChild)"


def test_a_thousand_turns_are_built_the_newest_first_and_the_end_stays_in_sight(page: CorePage) -> None:
    show(page, messages=turns(500))
    page.until("() => turns().at(-1).querySelector('.jor-text li')")
    assert page.run("() => turns().filter((turn) => turn.firstChild).length") < 500
    page.until(BUILT)
    assert page.run("() => [turns().length, turns()[0].textContent]") == [1000, "Question 0?"]
    page.until("() => below() <= 1")
    page.page.set_viewport_size({"width": 400, "height": 700})
    page.until("() => below() <= 1")
    assert page.console == []


def test_a_chat_of_short_turns_is_at_its_end_and_moves_under_a_reader_by_the_wheel_alone(
    page: CorePage,
) -> None:
    short = [
        {"id": f"t{at}", "role": ("user", "assistant")[at % 2], "content": f"turn {at}"} for at in range(60)
    ]
    show(page, messages=short)
    page.until(BUILT)
    page.until("() => below() <= 1")
    # It is followed: what is below stays there when the room changes.
    page.page.set_viewport_size({"width": 400, "height": 700})
    assert page.steady("() => below()") <= 1
    page.page.mouse.move(200, 200)
    place = "() => [turns()[50].getBoundingClientRect().top, log.scrollTop]"
    for _ in range(5):
        top, scrolled = page.steady(place)
        page.page.mouse.wheel(0, -150)
        page.page.wait_for_function("before => log.scrollTop < before", arg=scrolled)
        assert abs(page.steady(place)[0] - top - 150) <= 2


def test_a_settling_turn_touches_none_of_a_thousand(page: CorePage) -> None:
    show(page, messages=turns(500))
    page.until(BUILT)
    page.run(
        """() => { window.touched = 0;
                   const seen = new MutationObserver((records) => (touched += records.length));
                   const all = { childList: true, subtree: true, attributes: true, characterData: true };
                   for (const turn of turns()) seen.observe(turn, all);
                   const moved = (records) => (touched += records.filter((one) => one.removedNodes.length).length);
                   new MutationObserver(moved).observe(turns()[0].parentElement, { childList: true });
                   view.model.set({ state: 'streaming', asking: 'New?' });
                   view.model.hear({ type: 'delta', answer: 1, offset: 0, text: 'Some ', reasoning_offset: 0,
                     reasoning: '', extras_sent: 0, tokens: 1, seconds: 1, reasoning_seconds: null }); }"""
    )
    page.until("() => turns().length === 1002 && turns().at(-1).textContent.includes('Some')")
    page.run(
        """() => { const turn = { id: 'an', role: 'assistant', content: 'Some more.', state: 'done', model: 'm' };
                   const turns = [{ id: 'qn', role: 'user', content: 'New?' }, turn];
                   view.model.hear({ type: 'turns', version: 2, from: 1000, turns });
                   view.model.set({ state: 'done', asking: '', version: 2, message: 'Some more.' }); }"""
    )
    page.until("() => turns().at(-1).querySelector('.jor-tools') && below() <= 1")
    assert page.run("() => [turns().length, touched]") == [1002, 0]


def test_a_reader_who_went_up_stays_there_when_a_turn_settles_and_in_the_next_view(page: CorePage) -> None:
    show(page, messages=turns(40))
    page.until(BUILT)
    page.page.mouse.move(200, 200)
    page.page.mouse.wheel(0, -1500)
    page.until("() => below() > 1000")
    # After this a move is no longer the reader's.
    page.run("() => new Promise((resolve) => setTimeout(resolve, 1200))")
    top = """() => { const y = log.getBoundingClientRect().top;
                     const turn = turns().find((one) => one.getBoundingClientRect().bottom > y + 1);
                     return [turn.textContent.slice(0, 12), Math.round(turn.getBoundingClientRect().top - y)]; }"""
    before = page.run(top)
    more = [
        {"id": "qn", "role": "user", "content": "New?"},
        {"id": "an", "role": "assistant", "content": "x\n\n" * 40},
    ]
    page.run("turns => view.model.hear({ type: 'turns', version: 2, from: 80, turns })", more)
    page.until("() => turns().length === 82")
    assert page.run(top) == before
    page.run(
        """() => { const life = new AbortController(); const { model } = view;
                   const el = document.body.appendChild(document.createElement('div'));
                   view.el.style.display = 'none';
                   loader.render({ model, el, signal: life.signal });
                   window.view = { model, el }; }"""
    )
    page.until("() => turns().length === 82")
    page.run("() => { window.log = view.el.querySelector('.jor-log'); }")
    page.until(BUILT)
    page.until(
        f"() => {{ const [text, y] = ({top})(); return text === {before[0]!r} && Math.abs(y - {before[1]}) < 3; }}"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_turns(browser: Browser, theme: str) -> None:
    with core_page(browser, dark=theme == "dark") as page:
        page.page.add_style_tag(
            content=(THEMES / f"theme-{theme}-extension" / "index.css").read_text("utf-8")
        )
        page.page.add_style_tag(content="body { background: var(--jp-layout-color0) }")
        messages = turns(2)
        messages[0] |= {
            "attachments": [{"kind": "file", "name": "a.pdf", "mime": "application/pdf", "bytes": 9000}]
        }
        messages[1] |= {"branches": ["a-", "a0"], "requested_model": "m/y", "tried": ["m/y: 503"]}
        messages[3] |= {"state": "stopped", "continuable": True}
        show(page, messages=messages, state="failed", asking="Why?", error=FAILURE, saved="chat.json")
        page.until("() => turns().length === 5 && turns()[3].querySelector('.jor-tools')")
        page.run("() => {" + AXE.read_text("utf-8") + "}")
        page.page.get_by_role("button", name="Delete").first.click()
        page.page.locator(".jor-asked").nth(1).hover()
        page.page.get_by_role("button", name="Edit the question").nth(1).click()
        for lost in (False, True):
            if lost:
                page.run(
                    """() => { view.el.classList.add('jupyter-widgets-disconnected');
                               const { signal } = new AbortController();
                               loader.render({ model: view.model, el: view.el, signal }); }"""
                )
                page.until("() => view.el.querySelector('.jor-gone-note:not([hidden])')")
            found = page.run(
                "() => axe.run({include: [['.jor-conversation']]}, {resultTypes: ['violations']})"
                ".then(r => r.violations.flatMap(v => v.nodes.map(n => [v.id, n.html, n.failureSummary])))"
            )
            assert found == []
