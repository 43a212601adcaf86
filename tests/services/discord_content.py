"""Files on the loopback's Discord, and the content network that serves them under signed addresses."""

from __future__ import annotations

import hashlib
import mimetypes
import re
import time
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import quote

from aiohttp import web
from PIL import Image

from tests.services.discord_world import Json, snowflake

LINK_SECONDS = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that somebody sends."""

    filename: str
    data: bytes
    content_type: str = ""

    @property
    def kind(self) -> str:
        return self.content_type or mimetypes.guess_type(self.filename)[0] or "application/octet-stream"


@dataclass(eq=False, kw_only=True)
class Attachment:
    """A file that Discord keeps. ``url`` is signed anew each time it is asked for."""

    upload: Upload
    network: ContentNetwork
    channel_id: int
    ephemeral: bool = False
    description: str | None = None
    id: int = field(default_factory=snowflake)
    size: tuple[int, int] | None = field(init=False)
    """Width and height in pixels, None if it is no picture."""

    def __post_init__(self) -> None:
        self.size = _pixels(self.upload.data)
        self.network.files[self.path] = self

    @property
    def filename(self) -> str:
        # Discord keeps letters, digits and a few signs of a file's name
        return re.sub(r"[^\w.\-]", "_", self.upload.filename).strip("._") or "unknown"

    @property
    def data(self) -> bytes:
        return self.upload.data

    @property
    def path(self) -> str:
        folder = "ephemeral-attachments" if self.ephemeral else "attachments"
        return f"/{folder}/{self.channel_id}/{self.id}/{quote(self.filename)}"

    @property
    def url(self) -> str:
        return self.network.signed(self.path)

    def payload(self) -> Json:
        payload: Json = {
            "id": str(self.id),
            "filename": self.filename,
            "size": len(self.data),
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.upload.kind,
        }
        if self.size:
            payload |= {"width": self.size[0], "height": self.size[1]}
        if self.description is not None:
            payload["description"] = self.description
        if self.ephemeral:
            payload["ephemeral"] = True
        return payload


class ContentNetwork:
    """The files by their path. ``url``: where the network is."""

    def __init__(self) -> None:
        self.url = ""
        self.files: dict[str, Attachment] = {}
        self._day = 0

    def signed(self, path: str) -> str:
        now = int(time.time())
        until = f"{now + LINK_SECONDS:x}"
        return f"{self.url}{path}?ex={until}&is={now:x}&hm={self._signature(path, until)}&"

    def renewed(self, value: Any) -> Any:
        """``value`` with all its addresses of files signed anew, as Discord does whenever a message is read."""
        if isinstance(value, list):
            return [self.renewed(part) for part in value]
        if isinstance(value, dict):
            return {key: self.renewed(part) for key, part in value.items()}
        path = value.removeprefix(self.url).partition("?")[0] if isinstance(value, str) else ""
        return self.signed(path) if path in self.files else value

    def expire(self) -> None:
        """The day is over for every address that was given out so far."""
        self._day += 1

    def serve(self, request: web.Request) -> web.StreamResponse:
        """A file, for whoever has its signed address while that is not too old."""
        file = self.files.get(request.rel_url.raw_path)
        until = request.query.get("ex", "0")
        if file is None or request.query.get("hm") != self._signature(file.path, until) or int(until, 16) < time.time():
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=file.data, content_type=file.upload.kind)

    def _signature(self, path: str, until: str) -> str:
        return hashlib.sha256(f"{path}:{until}:{self._day}".encode()).hexdigest()


def _pixels(data: bytes) -> tuple[int, int] | None:
    try:
        with Image.open(BytesIO(data)) as picture:
            return picture.size
    except (OSError, SyntaxError, ValueError):
        return None
