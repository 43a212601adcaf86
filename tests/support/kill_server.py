"""Runs each step of a crash scenario in a fresh process, cheaply: one process imports everything, then forks.

    python -m tests.support.kill_server serve MODULE          jobs as JSON lines on stdin, answers on stdout
    python -m tests.support.kill_server <job as JSON> MODULE  one job, where there is no fork

MODULE holds the scenarios, as :mod:`tests.journeys.crash_scenarios` does.

A job: ``{"do": …, "name": scenario, "folder": place, "step": n}``. The answer: ``{"code": exit status or
negative signal, "error": traceback}``.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from tests.journeys.crash_scenarios import Place


def do(job: dict[str, Any]) -> None:
    """Carry out a job in this process."""
    place, name = Place(folder=Path(job["folder"])), str(job["name"])
    scenarios = importlib.import_module(sys.argv[2])
    match job["do"]:
        case "prepare":
            asyncio.run(scenarios.prepare(name, place))
        case "act":
            asyncio.run(scenarios.act(name, place, int(job["step"])))
        case "recover":
            asyncio.run(scenarios.recover(name, place, int(job["step"])))
        case "check":
            asyncio.run(scenarios.recover_and_check(name, place))
        case other:
            raise ValueError(other)


def serve() -> None:
    _warm_up()
    for line in sys.stdin:
        job = json.loads(line)
        code = _forked(job) if hasattr(os, "fork") else _spawned(line)
        error = _error_file(job)
        answer = {"code": code, "error": error.read_text() if error.exists() else ""}
        print(json.dumps(answer), flush=True)


def _forked(job: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = _do_and_tell(job)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _spawned(line: str) -> int:
    command = [sys.executable, "-m", "tests.support.kill_server", line, sys.argv[2]]
    return subprocess.run(command, check=False).returncode


def _do_and_tell(job: dict[str, Any]) -> int:
    try:
        do(job)
    except BaseException:
        _error_file(job).write_text(traceback.format_exc())
        return 1
    return 0


def _error_file(job: dict[str, Any]) -> Path:
    return Path(job["folder"]) / "error"


def _warm_up() -> None:
    """Import everything that a run imports; all threads of it have ended when it returns."""
    with tempfile.TemporaryDirectory() as folder:
        for job in ("prepare", "act", "check"):
            do({"do": job, "name": importlib.import_module(sys.argv[2]).WARM_UP, "folder": folder, "step": 0})


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        sys.exit(_do_and_tell(json.loads(sys.argv[1])))
