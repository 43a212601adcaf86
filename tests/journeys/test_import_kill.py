"""An import killed at every step and simply repeated: nothing is lost, nothing is doubled, nothing is left over."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
MEMORY = Path("/dev/shm")
STEPS_MIN = 50
"""Two pictures with their thumbnails; fewer steps would miss something."""


@pytest.mark.parametrize("source", ["elsewhere", "elsewhere.zip"])
def test_killed_at_any_step_a_repeated_import_finishes(source: str) -> None:
    # In memory where there is such a folder: what a killed process has written the kernel keeps anyway.
    memory = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="abby-import-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "tests.journeys.import_crashes", folder, source],
            cwd=PROJECT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) >= STEPS_MIN
