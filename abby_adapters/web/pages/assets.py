"""Style sheets, scripts and small pictures of ours: read once, served under a name that changes when they do."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

FOLDER = Path(__file__).parents[1] / "static"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".webp": "image/webp",
    ".webmanifest": "application/manifest+json",
}
_FOREVER = "public, max-age=31536000, immutable"


class Assets:
    """All files of the folder, in memory (some tens of kB). One hash over all of them stands in their addresses, so
    that scripts can import each other by their plain names."""

    def __init__(self, folder: Path = FOLDER) -> None:
        files = sorted(path for path in folder.iterdir() if path.suffix in _KINDS)
        self._files = {path.name: path.read_bytes() for path in files}
        whole = hashlib.sha256()
        for name, data in self._files.items():
            whole.update(f"{name}\0{len(data)}\0".encode() + data)
        self.version = whole.hexdigest()[:16]

    def url(self, name: str) -> str:
        """Where the file is. Raises KeyError for one that is not there: a slip in a template."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    def routes(self) -> APIRouter:
        """The path under which they are. A former version's address gets the present file, and is not kept."""
        router = APIRouter()

        @router.get("/static/{version}/{name}")
        async def asset(version: str, name: str) -> Response:
            data = self._files.get(name)
            if data is None:
                raise HTTPException(404)
            caching = _FOREVER if version == self.version else "no-cache"
            return Response(data, headers={"cache-control": caching}, media_type=_KINDS[Path(name).suffix])

        return router
