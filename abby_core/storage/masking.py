"""A picture and its mask -> one picture that carries the mask as its transparency. Takes seconds: use a thread.

So whoever works on it has one file to keep, to send and to clear away. The colours below the transparency are still
the picture's: the painter mixes them in, and other back ends look at what was there.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from abby_core.errors import MaskRejected, PictureRejected
from abby_core.sentence import sentence
from abby_core.storage import picture

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from PIL.Image import Image

MASKED_BYTES_MAX = 9 * 2**20
"""A larger PNG becomes WebP: back ends take 10 MB, and a photo that came as a JPEG of a few megabytes is many times
larger as a PNG."""
_QUALITIES = (90, 75)
"""The second also where even that is larger: then back ends say so."""
_WEBP_SIDE_MAX = 16_383
_OPAQUE = 255


def masked(data: bytes, mask: bytes, *, bytes_max: int = picture.PICTURE_BYTES_MAX) -> bytes:
    """The picture in ``data`` as an upright PNG, sRGB, 8 bits, without metadata, as transparent as the mask.

    Exactly the colours it had, on white where it was transparent itself. WebP, nearly those colours, where PNG would
    pass ``MASKED_BYTES_MAX``. Both are decoded as uploads are, of at most ``bytes_max`` and PICTURE_BYTES_MAX bytes.
    Raises :class:`~abby_core.errors.PictureRejected` for the picture, :class:`~abby_core.errors.MaskRejected` for a
    mask that is damaged, too large, of another size, or says nothing.
    """
    alpha = _alpha(mask)
    image = picture.whole(data, bytes_max=bytes_max)
    if image.size != alpha.size:
        raise MaskRejected(
            sentence(
                "The mask has {mask} pixels and the picture {picture}: make both of the same size.",
                mask=_by(alpha),
                picture=_by(image),
            )
        )
    image = _on_white(image)
    image.putalpha(alpha)
    return _encoded(image)


def _alpha(mask: bytes) -> Image:
    """How opaque each place of the mask is: all that is needed of it."""
    try:
        image = picture.whole(mask)
    except PictureRejected as error:
        raise MaskRejected(sentence("The mask cannot be used. {error}", error=error.text)) from error
    if image.mode != "RGBA":
        raise MaskRejected(
            sentence(
                "The mask has no transparency. Make transparent in it what shall be painted anew, and leave the rest "
                "opaque."
            )
        )
    alpha = image.getchannel("A")
    if alpha.getextrema() == (_OPAQUE, _OPAQUE):
        raise MaskRejected(
            sentence("The mask is opaque everywhere: make transparent in it what shall be painted anew.")
        )
    return alpha


def _on_white(image: Image) -> Image:
    from PIL.Image import new

    if image.mode != "RGBA":
        return image if image.mode == "RGB" else image.convert("RGB")  # no second copy of a large picture
    white = new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _encoded(image: Image) -> bytes:
    if max(image.size) > _WEBP_SIDE_MAX:
        return _saved(image, BytesIO(), "PNG", compress_level=4)
    try:
        return _saved(image, _Bounded(), "PNG", compress_level=4)
    except _TooLarge:
        pass  # and what was written of it is gone before more memory is needed
    *better, lowest = _QUALITIES  # exact: colours that nobody sees are kept
    for quality in better:
        data = _saved(image, BytesIO(), "WEBP", quality=quality, exact=True)
        if len(data) <= MASKED_BYTES_MAX:
            return data
    return _saved(image, BytesIO(), "WEBP", quality=lowest, exact=True)


def _saved(image: Image, target: BytesIO, pillow_format: str, **options: int) -> bytes:
    image.save(target, pillow_format, **options)
    return target.getvalue()


class _TooLarge(Exception):
    pass


class _Bounded(BytesIO):
    """Ends an encoding where it passes ``MASKED_BYTES_MAX``, instead of seconds later."""

    def write(self, data: ReadableBuffer, /) -> int:
        if self.tell() + memoryview(data).nbytes > MASKED_BYTES_MAX:
            raise _TooLarge
        return super().write(data)


def _by(image: Image) -> str:
    return f"{image.width} × {image.height}"
