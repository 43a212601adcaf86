"""Providers whose answers a test decides: real implementations of the port, without any service behind them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from abby_core.errors import ProviderError
from abby_core.generation.provider import Capabilities, Health, Plan, ProgressListener, ignore_progress
from abby_core.generation.request import KINDS, GeneratedImage, ImageRequest

PATIENCE_SECONDS = 30
"""After so long a test that waits for something gives up."""


@functools.cache
def photograph(width: int = 96, height: int = 64, *, seed: int = 1) -> bytes:
    """A PNG that compresses as badly as a photograph: soft shapes under noise. The same for the same arguments."""
    shapes = Image.radial_gradient("L").resize((width, height))
    noise = Image.frombytes("L", (width, height), _noise(width * height, seed))
    picture = Image.merge("RGB", (shapes, noise, Image.blend(shapes, noise, 0.3)))
    target = BytesIO()
    picture.save(target, "PNG", compress_level=1)
    return target.getvalue()


@functools.cache
def mask(width: int = 96, height: int = 64, *, file_format: str = "PNG") -> bytes:
    """A mask that is transparent in its right half."""
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (width // 2, 0, width, height))
    target = BytesIO()
    picture.save(target, file_format, lossless=True)
    return target.getvalue()


def _noise(count: int, seed: int) -> bytes:
    import random

    return random.Random(seed).randbytes(count)


@dataclass
class FixedProvider:
    """Always answers with ``data``; remembers what it was asked, and how many calls there were at once.

    ``paid``: each picture costs ``millicredits``. ``before`` is called at each call's start, ``gate`` is waited
    for, then the first of ``errors`` is raised and forgotten.
    """

    data: bytes = b""
    name: str = "fixed"
    paid: bool = False
    millicredits: int = 0
    demo: bool = False
    masks: bool = False
    before: Callable[[ImageRequest], None] | None = None
    gate: asyncio.Event | None = None
    errors: tuple[BaseException, ...] = ()
    preview: bytes = b""

    def __post_init__(self) -> None:
        self.data = self.data or photograph()
        self.requests: list[ImageRequest] = []
        self.running = 0
        self.running_most = 0
        self.began = asyncio.Event()
        """Set when a call begins; a test clears it to wait for the next one."""

    async def begun(self) -> None:
        """Wait until a call has begun since :attr:`began` was last cleared."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.began.wait()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(kinds=frozenset(KINDS), paid=self.paid, demo=self.demo, masks=self.masks)

    @property
    def prompts(self) -> list[str]:
        return [request.prompt for request in self.requests]

    def plan(self, request: ImageRequest) -> Plan:
        return Plan(request=request, millicredits=self.millicredits, model="fixed-1")

    async def generate(self, request: ImageRequest, *, progress: ProgressListener = ignore_progress) -> GeneratedImage:
        self.requests.append(request)
        self.running += 1
        self.running_most = max(self.running_most, self.running)
        self.began.set()
        try:
            if self.before is not None:
                self.before(request)
            progress(0.5, self.preview)
            await (self.gate.wait() if self.gate is not None else asyncio.sleep(0))
            if self.errors:
                error, *rest = self.errors
                self.errors = tuple(rest)
                raise error
        finally:
            self.running -= 1
        return GeneratedImage(
            data=self.data, provider=self.name, model="fixed-1", seed=request.seed, millicredits=self.millicredits
        )

    async def check(self) -> Health:
        return Health(ok=True, detail="Ready.")

    async def close(self) -> None:
        pass


def paid_provider(millicredits: int = 3000, **options: object) -> FixedProvider:
    """A provider whose calls cost the host money."""
    return FixedProvider(paid=True, millicredits=millicredits, **options)  # pyright: ignore[reportArgumentType]


def blocking_provider(**options: object) -> tuple[FixedProvider, asyncio.Event]:
    """A provider that makes nothing before the event is set."""
    gate = asyncio.Event()
    return FixedProvider(gate=gate, **options), gate  # pyright: ignore[reportArgumentType]


PASSING = "The image service is overloaded."


def passing_error() -> ProviderError:
    """Trouble that may be over next time."""
    return ProviderError(PASSING, transient=True)


def shares_into(shares: list[float]) -> ProgressListener:
    """A listener that notes every share."""

    def listen(share: float, _preview: bytes = b"", /) -> None:
        shares.append(share)

    return listen
