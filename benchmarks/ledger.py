"""Figures a, b and c: what the quota costs, however much is stored and whoever asks."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from abby_core.database.database import Database
from abby_core.database.transaction import Transaction
from abby_core.quota.quota_manager import Defaults, Need, QuotaManager
from abby_core.storage.storage_manager import StorageManager
from abby_core.studio import order_book
from abby_core.studio.order_book import QueueLimits
from benchmarks import catalogue
from benchmarks.engines import Engine
from benchmarks.figure import Figure, milliseconds
from benchmarks.measuring import Measured, in_turns
from benchmarks.recording import RecordingDatabase, Statement

CALLERS = 64
BOUNDLESS = Defaults(images_per_day=10**12, account_bytes=10**15, house_bytes=10**15)
_numbers = itertools.count()
Transactions = Sequence[Sequence[Statement]]


@dataclass(frozen=True)
class Pair:
    """What is set aside for one picture, and what it really takes."""

    name: str
    reserved: Need
    actual: Need


FREE = Pair("free", Need(images=1, size_bytes=1_600_000), Need(images=1, size_bytes=1_500_000))
"""The three limits everybody has: the day's pictures, the member's storage, the house's."""
PAID = Pair("paid", replace(FREE.reserved, millicredits=3_000), replace(FREE.actual, millicredits=3_000))
"""A provider that takes money: four counters more."""


