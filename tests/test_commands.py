"""One line of `%openrouter`: which command it is, what it does, what it shows, and when it asks instead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_openrouter import (
    background,
    clients,
    commands,
    demo_base_url,
    inert_text,
    key_commands,
    keys,
    line_question,
)
from jupyter_openrouter.caps import caps
from jupyter_openrouter.command_list import COMMANDS, help_on
from jupyter_openrouter.conversations import conversations
from jupyter_openrouter.day_file import Day
from jupyter_openrouter.errors import (
    APIConnectionError,
    InvalidRequestError,
    MissingKeyError,
    OpenRouterError,
)
from jupyter_openrouter.flags import FlagError, flag_names
from jupyter_openrouter.going_on import unfinished
from jupyter_openrouter.ledger import ledger
from jupyter_openrouter.listing import Listing
from jupyter_openrouter.model_cards import Model, Prices
from jupyter_openrouter.model_search import ModelList
from jupyter_openrouter.model_table import ModelPage, ModelTable, chosen
from jupyter_openrouter.notices import Block, Page, Rows, Said
from jupyter_openrouter.response import Response
from jupyter_openrouter.status import proxies

HOSTILE = "<img src=x onerror=alert(1)>$x^2$ [a](javascript:b) \x1b[31m`c`"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(keys.VARIABLE, raising=False)
    monkeypatch.setattr(keys, "_asked", [])
    monkeypatch.setattr(keys, "_chosen", [])
    monkeypatch.setattr(keys, "_from_keyring", lambda: None)
    monkeypatch.setattr(caps, "_session", Day())  # what other tests have spent
    for name in conversations.names():
        conversations.forget(name)
    ledger.clear()
    yield
    for which in ("cell", "session", "day"):
        caps.set(which, None)  # type: ignore[arg-type]
    background.stop()


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_BASE_URL", demo_base_url())


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that nothing answers for."""
    monkeypatch.setenv("OPENROUTER_BASE_URL", "https://127.0.0.1:9/api/v1")


class Magics:
    """Keeps what was asked."""

    model = None

    def __init__(self) -> None:
        self.asked: list[tuple[Any, str]] = []

    def ask(self, prompt: Any, line: str = "", *, below: bool = True) -> None:
        self.asked.append((prompt, line))


def run(line: str, magics: Magics | None = None, **names: Any) -> Any:
    return commands.run(line, SimpleNamespace(user_ns=names, kernel=None), magics or Magics())


def asked(line: str) -> tuple[Any, str]:
    magics = Magics()
    assert run(line, magics) is None
    (found,) = magics.asked
    return found


def taken(name: str = "trip", question: str = "Where to?", text: str = "Home.") -> Response:
    response = Response("demo/echo")
    response.add(0, text)
    response.state, response.finish_reason = "done", "stop"
    conversations.get(name).take(question, response)
    return response


# --- command or question


@pytest.mark.parametrize(
    ("line", "question", "flags"),
    [
        ("why is the sky blue", "why is the sky blue", ""),
        ("why?", "why?", ""),
        ("what's up", "what's up", ""),
        ("-m demo/echo hello there", "hello there", "-m demo/echo"),
        ("-m demo/echo -t 0 {{ x }} and {} $y", "{{ x }} and {} $y", "-m demo/echo -t 0"),
        ("--provider '{\"a\": 1}' go on", "go on", "--provider '{\"a\": 1}'"),
        ("-c trip hello there", "hello there", "-c trip"),
        ("--cache why not", "why not", "--cache"),
        ("--cache 60 why not", "why not", "--cache 60"),
        ("--raw -- show me the sky", "show me the sky", "--raw"),
        ("-- models are what", "models are what", ""),
        ("--as=code write it", "write it", "--as=code"),
        ("-t0.5 hi", "hi", "-t0.5"),
        ('"-5 or 5?"', "-5 or 5?", ""),
    ],
)
def test_a_line_that_is_no_command_asks(line: str, question: str, flags: str) -> None:
    if line.startswith('"'):
        assert line_question.split(line) == (flags, question)
    else:
        assert asked(line) == (question, flags)


