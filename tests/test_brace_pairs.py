"""Where an expression in a cell begins and ends, and what is said of one that is none."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter import brace_pairs
from jupyter_openrouter.brace_pairs import expressions_in, place
from jupyter_openrouter.errors import PromptError

ENDS = {
    "a name": ("{{ x }}", "x"),
    "without blanks": ("{{x}}", "x"),
    "nested dictionaries": ('{{ {"a": {"b": {}}} }}', '{"a": {"b": {}}}'),
    "nested dictionaries without blanks": ("{{{1:{2:3}}}}", "{1:{2:3}}"),
    "the end in a string": ('{{ "a }} b" }}', '"a }} b"'),
    "the end in a string of several lines": ("{{ '''a\n}}\n''' }}", "'''a\n}}\n'''"),
    "an f-string": ('{{ f"{x}}}" }}', 'f"{x}}}"'),
    "braces within an f-string": ('{{ f"{ {1: 2}[1] }" }}', 'f"{ {1: 2}[1] }"'),
    "a dict comprehension": ("{{ {k: v for k, v in d.items()} }}", "{k: v for k, v in d.items()}"),
    "a set": ("{{{ x }}}", "{ x }"),
    "several lines": ("{{ [1,\n  2]\n  + x }}", "[1,\n  2]\n  + x"),
    "a comment": ("{{ x  # it's }}", "x  # it's"),
    "an await": ("{{ await f() }}", "await f()"),
    "an asynchronous comprehension": ("{{ [x async for x in y] }}", "[x async for x in y]"),
    "an assignment": ("{{ x := 3 }}", "x := 3"),
    "a tuple": ("{{ x, y }}", "x, y"),
    "other scripts": ('{{ "ä" + "😀" }}', '"ä" + "😀"'),
    "Windows line ends": ("{{ x\r\n+ [y]\r\n}}", "x\r\n+ [y]"),
}
TAILS = ["", "}", " don't \"", "}} {", "\n}}", " it's '''", "# {", " {% endif %}"]


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("case", ENDS)
def test_an_expression_ends_where_pythons_tokenizer_closes_it_whatever_follows(case: str, tail: str) -> None:
    text, source = ENDS[case]
    for head in ("", "it's {} }} \\frac{a}{b} $x\n"):
        (found,) = expressions_in(head + text + tail)
        assert found.source == source
        assert (head + text + tail)[found.start : found.end] == text


@pytest.mark.parametrize(
    "body",
    [
        '{"a": {"b": {}}}',
        "{k: {v} for k, v in d.items()}",
        'f"{x}" and f"}}"',
        "{}",
        "$\\frac{a}{b^{2}}$ and $x$",
        "{% for x in xs %}{# c #}{% endfor %}",
        "{ { x } }",
        "",
    ],
)
def test_what_has_no_two_opening_braces_is_no_expression(body: str) -> None:
    assert expressions_in(body) == []


@pytest.mark.parametrize(
    ("body", "line", "column", "words"),
    [
        ("{{", 2, 1, "has no }}"),
        ("ok\nnow {{ x", 3, 5, "has no }}"),
        ("{{ x } }", 2, 1, "has no }}"),
        ("{{ }}", 2, 1, "no expression between"),
        ("{{}}", 2, 1, "no expression between"),
        ("{{ x y }}", 2, 6, "SyntaxError: invalid syntax"),
        ("ok\n  {{ x y }}", 3, 8, "{{ x y }} is no Python expression"),
        ("{{ [1,\n  2 3] }}", 3, 3, "SyntaxError"),
        ("{{ [1 2,\n  3] }}", 2, 5, "SyntaxError"),
        ("{{ don't }} b", 2, 7, "unterminated string literal"),
        ("{{ a) + (b }}", 2, 5, "unmatched ')'"),
        ("{{ x[ }}", 2, 5, "'[' was never closed"),
        ("{{ ü + ü ü }}", 2, 10, "SyntaxError"),
        ("{{ x! }}", 2, 5, "SyntaxError"),
        ("{{ x = 1 }}", 2, 6, "SyntaxError"),
        ("{{ yield 1 }}", 2, 4, "SyntaxError"),
        ("{{ import os }}", 2, 4, "SyntaxError"),
        ("{{#if x}}", 2, 1, "no expression between"),
        ("{{ x\0y }}", 2, 4, "null bytes"),
        ("{{ \udc80 }}", 2, 4, "UnicodeEncodeError"),
        ("{{ " + "(" * 300 + "1" + ")" * 300 + " }}", 2, 204, "too many nested parentheses"),
        ("{{ x }} {{ y", 2, 9, "has no }}"),
    ],
)
def test_what_is_no_expression_is_an_error_with_its_place_and_the_way_out(
    body: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(PromptError) as raised:
        expressions_in(body, first_line=2)
    error = raised.value
    assert words in error.message
    assert error.message.startswith(f"Line {error.line}, column {error.column} of the cell: ")
    assert (error.line, error.column) == (line, column)
    assert "--raw" in error.remedy


def test_the_number_for_awaits_outside_of_functions_is_pythons() -> None:
    assert ast.PyCF_ALLOW_TOP_LEVEL_AWAIT == brace_pairs._TOP_LEVEL_AWAIT


def test_the_user_does_not_get_the_future_imports_of_this_package() -> None:
    (found,) = expressions_in("{{ lambda: 0 }}")
    assert not found.code.co_flags & 0x1000000


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.frozensets(st.integers()),
    max_leaves=10,
)


@given(st.lists(values, min_size=1, max_size=4), st.sampled_from(["", "}", " } ", "it's", "\n"]))
def test_any_literal_of_python_is_found_whole(literals: list[object], between: str) -> None:
    sources = [repr(literal) for literal in literals]
    body = between.join(f"{{{{ {source} }}}}" for source in sources)
    assert [found.source for found in expressions_in(body)] == sources


@given(st.text(alphabet="{}[]()'\"#\\ \nx+1äf", max_size=40))
def test_any_text_gives_expressions_or_a_prompt_error(body: str) -> None:
    found: list[brace_pairs.Expression] = []
    refused = None
    try:
        found = expressions_in(body)
    except PromptError as error:
        refused = error
    if refused is not None:
        assert "{{" in body
        assert refused.line is not None
        assert 1 <= refused.line <= body.count("\n") + 1
    assert all(body[one.start :].startswith("{{") and body[: one.end].endswith("}}") for one in found)


def test_a_place_is_counted_in_lines_and_characters_from_one() -> None:
    assert [str(place("ä😀\nb", at)) for at in (0, 1, 3)] == [
        "line 1, column 1",
        "line 1, column 2",
        "line 2, column 1",
    ]
