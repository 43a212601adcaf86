"""``/quota``: how much of one's limits is used and why they are as they are, and making room."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from abby_adapters.web.pages import words
from abby_adapters.web.pages.charts import Bar, bars
from abby_adapters.web.pages.forms import read_form
from abby_adapters.web.pages.shell import go
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_adapters.web.pages.works import Work, Works

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby
    from abby_core.languages import Language
    from abby_core.studio.statistics import Report

DAYS = 30
ROOM_SHARE = 10
"""Where nothing stands in the way, room is offered for a tenth of what somebody may keep."""
_ROOM = "room"


def routes(abby: Abby, shell: Shell, works: Works) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/quota", include_in_schema=False)

    async def page(request: Request, visitor: Visitor) -> Response:
        values = await asyncio.to_thread(_standing, abby, visitor)
        work = works.newest(visitor.account.key, _ROOM)
        return shell.page(request, "quota.html", here="quota", work=work, **values)

    @router.get("")
    async def quota(request: Request) -> Response:
        return await page(request, visitor_of(request))

    @router.post("/room")
    async def make_room(request: Request) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        way, pictures = form.text("way"), form.number("pictures")

        async def act(work: Work) -> object:
            return await asyncio.to_thread(abby.room.make, visitor.account, way, pictures, progress=work.step)

        work = works.begin(Work(visitor.account.key, _ROOM, total=pictures), act)
        await works.wait(work, 0.5)  # most ways are quicker than that: then the page shows the outcome at once
        return go("/quota")

    return router


def _standing(abby: Abby, visitor: Visitor) -> dict[str, Any]:
    """Everything the page shows."""
    account = visitor.account
    status = abby.quota.status(account)
    explanation = abby.quota.explain(account)
    report = abby.statistics.report(DAYS, "day", account=account.key)
    wanted = max(status.bytes.one_more, min(status.bytes.limit, abby.settings.max_user_storage_bytes) // ROOM_SHARE)
    return {
        "stands": status,
        "tiers": [name for name, _ in explanation.tiers],
        "explained": list(explanation.sentences()),
        "report": report,
        "bars": day_bars(visitor.language, report),
        "ways": abby.room.ways(account, wanted),
        "trash": abby.room.trash(account),
        "has_archive": abby.storage.archive is not None,
    }


def day_bars(language: Language, report: Report) -> list[Bar]:
    """Pictures by day, as bars."""
    dates = [words.day(language, line.label) for line in report.lines]
    titles = [
        language.plural("{day}: {count} picture", "{day}: {count} pictures", count=line.pictures, day=day)
        for line, day in zip(report.lines, dates, strict=True)
    ]
    return bars([line.pictures for line in report.lines], dates, titles)
