"""Disk and limits: a picture is made to fit, and no limit is ever passed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from abby_core.bootstrap import Abby
from abby_core.database.transaction import Transaction
from abby_core.errors import (
    DiskFull,
    KeyRefused,
)
from abby_core.generation.request import Upscale
from abby_core.quota.meter import BYTES, IMAGES_PER_DAY
from tests.support.providers import (
    FixedProvider,
    paid_provider,
    photograph,
)
from tests.support.studio import (
    ALICE,
    BOB,
    Clock,
    assert_sound,
    counter,
    kept_files,
    open_abby,
    wish,
)

MEGABYTE = 2**20


async def test_a_nearly_full_disk_refuses_before_anything_is_made(tmp_path: Path) -> None:
    provider = paid_provider()
    async with open_abby(tmp_path, provider, min_free_disk_mb=10**9) as abby:
        with pytest.raises(DiskFull):
            await abby.studio.submit(wish("o1"))
        assert provider.requests == []
        assert await abby.studio.orders(ALICE) == []


def _note_peaks(abby: Abby) -> None:
    """Let the database itself remember the highest value any counter ever had."""

    def install(tx: Transaction) -> None:
        tx.execute("CREATE TABLE peaks (account TEXT, meter TEXT, used INTEGER)")
        for event in ("INSERT", "UPDATE"):
            tx.execute(
                f"CREATE TRIGGER note_{event} AFTER {event} ON counters BEGIN "
                "INSERT INTO peaks VALUES (NEW.account, NEW.meter, NEW.used); END"
            )

    abby.database.write(install)


def _peak(abby: Abby, account: str, meter: str) -> int:
    sql = "SELECT MAX(used) AS peak FROM peaks WHERE account = :account AND meter = :meter"
    row = abby.database.read(lambda tx: tx.row(sql, account=account, meter=meter))
    return int(row["peak"]) if row else 0


LARGE = photograph(500, 300)  # about 0.3 MB, three times what is set aside for one


async def test_a_picture_larger_than_expected_is_kept_as_it_is_where_there_is_room(tmp_path: Path) -> None:
    provider = FixedProvider(data=LARGE)
    async with open_abby(tmp_path, provider) as abby:
        creation = await abby.studio.create(wish("o1", pictures=2))
        assert [abby.gallery.open(artifact) for artifact in creation.artifacts] == [LARGE, LARGE]
        assert creation.notes == ()
    assert_sound(abby)


@pytest.mark.parametrize("whose", ["max_user_storage_mb", "max_global_storage_mb"])
async def test_where_there_is_no_room_a_large_picture_is_kept_smaller_and_that_is_said(
    tmp_path: Path, whose: str
) -> None:
    provider, narrow = FixedProvider(data=LARGE), dict[str, Any]({whose: 0.2})
    async with open_abby(tmp_path, provider, **narrow) as abby:
        _note_peaks(abby)
        creation = await abby.studio.create(wish("o1"))
        (artifact,) = creation.artifacts
        assert artifact.media_type == "image/webp"
        assert artifact.size_bytes <= 0.1 * MEGABYTE
        assert "kept as a" in " ".join(creation.notes)
        assert max(_peak(abby, "", BYTES), _peak(abby, ALICE.key, BYTES)) <= 0.2 * MEGABYTE
    assert_sound(abby)


async def test_a_picture_above_the_size_cap_is_kept_smaller_and_that_is_said(tmp_path: Path) -> None:
    async with open_abby(tmp_path, FixedProvider(data=LARGE), image_size_max_mb=0.05) as abby:
        creation = await abby.studio.create(wish("o1"))
        assert creation.artifacts[0].size_bytes <= 0.05 * MEGABYTE
        assert "kept as a" in " ".join(creation.notes)
    assert_sound(abby)


async def test_what_cannot_be_kept_at_all_can_be_fetched_for_a_day(tmp_path: Path) -> None:
    clock = Clock()
    room: dict[str, Any] = {"image_generation_size_mb": 0, "max_user_storage_mb": 0.032, "image_size_max_mb": 0.0001}
    async with open_abby(tmp_path, FixedProvider(data=LARGE), clock=clock, **room) as abby:
        creation = await abby.studio.create(wish("o1"))
        (artifact,) = creation.artifacts
        assert artifact.temporary
        assert abby.gallery.open(artifact) == LARGE
        assert "24 hours" in " ".join(creation.notes)
        assert counter(abby, ALICE, BYTES) == 0
        assert counter(abby, None, BYTES) == len(LARGE)
        assert_sound(abby)
        clock.skip(25 * 3600)
        assert abby.storage.cleanup_old_files().deleted == 1
        assert kept_files(tmp_path) == []
        assert counter(abby, None, BYTES) == 0
    assert_sound(abby)


async def test_no_limit_is_ever_passed_however_orders_end(tmp_path: Path) -> None:
    provider = FixedProvider(data=LARGE, errors=(KeyRefused("no"), RuntimeError("no")))
    limits: dict[str, Any] = {"max_user_daily_gens": 6, "max_user_storage_mb": 0.9, "max_global_storage_mb": 1.3}
    async with open_abby(tmp_path, provider, concurrent_orders=3, concurrent_orders_per_user=3, **limits) as abby:
        _note_peaks(abby)
        orders = [wish(f"o{n}", account, pictures=1 + n % 2) for n in range(8) for account in (ALICE,)]
        orders += [wish(f"b{n}", BOB, request=Upscale(image=photograph())) for n in range(8)]
        await asyncio.gather(*map(abby.studio.create, orders), return_exceptions=True)
        for account in (ALICE, BOB):
            assert _peak(abby, account.key, IMAGES_PER_DAY) <= 6
            assert _peak(abby, account.key, BYTES) <= 0.9 * MEGABYTE
        assert _peak(abby, "", BYTES) <= 1.3 * MEGABYTE
    assert_sound(abby)
