"""Pictures on their way in and out of providers: what their bytes say, and fitting them to a size.

The bytes come from strangers. Only PNG, JPEG and WebP are ever opened. Sizes are ``(width, height)`` in pixels,
the way the picture is looked at: a camera's orientation mark counts.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from abby_core.errors import PictureRejected
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from PIL import Image

Size = tuple[int, int]

_ORIENTATION_TAG = 0x0112
_ON_ITS_SIDE = frozenset({5, 6, 7, 8})
"""Orientation marks (EXIF 2.32, 4.6.5) that swap width and height."""


def by(size: Size) -> str:
    """A size in words: ``1024 × 768``."""
    return f"{size[0]} × {size[1]}"


def media_type(data: bytes) -> str | None:
    """The picture's media type by its first bytes, or None for anything but PNG, JPEG and WebP."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def picture_size(data: bytes) -> Size:
    """Width and height, from the header alone: quick, whatever the size. Raises PictureRejected."""
    from PIL import Image

    with _opened(data) as picture:
        exif = Image.Exif()
        exif.load(picture.info.get("exif", b""))
        width, height = picture.size
        return (height, width) if exif.get(_ORIENTATION_TAG) in _ON_ITS_SIDE else (width, height)


def require_whole(data: bytes) -> None:
    """Raise PictureRejected unless every pixel can be decoded. Takes tens of milliseconds: call it in a thread."""
    with _opened(data) as picture:
        picture.load()


def resized(data: bytes, size: Size, *, masked: bool = False) -> bytes:
    """The picture scaled to cover ``size`` exactly, cropped evenly where its shape differs: an upright PNG.

    ``masked``: its transparency is a mask, so the colours below are scaled as well instead of lost. Takes up to some
    hundred milliseconds: call it in a thread. Raises PictureRejected.
    """
    from PIL import Image, ImageOps

    with _opened(data) as picture:
        upright = ImageOps.exif_transpose(picture)
        plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        fitted = ImageOps.fit(plain.convert("RGB") if masked else plain, size, Image.Resampling.LANCZOS)
        if masked:  # bilinear: nothing opaque may become a little transparent beside an edge
            opacity = plain.convert("RGBA").getchannel("A")
            fitted.putalpha(ImageOps.fit(opacity, size, Image.Resampling.BILINEAR))
    out = BytesIO()
    fitted.save(out, "PNG", compress_level=1)  # it crosses the wire once: time counts more than bytes
    return out.getvalue()


@contextmanager
def _opened(data: bytes) -> Generator[Image.Image]:
    """The opened, not yet decoded picture; whatever goes wrong inside becomes PictureRejected."""
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
            yield picture
    except Exception as error:
        # Pillow's decoders raise nearly every built-in exception on hostile bytes; all mean the same to people.
        raise PictureRejected(
            sentence("This picture is damaged or cut off, or is no PNG, JPEG or WebP at all.")
        ) from error
