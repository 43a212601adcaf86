"""Fitting a request to what a Stability model takes, with the price and what was changed (pure)."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

from abby_core.errors import InvalidRequest, PictureRejected
from abby_core.generation.picture_bytes import Size, by, picture_size
from abby_core.generation.provider import Plan
from abby_core.generation.providers.stability.models import (
    ASPECT_RATIOS,
    INPAINTED_PIXELS_MAX,
    INPAINTED_REDUCED_PIXELS,
    REDRAWN_SIDE_PIXELS_MAX,
    REDRAWN_SIDE_PIXELS_MIN,
    SDXL_SIZES,
    Model,
    Upscaler,
    inpainting,
    redrawing,
)
from abby_core.generation.request import ImageRequest, ImageToImage, TextToImage, Upscale
from abby_core.sentence import sentence

_V1_STEPS = (10, 50)
_SD3_CFG_SCALE = (1.0, 10.0)
_UNASKED_SIZE = (TextToImage.width, TextToImage.height)
"""The size of a request that names none: getting another needs no explanation."""


def plan_for(request: ImageRequest, model: Model, upscaler: Upscaler) -> Plan:
    """The request as it will be run. Planning a planned request changes nothing.

    Expects a checked request; raises InvalidRequest for pictures that the service would refuse.
    """
    match request:
        case TextToImage():
            return _plan_picture_from_words(request, model)
        case ImageToImage():
            return _plan_redrawing(request, inpainting(model) if request.only_transparent else redrawing(model))
        case Upscale():
            return _plan_upscale(request, upscaler)


@lru_cache(maxsize=256)
def nearest_aspect_ratio(width: int, height: int) -> str:
    """The ratio that distorts ``width`` by ``height`` least, as a factor."""
    return min(ASPECT_RATIOS, key=lambda name: _distance(ASPECT_RATIOS[name], width / height))


def nearest_sdxl_size(width: int, height: int) -> Size:
    """SDXL's size whose shape is nearest."""
    return min(SDXL_SIZES, key=lambda size: _distance(size[0] / size[1], width / height))


def size_to_upscale(size: Size, upscaler: Upscaler) -> Size:
    """``size`` if the upscaler takes it, or the size of the same shape to reduce the picture to."""
    width, height = size
    if max(size) <= upscaler.side_pixels_max and width * height <= upscaler.pixels_max:
        return size
    scale = min(upscaler.side_pixels_max / max(size), math.sqrt(upscaler.reduced_pixels / (width * height)))
    return math.floor(width * scale), math.floor(height * scale)


def size_to_inpaint(size: Size) -> Size:
    """``size`` if v2beta paints parts of such a picture anew, or the size of the same shape to reduce it to."""
    width, height = size
    if width * height <= INPAINTED_PIXELS_MAX:
        return size
    scale = math.sqrt(INPAINTED_REDUCED_PIXELS / (width * height))
    return math.floor(width * scale), math.floor(height * scale)


def _distance(one: float, other: float) -> float:
    return abs(math.log(one / other))


def _plan_picture_from_words(request: TextToImage, model: Model) -> Plan:
    notes: list[str] = []
    width, height = _size(request, model, notes)
    planned = replace(
        request,
        width=width,
        height=height,
        negative_prompt=_negative_prompt(request, model, notes),
        steps=_steps(request, model, notes),
        cfg_scale=_cfg_scale(request, model, notes),
    )
    return Plan(request=planned, millicredits=_price(planned, model), model=model.name, notes=tuple(notes))


def _plan_redrawing(request: ImageToImage, model: Model) -> Plan:
    notes: list[str] = []
    size = picture_size(request.image)
    _check_redrawn(size, model, notes)
    if request.only_transparent and not model.v1 and (sent := size_to_inpaint(size)) != size:
        notes.append(
            sentence(
                "Your picture of {size} pixels is too large to have a part of it painted anew: it is reduced to "
                "{sent} first.",
                size=by(size),
                sent=by(sent),
            )
        )
    planned = replace(
        request,
        image_strength=_image_strength(request, model, notes),
        negative_prompt=_negative_prompt(request, model, notes),
        steps=_steps(request, model, notes),
        cfg_scale=_cfg_scale(request, model, notes),
    )
    return Plan(request=planned, millicredits=_price(planned, model), model=model.name, notes=tuple(notes))


def _size(request: TextToImage, model: Model, notes: list[str]) -> Size:
    """The size to plan with. v2beta is told the nearest aspect ratio, so there the wish itself stays."""
    asked = (request.width, request.height)
    if model.v1:
        size = nearest_sdxl_size(*asked)
        if size != asked:
            notes.append(
                sentence(
                    "SDXL paints in nine sizes only: you get {size} pixels instead of {asked}.",
                    size=by(size),
                    asked=by(asked),
                )
            )
        return size
    ratio = nearest_aspect_ratio(*asked)
    if asked != _UNASKED_SIZE and not _nearly(asked, ASPECT_RATIOS[ratio], model.megapixels):
        note = (
            sentence(
                "{model} takes aspect ratios, not sizes: you get {ratio} at about 1 megapixel instead of {asked}.",
                model=model.name,
                ratio=ratio,
                asked=by(asked),
            )
            if model.megapixels == 1
            else sentence(
                "{model} takes aspect ratios, not sizes: you get {ratio} at about {megapixels:g} megapixels "
                "instead of {asked}.",
                model=model.name,
                ratio=ratio,
                megapixels=model.megapixels,
                asked=by(asked),
            )
        )
        notes.append(note)
    return asked


