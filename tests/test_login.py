"""Signing in with a link and a code, over real HTTP, and that neither code nor key shows itself anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from test_keys import CANARY, shown

from jupyter_openrouter import background, clients, demo_base_url, keys, login
from jupyter_openrouter.errors import (
    APIConnectionError,
    AuthenticationError,
    EventError,
    InvalidRequestError,
    MissingKeyError,
    PermissionDeniedError,
    ProviderError,
)
from jupyter_openrouter.key_status import KeyStatus, check_key
from jupyter_openrouter.keys import find_key


@pytest.fixture(autouse=True)
def _demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(keys.VARIABLE, raising=False)
    monkeypatch.setattr(keys, "_asked", [])
    monkeypatch.setattr(keys, "_chosen", [])
    monkeypatch.setattr(keys, "_from_keyring", lambda: None)
    monkeypatch.setattr(login, "_open", [])
    monkeypatch.setenv("OPENROUTER_BASE_URL", demo_base_url())
    yield
    background.stop()


def code_of(link: login.Link) -> str:
    """What a person does: opens the page, and copies the code."""
    with urllib.request.urlopen(link.url, timeout=10) as page:
        text: str = page.read().decode()
    return text.partition("<code>")[2].partition("</code>")[0]


class Server(ThreadingHTTPServer):
    """A service that answers every request alike, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self, status: int, body: str) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.body = status, body
        self.asked: list[Any] = []


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body.encode())

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    running: list[Server] = []

    def serve(status: int, body: str) -> Server:
        server = Server(status, body)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        running.append(server)
        monkeypatch.setenv("OPENROUTER_BASE_URL", f"http://127.0.0.1:{server.server_port}/api/v1")
        return server

    yield serve
    for server in running:
        server.shutdown()
        server.server_close()


def test_the_whole_flow_gives_a_key_that_is_used_and_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    links: list[login.Link] = []
    status = login.login(ask=lambda: code_of(links[0]), show=links.append)
    key = find_key()
    assert key.source == "the sign-in"
    assert key.authorization().startswith("Bearer sk-or-v1-")
    assert dict(status.rows())["key from"] == "the sign-in"
    secret = key.authorization().removeprefix("Bearer ")
    seen = f"{status!r} {status._repr_html_()} {key!r} {links[0]!r} {links[0]._repr_html_()} {capsys.readouterr()}"
    assert secret not in seen
    assert not login._open
    gone = login.logout()
    assert gone.removed == ("this session",)
    with pytest.raises(MissingKeyError):
        find_key()


def test_the_link_names_the_challenge_and_nothing_that_is_secret() -> None:
    query = parse_qs(urlsplit(login.link().url).query)
    assert query.keys() == {"code_challenge", "code_challenge_method", "key_label"}
    verifier = login._open[0]._verifier()
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert query["code_challenge"] == [digest]
    assert query["code_challenge_method"] == ["S256"]
    assert 43 <= len(verifier) <= 128
    assert verifier not in f"{login._open[0].link!r} {vars(login._open[0])}"
    again = login.link()
    assert parse_qs(urlsplit(again.url).query)["code_challenge"] != [digest]


def test_the_usual_base_url_leads_to_the_website(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_BASE_URL")
    link = login.link()
    assert link.url.startswith("https://openrouter.ai/auth?code_challenge=")
    assert 'href="https://openrouter.ai/auth?code_challenge=' in link._repr_html_()
    assert "&amp;code_challenge_method=S256" in link._repr_html_()
    monkeypatch.setenv("OPENROUTER_BASE_URL", "https://proxy.example.org/v1")
    with pytest.raises(InvalidRequestError, match="page to sign in"):
        login.link()


def test_a_code_works_once_and_with_its_own_link_only() -> None:
    first = code_of(login.link())
    second = code_of(login.link())
    with pytest.raises(PermissionDeniedError, match="ten minutes, once"):
        login.exchange(first)
    login.exchange(second)
    kept = find_key()
    with pytest.raises(InvalidRequestError, match="No sign-in has begun"):
        login.exchange(second)
    login.link()
    with pytest.raises(PermissionDeniedError):
        login.exchange(second)
    assert find_key() == kept


def test_the_code_may_come_within_the_address_of_the_page() -> None:
    code = code_of(login.link())
    login.exchange(f"http://localhost/?code={code}&more=1")
    assert find_key().source == "the sign-in"


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "Nothing was"),
        ("a b", "no code"),
        ("x" * 2000, "no code"),
        ("ключ", "no code"),
        (CANARY, "This is a key"),
    ],
)
def test_what_is_no_code_is_refused_unsent_and_not_shown(pasted: str, said: str, serving: Any) -> None:
    server = serving(200, "{}")
    login.link()
    # The variables of this frame are the test's own.
    text = shown(lambda: login.exchange(lambda: pasted), InvalidRequestError)
    assert said in text
    assert not pasted or pasted not in text.replace(f"pasted = {pasted!r}", "")
    assert server.asked == []
    assert login._open  # and may be pasted again


