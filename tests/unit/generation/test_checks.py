from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from abby_core.errors import InvalidRequest, PictureRejected
from abby_core.generation.checks import check_input, check_request
from abby_core.generation.provider import Capabilities
from abby_core.generation.request import KINDS, STYLES, ImageRequest, ImageToImage, TextToImage, Upscale

WEBP = b"RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0/\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0"
WORDS = TextToImage(prompt="a cat")
REDRAW = ImageToImage(image=WEBP, prompt="a cat")
UPSCALE = Upscale(image=WEBP)
NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize("request_", [WORDS, REDRAW, UPSCALE])
def test_an_ordinary_request_passes(request_: ImageRequest) -> None:
    check_request(request_)


@pytest.mark.parametrize(
    "changes",
    [
        *({"style": style} for style in STYLES),
        {"prompt": "lines\nand\ttabs 🐰 漢字"},
        {"prompt": "x" * 2000, "negative_prompt": "x" * 2000},
        {"width": 64, "height": 2048, "seed": 2**32 - 2, "steps": 150, "cfg_scale": 35},
        {"width": 2048, "height": 64, "seed": 0, "steps": 1, "cfg_scale": 0.0},
    ],
)
def test_everything_up_to_the_bounds_passes(changes: dict[str, Any]) -> None:
    check_request(replace(WORDS, **changes))


@pytest.mark.parametrize(
    "prompt", ["", "  \n\t", "\u200b\u200d ", "x" * 2001, "a\x00b", "\x1b[31m", "\ud800", None, 7, b"x"]
)
def test_a_prompt_that_is_blank_too_long_or_no_text_is_refused(prompt: Any) -> None:
    for request in (WORDS, REDRAW):
        with pytest.raises(InvalidRequest, match="prompt"):
            check_request(replace(request, prompt=prompt))


def test_an_upscale_may_have_no_prompt_but_no_bad_one() -> None:
    check_request(replace(UPSCALE, prompt=""))
    with pytest.raises(InvalidRequest, match="prompt"):
        check_request(replace(UPSCALE, prompt="a\x00b"))


@pytest.mark.parametrize("field", ["width", "height", "seed", "steps"])
@pytest.mark.parametrize("value", [-1, 10**400, 1024.0, NAN, True, "1024", [1024]])
def test_a_bad_whole_number_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest, match=field):
        check_request(replace(WORDS, **{field: value}))


@pytest.mark.parametrize(("field", "value"), [("width", 63), ("height", 2049), ("seed", 2**32 - 1), ("steps", 0)])
def test_a_number_just_beyond_the_bounds_is_refused(field: str, value: int) -> None:
    with pytest.raises(InvalidRequest, match=field):
        check_request(replace(WORDS, **{field: value}))


@pytest.mark.parametrize("value", [-0.1, 35.1, NAN, INFINITY, -INFINITY, 10**400, True, "7"])
def test_a_bad_cfg_scale_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="cfg_scale"):
        check_request(replace(WORDS, cfg_scale=value))


@pytest.mark.parametrize("value", [-0.1, 1.1, NAN, False, "0.5", None])
def test_a_bad_image_strength_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="image_strength"):
        check_request(replace(REDRAW, image_strength=value))


@pytest.mark.parametrize("value", [63, 8193, 2048.0, True, None])
def test_a_bad_upscale_width_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="width"):
        check_request(replace(UPSCALE, width=value))


@pytest.mark.parametrize("style", ["", "Enhance", "oil", None, ["enhance"]])
def test_an_unknown_style_is_refused_with_the_choices(style: Any) -> None:
    with pytest.raises(InvalidRequest, match="anime, photographic"):
        check_request(replace(WORDS, style=style))


@pytest.mark.parametrize("image", [b"", b"GIF89a", b"<svg/>", "https://example.org/cat.png", None, 7])
def test_bytes_that_are_no_picture_are_refused(image: Any) -> None:
    for request in (REDRAW, UPSCALE):
        with pytest.raises(PictureRejected):
            check_request(replace(request, image=image))


def test_a_picture_larger_than_the_provider_takes_is_refused() -> None:
    anything = Capabilities(kinds=frozenset(KINDS), paid=False)
    check_input(UPSCALE, anything)
    with pytest.raises(PictureRejected, match="MB"):
        check_input(UPSCALE, replace(anything, input_bytes_max=10))
    with pytest.raises(PictureRejected, match="megapixels"):
        check_input(UPSCALE, replace(anything, input_pixels_max=0))
