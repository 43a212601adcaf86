"""How alike two pictures look: structural similarity (SSIM), with Pillow alone (pure).

For each block of 8 × 8 pixels, with the means m, variances v and the covariance c of the two pictures' brightness:

    SSIM = (2 m1 m2 + C1) (2 c + C2) / ((m1² + m2² + C1) (v1 + v2 + C2)),   C1 = (0.01 · 255)², C2 = (0.03 · 255)²

Source: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity",
IEEE Transactions on Image Processing 13(4), 2004, formula 13 and its constants. The paper slides a Gaussian window
over every pixel; blocks side by side are the simpler form its authors compare with, and a block's moments are one
``reduce(8)`` each. Brightness is luma (ITU-R BT.601, as Pillow's mode L). It does not see colours that change at the
same brightness.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

BLOCK = 8
"""Side of a block, in pixels."""
WORST_SHARE = 0.01
"""``Similarity.worst`` is the best of this share of blocks that are least alike."""
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_BAND_ROWS = 64 * BLOCK
"""Rows looked at together: bounds the memory to about 25 bytes for each pixel of one band."""
_BEHIND = 128
"""The grey that shows through where a picture is transparent."""


@dataclass(frozen=True, kw_only=True)
class Similarity:
    """1.0 is the same, 0 is nothing in common. ``mean`` over all blocks; ``worst``: the worst hundredth is below it."""

    mean: float
    worst: float


def similarity(one: Image, other: Image) -> Similarity:
    """How alike two pictures of the same size are: L, RGB or RGBA. Raises ValueError for two sizes.

    Where one of them has an alpha channel both are compared over the same grey, their alpha channels too, and the
    less similar of the two comparisons counts.
    """
    if one.size != other.size:
        raise ValueError(f"{one.size} and {other.size} cannot be compared")
    if "A" not in one.mode and "A" not in other.mode:
        return _of_planes(one.convert("L"), other.convert("L"))
    one, other = one.convert("RGBA"), other.convert("RGBA")
    seen = _of_planes(_over_grey(one), _over_grey(other))
    alpha = _of_planes(one.getchannel("A"), other.getchannel("A"))
    return Similarity(mean=min(seen.mean, alpha.mean), worst=min(seen.worst, alpha.worst))


def _over_grey(image: Image) -> Image:
    from PIL import Image

    return Image.alpha_composite(Image.new("RGBA", image.size, (_BEHIND, _BEHIND, _BEHIND, 255)), image).convert("L")


def _of_planes(one: Image, other: Image) -> Similarity:
    blocks = array("f")
    for top in range(0, one.height, _BAND_ROWS):
        box = (0, top, one.width, min(top + _BAND_ROWS, one.height))
        blocks.extend(_blocks(one.crop(box), other.crop(box)))
    ordered = sorted(blocks)
    return Similarity(mean=sum(ordered) / len(ordered), worst=ordered[int(len(ordered) * WORST_SHARE)])


def _blocks(one: Image, other: Image) -> Iterator[float]:
    """SSIM of each block of two planes of mode L. Blocks at the edges may be smaller."""
    x, y = one.convert("F"), other.convert("F")
    moments = {
        "mx": x.reduce(BLOCK),
        "my": y.reduce(BLOCK),
        "xx": _product(x, x).reduce(BLOCK),
        "yy": _product(y, y).reduce(BLOCK),
        "xy": _product(x, y).reduce(BLOCK),
    }
    found = _evaluate(_ssim, **moments)
    yield from memoryview(found.tobytes()).cast("f")


def _ssim(moments: dict[str, Any]) -> Any:
    mx, my = moments["mx"], moments["my"]
    mean_product, mean_squares = mx * my, mx * mx + my * my
    covariance = moments["xy"] - mean_product
    variances = moments["xx"] + moments["yy"] - mean_squares
    return (2 * mean_product + _C1) * (2 * covariance + _C2) / ((mean_squares + _C1) * (variances + _C2))


def _product(one: Image, other: Image) -> Image:
    def multiply(planes: dict[str, Any]) -> Any:
        return planes["a"] * planes["b"]

    return _evaluate(multiply, a=one, b=other)


def _evaluate(function: Any, **planes: Image) -> Image:
    """Arithmetic on planes of mode F, pixel by pixel."""
    from PIL import ImageMath

    return ImageMath.lambda_eval(function, **planes)
