"""What comes with an edit: the words, and the picture as a file, as a data URL or by its web address."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

from abby_adapters.web.errors import Failure, HttpError, bad_request
from abby_adapters.web.openai.bodies import EditBody
from abby_adapters.web.validation import bad_fields

if TYPE_CHECKING:
    from fastapi import Request

    from abby_core.bootstrap import Abby

FIELDS_MAX = 60
"""Twice as many as OpenAI's interface has."""
FIELD_BYTES_MAX = 64 * 1024
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["image", "prompt"],
    "properties": EditBody.model_json_schema()["properties"] | {"image": {"type": "string", "format": "binary"}},
}


class ImageReference(BaseModel):
    """A picture by its address; OpenAI's files have no counterpart here."""

    model_config = ConfigDict(extra="ignore")

    image_url: str = Field(description="A `data:` URL or, where the host allows it, a public http or https address.")


class EditByAddress(EditBody):
    """An edit as JSON."""

    images: Annotated[list[ImageReference], Field(min_length=1, max_length=16)]
    mask: Any = None


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
                }
            },
        }
    },
}


async def read_edit(abby: Abby, request: Request) -> tuple[EditBody, bytes]:
    """The words and the picture of an edit. Raises HttpError, InvalidRequest."""
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith("multipart/form-data"):
        return await _read_form(request)
    if kind.startswith("application/json"):
        return await _read_json(abby, request)
    raise HttpError(Failure(status=415, code="unsupported_media_type", message=(
        "Send an edit as multipart/form-data, the picture as `image`; or as JSON, its address as `image_url`."
    )))  # fmt: skip


async def _read_json(abby: Abby, request: Request) -> tuple[EditBody, bytes]:
    try:
        body = EditByAddress.model_validate_json(await request.body())
    except ValidationError as error:
        raise bad_fields(error.errors()) from None
    if body.mask:
        raise _no_mask()
    if len(body.images) != 1:
        raise _one_picture(len(body.images))
    url = body.images[0].image_url
    image = _data_of(url) if url[:5].lower() == "data:" else await abby.fetch_picture(url)
    return body, image


def _data_of(url: str) -> bytes:
    """What a data URL holds (RFC 2397). Raises HttpError for what is no base64."""
    head, _, data = url.partition(",")
    wrong = bad_request("This data URL is no picture in base64.", "image_url")
    if not head.lower().endswith(";base64"):
        raise wrong
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong from error


async def _read_form(request: Request) -> tuple[EditBody, bytes]:
    async with request.form(max_files=FIELDS_MAX, max_fields=FIELDS_MAX, max_part_size=FIELD_BYTES_MAX) as form:
        files = {name: [part for part in form.getlist(name) if isinstance(part, UploadFile)] for name in form}
        words = {name: value for name, value in form.items() if isinstance(value, str)}
        pictures = files.pop("image", []) + files.pop("image[]", [])
        if "mask" in files or words.get("mask"):
            raise _no_mask()
        if len(pictures) != 1:
            raise _one_picture(len(pictures))
        image = await pictures[0].read()
    try:
        return EditBody.model_validate(words), image
    except ValidationError as error:
        raise bad_fields(error.errors()) from None


def _no_mask() -> HttpError:
    return bad_request("No provider here edits a part of a picture; leave `mask` out.", "mask")


def _one_picture(count: int) -> HttpError:
    return bad_request(f"An edit works on one picture, sent as the file `image`; here are {count}.", "image")
