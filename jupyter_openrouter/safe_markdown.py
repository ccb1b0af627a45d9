"""Makes Markdown from a model inert before a notebook may render it."""

# JupyterLab renders text/markdown of a trusted notebook with scripts, images and formulas live, and its
# formula step can undo any escaping of single characters. So the text is parsed, filtered and written anew;
# the rules of writing stand in inert_writer and math_spans.

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from jupyter_openrouter.inert_text import block_of_code
from jupyter_openrouter.inert_text import text as _text
from jupyter_openrouter.inert_writer import DEEPEST, OverBudget, Writer
from jupyter_openrouter.math_spans import add_rules
from jupyter_openrouter.plain_text import plain

__all__ = ["escape", "inert", "plain"]

_LONGEST = 500_000  # characters; a longer text is shown as it is
_GROWTH = 8  # a written document may have this many times the characters of the text
_HOTTEST = 3_000  # characters of one paragraph that can open something
_EFFORT = 30_000_000  # the sum of the squares of these over all paragraphs: parsing them may take the square
_WIDEST = 200  # columns of a table
_LONGEST_LINE = 500  # characters of `escape`

_HOT = re.compile(r"[*_~\[\]<$\\&`]")
_RULE_OF_TABLE = re.compile(r"^(?=[^\n]*-)[ \t>:|+*0-9.)-]*$", re.MULTILINE)


def inert(text: str) -> str:
    r"""The Markdown to publish under `text/markdown`: it looks like `text`, but it cannot act.

    Headings, lists, tasks, tables, quotes, code, emphasis, formulas and links to `http(s)`, `mailto` and `#`
    stay; `\(…\)` and `\[…\]` come out as dollars. HTML is shown as text, an image becomes a link to it, a
    mermaid diagram is shown as its source, and a formula with a word that can set a link or a style is shown
    as text.

    Never raises, for any `str`. A text over 500,000 characters, with quotes and lists nested over 40 deep, or
    one that would grow more than eightfold, is shown as one block of code; a paragraph with over 3,000
    characters that could open something is shown as they stand. The result is Markdown again, but not for a second
    pass: apply it once, to the whole text so far, and never append two results.

    >>> print(inert("**Hi** <img src=x onerror=alert(1)> [now](javascript:alert(1))"))
    **Hi** &lt;img src=x onerror=alert(1)> now (javascript:alert(1))
    <BLANKLINE>
    """
    text = plain(text)
    if len(text) > _LONGEST or _is_wide(text):
        return _shown_whole(text)
    try:
        # markdown-it-py reads behind the end of an HTML block that the text's end cuts short.
        return Writer(_GROWTH * len(text) + 1_000).write(_parser().parse(f"{text}\n"))
    except (RecursionError, OverBudget):
        return _shown_whole(text)
    except Exception:  # noqa: BLE001 - a fault of the parser, which is not ours, must not cost an answer
        return _shown_whole(text)


def escape(text: str) -> str:
    """One line, at most 500 characters of it, that stands as plain words in a Markdown paragraph of ours.

    >>> escape("openai/gpt-4 *[x](http://y)*")
    'openai/gpt-4 &#42;&#91;x&#93;(http&#58;//y)&#42;'
    """
    line = " ".join(plain(text[: 2 * _LONGEST_LINE]).split())
    if len(line) > _LONGEST_LINE:
        line = line[: _LONGEST_LINE - 1] + "…"
    return _text(line, starts_line=True)


def _shown_whole(text: str) -> str:
    return block_of_code(text) + "\n"


def _is_wide(text: str) -> bool:
    return any(rule[0].count("|") > _WIDEST for rule in _RULE_OF_TABLE.finditer(text))


class _Parser(MarkdownIt):
    """Hands every target on as it was resolved; the writer decides about it."""

    def validateLink(self, url: str) -> bool:
        return True

    def normalizeLink(self, url: str) -> str:
        return url

    def normalizeLinkText(self, link: str) -> str:
        return link


def _parser() -> MarkdownIt:
    # Deeper than the writer goes, for the parser drops without a word what lies below its limit.
    parser = _Parser("commonmark", {"maxNesting": 4 * DEEPEST})
    parser.enable(["table", "strikethrough"])
    add_rules(parser)
    parser.core.ruler.before("inline", "set_aside", _set_aside)
    return parser


def _set_aside(state: StateCore) -> None:
    """Keeps from the inline parser the paragraphs whose brackets or asterisks would take it minutes."""
    left = _EFFORT
    for token in state.tokens:
        if token.type != "inline":
            continue
        openers = len(_HOT.findall(token.content))
        left -= openers * openers
        if openers > _HOTTEST or left < 0:
            token.type = "set_aside"
            token.children = []
            for line in token.content.split("\n"):
                token.children.append(Token("text", "", 0, content=line))
                token.children.append(Token("softbreak", "br", 0))
