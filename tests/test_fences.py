"""Fenced blocks are found as CommonMark has them, and nothing gets out of a fence of ours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter.fences import Block, blocks, fenced


def test_blocks_come_in_order_with_their_language_and_place() -> None:
    text = "a\n```Python title\nx\n```\n~~~\ny\n```\n~~~~\n"
    assert list(blocks(text)) == [Block("python", "x\n", 18), Block("", "y\n```\n", 28)]
    assert all(text.startswith(block.content, block.start) for block in blocks(text))


def test_a_longer_fence_holds_shorter_ones_and_one_that_is_not_closed_is_none() -> None:
    assert [block.content for block in blocks("````\n```\nx\n```\n````")] == ["```\nx\n```\n"]
    assert list(blocks("```python\nx = 1\n")) == []
    assert list(blocks("``` a`b\nx\n```")) == []


@given(st.text(alphabet="`~ab\n ") | st.text())
def test_a_text_in_a_fence_is_one_block_with_the_text_in_it(text: str) -> None:
    (block,) = blocks(fenced(text, "data"))
    assert block.language == "data"
    assert block.content == (text if text.endswith("\n") or not text else text + "\n")
