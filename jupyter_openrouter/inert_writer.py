"""Writes a parsed document as Markdown in which no character of its author can open a construct."""

# Rules of the writing, here and in inert_inline and inert_text:
# - From tokens, never from slices of the source: references, entities and nesting are resolved.
# - HTML only as fixed tags of ours, without attributes: br span code pre em strong del.

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from markdown_it.token import Token

from jupyter_openrouter.inert_inline import LONE_TAG as _LONE_TAG
from jupyter_openrouter.inert_inline import inline
from jupyter_openrouter.inert_text import block_of_code, text, unopened
from jupyter_openrouter.math_spans import formula

DEEPEST = 40  # nested quotes and lists


class OverBudget(Exception):
    """The document is too deep or grows too much to be written."""


class _Block(NamedTuple):
    kind: str
    lines: list[str]


_CONTAINERS = ("blockquote_open", "bullet_list_open", "ordered_list_open")
_LANGUAGE = re.compile(r"[{.]*([A-Za-z0-9_+#.-]{1,32})")
_TEX_IN_CODE = re.compile(r"\\\\[()\[\]]|\\(?:begin|end|(?:eq)?ref)\b|@@[0-9]|[0-9]@@", re.IGNORECASE)
_LIVE_IN_CODE = re.compile(r"[<$`\\]|~~~|@@|\]\(|\]\[|\]:|!\[|^ *\t", re.MULTILINE)
_MANY_BACKTICKS = re.compile(r"`{20}|(?:`[^`\n]*){50}")
_TASK = re.compile(r"&#91;([ xX])&#93; (?=\S)")


class Writer:
    """Writes one document; `budget` is the most characters it may come to."""

    def __init__(self, budget: int) -> None:
        self.left = budget

    def write(self, tokens: Sequence[Token]) -> str:
        """The whole document, ending in a newline unless it is empty."""
        blocks = self._blocks(tokens, depth=0)
        lines: list[str] = []
        for block in blocks:
            if lines:
                lines.append("")
            lines.extend(block.lines)
        return "\n".join(lines) + "\n" if lines else ""

    def _spend(self, characters: int) -> None:
        self.left -= characters
        if self.left < 0:
            raise OverBudget

    def _blocks(self, tokens: Sequence[Token], *, depth: int, task: bool = False) -> list[_Block]:
        if depth > DEEPEST:
            raise OverBudget
        blocks: list[_Block] = []
        index = 0
        while index < len(tokens):
            end = _end(tokens, index)
            previous = blocks[-1].kind if blocks else ""
            block = self._block(tokens, index, end, depth=depth, previous=previous, task=task and not blocks)
            if tokens[index].type not in _CONTAINERS:
                self._spend(sum(map(len, block.lines)))
            if block.lines:
                blocks.append(block)
            index = end + 1
        return blocks

    def _block(
        self, tokens: Sequence[Token], index: int, end: int, *, depth: int, previous: str, task: bool
    ) -> _Block:
        token, inside = tokens[index], tokens[index + 1 : end]
        kind = token.type
        if kind == "paragraph_open":
            return _paragraph(inline(_content(inside)), task=task)
        if kind == "heading_open":
            # JupyterLab makes an id, so a global name, of the heading; the blank puts a `-` at its end.
            title = inline(_content(inside), one_line=True)
            return _Block("heading", [f"{'#' * int(token.tag[1])} {title} <span></span>"])
        if kind in ("fence", "code_block"):
            return _Block("code", _code(token, nested=depth > 0))
        if kind == "hr":
            return _Block("hr", ["___"])
        if kind == "math_block":
            tex = formula(token.content)
            return _lines_of_text(token.info) if tex is None else _paragraph(f"$${tex}$$")
        if kind == "blockquote_open":
            quoted = _joined(self._blocks(inside, depth=depth + 1), tight=False)
            self._spend(3 * len(quoted))
            return _Block(
                "quote", [f"> {line}".rstrip(" ") if not line else f"> {line}" for line in quoted or [""]]
            )
        if kind in ("bullet_list_open", "ordered_list_open"):
            return self._list(token, inside, depth=depth, previous=previous)
        if kind == "table_open":
            return _Block("table", _table(inside))
        return _lines_of_text(token.content)

    def _list(self, token: Token, inside: Sequence[Token], *, depth: int, previous: str) -> _Block:
        ordered = token.type == "ordered_list_open"
        kind = "ordered" if ordered else "bullet"
        # Two lists side by side stay two only if their markers differ.
        marker = (".", ")") if ordered else ("-", "+")
        sign = marker[1] if previous == kind else marker[0]
        if previous == kind:
            kind += " again"
        tight = not any(
            part.type == "paragraph_open" and not part.hidden and part.level == token.level + 2
            for part in inside
        )
        number = int(token.attrGet("start") or 0) if token.attrGet("start") is not None else 1
        lines: list[str] = []
        index = 0
        while index < len(inside):
            end = _end(inside, index)
            body = _joined(self._blocks(inside[index + 1 : end], depth=depth + 1, task=True), tight=tight)
            lead = f"{min(number, 999_999_999)}{sign} " if ordered else f"{sign} "
            indent = " " * len(lead)
            self._spend((1 + len(lead)) * len(body))
            if lines and not tight:
                lines.append("")
            body = body or ["<span></span>"]
            lines.append(lead + body[0])
            lines.extend(indent + line if line else "" for line in body[1:])
            number += 1
            index = end + 1
        return _Block(kind, lines)


