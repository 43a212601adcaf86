"""What is done every day costs what is there now, not what ever was: no statement walks over a whole history."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from abby_core.bootstrap import Abby
from abby_core.database.sqlite import SQLiteTransaction
from abby_core.database.tables import metadata
from tests.support.studio import ALICE, BOB, open_abby, until_ended, wish

GROWING = {"orders", "artifacts", "journal", "deliveries", "posts"}
"""Tables that keep a row for everything that ever happened."""
NOW = {
    str(index.name)
    for table in metadata.tables.values()
    for index in table.indexes
    if index.dialect_kwargs.get("sqlite_where") is not None and index.name not in {"orders_timed", "orders_ended"}
}
"""Indexes of what is so just now: what waits, what runs, what is due. The two others hold everything that has ended."""


async def a_day(abby: Abby) -> None:
    """What members, the dispatcher and the host's page make the database do."""
    for number in range(3):
        await abby.studio.create(wish(f"alice-{number}"))
    await abby.studio.submit(wish("bob", BOB))
    await until_ended(abby, "bob", BOB)
    await abby.studio.orders(ALICE)
    await abby.studio.queue()
    await abby.studio.recover()
    abby.house.queue()
    abby.storage.get_quota_status("alice")
    abby.gallery.page(ALICE)


async def test_an_everyday_statement_looks_at_no_whole_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks: dict[str, list[str]] = {}
    monkeypatch.setattr(SQLiteTransaction, "execute", _explained(SQLiteTransaction.execute, walks))
    monkeypatch.setattr(SQLiteTransaction, "row", _explained(SQLiteTransaction.row, walks))
    monkeypatch.setattr(SQLiteTransaction, "rows", _explained(SQLiteTransaction.rows, walks))
    async with open_abby(tmp_path) as abby:
        await a_day(abby)
    assert len(walks) > 30, "the statements were not seen"
    assert {sql: walk for sql, walk in walks.items() if walk} == {}


def test_a_walk_is_noticed(tmp_path: Path) -> None:
    abby = open_abby(tmp_path)
    for sql in (
        "SELECT account, COUNT(*) AS n FROM orders WHERE state = 'running' GROUP BY account",
        "SELECT o.id AS id FROM orders o WHERE o.state IN ('waiting', 'running')",
    ):
        assert abby.database.read(_walks_of, sql, {})
    assert not abby.database.read(_walks_of, "SELECT account FROM orders WHERE state = 'running'", {})
    abby.close()


def _explained(say: Callable[..., Any], walks: dict[str, list[str]]) -> Callable[..., Any]:
    def said(tx: SQLiteTransaction, sql: str, **values: Any) -> Any:
        if sql not in walks and re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b", sql):
            walks[sql] = []  # before it is explained: that is said, too
            walks[sql] = _walks_of(tx, sql, values)
        return say(tx, sql, **values)

    return said


def _walks_of(tx: Any, sql: str, values: dict[str, Any]) -> list[str]:
    """The steps of SQLite's plan that walk over all rows of a growing table, or over an index of all of them."""
    tables = {alias: table for table, alias in re.findall(r"(?:FROM|JOIN)\s+(\w+)\s+(?:AS\s+)?(\w+)", sql)}
    steps = [str(row["detail"]) for row in tx.rows(f"EXPLAIN QUERY PLAN {sql}", **values)]
    walks: list[str] = []
    for step in steps:
        found = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
        if found and tables.get(found[1], found[1]) in GROWING and found[2] not in NOW:
            walks.append(step)
    return walks
