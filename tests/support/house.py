"""A storage with a gallery over any database, a clock that stands still, and pictures made without a studio."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

from abby_core.database.transaction import Transaction
from abby_core.errors import AbbyError
from abby_core.gallery.gallery import Gallery
from abby_core.gallery.history import Filter, Page
from abby_core.quota import ledger
from abby_core.quota.account import HOUSE, Account
from abby_core.quota.meter import BYTES
from abby_core.quota.quota_manager import Need
from abby_core.storage import catalogue
from abby_core.storage.artifact import Artifact
from abby_core.storage.fsck import check
from abby_core.storage.storage_manager import StorageManager
from tests.services.databases import Place
from tests.support.providers import photograph

ALICE, BOB = Account.local("alice"), Account.local("bob")
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0
PICTURE = photograph()


@dataclass
class House:
    """One process's view of an Abby. ``now`` moves on by a second with each picture."""

    place: Place
    now: float = NOON
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.storage = StorageManager(
            self.place.root, max_user_daily_gens=10**6, database=self.place.open(), clock=lambda: self.now
        )
        self.gallery = Gallery(self.storage)

    def keep(self, name: str = "boat", account: Account = ALICE, kind: str = "text_to_image", **facts: Any) -> Artifact:
        """A picture with its bytes on disk, named ``<name>.png``."""
        self.now += 1
        number = next(self.numbers)
        draft = Artifact(
            id=f"{number:024x}", account=account.key, name=name, blob_key=f"images/users/{account.user_id}/{name}",
            kind=kind, **facts,
        )  # fmt: skip
        share = Need(images=1, size_bytes=500_000)
        self.storage.database.write(self.storage.quota.reserve_in, account.key, f"order {number}", share, seconds=600)
        keeping = self.storage.keep(
            PICTURE, draft, reservation_id=f"order {number}", share=share, close=True, also=lambda _tx, _kept: None
        )
        return asyncio.run(keeping).artifact

    def rows(self, count: int, account: Account = ALICE, **facts: Any) -> list[Artifact]:
        """Pictures without bytes, for what only reads the catalogue: three in each millisecond, the oldest first."""
        first = next(self.numbers)
        self.numbers = itertools.count(first + count)
        made = [
            Artifact(
                id=f"{number:024x}", account=account.key, name=f"row-{number}.png", blob_key=f"row-{number}",
                kind="text_to_image", created_at_ms=int(NOON * 1000) + number // 3, **facts,
            )
            for number in range(first, first + count)
        ]  # fmt: skip
        self.enter(made)
        return made

    def enter(self, artifacts: list[Artifact]) -> None:
        def insert(tx: Transaction) -> None:
            for artifact in artifacts:
                assert catalogue.insert(tx, artifact)

        self.storage.database.write(insert)

    def set_state(self, artifact: Artifact, state: str) -> Artifact:
        """What other parts do with a picture: archive it, begin to remove it."""
        sql = "UPDATE artifacts SET state = :state WHERE id = :id"
        self.storage.database.write(lambda tx: tx.execute(sql, state=state, id=artifact.id))
        return replace(artifact, state=state)  # pyright: ignore[reportArgumentType]

    def names(self, account: Account = ALICE, **filters: Any) -> list[str]:
        """What a gallery shows, by name."""
        return [each.name for each in self.walk(account, Filter(**filters))]

    def walk(self, account: Account, wanted: Filter, *, limit: int = 200) -> list[Artifact]:
        """All pages, one after the other."""
        return [each for page in self.pages(account, wanted, limit=limit) for each in page.artifacts]

    def pages(self, account: Account, wanted: Filter, *, limit: int) -> list[Page]:
        pages = [self.gallery.page(account, wanted, limit=limit)]
        while (position := pages[-1].next) is not None:
            pages.append(self.gallery.page(account, wanted, limit=limit, before=position))
        return pages

    def counted(self, account: Account | None = ALICE) -> int:
        """The bytes that are counted for an account or the whole house."""
        key = HOUSE if account is None else account.key
        return self.storage.database.read(ledger.used_in, key, BYTES, self.storage.now_ms())[0]

    def journal(self) -> list[dict[str, Any]]:
        """What was removed, and why."""
        sql = "SELECT * FROM journal WHERE event = 'removed' ORDER BY id"
        return self.storage.database.read(lambda tx: tx.rows(sql))

    def assert_sound(self) -> None:
        """Ledger, catalogue and disk say the same."""
        assert check(self.storage, deep=True) == []

    def close(self) -> None:
        self.storage.close()


def at_once(house: House, *acts: Callable[[Gallery], Any]) -> list[Any]:
    """What each act answers (or raises) when all begin at the same moment, each over a door of its own."""
    together = Barrier(len(acts))
    doors = [House(house.place, now=house.now) for _ in acts]

    def run(door: House, act: Callable[[Gallery], Any]) -> Any:
        together.wait()
        try:
            return act(door.gallery)
        except AbbyError as error:
            return error

    try:
        with ThreadPoolExecutor(len(acts)) as threads:
            return list(threads.map(run, doors, acts))
    finally:
        for door in doors:
            door.close()
