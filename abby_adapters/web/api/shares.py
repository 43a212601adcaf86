"""``/api/shares``: links to one's pictures and albums, for whoever gets them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from abby_adapters.web.api.values import iso
from abby_adapters.web.callers import Changer, Looker
from abby_adapters.web.own_url import own_url
from abby_core.gallery.share import EXPIRES_SECONDS_DEFAULT, EXPIRES_SECONDS_MAX, EXPIRES_SECONDS_MIN, VIEWS_MAX, Share

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby

ShareId = Annotated[str, Path(max_length=100)]


class NewShare(BaseModel):
    """What to share, and for whom it opens. One of ``picture`` and ``album``."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"picture": "a_fox.png", "expires_in_seconds": 86_400}]}
    )

    picture: Annotated[str, Field(max_length=500)] = Field("", description="Its name or id.")
    album: Annotated[str, Field(max_length=500)] = Field("", description="Its name or id.")
    expires_in_seconds: Annotated[int, Field(ge=EXPIRES_SECONDS_MIN, le=EXPIRES_SECONDS_MAX)] = EXPIRES_SECONDS_DEFAULT
    password: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="Without it the link opens nothing."
    )
    views_max: Annotated[int, Field(ge=0, le=VIEWS_MAX)] = Field(0, description="How often it opens; 0: no cap.")
    metadata: Literal["none", "prompt", "full"] = Field("none", description="What is told besides the picture.")


class ShareAnswer(BaseModel):
    """A share. ``name``: of what is shared, empty when that is gone."""

    id: str
    kind: Literal["picture", "album"]
    name: str
    state: Literal["live", "expired", "used up", "revoked", "gone"]
    metadata: Literal["none", "prompt", "full"]
    has_password: bool
    views: int
    views_max: int | None
    created_at: str
    expires_at: str


class NewShareAnswer(ShareAnswer):
    """A share that was made just now. The link is told this once: Abby keeps only a hash of what opens it."""

    url: str


class Shares(BaseModel):
    """One's shares, the newest first; those that ended stay for 30 days."""

    shares: list[ShareAnswer]


def routes(abby: Abby) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/api/shares", tags=["Shares"])
    shares = abby.shares

    @router.get("", summary="Your shares")
    async def list_(caller: Looker) -> Shares:
        return Shares(shares=list(map(_told, await asyncio.to_thread(shares.list, caller.account))))

    @router.post("", status_code=201, summary="Share a picture or an album", responses={404: {}})
    async def create(request: Request, body: NewShare, caller: Changer) -> NewShareAnswer:
        share, token = await asyncio.to_thread(shares.create, caller.account, **body.model_dump())
        return NewShareAnswer(**_told(share).model_dump(), url=f"{own_url(abby, request)}/s/{token}")

    @router.get("/{share}", summary="One of them")
    async def find(share: ShareId, caller: Looker) -> ShareAnswer:
        return _told(await asyncio.to_thread(shares.find, caller.account, share))

    @router.delete("/{share}", summary="Take it back: from now on its link opens nothing")
    async def revoke(share: ShareId, caller: Changer) -> ShareAnswer:
        return _told(await asyncio.to_thread(shares.revoke, caller.account, share))

    return router


def _told(share: Share) -> ShareAnswer:
    return ShareAnswer(
        id=share.id, kind="album" if share.album_id else "picture", name=share.name, state=share.state,
        metadata=share.metadata, has_password=share.has_password, views=share.views, views_max=share.views_max or None,
        created_at=iso(share.created_at_ms) or "", expires_at=iso(share.expires_at_ms) or "",
    )  # fmt: skip
