"""Bytes from anywhere -> a checked picture, a clean copy, a thumbnail. Everything here may take seconds: use a thread.

Three levels of trust, each cheap enough for its place:

    inspect           the file's structure is sound and its sizes are bounded      about one CRC of the bytes
    verify            every pixel is there as well                                 one or two decodings
    normalise_upload  a new file: same pixels, nothing else of what was sent       a decoding and an encoding

Memory is bounded by ``PIXELS_MAX``: about 18 bytes per pixel for WebP (0.9 GB at the cap), 9 for the others.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal, Protocol

from abby_core.errors import PictureRejected
from abby_core.sentence import sentence
from abby_core.storage import jpeg_check, png_check, webp_check
from abby_core.storage.outline import Outline, Stripped, rejected
from abby_core.storage.plain_picture import eight_bits, in_srgb, upright

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURE_BYTES_MAX = 20 * 2**20
"""Largest picture that people may upload, and the usual cap for any other; 20 MB is a 12-megapixel PNG."""
PIXELS_MAX = 50_000_000
"""Most pixels of any picture: a phone's 48 megapixels fit. Below Pillow's own alarm, so that never fires."""
SIDE_MAX = 16_384
"""Longest side of any picture, in pixels."""
THUMBNAIL_SIDE = 256
"""Longest side of a thumbnail, in pixels."""
THUMBNAIL_BYTES_MAX = 32 * 1024
"""Largest thumbnail: a gallery page of a hundred stays below 3 MB."""

MediaType = Literal["image/png", "image/jpeg", "image/webp"]
Extension = Literal[".png", ".jpg", ".webp"]

_WEBP_SIDE_MAX = 16_383
"""Longest side WebP can hold (RFC 9649): one less than ours."""
_FIT_QUALITIES = (90, 80, 70, 60)
_FIT_SIDE_MIN = 64
_THUMBNAIL_QUALITIES = (80, 60, 40, 20, 5)
_THUMBNAIL_METHOD = 2
"""How hard WebP tries, 0 to 6: half the time of its own choice, 4, for 5 % more bytes."""
_SURPLUS = bytes((167 * index + 13) % 255 for index in range(64))
"""Noise without FF, so that it cannot end a JPEG's scan."""


@dataclass(frozen=True, kw_only=True)
class PictureInfo:
    """What the bytes are, whatever their name says. ``width`` and ``height`` in pixels, as stored in the file."""

    media_type: MediaType
    extension: Extension
    width: int
    height: int


class _Check(Protocol):
    """What a format's module does; see :mod:`abby_core.storage.png_check` for one."""

    def matches(self, data: bytes) -> bool: ...

    def outline_of(self, data: bytes) -> Outline: ...

    def strip(self, data: bytes, outline: Outline) -> Stripped: ...


@dataclass(frozen=True, kw_only=True)
class _Format:
    media_type: MediaType
    extension: Extension
    check: _Check


_FORMATS = (
    _Format(media_type="image/png", extension=".png", check=png_check),
    _Format(media_type="image/jpeg", extension=".jpg", check=jpeg_check),
    _Format(media_type="image/webp", extension=".webp", check=webp_check),
)


def inspect(data: bytes, *, bytes_max: int = PICTURE_BYTES_MAX) -> PictureInfo:
    """What the picture is; no pixel is decoded.

    Afterwards: one still picture within the bounds, complete as far as its structure tells (every PNG checksum,
    every JPEG scan, every WebP chunk), and not one byte behind it. Raises
    :class:`~abby_core.errors.PictureRejected`.
    """
    return _still(data, bytes_max)[0]


def verify(data: bytes, *, bytes_max: int = PICTURE_BYTES_MAX) -> PictureInfo:
    """As :func:`inspect`, and every pixel was decoded and is really in the file.

    This also finds files that were cut and then closed properly. What cannot be told from any bytes: values that
    are wrong but possible (JPEG and WebP have no checksums), and a JPEG or WebP that lacks its last few bits, which
    decode to nearly the same last pixels.
    """
    info, outline = _still(data, bytes_max)
    _decode_all(data, info, outline)
    return info


def normalise_upload(data: bytes) -> tuple[bytes, PictureInfo]:
    """A new file with the same picture for one a person uploaded, and what the new file is.

    Afterwards: upright, sRGB, 8 bits, alpha kept, the first frame of an animation; no metadata (place, camera,
    text, profiles) and nothing behind the picture; it passes :func:`verify`. PNG stays PNG, JPEG stays JPEG (quality
    95), a still WebP stays WebP (without loss if it was so, else of quality 90: as PNG it would be many times larger),
    an animation becomes PNG; where that would pass ``PICTURE_BYTES_MAX``, WebP that fits. Raises
    :class:`~abby_core.errors.PictureRejected` for what :func:`verify` refuses, but takes animations, and what
    phones put behind a photo.
    """
    info, outline = _examine(data, PICTURE_BYTES_MAX)
    image, stripped = _decode_all(data, info, outline)
    image = _plain(image, stripped)
    clean = _encode_like(image, info, outline)
    if len(clean) > PICTURE_BYTES_MAX:
        clean = _webp_to_fit(image, PICTURE_BYTES_MAX) or clean
    return clean, inspect(clean)


