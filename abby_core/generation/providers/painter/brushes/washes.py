"""Even and soft areas: gradients, masks, blurs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageFilter

from abby_core.generation.providers.painter.brushes.colour import Colour, along, lookup

Size = tuple[int, int]


def shrunk(size: Size, by: int) -> Size:
    """A size divided, for what is soft anyway; at least two pixels each way."""
    return max(2, size[0] // by), max(2, size[1] // by)


def vertical(size: Size, stops: Sequence[Colour]) -> Image.Image:
    """A picture that runs through the stops from top to bottom."""
    width, height = size
    column = b"".join(bytes(along(stops, y / max(1, height - 1))) for y in range(height))
    return resized(Image.frombytes("RGB", (1, height), column), (width, height), Image.Resampling.NEAREST)


def mapped(image: Image.Image, value: Callable[[int], float]) -> Image.Image:
    """Every level 0..255 of every channel through a function."""
    table = [min(255, max(0, round(value(level)))) for level in range(256)]
    return looked_up(image, table * len(image.getbands()))


def looked_up(image: Image.Image, table: list[int]) -> Image.Image:
    """Every level through a table with 256 entries for each channel."""
    return image.point(table)  # pyright: ignore[reportUnknownMemberType]  (Pillow's types mention numpy)


def resized(
    image: Image.Image,
    size: Size,
    resample: Image.Resampling = Image.Resampling.BICUBIC,
    *,
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    """The picture, or the ``box`` of it, at another size."""
    return image.resize(size, resample, box)  # pyright: ignore[reportUnknownMemberType]  (as above)


def ramped(grey: Image.Image, stops: Sequence[Colour]) -> Image.Image:
    """A grey picture in the colours of a ramp, dark to light."""
    return looked_up(grey.convert("RGB"), lookup(stops))


def falling(size: Size, value: Callable[[float], float]) -> Image.Image:
    """A mask that is the same across; ``value`` gives 0..1 for each share of the way down."""
    column = bytes(min(255, max(0, round(255 * value((y + 0.5) / size[1])))) for y in range(size[1]))
    return resized(Image.frombytes("L", (1, size[1]), column), size, Image.Resampling.NEAREST)


def soft_spot(strength: float, power: float = 1.2) -> Image.Image:
    """A round mask of 256 x 256 pixels that fades from its centre to nothing at its sides."""
    # radial_gradient grows from 0 at its centre to 181 (255 / sqrt 2) at the middle of its sides.
    table = [min(255, round(255 * strength * max(0.0, 1 - level / 180) ** power)) for level in range(256)]
    return looked_up(Image.radial_gradient("L"), table)


def coloured(mask: Image.Image, colour: Colour, strength: float = 1.0) -> Image.Image:
    """Light of one colour on black, as bright as the mask."""
    return Image.merge("RGB", [scaled(mask, strength * channel / 255) for channel in colour])


def scaled(image: Image.Image, factor: float) -> Image.Image:
    """The mask or picture with every value multiplied."""
    return mapped(image, lambda level: level * factor)


def both(a: Image.Image, b: Image.Image) -> Image.Image:
    """Where both masks are on."""
    return ImageChops.multiply(a, b)


def threshold(mask: Image.Image, low: int, high: int) -> Image.Image:
    """0 up to ``low``, 255 from ``high``, smooth between."""
    span = max(1, high - low)
    shares = (min(1.0, max(0.0, (level - low) / span)) for level in range(256))
    return looked_up(mask, [round(255 * share * share * (3 - 2 * share)) for share in shares])


def blurred(image: Image.Image, radius: float) -> Image.Image:
    """A blur whose cost does not grow with the radius: wide ones are made on a smaller copy."""
    shrink = max(1, int(radius / 6))
    if shrink == 1:
        return image.filter(ImageFilter.GaussianBlur(radius))
    small = resized(image, (max(1, image.width // shrink), max(1, image.height // shrink)), Image.Resampling.BOX)
    return resized(small.filter(ImageFilter.GaussianBlur(radius / shrink)), image.size)


def moved(image: Image.Image, dx: int, dy: int) -> Image.Image:
    """The picture moved right and down; what comes into view repeats its edge."""
    width, height = image.size
    result = ImageChops.offset(image, dx, dy)
    if dx:
        edge = dx if dx > 0 else width + dx - 1
        strip = resized(result.crop((edge, 0, edge + 1, height)), (abs(dx), height))
        result.paste(strip, (0 if dx > 0 else width + dx, 0))
    if dy:
        edge = dy if dy > 0 else height + dy - 1
        strip = resized(result.crop((0, edge, width, edge + 1)), (width, abs(dy)))
        result.paste(strip, (0, 0 if dy > 0 else height + dy))
    return result
