"""``/api/tokens``: one's keys for programs. New ones are made where people are, not by programs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from abby_adapters.web.api.values import iso
from abby_adapters.web.callers import Changer, Looker

if TYPE_CHECKING:
    from abby_core.access.token import Token
    from abby_core.bootstrap import Abby

TokenId = Annotated[str, Path(max_length=100)]


class TokenAnswer(BaseModel):
    """A token without its secret."""

    id: str
    name: str
    scopes: list[Literal["make", "look", "change", "admin", "metrics"]]
    state: Literal["live", "expired", "revoked"]
    images_per_day: int | None = Field(description="Its own daily limit, within the account's; null: none.")
    images_today: int = Field(description="How many of it are taken today (UTC).")
    created_at: str
    expires_at: str | None
    last_used_at: str | None = Field(description="To the minute.")
    revoked_at: str | None


class Tokens(BaseModel):
    """One's tokens, the newest first, some that ended among them."""

    tokens: list[TokenAnswer]


def routes(abby: Abby) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/api/tokens", tags=["Tokens"])
    tokens = abby.tokens

    @router.get("", summary="Your tokens, without their secrets")
    async def list_(caller: Looker) -> Tokens:
        return Tokens(tokens=list(map(_told, await asyncio.to_thread(tokens.list, caller.account))))

    @router.delete("/{token}", summary="Take one back: from now on it opens nothing")
    async def revoke(token: TokenId, caller: Changer) -> TokenAnswer:
        return _told(await asyncio.to_thread(tokens.revoke, caller.account, token))

    return router


def _told(token: Token) -> TokenAnswer:
    return TokenAnswer(
        id=token.id, name=token.name, scopes=list(token.scopes), state=token.state,
        images_per_day=token.images_per_day or None, images_today=token.images_today,
        created_at=iso(token.created_at_ms) or "", expires_at=iso(token.expires_at_ms),
        last_used_at=iso(token.last_used_at_ms), revoked_at=iso(token.revoked_at_ms),
    )  # fmt: skip
