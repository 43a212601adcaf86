"""A real Abby in a test's own folder: SQLite, local files, and providers from :mod:`tests.support.providers`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from abby_core import bootstrap
from abby_core.bootstrap import Abby
from abby_core.database.transaction import Transaction
from abby_core.generation.provider import ImageProvider
from abby_core.generation.request import TextToImage
from abby_core.quota.account import Account
from abby_core.settings import Settings
from abby_core.storage.fsck import check
from abby_core.studio.order import Order, OrderView, Progress
from tests.support.providers import PATIENCE_SECONDS, FixedProvider, photograph

ALICE = Account.local("alice")
BOB = Account.local("bob")


def _away_from_midnight() -> float:
    """Seconds to go ahead so that no test begins on one day and ends on the next."""
    return 3600.0 if time.time() % 86_400 > 86_400 - 1800 else 0.0


@dataclass
class Clock:
    """The real time, plus what a test has skipped; never shortly before midnight (UTC)."""

    ahead_seconds: float = field(default_factory=_away_from_midnight)

    def __call__(self) -> float:
        return time.time() + self.ahead_seconds

    def skip(self, seconds: float) -> None:
        self.ahead_seconds += seconds


def open_abby(
    root: Path, *providers: ImageProvider, clock: Clock | None = None, database_url: str = "", **changes: Any
) -> Abby:
    """An Abby that keeps everything below ``root``; limits are wide unless ``changes`` (of settings) narrow them."""
    wide: dict[str, Any] = {"max_user_daily_gens": 1000, "min_free_disk_mb": 0, "image_generation_size_mb": 0.1}
    settings = Settings(storage_root=root, database_url=database_url, **{**wide, **changes})
    return bootstrap.open_abby(settings, providers=providers or [FixedProvider()], clock=clock or Clock())


def wish(order_id: str, account: Account = ALICE, prompt: str = "a cute rabbit", **more: Any) -> Order:
    """An order for a picture from words."""
    request = more.pop("request", None) or TextToImage(prompt=prompt, width=512, height=512)
    return Order(id=order_id, account=account, request=request, **more)


async def until_ended(abby: Abby, order_id: str, account: Account = ALICE) -> OrderView:
    """Wait for an order's end, however it ends."""
    await progress_of(abby, order_id, account)
    return await abby.studio.order(order_id, account)


async def until_set(event: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await event.wait()


async def progress_of(abby: Abby, order_id: str, account: Account = ALICE) -> list[Progress]:
    """Everything a watcher sees until the end."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        return [progress async for progress in abby.studio.watch(order_id, account)]


@contextmanager
def another_look(abby: Abby) -> Generator[Abby]:
    """An Abby of the same settings and clock, for looking, whether ``abby`` is closed already or not."""
    looking = bootstrap.open_abby(abby.settings, providers=[], clock=abby._clock)
    try:
        yield looking
    finally:
        looking.close()


def counter(abby: Abby, account: Account | None, meter: str) -> int:
    """What the ledger counts now, of an account or (None) of the whole house."""

    def used(tx: Transaction) -> int:
        sql = "SELECT used FROM counters WHERE account = :account AND meter = :meter"
        row = tx.row(sql, account="" if account is None else account.key, meter=meter)
        return 0 if row is None else int(row["used"])

    with another_look(abby) as looking:
        return looking.database.read(used)


def reservations(abby: Abby) -> list[str]:
    """The ids of what is still set aside."""
    with another_look(abby) as looking:
        return looking.database.read(lambda tx: [str(row["id"]) for row in tx.rows("SELECT id FROM reservations")])


def kept_files(root: Path) -> list[Path]:
    """Every file below the folders of pictures, whatever it is."""
    folders = (root / name for name in ("images", "temp", "thumbnails"))
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def assert_sound(abby: Abby) -> None:
    """Ledger, catalogue and disk agree; nothing is set aside, nothing is left over."""
    with another_look(abby) as looking:
        assert check(looking.storage, deep=True) == []
    assert reservations(abby) == []


async def works(abby: Abby) -> None:
    """Pictures can be saved, looked at and deleted."""
    saved = await abby.storage.save_image(photograph(), "alice", "works.png")
    assert saved.success, saved.message
    assert saved.path is not None
    assert saved.path.read_bytes() == photograph()
    assert abby.storage.delete_image("alice", "works.png").success
