"""What Stability's own OpenAPI documents allow, applied to one request.

The documents are data, not part of Abby: a folder with ``stability-v2beta.openapi.json`` and
``stability-v1.openapi.json``. Of the older document only the upscale path is used, which the newer one lacks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from PIL import Image

Schema = dict[str, Any]

SDXL_ENGINE = "stable-diffusion-xl-1024-v1-0"
UPSCALE_ENGINE = "esrgan-v1-x2plus"
_SIZES = "1024x1024, 1152x896, 1216x832, 1344x768, 1536x640, 640x1536, 768x1344, 832x1216, 896x1152"
SDXL_SIZES = frozenset((int(width), int(height)) for width, height in re.findall(r"(\d+)x(\d+)", _SIZES))
_V1_UPSCALE = "/v1/generation/{engine_id}/image-to-image/upscale"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One path and method of a document."""

    document: Schema
    template: str
    engine: str
    body: Schema

    @property
    def v1(self) -> bool:
        return self.template.startswith("/v1/")

    def schema(self, media_type: str) -> Schema | None:
        content = self.body.get("requestBody", {}).get("content", {})
        if media_type not in content:
            return None
        if self.template == _V1_UPSCALE:
            # "For upscaler engines that are ESRGAN-based, refer to the RealESRGANUpscaleRequestBody"
            return {"$ref": "#/components/schemas/RealESRGANUpscaleRequestBody"}
        return content[media_type]["schema"]

    def credits_for(self, values: Mapping[str, Any]) -> float:
        if self.template == _V1_UPSCALE:
            return 0.2
        if self.v1:
            return 0.9 * max(values.get("steps", 30), 30) / 30
        price = self.body["x-credits"]
        return price[values.get("model", "sd3.5-large")] if isinstance(price, dict) else price


class Rules:
    """The operations, and what they say about a request's fields."""

    def __init__(self, folder: Path, *, older_upscaler: bool) -> None:
        self._v2 = json.loads((folder / "stability-v2beta.openapi.json").read_text("utf-8"))
        self._v1 = json.loads((folder / "stability-v1.openapi.json").read_text("utf-8"))
        self._older_upscaler = older_upscaler

    def operation(self, method: str, path: str) -> Operation | None:
        for document, template in self._templates():
            match = re.fullmatch(template.replace("{engine_id}", "(?P<engine>[^/]+)"), path)
            if match and method.lower() in document["paths"][template]:
                engine = match.groupdict().get("engine", "")
                known = {"": "", _V1_UPSCALE: UPSCALE_ENGINE}.get(template if engine else "", SDXL_ENGINE)
                if engine != known:
                    return None
                body = document["paths"][template][method.lower()]
                return Operation(document=document, template=template, engine=engine, body=body)
        return None

    def _templates(self) -> Iterator[tuple[Schema, str]]:
        for template in self._v2["paths"]:
            yield self._v2, template
        if self._older_upscaler:
            yield self._v1, _V1_UPSCALE


def problems_with(operation: Operation, schema: Schema, values: Mapping[str, Any]) -> list[str]:
    """Everything the document has against ``values``; files among them are ``bytes``."""
    components = operation.document["components"]
    properties = dict(_properties(schema, components))
    problems = [f"{name}: is not allowed" for name in values if name not in properties]
    for name, value in values.items():
        binary = properties.get(name, {}).get("format") == "binary"
        if binary != isinstance(value, bytes):
            problems.append(f"{name}: has to be {'a file' if binary else 'text'}")
        elif isinstance(value, bytes):
            problems += _problems_with_picture(name, value, properties[name].get("x-image-limits", {}))
    plain = {name: "" if isinstance(value, bytes) else value for name, value in values.items()}
    validator = Draft202012Validator({**schema, "components": components})
    for error in validator.iter_errors(plain):
        problems.append(f"{'.'.join(map(str, error.absolute_path))}: {error.message}")
    return [*problems, *_problems_in_prose(operation, values), *_problems_with_mask(operation, values)]


def coerced(operation: Operation, schema: Schema, fields: Mapping[str, str | bytes]) -> dict[str, Any]:
    """The fields of a form as the document's types; what cannot be read as its type stays text, and fails."""
    components = operation.document["components"]
    types = {name: prop.get("type") for name, prop in _properties(schema, components)}
    values: dict[str, Any] = {}
    prompts: dict[str, dict[str, Any]] = {}
    for name, value in fields.items():
        indexed = re.fullmatch(r"text_prompts\[(\d+)\]\[(text|weight)\]", name)
        if indexed and "text_prompts" in types and isinstance(value, str):
            kind = "number" if indexed[2] == "weight" else "string"
            prompts.setdefault(indexed[1], {})[indexed[2]] = _read(value, kind)
        else:
            values[name] = value if isinstance(value, bytes) else _read(value, types.get(name))
    return values | ({"text_prompts": list(prompts.values())} if prompts else {})


