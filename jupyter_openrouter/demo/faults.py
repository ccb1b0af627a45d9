"""The ways in which demo/faulty fails, each under the word that calls it; pure.

Some look alike on the wire's surface and must not be taken for one another: `cut` lacks both the finish
reason and `[DONE]`, `no-done` and `no-finish` lack one of them, `empty` lacks nothing but an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from .script import (
    COMMENT_INTERVAL,
    Answer,
    Hold,
    Reply,
    Reset,
    Send,
    Step,
    Telling,
    Wait,
    body,
    ending,
    message,
    streamed,
    telling,
    whole,
)
from .statuses import ERRORS
from .wire import COMMENT, DONE, JSON, dump, frame

TEXT = "This answer began well, and these words arrived before the fault.\n\nThey should not be lost. "
MORE = "After the fault, the text went on to its end."
MISFIT = '{"form": "another than was asked for"}'
HUGE = 17 * 1024 * 1024  # characters; clients commonly give up on an event above 16 MiB
SETTLE = 0.05  # seconds for the text to be read before a reset throws away what is on its way
STREAM = {"Content-Type": "text/event-stream"}
PLAIN = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Scene:
    """What a fault may look at: the telling, whether it is streamed, the server's port, and whether it is once more."""

    tell: Telling
    stream: bool
    port: int
    mends: str = ""
    """The JSON that mends an answer of another form; "" but where that was asked for."""


@dataclass(frozen=True)
class Fault:
    """What a fault does, in words and in fact."""

    does: str
    make: Callable[[Scene], tuple[Answer, Reply]]


FAULTS: dict[str, Fault] = {}
Maker = Callable[[Scene], tuple[Answer, Reply]]


def fault(word: str, does: str) -> Callable[[Maker], Maker]:
    """Enter a function into the table under its word."""

    def enter(make: Maker) -> Maker:
        FAULTS[word] = Fault(does, make)
        return make

    return enter


def named(prompt: str) -> str | None:
    """The first word of the prompt that names a fault.

    >>> named("please answer with a 429"), named("a mid-error, then"), named("nothing known")
    ('429', 'mid-error', None)
    """
    found = re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", prompt.lower())
    return next((word for word in found if word in FAULTS or word in ERRORS), None)


def table() -> str:
    """All words and what they do, as a Markdown table."""
    rows = [(word, error.does) for word, error in ERRORS.items()]
    rows += [(word, one.does) for word, one in FAULTS.items()]
    lines = "\n".join(f"| `{word}` | {does} |" for word, does in rows)
    return (
        "I fail in the way that your prompt names; the first word that I know counts. "
        "Add `once`, and the same request goes well the second time.\n\n"
        f"| Word | What happens |\n| --- | --- |\n{lines}\n"
    )


def well() -> Answer:
    """The answer once the fault is over."""
    return Answer("This time it went well.")


def after_text(scene: Scene, answer: Answer, *end: Step, begin: bytes = b"") -> tuple[Answer, Reply]:
    """A stream of the answer's text and then `end`; unstreamed, the bytes `begin` and then `end`."""

    def steps() -> Iterator[Step]:
        if scene.stream:
            yield from body(answer, scene.tell)
        else:
            yield Send(begin or b"\n", TEXT)
        yield from end

    return answer, Reply(steps(), headers=STREAM if scene.stream else PLAIN)


def half(scene: Scene) -> bytes:
    """The beginning of a JSON answer that breaks off inside the text."""
    told = dump(scene.tell.envelope.whole(message(Answer(TEXT)), {}, None))
    return told[: told.index(b"They should")]


def error(code: int | str, message: str, kind: str, provider_code: str | None = None) -> JSON:
    """The `error` object of a stream or a body."""
    metadata = {"error_type": kind} | ({"provider_code": provider_code} if provider_code else {})
    return {"code": code, "message": message, "metadata": metadata}


def error_underway(scene: Scene, error: JSON) -> tuple[Answer, Reply]:
    """Text, then the error chunk and the end; unstreamed, a 200 whose body is the error."""
    if not scene.stream:
        return error_body(error)
    chunk = {**scene.tell.envelope.chunk({"content": ""}, "error"), "error": error}
    return after_text(scene, Answer(TEXT, finish="error"), Send(frame(chunk)))


def error_body(error: JSON) -> tuple[Answer, Reply]:
    """Status 200 with an error in JSON."""
    return Answer(finish="error"), Reply([Send(dump({"error": error}))], headers=PLAIN)


LOST = error(502, "Provider disconnected unexpectedly", "provider_unavailable", "upstream_closed")


@fault("cut", "text, then the end: no finish reason, no `[DONE]`")
def cut(scene: Scene) -> tuple[Answer, Reply]:
    return after_text(scene, Answer(TEXT, finish=None), begin=half(scene))


@fault("stall", "text, then nothing for ever, not even comments")
def stall(scene: Scene) -> tuple[Answer, Reply]:
    return after_text(scene, Answer(TEXT, finish=None), Hold(), begin=half(scene))


@fault("comments", "keep-alive comments for ever, never a token")
def comments(scene: Scene) -> tuple[Answer, Reply]:
    def steps() -> Iterator[Step]:
        while True:
            yield Send(COMMENT if scene.stream else b"\n")
            yield Wait(COMMENT_INTERVAL)

    return Answer(finish=None), Reply(steps(), headers=STREAM if scene.stream else PLAIN)


