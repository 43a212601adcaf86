"""How an order's pictures are named, described and reserved for (pure).

Where a picture's bytes lie follows from the order alone, so that recovery finds what a dead worker wrote.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from abby_core.generation.request import GeneratedImage, ImageRequest, ImageToImage, TextToImage
from abby_core.quota.quota_manager import Need
from abby_core.storage.artifact import Artifact
from abby_core.storage.names import folder_for, safe_name
from abby_core.studio.request_json import decode, with_seed

if TYPE_CHECKING:
    from abby_core.generation.image_generator import ImageGenerator
    from abby_core.studio.order_book import Claimed

SLUG_CHARACTERS_MAX = 40
EXTENSIONS: tuple[str, ...] = (".png", ".jpg", ".webp")
_GAPS = re.compile(r"[\W_]+")


def artifact_id(order_id: str, index: int) -> str:
    """The id of an order's picture: the same whoever makes it."""
    return hashlib.blake2b(f"{order_id}\0{index}".encode(), digest_size=12).hexdigest()


def prompts(order: Claimed) -> list[str]:
    """One prompt for each picture, where they differ; else empty."""
    return json.loads(order.prompts) if order.prompts != "[]" else []


def wish(order: Claimed, index: int, source: bytes = b"") -> ImageRequest:
    """What is asked of a provider for that picture: pictures of one prompt differ by their seeds, counted on."""
    request = decode(order.request, source)
    texts = prompts(order)
    if not texts:
        return with_seed(request, request.seed + index)
    return with_seed(replace(request, prompt=texts[index]), request.seed + texts[:index].count(texts[index]))


def share(order: Claimed) -> Need:
    """What the order's reservation holds for each of its pictures."""
    return Need(images=order.images_each, size_bytes=order.bytes_each, millicredits=order.millicredits_each)


def blob_stems(order: Claimed, prompt: str, index: int) -> list[str]:
    """Every key (without extension) under which a worker may have put that picture, the latest first."""
    name = _name(order, prompt, index)
    stems = [_blob_stem(order, name, fence) for fence in range(order.fence, 0, -1)]
    return [*stems, f"temp/{artifact_id(order.id, index)}"]  # where keeping holds what found no room


def draft(order: Claimed, request: ImageRequest, image: GeneratedImage, index: int) -> Artifact:
    """The catalogue row of a picture, except for what only its bytes can tell."""
    parameters: dict[str, object] = {}
    if isinstance(request, TextToImage):
        parameters = {"width": request.width, "height": request.height}
    if isinstance(request, ImageToImage):
        parameters = {"image_strength": request.image_strength, "masked": request.only_transparent or None}
    if isinstance(request, TextToImage | ImageToImage):
        parameters |= {"steps": request.steps, "cfg_scale": request.cfg_scale}
    name = _name(order, request.prompt, index)
    return Artifact(
        id=artifact_id(order.id, index),
        account=order.account,
        name=name,
        blob_key=_blob_stem(order, name, order.fence),
        kind=request.kind,
        order_id=order.id,
        order_index=index,
        source_artifact=order.source_artifact,
        prompt=request.prompt,
        negative_prompt="" if request.kind == "upscale" else getattr(request, "negative_prompt", ""),
        style="" if request.kind == "upscale" else getattr(request, "style", ""),
        seed=image.seed if image.seed is not None else request.seed,
        provider=image.provider,
        model=image.model,
        parameters={name: value for name, value in parameters.items() if value is not None},
        millicredits=image.millicredits,
    )


def is_demo(generator: ImageGenerator, provider: str) -> bool:
    """Whether the provider of that name only shows how Abby works."""
    known = generator.providers.get(provider)
    return known is not None and known.capabilities.demo


def _blob_stem(order: Claimed, name: str, fence: int) -> str:
    platform, _, user_id = order.account.partition(":")
    return f"images/users/{folder_for(platform, user_id)}/{name}{'' if fence == 1 else f'-{fence}'}"


def _name(order: Claimed, prompt: str, index: int) -> str:
    """``a-cute-rabbit-in-a-meadow-3f9a1c20``: readable, unique, and a safe file name everywhere."""
    words = _GAPS.sub("-", unicodedata.normalize("NFKC", prompt).casefold()).strip("-")
    slug = unicodedata.normalize("NFC", words)[:SLUG_CHARACTERS_MAX].strip("-") or "picture"
    name = f"{slug}-{artifact_id(order.id, index)[:8]}"
    return name if safe_name(name) == name else f"picture-{artifact_id(order.id, index)[:8]}"
