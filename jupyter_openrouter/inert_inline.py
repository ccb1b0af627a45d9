"""Writes the content of a paragraph, a heading or a table cell from its tokens."""

# Wherever Markdown could be read in two ways, a fixed tag without attributes is written instead.

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markdown_it.token import Token

from jupyter_openrouter.inert_text import coded, is_web, safe_url, text
from jupyter_openrouter.math_spans import formula
from jupyter_openrouter.plain_text import plain


class _Piece(NamedTuple):
    kind: str  # text code math softbreak hardbreak br open close link unlink
    value: str = ""
    markup: str = ""


_TAGS = {"em": "em", "strong": "strong", "s": "del"}
_SHOWN_TARGET = 300  # characters of a target that is not linked
LONE_TAG = re.compile(r"<[a-z]+>[ \t]*(?:\n|\Z)")
_BR = re.compile(r"<br[ \t]*/?>\Z", re.IGNORECASE)
_DULL_CODE = re.compile(r"(?!\s)[^`$<\\~|@\n\t]+(?<!\s)")
_JOINS_BRACKETS = re.compile(r"\]\(|\]\[|!\[|\]:")
_BARE_ADDRESS = re.compile(
    r"""(?<![A-Za-z0-9_/"'=.@-])(?:(https?://)|www\.)[^\s<>"'`\\|\[\]{}^。，、；：！？（）「」『』]{1,2000}""",
    re.IGNORECASE,
)
_MARK = {"em": "*", "strong": "**"}
_PUNCTUATION = frozenset("!\"#%&'()+,-./:;<=>?{}^[`$")


class _Gathered:
    """The pieces of some inline tokens: runs of text joined, targets decided, images made links."""

    def __init__(self, tokens: Sequence[Token], *, linked: bool = False) -> None:
        self.pieces: list[_Piece] = []
        self._linked = linked
        self._refused: list[tuple[str, str] | None] = []  # for each open link: its target and label
        for index, token in enumerate(tokens):
            if token.type == "link_open":
                self._open_link(token, tokens[index + 1 :])
            else:
                self._take(token)

    def _add(self, kind: str, value: str = "", markup: str = "") -> None:
        last = self.pieces[-1] if self.pieces else None
        if kind == "text" and last and last.kind == "text" and last.markup == markup:
            self.pieces[-1] = _Piece("text", last.value + value, markup)
        elif kind != "text" or value:
            self.pieces.append(_Piece(kind, value, markup))

    def _take(self, token: Token) -> None:
        kind = token.type
        if kind in ("softbreak", "hardbreak"):
            self._add(kind)
        elif kind == "code_inline":
            self._add("code", token.content)
        elif kind == "math_inline":
            self._add("math", token.content, f"{token.markup}\n{token.info}")
        elif kind == "html_inline" and _BR.match(token.content):
            self._add("br")
        elif kind == "link_close":
            self._close_link()
        elif kind == "image":
            self._image(token)
        elif token.nesting and token.tag in _TAGS:
            self._add("open" if token.nesting == 1 else "close", token.tag)
        else:
            self._add("text", plain(token.content))

    def _open_link(self, token: Token, rest: Sequence[Token]) -> None:
        target = str(token.attrGet("href") or "")
        url = safe_url(target)
        if url:
            self._refused.append(None)
            self._add("link", url)
        else:
            inside = itertools.takewhile(lambda other: other.type != "link_close", rest)
            self._refused.append((target, "".join(other.content for other in inside)))

    def _close_link(self) -> None:
        refused = self._refused.pop()
        if refused:
            self._add("text", _shown_target(*refused), "target")
            return
        if self.pieces[-1].kind == "link":
            self._add("text", self.pieces[-1].value.replace("&amp;", "&"))
        self._add("unlink")

    def _image(self, token: Token) -> None:
        inside = _Gathered(token.children or [], linked=True).pieces
        words = (piece.value if piece.kind in ("text", "code", "math") else " " for piece in inside)
        alt = " ".join("".join(words).split())
        target = str(token.attrGet("src") or "")
        shown = f"image: {alt}" if alt else "image"
        if self._linked or self._refused:
            self._add("text", shown)
        elif is_web(target) and (url := safe_url(target)):
            self._add("link", url)
            self._add("text", shown)
            self._add("unlink")
        else:
            self._add("text", shown)
            self._add("text", _shown_target(target, alt), "target")


def _with_bare_addresses(pieces: list[_Piece]) -> Iterator[_Piece]:
    """Makes links of the web addresses in the text, as JupyterLab would."""
    linked = False
    for piece in pieces:
        linked = piece.kind == "link" or (linked and piece.kind != "unlink")
        if piece.kind != "text" or linked or piece.markup == "target":
            yield piece
            continue
        done = 0
        for match in _BARE_ADDRESS.finditer(piece.value):
            address = _without_end_of_sentence(match[0])
            url = safe_url(address if match[1] else f"http://{address}")
            if url:
                if match.start() > done:
                    yield _Piece("text", piece.value[done : match.start()])
                yield from (_Piece("link", url), _Piece("text", address), _Piece("unlink"))
                done = match.start() + len(address)
        if done < len(piece.value):
            yield _Piece("text", piece.value[done:])


def _without_end_of_sentence(address: str) -> str:
    while address:
        if address[-1] in "?!.,:;*_~'" or (address[-1] == ")" and address.count(")") > address.count("(")):
            address = address[:-1]
        else:
            break
    return address