@pytest.mark.parametrize(
    ("word", "near"), [("modles", "models"), ("cots", "cost"), ("modles --free", "models")]
)
def test_a_mistyped_command_is_not_asked_but_put_right(word: str, near: str) -> None:
    magics = Magics()
    with pytest.raises(InvalidRequestError, match=rf"Did you mean %openrouter {near}\?"):
        run(word, magics)
    assert magics.asked == []


def test_one_word_alone_is_not_asked() -> None:
    with pytest.raises(InvalidRequestError, match="To ask it: %openrouter -- hello"):
        run("hello")


@pytest.mark.parametrize(
    "line", ["show me the sky", "chats about", "cost of living", "cap cell 1 2", "model a b"]
)
def test_a_command_with_words_that_do_not_fit_says_how_it_is_written_and_how_to_ask(line: str) -> None:
    magics = Magics()
    word = line.split()[0]
    with pytest.raises(InvalidRequestError) as failed:
        run(line, magics)
    assert magics.asked == []
    if line != "cost of living":
        assert f"%openrouter -- {word}" in str(failed.value)


def test_an_unknown_flag_and_a_missing_value_and_a_missing_question_are_said() -> None:
    with pytest.raises(FlagError, match="Did you mean --temperature"):
        run("--temprature 1 hello")
    with pytest.raises(FlagError, match="needs a value"):
        run("-m")
    with pytest.raises(InvalidRequestError, match="no question"):
        run("-m demo/echo")


def test_a_key_in_a_line_is_refused_and_not_repeated() -> None:
    key = "sk-or-v1-" + "a" * 40
    magics = Magics()
    with pytest.raises(InvalidRequestError) as failed:
        run(f"key set {key}", magics)
    assert key not in str(failed.value)
    with pytest.raises(InvalidRequestError, match="never the key itself"):
        run("key set hunter2", magics)


# --- help


def test_help_names_every_command_and_every_flag() -> None:
    page = run("help")
    assert isinstance(page, Block)
    for name in COMMANDS:
        assert f"%openrouter {COMMANDS[name].usage}" in page.text
    for flag in flag_names():
        assert flag in page.text
    assert repr(run("--help")) == page.text
    for name in [*COMMANDS, "--temperature X", "[NAME]"]:
        assert inert_text.text(name) in page._repr_html_()
    assert "<code>" in run("help cost")._repr_html_()


@pytest.mark.parametrize("word", [*COMMANDS, *flag_names()])
def test_help_has_an_entry_for_each(word: str) -> None:
    assert word.split()[0] in help_on(word)


def test_help_on_what_there_is_not_names_what_is_near() -> None:
    with pytest.raises(InvalidRequestError, match="Did you mean models"):
        run("help modles")


# --- models


def models() -> ModelList:
    return ModelList(
        [
            Model("b/dear", name="Dear", prices=Prices(prompt=5.0, completion=20.0), context_length=1000),
            Model(
                "a/free:free",
                name="Free",
                is_free=True,
                context_length=10,
                input_modalities=("text", "image"),
            ),
            Model("c/cheap", name="Cheap", prices=Prices(prompt=0.1, completion=0.2), context_length=500),
            Model("d/unknown", name="Unknown"),
        ]
    )


def slugs(table: ModelTable) -> list[str]:
    return [model.slug for model in table]


def test_models_are_chosen_by_words_price_and_sight() -> None:
    assert slugs(chosen(models(), words="cheap")) == ["c/cheap"]
    assert slugs(chosen(models(), free=True)) == ["a/free:free"]
    assert slugs(chosen(models(), vision=True)) == ["a/free:free"]
    assert slugs(chosen(models(), max_price=1.0)) == ["a/free:free", "c/cheap"]


def test_models_are_sorted_and_the_unknown_goes_last() -> None:
    assert slugs(chosen(models(), sort="price")) == ["a/free:free", "c/cheap", "b/dear", "d/unknown"]
    assert slugs(chosen(models(), sort="context")) == ["b/dear", "c/cheap", "a/free:free", "d/unknown"]


