"""A conversation: what it takes in, what goes out with the next question, what it costs, and cells run again."""

from __future__ import annotations

import copy
import threading
from pathlib import Path
from typing import Any

import pytest
from talks import CALL, SIGNED, answer, talk

from jupyter_openrouter.chunks import Usage
from jupyter_openrouter.conversation import Conversation, answered
from jupyter_openrouter.errors import FileError, InvalidRequestError
from jupyter_openrouter.request import chat_body


def said(conversation: Conversation) -> list[Any]:
    return [turn.content for turn in conversation.turns]


def test_what_was_said_goes_out_with_the_next_question_the_system_message_first() -> None:
    trip = talk("where?", "Rome", "when?", "May", system="Be brief.")
    messages = trip.messages()
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user", "assistant"]
    assert [message["content"] for message in messages] == ["Be brief.", "where?", "Rome", "when?", "May"]
    assert (
        chat_body([*messages, {"role": "user", "content": "why?"}], model="m/x")["messages"][:5] == messages
    )
    trip.system = ""
    assert trip.messages() == messages[1:]


def test_another_model_goes_on_with_the_same_memory_and_unchanged_reasoning() -> None:
    trip = talk()
    trip.take("a", answer("one", reasoning_details=SIGNED, tool_calls=[CALL]))
    trip.take("b", answer("two", model="other/model"))
    assert trip.messages()[1]["reasoning_details"] is SIGNED
    assert (trip.last_model, len(trip.messages())) == ("other/model", 4)


@pytest.mark.parametrize(
    ("state", "text", "reasoning", "taken"),
    [
        ("done", "x", "", True),
        ("done", "", "thought", True),
        ("done", "", "", False),
        ("stopped", "x", "", True),
        ("stopped", "", "thought", True),
        ("stopped", "", "", False),
        ("cut", "x", "", True),
        ("failed", "x", "", True),
        ("failed", "", "thought", False),
        ("failed", " \n", "", False),
        ("streaming", "x", "", False),
    ],
)
def test_a_turn_is_taken_in_only_when_something_was_answered(
    state: str, text: str, reasoning: str, taken: bool
) -> None:
    trip = talk("where?", "Rome")
    given = answer(text, state=state, reasoning=reasoning)
    assert answered(given) is taken
    assert trip.take("when?", given) is taken
    assert len(trip) == (4 if taken else 2)
    assert (given.conversation is not None) is taken


def test_a_stopped_answer_is_marked_for_the_model_and_not_in_the_memory() -> None:
    trip = talk()
    trip.take("tell", answer("once upon", state="stopped"))
    assert said(trip) == ["tell", "once upon"]
    assert trip.turns[1].state == "stopped"
    assert "stopped this answer" in trip.messages()[1]["content"]


def test_the_same_cell_run_again_replaces_its_own_last_turn_and_says_so() -> None:
    trip = talk("where?", "Rome", "when?", "May")
    assert trip.rerun_note("c9") == ""
    assert "replaces the last turn" in trip.rerun_note("c2")
    assert [message["content"] for message in trip.messages("c2")] == ["where?", "Rome"]
    trip.take("when then?", answer("June"), cell_id="c2")
    assert said(trip) == ["where?", "Rome", "when then?", "June"]


def test_a_cell_on_whose_answer_others_stand_goes_to_the_end_and_says_so() -> None:
    trip = talk("where?", "Rome", "when?", "May")
    assert "goes to the end" in trip.rerun_note("c1")
    assert trip.messages("c1") == trip.messages()
    trip.take("where else?", answer("Pisa"), cell_id="c1")
    assert said(trip) == ["where?", "Rome", "when?", "May", "where else?", "Pisa"]


def test_a_cell_run_again_without_an_answer_leaves_the_memory_as_it_was() -> None:
    trip = talk("where?", "Rome")
    assert not trip.take("where?", answer("", state="failed"), cell_id="c1")
    assert said(trip) == ["where?", "Rome"]


def test_questions_without_a_cell_never_replace_each_other() -> None:
    trip = talk()
    for _ in range(2):
        trip.take("again", answer("yes"))
    assert (len(trip), trip.rerun_note("")) == (4, "")


def test_a_cell_that_asks_in_a_loop_replaces_all_of_its_earlier_run_and_nothing_of_this_one() -> None:
    trip = talk("where?", "Rome")
    for run in (7, 8):
        for word in "abc":
            assert len(trip.messages("loop", run=run)) == 2 + 2 * "abc".index(word)
            trip.take(word, answer(f"{word}{run}"), cell_id="loop", run=run)
    assert said(trip) == ["where?", "Rome", "a", "a8", "b", "b8", "c", "c8"]
    assert trip.rerun_note("loop", run=8) == ""