def _shown_target(target: str, label: str) -> str:
    target = target.strip()
    if not target or target == label:
        return ""
    if len(target) > _SHOWN_TARGET:
        target = target[:_SHOWN_TARGET] + "…"
    # In brackets, so that it cannot go on an address begun in the text before it.
    return f" ({target})" if label.strip() else f"({target})"


class _Place(NamedTuple):
    one_line: bool  # a heading, a table cell, a label
    nested: bool = False  # in emphasis or a link, so that only tags may follow
    starts_line: bool = True


def inline(tokens: Sequence[Token], *, one_line: bool = False, in_table: bool = False) -> str:
    """The content of a paragraph, a heading or a cell; several lines unless `one_line`."""
    pieces = list(_with_bare_addresses(_Gathered(tokens).pieces))
    written = _Inline(pieces, in_table=in_table).write(_Place(one_line=one_line))
    # A blank line inside would end the paragraph.
    lines = [line for line in written.split("\n") if line.strip()]
    if not lines:
        return ""
    body = "\n".join(lines).rstrip(" ")
    # A tag alone on its first line would open an HTML block.
    return f"<span></span>{body}" if LONE_TAG.match(body) else body


class _Inline:
    def __init__(self, pieces: list[_Piece], *, in_table: bool) -> None:
        self.pieces = pieces
        self.in_table = in_table
        self.out: list[str] = []
        self.ends: dict[int, int] = {}
        opened: list[int] = []
        for index, piece in enumerate(pieces):
            if piece.kind in ("open", "link"):
                opened.append(index)
            elif piece.kind in ("close", "unlink"):
                self.ends[opened.pop()] = index

    def write(self, place: _Place) -> str:
        self._write(0, len(self.pieces), place)
        return "".join(self.out)

    def _last(self) -> str:
        return self.out[-1][-1] if self.out else ""

    def _put(self, written: str) -> None:
        if written:
            self.out.append(written)

    def _write(self, index: int, end: int, place: _Place) -> None:
        while index < end:
            piece = self.pieces[index]
            if piece.kind == "open":
                self._emphasis(index, place)
                index = self.ends[index]
            elif piece.kind == "link":
                self._link(index, place)
                index = self.ends[index]
            elif piece.kind == "text":
                self._text(piece.value, place)
            elif piece.kind == "code":
                self._code(piece.value, place)
            elif piece.kind == "math":
                self._math(piece, place)
            else:
                self._break(piece.kind, place)
            index += 1

    def _text(self, content: str, place: _Place) -> None:
        last = self._last()
        starts_line = place.starts_line if not self.out else last == "\n"
        written = text(content, starts_line=starts_line)
        if last == "$" and written[:1].isdigit():
            self._put("<span></span>")
        self._put(written)

    def _code(self, content: str, place: _Place) -> None:
        content = plain(content)
        dull = _DULL_CODE.fullmatch(content) and not _JOINS_BRACKETS.search(content)
        # JupyterLab's code spans take in the character before them: a dollar there would be lost to its formula.
        if (
            dull
            and self._last() not in ("`", "$")
            and not (place.nested and ("[" in content or "]" in content))
        ):
            self._put(f"`{content}`")
        else:
            self._put(f"<code>{coded(content)}</code>")

    def _math(self, piece: _Piece, place: _Place) -> None:
        markup, _, source = piece.markup.partition("\n")
        tex = formula(piece.value, in_table=self.in_table)
        if tex is None:
            self._text(source, place)
            return
        if self._last() == "$":
            self._put("<span></span>")
        self._put(f"{markup}{tex}{markup}")

    def _break(self, kind: str, place: _Place) -> None:
        if kind == "br":
            self._put("<br>")
        elif place.one_line:
            self._put("<br>" if kind == "hardbreak" else " ")
        else:
            self._put("  \n" if kind == "hardbreak" else "\n")

    def _link(self, index: int, place: _Place) -> None:
        if self._last() == "!":
            self.out[-1] = self.out[-1][:-1] + "&#33;"
        self._put("[")
        self._write(index + 1, self.ends[index], place._replace(one_line=True, nested=True))
        self._put(f"]({self.pieces[index].value})")

    def _emphasis(self, index: int, place: _Place) -> None:
        kind, end = self.pieces[index].value, self.ends[index]
        inner = place._replace(nested=True)
        if not place.nested and kind in _MARK and self._is_clear(index, end):
            self._put(_MARK[kind])
            self._write(index + 1, end, inner)
            self._put(_MARK[kind])
        else:
            self._put(f"<{_TAGS[kind]}>")
            self._write(index + 1, end, inner)
            self._put(f"</{_TAGS[kind]}>")

    def _is_clear(self, index: int, end: int) -> bool:
        """Whether asterisks can be read in one way only: alphanumeric inside, something else outside."""
        inside = self.pieces[index + 1 : end]
        if not inside or any(piece.kind not in ("text", "code", "math", "softbreak") for piece in inside):
            return False
        first, last = inside[0], inside[-1]
        if first.kind != "text" or last.kind != "text":
            return False
        if not (first.value[0].isalnum() and last.value[-1].isalnum()):
            return False
        before = self._last()
        after = self.pieces[end + 1] if end + 1 < len(self.pieces) else None
        if before and before not in " \n" and before not in _PUNCTUATION:
            return False
        return (
            after is None or after.kind != "text" or after.value[0] in " \n" or after.value[0] in _PUNCTUATION
        )
