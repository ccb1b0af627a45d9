"""What a person sees and does in a real JupyterLab."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab, Notebook, running_lab, steady
from payloads import PAYLOADS

pytestmark = pytest.mark.browser

MIMES = {"text/markdown", "text/plain", "application/vnd.jupyter-openrouter.v1+json"}
LOAD = "%load_ext jupyter_openrouter"
CHAT = "from jupyter_openrouter import ChatWidget\nchat = ChatWidget(model='demo/slow')\nchat"
# Computes until a file says that it is enough, or for so many seconds.
BURN = """import os, time
end = time.monotonic() + {seconds}
while time.monotonic() < end and not os.path.exists("enough"): pass
print("burnt")"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


def until(notebook: Notebook, true: object, seconds: float = 20) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, notebook.console[-20:]
        notebook.page.wait_for_timeout(20)


def errors(notebook: Notebook) -> list[str]:
    """What went wrong in our code, which the page has from blob URLs; the front ends have errors of their own."""
    return [line for line in notebook.console if "blob:" in line or "jupyter_openrouter" in line]


@pytest.mark.parametrize("which", ["python3", "kernel6"])
def test_the_answer_grows_stop_ends_it_and_the_queued_cell_runs(lab: Lab, which: str) -> None:
    name = f"grow-{which}.ipynb"
    lab.write(
        name,
        [LOAD, "%%openrouter --model demo/tour --out x\ngo", "print('next', x.state, len(x.text))"],
        which,
    )
    with lab.open(name) as notebook:
        notebook.start_all()
        lengths: set[int] = set()
        until(notebook, lambda: lengths.add(len(notebook.output_text(1))) or len(lengths) >= 8)
        until(notebook, lambda: "Ask from a cell" in notebook.output_text(1))
        assert notebook.output(1).locator("h1, h2").count() >= 2, "Markdown is shown while it arrives"
        assert notebook.prompts()[1] == "[*]:"
        notebook.page.get_by_role("button", name="Stop").click()
        notebook.wait_done()
        until(notebook, lambda: "stopped" in notebook.output_text(1))
        assert "Ask from a cell" in notebook.output_text(1)
        assert notebook.output_text(2).startswith("next stopped ")
        assert notebook.page.get_by_role("button", name="Stop").count() == 0
        saved = notebook.save()
        assert [set(output.data) for output in saved.cells[1].outputs] == [MIMES]
        assert "widgets" not in saved.metadata
        assert not errors(notebook)


def test_stop_ends_the_answer_in_order_in_notebook_7(lab: Lab) -> None:
    lab.write("seven.ipynb", [LOAD, "%%openrouter --model demo/slow --out x\ngo", "print('next', x.state)"])
    with lab.open("seven.ipynb", application="notebooks") as notebook:
        notebook.start_all()
        until(notebook, lambda: "This is a long story" in notebook.output_text(1))
        notebook.page.get_by_role("button", name="Stop").click()
        notebook.wait_done()
        until(notebook, lambda: "stopped" in notebook.output_text(1))
        assert notebook.output_text(2) == "next stopped"
        assert not errors(notebook)


def test_stop_is_heard_while_another_cell_computes_also_after_a_trait_was_set(lab: Lab) -> None:
    burn = BURN.format(seconds=120)
    lab.write(
        "busy.ipynb", [LOAD, CHAT, "chat.system = 'be brief'", burn, "print(chat.state, len(chat.message))"]
    )
    with lab.open("busy.ipynb") as notebook:
        for index in range(3):
            notebook.run_cell(index)
        page = notebook.page
        page.locator(".jor-root textarea.jor-box").fill("tell me a story")
        page.keyboard.press("Enter")
        chat = lambda: notebook.output_text(1)  # noqa: E731
        until(notebook, lambda: len(chat()) > 120)
        notebook.start_cell(3)
        until(notebook, lambda: notebook.prompts()[3] == "[*]:")
        before = len(chat())
        until(notebook, lambda: len(chat()) > before + 20)
        assert notebook.prompts()[3] == "[*]:"
        start = time.monotonic()
        page.get_by_role("button", name="Stop").click()
        until(notebook, lambda: "stopped" in chat() and page.get_by_role("button", name="Send").count() == 1)
        print(f"Stop was shown after {1000 * (time.monotonic() - start):.0f} ms")
        assert notebook.prompts()[3] == "[*]:", "Stop was heard only after the other cell had ended"
        enough = lab.folder / "enough"
        enough.touch()
        notebook.wait_done()
        enough.unlink()
        assert notebook.output_text(3) == "burnt"
        notebook.run_cell(4)
        assert notebook.output_text(4).startswith("stopped ")
        assert not errors(notebook)


DEAF = "from jupyter_openrouter.kernel_channel import KernelChannel\nKernelChannel._hear_control = lambda self: None"