def test_the_table_of_models_goes_on_as_a_list_and_shows_nothing_live() -> None:
    table = chosen(
        ModelList([Model("x/y", name=HOSTILE, supported_parameters=(HOSTILE, "tools"))]), note=HOSTILE
    )
    assert isinstance(table[:1], ModelTable)
    for written in (table._repr_html_(), chosen(models(), words="none", note=HOSTILE)._repr_html_()):
        assert "<img" not in written
        assert "$x" not in written
    assert "\x1b" not in repr(table)


def test_models_of_the_service_need_no_key(demo: None) -> None:
    table = run("models echo --sort price")
    assert slugs(table)[0] == "demo/echo"
    assert table.note == ""
    assert "$/M in" in repr(table)
    assert slugs(run("models --sort speed"))


def test_without_a_key_and_without_a_network_the_demo_has_the_models_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, no_network: None
) -> None:
    table = run("models tour")
    assert slugs(table) == ["demo/tour"]
    assert "embedded demo" in repr(table)
    assert "embedded demo" in table._repr_html_()


def test_with_a_key_a_service_that_is_not_reached_is_an_error(
    monkeypatch: pytest.MonkeyPatch, no_network: None
) -> None:
    monkeypatch.setenv(keys.VARIABLE, "sk-or-v1-" + "b" * 20)
    with pytest.raises(APIConnectionError):
        run("models tour")


def test_models_says_what_it_does_not_take() -> None:
    with pytest.raises(InvalidRequestError, match="It is written %openrouter models"):
        run("models --sort beauty")


def test_one_model_comes_with_its_endpoints() -> None:
    page = run("model demo/echo")
    assert isinstance(page, ModelPage)
    assert page.model.slug == "demo/echo"
    assert "131,072 tokens" in repr(page)
    assert len(page.endpoints) == 1
    assert page._repr_html_().count("<table>") == 2


# --- money


def test_what_was_spent_is_added_up() -> None:
    assert "nothing was spent" in repr(run("cost"))
    response = taken()
    ledger.note(response, cell_id="a1", conversation="trip")
    for by in ("cell", "model", "conversation", "day"):
        assert run(f"cost by {by}").by == by
        assert run(f"cost {by}").by == by
    assert run("cost")[0].name == "demo/echo"
    with pytest.raises(InvalidRequestError, match="cannot be added up"):
        run("cost by colour")


def test_a_tab_ends_a_command_as_a_space_does() -> None:
    with pytest.raises(InvalidRequestError, match="'abc' is no amount"):
        run("cap\tsession abc")


def test_caps_are_set_shown_and_lifted() -> None:
    assert {cap.which: cap.limit for cap in run("cap session $2.00")} == {
        "cell": None,
        "session": 2.0,
        "day": None,
    }
    assert isinstance(run("cap"), (Listing, Page))
    assert "session $2.00 ($2.00 left)" in repr(run(""))
    run("cap session off")
    assert caps.limit("session") is None
    with pytest.raises(InvalidRequestError, match=r"Did you mean %openrouter cap session \$2\.00\?"):
        run("cap $2.00")
    for line in ("cap session lots", "cap week 1", "cap cell 1 2"):
        with pytest.raises(InvalidRequestError):
            run(line)


def test_settle_asks_for_the_cost_of_what_has_ended_without_one() -> None:
    assert repr(run("settle")) == "The cost of every answer is known."
    told, silent = Response("x/y"), Response("x/y")

    async def tell(response: Response) -> Response:
        response.take_generation({"total_cost": 0.25})
        return response

    async def fail(response: Response) -> Response:
        raise OpenRouterError("It is not known.")

    for response, settler in ((told, tell), (silent, fail)):
        response.add(0, "some")
        response.state, response.settler = "stopped", settler
        ledger.note(response)
    said = repr(run("settle"))
    assert "The cost of 1 more is known" in said
    assert "1 stay unknown" in said
    assert told.cost == 0.25


# --- conversations


