"""``/api/quota``: what one may, what is used of it and why, and how it was."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from abby_adapters.web.api.values import iso
from abby_adapters.web.callers import Anybody, Looker

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby
    from abby_core.studio.statistics import Figures

DAYS_MAX = 366


class Day(BaseModel):
    """What one day (UTC) brought. ``credits``: the host's, at the services' prices."""

    date: str
    orders: int
    pictures: int
    failed: int
    cancelled: int
    refused: int
    credits: float
    size_bytes: int


class History(BaseModel):
    """Day by day, the oldest first, without gaps; and all of it together."""

    since: str
    days: list[Day]
    total: Day


class Explanation(BaseModel):
    """Why one may what one may: tiers, limits and what gave them, what is used and what is set aside."""

    model_config = ConfigDict(extra="allow")

    account: str
    standing: dict[str, Any]
    tiers: list[dict[str, Any]]
    limits: list[dict[str, Any]]
    weights: dict[str, int]
    used: list[dict[str, Any]]
    reservations: list[dict[str, Any]]


def routes(abby: Abby) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/api/quota", tags=["Quota"])

    @router.get("", summary="Where you and the house stand")
    async def quota(caller: Anybody) -> dict[str, dict[str, Any]]:
        return (await asyncio.to_thread(abby.quota.status, caller.account)).as_dict()

    @router.get("/explanation", summary="Why you may what you may, and what is set aside")
    async def explanation(caller: Looker) -> Explanation:
        return Explanation(**(await asyncio.to_thread(abby.quota.explain, caller.account)).as_dict())

    @router.get("/history", summary="What you made, day by day")
    async def history(caller: Looker, days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 30) -> History:
        report = await asyncio.to_thread(abby.statistics.report, days, "day", account=caller.account.key)
        return History(since=iso(report.since_ms) or "", days=list(map(_told, report.lines)), total=_told(report.total))

    return router


def _told(figures: Figures) -> Day:
    return Day(
        date=figures.label, orders=figures.orders, pictures=figures.pictures, failed=figures.failed,
        cancelled=figures.cancelled, refused=figures.refused, credits=figures.millicredits / 1000,
        size_bytes=figures.size_bytes,
    )  # fmt: skip
