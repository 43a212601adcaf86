"""What each of Discord's REST endpoints does here, once a request is known to be well-formed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.services.discord_interactions import (
    AUTOCOMPLETE,
    COMPONENT,
    FOLLOWUPS_OF_USER_APPS_MAX,
    MODAL,
    Interaction,
)
from tests.services.discord_messages import EPHEMERAL, LOADING, REPLY, Message, Upload
from tests.services.discord_people import People
from tests.services.discord_rules import Operation
from tests.services.discord_world import (
    ATTACH_FILES,
    EMBED_LINKS,
    MANAGE_GUILD,
    MANAGE_MESSAGES,
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Json,
    User,
    snowflake,
)

MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, FORM = 4, 5, 6, 7, 8, 9


class Refusal(Exception):
    """Discord says no. ``finding``: no well-made bot would have asked."""

    def __init__(
        self, status: int, code: int, message: str, *, finding: bool = False, more: Json | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.finding = finding
        self.headers: dict[str, str] = {}
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


Handler = Callable[["Rest", Call], Awaitable[tuple[int, Any]]]
_HANDLERS: dict[str, Handler] = {}


def _on(name: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        _HANDLERS[name] = handler
        return handler

    return register


class Rest:
    """``perform``: does what a call asks for, and answers the status and the body."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._nonces: dict[tuple[int, str], Message] = {}
        self._turn = asyncio.Lock()

    async def perform(self, call: Call) -> tuple[int, Any]:
        handler = _HANDLERS.get(call.operation.name)
        if handler is None:
            raise Refusal(501, 0, f"{call.operation.name} is not played here", finding=True)
        return await handler(self, call)

    def forget_nonces(self) -> None:
        """As if the few minutes had passed for which Discord remembers them."""
        self._nonces.clear()

    # Who the bot is

    @_on("GET /users/@me")
    async def _me(self, _call: Call) -> tuple[int, Any]:
        return 200, self._people.bot.payload() | {
            "mfa_enabled": False,
            "locale": "en-US",
            "verified": True,
            "email": None,
        }

    @_on("GET /gateway/bot")
    async def _gateway(self, _call: Call) -> tuple[int, Any]:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return 200, {
            "url": self._people.url.replace("http:", "ws:") + "/gateway",
            "shards": 1,
            "session_start_limit": limit,
        }

    @_on("GET /applications/@me")
    @_on("GET /oauth2/applications/@me")
    async def _application(self, _call: Call) -> tuple[int, Any]:
        return 200, {
            "id": str(self._people.application_id),
            "name": self._people.bot.name,
            "icon": None,
            "description": "",
            "type": None,
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": self._people.owner.payload(),
            "bot": self._people.bot.payload(),
            "bot_public": True,
            "bot_require_code_grant": False,
            "approximate_guild_count": len(self._people.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": [],
        }

    # Commands

    @_on("GET /applications/{application_id}/commands")
    @_on("GET /applications/{application_id}/guilds/{guild_id}/commands")
    async def _commands(self, call: Call) -> tuple[int, Any]:
        return 200, self._people.commands.get(self._whose(call), [])

    @_on("PUT /applications/{application_id}/commands")
    @_on("PUT /applications/{application_id}/guilds/{guild_id}/commands")
    async def _set_commands(self, call: Call) -> tuple[int, Any]:
        guild_id = self._whose(call)
        before = {(one["type"], one["name"]): one["id"] for one in self._people.commands.get(guild_id, ())}
        self._people.commands[guild_id] = [
            self._stored_command(command, guild_id, before) for command in call.body or ()
        ]
        return 200, self._people.commands[guild_id]

    def _whose(self, call: Call) -> int | None:
        if call.arguments["application_id"] != str(self._people.application_id):
            raise Refusal(403, 20012, "You are not authorized to perform this action on this application", finding=True)
        return self._guild(call).id if "guild_id" in call.arguments else None

    def _stored_command(self, command: Json, guild_id: int | None, before: Mapping[tuple[int, str], str]) -> Json:
        kind = command.get("type") or 1
        permissions = command.get("default_member_permissions")
        stored: Json = command | {
            "id": before.get((kind, command["name"]), str(snowflake())),
            "application_id": str(self._people.application_id),
            "version": str(snowflake()),
            "type": kind,
            "description": command.get("description") or "",
            "default_member_permissions": None if permissions is None else str(permissions),
            "nsfw": bool(command.get("nsfw")),
            "integration_types": command.get("integration_types") or [0],
            "dm_permission": command.get("dm_permission") is not False,
        }
        return stored | ({} if guild_id is None else {"guild_id": str(guild_id)})

    # Guilds and channels

    @_on("GET /guilds/{guild_id}")
    async def _get_guild(self, call: Call) -> tuple[int, Any]:
        guild = self._guild(call)
        counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
        return 200, guild.payload() | (counts if call.request.query.get("with_counts") else {})

    @_on("GET /guilds/{guild_id}/channels")
    async def _get_channels(self, call: Call) -> tuple[int, Any]:
        return 200, [channel.payload() for channel in self._guild(call).channels]

    @_on("GET /guilds/{guild_id}/roles")
    async def _get_roles(self, call: Call) -> tuple[int, Any]:
        return 200, [role.payload() for role in self._guild(call).roles]

    @_on("GET /guilds/{guild_id}/members/{user_id}")
    async def _get_member(self, call: Call) -> tuple[int, Any]:
        member = self._guild(call).members.get(int(call.arguments["user_id"]))
        if member is None:
            raise Refusal(404, 10007, "Unknown Member")
        return 200, member.payload()

    @_on("GET /guilds/{guild_id}/auto-moderation/rules")
    async def _get_moderation_rules(self, call: Call) -> tuple[int, Any]:
        guild = self._guild(call)
        if not guild.permissions(self._people.bot) & MANAGE_GUILD:
            raise Refusal(403, 50013, "Missing Permissions")
        return 200, guild.moderation_rules

    @_on("GET /channels/{channel_id}")
    async def _get_channel(self, call: Call) -> tuple[int, Any]:
        return 200, self._channel(call).payload()

    @_on("GET /users/{user_id}")
    async def _get_user(self, call: Call) -> tuple[int, Any]:
        return 200, self._user(call.arguments["user_id"]).payload()

    @_on("POST /users/@me/channels")
    async def _open_dm(self, call: Call) -> tuple[int, Any]:
        return 200, self._people.dm(self._user(str(call.body.get("recipient_id")))).payload()

    def _guild(self, call: Call) -> Guild:
        guild = self._people.guilds.get(int(call.arguments["guild_id"]))
        if guild is None or self._people.bot.id not in guild.members:
            raise Refusal(
                403 if guild else 404, 50001 if guild else 10004, "Missing Access" if guild else "Unknown Guild"
            )
        return guild

    def _user(self, user_id: str) -> User:
        user = self._people.users.get(int(user_id))
        if user is None:
            raise Refusal(404, 10013, "Unknown User")
        return user

    def _channel(self, call: Call, *needed: int) -> Channel:
        """The channel in the path, which the bot has to see, with the permissions ``needed`` there."""
        channel = self._people.find_channel(int(call.arguments["channel_id"]))
        if channel is None:
            raise Refusal(404, 10003, "Unknown Channel")
        if channel.guild is None:
            return channel
        allowed = channel.guild.permissions(self._people.bot, channel)
        if not allowed & VIEW_CHANNEL:
            raise Refusal(403, 50001, "Missing Access")
        if any(not allowed & one for one in needed):
            raise Refusal(403, 50013, "Missing Permissions")
        return channel

    # Messages in channels

    @_on("POST /channels/{channel_id}/messages")
    async def _post(self, call: Call) -> tuple[int, Any]:
        needed = [SEND_MESSAGES] + [ATTACH_FILES] * bool(call.uploads) + [EMBED_LINKS] * bool(call.body.get("embeds"))
        channel = self._channel(call, *needed)
        if channel.recipient is not None and not channel.recipient.takes_dms:
            raise Refusal(403, 50007, "Cannot send messages to this user")
        nonce = call.body.get("nonce")
        if call.body.get("enforce_nonce") and (channel.id, str(nonce)) in self._nonces:
            return 200, self._nonces[channel.id, str(nonce)].payload()
        message = Message(channel=channel, author=self._people.bot, nonce=nonce)
        self._refer(message, call.body.get("message_reference"))
        message.write(call.body | {"flags": (call.body.get("flags") or 0) & ~EPHEMERAL}, call.uploads, self._people.url)
        if nonce is not None:
            self._nonces[channel.id, str(nonce)] = message
        await self._people.publish(message)
        return 200, message.payload()

    def _refer(self, message: Message, reference: Json | None) -> None:
        if not reference:
            return
        target = next((one for one in message.channel.messages if str(one.id) == str(reference["message_id"])), None)
        if target is None and reference.get("fail_if_not_exists") is not False:
            more = {"errors": {"message_reference": {"_errors": [{"code": "REPLIES_UNKNOWN_MESSAGE"}]}}}
            raise Refusal(400, 50035, "Invalid Form Body: Unknown message", more=more)
        if target is not None:
            message.kind = REPLY
            message.reference = {"type": 0, "message_id": str(target.id), "channel_id": str(message.channel.id)}

    @_on("GET /channels/{channel_id}/messages/{message_id}")
    async def _get_message(self, call: Call) -> tuple[int, Any]:
        self._channel(call, READ_MESSAGE_HISTORY)
        return 200, self._message(call).payload()

    @_on("GET /channels/{channel_id}/messages")
    async def _get_messages(self, call: Call) -> tuple[int, Any]:
        channel = self._channel(call, READ_MESSAGE_HISTORY)
        public = [message for message in reversed(channel.messages) if not message.ephemeral]
        return 200, [message.payload() for message in public[: int(call.request.query.get("limit", 50))]]

    @_on("PATCH /channels/{channel_id}/messages/{message_id}")
    async def _edit_message(self, call: Call) -> tuple[int, Any]:
        self._channel(call)
        message = self._message(call)
        if message.author is not self._people.bot:
            raise Refusal(403, 50005, "Cannot edit a message authored by another user")
        return await self._edited(message, call.body, call.uploads)

    @_on("DELETE /channels/{channel_id}/messages/{message_id}")
    async def _delete_message(self, call: Call) -> tuple[int, Any]:
        message = self._message(call)
        self._channel(call, *([] if message.author is self._people.bot else [MANAGE_MESSAGES]))
        return await self._deleted(message)

    def _message(self, call: Call) -> Message:
        channel = self._channel(call)
        for message in channel.messages:
            # an ephemeral message is in no channel's list, its own token alone reaches it
            if str(message.id) == call.arguments["message_id"] and not message.ephemeral:
                return message
        raise Refusal(404, 10008, "Unknown Message")

    async def _edited(self, message: Message, body: Json, uploads: Mapping[int, Upload]) -> tuple[int, Any]:
        message.edit(body, uploads, self._people.url)
        self._people.attachments |= {file.path: file for file in message.files}
        if not message.ephemeral:
            await self._people.tell_of(message, "MESSAGE_UPDATE")
        return 200, message.payload()

    async def _deleted(self, message: Message) -> tuple[int, Any]:
        message.deleted = True
        message.channel.messages.remove(message)
        if not message.ephemeral:
            await self._people.tell_of(message, "MESSAGE_DELETE")
        return 204, None

    # Interactions

    @_on("POST /interactions/{interaction_id}/{interaction_token}/callback")
    async def _callback(self, call: Call) -> tuple[int, Any]:
        interaction = self._people.interactions.get(int(call.arguments["interaction_id"]))
        if interaction is None or interaction.token != call.arguments["interaction_token"] or interaction.expired:
            raise Refusal(404, 10062, "Unknown interaction")
        if interaction.answered:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        kind, data = call.body["type"], call.body.get("data") or {}
        _check_kind(interaction, kind)
        interaction.callback, interaction.callback_type = call.body, kind
        if kind in {MESSAGE, DEFERRED}:
            flags = (data.get("flags") or 0) & EPHEMERAL | (LOADING if kind == DEFERRED else 0)
            interaction.first = interaction.new_message(self._people.bot, flags=flags)
            if kind == MESSAGE:
                interaction.first.write(data, call.uploads, self._people.url)
            await self._people.publish(interaction.first)
        elif kind in {DEFERRED_UPDATE, UPDATE}:
            interaction.first = interaction.source
            if kind == UPDATE and interaction.source is not None:
                await self._edited(interaction.source, data, call.uploads)
        if call.request.query.get("with_response", "").lower() in {"1", "true"}:
            return 200, _callback_response(interaction, kind)
        return 204, None

    @_on("POST /webhooks/{webhook_id}/{webhook_token}")
    async def _follow_up(self, call: Call) -> tuple[int, Any]:
        interaction = self._interaction(call)
        if interaction.original is not None and interaction.original.loading:
            # The first follow-up takes the place of "is thinking…", and whether it is ephemeral was decided then.
            return await self._edited(interaction.original, call.body, call.uploads)
        if interaction.by_user_install and len(interaction.followups) >= FOLLOWUPS_OF_USER_APPS_MAX:
            raise Refusal(400, 40094, "This interaction has reached the maximum number of follow up messages")
        message = interaction.new_message(self._people.bot, flags=(call.body.get("flags") or 0) & EPHEMERAL)
        message.kind = REPLY
        message.write(call.body, call.uploads, self._people.url)
        interaction.followups.append(message)
        await self._people.publish(message)
        return 200, message.payload()

    @_on("GET /webhooks/{webhook_id}/{webhook_token}/messages/@original")
    @_on("GET /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}")
    async def _get_answer(self, call: Call) -> tuple[int, Any]:
        return 200, self._answer(call).payload()

    @_on("PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original")
    @_on("PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}")
    async def _edit_answer(self, call: Call) -> tuple[int, Any]:
        return await self._edited(self._answer(call), call.body, call.uploads)

    @_on("DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original")
    @_on("DELETE /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}")
    async def _delete_answer(self, call: Call) -> tuple[int, Any]:
        return await self._deleted(self._answer(call))

    def _interaction(self, call: Call) -> Interaction:
        for interaction in self._people.interactions.values():
            if interaction.token == call.arguments["webhook_token"]:
                if interaction.token_dead:
                    raise Refusal(401, 50027, "Invalid Webhook Token")
                if not interaction.answered:
                    raise Refusal(404, 10015, "Unknown Webhook")
                return interaction
        raise Refusal(401, 50027, "Invalid Webhook Token")

    def _answer(self, call: Call) -> Message:
        interaction = self._interaction(call)
        wanted = call.arguments.get("message_id")
        for message in interaction.messages:
            if wanted == str(message.id) or (wanted is None and message is interaction.original):
                return message
        raise Refusal(404, 10008, "Unknown Message")


def _check_kind(interaction: Interaction, kind: int) -> None:
    """Not every answer fits every interaction."""
    allowed = {MESSAGE, DEFERRED, FORM}
    if interaction.kind == AUTOCOMPLETE:
        allowed = {CHOICES}
    elif interaction.kind == COMPONENT:
        allowed |= {DEFERRED_UPDATE, UPDATE}
    elif interaction.kind == MODAL:
        allowed = {MESSAGE, DEFERRED} | ({DEFERRED_UPDATE, UPDATE} if interaction.source else set[int]())
    if kind not in allowed:
        raise Refusal(400, 50035, f"Invalid Form Body: type {kind} does not answer this interaction", finding=True)


def _callback_response(interaction: Interaction, kind: int) -> Json:
    about: Json = {"id": str(interaction.id), "type": interaction.kind}
    body: Json = {"interaction": about}
    message = interaction.first
    if message is not None:
        about |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
    if message is not None and kind in {MESSAGE, UPDATE}:
        body["resource"] = {"type": kind, "message": message.payload()}
    return body