def test_where_stop_is_not_heard_the_page_interrupts_our_own_cell_and_never_another(lab: Lab) -> None:
    burn = BURN.format(seconds=3)
    cells = [
        LOAD,
        DEAF,
        "%%openrouter --model demo/slow --out x\ngo",
        CHAT,
        burn,
        "print(x.state, chat.state)",
    ]
    lab.write("deaf.ipynb", cells, "kernel6")
    with lab.open("deaf.ipynb") as notebook:
        page = notebook.page
        notebook.start_all()
        until(notebook, lambda: "This is a long story" in notebook.output_text(2))
        page.get_by_role("button", name="Stop").click()
        notebook.wait_done()
        until(notebook, lambda: "KeyboardInterrupt" in notebook.output_text(2))
        until(notebook, lambda: "This is a long story" in notebook.output_text(2))  # the saved form
        notebook.run_cell(3)
        page.locator(".jor-root textarea.jor-box").fill("tell me a story")
        page.keyboard.press("Enter")
        until(notebook, lambda: "This is a long story" in notebook.output_text(3))
        notebook.start_cell(4)
        until(notebook, lambda: notebook.prompts()[4] == "[*]:")
        page.get_by_role("button", name="Stop").click()
        notebook.wait_done()
        assert notebook.output_text(4) == "burnt", "somebody else's cell was interrupted"
        until(notebook, lambda: "stopped" in notebook.output_text(3))
        notebook.run_cell(5)
        assert notebook.output_text(5) == "stopped stopped"
        assert not errors(notebook)


def test_a_kernel_interrupt_keeps_the_text_and_shows_one_line(lab: Lab) -> None:
    lab.write("interrupt.ipynb", [LOAD, "%%openrouter --model demo/slow\ngo", "1 + 1"])
    with lab.open("interrupt.ipynb") as notebook:
        notebook.start_all()
        until(notebook, lambda: len(notebook.output_text(1)) > 80)
        notebook.command("notebook:interrupt-kernel")
        notebook.wait_done()
        until(notebook, lambda: "KeyboardInterrupt" in notebook.output_text(1))
        assert "stopped" in notebook.output_text(1)
        assert "Traceback" not in notebook.output_text(1)
        notebook.run_cell(2)
        assert notebook.output_text(2).endswith("2")


def test_an_error_shows_the_text_and_what_to_do(lab: Lab) -> None:
    lab.write(
        "error.ipynb",
        [LOAD, "%%openrouter --model demo/faulty\ncut", "%%openrouter --model demo/faulty\n429"],
    )
    with lab.open("error.ipynb") as notebook:
        notebook.run_all()
        until(notebook, lambda: "began well" in notebook.output_text(1))
        shown = notebook.output_text(1)
        assert "CutError: The answer was cut off" in shown
        assert "Traceback" not in shown


def test_a_reloaded_page_shows_the_running_chat_whole(lab: Lab) -> None:
    lab.write("reload.ipynb", [LOAD, CHAT, "print(chat.message)"])
    with lab.open("reload.ipynb") as notebook:
        notebook.run_all()
        page = notebook.page
        page.locator(".jor-root textarea.jor-box").fill("tell me a story")
        page.keyboard.press("Enter")
        until(notebook, lambda: len(notebook.output_text(1)) > 160)
        notebook.save()
        shown = notebook.output_text(1)
        page.reload()
        page.wait_for_selector(".jor-root", timeout=60_000)
        until(notebook, lambda: len(notebook.output_text(1)) > len(shown) + 40)
        start = shown.index("This is a long story")
        assert shown[start : start + 60] in notebook.output_text(1), (
            "the text from before the reload is there"
        )
        page.get_by_role("button", name="Stop").click()
        until(notebook, lambda: "stopped" in notebook.output_text(1))


# --- model output is hostile

