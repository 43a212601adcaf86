"""PNG files: their structure, every checksum, and the exact amount of pixel data (PNG specification, 3rd edition)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from struct import Struct

from zlib_ng.zlib_ng import crc32  # pyright: ignore[reportUnknownVariableType] -- its stub names no type of bytes

from abby_core.sentence import sentence
from abby_core.storage.outline import PARTS_MAX, PROFILE_BYTES_MAX, Outline, Part, Stripped, rejected

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
COMPRESSED_METADATA_BYTES_MAX = 2**20
"""Most bytes of zTXt, iTXt and iCCP in one file: they may unpack to a thousand times as much in a program less wary."""

_INPUT_STEP_BYTES = 2**16
_OUTPUT_STEP_BYTES = 2**18
_CHUNK = Struct(">I4s")
_HEADER = Struct(">IIBBBBB")
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_PACKED = {b"zTXt", b"iTXt", b"iCCP"}
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples per pixel of each colour type: grey, RGB, palette, grey + alpha, RGBA."""
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Adam7: first column, first row, column step, row step of each pass."""


def matches(data: bytes) -> bool:
    return data.startswith(_SIGNATURE)


def outline_of(data: bytes) -> Outline:
    """Walk every chunk of a file that :func:`matches`; costs about one CRC-32 of the file.

    Raises :class:`~abby_core.errors.PictureRejected` for anything cut, damaged, out of order or unheard of.
    """
    parts = tuple(_chunks(data))
    kinds = [part.kind for part in parts]
    width, height, depth, colour, compression, filtering, interlace = _header(data, parts[0])
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise rejected(sentence("This PNG is damaged: its header makes no sense"))
    if not width or not height:
        raise rejected(sentence("This PNG is damaged: its header gives no size"))
    _check_order(kinds)
    _check_palette(colour, parts, kinds)
    if sum(part.end - part.start for part in parts if part.kind in _PACKED) > COMPRESSED_METADATA_BYTES_MAX:
        raise rejected(sentence("This PNG carries more than 1 MB of compressed metadata"))
    animated = b"acTL" in kinds or b"fdAT" in kinds
    return Outline(width=width, height=height, parts=parts, end=parts[-1].end + 4, animated=animated)


def _chunks(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    at = len(_SIGNATURE)
    for _ in range(PARTS_MAX):
        if at + 12 > len(data):
            raise rejected(sentence("This PNG is cut short"))
        length, kind = _CHUNK.unpack_from(data, at)
        start, end = at + 8, at + 8 + length
        if end + 4 > len(data):
            raise rejected(sentence("This PNG is cut short"))
        if crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise rejected(sentence("This PNG is damaged: a checksum does not match"))
        yield Part(kind, start, end)
        if kind == b"IEND":
            return
        at = end + 4
    raise rejected(sentence("This PNG is made of too many pieces"))


def _header(data: bytes, first: Part) -> tuple[int, int, int, int, int, int, int]:
    if first.kind != b"IHDR" or first.end - first.start != _HEADER.size:
        raise rejected(sentence("This PNG is damaged: it has no header"))
    return _HEADER.unpack_from(data, first.start)


def _check_order(kinds: Sequence[bytes]) -> None:
    if any(not kind.isalpha() or (kind[:1].isupper() and kind not in _CRITICAL) for kind in set(kinds)):
        raise rejected(sentence("This PNG holds pieces of an unknown kind"))
    if b"IDAT" not in kinds:
        raise rejected(sentence("This PNG is damaged: it holds no pixels"))
    first, count = kinds.index(b"IDAT"), kinds.count(b"IDAT")
    if any(kind != b"IDAT" for kind in kinds[first : first + count]) or kinds.count(b"IHDR") > 1:
        raise rejected(sentence("This PNG is damaged: its pieces are out of order"))
    if kinds.count(b"PLTE") > 1 or b"PLTE" in kinds[first:]:
        raise rejected(sentence("This PNG is damaged: its palette is out of order"))


def _check_palette(colour: int, parts: Sequence[Part], kinds: Sequence[bytes]) -> None:
    if b"PLTE" not in kinds:
        if colour == 3:
            raise rejected(sentence("This PNG is damaged: its palette is missing"))
        return
    palette = parts[kinds.index(b"PLTE")]
    size_bytes = palette.end - palette.start
    if colour in {0, 4} or size_bytes % 3 or not 3 <= size_bytes <= 768:
        raise rejected(sentence("This PNG is damaged: its palette makes no sense"))


def check_pixels(data: bytes, outline: Outline) -> None:
    """Unpack all pixel data, in constant memory, and require exactly as much as the header promises.

    Pillow alone would accept a wrong amount of data behind the last row, and a missing Adler-32.
    """
    expected = _raw_bytes(data, outline)
    unpack = zlib.decompressobj()
    size_bytes = 0
    try:
        for piece in _pixel_data(data, outline):
            pending = piece
            while pending and size_bytes <= expected:
                size_bytes += len(unpack.decompress(pending, _OUTPUT_STEP_BYTES))
                pending = unpack.unconsumed_tail
            if unpack.unused_data or size_bytes > expected:
                raise rejected(sentence("This PNG holds more data than its header promises"))
        while rest := unpack.decompress(b"", _OUTPUT_STEP_BYTES):
            size_bytes += len(rest)
    except zlib.error as error:
        raise rejected(sentence("This PNG is damaged: its pixels cannot be unpacked")) from error
    if not unpack.eof or size_bytes != expected:
        raise rejected(sentence("This PNG holds less or more data than its header promises"))


def _pixel_data(data: bytes, outline: Outline) -> Iterator[bytes]:
    for part in outline.parts:
        if part.kind == b"IDAT":
            for at in range(part.start, part.end, _INPUT_STEP_BYTES):
                yield data[at : min(at + _INPUT_STEP_BYTES, part.end)]


def _raw_bytes(data: bytes, outline: Outline) -> int:
    """How many bytes the unpacked picture has: each row is a filter byte and its pixels, rounded up to bytes."""
    width, height, depth, colour, _, _, interlaced = _header(data, outline.parts[0])
    bits = depth * _SAMPLES[colour]
    total = 0
    for column, row, column_step, row_step in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns = max(0, -(-(width - column) // column_step))
        rows = max(0, -(-(height - row) // row_step))
        total += rows * (1 + (columns * bits + 7) // 8) if columns else 0
    return total


def strip(data: bytes, outline: Outline) -> Stripped:
    """Header, palette, transparency and pixels alone; the frames of an animation behind the first are left out."""
    pieces = [_SIGNATURE]
    profile = exif = b""
    for part in outline.parts:
        payload = memoryview(data)[part.start : part.end]
        if part.kind in _CRITICAL:
            pieces.append(data[part.start - 8 : part.end + 4])
        elif part.kind == b"tRNS":
            pieces.append(_transparency(bytes(payload), data, outline))
        elif part.kind == b"iCCP":
            profile = _profile(bytes(payload))
        elif part.kind == b"eXIf":
            exif = bytes(payload)
    return Stripped(pixels=b"".join(pieces), colour_profile=profile, exif=exif)


def _transparency(payload: bytes, data: bytes, outline: Outline) -> bytes:
    """A tRNS chunk as Pillow reads it right: the see-through colour in 8 bits, as the pixels will be; or nothing."""
    _, _, depth, colour, *_ = _header(data, outline.parts[0])
    if colour == 3:
        return _chunk(b"tRNS", payload[:256])
    if colour not in {0, 2} or len(payload) != 2 * _SAMPLES[colour]:
        return b""
    samples = [int.from_bytes(payload[at : at + 2], "big") % 2**depth for at in range(0, len(payload), 2)]
    eight_bits = [sample >> 8 if depth == 16 else sample * 255 // (2**depth - 1) for sample in samples]
    return _chunk(b"tRNS", b"".join(sample.to_bytes(2, "big") for sample in eight_bits))


def _chunk(kind: bytes, payload: bytes) -> bytes:
    return _CHUNK.pack(len(payload), kind) + payload + crc32(kind + payload).to_bytes(4, "big")


def _profile(payload: bytes) -> bytes:
    """The ICC profile in an iCCP chunk: a name, a zero, the compression method, the profile; empty if unusable."""
    _name, _zero, packed = payload.partition(b"\0")
    try:
        unpack = zlib.decompressobj()
        profile = unpack.decompress(packed[1:], PROFILE_BYTES_MAX + 1)
    except zlib.error:
        return b""
    return profile if len(profile) <= PROFILE_BYTES_MAX else b""
