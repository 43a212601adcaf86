"""``/privacy``: what Abby keeps of somebody, to take along, and to have removed."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from abby_adapters.web.pages.forms import read_form
from abby_adapters.web.pages.shell import HEADERS
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_adapters.web.pages.works import Work, Works
from abby_core.errors import InvalidRequest, Refused
from abby_core.gallery.export import export
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby

log = logging.getLogger(__name__)
WAIT_SECONDS = 20.0
"""How long whoever asked is kept waiting; most accounts are forgotten sooner, and what takes longer goes on."""


def routes(abby: Abby, shell: Shell, works: Works) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/privacy", include_in_schema=False)

    async def page(request: Request, visitor: Visitor, *, error: Refused | None = None) -> Response:
        preview = await asyncio.to_thread(abby.forgetting.preview, visitor.account)
        status = 400 if error else 200
        return shell.page(request, "privacy.html", here="account", status=status, preview=preview, error=error)

    @router.get("")
    async def privacy(request: Request) -> Response:
        return await page(request, visitor_of(request))

    @router.get("/export")
    async def take_along(request: Request) -> Response:
        account = visitor_of(request).account
        headers = HEADERS | {"content-disposition": 'attachment; filename="abby-export.zip"'}
        return StreamingResponse(export(abby.storage, account), media_type="application/zip", headers=headers)

    @router.post("/forget")
    async def forget(request: Request) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        if form.text("confirm") != visitor.name:
            error = InvalidRequest(sentence("To have everything removed, type {name} as it stands there.",
                                            name=visitor.name))  # fmt: skip
            return await page(request, visitor, error=error)
        log.info("session %s asked to be forgotten", visitor.session.id)

        async def act(work: Work) -> object:
            return await abby.forgetting.forget(visitor.account, progress=work.step)

        work = works.begin(Work(visitor.account.key, "forget"), act)
        await works.wait(work, WAIT_SECONDS)
        return shell.page(request, "forgotten.html", here="sign-in", visitor=None, work=work)

    return router
