"""Where a planned request becomes PNG bytes."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from abby_core.generation.providers.painter.brief import read
from abby_core.generation.providers.painter.brushes.washes import resized
from abby_core.generation.providers.painter.files import open_picture, png, png_within, preview
from abby_core.generation.providers.painter.gaps import frame_of, softened
from abby_core.generation.providers.painter.picture import paint
from abby_core.generation.providers.painter.retouch import enlarge, repaint
from abby_core.generation.providers.painter.steps import Steps
from abby_core.generation.providers.painter.styles import STYLES
from abby_core.generation.request import SIDE_PIXELS_MAX, ImageRequest, ImageToImage, TextToImage

_BYTES_PER_PIXEL = 1.4
"""A painting of 1024 x 1024 pixels stays below 1.5 MB, what Abby reckons with for one picture."""
_ENLARGED_BYTES_MAX = 18 * 2**20
"""Abby stores pictures of up to 20 MB unless told otherwise."""
_SIGNED_FROM_PIXELS = 256
"""Smaller pictures have no room for a signature."""


def make(request: ImageRequest, seed: int, steps: Steps) -> bytes:
    """Carry out a planned request. Raises PictureRejected for a damaged input, Stopped when told to stop."""
    steps.reach(0.0)
    if isinstance(request, TextToImage):
        data = png_within(_from_words(request, seed, steps), round(_BYTES_PER_PIXEL * request.width * request.height))
    else:
        source = open_picture(request.image)
        steps.reach(0.1)
        if isinstance(request, ImageToImage) and request.only_transparent:
            data = png(_repainted_part(source, request, seed, steps))
        elif isinstance(request, ImageToImage):
            data = png(repaint(_within_bounds(source), request, seed, steps))
        else:
            height = max(1, round(source.height * request.width / source.width))
            image = enlarge(source, request.width, height)
            steps.reach(0.6)
            data = png_within(image, _ENLARGED_BYTES_MAX)
    steps.reach(1.0)
    return data


def _from_words(request: TextToImage, seed: int, steps: Steps) -> Image.Image:
    brief = read(request.prompt, request.negative_prompt, seed)
    style = STYLES[request.style]
    image = paint(brief, request.width, request.height, steps)
    image = (style.present or style.render)(image, brief.rng("style"))
    steps.reach(0.9, preview(image))
    if style.signed and brief.wants("mark"):
        _sign(image)
    return image


def _repainted_part(source: Image.Image, request: ImageToImage, seed: int, steps: Steps) -> Image.Image:
    """The source with its transparent places repainted; where it is opaque every pixel stays as it is."""
    whole, opacity = source.convert("RGB"), source.convert("RGBA").getchannel("A")
    frame = frame_of(opacity)
    if frame is None:
        return whole
    part = whole.crop(frame)
    painted = repaint(_within_bounds(part), request, seed, steps)
    if painted.size != part.size:
        painted = resized(painted, part.size, Image.Resampling.LANCZOS)
    whole.paste(Image.composite(part, painted, softened(opacity, frame)), frame)
    return whole


def _within_bounds(source: Image.Image) -> Image.Image:
    """The source on white instead of see-through, no side longer than the painter paints."""
    if source.mode == "RGBA":
        paper = Image.new("RGB", source.size, (255, 255, 255))
        paper.paste(source, (0, 0), source.getchannel("A"))
        source = paper
    longest = max(source.size)
    if longest <= SIDE_PIXELS_MAX:
        return source
    size = tuple(max(1, round(side * SIDE_PIXELS_MAX / longest)) for side in source.size)
    return resized(source, (size[0], size[1]), Image.Resampling.LANCZOS)


def _sign(image: Image.Image) -> None:
    """A small ``abby demo`` in the lower right corner, where Pillow can write at all."""
    unit = min(image.size)
    if unit < _SIGNED_FROM_PIXELS:
        return
    try:
        font = ImageFont.load_default(max(9.0, unit * 0.017))
    except (ImportError, OSError):
        return
    draw = ImageDraw.Draw(image, "RGBA")
    at = image.width - unit * 0.02, image.height - unit * 0.018
    draw.text((at[0] + unit * 0.0012, at[1] + unit * 0.0012), "abby · demo", font=font, fill=(0, 0, 0, 90), anchor="rs")
    draw.text(at, "abby · demo", font=font, fill=(255, 255, 255, 120), anchor="rs")
