"""One of several processes that take pictures from the same limits at once; see test_race.py.

python -m tests.journeys.race_worker <job as JSON>      prints what was kept, as JSON
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from abby_core.bootstrap import Abby
from abby_core.errors import Refused
from abby_core.quota.account import Account
from abby_core.quota.quota_manager import Need
from tests.support.providers import FixedProvider, photograph
from tests.support.studio import open_abby, wish

TIMES = 50


def open_one(job: dict[str, Any]) -> Abby:
    """An Abby with the job's limits, on the job's root and database."""
    provider = FixedProvider(paid=True, millicredits=1000)
    return open_abby(
        Path(job["root"]),
        provider,
        database_url=job.get("database_url", ""),
        waiting_orders_per_user_max=1000,
        concurrent_orders=4,
        concurrent_orders_per_user=4,
        **job["limits"],
    )


async def _save(abby: Abby, _job: dict[str, Any], times: int) -> int:
    """Save pictures under one name, several at a time; how many were kept."""
    answers = await asyncio.gather(*(abby.storage.save_image(photograph(), "alice", "race.png") for _ in range(times)))
    return sum(answer.success for answer in answers)


async def _order(abby: Abby, job: dict[str, Any], times: int) -> int:
    """Order pictures; how many came."""

    async def one(number: int) -> bool:
        try:
            creation = await abby.studio.create(wish(f"{job['number']}-{number}"))
        except Refused:
            return False
        return len(creation.artifacts) == 1

    async with abby:
        return sum(await asyncio.gather(*map(one, range(times))))


async def _reserve(abby: Abby, job: dict[str, Any], times: int) -> int:
    """Only the ledger: reserve, release, reserve and settle, over and over; how often it was settled."""
    alice, share, got = Account.local("alice").key, Need(images=1, size_bytes=1000, millicredits=1000), 0
    for number in range(times):
        for again in range(2):
            reservation_id = f"{job['number']}-{number}-{again}"
            try:
                await abby.database.run(abby.quota.reserve_in, alice, reservation_id, share, seconds=60)
            except Refused:
                continue
            if again:
                await abby.database.run(abby.quota.settle_in, reservation_id, share=share, actual=share, close=True)
                got += 1
            else:
                await abby.database.run(abby.quota.release_in, reservation_id)
    return got


async def attempt(job: dict[str, Any], times: int = TIMES) -> int:
    """Try so often to take a place; how many were got."""
    abby = open_one(job)
    try:
        return await {"save": _save, "order": _order, "reserve": _reserve}[job["do"]](abby, job, times)
    finally:
        abby.close()


def main(job: dict[str, Any]) -> None:
    print("ready", flush=True)
    sys.stdin.readline()  # all begin together
    print(json.dumps(asyncio.run(attempt(job))), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
