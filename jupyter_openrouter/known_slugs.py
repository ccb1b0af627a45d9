"""The model slugs that completion offers: those of the demo at once, the catalogue's once it has come.

Nobody waits for the network at a key press: the catalogue is fetched on the I/O thread, at most once at a time, and
kept. What could not be fetched is asked for again after a minute, when somebody presses the key again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from . import meant
from .background import background
from .errors import OpenRouterError

_FRESH = 3600.0  # seconds
_AGAIN = 60.0
_PATIENCE = 0.12


class KnownSlugs:
    """The slugs, and when they were asked for.

    Args:
        fetch: Gives the slugs of the catalogue; awaited on the I/O loop.
        clock: Seconds that only grow; for tests.
    """

    def __init__(self, fetch: Callable[[], object], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._slugs: tuple[str, ...] = ()
        self._next = 0.0

    def now(self) -> tuple[str, ...]:
        """What is known now; where nothing is, the catalogue has a moment (0.12 s) to come."""
        with self._lock:
            due = self._clock() >= self._next
            if due:
                self._next = self._clock() + _AGAIN
        if due:
            job = background().submit(self._refresh())
            if not self._slugs:
                job.wait(_PATIENCE)
        return (*_demo(), *self._slugs)

    def at_hand(self) -> tuple[str, ...]:
        """What is known now; nobody is asked for more."""
        return (*_demo(), *self._slugs)

    async def _refresh(self) -> None:
        try:
            found = await self._fetch()  # type: ignore[misc]
        except Exception:  # noqa: BLE001 - completion says nothing; the cell itself will say what is wrong
            return
        self._slugs = tuple(found)
        self._next = self._clock() + _FRESH


def _demo() -> tuple[str, ...]:
    from .demo.models import MODELS

    return tuple(MODELS)


async def _catalog() -> list[str]:
    from .open_catalog import catalog_for

    catalog = await catalog_for(with_key=False)
    return [
        model.slug for model in await catalog.models() if model.slug.isprintable() and " " not in model.slug
    ]


known_slugs = KnownSlugs(_catalog)
"""Those of this process."""


def with_near(error: OpenRouterError, slug: str, known: KnownSlugs = known_slugs) -> OpenRouterError:
    """The same error, whose remedy begins with the slug that was probably meant, where such a one is at hand."""
    near = meant.near_slug(slug, known.at_hand())
    if near is not None and near not in error.remedy:
        error.remedy = f"Did you mean {near}? {error.remedy}".strip()
    return error
