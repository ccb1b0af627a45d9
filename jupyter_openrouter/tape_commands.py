"""The commands that record the answers of a session into a file, and that answer out of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .command_list import usage_error
from .notices import Said
from .player import Pace, Replay
from .taping import VARIABLE, Taping, taping


def record(words: Sequence[str], *, taping: Taping = taping) -> Said:
    """Records from now on, or no longer; alone, says how things stand."""
    if len(words) > 1:
        raise usage_error("record", "it takes one file, or off")
    if not words:
        return Said(standing(taping) or "Nothing is recorded or replayed.")
    if words[0] == "off":
        taping.record(None)
        return Said(standing(taping) or "Nothing is recorded any more.")
    taping.record(words[0])
    if taping.session.record is None:
        return Said(f"Nothing is recorded: {standing(taping)}")
    return Said(f"Recording: answers go into {words[0]} as they come, without keys.")


def replay(words: Sequence[str], *, taping: Taping = taping) -> Said:
    """Replays from now on, from the beginning of the file, or no longer; alone, says how things stand."""
    words, pace = _paced(list(words))
    if len(words) > 1:
        raise usage_error("replay", "it takes one file, or off")
    if not words:
        return Said(standing(taping) or "Nothing is recorded or replayed.")
    if words[0] == "off":
        taping.replay(None)
        return Said(standing(taping) or "The service answers again.")
    found = Replay(words[0], pace=pace)
    taping.replay(found)
    return Said(f"Replaying: {_count(found)} of {words[0]} answer, {_how(found.pace)}; nothing is sent.")


def standing(taping: Taping = taping) -> str:
    """What is recorded or replayed in this session, in one sentence; "" for nothing."""
    tape = taping.session
    if tape.record is not None:
        return f"Recording into {tape.record.name}."
    if tape.replay is None:
        return ""
    by = f", as {VARIABLE} says" if tape.replay is taping.forced else ""
    return f"Replaying {_count(tape.replay)} of {tape.replay.path.name}, {_how(tape.replay.pace)}{by}."


def _paced(words: list[str]) -> tuple[list[str], str]:
    pace = "original"
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == "--pace":
            if not equals and at + 1 == len(words):
                raise usage_error("replay", "--pace needs a value")
            pace = value if equals else words[at + 1]
            return words[:at] + words[at + (1 if equals else 2) :], pace
    return words, pace


def _count(replay: Replay) -> str:
    count = len(replay.exchanges)
    return f"{count} exchange{'' if count == 1 else 's'}"


def _how(pace: Pace) -> str:
    if isinstance(pace, float):
        return f"at {pace:g} chunks a second"
    return "at once" if pace == "now" else "at their own pace"


TAPE_COMMANDS: dict[str, Callable[[Sequence[str]], Any]] = {"record": record, "replay": replay}
