"""A widget that nobody sees: its state brings the core to a page whose widgets hear no messages.

anywidget waits 2 seconds for the module of a widget; on a page that is slower it drops every later message for
that widget, the one with the core among them. The state of a new widget always comes. Once the core is there, it
makes the others hear again (``js/src/hearing.ts``).
"""

from __future__ import annotations

import anywidget
from traitlets import Bytes, Unicode

from .background import Background

SECONDS = 60.0
"""How long it stays: a slow page has to have made it. Each page that is loaded in that time gets the core, too."""


class Carrier(anywidget.AnyWidget):  # type: ignore[misc]
    """The core as a trait."""

    _esm = Unicode().tag(sync=True)
    _core_id = Unicode().tag(sync=True)
    _core_gz = Bytes().tag(sync=True)


_there: Carrier | None = None


def carry(here: Background, loader: str, ident: str, compressed: bytes) -> None:
    """Brings the core to every page of the kernel, once at a time. To be called on the I/O thread."""
    global _there
    if _there is None:
        _there = Carrier(_esm=loader, _core_id=ident, _core_gz=compressed)
        here.loop.call_later(SECONDS, _drop, _there)
        here.at_stop(_drop_all)


def _drop(gone: Carrier) -> None:
    global _there
    if _there is gone:
        _there = None
        gone.layout.close()
        gone.close()


async def _drop_all() -> None:
    if _there is not None:
        _drop(_there)
