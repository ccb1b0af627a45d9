"""Cuts a text to a budget of tokens, and marks the place in the text itself; pure."""

from __future__ import annotations

GAP = "\n[… left out …]\n"
"""What stands in the place of a text that was left out."""


def tokens(text: str) -> int:
    """About how many tokens a text is: a quarter of its bytes in UTF-8.

    An estimate, the same for every model: prose in English comes to about this, numbers and rare scripts to up to
    twice as many.

    >>> tokens(""), tokens("hello world!"), tokens("漢字")
    (0, 3, 2)
    """
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return (size + 3) // 4


def fits(text: str, budget: int) -> bool:
    """Whether a text has at most so many tokens; does not read a text that is far too long."""
    return len(text) <= 4 * budget and tokens(text) <= budget


def cut(text: str, budget: int) -> tuple[str, int]:
    """The text within a budget of tokens, and how many of its characters were left out.

    The beginning and the end are kept, two to one; the mark between them comes on top.

    >>> cut("short", 10)
    ('short', 0)
    >>> cut("a" * 30 + "b" * 30, 6)
    ('aaaaaaaaaaaaaaaa\\n[… left out …]\\nbbbbbbbb', 36)
    """
    if fits(text, budget):
        return text, 0
    size = 4 * max(budget, 0)
    head = _within(text[:size], size * 2 // 3)
    tail = _within(text[max(0, len(text) - size) :][::-1], size - size * 2 // 3)[::-1]
    return f"{head}{GAP}{tail}", len(text) - len(head) - len(tail)


def short(text: str, most: int) -> str:
    """One line of at most so many characters.

    >>> short("a  b\\nc", 10), short("abcdef", 4)
    ('a b c', 'abc…')
    """
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most and len(text) <= 4 * most else line[: most - 1] + "…"


def _within(text: str, size: int) -> str:
    """As much of the beginning as fits into so many bytes, in whole characters."""
    if text.isascii():
        return text[:size]
    used = 0
    for index, character in enumerate(text):
        used += len(character.encode("utf-8", "surrogatepass"))
        if used > size:
            return text[:index]
    return text
