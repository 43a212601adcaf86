"""A picture and its mask become one picture, with the picture's colours and the mask's transparency."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageChops

from abby_core.errors import MaskRejected, PictureRejected
from abby_core.storage.masking import MASKED_BYTES_MAX, masked
from abby_core.storage.picture import PICTURE_BYTES_MAX, verify
from tests.unit.storage.pictures import JPEGS, PNGS, WEBPS, encoded, noise, opened, painted

SIZE = (40, 30)
HOLE = (10, 5, 30, 20)


def mask(size: tuple[int, int] = SIZE, *, kind: str = "PNG", mode: str = "RGBA", **options: object) -> bytes:
    picture = Image.new("RGBA", size, (7, 7, 7, 255))
    picture.paste((0, 0, 0, 0), HOLE)
    return encoded(picture.convert(mode), kind, **options)


def opacity(size: tuple[int, int] = SIZE) -> Image.Image:
    whole = Image.new("L", size, 255)
    whole.paste(0, HOLE)
    return whole


def is_same(one: Image.Image, other: Image.Image) -> bool:
    return one.mode == other.mode and ImageChops.difference(one, other).getbbox(alpha_only=False) is None


@pytest.mark.parametrize("data", [*PNGS.values(), *JPEGS.values(), *WEBPS.values()], ids=[*PNGS, *JPEGS, *WEBPS])
def test_any_picture_keeps_its_size_and_gets_the_masks_transparency(data: bytes) -> None:
    assert is_same(opened(masked(data, mask())).getchannel("A"), opacity())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_every_colour_is_kept_below_the_transparency_too(kind: str) -> None:
    data = encoded(painted(), kind)
    assert is_same(opened(masked(data, mask())).convert("RGB"), opened(data).convert("RGB"))


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("PNG", "P"), ("WEBP", "RGBA")])
def test_a_mask_may_be_a_png_or_webp_with_any_kind_of_transparency(kind: str, mode: str) -> None:
    made = masked(encoded(painted(), "PNG"), mask(kind=kind, mode=mode, lossless=True))
    assert is_same(opened(made).getchannel("A"), opacity())


def test_half_transparent_stays_half_transparent() -> None:
    picture = Image.new("RGBA", SIZE, (0, 0, 0, 128))
    assert opened(masked(encoded(painted(), "PNG"), encoded(picture, "PNG"))).getchannel("A").getextrema() == (128, 128)


def test_a_picture_that_is_transparent_itself_is_on_white_and_the_mask_alone_says_what_is_painted_anew() -> None:
    clear = Image.new("RGBA", SIZE, (9, 9, 9, 0))
    made = opened(masked(encoded(clear, "PNG"), mask()))
    assert made.getpixel((0, 0)) == (255, 255, 255, 255)
    assert is_same(made.getchannel("A"), opacity())


def test_a_mask_is_laid_on_the_picture_as_people_see_it() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # on its side
    lying = encoded(painted(), "JPEG", exif=exif)
    assert opened(masked(lying, mask((30, 40)))).size == (30, 40)
    with pytest.raises(MaskRejected, match="40 × 30 pixels and the picture 30 × 40"):
        masked(lying, mask())
    turned = mask((30, 40), exif=exif)
    assert opened(masked(encoded(painted(), "PNG"), turned)).size == SIZE


def test_no_metadata_of_picture_or_mask_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    made = masked(encoded(painted(), "JPEG", exif=exif), mask(exif=exif))
    assert b"SecretCamera" not in made
    assert verify(made).media_type == "image/png"


def test_what_would_be_too_large_as_png_is_webp_of_nearly_the_same_colours() -> None:
    data = encoded(noise(2000, 1700), "JPEG", quality=30)
    made = masked(data, mask((2000, 1700)))
    assert len(made) <= MASKED_BYTES_MAX
    assert verify(made).media_type == "image/webp"
    assert is_same(opened(made).getchannel("A"), opacity((2000, 1700)))
    below = opened(made).convert("RGB").crop(HOLE)  # not emptied, as WebP would do unasked
    assert len(below.getcolors(1000) or []) > 100


def _animation() -> bytes:
    frames = [Image.new("RGBA", SIZE, (index, 0, 0, 0)) for index in range(2)]
    target = BytesIO()
    frames[0].save(target, "PNG", save_all=True, append_images=frames[1:])
    return target.getvalue()


REFUSED = {
    "no transparency": (encoded(painted(), "PNG"), "^The mask has no transparency. Make transparent"),
    "opaque": (encoded(Image.new("RGBA", SIZE, (0, 0, 0, 255)), "PNG"), "^The mask is opaque everywhere"),
    "another size": (
        mask((41, 30)),
        "^The mask has 41 × 30 pixels and the picture 40 × 30: make both of the same size",
    ),
    "cut short": (mask()[:-30], "^The mask cannot be used. "),
    "no picture": (b"<svg/>", "^The mask cannot be used. This is text"),
    "too many bytes": (mask() + bytes(PICTURE_BYTES_MAX), r"^The mask cannot be used. The picture has 20\.0 MB"),
    "a bomb": (
        encoded(Image.new("1", (16_385, 1)), "PNG"),
        "^The mask cannot be used. The picture has 16385 x 1 pixels",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mask_that_says_nothing_is_refused_with_what_is_wrong(case: str) -> None:
    data, said = REFUSED[case]
    with pytest.raises(MaskRejected, match=said):
        masked(encoded(painted(), "PNG"), data)


def test_an_animation_masks_with_its_first_picture() -> None:
    assert opened(masked(encoded(painted(), "PNG"), _animation())).getchannel("A").getextrema() == (0, 0)


@pytest.mark.parametrize("data", [b"", b"<svg/>", encoded(painted(), "PNG")[:-30], encoded(painted(), "JPEG")[:-200]])
def test_a_picture_that_is_none_is_refused_as_a_picture(data: bytes) -> None:
    with pytest.raises(PictureRejected):
        masked(data, mask())
