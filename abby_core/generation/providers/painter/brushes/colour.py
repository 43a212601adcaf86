"""Colours and the light of a scene (pure values)."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

Colour = tuple[int, int, int]
"""sRGB, each 0..255."""

Tones = tuple[Colour, Colour]
"""The same thing in light and in shadow."""

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)


def rgb(code: str) -> Colour:
    """The colour written as six hexadecimal digits."""
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


def rgbs(codes: str) -> tuple[Colour, ...]:
    """Several colours, separated by spaces."""
    return tuple(rgb(code) for code in codes.split())


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """``a`` at share 0, ``b`` at share 1."""
    share = min(1.0, max(0.0, share))
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def multiply(a: Colour, b: Colour) -> Colour:
    return a[0] * b[0] // 255, a[1] * b[1] // 255, a[2] * b[2] // 255


def shifted(colour: Colour, *, hue: float = 0.0, saturation: float = 1.0, value: float = 1.0) -> Colour:
    """The colour turned by ``hue`` (share of the whole circle) with saturation and value multiplied."""
    h, s, v = colorsys.rgb_to_hsv(*(channel / 255 for channel in colour))
    r, g, b = colorsys.hsv_to_rgb((h + hue) % 1.0, min(1.0, s * saturation), min(1.0, v * value))
    return round(r * 255), round(g * 255), round(b * 255)


def brightness(colour: Colour) -> float:
    """Perceived lightness, 0..1 (Rec. 601 weights)."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


def along(stops: Sequence[Colour], share: float) -> Colour:
    """The colour at ``share`` (0..1) of a ramp with evenly spaced stops."""
    if len(stops) == 1:
        return stops[0]
    place = min(1.0, max(0.0, share)) * (len(stops) - 1)
    below = min(int(place), len(stops) - 2)
    return mix(stops[below], stops[below + 1], place - below)


def lookup(stops: Sequence[Colour]) -> list[int]:
    """A 768-entry table that turns a grey picture converted to RGB into the ramp's colours."""
    ramp = [along(stops, level / 255) for level in range(256)]
    return [colour[channel] for channel in range(3) for colour in ramp]


@dataclass(frozen=True, kw_only=True)
class Light:
    """The light everything in one scene stands in."""

    sky: tuple[Colour, ...]
    """From the zenith down to the horizon."""
    sun: Colour
    """Multiplies the colour of what faces the light."""
    shade: Colour
    """Multiplies the colour of what is turned away."""
    haze: Colour
    """What far things fade into."""
    disc: Colour
    """The colour of the sun or moon itself, and of its glow."""
    dark: bool
    """True where lamps would be lit."""

    def on(self, colour: Colour, distance: float = 0.0) -> Colour:
        """The colour facing the light, seen at ``distance`` (0 near .. 1 lost in haze)."""
        return mix(multiply(colour, self.sun), self.haze, distance)

    def both(self, colour: Colour, distance: float = 0.0) -> Tones:
        """The colour in light and in shadow."""
        return self.on(colour, distance), self.off(colour, distance)

    def off(self, colour: Colour, distance: float = 0.0) -> Colour:
        """The colour in shadow, seen at ``distance``."""
        return mix(multiply(colour, self.shade), self.haze, distance)
