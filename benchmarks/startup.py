"""Figure f: how long the command line takes to answer, against what it takes to import its own library."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figure import Figure, milliseconds
from benchmarks.measuring import in_turns

PROJECT = Path(__file__).resolve().parent.parent
COMMAND_LINE = "abby_adapters.cli.main"
_TITLE = "abby quota, against import typer"


def quota(*, quick: bool) -> Figure:
    """Whole processes, from start to end, in a house whose database exists already."""
    if importlib.util.find_spec(COMMAND_LINE) is None:
        return Figure(key="f", title=_TITLE, value=None, bound="≤", aim=3, detail="there is no command line yet")
    abby = (sys.executable, "-c", f"from {COMMAND_LINE} import main; main()", "quota")
    floor = (sys.executable, "-c", "import typer")
    with tempfile.TemporaryDirectory(prefix="abby-bench-") as folder:
        measured = in_turns(
            {"abby": lambda: _run(abby, folder), "typer": lambda: _run(floor, folder)},
            turns=1 if quick else 15,
            pieces=1,
        )
    detail = f"{milliseconds(measured['abby'].median)}, import typer {milliseconds(measured['typer'].median)}"
    return Figure(
        key="f", title=_TITLE, value=measured["abby"].over(measured["typer"]), bound="≤", aim=3, detail=detail
    )


def _run(command: tuple[str, ...], folder: str) -> None:
    """Run it to its end, unseen. Raises CalledProcessError if it fails."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "STORAGE_ROOT": str(Path(folder) / "shared")}
    environment.pop("DATABASE_URL", None)
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
