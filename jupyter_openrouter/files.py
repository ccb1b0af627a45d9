"""Reads a file that anybody may have written, and writes a file, or more of one, whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import FileError
from .file_lock import locked

LARGEST = 256 << 20  # bytes
_MOST_DIGITS = 1000

Pathlike = str | os.PathLike[str]


def read_json(path: Pathlike, *, what: str) -> Any:
    """The JSON value in a file.

    Args:
        path: A regular file of at most 256 MB.
        what: What it should be, such as "notebook"; for the error.

    Raises:
        FileError: it cannot be read, or is no JSON.
    """
    place = Path(path).expanduser()
    data = read_bytes(place, what=what)
    try:
        return json.loads(data.decode("utf-8-sig"), parse_int=_int)
    except RecursionError:
        reason = "it is nested too deep"
    except UnicodeDecodeError:
        reason = "it is no UTF-8 text"
    except json.JSONDecodeError as error:
        reason = f"{error.msg} at line {error.lineno}, column {error.colno}"
    raise FileError(f"{place} is no {what}: {reason}.", remedy=f"Give the file of a {what}.")


def read_bytes(path: Pathlike, *, what: str) -> bytes:
    """What a file holds; see ``read_json``."""
    place = Path(path).expanduser()
    try:
        if place.exists() and not place.is_file():
            raise FileError(f"{place} is no file.", remedy=f"Give the file of a {what}.")
        with place.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{place} cannot be read: {reason}.") from None
    if len(data) > LARGEST:
        raise FileError(f"{place} is larger than {LARGEST >> 20} MB.", remedy=f"Give the file of a {what}.")
    return data


def _int(digits: str) -> int | float:
    # Python refuses to read a number of very many digits; the rest of the file is not to be lost for that.
    return int(digits) if len(digits) < _MOST_DIGITS else float(digits)


def write_whole(path: Pathlike, text: str) -> Path:
    """Writes a text file, and gives its path; a reader finds the old content or the new one, never a part.

    Raises:
        FileError: it cannot be written; what was there before is unchanged.
    """
    place = Path(path).expanduser()
    if place.is_symlink():
        place = place.resolve()  # the file that it leads to is replaced, not the link
    beside = place.with_name(f".{place.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        if place.exists() and not place.is_file():
            raise FileError(f"{place} is no file.", remedy="Choose another name.")
        try:
            with beside.open("x", encoding="utf-8", errors="replace", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if place.exists():
                shutil.copymode(place, beside)
            beside.replace(place)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{place} cannot be written: {reason}.", remedy="Choose another place.") from None
    return place


def append_whole(path: Pathlike, text: str, *, first: str = "") -> Path:
    """Adds a text at the end of a file, and gives its path; all of it or nothing, whoever else adds to it.

    Args:
        first: What a file that is new or empty begins with.

    Raises:
        FileError: it cannot be written; the file is as it was.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "a.txt"
    >>> append_whole(append_whole(place, "one\\n", first="#\\n"), "two\\n", first="#\\n").read_text()
    '#\\none\\ntwo\\n'
    """
    place = Path(path).expanduser()
    try:
        if place.exists() and not place.is_file():
            raise FileError(f"{place} is no file.", remedy="Choose another name.")
        with place.open("ab", buffering=0) as file:
            locked(file.fileno())
            before = file.seek(0, os.SEEK_END)
            left = memoryview((("" if before else first) + text).encode("utf-8", "replace"))
            try:
                while left:
                    left = left[file.write(left) :]
            except BaseException:
                file.truncate(before)
                raise
    except (OSError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{place} cannot be written: {reason}.", remedy="Choose another place.") from None
    return place
