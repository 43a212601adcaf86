from __future__ import annotations

import random
import subprocess
import sys
import zlib
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from abby_core.errors import PictureRejected
from abby_core.storage.picture import (
    PICTURE_BYTES_MAX,
    SIDE_MAX,
    THUMBNAIL_BYTES_MAX,
    THUMBNAIL_SIDE,
    encode_to_fit,
    inspect,
    normalise_upload,
    thumbnail,
    verify,
)
from tests.unit.storage.pictures import (
    ANIMATIONS,
    JPEGS,
    PICTURES,
    PNGS,
    STILL,
    WEBPS,
    chunk,
    encoded,
    every_picture,
    header,
    noise,
    opened,
    painted,
    png,
    refuses,
    with_segment,
)

ORIENTATION = 0x0112
"""The EXIF tag."""


# ------------------------------------------------------------------ what is taken


@every_picture
def test_a_sound_picture_is_known_by_its_content(data: bytes) -> None:
    info = inspect(data)
    assert (info.width, info.height) == (40, 30)
    known = {(".png", "image/png"), (".jpg", "image/jpeg"), (".webp", "image/webp")}
    assert (info.extension, info.media_type) in known
    assert Image.MIME[str(opened(data).format)] == info.media_type
    assert verify(data) == info


@pytest.mark.parametrize("depth_and_colour", [(1, 0), (4, 3), (8, 2), (16, 4), (16, 6)])
@pytest.mark.parametrize("size", [(1, 1), (3, 9), (8, 8), (33, 5)])
def test_an_interlaced_png_is_taken(size: tuple[int, int], depth_and_colour: tuple[int, int]) -> None:
    depth, colour = depth_and_colour
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    rows: list[bytes] = []
    for left, top, across, down in [
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ]:  # fmt: skip
        columns = len(range(left, size[0], across))
        rows += [bytes(1 + -(-columns * bits // 8)) for _ in range(top, size[1], down) if columns]
    palette = chunk(b"PLTE", bytes(48)) if colour == 3 else b""
    data = png(header(*size, depth, colour, 0, 0, 1), palette, chunk(b"IDAT", zlib.compress(b"".join(rows))))
    verify(data)
    cut = png(header(*size, depth, colour, 0, 0, 1), palette, chunk(b"IDAT", zlib.compress(b"".join(rows)[:-1])))
    refuses(cut, "than its header promises", verify)


def test_the_longest_side_is_taken_and_one_pixel_more_is_not() -> None:
    assert inspect(encoded(Image.new("L", (SIDE_MAX, 1)), "PNG")).width == SIDE_MAX
    refuses(encoded(Image.new("L", (SIDE_MAX + 1, 1)), "PNG"), f"at most {SIDE_MAX} on a side")


def test_the_byte_cap_counts_every_byte() -> None:
    data = PNGS["png RGB"]
    assert inspect(data, bytes_max=len(data)) == verify(data, bytes_max=len(data))
    for check in (inspect, verify):
        with pytest.raises(PictureRejected, match="MB are taken"):
            check(data, bytes_max=len(data) - 1)
    refuses(bytes(PICTURE_BYTES_MAX + 1), "at most 20.0 MB")


# ------------------------------------------------------------------ animations


@pytest.mark.parametrize("data", ANIMATIONS.values(), ids=ANIMATIONS.keys())
def test_an_animation_is_no_still_picture_but_its_first_frame_can_be_uploaded(data: bytes) -> None:
    refuses(data, "animation")
    refuses(data, "animation", verify)
    clean, info = normalise_upload(data)
    assert verify(clean) == info
    image = opened(clean)
    assert getattr(image, "n_frames", 1) == 1
    expected = opened(WEBPS["webp"]) if len(data) > 100_000 else STILL
    assert image.convert("RGB").tobytes() == expected.convert("RGB").tobytes()


# ------------------------------------------------------------------ clean copies of uploads


@every_picture
def test_an_upload_becomes_a_file_that_passes_every_check(data: bytes) -> None:
    clean, info = normalise_upload(data)
    assert verify(clean) == info
    assert (info.width, info.height) == (40, 30)
    assert info.media_type == inspect(data).media_type


@pytest.mark.parametrize(
    "name", ["png 1", "png L", "png LA", "png P", "png RGB", "png RGBA", "webp lossless", "webp lossless alpha"]
)
def test_an_upload_keeps_every_pixel_and_its_alpha(name: str) -> None:
    before, after = opened(PICTURES[name]), opened(normalise_upload(PICTURES[name])[0])
    assert before.has_transparency_data == after.has_transparency_data
    assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()


def test_an_uploaded_jpeg_stays_nearly_the_same() -> None:
    before = opened(encoded(Image.linear_gradient("L").convert("RGB"), "JPEG"))
    after = opened(normalise_upload(encoded(before, "JPEG", quality=95))[0])
    assert max(abs(one - two) for one, two in zip(before.tobytes(), after.tobytes(), strict=True)) < 8


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_uploaded_webp_stays_nearly_the_same_and_does_not_grow_many_times_larger(mode: str) -> None:
    before = noise(300, 200, mode).resize((600, 400))
    data = encoded(before, "WEBP", quality=80)
    clean, info = normalise_upload(data)
    assert info.media_type == "image/webp"
    assert len(clean) < 2 * len(data) < len(encoded(opened(data), "PNG"))
    told = zip(opened(data).convert("RGBA").tobytes(), opened(clean).convert("RGBA").tobytes(), strict=True)
    assert sum(abs(one - two) for one, two in told) / (600 * 400 * 4) < 8  # of pure noise; of a photo it is 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_profile_of_an_upload_is_gone_when_its_colours_are_converted(kind: str) -> None:
    data = encoded(painted(), kind, icc_profile=swapped_profile(), lossless=True)
    assert "icc_profile" in opened(data).info
    clean = normalise_upload(data)[0]
    assert "icc_profile" not in opened(clean).info
    assert b"iCCP" not in clean
    assert b"ICCP" not in clean


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(10))
def test_an_upload_is_turned_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = encoded(painted(), kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    expected = ImageOps.exif_transpose(opened(data)).convert("RGB")
    for made in (normalise_upload(data)[0], thumbnail(data)):
        image = opened(made).convert("RGB")
        assert image.size == expected.size
        difference = max(
            abs(one - two)
            for one, two in zip(
                image.resize((2, 2), Image.Resampling.BOX).tobytes(),
                expected.resize((2, 2), Image.Resampling.BOX).tobytes(),
                strict=True,
            )
        )
        assert difference < 12


@given(st.binary(max_size=60))
def test_broken_exif_disturbs_nothing(exif: bytes) -> None:
    for start in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        data = with_segment(JPEGS["jpeg"], 0xE1, b"Exif\0\0" + start + exif)
        assert inspect(normalise_upload(data)[0]).media_type == "image/jpeg"


SECRET = b"51.5007N 0.1246W, my own camera"


def with_secrets(kind: str) -> bytes:
    """A picture with the secret in every place its format has for such things."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[ORIENTATION] = 1
    options: dict[str, object] = {"exif": exif, "xmp": b"<x:xmpmeta>" + SECRET, "icc_profile": SECRET}
    if kind == "PNG":
        text = PngInfo()
        text.add_text("Comment", SECRET.decode())
        text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
        options = {"exif": exif, "pnginfo": text, "icc_profile": SECRET}
    elif kind == "JPEG":
        options["comment"] = SECRET
    return encoded(painted(), kind, **options)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_upload_loses_everything_but_its_picture(kind: str) -> None:
    data = with_secrets(kind)
    trailing = data + b"\0\0MotionPhoto" + SECRET
    assert SECRET in trailing
    for made in (normalise_upload(trailing)[0], thumbnail(trailing), (encode_to_fit(trailing, 10**6) or (b"",))[0]):
        assert made
        assert SECRET not in made
        assert not {"exif", "xmp", "icc_profile", "comment", "Comment"} & opened(made).info.keys()


def swapped_profile() -> bytes:
    """An ICC profile (v2, matrix and curves) that means green where it says red, and red where it says green."""

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + pack(">iii", *(round(65536 * value) for value in (x, y, z)))

    red, green, blue = xyz(0.4361, 0.2225, 0.0139), xyz(0.3851, 0.7169, 0.0971), xyz(0.1431, 0.0606, 0.7141)
    curve = b"curv\0\0\0\0" + pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    tags = {
        b"wtpt": xyz(0.9642, 1.0, 0.8249), b"rXYZ": green, b"gXYZ": red, b"bXYZ": blue,
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }  # fmt: skip
    table, body, at = pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + pack(">II", at + len(body), len(value))
        body += value
    head = pack(">I4xI4s4s4s", at + len(body), 0x02400000, b"mntr", b"RGB ", b"XYZ ").ljust(36, b"\0") + b"acsp"
    head = head.ljust(68, b"\0") + pack(">iii", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("JPEG", "RGB"), ("WEBP", "RGB"), ("WEBP", "RGBA")]
)
def test_colours_are_what_the_profile_says(kind: str, mode: str) -> None:
    reddish = Image.new(mode, (20, 20), (250, 20, 20, 128)[: len(mode)])
    data = encoded(reddish, kind, icc_profile=swapped_profile(), quality=100)
    for made in (normalise_upload(data)[0], thumbnail(data)):
        pixel = opened(made).convert("RGBA").getpixel((10, 10))
        assert isinstance(pixel, tuple)
        assert pixel[0] < 60
        assert pixel[1] > 220
        assert abs(pixel[3] - (128 if mode == "RGBA" else 255)) < 8


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@pytest.mark.parametrize("profile", [swapped_profile(), swapped_profile()[:150], b"junk", bytes(2**20 + 1)])
def test_a_profile_that_does_not_fit_is_ignored(mode: str, profile: bytes) -> None:
    plain = encoded(painted(mode=mode), "JPEG")
    tagged = encoded(painted(mode=mode), "JPEG", icc_profile=profile)
    assert normalise_upload(tagged)[0] == normalise_upload(plain)[0]


def test_sixteen_bit_grey_keeps_its_tones() -> None:
    rows = b"".join(b"\0" + pack(">4H", 0, 0x00FF, 0x8000, 0xFFFF) for _ in range(4))
    data = png(header(4, 4, 16, 0, 0, 0, 0), chunk(b"IDAT", zlib.compress(rows)))
    assert list(opened(normalise_upload(data)[0]).tobytes()[:4]) == [0, 0, 128, 255]


@pytest.mark.parametrize(
    ("depth", "colour", "row", "clear"),
    [
        (1, 0, b"\x80", b"\0\x01"),
        (2, 0, b"\x90", b"\0\x02"),
        (4, 0, b"\x90", b"\0\x09"),
        (8, 0, b"\x90\0", b"\0\x90"),
        (16, 0, b"\x90\x12\0\0", b"\x90\x12"),
        (8, 2, b"\x90\x80\x70\0\0\0", b"\0\x90\0\x80\0\x70"),
        (16, 2, b"\x90\x12\x80\0\x70\0" + bytes(6), b"\x90\x12\x80\0\x70\0"),
        (8, 3, b"\x01\0", b"\xff\0"),
    ],
)
def test_one_see_through_colour_becomes_alpha(depth: int, colour: int, row: bytes, clear: bytes) -> None:
    palette = chunk(b"PLTE", bytes(6)) if colour == 3 else b""
    data = png(
        header(2, 1, depth, colour, 0, 0, 0), palette, chunk(b"tRNS", clear), chunk(b"IDAT", zlib.compress(b"\0" + row))
    )
    image = opened(normalise_upload(data)[0])
    assert image.mode == "RGBA"
    assert list(image.getchannel("A").tobytes()) == [0, 255]


def test_an_upload_that_would_grow_beyond_the_cap_becomes_webp() -> None:
    image = noise(2660, 2660, "L").convert("P")
    image.putpalette(random.Random(3).randbytes(768))
    data = encoded(image, "PNG")
    assert len(data) < PICTURE_BYTES_MAX / 2
    clean, info = normalise_upload(data)
    assert len(clean) <= PICTURE_BYTES_MAX
    assert (info.media_type, info.width, info.height) == ("image/webp", 2660, 2660)


# ------------------------------------------------------------------ thumbnails and fitting


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1024, 512), (256, 128)), ((300, 900), (85, 256)), ((40, 30), (40, 30)), ((4000, 1), (256, 1)), ((1, 1), (1, 1))],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_thumbnail_is_small_and_keeps_the_shape(kind: str, size: tuple[int, int], expected: tuple[int, int]) -> None:
    made = thumbnail(encoded(painted(*size), kind))
    info = verify(made, bytes_max=THUMBNAIL_BYTES_MAX)
    assert info.media_type == "image/webp"
    assert max(info.width, info.height) <= THUMBNAIL_SIDE
    assert abs(info.width - expected[0]) <= 1
    assert abs(info.height - expected[1]) <= 1


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_thumbnail_of_pure_noise_is_still_small(mode: str) -> None:
    assert len(thumbnail(encoded(noise(256, 256, mode), "PNG"))) <= THUMBNAIL_BYTES_MAX


@every_picture
def test_every_picture_has_a_thumbnail_that_looks_like_it(data: bytes) -> None:
    made = opened(thumbnail(data)).convert("RGBA").resize((1, 1), Image.Resampling.BOX)
    clean = opened(normalise_upload(data)[0]).convert("RGBA").resize((1, 1), Image.Resampling.BOX)
    assert all(abs(one - two) < 12 for one, two in zip(made.tobytes(), clean.tobytes(), strict=True))


def test_a_fitted_picture_gives_up_quality_before_size_and_size_before_everything() -> None:
    data = encoded(painted(400, 300), "PNG")
    best = encode_to_fit(data, 10**6)
    assert best is not None
    widths: list[int] = []
    for bytes_max in (10**6, len(best[0]), len(best[0]) * 2 // 3, 10_000, 4000, 2500, 10, 0, -1):
        fitted = encode_to_fit(data, bytes_max)
        if fitted is not None:
            assert len(fitted[0]) <= bytes_max
            assert verify(fitted[0]) == fitted[1]
        widths.append(fitted[1].width if fitted else 0)
    assert widths == sorted(widths, reverse=True)
    assert widths[:3] == [400, 400, 400]
    assert 64 <= widths[5] < 400
    assert widths[-3:] == [0, 0, 0]


def test_the_longest_side_of_all_can_be_fitted_although_webp_is_a_pixel_short() -> None:
    fitted = encode_to_fit(encoded(Image.new("RGB", (SIDE_MAX, 3)), "PNG"), 10**6)
    assert fitted is not None
    assert fitted[1].width == SIDE_MAX - 1


# ------------------------------------------------------------------ good manners


def test_checking_pictures_leaves_pillow_as_it_was() -> None:
    from PIL import ImageFile

    before = Image.MAX_IMAGE_PIXELS
    for data in PICTURES.values():
        normalise_upload(data)
    assert before == Image.MAX_IMAGE_PIXELS
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_pillow_is_not_loaded_before_a_picture_is_decoded() -> None:
    script = (
        "import sys\n"
        "from abby_core.storage.picture import inspect\n"
        f"inspect({PNGS['png 1']!r})\n"
        "assert not any(name.partition('.')[0] == 'PIL' for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[3], check=True)
