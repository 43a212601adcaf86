"""Who and what there is on the loopback's Discord: people, guilds, roles, channels, and who may do what where."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.services.discord_messages import Message

Json = dict[str, Any]

ADMINISTRATOR = 1 << 3
MANAGE_GUILD = 1 << 5
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
USE_APPLICATION_COMMANDS = 1 << 31
SEND_MESSAGES_IN_THREADS = 1 << 38
USE_EXTERNAL_APPS = 1 << 50
ALL_PERMISSIONS = (1 << 53) - 1
USUAL_PERMISSIONS = (
    VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_APPLICATION_COMMANDS
    | SEND_MESSAGES_IN_THREADS
    | USE_EXTERNAL_APPS
)
"""What @everyone has in a new guild here: all that a bot needs, and no right to wake everyone."""

TEXT_CHANNEL, DM_CHANNEL = 0, 1
MB = 2**20
FILE_BYTES_MAX = {0: 10 * MB, 1: 10 * MB, 2: 50 * MB, 3: 100 * MB}
"""The largest file by a guild's premium tier."""

_EPOCH_MS = 1_420_070_400_000
_numbers = itertools.count(1)


def snowflake() -> int:
    """A new identifier: the time it was made, and a number that tells it from others of the same moment."""
    return (time.time_ns() // 1_000_000 - _EPOCH_MS << 22) + next(_numbers) % 2**22


def timestamp() -> str:
    return datetime.now(UTC).isoformat()


@dataclass(eq=False, kw_only=True)
class User:
    """A person, or the bot."""

    name: str
    id: int = field(default_factory=snowflake)
    display_name: str | None = None
    bot: bool = False
    locale: str = "en-US"
    takes_dms: bool = True
    """False: writing to this person answers 50007."""

    def payload(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": self.display_name,
            "discriminator": "0",
            "avatar": None,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
            "bot": self.bot,
        }


@dataclass(eq=False, kw_only=True)
class Role:
    name: str
    permissions: int = 0
    id: int = field(default_factory=snowflake)
    position: int = 1

    def payload(self) -> Json:
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(self.permissions),
            "position": self.position,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass(eq=False, kw_only=True)
class Channel:
    """A guild's text channel, or the talk with one person. ``messages``: what is there now, the ephemeral included."""

    name: str
    guild: Guild | None = None
    id: int = field(default_factory=snowflake)
    nsfw: bool = False
    recipient: User | None = None
    denied: dict[int, int] = field(default_factory=dict[int, int])
    """By the id of a role or person: permissions that they lack in this channel."""
    messages: list[Message] = field(default_factory=list)

    def payload(self) -> Json:
        last = str(self.messages[-1].id) if self.messages else None
        payload: Json = {"id": str(self.id), "flags": 0, "last_message_id": last}
        if self.guild is None:
            assert self.recipient is not None
            return payload | {"type": DM_CHANNEL, "recipients": [self.recipient.payload()]}
        return payload | {
            "type": TEXT_CHANNEL,
            "guild_id": str(self.guild.id),
            "name": self.name,
            "position": 0,
            "parent_id": None,
            "topic": None,
            "nsfw": self.nsfw,
            "rate_limit_per_user": 0,
            "permission_overwrites": [
                {"id": str(whose), "type": 0 if whose in self.guild.role_ids else 1, "allow": "0", "deny": str(what)}
                for whose, what in self.denied.items()
            ],
        }

    @property
    def public_messages(self) -> list[Message]:
        """What everybody in the channel sees."""
        return [message for message in self.messages if not message.ephemeral]

    def deny(self, whom: User | Role, permissions: int) -> None:
        """Takes permissions away here. Before the bot connects, or it does not learn of it."""
        self.denied[whom.id] = self.denied.get(whom.id, 0) | permissions


@dataclass(eq=False, kw_only=True)
class Member:
    user: User
    roles: list[Role] = field(default_factory=list[Role])
    nick: str | None = None
    joined_at: str = field(default_factory=timestamp)
    premium_since: str | None = None

    def payload(self) -> Json:
        return {
            "user": self.user.payload(),
            "roles": [str(role.id) for role in self.roles],
            "nick": self.nick,
            "joined_at": self.joined_at,
            "premium_since": self.premium_since,
            "avatar": None,
            "banner": None,
            "communication_disabled_until": None,
            "flags": 0,
            "pending": False,
            "mute": False,
            "deaf": False,
        }


@dataclass(eq=False, kw_only=True)
class Guild:
    """A community. ``premium_tier`` (0 to 3) decides how large files may be."""

    name: str
    owner: User
    id: int = field(default_factory=snowflake)
    premium_tier: int = 0
    locale: str = "en-US"
    channels: list[Channel] = field(default_factory=list[Channel])
    members: dict[int, Member] = field(default_factory=dict[int, Member])
    roles: list[Role] = field(default_factory=list[Role])
    moderation_rules: list[Json] = field(default_factory=list[Json])
    """What the list of AutoMod's rules answers, for a bot that may manage the guild."""

    def __post_init__(self) -> None:
        self.everyone = Role(name="@everyone", permissions=USUAL_PERMISSIONS, id=self.id, position=0)
        self.roles.insert(0, self.everyone)
        self.join(self.owner)

    @property
    def role_ids(self) -> set[int]:
        return {role.id for role in self.roles}

    @property
    def file_bytes_max(self) -> int:
        return FILE_BYTES_MAX[self.premium_tier]

    def channel(self, name: str = "art", *, nsfw: bool = False) -> Channel:
        """A new text channel."""
        channel = Channel(name=name, guild=self, nsfw=nsfw)
        self.channels.append(channel)
        return channel

    def role(self, name: str, permissions: int = 0) -> Role:
        role = Role(name=name, permissions=permissions, position=len(self.roles))
        self.roles.append(role)
        return role

    def join(self, user: User, *roles: Role, boosts: bool = False) -> Member:
        member = Member(user=user, roles=list(roles), premium_since=timestamp() if boosts else None)
        self.members[user.id] = member
        return member

    def permissions(self, user: User, channel: Channel | None = None) -> int:
        """What ``user`` may do, here or in one channel, as Discord reckons it."""
        member = self.members.get(user.id)
        if member is None:
            return 0
        roles = [self.everyone, *member.roles]
        allowed = 0
        for role in roles:
            allowed |= role.permissions
        if user is self.owner or allowed & ADMINISTRATOR:
            return ALL_PERMISSIONS
        for whose in (*(role.id for role in roles), user.id):
            allowed &= ~(channel.denied.get(whose, 0) if channel else 0)
        return allowed

    def payload(self) -> Json:
        nothing = (
            "icon description home_header splash discovery_splash banner application_id afk_channel_id "
            "system_channel_id widget_channel_id max_presences vanity_url_code rules_channel_id "
            "safety_alerts_channel_id public_updates_channel_id incidents_data"
        )
        zero = (
            "system_channel_flags verification_level default_message_notifications mfa_level explicit_content_filter "
            "premium_subscription_count nsfw_level"
        )
        return {
            **dict.fromkeys(nothing.split()),
            **dict.fromkeys(zero.split(), 0),
            "id": str(self.id),
            "name": self.name,
            "features": [],
            "owner_id": str(self.owner.id),
            "region": "deprecated",
            "afk_timeout": 300,
            "widget_enabled": False,
            "roles": [role.payload() for role in self.roles],
            "max_members": 500_000,
            "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25,
            "premium_tier": self.premium_tier,
            "preferred_locale": self.locale,
            "premium_progress_bar_enabled": False,
            "nsfw": False,
            "emojis": [],
            "stickers": [],
        }

    def gateway_payload(self, bot: User) -> Json:
        """The guild as GUILD_CREATE tells it: without the intent for members, of them only the bot."""
        return self.payload() | {
            "joined_at": self.members[bot.id].joined_at,
            "large": False,
            "unavailable": False,
            "member_count": len(self.members),
            "members": [self.members[bot.id].payload()],
            "channels": [channel.payload() for channel in self.channels],
            "threads": [],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
