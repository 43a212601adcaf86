"""Kills scenarios at each of their steps, each in a process of its own; see :mod:`tests.support.kill_server`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
SERVERS = 2
STEPS_MAX = 400
MEMORY = Path("/dev/shm")


class Server:
    """A process that runs jobs in processes of their own; see :mod:`tests.support.kill_server`."""

    def __init__(self, scenarios: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.kill_server", "serve", scenarios],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, do: str, name: str, folder: Path, step: int = 0) -> bool:
        """True: the job was done; False: it was killed on the way. Anything else fails the test."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"do": do, "name": name, "folder": str(folder), "step": step}
        print(json.dumps(job), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert answer["code"] in {0, 9, -9}, f"{job}\n{answer['error']}"
        return answer["code"] == 0

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@dataclass
class Killer:
    """Tries a scenario's steps, some at a time."""

    free: SimpleQueue[Server]
    threads: ThreadPoolExecutor
    folder: Path

    def steps_until_it_survives(self, name: str) -> int:
        """Kill the scenario at each of its steps; returns how many there are."""
        start = self.folder / "start"
        self._run("prepare", name, start)
        return self._first_survivor(lambda step: self._killed_once(name, start, step))

    def recoveries_killed(self, name: str, step: int) -> int:
        """Kill the scenario at one step, then its recovery at each of the recovery's own steps."""
        start, crashed = self.folder / "start", self.folder / "crashed"
        self._run("prepare", name, start)
        shutil.copytree(start, crashed)
        assert not self._run("act", name, crashed, step)
        return self._first_survivor(lambda at: self._killed_in_recovery(name, crashed, at))

    def _first_survivor(self, killed: Any) -> int:
        for first in range(1, STEPS_MAX, 2 * SERVERS):
            batch = range(first, first + 2 * SERVERS)
            for step, was_killed in zip(batch, self.threads.map(killed, batch), strict=True):
                if not was_killed:
                    return step - 1
        raise AssertionError(f"still killed after {STEPS_MAX} steps")

    def _killed_once(self, name: str, start: Path, step: int) -> bool:
        place = self.folder / f"step {step}"
        shutil.copytree(start, place)
        survived = self._run("act", name, place, step)
        self._run("check", name, place, step)
        shutil.rmtree(place)
        return not survived

    def _killed_in_recovery(self, name: str, crashed: Path, step: int) -> bool:
        place = self.folder / f"recovery {step}"
        shutil.copytree(crashed, place)
        survived = self._run("recover", name, place, step)
        self._run("check", name, place, step)
        shutil.rmtree(place)
        return not survived

    def _run(self, do: str, name: str, folder: Path, step: int = 0) -> bool:
        folder.mkdir(exist_ok=True)
        server = self.free.get()
        try:
            return server.run(do, name, folder, step)
        finally:
            self.free.put(server)


@contextmanager
def running_servers(scenarios: str) -> Generator[SimpleQueue[Server]]:
    """Servers for the scenarios of that module."""
    started = [Server(scenarios) for _ in range(SERVERS)]
    free: SimpleQueue[Server] = SimpleQueue()
    for server in started:
        free.put(server)
    yield free
    for server in started:
        server.close()


@contextmanager
def a_killer(servers: SimpleQueue[Server]) -> Generator[Killer]:
    """A killer with a folder of its own."""
    # In memory where there is such a folder: what a killed process has written the kernel keeps anyway.
    memory = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="abby-kill-") as folder, ThreadPoolExecutor(SERVERS) as threads:
        yield Killer(free=servers, threads=threads, folder=Path(folder))
