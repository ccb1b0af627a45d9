"""Long tables and lists in a browser: one table with straight columns, numbers that go on, and what axe finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from core_page import CorePage, core_page, running_browser

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent.parent / "js" / "node_modules" / "axe-core" / "axe.min.js"
ROWS = 150
TABLE = "| # | name | value |\n|--:|:--|:-:|\n" + "".join(
    f"| {at} | {'word ' * (1 + at % 3)}| {at * at:.{1 + at // 40}f} |\n" for at in range(1, ROWS + 1)
)
LIST = "".join(f"{at}. item {at}\n" for at in range(1, 121))
EDGES = """() => [...new Set([...view.el.querySelector('table').rows].map((row) =>
  [...row.cells].map((cell) => Math.round(2 * cell.getBoundingClientRect().right) / 2).join(' ')))]"""


@pytest.fixture(scope="module")
def page() -> Iterator[CorePage]:
    with running_browser() as browser, core_page(browser) as opened:
        yield opened


@pytest.fixture
def shown(page: CorePage) -> Iterator[CorePage]:
    """The page with both, come in many pieces and drawn as they came."""
    page.run("() => { window.view = mount(modelOf({_kind: 'answer', state: 'streaming', version: 1})); }")
    page.until("() => view.model.listeners.some(({name}) => name === 'msg:custom')")
    page.run(
        """async ([text, step]) => {
             const rest = {reasoning_offset: 0, reasoning: '', extras_sent: 0, reasoning_seconds: null, seconds: 1};
             for (let offset = 0; offset < text.length; offset += step) {
               const piece = text.slice(offset, offset + step);
               view.model.hear({type: 'delta', answer: 1, offset, text: piece, tokens: offset, ...rest});
               await new Promise((done) => setTimeout(done, 40));
               await new Promise(requestAnimationFrame);
             }
             view.model.set({state: 'done', message: text});
           }""",
        [f"{TABLE}\nBetween.\n\n{LIST}\nThe end.\n", 160],
    )
    page.until(
        "() => view.el.textContent.includes('The end.') && view.el.querySelectorAll('li').length === 120"
    )
    yield page
    page.run("() => view.end()")


def test_the_columns_of_a_long_table_are_straight_at_every_width(shown: CorePage) -> None:
    assert shown.run("() => view.el.querySelector('table').tBodies.length") == 5
    shown.until("() => view.el.querySelector('.jor-held')")
    for width in ("860px", "240px", "120px", "auto"):
        shown.run("width => { view.el.style.width = width; }", width)
        edges = shown.run(EDGES)
        assert len(edges) == 1, (width, edges)


def test_no_number_of_a_long_table_is_broken_or_cut(shown: CorePage) -> None:
    shown.run("() => { view.el.style.width = '200px'; }")
    cut = shown.run(
        """() => [...view.el.querySelectorAll('td:nth-child(odd)')].filter((cell) => {
             const text = document.createRange();
             text.selectNodeContents(cell);
             const [of, inside] = [cell, text].map((one) => one.getBoundingClientRect());
             return text.getClientRects().length > 1 || inside.left < of.left - 1 || inside.right > of.right + 1;
           }).map((cell) => cell.textContent)"""
    )
    assert cut == []


def test_a_selection_over_groups_is_copied_as_rows(shown: CorePage) -> None:
    copied = shown.run(
        """() => {
             const { rows } = view.el.querySelector('table');
             getSelection().setBaseAndExtent(rows[31].cells[0], 0, rows[34].cells[2], 1);
             return getSelection().toString().split('\\n').map((line) => line.split('\\t')[0]);
           }"""
    )
    assert copied == ["31", "32", "33", "34"]


def test_the_numbers_of_a_long_list_go_on(shown: CorePage) -> None:
    shown.run("() => view.el.querySelectorAll('li')[119].scrollIntoView()")
    session = shown.page.context.new_cdp_session(shown.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    marks = [node["name"]["value"].strip() for node in nodes if node["role"]["value"] == "ListMarker"]
    assert marks[-24:] == [f"{at}." for at in range(97, 121)]


def test_axe_finds_nothing_in_a_long_table_and_a_long_list(shown: CorePage) -> None:
    shown.run("() => {" + AXE.read_text("utf-8") + "}")
    found = shown.run(
        "() => axe.run(view.el, {resultTypes: ['violations']})"
        ".then(r => r.violations.map(v => [v.id, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary]))"
    )
    assert found == []
