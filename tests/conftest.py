"""Fixtures that several test files share."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from kernels import PYTHONS, Kernel, running_kernel

# A test that is slow because the machine is busy has not failed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
# A process that was started in the background ignores Ctrl-C, and with it all that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# What tests pretend to spend is not the user's; their kernels are told by the environment as well.
os.environ["JUPYTER_OPENROUTER_DATA"] = tempfile.mkdtemp(prefix="openrouter-tests-")
atexit.register(shutil.rmtree, os.environ["JUPYTER_OPENROUTER_DATA"], ignore_errors=True)


@pytest.fixture(params=list(PYTHONS))
def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kernel]:
    """A real kernel, once of each kind."""
    with running_kernel(request.param, tmp_path) as running:
        yield running
