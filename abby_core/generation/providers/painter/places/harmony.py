"""Colours that go together, for places that are not on any map."""

from __future__ import annotations

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgbs, shifted
from abby_core.generation.providers.painter.scene import Scene

_HARMONIES = (
    "1d1147 5b2a86 c04ea0 ff8a8a ffe0b0",
    "0b2545 13547a 2f9fa8 8fe0c0 f4f9d8",
    "2b0f3a 7a1f5c d8434e ff9a4a ffe28a",
    "10203a 2c4a8a 6a7fd8 c0a8f0 ffe0ec",
    "0f2e2a 1f6a5a 5fb88a c8e08a fff4c0",
    "2a1a4a 4a4fb0 4fa8e0 9ae8e8 f8fff0",
    "3a1030 8a2458 e0587a ffa89a fff0d8",
    "0a1f2e 164f6a 3f8fb0 f0b890 ffe8d0",
    "1a1030 42307a 8a5ac8 e08ad8 ffd8f0",
    "14283a 2f5f6f 6fa89a f0d08a fff4d0",
    "251435 6a2f6f c8648a f8a878 fff0c0",
    "08243a 0f4f78 2f8fd0 8ad0f8 f0faff",
)

Harmony = tuple[Colour, Colour, Colour, Colour, Colour]
"""From dark to light."""


def harmony(scene: Scene) -> Harmony:
    """The prompt's own harmony, or one around the colour it names."""
    rng, tint = scene.rng("harmony"), scene.brief.tint
    turn = rng.uniform(-0.04, 0.04)
    if tint is None:
        a, b, c, d, e = (shifted(colour, hue=turn) for colour in rgbs(rng.choice(_HARMONIES)))
        return a, b, c, d, e
    deep, pale = shifted(tint, value=0.3, hue=0.04), mix(tint, WHITE, 0.78)
    return deep, shifted(tint, value=0.6, hue=0.02), tint, mix(tint, pale, 0.55), shifted(pale, hue=turn * 2)
