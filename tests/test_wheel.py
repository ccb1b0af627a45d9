"""What is handed out: what the wheel and the source distribution hold, and that the wheel works where it is put."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import bom  # noqa: E402 - a script, not a module of the package

PACKAGE = ROOT / "jupyter_openrouter"
MOST_BYTES = 1_500_000


def build(source: Path, target: Path) -> tuple[Path, Path]:
    """The wheel and the source distribution, by the build backend itself: no network is needed."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    (wheel,), (sdist,) = target.glob("*.whl"), target.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def in_wheel(built: tuple[Path, Path]) -> dict[str, bytes]:
    with zipfile.ZipFile(built[0]) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


@pytest.fixture(scope="module")
def in_sdist(built: tuple[Path, Path]) -> set[str]:
    with tarfile.open(built[1]) as sdist:
        return {name.partition("/")[2] for name in sdist.getnames()}


def test_the_wheel_holds_the_package_and_what_describes_it_and_nothing_else(
    in_wheel: dict[str, bytes],
) -> None:
    sources = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in in_wheel if ".dist-info/" not in name} == sources
    beside = {name.partition(".dist-info/")[2] for name in in_wheel if ".dist-info/" in name}
    assert beside == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "licenses/LICENSE",
        "licenses/jupyter_openrouter/static/licenses.txt",
        f"sboms/{bom.BOM.name}",
    }


def test_the_browser_parts_and_the_marker_of_types_are_in_both(
    in_wheel: dict[str, bytes], in_sdist: set[str]
) -> None:
    parts = {"loader.js", "core.js", "math.js", "colours.js", "languages.js", "licenses.txt"}
    wanted = {f"jupyter_openrouter/static/{part}" for part in parts} | {"jupyter_openrouter/py.typed"}
    assert wanted <= set(in_wheel)
    assert wanted <= in_sdist
    assert {"js/src/core.ts", "js/build.mjs", "js/package-lock.json"} <= in_sdist, "what they are built from"


def test_no_test_no_environment_and_no_path_file_is_handed_out(
    in_wheel: dict[str, bytes], in_sdist: set[str]
) -> None:
    for name in {*in_wheel, *in_sdist}:
        path = PurePosixPath(name)
        assert path.suffix not in {".pth", ".pyc", ".map", ".ipynb"}, name
        assert not re.match(r"(?:conftest|test_\w+)\.py|.*\.test\.ts", path.name), name
        assert not {"tests", "benchmarks", "node_modules", ".venv", "__pycache__"} & set(path.parts), name


def test_the_wheel_installs_without_running_anything_and_is_small(built: tuple[Path, Path]) -> None:
    for path in built:
        assert path.stat().st_size < MOST_BYTES, path.name
    assert built[0].name.endswith("-py3-none-any.whl")


def test_every_bundled_library_has_its_licence_in_the_wheel_and_in_the_metadata(
    in_wheel: dict[str, bytes],
) -> None:
    (metadata,) = (content for name, content in in_wheel.items() if name.endswith("/METADATA"))
    expression = message_from_bytes(metadata)["License-Expression"]
    texts = in_wheel["jupyter_openrouter/static/licenses.txt"].decode()
    libraries = bom.bundled()
    assert {"markdown-it", "temml", "dompurify", "highlight.js"} <= {name for name, _, _ in libraries}
    for (name, version, licence), files in libraries.items():
        assert f"\n{name} {version} (in {' and '.join(files)})\n" in texts
        assert licence in expression


def test_the_bill_of_materials_is_what_the_sources_say(in_wheel: dict[str, bytes]) -> None:
    (content,) = (content for name, content in in_wheel.items() if "/sboms/" in name)
    assert json.loads(content) == bom.document(), "run `make bom`"
    assert bom.main(["--check"]) == 0
    parts = {part["name"]: part for part in bom.document()["components"]}
    assert parts["dompurify"]["licenses"] == [{"expression": "MPL-2.0 OR Apache-2.0"}]
    assert parts["httpx"]["isExternal"]
    assert parts["httpx"]["versionRange"].startswith("vers:pypi/>=")


def test_the_metadata_says_for_whom_it_is(in_wheel: dict[str, bytes]) -> None:
    (content,) = (content for name, content in in_wheel.items() if name.endswith("/METADATA"))
    metadata = message_from_bytes(content)
    classifiers = set(metadata.get_all("Classifier") or ())
    assert {
        "Framework :: Jupyter",
        "Framework :: Jupyter :: JupyterLab :: 4",
        "Typing :: Typed",
    } <= classifiers
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["Description-Content-Type"] == "text/markdown"
    version = re.search(r'^__version__ = "(.*)"$', (PACKAGE / "__init__.py").read_text("utf-8"), re.MULTILINE)
    assert version is not None
    assert metadata["Version"] == version[1]


def test_a_second_build_from_the_source_distribution_is_the_same_to_the_byte(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    wheel, sdist = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    for path in source.rglob("*.py"):
        os.utime(path, (1, 1))
    again = build(source, tmp_path / "dist")
    assert again[0].read_bytes() == wheel.read_bytes()
    assert again[1].read_bytes() == sdist.read_bytes()


@pytest.mark.kernel
def test_the_installed_wheel_runs_the_quickstart(built: tuple[Path, Path], tmp_path: Path) -> None:
    """Its dependencies are those of this environment; `make wheel-check` installs them into an empty one."""
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    where = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    site = Path(where.stdout.strip())
    with zipfile.ZipFile(built[0]) as wheel:
        wheel.extractall(site)
    # The directory alone, so that a .pth file in it, which would bring this clone, is not obeyed.
    (site / "dependencies.pth").write_text(f"{_site_packages()}\n")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-c", "import jupyter_openrouter; print(jupyter_openrouter.__file__)"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(done.stdout.strip()) == site / "jupyter_openrouter" / "__init__.py"
    spec = {"argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    folder = tmp_path / "data" / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec | {"display_name": "wheel", "language": "python"}))
    done = subprocess.run(
        [python, ROOT / "scripts" / "demo_check.py"],
        cwd=tmp_path,
        env=environment | {"JUPYTER_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# Welcome to jupyter_openrouter\n")


def _site_packages() -> Path:
    import httpx

    return Path(httpx.__file__).parent.parent
