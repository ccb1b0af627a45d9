"""What stays of an answer, what must not, and what happens to texts that are meant to break the writer."""

from __future__ import annotations

import doctest
import html
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from payloads import PAYLOADS

import jupyter_openrouter.math_spans
import jupyter_openrouter.plain_text
import jupyter_openrouter.safe_markdown
from jupyter_openrouter.safe_markdown import escape, inert, plain

RICH = """\
# A long answer about numbers

Some **bold**, some *slanted*, some ***both***, some ~~wrong~~ words, `code()` and **`bold code`**.
A second line of the paragraph with snake_case_names, 2 * 3 * 4, AT&T, R&D; a < b > c, 50% and #4.
A hard break follows\x20\x20
here, and another\\
there. **Note:** use `a[0]` or `x -> y`, "quotes" — dashes… and 東京は**大きい**です。 שלום **עולם** 😀👩‍👩‍👧.

Second heading
--------------

1. first
2. second
   - nested *one*
   - nested two

     with a paragraph
3. third

   ```python
   def f(x):
       return x ** 2
   ```

7) seven
8) eight

- [ ] open task
- [x] done task
- plain

* another list

  loose

* still loose

| Name | Right | Middle | Left |
| ---- | ----: | :----: | :--- |
| `a`  | 1     | **x**  | [l](https://example.org/a?b=c&d=e#f) |
| b    |       | *y*    | z    |

> A quote
> with two lines
>
> > and one inside
>
> - and a list

```js
const price = `${amount}`; // <b>not html</b>
```

~~~
tildes
~~~

    indented code

---

See <https://example.org/x_y_z>, [mail](mailto:a@example.org), [here](#there), and [ref].

### Last *heading* with `code` ###

[ref]: https://example.org/%E6%9D%B1 "title"
"""

SMALL = [
    "plain words",
    "two\nlines",
    "two\n\nparagraphs",
    "hard  \nbreak",
    "# one\n## two\n###### six",
    "#\n",
    "- a\n- b\n- c",
    "- a\n\n- b",
    "- a\n  - b\n    - c\n      1. d",
    "-\n- b\n-\n",
    "- - - a",
    "1. a\n1. b",
    "0. a\n1. b",
    "9. a\n10. b\n\n    more",
    "999999999. a\n",
    "- a\n\n\n* b\n\n+ c",
    "- a\n> quote\n- b",
    "> a\nlazy\n\nb",
    "> a\n\n> b",
    ">\n> a",
    "> ```\n> code\n> ```",
    "- ```py\n  a = 1\n\n  b = 2\n  ```\n- x",
    "- a\n  ```\n  code\n  ```\n  b",
    "- a\n  # h\n  b",
    "- a\n  ***\n  b",
    "- | a |\n  |---|\n  | b |",
    "```\n```",
    "```\n\n\n```",
    "```\n``` x\n```",
    "````\n```\n````",
    "    a\n\n    b",
    "| a |\n|---|",
    "| a | b |\n|:-:|--:|\n| 1 |\n| 1 | 2 | 3 |",
    "| a \\| b | `c \\| d` |\n| --- | --- |",
    "a *b* c **d** _e_ __f__",
    "*a **b** c* **a *b* c** ***a***",
    "a*b*c a**b**c a_b_c",
    "**a**b **a** b*c* **(a)** *a.*",
    "*a*\n*b*",
    "~~a~~ ~~a *b*~~",
    "`a` ``b`c`` ` d ` `e`",
    "[a](http://b) [a *b*](http://c) [`x`](http://d)",
    "[a](http://b)[c](http://d)!",
    "a! [b](http://c)",
    "<http://a.b/c>",
    "&amp; &lt; &copy; &#35; &nbsp;x AT&T &x",
    "\\# not a heading \\* \\_ \\[a] \\`",
    "1\\. not a list\n\\- nor this\n\\+ nor\n\\> that",
    "a\n\\---\nb\n\\===",
    "\\| a |\n|---|",
    "* * *\n\n_ _ _",
    "one\\\ntwo",
    "x  \n# y",
    "🇫🇷 👩‍🚀 à é नमस्ते می‌خواهم",
    "a: b; c, d. e! f? (g) {h} 'i' \"j\" +k =l",
    "**Note**: x\n**Note:** x\n- **a**: b",
    "1986\\. A great year.",
    "- [ ] a\n- [x] b\n- [X] c\n- [] d\n- [ ]",
    "- a\n\n      code in item\n- b",
    "Setext\nof two lines\n===",
    "- 1. a\n  2. b\n- * c",
    "a\n- b\n1. c\n> d\n```\ne\n```",
]


