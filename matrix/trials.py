"""What is tried: the versions and front ends, in the order of the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from . import browser, headless, kernel, marimo, terminal
from .environments import Environment, lower_bounds

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
IPYKERNELS = ["6.29.0", "6.29.*", "6.30.*", "6.31.*", "7.0.*", "7.1.*", "7.2.*", "7.3.*"]
LABS = ["4.0.*", "4.1.*", "4.2.*", "4.3.*", "4.4.*", "4.5.*"]
NOTEBOOKS = ["7.0.*", "7.2.*", "7.4.*"]
USUAL = "3.12"
OLDEST_KERNEL = "ipykernel==6.29.0"


@dataclass(frozen=True)
class Trial:
    """One row of a table.

    Attributes:
        name: What is tried, in a few words; no two trials have the same.
        python: The minor version of Python.
        requirements: What is installed beside the wheel.
        shows: The packages whose versions the row gives, besides Python.
        steps: The columns.
        exercise: Runs the steps in an environment.
    """

    name: str
    python: str
    requirements: tuple[str, ...]
    shows: tuple[str, ...]
    steps: list[str]
    exercise: Callable[[Environment], dict[str, str]]


def _kernel(name: str, python: str, *requirements: str, shows: tuple[str, ...] = ()) -> Trial:
    wanted = requirements if any("ipykernel" in one for one in requirements) else ("ipykernel", *requirements)
    return Trial(name, python, wanted, ("ipykernel", "ipython", *shows), kernel.STEPS, kernel.exercise)


def _page(package: str, version: str | None, *more: str) -> Trial:
    wanted = f"{package}=={version}" if version else package
    shows = (
        ("jupyterlab", "ipykernel") if package == "jupyterlab" else ("notebook", "jupyterlab", "ipykernel")
    )
    title = "JupyterLab" if package == "jupyterlab" else "Notebook"
    name = " ".join([title, (version or "newest").removesuffix(".*"), *(f"with {one}" for one in more)])
    application = "lab/tree" if package == "jupyterlab" else "notebooks"
    requirements = (wanted, *(more or ("ipykernel",)))
    exercise = partial(browser.exercise, application=application)
    return Trial(name.replace("==", " "), USUAL, requirements, shows, browser.STEPS, exercise)


def groups() -> dict[str, list[Trial]]:
    """The trials by table."""
    oldest = lower_bounds()
    together = tuple(f"{name}=={version}" for name, version in oldest.items())
    return {
        "Python, with the newest of everything": [_kernel(f"Python {one}", one) for one in PYTHONS],
        "ipykernel": [
            *(
                _kernel(f"ipykernel {one.removesuffix('.*')}", USUAL, f"ipykernel=={one}")
                for one in IPYKERNELS
            ),
            _kernel("ipykernel newest", USUAL),
        ],
        "Dependencies: the oldest that are allowed, the rest at its newest": [
            *(
                _kernel(f"{name} {version}", USUAL, f"{name}=={version}", shows=(name,))
                for name, version in oldest.items()
            ),
            *(
                _kernel(f"all of these at once, Python {one}", one, OLDEST_KERNEL, *together)
                for one in ("3.10", "3.12", "3.13")
            ),
        ],
        "JupyterLab and Notebook, in Chromium": [
            *(_page("jupyterlab", one) for one in [*LABS, None]),
            _page("jupyterlab", None, OLDEST_KERNEL),
            *(_page("notebook", one) for one in [*NOTEBOOKS, None]),
        ],
        "Without a front end": [
            Trial(
                name,
                USUAL,
                ("ipykernel", wanted),
                (runner, "nbclient"),
                headless.STEPS,
                partial(headless.exercise, runner=runner),
            )
            for name, runner, wanted in [
                ("nbclient 0.10", "nbclient", "nbclient==0.10.*"),
                ("nbclient newest", "nbclient", "nbclient"),
                ("papermill newest", "papermill", "papermill"),
                ("nbconvert newest", "nbconvert", "nbconvert"),
            ]
        ],
        "In a terminal": [
            Trial(
                name, USUAL, requirements, shows, terminal.STEPS, partial(terminal.exercise, program=program)
            )
            for name, program, requirements, shows in [
                ("IPython 8.18", "IPython", ("ipython==8.18.*", "tornado"), ("ipython",)),
                ("IPython newest", "IPython", ("ipython", "tornado"), ("ipython",)),
                (
                    "jupyter console newest",
                    "jupyter console",
                    ("jupyter-console", "ipykernel"),
                    ("jupyter-console", "ipykernel"),
                ),
            ]
        ],
        "marimo, in Chromium": [
            Trial("marimo newest", USUAL, ("marimo", "tornado"), ("marimo",), marimo.STEPS, marimo.exercise)
        ],
    }
