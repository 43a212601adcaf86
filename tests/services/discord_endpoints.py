"""What the loopback's endpoints have in common: a call, a refusal, and how handlers are found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

from tests.services.discord_limits import addresses, problems_in_layout
from tests.services.discord_messages import COMPONENTS_V2, Message, Upload
from tests.services.discord_people import People
from tests.services.discord_rules import Operation
from tests.services.discord_world import VIEW_CHANNEL, Channel, Guild, Json, User

Done = tuple[int, Any]
"""The status and the body of an answer; a body of None is none at all."""


class Refusal(Exception):
    """Discord says no. ``finding``: no well-made bot would have asked."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        finding: bool = False,
        more: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.finding = finding
        self.headers = headers or {}
        self.body: Json = {"message": message, "code": code, **(more or {})}


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that is in order. ``arguments``: the values in its path."""

    operation: Operation
    request: web.Request
    body: Any
    uploads: Mapping[int, Upload]

    @property
    def arguments(self) -> dict[str, str]:
        return self.operation.arguments


Handler = Callable[[Call], Awaitable[Done]]
_Method = TypeVar("_Method", bound=Callable[..., Awaitable[Done]])


def on(*operations: str) -> Callable[[_Method], _Method]:
    """Says which of the document's operations a method performs."""

    def mark(method: _Method) -> _Method:
        method.operations = operations  # type: ignore[attr-defined]
        return method

    return mark


class Endpoints:
    """Some of Discord's endpoints. ``handlers``: by the name of the operation."""

    def __init__(self, people: People) -> None:
        self.people = people

    @property
    def handlers(self) -> dict[str, Handler]:
        methods = [getattr(self, name) for name in dir(type(self)) if name != "handlers"]
        return {operation: method for method in methods for operation in getattr(method, "operations", ())}

    def guild(self, call: Call) -> Guild:
        """The guild in the path, which the bot has to be in."""
        guild = self.people.guilds.get(int(call.arguments["guild_id"]))
        if guild is None:
            raise Refusal(404, 10004, "Unknown Guild")
        if self.people.bot.id not in guild.members:
            raise Refusal(403, 50001, "Missing Access")
        return guild

    def user(self, user_id: str) -> User:
        user = self.people.users.get(int(user_id))
        if user is None:
            raise Refusal(404, 10013, "Unknown User")
        return user

    def channel(self, call: Call, *needed: int) -> Channel:
        """The channel in the path, which the bot has to see, with the permissions ``needed`` there."""
        channel = self.people.find_channel(int(call.arguments["channel_id"]))
        if channel is None:
            raise Refusal(404, 10003, "Unknown Channel")
        if channel.guild is None:
            return channel
        allowed = channel.guild.permissions(self.people.bot, channel)
        if not allowed & VIEW_CHANNEL:
            raise Refusal(403, 50001, "Missing Access")
        if any(not allowed & one for one in needed):
            raise Refusal(403, 50013, "Missing Permissions")
        return channel

    async def edited(self, message: Message, body: Json, uploads: Mapping[int, Upload]) -> Done:
        """Changes a message, if what it would become is allowed."""
        problems = list(_problems_with_edit(message, body, uploads))
        if problems:
            raise Refusal(400, 50035, f"Invalid Form Body: {'; '.join(problems)}", finding=True)
        message.edit(body, uploads, self.people.content)
        await self.people.tell_of(message, "MESSAGE_UPDATE")
        return 200, message.payload()

    async def deleted(self, message: Message) -> Done:
        await self.people.remove(message)
        return 204, None


def _problems_with_edit(message: Message, body: Json, uploads: Mapping[int, Upload]) -> Iterator[str]:
    """What only shows beside the message as it is."""
    flags = body.get("flags") or 0
    new = bool((message.flags | flags) & COMPONENTS_V2)
    content, embeds = body.get("content", message.content), body.get("embeds", message.embeds)
    components = body.get("components", message.components)
    listed = {str(entry["id"]) for entry in body.get("attachments") or ()}
    kept = [file for file in message.files if "attachments" not in body or str(file.id) in listed]
    if not (content or embeds or components or kept or uploads):
        yield "a message cannot become empty"
    if new and (content or embeds):
        yield "beside components of version 2 there can be no content and no embeds"
    if message.flags & COMPONENTS_V2 and body.get("flags") is not None and not flags & COMPONENTS_V2:
        yield "the flag for components of version 2 cannot be removed"
    known = {upload.filename for upload in uploads.values()} | {file.filename for file in kept}
    yield from (f"no file {name!r} came or was there" for name in addresses(body) - known)
    yield from map(str, problems_in_layout(body.get("components") or [], ("components",), new=new))
