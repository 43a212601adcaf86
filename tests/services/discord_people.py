"""Acting as people: commands, clicks, choices, forms and menus, with all that Discord tells a bot then."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from tests.services.discord_clients import (
    MESSAGE_MENU,
    SLASH,
    USER_MENU,
    Resolved,
    chosen_values,
    command_data,
    filled,
    option_values,
    usable,
    way_down,
)
from tests.services.discord_content import Attachment, ContentNetwork, Upload
from tests.services.discord_gateway import DIRECT_MESSAGES, GUILD_MESSAGES, Gateway
from tests.services.discord_interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Impossible, Interaction
from tests.services.discord_messages import Message
from tests.services.discord_world import FILE_BYTES_MAX, USUAL_PERMISSIONS, Channel, Guild, Json, User


class People(ABC):
    """The part of the server through which tests act as people. What no client would send raises Impossible.

    ``by_user_install``: the person uses the app that they installed for themselves, not the guild's.
    """

    url: str
    bot: User
    owner: User
    users: dict[int, User]
    guilds: dict[int, Guild]
    application_id: int
    interactions_endpoint_url: str | None
    changed: asyncio.Condition
    gateway: Gateway
    interactions: dict[int, Interaction]
    content: ContentNetwork
    commands: dict[int | None, list[Json]]
    installs: tuple[int, ...]
    shards: int

    @property
    def gateway_url(self) -> str:
        return self.url.replace("http:", "ws:") + "/gateway"

    @abstractmethod
    async def connected(self) -> None:
        """Waits until a bot listens."""

    @abstractmethod
    def dm(self, user: User) -> Channel: ...

    @abstractmethod
    def find_channel(self, channel_id: int) -> Channel | None: ...

    async def command(
        self,
        user: User,
        name: str,
        options: Mapping[str, Any] | None = None,
        *,
        channel: Channel,
        attachments: Mapping[str, Upload] | None = None,
        locale: str | None = None,
        by_user_install: bool = False,
    ) -> Interaction:
        """``user`` sends a slash command; ``name`` may be "group sub". A value may be a User, Role, Channel, Upload."""
        definition, way, leaf = self._definition(name, SLASH, user, channel, by_user=by_user_install)
        interaction = self._new(COMMAND, user, channel, by_user_install=by_user_install)
        resolved = self._resolved(channel)
        values = option_values(leaf, {**(options or {}), **(attachments or {})}, resolved)
        interaction.uploads = resolved.files
        return await self._dispatch(interaction, resolved.into(command_data(definition, way, values)), locale)

    async def autocomplete(
        self,
        user: User,
        name: str,
        options: Mapping[str, Any],
        *,
        focused: str,
        channel: Channel,
        locale: str | None = None,
        by_user_install: bool = False,
    ) -> Interaction:
        """``user`` is typing: ``options`` so far, and the one being typed. The answer is in ``choices``."""
        definition, way, leaf = self._definition(name, SLASH, user, channel, by_user=by_user_install)
        kinds = {one["name"]: one["type"] for one in leaf}
        if not any(one["name"] == focused and one.get("autocomplete") for one in leaf):
            raise Impossible(f"/{name} completes no option {focused}")
        values: list[Json] = []
        for key, value in {focused: "", **options}.items():  # half a value is no value yet: nothing is checked
            values.append({"name": key, "type": kinds[key], "value": value})
            values[-1] |= {"focused": True} if key == focused else {}
        interaction = self._new(AUTOCOMPLETE, user, channel, by_user_install=by_user_install)
        return await self._dispatch(interaction, command_data(definition, way, values), locale)

    async def context_menu(
        self,
        user: User,
        name: str,
        target: User | Message,
        *,
        channel: Channel,
        locale: str | None = None,
        by_user_install: bool = False,
    ) -> Interaction:
        """``user`` chooses an entry of the menu of a message or a person."""
        kind = MESSAGE_MENU if isinstance(target, Message) else USER_MENU
        definition = usable(self._known(channel), name, kind, user, channel, by_user=by_user_install)
        interaction = self._new(COMMAND, user, channel, by_user_install=by_user_install)
        if isinstance(target, Message):
            _can_see(user, target)
            interaction.source = target
        resolved = self._resolved(channel)
        data = command_data(definition, [], []) | {"target_id": resolved.named(target)}
        return await self._dispatch(interaction, resolved.into(data), locale)

    async def click(self, message: Message, custom_id: str, user: User, *, locale: str | None = None) -> Interaction:
        """``user`` presses the button with this ``custom_id``, or with this label."""
        found = [one for one in message.buttons if custom_id in {one.get("custom_id"), one.get("label")}]
        if len(found) != 1:
            offered = [(one.get("label"), one.get("custom_id")) for one in message.buttons]
            raise Impossible(f"the message has no single button {custom_id!r}, but {offered}")
        return await self._use(message, found[0], user, {}, locale)

    async def select(
        self, message: Message, custom_id: str, values: Iterable[Any], user: User, *, locale: str | None = None
    ) -> Interaction:
        """``user`` chooses from the list with this ``custom_id``: its values, or people, roles, channels."""
        found = next((one for one in message.selects if one["custom_id"] == custom_id), None)
        if found is None:
            raise Impossible(f"the message has no list {custom_id!r}")
        resolved = self._resolved(message.channel)
        data = resolved.into({"values": chosen_values(found, values, resolved)})
        return await self._use(message, found, user, data, locale)

    async def modal(
        self, shown: Interaction, values: Mapping[str, Any] | None = None, *, locale: str | None = None
    ) -> Interaction:
        """The person fills in the form that ``shown`` was answered with. ``values`` by ``custom_id``: a text, the
        choices of a list, or files; what is left out stays as the form came."""
        if shown.modal is None:
            raise Impossible(f"no form was shown: {shown.told()}")
        unknown = (values or {}).keys() - shown.fields.keys()
        if unknown:
            raise Impossible(f"the form has no field {sorted(unknown)}, but {sorted(shown.fields)}")
        interaction = self._new(MODAL, shown.user, shown.channel, by_user_install=shown.by_user_install)
        interaction.source, interaction.cause = shown.source, shown
        resolved = self._resolved(shown.channel)
        components = [filled(part, values or {}, resolved) for part in shown.modal["components"]]
        interaction.uploads = resolved.files
        data: Json = {"custom_id": shown.modal["custom_id"], "components": components}
        return await self._dispatch(interaction, resolved.into(data), locale)

    async def post(self, user: User, channel: Channel, content: str = "", *, files: Iterable[Upload] = ()) -> Message:
        """A person writes a message. A bot without the intent for it hears no content."""
        message = Message(channel=channel, author=user, content=content)
        message.write({"content": content}, dict(enumerate(files)), self.content)
        await self.publish(message)
        return message

    async def remove(self, message: Message) -> None:
        """A message is deleted, by its author, a moderator or the bot."""
        message.deleted = True
        message.channel.messages.remove(message)
        await self.tell_of(message, "MESSAGE_DELETE")

    # What the server's endpoints share with people

    async def publish(self, message: Message) -> None:
        """Puts a message into its channel, and tells the bots that listen."""
        message.channel.messages.append(message)
        await self.tell_of(message, "MESSAGE_CREATE")

    async def tell_of(self, message: Message, event: str) -> None:
        """Ephemeral messages are told to nobody."""
        guild = message.channel.guild
        about: Json = {"guild_id": str(guild.id)} if guild else {}
        if event == "MESSAGE_DELETE":
            about |= {"id": str(message.id), "channel_id": str(message.channel.id)}
        else:
            about |= message.payload_for(self.bot)
        if not message.ephemeral:
            await self.gateway.tell(event, about, intents=GUILD_MESSAGES if guild else DIRECT_MESSAGES)
        async with self.changed:
            self.changed.notify_all()

    # What a client sends

    def _known(self, channel: Channel) -> list[Json]:
        guild_id = channel.guild.id if channel.guild else None
        return [*self.commands.get(guild_id, ()), *(self.commands.get(None, ()) if guild_id is not None else ())]

    def _definition(
        self, name: str, kind: int, user: User, channel: Channel, *, by_user: bool
    ) -> tuple[Json, list[Json], list[Json]]:
        """The command, the groups and sub-command on the way down, and the options at the end of it."""
        first, *rest = name.split(" ")
        definition = usable(self._known(channel), first, kind, user, channel, by_user=by_user)
        return definition, *way_down(definition, rest)

    def _resolved(self, channel: Channel) -> Resolved:
        def store(upload: Upload) -> Attachment:
            return Attachment(upload=upload, network=self.content, channel_id=channel.id, ephemeral=True)

        return Resolved(channel.guild, store)

    def _new(self, kind: int, user: User, channel: Channel, *, by_user_install: bool = False) -> Interaction:
        guild = channel.guild
        if guild is not None and user.id not in guild.members:
            raise Impossible(f"{user.name} is not in {guild.name}")
        if guild is not None and self.bot.id not in guild.members and not by_user_install:
            raise Impossible(f"the bot is not in {guild.name}: only who installed the app themselves can use it")
        interaction = Interaction(
            kind=kind, user=user, channel=channel, changed=self.changed, by_user_install=by_user_install
        )
        self.interactions[interaction.id] = interaction
        return interaction

    async def _use(self, message: Message, part: Json, user: User, more: Json, locale: str | None) -> Interaction:
        _can_see(user, message)
        if part.get("disabled") or not part.get("custom_id"):
            raise Impossible(f"{part.get('label') or part.get('custom_id')!r} does nothing when it is pressed")
        guild = message.channel.guild
        by_user_install = guild is not None and self.bot.id not in guild.members
        interaction = self._new(COMPONENT, user, message.channel, by_user_install=by_user_install)
        interaction.source = message
        data = {"custom_id": part["custom_id"], "component_type": part["type"], "id": part["id"]} | more
        return await self._dispatch(interaction, data, locale)

    async def _dispatch(self, interaction: Interaction, data: Json, locale: str | None) -> Interaction:
        user, channel = interaction.user, interaction.channel
        guild = channel.guild
        owners = {"1": str(user.id)} if interaction.by_user_install else {"0": str(guild.id) if guild else "0"}
        there = guild is not None and self.bot.id in guild.members
        payload: Json = {
            "id": str(interaction.id),
            "application_id": str(self.application_id),
            "type": interaction.kind,
            "token": interaction.token,
            "version": 1,
            "data": data,
            "channel_id": str(channel.id),
            "channel": channel.payload(),
            "locale": locale or user.locale,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": owners,
            "context": 0 if guild else 1,
            "attachment_size_limit": guild.file_bytes_max if guild else FILE_BYTES_MAX[0],
            "app_permissions": str(guild.permissions(self.bot, channel) if guild and there else USUAL_PERMISSIONS),
        }
        if guild is None:
            payload["user"] = user.payload()
        else:
            permissions = str(guild.permissions(user, channel))
            payload |= {
                "guild_id": str(guild.id),
                "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
                "guild_locale": guild.locale,
                "member": guild.members[user.id].payload() | {"permissions": permissions},
            }
            payload["channel"]["permissions"] = permissions
        if interaction.source is not None and interaction.kind in {COMPONENT, MODAL}:
            payload["message"] = interaction.source.payload()
        interaction.payload = payload
        await self.connected()
        await self.gateway.tell("INTERACTION_CREATE", payload)
        return interaction


def _can_see(user: User, message: Message) -> None:
    if message.deleted or (message.ephemeral and message.seen_by is not user):
        raise Impossible(f"{user.name} does not see this message")
