"""Who may import whom, and what the package shows to the world."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jupyter_openrouter

PACKAGE = Path(jupyter_openrouter.__file__).parent
MODULES = {path.stem: path for path in PACKAGE.glob("*.py") if path.stem != "__init__"}

# What each module may import of the package; a later one may stand on an earlier one only.
ORDER = [
    {
        "background",
        "boxes",
        "branches",
        "fences",
        "file_lock",
        "hidden_input",
        "hidden_keys",
        "inert_inline",
        "inert_text",
        "inert_writer",
        "math_spans",
        "meant",
        "memory_cache",
        "money",
        "pieces",
        "plain_text",
        "question_marks",
        "rechunking",
        "recorded_pieces",
        "safe_markdown",
        "short_traceback",
        "slugs",
        "token_count",
        "tolerant",
        "traceback_text",
        "transcript_slots",
        "users_code",
    },
    {
        "cutting",
        "day_file",
        "errors",
        "kernel_channel",
        "listing",
        "masking",
        "network",
        "notices",
        "saved_form",
        "scrubbing",
    },
    {
        "account",
        "answer_json",
        "brace_pairs",
        "caps",
        "chunks",
        "costs",
        "explain",
        "failures",
        "files",
        "keys",
        "kinds",
        "model_cards",
        "prompt_loop",
        "request_match",
        "retry",
        "schema_check",
        "sse",
        "tables",
    },
    {
        "embeddings",
        "estimate",
        "extras",
        "given_schema",
        "ledger",
        "media",
        "model_search",
        "notebook_costs",
        "offers",
        "parameters",
        "plan",
        "recording",
        "strict_schema",
        "transport",
        "typed_json",
        "written_values",
    },
    {
        "__main__",
        "attached",
        "beside",
        "bodies",
        "model_table",
        "parts",
        "player",
        "request",
        "schema",
        "spending",
    },
    {"catalog", "chat_params", "describers", "flag_values", "recorder", "response", "uploads"},
    {
        "chat_continued",
        "carrier",
        "chat_messages",
        "continuing",
        "describing",
        "flags",
        "options",
        "publish",
        "running",
        "settling",
        "shown",
        "stream",
        "taping",
        "turn",
    },
    {
        "chat_line",
        "chat_turns",
        "client",
        "command_list",
        "conversation_export",
        "conversation_turns",
        "explaining",
        "expressions",
        "line_question",
        "notebook_records",
        "transcript_form",
        "widget",
    },
    {
        "attachments",
        "chat_questions",
        "clients",
        "conversation_files",
        "live",
        "synchronous",
        "tape_commands",
        "transcript",
    },
    {"answering", "conversation", "key_status", "open_catalog"},
    {"chat_asking", "chat_models", "chat_shown", "conversations", "known_slugs", "login", "status"},
    {
        "cell",
        "chat_files",
        "chat_hearing",
        "chat_traits",
        "going_on",
        "key_commands",
        "offering",
        "talk_commands",
    },
    {"asking", "chat_view", "commands", "completing", "pricing"},
    {"chat", "magic"},
]
NOTEBOOK_FACING = {
    "carrier",
    "kernel_channel",
    "prompt_loop",
    "widget",
    "chat",
    "chat_traits",
    "boxes",
    "chat_view",
    "live",
    "magic",
    "key_commands",
    "completing",
    "question_marks",
    "short_traceback",
}


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        for_types = (
            isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        )
        if not for_types:
            yield node
            yield from nodes(node)


def imports(path: Path) -> tuple[set[str], set[str]]:
    """The package's own modules and the outside packages that a module imports, but for types alone."""
    own, outside = set(), set()
    for node in nodes(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            own |= {node.module.partition(".")[0]} if node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            outside.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Import):
            outside |= {alias.name.partition(".")[0] for alias in node.names}
    return own, outside


def test_every_module_has_its_place_and_stands_on_earlier_ones_only() -> None:
    level = {name: number for number, names in enumerate(ORDER) for name in names}
    assert set(level) == set(MODULES)
    for name, path in MODULES.items():
        for other in imports(path)[0] & set(MODULES):
            assert level[other] < level[name], f"{name} imports {other}"


def test_only_the_transport_knows_httpx() -> None:
    users = {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if "httpx" in imports(path)[1]
    }
    assert users == {"transport.py"}


def test_only_notebook_facing_modules_know_ipython_and_widgets() -> None:
    for name, path in MODULES.items():
        outside = imports(path)[1]
        if name not in NOTEBOOK_FACING:
            assert not outside & {"IPython", "ipywidgets", "anywidget", "traitlets", "ipykernel"}, name
    assert "chat" not in imports(MODULES["magic"])[0]


def test_every_module_opens_with_its_one_sentence() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path


def test_the_listed_public_names_are_there_and_are_all() -> None:
    for name in jupyter_openrouter.__all__:
        assert getattr(jupyter_openrouter, name) is not None
    assert set(jupyter_openrouter._HOMES) | {"load_ipython_extension", "unload_ipython_extension"} == set(
        jupyter_openrouter.__all__
    )


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, jupyter_openrouter; "
        "print(sorted({'httpx', 'anywidget', 'ipywidgets', 'msgspec', 'markdown_it', 'IPython', 'asyncio'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
