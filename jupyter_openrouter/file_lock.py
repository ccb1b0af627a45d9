"""The lock of a file that several processes change at once: waited for, for a while, on every system."""

from __future__ import annotations

import os
import sys
import time

_SECONDS = 5.0


def locked(descriptor: int) -> None:
    """Waits for the lock; it ends when the descriptor is closed.

    Raises:
        OSError: it cannot be had, or not in time. Going on without it would lose what others write.
    """
    end = time.monotonic() + _SECONDS
    while True:
        try:
            _acquire(descriptor)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise TimeoutError(0, "another kernel does not let go of it") from None
            time.sleep(0.002)


if sys.platform == "win32":
    import msvcrt

    def _acquire(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:  # which is how Windows says that it is held
            raise BlockingIOError from error

else:
    import fcntl

    def _acquire(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
