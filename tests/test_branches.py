"""The branches of a conversation: what is shown, what may stand in a turn's place, and what is dropped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter.branches import Branches
from jupyter_openrouter.turn import Turn


def tree(*ways: str) -> Branches[Turn]:
    """Turns named by letters: capital ones are questions, each way is a path from the start."""
    made: Branches[Turn] = Branches()
    for way in ways:
        last = ""
        for letter in way:
            if letter not in made:
                made.add(Turn("user" if letter.isupper() else "assistant", letter, id=letter), after=last)
            last = letter
    return made


def shown(made: Branches[Turn]) -> str:
    return "".join(turn.id for turn in made.shown)


def test_what_comes_last_is_shown_and_what_was_there_stays_reachable() -> None:
    made = tree("QaRb", "Qc")
    assert (shown(made), made.beside("c"), made.branched) == ("Qc", ["a", "c"], True)
    assert made.show("a")
    assert shown(made) == "QaRb", "with what was shown after it"
    assert [turn.id for turn in made.way_to("c")] == ["Q", "c"]
    assert not made.show("nothing")
    assert shown(made) == "QaRb"


def test_an_exchange_is_taken_out_with_all_its_answers_and_what_follows_stays() -> None:
    made = tree("QaRbSc", "QaRd")
    made.show("c")
    assert [turn.id for turn in made.take_out("b")] == ["R", "b"]
    assert (shown(made), "d" in made, made.after("S"), made.beside("S")) == ("QaSc", False, "a", ["S"])


def test_where_nothing_follows_the_other_question_of_the_same_place_is_shown() -> None:
    made = tree("QaRb", "QaTc")
    made.take_out("T")
    assert shown(made) == "QaRb"
    made.take_out("R")
    assert shown(made) == "Qa"
    assert made.take_out("R") == []


def test_a_chain_of_tool_calls_goes_with_its_question() -> None:
    made = tree("QaRbcdSe")
    assert [turn.id for turn in made.take_out("c")] == ["R", "b", "c", "d"]
    assert shown(made) == "QaSe"


def test_a_turn_is_cut_off_with_all_that_follows_it_on_every_branch() -> None:
    made = tree("QaRb", "QaTc", "QdUe")
    made.cut("a")
    assert (shown(made), len(made)) == ("QdUe", 4)
    made.cut("Q")
    assert (shown(made), len(made)) == ("", 0)


@given(st.lists(st.tuples(st.sampled_from("asrdc"), st.integers(0, 30)), max_size=40))
def test_whatever_is_done_the_shown_turns_are_a_way_through_the_tree(steps: list[tuple[str, int]]) -> None:
    made: Branches[Turn] = Branches()
    for number, (step, which) in enumerate(steps):
        there = [turn.id for turn in made]
        ident = there[which % len(there)] if there else ""
        if step == "a" or not there:
            role = "assistant" if ident and made[ident].role == "user" else "user"
            made.add(Turn(role, "x", id=f"t{number}"), after=ident)
        elif step == "s":
            assert made.show(ident)
        elif step == "r":
            made.take_out(ident)
        elif step == "c":
            made.cut(ident)
        else:
            made.put(Turn(made[ident].role, "y", id=ident))
        last = ""
        for turn in made.shown:
            assert made.after(turn.id) == last
            assert turn is made[turn.id]
            assert turn.id in made.beside(turn.id)
            last = turn.id
        for turn in made:
            assert made.way_to(turn.id)[-1] is turn
