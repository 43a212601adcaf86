from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Callable
from itertools import pairwise
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abby_core.errors import PictureRejected
from abby_core.storage.picture import PIXELS_MAX, inspect, normalise_upload, thumbnail, verify
from tests.unit.storage.pictures import (
    ANIM,
    ANIMATIONS,
    FRAME,
    FRAME_OUTSIDE,
    JPEGS,
    LOSSLESS,
    PICTURES,
    PNG_SIGNATURE,
    PNGS,
    STREAM,
    WEBPS,
    chunk,
    encoded,
    every_jpeg,
    every_picture,
    header,
    jpeg_with_size,
    one_of_each_format,
    painted,
    pixels,
    png,
    refuses,
    riff,
    riff_chunks,
    shown,
    vp8x,
    with_chunk,
)

# ------------------------------------------------------------------ what is no picture


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89",
        b"\xff\xd8",
        b"RIFF",
        b"RIFF\x04\0\0\0WAVE",
        b"hello",
        b'{"errors": ["internal"]}',
        b"<!DOCTYPE html><html></html>",
        b"\xef\xbb\xbf <svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        bytes(1000),
        b"\0\0\0\x18ftypheic\0\0\0\0",
        b"\0\0\0\x18ftypavif\0\0\0\0",
        *(encoded(painted(), kind) for kind in ("GIF", "BMP", "TIFF", "ICO")),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_png_jpeg_or_webp_is_named_so(data: bytes) -> None:
    for check in (inspect, verify, normalise_upload, thumbnail):
        refuses(data, "not a PNG, JPEG or WebP picture", check)


@every_picture
def test_a_picture_cut_anywhere_is_refused_without_decoding(data: bytes) -> None:
    for end in range(len(data)):
        refuses(data[:end], "PNG, JPEG")


@one_of_each_format
@pytest.mark.parametrize("extra", [b"\0", b"\n", b"<script>", b"PK\x03\x04" * 100])
def test_bytes_behind_a_picture_are_refused(data: bytes, extra: bytes) -> None:
    refuses(data + extra, f"{len(extra)} bytes follow its end")
    refuses(data + extra, f"{len(extra)} bytes follow its end", verify)


# ------------------------------------------------------------------ PNG


def test_any_changed_byte_of_a_png_is_refused_without_decoding() -> None:
    data = with_chunk(encoded(painted(6, 5), "PNG"), chunk(b"tEXt", b"Comment\0hello"))
    for at in range(len(data)):
        for change in (0x01, 0x20, 0x80, 0xFF):
            refuses(data[:at] + bytes((data[at] ^ change,)) + data[at + 1 :], "PNG")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (png(pixels(9)), "no header"),
        (png(chunk(b"IHDR", b"short"), pixels(9)), "no header"),
        (png(header(0, 3), pixels(9)), "no size"),
        (png(header(3, 0), pixels(9)), "no size"),
        (png(header(3, 3, 3, 0, 0, 0, 0), pixels(9)), "header makes no sense"),
        (png(header(3, 3, 8, 1, 0, 0, 0), pixels(9)), "header makes no sense"),
        (png(header(3, 3, 16, 3, 0, 0, 0), pixels(9)), "header makes no sense"),
        (png(header(3, 3, 8, 0, 1, 0, 0), pixels(9)), "header makes no sense"),
        (png(header(3, 3, 8, 0, 0, 1, 0), pixels(9)), "header makes no sense"),
        (png(header(3, 3, 8, 0, 0, 0, 2), pixels(9)), "header makes no sense"),
        (png(header(3, 3)), "no pixels"),
        (png(header(3, 3), header(3, 3), pixels(12)), "out of order"),
        (png(header(3, 3), pixels(6), chunk(b"tEXt", b"a\0b"), pixels(6)), "out of order"),
        (png(header(3, 3, 8, 3, 0, 0, 0), pixels(12)), "palette is missing"),
        (png(header(3, 3, 8, 3, 0, 0, 0), pixels(12), chunk(b"PLTE", bytes(3))), "palette is out of order"),
        (png(header(3, 3, 8, 3, 0, 0, 0), chunk(b"PLTE", bytes(4)), pixels(12)), "palette makes no sense"),
        (png(header(3, 3, 8, 3, 0, 0, 0), chunk(b"PLTE", bytes(771)), pixels(12)), "palette makes no sense"),
        (png(header(3, 3), chunk(b"PLTE", bytes(3)), pixels(12)), "palette makes no sense"),
        (png(header(3, 3), chunk(b"EVIL", b""), pixels(12)), "unknown kind"),
        (png(header(3, 3), chunk(b"a\0bc", b""), pixels(12)), "unknown kind"),
        (png(header(3, 3), *[chunk(b"teXt")] * 70_000, pixels(12)), "too many pieces"),
        (PNG_SIGNATURE + header(3, 3) + pack(">I", 2**32 - 1) + b"IDAT" + bytes(100), "cut short"),
    ],
    ids=shown,
)
def test_a_png_against_the_rules_is_refused_without_decoding(data: bytes, text: str) -> None:
    refuses(data, text)


