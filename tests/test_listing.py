"""Lists of entries: a sequence, a search, a table that is inert, rows for pandas."""

from __future__ import annotations

import datetime as dt
import html.parser
import math
import re
import sys
import types
from typing import Any

import pytest

from jupyter_openrouter.listing import Listing
from jupyter_openrouter.model_cards import Endpoint, Model, Provider
from jupyter_openrouter.model_search import ModelList

NASTY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></table><h1>",
    "&lt;b&gt;",
    "$x$ \\(y\\) $$z$$",
    "javascript:alert(1)",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202edesrever\u2028",
    "\ud800",
    "a\n\nb\t|c`d`",
    "x" * 100_000,
)
ALLOWED = {"table", "thead", "tbody", "tr", "th", "td", "p", "span"}


def models(*slugs: str, **fields: Any) -> ModelList:
    read = [Model.read({"id": slug, **fields}) for slug in slugs]
    return ModelList(model for model in read if model is not None)


class Tags(html.parser.HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, Any]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_a_hostile_name_is_inert_in_every_form(nasty: str) -> None:
    entries: list[Any] = [
        Model.read({"id": nasty, "name": nasty, "architecture": {"input_modalities": [nasty]}}),
        Endpoint.read({"provider_name": nasty, "tag": nasty, "quantization": nasty}),
        Provider.read({"slug": nasty, "name": nasty, "privacy_policy_url": nasty, "datacenters": [nasty]}),
    ]
    for entry in entries:
        listing: Listing[Any] = Listing([entry])
        page = listing._repr_html_()
        page.encode()
        tags = Tags(page)
        assert {tag for tag, _ in tags.seen} <= ALLOWED
        styles = {value for _, attributes in tags.seen for name, value in attributes if name == "style"}
        assert styles <= {"text-align:left", "text-align:left;white-space:nowrap"}
        assert all(name == "style" for _, attributes in tags.seen for name, _ in attributes)
        assert len(page) < 10_000
        # A formula needs its two signs in one run of text.
        assert "$" not in page.replace("<span>&#36;</span>", "")
        assert "\\" not in page
        text = repr(listing)
        assert text.count("\n") == 1
        assert all(c.isprintable() or c == "\n" for c in text)
        text.encode()


def test_a_table_shows_numbers_for_people_and_unknown_as_unknown() -> None:
    listing = models("a/b", pricing={"prompt": "0", "completion": "-1"}, context_length=131072, created=0)
    tags = Tags(listing._repr_html_())
    assert "131,072" in tags.text
    assert "1970-01-01" in tags.text
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", listing._repr_html_())
    assert cells[3:5] == ["0", "–"]


def test_texts_stand_on_the_left_and_numbers_where_the_notebook_puts_them() -> None:
    listing = models("a/b", "c/d", pricing={"prompt": "0", "completion": "-1"}, context_length=1, created=0)
    head, first, _ = re.findall("<tr>(.*?)</tr>", listing._repr_html_())
    styles = re.findall(r"<td([^>]*)>", first)
    assert re.findall(r"<th([^>]*)>", head) == styles
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", first)
    by_text = dict(zip(cells, styles, strict=True))
    assert by_text["a/b"] == ' style="text-align:left"'
    assert by_text["0"] == by_text["1"] == ""
    assert "nowrap" in by_text["1970-01-01"]


def test_a_long_list_is_shown_in_part_and_says_so() -> None:
    listing = models(*(f"a/{number}" for number in range(150)))
    page = listing._repr_html_()
    assert page.count("<tr>") == 101
    assert "and 50 more" in page
    assert "and 130 more" in repr(listing)
    assert ModelList()._repr_html_() == "<p>nothing</p>"
    assert repr(ModelList()) == "<ModelList: nothing>"


def test_it_is_a_sequence_whose_slices_are_lists_of_the_same_kind() -> None:
    listing = models("a/1", "a/2", "a/3")
    assert len(listing) == 3
    assert listing[0].slug == "a/1"
    assert [model.slug for model in reversed(listing)] == ["a/3", "a/2", "a/1"]
    assert isinstance(listing[1:], ModelList)
    assert listing[1:] == models("a/2", "a/3")
    assert listing[0] in listing
    assert hash(listing) == hash(models("a/1", "a/2", "a/3"))
    with pytest.raises(IndexError):
        listing[3]


def test_rows_are_flat_and_alike_so_that_pandas_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = ModelList(
        [*models("a/1", pricing={"prompt": "0.000001"}), *models("a/2", supported_parameters=["x", "y"])]
    )
    rows = listing.to_dicts()
    assert rows[0].keys() == rows[1].keys()
    assert (rows[0]["prompt_price"], rows[1]["prompt_price"]) == (1.0, None)
    assert rows[1]["supported_parameters"] == "x, y"
    scalars = (str, int, float, bool, dt.date, type(None))
    assert all(isinstance(value, scalars) for row in rows for value in row.values())
    pandas = types.SimpleNamespace(DataFrame=lambda given: ("frame", given))
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    kind, given = listing.to_frame()
    assert kind == "frame"
    known = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    assert [{name: row[name] for name in known} for row in given] == [
        {name: row[name] for name in known} for row in rows
    ]
    # What nobody knows can still be compared with a number.
    assert all(math.isnan(row["completion_price"]) for row in given)
    assert ModelList().to_frame() == ("frame", [])
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"to_dicts\(\)"):
        listing.to_frame()


def test_search_gives_the_nearest_first_and_leaves_out_what_does_not_match() -> None:
    listing = models("z/llama-3", "meta/llama-3:free", "meta/llama", "x/my-llama-3", "x/other", "llama/three")

    def slugs(q: str) -> list[str]:
        return [model.slug for model in listing.search(q)]

    assert slugs("llama-3") == ["meta/llama-3:free", "z/llama-3", "x/my-llama-3"]
    assert slugs("LLAMA") == ["meta/llama", "llama/three", "meta/llama-3:free", "z/llama-3", "x/my-llama-3"]
    assert slugs("z/llama-3") == ["z/llama-3"]
    assert slugs("  meta   free ") == ["meta/llama-3:free"]
    assert slugs("nothing like it") == []
    assert next(model.slug for model in listing.ranked("other")) == "x/other"
    assert len(listing.ranked("other")) == len(listing)


def test_search_does_not_depend_on_the_order_of_the_list() -> None:
    listing = models("b/gpt", "a/gpt", "c/gpt-4", "a/gpt-5")
    again = listing.of(reversed(listing))
    assert listing.search("gpt") == again.search("gpt")


def test_equal_matches_are_newest_first() -> None:
    listing = ModelList(
        [*models("a/gpt-1", created=1), *models("a/gpt-3", created=3), *models("a/gpt-2", created=2)]
    )
    assert [model.slug for model in listing.search("gpt")] == ["a/gpt-3", "a/gpt-2", "a/gpt-1"]


def test_a_search_of_strange_words_is_no_pattern() -> None:
    listing = models("a/b")
    for q in ("(", "[a", "\\", "*", "\ud800", "%", "a" * 100_000):
        listing.search(q)
    assert listing.search("") == listing
