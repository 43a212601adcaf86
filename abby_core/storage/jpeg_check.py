"""JPEG files: their segments, and whether every scan is all there (ITU-T T.81, annexes B and G)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from abby_core.sentence import sentence
from abby_core.storage.outline import PARTS_MAX, PROFILE_BYTES_MAX, Outline, Part, Stripped, rejected

_SIGNATURE = b"\xff\xd8\xff"
SCANS_MAX = 64
"""Most scans in one file. Progressive encoders write about ten; each costs a pass over the whole picture."""

_SCAN = b"scan"
"""Kind of the entropy-coded data behind a start of scan; all other kinds are a marker's second byte."""
_SOS, _EOI, _DRI, _SOF_PROGRESSIVE = b"\xda", b"\xd9", b"\xdd", b"\xc2"
_FRAMES = {b"\xc0", b"\xc1", _SOF_PROGRESSIVE}
_OTHER_FRAMES = {bytes((code,)) for code in (*range(0xC3, 0xD0), 0xF7) if code not in {0xC4, 0xC8, 0xCC}}
_APPS = {bytes((code,)) for code in range(0xE0, 0xF0)}
_TABLES = {b"\xc4", b"\xdb", _DRI}
_COMMENT = b"\xfe"
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""A marker that ends entropy-coded data: there FF 00 is a literal FF, FF FF is fill, D0 to D7 are restarts."""


@dataclass(frozen=True, kw_only=True)
class _Frame:
    width: int
    height: int
    progressive: bool
    sampling: Mapping[int, tuple[int, int]]
    """Horizontal and vertical sampling factor of each component, by the component's id."""


def matches(data: bytes) -> bool:
    return data.startswith(_SIGNATURE)


def outline_of(data: bytes) -> Outline:
    """Walk every segment of a file that :func:`matches`, and find the end of every scan.

    Raises :class:`~abby_core.errors.PictureRejected` for anything cut, damaged or incomplete, and for the kinds
    of JPEG hardly anything reads: arithmetic coding, lossless, hierarchical, 12 bits.
    """
    parts = tuple(_segments(data))
    frames = [part for part in parts if part.kind in _FRAMES]
    if len(frames) != 1:
        raise rejected(sentence("This JPEG is damaged: it does not describe exactly one picture"))
    frame = _frame(data, frames[0])
    _check_scans(data, parts, frame)
    return Outline(width=frame.width, height=frame.height, parts=parts, end=parts[-1].end)


def _segments(data: bytes) -> Iterator[Part]:
    at = 2
    for _ in range(PARTS_MAX):
        marker, at = _marker(data, at)
        if marker == _EOI:
            yield Part(marker, at, at)
            return
        if marker in _OTHER_FRAMES:
            raise rejected(sentence("This JPEG is of a rare kind (arithmetic, lossless or hierarchical)"))
        if marker not in _TABLES | _FRAMES | _APPS | {_SOS, _COMMENT}:
            raise rejected(sentence("This JPEG is damaged: a marker makes no sense"))
        end = at + int.from_bytes(data[at : at + 2], "big")
        if end < at + 2:
            raise rejected(sentence("This JPEG is damaged: a segment has no length"))
        if end > len(data):
            raise rejected(sentence("This JPEG is cut short"))
        yield Part(marker, at + 2, end)
        at = end
        if marker == _SOS:
            found = _SCAN_END.search(data, at)
            if found is None:
                raise rejected(sentence("This JPEG is cut short: its end is missing"))
            yield Part(_SCAN, at, found.start())
            at = found.start()
    raise rejected(sentence("This JPEG is made of too many pieces"))


def _marker(data: bytes, at: int) -> tuple[bytes, int]:
    """The marker at ``at`` (FF, any number of further FF, its code), and the offset behind it."""
    if at + 2 > len(data):
        raise rejected(sentence("This JPEG is cut short"))
    if data[at] != 0xFF:
        raise rejected(sentence("This JPEG is damaged: a marker is missing"))
    while at < len(data) and data[at] == 0xFF:
        at += 1
    if at == len(data):
        raise rejected(sentence("This JPEG is cut short"))
    return data[at : at + 1], at + 1


def _frame(data: bytes, part: Part) -> _Frame:
    payload = data[part.start : part.end]
    count = payload[5] if len(payload) > 5 else 0
    if len(payload) != 6 + 3 * count or count not in {1, 3, 4}:
        raise rejected(sentence("This JPEG is damaged: its header makes no sense"))
    if payload[0] != 8:
        raise rejected(sentence("This JPEG does not have 8 bits per sample"))
    sampling = {payload[at]: divmod(payload[at + 1], 16) for at in range(6, len(payload), 3)}
    height, width = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
    if not width or not height:
        raise rejected(sentence("This JPEG is damaged: its header gives no size"))
    if len(sampling) != count or any(not 1 <= factor <= 4 for pair in sampling.values() for factor in pair):
        raise rejected(sentence("This JPEG is damaged: its header makes no sense"))
    return _Frame(width=width, height=height, progressive=part.kind == _SOF_PROGRESSIVE, sampling=sampling)