@pytest.mark.parametrize(
    "idat",
    [
        b"",
        b"not zlib",
        zlib.compress(bytes(11)),
        zlib.compress(bytes(13)),
        zlib.compress(bytes(12)) + b"more",
        zlib.compress(bytes(12))[:-1],
        zlib.compress(bytes(12))[:-4] + b"\0\0\0\0",
        zlib.compress(b"\x07" + bytes(11)),
    ],
    ids=shown,
)
def test_a_png_whose_pixels_are_not_what_its_header_promises_is_refused(idat: bytes) -> None:
    data = png(header(3, 3), chunk(b"IDAT", idat))
    inspect(data)
    refuses(data, "PNG|decoded", verify)


def test_a_png_in_many_small_pieces_is_one_picture() -> None:
    packed = zlib.compress(bytes(12))
    pieces = [chunk(b"IDAT", packed[at : at + 1]) for at in range(len(packed))]
    assert verify(png(header(3, 3), *pieces, chunk(b"IDAT"))).width == 3


# ------------------------------------------------------------------ JPEG


def first_scan(data: bytes) -> int:
    """Offset of the pixels of the first scan."""
    scan = data.index(b"\xff\xda")
    return scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")


@every_jpeg
def test_a_jpeg_that_was_cut_and_closed_again_is_refused(data: bytes) -> None:
    # The last scan may lack a few bits and still decode to nearly the same pixels: nobody can tell.
    for end in range(first_scan(data) + 1, len(data) - 24):
        if data[end - 1] != 0xFF:
            refuses(data[:end] + b"\xff\xd9", "JPEG|decoded", verify)


def test_a_jpeg_cut_between_restarts_and_closed_again_is_refused_without_decoding() -> None:
    data = JPEGS["jpeg with restarts"]
    restarts = [at for at in range(first_scan(data), len(data)) if data[at] == 0xFF and 0xD0 <= data[at + 1] <= 0xD7]
    assert len(restarts) > 2
    for at in restarts:
        refuses(data[:at] + b"\xff\xd9", "a part of its pixels is missing")


def test_a_progressive_jpeg_without_its_last_scans_is_refused_without_decoding() -> None:
    data = JPEGS["jpeg progressive"]
    scans = [at for at, (one, two) in enumerate(pairwise(data)) if (one, two) == (0xFF, 0xDA)]
    assert len(scans) == 10
    for at in scans[1:]:
        before_tables = data.rindex(b"\xff\xc4", 0, at)
        refuses(data[:before_tables] + b"\xff\xd9", "last scans are missing")


def test_a_jpeg_with_too_many_scans_is_refused_without_decoding() -> None:
    data = JPEGS["jpeg progressive"]
    last = data.rindex(b"\xff\xda")
    refuses(data[:-2] + data[last:-2] * 100 + b"\xff\xd9", "more than 64 scans")


