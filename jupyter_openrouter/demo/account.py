"""The routes that only read (models, providers, key, credits, activity, generation) and the PKCE exchange."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

from tornado.httputil import url_concat

from . import search
from .ledger import Ledger
from .models import EMBEDDER, base, find
from .pkce import Codes
from .player import Talk
from .refusals import Refused, envelope
from .wire import JSON, PROVIDER

CREDITS = 10.0  # US dollars, of play money
LIMIT = 1000
MANAGEMENT = "Bearer demo-management"


def missing(what: str) -> Refused:
    """404 for something that is not here."""
    return Refused(envelope(404, what, "not_found"))


def managers_only(talk: Talk, what: str) -> None:
    """Refuse every key but the one that manages. Raises `Refused`."""
    if talk.request.headers.get("Authorization") != MANAGEMENT:
        raise Refused(envelope(403, f"Only management keys can {what}", "permission_denied"))


class Models(Talk):
    """GET /models, with `offset`, `limit`, and the filters and orders of `search`."""

    def get(self) -> None:
        """The list, or a page of it."""
        found = search.found({name: self.get_query_argument(name) for name in self.request.query_arguments})
        offset, limit = self.number("offset", 0), min(self.number("limit", LIMIT), LIMIT)
        following = None
        if offset + limit < len(found):
            here = {name: self.get_query_argument(name) for name in self.request.query_arguments}
            query = urlencode({**here, "offset": offset + limit, "limit": limit})
            following = f"{self.request.path}?{query}"
        page = found[offset : offset + limit]
        self.answer({"data": page, "total_count": len(found), "links": {"next": following}})

    def number(self, name: str, default: int) -> int:
        """A query argument that must be an integer, 0 or more."""
        text = self.get_query_argument(name, str(default))
        if not text.isdecimal():
            raise Refused(envelope(400, f"{name} must be an integer, 0 or more.", "invalid_request"))
        return int(text)


class OneModel(Talk):
    """GET /model/{author}/{slug} and /models/{author}/{slug}/endpoints."""

    def get(self, slug: str, tail: str | None = None) -> None:
        """The card, or the endpoints."""
        model = EMBEDDER if base(slug) == EMBEDDER.slug else find(slug)
        if model is None:
            raise missing(f"No model here is called {slug}.")
        measured = "Authorization" in self.request.headers
        self.answer({"data": model.endpoints(measured=measured) if tail else model.card()})


class Providers(Talk):
    """GET /providers."""

    def get(self) -> None:
        """One provider: this process."""
        provider: JSON = {
            "name": PROVIDER,
            "slug": "demo",
            "privacy_policy_url": None,
            "terms_of_service_url": None,
            "status_page_url": None,
            "headquarters": None,
            "datacenters": [],
        }
        self.answer({"data": [provider]})


class Key(Talk):
    """GET /key: any key will do, and none."""

    def get(self) -> None:
        """What the key may spend and has spent, in US dollars."""
        spent = self.ledger.spent
        used = dict.fromkeys(("usage", "usage_daily", "usage_weekly", "usage_monthly"), spent)
        byok = {f"byok_{name}": 0 for name in used}
        data: JSON = {
            "label": "demo (play money)",
            "limit": CREDITS,
            "limit_remaining": CREDITS - spent,
            "limit_reset": None,
            **used,
            **byok,
            "include_byok_in_limit": False,
            "is_free_tier": False,
            "is_management_key": self.request.headers.get("Authorization") == MANAGEMENT,
            "expires_at": None,
            "free_model_daily_requests": {"limit": 1000, "used": 0, "remaining": 1000},
            "budgets": [],
            "effective_budget": None,
            "rate_limit": {"requests": -1, "interval": "10s", "note": "This field is deprecated."},
        }
        self.answer({"data": data})


class Credits(Talk):
    """GET /credits: as on the real service, only with a management key (here: `demo-management`)."""

    def get(self) -> None:
        """Play money bought and used, in US dollars."""
        managers_only(self, "fetch credits for an account")
        self.answer({"data": {"total_credits": CREDITS, "total_usage": self.ledger.spent}})


class Activity(Talk):
    """GET /activity: as on the real service, only with a management key."""

    def get(self) -> None:
        """Each model's generations on the one day of this server, or nothing for another `date`."""
        managers_only(self, "fetch activity for an account")
        date = self.get_query_argument("date", "")
        if date and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
            raise Refused(envelope(400, "date must be written as YYYY-MM-DD.", "invalid_request"))
        rows = self.ledger.activity()
        self.answer({"data": [row for row in rows if date in ("", row["date"])]})


class Statistics(Talk):
    """GET /generation?id=."""

    def get(self) -> None:
        """The statistics, once they are there."""
        id = self.get_query_argument("id", "")
        if not id:
            raise Refused(envelope(400, "id is required.", "invalid_request"))
        stats = self.ledger.find(id, self.now())
        if stats is None:
            raise missing(f"Generation {id} not found")
        self.answer({"data": stats})


class Codeful(Talk):
    """A route that knows the open codes."""

    def initialize(self, ledger: Ledger, codes: Codes | None = None) -> None:
        """Tornado hands over the routes' settings."""
        super().initialize(ledger)
        assert codes is not None
        self.codes = codes


class IssueCode(Codeful):
    """POST /auth/keys/code."""

    def post(self) -> None:
        """A code for a challenge."""
        code = self.codes.issue(self.json_body())
        self.answer({"data": {"id": code, "app_id": 0, "created_at": self.ledger.today}})


class RedeemCode(Codeful):
    """POST /auth/keys."""

    def post(self) -> None:
        """A key for a code."""
        self.answer(self.codes.redeem(self.json_body()))


class AuthPage(Codeful):
    """GET /auth, the page of the website where a person says yes; here nobody is asked."""

    def get(self) -> None:
        """Go back to the callback with a code, or show the code to be copied."""
        names = ("code_challenge", "code_challenge_method")
        code = self.codes.issue({name: self.get_query_argument(name, "") for name in names})
        callback = self.get_query_argument("callback_url", "")
        if callback:
            self.redirect(url_concat(callback, {"code": code}))
            return
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(
            f"<!DOCTYPE html>\n<title>Demo sign-in</title>\n<p>Your code: <code>{html.escape(code)}</code>\n"
        )


class Redirected(Talk):
    """Where `demo/faulty` `redirect` points: nobody should arrive here."""

    def get(self) -> None:
        """An error, whichever method the client came with."""
        message = "This client followed a redirect to another origin; its key may have come along."
        raise Refused(envelope(400, message, "invalid_request"))

    post = get


class Nowhere(Talk):
    """Every other path."""

    def prepare(self) -> None:
        """404, in the envelope."""
        super().prepare()
        raise missing(f"Nothing is at {self.request.path}.")
