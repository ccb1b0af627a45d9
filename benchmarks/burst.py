"""10,000 deltas as fast as they come, behind a default Jupyter server: how many messages, and whether text is lost.

A default server drops what comes above 1,000 messages a second over 3 s, the last ones included.
"""

from __future__ import annotations

import ast
import statistics
from dataclasses import dataclass
from typing import Any

from . import provider
from .notebook_server import Browser, Message, running
from .report import Aim, Section, size

COUNT = 10_000
ANSWERS = 12
CHATS = f"""
from jupyter_openrouter import ChatWidget
chats = [ChatWidget(model="{provider.BURST}") for _ in range({ANSWERS})]
print([chat.comm.comm_id for chat in chats])
"""
CHATLAS = f"""
import os
from chatlas import ChatOpenRouter
chat = ChatOpenRouter(model="{provider.BURST}", base_url=os.environ["OPENROUTER_BASE_URL"], api_key="none")
_ = chat.chat("{{count}}")
"""


@dataclass
class Found:
    """What reached the browser, summed over all answers; lost characters as shown at the end."""

    messages: int
    size: int
    busiest: int
    deltas_lost: int
    lost: int
    seconds: float


def assembled(messages: list[Message], comm: str) -> tuple[str, int]:
    """The text that the browser holds just before the answer settles, and the characters of it that are missing."""
    text, missing = "", 0
    for message in messages:
        if message.kind != "comm_msg" or message.content["comm_id"] != comm:
            continue
        data = message.content["data"]
        said = data["content"] if data["method"] == "custom" else {}
        if said.get("type") == "delta":
            gap = max(0, said["offset"] - len(text))
            missing += gap
            text = text[: said["offset"]] + "?" * gap + said["text"]
        elif said.get("type") == "snapshot":
            text, missing = said["text"], 0
    return text, missing


def _lost(text: str, wanted: str) -> int:
    return 0 if text == wanted else max(1, len(wanted) - len(text))


def _saved_text(bundle: dict[str, str]) -> str:
    """The numbers of a saved answer, without its footer."""
    return bundle["text/markdown"].partition("<small>")[0].strip()
