"""What JupyterLab's own formula step, marked and a DOM make of inert documents."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from payloads import HIT, IMG, PAYLOADS
from test_safe_markdown import RICH

from jupyter_openrouter import safe_markdown
from jupyter_openrouter.safe_markdown import escape, inert

BROWSER_SIDE = Path(__file__).parents[1] / "js"

OPENERS = [
    "$", "$$", "\\(", "\\)", "\\[", "\\]", "\\\\(", "\\\\)", "\\\\[", "\\\\]", "\\$", "\\\\", "\\",
    "\\begin{a}", "\\end{a}", "\\begin{align*}", "\\end{align*}", "{", "}", "\\{", "\\}", "%", "&",
    "`", "``", "```", "~~~", "~~", "~", "*", "**", "***", "_", "__", "[", "]", "![", "](", ")", "[x]", "[r]",
    "<", ">", "</", "/>", "<!--", "-->", "<pre>", "</pre>", "<code>", "<br>", "<b>", "<div>", "</div>",
    "@", "@@", "@@0@@", "@@1@@", "&#64;", "&#64;@0@@", "\\@@0@@", "&#36;", "&#92;", "&lt;", "&#10;", "&amp;", "&copy",
    "!", "\\!", "\\`", "\\[", "|", "\\|", "'", '"', "#", ":", "//",
    "://", "www.", "https://x.y", "mailto:a@b.c", "a@b.c",
]  # fmt: skip
WHOLE = [
    IMG, "<script>x</script>", f'"onmouseover="{HIT}"', "[x](http://a/b)", "[x](javascript:x)", "![i](http://a/b)",
    "<http://a.b>", "[x](<http://a b>)", '[x](http://a "t")', "[x](#h)", "$x$", "$$y$$", "\\(z\\)", "\\[w\\]",
    "$a{b}c$", "$\\\\{$", "$a\\$", "$\\text{\\$}$", "`code`", "`` a`b ``",
    "**b**", "*i*", "~~s~~", "***b***", "5$", "$5",
    "\\href{javascript:x}{y}", "\\unicode[x]{65}", "\\def\\x{y}", "~~x `~~<b>~~` ~~", "a_b_c", "© 東京 😀 שלום",
]  # fmt: skip
STARTS = [
    "", "- ", "* ", "+ ", "1. ", "2) ", "> ", "# ", "## ", "    ", "\t", "  ", "- [ ] ", "- [x] ",
    "- - ", "> - ", "- > ",
    "```", "```py ", "~~~", "- ```\n  ", "> ```\n> ", "| ", "| a | b |\n| - | - |\n| ", "[r]: ", "---", "===", "***",
    "10. ", "   ", "     ", "$$\n", "\\[\n", "\\begin{a}\n", "<div>\n", "<!-- ", "```mermaid\n",
]  # fmt: skip
ENDS = [
    "\n",
    "\n",
    "\n\n",
    "\n\n",
    "  \n",
    "\\\n",
    "\r\n",
    "\r",
    "\u2028",
    "\u2029",
    "\x0b",
    "\x85",
    "\n  ",
    "\n   ",
    "\n> ",
]
ODD = ["\u200b", "\ufeff", "\u202e", "\x1b[1m", "\x00", "\xa0", "\u3000", "\ud800", "́", "\u200d", "٣", "…"]
WORDS = ["a", "x", "hello", "0", "1", "5", " ", " ", " ", ". ", ", ", "x=y", "jupyterapp"]


def written(choose: random.Random) -> str:
    """A document of dangerous pieces in the order in which chance puts them."""
    parts: list[str] = []
    for _ in range(choose.randint(1, 6)):
        parts.append(choose.choice(STARTS))
        for _ in range(choose.randint(1, 7)):
            kind = choose.choices([OPENERS, WHOLE, WORDS, ODD], [10, 6, 6, 1])[0]
            parts.append(choose.choice(kind))
        parts.append(choose.choice(ENDS))
    return "".join(parts)


def spliced(choose: random.Random) -> str:
    """Pieces of two or three payloads, cut anywhere."""
    texts = list(PAYLOADS.values())
    parts = []
    for text in choose.choices(texts, k=choose.randint(2, 3)):
        start = choose.randrange(len(text))
        parts.append(text[start : start + choose.randint(1, 80)])
        parts.append(choose.choice(["", "", " ", "\n", "\n\n"]))
    return "".join(parts)


def dense(choose: random.Random) -> str:
    """A few kinds of pieces again and again, between which the readers of a document may disagree."""
    kinds = choose.sample([*OPENERS, *WHOLE, *STARTS, *ENDS, *ODD, *WORDS], choose.randint(2, 5))
    return "".join(choose.choices(kinds, k=choose.randint(4, 16)))


def fuzzed(seed: int, count: int) -> Iterator[str]:
    choose = random.Random(seed)
    for number in range(count):
        yield (spliced, dense, written, written)[number % 4](choose)


def pairs() -> Iterator[str]:
    pieces = list(dict.fromkeys([*OPENERS, *WHOLE]))
    for number, (first, second) in enumerate(itertools.product(pieces, pieces)):
        if number % 7 == 0:
            yield f"{first} {second} {IMG} {first}{second}"


def report(documents: list[str]) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None:
        pytest.fail(
            "Node.js is missing: install Node.js 20 or newer, then run `npm ci` in js/.", pytrace=False
        )
    if not (BROWSER_SIDE / "node_modules" / "marked").is_dir():
        pytest.fail("The browser packages are missing: run `npm ci` in js/.", pytrace=False)
    process = subprocess.run(
        [node, str(BROWSER_SIDE / "tests" / "inert-gate.mjs")],
        input="".join(json.dumps(document) + "\n" for document in documents),
        capture_output=True,
        text=True,
        check=False,
    )
    if not process.stdout:
        pytest.fail(process.stderr, pytrace=False)
    found: dict[str, Any] = json.loads(process.stdout)
    assert found["documents"] == len(documents)
    assert process.returncode == (1 if found["found"] else 0)
    return found


def shown(sources: list[str], found: dict[str, Any]) -> str:
    lines = [f"{found['found']} findings in {found['documents']} documents"]
    for finding in found["findings"][:5]:
        source = sources[finding["document"]]
        lines += [finding["finding"], f"  of    {source!r}"]
    return "\n".join(lines)


def test_the_gate_finds_harm_in_raw_payloads() -> None:
    names = list(PAYLOADS)
    found = report(list(PAYLOADS.values()))
    harmful = {names[finding["document"]] for finding in found["findings"]}
    assert found["found"] > 150
    by_html = {
        "img-onerror",
        "script",
        "iframe-srcdoc",
        "style-import",
        "commandlinker",
        "form",
        "html-in-table",
    }
    by_target = {
        "javascript-inline",
        "data-html",
        "relative-link",
        "image-inline",
        "image-in-link",
        "mermaid-image",
    }
    by_formula = {
        "tex-href",
        "tex-unicode",
        "math-in-url",
        "placeholder-far",
        "literal-dollars",
        "tex-opener-in-fence",
    }
    by_structure = {"dollar-in-nested-fence", "code-over-lines", "heading-clobber", "dollar-before-code"}
    assert (by_html | by_target | by_formula | by_structure) - harmful == set()


def test_payloads_pairs_and_fuzzed_documents_come_out_inert(monkeypatch: pytest.MonkeyPatch) -> None:
    # Showing a document as it is would be inert as well, and would hide a fault of the writer.
    monkeypatch.delattr(safe_markdown, "_shown_whole")
    sources = [*PAYLOADS.values(), *pairs(), *fuzzed(seed=20261121, count=4_000)]
    found = report([inert(source) for source in sources])
    assert not found["found"], shown(sources, found)


def test_every_part_of_a_growing_answer_comes_out_inert(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(safe_markdown, "_shown_whole")
    harm = "\n\n".join(
        PAYLOADS[name] for name in ("math-in-url", "dollar-in-nested-fence", "code-over-lines")
    )
    sources = [answer[:end] for answer in (RICH, harm) for end in range(0, len(answer), 13)]
    found = report([inert(source) for source in sources])
    assert not found["found"], shown(sources, found)


def test_an_escaped_line_stands_in_a_paragraph_of_ours() -> None:
    sources = [*PAYLOADS.values(), *OPENERS, *WHOLE, *fuzzed(seed=7, count=300)]
    documents = [f"{escape(source)}\n\n*{escape(source)} · x {escape(source)}*\n" for source in sources]
    found = report(documents)
    assert not found["found"], shown(sources, found)