def _check_redrawn(size: Size, model: Model, notes: list[str]) -> None:
    if model.v1:
        fitted = nearest_sdxl_size(*size)
        if fitted != size:
            notes.append(
                sentence(
                    "SDXL takes nine sizes only: your picture of {size} pixels is scaled and cropped to {fitted}.",
                    size=by(size),
                    fitted=by(fitted),
                )
            )
    elif min(size) < REDRAWN_SIDE_PIXELS_MIN or max(size) > REDRAWN_SIDE_PIXELS_MAX:
        raise PictureRejected(
            sentence(
                "The picture has {size} pixels; each side has to have {least} to {limit}.",
                size=by(size),
                least=REDRAWN_SIDE_PIXELS_MIN,
                limit=REDRAWN_SIDE_PIXELS_MAX,
            )
        )


def _negative_prompt(request: TextToImage | ImageToImage, model: Model, notes: list[str]) -> str:
    if not request.negative_prompt.strip() or model.negative_prompt:
        return request.negative_prompt.strip()
    notes.append(sentence("{model} takes no negative prompt: yours is left out.", model=model.name))
    return ""


def _image_strength(request: ImageToImage, model: Model, notes: list[str]) -> float:
    if not request.only_transparent or request.image_strength == ImageToImage.image_strength:
        return request.image_strength
    notes.append(
        sentence(
            "{model} paints wholly anew what is transparent: your image_strength is left out.",
            model=model.name,
        )
    )
    return ImageToImage.image_strength


def _steps(request: TextToImage | ImageToImage, model: Model, notes: list[str]) -> int | None:
    if request.steps is None:
        return None
    if not model.v1:
        notes.append(
            sentence(
                "{model} chooses the number of steps itself: your {steps} is left out.",
                model=model.name,
                steps=request.steps,
            )
        )
        return None
    steps = min(max(request.steps, _V1_STEPS[0]), _V1_STEPS[1])
    if steps != request.steps:
        notes.append(
            sentence(
                "SDXL takes {low} to {high} steps: {steps} instead of {asked}.",
                low=_V1_STEPS[0],
                high=_V1_STEPS[1],
                steps=steps,
                asked=request.steps,
            )
        )
    return steps


def _cfg_scale(request: TextToImage | ImageToImage, model: Model, notes: list[str]) -> float | None:
    if request.cfg_scale is None or model.v1:  # v1 takes all of 0..35
        return request.cfg_scale
    if not model.cfg_scale:
        notes.append(
            sentence(
                "{model} has no cfg_scale: your {cfg_scale:g} is left out.",
                model=model.name,
                cfg_scale=request.cfg_scale,
            )
        )
        return None
    cfg_scale = min(max(request.cfg_scale, _SD3_CFG_SCALE[0]), _SD3_CFG_SCALE[1])
    if cfg_scale != request.cfg_scale:
        notes.append(
            sentence(
                "{model} takes a cfg_scale from {low:g} to {high:g}: {cfg_scale:g} instead of {asked:g}.",
                model=model.name,
                low=_SD3_CFG_SCALE[0],
                high=_SD3_CFG_SCALE[1],
                cfg_scale=cfg_scale,
                asked=request.cfg_scale,
            )
        )
    return cfg_scale


def _price(planned: TextToImage | ImageToImage, model: Model) -> int:
    """In thousandths of a credit. v1 charges in proportion to the steps beyond 30, which it takes unasked."""
    steps = max(planned.steps or 0, 30) if model.v1 else 30
    return model.millicredits * steps // 30


def _plan_upscale(request: Upscale, upscaler: Upscaler) -> Plan:
    size = picture_size(request.image)
    sent = size_to_upscale(size, upscaler)
    if max(size) / min(size) > upscaler.shape_max:
        raise InvalidRequest(
            sentence(
                "The picture of {size} pixels is too long and narrow to be enlarged: one side may be at most "
                "{limit:g} times the other. Crop it and try again.",
                size=by(size),
                limit=upscaler.shape_max,
            )
        )
    if min(sent) < upscaler.side_pixels_min:
        raise InvalidRequest(
            sentence(
                "The picture of {size} pixels is too small to be enlarged: each side has to have at least "
                "{least} pixels.",
                size=by(size),
                least=upscaler.side_pixels_min,
            )
        )
    notes: list[str] = []
    if sent != size:
        notes.append(
            sentence(
                "Your picture of {size} pixels is too large for the upscaler: it is reduced to {sent} first.",
                size=by(size),
                sent=by(sent),
            )
        )
    result = _upscaled(sent, upscaler)
    if result[0] != request.width and upscaler.pixels_out is None:
        notes.append(
            sentence("The upscaler makes each side four times as long: you get {size} pixels.", size=by(result))
        )
    elif result[0] != request.width:
        notes.append(sentence("The upscaler makes four megapixels: you get about {size} pixels.", size=by(result)))
    if request.prompt and upscaler.pixels_out is None:
        notes.append(sentence("The fast upscaler takes no prompt: yours is left out."))
    return Plan(
        request=replace(request, width=result[0], prompt=request.prompt if upscaler.pixels_out else ""),
        millicredits=upscaler.millicredits,
        model=f"upscale/{upscaler.name}",
        notes=tuple(notes),
    )


def _upscaled(size: Size, upscaler: Upscaler) -> Size:
    scale = 4.0 if upscaler.pixels_out is None else math.sqrt(upscaler.pixels_out / (size[0] * size[1]))
    return round(size[0] * scale), round(size[1] * scale)


def _nearly(size: Size, ratio: float, megapixels: float) -> bool:
    """Nobody would notice the difference."""
    width, height = size
    return _distance(width / height, ratio) < 0.03 and abs(width * height / 1e6 - megapixels) < 0.1 * megapixels
