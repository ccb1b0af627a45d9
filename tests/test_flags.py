"""The flags of ``%%openrouter``: how a line is read, what it makes of a request, and what the defaults do."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter.flags import FlagError, configurable, defaults, fields, flag_names, make_parser, parse


def test_quotes_are_split_as_a_shell_would_and_short_flags_are_the_long_ones() -> None:
    long = parse("--model a/b --system 'be brief, please' --temperature 0.5 --out x --chat trip")
    assert vars(long) == vars(parse("-m a/b -s 'be brief, please' -t 0.5 -o x -c trip"))
    assert long.system == "be brief, please"


def test_nothing_is_sent_for_what_was_not_given() -> None:
    assert fields(parse("-m a/b")) == {}


def test_chat_and_cache_may_stand_without_a_value() -> None:
    assert parse("--chat -m a/b").chat == "chat"
    assert parse("--cache -m a/b").cache is True
    assert parse("--cache 60 -m a/b").cache == 60


def test_a_parameter_by_name_is_json_or_a_word_and_wins_over_its_flag() -> None:
    line = """-t 1 --param temperature=0 --param user=me --param n=2 --param x='{"a": [1]}'"""
    assert fields(parse(line)) == {"temperature": 0, "user": "me", "n": 2, "x": {"a": [1]}}


def test_the_plain_routing_flags_go_beside_the_whole_provider_field() -> None:
    line = """--provider '{"sort": "price", "order": ["a"]}' --sort latency --max-price $2 --ignore x,y"""
    assert fields(parse(line))["provider"] == {
        "sort": "latency",
        "order": ["a"],
        "max_price": {"prompt": 2.0, "completion": 2.0},
        "ignore": ["x", "y"],
    }


def test_a_model_goes_before_the_others_of_the_service_once() -> None:
    assert fields(parse("-m a/b --models c/d,a/b"))["models"] == ["a/b", "c/d"]
    assert fields(parse("--models c/d"))["models"] == ["c/d"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--temprature 1", "Did you mean --temperature?"),
        ("--temp 1", "Did you mean --temperature?"),
        ("hello", "the prompt goes into the lines below."),
        ("-s be brief", "'brief' is no flag. A text with spaces is written in quotes"),
        ("openai/gpt-4", "A model is named so: -m openai/gpt-4."),
        ("openrouter:openai/gpt-4", "A model is named so: -m openai/gpt-4."),
        ("-t nan", "'nan' is no number"),
        ("--reasoning lots", "'lots' is none of"),
        ("--reasoning -5", "reasoning"),
        ("--max-price 1,2,3", "is not one price or two"),
        ("--max-price=-1", "less than nothing"),
        ("--timeout 0", "no time above 0"),
        ("--param x", "not of the form name=json"),
        ("--param x={", "is no JSON"),
        ("--provider []", "no JSON object"),
        ("--as poem", "--as: 'poem' is none of markdown, text, code, json."),
        ("-m", "-m/--model needs a value."),
        ("-s 'open", "cannot be split"),
    ],
)
def test_what_cannot_be_read_is_one_line_that_says_why(line: str, words: str) -> None:
    with pytest.raises(FlagError) as error:
        parse(line)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("%%openrouter: ")


@given(st.text())
def test_any_line_is_read_or_is_a_flag_error(line: str) -> None:
    with suppress(FlagError):
        parse(line)


def test_defaults_hold_where_a_flag_is_not_given_and_zero_is_given() -> None:
    given = {"model": "a/b", "temperature": 0.7, "stream": False, "cache": 60}
    found = parse("-t 0", defaults(given))
    assert (found.model, found.temperature, found.stream, found.cache) == ("a/b", 0.0, False, 60)
    assert parse("-m c/d", defaults(given)).model == "c/d"


@pytest.mark.parametrize(
    "line",
    ["--no-zdr --stream --no-show-prompt --cache off", "--cache=OFF --stream --no-show-prompt --no-zdr"],
)
def test_a_default_without_a_value_is_switched_off_for_one_cell(line: str) -> None:
    given = defaults({"zdr": True, "stream": False, "show_prompt": True, "cache": 60})
    found = parse("", given)
    assert (found.zdr, found.stream, found.show_prompt, found.cache) == (True, False, True, 60)
    found = parse(line, given)
    assert (found.zdr, found.stream, found.show_prompt, found.cache) == (False, True, False, None)
    assert fields(found) == {}
    assert fields(parse('--no-zdr --provider \'{"zdr": true, "only": ["a"]}\''))["provider"] == {
        "only": ["a"]
    }


@pytest.mark.parametrize(
    "name", ["system", "sort", "only", "ignore", "models", "fallback", "plugin", "verbosity"]
)
def test_an_empty_value_switches_a_default_off_for_one_cell(name: str) -> None:
    given = defaults({name: "a"})
    assert getattr(parse("-m a/b", given), name)
    found = parse(f"-m a/b --{name} ''", given)
    assert getattr(found, name) in ("", [], [""])
    assert fields(found) == {}


def test_every_flag_that_can_be_a_default_can_be_given_another_value_in_a_cell() -> None:
    for action in make_parser()._actions:
        if action.nargs == 0 and action.dest in configurable():
            assert any(name.startswith("--no-") for name in action.option_strings), action.dest


def test_defaults_are_read_as_the_flags_are() -> None:
    given = {
        "fallback": "a/b,c/d",
        "reasoning": "2000",
        "max_price": 2,
        "param": {"user": "me"},
        "plugin": "web",
        "provider": {"sort": "price"},
        "shown_as": "text",
        "zdr": True,
        "system": "",
        "cache": True,
        "temperature": Decimal("0.5"),
        "models": ["e/f"],
    }
    assert defaults(given) == {
        "models": ["e/f"],
        "fallback": ["a/b", "c/d"],
        "temperature": 0.5,
        "max_price": {"prompt": 2.0, "completion": 2.0},
        "zdr": True,
        "provider": {"sort": "price"},
        "reasoning": {"max_tokens": 2000},
        "plugin": ["web"],
        "param": [("user", "me")],
        "shown_as": "text",
        "cache": True,
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"temperature": "warm"}, "OpenRouterMagics.temperature: 'warm' is no number"),
        ({"shown_as": "poem"}, "none of markdown, text, code, json"),
        ({"provider": "{"}, "OpenRouterMagics.provider"),
        ({"param": 5}, "OpenRouterMagics.param"),
        ({"zdr": "off"}, "OpenRouterMagics.zdr: 'off' is neither True nor False"),
        ({"max_cost": [1]}, "OpenRouterMagics.max_cost: a list does not fit"),
        ({"system": b"x"}, "OpenRouterMagics.system: a bytes does not fit"),
        ({"timeout": True}, "OpenRouterMagics.timeout: a bool does not fit"),
        ({"fallback": {"a/b": 1}}, "OpenRouterMagics.fallback: a dict does not fit"),
    ],
)
def test_a_default_that_does_not_fit_names_its_trait(given: dict[str, object], words: str) -> None:
    with pytest.raises(FlagError, match=words):
        defaults(given)


def test_each_flag_has_a_help_and_what_is_for_one_cell_has_no_default() -> None:
    assert {"-m", "-s", "-t", "-c", "-o", "--as"} <= set(flag_names())
    assert "model" in configurable()
    assert not {"chat", "out", "dry_run", "schema"} & set(configurable())
    assert all(configurable().values())
