"""Endpoints for the bot itself, its commands, guilds, channels and people."""

from __future__ import annotations

from collections.abc import Mapping

from tests.services.discord_endpoints import Call, Done, Endpoints, Refusal, on
from tests.services.discord_world import MANAGE_GUILD, SEND_MESSAGES, Json, snowflake


class Places(Endpoints):
    @on("GET /users/@me")
    async def me(self, _call: Call) -> Done:
        return 200, self.people.bot.payload() | {
            "mfa_enabled": False,
            "locale": "en-US",
            "verified": True,
            "email": None,
        }

    @on("GET /gateway/bot")
    async def gateway(self, _call: Call) -> Done:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return 200, {"url": self.people.gateway_url, "shards": self.people.shards, "session_start_limit": limit}

    @on("GET /applications/@me", "GET /oauth2/applications/@me")
    async def application(self, _call: Call) -> Done:
        return 200, {
            "id": str(self.people.application_id),
            "name": self.people.bot.name,
            "icon": None,
            "description": "",
            "type": None,
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "interactions_endpoint_url": self.people.interactions_endpoint_url,
            "role_connections_verification_url": None,
            "owner": self.people.owner.payload(),
            "bot": self.people.bot.payload(),
            "bot_public": True,
            "bot_require_code_grant": False,
            "approximate_guild_count": len(self.people.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": [],
        }

    # Commands

    @on("GET /applications/{application_id}/commands", "GET /applications/{application_id}/guilds/{guild_id}/commands")
    async def get_commands(self, call: Call) -> Done:
        return 200, self.people.commands.get(self._whose(call), [])

    @on("PUT /applications/{application_id}/commands", "PUT /applications/{application_id}/guilds/{guild_id}/commands")
    async def set_commands(self, call: Call) -> Done:
        """Puts these commands in the place of all there were; one that keeps its name keeps its id."""
        guild_id = self._whose(call)
        before = {(one["type"], one["name"]): one["id"] for one in self.people.commands.get(guild_id, ())}
        self.people.commands[guild_id] = [self._stored(command, guild_id, before) for command in call.body or ()]
        return 200, self.people.commands[guild_id]

    def _whose(self, call: Call) -> int | None:
        if call.arguments["application_id"] != str(self.people.application_id):
            raise Refusal(403, 20012, "You are not authorized to perform this action on this application", finding=True)
        return self.guild(call).id if "guild_id" in call.arguments else None

    def _stored(self, command: Json, guild_id: int | None, before: Mapping[tuple[int, str], str]) -> Json:
        kind = command.get("type") or 1
        permissions = command.get("default_member_permissions")
        stored: Json = command | {
            "id": before.get((kind, command["name"]), str(snowflake())),
            "application_id": str(self.people.application_id),
            "version": str(snowflake()),
            "type": kind,
            "description": command.get("description") or "",
            "default_member_permissions": None if permissions is None else str(permissions),
            "nsfw": bool(command.get("nsfw")),
            "integration_types": command.get("integration_types") or list(self.people.installs),
            "dm_permission": command.get("dm_permission") is not False,
        }
        return stored | ({} if guild_id is None else {"guild_id": str(guild_id)})

    # Guilds, channels and people

    @on("GET /users/@me/guilds")
    async def my_guilds(self, _call: Call) -> Done:
        """Those that the bot is in, with what it may do there; a page is 200 long (Get Current User Guilds)."""
        bot = self.people.bot
        return 200, [
            {
                "id": str(guild.id), "name": guild.name, "icon": None, "banner": None, "owner": guild.owner is bot,
                "permissions": str(guild.permissions(bot)), "features": [],
            }
            for guild in self.people.guilds.values()
            if bot.id in guild.members
        ]  # fmt: skip

    @on("GET /guilds/{guild_id}")
    async def get_guild(self, call: Call) -> Done:
        guild = self.guild(call)
        counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
        return 200, guild.payload() | (counts if call.request.query.get("with_counts") else {})

    @on("GET /guilds/{guild_id}/channels")
    async def get_channels(self, call: Call) -> Done:
        return 200, [channel.payload() for channel in self.guild(call).channels]

    @on("GET /guilds/{guild_id}/roles")
    async def get_roles(self, call: Call) -> Done:
        return 200, [role.payload() for role in self.guild(call).roles]

    @on("GET /guilds/{guild_id}/members/{user_id}")
    async def get_member(self, call: Call) -> Done:
        member = self.guild(call).members.get(int(call.arguments["user_id"]))
        if member is None:
            raise Refusal(404, 10007, "Unknown Member")
        return 200, member.payload()

    @on("GET /guilds/{guild_id}/auto-moderation/rules")
    async def get_moderation_rules(self, call: Call) -> Done:
        guild = self.guild(call)
        if not guild.permissions(self.people.bot) & MANAGE_GUILD:
            raise Refusal(403, 50013, "Missing Permissions")
        return 200, guild.moderation_rules

    @on("GET /channels/{channel_id}")
    async def get_channel(self, call: Call) -> Done:
        return 200, self.channel(call).payload()

    @on("POST /channels/{channel_id}/typing")
    async def type_in_channel(self, call: Call) -> Done:
        self.channel(call, SEND_MESSAGES)
        return 204, None

    @on("GET /users/{user_id}")
    async def get_user(self, call: Call) -> Done:
        return 200, self.user(call.arguments["user_id"]).payload()

    @on("POST /users/@me/channels")
    async def open_dm(self, call: Call) -> Done:
        """Works for people who take no messages too: writing there is what fails."""
        return 200, self.people.dm(self.user(str(call.body.get("recipient_id", 0)))).payload()
