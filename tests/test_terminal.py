"""``%%openrouter`` in a real terminal IPython, through a pseudo-terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[pexpect.spawn]:
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path), "TERM": "dumb"}
    environment.pop("OPENROUTER_API_KEY", None)
    child = pexpect.spawn(
        sys.executable,
        ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "--ext=jupyter_openrouter"],
        env=environment,
        cwd=str(tmp_path),
        encoding="utf-8",
        timeout=30,
    )
    try:
        child.expect(r"In \[1\]: ")
        yield child
    finally:
        child.close(force=True)


def magic(line: str, cell: str) -> str:
    return f"get_ipython().run_cell_magic('openrouter', {line!r}, {cell!r})"


def test_the_text_is_written_as_it_arrives_and_the_next_line_runs(terminal: pexpect.spawn) -> None:
    terminal.sendline(magic("-m demo/echo -o x", "hello terminal"))
    terminal.expect(r"\r\nhello terminal\r\n")
    terminal.expect("demo/echo · Demo")
    terminal.sendline("print(x.state, len(x.text))")
    terminal.expect("done 14")


def test_control_c_keeps_the_text_and_is_a_keyboard_interrupt_in_one_line(terminal: pexpect.spawn) -> None:
    terminal.sendline(magic("-m demo/slow -o x", "tell"))
    terminal.expect("This is a long story")
    terminal.sendintr()
    terminal.expect("stopped")
    terminal.expect("KeyboardInterrupt: the answer was stopped")
    assert "Traceback" not in terminal.before
    terminal.sendline("print(x.state, len(x.text) > 0)")
    terminal.expect("stopped True")


def test_it_ends_at_exit_while_nothing_hangs(terminal: pexpect.spawn) -> None:
    terminal.sendline(magic("-m demo/echo", "hello"))
    terminal.expect("demo/echo · Demo")
    terminal.sendline("exit()")
    terminal.expect(pexpect.EOF, timeout=10)
    terminal.wait()
    assert terminal.exitstatus == 0


def test_without_a_key_a_person_is_asked_and_what_is_typed_is_not_shown(terminal: pexpect.spawn) -> None:
    canary = "sk-or-v1-c0ffee" + "0" * 32
    terminal.sendline("import os; os.environ['OPENROUTER_BASE_URL'] = 'https://127.0.0.1:9/v1'")
    terminal.sendline(magic("-m openai/gpt-4", "hello"))
    terminal.expect("OpenRouter API key")
    terminal.sendline(canary)
    terminal.expect("APIConnectionError: 127.0.0.1 was not reached")
    shown = terminal.before
    terminal.sendline("print(_openrouter.state)")
    terminal.expect("failed")
    assert canary not in shown + terminal.before
