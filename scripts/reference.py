"""Writes the pages of the reference that the code itself knows: `python scripts/reference.py [--check]`.

They are `docs/reference/magic.md` (flags and commands, from their own help), `docs/reference/parameters.md` (the
table of `parameters.py`) and `docs/reference/errors.md` (the tree of `errors.py`). With `--check` no file is written,
and the exit status is 1 where one is not what the code says.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from pathlib import Path

from jupyter_openrouter import errors, parameters
from jupyter_openrouter.command_list import COMMANDS
from jupyter_openrouter.demo.models import MODELS
from jupyter_openrouter.flags import configurable, make_parser

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
GENERATED = "<!-- Written by scripts/reference.py: run `make reference` after a change of the code. -->\n"


def table(head: str, rows: Iterable[str]) -> str:
    """A Markdown table of ready rows, each a text with `|` between its cells."""
    columns = head.count("|") + 1
    return "\n".join([f"| {head} |", "|" + " --- |" * columns, *(f"| {row} |" for row in rows)])


def flag_rows() -> list[str]:
    """A row for each flag of `%%openrouter`, under the heading of its group."""
    rows = []
    for group in make_parser()._action_groups:
        rows += [f"*{group.title}* | "] * bool(group._group_actions)
        for action in group._group_actions:
            value = "" if action.nargs == 0 else action.metavar or ",".join(action.choices or ())
            value = f"[{value}]" if action.nargs == "?" else value
            written = ", ".join(f"`{f'{flag} {value}'.strip()}`" for flag in action.option_strings)
            rows.append(f"{written} | {action.help}")
    return rows


def command_rows() -> list[str]:
    """A row for each command of `%openrouter`."""
    return [
        f"`{one.usage}` | {one.does}".replace("|", "\\|", one.usage.count("|")) for one in COMMANDS.values()
    ]


def model_rows() -> list[str]:
    """A row for each demo model."""
    return [f"`{slug}` | {model.description}" for slug, model in MODELS.items()]


def magic() -> str:
    """The page of the magics."""
    return f"""{GENERATED}
# The magics

`%load_ext jupyter_openrouter` brings both. `%openrouter help` shows this page in the notebook, and `%openrouter help
WORD` one entry of it. Tab completes flags, commands, model slugs, conversations, and names between `{{{{` and `}}}}`.

## Flags of `%%openrouter`

The line is split as a shell would do it, so a text with spaces is written in quotes. The lines below it are the prompt.

{table("Flag | What it is", flag_rows())}

## Defaults

Each of these can be set for all cells by the flag's name in Python; a flag wins:

```python
%load_ext jupyter_openrouter
%config OpenRouterMagics.model = "demo/echo"
```

{", ".join(f"`{name}`" for name in configurable())}.

## Commands of `%openrouter`

Alone it says how things stand: the key and where it is from, the model, what was spent, the caps. With words it asks
(`%openrouter why is the sky blue`; flags may stand before them). A question that begins with the name of a command
goes behind `--`.

{table("Command | What it does", command_rows())}

## Demo models

Models whose names begin with `demo/` are answered by a small server inside the kernel, with texts that were written,
not generated. They need no key and no network. `python -m jupyter_openrouter.demo` runs the same server for any other
client.

{table("Model | What it does", model_rows())}
"""


def parameter_rows(shape: type) -> list[str]:
    """A row for each parameter; the fields of fields by dots."""
    return [
        f"`{name}` | {said} | {meaning}".replace("|", "\\|").replace(" \\| ", " | ")
        for name, said, meaning in parameters.described(shape)
    ]


def parameters_page() -> str:
    """The page of the parameters of a request."""
    return f"""{GENERATED}
# Parameters of a request

Each goes by its own name to `chat`, `chat_stream` and `chat_many`, is checked before anything is sent, and is left out
where it is None. In a cell, the common ones have flags, and `--param NAME=JSON` sends any. What is not in this table
goes through `extra={{…}}`. What a provider does not support, the service leaves out without a word, unless
`provider={{"require_parameters": True}}`.

## Chat completions

{table("Name | Type | Meaning", parameter_rows(parameters.ChatParameters))}

## Text completions

The legacy endpoint (`completion`, `completion_stream`, `--completion`) takes these.

{table("Name | Type | Meaning", parameter_rows(parameters.CompletionParameters))}
"""


def error_classes() -> list[type[errors.OpenRouterError]]:
    """Every class of the tree, in the order of the file."""
    found = [value for value in vars(errors).values() if inspect.isclass(value)]
    return [one for one in found if issubclass(one, errors.OpenRouterError)]


def errors_page() -> str:
    """The page of the errors."""
    tree = (errors.__doc__ or "").split("\n\n")[1]
    rows = [
        f"`{one.__name__}` | {' '.join((one.__doc__ or '').split(chr(10) * 2)[0].split()).replace('``', '`')} "
        f"| {one.default_remedy or '–'}"
        for one in error_classes()
    ]
    return f"""{GENERATED}
# Errors

Every error is an `OpenRouterError`. It says in `message` what happened and in `remedy` what to do, and carries the
answer so far as `response`. [Troubleshooting](../troubleshooting.md) goes through them by what you see.

```text
{inspect.cleandoc(tree)}
```

{table("Class | What happened | What it advises", rows)}
"""


PAGES = {"magic.md": magic, "parameters.md": parameters_page, "errors.md": errors_page}


def main(arguments: list[str]) -> int:
    """Writes or compares; returns the exit status."""
    status = 0
    for name, make in PAGES.items():
        path, text = FOLDER / name, make()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if "--check" in arguments:
            print(f"docs/reference/{name} is not what the code says: run `make reference`.", file=sys.stderr)
            status = 1
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        print(f"docs/reference/{name}: written")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