def test_conversations_are_listed_shown_shortened_and_forgotten() -> None:
    assert "No conversation" in repr(run("chats"))
    taken()
    taken(question="And then?", text=HOSTILE)
    assert [row.name for row in run("chats")] == ["trip"]
    shown = run("show trip")
    bundle = shown._repr_mimebundle_()
    assert "Where to?" in bundle["text/plain"]
    assert "\x1b" not in bundle["text/plain"]
    assert "<img" not in bundle["text/markdown"]
    assert "1 turn left" in repr(run("undo trip"))
    assert "'trip', 1 turn" in repr(run("forget trip"))
    with pytest.raises(InvalidRequestError, match="no conversation 'trip'"):
        run("show trip")


def test_a_conversation_is_kept_and_brought_back_and_never_in_the_place_of_another(tmp_path: Path) -> None:
    taken()
    run("save trip trip.json")
    with pytest.raises(InvalidRequestError, match="already, with 1 turn"):
        run("load trip.json")
    assert "'other', 1 turn" in repr(run("load trip.json other"))
    run("forget trip")
    run("load trip.json")
    assert conversations["trip"].turns[0].content == "Where to?"
    assert "Written" in repr(run("export trip trip.ipynb"))
    assert "Written" in repr(run("export trip trip.md"))
    with pytest.raises(OpenRouterError):
        run("export trip trip.md")
    assert "Written" in repr(run("export trip trip.md --overwrite"))
    run("forget trip")
    assert "'trip', 1 turn" in repr(run("load trip.ipynb"))


# --- the key


def test_the_status_without_a_key_is_short_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:hunter2@proxy:3128")
    status = run("")
    assert isinstance(status, Rows)
    rows = dict(status.rows)
    assert rows["key"] == "none"
    assert rows["spent"] == "nothing in this session"
    assert "demo/tour" in status.note
    assert "hunter2" not in repr(status) + status._repr_html_()
    assert "proxy:3128" in rows["proxies"]


def test_the_status_tells_where_the_key_is_from_and_its_limits_and_not_the_key(
    monkeypatch: pytest.MonkeyPatch, demo: None
) -> None:
    secret = "sk-or-v1-" + "c" * 30
    monkeypatch.setenv(keys.VARIABLE, secret)
    rows = dict(run("").rows)
    assert rows["key"] == f"from the environment variable {keys.VARIABLE}"
    assert rows["limits"].startswith("$10.00, $10.00 left, spent $0")
    assert rows["base URL"] == clients.base_url()
    assert secret not in repr(run(""))


def test_the_status_does_not_need_the_network(monkeypatch: pytest.MonkeyPatch, no_network: None) -> None:
    monkeypatch.setenv(keys.VARIABLE, "sk-or-v1-" + "c" * 30)
    assert "not known" in dict(run("").rows)["limits"]


def test_proxies_are_told_without_their_passwords() -> None:
    assert proxies({}) is None
    assert proxies({"no": "localhost"}) is None


def test_where_nobody_can_be_asked_signing_in_and_setting_a_key_are_errors_at_once() -> None:
    for line in ("login", "key set"):
        with pytest.raises(InvalidRequestError, match="Nobody can be asked"):
            run(line)
    with pytest.raises(MissingKeyError):
        run("key check")


def test_a_key_is_set_and_forgotten_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sk-or-v1-" + "d" * 30
    monkeypatch.setattr(key_commands, "asks_for", lambda what, shell: lambda: secret)
    monkeypatch.setattr(keys, "can_keep", lambda: False)
    assert repr(run("key set")).startswith(
        "The key is used in this session and kept nowhere else. %openrouter key"
    )
    monkeypatch.setattr(keys, "can_keep", lambda: True)
    said = run("key set")
    assert "%openrouter key set --keep stores it in this machine's keyring as well." in repr(said)
    assert keys.find_key().source == "the prompt"
    gone = run("key forget")
    assert "this session" in repr(gone)
    assert secret not in repr(said) + repr(gone)
    with pytest.raises(MissingKeyError):
        keys.find_key()
    assert isinstance(run("logout"), Said)


