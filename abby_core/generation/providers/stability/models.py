"""Stability's models, upscalers, sizes and prices: tables (pure).

Source: Stability's REST documents of v1 and v2beta as of 2026-09-22. One credit costs the host one US cent;
prices are in thousandths of a credit.
"""

from __future__ import annotations

from dataclasses import dataclass

V1_ENGINE = "stable-diffusion-xl-1024-v1-0"
OLDER_UPSCALE_ENGINE = "esrgan-v1-x2plus"
"""v1's upscaler: Stability itself switched it off in 2024, but hosts that speak v1 alone still have it."""

BODY_BYTES_MAX = 10 * 2**20
"""Largest request that v2beta takes."""
PICTURE_BYTES_MAX = BODY_BYTES_MAX - 64 * 2**10
"""Largest picture in it: two prompts of 2,000 characters and the form around them stay below 64 KiB."""
PICTURE_PIXELS_MAX = 25_000_000
"""Largest picture taken from people: a 24-megapixel camera's, 75 MB once decoded. It is scaled where needed."""

SDXL_SIZES = (
    (1024, 1024), (1152, 896), (896, 1152), (1216, 832), (832, 1216),
    (1344, 768), (768, 1344), (1536, 640), (640, 1536),
)  # fmt: skip
"""The only sizes SDXL 1.0 takes, for its pictures and for those it starts from."""

ASPECT_RATIOS = {
    "21:9": 21 / 9, "16:9": 16 / 9, "3:2": 3 / 2, "5:4": 5 / 4, "1:1": 1.0,
    "4:5": 4 / 5, "2:3": 2 / 3, "9:16": 9 / 16, "9:21": 9 / 21,
}  # fmt: skip
"""What v2beta takes instead of sizes: width divided by height."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model for text-to-image and image-to-image."""

    name: str
    path: str
    millicredits: int
    """Price of one picture; SDXL's beyond 30 steps grows with them."""
    megapixels: float = 1.0
    """Size of every picture it makes."""
    negative_prompt: bool = True
    cfg_scale: bool = False
    redraws_with: str = ""
    """The model that stands in for image-to-image, if this one takes no picture."""

    @property
    def v1(self) -> bool:
        return self.path.startswith("/v1/")


_SD3 = "/v2beta/stable-image/generate/sd3"

MODELS = {
    model.name: model
    for model in (
        Model(
            name="core",
            path="/v2beta/stable-image/generate/core",
            millicredits=3000,
            megapixels=1.5,
            redraws_with="sd3.5-large",
        ),
        Model(name="ultra", path="/v2beta/stable-image/generate/ultra", millicredits=8000),
        Model(name="sd3.5-large", path=_SD3, millicredits=6500, cfg_scale=True),
        Model(name="sd3.5-large-turbo", path=_SD3, millicredits=4000, cfg_scale=True, negative_prompt=False),
        Model(name="sd3.5-medium", path=_SD3, millicredits=3500, cfg_scale=True),
        Model(name="sd3.5-flash", path=_SD3, millicredits=2500, cfg_scale=True),
        Model(name="sdxl", path=f"/v1/generation/{V1_ENGINE}", millicredits=900, cfg_scale=True),
    )
}


def redrawing(model: Model) -> Model:
    """The model that does image-to-image where ``model`` is chosen."""
    return MODELS[model.redraws_with] if model.redraws_with else model


INPAINTING = Model(name="edit/inpaint", path="/v2beta/stable-image/edit/inpaint", millicredits=5000)
"""Paints what is transparent in a picture anew, whichever of v2beta's models is chosen for all else."""
INPAINTED_PIXELS_MAX = 9_437_184
INPAINTED_REDUCED_PIXELS = 2_097_152
"""What larger pictures are reduced to: as a PNG with transparency surely below PICTURE_BYTES_MAX."""


def inpainting(model: Model) -> Model:
    """The model that paints only a part of a picture anew where ``model`` is chosen: SDXL does so itself."""
    return model if model.v1 else INPAINTING


@dataclass(frozen=True, kw_only=True)
class Upscaler:
    """One way to enlarge, and the pictures it takes."""

    name: str
    path: str
    millicredits: int
    side_pixels_min: int
    side_pixels_max: int
    pixels_max: int
    reduced_pixels: int
    """What larger pictures are reduced to before they are sent."""
    shape_max: float
    """Longest side divided by shortest, at most."""
    pixels_out: int | None = None
    """Size of every result; None: each side four times as long."""


UPSCALERS = {
    upscaler.name: upscaler
    for upscaler in (
        Upscaler(
            name="fast",
            path="/v2beta/stable-image/upscale/fast",
            millicredits=2000,
            side_pixels_min=32,
            side_pixels_max=1536,
            pixels_max=1_048_576,
            reduced_pixels=1_048_576,
            shape_max=1536 / 32,
        ),
        Upscaler(
            name="conservative",
            path="/v2beta/stable-image/upscale/conservative",
            millicredits=40_000,
            side_pixels_min=64,
            side_pixels_max=16_384,  # no limit of its own: its shape and pixels leave less
            pixels_max=9_437_184,
            reduced_pixels=2_097_152,  # as a PNG with transparency surely below PICTURE_BYTES_MAX
            shape_max=2.5,
            pixels_out=4_194_304,
        ),
    )
}

REDRAWN_SIDE_PIXELS_MIN = 64
"""Shortest side of a picture that v2beta redraws."""
REDRAWN_SIDE_PIXELS_MAX = 16_384
"""Longest side of a picture that Ultra redraws."""