class Outline(HTMLParser):
    """The tags of a page, without those that only keep characters apart, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "span":
            self.tags.append(
                " ".join([{"s": "del"}.get(tag, tag), *(f"{key}={value}" for key, value in sorted(attrs))])
            )

    def handle_endtag(self, tag: str) -> None:
        if tag != "span":
            self.tags.append("/" + {"s": "del"}.get(tag, tag))

    def handle_data(self, data: str) -> None:
        self.words += data


def outline(markdown: str) -> tuple[list[str], str]:
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown)
    page = re.sub(r'(<a [^>]*?) title="[^"]*"', r"\1", page)
    seen = Outline(page)
    tags = [tag for tag in seen.tags if not tag.startswith("code class")]
    return [tag for tag in tags if tag not in ("code", "/code")], " ".join(seen.words.split())


def rendered(markdown: str) -> str:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(inert(markdown))


# --- what stays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("markdown", [RICH, *SMALL])
def test_structure_and_words_of_a_normal_answer_stay(markdown: str) -> None:
    assert outline(inert(markdown)) == outline(markdown)


def test_code_keeps_every_character_and_its_language() -> None:
    code = "if a < b:\n\tprint(f'${x} `y` @@1@@ \\\\(z\\\\)')  \n\n# <b>*not*</b>\n"
    for fenced in (
        f"````python\n{code}````",
        f"> ````python\n{'> '.join(('', *code.splitlines(True)))}> ````",
    ):
        page = rendered(fenced)
        inside = re.search(r"<code[^>]*>(.*?)</code>", page, re.DOTALL)
        assert inside
        assert html.unescape(inside[1]).rstrip("\n") == code.rstrip("\n")
    assert inert("```python\nx = 1\n```") == "```python\nx = 1\n```\n"
    assert inert("```c++ title\nx\n```").startswith("```c++\n")
    assert inert("- ```py\n  x = 1\n  ```") == "- ```py\n  x = 1\n  ```\n"


def test_inline_code_with_signs_of_other_constructs_is_written_in_entities() -> None:
    assert inert("`x = a[0] * 2`") == "`x = a[0] * 2`\n"
    assert inert("`$HOME`") == "<code>&#36;HOME</code>\n"
    assert inert("`` ` ``") == "<code>&#96;</code>\n"
    assert inert("`<b>` `a|b` `[a](b)`") == (
        "<code>&lt;b&#62;</code> <code>a&#124;b</code> <code>&#91;a&#93;&#40;b&#41;</code>\n"
    )


def test_what_stands_behind_a_task_mark_opens_no_block() -> None:
    assert inert("- [ ] # a") == "- [ ] &#35; a\n"
    assert inert("- [x] <br>") == "- [x] <span></span><br>\n"


def test_a_column_0_fence_with_dollars_and_html_stays_a_fence() -> None:
    source = '```html\n<b class="x">$5</b>\n```\n'
    assert inert(source) == source


@pytest.mark.parametrize(
    ("markdown", "written"),
    [
        ("$x^2$", "$x^2$"),
        ("a $x$, $y$.", "a $x$, $y$."),
        (r"\(a+b\)", "$a+b$"),
        (r"\\(a+b\\)", "$a+b$"),
        (r"so \[a\] it is", "so $$a$$ it is"),
        ("$$\na\n- b\n= c\n$$", "$$a - b = c$$"),
        ("text\n\\[\n a \\\\\n b\n\\]\ntext", "text\n\n$$a \\\\ b$$\n\ntext"),
        ("\\begin{align}\na &= b \\\\[2pt]\nc\n\\end{align}", r"$$\begin{align} a &= b \\ c \end{align}$$"),
        ("- a\n\n  $$\n  x\n  $$\n- b", "- a\n\n  $$x$$\n\n- b"),
        ("> $$\n> x\n> > y\n> $$", r"> $$x \gt y$$"),
        ("| $a$ |\n|---|\n| $\\left\\|x\\right\\|$ |", "| $a$ |\n| --- |\n| $\\left\\vert x\\right\\vert$ |"),
        ("$a < b$", r"$a \lt b$"),
        ('$f"$', "$f''$"),
        ("$$a % comment\n+ b$$", "$$a + b$$"),
        (r"$\text{\$5}$", r"$\text{\$5}$"),
        (r"$a\$$", r"$a\${}$"),
        (r"$$a \\$$", "$$a$$"),
        (r"$a \\\{b\}$", r"$a \\\{b\}$"),
        (r"$a \\def$", r"$a \\ def$"),
        ("$a$$b$", "$a$<span></span>$b$"),
        ("**$x$**", "<strong>$x$</strong>"),
        (r"$x \tag{3.1} \label{eq:a}$", r"$x \qquad(3.1)$"),
        (r"$\color{red} x$", r"$\color{red} x$"),
    ],
)
def test_formulas_stay_or_begin_to_work(markdown: str, written: str) -> None:
    assert inert(markdown) == written + "\n"


@pytest.mark.parametrize(
    "markdown",
    [
        "$5 and $10",
        "between $5 and $10 a month, or $100",
        "from $1,000 to US$2,000",
        "$HOME and $PATH",
        "5$ and 6$ each",
        "`$a` and `$b`",
        r"\$a\$",
        "$ a $",
        "$$",
        "$$$$",
        "&#36;a&#36;",
    ],
)
def test_prices_and_other_dollars_stay_text(markdown: str) -> None:
    written = inert(markdown)
    assert "$" not in re.sub(r"`[^`]*`|<code>.*?</code>", "", written)
    assert outline(written)[1] == outline(markdown)[1]


@pytest.mark.parametrize("markdown", ["a<br>b", "| a<br/>b |\n|---|", "- a<BR />b"])
def test_a_line_break_in_html_stays(markdown: str) -> None:
    assert "<br>" in inert(markdown)


def test_adjacent_lists_stay_two() -> None:
    assert inert("- a\n\n* b\n\n- c") == "- a\n\n+ b\n\n- c\n"
    assert inert("1. a\n\n1) b") == "1. a\n\n1) b\n"


# --- what must not stay -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "written"),
    [
        ("https://example.org", "https://example.org"),
        ("HTTP://Example.org/A", "http://Example.org/A"),
        ("https://example.org/a_(b)", "https://example.org/a_%28b%29"),
        ("https://example.org/?a=1&copy=2", "https://example.org/?a=1&amp;copy=2"),
        ("https://example.org/%24%zz", "https://example.org/%24%25zz"),
        ("https://example.org/@me/~you/*$|", "https://example.org/%40me/%7Eyou/%2A%24%7C"),
        ("https://example.org:8080/東京", "https://example.org:8080/%E6%9D%B1%E4%BA%AC"),
        ("mailto:a@example.org?subject=x", "mailto:a@example.org?subject=x"),
        ("#part", "#part"),
    ],
)
def test_links_to_the_web_to_mail_and_into_the_page_stay(target: str, written: str) -> None:
    assert inert(f"[x](<{target}>)") == f"[x]({written})\n"


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "java&Tab;script:alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.org",
        "/relative",
        "../up",
        "//example.org/x",
        "https:example.org",
        "https://",
        "https:///x",
        "https://user@example.org",
        "https://bank.example&commat;evil.example",
        "https://example.org\\@evil.example",
        "https://exa%6Dple.org",
        "https://example.org/a\\\\b",
        "https://[::1]/",
        "https://example.org/a&#10;b",
        "mailto:nobody",
        "x" * 3_000,
        "https://example.org/" + "x" * 3_000,
    ],
)
def test_other_targets_are_shown_as_text(target: str) -> None:
    page = rendered(f"[label](<{target}>) ![label](<{target}>)")
    assert "href" not in page
    assert "label" in page


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("see https://a.b/c_d_e.", "see [https&#58;//a.b/c_d_e](https://a.b/c_d_e)."),
        ("(https://a.b/c)", "([https&#58;//a.b/c](https://a.b/c))"),
        ("https://a.b/c_(d)", "[https&#58;//a.b/c&#95;(d)](https://a.b/c_%28d%29)"),
        ("www.a.b, yes", "[www&#46;a.b](http://www.a.b), yes"),
        ("请看https://a.b/c。好", "请看[https&#58;//a.b/c](https://a.b/c)。好"),
        ("**https://a.b**", "<strong>[https&#58;//a.b](https://a.b)</strong>"),
        ("https://u@a.b", "https&#58;//u&#64;a.b"),
        ("ftp://a.b", "ftp&#58;//a.b"),
        ("`https://a.b`", "`https://a.b`"),
        ('<a href="https://a.b">', '&lt;a href="https&#58;//a.b">'),
    ],
)
def test_a_bare_web_address_is_a_link(text: str, written: str) -> None:
    assert inert(text) == written + "\n"


def test_a_refused_target_is_named_once() -> None:
    assert inert("see [the file](a/b.md) now") == "see the file (a/b.md) now\n"
    assert inert("[a/b.md](a/b.md)") == "a/b.md\n"
    assert inert("www[](.a.md)") == "www(.a.md)\n"


def test_an_image_becomes_a_link_to_it() -> None:
    assert (
        inert("![a cat](https://example.org/c.png 'title')") == "[image: a cat](https://example.org/c.png)\n"
    )
    assert inert("![](https://example.org/c.png)") == "[image](https://example.org/c.png)\n"
    assert inert("[![a](https://b.c/d)](https://e.f)") == "[image: a](https://e.f)\n"
    assert inert("![a](data:image/png;base64,AAAA)") == "image: a (data:image/png;base64,AAAA)\n"


@pytest.mark.parametrize("text", ["wow![a](http://b)", "wow&#33;[a](http://b)", "wow\\![a](http://b)"])
def test_no_exclamation_mark_stands_before_a_link(text: str) -> None:
    assert "![" not in inert(text)
    assert "<img" not in rendered(text)


def test_html_is_shown_as_text() -> None:
    markdown = "<div onclick=x>\n<b>hi</b>\n\n</div>\n\na <i>b</i> <!-- c -->"
    assert "<b" not in inert(markdown)
    assert outline(inert(markdown))[1] == "<div onclick=x> <b>hi</b> </div> a <i>b</i> <!-- c -->"


@pytest.mark.parametrize("info", ["mermaid", "Mermaid", "mermaid x", " mermaid", "{mermaid}", "{.mermaid}"])
def test_mermaid_is_shown_as_its_source(info: str) -> None:
    assert inert(f"```{info}\ngraph TD\n```") == "```text\ngraph TD\n```\n"


@pytest.mark.parametrize("info", ['py"x', "py$x$", "<b>", "`", "a" * 99, "ｐｙ", "py&quot;"])
def test_the_language_of_a_fence_is_one_short_plain_word(info: str) -> None:
    first = inert(f"~~~{info}\nx\n~~~").split("\n")[0]
    assert re.fullmatch(r"```[A-Za-z0-9_+#.-]{0,32}", first)


@pytest.mark.parametrize(
    "tex",
    [
        r"\href{javascript:x}{y}",
        r"\unicode[x;position:fixed]{65}",
        r"\style{x}{y}",
        r"\class{x}{y}",
        r"\cssId{x}{y}",
        r"\data{x=y}{z}",
        r"\require{html}",
        r"\def\x{y}",
        r"\newcommand{\x}{y}",
        r"\let\x=y",
        r"\label{'<x'}",
        r"\ref{x}",
        r"\tag{\href{x}{y}}",
        r"\color{red;x}",
        r"\htmlData{x}{y}",
        r"\begin{\x}",
        "a{",
        "}a{",
        r"\\{a",
        r"a\left\{b\\}",
        "a`b`",
        "x" * 5_000,
    ],
)
@pytest.mark.parametrize("form", ["${}$", "$${}$$", r"\({}\)", r"\[{}\]", "\\[\n{}\n\\]"])
def test_a_refused_formula_is_shown_as_text(tex: str, form: str) -> None:
    written = inert(form.replace("{}", tex))
    assert "$" not in re.sub(r"`[^`]*`|<code>.*?</code>", "", written)


def test_a_heading_makes_no_global_name() -> None:
    assert inert("# jupyterapp") == "# jupyterapp <span></span>\n"


def test_a_cell_keeps_its_pipes_as_text() -> None:
    assert inert("| a \\| b |\n|---|") == "| a &#124; b |\n| --- |\n"


def test_a_second_pass_over_plain_prose_changes_nothing() -> None:
    prose = (
        "# Title\n\nSome **bold** words, a [link](https://example.org/a).\n\n- one\n- two\n\n```py\nx\n```\n"
    )
    once = inert(prose)
    assert inert(once.replace(" <span></span>", "")) == once


# --- plain and escape ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc\x0bd\x0ce\x85f\u2028g\u2029h", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07x\x1b]8;;http://a\x1b\\y", "xy"),
        ("\x1b]0;never ends", "0;never ends"),
        ("\x1bPq#0\x1b\\x\x1bcy\x1b(Bz", "xyz"),
        ("\x1b\x1b[31m[31mx", "[31mx"),
        ("a\x00\x08\x7f\x80b", "ab"),
        ("a\u202eb\u2066c\u2069", "a\ufffdb\ufffdc\ufffd"),
        ("a\u200bb\u2060c\ufeffd", "abcd"),
        ("\ud800a\udfff", "\ufffda\ufffd"),
        ("👩‍🚀 می‌خواهم שלום", "👩‍🚀 می‌خواهم שלום"),
    ],
)
def test_plain_takes_out_what_a_terminal_would_obey(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_escape_keeps_slugs_names_and_numbers_readable() -> None:
    assert escape("openai/gpt-4o-mini:free") == "openai/gpt-4o-mini:free"
    assert (
        escape("Google AI Studio · 12 → 345 tokens · 1.2 s") == "Google AI Studio · 12 → 345 tokens · 1.2 s"
    )


def test_escape_gives_one_line_that_opens_nothing() -> None:
    assert escape("a\n# b\r\n\n- c") == "a # b - c"
    assert escape("# a") == "&#35; a"
    assert escape("1. a") == "1&#46; a"
    assert escape("$0.01 or $0.02") == "<span>&#36;</span>0.01 or <span>&#36;</span>0.02"
    assert len(escape("x" * 10_000)) == 500
    for payload in PAYLOADS.values():
        line = escape(payload)
        assert "\n" not in line
        assert not re.search(r"<(?!span>&#\d+;</span>|/span>)|[\[\]`$\\@|*~]", line)


# --- texts that are meant to break it -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "> " * 300 + "a",
        ">" * 2_000,
        "1. " * 2_000,
        "- a\n" + "".join(f"{'  ' * depth}- a\n" for depth in range(60)),
    ],
    ids=["quotes", "quotes without blanks", "numbers", "lists"],
)
def test_what_is_nested_too_deeply_is_shown_as_it_is(text: str) -> None:
    written = inert(text)
    assert written.startswith("<pre><code>")
    assert written.count("\n") == 1
    assert html.unescape(written) == f"<pre><code>{text}</code></pre>\n"


def test_what_is_too_long_is_shown_as_it_is() -> None:
    text = "**a** <b>\n" * 60_000
    assert html.unescape(inert(text)) == f"<pre><code>{text}</code></pre>\n"


def test_a_table_of_too_many_columns_is_shown_as_it_is() -> None:
    text = "|a" * 300 + "\n" + "|-" * 300 + "\n" + "a\n" * 300
    assert inert(text).startswith("<pre><code>")


def test_a_paragraph_of_too_many_openers_is_shown_as_it_is_within_the_rest() -> None:
    row = "*a* " * 1_600
    written = inert(f"# b\n\n{row}\n\n*c*")
    assert "*a*" not in written
    assert written.startswith("# b <span></span>\n\n&#42;a&#42; ")
    assert written.endswith("\n\n*c*\n")


def test_a_short_definition_used_often_cannot_blow_up_the_document() -> None:
    text = f"[a]: http://x/{'y' * 1_900}\n\n" + "[a] [a] [a]\n\n" * 1_000
    assert len(inert(text)) < 10 * len(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "*_" * 7_500,
        "![" * 10_000,
        "<a " * 10_000,
        "<!-- " * 10_000,
        "`" * 9_999 + " " + "`" * 9_998,
        "[a](b" * 5_000,
        "\\begin{a}\n" * 2_000,
        "$$\n" * 5_000,
        "\\(" * 5_000,
        "$a " * 5_000,
        "- " * 20_000,
        "\ud800\udc00\x00" * 2_000,
        "~~a" * 5_000,
    ],
)
def test_long_rows_of_openers_open_nothing(text: str) -> None:
    written = inert(text)
    assert len(written) <= 8 * len(text) + 2_000
    assert not re.search(r"<(?!/?(?:br|span|code|pre|em|strong|del)>)", written)
    assert not re.search(r"\]\(|\$", written)


def test_a_full_stack_shows_the_text_as_it_is() -> None:
    def deep(depth: int) -> str:
        return deep(depth - 1) if depth else inert("> - a **b**")

    found = set()
    for depth in range(sys.getrecursionlimit() - 20, 100, -3):
        try:
            found.add(deep(depth))
        except RecursionError:
            # The stack was full before inert was called.
            continue
    assert found == {"> - a **b**\n", "<pre><code>&#62; &#45; a &#42;&#42;b&#42;&#42;</code></pre>\n"}


def test_a_fault_of_the_parser_shows_the_text_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> MarkdownIt:
        raise IndexError

    monkeypatch.setattr(jupyter_openrouter.safe_markdown, "_parser", fails)
    assert inert("a **b**") == "<pre><code>a &#42;&#42;b&#42;&#42;</code></pre>\n"


def test_an_html_block_cut_short_by_the_end_of_the_text_is_text() -> None:
    assert inert("> - <pre>a\n> ") == "> - &lt;pre>a\n"


PIECES = st.sampled_from(
    [
        *"$\\`*_~[]()!<>&@#-+=.:|{}%\"'\n\t 1ax",
        "\n\n",
        "- ",
        "> ",
        "```",
        "$$",
        "\\(",
        "\\)",
        "\\begin{a}",
        "&#36;",
        "@@0@@",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.text(st.characters(), max_size=100),
    st.lists(PIECES, max_size=60).map("".join),
    st.lists(st.sampled_from(sorted(PAYLOADS.values())), max_size=3).map("\n".join),
)
FENCE = re.compile(r"^(`{3,})[A-Za-z0-9_+#.-]{0,32}\n(?:.*\n)*?\1$", re.MULTILINE)
NESTED_FENCE = re.compile(r"^[ >]*(?:[-+>] |\d+[.)] )*[ >]*(`{3,})[^`\n]*\n(?:.*\n)*?[ >]*\1$", re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`|<code>[^<]*</code>")


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_any_text_comes_out_in_the_fixed_alphabet(text: str) -> None:
    written = inert(text)
    outside = CODE.sub("", NESTED_FENCE.sub("", FENCE.sub("", written)))
    assert not re.search(r"<(?!/?(?:br|span|code|pre|em|strong|del)>)", outside)
    assert not re.search(r"[^\x20-\x7e\n\u00a0-\U0010ffff]|[\u2028\u2029\u202a-\u202e\ud800-\udfff]", outside)
    assert "![" not in outside
    assert not re.search(r"\$\$\$|@@", outside)
    for target in re.findall(r"\]\(([^)\s]*)", outside):
        assert re.fullmatch(r"(?:https?://|mailto:|#)[A-Za-z0-9._/?=&+:,;#%@-]*", target)
    without_formulas = re.sub(r"(\$\$?)(?:\\.|[^$\\\n])+\1", "", outside)
    assert not re.search(r"[$\\]", without_formulas)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_any_text_is_made_harmless_as_plain_text_and_as_a_line(text: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", plain(text))
    assert len(plain(text)) <= len(text)
    line = escape(text)
    assert not re.search(r"[\n\[\]`$\\@|*~]|<(?!/?span>)", line)


def test_the_examples_in_the_docstrings_are_true() -> None:
    for module in (
        jupyter_openrouter.safe_markdown,
        jupyter_openrouter.plain_text,
        jupyter_openrouter.math_spans,
    ):
        outcome = doctest.testmod(module)
        assert outcome.attempted > 0
        assert outcome.failed == 0


def test_importing_the_package_does_not_load_the_parser() -> None:
    code = "import sys, jupyter_openrouter; print('markdown_it' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
