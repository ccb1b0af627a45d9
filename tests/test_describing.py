"""What of a value goes into a prompt: by its type, within a budget, the same each time, whatever its code does."""

from __future__ import annotations

import base64
import collections
import dataclasses
import enum
import os
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import matplotlib
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from jupyter_openrouter import parts
from jupyter_openrouter.cutting import GAP, cut, fits
from jupyter_openrouter.describing import (
    Description,
    describe,
    fenced,
    register_describer,
    unregister_describer,
    verbatim,
)
from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.keys import Key
from jupyter_openrouter.response import Response
from jupyter_openrouter.token_count import tokens

matplotlib.use("agg")
PNG = b"\x89PNG\r\n\x1a\n"
KEY = "ghp_" + "a1B2" * 10


def body(value: Any, **options: Any) -> str:
    """The text between the fences."""
    text = describe(value, name="x", **options).text
    assert text.startswith("```data: x\n")
    return text.removeprefix("```data: x\n").removesuffix("\n```")


def picture(part: Any) -> bytes:
    assert part["type"] == "image_url"
    return base64.b64decode(part["image_url"]["url"].partition(",")[2])


# --- what is inline, and fences


class Colour(enum.Enum):
    RED = 1


class Word(str, enum.Enum):
    YES = "yes!"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a line", "a line"),
        ("", ""),
        (3, "3"),
        (True, "True"),
        (None, "None"),
        (0.5, "0.5"),
        (1j, "1j"),
        (Decimal("1.50"), "1.50"),
        (date(2026, 1, 2), "2026-01-02"),
        (Colour.RED, "Colour.RED"),
        (Word.YES, "yes!"),
        (range(3), "range(0, 3)"),
        (np.float64(2.5), "2.5"),
        (np.datetime64("2026-01-02"), "2026-01-02"),
        (pd.Timestamp("2026-01-02"), "2026-01-02 00:00:00"),
    ],
)
def test_a_scalar_or_a_short_line_is_itself(value: Any, text: str) -> None:
    assert describe(value) == Description([text], [], inline=True)


@pytest.mark.parametrize("value", ["two\nlines", "ends\n", "x" * 201, "a\u2028b", "a\rb"])
def test_other_text_is_fenced(value: str) -> None:
    assert fenced(value, "x") == describe(value, name="x").text


@example("a ``` b", "x```y\n`")
@given(st.text(), st.text(max_size=80))
def test_nothing_in_the_data_or_in_its_name_closes_the_fence(text: str, name: str) -> None:
    first, _, rest = fenced(text, name).partition("\n")
    fence = first[: len(first) - len(first.lstrip("`"))]
    assert rest.endswith(fence)
    assert fence not in rest[: -len(fence)]
    assert "`" not in first[len(fence) :]
    assert text in rest


# --- budgets


@given(st.text(), st.integers(0, 200))
def test_a_cut_keeps_both_ends_and_says_how_much_is_missing(text: str, budget: int) -> None:
    kept, missing = cut(text, budget)
    if fits(text, budget):
        assert (kept, missing) == (text, 0)
    else:
        head, _, tail = kept.partition(GAP)
        assert tokens(head) + tokens(tail) <= budget or GAP in text
        assert len(head) + len(tail) + missing == len(text) or GAP in text
        assert text.startswith(head)


