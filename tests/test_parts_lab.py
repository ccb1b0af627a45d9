"""Coloured code and formulas in a real JupyterLab, from the kernel that runs beside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

import pytest
from lab import Lab, Notebook, running_lab, steady

pytestmark = pytest.mark.browser

TEXT = r"""
The sum of $x^2$ and $\frac12$:

$$
\int_0^1 x\,dx = \tfrac12
$$

```python
# a comment
@cache
def hello(name: str, n=42) -> str:
    return f"hello {name} {n}"
```

```kotlin
fun main() { println("Hi ${1 + 2}") }
```
"""
COUNT = """
from jupyter_openrouter.widget import StreamingWidget
sent, plain_send = [], StreamingWidget.send
def send(self, content, buffers=None):
    if content["type"] == "part":
        sent.append(content["part"])
    plain_send(self, content, buffers)
StreamingWidget.send = send
"""
CHAT = """
from jupyter_openrouter import ChatWidget
turns = [{"role": "assistant", "content": open("text.md").read()}]
display(ChatWidget(model="demo/echo", messages=turns))
"""
TEN = CHAT.replace("display", "for _ in range(10):\n    display")  # JupyterLab shows 50 outputs of a cell
# Computes until a file says that it is enough, or for so many seconds.
BURN = """import os, time
end = time.monotonic() + {seconds}
while time.monotonic() < end and not os.path.exists("enough"): pass
print("burnt")"""
PAINTED = (
    "[...CSS.highlights].reduce((sum, [name, set]) => sum + (name.startsWith('jor-') ? set.size : 0), 0)"
)
MATH = "document.querySelectorAll('.jor-math math').length"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("parts-lab")) as running:
        (running.folder / "text.md").write_text(TEXT, "utf-8")
        yield running


def until(notebook: Notebook, true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, notebook.console[-20:]
        notebook.page.wait_for_timeout(20)


def painted(notebook: Notebook) -> int:
    return int(notebook.page.evaluate(PAINTED))


def formulas(notebook: Notebook) -> int:
    return int(notebook.page.evaluate(MATH))


def errors(notebook: Notebook) -> list[str]:
    return [line for line in notebook.console if "blob:" in line or "jupyter_openrouter" in line]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_chat_has_coloured_code_and_formulas_from_the_kernel_alone(lab: Lab, dark: bool) -> None:
    lab.write("chat.ipynb", [CHAT])
    with lab.open("chat.ipynb", dark=dark) as notebook:
        notebook.requests.clear()
        notebook.run_cell(0)
        until(notebook, lambda: painted(notebook) >= 10 and formulas(notebook) == 3)
        until(notebook, lambda: "kotlin" in notebook.output_text(0))
        notebook.shot(f"parts-{'dark' if dark else 'light'}")
        hosts = {urlsplit(url).netloc for url in notebook.requests if url.startswith(("http", "ws"))}
        assert hosts <= {urlsplit(lab.url).netloc}
        assert not [url for url in notebook.requests if "static" in url and "openrouter" in url]
        assert contrasts(notebook) >= 4.5
        assert not errors(notebook)


def contrasts(notebook: Notebook) -> float:
    """The lowest contrast of a colour of code to what is behind it, by the formula of WCAG."""
    pairs = notebook.page.evaluate(
        """() => {
          const paper = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
          const seen = (...colours) => {  // one over the other
            for (const colour of colours) { paper.fillStyle = colour; paper.fillRect(0, 0, 1, 1); }
            return [...paper.getImageData(0, 0, 1, 1).data].slice(0, 3);
          };
          const code = document.querySelector('.jor-code code');
          const behind = [];
          for (let at = code; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
          return [...CSS.highlights.keys()].filter((name) => name.startsWith('jor-')).map((name) =>
            [seen('#fff', ...behind), seen('#fff', ...behind, getComputedStyle(code, `::highlight(${name})`).color)]);
        }"""
    )

    def luminance(colour: list[int]) -> float:
        parts = [c / 255 for c in colour]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert len({tuple(colour) for _, colour in pairs}) >= 5, "the colours are not those of the theme"
    lights = [sorted((luminance(behind), luminance(colour))) for behind, colour in pairs]
    return min((light + 0.05) / (dark + 0.05) for dark, light in lights)


def test_a_live_answer_is_coloured_while_its_cell_runs_and_leaves_nothing_behind(lab: Lab) -> None:
    lab.write("live.ipynb", ["%load_ext jupyter_openrouter", "%%openrouter --model demo/tour\nchat"])
    with lab.open("live.ipynb") as notebook:
        notebook.run_cell(0)
        notebook.start_cell(1)
        until(notebook, lambda: painted(notebook) > 0)
        until(notebook, lambda: formulas(notebook) > 0, 60)
        assert notebook.prompts()[1] == "[*]:"
        notebook.shot("parts-live")
        notebook.wait_done()
        until(notebook, lambda: painted(notebook) == 0)
        assert not errors(notebook)


def test_thirty_chats_share_one_of_each_part(lab: Lab) -> None:
    lab.write("thirty.ipynb", [COUNT, TEN, TEN, TEN, "print(sorted(sent))"])
    with lab.open("thirty.ipynb") as notebook:
        for index in range(4):
            notebook.run_cell(index)
        chats = notebook.page.locator(".jor-chat")
        until(notebook, lambda: chats.count() == 30)
        for at in range(30):  # formulas are set where they are seen
            chats.nth(at).scroll_into_view_if_needed()
            until(notebook, partial(lambda least: formulas(notebook) >= least, 3 * (at + 1)))
        until(notebook, lambda: formulas(notebook) == 90 and painted(notebook) > 0)
        steady(notebook.page, lambda: [painted(notebook), notebook.received])
        notebook.run_cell(4)
        assert notebook.output_text(4) == "['chat', 'colours', 'core', 'languages', 'math']"
        assert not errors(notebook)


def test_a_kernel_that_is_deaf_while_its_cell_runs_gives_the_parts_afterwards(lab: Lab) -> None:
    lab.write("deaf.ipynb", [CHAT + BURN.format(seconds=120), "1 + 1"], "kernel6")
    with lab.open("deaf.ipynb") as notebook:
        notebook.start_cell(0)
        until(notebook, lambda: "def hello" in notebook.output_text(0))
        # The chat first stands without its controls, and is then drawn anew.
        notebook.page.locator(".jor-composer").wait_for()
        until(notebook, lambda: notebook.page.locator(".jor-code").count() == 2)
        until(notebook, lambda: "$x^2$" in notebook.output_text(0))
        assert painted(notebook) + formulas(notebook) == 0
        assert notebook.prompts()[0] == "[*]:"
        (lab.folder / "enough").touch()
        notebook.wait_done()
        until(notebook, lambda: painted(notebook) >= 10 and formulas(notebook) == 3)
        assert not errors(notebook)
