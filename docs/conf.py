"""How Sphinx builds the documentation: MyST Markdown, the reference out of docstrings, a theme for light and dark.

The pages are Markdown that reads as well without Sphinx. Their code is not run by Sphinx: `scripts/doc_cells.py` runs
it in one kernel and holds the outputs beside it to what comes out, so that the tests need no Sphinx, the build no
kernel, and neither a cache of executed pages.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from sphinx.ext.napoleon import GoogleDocstring

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import jupyter_openrouter  # noqa: E402 - of this very checkout

project = "jupyter_openrouter"
author = "The jupyter_openrouter developers"
copyright = author
version = release = jupyter_openrouter.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["images"]
nitpicky = False  # types of other packages are named, and have no page here
myst_heading_anchors = 3
suppress_warnings = ["epub.unknown_project_files"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_custom_sections = [("Keys", "params_style"), ("Traits", "params_style")]
napoleon_use_ivar = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

smartquotes = False  # messages are searched for as they stand

html_theme = "furo"
html_title = "jupyter_openrouter"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"sidebar_hide_name": False}
html_static_path = ["_static"]
html_css_files = ["outputs.css"]

# "Seconds: so far" below an attribute is a sentence, and names no type.
GoogleDocstring._consume_inline_attribute = lambda self: ("", self._dedent(self._consume_to_end()))

_MAGIC_LINE = re.compile(r"^(?:%|!)", re.MULTILINE)
_PICTURE = re.compile(r"^!\[([^\]]*)\]\(([^)]*)\.png\)$", re.MULTILINE)
_OUTSIDE = re.compile(
    r"\]\((\.\./(?:\.\./)?(?:benchmarks|examples|CHANGELOG|CONTRIBUTING|LICENSE|README)[^)#]*)"
)


def _read(app: Any, name: str, source: list[str]) -> None:
    """What a page gains by Sphinx, and a reader of the Markdown does without.

    Cells with magics get IPython's colours, pictures their dark form, and files outside this folder are downloads.
    """
    folder = Path(app.srcdir, name).parent

    def coloured(found: re.Match[str]) -> str:
        return f"```{'ipython' if _MAGIC_LINE.search(found[1]) else 'python'}\n{found[1]}\n```"

    def in_both(found: re.Match[str]) -> str:
        alt, path = found.groups()
        if not (folder / f"{path}-dark.png").exists():
            return found[0]
        kinds = (("", "only-light"), ("-dark", "only-dark"))
        return "\n\n".join(
            f"```{{image}} {path}{end}.png\n:alt: {alt}\n:class: {kind}\n```" for end, kind in kinds
        )

    text = re.sub(r"^```python\n(.*?)\n```$", coloured, source[0], flags=re.MULTILINE | re.DOTALL)
    source[0] = _OUTSIDE.sub(r"](path:\1", _PICTURE.sub(in_both, text))


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _read)
