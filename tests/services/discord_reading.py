"""Reading a request's body, and telling in Discord's words what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.services.discord_content import Upload
from tests.services.discord_endpoints import Refusal
from tests.services.discord_rules import Problem
from tests.services.discord_world import Json


@dataclass(eq=False, repr=False)
class Seen:
    """A request as it arrived, and the status of its answer (0: none was given)."""

    method: str
    path: str
    operation: str = ""
    """Its name in the document, "POST /channels/{channel_id}/messages"."""
    body: Any = None
    uploads: dict[int, Upload] = field(default_factory=dict[int, Upload])
    status: int = 0

    def __repr__(self) -> str:
        return f"{self.status} {self.method} {self.path}"


async def read(request: web.Request) -> tuple[Any, dict[int, Upload]]:
    """The body, None if there is none, and the files that came with it by their number."""
    if request.content_type == "multipart/form-data":
        return await _read_form(request)
    data = await request.read()
    if not data:
        return None, {}
    if request.content_type != "application/json":
        raise Refusal(400, 50109, f"The content type {request.content_type} is not played here", finding=True)
    return _parsed(data), {}


async def _read_form(request: web.Request) -> tuple[Any, dict[int, Upload]]:
    body: Any = {}
    uploads: dict[int, Upload] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        name, data = part.name or "", bytes(await part.read())
        if name == "payload_json":
            body = _parsed(data)
        elif name.startswith("files[") and name[6:-1].isdecimal() and part.filename:
            uploads[int(name[6:-1])] = Upload(filename=part.filename, data=data)
        else:
            raise Refusal(400, 50035, f"Invalid Form Body: the part {name!r} is unknown", finding=True)
    return body, uploads


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise Refusal(400, 50109, "The request body contains invalid JSON.", finding=True) from None


def refuse(problems: list[Problem]) -> None:
    """Raises Discord's tree of errors, if there are any."""
    if not problems:
        return
    if any(problem.code == "50006" for problem in problems):
        raise Refusal(400, 50006, "Cannot send an empty message")
    tree: Json = {}
    for problem in problems:
        branch = tree
        for step in problem.path:
            branch = branch.setdefault(str(step), {})
        branch.setdefault("_errors", []).append({"code": problem.code, "message": problem.message})
    raise Refusal(400, 50035, "Invalid Form Body", more={"errors": tree})
