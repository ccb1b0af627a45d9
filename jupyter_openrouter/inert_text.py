"""Writes words, code and link targets as Markdown in which none of their characters opens anything."""

# Text holds entities instead of backslashes: a backslash could join the next bracket into a formula.

from __future__ import annotations

import re
from urllib.parse import quote

from jupyter_openrouter.plain_text import plain

_HOT = re.compile(r"[<`~\[\]|@*$\\]|&(?!\s)|(?<![^\W_])_|_(?![^\W_])|:(?=/)|(?<=[wW][wW][wW])\.")
_LINE_START = re.compile(r"(\s*)(?:([-+=#>:])|([0-9]+)([.)]))")
_NOT_DULL = re.compile(r"[^\w ,;=]|_")


def _entity(match: re.Match[str]) -> str:
    character = match[0]
    if character in "$\\":
        # Entities are decoded before MathJax reads the page; only an element parts two dollars.
        return f"<span>&#{ord(character)};</span>"
    return _number(match)


def _number(match: re.Match[str]) -> str:
    # By name, for the maker of heading ids decodes numbers and takes tags out of what it gets.
    return "&lt;" if match[0] == "<" else f"&#{ord(match[0])};"


def text(content: str, *, starts_line: bool = False) -> str:
    """One line of text, such that neither marked nor MathJax finds anything in it."""
    content = plain(content).replace("\n", " ").replace("\t", " ")
    if starts_line:
        content = content.lstrip(" ")
    written = _HOT.sub(_entity, content)
    return unopened(written) if starts_line else written


def unopened(written: str) -> str:
    """A written line whose first sign cannot open a block: a list, a heading, a quote, a rule."""
    start = _LINE_START.match(written)
    if start is None:
        return written
    space, mark, number, delimiter = start.groups()
    head = f"{space}&#{ord(mark)};" if mark else f"{space}{number}&#{ord(delimiter)};"
    return head + written[start.end() :]


def coded(content: str) -> str:
    """Every character but letters, digits and the dullest signs as an entity: one line, safe in any tag."""
    return _NOT_DULL.sub(_number, content)


def block_of_code(content: str) -> str:
    """A code block as one line of HTML."""
    return f"<pre><code>{coded(content)}</code></pre>"


_LONGEST_URL = 2_000  # characters
_WEB = re.compile(r"(https?)://([\w.-]+(?::[0-9]{1,5})?)(?=[/?#]|\Z)", re.IGNORECASE)
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_URL_SAFE = "/?=&+:,;#%"


def safe_url(url: str) -> str | None:
    """The resolved target of a link as it may be written, or None if it must not be one.

    Allowed are `http(s)` with a host and no user, `mailto:`, and `#`; no blank, control or backslash.
    """
    if not 0 < len(url) <= _LONGEST_URL or not url.isprintable() or " " in url or "\\" in url:
        return None
    web = _WEB.match(url)
    if web:
        head, rest = f"{web[1].lower()}://", url[web.start(2) :]
    elif url[:7].lower() == "mailto:":
        user, _, domain = url[7:].partition("@")
        if not user or not domain:
            return None
        return f"mailto:{_percent(user)}@{_percent(domain)}"
    elif url[0] == "#":
        head, rest = "", url
    else:
        return None
    return head + _percent(rest)


def is_web(url: str) -> bool:
    """Whether the target is `http(s)` with a host."""
    return _WEB.match(url) is not None


def _percent(part: str) -> str:
    # `~` is left to quote(), which keeps it; marked would pair it up.
    quoted = quote(_BARE_PERCENT.sub("%25", part), safe=_URL_SAFE, errors="replace")
    return quoted.replace("~", "%7E").replace("&", "&amp;")
