"""The sums of each day in a small file of the user's, which several kernels change at once.

It holds dates and US dollars, and nothing of what was asked. Where it cannot be read or written, the sums are kept
in this process alone, and ``trouble`` says why.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from .file_lock import locked
from .money import exact, from_exact
from .tolerant import mapping, number

_KEPT_DAYS = 31
_LARGEST_BYTES = 1 << 20
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def usual_path() -> Path:
    """Where the file is: in the user's data directory, or in the one that ``JUPYTER_OPENROUTER_DATA`` names."""
    if folder := os.environ.get("JUPYTER_OPENROUTER_DATA", "").strip():
        return Path(folder) / "spent.json"
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "jupyter_openrouter" / "spent.json"


@dataclass
class Day:
    """One day, in picodollars (``money.exact``).

    Attributes:
        spent: By answers whose cost is known.
        held: For answers that run, or whose cost is unknown; by the name of each.
    """

    spent: int = 0
    held: dict[str, int] = field(default_factory=dict)


@dataclass
class Sheet:
    """What the file holds.

    Attributes:
        limit: The cap of a day in picodollars, or None.
        days: By date, ``YYYY-MM-DD``.
    """

    limit: int | None = None
    days: dict[str, Day] = field(default_factory=dict)

    def day(self, date: str) -> Day:
        """One day, begun if it is new; the oldest ones are forgotten."""
        found = self.days.setdefault(date, Day())
        for old in sorted(self.days)[:-_KEPT_DAYS]:
            if old != date:
                del self.days[old]
        return found

    @classmethod
    def read(cls, text: str) -> Sheet:
        """Reads the file's text; what is not as it should be is left out.

        Raises:
            ValueError, RecursionError: it is no JSON.

        >>> Sheet.read('{"days": {"2026-01-02": {"spent": 0.5, "held": {"a": "x"}}}}').days["2026-01-02"]
        Day(spent=500000000000, held={})
        """
        raw = mapping(json.loads(text))
        limit = number(raw.get("limit"), 0)
        sheet = cls(limit=None if limit is None else exact(limit))
        for date, day in mapping(raw.get("days")).items():
            if not _DATE.fullmatch(date):
                continue
            held = {name: number(value, 0) for name, value in mapping(mapping(day).get("held")).items()}
            sheet.days[date] = Day(
                exact(number(mapping(day).get("spent"), 0) or 0.0),
                {name: exact(value) for name, value in held.items() if value},
            )
        return sheet

    def written(self) -> str:
        """The file's text."""
        days = {
            date: {
                "spent": from_exact(day.spent),
                "held": {name: from_exact(amount) for name, amount in day.held.items()},
            }
            for date, day in sorted(self.days.items())
        }
        limit = None if self.limit is None else from_exact(self.limit)
        return json.dumps({"version": 1, "unit": "US dollars", "limit": limit, "days": days}, indent=1)


class DayFile:
    """The file, and what is known without it.

    Attributes:
        trouble: Why the file is not used, or "".
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._sheet = Sheet()
        self._seen: tuple[int, int, int] | None = None
        self.trouble = ""

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path or usual_path()

    def look(self) -> Sheet:
        """What the file holds now; it is read again only when it has changed. Not to be changed."""
        try:
            status = self.path.stat()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
            if seen != self._seen and not self.trouble:
                self._read()
                self._seen = seen
        except FileNotFoundError:
            pass
        except (OSError, RuntimeError) as error:
            self.trouble = _reason(error)
        return self._sheet

    @contextmanager
    def changed(self) -> Iterator[Sheet]:
        """The sheet, to be changed in the block; written at its end, unless it raises.

        Other processes wait meanwhile, for at most 5 seconds. It is replaced as a whole, so that nobody reads
        half of it, and only its owner may read it. After the first trouble it is left alone: what others have
        written meanwhile must not be lost.
        """
        if self.trouble:
            yield self._sheet
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except (OSError, RuntimeError) as error:  # RuntimeError: there is no home directory
            self.trouble = _reason(error)
            yield self._sheet
            return
        try:
            try:
                locked(lock)
                self._read()
            except FileNotFoundError:
                pass
            except OSError as error:
                self.trouble = _reason(error)
            before = self._sheet.written()
            yield self._sheet
            after = self._sheet.written()
            if after != before and not self.trouble:
                self._write(after)
        finally:
            os.close(lock)

    def _read(self) -> None:
        with self.path.open("rb") as file:
            text = file.read(_LARGEST_BYTES).decode("utf-8", "replace")
        # What somebody has broken by hand is written anew, with what this process knows.
        with suppress(ValueError, RecursionError):
            self._sheet = Sheet.read(text)

    def _write(self, text: str) -> None:
        import tempfile

        try:
            descriptor, name = tempfile.mkstemp(prefix="spent-", dir=self.path.parent)  # of mode 0600
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(text + "\n")
                os.replace(name, self.path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(name)
                raise
        except OSError as error:
            self.trouble = _reason(error)


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