def test_undo_drops_the_last_question_with_all_that_followed_it() -> None:
    trip = Conversation(
        turns=[
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
            {"role": "assistant", "content": "", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "21"},
            {"role": "assistant", "content": "d"},
        ]
    )
    assert [turn.content for turn in trip.undo()] == ["c", "", "21", "d"]
    assert len(trip.undo()) == 2
    assert trip.undo() == []


def test_clear_keeps_name_and_system_message() -> None:
    trip = talk("where?", "Rome", system="Be brief.")
    trip.clear()
    assert trip.messages() == [{"role": "system", "content": "Be brief."}]


def test_a_continued_answer_takes_the_place_of_the_last_one() -> None:
    trip = talk("where?", "Ro")
    before = trip.turns[-1]
    assert trip.take_continued(answer("Rome", sent_at=1009.0))
    assert said(trip) == ["where?", "Rome"]
    assert (trip.turns[-1].id, trip.turns[-1].cell_id) == (before.id, "c1")
    assert not talk().take_continued(answer("Rome"))
    assert not trip.take_continued(answer("", state="failed"))


def test_sums_are_of_what_is_known_and_unknown_is_never_zero() -> None:
    trip = talk()
    assert (trip.cost, trip.tokens, trip.last_model) == (0.0, 0, "")
    trip = talk("a", "b", "c", "d")
    assert (trip.cost, trip.tokens, trip.usage.prompt_tokens) == (0.5, 16, 6)
    stopped = answer("e", state="stopped")
    trip.take("f", stopped)
    assert (trip.cost, trip.tokens) == (None, None)


def test_the_play_money_of_the_demo_is_no_cost() -> None:
    trip = talk("a", "b")
    trip.take("c", answer("d", requested_model="demo/echo"))
    assert (trip.cost, trip.tokens) == (0.25, 16)


def test_the_cost_of_a_stopped_answer_is_filled_in_when_it_is_known() -> None:
    trip = talk("a", "b")
    stopped = answer("e", state="stopped")
    trip.take("f", stopped)
    assert trip.cost is None
    stopped.usage = Usage.read({"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.5})
    assert (trip.cost, trip.tokens) == (0.75, 10)
    assert trip.to_dict()["turns"][-1]["record"]["cost"] == 0.5


def test_a_branch_shares_the_turns_and_grows_alone() -> None:
    trip = talk("where?", "Rome", "when?", "May")
    branch = Conversation("other", system=trip.system, turns=trip.turns[:2])
    branch.take("how?", answer("by train"))
    assert branch.turns[0] is trip.turns[0]
    assert said(trip)[2:] == ["when?", "May"]
    assert said(branch)[2:] == ["how?", "by train"]


def test_a_thousand_messages_are_taken_listed_and_sent_without_their_square() -> None:
    trip = talk()
    parts = [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}]
    for number in range(500):
        trip.take(parts, answer(f"a{number}"), cell_id=f"c{number}", run=number)
    messages = trip.messages()
    assert len(messages) == 1000
    assert all(message["content"] is parts for message in messages[::2]), "contents are shared, not copied"
    assert trip.tokens == 500 * 8


def test_several_threads_take_turns_in_and_none_is_lost_or_torn_apart() -> None:
    trip = talk()

    def ask(who: int) -> None:
        for number in range(50):
            trip.take(f"{who}.{number}", answer(f"{who}.{number}"))
            trip.messages()

    threads = [threading.Thread(target=ask, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    words = said(trip)
    assert len(words) == 400
    assert words[::2] == words[1::2]


def test_it_can_be_copied_and_shows_itself_inert() -> None:
    trip = talk("where <script>?", "Rome <img src=x onerror=alert(1)>")
    assert copy.deepcopy(trip).to_dict() == trip.to_dict()
    forms = trip._repr_mimebundle_()
    assert "<img" not in forms["text/markdown"]
    assert "<script" not in forms["text/markdown"]
    assert forms["text/plain"] == "<Conversation 'trip': 1 question>"
    long = talk(*["x"] * 100)
    assert "60 earlier turns" in long._repr_mimebundle_()["text/markdown"]


@pytest.mark.parametrize("name", ["-x", "a{b}", "$x", " x", "a\nb", "x" * 81, "a  b", 5])
def test_a_name_that_a_line_cannot_hold_is_refused(name: Any) -> None:
    with pytest.raises(InvalidRequestError, match="no name"):
        Conversation(name)


def test_a_notebook_given_to_load_is_said_to_be_one(tmp_path: Path) -> None:
    path = talk("where?", "Rome").export(tmp_path / "x.ipynb")
    with pytest.raises(FileError, match="from_notebook reads it"):
        Conversation.load(path)