@pytest.mark.parametrize("budget", [20, 100, 1000])
@pytest.mark.parametrize(
    "value",
    [
        "x" * 1_000_000,
        "漢" * 1_000_000,
        list(range(100_000)),
        {"x": ["y" * 5000] * 1000},
        [[["z"] * 50] * 50] * 50,
        {number: {"n": number} for number in range(10_000)},
        pd.DataFrame({"a": range(10_000), "b": ["w" * 500] * 10_000}),
        pd.DataFrame(np.zeros((3, 2000))),
        pl.DataFrame({f"c{number}": [1.5] * 50 for number in range(300)}),
        np.zeros((100, 100, 3)),
        np.random.default_rng(1).random(100_000),
        [pd.DataFrame({"a": range(1000)})] * 3,
        ValueError("x" * 100_000),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_larger_than_the_budget_is_cut_to_it_and_said_so(value: Any, budget: int) -> None:
    found = describe(value, name="x", budget=budget)
    several = 3 if isinstance(value, list) and isinstance(value[0], pd.DataFrame) else 1
    # Marks and fences come on top; and several values have each some.
    assert tokens(found.text) <= max(budget, 50 * several) + 20 * several
    assert found.notes
    assert all("left out" in note for note in found.notes)
    assert describe(value, name="x", budget=budget) == found


def test_a_secret_at_the_place_of_the_cut_leaves_no_half_of_it() -> None:
    place = cut("a" * 100_000, 2000)[0].index(GAP)
    for before in range(place - 50, place + 10, 3):
        for after in (10_000, 100_000):
            found = describe("a" * before + " " + KEY + " " + "b" * after, budget=2000)
            assert "ghp_" not in found.text
    huge = "a " * 2_000_000
    assert verbatim(huge).text == cut(huge, 2000)[0]
    first, last = map(len, cut(huge, 2000)[0].split(GAP))
    for more in range(0, 60, 3):
        text = huge[: (first - more) // 2 * 2] + KEY + " " + huge + KEY + " " + huge[: last - more]
        assert "ghp_" not in verbatim(text).text
    assert "ghp_" not in body([text])
    assert "ghp_" not in body({"k": "a " * 990 + KEY + " b" * 100})
    assert "ghp_" not in body(pd.DataFrame({"t": ["a " * 35 + KEY], "a" * 70 + " " + KEY: [1]}))
    assert "ghp_" not in body(np.array([KEY]))
    for budget in range(20, 200, 7):
        # When it is masked, hardly anything is left of it: then the end of what was read is shown.
        assert not re.search("ghp_|B2a1", verbatim((KEY + " ") * 5000, budget=budget).text)


# --- nested values


@dataclasses.dataclass
class Point:
    x: int
    y: Any
    secret: str = dataclasses.field(default="hidden", repr=False)


Pair = collections.namedtuple("Pair", "left right")


def test_nested_values_are_written_as_python_has_them() -> None:
    value = {
        "a": [Point(1, [2]), collections.Counter("aab")],
        "s": {3, 1, 2},
        "t": (1,),
        "p": Pair(1, (2, 3)),
        "e": [set(), frozenset(), (), {}, collections.OrderedDict(a=1)],
    }
    assert body(value) == (
        "{\n"
        "  'a': [Point(x=1, y=[2]), Counter({'a': 2, 'b': 1})],\n"
        "  's': {1, 2, 3},\n"
        "  't': (1,),\n"
        "  'p': Pair(left=1, right=(2, 3)),\n"
        "  'e': [set(), frozenset(), (), {}, OrderedDict({'a': 1})]\n"
        "}"
    )


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=50) | st.binary(max_size=50),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(max_size=9), inner, max_size=5)
        | st.tuples(inner)
    ),
    max_leaves=20,
)


@given(st.lists(plain, min_size=1))
def test_plain_values_are_written_so_that_python_reads_them_back(value: list[Any]) -> None:
    if all(isinstance(item, bytes) for item in value):
        return
    text = describe(value, name="x", budget=1_000_000).text
    inner = "\n".join(text.split("\n")[1:-1])
    assert eval(inner) == value


def test_the_items_of_a_set_have_an_order() -> None:
    assert body(set("hgfedcba")) == "{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}"


def test_cycles_and_depths_have_an_end() -> None:
    cycle: list[Any] = [1]
    cycle.append(cycle)
    assert body(cycle) == "[1, …]"
    deep: Any = []
    for _ in range(5000):
        deep = {"k": [deep]}
    assert "<dict>" in body(deep)
    wide: Any = ["w"]
    for _ in range(40):
        wide = [wide, wide]
    assert tokens(body(wide)) < 2500


def test_where_an_object_lies_in_memory_is_not_told() -> None:
    assert body(object()) == "<object object>"
    assert " at 0x" not in body([object(), lambda: 0, {1: Hostile}])


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Everything:
    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: "anything"

    def __repr__(self) -> str:
        return "everything"


class BrokenMapping(collections.abc.Mapping):
    def __getitem__(self, key: Any) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Any:
        raise OSError("broken")

    def __len__(self) -> int:
        return 3


