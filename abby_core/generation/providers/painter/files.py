"""Picture bytes in and out: careful opening of what people bring, small PNG files of what was painted."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageOps, PngImagePlugin

from abby_core.errors import PictureRejected
from abby_core.generation.providers.painter.brushes.washes import mapped

_PERCEPTUAL = b"\x00"
"""Rendering intent in PNG's sRGB chunk (PNG specification, section 11.3.2.5)."""
_BYTES_PER_PIXEL_MAX = 1.35
"""A painting of 1024 x 1024 pixels stays below 1.5 MB, what Abby reckons with for one picture."""


def open_picture(data: bytes) -> Image.Image:
    """The whole picture, upright, as RGB or (if anything in it is transparent) RGBA.

    Its size was checked when the request was planned. Raises PictureRejected for damaged data.
    """
    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            upright = ImageOps.exif_transpose(image)
            picture = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except Exception as error:
        # Pillow's decoders raise nearly every built-in exception on hostile bytes; all mean the same to people.
        raise PictureRejected("This picture is damaged or cut off, and cannot be read.") from error
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        return picture.convert("RGB")
    return picture


def png(image: Image.Image) -> bytes:
    """PNG bytes, marked sRGB."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"sRGB", _PERCEPTUAL)
    buffer = BytesIO()
    image.save(buffer, "PNG", pnginfo=chunks, compress_level=6)
    return buffer.getvalue()


def small_png(image: Image.Image) -> bytes:
    """PNG bytes of a painting. If need be, colours are rounded by a step nobody sees in so much texture."""
    band = image.crop((0, image.height // 2, image.width, image.height // 2 + max(1, image.height // 4)))
    for step in (1, 2, 4):
        if _fits(png(_rounded(band, step)), band):
            data = png(_rounded(image, step))
            if _fits(data, image):
                return data
    return png(_rounded(image, 8))


def _fits(data: bytes, image: Image.Image) -> bool:
    return len(data) <= _BYTES_PER_PIXEL_MAX * image.width * image.height + 4096


def _rounded(image: Image.Image, step: int) -> Image.Image:
    if step == 1:
        return image
    return mapped(image, lambda level: (level + step // 2) // step * step)
