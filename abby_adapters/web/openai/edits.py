"""What comes with an edit: the words, and the picture as a file, as a data URL or by its web address."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

from abby_adapters.web.errors import Failure, HttpError, bad_request
from abby_adapters.web.openai.bodies import EditBody
from abby_adapters.web.validation import bad_fields
from abby_core.errors import MaskRejected, PictureRejected

if TYPE_CHECKING:
    from fastapi import Request

    from abby_core.bootstrap import Abby

FIELDS_MAX = 60
"""Twice as many as OpenAI's interface has."""
FIELD_BYTES_MAX = 64 * 1024
_MASK = "Only where it is transparent is the picture painted anew; all else stays as it is."
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["image", "prompt"],
    "properties": EditBody.model_json_schema()["properties"]
    | {
        "image": {"type": "string", "format": "binary", "description": "A PNG, JPEG or WebP file."},
        "mask": {"type": "string", "format": "binary", "description": f"A PNG or WebP file of the same size. {_MASK}"},
    },
}


class ImageReference(BaseModel):
    """A picture by its address; OpenAI's files have no counterpart here."""

    model_config = ConfigDict(extra="ignore")

    image_url: str = Field(description="A `data:` URL or, where the host allows it, a public http or https address.")


class EditByAddress(EditBody):
    """An edit as JSON."""

    images: Annotated[list[ImageReference], Field(min_length=1, max_length=16)]
    mask: ImageReference | None = None


EDIT_CONTENT: dict[str, Any] = {
    "multipart/form-data": {"schema": _FORM},
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["images", "prompt"],
            "properties": EditBody.model_json_schema()["properties"]
            | {
                "images": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["image_url"],
                        "properties": {"image_url": {"type": "string"}},
                    },
                },
                "mask": {
                    "type": "object",
                    "required": ["image_url"],
                    "properties": {"image_url": {"type": "string"}},
                    "description": f"A PNG or WebP picture of the same size. {_MASK}",
                },
            },
        }
    },
}


class Edit(NamedTuple):
    """What came with an edit. ``mask``: empty where the whole picture shall be painted anew."""

    body: EditBody
    image: bytes
    mask: bytes


async def read_edit(abby: Abby, request: Request) -> Edit:
    """The words, the picture and perhaps its mask. Raises HttpError, InvalidRequest."""
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith("multipart/form-data"):
        return await _read_form(request)
    if kind.startswith("application/json"):
        return await _read_json(abby, request)
    raise HttpError(Failure(status=415, code="unsupported_media_type", message=(
        "Send an edit as multipart/form-data, the picture as `image`; or as JSON, its address as `image_url`."
    )))  # fmt: skip


async def _read_json(abby: Abby, request: Request) -> Edit:
    try:
        body = EditByAddress.model_validate_json(await request.body())
    except ValidationError as error:
        raise bad_fields(error.errors()) from None
    if len(body.images) != 1:
        raise _one_picture(len(body.images))
    image = await _picture_at(abby, body.images[0].image_url)
    return Edit(body, image, b"" if body.mask is None else await _mask_at(abby, body.mask.image_url))


async def _picture_at(abby: Abby, url: str, param: str = "image_url") -> bytes:
    return _data_of(url, param) if url[:5].lower() == "data:" else await abby.fetch_picture(url)


async def _mask_at(abby: Abby, url: str) -> bytes:
    try:
        data = await _picture_at(abby, url, "mask")
    except PictureRejected as error:  # what lies at that address
        raise MaskRejected(error.text) from error
    if not data:  # which would be no mask at all, and the whole picture painted anew
        raise bad_request("This data URL is empty; leave `mask` out for the whole picture.", "mask")
    return data


def _data_of(url: str, param: str) -> bytes:
    """What a data URL holds (RFC 2397). Raises HttpError for what is no base64."""
    head, _, data = url.partition(",")
    wrong = bad_request("This data URL is no picture in base64.", param)
    if not head.lower().endswith(";base64"):
        raise wrong
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong from error


async def _read_form(request: Request) -> Edit:
    async with request.form(max_files=FIELDS_MAX, max_fields=FIELDS_MAX, max_part_size=FIELD_BYTES_MAX) as form:
        files = {name: [part for part in form.getlist(name) if isinstance(part, UploadFile)] for name in form}
        words = {name: value for name, value in form.items() if isinstance(value, str)}
        pictures = files.pop("image", []) + files.pop("image[]", [])
        masks = files.pop("mask", []) + files.pop("mask[]", [])
        if len(pictures) != 1:
            raise _one_picture(len(pictures))
        if len(masks) > 1 or words.get("mask"):
            raise bad_request("An edit takes one mask, sent as the file `mask`.", "mask")
        image = await pictures[0].read()
        mask = await masks[0].read() if masks else b""
    try:
        return Edit(EditBody.model_validate(words), image, mask)
    except ValidationError as error:
        raise bad_fields(error.errors()) from None


def _one_picture(count: int) -> HttpError:
    if not count:
        return bad_request("An edit needs a picture: send it as the file `image`, or as `images` in JSON.", "image")
    return bad_request(
        f"An edit works on one picture, and here are {count}: no provider here takes several. Send one, or join them "
        "into one first.", "image",
    )  # fmt: skip
