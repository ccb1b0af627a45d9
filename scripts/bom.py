"""Writes the bill of materials, CycloneDX in JSON: `python scripts/bom.py`; with `--check` it only compares.

Bundled are the libraries that the built browser files name in their first line. What must be installed beside the
package is listed as external, with the range of versions that pyproject.toml allows.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "jupyter_openrouter" / "static"
BOM = ROOT / "jupyter_openrouter.cdx.json"
# A licence may stand in brackets of its own: dompurify's is "(MPL-2.0 OR Apache-2.0)".
LIBRARY = re.compile(r"([\w.@/-]+) (\d[\w.-]*) \((\([^()]+\)|[^()]+)\)")


def bundled() -> dict[tuple[str, str, str], list[str]]:
    """Name, version and licence of each library in the built files, and the files that it is in."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for path in sorted(STATIC.glob("*.js")):
        with path.open(encoding="utf-8") as file:
            said = re.match(r"/\*! .*? Bundles (.*?); licences", file.readline())
        for name, version, licence in LIBRARY.findall(said[1]) if said else ():
            found.setdefault((name, version, licence.strip("()")), []).append(path.name)
    return found


def document() -> dict[str, Any]:
    """The bill of materials: the same for the same sources, so it has no date and no serial number."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    own = _python(project["name"].replace("_", "-"), project["version"])
    own["licenses"] = [{"expression": project["license"]}]
    inside = [
        {
            "type": "library",
            "bom-ref": f"pkg:npm/{name}@{version}",
            "name": name,
            "version": version,
            "licenses": [{"expression": licence}],
            "purl": f"pkg:npm/{name}@{version}",
            "evidence": {
                "occurrences": [{"location": f"jupyter_openrouter/static/{file}"} for file in files]
            },
        }
        for (name, version, licence), files in bundled().items()
    ]
    beside = []
    for requirement in project["dependencies"]:
        wanted = Requirement(requirement)
        versions = "|".join(sorted(str(one) for one in wanted.specifier)) or "*"
        beside.append(_python(wanted.name) | {"isExternal": True, "versionRange": f"vers:pypi/{versions}"})
    parts = inside + beside
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "version": 1,
        "metadata": {"component": own},
        "components": parts,
        "dependencies": [{"ref": own["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts]}],
    }


def _python(name: str, version: str | None = None) -> dict[str, Any]:
    purl = f"pkg:pypi/{name}" + (f"@{version}" if version else "")
    component = {"type": "library", "bom-ref": purl, "name": name, "purl": purl}
    return component | {"version": version} if version else component


def main(arguments: list[str]) -> int:
    """Writes or compares; returns the exit status."""
    text = json.dumps(document(), indent=2) + "\n"
    if arguments != ["--check"]:
        BOM.write_text(text, "utf-8")
        return 0
    if BOM.exists() and BOM.read_text("utf-8") == text:
        return 0
    print(f"{BOM.name} is not what the sources say: run `make bom`.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
