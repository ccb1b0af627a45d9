"""Formulas: where they stand in Markdown, and the one dull form in which they may be written."""

# JupyterLab cuts formulas out of the Markdown source, puts them back into the HTML string with their quotes
# as they are, and lets MathJax look for them once more in the page. A formula is written so that these three
# agree on where it ends: one line, braces that are balanced however they are counted, no quote, no dollar but
# its own.

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

LONGEST = 4_000  # characters; a longer formula is shown as text
_REACH = LONGEST + 200  # characters looked through for the end of a formula
_MOST_LINES = 120

# Words that set links, styles, ids, attributes or labels, load packages, or define words. MathJax's safe
# mode holds most of them back, but not a font argument of \unicode.
_DENIED = frozenset([
    "href", "url", "hyperref", "hyperlink", "html", "htmlClass", "htmlData", "htmlId", "htmlStyle", "data",
    "style", "class", "cssId", "unicode", "char", "bbox", "mmlToken", "enclose", "toggle", "endtoggle",
    "mathtip", "texttip", "colorbox", "fcolorbox", "definecolor", "includegraphics", "require", "autoload",
    "usepackage", "input", "include", "def", "edef", "gdef", "xdef", "let", "futurelet", "newcommand",
    "renewcommand", "providecommand", "newenvironment", "renewenvironment", "DeclareMathOperator",
    "DeclarePairedDelimiter", "DeclarePairedDelimiters", "DeclarePairedDelimiterX",
    "DeclarePairedDelimitersX", "DeclarePairedDelimitersXPP", "Newextarrow", "csname", "expandafter",
    "catcode", "special", "label", "ref", "eqref", "pageref", "tag", "tagform", "usetagform", "newtagform",
    "renewtagform", "verb", "lowercase", "uppercase", "write", "message", "noexpand", "global", "long",
    "outer",
])  # fmt: skip
_LABEL = re.compile(r"\\label\s*\{[\w :.,*+-]{0,80}\}", re.ASCII)
_TAG = re.compile(r"\\tag\*?\s*\{([A-Za-z0-9.*' -]{1,20})\}")
_ROW_GAP = re.compile(r"(\\\\)\s*\[\s*-?[0-9.]{1,6}\s*[a-z]{2}\s*\]")
_ROW_END = re.compile(r"(\\\\)(?=[()\[\]{}A-Za-z])|\\.", re.DOTALL)
_COLOR = re.compile(r"\s*\{\s*(?:[A-Za-z]{1,20}|\#[0-9A-Fa-f]{3,6})\s*\}")
_PIECE = re.compile(r"\\([A-Za-z]+|.?)|([{}$%])", re.DOTALL)
_OPENER = re.compile(r"\$\$|\\\\?\[|\\begin\{([A-Za-z]{1,24}\*?)\}")
_ENVIRONMENT = re.compile(r"\s*\{[A-Za-z]{1,24}\*?\}")

_SPLIT = [
    (re.compile(r'"'), "''"),
    (re.compile(r"<"), r"\\lt "),
    (re.compile(r">"), r"\\gt "),
    (re.compile(r"/(?=/)|@(?=@)|\](?=\()|&(?=[A-Za-z0-9#])|!(?=\[)|(?<=www)\.|:(?=/)"), r"\g<0> "),
]


def formula(source: str, *, in_table: bool = False) -> str | None:
    r"""The TeX between the delimiters as one harmless line, or None when it must be shown as text.

    Refused are formulas over 4,000 characters, unbalanced ones, and those that use a word which sets a link,
    a style, an id or a label, or defines a word.

    >>> formula("a < b % for now\n + c")
    'a \\lt b + c'
    >>> formula(r"\href{https://example.org}{x}") is None
    True
    """
    if len(source) > LONGEST or "`" in source:
        return None
    tex = _without_comments(source)
    tex = _ROW_GAP.sub(r"\1 ", _TAG.sub(r"\\qquad(\1)", _LABEL.sub(" ", tex)))
    for pattern, replacement in _SPLIT:
        tex = pattern.sub(replacement, tex)
    # Other readers take `\\` for one backslash or for half of a delimiter, and the brace in `\\{` for escaped.
    tex = _ROW_END.sub(lambda pair: f"{pair[1]} " if pair[1] else pair[0], tex)
    if in_table:
        tex = tex.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
    tex = " ".join(tex.split())
    while tex.endswith(r"\\"):
        # JupyterLab would take the dollar behind it for an escaped one.
        tex = tex[:-2].rstrip()
    if not tex or not _is_sound(tex):
        return None
    return tex + "{}" if tex.endswith("$") else tex


def _without_comments(source: str) -> str:
    lines = []
    for line in source.split("\n"):
        for piece in _PIECE.finditer(line):
            if piece[2] == "%":
                line = line[: piece.start()]
                break
        lines.append(line)
    return " ".join(lines)


