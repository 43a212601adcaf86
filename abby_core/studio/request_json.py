"""An image request as JSON for the order's row, without the picture's bytes (those are a blob)."""

from __future__ import annotations

import json
from dataclasses import replace

from abby_core.generation.request import SEED_MAX, ImageRequest, ImageToImage, TextToImage, Upscale


def encode(request: ImageRequest) -> str:
    """The request as JSON text, keys sorted, the bytes of pictures left out."""
    values = {name: value for name, value in vars(request).items() if name not in {"image", "mask"}}
    if not values.get("only_transparent"):  # so that wishes from before there were masks still read the same
        values.pop("only_transparent", None)
    return json.dumps({"kind": request.kind, **values}, sort_keys=True)


def decode(text: str, image: bytes) -> ImageRequest:
    """The request again; ``image`` is ignored where the kind takes none."""
    values = json.loads(text)
    kind = values.pop("kind")
    if kind == "text_to_image":
        return TextToImage(**values)
    return (ImageToImage if kind == "image_to_image" else Upscale)(image=image, **values)


def with_seed(request: ImageRequest, seed: int) -> ImageRequest:
    """The same request with a seed of 1..SEED_MAX, counting on from 1 beyond it."""
    return replace(request, seed=(seed - 1) % SEED_MAX + 1)
