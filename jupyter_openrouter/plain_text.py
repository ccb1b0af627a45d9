"""Takes out of a text every character that a terminal, a browser or a parser would obey rather than show."""

from __future__ import annotations

import re

# A control string (title, hyperlink, device string) goes with its content, but only where it ends: an
# unfinished one must not swallow the rest of an answer.
_TERMINAL = re.compile(
    r"\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]+[0-~]|\x1b[0-Z\\-~]"
)

# JavaScript's `^`, `$` and `.` end a line at U+2028 and U+2029; Python and Markdown do not.
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")

_REMOVED = [*range(0x20), *range(0x7F, 0xA0), 0x200B, 0x2060, 0xFEFF, *range(0x206A, 0x2070)]
_REPLACED = [*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)]
_TABLE: dict[int, str | None] = {
    **dict.fromkeys(_REMOVED),
    **dict.fromkeys(_REPLACED, "\ufffd"),
    ord("\n"): "\n",
    ord("\t"): "\t",
}


def plain(text: str) -> str:
    r"""The text as a terminal may print it and as `text/plain` may hold it.

    Terminal escapes and control characters are gone (newline and tab stay, every other line end becomes a
    newline), bidirectional overrides and lone surrogates are U+FFFD. Never raises, never grows.

    >>> plain("a\x1b[31mred\x1b[0m\r\nb\u202ec")
    'ared\nb\ufffdc'
    """
    if text.isascii() and text.isprintable():
        return text
    return _LINE_END.sub("\n", _TERMINAL.sub("", text)).translate(_TABLE)
