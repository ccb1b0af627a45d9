"""Tables of results, with the versions of everything that took part, and their place in RESULTS.md."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
BEGIN, END = "<!-- results: written by `make bench` -->", "<!-- end of results -->"
PACKAGES = [
    "jupyter_openrouter",
    "ipykernel",
    "ipython",
    "jupyter_server",
    "httpx",
    "httpx-sse",
    "chatlas",
    "openai",
    "openrouter",
]


@dataclass
class Aim:
    """One aim of the project beside what came out."""

    what: str
    aim: str
    result: str
    met: bool


@dataclass
class Section:
    """What one benchmark found."""

    title: str
    how: str
    head: list[str]
    rows: list[list[str]] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """As Markdown."""
        parts = [f"### {self.title}", self.how, table(self.head, self.rows), *self.notes]
        return "\n\n".join(part for part in parts if part)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def size(count: float) -> str:
    """A number of bytes.

    >>> size(999), size(53_400), size(45_000_000)
    ('999 B', '53 kB', '45.0 MB')
    """
    if count < 1000:
        return f"{count:.0f} B"
    return f"{count / 1000:.0f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


def _aim_rows(sections: list[Section]) -> list[list[str]]:
    return [[a.what, a.aim, a.result, "yes" if a.met else "**no**"] for s in sections for a in s.aims]


def document(sections: list[Section], *, quick: bool) -> str:
    """The generated part of RESULTS.md."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    about = (
        f"{date.today()}, {os.cpu_count()} cores, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}, {versions}."
    )
    if quick:
        about += " **A quick run: fewer pairs and shorter answers.**"
    parts = [
        about,
        table(["What", "Aim", "Result", "Met"], _aim_rows(sections)),
        *(s.text() for s in sections),
    ]
    return "\n\n".join(parts)


def write(text: str) -> None:
    """Puts the generated part in its place."""
    whole = RESULTS.read_text("utf-8")
    before, _, rest = whole.partition(BEGIN)
    _, _, after = rest.partition(END)
    RESULTS.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")


def with_section(results: str, section: Section) -> str:
    """The results with this section in place of its old version, or at the end, and its aims likewise.

    Aims of one benchmark begin with the same word, up to a colon.

    >>> old = Section("A", "how", ["What", "n"], [["x", "1"]], [Aim("A: x", "1", "2", False)])
    >>> new = Section("A", "how", ["What", "n"], [["y", "2"]], [Aim("A: y", "1", "1", True)])
    >>> aims = table(["What", "Aim", "Result", "Met"], _aim_rows([old]))
    >>> text = f"{BEGIN}\\n\\ndate\\n\\n{aims}\\n\\n{old.text()}\\n\\n{END}"
    >>> changed = with_section(text, new)
    >>> "| A: x |" in changed, "| A: y | 1 | 1 | yes |" in changed, changed.count("### A"), "| x | 1 |" in changed
    (False, True, 1, False)
    """
    before, _, rest = results.partition(BEGIN)
    body, _, after = rest.partition(END)
    head, *old = body.strip().split("\n### ")
    kept = [f"### {text.strip()}" for text in old if text.partition("\n")[0] != section.title]
    words = {aim.what.partition(":")[0] for aim in section.aims}
    lines = [
        line for line in head.rstrip().split("\n") if not any(line.startswith(f"| {word}:") for word in words)
    ]
    new = table([], _aim_rows([section])).split("\n")[2:]
    parts = ["\n".join([*lines, *new]), *kept, section.text()]
    return f"{before}{BEGIN}\n\n" + "\n\n".join(parts) + f"\n\n{END}{after}"


def replace(section: Section) -> None:
    """Puts the results of one benchmark in place of its old ones."""
    RESULTS.write_text(with_section(RESULTS.read_text("utf-8"), section), "utf-8")