def _read(text: str, kind: str | None) -> Any:
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    return text


def _properties(schema: Schema, components: Schema) -> Iterator[tuple[str, Schema]]:
    schema = _resolved(schema, components)
    for name, prop in schema.get("properties", {}).items():
        yield name, _resolved(prop, components)
    for part in schema.get("allOf", []):
        yield from _properties(part, components)


def _resolved(schema: Schema, components: Schema) -> Schema:
    while "$ref" in schema:
        schema = components["schemas"][schema["$ref"].removeprefix("#/components/schemas/")]
    return schema


def _problems_with_picture(name: str, data: bytes, limits: Mapping[str, Any]) -> Iterator[str]:
    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
            picture.load()
            width, height = picture.size
    except (OSError, SyntaxError):
        yield f"{name}: is no jpeg, png or webp"
        return
    low, high = limits.get("aspect_ratio", (0, float("inf")))
    if not limits.get("min_side", 1) <= min(width, height):
        yield f"{name}: every side must be at least {limits['min_side']} pixels"
    if not max(width, height) <= limits.get("max_side", float("inf")):
        yield f"{name}: every side must be at most {limits['max_side']} pixels"
    if not limits.get("min_pixels", 1) <= width * height <= limits.get("max_pixels", float("inf")):
        yield f"{name}: has a pixel count that is not allowed"
    if not low <= width / height <= high:
        yield f"{name}: has an aspect ratio that is not allowed"


def _problems_in_prose(operation: Operation, values: Mapping[str, Any]) -> Iterator[str]:
    """Rules that the documents give in words only."""
    if operation.template.endswith("/generate/sd3"):
        redrawn = values.get("mode") == "image-to-image"
        wanted = {"image", "strength"} if redrawn else set[str]()
        yield from (f"{name}: is required" for name in wanted - values.keys())
        forbidden = {"aspect_ratio"} if redrawn else {"image", "strength"}
        yield from (f"{name}: is not valid in this mode" for name in forbidden & values.keys())
        if values.get("model") == "sd3.5-large-turbo" and "negative_prompt" in values:
            yield "negative_prompt: does not work with this model"
    if operation.template.endswith("/generate/ultra") and ("image" in values) != ("strength" in values):
        yield "strength: is required when image is provided"
    if operation.template.endswith("/text-to-image"):
        size = (values.get("width", 512), values.get("height", 512))
        if size not in SDXL_SIZES:
            yield f"the allowed dimensions are {_SIZES}, but we received {size[0]}x{size[1]}"
    if operation.template == "/v1/generation/{engine_id}/image-to-image" and "init_image" in values:
        with Image.open(BytesIO(values["init_image"])) as picture:
            if picture.size not in SDXL_SIZES:
                yield f"init_image: {picture.size[0]}x{picture.size[1]} is not among the allowed dimensions"
        if values.get("init_image_mode", "IMAGE_STRENGTH") == "IMAGE_STRENGTH":
            yield from (f"{name}: needs STEP_SCHEDULE" for name in values if name.startswith("step_schedule"))
    if operation.template == _V1_UPSCALE and {"width", "height"} <= values.keys():
        yield "only one of width and height may be given"


def _problems_with_mask(operation: Operation, values: Mapping[str, Any]) -> Iterator[str]:
    """The same about painting only a part of a picture anew."""
    if (
        operation.template.endswith("/edit/inpaint")
        and "mask" not in values
        and not _is_see_through(values.get("image", b""))
    ):
        yield "mask: is required unless the image has an alpha channel"
    if operation.template.endswith("/image-to-image/masking") and "init_image" in values:
        with Image.open(BytesIO(values["init_image"])) as picture:
            if picture.size not in SDXL_SIZES:
                yield f"init_image: {picture.size[0]}x{picture.size[1]} is not among the allowed dimensions"
        by_alpha = values.get("mask_source") == "INIT_IMAGE_ALPHA"
        if by_alpha and not _is_see_through(values["init_image"]):
            yield "init_image: has no alpha channel to take the mask from"
        if by_alpha == ("mask_image" in values):
            yield "mask_image: is required unless the mask is the init_image's alpha, and not allowed then"


def _is_see_through(data: bytes) -> bool:
    if not data:
        return False
    with Image.open(BytesIO(data)) as picture:
        return picture.mode == "RGBA" and picture.getchannel("A").getextrema() != (255, 255)
