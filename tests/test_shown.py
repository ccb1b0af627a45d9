"""How a cell's answer is saved: its forms, the remarks above the footer, and fences that nothing leaves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter.chunks import Usage
from jupyter_openrouter.response import Response
from jupyter_openrouter.saved_form import read
from jupyter_openrouter.shown import code_of, prompt_forms, saved_forms


def answer(text: str, **facts: object) -> Response:
    response = Response("demo/echo")
    response.add(0, text)
    response.state, response.finish_reason = "done", "stop"
    vars(response).update(facts)
    return response


def test_without_remarks_it_is_the_form_of_the_response_itself() -> None:
    response = answer("a *b*\n\nc", usage=None)
    response.usage = None
    response.state = "stopped"
    assert saved_forms(response) == response.mimebundle()


def test_remarks_stand_on_a_line_above_the_footer_in_both_forms() -> None:
    forms = saved_forms(answer("text", state="stopped", notes=["First <b>."]), more=["Second."])
    assert forms["text/markdown"].split("\n\n")[1] == "<small>First &lt;b>. Second.</small>"
    assert forms["text/plain"].split("\n\n")[1] == "First <b>. Second."
    assert forms["text/markdown"].endswith("stopped</small>")


def test_code_text_and_json_stand_in_a_fence_in_the_place_of_the_markdown() -> None:
    response = answer('{"a": "```"}')
    for shown_as in ("text", "code", "json"):
        rich = saved_forms(response, shown_as=shown_as)["text/markdown"]
        assert rich.startswith("````")
        assert rich.count("````") == 2
    assert read(saved_forms(response, shown_as="json")).text == response.text


@given(st.text(), st.sampled_from(["markdown", "text", "code", "json"]))
def test_the_exact_text_comes_back_whatever_it_is_shown_as(text: str, shown_as: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    forms = saved_forms(answer(text), shown_as=shown_as, more=["A remark."])
    assert read(forms).text == text


def test_code_without_a_fence_is_all_of_the_text_and_other_languages_are_left_out() -> None:
    assert code_of("x = 1") == ("x = 1\n", "")
    assert code_of("```bash\npip\n```\n```python\nx\n```") == ("pip\n", "bash")
    assert code_of(" \n") == ("", "")


def test_a_prompt_is_shown_by_role_with_other_parts_named() -> None:
    forms = prompt_forms(
        [{"role": "user", "content": [{"type": "text", "text": "see ```"}, {"type": "image_url"}]}]
    )
    assert forms["text/plain"] == "user:\nsee ```\n[image_url]"
    assert "````text\nsee ```\n[image_url]\n````" in forms["text/markdown"]


def test_a_prompt_is_shown_so_that_no_formula_step_takes_anything_out_of_it() -> None:
    shown = prompt_forms([{"role": "user", "content": "@@7@@ \\begin{x} \\\\(y\\\\)"}])
    assert "@@" not in shown["text/markdown"]
    assert "\\begin" not in shown["text/markdown"]
    assert "@@7@@ \\begin{x} \\\\(y\\\\)" in shown["text/plain"]


def test_a_footer_is_one_line_whatever_the_service_calls_itself() -> None:
    response = answer("hi", model="x\n\n# y", provider="p\r\nq", notes=["Note."], usage=Usage(cost=0.5))
    said, remark, footer = saved_forms(response)["text/plain"].split("\n\n")
    assert (said, remark, footer) == ("hi", "Note.", "x # y · p q · $0.5000 · stop")
