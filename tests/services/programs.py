"""Python programs that a test runs beside itself: other processes that use Abby's core."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
WAIT = 'print("ready", flush=True); input()\n'
"""What a program of :func:`run_together` does between its imports and its work."""


def run_alone(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, warnings being errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        cwd=PROJECT, check=False, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip


def run_together(program: str, *arguments: str, count: int) -> list[str]:
    """Run a program in several processes that begin their work at the same moment; what each of them printed."""
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    pipe = subprocess.PIPE
    running = [
        subprocess.Popen(command, cwd=PROJECT, text=True, encoding="utf-8", stdin=pipe, stdout=pipe, stderr=pipe)
        for _ in range(count)
    ]
    try:
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()
        for process in running:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        printed: list[str] = []
        for process in running:
            output, errors = process.communicate()
            assert process.returncode == 0, errors
            printed.append(output.strip())
    finally:
        for process in running:
            process.kill()
            process.wait()
    return printed
