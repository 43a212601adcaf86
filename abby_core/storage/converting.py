"""A kept picture in another format, for whoever asks for that one. Decodes and encodes: use a thread."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Literal

from abby_core.errors import InvalidRequest
from abby_core.sentence import sentence
from abby_core.storage import picture
from abby_core.storage.picture import MediaType

PictureFormat = Literal["png", "jpeg", "webp"]
MEDIA_TYPES: Mapping[PictureFormat, MediaType] = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
QUALITY_DEFAULT = 95
_JPEG_QUALITY_MAX = 95
"""Above it files grow and nothing is gained (Pillow's documentation of its JPEG writer)."""
_WEBP_SIDE_MAX = 16_383


def format_of(media_type: str) -> PictureFormat:
    """The format's short name: ``png`` of ``image/png``."""
    return next(name for name, each in MEDIA_TYPES.items() if each == media_type)


def convert(data: bytes, wanted: PictureFormat, *, quality: int = QUALITY_DEFAULT) -> bytes:
    """The picture in that format: upright, sRGB, without metadata. ``quality`` 0..100 is for JPEG and WebP.

    JPEG has no transparency: it is laid on white. Raises PictureRejected, and InvalidRequest for what WebP cannot hold.
    """
    from PIL import Image

    image, target = picture.plain(data), BytesIO()
    if wanted == "png":
        image.save(target, "PNG", compress_level=4)
        return target.getvalue()
    if wanted == "webp":
        if max(image.size) > _WEBP_SIDE_MAX:
            raise InvalidRequest(sentence("The picture is too large for WebP; ask for png or jpeg."))
        image.save(target, "WEBP", quality=max(1, min(quality, 100)))
        return target.getvalue()
    if image.mode == "RGBA":
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image = white
    image.save(target, "JPEG", quality=max(1, min(quality, _JPEG_QUALITY_MAX)))
    return target.getvalue()