# --- going on, explaining


def test_there_must_be_something_to_continue() -> None:
    with pytest.raises(InvalidRequestError, match="no answer to continue"):
        run("continue")
    whole = taken()
    with pytest.raises(InvalidRequestError):
        run("continue", _openrouter=whole)
    with pytest.raises(InvalidRequestError, match="still running"):
        run("continue", _openrouter=Response("demo/echo"))


def test_the_last_answer_that_ended_too_early_is_gone_on_with_once() -> None:
    def made(state: str, sent_at: float, finish: str = "") -> Response:
        response = Response("demo/echo")
        response.add(0, "some")
        response.body = {"messages": []}
        response.state, response.finish_reason, response.sent_at = state, finish, sent_at  # type: ignore[assignment]
        return response

    whole, cut, older = made("done", 3.0, "stop"), made("done", 2.0, "length"), made("stopped", 1.0)
    assert unfinished({"_openrouter": whole, "a": older, "b": cut, "c": 1}) is cut
    assert unfinished({"_openrouter": older, "b": cut}) is older
    assert unfinished({"_openrouter": whole}) is whole
    both = made("done", 4.0, "stop")
    both.continues = (cut, whole)
    assert unfinished({"_openrouter": both, "a": older, "b": cut}) is older


def test_explain_asks_about_the_last_exception_with_the_words_that_were_added(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    error = ZeroDivisionError("division by zero")
    monkeypatch.setattr(sys, "last_value", error, raising=False)
    prompt, flags = asked("explain -m demo/echo be brief")
    assert flags == "-m demo/echo"
    assert "ZeroDivisionError" in prompt.text
    assert prompt.content.endswith("The person asks: be brief")


def test_the_change_that_is_proposed_is_shown_as_a_diff(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    try:
        exec(compile("y = [1]\ny[3]", "<cell>", "exec"), {})
    except IndexError as error:
        monkeypatch.setattr(sys, "last_value", error, raising=False)
    answer = Response("demo/echo")
    answer.add(0, "So:\n```python\ny = [1]\ny[0]\n```\n")
    info = SimpleNamespace(raw_cell="y = [1]\ny[3]")
    shell = SimpleNamespace(
        user_ns={"_openrouter": answer},
        compile=SimpleNamespace(_filename_map={"<cell>": 1}),
        history_manager=SimpleNamespace(input_hist_raw=["", info.raw_cell]),
    )

    class Answering(Magics):
        def ask(self, prompt: Any, line: str = "", *, below: bool = True) -> None:
            if "--dry-run" not in line:
                shell.user_ns["_openrouter"] = answer

    shell.user_ns["_openrouter"] = Response("demo/echo")
    diff = commands.run("explain", shell, Answering())
    assert isinstance(diff, Block)
    assert "-y[3]\n+y[0]" in diff.text
    assert commands.run("explain --dry-run", shell, Answering()) is None, "the answer is an older one"
    with pytest.raises(FlagError, match="Leave out --background"):
        commands.run("explain --background", shell, Answering())


def test_a_failed_explanation_still_knows_what_it_was_about(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    error = ZeroDivisionError("division by zero")
    monkeypatch.setattr(sys, "last_value", error, raising=False)

    class Failing(Magics):
        def ask(self, prompt: Any, line: str = "", *, below: bool = True) -> None:
            raise FlagError("no model is named.")

    with pytest.raises(FlagError) as failed:
        run("explain", Failing())
    assert failed.value.explaining is error  # type: ignore[attr-defined]


# --- what is shown


@pytest.mark.parametrize(
    "make", [Said, Block, lambda text: Rows([(text, text)], note=text), lambda t: Page(Said(t))]
)
def test_nothing_that_somebody_else_wrote_is_live(make: Any) -> None:
    shown = make(HOSTILE)
    assert "<img" not in shown._repr_html_()
    assert "$x" not in shown._repr_html_()
    assert "\x1b" not in repr(shown)


def test_a_block_of_text_is_one_line_of_html() -> None:
    assert "\n" not in Block("a\n\nb\n")._repr_html_()
