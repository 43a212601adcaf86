"""The picture in an answer of status 200 (pure).

v2beta sends the picture itself, its seed and finish reason in headers; v1 sends base64 in JSON. Either interface
can be asked for the other's form, and proxies have been seen to choose, so the body decides.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from abby_core.errors import AbbyError, BadAnswer, Moderated
from abby_core.generation.picture_bytes import media_type
from abby_core.sentence import sentence

_SEED_MAX = 2**32 - 1


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The bytes as they came; by their first bytes PNG, JPEG or WebP, otherwise unchecked."""

    data: bytes = field(repr=False)
    seed: int | None


def read_picture(headers: Mapping[str, str], body: bytes) -> Picture:
    """The answer's picture.

    A JSON body of many megabytes takes a while: call it in a thread. Raises Moderated for a picture that the
    content filter blurred, and BadAnswer for what is no picture; both may have been charged.
    """
    if media_type(body) is not None:
        _check_finish(headers.get("finish-reason"))
        return Picture(data=body, seed=_seed(headers.get("seed")))
    return _picture(_artifacts(body)[0])


def read_pictures(headers: Mapping[str, str], body: bytes) -> list[Picture]:
    """All usable pictures of the answer to a call for several; raises as :func:`read_picture` where none is."""
    if media_type(body) is not None:
        return [read_picture(headers, body)]
    pictures: list[Picture] = []
    problem: AbbyError = no_picture()
    for artifact in _artifacts(body):
        try:
            pictures.append(_picture(artifact))
        except (Moderated, BadAnswer) as error:
            problem = error
    if not pictures:
        raise problem
    return pictures


def no_picture() -> BadAnswer:
    return BadAnswer(
        sentence("Stability's answer is no picture. Please try again later."), maybe_billed=True, status=200
    )


def _picture(artifact: dict[str, object]) -> Picture:
    _check_finish(artifact.get("finishReason", artifact.get("finish_reason")))
    encoded = artifact.get("base64", artifact.get("image"))
    try:
        data = base64.b64decode(encoded) if isinstance(encoded, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    if media_type(data) is None:
        raise no_picture()
    return Picture(data=data, seed=_seed(artifact.get("seed")))


def _artifacts(body: bytes) -> list[dict[str, object]]:
    """The objects that hold a picture each, at least one: v2beta's whole body, v1's artifacts."""
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError):
        raise no_picture() from None  # the cause would quote the body
    if isinstance(parsed, dict) and "artifacts" in parsed:
        parsed = cast("dict[str, object]", parsed)["artifacts"]
    found: list[object] = cast("list[object]", parsed) if isinstance(parsed, list) else [cast("object", parsed)]
    artifacts = [cast("dict[str, object]", each) for each in found if isinstance(each, dict)]
    if not artifacts:
        raise no_picture()
    return artifacts


def _check_finish(reason: object) -> None:
    if reason is None or reason == "SUCCESS":
        return
    if reason == "CONTENT_FILTERED":
        raise Moderated(
            sentence("Stability's content filter blurred the result, so it was thrown away. Please change the prompt."),
            maybe_billed=True,
            status=200,
        )
    raise BadAnswer(
        sentence("Stability could not finish the picture. Please try again."), maybe_billed=True, status=200
    )


def _seed(value: object) -> int | None:
    """A seed as number or digits; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 10:
        value = int(value)
    return value if type(value) is int and 0 <= value <= _SEED_MAX else None