def jpeg_with_frame(code: int) -> bytes:
    return JPEGS["jpeg"].replace(b"\xff\xc0", bytes((0xFF, code)), 1)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (jpeg_with_frame(0xC9), "rare kind"),
        (jpeg_with_frame(0xC3), "rare kind"),
        (jpeg_with_frame(0xF7), "rare kind"),
        (jpeg_with_frame(0x01), "marker makes no sense"),
        (jpeg_with_frame(0xFE), "exactly one picture"),
        (jpeg_with_size(0, 30), "no size"),
        (jpeg_with_size(40, 0), "no size"),
        (JPEGS["jpeg"].replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"), "8 bits"),
        (JPEGS["jpeg"].replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x10\x08"), "marker is missing|makes no sense"),
        (JPEGS["jpeg"].replace(b"\xff\xdb\0", b"\xff\xdb\xff", 1), "JPEG"),
        (JPEGS["jpeg"].replace(b"\xff\xdb\0\x43", b"\xff\xdb\0\x01", 1), "no length"),
        (b"\xff\xd8\xff\xd9", "exactly one picture"),
        (b"\xff\xd8" + b"\xff" * 10_000, "cut short"),
        (b"\xff\xd8" + b"\xff\xfe\0\x02" * 70_000 + b"\xff\xd9", "too many pieces"),
    ],
    ids=shown,
)
def test_a_jpeg_against_the_rules_is_refused_without_decoding(data: bytes, text: str) -> None:
    refuses(data, text)


# ------------------------------------------------------------------ WebP


@pytest.mark.parametrize("name", ["webp", "webp lossless"])
def test_a_webp_that_was_cut_and_closed_again_is_refused(name: str) -> None:
    ((kind, stream),) = riff_chunks(WEBPS[name])
    for length in range(len(stream) - 8):
        refuses(riff((kind, stream[:length])), "WebP|decoded", verify)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (riff(), "no pixels"),
        (riff((b"ICCP", b"x")), "header makes no sense"),
        (riff((b"VP8X", b"short"), STREAM), "header makes no sense"),
        (riff(vp8x(0, 40, 30)), "exactly one picture"),
        (riff(vp8x(0, 40, 30), STREAM, LOSSLESS), "exactly one picture"),
        (riff(vp8x(0, 41, 30), STREAM), "contradict"),
        (riff(vp8x(0, 40, 30), (b"VP8 ", b"\x01" + STREAM[1][1:])), "header makes no sense"),
        (riff((b"VP8 ", STREAM[1][:3] + b"abc" + STREAM[1][6:])), "header makes no sense"),
        (riff((b"VP8 ", b"\xf0\xff\xff" + STREAM[1][3:])), "cut short"),
        (riff((b"VP8L", b"\x2e" + LOSSLESS[1][1:])), "header makes no sense"),
        (riff((b"VP8L", LOSSLESS[1][:4] + b"\xff" + LOSSLESS[1][5:])), "header makes no sense"),
        (riff(vp8x(2, 40, 30), STREAM), "no frame"),
        (riff(vp8x(2, 40, 30), FRAME), "no frame"),
        (riff(vp8x(2, 40, 30), ANIM, (b"ANMF", b"short")), "no frame"),
        (riff(vp8x(2, 40, 30), ANIM, FRAME_OUTSIDE), "contradict"),
        (riff(vp8x(0, 40, 30), *[(b"JUNK", b"")] * 70_000, STREAM), "too many pieces"),
    ],
    ids=shown,
)
def test_a_webp_against_the_rules_is_refused_without_decoding(data: bytes, text: str) -> None:
    refuses(data, text)


def test_a_webp_whose_last_odd_chunk_has_no_padding_is_taken_if_it_says_so() -> None:
    data = riff(vp8x(0, 40, 30), STREAM, (b"JUNK", b"odd"))[:-1]
    refuses(data, "cut short")
    assert verify(data[:4] + pack("<I", len(data) - 8) + data[8:]).width == 40


# ------------------------------------------------------------------ bombs


@pytest.mark.parametrize(
    "data",
    [
        png(header(30_000, 30_000), pixels(100)),
        png(header(8000, 8000), pixels(100)),
        png(header(2**31 - 1, 2**31 - 1), pixels(100)),
        jpeg_with_size(8000, 8000),
        jpeg_with_size(65_535, 65_535),
        riff(vp8x(2, 2**24, 2**24), ANIM, FRAME),
        riff((b"VP8L", b"\x2f" + pack("<I", 0x3FFF | 0x3FFF << 14) + LOSSLESS[1][5:])),
        riff((b"VP8 ", STREAM[1][:6] + b"\xff\x3f\xff\x3f" + STREAM[1][10:])),
    ],
    ids=shown,
)
@pytest.mark.parametrize("check", [inspect, verify, normalise_upload, thumbnail])
def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(
    data: bytes, check: Callable[[bytes], object]
) -> None:
    assert PIXELS_MAX < 8000 * 8000
    with using_little_memory():
        refuses(data, "50 million in all", check)