def whole(data: bytes, *, bytes_max: int = PICTURE_BYTES_MAX) -> Image:
    """The decoded picture as L, RGB or RGBA, upright, sRGB, 8 bits, its first frame, with every pixel proven there.

    Raises :class:`~abby_core.errors.PictureRejected` as :func:`normalise_upload` does.
    """
    info, outline = _examine(data, bytes_max)
    return _plain(*_decode_all(data, info, outline))


def thumbnail(data: bytes) -> bytes:
    """WebP, upright, longest side at most ``THUMBNAIL_SIDE``, at most ``THUMBNAIL_BYTES_MAX`` bytes.

    A smaller picture is not enlarged. Raises :class:`~abby_core.errors.PictureRejected`.
    """
    info, outline = _examine(data, len(data))
    stripped = _format_of(data).check.strip(data, outline)
    # JPEG can be decoded at a fraction of its size; twice the thumbnail's leaves enough to scale down well.
    image = _decode(stripped.pixels, info, draft_side=2 * THUMBNAIL_SIDE)
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), reducing_gap=2.0)
    image = _plain(image, stripped)
    while True:
        for quality in _THUMBNAIL_QUALITIES:
            small = _encode(image, "WEBP", quality=quality, alpha_quality=quality, method=_THUMBNAIL_METHOD)
            if len(small) <= THUMBNAIL_BYTES_MAX:
                return small
        image = _shrunk(image, max(image.size) // 2)


def plain(data: bytes) -> Image:
    """The decoded picture as L, RGB or RGBA, upright, sRGB, 8 bits, its first frame.

    Raises :class:`~abby_core.errors.PictureRejected`.
    """
    info, outline = _examine(data, len(data))
    stripped = _format_of(data).check.strip(data, outline)
    return _plain(_decode(stripped.pixels, info), stripped)


def encode_to_fit(data: bytes, bytes_max: int) -> tuple[bytes, PictureInfo] | None:
    """The picture as lossy WebP of at most ``bytes_max`` bytes: less quality first (90 to 60), then less size.

    Upright, sRGB, no metadata, the first frame. None: not even with its longest side at 64 pixels. Raises
    :class:`~abby_core.errors.PictureRejected`.
    """
    fitting = _webp_to_fit(plain(data), bytes_max)
    return None if fitting is None else (fitting, inspect(fitting, bytes_max=bytes_max))


def _still(data: bytes, bytes_max: int) -> tuple[PictureInfo, Outline]:
    info, outline = _examine(data, bytes_max)
    if outline.animated:
        raise rejected(sentence("This is an animation, not a still picture"))
    if outline.end != len(data):
        raise rejected(
            sentence("This is not a clean picture: {count} bytes follow its end", count=len(data) - outline.end)
        )
    return info, outline


def _examine(data: bytes, bytes_max: int) -> tuple[PictureInfo, Outline]:
    if len(data) > bytes_max:
        raise rejected(
            sentence(
                "The picture has {size:.1f} MB; at most {limit:.1f} MB are taken",
                size=len(data) / 2**20,
                limit=bytes_max / 2**20,
            )
        )
    kind = _format_of(data)
    outline = kind.check.outline_of(data)
    width, height = outline.width, outline.height
    if max(width, height) > SIDE_MAX or width * height > PIXELS_MAX:
        raise rejected(
            sentence(
                "The picture has {width} x {height} pixels; at most {side} on a side and {millions} million "
                "in all are taken",
                width=width,
                height=height,
                side=SIDE_MAX,
                millions=PIXELS_MAX // 1_000_000,
            )
        )
    return PictureInfo(media_type=kind.media_type, extension=kind.extension, width=width, height=height), outline


def _format_of(data: bytes) -> _Format:
    for kind in _FORMATS:
        if kind.check.matches(data):
            return kind
    if not data:
        raise PictureRejected(sentence("There are no bytes here: that is not a PNG, JPEG or WebP picture."))
    guess = _looks_like(data)
    if not guess:
        raise PictureRejected(sentence("This is not a PNG, JPEG or WebP picture."))
    raise PictureRejected(sentence("This is {guess}, not a PNG, JPEG or WebP picture.", guess=guess))


def _looks_like(data: bytes) -> str:
    """A guess at what people send most, so that they know what to convert."""
    guesses = {
        b"GIF8": sentence("a GIF"),
        b"%PDF": sentence("a PDF"),
        b"BM": sentence("a bitmap (BMP)"),
        b"II*\0": sentence("a TIFF"),
        b"MM\0*": sentence("a TIFF"),
    }
    if data[4:8] == b"ftyp":
        phones = {b"avif": sentence("an AVIF"), b"heic": sentence("a HEIC"), b"mif1": sentence("a HEIC")}
        return phones.get(data[8:12], "")
    if data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return sentence("text (HTML, SVG or XML)")
    return next((guess for start, guess in guesses.items() if data.startswith(start)), "")


def _is_jpeg(info: PictureInfo) -> bool:
    return info.media_type == "image/jpeg"


def _decode_all(data: bytes, info: PictureInfo, outline: Outline) -> tuple[Image, Stripped]:
    """The decoded picture, proven complete.

    PNG: the unpacked data has exactly the right length. WebP: its decoder refuses to run out of data. JPEG: its
    decoder pads with grey and tells nobody, so the picture is decoded a second time with noise behind every scan:
    a scan that was complete never reads the noise, one that ran out does and looks different.
    """
    stripped = _format_of(data).check.strip(data, outline)
    noisy = 0
    if info.media_type == "image/png":
        png_check.check_pixels(data, outline)
    elif _is_jpeg(info):
        noisy = _fingerprint(_decode(jpeg_check.strip(data, outline, after_scans=_SURPLUS).pixels, info))
    image = _decode(stripped.pixels, info)
    if _is_jpeg(info) and _fingerprint(image) != noisy:
        raise rejected(sentence("This JPEG is cut short: a part of its pixels is missing"))
    return image, stripped


def _decode(pixels: bytes, info: PictureInfo, *, draft_side: int | None = None) -> Image:
    """Stripped bytes as L, RGB, RGBA or CMYK; with ``draft_side`` perhaps smaller, but no side below that."""
    try:
        return _load(pixels, (info.width, info.height), draft_side)
    except Exception as error:  # Pillow answers broken bytes with OSError, SyntaxError, struct.error and more
        raise rejected(sentence("This picture is damaged: its pixels cannot be decoded")) from error


def _load(pixels: bytes, size: tuple[int, int], draft_side: int | None) -> Image:
    from PIL import Image

    image = Image.open(BytesIO(pixels), formats=("PNG", "JPEG", "WEBP"))
    if image.size != size:  # what was checked against the bounds is not what would be decoded
        raise ValueError(f"{image.size} is not {size}")
    if draft_side is not None:
        image.draft(None, (draft_side, draft_side))
    image.load()
    return eight_bits(image)


def _plain(image: Image, stripped: Stripped) -> Image:
    return upright(in_srgb(image, stripped.colour_profile), stripped.exif)


def _fingerprint(image: Image) -> int:
    """CRC of the pixels, in strips, so that no second copy of a large picture is made."""
    fingerprint, rows = 0, 256
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        fingerprint = zlib.crc32(strip.tobytes(), fingerprint)
    return fingerprint


def _encode(image: Image, pillow_format: str, **options: int | str) -> bytes:
    target = BytesIO()
    image.save(target, pillow_format, **options)
    return target.getvalue()


def _encode_like(image: Image, info: PictureInfo, outline: Outline) -> bytes:
    """The picture in the format it came in."""
    if _is_jpeg(info):
        return _encode(image, "JPEG", quality=95, subsampling="4:4:4")
    if info.media_type == "image/webp" and not outline.animated:
        if any(part.kind == webp_check.LOSSLESS for part in outline.parts):
            return _encode(image, "WEBP", lossless=True, exact=True, method=4)
        return _encode(image, "WEBP", quality=90, method=4)
    return _encode(image, "PNG", compress_level=4)


def _webp_to_fit(image: Image, bytes_max: int) -> bytes | None:
    image = _shrunk(image, _WEBP_SIDE_MAX)
    *better, lowest = _FIT_QUALITIES
    fitting = _encode(image, "WEBP", quality=lowest)
    if len(fitting) <= bytes_max:
        for quality in better:
            finer = _encode(image, "WEBP", quality=quality)
            if len(finer) <= bytes_max:
                return finer
    while len(fitting) > bytes_max:
        side = max(image.size)
        if side <= _FIT_SIDE_MIN:
            return None
        # The size goes with the area, roughly: noise loses more, outlines less. So in a few rounds, none too large.
        scale = min(0.9, max(0.5, (max(0, bytes_max) / len(fitting)) ** 0.5))
        image = _shrunk(image, max(_FIT_SIDE_MIN, int(side * scale)))
        fitting = _encode(image, "WEBP", quality=lowest)
    return fitting


def _shrunk(image: Image, side_max: int) -> Image:
    """The picture with its longest side at most ``side_max`` (at least 1) pixels."""
    side = max(image.size)
    if side <= side_max:
        return image
    width, height = (max(1, round(length * side_max / side)) for length in image.size)
    return image.resize((width, height), reducing_gap=2.0)  # pyright: ignore[reportUnknownMemberType]
