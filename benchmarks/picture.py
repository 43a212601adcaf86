"""The picture that every order brings: 1024 × 1024, and as hard to pack as a photograph."""

from __future__ import annotations

import io
import random

from abby_core.generation.provider import Capabilities, Health, Plan, ProgressListener, ignore_progress
from abby_core.generation.request import GeneratedImage, ImageRequest

SIDE = 1024
GRAIN = 0.02
"""How much of every pixel is noise: about 1.5 MB as PNG, what an image service sends."""


def photographic_png() -> bytes:
    """Soft shapes of every size under fine grain; the same bytes in every run with the same Pillow."""
    from PIL import Image

    dice = random.Random(7)
    picture = Image.new("RGB", (SIDE, SIDE), "grey")
    for side in (4, 8, 16, 32, 64, 128):
        shapes = Image.frombytes("RGB", (side, side), dice.randbytes(3 * side * side))
        larger = shapes.resize((SIDE, SIDE), Image.Resampling.BICUBIC)  # pyright: ignore[reportUnknownMemberType]
        picture = Image.blend(picture, larger, 0.3)
    grain = Image.frombytes("RGB", (SIDE, SIDE), dice.randbytes(3 * SIDE * SIDE))
    file = io.BytesIO()
    Image.blend(picture, grain, GRAIN).save(file, "PNG")
    return file.getvalue()


class FixedPicture:
    """An image provider that hands over the same bytes at once, so that nothing but Abby is measured."""

    name = "fixed"
    capabilities = Capabilities(kinds=frozenset({"text_to_image"}), paid=False)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def plan(self, request: ImageRequest) -> Plan:
        return Plan(request=request, millicredits=0, model="fixed")

    async def generate(self, request: ImageRequest, *, progress: ProgressListener = ignore_progress) -> GeneratedImage:
        progress(1.0)
        return GeneratedImage(data=self._data, provider=self.name, model="fixed", seed=request.seed)

    async def check(self) -> Health:
        return Health(ok=True, detail="There is nothing to check.")

    async def close(self) -> None:
        """Nothing was opened."""
