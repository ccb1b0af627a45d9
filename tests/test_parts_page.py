"""Coloured code and formulas in a browser, under a policy that lets nothing become HTML or script from a string."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator

import pytest
from core_page import CorePage, core_page, running_browser
from playwright.sync_api import Browser

from jupyter_openrouter.widget import part

pytestmark = pytest.mark.browser

CODE = "```python\n# a comment\ndef hello(name):\n    return f'hi {name}', 42\n```\n"
FORMULAS = "Inline $x^2$ and\n\n$$\\frac{a}{b}$$\n\nlast \\(y_1\\).\n"

HOSTILE = {
    "href": r"\href{javascript:__pwned=1}{click}",
    "href https": r"\href{https://evil.example/}{click}",
    "url": r"\url{javascript:__pwned=1}",
    "includegraphics": r"\includegraphics[width=9cm]{https://evil.example/x.png}",
    "class": r"\class{jp-Button}{x}",
    "htmlClass": r"\htmlClass{jp-Button}{x}",
    "cssId": r"\cssId{jupyterapp}{x}",
    "id": r"\id{jupyterapp}{x}",
    "htmlId": r"\htmlId{jupyterapp}{x}",
    "htmlData": r"\htmlData{commandlinker-command=apputils:reset}{x}",
    "data": r"\data{commandlinker-command=apputils:reset}{x}",
    "htmlStyle": r"\htmlStyle{position:fixed;inset:0}{x}",
    "style": r"\style{position:fixed;background:url(https://evil.example/)}{x}",
    "require": r"\require{html}\href{javascript:__pwned=1}{x}",
    "unicode bidi": r"\text{" + "\u202e" + r"gpj.exe} \char\"202e x",
    "unicode style": r"\unicode[font-family:url(https://evil.example/)]{x41}",
    "tags in text": r"\text{<img src=https://evil.example/x onerror=__pwned=1>}",
    "tags": r"<script>__pwned=1</script>",
    "tags as entities": r"\text{&lt;img src=x onerror=__pwned=1&gt;}",
    "rule": r"\rule{9999em}{9999em}",
    "raisebox": r"\raisebox{-9999em}{x}",
    "kern": r"\kern-9999em x \hspace{-9999pt} y \mkern9999mu z",
    "huge": r"\Huge{\Huge{\Huge x}}",
    "color": r"\color{red;background:url(https://evil.example/)}x",
    "color call": r"\textcolor{url(https://evil.example/)}{x}",
    "colorbox": r"\fcolorbox{red}{#fff;position:fixed}{x}",
    "def loop": r"\def\a{\a\a}\a",
    "def bomb": "".join(
        f"\\def\\{chr(98 + at)}{{\\{chr(97 + at)}\\{chr(97 + at)}}}" for at in range(20)
    ).replace("\\def\\b", "\\def\\a{xx}\\def\\b", 1)
    + r"\u",
    "def wide": r"\def\a{" + "x" * 900 + "}" + r"\a" * 30,
    "newcommand": r"\newcommand{\frac}[2]{\href{javascript:__pwned=1}{#1}}\frac12",
    "gdef": r"\gdef\alpha{\text{stolen}}\alpha",
    "let": r"\let\frac\href \frac{javascript:__pwned=1}{x}",
    "nested braces": "{" * 2000 + "x" + "}" * 2000,
    "nested roots": r"\sqrt" * 900 + "x",
    "nested fractions": r"\frac{" * 400 + "x" + "}{y}" * 400,
    "nested scripts": "x" + "^{x" * 600 + "}" * 600,
    "arguments that are made twice": r"\mathllap{" * 55 + "x" + "}" * 55,
    "arguments that are made three times": r"\cancelto{y}{" * 40 + "x" + "}" * 40,
    "chemistry without an end": r"\ce{" + "H2O + " * 800 + "}",
    "left": r"\left(" * 500 + "x" + r"\right)" * 500,
    "many cells": r"\begin{matrix}" + "a&" * 2400 + r"\end{matrix}",
    "many rows": r"\begin{matrix}" + r"a\\" * 1600 + r"\end{matrix}",
    "array spec": r"\begin{array}{" + "c" * 4000 + "}x" + r"\end{array}",
    "too long": "x" * 5001,
    "label": r"\begin{equation}\label{jupyterapp}x\tag{\href{javascript:__pwned=1}{1}}\end{equation}",
    "label id": r"\begin{align}a\label{jupyterapp}\\\\b\end{align}\label{kernel}",
    "maction": r"\mathchoice{a}{b}{c}{d}\toggle{a}{b}\endtoggle",
    "toggle": r"\texttip{a}{b}",
    "import": r"\input{/etc/passwd}\write18{ls}\openin5=/etc/passwd",
    "bbox": r"\bbox[url(https://evil.example/),10px]{x}",
    "surrogate": "\\text{\ud83d} x",
    "nul": "x\x00\x01\x1b[31m",
}

TAGS = (
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose msub msup msubsup "
    "munder mover munderover mmultiscripts mprescripts none mtable mtr mtd merror"
)
ATTRIBUTES = (
    "accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form frame height "
    "largeop linebreak linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize "
    "movablelimits notation rowlines rowspacing rspace scriptlevel separator stretchy symmetric voffset "
    "width class style"
)
CHECK = r"""
([tags, attributes]) => {
  const found = [];
  for (const node of document.querySelectorAll('.jor-math *')) {
    const math = node.namespaceURI === 'http://www.w3.org/1998/Math/MathML';
    if (!math || !tags.split(' ').includes(node.localName)) found.push(node.localName);
    for (const { name, value } of node.attributes) {
      const known = attributes.split(' ').includes(name) && !/url|script|position|var\(|[<>{}]/i.test(value);
      const named = name !== 'class' || /^(tml-|upstrike|downstrike|sout|math)/.test(value);
      if (!known || !named) found.push(`${name}=${value}`);
    }
    const box = node.getBoundingClientRect();
    if (box.width > 20000 || box.height > 20000) found.push(`${node.localName} of ${box.width} x ${box.height}`);
  }
  const text = document.querySelector('.jor-log').textContent;
  if (/[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u001b]/.test(text)) found.push('control');
  if (window.__pwned) found.push('pwned');
  return found;
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[CorePage]:
    with core_page(browser) as opened:
        yield opened


@pytest.fixture
def fresh(browser: Browser) -> Iterator[CorePage]:
    """A page that has no part yet."""
    with core_page(browser) as opened:
        yield opened
        assert opened.outside() == []


@pytest.fixture
def page(shared: CorePage) -> Iterator[CorePage]:
    """The page with nothing in it, and with the parts, as they are kept for as long as a page lives."""
    shared.run("() => { asked.length = 0; violations.length = 0; }")
    shared.console.clear()
    shared.requests.clear()
    yield shared
    shared.run("() => { for (const one of window.open_ ?? []) one.end(); window.open_ = []; }")
    assert shared.outside() == [], "something was asked of the network"
    assert shared.run("() => violations") == []


def show(page: CorePage, text: str) -> None:
    page.run("text => { (window.open_ ??= []).push(show(text)); }", text)


def test_code_is_coloured_and_formulas_are_set_with_nothing_made_from_strings(page: CorePage) -> None:
    show(page, CODE + FORMULAS)
    page.until("() => painted() >= 5 && document.querySelectorAll('.jor-math math').length === 3")
    assert page.run("() => document.querySelectorAll('.jor-chunk *').length") == 0, "code stays one text"
    assert page.run("() => document.querySelectorAll('.jor-math math[display=block]').length") == 1
    assert page.console == []


def test_a_page_of_vs_code_has_the_colours_of_its_theme_and_not_of_the_system(page: CorePage) -> None:
    show(page, CODE)
    page.until("() => painted() >= 5")
    found = {}
    for theme in ("", "vscode-dark", "vscode-light", "vscode-high-contrast"):
        page.run(f"() => {{ document.body.className = '{theme}'; }}")
        for system in ("light", "dark"):
            page.page.emulate_media(color_scheme=system)
            found[theme, system] = page.run(
                "() => getComputedStyle(document.querySelector('.jor-root')).getPropertyValue('--jor-own-keyword')"
            )
    page.run("() => { document.body.className = ''; }")
    page.page.emulate_media(color_scheme="light")
    light, dark = found["", "light"], found["", "dark"]
    assert light != dark
    assert {found["vscode-light", "light"], found["vscode-light", "dark"]} == {light}
    assert {
        found[name, one] for name in ("vscode-dark", "vscode-high-contrast") for one in ("light", "dark")
    } == {dark}


def test_a_language_that_is_rare_fetches_the_further_ones(page: CorePage) -> None:
    show(page, "```kotlin\nfun main() { println(1) }\n```\n\n```nosuch\nfun x\n```")
    page.until("() => painted() >= 3")
    assert page.console == []


def test_what_is_painted_is_the_word_itself(page: CorePage) -> None:
    show(page, CODE)
    page.until("() => painted() >= 5")
    words = page.run(
        """() => Object.fromEntries([...CSS.highlights].map(([name, set]) =>
             [name, [...set].map(r => r.startContainer.data.slice(r.startOffset, r.endOffset))]))"""
    )
    assert words["jor-comment"] == ["# a comment"]
    assert words["jor-keyword"] == ["def", "return"]
    assert words["jor-name"] == ["hello"]
    assert words["jor-number"] == ["42"]
    assert words["jor-string"] == ["f'hi ", "'"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_formula_does_nothing(page: CorePage, name: str) -> None:
    tex = HOSTILE[name]
    # A chat with the one formula after it, which is set as ever.
    messages = [{"role": "assistant", "content": f"$$\n{tex}\n$$\n\nafter $\\frac12 \\alpha$"}]
    page.run("messages => { (window.open_ ??= []).push(mount(modelOf({messages}))); }", messages)
    page.until("() => formulas().length === 2 && formulas()[1].querySelector('math')")
    page.steady("() => [document.querySelectorAll('*').length, window.__pwned ?? 0]", quiet=0.1)
    assert page.run(CHECK, [TAGS, ATTRIBUTES]) == []
    assert page.run("() => formulas()[1].textContent") == "12α"
    assert page.console == []


def test_what_one_formula_defines_no_other_knows(page: CorePage) -> None:
    show(page, r"$\gdef\mine{x}\mine$, $\global\let\yours=\alpha\yours$, $\mine$ $\yours$")
    page.until("() => document.querySelectorAll('.jor-math[title]').length === 2")
    assert page.run("() => document.querySelectorAll('.jor-math math').length") == 2


def test_a_formula_with_a_mistake_shows_its_source_and_says_what_is_wrong(page: CorePage) -> None:
    show(page, r"a $\nosuch{x}$ and $\frac{1$ b")
    page.until("() => document.querySelectorAll('.jor-math[title]').length === 2")
    assert page.run("() => formulas().map(n => [n.textContent, n.title])") == [
        [r"$\nosuch{x}$", r"The formula cannot be shown: Unsupported function name: \nosuch"],
        [
            r"$\frac{1$",
            "The formula cannot be shown: Unexpected end of input in a macro argument, expected '}'",
        ],
    ]


def test_prices_are_no_formulas(page: CorePage) -> None:
    show(page, "It costs $5 and $10, or $ 3 and 4 $. But $x$ is one.")
    page.until("() => document.querySelectorAll('.jor-math math').length === 1")
    assert page.run("() => formulas().length") == 1


def test_a_copied_selection_has_the_source_of_its_formulas(page: CorePage) -> None:
    show(page, "Before **bold** $x^2$ between.\n\n$$\n\\frac{a}{b}\n$$\n\n- end \\(y_1\\)")
    page.until("() => document.querySelectorAll('.jor-math math').length === 3")
    page.run("() => getSelection().selectAllChildren(document.querySelector('.jor-text'))")
    page.page.keyboard.press("Control+c")
    copied = page.run("() => navigator.clipboard.readText()")
    assert [line for line in copied.splitlines() if line] == [
        "Before bold $x^2$ between.",
        "$$",
        "\\frac{a}{b}",
        "$$",
        "end \\(y_1\\)",
    ]
    half = """() => { const one = document.querySelector('.jor-math mi').firstChild;
                      getSelection().setBaseAndExtent(one, 0, document.querySelector('.jor-math').nextSibling, 4); }"""
    page.run(half)
    page.page.keyboard.press("Control+c")
    assert page.run("() => navigator.clipboard.readText()") == "$x^2$ bet"
    within = "() => getSelection().selectAllChildren(document.querySelector('.jor-math mi'))"
    page.run(within)
    page.page.keyboard.press("Control+c")
    assert page.run("() => navigator.clipboard.readText()") == "$x^2$", (
        "a part of a formula is copied as all of it"
    )
    assert page.run("() => document.querySelectorAll('.jor-copied').length") == 0


def test_the_copy_button_copies_the_code_as_it_came_by_keyboard(page: CorePage) -> None:
    code = "a\t= 'x\u202ey\x1b[0m'\n\nb  = 2"
    show(page, f"```python\n{code}\n```\n")
    page.until("() => document.querySelector('.jor-copy')")
    assert page.page.get_by_role("button", name="copy the python code").count() == 1
    page.page.locator(".jor-copy").focus()
    page.page.keyboard.press("Enter")
    page.until("() => document.querySelector('.jor-code [role=status]')?.textContent === 'copied'")
    assert page.run("() => navigator.clipboard.readText()") == code
    assert page.run("() => document.activeElement.className") == "jor-copy"
    page.until("() => document.querySelector('.jor-copy').textContent === 'copy'")
    assert page.run("() => document.querySelectorAll('.jor-code [role=status]').length") == 0


def test_what_is_too_wide_is_reached_by_tab(page: CorePage) -> None:
    wide = "x + " * 300
    show(page, f"```python\n{wide}\n```\n\n```python\nx\n```\n\n$$\n\\text{{{wide}}}\n$$\n\n$$\nx\n$$")
    page.until("() => document.querySelectorAll('pre[tabindex], .jor-math[tabindex]').length === 2")
    assert page.run("() => [...document.querySelectorAll('pre')].map(pre => pre.tabIndex)") == [0, -1]
    assert page.run("() => formulas().map(one => one.tabIndex)") == [0, -1]


def test_nothing_is_kept_of_a_hundred_views(page: CorePage) -> None:
    text = CODE * 3 + FORMULAS
    mounts = """async ([text, count]) => {
      for (let at = 0; at < count; at++) {
        const view = show(text);
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)));
        view.end();
        if (view.model.listeners.length) throw new Error('a listener is left');
      }
    }"""
    client = page.page.context.new_cdp_session(page.page)
    client.send("Performance.enable")

    def count(name: str) -> float:
        client.send("HeapProfiler.collectGarbage")
        return next(m["value"] for m in client.send("Performance.getMetrics")["metrics"] if m["name"] == name)

    page.run(mounts, [text, 10])
    page.until("() => painted() === 0")
    before = {name: count(name) for name in ("Nodes", "JSEventListeners")}
    page.run(mounts, [text, 100])
    page.until("() => painted() === 0")
    for _ in range(100):
        after = {name: count(name) for name in before}
        more = {name: after[name] - before[name] for name in before}
        if more["Nodes"] < 200 and more["JSEventListeners"] <= 5:
            return
        page.page.wait_for_timeout(100)
    raise AssertionError(json.dumps([before, after]))


GROW = """
async ([text, step]) => {
  const model = modelOf({ _kind: 'answer', state: 'streaming' });
  const view = mount(model);
  (window.open_ ??= []).push(view);
  for (let at = 0; at < text.length; at += step) {
    const more = { reasoning_offset: 0, reasoning: '', tokens: 1, seconds: 1 };
    model.hear({ type: 'delta', answer: 1, offset: at, text: text.slice(at, at + step), ...more });
    await new Promise((done) => requestAnimationFrame(done));
  }
}
"""
MORE = """
async ([length, more, step]) => {
  const { model } = open_.at(-1);
  const rest = { reasoning_offset: 0, reasoning: '', tokens: 1, seconds: 1 };
  for (let at = 0; at < more.length; at += step) {
    model.hear({ type: 'delta', answer: 1, offset: length + at, text: more.slice(at, at + step), ...rest });
    await new Promise((done) => requestAnimationFrame(done));
  }
}
"""
PAINTED_WORDS = """
() => [...CSS.highlights].flatMap(([name, set]) => [...set].map((r) => {
  const chunk = [...document.querySelectorAll('.jor-chunk')].findIndex((c) => c.firstChild === r.startContainer);
  return [chunk, r.startOffset, r.endOffset, name];
})).sort()
"""
IS_PAINTED = """
words => [...CSS.highlights].some(([, set]) => [...set].some((r) =>
  r.startContainer.data.slice(r.startOffset, r.endOffset) === words))
"""


def test_code_that_grows_is_coloured_but_for_its_open_line_and_ends_as_when_it_comes_whole(
    page: CorePage,
) -> None:
    def until_painted(words: str) -> None:
        page.page.wait_for_function(IS_PAINTED, arg=words)

    code = "".join(f"def f{at}(x):\n    '''doc\n    {at}'''\n    return x + {at}\n" for at in range(20))
    begun = "```python\n" + code + "'''half\na text\nreturn 'open"
    rest = "'\n'''\nlast = 987\n```\n\nend"
    page.run(GROW, [begun, 60])
    # So far all of it is one string, but for the line that is not whole.
    until_painted("'''half\na text\n")
    open_line = (
        "[...CSS.highlights].flatMap(([, set]) => [...set]).some(r => r.startContainer.data.includes('open'))"
    )
    assert page.run(f"() => {open_line}") is False
    page.run(MORE, [len(begun), rest, 3])
    until_painted("987")
    grown = page.run(PAINTED_WORDS)
    page.run("() => { open_.pop().end(); }")
    page.until("() => painted() === 0")
    page.run(GROW, [begun + rest, 10**6])
    until_painted("987")
    page.page.wait_for_function(
        f"grown => JSON.stringify(({PAINTED_WORDS.strip()})()) === JSON.stringify(grown)", arg=grown
    )
    assert len(grown) > 100


def test_colours_stay_on_their_words_when_the_text_around_them_changes(page: CorePage) -> None:
    text = (
        f"See [r] and **more\n\n- item [r]\n\n  {CODE.strip().replace(chr(10), chr(10) + '  ')}\n\n{CODE}\n"
    )
    page.run(GROW, [text, 9])
    page.until("() => painted() >= 10")
    words = """() => [...CSS.highlights].flatMap(([name, set]) => [...set].map(r =>
        [name, r.startContainer.isConnected, r.startContainer.data.slice(r.startOffset, r.endOffset)])).sort()"""
    before = page.run(words)
    assert ["jor-comment", True, "# a comment"] in before
    more = "It goes **on** and on, " * 200 + "\n\n[r]: http://r.example\n\nend"
    page.run(MORE, [len(text), more, 40])
    page.until("() => document.querySelectorAll('.jor-text a').length === 2")
    page.page.wait_for_function(
        f"before => JSON.stringify(({words})()) === JSON.stringify(before)", arg=before
    )


def test_without_the_kernel_code_stays_plain_and_formulas_their_source_and_a_later_view_gets_both(
    fresh: CorePage,
) -> None:
    fresh.run("text => { window.first = show(text, ['core']); }", CODE + FORMULAS)
    fresh.until("() => formulas().length === 3")
    assert sorted(fresh.steady("() => asked")) == ["chat", "colours", "core", "math"]
    assert fresh.run("() => painted() + document.querySelectorAll('math').length") == 0
    assert "def hello(name):" in fresh.run("() => document.querySelector('code').textContent")
    fresh.run(
        "text => { window.second = show(text); window.first.model.answers.push('math', 'colours'); }",
        CODE,
    )
    fresh.run(
        "() => { for (const time of [1, 2]) first.model.set({ state: time % 2 ? 'waiting' : 'done' }); }"
    )
    # The request that waits is made again after five seconds, through the other widget.
    fresh.until("() => painted() >= 10 && document.querySelectorAll('.jor-math math').length === 3")
    assert fresh.console == []


def test_thirty_views_ask_for_each_part_once(
    fresh: CorePage,
) -> None:
    fresh.run("text => { for (let at = 0; at < 30; at++) show(text); }", CODE + FORMULAS)
    fresh.until("() => document.querySelectorAll('.jor-math math').length === 90 && painted() > 0")
    assert sorted(fresh.run("() => asked")) == ["chat", "colours", "core", "math"]


def test_another_version_in_the_same_page_has_its_own_core_and_looks_and_shares_the_same_parts(
    fresh: CorePage,
) -> None:
    fresh.run("text => { window.first = show(text); }", CODE + FORMULAS)
    fresh.until("() => painted() >= 5 && document.querySelectorAll('.jor-math math').length === 3")
    old = gzip.decompress(part("core")[1])
    new = gzip.compress(old.replace(b".jor-alert-name{", b".jor-alert-name{outline:7px solid;", 1))
    fresh.run(
        """([text, code]) => {
             parts.newer = ['newer-core', code];
             const model = modelOf({ _core_id: 'newer-core', messages: [{ role: 'assistant', content: text }] });
             const { send } = model;
             model.send = function (message) {
               if (message.part !== 'core') return send.call(this, message);
               asked.push('newer');
               setTimeout(() => this.hear({ type: 'part', part: 'core', id: 'newer-core' }, [bytes('newer')[1]]));
             };
             window.second = mount(model);
           }""",
        ["> [!NOTE]\n> x\n\n" + CODE + FORMULAS, base64.b64encode(new).decode()],
    )
    fresh.until("() => painted() >= 10 && document.querySelectorAll('.jor-math math').length === 6")
    assert sorted(fresh.run("() => asked")) == ["chat", "colours", "core", "math", "newer"]
    outline = "() => getComputedStyle(second.el.querySelector('.jor-alert-name')).outlineWidth"
    assert fresh.run(outline) == "7px"
    assert fresh.run("() => document.querySelectorAll('style').length") == 4, (
        "two of the core, one of the chat, one of the colours of code"
    )
    fresh.run("() => { second.end(); }")
    fresh.until("() => painted() >= 5 && painted() < 10")
    assert fresh.console == []


def test_text_is_found_and_selected_across_sections_and_coloured_code(page: CorePage) -> None:
    filler = "".join(f"Paragraph {number} of many.\n\n" for number in range(120))
    show(
        page,
        "The beginning.\n\n"
        + CODE
        + "\nBetween $x^2$ here.\n\n"
        + filler
        + "```python\nlast = 'needle'\n```\n",
    )
    page.until("() => document.querySelectorAll('.jor-section').length > 10")
    # A script's move is no reader's: while more is laid out, the chat goes back to its end.
    page.until("() => { document.querySelector('.jor-log').scrollTop = 0; return painted() >= 5; }")
    found = """text => { getSelection().removeAllRanges();
      return find(text) && getSelection().anchorNode.parentElement.className; }"""
    assert page.run(found, "return f'hi") == "jor-chunk", "also where colours begin and end within the words"
    assert page.run(found, "last = 'needle'") == "jor-chunk", "also where nothing is laid out yet"
    page.run(
        """() => { const text = document.querySelector('.jor-text');
             getSelection().setBaseAndExtent(text.querySelector('p').firstChild, 4, text.querySelector('code'), 1); }"""
    )
    assert page.run("() => getSelection().toString().split(/\\n+/).map(s => s.trim())")[:2] == [
        "beginning.",
        "python",
    ]
    assert "def hello(name):" in page.run("() => getSelection().toString()")


def test_what_a_search_brings_into_view_stays_there_though_heights_change(page: CorePage) -> None:
    filler = "".join(f"Paragraph {number}. {'word ' * (number % 7 * 30)}\n\n" for number in range(220))
    show(page, filler + "the needle")
    page.until("() => document.querySelector('.jor-log')?.textContent.includes('needle')")
    log = "document.querySelector('.jor-log')"
    page.steady(f"() => [{log}.scrollTop, {log}.scrollHeight]", quiet=1.2)
    guessed = page.run(
        f"""() => {{ window.sought = document.querySelectorAll('.jor-section')[9]; const guessed = {log}.scrollHeight;
             sought.scrollIntoView(); return guessed; }}"""
    )
    top = page.steady(f"() => sought.getBoundingClientRect().top - {log}.getBoundingClientRect().top")
    assert page.run(f"() => {log}.scrollHeight") != guessed
    assert abs(top) < 20, top


def test_a_long_answer_is_printed_whole(page: CorePage) -> None:
    show(page, "".join(f"Paragraph {number} of many.\n\n" for number in range(400)) + CODE)
    page.until("() => document.querySelectorAll('.jor-section').length > 40")
    pages = page.page.pdf(format="A4")
    assert pages.count(b"/Type /Page\n") > 8, "each section has its own height on paper"


def test_where_there_are_no_highlights_the_colours_are_spans(
    fresh: CorePage,
) -> None:
    fresh.run("() => { delete globalThis.Highlight; }")
    fresh.run("text => { show(text); }", CODE + "<b>x</b>\n\n```html\n<img src=x onerror=__pwned=1>\n```")
    fresh.until("() => document.querySelectorAll('.jor-chunk > span').length >= 7")
    assert fresh.run("() => document.querySelector('code').textContent") == CODE.split("\n", 1)[1][:-4]
    assert fresh.run("() => document.querySelectorAll('img').length") == 0
    spans = "() => document.querySelectorAll('.jor-live .jor-chunk > span').length"
    fresh.run(GROW, [CODE[:-5], 7])
    assert fresh.steady(spans) == 0, "a chunk that still grows stays one text"
    fresh.run("() => { open_.pop().end(); }")
    fresh.run(GROW, [CODE + "\nend", 7])
    fresh.until(f"{spans} >= 5")
    assert fresh.run("() => painted()") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_the_system_forces_its_colours_code_looks_as_text_does(fresh: CorePage, scheme: str) -> None:
    fresh.page.emulate_media(forced_colors="active", color_scheme=scheme)  # type: ignore[arg-type]
    fresh.run("text => { show(text); }", CODE)
    fresh.until("() => painted() >= 5")
    code = fresh.page.locator("pre")
    painted = code.screenshot()
    fresh.run("() => CSS.highlights.clear()")
    assert code.screenshot() == painted, "as if it were selected"
    fresh.page.emulate_media(forced_colors="none")
    assert code.screenshot() != painted
