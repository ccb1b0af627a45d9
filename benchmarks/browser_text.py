"""What the browser benchmark streams: mixed Markdown as models write it, a long table, a long list; no chance in it."""

from __future__ import annotations

import random

LAST = "And here the whole answer ends."
VOCABULARY = (
    "the a model of in to answer stream token and with for kernel when each is that reads cell result by "
    "function value time from which memory array shape gradient sample data train learn between large "
    "small because however measure compare notebook browser page network layer weight average error noise "
    "signal "
)
WORDS = VOCABULARY.split()
CODE = (
    "def {a}({b}, {c}=1):",
    '    """Return the {a} of {b}."""',
    "    {c} = [{b} * {n} for {b} in range({n})]",
    "    if {b} > {n} and not {c}:  # {a} of {b}",
    '        raise ValueError(f"{a}: {{{b}}} is not {c}")',
    "",
    "    return sum({c}) / max(1, len({c}))",
)


class Writer:
    """Writes sentences and blocks, the same in every run."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)

    def words(self, least: int, most: int) -> str:
        return " ".join(self._dice.choices(WORDS, k=self._dice.randint(least, most)))

    def inline(self) -> str:
        """A few words, some with a mark on them."""
        words = self.words(1, 3)
        ways = (
            f"**{words}**",
            f"*{words}*",
            f"`{words.replace(' ', '_')}`",
            f"[{words}](https://docs.example/{words.replace(' ', '/')})",
            f"~~{words}~~",
        )
        return self._dice.choices([*ways, words], weights=[3, 2, 4, 1, 0.2, 14])[0]

    def sentence(self) -> str:
        parts = [self.words(2, 6), *(f"{self.inline()} {self.words(1, 5)}" for _ in range(3))]
        return f"{', '.join(parts).capitalize()}."

    def paragraph(self) -> str:
        return " ".join(self.sentence() for _ in range(self._dice.randint(2, 5)))

    def heading(self) -> str:
        return f"{'#' * self._dice.randint(2, 4)} {self.words(2, 5).capitalize()}"

    def list(self, items: int | None = None) -> str:
        numbered = items is None and self._dice.random() < 0.4
        lines = []
        for at in range(items or self._dice.randint(3, 8)):
            lines.append(f"{f'{at + 1}.' if numbered else '-'} {self.sentence()}")
            if not numbered and self._dice.random() < 0.15:
                lines += [f"  - {self.words(3, 8)}", f"  - {self.inline()} {self.words(2, 5)}"]
        return "\n".join(lines)

    def table(self, rows: int | None = None) -> str:
        lines = ["| name | what it does | value |", "| --- | :-- | --: |"]
        for _ in range(rows or self._dice.randint(3, 10)):
            lines.append(
                f"| {self.words(1, 2)} | {self.inline()} {self.words(2, 4)} | {self._dice.random():.4f} |"
            )
        return "\n".join(lines)

    def code(self) -> str:
        lines = []
        for at in range(self._dice.randint(6, 34)):
            a, b, c = self._dice.choices(WORDS, k=3)
            lines.append(CODE[at % len(CODE)].format(a=a, b=b, c=c, n=self._dice.randint(2, 99)))
        return "```python\n" + "\n".join(lines) + "\n```"

    def quote(self) -> str:
        return f"> {self.sentence()}\n> {self.sentence()}"

    def block(self) -> str:
        kinds = [self.paragraph, self.heading, self.list, self.table, self.code, self.quote]
        return self._dice.choices(kinds, weights=[10, 3, 3, 1, 2, 1])[0]()


def mixed(characters: int) -> str:
    """So many characters of mixed blocks; the last line is always the same."""
    writer, blocks, length = Writer(4), [], 0
    while length < characters:
        blocks.append(writer.block())
        length += len(blocks[-1]) + 2
    text = "\n\n".join(blocks)[: characters - len(LAST) - 10]
    # A cut inside a fence must not swallow the end.
    is_open = sum(line.startswith("```") for line in text.split("\n")) % 2 == 1
    return text + ("\n```" if is_open else "") + f"\n\n{LAST}"


def noted(characters: int) -> str:
    """The same with one footnote at its beginning, which makes some renderers take the text as one block."""
    return f"A claim with a source.[^1]\n\n[^1]: The source.\n\n{mixed(characters)}"


def table(rows: int) -> str:
    return f"{Writer(5).table(rows)}\n\n{LAST}"


def items(count: int) -> str:
    return f"{Writer(6).list(count)}\n\n{LAST}"
