"""Writes what stands beside an answer's text for a saved notebook: images, tool calls and sources, all inert."""

from __future__ import annotations

import json
from typing import Any

from .chunks import Growing
from .extras import Beside, Images
from .inert_text import coded, safe_url
from .plain_text import plain
from .safe_markdown import escape

MAX_SAVED_BYTES = 16 << 20
"""Of all images of one answer; what is above is named and left out."""
MAX_ARGUMENTS = 10_000
"""Characters of one call's arguments; the provenance has them whole."""


def beside_text(response: Growing, model: str, *, room: int = MAX_SAVED_BYTES) -> tuple[str, str]:
    """Images, tool calls and sources as Markdown and as plain text; both empty where there are none.

    Args:
        response: A settled answer.
        model: Who made the images.
        room: Bytes of all images; what is above is named and left out.
    """
    images = Images()
    now = Beside(response, images).now()
    rich, poor = [], []
    for made in now.get("images", []):
        message = images.message(made.get("id"))
        poor.append(f"[{_named(made)}]")
        if message is not None and (room := room - made["bytes"]) >= 0:
            # Checked to be base64 of one of four types: nothing in it can end the address.
            address = f"data:{made['mime']};base64,{message['data']}"
            rich.append(f"![image made by {escape(model)}]({address})")
        else:
            target = safe_url(made.get("url", ""))
            rich.append(f"[image]({target})" if target else f"({escape(_named(made))})")
    for call in now.get("tool_calls", []):
        name = plain(call["name"]) or "a tool"
        arguments = readable(call["arguments"])
        if len(arguments) > MAX_ARGUMENTS:
            arguments = arguments[:MAX_ARGUMENTS] + "…"
        summary = f"<summary>called <code>{coded(name)}</code></summary>"
        rich.append(f"<details>{summary}<pre><code>{coded(plain(arguments))}</code></pre></details>")
        poor.append(f"called {name}: {plain(arguments)}")
    if cited := now.get("citations"):
        rich.append("**Sources**")
        rich.append("\n".join(f"{at}. {_source(one)}" for at, one in enumerate(cited, 1)))
        lines = [f"{at}. {plain(one['title'])} {plain(one['url'])}" for at, one in enumerate(cited, 1)]
        poor.append("\n".join(["Sources:", *lines]))
    return "\n\n".join(rich), "\n\n".join(poor)


def images_of(response: Growing) -> list[dict[str, Any]] | None:
    """Type, size and id of each image, or its address, for the provenance; None where there are none."""
    return Beside(response).now().get("images")


def readable(written: str) -> str:
    """JSON on lines of its own; anything else as it stands.

    >>> readable('{"a":1}'), readable("not JSON")
    ('{\\n  "a": 1\\n}', 'not JSON')
    """
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        return written
    return json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, (dict, list)) else written


def _named(made: dict[str, Any]) -> str:
    if "id" in made:
        return f"image: {made['mime']}, {max(1, round(made['bytes'] / 1000))} kB"
    return f"image: {made.get('url') or made['note']}"


def _source(cited: dict[str, str]) -> str:
    title = escape(cited["title"] or cited["url"])
    target = safe_url(cited["url"])
    return f"[{title}]({target})" if target else title