@fault("mid-error", "text, then an error chunk with finish reason `error`")
def mid_error(scene: Scene) -> tuple[Answer, Reply]:
    return error_underway(scene, LOST)


@fault("error-first", "status 200, and the error is the very first frame")
def error_first(scene: Scene) -> tuple[Answer, Reply]:
    busy = error(503, "No provider could take the request", "provider_overloaded")
    if not scene.stream:
        return error_body(busy)
    first = {**scene.tell.envelope.top("chunk"), "choices": [], "error": busy}
    return Answer(finish="error"), Reply([Send(COMMENT), Send(frame(first))], headers=STREAM)


@fault("error-string-code", "text, then an error whose code is a string")
def error_string_code(scene: Scene) -> tuple[Answer, Reply]:
    return error_underway(scene, error("server_error", "Internal Server Error", "server"))


@fault("error-in-choice", "text, then an error inside the choice, none at the top")
def error_in_choice(scene: Scene) -> tuple[Answer, Reply]:
    answer = Answer(TEXT, finish="error")
    if scene.stream:
        last = scene.tell.envelope.chunk({"content": ""}, "error")
    else:
        last = scene.tell.envelope.whole(message(answer), scene.tell.spent(answer), "error")
    last["choices"][0]["error"] = LOST
    if not scene.stream:
        return answer, Reply([Send(dump(last), TEXT)], headers=PLAIN)
    return after_text(scene, answer, Send(frame(last)))


@fault("reset", "text, then a TCP reset")
def reset(scene: Scene) -> tuple[Answer, Reply]:
    return after_text(scene, Answer(TEXT, finish=None), Wait(SETTLE), Reset(), begin=half(scene))


@fault("malformed", "one frame amid the text is not valid JSON")
def malformed(scene: Scene) -> tuple[Answer, Reply]:
    answer = Answer(TEXT + MORE)
    broken = Send(b'data: {"id":"' + scene.tell.envelope.id.encode() + b'","choices":[{"index":0,"del\n\n')
    end = [*telling(Answer(MORE), scene.tell), *ending(answer, scene.tell)]
    if not scene.stream:
        return answer, Reply([Send(half(scene) + b"\n  garbage")], headers=PLAIN)
    return answer, after_text(scene, Answer(TEXT), broken, *end)[1]


@fault("empty", "finish reason `stop` and no text at all")
def empty(scene: Scene) -> tuple[Answer, Reply]:
    return complete(scene, Answer())


@fault("length", "text, then finish reason `length`")
def length(scene: Scene) -> tuple[Answer, Reply]:
    return complete(scene, Answer(TEXT, finish="length"))


@fault("filter", "text, then finish reason `content_filter`")
def content_filter(scene: Scene) -> tuple[Answer, Reply]:
    return complete(scene, Answer(TEXT, finish="content_filter"))


@fault("no-done", "a finish reason and the usage, but no `[DONE]`")
def no_done(scene: Scene) -> tuple[Answer, Reply]:
    answer = Answer(TEXT)
    if not scene.stream:
        return complete(scene, answer)
    return after_text(scene, answer, *list(ending(answer, scene.tell))[:-1])


@fault("no-finish", "`[DONE]`, but neither finish reason nor usage")
def no_finish(scene: Scene) -> tuple[Answer, Reply]:
    answer = Answer(TEXT, finish=None)
    if not scene.stream:
        return complete(scene, answer)
    return after_text(scene, answer, Send(DONE))


@fault("json-error", "status 200, and the body is a JSON error, not a stream")
def json_error(scene: Scene) -> tuple[Answer, Reply]:
    return error_body(LOST)


@fault("html", "status 502 with an HTML page")
def html(scene: Scene) -> tuple[Answer, Reply]:
    page = b"<!DOCTYPE html>\n<title>502 Bad Gateway</title>\n<h1>502 Bad Gateway</h1>\n"
    return Answer(finish=None), Reply([Send(page)], 502, {"Content-Type": "text/html; charset=UTF-8"})


@fault("huge", "one event of more than 16 MiB, then a good end")
def huge(scene: Scene) -> tuple[Answer, Reply]:
    line = "0123456789abcdef" * 64
    answer = Answer((line[:-1] + "\n") * (HUGE // len(line)))
    return complete(scene, replace(answer, deltas=(answer.text,)))


@fault("redirect", "status 302 to another origin on this machine")
def redirect(scene: Scene) -> tuple[Answer, Reply]:
    place = f"http://localhost:{scene.port}/api/v1/redirected"
    return Answer(finish=None), Reply([], 302, {"Location": place})


@fault("misfit", "JSON of another form than `response_format` asks for; asked to mend it, the right one")
def misfit(scene: Scene) -> tuple[Answer, Reply]:
    return complete(scene, Answer(scene.mends or MISFIT))


def complete(scene: Scene, answer: Answer) -> tuple[Answer, Reply]:
    """An answer that arrives as a whole, on the wire at least."""
    steps = streamed(answer, scene.tell) if scene.stream else whole(answer, scene.tell)
    return answer, Reply(steps, headers=STREAM if scene.stream else PLAIN)
