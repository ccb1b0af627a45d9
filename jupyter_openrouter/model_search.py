"""Finds models in a list by words, the best match first."""

from __future__ import annotations

import re

from .listing import Listing
from .model_cards import Model

_WORD = re.compile(r"[^\W_]+")
_NO_MATCH = 6


class ModelList(Listing[Model]):
    """Models; a sequence that a notebook shows as a table. ``to_frame()`` gives it to pandas.

    Prices in the table are US dollars for a million tokens.
    """

    def search(self, q: str) -> ModelList:
        """The models in which every word of ``q`` is found, the best match first; see ``closeness``."""
        return self.of(model for model in self.ranked(q) if closeness(model, q) < _NO_MATCH)

    def ranked(self, q: str) -> ModelList:
        """All of these models, the best match first; equal ones by date, newest first, then by slug."""
        return self.of(sorted(self, key=lambda model: (closeness(model, q), -_age(model), model.slug)))


def _age(model: Model) -> float:
    return model.created.timestamp() if model.created else 0.0


def closeness(model: Model, q: str) -> int:
    """How near a model is to the words of ``q``: 0 is the nearest, 6 is not found.

    0: the slug itself. 1: its part behind the author, with or without a variant such as ``:free``. 2: the slug,
    that part or the name begins so. 3: each word begins a word of slug or name. 4: each word is somewhere in slug
    or name. 5: each word is somewhere in slug, name or description.

    >>> model = Model(slug="openai/gpt-4:free", name="OpenAI: GPT-4 (free)", description="A large model.")
    >>> [closeness(model, q) for q in ("openai/gpt-4:free", "GPT-4", "gpt", "openai gp", "pt 4", "large", "llama")]
    [0, 1, 2, 3, 4, 5, 6]
    """
    q = " ".join(q.casefold().split())
    slug, name = model.slug.casefold(), model.name.casefold()
    canonical = (model.canonical_slug or "").casefold()
    short = slug.rpartition("/")[2]
    if q in (slug, canonical):
        return 0
    if q in (short, short.partition(":")[0]):
        return 1
    # Names are written "Author: Model".
    if any(part.startswith(q) for part in (slug, short, name, name.partition(": ")[2])):
        return 2
    wanted, both = q.split(), f"{slug} {name}"
    found = _WORD.findall(both)
    if all(any(word.startswith(want) for word in found) for want in wanted):
        return 3
    if all(want in both for want in wanted):
        return 4
    everything = f"{both} {(model.description or '').casefold()}"
    return 5 if all(want in everything for want in wanted) else _NO_MATCH
