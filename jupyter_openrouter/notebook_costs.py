"""What the answers in saved notebooks have cost, read out of their records without a kernel."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from .costs import By, Cost, CostTable, Sum, added_up, said_in_all
from .money import charged_upstream, is_play_money
from .plain_text import plain
from .tolerant import count, items, mapping, number, text

MIME = "application/vnd.jupyter-openrouter.v1+json"
_LARGEST_BYTES = 512 << 20


@dataclass
class Found:
    """What was found in some notebooks.

    Attributes:
        costs: One for each answer, in the order of the files and cells.
        repeated: Records left out because they are counted already: copies of a cell or of a file, and answers
            that were continued, for the whole one has the cost of all its parts.
        problems: A sentence for each file or record that could not be read.
    """

    costs: list[Cost] = field(default_factory=list)
    repeated: int = 0
    problems: list[str] = field(default_factory=list)

    def by(self, by: By) -> CostTable:
        """The answers added up by cell, model, conversation, day or notebook."""
        return added_up(self.costs, by)

    @property
    def sum(self) -> Sum:
        """The sum of all."""
        return Sum.of(self.costs)


def read(paths: Iterable[str | Path]) -> Found:
    """Reads the records of notebooks; never raises for what is in them.

    >>> read(["missing.ipynb"]).problems
    ['missing.ipynb: No such file or directory.']
    """
    found, notebooks = Found(), list[tuple[str, dict[str, Any]]]()
    files = [Path(path) for path in paths]
    alike = len({path.name for path in files}) < len(files)
    for path in files:
        name = str(path) if alike else path.name
        try:
            if path.stat().st_size > _LARGEST_BYTES:
                raise ValueError(f"it is larger than {_LARGEST_BYTES >> 20} MB")
            notebook = json.loads(path.read_bytes())
            if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
                raise ValueError("it is no notebook")
        except OSError as error:
            found.problems.append(f"{path}: {error.strerror or type(error).__name__}.")
        except (ValueError, RecursionError) as error:
            reason = "it is no JSON" if isinstance(error, json.JSONDecodeError) else str(error)
            found.problems.append(f"{path}: cannot be read: {reason}.")
        else:
            notebooks.append((name, notebook))
    records = [(name, list(_records(notebook, name))) for name, notebook in notebooks]
    parts = {part for _, several in records for _, record in several for part in _parts(record)}
    seen = set[str]()
    for name, several in records:
        _add(found, seen, parts, name, several)
    return found


def _parts(record: Any) -> list[str]:
    """The generation ids of the answers that a continued one joins, but for the last, whose id it has."""
    own = mapping(record).get("generation_id")
    return [part for part in items(mapping(record).get("continues")) if isinstance(part, str) and part != own]


def _add(
    found: Found, seen: set[str], parts: Collection[str], name: str, records: Iterable[tuple[str, Any]]
) -> None:
    odd = 0
    for cell, record in records:
        if not isinstance(record, dict):
            odd += 1
            continue
        # An answer that was asked for in the place of others, which had another form, has their costs beside its own.
        mended = [one for one in items(record.get("mends")) if isinstance(one, dict)]
        for one in (*mended, record):
            cost = cost_of(one, cell=cell, notebook=name, conversation=_conversation(record))
            if cost.generation_id and (cost.generation_id in seen or cost.generation_id in parts):
                found.repeated += 1
                continue
            seen.add(cost.generation_id)
            found.costs.append(cost)
    if odd:
        found.problems.append(f"{name}: {odd} record{'' if odd == 1 else 's'} could not be read.")


def _records(notebook: dict[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """The records with the names of their cells, in order."""
    for number_, cell in enumerate(items(notebook.get("cells")), 1):
        for output in items(mapping(cell).get("outputs")):
            data = mapping(mapping(output).get("data"))
            record = data.get(MIME)
            if isinstance(record, dict) and isinstance(record.get("transcript"), list):
                yield from ((f"{name} [{number_}]", one) for one in record["transcript"])
            elif MIME in data:
                yield f"{name} [{number_}]", record


def _conversation(record: dict[str, Any]) -> str:
    return text(mapping(record.get("conversation")).get("name")) or ""


def cost_of(record: dict[str, Any], *, cell: str = "", notebook: str = "", conversation: str = "") -> Cost:
    """The cost in one saved record (``Response.to_dict``); what is of another type than expected is unknown.

    >>> cost_of({"model": "a/b", "cost": "much", "usage": {"prompt_tokens": 3}}).tokens_in
    3
    """
    usage = mapping(record.get("usage"))
    asked = text(record.get("requested_model")) or ""
    cost = number(record.get("cost"), 0)
    return Cost(
        cell=cell,
        model=text(record.get("model")) or asked,
        provider=text(record.get("provider")) or "",
        conversation=conversation or _conversation(record),
        notebook=notebook,
        source="notebook",
        sent_at=number(mapping(record.get("timing")).get("sent_at"), 0),
        state=text(record.get("state")) or "",
        tokens_in=count(usage.get("prompt_tokens")),
        tokens_out=count(usage.get("completion_tokens")),
        # The figures of the embedded demo are play money.
        dollars=0.0 if is_play_money(asked) else None if cost is None else cost + charged_upstream(usage),
        attempts=1 + len(items(record.get("attempts"))),
        generation_id=text(record.get("generation_id")) or "",
    )


def main(arguments: Sequence[str]) -> int:
    """The command ``cost``; returns 0, or 1 when something could not be read."""
    parser = argparse.ArgumentParser(
        prog="python -m jupyter_openrouter cost",
        description="Adds up what the answers in notebooks have cost.",
    )
    parser.add_argument("notebooks", nargs="+", metavar="NOTEBOOK.ipynb", help="saved notebooks")
    groups = ("cell", "model", "conversation", "day", "notebook")
    parser.add_argument("--by", choices=groups, action="append", help="what to add up by; may be given again")
    parser.add_argument("--json", action="store_true", help="everything as JSON")
    chosen = parser.parse_args(arguments)
    found = read(chosen.notebooks)
    groups_by: list[Any] = chosen.by or [by for by in get_args(By) if by in ("cell", "model", "day")]
    if chosen.json:
        print(json.dumps(as_json(found, groups_by), indent=2))
    else:
        for line in as_text(found, groups_by):
            _print(line, sys.stdout)
    for problem in found.problems:
        _print(plain(problem), sys.stderr)
    return 1 if found.problems else 0


def as_text(found: Found, groups: Iterable[By]) -> Iterator[str]:
    """What a person reads: a table for each grouping, then the total."""
    for by in groups if found.costs else ():
        yield "\n".join(repr(found.by(by)).split("\n")[:-1]) + "\n"  # the total comes once, at the end
    yield said_in_all(found.sum)
    if found.repeated:
        yield f"{found.repeated} copies and parts of answers that are counted already were left out"


def as_json(found: Found, groups: Iterable[By]) -> dict[str, Any]:
    """The same for programs; US dollars, null where unknown."""
    sums = {f"by_{by}": found.by(by).to_dicts() for by in groups}
    whole = {name: value for name, value in found.sum.row().items() if name != "name"}
    return {**whole, "repeated": found.repeated, "problems": found.problems, **sums}


def _print(line: str, to: Any) -> None:
    encoding = getattr(to, "encoding", None) or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding), file=to)
