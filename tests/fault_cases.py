"""The table of the faulty answers: what the server does, what was asked, and how the answer must end."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from faults import (
    DEAF,
    DONE,
    FIN,
    HELLO,
    LAST,
    OK,
    RESET,
    STALL,
    STOP,
    USAGE,
    Again,
    Each,
    Script,
    answer,
    delta,
    event,
    framed,
    head,
    said,
    stream,
)

from jupyter_openrouter.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    CutError,
    EmptyAnswerError,
    EventError,
    NotFoundError,
    OpenRouterError,
    PaymentRequiredError,
    PermissionDeniedError,
    ProviderError,
    RateLimitError,
    StreamError,
)
from jupyter_openrouter.plan import Timeouts
from jupyter_openrouter.response import Response
from jupyter_openrouter.retry import RetryPolicy

QUICK = RetryPolicy(jitter=lambda: 3.99)
"""Like the usual policy, with waits of a few milliseconds."""
SOON = 0.15
"""Seconds of a time-out that a test waits for."""
PAUSE = 0.03
"""Seconds for what was sent to be read, before a reset throws away what is on its way."""


@dataclass(frozen=True)
class Case:
    """One scenario.

    Attributes:
        scripts: What the server does, request by request.
        error: The class of the error, exactly; None for an answer that is done.
        says: A pattern in the error's words.
        text: The exact text, also after an error.
        attempts: Failed tries before the last one.
        requests: How many the server saw; None for one more than ``attempts``.
        options: Of ``chat_stream``.
        holds: What else must be true of the response.
    """

    scripts: tuple[Script, ...]
    error: type[OpenRouterError] | None = None
    says: str = ""
    text: str = ""
    attempts: int = 0
    skipped: int = 0
    requests: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    holds: Callable[[Response], Any] = lambda response: True
    error_holds: Callable[[Any], Any] = lambda error: True


def once(*steps: Any, **more: Any) -> Case:
    return Case((steps,), **more)


def limits(**seconds: float) -> dict[str, Any]:
    return {"timeouts": Timeouts(**seconds)}


def failing(error: Any, *before: bytes) -> Script:
    """A stream that ends with an error as the service sends it."""
    choices = [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]
    return stream(*before, event({"id": "gen-1", "error": error, "choices": choices}))


HEAD = head()
HEL = framed(said("Hel"))
WHOLE = {
    "id": "gen-1",
    "model": "a/b",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "cost": 0.5},
}
BODY = b"".join(HELLO)
BOMB = gzip.compress(b"\0" * 30_000_000, 9)
KEY = "sk-or-v1-c0ffee" + "0" * 32

CASES: dict[str, Case] = {}


def group(name: str, **cases: Case) -> None:
    CASES.update({f"{name}/{key.replace('_', '-')}": case for key, case in cases.items()})


group(
    "connection-lost",
    reset_before_headers=once(RESET, error=APIConnectionError, requests=1),
    fin_before_headers=once(FIN, error=APIConnectionError, requests=1),
    reset_in_headers=once(HEAD[:40], PAUSE, RESET, error=APIConnectionError),
    fin_in_headers=once(HEAD[:40], FIN, error=APIConnectionError),
    reset_after_headers=once(HEAD, PAUSE, RESET, error=CutError, says="broke in the middle"),
    fin_after_headers=once(HEAD, FIN, error=CutError, says="broke in the middle"),
    reset_in_an_event=once(HEAD, HEL, framed(said("lo")[:30]), PAUSE, RESET, error=CutError, text="Hel"),
    fin_in_an_event=once(HEAD, HEL, framed(said("lo")[:30]), FIN, error=CutError, text="Hel"),
    fin_between_events=once(HEAD, HEL, FIN, error=CutError, text="Hel", says="broke in the middle"),
    fin_in_an_http_chunk=once(HEAD, HEL, framed(said("lo"))[:20], FIN, error=CutError, text="Hel"),
    fin_in_a_chunk_size_line=once(HEAD, HEL, b"7", FIN, error=CutError, text="Hel"),
    reset_in_a_chunk_size_line=once(HEAD, HEL, b"7", PAUSE, RESET, error=CutError, text="Hel"),
    fin_after_the_finish_reason=once(HEAD, HEL, framed(said("lo", "stop")), FIN, text="Hello"),
    reset_after_the_finish_reason=once(HEAD, HEL, framed(said("lo", "stop")), PAUSE, RESET, text="Hello"),
    fin_after_done=once(HEAD, *map(framed, HELLO), FIN, text="Hello", holds=lambda r: r.cost == 0.5),
    reset_after_done=once(HEAD, *map(framed, HELLO), PAUSE, RESET, text="Hello"),
    stall_after_done=once(HEAD, *map(framed, HELLO), STALL, text="Hello"),
    flood_after_done=once(HEAD, *map(framed, HELLO), Again(framed(said("no")), 0.001), text="Hello"),
    clean_end_after_a_comment=Case((stream(b": OPENROUTER PROCESSING\n\n"),), error=CutError),
    clean_end_of_an_empty_stream=Case((stream(),), error=CutError),
    clean_end_after_text=Case((stream(said("Hel")),), error=CutError, text="Hel", says="neither"),
    clean_end_in_an_event=Case((stream(said("Hel"), said("lo")[:-1]),), error=CutError, text="Hel"),
)

SHORT = len(said("Hel"))
group(
    "framing",
    content_length_too_short=once(
        head("200 OK", f"Content-Length: {SHORT + 5}", chunked=False) + BODY, FIN, error=CutError, text="Hel"
    ),
    content_length_too_long=once(
        head("200 OK", f"Content-Length: {SHORT + 50}", chunked=False) + said("Hel"),
        FIN,
        error=CutError,
        text="Hel",
    ),
    content_length_too_long_after_done=once(
        head("200 OK", f"Content-Length: {len(BODY) + 50}", chunked=False) + BODY, FIN, text="Hello"
    ),
    content_length_exact=once(
        head("200 OK", f"Content-Length: {len(BODY)}", chunked=False) + BODY, text="Hello"
    ),
    no_length_and_close=once(head(chunked=False) + BODY, FIN, text="Hello"),
    no_length_and_close_too_early=once(head(chunked=False) + said("Hel"), FIN, error=CutError, text="Hel"),
    http_1_0=once(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + BODY, FIN, text="Hello"),
    http_1_0_too_early=once(
        b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + said("Hel"),
        FIN,
        error=CutError,
        text="Hel",
    ),
    size_is_no_number=once(HEAD, HEL, b"xyz\r\nabc\r\n", STALL, error=CutError, text="Hel"),
    size_is_negative=once(HEAD, HEL, b"-5\r\nabc\r\n", STALL, error=CutError, text="Hel"),
    size_is_huge=once(HEAD, HEL, b"f" * 40 + b"\r\nabc", STALL, error=CutError, text="Hel"),
    size_line_never_ends=once(HEAD, HEL, Again(b"0" * 4096, 0.001), error=CutError, text="Hel"),
    chunk_longer_than_its_size=once(HEAD, HEL, b"3\r\nabcdefgh\r\n", STALL, error=CutError, text="Hel"),
    chunk_extensions=once(HEAD, b"%x;a=b\r\n%s\r\n" % (len(BODY), BODY), LAST, text="Hello"),
    trailers=once(HEAD, framed(BODY), b"0\r\nX-After: 1\r\n\r\n", text="Hello"),
    length_and_chunked_at_once=once(head("200 OK", "Content-Length: 3"), framed(BODY), LAST, text="Hello"),
    two_lengths=once(
        head("200 OK", "Content-Length: 3", "Content-Length: 4", chunked=False) + BODY,
        STALL,
        error=APIConnectionError,
    ),
    length_is_no_number=once(
        head("200 OK", "Content-Length: many", chunked=False) + BODY, STALL, error=APIConnectionError
    ),
    length_is_negative=once(
        head("200 OK", "Content-Length: -1", chunked=False) + BODY, STALL, error=APIConnectionError
    ),
    unknown_transfer_encoding=once(
        head("200 OK", "Transfer-Encoding: gzip", chunked=False) + BODY, STALL, error=APIConnectionError
    ),
)

group(
    "headers",
    flood=once(b"HTTP/1.1 200 OK\r\n", Again(b"X-Flood: " + b"x" * 8000 + b"\r\n", 0.001),
               error=APIConnectionError),
    one_endless_line=once(b"HTTP/1.1 200 OK\r\nX: ", Again(b"x" * 8000, 0.001), error=APIConnectionError),
    dripping=once(
        b"HTTP/1.1 200 OK\r\n", Again(b"X", 0.01), error=APITimeoutError, options=limits(first_event=SOON)
    ),
    status_line_of_words=once(b"HTTP/1.1 fine\r\n\r\n", STALL, error=APIConnectionError),
    status_line_of_another_protocol=once(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", STALL, error=APIConnectionError),
    no_status_line=once(BODY, FIN, error=APIConnectionError),
    binary_noise=once(bytes(range(256)) * 4, STALL, error=APIConnectionError),
    status_too_large=once(b"HTTP/1.1 1200 OK\r\n\r\n", STALL, error=APIConnectionError),
    generation_id_in_utf_8=Case(
        (stream(*HELLO, headers=["X-Generation-Id: gen-é漢"]),),
        text="Hello",
        holds=lambda r: r.generation_id.startswith("gen-"),
    ),
    generation_id_in_latin_1=once(
        HEAD[:-2] + b"X-Generation-Id: gen-\xe9\x9b\r\n\r\n",
        framed(BODY),
        LAST,
        text="Hello",
        holds=lambda r: r.generation_id.isprintable(),
    ),
    generation_id_of_100_characters_and_more=Case(
        (stream(*HELLO, headers=["X-Generation-Id: " + "g" * 5000]),),
        text="Hello",
        holds=lambda r: len(r.generation_id) <= 500,
    ),
    control_characters=once(
        HEAD[:-2] + b"X-Generation-Id: gen\x07\x1b[2J\r\n\r\n", framed(BODY), LAST, text="Hello",
        holds=lambda r: r.generation_id.isprintable(),
    ),
    nul=once(HEAD[:-2] + b"X-A: a\0b\r\n\r\n", framed(BODY), LAST, error=APIConnectionError),
    line_without_a_colon=once(HEAD[:-2] + b"nonsense\r\n\r\n", framed(BODY), error=APIConnectionError),
    folded_line=once(HEAD[:-2] + b"X-A: a\r\n  b\r\n\r\n", framed(BODY), LAST, text="Hello"),
    odd_cookies=Case(
        (stream(*HELLO, headers=["Set-Cookie: a=b; Expires=never; Max-Age=x; Domain=..", "Set-Cookie: =;=;"]),),
        text="Hello",
    ),
    no_content_type=once(head(kind=""), framed(BODY), LAST, text="Hello"),
    content_type_of_plain_text=once(head(kind="text/plain; charset=x"), framed(BODY), LAST, text="Hello"),
    whole_answer_named_a_stream=Case((answer("200 OK", WHOLE, kind="text/event-stream"),), text="Hello"),
    whole_answer_without_a_type=Case((answer("200 OK", WHOLE, kind=""),), text="Hello"),
    whole_answer_on_many_lines=once(
        head(kind="text/plain"), *map(framed, json.dumps(WHOLE, indent=1).encode().splitlines(True)), LAST, text="Hello"
    ),
    json_error_named_a_stream=Case(
        (answer("200 OK", {"error": {"code": 402, "message": "No credit"}}, kind="text/event-stream"),),
        error=PaymentRequiredError,
        says="No credit",
    ),
    json_error_named_a_stream_may_pass=Case(
        (answer("200 OK", {"error": {"code": 429, "message": "later"}}, kind="text/plain"), OK),
        text="Hello",
        attempts=1,
        options={"retry": QUICK},
    ),
    words_instead_of_a_stream=Case(
        (answer("200 OK", b"upstream connect error", kind="text/plain"),),
        error=StreamError,
        says="no stream: 'upstream connect error'",
    ),
    early_hints_before_the_answer=once(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", *OK, text="Hello"
    ),
    informational_for_ever=once(
        Again(b"HTTP/1.1 102 Processing\r\n\r\n", 0.005),
        error=APITimeoutError,
        options=limits(first_event=SOON),
    ),
    switching_protocols=once(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        STALL,
        error=APIConnectionError,
    ),
)  # fmt: skip

group(
    "status",
    no_content=once(b"HTTP/1.1 204 No Content\r\n\r\n", error=APIStatusError, says="204"),
    partial_content=Case((answer("206 Partial Content", b"x", kind="text/plain"),), error=APIStatusError),
    not_modified=once(b"HTTP/1.1 304 Not Modified\r\n\r\n", error=APIConnectionError, says="redirects"),
    redirect_without_a_target=Case(
        (answer("302 Found", b""),), error=APIConnectionError, says="redirects to another address,"
    ),
    redirect_within_the_host=Case(
        (answer("307 Temporary Redirect", b"", "Location: /login"),),
        error=APIConnectionError,
        says="redirects to /login,",
    ),
    redirect_with_a_hostile_target=once(
        b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: http://x/\xe2\x80\xae" + b"y" * 900 + b"\r\n\r\n",
        error=APIConnectionError,
        error_holds=lambda e: str(e).isprintable() and len(str(e)) < 700,
    ),
    redirect_that_shows_the_key=Case(
        (answer("302 Found", b"", f"Location: https://x/?key={KEY}"),), error=APIConnectionError
    ),
    **{
        f"status_{status}": Case(
            (answer(f"{status} X", {"error": {"code": status, "message": "Sorry"}}),),
            error=kind,
            says="Sorry",
            error_holds=lambda e, status=status: e.status == status,
            options={"retry": RetryPolicy(max_retries=0)},
        )
        for status, kind in {
            400: BadRequestError, 401: AuthenticationError, 402: PaymentRequiredError,
            403: PermissionDeniedError, 404: NotFoundError, 408: ProviderError, 413: BadRequestError,
            418: APIStatusError, 422: BadRequestError, 429: RateLimitError, 500: ProviderError,
            502: ProviderError, 503: ProviderError, 524: ProviderError, 529: ProviderError,
            999: ProviderError,
        }.items()
    },
)  # fmt: skip

BUSY = {"error": {"code": 403, "message": "Sorry"}}
RAW = json.dumps(BUSY).encode()


def forbidden(*steps: Any, headers: tuple[str, ...] = (), **more: Any) -> Case:
    """A 403 whose body has something wrong with it: the status alone must be enough for the typed error."""
    lines = ("403 Forbidden", *headers)
    return once(head(*lines, kind="application/json"), *steps, **{"error": PermissionDeniedError} | more)


group(
    "error-body",
    html=Case(
        (answer("502 Bad Gateway", b"<html><h1>Bad gateway</h1>", kind="text/html"),),
        error=ProviderError,
        says="502",
        options={"retry": RetryPolicy(max_retries=0)},
    ),
    empty=forbidden(LAST, says="403"),
    huge=forbidden(Again(framed(b"x" * 60_000), 0.0001), says="403"),
    truncated=forbidden(framed(RAW[:20]), FIN, says="403"),
    reset=forbidden(framed(RAW[:20]), PAUSE, RESET, says="403"),
    stalled=forbidden(framed(RAW[:20]), STALL, says="403", options=limits(first_event=SOON)),
    endless=forbidden(Again(framed(b" "), 0.01), says="403", options=limits(first_event=SOON)),
    gzip=forbidden(framed(gzip.compress(RAW)), LAST, headers=("Content-Encoding: gzip",), says="Sorry"),
    deflate=forbidden(framed(zlib.compress(RAW)), LAST, headers=("Content-Encoding: deflate",), says="Sorry"),
    gzip_cut_short=forbidden(
        framed(gzip.compress(RAW)[:-20]), FIN, headers=("Content-Encoding: gzip",), says="403"
    ),
    gzip_that_is_none=forbidden(framed(RAW), LAST, headers=("Content-Encoding: gzip",), says="403"),
    gzip_bomb=forbidden(framed(BOMB), LAST, headers=("Content-Encoding: gzip",), says="403"),
    unknown_encoding=forbidden(framed(b"\x1b\x02"), LAST, headers=("Content-Encoding: br",), says="403"),
    a_list=forbidden(framed(b"[1]"), LAST, says="403"),
    a_bare_string=forbidden(framed(b'{"error":"Sorry"}'), LAST, says="Sorry"),
    a_number=forbidden(framed(b'{"error":7}'), LAST, says="403"),
    a_detail_of_another_server=forbidden(framed(b'{"detail":"Sorry"}'), LAST, says="Sorry"),
    a_message_alone=forbidden(framed(b'{"message":"Sorry"}'), LAST, says="Sorry"),
    byte_order_mark=forbidden(framed(b"\xef\xbb\xbf" + RAW), LAST, says="Sorry"),
    invalid_utf_8=forbidden(framed(b'{"error":{"message":"So\xffrry"}}'), LAST, says="So\ufffdrry"),
    lone_surrogate=forbidden(framed(b'{"error":{"message":"So\\ud800rry"}}'), LAST, says="So\ufffdrry"),
    deep=forbidden(framed(b'{"error":' * 20_000), LAST, says="403"),
    wrong_types=forbidden(
        framed(b'{"error":{"code":[],"message":{},"metadata":7,"availability":"x"}}'), LAST, says="403"
    ),
    the_key_sent_back=forbidden(
        framed(json.dumps({"error": {"message": f"Incorrect key {KEY}!"}}).encode()), LAST, says="Incorrect"
    ),
    answered_before_the_request_was_read=once(
        *(DEAF, *answer("413 Too Large", {"error": {"message": "Too large"}}), PAUSE, FIN),
        error=BadRequestError,
        says="413",
        requests=0,
    ),
    provider_text_and_generation_id=Case(
        (
            answer(
                "400 Bad Request",
                {
                    "error": {
                        "code": 400,
                        "message": "Provider returned error",
                        "metadata": {
                            "provider_name": "Acme",
                            "raw": '{"error":{"message":"odd temperature"}}',
                        },
                    }
                },
                "X-Generation-Id: gen-7",
            ),
        ),
        error=BadRequestError,
        says="Acme .*odd temperature",
        error_holds=lambda e: (e.provider, e.generation_id) == ("Acme", "gen-7"),
    ),
)


def whole(body: Any, **more: Any) -> Case:
    return Case((answer("200 OK", body),), **more)


group(
    "whole-answer",
    in_order=whole(WHOLE, text="Hello", holds=lambda r: r.cost == 0.5 and r.finish_reason == "stop"),
    after_white_space_that_kept_alive=once(
        head(kind="application/json"),
        Each(framed(b" \n") * 30, 7),
        framed(json.dumps(WHOLE).encode()),
        LAST,
        text="Hello",
    ),
    # The white space counts as a sign of life: together it takes longer than the first event may take.
    after_white_space_for_longer_than_the_first_event=once(
        head(kind="application/json"),
        *(step for _ in range(12) for step in (framed(b"\n"), 0.05)),
        framed(json.dumps(WHOLE).encode()),
        LAST,
        text="Hello",
        options=limits(first_event=0.4, idle=10),
    ),
    byte_by_byte=once(
        head("200 OK", f"Content-Length: {len(json.dumps(WHOLE))}", kind="application/json", chunked=False),
        Each(json.dumps(WHOLE).encode()),
        text="Hello",
    ),
    white_space_for_ever=once(
        head(kind="application/json"),
        Again(framed(b"\n"), 0.01),
        error=APITimeoutError,
        says="keep-alives",
        options=limits(comments=SOON),
    ),
    stalled=once(
        head(kind="application/json"),
        framed(b'{"id":'),
        STALL,
        error=APITimeoutError,
        options=limits(idle=SOON),
    ),
    error=whole(
        {"error": {"code": 400, "message": "Sorry"}}, error=BadRequestError, says="Sorry",
        error_holds=lambda e: e.status == 400,
    ),
    error_with_a_string_code=whole(
        {"error": {"code": "server_error", "message": "Sorry"}}, error=ProviderError, says="Sorry",
        error_holds=lambda e: e.code == "server_error",
    ),
    error_without_code=whole({"error": {"message": "Sorry"}}, error=ProviderError, says="Sorry"),
    error_of_a_bare_string=whole({"error": "Sorry"}, error=ProviderError, says="Sorry"),
    error_of_a_bare_number=whole({"error": 404}, error=NotFoundError),
    error_in_a_choice=whole(
        {"choices": [{"message": {"content": "Hel"}, "error": {"code": 400, "message": "Sorry"}}]},
        error=BadRequestError,
        text="Hel",
        says="Sorry",
    ),
    malformed=whole(b'{"choices": [', error=EventError, says="malformed"),
    white_space_and_garbage=whole(b"  \n\n  \n upstream gone", error=EventError, says="upstream gone"),
    white_space_alone=whole(b"  \n\n ", error=EventError),
    empty=whole(b"", error=EventError),
    list=whole([WHOLE], error=EventError),
    deep=whole(b"[" * 100_000, error=EventError),
    truncated=once(
        head("200 OK", "Content-Length: 900", kind="application/json", chunked=False) + b'{"choices":',
        FIN,
        error=CutError,
    ),
    byte_order_mark=whole(b"\xef\xbb\xbf" + json.dumps(WHOLE).encode(), text="Hello"),
    type_in_capitals_with_charset=Case(
        (answer("200 OK", WHOLE, kind="Application/JSON; charset=utf-8"),), text="Hello"
    ),
    another_json_type=Case((answer("200 OK", WHOLE, kind="application/hal+json"),), text="Hello"),
    a_stream_called_json=once(head(kind="application/json"), *map(framed, HELLO), LAST, text="Hello"),
    no_answer=whole({"choices": [{"message": {"content": ""}, "finish_reason": "stop"}]},
                    error=EmptyAnswerError),
    no_finish_reason=whole({"choices": [{"message": {"content": "Hello"}}]}, error=CutError, text="Hello"),
    no_choices=whole({"id": "gen-1", "choices": []}, error=CutError),
    html_page_of_a_network=Case(
        (answer("200 OK", b"<html>Log in here</html>", kind="text/html"),),
        error=StreamError,
        says="web page",
    ),
)  # fmt: skip

group(
    "compressed",
    stream_in_gzip=once(
        head("200 OK", "Content-Encoding: gzip"),
        framed(gzip.compress(BODY)),
        LAST,
        error=StreamError,
        says="gzip",
    ),
    stream_in_gzip_cut_short=once(
        head("200 OK", "Content-Encoding: gzip"),
        framed(gzip.compress(BODY)[:20]),
        FIN,
        error=StreamError,
        says="gzip",
    ),
    stream_in_a_gzip_bomb=once(
        head("200 OK", "Content-Encoding: gzip"), framed(BOMB), STALL, error=StreamError, says="gzip"
    ),
    whole_answer_in_gzip=Case(
        (answer("200 OK", gzip.compress(json.dumps(WHOLE).encode()), "Content-Encoding: gzip"),),
        error=StreamError,
        says="gzip",
    ),
    identity=once(head("200 OK", "Content-Encoding: Identity"), framed(BODY), LAST, text="Hello"),
)

COMMENT = framed(b": OPENROUTER PROCESSING\n\n")
group(
    "time",
    nothing_at_all=once(STALL, error=APITimeoutError, says="0.15 s", options=limits(first_event=SOON)),
    nothing_after_the_headers=once(
        HEAD, STALL, error=APITimeoutError, options=limits(first_event=SOON)
    ),
    half_an_event_and_nothing=once(
        HEAD, framed(said("x")[:20]), STALL, error=APITimeoutError, options=limits(first_event=SOON)
    ),
    comments_alone=once(
        HEAD, Again(COMMENT), error=APITimeoutError, says="keep-alives", options=limits(comments=SOON)
    ),
    comments_alone_are_a_sign_of_life=once(
        HEAD,
        *(step for _ in range(12) for step in (COMMENT, 0.05)),
        *map(framed, HELLO),
        LAST,
        text="Hello",
        options=limits(first_event=0.4, idle=10),
    ),
    comments_after_text=once(
        HEAD, HEL, Again(COMMENT), error=APITimeoutError, says="keep-alives", text="Hel",
        options=limits(comments=SOON),
    ),
    nothing_after_a_comment=once(
        HEAD, COMMENT, STALL, error=APITimeoutError, options=limits(idle=SOON)
    ),
    nothing_after_text=once(
        HEAD, HEL, STALL, error=APITimeoutError, says="0.15 s", text="Hel", options=limits(idle=SOON)
    ),
    an_event_that_drips_and_never_ends=once(
        HEAD, HEL, framed(b"data: "), Again(framed(b"x"), 0.01), error=APITimeoutError, text="Hel",
        options=limits(idle=SOON),
    ),
    fields_that_are_no_event=once(
        HEAD, HEL, Again(framed(b"id: 1\n\n"), 0.01), error=APITimeoutError, text="Hel",
        options=limits(idle=SOON),
    ),
    total_of_a_steady_stream=once(
        HEAD, Again(framed(said("")), 0.005), error=APITimeoutError, says="took longer than 0.15 s",
        options=limits(total=SOON),
    ),
    total_of_a_flood=once(
        HEAD, Again(framed(said("")) * 100, 0.0), error=APITimeoutError, says="took longer",
        options=limits(total=SOON),
    ),
    total_includes_the_wait_for_a_retry=Case(
        (answer("429 X", BUSY, "Retry-After: 30"), OK),
        error=RateLimitError,
        options=limits(total=1.0),
        error_holds=lambda e: e.retry_after == 30,
    ),
    nothing_after_the_finish_reason=once(
        HEAD, HEL, framed(said("lo", "stop")), STALL, text="Hello", options=limits(idle=SOON)
    ),
)  # fmt: skip

BIG = b"x" * (1 << 20)
group(
    "size",
    event_of_17_mib=once(
        HEAD, HEL, framed(b"data: " + BIG), *[framed(BIG)] * 17, STALL, error=EventError, text="Hel",
        says="larger than 16777216",
    ),
    event_of_17_mib_at_the_end=once(
        HEAD, HEL, framed(b"data: " + BIG * 17), LAST, error=EventError, text="Hel",
    ),
    body_of_65_mib=once(
        HEAD, HEL, *[framed(b":" + BIG + b"\n")] * 66, STALL, error=EventError, text="Hel",
        says="larger than 67108864",
    ),
    whole_answer_of_65_mib=once(
        head(kind="application/json"), *[framed(b"x" * (1 << 20))] * 66, STALL, error=EventError,
    ),
    event_of_1_mib=Case((stream(said("x" * (1 << 20)), STOP, DONE),), text="x" * (1 << 20)),
    malformed_chunks_without_end=once(
        HEAD, HEL, Again(framed(b"data: x\n\n" * 500), 0.001), error=EventError, text="Hel", skipped=1001,
        says="malformed",
    ),
)  # fmt: skip


def sorry(error: Any, kind: type[OpenRouterError], says: str = "Sorry", **more: Any) -> Case:
    """The error in a later frame; the text before it stays."""
    return Case((failing(error, said("Hel")),), error=kind, says=says, text="Hel", **more)


NO_RETRY = {"retry": RetryPolicy(max_retries=0)}
group(
    "error-in-the-stream",
    code_as_a_number=sorry({"code": 502, "message": "Sorry"}, ProviderError),
    code_as_a_word=sorry(
        {"code": "server_error", "message": "Sorry"}, ProviderError,
        error_holds=lambda e: e.code == "server_error",
    ),
    code_as_digits=sorry({"code": "429", "message": "Sorry"}, RateLimitError),
    no_code=sorry({"message": "Sorry"}, ProviderError),
    a_bare_string=sorry("Sorry", ProviderError),
    a_bare_number=sorry(404, NotFoundError, says="404"),
    an_empty_object=sorry({}, ProviderError, says=""),
    code_beyond_every_status=sorry({"code": 10**30, "message": "Sorry"}, ProviderError),
    error_type_and_provider=sorry(
        {"code": 502, "message": "Sorry", "metadata": {"error_type": "timeout", "provider_name": "Acme"}},
        ProviderError,
        error_holds=lambda e: (e.code, e.provider, e.generation_id) == ("timeout", "Acme", "gen-1"),
    ),
    provider_of_the_chunks=sorry(
        {"code": 502, "message": "Sorry"}, ProviderError, error_holds=lambda e: e.provider == "P"
    ),
    raw_text_of_the_provider=sorry(
        {"code": 502, "message": "Provider returned error", "metadata": {"raw": "the real reason"}},
        ProviderError,
        says="the real reason",
    ),
    in_the_first_frame=Case(
        (failing({"code": 400, "message": "Sorry"}),), error=BadRequestError, says="Sorry"
    ),
    in_the_first_frame_without_choices=Case(
        (stream(event({"error": {"code": 402, "message": "Sorry"}, "choices": []})),),
        error=PaymentRequiredError,
        says="Sorry",
    ),
    in_a_choice=Case(
        (stream(said("Hel"), said("", error={"code": 403, "message": "Sorry"})),),
        error=PermissionDeniedError, says="Sorry", text="Hel",
    ),
    in_another_choice=Case(
        (stream(said("Hel"), said("", index=1, error={"code": 403, "message": "Sorry"}), STOP, DONE),),
        error=PermissionDeniedError, says="Sorry", text="Hel",
    ),
    in_another_choice_first=Case(
        (failing({"code": 502, "message": "Sorry"}, said("Hel", index=1)), OK),
        error=ProviderError, requests=1, holds=lambda r: r.others[1].text == "Hel",
    ),
    finish_reason_alone=Case(
        (stream(said("Hel"), said("", "error", native_finish_reason="MALFORMED_FUNCTION_CALL"), DONE),),
        error=ProviderError, says="MALFORMED_FUNCTION_CALL", text="Hel",
    ),
    an_event_named_error=Case(
        (stream(said("Hel"), b'event: error\ndata: {"code": 429, "message": "Sorry"}\n\n', STOP, DONE),),
        error=RateLimitError, says="Sorry", text="Hel",
    ),
    an_event_named_error_of_text=Case(
        (stream(said("Hel"), b"event: error\ndata: Sorry\n\n"),), error=ProviderError, says="Sorry", text="Hel",
    ),
    after_the_finish_reason=Case(
        (stream(said("Hello", "stop"), event({"error": {"code": 502, "message": "Sorry"}})),),
        error=ProviderError, says="Sorry", text="Hello",
    ),
    after_done=Case((stream(*HELLO, event({"error": {"code": 502, "message": "Sorry"}})),), text="Hello"),
    then_more_text=Case(
        (stream(said("Hel"), event({"error": {"message": "Sorry"}}), said("lo", "stop"), DONE),),
        error=ProviderError, says="Sorry", text="Hel",
    ),
    null=Case((stream(event({"error": None, "choices": [{"delta": {"content": "Hello"}}]}), STOP, DONE),),
              text="Hello"),
    empty_ones_say_that_there_is_none=Case(
        (stream(event({"error": "", "choices": [{"delta": {"content": "Hel"}, "error": {}}]}),
                event({"error": {}, "choices": [{"delta": {"content": "lo"}, "error": ""}]}), STOP, DONE),),
        text="Hello",
    ),
    lone_surrogate=sorry({"message": "Sorry \ud800."}, ProviderError, error_holds=lambda e: str(e).encode()),
    in_text_beside_a_message=Case(
        (failing({"code": 502, "message": "Sorry"}, said("Hel"), delta(reasoning="hm")),),
        error=ProviderError, text="Hel", holds=lambda r: r.reasoning == "hm",
    ),
)  # fmt: skip


def texts(*events: bytes, text: str = "Hello", **more: Any) -> Case:
    return Case((stream(*events),), text=text, **more)


def call(*pieces: Any) -> bytes:
    return delta(tool_calls=list(pieces))


def calls(response: Response) -> list[tuple[str, str]]:
    return [(c["function"]["name"], c["function"]["arguments"]) for c in response.tool_calls]


CALLED = (delta("tool_calls"), DONE)
TWO = [("f", '{"a":1}'), ("g", '{"b":2}')]
group(
    "content",
    in_order=Case((OK,), text="Hello", holds=lambda r: r.cost == 0.5 and r.provider == "P"),
    after_the_finish_reason=texts(said("Hel", "stop"), said("lo"), DONE),
    a_number_among_the_parts=texts(said(["Hel", 5, {"type": "text", "text": "lo"}]), STOP, DONE, skipped=1),
    a_text_for_the_choices=texts(said("Hello"), event({"choices": "x"}), STOP, DONE, skipped=1),
    a_number_for_content_that_is_to_be_told=Case(
        (stream(said("Hel"), said(5), STOP, DONE),),
        error=EventError, says="content: 5", text="Hel", skipped=1, options={"on_malformed": "raise"},
    ),
    usage_before_the_finish_reason=texts(said("Hello"), USAGE, STOP, DONE, holds=lambda r: r.cost == 0.5),
    usage_beside_the_finish_reason=texts(
        event({"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"}], "usage": {"cost": 0.5}}),
        DONE,
        holds=lambda r: r.cost == 0.5 and r.usage.prompt_tokens is None,
    ),
    usage_missing=texts(said("Hello", "stop"), DONE, holds=lambda r: r.usage is None and r.cost is None),
    usage_null=texts(said("Hello"), event({"choices": None, "usage": None}), STOP, DONE),
    usage_of_words=texts(said("Hello", "stop"), event({"usage": {"cost": "much", "prompt_tokens": True}}), DONE,
                         holds=lambda r: r.cost is None and r.usage.prompt_tokens is None),
    choices_empty_missing_null=texts(
        event({"choices": []}), event({}), event({"choices": None}), event({"choices": {}}),
        event({"choices": [None, 1, "x"]}), said("Hello", "stop"), DONE, skipped=2,
    ),
    choices_out_of_order=texts(
        event({"choices": [{"index": 1, "delta": {"content": "B"}}, {"index": 0, "delta": {"content": "Hel"}}]}),
        event({"choices": [{"index": 0, "delta": {"content": "lo"}, "finish_reason": "stop"},
                           {"index": 1, "delta": {"content": "C"}, "finish_reason": "length"}]}),
        DONE,
        holds=lambda r: (r.others[1].text, r.others[1].finish_reason) == ("BC", "length"),
    ),
    choices_without_index=texts(
        event({"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"},
                           {"delta": {"content": "B"}, "finish_reason": "stop"}]}), DONE,
        holds=lambda r: r.others[1].text == "B",
    ),
    another_choice_was_cut=texts(
        event({"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"},
                           {"index": 1, "delta": {"content": "B"}}]}),
        error=CutError, holds=lambda r: r.others[1].text == "B",
    ),
    the_first_choice_is_empty=texts(
        said("", "stop"), said("B", "stop", index=1), DONE, text="", holds=lambda r: r.others[1].text == "B",
    ),
    index_of_a_wrong_type=texts(
        said("H", index="0"), said("e", index=None), said("l", index=0.0), said("l", index=-1),
        said("o", "stop", index=False), DONE,
    ),
    index_beyond_all=texts(said("Hello"), said("x", index=10**9), said("", "stop"), DONE, skipped=1),
    delta_null=texts(event({"choices": [{"index": 0, "delta": None}]}), said("Hello", "stop"), DONE),
    delta_of_words=texts(event({"choices": [{"index": 0, "delta": "x"}]}), said("Hello", "stop"), DONE, skipped=1),
    role_empty=texts(delta(role="", content=""), delta(role="assistant", content="Hello"), STOP, DONE),
    message_in_place_of_delta=texts(
        event({"choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}]}), DONE
    ),
    text_in_place_of_delta=texts(event({"choices": [{"text": "Hello", "finish_reason": "stop"}]}), DONE),
    content_in_parts=texts(
        said([{"type": "text", "text": "Hel"}, {"type": "other"}, None, "l"]),
        said({"type": "text", "text": "o"}), STOP, DONE,
    ),
    content_of_a_wrong_type=texts(said(5), said(True), said("Hello"), said(None, "stop"), DONE, skipped=2),
    split_surrogates=texts(
        event('{"choices":[{"delta":{"content":"Hel\\ud83d"}}]}'),
        event('{"choices":[{"delta":{"content":"\\ude42lo"}}]}'),
        STOP, DONE, text="Hel🙂lo",
    ),
    split_surrogates_with_reasoning_between=texts(
        event('{"choices":[{"delta":{"content":"Hel\\ud83d","reasoning":"\\ud83d"}}]}'),
        event('{"choices":[{"delta":{"reasoning":"\\ude42"}}]}'),
        event('{"choices":[{"delta":{"content":"\\ude42lo"}}]}'),
        STOP, DONE, text="Hel🙂lo", holds=lambda r: r.reasoning == "🙂",
    ),
    lone_surrogates=texts(
        event('{"choices":[{"delta":{"content":"a\\ude42b\\ud83d"}}]}'), STOP, DONE, text="a\ufffdb\ufffd"
    ),
    lone_surrogates_everywhere_else=texts(
        event('{"id":"\\ud800","model":"\\ud800","provider":"\\ud800","choices":[{"native_finish_reason":"\\ud800",'
              '"finish_reason":"stop","delta":{"content":"Hello","refusal":"\\ud800","tool_calls":[{"index":0,'
              '"id":"\\ud800","function":{"name":"\\ud800","arguments":"\\ud83d"}}],'
              '"reasoning_details":[{"type":"reasoning.text","text":"\\ud83d"}]}}]}'),
        event('{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\\ude42"}}],'
              '"reasoning_details":[{"type":"reasoning.text","text":"\\ude42"}]}}]}'),
        DONE,
        holds=lambda r: repr(r).encode() and json.dumps(r.to_dict(), ensure_ascii=False).encode()
        and r.tool_calls[0]["function"]["arguments"] == "🙂" and r.reasoning_details[0]["text"] == "🙂",
    ),
    nan_and_infinity=texts(
        event('{"choices":[{"delta":{"content":"Hello"},"logprobs":{"content":[{"logprob":NaN}]}}],"x":-Infinity}'),
        event('{"choices":[],"usage":{"cost":NaN,"prompt_tokens":Infinity}}'),
        STOP, DONE, holds=lambda r: r.cost is None and r.usage.prompt_tokens is None,
    ),
    huge_numbers=texts(
        event('{"created":' + "9" * 5000 + ',"usage":{"cost":1e999,"prompt_tokens":' + "9" * 40
              + '},"choices":[{"delta":{"content":"Hello"}}]}'),
        STOP, DONE, holds=lambda r: r.cost is None and r.usage.prompt_tokens is None,
    ),
    json_100k_deep=texts(said("Hel"), event("[" * 100_000), event('{"a":' * 100_000), said("lo", "stop"), DONE,
                         skipped=2),
    json_900_deep=texts(event('{"x":' + "[" * 900 + "]" * 900 + ',"choices":[{"delta":{"content":"Hello"}}]}'),
                        STOP, DONE),
    duplicate_keys=texts(event('{"choices":[],"choices":[{"delta":{"content":"x","content":"Hello"}}]}'), STOP, DONE),
    malformed_chunk_skipped=texts(
        said("Hel"), event('{"choices": [{"del'), event("<html>"), event("null"), said("lo", "stop"), DONE,
        skipped=3, holds=lambda r: any("malformed" in w for w in r.warnings),
    ),
    malformed_chunk_raised=texts(
        said("Hel"), event('{"choices": [{"del'), said("lo", "stop"), DONE, error=EventError, text="Hel",
        says="malformed", options={"on_malformed": "raise"},
    ),
    malformed_chunk_first_is_not_sent_again=Case(
        (stream(event("{")), OK), error=EventError, requests=1, options={"on_malformed": "raise"}
    ),
    malformed_chunk_that_shows_the_key=texts(said("Hello", "stop"), event("{" + KEY), DONE, skipped=1),
    reasoning_details_alone=texts(
        delta(reasoning_details=[{"type": "reasoning.text", "index": 0, "text": "h"}]),
        delta(reasoning_details=[{"type": "reasoning.text", "index": 0, "text": "m"}]),
        said("Hello", "stop"), DONE, holds=lambda r: r.reasoning == "hm",
    ),
    reasoning_details_beside_reasoning=texts(
        delta(reasoning="hm", reasoning_details=[{"type": "reasoning.text", "index": 0, "text": "hm"}]),
        said("Hello", "stop"), DONE, holds=lambda r: r.reasoning == "hm",
    ),
    no_finish_reason_but_done=texts(said("Hello"), DONE, holds=lambda r: r.finish_reason == "" and r.warnings),
    finish_reason_of_a_wrong_type=texts(said("Hello", 5), DONE, holds=lambda r: r.finish_reason == ""),
    finish_reason_but_no_done=texts(said("Hello"), STOP),
    finish_reason_unknown=texts(said("Hello", "tired"), DONE, holds=lambda r: r.finish_reason == "tired"),
    two_dones=texts(*HELLO, DONE),
    text_after_done=texts(*HELLO, said("!")),
    done_in_the_same_block_as_more=once(HEAD, framed(BODY + said("!")), LAST, text="Hello"),
    length=texts(said("Hello", "length"), DONE, holds=lambda r: "token limit" in r.warnings[0]),
    content_filter=texts(said("Hello", "content_filter"), DONE, holds=lambda r: "filter" in r.warnings[0]),
    unknown_fields=texts(said("Hello", "stop", x={"y": 1}), event({"object": "news", "z": []}), DONE),
    debug_chunk_first=texts(event({"choices": [], "debug": {"echo_upstream_body": {}}}), *HELLO),
)  # fmt: skip


def nothing(*events: bytes, says: str, **more: Any) -> Case:
    return Case((stream(*events),), error=EmptyAnswerError, says=says, **more)


group(
    "empty",
    stop=nothing(said("", "stop"), DONE, says="stop"),
    length=nothing(said("", "length"), DONE, says="length"),
    content_filter=nothing(said("", "content_filter"), DONE, says="content_filter"),
    native_reason_tells=nothing(
        said("", "stop", native_finish_reason="network_error"), DONE, says="network_error"
    ),
    done_alone=nothing(DONE, says="none"),
    role_alone=nothing(delta(role="assistant", content=None), DONE, says="none"),
    usage_alone=nothing(USAGE, DONE, says="none", holds=lambda r: r.cost == 0.5),
    malformed_alone=nothing(event("{"), DONE, says="none", skipped=1),
    only_reasoning=texts(
        delta(reasoning="hm"),
        said("", "stop"),
        DONE,
        text="",
        holds=lambda r: "only reasoning" in " ".join(r.warnings),
    ),
    only_encrypted_reasoning=nothing(
        delta(reasoning_details=[{"type": "reasoning.encrypted", "data": "x"}]), STOP, DONE, says="stop"
    ),
    only_a_refusal=texts(delta(refusal="No."), STOP, DONE, text="", holds=lambda r: r.refusal == "No."),
)

group(
    "tool-calls",
    in_order=texts(
        call({"index": 0, "id": "1", "function": {"name": "f", "arguments": '{"a"'}}),
        call({"index": 0, "function": {"arguments": ":1}"}}),
        call({"index": 1, "id": "2", "function": {"name": "g", "arguments": '{"b":2}'}}),
        *CALLED, text="", holds=lambda r: calls(r) == TWO,
    ),
    indexes_out_of_order=texts(
        call({"index": 1, "id": "2", "function": {"name": "g", "arguments": '{"b"'}}),
        call({"index": 0, "id": "1", "function": {"name": "f", "arguments": '{"a":1}'}}),
        call({"index": 1, "function": {"arguments": ":2}"}}),
        *CALLED, text="", holds=lambda r: sorted(calls(r)) == TWO,
    ),
    the_same_index_with_other_ids=texts(
        call({"index": 0, "id": "1", "function": {"name": "f", "arguments": '{"a"'}}),
        call({"index": 0, "id": "1", "function": {"arguments": ":1}"}}),
        call({"index": 0, "id": "2", "function": {"name": "g", "arguments": '{"b"'}}),
        call({"index": 0, "function": {"arguments": ":2}"}}),
        *CALLED, text="", holds=lambda r: calls(r) == TWO,
    ),
    no_index=texts(
        call({"id": "1", "function": {"name": "f", "arguments": '{"a"'}}),
        call({"function": {"arguments": ":1}"}}),
        call({"id": "2", "function": {"name": "g", "arguments": '{"b":2}'}}),
        *CALLED, text="", holds=lambda r: calls(r) == TWO,
    ),
    neither_index_nor_id=texts(
        call({"function": {"name": "f", "arguments": '{"a":1}'}}),
        call({"id": "", "function": {"name": "g", "arguments": '{"b":2}'}}),
        *CALLED, text="", holds=lambda r: calls(r) == TWO,
    ),
    neither_index_nor_id_the_same_function_twice=texts(
        call({"function": {"name": "f", "arguments": '{"a":1}'}},
             {"function": {"name": "f", "arguments": '{"a":2}'}}),
        *CALLED, text="", holds=lambda r: calls(r) == [("f", '{"a":1}'), ("f", '{"a":2}')],
    ),
    neither_index_nor_id_the_name_repeated=texts(
        call({"function": {"name": "f", "arguments": '{"a"'}}),
        call({"function": {"name": "f", "arguments": ":1}"}}),
        *CALLED, text="", holds=lambda r: calls(r) == [("f", '{"a":1}')],
    ),
    arguments_null_or_missing=texts(
        call({"index": 0, "id": "1", "function": {"name": "f", "arguments": None}}),
        call({"index": 0, "function": None}), call({"index": 0}), call(None, 5),
        *CALLED, text="", holds=lambda r: calls(r) == [("f", "")],
    ),
    arguments_as_an_object=texts(
        call({"index": 0, "id": "1", "function": {"name": "f", "arguments": {"a": 1}}}),
        *CALLED, text="", holds=lambda r: json.loads(calls(r)[0][1]) == {"a": 1},
    ),
    text_beside=texts(
        delta(content="Hello", tool_calls=[{"index": 0, "function": {"name": "f", "arguments": "{}"}}]),
        *CALLED, holds=lambda r: calls(r) == [("f", "{}")],
    ),
    twenty_thousand=texts(
        *[delta(tool_calls=[{"index": n, "function": {"name": "f"}} for n in range(k, k + 1000)])
          for k in range(0, 20_000, 1000)],
        *CALLED, text="", holds=lambda r: len(r.tool_calls) <= 1024,
    ),
    cut_in_the_arguments=texts(
        call({"index": 0, "id": "1", "function": {"name": "f", "arguments": '{"a"'}}),
        text="", error=CutError, holds=lambda r: calls(r) == [("f", '{"a"')],
    ),
    error_after_a_call_is_not_sent_again=Case(
        (stream(call({"index": 0, "function": {"name": "f"}}), event({"error": {"code": 502}})), OK),
        error=ProviderError, requests=1,
    ),
)  # fmt: skip


def fails(status: int, *lines: str, **error: Any) -> Script:
    return answer(f"{status} X", {"error": {"code": status, "message": "Sorry"} | error}, *lines)


SOONER = formatdate(0, usegmt=True)
NEVER = formatdate(4e9, usegmt=True)
group(
    "retry",
    ok_after_429=Case((fails(429), OK), text="Hello", attempts=1),
    ok_after_503_twice=Case((fails(503), fails(503), OK), text="Hello", attempts=2),
    ok_after_408=Case((fails(408), OK), text="Hello", attempts=1),
    ok_after_409=Case((fails(409), OK), text="Hello", attempts=1),
    ok_after_529_of_html=Case(
        (answer("529 X", b"<html>", kind="text/html"), OK), text="Hello", attempts=1
    ),
    ok_after_an_error_in_the_first_frame=Case(
        (failing({"code": 502, "message": "Sorry"}), OK), text="Hello", attempts=1,
        holds=lambda r: r.finish_reason == "stop" and r.failure is None,
    ),
    ok_after_an_error_in_a_whole_answer=Case(
        (answer("200 OK", {"error": {"code": 503, "message": "Sorry"}}), OK), text="Hello", attempts=1
    ),
    ok_after_a_truncated_503=Case(
        ((head("503 X", "Content-Length: 500", chunked=False) + b"{", FIN), OK), text="Hello", attempts=1
    ),
    three_failures=Case((fails(503),), error=ProviderError, attempts=2, requests=3),
    never_400=Case((fails(400), OK), error=BadRequestError, requests=1),
    never_401=Case((fails(401), OK), error=AuthenticationError, requests=1),
    never_402=Case((fails(402, "Retry-After: 0"), OK), error=PaymentRequiredError, requests=1),
    never_403=Case((fails(403), OK), error=PermissionDeniedError, requests=1),
    never_404=Case((fails(404), OK), error=NotFoundError, requests=1),
    never_413=Case((fails(413), OK), error=BadRequestError, requests=1),
    never_422=Case((fails(422), OK), error=BadRequestError, requests=1),
    never_524_which_may_have_been_billed=Case((fails(524), OK), error=ProviderError, requests=1),
    never_a_reset_which_may_have_been_billed=Case(((RESET,), OK), error=APIConnectionError, requests=1),
    never_a_time_out_which_may_have_been_billed=Case(
        ((STALL,), OK), error=APITimeoutError, requests=1, options=limits(first_event=SOON)
    ),
    never_an_empty_answer=Case((stream(STOP, DONE), OK), error=EmptyAnswerError, requests=1),
    never_after_text=Case((failing({"code": 503}, said("Hel")), OK), error=ProviderError, text="Hel", requests=1),
    never_after_reasoning=Case(
        (failing({"code": 503}, delta(reasoning="hm")), OK), error=ProviderError, requests=1
    ),
    never_after_encrypted_reasoning=Case(
        (failing({"code": 503}, delta(reasoning_details=[{"type": "reasoning.encrypted", "data": "x"}])), OK),
        error=ProviderError, requests=1,
    ),
    budget_in_flight_fills_up=Case(
        (fails(402, "Retry-After: 0", metadata={"limit_source": "openrouter_in_flight_budget"}), OK),
        text="Hello", attempts=1,
    ),
    no_credits_do_not=Case(
        (fails(402, "Retry-After: 0", metadata={"limit_source": "openrouter_credits"}), OK),
        error=PaymentRequiredError, requests=1, error_holds=lambda e: e.limit_source == "openrouter_credits",
    ),
    service_says_retryable=Case(
        (fails(404, availability={"retryable": True, "code": "temporarily_unavailable"}), OK),
        text="Hello", attempts=1,
    ),
    service_says_not_retryable=Case(
        (fails(503, availability={"retryable": False, "code": "model_deprecated"}), OK),
        error=ProviderError, requests=1, error_holds=lambda e: (e.retryable, e.code) == (False, "model_deprecated"),
    ),
    retryable_of_a_wrong_type_says_nothing=Case(
        (fails(400, availability={"retryable": "yes"}), OK), error=BadRequestError, requests=1
    ),
    retry_after_seconds=Case(
        (fails(429, "Retry-After: 0.01"), OK), text="Hello", attempts=1,
        holds=lambda r: r.attempts[0].wait == 0.01,
    ),
    retry_after_milliseconds=Case(
        (fails(429, "Retry-After-Ms: 20", "Retry-After: 3000"), OK), text="Hello", attempts=1,
        holds=lambda r: r.attempts[0].wait == 0.02,
    ),
    retry_after_a_date_gone_by=Case(
        (fails(429, f"Retry-After: {SOONER}"), OK), text="Hello", attempts=1,
        holds=lambda r: r.attempts[0].wait == 0,
    ),
    retry_after_in_the_body=Case(
        (fails(503, availability={"retry_after": 0.01, "retryable": True}), OK), text="Hello", attempts=1,
        holds=lambda r: r.attempts[0].wait == 0.01,
    ),
    retry_after_too_long=Case(
        (fails(429, "Retry-After: 3600"), OK), error=RateLimitError, requests=1, says="Wait (3600 s|1 hour)",
        error_holds=lambda e: e.retry_after == 3600,
    ),
    retry_after_too_long_without_explanation=Case(
        (answer("429 X", b"", "Retry-After: 3600"), OK), error=RateLimitError, requests=1, says="Wait (3600 s|1 hour)",
    ),
    retry_after_a_far_date=Case(
        (fails(429, f"Retry-After: {NEVER}"), OK), error=RateLimitError, requests=1,
        error_holds=lambda e: e.retry_after > 1e6 and "e+" not in str(e),
    ),
    reset_of_the_limit_is_far=Case(
        (fails(429, f"X-RateLimit-Reset: {int(time.time() + 36_000)}000"), OK), error=RateLimitError, requests=1,
        says="Wait 10 hours",
    ),
    reset_of_the_limit_gone_by=Case(
        (fails(429, "X-RateLimit-Reset: 1700000000000"), OK), text="Hello", attempts=1,
        holds=lambda r: r.attempts[0].wait > 0,
    ),
    reset_of_the_limit_is_nonsense=Case(
        (fails(429, "X-RateLimit-Reset: tomorrow"), OK), text="Hello", attempts=1
    ),
    retry_after_nonsense=Case((fails(429, "Retry-After: soon"), OK), text="Hello", attempts=1),
    retry_after_negative=Case(
        (fails(429, "Retry-After: -5"), OK), text="Hello", attempts=1,
        holds=lambda r: r.attempts[0].wait > 0,
    ),
    retry_after_not_a_number=Case(
        (fails(429, "Retry-After-Ms: nan", "Retry-After: 0.01"), OK), text="Hello", attempts=1,
        holds=lambda r: r.attempts[0].wait == 0.01,
    ),
    retry_after_infinite=Case((fails(429, "Retry-After: inf"), OK), text="Hello", attempts=1),
    retry_after_huge=Case(
        (fails(429, "Retry-After: " + "9" * 400), OK), error=RateLimitError, requests=1,
    ),
    retry_after_in_foreign_digits=Case((fails(429, "Retry-After: ٣٠٠٠"), OK), text="Hello", attempts=1),
    no_retry_when_none_is_wanted=Case(
        (fails(503), OK), error=ProviderError, requests=1, options=NO_RETRY
    ),
)  # fmt: skip

FALLBACK = {"fallback": ["c/d", "e/f"], "retry": RetryPolicy(max_retries=0)}
group(
    "fallback",
    to_the_next_model=Case(
        (fails(429), OK), text="Hello", attempts=1, options=FALLBACK,
        holds=lambda r: (r.requested_model, r.attempts[0].model, r.attempts[0].status) == ("c/d", "a/b", 429)
        and "instead of" in " ".join(r.warnings),
    ),
    to_the_last_model=Case(
        (fails(402), fails(503), OK), text="Hello", attempts=2, options=FALLBACK,
        holds=lambda r: r.requested_model == "e/f",
    ),
    all_fail=Case(
        (fails(503), fails(503), fails(429)), error=RateLimitError, attempts=2, requests=3, options=FALLBACK
    ),
    after_the_retries=Case(
        (fails(503), fails(503), fails(503), OK), text="Hello", attempts=3,
        options=FALLBACK | {"retry": QUICK}, holds=lambda r: [a.model for a in r.attempts] == ["a/b"] * 3,
    ),
    at_once_when_the_wait_is_too_long=Case(
        (fails(429, "Retry-After: 3600"), OK), text="Hello", attempts=1, options=FALLBACK | {"retry": QUICK},
        holds=lambda r: r.attempts[0].wait is None,
    ),
    on_an_error_in_the_first_frame=Case(
        (failing({"code": 502}), OK), text="Hello", attempts=1, options=FALLBACK
    ),
    not_on_400=Case((fails(400), OK), error=BadRequestError, requests=1, options=FALLBACK),
    not_after_text=Case(
        (failing({"code": 502}, said("Hel")), OK), error=ProviderError, text="Hel", requests=1, options=FALLBACK
    ),
    policy_replaced_to_include=Case(
        (fails(404), OK), text="Hello", attempts=1,
        options=FALLBACK | {"fallback_statuses": frozenset({404})},
    ),
    policy_replaced_to_exclude=Case(
        (fails(503), OK), error=ProviderError, requests=1,
        options=FALLBACK | {"fallback_statuses": frozenset({404})},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Framing:
    """The bytes of a body, to be cut in every way, and the text that they hold."""

    body: bytes
    text: str = "Hello"
    error: type[OpenRouterError] | None = None
    skipped: int = 0


def small(text: str) -> bytes:
    return b'{"choices":[{"delta":{"content":"' + text.encode() + b'"}}]}'


A, B = small("Hel"), small("lo")
FRAMINGS = {
    "line-feeds": Framing(b"data: " + A + b"\n\ndata: " + B + b"\n\ndata: [DONE]\n\n"),
    "carriage-returns": Framing(b"data: " + A + b"\r\rdata: " + B + b"\r\rdata: [DONE]\r\r"),
    "both": Framing(b"data: " + A + b"\r\n\r\ndata: " + B + b"\r\n\r\ndata: [DONE]\r\n\r\n"),
    "mixed": Framing(b"data: " + A + b"\r\n\ndata: " + B + b"\n\r\ndata: [DONE]\r\n\r"),
    "byte-order-mark": Framing(b"\xef\xbb\xbfdata: " + A + b"\n\ndata: " + B + b"\n\ndata: [DONE]\n\n"),
    "byte-order-mark-in-the-middle-is-a-field": Framing(
        b"data: " + A + b"\n\n\xef\xbb\xbfdata: x\n\ndata: " + B + b"\n\ndata: [DONE]\n\n"
    ),
    "no-space-after-the-colon": Framing(b"data:" + A + b"\n\ndata:" + B + b"\n\ndata:[DONE]\n\n"),
    "several-data-lines": Framing(
        b'data: {"choices":\ndata: [{"delta":\ndata:\ndata: {"content":"Hello"}}]}\n\ndata: [DONE]\n\n'
    ),
    "comments-between": Framing(
        b": OPENROUTER PROCESSING\n\n:\n\ndata: " + A + b"\n: x\n\n:::\n\ndata: " + B + b"\n\ndata: [DONE]\n\n"
    ),
    "comment-inside-an-event": Framing(
        b'data: {"choices":[{"delta":{"content":\n: x\ndata: "Hello"}}]}\n\ndata: [DONE]\n\n'
    ),
    "event-id-and-retry-lines": Framing(
        b"event: message\nid: 7\nretry: 10\ndata: " + A + b"\n\nretry: soon\nid\nevent\ndata: " + B
        + b"\n\nid: 9\n\ndata: [DONE]\n\n"
    ),
    "fields-without-a-colon": Framing(b"data: " + A + b"\n\nnonsense\n\ndata: " + B + b"\n\ndata: [DONE]\n\n"),
    "unknown-fields": Framing(
        b"foo: bar\ndata: " + A + b"\nData: x\n\n data: x\n\ndata: " + B + b"\n\ndata: [DONE]\n\n"
    ),
    "empty-data": Framing(b"data\n\ndata:\n\ndata: " + small("Hello") + b"\n\ndata: [DONE]\n\n", skipped=2),
    "blank-lines": Framing(b"\n\n\ndata: " + A + b"\n\n\n\n\ndata: " + B + b"\n\n\ndata: [DONE]\n\n\n"),
    "line-separators-of-unicode": Framing(
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\u2028b\u2029c\u0085d\"}}]}\n\ndata: [DONE]\n\n".encode(),
        "a\u2028b\u2029c\u0085d",
    ),
    "vertical-tab-and-form-feed-in-a-comment": Framing(
        b": a\x0bb\x0cc\x1cd\n\ndata: " + small("Hello") + b"\n\ndata: [DONE]\n\n"
    ),
    "nul-in-a-comment-and-an-id": Framing(b": a\0b\nid: a\0b\ndata: " + small("Hello") + b"\n\ndata: [DONE]\n\n"),
    "nul-in-the-data": Framing(b'data: {"\0\n\ndata: ' + small("Hello") + b"\n\ndata: [DONE]\n\n", skipped=1),
    "nul-escaped": Framing(b"data: " + small("a\\u0000b") + b"\n\ndata: [DONE]\n\n", "a\0b"),
    "utf-8-of-every-length": Framing(b"data: {}\n\n" + b"data: " + small("é漢🙂") + b"\n\ndata: [DONE]\n\n", "é漢🙂"),
    "invalid-utf-8": Framing(
        b'data: {"choices":[{"delta":{"content":"a\xffb\xc3"}}]}\n\ndata: [DONE]\n\n', "a\ufffdb\ufffd"
    ),
    "utf-8-of-half-a-surrogate-pair": Framing(
        b'data: {"choices":[{"delta":{"content":"a\xed\xa0\xbd"}}]}\n\ndata: [DONE]\n\n', "a\ufffd\ufffd\ufffd"
    ),
    "done-after-an-event-that-never-ended": Framing(b"data: " + A + b"\n\ndata: " + B, "Hel", CutError),
    "done-without-its-blank-line": Framing(b"data: " + A + b"\n\ndata: [DONE]\n", "Hel", CutError),
    "done-with-spaces": Framing(b"data: " + small("Hello") + b"\n\ndata:  [DONE] \n\n"),
    "finish-reason-and-error": Framing(
        b"data: " + A + b'\n\ndata: {"error":{"code":502,"message":"m"},"choices":[]}\n\n', "Hel", ProviderError
    ),
    "split-surrogates": Framing(
        b"data: " + small("a\\ud83d") + b"\n\ndata: " + small("\\ude42b") + b"\n\ndata: [DONE]\n\n", "a🙂b"
    ),
}  # fmt: skip
