"""Structural similarity: the figures are the formula's, and they say what eyes say."""

from __future__ import annotations

from io import BytesIO
from statistics import fmean

import pytest
from PIL import Image, ImageFilter

from abby_core.storage.similarity import BLOCK, similarity
from tests.support.providers import photograph


def picture(width: int = 96, height: int = 64, *, seed: int = 1) -> Image.Image:
    return Image.open(BytesIO(photograph(width, height, seed=seed))).convert("RGB")


def as_webp(image: Image.Image, quality: int) -> Image.Image:
    target = BytesIO()
    image.save(target, "WEBP", quality=quality)
    return Image.open(target).convert(image.mode)


def block_by_block(one: Image.Image, other: Image.Image) -> list[float]:
    """The formula of Wang et al. (2004), written down again in plain Python: SSIM of each block, sorted."""
    first, second = one.convert("L"), other.convert("L")
    values: list[float] = []
    for top in range(0, one.height, BLOCK):
        for left in range(0, one.width, BLOCK):
            box = (left, top, min(left + BLOCK, one.width), min(top + BLOCK, one.height))
            x, y = list(first.crop(box).tobytes()), list(second.crop(box).tobytes())
            mx, my = fmean(x), fmean(y)
            vx, vy = fmean((v - mx) ** 2 for v in x), fmean((v - my) ** 2 for v in y)
            c = fmean((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
            c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
            values.append((2 * mx * my + c1) * (2 * c + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2)))
    return sorted(values)


@pytest.mark.parametrize("size", [(96, 64), (50, 37), (8, 8), (1, 1), (3, 1100)])
@pytest.mark.parametrize("quality", [5, 50, 95])
def test_it_is_the_formula_of_the_paper_block_by_block(size: tuple[int, int], quality: int) -> None:
    one = picture(*size)
    other = as_webp(one, quality)
    expected = block_by_block(one, other)
    found = similarity(one, other)
    assert found.mean == pytest.approx(fmean(expected), abs=1e-3)
    assert found.worst == pytest.approx(expected[len(expected) // 100], abs=1e-3)


def test_the_same_picture_is_1() -> None:
    found = similarity(picture(), picture())
    assert found.mean == pytest.approx(1, abs=1e-5)
    assert found.worst == pytest.approx(1, abs=1e-4)


def test_less_quality_is_less_similar_and_another_picture_hardly_at_all() -> None:
    one = Image.radial_gradient("L").convert("RGB")
    one.paste(picture(), (40, 40))
    means = [similarity(one, as_webp(one, quality)).mean for quality in (95, 60, 20, 1)]
    assert means == sorted(means, reverse=True)
    assert similarity(picture(), picture(seed=2)).mean < 0.5
    assert similarity(one, one.filter(ImageFilter.GaussianBlur(3))).worst < 0.7


def test_damage_in_one_corner_shows_in_the_worst_blocks() -> None:
    one = Image.radial_gradient("L").resize((400, 400))
    other = one.copy()
    other.paste(picture(64, 64), (0, 0))
    found = similarity(one, other)
    assert found.mean > 0.95
    assert found.worst < 0.2


def test_what_cannot_be_seen_does_not_count_and_a_lost_edge_does() -> None:
    base = picture().convert("RGBA")
    round_hole = [0] * 128 + [255] * 128
    base.putalpha(Image.radial_gradient("L").resize(base.size).point(round_hole))
    unseen = base.copy()
    unseen.paste((255, 0, 0), (0, 0, *base.size), base.getchannel("A").point(lambda value: 255 - value))
    unseen.putalpha(base.getchannel("A"))
    assert similarity(base, unseen).mean == pytest.approx(1, abs=1e-5)
    opaque = base.copy()
    opaque.putalpha(255)
    assert similarity(base, opaque).mean < 0.9
    assert similarity(base, opaque.convert("RGB")).mean < 0.9


def test_pictures_of_two_sizes_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        similarity(picture(8, 8), picture(8, 9))
