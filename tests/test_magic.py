"""``%%openrouter`` in a plain IPython shell, as in a terminal: flags, variables, text as it arrives, errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_openrouter
from jupyter_openrouter import background, keys
from jupyter_openrouter.errors import AnswerFormatError, OpenRouterError, PaymentRequiredError
from jupyter_openrouter.expressions import Prompt


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.delenv(keys.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance(colors="nocolor")
    made.history_manager.enabled = False
    made.run_line_magic("load_ext", "jupyter_openrouter")
    yield made
    made.run_line_magic("unload_ext", "jupyter_openrouter")
    assert background.running() is None
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, line: str, cell: str = "hello") -> Any:
    return shell.run_cell(f"%%openrouter {line}\n{cell}")


def test_the_text_and_the_footer_are_written_and_the_variables_set(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shell, "--model demo/echo --out x", "hello *world*\nline two").success
    assert capsys.readouterr().out.startswith("hello *world*\nline two\n\ndemo/echo · Demo · ")
    assert shell.user_ns["x"] is shell.user_ns["_openrouter"]
    assert shell.user_ns["x"].text == "hello *world*\nline two"


def test_short_flags_and_quotes_are_split_as_a_shell_would(shell: InteractiveShell) -> None:
    assert run(shell, '-m demo/echo -s "be brief, please" -t 0.5 --max-tokens 3 -o y').success
    assert shell.user_ns["y"].finish_reason in ("length", "stop")


@pytest.mark.parametrize("line", ["--help", "-m demo/echo -h", "-h"])
def test_help_is_shown_and_nothing_is_sent(
    shell: InteractiveShell, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shell, line).success
    assert "--temperature X" in capsys.readouterr().out
    assert "_openrouter" not in shell.user_ns


def test_the_body_is_the_prompt_and_nothing_in_it_is_expanded(shell: InteractiveShell) -> None:
    shell.user_ns["x"] = "EXPANDED"
    body = 'JSON {"a": 1} {x} $x {} { {} } %time !ls f"{x}" \\(y\\)'
    assert run(shell, "-m demo/echo -o z", body).success
    assert shell.user_ns["z"].text == body


def test_a_model_that_there_is_not_is_answered_with_the_near_one(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not run(shell, "-m demo/ecko").success
    shown = capsys.readouterr()
    assert "Did you mean demo/echo?" in shown.err + shown.out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "no model is named"),
        ("--modell demo/echo", "Did you mean --model"),
        ("-m demo/echo -t warm", "'warm' is no number"),
        ("-m demo/echo --max-tokens x", "'x' is no whole number"),
        ("-m 'demo/echo", "cannot be split"),
        ("-m demo/echo x", "the prompt goes into the lines below"),
        ("-m demo/echo --schema Nowhere", "no variable 'Nowhere'"),
        ("-m demo/echo --refresh", "--refresh goes with --cache"),
        ("-m demo/echo --completion --chat", "takes no --chat"),
        ("-m demo/echo --cache 0", "from 1 to 86400"),
        ("-m demo/echo --param model=x", "cannot set 'model'. Name it with -m."),
    ],
)
def test_bad_flags_are_an_error_in_one_line_with_the_way_to_the_help(
    shell: InteractiveShell, line: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(shell, line)
    shown = capsys.readouterr()
    assert not result.success
    assert words in shown.err + shown.out
    assert "Traceback" not in shown.err + shown.out
    assert "_openrouter" not in shell.user_ns


@pytest.mark.parametrize(
    ("line", "cell", "words"),
    [
        ("-m demo/echo -o 1x", "hi", "name of a variable"),
        ("-m demo/echo -o class", "hi", "name of a variable"),
        ("-m demo/echo", "  \n", "no prompt"),
        ("-m demo/echo -t 3", "hi", "0 to 2"),
        ("-m demo/echo --max-tokens 0", "hi", "whole number"),
        ("-m ''", "hi", "no model is named"),
        ("-m openai/gpt-4", "hi", "OPENROUTER_API_KEY"),
        ("-m demo/echo", "sk-or-v1-" + "0" * 40, "looks like"),
        ("-m demo/echo -s sk-or-v1-" + "0" * 40, "hi", "looks like"),
        ("-m demo/nothing", "hi", "demo/nothing"),
    ],
)
def test_what_cannot_be_sent_says_why_in_one_line(
    shell: InteractiveShell, line: str, cell: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(shell, line, cell)
    assert not result.success
    shown = capsys.readouterr().out + capsys.readouterr().err
    assert "Traceback" not in shown
    assert words in str(result.error_in_exec)
    assert "sk-or-v1-0" not in str(result.error_in_exec)


def test_a_failed_answer_keeps_its_text_in_the_variable(shell: InteractiveShell) -> None:
    result = run(shell, "-m demo/faulty -o x", "mid-error")
    assert isinstance(result.error_in_exec, OpenRouterError)
    assert shell.user_ns["x"].text
    assert result.error_in_exec.response is shell.user_ns["x"]
    assert shell.user_ns["x"].state == "failed"


def test_control_characters_of_a_model_do_not_reach_the_terminal(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shell, "-m demo/echo -o x", "a\x1b]0;title\x07b\x1b[2Jc\u202ed").success
    out = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert "\x1b" in shell.user_ns["x"].text


def test_it_works_under_other_magics_and_after_reloading(shell: InteractiveShell) -> None:
    shell.run_cell("%load_ext jupyter_openrouter\n%reload_ext jupyter_openrouter")
    assert shell.run_cell(
        "%%time\nget_ipython().run_cell_magic('openrouter', '-m demo/echo -o x', 'timed')"
    ).success
    assert shell.user_ns["x"].text == "timed"
    assert shell.run_cell(
        "%%capture got\nget_ipython().run_cell_magic('openrouter', '-m demo/echo', 'caught')"
    ).success
    assert shell.user_ns["got"].stdout.startswith("caught")


def test_in_the_background_nothing_is_written_where_somebody_may_type_and_it_can_be_waited_for(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shell, "-m demo/echo --background -o x", "hello").success
    assert shell.user_ns["x"].wait() is shell.user_ns["x"]
    assert shell.user_ns["x"].text == "hello"
    assert capsys.readouterr().out == "demo/echo is answering in the background.\n"
    assert run(shell, "-m demo/slow --background -o x", "hello").success
    shell.user_ns["x"].stop()
    assert shell.user_ns["x"].wait().state == "stopped"
    assert run(shell, "-m demo/faulty --background -o x", "402").success
    with pytest.raises(PaymentRequiredError):
        shell.user_ns["x"].wait()


def test_an_answer_that_does_not_fit_its_form_is_asked_for_again_below_the_first(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["form"] = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    result = run(shell, "-m demo/echo --schema form -o x", '{"a": "one"}')
    assert isinstance(result.error_in_exec, AnswerFormatError)
    assert "a" in str(result.error_in_exec)
    out = capsys.readouterr().out
    assert out.startswith('{"a": "one"}\n\nThat answer does not have the form')
    assert "Asked a second time" in out
    assert out.count("demo/echo · Demo") == 1
    assert run(shell, "-m demo/echo --schema form -o x", '{"a": 1}').success
    assert shell.user_ns["x"].parsed == {"a": 1}


def test_the_price_and_the_prompt_are_plain_text(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shell, "-m demo/echo --dry-run --show-prompt --max-tokens 5", "hello {{ 1 + 1 }}").success
    out = capsys.readouterr().out
    assert "at most 5 tokens" in out
    assert out.endswith("Nothing was sent.\nuser:\nhello 2\n")
    assert "_openrouter" not in shell.user_ns


def test_a_prompt_that_is_made_already_is_asked_as_a_cell_is(shell: InteractiveShell) -> None:
    magics = shell.magics_manager.registry["OpenRouterMagics"]
    magics.ask(Prompt("{{ as it is }}"), "-m demo/echo -o x")
    assert shell.user_ns["x"].text == "{{ as it is }}"


def test_loading_again_adds_no_second_set_of_defaults_and_unloading_takes_them_away(
    shell: InteractiveShell,
) -> None:
    def configurables() -> list[str]:
        return [type(one).__name__ for one in shell.configurables if "OpenRouter" in type(one).__name__]

    jupyter_openrouter.load_ipython_extension(shell)
    assert configurables() == ["OpenRouterMagics"]
    shell.run_line_magic("reload_ext", "jupyter_openrouter")
    assert configurables() == ["OpenRouterMagics"]
    shell.run_line_magic("unload_ext", "jupyter_openrouter")
    assert configurables() == []
    shell.run_line_magic("load_ext", "jupyter_openrouter")


def test_defaults_come_from_a_configuration_file(shell: InteractiveShell) -> None:
    shell.run_line_magic("unload_ext", "jupyter_openrouter")
    shell.config.OpenRouterMagics.model = "demo/echo"
    shell.config.OpenRouterMagics.max_tokens = 1
    shell.run_line_magic("load_ext", "jupyter_openrouter")
    assert run(shell, "-o x", "one two three four").success
    assert shell.user_ns["x"].finish_reason == "length"
