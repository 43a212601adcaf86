"""The demo provider: paints by rule, offline and free, so that everything about Abby can be tried at once."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import sqrt

from abby_core.generation.checks import check_input, check_request
from abby_core.generation.picture_bytes import picture_size
from abby_core.generation.provider import Capabilities, Health, Plan, ProgressListener, ignore_progress
from abby_core.generation.providers.painter.steps import Steps
from abby_core.generation.request import (
    KINDS,
    SEED_MAX,
    SIDE_PIXELS_MAX,
    UPSCALE_SIDE_PIXELS_MAX,
    GeneratedImage,
    ImageRequest,
    ImageToImage,
    TextToImage,
    Upscale,
)
from abby_core.sentence import sentence

MODEL = "demo-painter"
DEMO_NOTE = sentence(
    "This picture was painted by Abby's built-in demo painter, which is not AI: "
    "set STABILITY_API_KEY to get real AI pictures."
)
ENLARGEMENT_MAX = 4
"""Beyond four times the width there is nothing left to resample."""
ENLARGED_PIXELS_MAX = 16_000_000
"""Keeps one enlargement below about 200 MB of memory."""
_WORKERS = 2
"""Painting is pure computing: more at once would only make each of them slower."""


class Painter:
    """Implements :class:`~abby_core.generation.provider.ImageProvider` with rules instead of a model.

    What it paints depends on the prompt's words, the style, the size and the seed, and on nothing else: the
    same request with a seed gives the same bytes.
    """

    name = "painter"
    capabilities = Capabilities(kinds=frozenset(KINDS), paid=False, demo=True, steps=False, cfg_scale=False, masks=True)

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="painter")

    def plan(self, request: ImageRequest) -> Plan:
        """Free; any size Abby allows is painted as asked. Raises InvalidRequest, PictureRejected."""
        check_request(request)
        planned, notes = request, list[str]()
        match request:
            case TextToImage():
                planned = replace(request, steps=None, cfg_scale=None)
            case ImageToImage():
                check_input(request, self.capabilities)
                planned = replace(request, steps=None, cfg_scale=None)
                if not request.only_transparent and max(picture_size(request.image)) > SIDE_PIXELS_MAX:
                    notes.append(
                        sentence(
                            "The picture was made smaller: its longer side has {limit} pixels now.",
                            limit=SIDE_PIXELS_MAX,
                        )
                    )
            case Upscale():
                check_input(request, self.capabilities)
                planned = replace(request, width=_width_for(request))
                if planned.width < request.width:
                    notes.append(
                        sentence(
                            "Enlarged to {width} pixels of width: more would not look any sharper.", width=planned.width
                        )
                    )
                elif planned.width > request.width:
                    notes.append(
                        sentence(
                            "Kept at its own width of {width} pixels, which is more than was asked for.",
                            width=planned.width,
                        )
                    )
        return Plan(request=planned, millicredits=0, model=MODEL, notes=(*notes, DEMO_NOTE))

    async def generate(self, request: ImageRequest, *, progress: ProgressListener = ignore_progress) -> GeneratedImage:
        """Paint on a thread. When the awaiting task is cancelled, the thread has let go before this returns."""
        loop = asyncio.get_running_loop()
        seed = request.seed or secrets.randbelow(SEED_MAX) + 1
        steps = Steps(lambda share, preview: loop.call_soon_threadsafe(progress, share, preview))
        work = loop.run_in_executor(self._pool, _paint, request, seed, steps)
        try:
            data = await asyncio.shield(work)
        except asyncio.CancelledError:
            steps.stop()
            await asyncio.wait((work,))
            if not work.cancelled():
                work.exception()  # it is looked at, so asyncio does not report it as forgotten
            raise
        return GeneratedImage(data=data, provider=self.name, model=MODEL, seed=seed, notes=(DEMO_NOTE,))

    async def check(self) -> Health:
        return Health(
            ok=True, detail=sentence("The demo painter is built in and always ready; its pictures are not AI.")
        )

    async def close(self) -> None:
        """Let running work end; nothing can be painted afterwards."""
        await asyncio.to_thread(self._pool.shutdown)


def _paint(request: ImageRequest, seed: int, steps: Steps) -> bytes:
    """All the work, on a thread of its own; Pillow is imported here for the first time."""
    from abby_core.generation.providers.painter import easel

    return easel.make(request, seed, steps)


def _width_for(request: Upscale) -> int:
    """The wished width, within what resampling is good for; never below the picture's own."""
    width, height = picture_size(request.image)
    largest = min(
        ENLARGEMENT_MAX * width,
        UPSCALE_SIDE_PIXELS_MAX * width // max(width, height),
        int(width * sqrt(ENLARGED_PIXELS_MAX / (width * height))),
    )
    return max(width, min(request.width, largest))
