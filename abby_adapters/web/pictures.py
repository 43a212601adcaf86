"""A picture's bytes over HTTP: as what they are and nothing else, in parts for whoever asks for parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import Response

if TYPE_CHECKING:
    from fastapi import Request

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_CACHING = "private, no-cache"
"""One's browser may keep it, and asks each time whether it is still there and the same."""

_NOTHING_RUNS = "sandbox; default-src 'none'"


@dataclass(frozen=True)
class PictureFile:
    """Bytes, what they are, what they are called, and a text that changes when they do."""

    data: bytes
    media_type: str
    name: str
    version: str


def picture_response(
    request: Request, file: PictureFile, *, caching: str = _CACHING, attachment: bool = False
) -> Response:
    """The whole file, the part that was asked for (RFC 9110, 14), or the news that nothing has changed.

    ``attachment``: to be saved, not shown. Whatever the bytes are, a browser runs nothing of them.
    """
    etag = f'"{file.version}"'
    disposition = "attachment" if attachment else "inline"
    headers = {
        "etag": etag,
        "cache-control": caching,
        "accept-ranges": "bytes",
        "content-disposition": f"{disposition}; filename*=UTF-8''{quote(file.name, safe='')}",
        "content-security-policy": _NOTHING_RUNS,
        "x-content-type-options": "nosniff",
    }
    if is_known(request, file.version):
        return Response(status_code=304, headers=headers)
    size = len(file.data)
    part = _part(request.headers.get("range", ""), size)
    if part is None or request.headers.get("if-range", etag) != etag:
        return Response(file.data, headers=headers, media_type=file.media_type)
    first, last = part
    if first > last:
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{size}"})
    headers["content-range"] = f"bytes {first}-{last}/{size}"
    return Response(file.data[first : last + 1], 206, headers, media_type=file.media_type)


def is_known(request: Request, version: str) -> bool:
    """Whether whoever asks has that version already, so that the bytes need not be read."""
    known = (each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(","))
    return f'"{version}"' in known


def _part(header: str, size: int) -> tuple[int, int] | None:
    """The first and last byte of a single range; None for no range, or one that may be ignored. First > last: none."""
    found = _RANGE.fullmatch(header.strip())
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:  # the last so many
        count = int(found[2])
        return (max(0, size - count), size - 1) if count else (size, size - 1)
    first = int(found[1])
    last = int(found[2]) if found[2] else max(first, size - 1)
    if last < first:
        return None
    return (first, min(last, size - 1)) if first < size else (size, size - 1)
