"""A planned request in Stability's words: path, fields and picture of one HTTP call (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from abby_core.generation.picture_bytes import Size, picture_size
from abby_core.generation.providers.stability.models import (
    INPAINTING,
    OLDER_UPSCALE_ENGINE,
    Model,
    Upscaler,
    redrawing,
)
from abby_core.generation.providers.stability.plans import (
    nearest_aspect_ratio,
    nearest_sdxl_size,
    size_to_inpaint,
    size_to_upscale,
)
from abby_core.generation.request import ImageRequest, ImageToImage, TextToImage, Upscale
from abby_core.sentence import Sentence, sentence

JsonValue = str | int | float | list[dict[str, str | float]]

_OLDER_UPSCALE_PIXELS_MAX = 4_194_304
_OLDER_UPSCALE_WIDTH_MIN = 512
_DEFAULT_UPSCALE_PROMPT = "the same picture, sharp and detailed"
"""The conservative upscaler insists on a prompt."""


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """The picture that goes with a call."""

    field_name: str
    data: bytes = field(repr=False)
    size: Size | None = None
    """The size it has to be brought to before it is sent; None: as it is."""
    masked: bool = False
    """Its transparency says what is painted anew: the colours below it are kept when its size is changed."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One POST to Stability, without host and key."""

    path: str
    model: str
    """The model that answers, in the words of the plan."""
    accept: str = "image/*"
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    """Text fields of a multipart form, unless there is a ``json`` body."""
    json: Mapping[str, JsonValue] | None = None
    attachment: Attachment | None = None
    seed: int | None = None
    """The seed that was sent, for answers that do not repeat it."""
    if_not_found: Call | None = None
    """What to ask instead of a host that does not know this path."""
    note: str = ""
    """What people have to be told when this call is the one that is made."""


def call_for(request: ImageRequest, model: Model, upscaler: Upscaler, seed: int, *, samples: int = 1) -> Call:
    """The call for a *planned* request. ``seed`` is what to send: 1..2**32 - 2; ``samples`` above 1 is v1's alone."""
    match request:
        case TextToImage():
            return _words_v1(request, model, seed, samples) if model.v1 else _words(request, model, seed)
        case ImageToImage(only_transparent=True) if not model.v1:
            return _inpaint(request, seed)
        case ImageToImage():
            model = redrawing(model)
            return _redraw_v1(request, model, seed, samples) if model.v1 else _redraw(request, model, seed)
        case Upscale():
            return _upscale(request, upscaler, seed)


def _words(request: TextToImage, model: Model, seed: int) -> Call:
    fields = _fields(request, model, seed)
    fields["aspect_ratio"] = nearest_aspect_ratio(request.width, request.height)
    return Call(path=model.path, model=model.name, fields=fields, seed=seed)


def _redraw(request: ImageToImage, model: Model, seed: int) -> Call:
    fields = _fields(request, model, seed)
    fields["strength"] = _text(1 - request.image_strength)  # counts from the other end: 1 ignores the picture
    if model.path.endswith("/sd3"):
        fields["mode"] = "image-to-image"
    return Call(
        path=model.path,
        model=model.name,
        fields=fields,
        attachment=Attachment(field_name="image", data=request.image),
        seed=seed,
    )


def _inpaint(request: ImageToImage, seed: int) -> Call:
    """Without a mask of its own: the picture's transparency is one."""
    size = picture_size(request.image)
    sent = size_to_inpaint(size)
    return Call(
        path=INPAINTING.path,
        model=INPAINTING.name,
        fields=_fields(request, INPAINTING, seed),
        attachment=Attachment(field_name="image", data=request.image, size=None if sent == size else sent, masked=True),
        seed=seed,
    )


def _fields(request: TextToImage | ImageToImage, model: Model, seed: int) -> dict[str, str]:
    """The fields that v2beta's models have in common."""
    fields = {
        "prompt": request.prompt,
        "seed": str(seed),
        "style_preset": request.style,
        "output_format": "png",
    }
    if request.negative_prompt:
        fields["negative_prompt"] = request.negative_prompt
    if request.cfg_scale is not None:
        fields["cfg_scale"] = _text(request.cfg_scale)
    if model.path.endswith("/sd3"):
        fields["model"] = model.name
    return fields


