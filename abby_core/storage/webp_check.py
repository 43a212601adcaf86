"""WebP files: their chunks and the sizes they claim (RFC 9649)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import Struct

from abby_core.sentence import sentence
from abby_core.storage.outline import PARTS_MAX, PROFILE_BYTES_MAX, Outline, Part, Stripped, rejected

_CHUNK = Struct("<4sI")
LOSSLESS = b"VP8L"
"""The chunk that holds pixels without loss."""
_BITSTREAMS = {b"VP8 ", LOSSLESS}
_ANIMATED, _ALPHA = 0x02, 0x10
_FRAME_HEADER_BYTES = 16


def matches(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def outline_of(data: bytes) -> Outline:
    """Walk every chunk of a file that :func:`matches`.

    Raises :class:`~abby_core.errors.PictureRejected` for anything cut, and where sizes contradict each other.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise rejected(sentence("This WebP is cut short"))
    parts = tuple(_chunks(data, 12, end))
    if not parts:
        raise rejected(sentence("This WebP is damaged: it holds no pixels"))
    if parts[0].kind != b"VP8X":
        width, height = _bitstream_size(data, parts[0])
        return Outline(width=width, height=height, parts=parts[:1], end=end)
    flags, width, height = _canvas(data, parts[0])
    animated = bool(flags & _ANIMATED)
    if animated:
        _check_first_frame(data, parts, (width, height))
    else:
        _check_still(data, parts, (width, height))
    return Outline(width=width, height=height, parts=parts, end=end, animated=animated)


def _chunks(data: bytes, at: int, end: int) -> Iterator[Part]:
    """The chunks between two offsets; an odd one is followed by a byte of padding, unless the file ends there."""
    for _ in range(PARTS_MAX):
        if at == end:
            return
        if at + 8 > end:
            raise rejected(sentence("This WebP is cut short"))
        kind, length = _CHUNK.unpack_from(data, at)
        start, at = at + 8, at + 8 + length
        if at > end:
            raise rejected(sentence("This WebP is cut short"))
        yield Part(kind, start, at)
        at = min(at + length % 2, end)
    raise rejected(sentence("This WebP is made of too many pieces"))


def _canvas(data: bytes, part: Part) -> tuple[int, int, int]:
    """Flags, width and height of an extended file."""
    if part.end - part.start < 10:
        raise rejected(sentence("This WebP is damaged: its header makes no sense"))
    return data[part.start], _number24(data, part.start + 4) + 1, _number24(data, part.start + 7) + 1


def _number24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")


def _check_still(data: bytes, parts: Sequence[Part], canvas: tuple[int, int]) -> None:
    streams = [part for part in parts if part.kind in _BITSTREAMS]
    if len(streams) != 1:
        raise rejected(sentence("This WebP is damaged: it does not hold exactly one picture"))
    if _bitstream_size(data, streams[0]) != canvas:
        raise rejected(sentence("This WebP is damaged: its sizes contradict each other"))


def _check_first_frame(data: bytes, parts: Sequence[Part], canvas: tuple[int, int]) -> None:
    frame = next((part for part in parts if part.kind == b"ANMF"), None)
    if frame is None or frame.end - frame.start < _FRAME_HEADER_BYTES or not any(p.kind == b"ANIM" for p in parts):
        raise rejected(sentence("This WebP is damaged: its animation has no frame"))
    left, top = 2 * _number24(data, frame.start), 2 * _number24(data, frame.start + 3)
    size = _number24(data, frame.start + 6) + 1, _number24(data, frame.start + 9) + 1
    if left + size[0] > canvas[0] or top + size[1] > canvas[1]:
        raise rejected(sentence("This WebP is damaged: its sizes contradict each other"))
    _check_still(data, tuple(_chunks(data, frame.start + _FRAME_HEADER_BYTES, frame.end)), size)


def _bitstream_size(data: bytes, part: Part) -> tuple[int, int]:
    """Width and height a bitstream gives itself (VP8: RFC 6386 section 9.1, VP8L: RFC 9649 section 3)."""
    head = data[part.start : min(part.start + 10, part.end)]
    if part.kind == b"VP8 " and len(head) == 10:
        tag = _number24(head, 0)
        key_frame, shown, first_partition_bytes = not tag & 1, tag >> 4 & 1, tag >> 5
        size = int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF
        if key_frame and shown and head[3:6] == b"\x9d\x01\x2a" and all(size):
            if first_partition_bytes > part.end - part.start - 10:
                raise rejected(sentence("This WebP is cut short"))
            return size
    elif part.kind == b"VP8L" and len(head) >= 5 and head[0] == 0x2F:
        bits = int.from_bytes(head[1:5], "little")
        if not bits >> 29:
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise rejected(sentence("This WebP is damaged: its header makes no sense"))


def strip(data: bytes, outline: Outline) -> Stripped:
    """Pixels and alpha alone; of an animation the first frame, on its canvas."""
    first = {part.kind: part for part in reversed(outline.parts)}

    def payload(kind: bytes) -> bytes:
        return data[first[kind].start : first[kind].end] if kind in first else b""

    if outline.animated:
        kept = {b"VP8X": _only(payload(b"VP8X"), _ANIMATED | _ALPHA)}
        kept |= {kind: payload(kind) for kind in (b"ANIM", b"ANMF")}
    elif b"ALPH" in first and b"VP8 " in first:
        kept = {b"VP8X": _only(payload(b"VP8X"), _ALPHA)}
        kept |= {kind: payload(kind) for kind in (b"ALPH", b"VP8 ")}
    else:
        kept = {kind: payload(kind) for kind in _BITSTREAMS & first.keys()}
    profile = payload(b"ICCP")
    return Stripped(
        pixels=_riff(kept),
        colour_profile=profile if len(profile) <= PROFILE_BYTES_MAX else b"",
        exif=payload(b"EXIF").removeprefix(b"Exif\0\0"),
    )


def _only(header: bytes, flags: int) -> bytes:
    return bytes((header[0] & flags,)) + header[1:10]


def _riff(chunks: dict[bytes, bytes]) -> bytes:
    body = b"".join(
        _CHUNK.pack(kind, len(payload)) + payload + b"\0" * (len(payload) % 2) for kind, payload in chunks.items()
    )
    return _CHUNK.pack(b"RIFF", 4 + len(body)) + b"WEBP" + body