def _is_sound(tex: str) -> bool:
    depth = 0
    for piece in _PIECE.finditer(tex):
        word, sign = piece[1], piece[2]
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
        elif sign or not _is_allowed(tex, word, piece.end()):
            return False
        if depth < 0:
            return False
    return depth == 0


def _is_allowed(tex: str, word: str, end: int) -> bool:
    if word in ("color", "textcolor"):
        return _COLOR.match(tex, end) is not None
    if word in ("begin", "end"):
        return _ENVIRONMENT.match(tex, end) is not None
    return bool(word) and word not in "()[]" and word not in _DENIED


def add_rules(parser: MarkdownIt) -> None:
    """Teaches a Markdown parser formulas: tokens `math_inline` and `math_block`.

    The content of a token is the TeX, its markup is the dollars to write, and its info is the source with
    the delimiters, to be shown when the formula is refused.
    """
    parser.inline.ruler.before("escape", "math", _inline)
    parser.block.ruler.before(
        "fence", "math", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )


def _inline(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    if source[start] not in "$\\":
        return False
    found = (
        _dollars(source, start, state.posMax) if source[start] == "$" else _named(source, start, state.posMax)
    )
    if found is None:
        return False
    inner, end, markup = found
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content, token.markup, token.info = inner, markup, source[start:end]
    state.pos = end
    return True


def _dollars(source: str, start: int, limit: int) -> tuple[str, int, str] | None:
    markup = "$$" if source.startswith("$$", start) else "$"
    inner_start = start + len(markup)
    end = inner_start
    stop = min(limit, start + _REACH)
    while True:
        end = source.find("$", end, stop)
        if end < 0:
            return None
        backslashes = 0
        while source[end - 1 - backslashes] == "\\" and end - backslashes > inner_start:
            backslashes += 1
        if backslashes % 2 == 0:
            break
        end += 1
    inner = source[inner_start:end]
    if not inner.strip() or "`" in inner:
        return None
    after = end + len(markup)
    if markup == "$$":
        return (inner, after, markup) if source.startswith("$$", end) and after <= limit else None
    # As in Pandoc: so "$5 and $10" are two prices.
    if inner[0].isspace() or inner[-1].isspace() or source[after : after + 1].isdigit():
        return None
    return inner, after, markup


def _closer(source: str, start: int) -> tuple[int, str, str] | None:
    r"""Where the inside begins, what ends it, and the dollars to write, for `\(`, `\[`, `\\(`, `\begin{…}`."""
    for opener, closer, markup in (
        (r"\(", r"\)", "$"),
        (r"\[", r"\]", "$$"),
        (r"\\(", r"\\)", "$"),
        (r"\\[", r"\\]", "$$"),
        ("$$", "$$", "$$"),
    ):
        if source.startswith(opener, start):
            return start + len(opener), closer, markup
    opening = _OPENER.match(source, start)
    if opening is None:
        return None
    return opening.end(), rf"\end{{{opening[1]}}}", "$$"


def _named(source: str, start: int, limit: int) -> tuple[str, int, str] | None:
    opening = _closer(source, start)
    if opening is None:
        return None
    inner_start, closer, markup = opening
    end = source.find(closer, inner_start, min(limit, start + _REACH))
    if end < 0:
        return None
    after = end + len(closer)
    if closer.startswith(r"\end"):
        return source[start:after], after, markup
    inner = source[inner_start:end]
    return (inner, after, markup) if inner.strip() and "`" not in inner else None


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if state.is_code_block(start_line):
        return False
    start = state.bMarks[start_line] + state.tShift[start_line]
    if state.src[start : start + 1] not in ("$", "\\"):
        return False
    opening = _OPENER.match(state.src, start) and _closer(state.src, start)
    if not opening:
        return False
    inner_start, closer, markup = opening
    if state.src.find(closer, inner_start, start + 2 * _REACH) < 0:
        return False
    line = _last_line(state, start_line, end_line, inner_start, closer)
    if line is None:
        return False
    if silent:
        return True
    text = state.getLines(start_line, line + 1, state.blkIndent, False).strip()
    token = state.push("math_block", "math", 0)
    token.block = True
    token.map = [start_line, line + 1]
    token.markup, token.info = markup, text
    keeps_delimiters = closer.startswith(r"\end")
    token.content = text if keeps_delimiters else text[inner_start - start : -len(closer)]
    state.line = line + 1
    return True


def _last_line(
    state: StateBlock, start_line: int, end_line: int, inner_start: int, closer: str
) -> int | None:
    """The line that the formula's end closes, if nothing stands behind it and no blank line before it."""
    for line in range(start_line, min(end_line, start_line + _MOST_LINES)):
        begin, end = state.bMarks[line] + state.tShift[line], state.eMarks[line]
        if begin >= end or (line > start_line and state.sCount[line] < state.blkIndent):
            return None
        begin = max(begin, inner_start) if line == start_line else begin
        found = state.src.find(closer, begin, end)
        if found >= 0:
            return line if not state.src[found + len(closer) : end].strip() else None
    return None
