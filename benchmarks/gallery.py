"""Figure g: what a page of the gallery costs, however many pictures there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from abby_core.database.database import Database
from abby_core.database.transaction import Transaction
from abby_core.gallery.gallery import Gallery
from abby_core.gallery.history import LOOKED_AT_MAX, Filter
from abby_core.quota.account import Account
from abby_core.storage.storage_manager import StorageManager
from benchmarks import catalogue
from benchmarks.engines import Engine
from benchmarks.figure import Figure, milliseconds
from benchmarks.measuring import Measured, in_turns

PAGE = 50
PAGES: Mapping[str, Filter] = {
    "unfiltered": Filter(),
    "favourites": Filter(favourite=True),
    "text in every tenth": Filter(text="Boat"),
    f"text in none of {LOOKED_AT_MAX:,}": Filter(text="unicorn"),
}
"""The last has to look at all it may; it is measured where there are so many, the others at every size."""
_SET = "UPDATE artifacts SET favourite = 1, prompt = 'a red boat on the sea at night' WHERE seed % 20 = 0"
"""Every tenth picture of the busy member, who owns those with even seeds: 50 of the 500 in the smallest catalogue."""


def pages(engine: Engine, *, quick: bool) -> Iterator[Figure]:
    """g: each page with a large catalogue (the slower of two) against the same with the smallest."""
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 1_000_000)
    calls, turns = (2, 3) if quick else (20, 25)
    account = Account.local(catalogue.BUSY_MEMBER)
    with ExitStack() as stack:
        galleries: dict[int, Gallery] = {}
        fill_seconds = 0.0
        for size in sizes:
            began = time.perf_counter()
            database = stack.enter_context(closing(_filled(engine, size)))
            fill_seconds = time.perf_counter() - began
            galleries[size] = Gallery(StorageManager(Path("nowhere"), database=database))
        for what, wanted in PAGES.items():
            works: dict[str, Callable[[], object]] = {
                f"{size:,}": _repeated(calls, gallery, account, wanted)
                for size, gallery in galleries.items()
                if size // 2 > LOOKED_AT_MAX or wanted.text != "unicorn"
            }
            yield _flat(what, engine, in_turns(works, turns=turns, pieces=calls), fill_seconds)


def not_measured(engine: str, why: str) -> Iterator[Figure]:
    """The same lines for a database that is not there."""
    for what in PAGES:
        yield Figure(key="g", title=_title(what, engine), value=None, bound="≤", aim=1.2, detail=why)


def _filled(engine: Engine, size: int) -> Database:
    """A database of that many pictures, a twentieth of them marked, opened anew after it was filled."""
    url = engine.new_url()
    with closing(engine.open(url)) as database:
        catalogue.fill(database, size)
        database.write(_mark)
    return engine.open(url)


def _mark(tx: Transaction) -> None:
    tx.execute(_SET)
    tx.execute("ANALYZE")


def _repeated(times: int, gallery: Gallery, account: Account, wanted: Filter) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(times):
            gallery.page(account, wanted, limit=PAGE)

    return repeated


def _flat(what: str, engine: Engine, measured: Mapping[str, Measured], fill_seconds: float) -> Figure:
    smallest, *larger = measured.values()
    slowest = max(larger, key=lambda each: each.median, default=smallest)
    each = ", ".join(f"{milliseconds(times.median)} at {size}" for size, times in measured.items())
    return Figure(
        key="g",
        title=_title(what, engine.name),
        value=slowest.over(smallest),
        bound="≤",
        aim=1.2,
        detail=f"{each} (largest filled in {fill_seconds:.0f} s)",
    )


def _title(what: str, engine: str) -> str:
    return f"gallery page, {what}, {engine}"