def test_where_nobody_can_be_asked_it_is_an_error_at_once() -> None:
    shown_links: list[login.Link] = []
    with pytest.raises(InvalidRequestError, match="Nobody can be asked"):
        login.login(ask=None, show=shown_links.append)
    assert shown_links == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, json.dumps({"key": f"{CANARY} with more"}), InvalidRequestError),
        (200, json.dumps({"nokey": CANARY}), EventError),
        (200, json.dumps({"key": 5, "other": CANARY}), EventError),
        (200, f'{{"key": "{CANARY}"', EventError),
        (403, json.dumps({"error": {"code": 403, "message": f"bad {CANARY}"}}), PermissionDeniedError),
        (500, f"<html>{CANARY}</html>", ProviderError),
        (200, json.dumps({"error": {"code": 401, "message": CANARY}}), AuthenticationError),
    ],
)
def test_no_answer_of_the_service_shows_code_or_key_in_the_most_verbose_traceback(
    status: int, body: str, kind: type[Exception], serving: Any
) -> None:
    server = serving(status, body)
    login.link()
    text = shown(lambda: login.exchange(lambda: "the-secret-" + "code"), kind)
    text = "\n".join(
        line for line in text.splitlines() if not line.strip().startswith(("body = ", "server = "))
    )
    assert CANARY not in text
    assert "the-secret-code" not in text
    ((path, headers, asked),) = server.asked  # once: a second try would find the code used up
    assert path == "/api/v1/auth/keys"
    assert asked.keys() == {"code", "code_verifier", "code_challenge_method"}
    assert asked["code_verifier"] not in text
    assert "Authorization" not in headers
    with pytest.raises(MissingKeyError):
        find_key()


def test_an_old_key_is_not_sent_along(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.VARIABLE, "sk-or-old")
    server = serving(200, json.dumps({"key": CANARY, "user_id": "u"}))
    login.link()
    login.exchange("abc")
    assert "Authorization" not in server.asked[0][1]
    assert find_key().authorization() == f"Bearer {CANARY}"


def test_a_service_that_is_not_there_is_a_connection_error_and_the_code_may_be_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENROUTER_BASE_URL", "http://127.0.0.1:9/api/v1")
    login.link()
    text = shown(lambda: login.exchange(lambda: "the-secret-" + "code"), APIConnectionError)
    assert "the-secret-code" not in text
    assert login._open


def test_check_shows_label_limits_and_what_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.VARIABLE, CANARY)
    rows = dict(check_key().rows())
    assert rows["key from"] == "the environment variable OPENROUTER_API_KEY"
    assert rows["label"] == "demo (play money)"
    assert rows["limit"] == rows["remaining"] == "$10.00"
    assert rows["free tier"] == "no"
    assert rows["free requests today"] == "1,000 of 1,000 left"
    assert rows["sent to"] == clients.base_url()


def test_a_label_of_a_stranger_is_inert_and_shows_no_key() -> None:
    from jupyter_openrouter.account import KeyInfo

    label = f"<img src=x onerror=alert(1)> $x$ \x1b[31m {CANARY} {'a' * 500}"
    raw = {
        "label": label,
        "limit": None,
        "limit_remaining": -0.5,
        "usage": 1.0,
        "is_free_tier": True,
        "expires_at": "2027-01-01T00:00:00Z",
        "effective_budget": {"scope": "key", "remaining_usd": 0.25},
    }
    status = KeyStatus("the prompt", "https://openrouter.ai/api/v1", KeyInfo.read(raw))
    rows = dict(status.rows())
    assert rows["remaining"] == "-$0.5000, overdrawn"
    assert rows["limit"] == "none"
    assert rows["next limit"] == "$0.2500 left (key)"
    assert rows["expires"] == "2027-01-01 00:00 UTC"
    for text in (repr(status), status._repr_html_()):
        assert CANARY not in text
        assert "\x1b" not in text
    assert "<img" not in status._repr_html_()
    assert len(rows["label"]) <= 200


def test_check_without_a_key_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_BASE_URL")
    with pytest.raises(MissingKeyError):
        check_key()
    monkeypatch.setenv("OPENROUTER_BASE_URL", demo_base_url())
    assert "nowhere" in dict(check_key().rows())["key from"]
