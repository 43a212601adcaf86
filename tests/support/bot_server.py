"""Bots in processes of their own, cheaply: one process imports everything, then forks one for each bot.

    python -m tests.support.bot_server     bots to be started as JSON lines on stdin, their process ids on stdout

A line: ``{"url": of the loopback's Discord, "token": …, "folder": Abby's, "ahead_seconds": of the real time,
"long_wait_seconds": …, "error": what the provider says instead of making pictures}``. SIGTERM ends a bot in good order;
its exit status is then in ``folder``/exit.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

from abby_adapters.discord.config import BotConfig
from abby_adapters.discord.main import Abby, _run
from abby_core.errors import Moderated
from tests.services.discord_bots import pointed_at
from tests.support.providers import FixedProvider
from tests.support.studio import Clock, open_abby

PROJECT = Path(__file__).resolve().parents[2]
EXIT = "exit"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One bot to be started."""

    url: str
    token: str
    folder: str
    ahead_seconds: float = 0
    long_wait_seconds: float = 60
    error: str = ""


class BotServer:
    """The process that starts bots, seen from a test."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.bot_server"],
            cwd=PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def bot(self, job: Job) -> int:
        """Start a bot; its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(asdict(job)), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def _serve() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended: the file says it
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os._exit(_be(Job(**json.loads(line))))
        print(pid, flush=True)


def _be(job: Job) -> int:
    """Be that bot until somebody ends it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    folder, told = Path(job.folder), "0"
    try:
        with pointed_at(job.url):
            asyncio.run(_live(job, folder))
    except BaseException:
        told = traceback.format_exc()
    (folder / EXIT).write_text(told)
    return 0


async def _live(job: Job, folder: Path) -> None:
    errors = (Moderated(job.error),) * 9 if job.error else ()
    core = open_abby(folder, FixedProvider(errors=errors), clock=Clock(ahead_seconds=job.ahead_seconds))
    bot = Abby(BotConfig(core.settings), core=core)
    bot.long_wait_seconds = job.long_wait_seconds
    await _run(bot, job.token)


if __name__ == "__main__":
    _serve()