def _end(tokens: Sequence[Token], index: int) -> int:
    """The index of the token that closes the one at `index`."""
    if tokens[index].nesting != 1:
        return index
    level = tokens[index].level
    index += 1
    while tokens[index].level != level or tokens[index].nesting != -1:
        index += 1
    return index


def _content(inside: Sequence[Token]) -> list[Token]:
    return [child for token in inside for child in token.children or []]


def _joined(blocks: list[_Block], *, tight: bool) -> list[str]:
    lines: list[str] = []
    previous = ""
    for block in blocks:
        joins = block.kind == "paragraph" and previous not in ("heading", "hr", "code")
        if lines and (not tight or joins or block.kind == previous):
            lines.append("")
        lines.extend(block.lines)
        previous = block.kind
    return lines


def _paragraph(written: str, *, task: bool = False) -> _Block:
    if task:
        written = _with_task_mark(written)
    return _Block("paragraph", written.split("\n") if written else [])


def _with_task_mark(written: str) -> str:
    mark = _TASK.match(written)
    if mark is None:
        return written
    # marked reads what stands behind the mark as blocks of its own.
    rest = unopened(written[mark.end() :])
    if _LONE_TAG.match(rest):
        rest = f"<span></span>{rest}"
    return f"[{mark[1]}] {rest}"


def _lines_of_text(content: str) -> _Block:
    written = [text(line, starts_line=True).rstrip(" ") for line in content.split("\n") if line.strip()]
    written = [line for line in written if line]
    return _Block("paragraph", [f"{line}  " for line in written[:-1]] + written[-1:])


def _code(token: Token, *, nested: bool) -> list[str]:
    content = token.content.removesuffix("\n")
    live = _LIVE_IN_CODE.search(content) if nested else None
    if live or _TEX_IN_CODE.search(content) or _MANY_BACKTICKS.search(content):
        return [block_of_code(content)]
    longest = max((len(run) for run in re.findall("`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + _language(token.info), *(content.split("\n") if content else []), fence]


def _language(info: str) -> str:
    words = info.split()
    match = _LANGUAGE.match(words[0]) if words else None
    if match is None:
        return ""
    # JupyterLab draws mermaid in the page, and what it draws may fetch images.
    return "text" if match[1].lower() == "mermaid" else match[1]


def _table(inside: Sequence[Token]) -> list[str]:
    lines: list[str] = []
    cells: list[str] = []
    rules: list[str] = []
    for index, token in enumerate(inside):
        if token.type in ("th_open", "td_open"):
            cell = inside[index + 1]
            # The blank start of a line is where a cell of dashes would pass for the rule below the head.
            cells.append(inline(cell.children or [], one_line=True, in_table=True))
            if token.type == "th_open":
                rules.append(_rule(str(token.attrGet("style") or "")))
        elif token.type == "tr_close":
            lines.append(f"| {' | '.join(cells)} |")
            cells = []
            if rules:
                lines.append(f"| {' | '.join(rules)} |")
                rules = []
    return lines


def _rule(style: str) -> str:
    for side, rule in (("center", ":---:"), ("left", ":---"), ("right", "---:")):
        if side in style:
            return rule
    return "---"
