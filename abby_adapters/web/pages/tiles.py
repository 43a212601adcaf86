"""Pictures as tiles of a grid, and their bytes for the pages of whoever is signed in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from abby_adapters.web.pictures import PictureFile, is_known, picture_response
from abby_core.gallery.share_rows import DEMO_PROVIDER

if TYPE_CHECKING:
    from fastapi import Request

    from abby_core.gallery.gallery import Gallery
    from abby_core.studio import Artifact

RATIO_MIN, RATIO_MAX = 4, 30
"""Tenths of width by height for which there is a rule in gallery.css; what is narrower or wider is cut."""
VERSION_CHARACTERS = 16
_KEPT = "private, max-age=86400, immutable"
"""For an address that says which version it means: another version has another one."""
_ASKED = "private, no-cache"


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One picture of a grid."""

    artifact: Artifact
    alt_text: str
    url: str
    thumbnail_url: str
    ratio: int
    """Width by height in tenths, as the style sheet knows it."""
    demo: bool


def tile(gallery: Gallery, artifact: Artifact) -> Tile:
    """A picture as a tile."""
    return Tile(
        artifact=artifact,
        alt_text=gallery.alt_text(artifact),
        url=f"/pictures/{artifact.id}",
        # Until it is made, the picture itself stands in for it: an address of its own, which is asked for again.
        thumbnail_url=f"/pictures/{artifact.id}/thumbnail"
        + (f"?v={_version(artifact)}" if artifact.thumbnail_key else ""),
        ratio=ratio_of(artifact.width, artifact.height),
        demo=artifact.provider == DEMO_PROVIDER,
    )


def ratio_of(width: int, height: int) -> int:
    """Width by height in tenths, as far as the style sheet knows it."""
    tenths = round(10 * width / height) if height else 10
    return min(max(tenths, RATIO_MIN), RATIO_MAX)


def file_url(artifact: Artifact) -> str:
    """Where the picture itself is; another address once its bytes are others."""
    return f"/pictures/{artifact.id}/file?v={_version(artifact)}"


async def send_file(request: Request, gallery: Gallery, artifact: Artifact, *, attachment: bool = False) -> Response:
    """The picture's bytes as they were made."""

    def read() -> PictureFile:
        data = b"" if is_known(request, artifact.sha256[:32]) else gallery.open(artifact)
        return PictureFile(data, artifact.media_type, artifact.name, artifact.sha256[:32])

    file = await asyncio.to_thread(read)
    return picture_response(request, file, caching=_caching(request, artifact), attachment=attachment)


async def send_thumbnail(request: Request, gallery: Gallery, artifact: Artifact) -> Response:
    """A small WebP of it; while there is none, the picture itself."""
    version = f"{artifact.sha256[:32]}-small"

    def read() -> PictureFile | None:
        data = b"" if is_known(request, version) else gallery.thumbnail(artifact)
        return None if data is None else PictureFile(data, "image/webp", f"{artifact.id}.webp", version)

    file = await asyncio.to_thread(read)
    if file is None:
        return await send_file(request, gallery, artifact)
    return picture_response(request, file, caching=_caching(request, artifact))


def _version(artifact: Artifact) -> str:
    return artifact.sha256[:VERSION_CHARACTERS]


def _caching(request: Request, artifact: Artifact) -> str:
    return _KEPT if request.query_params.get("v") == _version(artifact) else _ASKED


def parameters_told(artifact: Artifact) -> dict[str, Any]:
    """What a picture was made with, as far as people asked for it."""
    told = ("steps", "cfg_scale", "image_strength", "masked")
    return {name: artifact.parameters[name] for name in told if artifact.parameters.get(name) is not None}
