"""What can be asked of an image provider, and what comes back (pure values)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text_to_image", "image_to_image", "upscale"]
KINDS: tuple[Kind, ...] = ("text_to_image", "image_to_image", "upscale")

PROMPT_CHARACTERS_MAX = 2000
"""Longest prompt, in characters: what Stability's v1 takes; longer prompts gain nothing on any back end."""
SIDE_PIXELS_MIN = 64
SIDE_PIXELS_MAX = 2048
"""Bounds of one side of a picture that may be asked for, in pixels."""
UPSCALE_SIDE_PIXELS_MAX = 8192
"""Longest side an upscale may aim at, in pixels."""
STEPS_MAX = 150
CFG_SCALE_MAX = 35.0
SEED_MAX = 4_294_967_294
"""Largest seed; 2**32 - 2 is the largest that every back end takes."""

STYLES: tuple[str, ...] = (
    "enhance", "anime", "photographic", "digital-art", "comic-book", "fantasy-art", "line-art", "analog-film",
    "neon-punk", "isometric", "low-poly", "origami", "modeling-compound", "cinematic", "3d-model", "pixel-art",
    "tile-texture",
)  # fmt: skip
"""The 17 style presets of Stability's API, which the founding API fixed as Abby's own."""


@dataclass(frozen=True, kw_only=True)
class TextToImage:
    """A picture from words. ``seed`` 0 means: choose one. ``steps`` and ``cfg_scale`` None: the model's own."""

    prompt: str
    negative_prompt: str = ""
    style: str = "enhance"
    width: int = 1024
    height: int = 1024
    seed: int = 0
    steps: int | None = None
    cfg_scale: float | None = None

    @property
    def kind(self) -> Kind:
        return "text_to_image"


@dataclass(frozen=True, kw_only=True)
class ImageToImage:
    """A picture from a picture and words.

    ``image``: a checked PNG, JPEG or WebP. ``image_strength`` 0..1: near 1 keeps the input (Stability v1's
    meaning, which the founding API fixed; most other back ends count the other way round).

    ``mask``: what a person gave besides; a PNG or WebP of the picture's size, looked at upright, whose transparent
    places shall be painted anew (OpenAI's meaning). The studio turns both into one picture: providers only ever get
    an empty ``mask``, and ``only_transparent`` with an ``image`` whose alpha channel says what is painted anew. The
    colours below its transparency are still the input's.
    """

    image: bytes = field(repr=False)
    prompt: str
    negative_prompt: str = ""
    style: str = "enhance"
    image_strength: float = 0.35
    seed: int = 0
    steps: int | None = None
    cfg_scale: float | None = None
    mask: bytes = field(default=b"", repr=False)
    only_transparent: bool = False
    """Only what is transparent in ``image`` is painted anew; all else stays as it is."""

    @property
    def kind(self) -> Kind:
        return "image_to_image"

    @property
    def masked(self) -> bool:
        """Whether only a part of the picture shall be painted anew."""
        return bool(self.mask) or self.only_transparent


@dataclass(frozen=True, kw_only=True)
class Upscale:
    """The same picture, larger. ``width``: wished width in pixels; the provider may deliver another and says so."""

    image: bytes = field(repr=False)
    prompt: str = ""
    width: int = 2048
    seed: int = 0

    @property
    def kind(self) -> Kind:
        return "upscale"


ImageRequest = TextToImage | ImageToImage | Upscale


@dataclass(frozen=True, kw_only=True)
class GeneratedImage:
    """One picture from a provider: the exact bytes it sent, and what is known about them."""

    data: bytes = field(repr=False)
    provider: str
    model: str
    seed: int | None = None
    millicredits: int = 0
    """What the provider charges the host for it, in thousandths of its credit."""
    notes: tuple[str, ...] = ()
    """What was changed from the request, in sentences for people."""
