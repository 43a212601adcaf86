"""``/api/admin``: everybody's usage, limits and queue, for hosts. Needs the scope ``admin``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from abby_adapters.web.api.values import iso
from abby_adapters.web.callers import Admin
from abby_core.studio import Account

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby
    from abby_core.studio import OrderView

LISTED_MAX = 1000
AMOUNT_MAX = 2**62
Who = Annotated[str, Path(min_length=1, max_length=600, description="A name, or `discord:123`.")]
Meter = Literal["images/month", "images/day", "images/hour", "bytes", "millicredits/day", "millicredits/month"]


class AccountUsage(BaseModel):
    """Where one account stands, as `/api/quota` has it."""

    account: str
    quota: dict[str, dict[str, Any]]


class Usage(BaseModel):
    """Accounts with what they use, the largest first."""

    accounts: list[AccountUsage]


class Limits(BaseModel):
    """The limits in force for an account, in each meter's unit; null: none."""

    account: str
    limits: dict[Meter, int | None]


class NewLimit(BaseModel):
    """A limit on one meter, over the host's settings; null takes it back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"meter": "images/day", "limit": 20}]})

    meter: Meter
    limit: Annotated[int, Field(ge=0, le=AMOUNT_MAX)] | None


class Queued(BaseModel):
    """An order that waits or runs. What was asked for is nobody's business but its owner's."""

    id: str
    account: str
    kind: str
    state: str
    pictures: int
    provider: str
    percent: int
    created_at: str
    started_at: str | None


class Queue(BaseModel):
    """What waits and runs of everybody; the first of them one by one."""

    waiting: int
    running: int
    deliveries: int = Field(description="How many endings are still to be told to somebody.")
    oldest_at: str | None = Field(description="When the oldest order that waits came in.")
    orders: list[Queued]


def routes(abby: Abby) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/api/admin", tags=["Admin"])
    quota = abby.quota

    def limits_of(account: Account) -> Limits:
        limits = {meter: None if limit >= AMOUNT_MAX else limit for meter, limit in quota.limits(account).items()}
        return Limits(account=account.key, limits=limits)  # pyright: ignore[reportArgumentType] -- METERS are these

    @router.get("/usage", summary="Who uses how much, the largest first")
    async def usage(_: Admin, limit: Annotated[int, Query(ge=1, le=LISTED_MAX)] = 50) -> Usage:
        found = await asyncio.to_thread(quota.usage, limit=limit)
        return Usage(accounts=[AccountUsage(account=who.key, quota=status.as_dict()) for who, status in found])

    @router.get("/accounts/{account}/limits", summary="The limits in force for somebody")
    async def limits(account: Who, _: Admin) -> Limits:
        return await asyncio.to_thread(limits_of, Account.parse(account))

    @router.put("/accounts/{account}/limits", summary="Set somebody's own limit, or take it back")
    async def set_limit(account: Who, body: NewLimit, _: Admin) -> Limits:
        who = Account.parse(account)
        await asyncio.to_thread(quota.set_limit, who, body.meter, body.limit)
        return await asyncio.to_thread(limits_of, who)

    @router.put("/limits", summary="Set the limit of everybody together on one meter, or take it back")
    async def set_house_limit(body: NewLimit, _: Admin) -> NewLimit:
        await asyncio.to_thread(quota.set_limit, None, body.meter, body.limit)
        return body

    @router.post("/accounts/{account}/reset", summary="Give somebody the pictures of the day back")
    async def reset(account: Who, _: Admin) -> AccountUsage:
        who = Account.parse(account)
        await asyncio.to_thread(quota.reset_day, who)
        return AccountUsage(account=who.key, quota=(await asyncio.to_thread(quota.status, who)).as_dict())

    @router.get("/queue", summary="What waits and runs, of everybody")
    async def queue(_: Admin) -> Queue:
        report = await abby.studio.queue()
        return Queue(
            waiting=report.waiting, running=report.running, deliveries=report.deliveries,
            oldest_at=iso(report.oldest_at_ms), orders=list(map(_queued, report.orders)),
        )  # fmt: skip

    return router


def _queued(view: OrderView) -> Queued:
    return Queued(
        id=view.id, account=view.account, kind=view.kind, state=view.state, pictures=view.pictures,
        provider=view.provider, percent=view.percent, created_at=iso(view.created_at_ms) or "",
        started_at=iso(view.started_at_ms),
    )  # fmt: skip