def _words_v1(request: TextToImage, model: Model, seed: int, samples: int) -> Call:
    body: dict[str, JsonValue] = {
        "text_prompts": [{"text": text, "weight": weight} for text, weight in _weighted_prompts(request)],
        "width": request.width,
        "height": request.height,
        "seed": seed,
        "style_preset": request.style,
        "samples": samples,
    }
    if request.steps is not None:
        body["steps"] = request.steps
    if request.cfg_scale is not None:
        body["cfg_scale"] = request.cfg_scale
    return Call(path=f"{model.path}/text-to-image", model=model.name, accept="application/json", json=body, seed=seed)


def _redraw_v1(request: ImageToImage, model: Model, seed: int, samples: int) -> Call:
    fields: dict[str, str] = {}
    for index, (text, weight) in enumerate(_weighted_prompts(request)):
        fields[f"text_prompts[{index}][text]"] = text
        fields[f"text_prompts[{index}][weight]"] = _text(weight)
    if request.only_transparent:
        fields["mask_source"] = "INIT_IMAGE_ALPHA"
    else:
        fields |= {"init_image_mode": "IMAGE_STRENGTH", "image_strength": _text(request.image_strength)}
    fields |= {
        "seed": str(seed),
        "style_preset": request.style,
        "samples": str(samples),
    }
    if request.steps is not None:
        fields["steps"] = str(request.steps)
    if request.cfg_scale is not None:
        fields["cfg_scale"] = _text(request.cfg_scale)
    size = picture_size(request.image)
    fitted = nearest_sdxl_size(*size)
    attachment = Attachment(
        field_name="init_image",
        data=request.image,
        size=None if fitted == size else fitted,
        masked=request.only_transparent,
    )
    return Call(
        path=f"{model.path}/image-to-image{'/masking' if request.only_transparent else ''}",
        model=model.name,
        accept="application/json",
        fields=fields,
        attachment=attachment,
        seed=seed,
    )


def _weighted_prompts(request: TextToImage | ImageToImage) -> list[tuple[str, float]]:
    """v1 has no negative prompt: a prompt of negative weight is one."""
    positive = [(request.prompt, 1.0)]
    return [*positive, (request.negative_prompt, -1.0)] if request.negative_prompt else positive


def _upscale(request: Upscale, upscaler: Upscaler, seed: int) -> Call:
    size = picture_size(request.image)
    sent = size_to_upscale(size, upscaler)
    attachment = Attachment(field_name="image", data=request.image, size=None if sent == size else sent)
    fields = {"output_format": "png"}
    if upscaler.name == "fast":
        return Call(
            path=upscaler.path,
            model="upscale/fast",
            fields=fields,
            attachment=attachment,
            if_not_found=_older_upscale(request, sent, attachment),
        )
    fields |= {"prompt": request.prompt.strip() or _DEFAULT_UPSCALE_PROMPT, "seed": str(seed)}
    return Call(path=upscaler.path, model=f"upscale/{upscaler.name}", fields=fields, attachment=attachment, seed=seed)


def _older_upscale(request: Upscale, sent: Size, attachment: Attachment) -> Call:
    """v1's upscaler, which takes a width and makes at most four megapixels."""
    widest = int((_OLDER_UPSCALE_PIXELS_MAX * sent[0] / sent[1]) ** 0.5)
    width = max(min(request.width, widest), _OLDER_UPSCALE_WIDTH_MIN)
    changed = width != request.width
    return Call(
        path=f"/v1/generation/{OLDER_UPSCALE_ENGINE}/image-to-image/upscale",
        model=OLDER_UPSCALE_ENGINE,
        accept="application/json",
        fields={"width": str(width)},
        attachment=attachment,
        note=_older_note(width) if changed else "",
    )


def _older_note(width: int) -> Sentence:
    return sentence("Only an older upscaler was there: the picture is {width} pixels wide.", width=width)


def _text(number: float) -> str:
    """A number as a form field: no exponent, no more digits than the service can tell apart."""
    return f"{number:.4f}".rstrip("0").rstrip(".")
