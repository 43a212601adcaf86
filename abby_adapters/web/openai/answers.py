"""Pictures as OpenAI's clients read them: in JSON, or one event for each."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pybase64 import b64encode
from pydantic import BaseModel, ConfigDict

from abby_adapters.web.events import event
from abby_adapters.web.pieces import Base64
from abby_core.errors import PictureRejected, StorageError
from abby_core.storage.converting import QUALITY_DEFAULT, PictureFormat, convert, format_of
from abby_core.storage.picture import inspect

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby
    from abby_core.studio import Artifact, Creation
    from abby_core.studio.order import Preview

_SIZES = frozenset({"1024x1024", "1024x1536", "1536x1024"})
"""The only ones that OpenAI's own description of an answer knows; the real one is always under ``abby``."""
_NO_TOKENS = {
    "input_tokens": 0, "input_tokens_details": {"image_tokens": 0, "text_tokens": 0}, "output_tokens": 0,
    "total_tokens": 0,
}  # fmt: skip
"""Events must carry a usage; nothing here is counted in tokens."""


class ImageAnswer(BaseModel):
    """One picture: its bytes, or a link that opens for an hour."""

    b64_json: str | None = None
    url: str | None = None


class ImagesAnswer(BaseModel):
    """Pictures, for the interface's description; the answer itself is put together by hand, for it is large."""

    model_config = ConfigDict(extra="allow")

    created: int
    data: list[ImageAnswer]
    output_format: str | None = None
    size: str | None = None
    abby: dict[str, Any]


class Model(BaseModel):
    """What `model` may be."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "abby"


class Models(BaseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[Model]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How pictures shall be handed out. ``format`` None: as they were made; ``links``: where links begin, if wanted."""

    format: PictureFormat | None = None
    quality: int = QUALITY_DEFAULT
    links: str = ""


def answer(abby: Abby, creation: Creation, wanted: Wanted) -> list[bytes | Base64]:
    """The whole answer as JSON, in pieces. Takes a while for large pictures: use a thread. Raises StorageError."""
    artifacts, about = creation.artifacts, _about(creation, wanted)
    if wanted.links:
        links = [{"url": wanted.links + abby.picture_links.sign(each, wanted.format or "")} for each in artifacts]
        return [json.dumps({"data": links} | about).encode()]
    # Put together by hand: base64 needs no escaping, and millions of characters need not be looked at for that.
    pieces: list[bytes | Base64] = [b'{"data": [']
    for number, each in enumerate(artifacts):
        data = picture_bytes(abby, each, wanted.format, wanted.quality, data=creation.at_hand.get(each.id))
        pieces += [b', {"b64_json": "' if number else b'{"b64_json": "', Base64(data), b'"}']
    return [*pieces, b"], " + json.dumps(about).encode().removeprefix(b"{")]


def is_at_hand(creation: Creation, wanted: Wanted) -> bool:
    """Whether nothing needs to be read or converted for the answer, so that it is ready at once."""
    return not wanted.links and all(
        each.id in creation.at_hand and (wanted.format is None or wanted.format == format_of(each.media_type))
        for each in creation.artifacts
    )


def _about(creation: Creation, wanted: Wanted) -> dict[str, Any]:
    """The answer without its pictures."""
    artifacts = creation.artifacts
    about: dict[str, Any] = {"created": creation.order.created_at_ms // 1000, "abby": _more(creation)}
    if artifacts:
        about["output_format"] = wanted.format or format_of(artifacts[0].media_type)
        if (size := _size(artifacts[0])) in _SIZES:
            about["size"] = size
    return about


def completed(abby: Abby, artifact: Artifact, wanted: Wanted, *, name: str) -> bytes:
    """One finished picture as an event of a stream. Use a thread. Raises StorageError."""
    size = _size(artifact)
    return event(name, {
        "type": name,
        "b64_json": _base64(abby, artifact, wanted),
        "created_at": artifact.created_at_ms // 1000,
        "size": size if size in _SIZES else "auto",
        "quality": "auto",
        "background": "auto",
        "output_format": wanted.format or format_of(artifact.media_type),
        "usage": _NO_TOKENS,
        "abby": _picture(artifact),
    })  # fmt: skip


def partial(preview: Preview, wanted: Wanted, *, name: str) -> bytes:
    """A picture as it is so far, as an event of a stream; empty for what is no picture. Use a thread."""
    try:
        found = format_of(inspect(preview.data).media_type)
        data = preview.data
        if wanted.format not in {None, found}:
            data = convert(data, wanted.format or found, quality=wanted.quality)
    except PictureRejected:  # a back end sent it, so it may be anything
        return b""
    return event(name, {
        "type": name,
        "b64_json": b64encode(data).decode("ascii"),
        "created_at": int(time.time()),
        "size": "auto",
        "quality": "auto",
        "background": "auto",
        "output_format": wanted.format or found,
        "partial_image_index": preview.number,
    })  # fmt: skip


def picture_bytes(
    abby: Abby, artifact: Artifact, wanted: PictureFormat | None, quality: int, *, data: bytes | None = None
) -> bytes:
    """A picture's bytes (``data``, where they are at hand), as they were made or in another format. Use a thread.

    Raises StorageError, InvalidRequest.
    """
    data = abby.gallery.open(artifact) if data is None else data
    if wanted is None or wanted == format_of(artifact.media_type):
        return data
    try:
        return convert(data, wanted, quality=quality)
    except PictureRejected as error:
        raise StorageError(f"The kept picture cannot be handed out: {error}") from error


def _base64(abby: Abby, artifact: Artifact, wanted: Wanted) -> str:
    return b64encode(picture_bytes(abby, artifact, wanted.format, wanted.quality)).decode("ascii")


def _size(artifact: Artifact) -> str:
    return f"{artifact.width}x{artifact.height}"


def _more(creation: Creation) -> dict[str, Any]:
    """What OpenAI's answer has no place for."""
    return {
        "order": creation.order.id,
        "provider": creation.order.provider,
        "model": creation.order.model,
        "demo": creation.demo,
        "notes": list(creation.notes),
        "failures": [vars(failure) for failure in creation.failures],
        "pictures": [_picture(each) for each in creation.artifacts],
    }


def _picture(artifact: Artifact) -> dict[str, Any]:
    return {"id": artifact.id, "name": artifact.name, "width": artifact.width, "height": artifact.height,
            "seed": artifact.seed}  # fmt: skip
