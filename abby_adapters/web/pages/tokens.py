"""``/tokens``: keys with which one's programs act for oneself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from abby_adapters.web.pages.forms import Form, read_form
from abby_adapters.web.pages.shares import own_address
from abby_adapters.web.pages.shell import go
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_core.access.token import IMAGES_PER_DAY_MAX, LIVE_TOKENS_MAX, NAME_CHARACTERS_MAX, SCOPES, Token
from abby_core.errors import Refused

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby
    from abby_core.studio import Account

DAY_SECONDS = 86_400
LASTING = (0, 30 * DAY_SECONDS, 90 * DAY_SECONDS, 365 * DAY_SECONDS)
"""For how long a token can be chosen to last, in seconds; 0: until it is revoked."""


def routes(abby: Abby, shell: Shell) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/tokens", include_in_schema=False)
    shell.notices.add({
        "token-revoked": lambda language, _: language.say("The token is revoked: it opens nothing any more."),
    })  # fmt: skip

    async def page(
        request: Request, visitor: Visitor, *, form: Form | None = None, error: Refused | None = None,
        made: Token | None = None, text: str = "",
    ) -> Response:  # fmt: skip
        tokens = await asyncio.to_thread(abby.tokens.list, visitor.account)
        return shell.page(
            request, "tokens.html", here="account", status=400 if error else 200, tokens=tokens, made=made, text=text,
            error=error, form=form or Form(), scopes=SCOPES, lasting=LASTING, name_max=NAME_CHARACTERS_MAX,
            tokens_max=LIVE_TOKENS_MAX, images_max=IMAGES_PER_DAY_MAX, address=own_address(abby, request),
        )  # fmt: skip

    @router.get("")
    async def all_tokens(request: Request) -> Response:
        return await page(request, visitor_of(request))

    @router.post("")
    async def create(request: Request) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        try:
            made, text = await asyncio.to_thread(_create, abby, visitor.account, form)
        except Refused as error:
            return await page(request, visitor, form=form, error=error)
        return await page(request, visitor, made=made, text=text)

    @router.post("/{token_id}/revoke")
    async def revoke(request: Request, token_id: str) -> Response:
        await asyncio.to_thread(abby.tokens.revoke, visitor_of(request).account, token_id)
        return go("/tokens", said="token-revoked")

    return router


def _create(abby: Abby, account: Account, form: Form) -> tuple[Token, str]:
    return abby.tokens.create(
        account,
        name=form.text("name"),
        scopes=form.all("scope"),
        expires_in_seconds=form.number("lasts") or None,
        images_per_day=form.number("images_per_day"),
    )
