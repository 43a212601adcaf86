"""Where whoever asks reaches this Abby."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import Request

    from abby_core.bootstrap import Abby


def own_url(abby: Abby, request: Request) -> str:
    """The beginning of links. Without PUBLIC_URL: as it was asked for, under a name that the guard knows."""
    return (abby.settings.public_url or f"{request.url.scheme}://{request.headers['host']}").rstrip("/")
