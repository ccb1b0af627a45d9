"""What chats that were opened and closed leave behind in a page: no node, no listener, no model; and a hasty user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from core_page import CorePage, core_page, running_browser
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[CorePage]:
    with core_page(browser) as opened:
        yield opened


OPEN_AND_CLOSE = """async (count) => {
    const messages = [
        { id: 'q', role: 'user', content: 'Question?' },
        { id: 'a', role: 'assistant', state: 'done', content: 'An **answer**.\\n\\n```python\\nprint(1)\\n```\\n' },
    ];
    window.models ??= [];
    window.left ??= [];
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const until = async (true_) => { while (!true_()) await frame(); };
    for (let at = 0; at < count; at++) {
        const one = mount(modelOf({ messages, version: 1 }));
        await until(() => one.el.querySelector('.jor-box') && one.el.querySelector('.jor-turn pre'));
        one.model.set({ state: 'streaming', asking: 'Again?' });
        one.model.hear({ type: 'delta', answer: 1, offset: 0, text: 'So *be* it', reasoning_offset: 0, reasoning: '',
                         extras_sent: 0, tokens: 3, seconds: 1, reasoning_seconds: null });
        await until(() => one.el.querySelector('.jor-stop')?.offsetParent);
        one.end();
        await frame();
        left.push(one.model.listeners.length);
        models.push(new WeakRef(one.model));
    }
}"""


def test_a_hundred_chats_that_were_opened_and_closed_leave_nothing_in_the_page(page: CorePage) -> None:
    session = page.page.context.new_cdp_session(page.page)

    def left() -> dict[str, int]:
        session.send("HeapProfiler.collectGarbage")
        return session.send("Memory.getDOMCounters")

    page.run(OPEN_AND_CLOSE, 5)
    left()
    page.run("() => new Promise((resolve) => setTimeout(resolve, 1200))")  # what waits before it settles
    before = left()
    page.page.set_default_timeout(60_000)
    page.run(OPEN_AND_CLOSE, 100)
    assert page.run("() => left") == [0] * 105

    def given_back() -> Any:
        after = left()
        alive = page.run("() => models.filter((one) => one.deref()).length")
        # The last one may still be held by the page's own event.
        return after["nodes"] <= before["nodes"] + 200 and alive <= 1 and after

    for _ in range(100):
        if after := given_back():
            break
        page.page.wait_for_timeout(100)
    else:
        raise AssertionError((before, left(), page.run("() => models.filter((one) => one.deref()).length")))
    assert after["jsEventListeners"] <= before["jsEventListeners"] + 20
    assert page.console == []
