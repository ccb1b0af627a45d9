"""The chat as Python uses it: asking, branches, the queue, files, links and observers; no notebook needed."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import traitlets
from talks import talk

from jupyter_openrouter import ChatWidget, Conversation, Timeouts, background
from jupyter_openrouter.answering import Question, answer
from jupyter_openrouter.chat_turns import of_answer
from jupyter_openrouter.conversations import conversations
from jupyter_openrouter.errors import (
    CutError,
    FileError,
    InvalidRequestError,
    MissingKeyError,
    OpenRouterError,
    RateLimitError,
)
from jupyter_openrouter.extras import Images
from jupyter_openrouter.ledger import ledger
from jupyter_openrouter.parts import image, text
from jupyter_openrouter.response import Response


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    yield
    background.stop()


def said(chat: ChatWidget) -> list[str]:
    return [turn["content"] for turn in chat.messages]


def until(true: Callable[[], Any], seconds: float = 30) -> None:
    ended = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if true():
            return
        ended.wait(0.01)
    raise AssertionError("not in time")


def running(chat: ChatWidget, words: str = "tell") -> threading.Thread:
    """Asks in another thread, and waits until the answer has begun."""

    def ask() -> None:
        chat.ask(words)

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: chat.state == "streaming" and chat.message)
    return thread


def test_turns_are_plain_values_with_what_the_footer_shows() -> None:
    chat = ChatWidget(model="demo/reasoner")
    answer = chat.ask("why?")
    question, turn = chat.messages
    assert question == {"id": question["id"], "role": "user", "content": "why?"}
    assert (turn["content"], turn["state"], turn["model"]) == (answer.text, "done", "demo/reasoner")
    assert turn["reasoning"] == answer.reasoning
    assert turn["usage"]["completion_tokens"] > 0
    assert turn["speed"] > 0
    assert chat.response is answer
    assert chat.cost == answer.cost
    assert chat.totals["cost"] == 0.0, "the demo's figures are play money"
    assert (turn["uncharged"], chat.totals["uncharged"]) == (True, turn["usage"]["cost"])
    assert json.loads(json.dumps(chat.messages)) == chat.messages


def test_parts_are_asked_and_told_as_attachments() -> None:
    chat = ChatWidget(model="demo/echo")
    chat.ask(["What is this?", image(b"GIF89a" + bytes(6)), text("```data: a.txt\nhello\n```\n")])
    found = chat.messages[0]
    assert found["content"] == "What is this?"
    assert [(one["kind"], one["mime"]) for one in found["attachments"]] == [
        ("image", "image/gif"),
        ("text", "text/plain"),
    ]


def test_it_is_awaited_beside_other_things_and_in_order() -> None:
    chat = ChatWidget(model="demo/echo")

    async def ask() -> list[str]:
        return [answer.text for answer in await asyncio.gather(*map(chat.ask_async, ("one", "two", "three")))]

    assert asyncio.run(ask()) == ["one", "two", "three"]
    assert said(chat) == ["one", "one", "two", "two", "three", "three"]


def test_cancelling_an_awaited_question_stops_it_and_keeps_its_text() -> None:
    chat = ChatWidget(model="demo/slow")

    async def ask() -> None:
        task = asyncio.ensure_future(chat.ask_async("tell"))
        while not chat.message:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(ask())
    until(lambda: chat.state == "stopped")
    assert chat.messages[-1]["content"]
    assert chat.messages[-1]["continuable"]


def test_a_question_waits_in_the_queue_and_is_let_down_when_the_answer_before_is_stopped() -> None:
    chat = ChatWidget(model="demo/slow")
    first = running(chat)
    failed: list[Exception] = []

    def ask() -> None:
        try:
            chat.ask("later")
        except InvalidRequestError as error:
            failed.append(error)

    second = threading.Thread(target=ask)
    second.start()
    until(lambda: [one["text"] for one in chat.queued] == ["later"])
    chat.stop()
    first.join(20)
    second.join(20)
    assert "was not asked" in str(failed[0])
    until(lambda: chat.queued == [])
    assert said(chat)[0] == "tell"
    assert len(chat.messages) == 2


@pytest.mark.parametrize("what", ["undo", "clear", "retry", "continue_"])
def test_what_cannot_be_done_while_an_answer_runs_says_what_to_do(what: str) -> None:
    chat = ChatWidget(model="demo/slow")
    thread = running(chat)
    with pytest.raises(InvalidRequestError, match="Stop it"):
        getattr(chat, what)()
    chat.stop()
    thread.join(20)


def test_retry_edit_and_show_branch_keep_every_branch() -> None:
    chat = ChatWidget(model="demo/echo")
    chat.ask("one")
    chat.ask("two")
    first, answer = chat.messages[:2]
    chat.retry(first["id"])
    assert said(chat) == ["one", "one"]
    assert list(chat.branches.values()) == [[answer["id"], chat.messages[1]["id"]]]
    chat.edit(first["id"], "other")
    assert said(chat) == ["other", "other"]
    chat.show_branch(answer["id"])
    assert said(chat) == ["one", "one", "two", "two"]
    assert chat.totals["completion_tokens"] > sum(
        t.get("usage", {}).get("completion_tokens", 0) for t in chat.messages
    )
    assert [turn["content"] for turn in chat.undo()] == ["two", "two"]
    chat.delete(first["id"])
    assert said(chat) == ["other", "other"]
    for wrong in (lambda: chat.delete("x"), lambda: chat.show_branch("x"), lambda: chat.edit("x", "y")):
        with pytest.raises(InvalidRequestError, match="There is no"):
            wrong()


def test_a_question_that_failed_is_shown_and_can_be_retried() -> None:
    chat = ChatWidget(model="demo/faulty")
    with pytest.raises(RateLimitError):
        chat.ask("429")
    assert (chat.state, chat.asking, chat.messages) == ("failed", "429", [])
    assert chat.error is not None
    assert chat.error["act"] in ("retry", "wait")
    assert chat.retry(model="demo/echo").text == "429"
    assert (said(chat), chat.asking, chat.error) == (["429", "429"], "", None)


def test_a_cut_answer_keeps_its_text_and_is_continued() -> None:
    chat = ChatWidget(model="demo/faulty")
    with pytest.raises(CutError):
        chat.ask("cut")
    before = chat.messages[-1]
    assert (before["state"], before["continuable"], before["error"]["type"]) == ("cut", True, "CutError")
    with pytest.raises(CutError):
        chat.continue_()
    after = chat.messages[-1]
    assert after["id"] == before["id"]
    assert after["content"].startswith(before["content"])
    assert len(chat.messages) == 2


def test_a_whole_answer_cannot_be_continued() -> None:
    chat = ChatWidget(model="demo/echo")
    with pytest.raises(InvalidRequestError, match="no answer"):
        chat.continue_()
    chat.ask("one")
    with pytest.raises(InvalidRequestError, match="complete"):
        chat.continue_()


def test_without_a_key_nothing_is_shown_or_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any, **__: Any) -> Any:
        raise MissingKeyError("No key.")

    monkeypatch.setattr("jupyter_openrouter.chat.key_for", none)
    monkeypatch.setattr("jupyter_openrouter.chat_hearing.key_for", none)
    chat = ChatWidget(model="openai/gpt-4")
    with pytest.raises(MissingKeyError):
        chat.ask("hello")
    assert (chat.asking, chat.state) == ("", "idle")
    chat._on_message(chat, {"type": "ask", "id": "a", "text": "hello", "uploads": []}, [])
    until(lambda: chat.state == "failed")
    assert (chat.asking, chat.messages) == ("hello", [])
    assert chat.error is not None
    assert chat.error["act"] == "key"


def test_a_question_that_holds_a_key_is_refused_and_kept_nowhere() -> None:
    chat = ChatWidget(model="demo/echo")
    key = "sk-or-v1-" + "a" * 32
    for wrong in (
        lambda: chat.ask(key),
        lambda: chat.ask(["x", text(key)]),
        lambda: setattr(chat, "system", key),
        lambda: setattr(chat, "params", {"stop": [key]}),
    ):
        with pytest.raises(InvalidRequestError, match="API key"):
            wrong()
    assert key not in str(chat.get_state())


def test_what_is_set_from_python_is_checked_and_linked_both_ways() -> None:
    one, two = ChatWidget(model="demo/echo"), ChatWidget(model="demo/echo")
    for name in ("model", "system", "params", "messages"):
        traitlets.link((one, name), (two, name))
    one.model, two.system, one.params = "demo/tour", "Be brief.", {"temperature": 0.5}
    two.messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "state": "done"}]
    assert (two.model, one.system, two.params) == ("demo/tour", "Be brief.", {"temperature": 0.5})
    assert said(one) == said(two) == ["a", "b"]
    assert one.conversation.system == "Be brief."
    for name, value in (
        ("model", ""),
        ("model", 5),
        ("params", {"temperature": 9}),
        ("params", {"model": "x/y"}),
        ("params", {"no such": 1}),
        ("messages", "x"),
        ("messages", [{"role": "user"}]),
    ):
        with pytest.raises((InvalidRequestError, traitlets.TraitError)):
            setattr(one, name, value)
    assert (one.model, one.params, said(one)) == ("demo/tour", {"temperature": 0.5}, ["a", "b"])


def test_turns_that_are_set_again_keep_all_that_they_were() -> None:
    chat = ChatWidget(model="demo/reasoner")
    chat.ask(["look", image(b"GIF89a" + bytes(6))])
    before = chat.conversation.turns
    chat.messages = chat.messages
    assert chat.conversation.turns == before
    chat.messages = [
        *chat.messages,
        {"role": "user", "content": "and?"},
        {"role": "assistant", "content": "so"},
    ]
    assert chat.conversation.turns[:2] == before
    assert chat.messages[-1] == {"id": chat.messages[-1]["id"], "role": "assistant", "content": "so"}
    chat.messages = []
    assert (chat.messages, len(chat.conversation)) == ([], 0)


def test_observers_and_callbacks_hear_of_each_answer_once() -> None:
    chat = ChatWidget(model="demo/echo")
    seen: list[Any] = []
    answers: list[Response] = []
    chat.observe(lambda change: seen.append(len(change.new)), "messages")
    end = chat.on_response(answers.append)
    chat.ask("one")
    chat.ask("two")
    until(lambda: len(answers) == 2 and len(seen) == 2)
    end()
    end()
    chat.ask("three")
    until(lambda: len(seen) == 3)
    assert seen == [2, 4, 6]
    assert [answer.text for answer in answers] == ["one", "two"]


def test_the_code_of_the_last_answer_is_text_with_its_language() -> None:
    chat = ChatWidget(model="demo/echo")
    assert chat.code == []
    chat.ask("so:\n```python\nx = 1\n```\nand\n~~~\ny\n~~~")
    assert [(code, code.language) for code in chat.code] == [("x = 1\n", "python"), ("y\n", "")]


def test_a_conversation_is_shared_by_its_name_and_by_itself() -> None:
    shared = conversations.get("shared-by-a-test")
    one, two = (
        ChatWidget("demo/echo", conversation="shared-by-a-test"),
        ChatWidget("demo/echo", conversation=shared),
    )
    one.ask("one")
    until(lambda: two.version == 1)
    assert said(two) == ["one", "one"]
    assert one.name == two.name == shared.name
    two.system = "Be brief."
    until(lambda: one.system == "Be brief.")
    own = ChatWidget("demo/echo", name="shared-by-a-test")
    assert own.messages == []
    conversations.forget("shared-by-a-test")
    with pytest.raises(InvalidRequestError, match="turns already"):
        ChatWidget("demo/echo", conversation=shared, messages=[{"role": "user", "content": "x"}])
    with pytest.raises(InvalidRequestError, match="name already"):
        ChatWidget("demo/echo", conversation=shared, name="x")
    with pytest.raises(InvalidRequestError, match="no conversation"):
        ChatWidget("demo/echo", conversation=5)  # type: ignore[arg-type]


def test_it_is_saved_loaded_and_exported_with_all_its_branches(tmp_path: Path) -> None:
    chat = ChatWidget("demo/echo", system="Be brief.", params={"temperature": 0.5}, name="trip")
    chat.ask("one")
    chat.retry()
    path = tmp_path / "chat.json"
    assert chat.save(path) == path
    assert chat.saved == str(path)
    back = ChatWidget.load(path)
    assert (back.model, back.system, back.params, back.name) == (chat.model, chat.system, chat.params, "trip")
    assert back.branches == chat.branches
    assert said(back) == said(chat)
    assert back.totals == pytest.approx(chat.totals), "what was spent is known again"
    assert back.ask("more").text == "more"
    back.show_branch(next(iter(chat.branches.values()))[0])
    assert said(back) == ["one", "one"]
    chat.export(tmp_path / "x.ipynb")
    chat.export(tmp_path / "x.md")
    assert said(ChatWidget.load(tmp_path / "x.ipynb")) == ["one", "one"]
    with pytest.raises(FileError):
        ChatWidget.load(tmp_path / "no.json")
    copy = chat.to_conversation()
    copy.clear()
    assert said(chat) == ["one", "one"]
    assert ChatWidget("demo/echo", conversation=talk("a", "b")).to_conversation().turns


@pytest.mark.parametrize(
    "change", [{"chat": {"params": {"headers": {}}}}, {"others": [{"after": "x", "turn": 5}]}, {"turns": 5}]
)
def test_a_file_that_was_tampered_with_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    chat = ChatWidget("demo/echo")
    chat.ask("one")
    path = chat.save(tmp_path / "chat.json")
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}), "utf-8")
    with pytest.raises(FileError):
        ChatWidget.load(path)


def test_options_are_those_of_the_client_and_go_with_each_question(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidRequestError, match=r"Write params=\{'temperature': …\}\."):
        ChatWidget("demo/echo", temperature=0.5)  # type: ignore[call-arg]
    with pytest.raises(InvalidRequestError, match="takes no 'modell'"):
        ChatWidget("demo/echo", modell="x")  # type: ignore[call-arg]
    with pytest.raises(InvalidRequestError, match="retry=0 is no RetryPolicy"):
        ChatWidget("demo/echo", retry=0)
    with pytest.raises(InvalidRequestError, match="timeouts=5 is no Timeouts"):
        ChatWidget("demo/echo", timeouts=5)
    with pytest.raises(InvalidRequestError, match="takes no 'response'"):
        ChatWidget("demo/echo", response=Response())
    asked: list[Question] = []

    async def answered(question: Question, *arguments: Any, **more: Any) -> Response:
        asked.append(question)
        return await answer(question, *arguments, **more)

    monkeypatch.setattr("jupyter_openrouter.chat_asking.answer", answered)
    chat = ChatWidget(
        "demo/echo",
        max_cost=0.5,
        timeouts=Timeouts(total=60),
        params={"seed": 5, "reasoning": "off", "web": True},
    )
    chat.ask("one")
    assert (asked[0].max_cost, asked[0].model) == (0.5, "demo/echo")
    assert dict(asked[0].options) == {
        "seed": 5,
        "reasoning": {"effort": "none"},
        "plugins": [{"id": "web"}],
        "timeouts": Timeouts(total=60),
    }


def test_the_ledger_knows_the_answers_of_a_chat() -> None:
    before = len(ledger)
    ChatWidget("demo/echo", name="counted").ask("one")
    line = list(ledger)[before]
    assert (line.source, line.conversation, line.dollars) == ("chat", "counted", 0.0)


def test_a_closed_chat_asks_nothing_more() -> None:
    chat = ChatWidget("demo/echo")
    chat.ask("one")
    chat.close()
    chat.close()
    background.background().call(lambda: None)
    with pytest.raises(InvalidRequestError, match="closed"):
        chat.ask("two")
    assert said(chat) == ["one", "one"]


def test_clear_takes_away_what_waits_and_what_failed() -> None:
    chat = ChatWidget("demo/faulty")
    with pytest.raises(RateLimitError):
        chat.ask("429")
    chat.clear()
    assert (chat.asking, chat.error, chat.messages) == ("", None, [])
    with pytest.raises(InvalidRequestError, match="no such question"):
        chat.retry()


def test_a_thousand_turns_cost_the_same_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = ChatWidget("demo/echo")
    sizes: list[int] = []
    monkeypatch.setattr(chat, "send", lambda content, buffers=None: sizes.append(len(json.dumps(content))))
    chat.ask("word " * 20)
    first, sizes[:] = sum(sizes), []
    chat.messages = [
        {"role": ("user", "assistant")[n % 2], "content": f"turn {n} " * 20} for n in range(1000)
    ]
    background.background().call(lambda: None)
    sizes.clear()
    chat.ask("word " * 20)
    assert sum(sizes) < 1.5 * first + 500
    assert len(chat.get_state()["messages"]) == 1002


def test_the_requests_that_a_chat_keeps_hold_each_message_once() -> None:
    chat = ChatWidget(model="demo/echo", system="Be brief.")
    bodies = [chat.ask(f"question {number}").body["messages"] for number in range(12)]
    assert [len(messages) for messages in bodies] == list(range(2, 26, 2))
    for number, messages in enumerate(bodies):
        assert [one["content"] for one in messages[1::2]] == [f"question {at}" for at in range(number + 1)]
    assert len({id(message) for messages in bodies for message in messages}) == 24
    chat.close()


def test_a_conversation_of_ones_own_may_be_made_and_read_with_branches() -> None:
    conversation = talk("a", "b", "c", "d")
    chat = ChatWidget("demo/echo", conversation=conversation)
    chat.edit(chat.messages[2]["id"], "other")
    assert [turn.content for turn in conversation.turns] == ["a", "b", "other", "other"]
    back = Conversation.from_dict(json.loads(json.dumps(conversation.to_dict())))
    assert back.branches(back.turns[2].id) == conversation.branches(conversation.turns[2].id)
    assert back.show(back.branches(back.turns[2].id)[0])
    assert [turn.content for turn in back.turns] == ["a", "b", "c", "d"]


def aside(call: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Calls it in another thread; gives that, and where its outcome will be."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(call())
        except BaseException as error:  # noqa: BLE001 - it is the outcome
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def hear(chat: ChatWidget, kind: str, **fields: Any) -> None:
    """What a browser sends."""
    chat._hearing.hear({"type": kind, "id": f"h{next(_numbers)}", **fields}, [])


_numbers = iter(range(1_000_000))


def test_a_call_whose_question_is_taken_out_of_the_queue_by_a_browser_does_not_wait_for_ever() -> None:
    chat = ChatWidget("demo/slow")
    thread = running(chat)
    waiting, outcome = aside(lambda: chat.ask("second"))
    until(lambda: chat.queued)
    hear(chat, "unqueue", item=chat.queued[0]["id"])
    waiting.join(10)
    assert "taken out of the queue" in str(outcome)
    chat.stop()
    thread.join(10)


def test_a_question_that_waits_is_asked_as_a_browser_has_edited_it_in_its_place() -> None:
    chat = ChatWidget("demo/slow")
    thread = running(chat)
    for words in ("second", "third"):
        hear(chat, "ask", text=words)
    until(lambda: len(chat.queued) == 2)
    chat._hearing.uploads.take("u1", name="a.txt", size=5, offset=0, data=b"hello")
    chat._hearing.uploads.take("u2", name="b.txt", size=2, offset=0, data=b"hi")
    item = chat.queued[0]["id"]
    hear(chat, "edit_queued", item=item, text="second", keep=[], uploads=["u1", "u2"])
    until(lambda: "attachments" in chat.queued[0])
    hear(chat, "edit_queued", item=item, text="another", keep=[1], uploads=[])
    until(lambda: chat.queued[0]["text"] == "another")
    assert chat.queued[0]["id"] == item
    assert [one["name"] for one in chat.queued[0]["attachments"]] == ["b.txt"]
    assert len(chat._hearing.uploads) == 0
    hear(chat, "edit_queued", item=item, text=" ", keep=[], uploads=[])
    hear(chat, "edit_queued", item="w-nothing", text="x", keep=[], uploads=[])
    background.background().call(lambda: None)
    assert [one["text"] for one in chat.queued] == ["another", "third"]
    chat.stop()
    thread.join(10)
    hear(chat, "send_now", item=item)
    until(lambda: chat.asking == "another")
    assert [one["name"] for one in chat.asking_attachments] == ["b.txt"]
    until(lambda: (body := chat._running.body) and body["messages"][-1]["content"][0]["text"].count("hi"))
    chat.close()


@pytest.mark.parametrize("how", ["assigned", "cleared"])
@pytest.mark.parametrize("what", ["retry", "continue_"])
def test_an_answer_whose_place_is_dropped_while_it_runs_goes_to_the_end(what: str, how: str) -> None:
    chat = ChatWidget("demo/slow")
    thread = running(chat, "first")
    chat.stop()
    thread.join(10)
    before = chat.response
    thread, outcome = aside(getattr(chat, what))
    until(lambda: chat._running is not None and chat._running.text_parts[-1:] not in ([], [before.text]))
    if how == "assigned":
        chat.messages = [{"role": "user", "content": "mine"}]
    else:
        chat.conversation.clear()
    chat.stop()
    thread.join(10)
    assert outcome[0].text
    assert said(chat) == [*(["mine"] if how == "assigned" else []), "first", outcome[0].text]


def test_what_waits_and_has_lost_its_place_is_asked_at_the_end_or_says_so() -> None:
    chat = ChatWidget("demo/slow")
    thread = running(chat, "first")
    chat.stop()
    thread.join(10)
    late = [
        chat._questions.rest(),
        chat._questions.again(),
        chat._questions.edited(chat.messages[0]["id"], "x"),
    ]
    thread = running(chat, "second")
    for asked in late:
        asked.model = "demo/echo"
        background.background().call(lambda asked=asked: chat._asking.ask(asked))
    chat.conversation.clear()
    chat.stop()
    thread.join(10)
    hear(chat, "send_now", item=late[0].id)
    until(lambda: chat.state == "failed")
    assert "is gone" in chat.error["message"]
    for asked, words in ((late[1], "first"), (late[2], "x")):
        hear(chat, "send_now", item=asked.id)
        until(lambda words=words: said(chat)[-2:] == [words, words])
    until(lambda: not chat._asking.running)


def test_what_python_sets_is_not_set_back_by_what_a_browser_chose_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Other(traitlets.HasTraits):
        model = traitlets.Unicode()

    chat, other = ChatWidget("demo/echo"), Other()
    traitlets.link((chat, "model"), (other, "model"))
    late: list[Callable[[], None]] = []
    monkeypatch.setattr("jupyter_openrouter.widget._tell_apart", late.append)
    hear(chat, "settings", system="browser", params={"temperature": 1})
    hear(chat, "model", model="demo/tour")
    until(lambda: chat.model == "demo/tour" and chat.system == "browser")
    chat.system, chat.model, chat.params = "python", "demo/slow", {}
    background.background().call(lambda: None)
    for tell in late:
        tell()
    background.background().call(lambda: None)
    assert (chat.system, chat.conversation.system, chat.params) == ("python", "python", {})
    assert chat.model == other.model == "demo/slow"


def test_a_question_that_failed_is_asked_again_of_the_model_chosen_since() -> None:
    chat = ChatWidget("demo/faulty")
    with pytest.raises(OpenRouterError):
        chat.ask("402")
    chat.model = "demo/echo"
    assert chat.retry().requested_model == "demo/echo"
    with pytest.raises(OpenRouterError):
        chat.retry(model="demo/faulty")
    hear(chat, "retry", turn="", model="")
    until(lambda: chat._answers == 4 and not chat._asking.running)
    assert chat.response.requested_model == "demo/faulty"


def test_the_key_of_a_continuation_is_that_of_its_own_model(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("jupyter_openrouter.chat_hearing.key_for", lambda model, **_: asked.append(model))
    chat = ChatWidget("demo/slow")
    thread = running(chat)
    chat.stop()
    thread.join(10)
    chat.model = "openai/gpt-4"
    hear(chat, "continue")
    assert asked == ["demo/slow"]
    until(lambda: chat.state == "streaming")
    chat.stop()
    until(lambda: not chat._asking.running)


def test_names_that_a_model_tells_are_bounded_where_they_are_shown() -> None:
    long = Response("openai/gpt-4")
    long.provider = "P" * 1_000_000
    long.finish_reason = long.native_finish_reason = long.model = "x" * 1_000_000
    told = of_answer(long, Images())
    assert len(str(told)) < 2000
    assert told["provider"] == "P" * 200
