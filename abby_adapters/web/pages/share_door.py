"""The door of a share: what stands between whoever holds its link and what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abby_adapters.web.pages.visitors import jar_of
from abby_core.errors import NotFound
from abby_core.gallery.share_passes import PASS_SECONDS
from abby_core.gallery.shares import NO_SHARE

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.responses import Response

    from abby_core.gallery.share import Door
    from abby_core.gallery.shares import Shares

KEPT_SECONDS_MAX = 600
"""How long a copy on the way (a proxy, a chat's own store) may outlive a link that was taken back."""
_PRIVATE = "private, no-cache"
_ROBOTS = {"x-robots-tag": "noindex, nofollow, noimageindex"}


def knock(shares: Shares, request: Request, token: str) -> tuple[Door, bool]:
    """What stands in the way, and whether whoever asks may look without knocking again. Raises NotFound. Blocks."""
    door = shares.door(token)
    if shares.passes.admits(door.share_id, jar_of(request).get(_cookie(door))):
        return door, True
    return shares.look(token), False


def admitted(shares: Shares, request: Request, token: str) -> Door:
    """The same for what lies behind the door. Raises NotFound for whoever has to knock first. Blocks."""
    door, has_pass = knock(shares, request, token)
    if not has_pass and is_closed(door):
        raise NotFound(NO_SHARE)
    return door


def is_closed(door: Door) -> bool:
    """Whether somebody has to ask with a button: to give a password, or to use up a view."""
    return door.has_password or door.has_cap


def hand_pass(shares: Shares, request: Request, response: Response, door: Door) -> None:
    """Give whoever was let in just now a pass. Raises StorageError. Blocks for a moment the first time."""
    jar_of(request).set(response, _cookie(door), shares.passes.issue(door.share_id), seconds=PASS_SECONDS)


def caching(door: Door, now_ms: int) -> str:
    """How long files may be kept by whom: where a share is open to everybody by anything on the way, for a while."""
    if is_closed(door):
        return _PRIVATE
    left_seconds = (door.expires_at_ms - now_ms) // 1000
    return f"public, max-age={max(0, min(KEPT_SECONDS_MAX, left_seconds))}, immutable"


def unlisted(response: Response) -> Response:
    """For no search engine: a link is for whom it was given to."""
    response.headers.update(_ROBOTS)
    return response


def _cookie(door: Door) -> str:
    return f"abby-share-{door.share_id}"
