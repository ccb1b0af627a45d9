"""Takes the moving picture of the README in a real JupyterLab: an answer grows and is stopped, and the queue goes on.

`python scripts/moving_picture.py` writes docs/images/quickstart.gif. Each frame is a screenshot, shown for as long as
it stood on the page. It is not taken again by a build or a test: look at it before it is committed.
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageChops

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from lab import Notebook, running_lab  # noqa: E402 - beside the tests

TO = ROOT / "docs" / "images" / "quickstart.gif"
CELLS = [
    "%load_ext jupyter_openrouter",
    "%%openrouter --model demo/tour --out tour\nWhat can you do?",
    "tour.state, len(tour.text)",
]
WIDTH, HEIGHT = 860, 740
COLOURS = 96
APART = 0.07  # seconds between two frames, at least
MOST_BYTES = 400_000
PLAYS = 3
RATE = 28  # tokens a second
REST = 2.5  # seconds that the last frame stands


class Frame(NamedTuple):
    """A screenshot, and when it was taken, in seconds."""

    image: Image.Image
    at: float


class Camera:
    """Keeps what a page shows, as often as it is painted."""

    def __init__(self, notebook: Notebook) -> None:
        self._page = notebook.page
        self._session = notebook.page.context.new_cdp_session(notebook.page)
        self._taken: list[tuple[str, float]] = []
        self._session.on("Page.screencastFrame", self._take)

    def _take(self, frame: dict[str, Any]) -> None:
        self._taken.append((frame["data"], frame["metadata"]["timestamp"]))
        self._session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    def start(self) -> None:
        """Begins to take."""
        self._session.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})

    def until(self, there: Callable[[], bool], *, at_most: float = 60) -> None:
        """Takes until something is there."""
        end = time.monotonic() + at_most
        while not there():
            if time.monotonic() > end:
                raise RuntimeError("It did not come.")
            self._page.wait_for_timeout(50)

    def stop(self) -> list[Frame]:
        """Takes no more, and gives what was taken."""
        self._session.send("Page.stopScreencast")
        return [
            Frame(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), at)
            for data, at in self._taken
        ]


def _configure(folder: Path) -> None:
    """A pace at which the text can be read."""
    profile = folder / ".ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text(
        f"c.OpenRouterMagics.param = {{'demo': {{'rate': {RATE}}}}}\n", "utf-8"
    )


def shoot(notebook: Notebook) -> list[Frame]:
    """The pictures of one run."""
    page = notebook.page

    def says(words: str, index: int = 1) -> Callable[[], bool]:
        return lambda: words in notebook.output_text(index)

    page.mouse.move(0, 0)
    notebook.run_cell(0)
    camera = Camera(notebook)
    camera.start()
    page.wait_for_timeout(700)  # that the first frame stands
    notebook.start_cell(1)
    notebook.start_cell(2)
    camera.until(says("Ask from a cell"))
    stop = page.get_by_role("button", name="Stop").first
    stop.hover()
    page.wait_for_timeout(300)  # that the pointer is seen
    stop.click()
    camera.until(says("stopped", 2))
    page.mouse.move(0, 0)
    camera.until(lambda: "stopped" in notebook.output_text(1) and "unknown" not in notebook.output_text(1))
    page.locator(".jp-CodeCell").nth(2).scroll_into_view_if_needed()
    page.wait_for_timeout(700)  # for the last frame
    return camera.stop()


def written(frames: list[Frame], path: Path) -> int:
    """Writes them as one GIF, without those that differ in nothing or come too close; returns its bytes."""
    kept = [frames[0]]
    for frame, following in zip(frames[1:], [*frames[2:], None], strict=True):
        soon = following is not None and following.at - kept[-1].at < APART
        if not soon and ImageChops.difference(frame.image, kept[-1].image).getbbox():
            kept.append(frame)
    palette = _palette([frame.image for frame in kept])
    images = [frame.image.quantize(palette=palette, dither=Image.Dither.NONE) for frame in kept]
    ends = [frame.at for frame in kept[1:]] + [kept[-1].at + REST]
    lasts = [max(20, round((end - frame.at) * 100) * 10) for frame, end in zip(kept, ends, strict=True)]
    images[0].save(
        path,
        save_all=True,
        append_images=images[1:],
        duration=lasts,
        loop=PLAYS - 1,
        optimize=True,
        disposal=1,
    )
    size = path.stat().st_size
    print(f"{len(kept)} frames, {sum(lasts) / 1000:.1f} s, {size:,} bytes, {images[0].size}")
    return size


def _palette(images: list[Image.Image]) -> Image.Image:
    """The colours that most of the pictures are made of: a page has few, and its greys must stay grey."""
    counts: Counter[tuple[int, int, int]] = Counter()
    for image in images[:: max(1, len(images) // 12)]:
        counts.update({colour: count for count, colour in image.getcolors(image.width * image.height) or ()})
    ordered = [colour for colour, _ in counts.most_common()]
    bright = [colour for colour in ordered if max(colour) - min(colour) > 60]  # few pixels: a dot, a button
    colours = list(dict.fromkeys([*ordered[:COLOURS], *bright[: COLOURS // 3]]))
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in colours for part in colour])
    return palette


def main() -> int:
    """Takes it; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab:
        _configure(Path(folder))
        lab.write("quickstart.ipynb", CELLS)
        with lab.open("quickstart.ipynb", width=WIDTH, height=HEIGHT) as notebook:
            notebook.command("application:toggle-left-area")
            notebook.command("apputils:change-theme", theme="JupyterLab Light")
            notebook.page.wait_for_selector("body[data-jp-theme-light=true]", state="attached")
            frames = shoot(notebook)
    return int(written(frames, TO) > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
