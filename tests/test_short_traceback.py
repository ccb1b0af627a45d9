"""What a notebook shows of an error that Python code of the reader's meets: their own lines, and none of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.short_traceback import rendered, to_the_readers_own

MAKE = """\
from jupyter_openrouter import ChatWidget, OpenRouter, demo_base_url

client = OpenRouter(base_url=demo_base_url())"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance(colors="nocolor")
    made.history_manager.enabled = False
    assert made.run_cell(MAKE).success
    yield made
    made.run_cell("client.close()")
    made.run_line_magic("xmode", "Context")  # which is kept for the class
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


def shown(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str) -> str:
    capsys.readouterr()
    assert not shell.run_cell(cell).success
    captured = capsys.readouterr()
    return re.sub(r"\x1b\[[0-9;]*m", "", captured.out + captured.err)


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("client.chat('hello', model='demo/echo', temperatur=1)", "InvalidRequestError"),
        ("client.chat('cut', model='demo/faulty')", "CutError"),
        ("chat = ChatWidget('demo/echo')\nchat.params = {'temperature': 3}", "InvalidRequestError"),
        ("OpenRouter(base_url='http://example.org')", "InvalidRequestError"),
    ],
)
def test_the_readers_line_is_shown_and_none_of_this_package(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, error: str
) -> None:
    text = shown(shell, capsys, cell)
    assert f"----> {len(cell.splitlines())} {cell.splitlines()[-1]}" in text
    assert text.rstrip().splitlines()[-1].startswith(f"{error}: ")
    assert "jupyter_openrouter/" not in text
    assert "traitlets" not in text


def test_a_function_of_the_readers_that_we_called_is_shown(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = (
        "def told(attempt):\n    client.chat('', model='demo/echo')\n\n"
        "client.chat('429 once', model='demo/faulty', on_retry=told)"
    )
    text = shown(shell, capsys, cell)
    assert "----> 2     client.chat('', model='demo/echo')" in text
    assert "request.py" not in text


def test_verbose_shows_every_frame(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_line_magic("xmode", "Verbose")
    assert "kinds.py" in shown(shell, capsys, "client.chat('hello', model='demo/echo', temperature=3)")


def test_an_error_that_no_line_of_the_readers_has_led_to_keeps_its_frames() -> None:
    error = InvalidRequestError("It cannot be sent.")
    assert to_the_readers_own(error.__traceback__) is None
    InteractiveShell.clear_instance()
    assert rendered(error)[-1].endswith("InvalidRequestError: It cannot be sent.\n")
