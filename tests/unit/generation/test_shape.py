"""Sizes that fit a limit keep their shape, about."""

from __future__ import annotations

import pytest

from abby_core.generation.request import SIDE_PIXELS_MIN
from abby_core.generation.shape import GRID_PIXELS, size_within


@pytest.mark.parametrize("size", [(1344, 768), (768, 1344), (1024, 1024), (2048, 512), (1536, 640)])
@pytest.mark.parametrize("pixels_max", [512 * 512, 640 * 480, 1000 * 1000])
def test_a_size_is_made_to_fit_and_keeps_its_shape(size: tuple[int, int], pixels_max: int) -> None:
    width, height = size_within(*size, pixels_max)
    assert width * height <= pixels_max
    assert width % GRID_PIXELS == height % GRID_PIXELS == 0 or (width, height) == size
    assert (width > height, width < height) == (size[0] > size[1], size[0] < size[1])


def test_what_fits_stays_as_it_is() -> None:
    assert size_within(1000, 700, 700_000) == (1000, 700)


def test_no_side_is_smaller_than_any_picture_may_be() -> None:
    assert size_within(2048, 64, 64 * 64) == (SIDE_PIXELS_MIN, SIDE_PIXELS_MIN)
