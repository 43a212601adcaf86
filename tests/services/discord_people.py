"""Acting as people: commands, clicks, choices, forms and menus, with all that Discord tells a bot then."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from tests.services.discord_gateway import DIRECT_MESSAGES, GUILD_MESSAGES, Gateway
from tests.services.discord_interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Impossible, Interaction
from tests.services.discord_messages import Attachment, Message, Upload
from tests.services.discord_world import FILE_BYTES_MAX, USUAL_PERMISSIONS, Channel, Guild, Json, User

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
_SUBCOMMAND, _GROUP = 1, 2
_STRING, _INTEGER, _BOOLEAN, _USER, _CHANNEL, _ROLE, _NUMBER, _ATTACHMENT = 3, 4, 5, 6, 7, 8, 10, 11
_TEXT_INPUT, _FILE_UPLOAD = 4, 19


class People(ABC):
    """The part of the server through which tests act as people. What no client would send raises Impossible."""

    url: str
    bot: User
    owner: User
    users: dict[int, User]
    guilds: dict[int, Guild]
    application_id: int
    changed: asyncio.Condition
    gateway: Gateway
    interactions: dict[int, Interaction]
    attachments: dict[str, Attachment]
    commands: dict[int | None, list[Json]]

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
        """``user`` sends a slash command; ``name`` may be "group sub". Options are checked against its definition."""
        definition, groups, leaf = self._definition(name, SLASH, channel)
        given = {**(options or {}), **(attachments or {})}
        missing = [one["name"] for one in leaf if one.get("required") and one["name"] not in given]
        if missing:
            raise Impossible(f"/{name} cannot be sent without {missing}")
        interaction = self._new(COMMAND, user, channel, by_user_install=by_user_install)
        resolved: Json = {}
        values = [self._option(interaction, leaf, key, value, resolved) for key, value in given.items()]
        data = _command_data(definition, groups, values) | ({"resolved": resolved} if resolved else {})
        return await self._dispatch(interaction, data, locale)

    async def autocomplete(
        self,
        user: User,
        name: str,
        options: Mapping[str, Any],
        *,
        focused: str,
        channel: Channel,
        locale: str | None = None,
    ) -> Interaction:
        """``user`` is typing: ``options`` so far, and the one being typed. The answer is in ``choices``."""
        definition, groups, leaf = self._definition(name, SLASH, channel)
        if not any(one["name"] == focused and one.get("autocomplete") for one in leaf):
            raise Impossible(f"/{name} completes no option {focused}")
        interaction = self._new(AUTOCOMPLETE, user, channel)
        values: list[Json] = []
        for key, value in {focused: "", **options}.items():
            kind = next((one["type"] for one in leaf if one["name"] == key), None)
            if kind is None:
                raise Impossible(f"/{name} has no option {key}")
            values.append({"name": key, "type": kind, "value": value} | ({"focused": True} if key == focused else {}))
        return await self._dispatch(interaction, _command_data(definition, groups, values), locale)

    async def context_menu(
        self, user: User, name: str, target: User | Message, *, channel: Channel, locale: str | None = None
    ) -> Interaction:
        """``user`` chooses an entry of the menu of a message or a person."""
        kind = MESSAGE_MENU if isinstance(target, Message) else USER_MENU
        definition, _, _ = self._definition(name, kind, channel)
        interaction = self._new(COMMAND, user, channel)
        resolved: Json = {}
        if isinstance(target, Message):
            _can_see(user, target)
            interaction.source = target
            resolved["messages"] = {str(target.id): target.payload()}
        else:
            _resolve_user(target, channel.guild, resolved)
        data = _command_data(definition, [], []) | {"target_id": str(target.id), "resolved": resolved}
        return await self._dispatch(interaction, data, locale)

    async def click(self, message: Message, custom_id: str, user: User, *, locale: str | None = None) -> Interaction:
        """``user`` presses the button with this ``custom_id``, or with this label."""
        found = [one for one in message.buttons if custom_id in {one.get("custom_id"), one.get("label")}]
        if len(found) != 1:
            offered = [(one.get("label"), one.get("custom_id")) for one in message.buttons]
            raise Impossible(f"the message has no single button {custom_id!r}, but {offered}")
        return await self._use(message, found[0], user, {}, locale)

    async def select(
        self, message: Message, custom_id: str, values: Iterable[str], user: User, *, locale: str | None = None
    ) -> Interaction:
        """``user`` chooses from the list with this ``custom_id``."""
        chosen = list(values)
        found = next((one for one in message.selects if one["custom_id"] == custom_id), None)
        if found is None:
            raise Impossible(f"the message has no list {custom_id!r}")
        offered = [option["value"] for option in found.get("options", ())]
        low, high = found.get("min_values", 1), found.get("max_values", 1)
        if not low <= len(chosen) <= high or (found["type"] == 3 and not set(chosen) <= set(offered)):
            raise Impossible(f"{chosen} cannot be chosen: {low} to {high} of {offered}")
        return await self._use(message, found, user, {"values": chosen}, locale)

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
        resolved: Json = {}
        components = [self._filled(interaction, part, values or {}, resolved) for part in shown.modal["components"]]
        data: Json = {"custom_id": shown.modal["custom_id"], "components": components}
        return await self._dispatch(interaction, data | ({"resolved": resolved} if resolved else {}), locale)

    async def post(self, user: User, channel: Channel, content: str = "", *, files: Iterable[Upload] = ()) -> Message:
        """A person writes a message. A bot without the intent for it hears no content."""
        message = Message(channel=channel, author=user, content=content)
        message.write({"content": content}, dict(enumerate(files)), self.url)
        await self.publish(message)
        return message

    async def publish(self, message: Message) -> None:
        """Puts a message into its channel, and tells the bots that listen."""
        message.channel.messages.append(message)
        self.attachments |= {file.path: file for file in message.files}
        if not message.ephemeral:
            await self.tell_of(message, "MESSAGE_CREATE")

    async def tell_of(self, message: Message, event: str) -> None:
        guild = message.channel.guild
        payload = message.payload() | ({"guild_id": str(guild.id)} if guild else {})
        if message.author is not self.bot and guild is not None:
            payload |= {"content": "", "embeds": [], "attachments": [], "components": []}
        await self.gateway.tell(event, payload, intents=GUILD_MESSAGES if guild else DIRECT_MESSAGES)

    @abstractmethod
    async def connected(self) -> None:
        """Waits until a bot listens."""

    @abstractmethod
    def dm(self, user: User) -> Channel: ...

    @abstractmethod
    def find_channel(self, channel_id: int) -> Channel | None: ...

    def store(self, upload: Upload, channel: Channel) -> Attachment:
        """A person's file on the content network."""
        file = Attachment(upload=upload, host=self.url, channel_id=channel.id, ephemeral=True)
        self.attachments[file.path] = file
        return file

    # What a client sends

    def _new(self, kind: int, user: User, channel: Channel, *, by_user_install: bool = False) -> Interaction:
        if channel.guild is not None and user.id not in channel.guild.members:
            raise Impossible(f"{user.name} is not in {channel.guild.name}")
        interaction = Interaction(
            kind=kind, user=user, channel=channel, changed=self.changed, by_user_install=by_user_install
        )
        self.interactions[interaction.id] = interaction
        return interaction

    async def _dispatch(self, interaction: Interaction, data: Json, locale: str | None) -> Interaction:
        user, channel = interaction.user, interaction.channel
        guild = channel.guild
        owners = {"1": str(user.id)} if interaction.by_user_install else {"0": str(guild.id) if guild else "0"}
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
            "app_permissions": str(guild.permissions(self.bot, channel) if guild else USUAL_PERMISSIONS),
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

    async def _use(self, message: Message, part: Json, user: User, more: Json, locale: str | None) -> Interaction:
        _can_see(user, message)
        if part.get("disabled") or not part.get("custom_id"):
            raise Impossible(f"{part.get('label') or part.get('custom_id')!r} does nothing when it is pressed")
        interaction = self._new(COMPONENT, user, message.channel)
        interaction.source = message
        data = {"custom_id": part["custom_id"], "component_type": part["type"], "id": part["id"]} | more
        return await self._dispatch(interaction, data, locale)

    def _definition(self, name: str, kind: int, channel: Channel) -> tuple[Json, list[Json], list[Json]]:
        """The command, the groups and sub-command on the way down, and the options at the end of it."""
        first, *rest = name.split(" ") if kind == SLASH else [name]
        guild_id = channel.guild.id if channel.guild else None
        known = [*self.commands.get(guild_id, ()), *self.commands.get(None, ())]
        found = next((one for one in known if one["name"] == first and one["type"] == kind), None)
        if found is None:
            raise Impossible(f"there is no command {first!r}, but {[one['name'] for one in known]}")
        if channel.guild is None and not _in_private(found):
            raise Impossible(f"{name!r} does not show in private")
        if found.get("nsfw") and not (channel.nsfw or channel.guild is None):
            raise Impossible(f"{name!r} does not show here: it is restricted by age")
        way: list[Json] = []
        options: list[Json] = found.get("options") or []
        for part in rest:
            step = next((one for one in options if one["name"] == part and one["type"] in {_SUBCOMMAND, _GROUP}), None)
            if step is None:
                raise Impossible(f"/{name}: there is no {part!r}, but {[one['name'] for one in options]}")
            way.append(step)
            options = step.get("options") or []
        if any(one["type"] in {_SUBCOMMAND, _GROUP} for one in options):
            raise Impossible(f"/{name} cannot be sent alone: it has {[one['name'] for one in options]}")
        return found, way, options

    def _option(self, interaction: Interaction, leaf: list[Json], key: str, value: Any, resolved: Json) -> Json:
        option = next((one for one in leaf if one["name"] == key), None)
        if option is None:
            raise Impossible(f"there is no option {key!r}, but {[one['name'] for one in leaf]}")
        kind = option["type"]
        guild = interaction.channel.guild
        if kind == _ATTACHMENT:
            file = self.store(value, interaction.channel)
            interaction.uploads[key] = file
            resolved.setdefault("attachments", {})[str(file.id)] = file.payload()
            value = str(file.id)
        elif kind == _USER:
            _resolve_user(value, guild, resolved)
            value = str(value.id)
        elif kind in {_CHANNEL, _ROLE}:
            resolved.setdefault("channels" if kind == _CHANNEL else "roles", {})[str(value.id)] = value.payload()
            value = str(value.id)
        else:
            _check_value(option, value)
        return {"name": key, "type": kind, "value": value}

    def _filled(self, interaction: Interaction, part: Json, values: Mapping[str, Any], resolved: Json) -> Json:
        filled: Json = {key: part[key] for key in ("type", "id", "custom_id") if part.get(key) is not None}
        if "components" in part:
            filled["components"] = [self._filled(interaction, one, values, resolved) for one in part["components"]]
        elif "component" in part:
            filled["component"] = self._filled(interaction, part["component"], values, resolved)
        elif part["type"] == _TEXT_INPUT:
            text = values.get(part["custom_id"], part.get("value") or "")
            low, high = part.get("min_length") or 0, part.get("max_length") or 4000
            if (text or part.get("required", True)) and not max(low, 1) <= len(text) <= high:
                raise Impossible(f"the field {part['custom_id']} takes {low} to {high} characters, not {len(text)}")
            filled["value"] = text
        elif part["type"] == _FILE_UPLOAD:
            files = [self.store(upload, interaction.channel) for upload in values.get(part["custom_id"], ())]
            low, high = part.get("min_values", 1), part.get("max_values", 1)
            if not low <= len(files) <= high and (files or part.get("required", True)):
                raise Impossible(f"the field {part['custom_id']} takes {low} to {high} files, not {len(files)}")
            resolved.setdefault("attachments", {}).update({str(file.id): file.payload() for file in files})
            filled["values"] = [str(file.id) for file in files]
        elif "custom_id" in part:
            filled |= _chosen(part, values.get(part["custom_id"]))
        return filled


