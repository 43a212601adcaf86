"""``/account``: who one is here, and where one is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from abby_adapters.web.pages.devices import device_of
from abby_adapters.web.pages.shell import go
from abby_adapters.web.pages.visitors import Visitor, visitor_of

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby

Me = Annotated[Visitor, Depends(visitor_of)]


def routes(abby: Abby, shell: Shell) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/account")
    shell.notices.add({
        "signed-out-there": lambda language, _n: language.say("Signed out there."),
        "signed-out-elsewhere": lambda language, n: language.plural(
            "Signed out in {count} other place.", "Signed out in {count} other places.", count=n
        ),
    })  # fmt: skip

    @router.get("")
    async def account(request: Request, visitor: Me) -> Response:
        sessions = await abby.sessions.list(visitor.account)
        places = [(each, device_of(each.device)) for each in sessions]
        return shell.page(request, "account.html", here="account", places=places, user=visitor)

    @router.post("/sessions/{session_id}/end")
    async def end(visitor: Me, session_id: Annotated[str, Path(max_length=100)]) -> Response:
        await abby.sessions.end(visitor.account, session_id)
        return go("/account", said="signed-out-there")

    @router.post("/sessions/end-others")
    async def end_others(visitor: Me) -> Response:
        count = await abby.sessions.end_others(visitor.account, visitor.session)
        return go("/account", said="signed-out-elsewhere", count=count)

    return router