def flatness(engine: Engine, *, quick: bool) -> Iterator[Figure]:
    """a: the slowest of all sizes of the catalogue against the fastest."""
    sizes = (100, 1_000) if quick else (100, 10_000, 1_000_000)
    statuses: dict[str, Callable[[], object]] = {}
    pairs: dict[str, Callable[[], object]] = {}
    looks: dict[str, Callable[[], object]] = {}
    calls, fill_seconds = (20, 0.0) if quick else (200, 0.0)
    with ExitStack() as stack:
        for size in sizes:
            began = time.perf_counter()
            database = stack.enter_context(closing(_filled(engine, size)))
            fill_seconds = time.perf_counter() - began
            quota = QuotaManager(database, BOUNDLESS)
            storage = StorageManager(Path("nowhere"), database=database, quota=quota)
            account = quota.account(catalogue.BUSY_MEMBER).key
            statuses[f"{size:,}"] = _repeated(
                calls, lambda storage=storage: storage.get_quota_status(catalogue.BUSY_MEMBER)
            )
            pairs[f"{size:,}"] = _repeated(
                calls // 4, lambda quota=quota, account=account: reserve_and_settle(quota, account, FREE)
            )
            looks[f"{size:,}"] = _repeated(calls, lambda database=database: database.read(_look_for_an_order))
        turns = 3 if quick else 25
        yield _flat("status", engine, in_turns(statuses, turns=turns, pieces=calls), fill_seconds)
        yield _flat("reserve + settle", engine, in_turns(pairs, turns=turns, pieces=calls // 4), fill_seconds)
        yield _flat("next order", engine, in_turns(looks, turns=turns, pieces=calls), fill_seconds)


def one_caller(engine: Engine, *, quick: bool) -> Iterator[Figure]:
    """b: pairs per second through Abby's door against the same statements on the bare driver."""
    for pair in (FREE, PAID):
        yield _one_caller(engine, pair, quick=quick)


def many_callers(engine: Engine, *, quick: bool) -> Iterator[Figure]:
    """c: pairs per second of 64 callers on one event loop against the bare driver one by one."""
    for pair in (FREE, PAID):
        yield _many_callers(engine, pair, quick=quick)


def not_measured(engine: str, why: str) -> Iterator[Figure]:
    """The same lines for a database that is not there."""
    for title in ("status", "reserve + settle", "next order"):
        yield Figure(key="a", title=_flat_title(title, engine), value=None, bound="≤", aim=1.2, detail=why)
    for pair in (FREE, PAID):
        yield Figure(key="b", title=_pair_title(pair, "one caller", engine), value=None, bound="≥", aim=0.5, detail=why)


def _one_caller(engine: Engine, pair: Pair, *, quick: bool) -> Figure:
    turns, pieces = (3, 10) if quick else (25, 60)
    with _beside_raw(engine, pair, callers=1, pairs=(turns + 1) * pieces) as (quota, replay):
        measured = in_turns(
            {
                "abby": _repeated(pieces, lambda: reserve_and_settle(quota, _account(0), pair)),
                "raw": lambda: replay(pieces),
            },
            turns=turns,
            pieces=pieces,
        )
    return _rates("b", _pair_title(pair, "one caller", engine.name), measured, aim=0.5)


def _many_callers(engine: Engine, pair: Pair, *, quick: bool) -> Figure:
    turns, pairs_each = (3, 1) if quick else (15, 8)
    pieces = CALLERS * pairs_each
    with (
        _beside_raw(engine, pair, callers=CALLERS, pairs=(turns + 1) * pieces) as (quota, replay),
        asyncio.Runner() as runner,
    ):
        measured = in_turns(
            {
                "abby": lambda: runner.run(_all_callers(quota, pair, pairs_each)),
                "raw": lambda: replay(pieces),
            },
            turns=turns,
            pieces=pieces,
        )
    return _rates("c", _pair_title(pair, f"{CALLERS} callers", engine.name), measured, aim=3)


def reserve_and_settle(quota: QuotaManager, account: str, pair: Pair) -> None:
    """One pair, each half in a transaction of its own that is durable when it returns."""
    reservation = _new_reservation()
    quota.database.write(quota.reserve_in, account, reservation, pair.reserved, seconds=600)
    quota.database.write(quota.settle_in, reservation, share=pair.reserved, actual=pair.actual, close=True)


def _look_for_an_order(tx: Transaction) -> object:
    """What is asked before every order: does one wait, and how many run."""
    return order_book.claim(tx, QueueLimits(), owner="benchmark", now_ms=2 * 10**12, lease_ms=30_000)


async def _all_callers(quota: QuotaManager, pair: Pair, pairs_each: int) -> None:
    async def caller(account: str) -> None:
        for _ in range(pairs_each):
            reservation = _new_reservation()
            await quota.database.run(quota.reserve_in, account, reservation, pair.reserved, seconds=600)
            await quota.database.run(quota.settle_in, reservation, share=pair.reserved, actual=pair.actual, close=True)

    await asyncio.gather(*(caller(_account(number)) for number in range(CALLERS)))


def _filled(engine: Engine, size: int) -> Database:
    """A database of that many pictures, opened anew after it was filled."""
    url = engine.new_url()
    with closing(engine.open(url)) as database:
        catalogue.fill(database, size)
    return engine.open(url)


@contextmanager
def _beside_raw(
    engine: Engine, pair: Pair, *, callers: int, pairs: int
) -> Generator[tuple[QuotaManager, Callable[[int], None]]]:
    """A quota over one database, and what says the same to another one by the bare driver, so many pairs at a time."""
    floor_url = engine.new_url()
    with closing(engine.open(floor_url)):
        pass
    with closing(engine.open(engine.new_url())) as database, closing(engine.raw(floor_url)) as raw:
        prepared = iter(_prepared(database, pair, callers, pairs))

        def replay(count: int) -> None:
            for reserve, settle in itertools.islice(prepared, count):
                raw.transaction(reserve)
                raw.transaction(settle)

        yield QuotaManager(database, BOUNDLESS), replay


def _prepared(database: Database, pair: Pair, callers: int, pairs: int) -> list[Transactions]:
    """The statements of so many pairs, the callers taking turns, ready to be said."""
    recording = RecordingDatabase(database)
    for _ in range(2):  # the second time the counters exist, as they nearly always do
        recording.forget()
        reserve_and_settle(QuotaManager(recording, BOUNDLESS), _account(0), pair)
    reservation = str(recording.transactions[0][1].values["id"])
    return [
        [
            [
                statement.renamed({reservation: f"raw-{number}", _account(0): _account(number % callers)})
                for statement in transaction
            ]
            for transaction in recording.transactions
        ]
        for number in range(pairs)
    ]


def _flat(what: str, engine: Engine, measured: Mapping[str, Measured], fill_seconds: float) -> Figure:
    fastest = min(measured.values(), key=lambda each: each.median)
    slowest = max(measured.values(), key=lambda each: each.median)
    each = ", ".join(f"{milliseconds(times.median)} at {size}" for size, times in measured.items())
    return Figure(
        key="a",
        title=_flat_title(what, engine.name),
        value=slowest.over(fastest),
        bound="≤",
        aim=1.2,
        detail=f"{each} (largest filled in {fill_seconds:.0f} s)",
    )


def _flat_title(what: str, engine: str) -> str:
    return f"{what}, any size of catalogue, {engine}"


def _pair_title(pair: Pair, callers: str, engine: str) -> str:
    return f"reserve + settle ({pair.name}), {callers}, {engine}"


def _rates(key: str, title: str, measured: Mapping[str, Measured], *, aim: float) -> Figure:
    abby, raw = measured["abby"], measured["raw"]
    detail = f"{1 / abby.median:,.0f} pairs/s, raw one by one {1 / raw.median:,.0f}"
    return Figure(key=key, title=title, value=raw.over(abby), bound="≥", aim=aim, detail=detail)


def _repeated(times: int, work: Callable[[], object]) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(times):
            work()

    return repeated


def _account(number: int) -> str:
    return f"local:caller-{number:03}"


def _new_reservation() -> str:
    return f"reservation-{next(_numbers):09}"