def _chosen(part: Json, given: Any) -> Json:
    """What a list, a group of boxes or a single box of a form says."""
    offered = {option["value"] for option in part.get("options") or ()}
    default = [option["value"] for option in part.get("options") or () if option.get("default")]
    if part["type"] == 23:
        return {"value": bool(part.get("default") if given is None else given)}
    chosen: list[str] = default if given is None else [given] if isinstance(given, str) else list(given)
    if offered and not set(chosen) <= offered:
        raise Impossible(f"{chosen} is not offered, but {sorted(offered)}")
    if not chosen and part.get("required", True):
        raise Impossible(f"something has to be chosen for {part['custom_id']}")
    if part["type"] == 21:
        return {"value": chosen[0] if chosen else None}
    return {"values": chosen}


def _command_data(definition: Json, way: list[Json], options: list[Json]) -> Json:
    for step in reversed(way):
        options = [{"name": step["name"], "type": step["type"], "options": options}]
    data: Json = {"id": definition["id"], "name": definition["name"], "type": definition["type"]}
    if definition.get("guild_id"):
        data["guild_id"] = definition["guild_id"]
    return data | ({"options": options} if options else {})


def _check_value(option: Json, value: Any) -> None:
    name, kind = option["name"], option["type"]
    fits: bool = {
        _STRING: isinstance(value, str),
        _INTEGER: isinstance(value, int) and not isinstance(value, bool),
        _BOOLEAN: isinstance(value, bool),
        _NUMBER: isinstance(value, int | float) and not isinstance(value, bool),
    }[kind]
    if not fits:
        raise Impossible(f"the option {name} takes no {type(value).__name__}")
    choices = [choice["value"] for choice in option.get("choices") or ()]
    if choices and value not in choices:
        raise Impossible(f"the option {name} offers {choices}, not {value!r}")
    size = len(value) if isinstance(value, str) else value
    low, high = (option.get(f"{end}_{'length' if kind == _STRING else 'value'}") for end in ("min", "max"))
    if kind == _STRING:
        low, high = low if low is not None else int(bool(option.get("required"))), high or 6000
    if (kind != _BOOLEAN and not (low is None or low <= size)) or not (high is None or size <= high):
        raise Impossible(f"the option {name} takes {low} to {high}, not {size}")


def _in_private(definition: Json) -> bool:
    contexts = definition.get("contexts")
    return definition.get("dm_permission", True) is not False if contexts is None else 1 in contexts


def _can_see(user: User, message: Message) -> None:
    if message.deleted or (message.ephemeral and message.seen_by is not user):
        raise Impossible(f"{user.name} does not see this message")


def _resolve_user(user: User, guild: Guild | None, resolved: Json) -> None:
    resolved.setdefault("users", {})[str(user.id)] = user.payload()
    if guild is not None and user.id in guild.members:
        member = guild.members[user.id].payload() | {"permissions": str(guild.permissions(user))}
        del member["user"]
        resolved.setdefault("members", {})[str(user.id)] = member
