"""A picture without what its file says besides: for strangers' eyes. Decodes and encodes: use a thread."""

from __future__ import annotations

from abby_core.errors import PictureRejected, StorageError
from abby_core.sentence import sentence
from abby_core.storage import jpeg_check, picture, png_check, webp_check

_WORDLESS_CHUNKS = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"sRGB", b"gAMA", b"cHRM", b"pHYs", b"sBIT", b"bKGD"}
)
"""PNG chunks that hold pixels and what their colours mean, and no text (PNG, Third Edition, 4.6)."""


def bare_picture(data: bytes) -> tuple[bytes, picture.PictureInfo]:
    """The same picture with no prompt, place or camera hidden in its file, and what the file is.

    A file that holds nothing but its picture comes back as it is; another is made anew (see
    :func:`~abby_core.storage.picture.normalise_upload`). Raises StorageError.
    """
    try:
        if _holds_pixels_alone(data):
            return data, picture.inspect(data, bytes_max=len(data))
        if len(data) <= picture.PICTURE_BYTES_MAX:
            return picture.normalise_upload(data)
        fitting = picture.encode_to_fit(data, picture.PICTURE_BYTES_MAX)
    except PictureRejected as error:
        raise StorageError(sentence("The kept picture cannot be handed out: {error}", error=error)) from error
    if fitting is None:
        raise StorageError(sentence("The kept picture cannot be handed out: it is too large."))
    return fitting


def _holds_pixels_alone(data: bytes) -> bool:
    if png_check.matches(data):
        outline = png_check.outline_of(data)
        return outline.end == len(data) and {part.kind for part in outline.parts} <= _WORDLESS_CHUNKS
    return any(
        check.matches(data) and check.strip(data, check.outline_of(data)).pixels == data
        for check in (jpeg_check, webp_check)
    )
