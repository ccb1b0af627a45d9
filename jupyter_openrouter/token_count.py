"""Estimates how many tokens a text has, by rules for words, numbers, signs and scripts; no tokenizer is asked.

Each model has a tokenizer of its own, and they differ among themselves: by a tenth for English, by half for other
languages and for numbers. The rules lie near the middle for English and on the upper side elsewhere, since a cap
that is checked with them should not be passed. They follow published figures (characters for a token by language,
and short texts with their tokens), and were not measured with tokenizers on long texts. Take the result as known to
about a quarter for prose and code in Latin script, and to about a half for everything else.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right

# What tokenizers of today cut at first: a word with the space before it, digits, signs, line ends, white space.
_CUT = re.compile(
    r" ?[A-Za-z]+| ?[\u00aa-\u024f\u1e00-\u1effA-Za-z]+| ?[\u0370-\u058f]+"
    r"|[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+"
    r"|\d+| ?[!-/:-@\[-`{-~]+|[\r\n]+[ \t]*|[ \t]+(?![^\s])|[ \t]+|\s+|[\s\S]"
)
_LARGE = 200_000  # characters, from which on samples are counted
_SAMPLES = 20


def tokens(text: str) -> int:
    """The estimated number of tokens; 0 for no text, and above 0 for any other.

    >>> tokens(""), tokens("The quick brown fox jumps over the lazy dog."), tokens("你好，世界")
    (0, 10, 5)
    """
    if len(text) <= _LARGE:
        return math.ceil(_count(_CUT.findall(text)))
    size = _LARGE // _SAMPLES
    step = (len(text) - size) / (_SAMPLES - 1)
    starts = [round(number * step) for number in range(_SAMPLES)]
    pieces = [piece for start in starts for piece in _CUT.findall(text, start, start + size)]
    return math.ceil(_count(pieces) * len(text) / (_SAMPLES * size))


def reach(text: str, budget: int, *, backwards: bool = False) -> int:
    """How many characters of the beginning, or backwards of the end, have at most so many tokens.

    >>> reach("The quick brown fox jumps over the lazy dog.", 3), reach("The quick brown fox", 2, backwards=True)
    (15, 10)
    """
    pieces = _CUT.findall(text)
    foreign = _foreign(pieces)
    size, left = 0, float(budget)
    for piece in reversed(pieces) if backwards else pieces:
        weight = _weight(piece, foreign)
        if weight > left:
            lengths = range(1, len(piece) + 1)
            size += bisect_right(lengths, left, key=lambda length: _weight(piece[:length], foreign))
            break
        size, left = size + len(piece), left - weight
    # A part alone may be of another language than the whole.
    while size and tokens(text[len(text) - size :] if backwards else text[:size]) > budget:
        size = size * 9 // 10
    return size


def _count(pieces: list[str]) -> float:
    foreign = _foreign(pieces)
    return sum(_weight(piece, foreign) for piece in pieces)


def _foreign(pieces: list[str]) -> bool:
    """Whether it is a language other than English, in whose words tokenizers find fewer that they know."""
    words = [piece for piece in pieces if piece[-1].isalpha() and piece[-1] < "\u0250"]
    return sum(not word.isascii() for word in words) > 0.03 * len(words)


def _weight(piece: str, foreign: bool) -> float:
    """Tokens of what was cut off as one piece."""
    word = piece.lstrip(" ")
    size = len(word)
    if not word:
        return 1
    first = word[0]
    if first < "\x80":
        if first.isalpha():
            known = 4 if foreign or not word.isascii() else 6
            return 1 if size <= known else 1 + (size - known) / (known - 1)
        if first.isdigit():
            return math.ceil(size / 2)
        return 1 if first.isspace() else (size + 1) / 2
    if first < "\u0250" or "\u1e00" <= first <= "\u1eff":
        return 1 + size / 6
    if first < "\u0590":
        return max(1, size / 2.5)
    if "\u2e80" <= first <= "\ud7af" or "\uf900" <= first <= "\ufaff" or "\uff00" <= first <= "\uffef":
        return size * (0.75 if "\uac00" <= first <= "\ud7af" else 0.9)
    if first >= "\U00020000":
        return size * 2.5
    return 1.25 if first < "\U00010000" else 2.5