@pytest.mark.parametrize(
    ("value", "words", "notes"),
    [
        (Hostile(), "Hostile", 0),
        ([Hostile()], "Hostile", 0),
        (Everything(), "everything", 0),
        (MagicMock(name="m"), "MagicMock", 0),
        (BrokenMapping(), "BrokenMapping", 1),
        ([BrokenMapping()], "BrokenMapping", 1),
        pytest.param(10**5000, "int", 1, id="an integer too long to write"),
        ((n for n in range(3)), "generator", 0),
        (type("Broken", (pd.DataFrame,), {"columns": property(lambda self: 1 / 0)}), "Broken", 1),
    ],
)
def test_a_value_whose_own_code_fails_has_a_short_form(value: Any, words: str, notes: int) -> None:
    found = describe(value, name="x")
    assert words in found.text
    assert len(found.notes) == notes


def test_a_generator_is_not_used_up() -> None:
    numbers = (n for n in range(3))
    describe(numbers)
    describe([numbers])
    assert list(numbers) == [0, 1, 2]


# --- frames and arrays


def frame(rows: int = 1000) -> pd.DataFrame:
    return pd.DataFrame(
        {"n": range(rows), "f": [None, 0.1 + 0.2] * (rows // 2), "t": ["a,b", None] * (rows // 2)}
    )


def test_a_pandas_frame_has_its_shape_types_missing_values_and_rows_from_everywhere() -> None:
    lines = body(frame(), budget=120).split("\n")
    assert lines[:3] == ["pandas DataFrame, 1,000 rows × 3 columns", "n: int64", "f: float64, 500 missing"]
    assert lines[3].endswith(", 500 missing")
    assert lines[5] == "row,n,f,t"
    rows = [int(line.partition(",")[0]) for line in lines[6:]]
    assert rows[0] == 0
    assert rows[-1] == 999
    assert any(300 < row < 700 for row in rows)
    assert rows == sorted(set(rows))
    assert '0,0,,"a,b"' in lines
    assert lines[-1] == "999,999,0.3,"
    assert describe(frame(), name="df", budget=120).notes == [
        f"df: {1000 - len(rows):,} of 1,000 rows left out."
    ]


def test_a_small_frame_is_whole() -> None:
    named = frame(2).set_index("n")
    assert body(named) == (
        f"pandas DataFrame, 2 rows × 2 columns\nf: float64, 1 missing\nt: {named.t.dtype}, 1 missing\n"
        'all rows:\nn,f,t\n0,,"a,b"\n1,0.3,'
    )
    assert body(pd.DataFrame()) == "pandas DataFrame, 0 rows × 0 columns"
    assert body(frame(0)).startswith("pandas DataFrame, 0 rows × 3 columns\nn: ")


def test_odd_frames_of_pandas_are_described() -> None:
    assert "x,x\n0,1,2" in body(pd.DataFrame([[1, 2]], columns=["x", "x"]))
    assert "('n', 'min')" in body(frame(4).groupby("t").agg({"n": ["min", "max"]}))
    dates = pd.DataFrame({"d": pd.to_datetime(["2026-01-02", None])})
    assert body(dates).endswith("row,d\n0,2026-01-02 00:00:00\n1,")
    assert "value: category, 1 missing" in body(pd.Series(["a", None]).astype("category"))
    assert body(pd.Series([1, 2], name="s", index=["p", "q"])).endswith("index,s\np,1\nq,2")
    assert body(pd.Index(["p", "q"], name="i")).endswith("row,i\n0,p\n1,q")
    assert "n" * 79 + "…: int64" in body(pd.DataFrame({"n" * 500: [1]}))
    assert "MultiIndex" in body(pd.MultiIndex.from_product([[1, 2], ["a", "b"]], names=["k", "l"]))


def test_polars_frames_and_series_are_described_and_lazy_ones_not_computed() -> None:
    value = pl.DataFrame({"a": [1, None], "l": [[1, 2], None]})
    assert body(value) == (
        "Polars DataFrame, 2 rows × 2 columns\na: Int64, 1 missing\nl: List(Int64), 1 missing\n"
        'all rows:\nrow,a,l\n0,1,"[1, 2]"\n1,,'
    )
    assert body(value["a"]).startswith("Polars Series, 2 rows × 1 column\na: Int64")

    def never(batch: Any) -> Any:
        raise AssertionError

    lazy = value.lazy().map_batches(never, schema=value.schema)
    assert body(lazy) == "Polars LazyFrame, not computed\na: Int64\nl: List(Int64)"


def test_arrays_have_shape_type_range_and_values() -> None:
    assert body(np.arange(4).reshape(2, 2)) == (
        "NumPy ndarray, 2 × 2, int64\nleast 0, mean 1.5, greatest 3\nall values:\n[[0, 1],\n [2, 3]]"
    )
    assert "least 1, mean 1, greatest 1, 2 missing or infinite" in body(np.array([1, np.nan, np.inf]))
    assert "nan" in body(np.ma.array([1.0, 5.0], mask=[0, 1]))
    assert "5" not in body(np.ma.array([1, 5], mask=[0, 1]))
    for value in (
        np.array(5),
        np.array([]),
        np.zeros((0, 3)),
        np.array(["a"]),
        np.array([{}]),
        np.array([np.nan]),
    ):
        assert "NumPy ndarray" in body(value)


# --- pictures, files, exceptions, source


def test_figures_and_images_are_pictures() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    for value in (figure, axes, Image.new("RGB", (2, 2))):
        (part,) = describe(value).parts
        assert picture(part).startswith(PNG)
    several = describe([figure, Image.new("RGB", (2, 2))]).parts
    assert [picture(part)[:8] for part in several] == [PNG, PNG]


def test_a_plotly_figure_is_a_picture_where_it_can_be_drawn_and_else_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    figure = go.Figure(
        go.Scatter(x=list(range(1000)), y=[0.5] * 1000, name="speed"), {"title": {"text": "Wind"}}
    )
    monkeypatch.setattr(go.Figure, "to_image", lambda self, format: PNG + bytes(8))
    assert picture(describe(figure).parts[0]).startswith(PNG)

    def fail(self: Any, format: str) -> bytes:
        raise ValueError("kaleido is missing\nlong text")

    monkeypatch.setattr(go.Figure, "to_image", fail)
    found = describe(figure, name="fig", budget=100)
    assert found.text.startswith("```data: fig\nPlotly figure, in words\ntitle: Wind\nscatter speed\n  x (")
    assert "could not be drawn (kaleido is missing)" in found.notes[0]
    pie = go.Figure(go.Pie(labels=["a", "b"], values=[1, 2]))
    assert "labels: a, b\n  values: 1, 2" in describe(pie).text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes by name here")
def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidRequestError, match="pipe' is no file"):
        describe(tmp_path / "pipe")


def test_the_key_in_use_is_masked_whatever_it_looks_like() -> None:
    held = Key("gateway-0123-4567-89ab", source="argument")
    found = describe({"OPENROUTER_API_KEY": "gateway-0123-4567-89ab"}, name="environ")
    assert "gateway-0123" not in found.text
    assert "masked: API key" in found.notes[0]
    del held


def test_files_are_sent_as_what_their_bytes_are(tmp_path: Path) -> None:
    contents = {
        "a.txt": (PNG + bytes(8), "image_url"),
        "b.png": (b"%PDF-1.7 x", "file"),
        "c": (b"ID3\x04", "input_audio"),
        "d": (b"RIFF\0\0\0\0WAVEfmt ", "input_audio"),
        "e.webm": (b"\x1a\x45\xdf\xa3\0", "video_url"),
        "f.mp4": (b"\0\0\0\x20ftypisom", "video_url"),
        "g.m4a": (b"\0\0\0\x20ftypM4A ", "input_audio"),
    }
    for name, (content, kind) in contents.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert [part["type"] for part in describe(path).parts] == [kind], name
    assert describe(tmp_path / "b.png").parts[0]["file"]["filename"] == "b.png"
    text = tmp_path / "t.py"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        text.write_text("ä = 1\n", encoding)
        assert body(text) == "ä = 1"
    assert describe(tmp_path).text == str(tmp_path)
    assert "folder" in describe(tmp_path).notes[0]


def test_a_file_that_cannot_be_sent_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "o.bin"
    other.write_bytes(b"\xff\xfe\x01" + bytes(range(256)))
    with pytest.raises(InvalidRequestError, match=r"'o\.bin' is neither text nor"):
        describe(other)
    with pytest.raises(InvalidRequestError, match="No such file"):
        describe(tmp_path / "none")
    with pytest.raises(InvalidRequestError, match="null"):
        describe(Path("a\0b"))
    monkeypatch.setattr("jupyter_openrouter.describers.MAX_PART_BYTES", 100)
    with pytest.raises(InvalidRequestError, match="larger than"):
        describe(other)


def test_bytes_are_what_they_begin_with() -> None:
    assert picture(describe(PNG + bytes(8)).parts[0]).startswith(PNG)
    assert body(b"a\nb") == "a\nb"
    with pytest.raises(InvalidRequestError, match="256 bytes are neither"):
        describe(bytes(range(256)))
    with pytest.raises(InvalidRequestError, match="3 bytes are neither"):
        describe(b"a\0b")


def test_a_part_is_itself() -> None:
    part = parts.image("https://example.org/a.png")
    assert describe(part).parts == [part]
    assert body({"type": "image_url"}) == "{'type': 'image_url'}"


def test_an_exception_has_its_frames_and_its_causes() -> None:
    def divide(x: int) -> float:
        return 1 / x

    try:
        try:
            divide(0)
        except ZeroDivisionError as error:
            raise KeyError("k") from error
    except KeyError as error:
        text = body(error)
    assert "in divide\n    return 1 / x" in text
    assert "ZeroDivisionError: division by zero" in text
    assert "direct cause" in text
    assert text.endswith("KeyError: 'k'")


def test_functions_and_classes_are_their_source() -> None:
    assert body(picture).startswith("def picture(part: Any) -> bytes:\n    assert")
    assert body(Hostile) == 'class Hostile:\n    def __repr__(self) -> str:\n        raise RuntimeError("no")'
    assert body(len) == "<built-in function len>"
    assert "its source is not known" in describe(int).notes[0]


def test_an_answer_is_its_text() -> None:
    response = Response("m/m")
    response.add_text("The sky\nis blue.") if hasattr(response, "add_text") else response.text_parts.append(
        "The sky\nis blue."
    )
    assert body(response) == "The sky\nis blue."


def test_what_has_a_text_form_for_notebooks_is_described_by_it() -> None:
    class Formula:
        def _repr_latex_(self) -> str:
            return "$x^2$"

    assert body(Formula()) == "$x^2$"


# --- registration


def test_a_type_and_those_below_it_can_be_registered_also_by_name_and_over_ours() -> None:
    class Road: ...

    class Lane(Road): ...

    try:

        @register_describer(Road)
        def road(value: Road, budget: int) -> str:
            return f"a road, {budget}"

        assert body(Lane(), budget=7) == "a road, 7"
        register_describer("pandas.DataFrame")(
            lambda value, budget: ["one", parts.image("https://e.org/a.png")]
        )
        register_describer("pandas.core.frame.DataFrame")(lambda value, budget: "old pandas")
        found = describe(frame(), name="x")
        assert "pandas DataFrame," not in found.text
    finally:
        unregister_describer(Road)
        unregister_describer("pandas.DataFrame")
        unregister_describer("pandas.core.frame.DataFrame")
    assert "a road" not in describe(Lane()).text
    assert body(frame()).startswith("pandas DataFrame,")


@pytest.mark.parametrize("returned", [None, 3, [], [3], {"no": "type"}])
def test_a_describer_that_returns_nothing_of_use_is_a_note_and_a_short_form(returned: Any) -> None:
    register_describer(SimpleNamespace)(lambda value, budget: returned)
    try:
        found = describe(SimpleNamespace(a=1), name="x")
    finally:
        unregister_describer(SimpleNamespace)
    assert "namespace(a=1)" in found.text
    assert "its describer returned" in found.notes[0]


def test_what_a_describer_returns_is_masked_and_cut_too() -> None:
    register_describer(SimpleNamespace)(lambda value, budget: KEY + " " + "x" * 10_000)
    try:
        found = describe(SimpleNamespace(), budget=100)
    finally:
        unregister_describer(SimpleNamespace)
    assert KEY not in found.text
    assert tokens(found.text) < 130
    assert len(found.notes) == 2


def test_describing_imports_no_library_of_the_user() -> None:
    code = (
        "import sys\n"
        "from jupyter_openrouter.describing import describe\n"
        "from jupyter_openrouter.expressions import expand\n"
        "import jupyter_openrouter.attachments, jupyter_openrouter.prompt_loop\n"
        "expand('{{ x }} {{ y }}', {'x': [1, {'a': 2.5}], 'y': 'b'})\n"
        "heavy = {'pandas', 'numpy', 'polars', 'matplotlib', 'plotly', 'PIL', 'IPython', 'nest_asyncio2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
