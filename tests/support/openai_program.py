"""What somebody's program does with OpenAI's client, whichever version it has: run by test_openai_versions.py.

It takes Abby's address, a line to it that will be cut, a token, a picture and a mask; it prints what it met as one
line of JSON.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai


def main(url: str, line: str, token: str, picture: str, mask: str) -> None:
    client = openai.OpenAI(api_key=token, base_url=f"{url}/v1", timeout=60)
    by_line = openai.OpenAI(api_key=token, base_url=f"{line}/v1", timeout=60)
    generate: Callable[..., Any] = client.images.generate
    stranger = client.with_options(api_key="abby_" + "2" * 40)
    looker = client.with_options(api_key="sk-somebody-else")
    met: dict[str, Any] = {
        "version": openai.__version__,
        "generated": [digest(each) for each in generate(prompt="a boat", n=2, size="512x512").data],
        "edited": [digest(each) for each in client.images.edit(image=Path(picture), prompt="at night").data or []],
        "edited in part": [
            digest(each)
            for each in client.images.edit(image=Path(picture), mask=Path(mask), prompt="a moon").data or []
        ],
        "streamed": [(each.type, digest(each)) for each in generate(prompt="a fox", stream=True)],
        "edit streamed": [
            (each.type, digest(each)) for each in client.images.edit(image=Path(picture), prompt="a night", stream=True)
        ],
        "models": [each.id for each in client.models.list()],
        "errors": {
            "wish": error(lambda: generate(prompt=" ")),
            "token": error(lambda: stranger.images.generate(prompt="a boat")),
            "other token": error(lambda: looker.images.generate(prompt="a boat")),
            "model": error(lambda: generate(prompt="a boat", model="midjourney")),
            "moderated": error(lambda: generate(prompt="something forbidden")),
            "broken": error(lambda: generate(prompt="something broken")),
            "streamed": error(lambda: list(generate(prompt="something broken", stream=True))),
        },
        "asked again": [digest(each) for each in by_line.images.generate(prompt="a boat on a line").data or []],
    }
    met["errors"]["used up"] = error(lambda: generate(prompt="a boat"))
    print(json.dumps(met))


def digest(picture: Any) -> str:
    return hashlib.sha256(base64.b64decode(picture.b64_json, validate=True)).hexdigest()


def error(call: Callable[[], object]) -> list[str | None]:
    """The class of what a call raises, and its code."""
    try:
        call()
    except openai.APIError as raised:
        return [type(raised).__name__, raised.code]
    return ["none", None]


main(*sys.argv[1:])
