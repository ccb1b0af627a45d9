"""Fenced code blocks: which there are in a Markdown text, and a fence that a text cannot close; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_OPENING = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^`\n]*)$")


class Block(NamedTuple):
    """One fenced block: the word after its fence, its content, and where that begins (characters)."""

    language: str
    content: str
    start: int


class Code(str):
    """The content of a fenced block; ``language`` is the word after its fence, "" where there is none."""

    language: str

    def __new__(cls, content: str, language: str = "") -> Code:
        made = super().__new__(cls, content)
        made.language = language
        return made


def codes(text: str) -> list[Code]:
    r"""The fenced code of a text.

    >>> [(code, code.language) for code in codes("so:\n```python\nx = 1\n```\n")]
    [('x = 1\n', 'python')]
    """
    return [Code(block.content, block.language) for block in blocks(text)]


def blocks(text: str) -> Iterator[Block]:
    r"""The blocks of a text, in order; one that is never closed is none.

    >>> [(block.language, block.content) for block in blocks("so:\n```python\nx = 1\n```\n")]
    [('python', 'x = 1\n')]
    """
    fence, language, start, position = "", "", 0, 0
    for line in text.split("\n"):
        here, position = position, position + len(line) + 1
        bare = line.rstrip()
        if fence:
            closing = bare.lstrip(" ")
            if len(closing) >= len(fence) and not closing.strip(fence[0]):
                yield Block(language, text[start:here], start)
                fence = ""
        elif opening := _OPENING.match(bare):
            words = opening[2].split()
            fence, language, start = opening[1], words[0].lower() if words else "", position


def fenced(text: str, label: str = "") -> str:
    r"""The text in a fence that is longer than any in it, so that nothing of it can stand outside.

    >>> print(fenced("a ``` b", "text"))
    ````text
    a ``` b
    ````
    """
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    end = "" if text.endswith("\n") or not text else "\n"
    return f"{fence}{label}\n{text}{end}{fence}"
