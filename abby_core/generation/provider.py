"""Port: a service or machine that makes images. One implementation per file in ``providers/``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from abby_core.generation.request import GeneratedImage, ImageRequest, Kind


class ProgressListener(Protocol):
    """Told the share done, 0..1, never decreasing; and perhaps the picture as it is so far, as a small PNG, JPEG or
    WebP. Must be cheap; called from the event loop only."""

    def __call__(self, share: float, preview: bytes = b"", /) -> None: ...


def ignore_progress(_share: float, _preview: bytes = b"", /) -> None:
    """The listener for callers who do not watch."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a provider can do, so that a request is refused or adapted before anything is paid."""

    kinds: frozenset[Kind]
    paid: bool
    """Each call may cost the host money: such a call is never repeated when its outcome is unknown."""
    demo: bool = False
    """Its pictures only show how Abby works; every place that shows them says so."""
    negative_prompt: bool = True
    steps: bool = True
    cfg_scale: bool = True
    masks: bool = False
    """Whether it can paint a part of a picture anew and leave all else as it is (``only_transparent``)."""
    batch_max: int = 1
    """Pictures of one request that one call can make; more than 1 only for a :class:`BatchProvider`."""
    input_bytes_max: int = 10 * 2**20
    input_pixels_max: int = 9_437_184


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A request as the provider will really run it, and what that changed."""

    request: ImageRequest
    millicredits: int
    """Price of this one picture, in thousandths of the provider's credit."""
    model: str
    notes: tuple[str, ...] = ()
    """What was changed from what was asked, in sentences for people."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """What ``abby doctor`` shows about a provider."""

    ok: bool
    detail: str
    """One sentence for people; never holds a key."""
    credits_left: float | None = None


class ImageProvider(Protocol):
    """Makes pictures.

    ``plan`` is pure and quick: it fits the request to what the model takes (nearest size, aspect ratio,
    ranges), notes what was changed, and raises :class:`~abby_core.errors.InvalidRequest` for what cannot be
    fitted. ``generate`` takes a *planned* request and raises :class:`~abby_core.errors.ProviderError`;
    cancelling the task that awaits it stops the work. A provider never retries a paid call whose outcome is unknown.
    """

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def plan(self, request: ImageRequest) -> Plan: ...

    async def generate(
        self, request: ImageRequest, *, progress: ProgressListener = ignore_progress
    ) -> GeneratedImage: ...

    async def check(self) -> Health: ...

    async def close(self) -> None: ...


@runtime_checkable
class BatchProvider(ImageProvider, Protocol):
    """A provider that makes several pictures of one request in one call."""

    async def generate_batch(
        self, request: ImageRequest, count: int, *, progress: ProgressListener = ignore_progress
    ) -> list[GeneratedImage]:
        """``count`` (2 to ``capabilities.batch_max``) pictures of a planned request that is no upscaling, each with a
        seed of its own.

        Fewer where the service kept some back, without telling which. Raises as ``generate`` does.
        """
        ...