class using_little_memory:  # noqa: N801 - reads as a sentence
    """Fails if Python's own memory grew by more than 4 MB meanwhile (zlib's output is in it, Pillow's is not)."""

    def __enter__(self) -> None:
        tracemalloc.start()

    def __exit__(self, *_error: object) -> None:
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak_bytes < 4 * 2**20


BOMB = zlib.compress(bytes(200 * 2**20), 9)


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"zTXt", b"Comment\0\0" + BOMB),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0" + BOMB),
        chunk(b"iCCP", b"profile\0\0" + BOMB),
    ],
    ids=["zTXt", "iTXt", "iCCP"],
)
@pytest.mark.parametrize("check", [inspect, verify, normalise_upload, thumbnail])
def test_packed_metadata_is_never_unpacked_beyond_its_bounds(extra: bytes, check: Callable[[bytes], object]) -> None:
    data = with_chunk(PNGS["png RGB"], extra)
    check(PNGS["png RGB"])  # imports what it needs
    with using_little_memory():
        check(data)


def test_more_than_a_megabyte_of_packed_metadata_is_refused() -> None:
    half = chunk(b"zTXt", b"Comment\0\0" + bytes(2**19))
    refuses(with_chunk(with_chunk(PNGS["png RGB"], half), half), "more than 1 MB of compressed metadata")


def test_pixels_beyond_what_the_header_promises_are_never_unpacked() -> None:
    data = png(header(100, 100), chunk(b"IDAT", BOMB))
    inspect(data)
    with using_little_memory():
        refuses(data, "more data than its header promises", verify)
        refuses(data, "more data than its header promises", normalise_upload)


# ------------------------------------------------------------------ whatever comes

mutations = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "repeat"]), st.floats(0, 1), st.integers(0, 255), st.integers(1, 9)
    ),
    min_size=1,
    max_size=6,
)


def mutated(data: bytes, steps: list[tuple[str, float, int, int]]) -> bytes:
    for step, share, value, length in steps:
        at = int(share * len(data))
        if step == "flip":
            data = data[:at] + bytes(byte ^ value for byte in data[at : at + length]) + data[at + length :]
        elif step == "cut":
            data = data[:at] + data[at + length :]
        elif step == "insert":
            data = data[:at] + bytes((value,)) * length + data[at:]
        else:
            data = data[:at] + data[at : at + 40 * length] * 2 + data[at + 40 * length :]
    return data


def repaired(data: bytes) -> bytes:
    """The same file with lengths and checksums that fit, so that damage reaches the decoders."""
    if data.startswith(b"RIFF"):
        return data[:4] + pack("<I", max(0, len(data) - 8)) + data[8:]
    if data.startswith(PNG_SIGNATURE):
        at, fixed = 8, data[:8]
        while at + 12 <= len(data):
            length = int.from_bytes(data[at : at + 4], "big")
            if at + 12 + length > len(data):
                break
            fixed += chunk(data[at + 4 : at + 8], data[at + 8 : at + 8 + length])
            at += 12 + length
        return fixed
    return data


@given(st.sampled_from(list(PICTURES.values()) + list(ANIMATIONS.values())[:2]), mutations, st.booleans())
def test_whatever_the_bytes_the_answer_is_a_picture_or_a_refusal(
    data: bytes, steps: list[tuple[str, float, int, int]], repair: bool
) -> None:
    data = mutated(data, steps)
    data = repaired(data) if repair else data
    for check in (inspect, verify, thumbnail):
        try:
            check(data)
        except PictureRejected as error:
            assert str(error).endswith(".")
    try:
        clean, info = normalise_upload(data)
    except PictureRejected:
        return
    assert verify(clean) == info


@given(st.binary(max_size=400), st.sampled_from([b"", PNG_SIGNATURE, b"\xff\xd8\xff", b"RIFF\xff\0\0\0WEBPVP8X"]))
def test_noise_behind_a_signature_is_refused(data: bytes, signature: bytes) -> None:
    for check in (inspect, verify, thumbnail, normalise_upload):
        refuses(signature + data, "PNG, JPEG", check)
