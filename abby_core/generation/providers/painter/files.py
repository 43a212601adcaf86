"""Picture bytes in and out: careful opening of what people bring, small PNG files of what was painted."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageOps, PngImagePlugin

from abby_core.errors import PictureRejected
from abby_core.generation.providers.painter.brushes.washes import mapped
from abby_core.sentence import sentence

_PERCEPTUAL = b"\x00"
"""Rendering intent in PNG's sRGB chunk (PNG specification, section 11.3.2.5)."""
PREVIEW_SIDE = 512
"""Pixels of a preview's longer side: enough to see what it will be."""


def open_picture(data: bytes) -> Image.Image:
    """The whole picture, upright, as RGB or (if anything in it is transparent) RGBA.

    Its size was checked when the request was planned. Raises PictureRejected for damaged data.
    """
    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            upright = _in_eight_bits(ImageOps.exif_transpose(image))
            picture = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except Exception as error:
        # Pillow's decoders raise nearly every built-in exception on hostile bytes; all mean the same to people.
        raise PictureRejected(sentence("This picture is damaged or cut off, and cannot be read.")) from error
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        return picture.convert("RGB")
    return picture


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Grey with 16 bits as grey with 8: Pillow's own conversion would cut it off instead of scaling it."""
    if not image.mode.startswith("I"):
        return image
    levels = image.convert("I").point(lambda level: level * (1 / 257))  # pyright: ignore[reportUnknownMemberType]
    return levels.convert("L")


def png(image: Image.Image) -> bytes:
    """PNG bytes, marked sRGB."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"sRGB", _PERCEPTUAL)
    buffer = BytesIO()
    image.save(buffer, "PNG", pnginfo=chunks, compress_level=6)
    return buffer.getvalue()


def preview(image: Image.Image) -> bytes:
    """The picture so far as a small JPEG; takes a few milliseconds."""
    small = image.convert("RGB")
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.BILINEAR, reducing_gap=1.0)
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def png_within(image: Image.Image, bytes_max: int) -> bytes:
    """PNG bytes, at most ``bytes_max`` if rounding the colours a little, down to 32 levels, can bring that about."""
    # A quarter of the rows is tried first: it tells nearly as well, in a quarter of the time.
    band = image.crop((0, image.height // 2, image.width, image.height // 2 + max(1, image.height // 4)))
    share = band.height / image.height
    for step in (1, 2, 4):
        if len(png(_rounded(band, step))) <= bytes_max * share:
            data = png(_rounded(image, step))
            if len(data) <= bytes_max:
                return data
    return png(_rounded(image, 8))


def _rounded(image: Image.Image, step: int) -> Image.Image:
    if step == 1:
        return image
    return mapped(image, lambda level: (level + step // 2) // step * step)
