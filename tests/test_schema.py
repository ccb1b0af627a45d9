"""The form of an answer: types and dicts become what is sent, and what came becomes the type, or says why not."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
import pydantic
import pytest
from jsonschema import Draft202012Validator
from typing_extensions import NotRequired, TypedDict  # pydantic wants this one before Python 3.12

from jupyter_openrouter import background, demo_base_url
from jupyter_openrouter.errors import AnswerFormatError, InvalidRequestError
from jupyter_openrouter.request import chat_body, encode
from jupyter_openrouter.schema import schema_of
from jupyter_openrouter.synchronous import OpenRouter


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Step:
    text: str
    minutes: float = 5.0
    tools: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Recipe:
    """Something to cook."""

    name: str
    color: Color
    kind: Literal["soup", "cake"]
    steps: list[Step]
    since: datetime.date
    note: str | None = None

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("A recipe has steps.")


class Place(TypedDict):
    name: str
    height: NotRequired[int]


class Tree(pydantic.BaseModel):
    name: str = pydantic.Field(min_length=1, description="How it is called")
    size: int = pydantic.Field(default=1, ge=0)
    kids: list[Tree] = []
    place: Place | None = None

    @pydantic.field_validator("name")
    @classmethod
    def no_weeds(cls, name: str) -> str:
        if name == "weed":
            raise ValueError("no weeds")
        return name


class Exact(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, extra="forbid")
    day: datetime.date
    few: set[int]


class Trip(TypedDict):
    why: str
    to: Place
    again: list[Place]


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int | list[int]


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    name: str


class Zoo(pydantic.BaseModel):
    pet: Cat | Dog = pydantic.Field(discriminator="kind")


@dataclasses.dataclass
class Garden:
    tree: Tree


SOUP = {
    "name": "Borscht",
    "color": "red",
    "kind": "soup",
    "steps": [{"text": "boil", "minutes": None, "tools": ["pot"]}],
    "since": "2020-01-02",
    "note": None,
}


def fault(target: Any, answer: Any) -> str:
    """What is said of an answer that does not fit."""
    with pytest.raises(AnswerFormatError) as caught:
        schema_of(target).parse(answer if isinstance(answer, str) else json.dumps(answer))
    return "; ".join(map(str, caught.value.problems)) or caught.value.message


def test_a_dataclass_is_made_of_a_strict_answer_whose_nulls_stand_for_defaults() -> None:
    schema = schema_of(Recipe)
    assert schema.strict
    assert not list(Draft202012Validator(schema.sent).iter_errors(SOUP))
    made = schema.parse(f"```json\n{json.dumps(SOUP)}\n```")
    assert made == Recipe(
        "Borscht", Color.RED, "soup", [Step("boil", 5.0, ["pot"])], datetime.date(2020, 1, 2)
    )


def test_a_typed_dict_keeps_no_null_that_it_has_no_place_for() -> None:
    assert schema_of(Place).sent["required"] == ["name", "height"]
    assert schema_of(Place).parse('{"name": "Elbrus", "height": null}') == {"name": "Elbrus"}


def test_names_are_asked_for_in_the_order_of_the_type() -> None:
    sent = schema_of(list[Trip]).sent
    assert sent["$defs"]["Trip"]["required"] == ["why", "to", "again"]
    assert list(sent["$defs"]["Place"]["properties"]) == ["name", "height"]


def test_a_pydantic_model_is_made_by_itself_with_its_defaults_and_its_coercions() -> None:
    schema = schema_of(Tree)
    assert schema.strict
    answer = {"name": "oak", "size": "7", "kids": [{"name": "acorn", "size": None}], "place": None}
    made = schema.parse(json.dumps(answer))
    assert made == Tree(name="oak", size=7, kids=[Tree(name="acorn")])
    assert schema_of(list[Tree]).parse('{"value": [{"name": "a"}]}') == [Tree(name="a")]
    assert schema_of(Garden).parse('{"tree": {"name": "a"}}') == Garden(Tree(name="a"))
    assert schema_of(pydantic.TypeAdapter(Tree)).parse('{"name": "a"}') == Tree(name="a")
    assert schema_of(Exact).parse('{"day": "2020-01-02", "few": [1]}').few == {1}


@pytest.mark.parametrize(
    ("target", "answer", "said"),
    [
        (Recipe, SOUP | {"steps": [{"text": "a"}, {"text": 5}]}, "at $.steps[1].text: expected string, found"),
        (Recipe, SOUP | {"color": "green"}, 'at $.color: expected "blue" or "red", found the string "green"'),
        (Recipe, {"name": "x"}, '"color" is missing'),
        (Recipe, SOUP | {"since": "soon"}, "at $.since: Invalid RFC3339"),
        (Recipe, SOUP | {"steps": []}, "at $: A recipe has steps."),
        (list[Recipe], {"value": [SOUP, SOUP | {"since": "soon"}]}, "at $.value[1].since"),
        (dict[str, Step], {"a b": {"text": None}}, 'at $["a b"].text: expected string, found null'),
        (Tree, {"name": "a", "kids": [{"name": "b"}, {"name": "weed"}]}, "at $.kids[1].name: Value error, no weeds"),
        (Tree, {"name": "a", "size": -1}, "at $.size: Input should be greater than or equal to 0, found the number -1"),
        (Zoo, {"pet": {"kind": "dog"}}, "at $.pet.name: Field required"),
        (Zoo, {"pet": {"kind": "cow"}}, "at $.pet: Input tag 'cow'"),
        (Zoo, {"pet": {"kind": "cat", "lives": [1, "x"]}}, "at $.pet.lives[1]: Input should be a valid integer"),
        (Exact, {"day": "2020-01-02", "few": [], "more": 1}, "at $.more: Extra inputs"),
        (Tree, '{"name": "\\ud800"}', "at $"),
        (Step | None, {"value": {"text": 1}}, "at $.value.text"),
        ({"type": "array", "items": {"type": "integer"}}, {"value": [1, "x"]}, "at $.value[1]"),
        (int, "1e999", "too large"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_with_its_place(target: Any, answer: Any, said: str) -> None:
    assert said in fault(target, answer)


@pytest.mark.parametrize(
    ("target", "text", "value"),
    [
        (list[int], '{"value": [1, 2]}', [1, 2]),
        (list[int], "[1, 2]", [1, 2]),
        (Color, '{"value": "blue"}', Color.BLUE),
        (int | str, '{"value": "x"}', "x"),
        (Step | None, '{"value": null}', None),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (dict[int, int], '{"1": 1}', {1: 1}),
        (Literal["yes", "no"], '{"value": "yes"}', "yes"),
        (tuple[int, str], '{"value": [1, "a"]}', (1, "a")),
        (bool, "true", True),
        (msgspec.defstruct("Point", [("x", int)]), '{"x": 1}', None),
    ],
)
def test_a_root_that_is_no_object_stands_in_one(target: Any, text: str, value: Any) -> None:
    schema = schema_of(target)
    assert schema.sent["type"] == "object"
    made = schema.parse(text)
    assert made == value or made.x == 1


def test_a_dict_is_held_against_as_it_is_and_sent_strictly() -> None:
    given = {
        "title": "A person!",
        "type": "object",
        "properties": {"age": {"type": "integer", "minimum": 0}, "nick": {"type": "string"}},
        "required": ["age"],
    }
    before = json.dumps(given)
    schema = schema_of(given)
    assert (schema.name, schema.strict) == ("A_person", True)
    assert schema.sent["required"] == ["age", "nick"]
    assert schema.parse('{"age": 3, "nick": null}') == {"age": 3}
    assert "at $.age: expected at least 0" in fault(given, {"age": -1})
    assert json.dumps(given) == before


def test_a_whole_response_format_is_sent_as_it_is() -> None:
    field = {
        "name": "mine",
        "strict": False,
        "schema": {"type": "object", "properties": {"a": {"minimum": 1}}},
    }
    for given in (field, {"type": "json_schema", "json_schema": field}):
        assert schema_of(given).response_format() == {"type": "json_schema", "json_schema": field}
    assert "at $.a" in fault(field, {"a": 0})


def test_an_open_map_is_sent_without_strict() -> None:
    schema = schema_of(dict[str, Step])
    assert schema.response_format()["json_schema"]["strict"] is False
    assert "$ref" in json.dumps(schema.sent)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"a": 1}, "says nothing of a type"),
        ({"type": "objekt"}, "at $.type"),
        ({"type": "object", "properties": ["a"]}, "at $.properties: expected object, found an array of 1"),
        ({"$ref": "#/$defs/No", "$defs": {}}, "#/$defs/No"),
        ({"type": "array", "items": {"$ref": "#/$defs/No"}}, "#/$defs/No"),
        ({"$ref": "#"}, "without end"),
        ({"type": "object", "default": float("nan")}, "written as JSON"),
        ({"type": "object", "default": object()}, "written as JSON"),
        (Step("a"), "one Step, not the type"),
        ("Recipe", "type str"),
        (None, "None"),
        (type("Odd", (), {}), "made of Odd"),
    ],
)
def test_what_is_no_form_is_refused_before_anything_is_sent(target: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        schema_of(target)
    assert said in str(caught.value)


def test_the_repair_goes_on_from_the_answer_and_says_what_is_wrong() -> None:
    schema = schema_of(Recipe)
    text = json.dumps(SOUP | {"color": "green", "name": 1})
    with pytest.raises(AnswerFormatError) as caught:
        schema.parse(text)
    answer, ask = schema.repair_message(caught.value, text)
    assert answer == {"role": "assistant", "content": text}
    assert "$.color" in ask["content"]
    assert "$.name" in ask["content"]
    with pytest.raises(AnswerFormatError) as caught:
        schema.parse(" ")
    (ask,) = schema.repair_message(caught.value, " ")
    assert "empty" in ask["content"]
    assert "JSON schema is" in schema_of(dict[str, int]).repair_message(caught.value, "x")[1]["content"]


def test_an_answer_that_is_too_deep_for_its_type_is_a_typed_error() -> None:
    text = '{"name": "a", "kids": [' * 45 + "]}" * 45
    assert schema_of(Tree).parse(text).kids
    limit = sys.getrecursionlimit()
    deep = [schema_of(NESTED).parse, '{"a": [' * 50 + "]}" * 50]
    try:
        sys.setrecursionlimit(len(__import__("inspect").stack()) + 120)
        with pytest.raises(AnswerFormatError, match="nested too deeply"):
            deep[0](deep[1])  # type: ignore[operator]
    finally:
        sys.setrecursionlimit(limit)


NESTED = {"type": "object", "properties": {"a": {"type": "array", "items": {"$ref": "#"}}}}


@pytest.mark.parametrize(
    "target", [Recipe, Place, Tree, list[Tree], Color, dict[str, Step], {"type": "object"}]
)
def test_what_is_sent_is_a_schema_that_a_request_takes(target: Any) -> None:
    schema = schema_of(target)
    Draft202012Validator.check_schema(schema.sent)
    body = chat_body("hi", model="demo/echo", **schema.fields({"zdr": True}))
    assert json.loads(encode(body))["response_format"] == schema.response_format()
    assert body["provider"] == {"require_parameters": True, "zdr": True}


@pytest.fixture
def client() -> Iterator[OpenRouter]:
    with OpenRouter(base_url=demo_base_url()) as made:
        yield made
    background.stop()


def test_an_answer_over_http_becomes_the_type(client: OpenRouter) -> None:
    schema = schema_of(Place)
    response = client.chat('{"name": "Elbrus", "height": 5642}', model="demo/echo", **schema.fields())
    assert schema.parse(response.text) == {"name": "Elbrus", "height": 5642}


def test_pydantic_is_not_imported_for_other_types() -> None:
    code = (
        "import sys, dataclasses\nfrom jupyter_openrouter.schema import schema_of\n"
        "A = dataclasses.make_dataclass('A', [('x', int)])\n"
        "schema_of(A).parse('{\"x\": 1}'); print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
