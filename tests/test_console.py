"""``%%openrouter`` in ``jupyter console``, whose front end shows no widget and changes no output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from jupyter_openrouter import live

pytestmark = pytest.mark.kernel


@pytest.fixture
def console(tmp_path: Path) -> Iterator[pexpect.spawn]:
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path), "TERM": "dumb", "JUPYTER_PREFER_ENV_PATH": "1"}
    environment.pop("OPENROUTER_API_KEY", None)
    child = pexpect.spawn(
        sys.executable,
        ["-m", "jupyter_console", "--simple-prompt"],
        env=environment,
        cwd=str(tmp_path),
        encoding="utf-8",
        timeout=60,
        dimensions=(40, 200),
    )
    try:
        child.expect(r"In \[1\]: ")
        child.sendline("%load_ext jupyter_openrouter")
        child.expect(r"In \[2\]: ")
        yield child
    finally:
        child.close(force=True)


def magic(line: str, cell: str) -> str:
    return f"get_ipython().run_cell_magic('openrouter', {line!r}, {cell!r})"


def test_the_text_is_written_as_it_arrives_with_its_footer(console: pexpect.spawn) -> None:
    console.sendline(magic("-m demo/echo -o x", "hello console"))
    console.expect(r"\r\nhello console")
    console.expect("demo/echo · Demo")
    console.sendline("print(x.state, len(x.text))")
    console.expect("done 13")


def test_control_c_keeps_the_text_and_is_a_keyboard_interrupt(console: pexpect.spawn) -> None:
    console.sendline(magic("-m demo/slow -o x", "tell"))
    console.expect("This is a long story")
    for _ in range(3):
        # The console is between us and the kernel, and on a busy machine it may miss one Ctrl-C.
        console.sendintr()
        if console.expect(["KeyboardInterrupt: the answer was stopped", pexpect.TIMEOUT], timeout=20) == 0:
            break
    console.sendline("print(x.state, len(x.text) > 0)")
    console.expect("stopped True")


@pytest.mark.parametrize(
    ("command", "console"),
    [
        (["/v/bin/python", "/v/bin/jupyter-console"], True),
        (["python", "-m", "jupyter_console"], True),
        (["/v/bin/python", "/v/bin/jupyter-qtconsole"], True),
        ([r"C:\v\Scripts\jupyter-console.exe"], True),
        (["/v/bin/python", "/v/bin/jupyter-lab"], False),
        (["python", "-m", "jupyterlab", "console.ipynb", "jupyter-console"], False),
        (["/usr/bin/gnome-console"], False),
    ],
)
def test_a_console_is_told_by_the_command_that_started_the_kernel(command: list[str], console: bool) -> None:
    assert any(live._CONSOLE.fullmatch(word) for word in command[:3]) is console