# A notebook shows the first 50 outputs of a cell only.
PER_CELL = 40
SAVED = """
import json
from IPython.display import display
from jupyter_openrouter.response import Response
for name, text in list(json.load(open("payloads.json")).items())[{start}:{stop}]:
    response = Response("evil/" + name)
    response.add(0, text)
    response.state, response.finish_reason = "done", "stop"
    display(response)
"""
CHATTED = """
import json
from jupyter_openrouter import ChatWidget
turns = [{"role": "assistant", "content": text} for text in json.load(open("payloads.json")).values()]
ChatWidget(model="demo/echo", messages=turns)
"""
# Elements and attributes that JupyterLab's own renderer makes of harmless Markdown, formulas included.
HARM = """
() => {
  const found = [];
  const forbidden = 'script, iframe, object, embed, form, input:not([type=checkbox]), link, meta, base, style, img,'
    + ' video, audio, svg:not(mjx-container svg):not(button svg):not([class*=jp]):not(.jor-root svg),'
    + ' template, area, map';
  const roots = document.querySelectorAll('.jp-OutputArea .jp-RenderedMarkdown');
  for (const root of roots) {
    for (const node of root.querySelectorAll('*')) {
      if (node.closest('.jp-RenderedMarkdown button')) continue;
      if (node.matches(forbidden)) found.push(node.outerHTML.slice(0, 200));
      for (const attribute of node.attributes) {
        if (/^on|^data-command|^srcdoc$|^formaction$|^ping$|^background$/i.test(attribute.name))
          found.push(node.outerHTML.slice(0, 200));
        if (/^(href|src|xlink:href|action)$/i.test(attribute.name)
            && !/^(https?:|mailto:|#)/i.test(attribute.value)) found.push(node.outerHTML.slice(0, 200));
        const odd = node.closest('mjx-container') ? /url\\(|fixed|sticky/i : /url\\(|position|expression/i;
        if (attribute.name === 'style' && odd.test(attribute.value)) found.push(node.outerHTML.slice(0, 200));
      }
    }
  }
  return {found, pwned: window.__pwned ?? 0, roots: roots.length};
}
"""


def harm(notebook: Notebook) -> dict:
    """What the payloads did to the page, after every output was mounted, scrolled to and rendered."""
    notebook.page.evaluate(
        """async () => {
            const pane = document.querySelector('.jp-WindowedPanel-outer') ?? document.querySelector('.jp-Notebook');
            for (let y = 0; y < pane.scrollHeight; y += 700) {
                pane.scrollTop = y; await new Promise(r => setTimeout(r, 15));
            }
        }"""
    )
    nodes = "() => document.querySelectorAll('*').length"
    steady(notebook.page, lambda: [notebook.page.evaluate(nodes), len(notebook.requests)], quiet=1.5)
    found = notebook.page.evaluate(HARM)
    found["requests"] = [url for url in notebook.requests if "leak" in url]
    return found


@pytest.mark.parametrize("how", ["saved", "chatted"])
def test_the_payload_corpus_does_nothing_live_and_reopened(lab: Lab, how: str) -> None:
    assert len(PAYLOADS) >= 60
    (lab.folder / "payloads.json").write_text(json.dumps(PAYLOADS))
    name = f"hostile-{how}.ipynb"
    starts = range(0, len(PAYLOADS), PER_CELL)
    saved = [SAVED.format(start=start, stop=start + PER_CELL) for start in starts]
    lab.write(name, [LOAD, *(saved if how == "saved" else [CHATTED])])
    with lab.open(name) as notebook:
        notebook.run_all(120)
        check_harmless(notebook)
        notebook.save()
    if how == "saved":
        with lab.open(name) as notebook:
            check_harmless(notebook)


def check_harmless(notebook: Notebook) -> None:
    rendered = notebook.page.locator(".jp-OutputArea .jp-RenderedMarkdown")
    until(notebook, lambda: rendered.count() >= len(PAYLOADS), 60)
    seen = harm(notebook)
    assert seen["roots"] >= len(PAYLOADS)
    assert (seen["found"], seen["pwned"], seen["requests"]) == ([], 0, [])


def test_the_page_check_sees_harm_where_model_text_is_shown_as_it_is(lab: Lab) -> None:
    # Some that stay in the page: others leave it, or never end.
    raw = {
        name: text for name, text in PAYLOADS.items() if name.startswith(("img-", "script", "svg-", "iframe"))
    }
    (lab.folder / "raw.json").write_text(json.dumps(dict(list(raw.items())[:PER_CELL])))
    cell = "import json\nfrom IPython.display import display, Markdown\n"
    cell += "for text in json.load(open('raw.json')).values(): display(Markdown(text))"
    lab.write("raw.ipynb", [LOAD, cell])
    with lab.open("raw.ipynb") as notebook:
        notebook.run_all(120)
        until(notebook, lambda: notebook.output(1).count() >= len(raw), 60)
        seen = harm(notebook)
        assert len(seen["found"]) > 5
        assert seen["pwned"] > 0
        assert seen["requests"]


def test_the_picture_of_the_readme(lab: Lab) -> None:
    cells = [
        LOAD,
        "%%openrouter --model demo/tour --out tour\nWhat can you do?",
        "tour.usage.completion_tokens, tour.cost",
    ]
    lab.write("quickstart.ipynb", cells)
    with lab.open("quickstart.ipynb", width=1000, height=760) as notebook:
        notebook.command("application:toggle-left-area")
        notebook.start_all()
        until(notebook, lambda: "Afterwards" in notebook.output_text(1))
        picture = notebook.shot("quickstart")
        assert picture.stat().st_size > 10_000
        wanted = Path(__file__).parent.parent / "docs" / "images" / "quickstart.png"
        if not wanted.exists():
            wanted.parent.mkdir(parents=True, exist_ok=True)
            wanted.write_bytes(picture.read_bytes())
