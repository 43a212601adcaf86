"""Where a picture is transparent: what of it is painted anew, and how that joins what stays."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageStat

_FRAME_SIDE_MIN = 96
"""Less, in pixels, leaves no room to paint in."""
_SOFTNESS = 0.006
"""How far the new fades into the old, as a share of the shorter side of what is painted."""
_LEFT_MIN = 0.6
"""A gap that would lose more than the rest of this by softening is too thin for it."""

Box = tuple[int, int, int, int]


def frame_of(opacity: Image.Image) -> Box | None:
    """The smallest part of the picture that holds everything not opaque, with a little more where that is tiny.

    So what is painted stands in the gap, and not somewhere below what stays. None: nothing is transparent.
    """
    box = ImageChops.invert(opacity).getbbox()
    if box is None:
        return None
    left, right = _widened(box[0], box[2], opacity.width)
    top, bottom = _widened(box[1], box[3], opacity.height)
    return left, top, right, bottom


def softened(opacity: Image.Image, frame: Box) -> Image.Image:
    """The opacity in the frame, with soft edges towards the inside of its gaps; what was opaque stays exactly so."""
    hard = opacity.crop(frame)
    blurred = opacity.filter(ImageFilter.GaussianBlur(max(1.0, _SOFTNESS * min(hard.size)))).crop(frame)
    soft = ImageChops.lighter(hard, blurred)
    return soft if _open(soft) >= _LEFT_MIN * _open(hard) else hard


def _widened(start: int, end: int, whole: int) -> tuple[int, int]:
    length = min(whole, max(end - start, _FRAME_SIDE_MIN))
    start = min(max(0, (start + end - length) // 2), whole - length)
    return start, start + length


def _open(opacity: Image.Image) -> float:
    """How transparent it is on average."""
    return 255 - ImageStat.Stat(opacity).mean[0]
