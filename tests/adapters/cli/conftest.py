"""A computer with nothing on it but Abby: an empty folder, no settings, nobody's ``.env``."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from abby_adapters.cli.main import main
from abby_core.settings import variables

PROJECT = Path(__file__).parents[3]
SETTINGS = frozenset(name for _, variable, _ in variables() for name in variable.names)


@dataclass(frozen=True)
class Answer:
    """What a call of ``abby`` said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Abby = Callable[..., Answer]
"""Calls ``abby`` with arguments, and settings as keywords."""


@dataclass(frozen=True)
class Computer:
    """Runs ``abby`` as a program of its own."""

    folder: Path
    environment: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list[subprocess.Popen[str]])

    def abby(self, *arguments: str, **settings: str) -> Answer:
        with self.start(*arguments, **settings) as program:
            out, err = program.communicate(timeout=120)
        return Answer(code=program.returncode, out=out, err=err)

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """The same without waiting for its end."""
        return self.python("-m", "abby_adapters.cli", *arguments, **settings)

    def python(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        program = subprocess.Popen(
            [sys.executable, *arguments], cwd=self.folder, env=self.environment | settings, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip
        self.started.append(program)
        return program


@pytest.fixture
def computer(tmp_path: Path) -> Generator[Computer]:
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    computer = Computer(
        folder=tmp_path,
        environment=environment | {"PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "utf-8", "MIN_FREE_DISK_MB": "0"},
    )
    yield computer
    for program in computer.started:  # which a failed test may have left
        if program.poll() is None:
            program.kill()
            program.communicate()


@pytest.fixture
def abby(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Abby:
    """``abby`` in this process, which spares each call the start of a Python; nothing of it is replaced."""
    monkeypatch.chdir(tmp_path)
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MIN_FREE_DISK_MB", "0")

    def call(*arguments: str, **settings: str) -> Answer:
        out, err, code = io.StringIO(), io.StringIO(), 0
        with monkeypatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            patch.setattr(sys, "argv", ["abby", *arguments])
            for name, value in settings.items():
                patch.setenv(name, value)
            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        return Answer(code=code, out=out.getvalue(), err=err.getvalue())

    return call
