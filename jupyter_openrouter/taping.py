"""What is recorded into a file or answered out of one: by an argument, the environment, or a command for all cells."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import InvalidRequestError

if TYPE_CHECKING:
    from .files import Pathlike
    from .player import Replay

VARIABLE = "JUPYTER_OPENROUTER_REPLAY"
"""The environment variable that names a recording; with it nothing of this process is asked of the service."""


class Tape(NamedTuple):
    """Where to record, or what to replay; at most one of them."""

    record: Path | None = None
    replay: Replay | None = None


class Taping:
    """The choice for a session. It may be used from any thread.

    Args:
        environment: That of the process, but for tests.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._session = Tape()
        self._from_environment: Replay | None = None
        self._lock = threading.Lock()

    @property
    def forced(self) -> Replay | None:
        """The recording that the environment names, played at once and by all as one; None where it names none.

        Raises:
            FileError: it is no recording.
        """
        name = self._environment.get(VARIABLE, "").strip()
        if not name:
            return None
        with self._lock:
            found = self._from_environment
            if found is None or found.path != Path(name).expanduser().absolute():
                found = self._from_environment = _replay(name, "now")
            return found

    @property
    def session(self) -> Tape:
        """What holds where a call says nothing."""
        if self._session.replay is None and (forced := self.forced) is not None:
            return Tape(replay=forced)
        return self._session

    def record(self, path: Pathlike | None) -> None:
        """Records from now on, or no longer; a replay that was chosen ends.

        Raises:
            FileError: it cannot be recorded there.
        """
        self._session = Tape(record=None if path is None else _place(path))

    def replay(self, replay: Replay | None) -> None:
        """Replays from now on, or no longer; what was recorded is recorded no longer."""
        self._session = Tape(replay=replay)

    def replays(self, *, record: Pathlike | None = None, replay: Pathlike | Replay | None = None) -> bool:
        """Whether a call of the session that says this is answered out of a recording; see ``tape``."""
        if replay is not None or self.forced is not None:
            return True
        return record is None and self._session.replay is not None

    def tape(
        self,
        *,
        record: Pathlike | None = None,
        replay: Pathlike | Replay | None = None,
        pace: Any = "original",
        session: bool = False,
    ) -> Tape:
        """What holds for a call or a client that says this.

        A replay that is named comes first, then that of the environment, so that nothing is asked of the service
        where it is set; then what is to be recorded.

        Args:
            record: The file to record into.
            replay: A recording; one that is being played goes on where it is.
            pace: Of a replay; see ``player.Pace``.
            session: Whether the session's choice holds where nothing is said.

        Raises:
            FileError: a file is not what it should be.
            InvalidRequestError: both are given.
        """
        if record is not None and replay is not None:
            raise InvalidRequestError(
                "An answer cannot be recorded and replayed at once.", remedy="Leave out one of them."
            )
        if replay is not None:
            return Tape(replay=_replay(replay, pace) if isinstance(replay, (str, os.PathLike)) else replay)
        forced = self.forced
        if record is not None and forced is None:
            return Tape(record=_place(record))
        return self.session if session else Tape(replay=forced)


# A session without a recording imports none of what makes and reads one.


def _replay(path: Pathlike, pace: Any) -> Replay:
    from .player import Replay

    return Replay(path, pace=pace)


def _place(path: Pathlike) -> Path:
    from .recorder import place_for

    return place_for(path)


taping = Taping()
"""That of this process."""
