"""Runs an awaitable to its end on the notebook's own loop, also while that loop is running the cell."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from typing import Any

from .errors import InvalidRequestError


def run_here(awaitable: Awaitable[Any]) -> Any:
    """The result of an awaitable: a coroutine, a task of an earlier cell, a future.

    It runs on the caller's thread, on the loop that awaits in other cells. When that loop is running already, as
    it is in a kernel, nest-asyncio2 is applied to it, once and for good; never when this module is imported.
    An interrupt cancels what runs, and stays an interrupt.

    Raises:
        InvalidRequestError: the loop is of a kind that cannot be entered a second time (uvloop).
    """
    loop = _loop()
    if loop is None:
        return asyncio.run(_result(awaitable))
    if loop.is_running():
        _allow_nesting(loop)
    task = asyncio.ensure_future(awaitable, loop=loop)
    try:
        return loop.run_until_complete(task)
    except BaseException:
        # Whatever ended the wait, nothing of this cell runs on behind the next one.
        task.cancel()
        raise


async def _result(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass
    if "IPython" in sys.modules:
        # The one on which a terminal's awaits run: what earlier cells made belongs to it.
        from IPython.core.async_helpers import get_asyncio_loop

        return get_asyncio_loop()  # type: ignore[no-any-return]
    return None


def _allow_nesting(loop: asyncio.AbstractEventLoop) -> None:
    import nest_asyncio2

    try:
        nest_asyncio2.apply(loop)
    except ValueError:
        raise InvalidRequestError(
            f"An await in a prompt cannot run on this kernel's loop ({type(loop).__module__}).",
            remedy="Await it in a cell of its own, and write the name of the result in the prompt.",
        ) from None