def _check_scans(data: bytes, parts: Sequence[Part], frame: _Frame) -> None:
    """Every restart interval and every bit of every coefficient must be there: a file may end early and still say so.

    A progressive file may leave out its last scans and be legal, but no usual encoder does that; a cut download,
    closed again by some program on the way, does.
    """
    missing_bits = {component: [16] * 64 for component in frame.sampling}
    restart_interval = scans = 0
    for part, following in pairwise(parts):
        if part.kind == _DRI and part.end - part.start >= 2:
            restart_interval = int.from_bytes(data[part.start : part.start + 2], "big")
        elif part.kind == _SOS:
            scans += 1
            components, coefficients, low_bit = _scan_header(data, part, frame)
            for component in components:
                missing_bits[component][coefficients] = [low_bit] * len(range(64)[coefficients])
            if restart_interval and _restarts(data, following) < (_units(components, frame) - 1) // restart_interval:
                raise rejected(sentence("This JPEG is damaged: a part of its pixels is missing"))
    if scans > SCANS_MAX:
        raise rejected(sentence("This JPEG has more than {limit} scans", limit=SCANS_MAX))
    if any(any(bits) for bits in missing_bits.values()):
        raise rejected(sentence("This JPEG is cut short: its last scans are missing"))


def _scan_header(data: bytes, part: Part, frame: _Frame) -> tuple[list[int], slice, int]:
    """The components of a scan, the coefficients it carries, and the lowest bit of them that it carries."""
    payload = data[part.start : part.end]
    count = payload[0] if payload else 0
    if not 1 <= count <= 4 or len(payload) != 4 + 2 * count:
        raise rejected(sentence("This JPEG is damaged: a scan makes no sense"))
    components = list(payload[1 : 1 + 2 * count : 2])
    first, last, bits = payload[-3:]
    if len(set(components)) != count or not set(components) <= frame.sampling.keys():
        raise rejected(sentence("This JPEG is damaged: a scan makes no sense"))
    if not frame.progressive:
        return components, slice(0, 64), 0
    if not first <= last <= 63:
        raise rejected(sentence("This JPEG is damaged: a scan makes no sense"))
    return components, slice(first, last + 1), bits % 16


def _restarts(data: bytes, scan: Part) -> int:
    return sum(data.count(bytes((0xFF, code)), scan.start, scan.end) for code in range(0xD0, 0xD8))


def _units(components: Sequence[int], frame: _Frame) -> int:
    """Number of minimum coded units in a scan (T.81 A.2): blocks if it has one component, else groups of blocks."""
    across_max = max(across for across, _ in frame.sampling.values())
    down_max = max(down for _, down in frame.sampling.values())
    across, down = frame.sampling[components[0]] if len(components) == 1 else (1, 1)
    block = 8
    return -(-frame.width * across // (across_max * block)) * -(-frame.height * down // (down_max * block))


def strip(data: bytes, outline: Outline, *, after_scans: bytes = b"") -> Stripped:
    """Tables, frame and scans alone, with the two segments that say what the colours mean (JFIF, Adobe).

    ``after_scans`` is put behind the data of every scan, where it is surplus if the scan is complete.
    """
    pieces = [data[:2]]
    profiles: dict[int, bytes] = {}
    exif = b""
    for part in outline.parts:
        payload = data[part.start : part.end]
        if part.kind == _SCAN:
            pieces += [payload, after_scans]
        elif part.kind == _EOI:
            pieces.append(b"\xff" + _EOI)
        elif part.kind not in _APPS | {_COMMENT} or _says_colours(part.kind, payload):
            pieces.append(data[part.start - 4 : part.end])
        elif part.kind == b"\xe1" and payload[:6] == b"Exif\0\0":
            exif = exif or payload[6:]
        elif part.kind == b"\xe2" and payload[:12] == b"ICC_PROFILE\0" and len(payload) > 14:
            profiles.setdefault(payload[12], payload[14:])
    profile = b"".join(profiles[number] for number in sorted(profiles))
    return Stripped(
        pixels=b"".join(pieces), colour_profile=profile if len(profile) <= PROFILE_BYTES_MAX else b"", exif=exif
    )


def _says_colours(kind: bytes, payload: bytes) -> bool:
    return (kind == b"\xe0" and payload[:5] == b"JFIF\0") or (kind == b"\xee" and payload[:5] == b"Adobe")
