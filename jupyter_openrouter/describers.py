"""How values that everybody has are described: figures, images, files, exceptions, functions, arrays and frames.

Each function takes a value and a budget in tokens, and returns a ``Description``, a text, a part, or several of
those. Nothing is imported for them: a value's type is known by its name.
"""

from __future__ import annotations

import inspect
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import parts, tables
from .errors import InvalidRequestError
from .media import MAX_PART_BYTES, audio_type, image_type, video_type


@dataclass(frozen=True)
class Description:
    """What of a value goes into a prompt.

    Attributes:
        parts: Texts, and parts as ``parts.image`` and its like make them, in order.
        notes: Short sentences that a person should see: what was left out, or masked.
        inline: Whether its text may stand in the middle of a sentence, and so has no fence.
    """

    parts: list[dict[str, Any] | str]
    notes: list[str] = field(default_factory=list)
    inline: bool = False

    @property
    def text(self) -> str:
        """All text of it."""
        return "".join(part for part in self.parts if isinstance(part, str))


Describer = Callable[[Any, int], Any]


def _table(write: Callable[[Any, int], tuple[str, str]]) -> Describer:
    def describer(value: Any, budget: int) -> Description:
        text, left_out = write(value, budget)
        return Description([text], [left_out] if left_out else [])

    return describer


def drawing(value: Any, budget: int) -> Any:
    """A figure of Matplotlib, an image of PIL, or anything else that a notebook shows as a picture."""
    return parts.image(value)


def plotly_figure(value: Any, budget: int) -> Any:
    """A figure of Plotly: as a picture where Plotly can draw one, else in words."""
    try:
        return parts.image(value.to_image(format="png"))
    except Exception as error:  # noqa: BLE001 - which it is depends on what draws, and on what that lacks
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:100]
    lines = ["Plotly figure, in words"]
    title = getattr(getattr(value.layout, "title", None), "text", None)
    if title:
        lines.append(f"title: {title}")
    for axis in ("xaxis", "yaxis"):
        words = getattr(getattr(getattr(value.layout, axis, None), "title", None), "text", None)
        if words:
            lines.append(f"{axis[0]} axis: {words}")
    each = max(budget // max(len(value.data), 1), 20)
    for trace in value.data:
        lines.append(f"{trace.type} {trace.name or ''}".rstrip())
        for name in ("labels", "x", "y", "z", "values"):
            values = getattr(trace, name, None)
            if values is not None:
                chosen = tables.spread(len(values), min(len(values), each // 6 + 1))
                shown = ", ".join(tables.cell(values[position]) for position in chosen)
                some = "" if len(chosen) == len(values) else f" ({len(chosen)} of {len(values):,})"
                lines.append(f"  {name}{some}: {shown}")
    return Description(["\n".join(lines)], [f"sent in words, because it could not be drawn ({reason})"])


def exception(value: BaseException, budget: int) -> str:
    """The traceback, with the causes, as Python prints it."""
    return "".join(traceback.format_exception(value)).rstrip("\n")


def source(value: Any, budget: int) -> Any:
    """The source of a function or a class, where there is one."""
    try:
        return inspect.getsource(value).rstrip("\n")
    except (OSError, TypeError):
        return Description([repr(value)], ["its source is not known, and its name is sent"])


def response(value: Any, budget: int) -> str:
    """The text of an answer."""
    return str(value.text)


def data(value: Any, budget: int) -> Any:
    """Bytes: an image, a PDF file, a sound, a video or a text, by what they begin with."""
    return content(bytes(value), "")


def path(value: os.PathLike[str], budget: int) -> Any:
    """What is in a file: an image, a PDF file, a sound, a video or a text.

    Raises:
        InvalidRequestError: it is not there, cannot be read, is too large, or is of another type.
    """
    where = Path(value).expanduser()
    if where.is_dir():
        return Description([os.fspath(value)], ["is a folder, and its name alone is sent"], inline=True)
    try:
        if (
            where.exists() and not where.is_file()
        ):  # a pipe, on which reading waits for whoever writes into it
            raise InvalidRequestError(
                f"{os.fspath(value)!r} is no file that can be read.", remedy="Give an ordinary file."
            )
        with where.open("rb") as opened:
            found = opened.read(MAX_PART_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidRequestError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InvalidRequestError(
            f"The file {os.fspath(value)!r} cannot be read: {reason}.",
            remedy="Write str(…) around a path that is meant as text.",
        ) from None
    if len(found) > MAX_PART_BYTES:
        raise InvalidRequestError(
            f"The file {os.fspath(value)!r} is larger than {MAX_PART_BYTES // 1024**2} MB.",
            remedy="Give a part of it.",
        )
    return content(found, where.name)


def content(found: bytes, name: str) -> Any:
    """The bytes of a file as a part, or as the text that they are; ``name`` is that of the file, if it has one.

    Raises:
        InvalidRequestError: no model can be sent them.
    """
    if image_type(found):
        return parts.image(found)
    if found.startswith(b"%PDF-"):
        return parts.file(found, filename=name or None)
    kind = audio_type(found)
    # Two bytes alone decide on these, which many another file begins with.
    if kind and (kind not in ("mp3", "aac") or found.startswith(b"ID3") or name.endswith((".mp3", ".aac"))):
        suffix = Path(name).suffix.lower()
        # The two share a mark.
        return parts.video(found) if kind == "m4a" and suffix in (".mp4", ".mov") else parts.audio(found)
    if video_type(found):
        return parts.video(found)
    text = _decoded(found)
    if text is None:
        said = f"The file {name!r} is" if name else f"{len(found):,} bytes are"
        raise InvalidRequestError(
            f"{said} neither text nor a type of file that a model can be sent.",
            remedy="Give an image, a PDF file, a sound, a video or a text.",
        )
    return text


def _decoded(found: bytes) -> str | None:
    encoding = "utf-16" if found[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = found.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


BUILT_IN: dict[str, Describer] = {
    "pandas.DataFrame": _table(tables.pandas_frame),
    "pandas.core.frame.DataFrame": _table(tables.pandas_frame),
    "pandas.Series": _table(tables.pandas_series),
    "pandas.core.series.Series": _table(tables.pandas_series),
    "pandas.Index": _table(tables.pandas_index),
    "pandas.core.indexes.base.Index": _table(tables.pandas_index),
    "polars.dataframe.frame.DataFrame": _table(tables.polars_frame),
    "polars.series.series.Series": _table(tables.polars_series),
    "polars.lazyframe.frame.LazyFrame": _table(tables.polars_lazy),
    "numpy.ndarray": _table(tables.numpy_array),
    "matplotlib.figure.FigureBase": drawing,
    "matplotlib.axes._base._AxesBase": drawing,
    "PIL.Image.Image": drawing,
    "IPython.core.display.Image": drawing,
    "plotly.basedatatypes.BaseFigure": plotly_figure,
    "pathlib.PurePath": path,
    "pathlib._local.PurePath": path,
    "builtins.BaseException": exception,
    "builtins.bytes": data,
    "builtins.bytearray": data,
    "builtins.memoryview": data,
    "builtins.function": source,
    "builtins.method": source,
    "builtins.type": source,
    "jupyter_openrouter.response.Response": response,
}
"""By the full name of the type; the types above a value's own are looked up as well."""
