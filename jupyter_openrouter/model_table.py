"""Chooses and orders models for a table with prices, context, modalities and parameters; pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from . import inert_text
from .listing import Listing, cell
from .model_cards import Endpoint, Model
from .model_search import ModelList
from .notices import Page, Rows
from .plain_text import plain

SORTS = ("price", "context", "new", "speed")
_NOTHING = "No model fits."
_HEAD = ("model", "$/M in", "$/M out", "context", "input", "output", "parameters", "since")
# Of the many parameters of a model, those by which people choose one.
_TOLD = ("tools", "structured_outputs", "reasoning", "seed", "logprobs")


class ModelTable(ModelList):
    """Models in few columns; ``to_frame()`` has all of what is known.

    Attributes:
        note: A sentence below the table.
    """

    def __init__(
        self, entries: Iterable[Model] = (), *, total: int | None = None, left_out: int = 0, note: str = ""
    ) -> None:
        super().__init__(entries, total=total, left_out=left_out)
        self.note = plain(note)

    def of(self, entries: Iterable[Any]) -> ModelTable:
        """The same table with other rows."""
        return ModelTable(entries, total=self.total, left_out=self.left_out, note=self.note)

    def __repr__(self) -> str:
        rows = super().__repr__() if len(self) else _NOTHING
        return f"{rows}\n{self.note}" if self.note else rows

    def _repr_html_(self) -> str:
        rows = super()._repr_html_() if len(self) else f"<p>{_NOTHING}</p>"
        return f"{rows}<p>{inert_text.text(self.note)}</p>" if self.note else rows

    def _cells(self, entries: Sequence[Model]) -> Iterable[list[str]]:
        yield list(_HEAD)
        for model in entries:
            prices = model.prices
            told = [name for name in _TOLD if name in model.supported_parameters]
            yield [
                cell(model.slug),
                cell(prices.prompt),
                cell(prices.completion),
                cell(model.context_length),
                cell(", ".join(model.input_modalities) or None),
                cell(", ".join(model.output_modalities) or None),
                cell(", ".join(told) or None),
                cell(f"{model.created:%Y-%m}" if model.created else None),
            ]


def chosen(
    models: ModelList,
    *,
    words: str = "",
    free: bool = False,
    vision: bool = False,
    max_price: float | None = None,
    sort: str | None = None,
    note: str = "",
) -> ModelTable:
    """The models that fit, the best match of the words first, or in the order that was asked for.

    Args:
        max_price: US dollars for a million tokens, of the prompt and of the answer; an unknown price is above it.
        sort: ``price`` and ``context`` put what is unknown last; ``speed`` keeps the order, which is the service's.
    """
    found = list(models.search(words) if words else models)
    if free:
        found = [model for model in found if model.is_free]
    if vision:
        found = [model for model in found if "image" in model.input_modalities]
    if max_price is not None:
        found = [model for model in found if max(_prices(model)) <= max_price]
    if sort == "price":
        found.sort(key=lambda model: sum(_prices(model)))
    elif sort == "context":
        found.sort(key=lambda model: -(model.context_length or 0))
    elif sort == "new":
        found.sort(key=lambda model: -(model.created.timestamp() if model.created else 0.0))
    elif sort == "speed":
        place = {model.slug: number for number, model in enumerate(models)}
        found.sort(key=lambda model: place[model.slug])
    return ModelTable(found, left_out=models.left_out, note=note)


def _prices(model: Model) -> tuple[float, float]:
    if model.is_free:
        return 0.0, 0.0
    return tuple(
        math.inf if price is None else price for price in (model.prices.prompt, model.prices.completion)
    )  # type: ignore[return-value]


class ModelPage(Page):
    """One model with its endpoints.

    Attributes:
        model: The model.
        endpoints: A table of those who serve it.
    """

    def __init__(self, model: Model, endpoints: Listing[Endpoint]) -> None:
        self.model, self.endpoints = model, endpoints
        prices = model.prices
        rows = Rows(
            [
                ("model", model.slug),
                ("name", model.name if model.name != model.slug else None),
                ("stands for", model.alias_target),
                ("price", _price(prices.prompt, prices.completion, free=model.is_free)),
                ("context", _tokens(model.context_length)),
                ("answer at most", _tokens(model.max_completion_tokens)),
                ("input", ", ".join(model.input_modalities)),
                ("output", ", ".join(model.output_modalities)),
                ("parameters", ", ".join(model.supported_parameters)),
                ("knows up to", model.knowledge_cutoff),
                ("may be gone after", model.expires),
            ]
        )
        super().__init__(rows, *([endpoints] if len(endpoints) else []))


def _tokens(count: int | None) -> str | None:
    return None if count is None else f"{count:,} tokens"


def _price(prompt: float | None, completion: float | None, *, free: bool) -> str:
    if free:
        return "free"
    return f"${cell(prompt)} in, ${cell(completion)} out, for a million tokens".replace(
        f"${cell(None)}", "unknown"
    )
