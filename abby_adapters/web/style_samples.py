"""One small picture for each style, painted by the demo painter: ``python -m abby_adapters.web.style_samples``.

They lie beside the other static files, so that the page shows them at once and nobody's machine has to paint them.
"""

from __future__ import annotations

import asyncio
from io import BytesIO

from abby_adapters.web.pages.assets import FOLDER
from abby_core.bootstrap import make_providers
from abby_core.generation.request import STYLES, TextToImage
from abby_core.settings import Settings

PROMPT = "a cute rabbit in a flower meadow at golden hour"
SEED = 11
SIDE_PIXELS, SHOWN_PIXELS = 512, 192
"""Painted larger than shown: brushes have a size of their own."""


async def paint() -> int:
    """Paint all of them anew; returns their bytes in all."""
    from PIL import Image

    (painter,) = make_providers(Settings(provider="painter"))
    size_bytes = 0
    for style in STYLES:
        request = TextToImage(prompt=PROMPT, style=style, width=SIDE_PIXELS, height=SIDE_PIXELS, seed=SEED)
        made = await painter.generate(painter.plan(request).request)
        with Image.open(BytesIO(made.data)) as picture:
            small = picture.convert("RGB")
            small.thumbnail((SHOWN_PIXELS, SHOWN_PIXELS), Image.Resampling.LANCZOS)
        path = FOLDER / f"style-{style}.webp"
        small.save(path, "WEBP", quality=72, method=6)
        size_bytes += path.stat().st_size
    await painter.close()
    return size_bytes


if __name__ == "__main__":
    print(f"{len(STYLES)} samples, {asyncio.run(paint())} bytes")
