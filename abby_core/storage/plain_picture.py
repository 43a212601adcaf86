"""A decoded picture made plain: 8 bits per sample, sRGB, upright, no metadata."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_ORIENTATION_TAG = 0x0112
_ENTRIES_MAX = 512
"""Most EXIF entries searched for the orientation; cameras write about twenty."""


def eight_bits(image: Image) -> Image:
    """The picture as L, RGB, RGBA or CMYK: palettes spelled out, transparency of any kind as an alpha channel."""
    if image.mode.startswith("I"):  # 16-bit grey; converting alone would clip everything above 255 to white
        high_bytes = image.point(lambda value: value * (1 / 256))  # pyright: ignore[reportUnknownMemberType]
        image = high_bytes.convert("L")
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode in {"1", "L"}:
        return image.convert("L")
    return image if image.mode in {"RGB", "CMYK"} else image.convert("RGB")


def in_srgb(image: Image, profile: bytes) -> Image:
    """The result of :func:`eight_bits` as L, RGB or RGBA, in sRGB.

    A profile that is broken or belongs to another kind of picture is ignored, as browsers do; one that fits is
    applied and gone.
    """
    return _converted(image, profile) or (image.convert("RGB") if image.mode == "CMYK" else image)


def _converted(image: Image, profile: bytes) -> Image | None:
    from PIL import ImageCms

    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        converted = ImageCms.profileToProfile(image, source, srgb, outputMode="RGBA" if image.mode == "RGBA" else "RGB")
    except (ImportError, OSError, ValueError, ImageCms.PyCMSError):  # ImportError: a Pillow built without LittleCMS
        return None
    if converted is not None:
        converted.info.pop("icc_profile", None)  # else Pillow writes sRGB's own into every PNG
    return converted


def upright(image: Image, exif: bytes) -> Image:
    """The picture turned and mirrored as its EXIF orientation says (values 2 to 8 of tag 0x0112, CIPA DC-008)."""
    from PIL.Image import Transpose

    turns = (
        Transpose.FLIP_LEFT_RIGHT, Transpose.ROTATE_180, Transpose.FLIP_TOP_BOTTOM, Transpose.TRANSPOSE,
        Transpose.ROTATE_270, Transpose.TRANSVERSE, Transpose.ROTATE_90,
    )  # fmt: skip
    orientation = _orientation(exif)
    return image.transpose(turns[orientation - 2]) if 2 <= orientation <= 8 else image


def _orientation(exif: bytes) -> int:
    """1 to 8; 1 where there is none. Offsets that point nowhere read as zero."""
    endian = "little" if exif[:2] == b"II" else "big"

    def number(at: int, size_bytes: int) -> int:
        return int.from_bytes(exif[at : at + size_bytes], endian)

    directory = number(4, 4)
    for entry in range(min(number(directory, 2), _ENTRIES_MAX)):
        at = directory + 2 + 12 * entry
        if number(at, 2) == _ORIENTATION_TAG:
            return number(at + 8, 2)
    return 1
