"""What light a brief asks for: time of day, weather, and a turn of hue that is the prompt's own."""

from __future__ import annotations

from dataclasses import replace

from abby_core.generation.providers.painter.brief import Brief
from abby_core.generation.providers.painter.brushes.colour import Colour, Light, brightness, mix, rgb, rgbs, shifted

# sky from zenith to horizon | sunlit | in shade | haze | disc of sun or moon
_TIMES: dict[str, tuple[tuple[str, str, str, str, str], ...]] = {
    "dawn": (
        ("5a6bb0 9a8cc4 e0a9bd ffc9a6 ffe9c4", "ffead2", "948bb4", "f3cfc0", "fff0cc"),
        ("4f7cb8 8fb1d6 cfd0dc ffd8c0 fff0d8", "fff0dc", "8f94bc", "ecdcd6", "fff3dc"),
    ),
    "day": (
        ("2a74c8 559fe2 8fcaf2 cfeaf4 f4f6e6", "fff8e8", "8e94bc", "d4e8ee", "fffae0"),
        ("3a86cc 6cb2e6 a5d8f0 d8f0ee fdf6dc", "fff6e0", "9696b8", "dcebe6", "fff8dc"),
    ),
    "golden": (
        ("4a8cc8 86b8dc c4d8d8 f8dfae ffe7a8", "fff0c8", "8f86a4", "f3e0b4", "fff2c0"),
        ("5f96c4 a4c4d0 e0d4bc fbd79a ffe0a0", "ffecc0", "8c80a0", "f0d9a8", "ffefb8"),
    ),
    "sunset": (
        ("2a2c66 6b3a82 c8507c f5855c ffbf6e ffe6a8", "ffc79a", "6f5a92", "f0a080", "ffe9b0"),
        ("263a78 5f5a9c b8709a f09078 ffb878 ffdca0", "ffcaa4", "6a6098", "eea890", "ffe6b4"),
    ),
    "dusk": (
        ("141a44 2f2f6b 6a4a8c b56a8c e8a58c", "bfa4c8", "4c4678", "9a789e", "ffdcc0"),
        ("12243f 254a68 4c7484 94949a e0b496", "b4b4c4", "44507a", "8a92a0", "ffe2c4"),
    ),
    "night": (
        ("040a1e 0a1736 142c58 244c7c 3f7096", "7f96c8", "2f3f70", "2f5078", "f2f4ff"),
        ("0a0820 1a1440 30246a 4c3c88 7460a0", "9088c8", "3a3070", "4a3f80", "fff4ea"),
    ),
}  # fmt: skip


_DEPTHS = (
    ("8fe8e0 3fbcd0 1c86b8 125a94 0d3c70", "d8f4ff", "5f86b8", "2a86b4", "e8fff8"),
    ("7ad8f0 2f9fd8 1a6cb8 124890 0c2c64", "d0ecff", "5878b8", "2470b0", "e0f8ff"),
)
"""Under water the time of day hardly matters; it is the depth that colours everything."""


def light_for(brief: Brief) -> Light:
    """The light of the scene."""
    rng = brief.rng("light")
    indoors = brief.place in {"studio", "dream"}
    palettes = _DEPTHS if brief.place == "depths" else _TIMES["day" if indoors else brief.time]
    sky, sun, shade, haze, disc = rng.choice(palettes)
    turn = rng.uniform(-0.02, 0.02)
    light = Light(
        sky=tuple(shifted(colour, hue=turn) for colour in rgbs(sky)),
        sun=rgb(sun),
        shade=rgb(shade),
        haze=shifted(rgb(haze), hue=turn),
        disc=rgb(disc),
        dark=brief.time == "night" and not indoors and brief.place != "depths",
    )
    if brief.tint is not None:
        light = _leaning(light, brief.tint)
    return light if brief.place == "depths" else _weathered(light, brief)


def _leaning(light: Light, tint: Colour) -> Light:
    """Towards a colour the prompt names for no subject."""
    sky = tuple(mix(colour, shifted(tint, value=0.5 + 0.7 * brightness(colour)), 0.5) for colour in light.sky)
    return replace(light, sky=sky, haze=mix(light.haze, tint, 0.3), sun=mix(light.sun, tint, 0.14))


def _weathered(light: Light, brief: Brief) -> Light:
    """Grey for rain, paler for snow and fog."""
    if brief.weather & {"rain", "storm"}:
        grey = rgb("56667c") if not light.dark else rgb("18243c")
        share = 0.7 if "storm" in brief.weather else 0.5
        sky = tuple(mix(colour, grey, share) for colour in light.sky)
        light = replace(light, sky=sky, haze=mix(light.haze, grey, share), sun=mix(light.sun, rgb("a4b0c0"), 0.5))
    if brief.weather & {"fog", "snow"} and not light.dark:
        pale = mix(light.haze, rgb("eaf0f6"), 0.6)
        light = replace(
            light, sky=tuple(mix(colour, pale, 0.3) for colour in light.sky), haze=mix(light.haze, pale, 0.6)
        )
    return light
