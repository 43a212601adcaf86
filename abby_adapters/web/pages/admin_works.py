"""``/admin``: what goes on in the house: the queue, its providers, and checking that all is as it should be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from abby_adapters.web.pages.admin import host_of, note
from abby_adapters.web.pages.forms import read_form
from abby_adapters.web.pages.quota import DAYS
from abby_adapters.web.pages.shell import go
from abby_adapters.web.pages.works import Work, Works
from abby_core.errors import AbbyError
from abby_core.storage.fsck import check
from abby_core.studio import Account
from abby_core.studio.house import QUEUE_SHOWN_MAX

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby
    from abby_core.generation.provider import Capabilities

CHECK_SECONDS = 8.0
"""How long a provider may take to say that it is well: longer, and somebody waits for the page."""
FINDINGS_SHOWN_MAX = 200
_HOUSE, _FSCK = "house", "fsck"


@dataclass(frozen=True, kw_only=True)
class Health:
    """How a provider is. ``ok`` None: it did not say in time."""

    name: str
    capabilities: Capabilities
    ok: bool | None
    detail: str = ""
    credits_left: float | None = None


def routes(abby: Abby, shell: Shell, works: Works) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/admin", include_in_schema=False)
    shell.notices.add({
        "order-cancelled": lambda language, _: language.say("The order is cancelled; what it had set aside is free."),
    })  # fmt: skip

    @router.get("/queue")
    async def queue(request: Request) -> Response:
        host_of(request)
        found = await asyncio.to_thread(abby.house.queue)
        return shell.page(
            request, "admin_queue.html", here="admin", tab="queue", orders=found, shown_max=QUEUE_SHOWN_MAX
        )

    @router.post("/queue/cancel")
    async def cancel(request: Request) -> Response:
        visitor, form = host_of(request), await read_form(request)
        order_id, key = form.text("order"), form.text("account")
        await abby.studio.cancel(order_id, Account(*key.split(":", 1)) if ":" in key else Account.parse(key or "-"))
        note(abby, visitor, "cancel-order", account=key, order=order_id)
        return go("/admin/queue", said="order-cancelled")

    @router.get("/providers")
    async def providers(request: Request) -> Response:
        host_of(request)
        healths = await asyncio.gather(*(_health(abby, name) for name in abby.generator.providers))
        report = await asyncio.to_thread(abby.statistics.report, DAYS, "provider")
        figures = {line.label: line for line in report.lines}
        return shell.page(request, "admin_providers.html", here="admin", tab="providers", healths=healths,
                          figures=figures, days=DAYS)  # fmt: skip

    @router.get("/check")
    async def look(request: Request) -> Response:
        host_of(request)
        return shell.page(request, "admin_check.html", here="admin", tab="check", work=works.newest(_HOUSE, _FSCK),
                          shown_max=FINDINGS_SHOWN_MAX)  # fmt: skip

    @router.post("/check")
    async def begin(request: Request) -> Response:
        visitor, form = host_of(request), await read_form(request)
        repair, deep = form.has("repair"), form.has("deep")
        note(abby, visitor, "check", repair=repair, deep=deep)

        async def act(work: Work) -> object:
            return await asyncio.to_thread(check, abby.storage, repair=repair, deep=deep, progress=work.step)

        work = works.begin(Work(_HOUSE, _FSCK), act)
        await works.wait(work, 0.5)  # a small house is looked through in less: then the findings are there at once
        return go("/admin/check")

    return router


async def _health(abby: Abby, name: str) -> Health:
    """How that provider is, by its own word."""
    provider = abby.generator.providers[name]
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            told = await provider.check()
    except TimeoutError:
        return Health(name=name, capabilities=provider.capabilities, ok=None)
    except AbbyError as error:
        return Health(name=name, capabilities=provider.capabilities, ok=False, detail=error.text)
    return Health(
        name=name, capabilities=provider.capabilities, ok=told.ok, detail=told.detail, credits_left=told.credits_left
    )
