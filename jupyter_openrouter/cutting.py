"""Cuts a text to a budget of tokens, and marks the place in the text itself; pure."""

from __future__ import annotations

from .token_count import reach, tokens

GAP = "\n[… left out …]\n"
"""What stands in the place of a text that was left out."""
CHARACTERS = 8
"""The most characters that are kept for each token of a budget, whatever they are."""


def fits(text: str, budget: int) -> bool:
    """Whether a text has at most so many tokens; does not read a text that is far too long."""
    return len(text) <= CHARACTERS * budget and tokens(text) <= budget


def cut(text: str, budget: int) -> tuple[str, int]:
    """The text within a budget of tokens, and how many of its characters were left out.

    The beginning and the end are kept, two to one; the mark between them comes on top.

    >>> cut("short", 10)
    ('short', 0)
    >>> cut("a" * 30 + "b" * 30, 6)
    ('aaaaaaaaaaaaaaaaaaaaa\\n[… left out …]\\nbbbbbbbbbbb', 28)
    """
    if fits(text, budget):
        return text, 0
    first = max(budget, 0) * 2 // 3
    last = max(budget, 0) - first
    head = reach(text[: CHARACTERS * first], first)
    rest = text[max(head, len(text) - CHARACTERS * last) :]
    tail = reach(rest, last, backwards=True)
    left_out = len(text) - head - tail
    return (f"{text[:head]}{GAP}{text[len(text) - tail :]}", left_out) if left_out else (text, 0)


def short(text: str, most: int) -> str:
    """One line of at most so many characters.

    >>> short("a  b\\nc", 10), short("abcdef", 4)
    ('a b c', 'abc…')
    """
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most and len(text) <= 4 * most else line[: most - 1] + "…"
