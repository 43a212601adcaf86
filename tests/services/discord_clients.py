"""What Discord's own program lets a person send. Whatever it would not let through raises Impossible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.services.discord_interactions import Impossible
from tests.services.discord_messages import Attachment, Message, Upload
from tests.services.discord_world import (
    ADMINISTRATOR,
    USE_APPLICATION_COMMANDS,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Json,
    Role,
    User,
)

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
_SUBCOMMAND, _GROUP = 1, 2
_STRING, _INTEGER, _BOOLEAN, _USER, _CHANNEL, _ROLE, _MENTIONABLE, _NUMBER, _ATTACHMENT = 3, 4, 5, 6, 7, 8, 9, 10, 11
_KINDS: dict[int, tuple[type, ...]] = {
    _STRING: (str,),
    _INTEGER: (int,),
    _BOOLEAN: (bool,),
    _NUMBER: (int, float),
    _USER: (User,),
    _CHANNEL: (Channel,),
    _ROLE: (Role,),
    _MENTIONABLE: (User, Role),
    _ATTACHMENT: (Upload,),
}
_TEXT_MAX = 6000
"""The longest text of an option that sets no limit of its own."""
_TEXT_INPUT, _FILE_UPLOAD, _RADIO_GROUP, _CHECKBOX = 4, 19, 21, 23
_IN_GUILD, _WITH_BOT = 0, 1
_BY_GUILD, _BY_USER = 0, 1


class Resolved:
    """What Discord looks up for the bot: the people, roles, channels, messages and files that values name."""

    def __init__(self, guild: Guild | None, store: Callable[[Upload], Attachment]) -> None:
        self.files: list[Attachment] = []
        self._guild = guild
        self._store = store
        self._payload: Json = {}

    def into(self, data: Json) -> Json:
        return data | ({"resolved": self._payload} if self._payload else {})

    def named(self, thing: User | Role | Channel | Message | Upload) -> str:
        """The id of ``thing``, which the bot is told about."""
        if isinstance(thing, Upload):
            file = self._store(thing)
            self.files.append(file)
            return self._add("attachments", file.id, file.payload())
        if isinstance(thing, User):
            return self._user(thing)
        kind = {Role: "roles", Channel: "channels", Message: "messages"}[type(thing)]
        return self._add(kind, thing.id, thing.payload())

    def _user(self, user: User) -> str:
        if self._guild is not None and user.id in self._guild.members:
            member = self._guild.members[user.id].payload() | {"permissions": str(self._guild.permissions(user))}
            del member["user"]
            self._add("members", user.id, member)
        return self._add("users", user.id, user.payload())

    def _add(self, kind: str, number: int, payload: Json) -> str:
        self._payload.setdefault(kind, {})[str(number)] = payload
        return str(number)


# Commands


def usable(definitions: Iterable[Json], name: str, kind: int, user: User, channel: Channel, *, by_user: bool) -> Json:
    """The command of this name, if ``user`` sees it in ``channel``."""
    known = list(definitions)
    found = next((one for one in known if one["name"] == name and one["type"] == kind), None)
    if found is None:
        raise Impossible(f"there is no command {name!r}, but {[one['name'] for one in known]}")
    contexts = found.get("contexts") or [_IN_GUILD] + [_WITH_BOT] * found.get("dm_permission", True)
    if (_IN_GUILD if channel.guild else _WITH_BOT) not in contexts:
        raise Impossible(f"{name!r} does not show here, but in the contexts {contexts}")
    if (_BY_USER if by_user else _BY_GUILD) not in (found.get("integration_types") or [_BY_GUILD]):
        raise Impossible(f"{name!r} does not come with the app as it is installed here")
    if found.get("nsfw") and channel.guild is not None and not channel.nsfw:
        raise Impossible(f"{name!r} does not show here: it is restricted by age")
    default = found.get("default_member_permissions")
    needed = USE_APPLICATION_COMMANDS | VIEW_CHANNEL
    if default is not None:
        needed |= int(default) or ADMINISTRATOR  # none at all: for nobody but administrators
    if channel.guild is not None and channel.guild.permissions(user, channel) & needed != needed:
        raise Impossible(f"{user.name} may not use {name!r}: it needs the permissions {needed}")
    return found


def way_down(definition: Json, parts: list[str]) -> tuple[list[Json], list[Json]]:
    """The groups and the sub-command that ``parts`` name, and the options at the end of them."""
    way: list[Json] = []
    options: list[Json] = definition.get("options") or []
    for part in parts:
        step = next((one for one in options if one["name"] == part and one["type"] in {_SUBCOMMAND, _GROUP}), None)
        if step is None:
            raise Impossible(
                f"there is no {part!r} below {definition['name']!r}, but {[one['name'] for one in options]}"
            )
        way.append(step)
        options = step.get("options") or []
    if any(one["type"] in {_SUBCOMMAND, _GROUP} for one in options):
        raise Impossible(
            f"{definition['name']!r} is not sent alone, but with one of {[one['name'] for one in options]}"
        )
    return way, options


def command_data(definition: Json, way: list[Json], values: list[Json]) -> Json:
    for step in reversed(way):
        values = [{"name": step["name"], "type": step["type"], "options": values}]
    data: Json = {"id": definition["id"], "name": definition["name"], "type": definition["type"]}
    if definition.get("guild_id"):
        data["guild_id"] = definition["guild_id"]
    return data | ({"options": values} if values else {})


def option_values(options: list[Json], given: Mapping[str, Any], resolved: Resolved) -> list[Json]:
    by_name = {option["name"]: option for option in options}
    if given.keys() - by_name.keys():
        raise Impossible(f"there is no option {sorted(given.keys() - by_name.keys())}, but {list(by_name)}")
    missing = [name for name, option in by_name.items() if option.get("required") and name not in given]
    if missing:
        raise Impossible(f"it cannot be sent without {missing}")
    return [_option_value(by_name[name], value, resolved) for name, value in given.items()]


def _option_value(option: Json, value: Any, resolved: Resolved) -> Json:
    name, kind = option["name"], option["type"]
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != _BOOLEAN):
        raise Impossible(f"the option {name} takes no {type(value).__name__}")
    if isinstance(value, User | Role | Channel | Upload):
        return {"name": name, "type": kind, "value": resolved.named(value)}
    choices = [choice["value"] for choice in option.get("choices") or ()]
    if choices and value not in choices:
        raise Impossible(f"the option {name} offers {choices}, not {value!r}")
    if isinstance(value, str):
        low, high, size = max(option.get("min_length") or 0, 1), option.get("max_length") or _TEXT_MAX, len(value)
    else:
        low, high, size = option.get("min_value", value), option.get("max_value", value), value
    if not low <= size <= high:
        raise Impossible(f"the option {name} takes {low} to {high}, not {size}")
    return {"name": name, "type": kind, "value": value}


# Lists and forms


def chosen_values(select: Json, chosen: Iterable[Any], resolved: Resolved) -> list[str]:
    """What is chosen in a list: values of its options, or the people, roles or channels themselves."""
    values = [one if isinstance(one, str) else resolved.named(one) for one in chosen]
    offered = {option["value"] for option in select.get("options") or ()}
    low, high = (select.get(f"{end}_values") for end in ("min", "max"))
    low = (1 if select.get("required", True) else 0) if low is None else low
    if not low <= len(values) <= (high or 1) or (offered and not set(values) <= offered):
        raise Impossible(f"{values} cannot be chosen: {low} to {high or 1} of {sorted(offered) or 'what there is'}")
    return values


def filled(part: Json, values: Mapping[str, Any], resolved: Resolved) -> Json:
    """One part of a form as it is sent, with what the person gave for it or what it came with."""
    answer: Json = {key: part[key] for key in ("type", "id", "custom_id") if part.get(key) is not None}
    if "components" in part:
        return answer | {"components": [filled(one, values, resolved) for one in part["components"]]}
    if "component" in part:
        return answer | {"component": filled(part["component"], values, resolved)}
    return answer if "custom_id" not in part else answer | _field(part, values.get(part["custom_id"]), resolved)


def _field(part: Json, given: Any, resolved: Resolved) -> Json:
    if part["type"] == _TEXT_INPUT:
        return {"value": _typed(part, given)}
    if part["type"] == _CHECKBOX:
        return {"value": bool(part.get("default") if given is None else given)}
    default = [option["value"] for option in part.get("options") or () if option.get("default")]
    given = default if given is None else given
    values = chosen_values(part, [given] if isinstance(given, str | Upload) else given, resolved)
    if part["type"] == _RADIO_GROUP:
        return {"value": values[0] if values else None}
    return {"values": values}


def _typed(part: Json, given: str | None) -> str:
    text = (part.get("value") or "") if given is None else given
    low, high = part.get("min_length") or 0, part.get("max_length") or 4000
    if not text and part.get("required") is False:
        return text
    if not max(low, 1) <= len(text) <= high:
        raise Impossible(f"the field {part['custom_id']} takes {max(low, 1)} to {high} characters, not {len(text)}")
    return text
