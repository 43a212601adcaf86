"""Rules that Discord keeps and its OpenAPI document leaves out, or gives in words only.

Sources: Discord's reference for messages, components, embeds and application commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.services.discord_messages import COMPONENTS_V2, Upload, walk
from tests.services.discord_rules import Operation, Problem
from tests.services.discord_world import Json

CONTENT_MAX = 2000
"""The document says 4000, which holds for people who pay."""
EMBED_CHARACTERS_MAX = 6000
ROWS_MAX = 5
COMPONENTS_MAX = 40
V2_CHARACTERS_MAX = 4000
COMMAND_CHARACTERS_MAX = 8000
"""Names, descriptions and values of one command together."""
COMMANDS_MAX = {1: 100, 2: 15, 3: 15}
CHOICES_MAX = 25

_ACTION_ROW, _BUTTON, _TEXT_INPUT = 1, 2, 4
_SELECTS = {3, 5, 6, 7, 8}
_TEXT_DISPLAY = 10
_LINK, _PREMIUM = 5, 6
_CLASSIC_KINDS = {1, 2, *_SELECTS}
_LOCALES = frozenset(
    [
        "id",
        "da",
        "de",
        "en-GB",
        "en-US",
        "es-ES",
        "es-419",
        "fr",
        "hr",
        "it",
        "lt",
        "hu",
        "nl",
        "no",
        "pl",
        "pt-BR",
        "ro",
        "fi",
        "sv-SE",
        "vi",
        "tr",
        "cs",
        "el",
        "bg",
        "ru",
        "uk",
        "hi",
        "th",
        "zh-CN",
        "ja",
        "zh-TW",
        "ko",
    ]
)

Path = tuple[str | int, ...]


def problems_in_words(operation: Operation, body: Any, uploads: Mapping[int, Upload]) -> list[Problem]:
    """What Discord has against a request beyond the document."""
    if operation.template.endswith("/callback"):
        return list(_in_callback(body, uploads))
    if operation.method in {"POST", "PATCH"} and _writes_a_message(operation.template):
        return list(_in_message(body, uploads, (), new=operation.method == "POST"))
    if operation.method == "PUT" and operation.template.endswith("/commands"):
        return list(_in_commands(body))
    return []


def _writes_a_message(template: str) -> bool:
    return bool(re.search(r"/messages(/[^/]+)?$|^/webhooks/\{webhook_id\}/\{webhook_token\}$", template))


def _in_callback(body: Json, uploads: Mapping[int, Upload]) -> Iterator[Problem]:
    data = body.get("data")
    kind = body["type"]
    if kind in {4, 7}:
        yield from _in_message(data or {}, uploads, ("data",), new=kind == 4)
    if kind == 9:
        yield from _in_modal(body["data"])
    if kind == 8:
        yield from _in_choices((data or {}).get("choices") or [], ("data", "choices"))


def _in_message(body: Json, uploads: Mapping[int, Upload], at: Path, *, new: bool) -> Iterator[Problem]:
    content = body.get("content") or ""
    components = body.get("components") or []
    embeds = body.get("embeds") or []
    listed = [str(entry.get("id")) for entry in body.get("attachments") or ()]
    if len(content) > CONTENT_MAX:
        yield _length((*at, "content"), 0, CONTENT_MAX)
    if new and not (content or components or embeds or uploads or body.get("sticker_ids") or body.get("poll")):
        yield Problem(path=at, code="50006", message="Cannot send an empty message")
    if new and listed and set(listed) - set(map(str, uploads)):
        yield Problem(path=(*at, "attachments"), code="UNKNOWN_ATTACHMENT", message="names a file that did not come")
    yield from _in_embeds(embeds, (*at, "embeds"))
    yield from _in_files_named([embeds, components], uploads, at)
    if (body.get("flags") or 0) & COMPONENTS_V2:
        for name in ("content", "embeds", "poll", "sticker_ids"):
            if body.get(name):
                yield Problem(
                    path=(*at, name),
                    code="MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                    message=f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                )
        yield from _in_new_components(components, (*at, "components"))
    else:
        yield from _in_classic_components(components, (*at, "components"))
    yield from _in_every_component(components, (*at, "components"))


def _in_embeds(embeds: list[Json], at: Path) -> Iterator[Problem]:
    total = 0
    for number, embed in enumerate(embeds):
        fields = embed.get("fields") or []
        pieces = [embed.get("title"), embed.get("description")]
        pieces += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
        pieces += [piece for entry in fields for piece in (entry["name"], entry["value"])]
        total += sum(len(piece or "") for piece in pieces)
        for index, entry in enumerate(fields):
            for name in ("name", "value"):
                if not entry[name].strip():
                    yield Problem(
                        path=(*at, number, "fields", index, name),
                        code="BASE_TYPE_REQUIRED",
                        message="This field is required",
                    )
        if not any(pieces) and not any(embed.get(name) for name in ("image", "thumbnail", "video", "url")):
            yield Problem(path=(*at, number), code="BASE_TYPE_REQUIRED", message="the embed is empty")
        for name in ("url", "image", "thumbnail"):
            url = embed.get(name) if name == "url" else (embed.get(name) or {}).get("url")
            if url and not re.match(r"(https?|attachment)://", url):
                yield Problem(
                    path=(*at, number, name),
                    code="URL_TYPE_INVALID_SCHEME",
                    message="Scheme must be one of ('http', 'https').",
                )
    if total > EMBED_CHARACTERS_MAX:
        yield Problem(
            path=at,
            code="MAX_EMBED_SIZE_EXCEEDED",
            message=f"Embed size exceeds maximum size of {EMBED_CHARACTERS_MAX}",
        )


def _in_files_named(parts: object, uploads: Mapping[int, Upload], at: Path) -> Iterator[Problem]:
    """A name that no file of this request has. Edits of Abby send the file again or keep the address."""
    names = {upload.filename for upload in uploads.values()}
    for name in set(re.findall(r"'attachment://([^']*)'", str(parts))) - names:
        yield Problem(
            path=at,
            code="UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
            message=f"The referenced attachment '{name}' was not found",
        )


def _in_classic_components(components: list[Json], at: Path) -> Iterator[Problem]:
    if len(components) > ROWS_MAX:
        yield _length(at, 1, ROWS_MAX)
    for number, row in enumerate(components):
        if row["type"] != _ACTION_ROW:
            yield Problem(
                path=(*at, number, "type"),
                code="UNION_TYPE_CHOICES",
                message='Value of field "type" must be one of (1,) without the flag for components of version 2.',
            )


def _in_new_components(components: list[Json], at: Path) -> Iterator[Problem]:
    every = list(walk(components))
    if len(every) > COMPONENTS_MAX:
        yield Problem(
            path=at,
            code="COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            message=f"No more than {COMPONENTS_MAX} components.",
        )
    if sum(len(part["content"]) for part in every if part["type"] == _TEXT_DISPLAY) > V2_CHARACTERS_MAX:
        yield Problem(
            path=at,
            code="COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            message=f"The text exceeds maximum size of {V2_CHARACTERS_MAX}",
        )


def _in_every_component(components: list[Json], at: Path) -> Iterator[Problem]:
    seen: set[str] = set()
    for part in walk(components):
        custom_id = part.get("custom_id")
        if custom_id is not None and custom_id in seen:
            yield Problem(
                path=at,
                code="COMPONENT_CUSTOM_ID_DUPLICATED",
                message=f"Component custom id cannot be duplicated: {custom_id}",
            )
        seen.add(custom_id or "")
        inside = [inner["type"] for inner in part.get("components", ())]
        if part["type"] == _ACTION_ROW and len(inside) > 1 and _SELECTS & set(inside):
            yield Problem(path=at, code="COMPONENT_LAYOUT_WIDTH_EXCEEDED", message="A select fills its whole row.")
        if part["type"] == _BUTTON:
            yield from _in_button(part, at)
        if part["type"] in _SELECTS:
            yield from _in_select(part, at)


def _in_button(button: Json, at: Path) -> Iterator[Problem]:
    linked = button["style"] == _LINK
    if linked != bool(button.get("url")) or (linked and button.get("custom_id")):
        yield Problem(path=at, code="BUTTON_COMPONENT_INVALID_URL", message="A url is for link buttons, and only that.")
    if button["style"] not in {_LINK, _PREMIUM} and not button.get("custom_id"):
        yield Problem(path=at, code="BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", message="A custom id is required")
    if button["style"] != _PREMIUM and not button.get("label") and not button.get("emoji"):
        yield Problem(path=at, code="BASE_TYPE_REQUIRED", message="A button needs a label or an emoji")


def _in_select(select: Json, at: Path) -> Iterator[Problem]:
    options = select.get("options") or []
    values = [option["value"] for option in options]
    low, high = select.get("min_values"), select.get("max_values")
    if len(values) != len(set(values)):
        yield Problem(path=at, code="SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message="Values have to differ")
    if select["type"] == 3 and max(1 if low is None else low, high or 1) > len(options):
        yield Problem(path=at, code="SELECT_COMPONENT_TOO_FEW_OPTIONS", message="Fewer options than are to be chosen")
    if low is not None and high is not None and low > high:
        yield Problem(path=at, code="NUMBER_TYPE_MAX", message="min_values is above max_values")


def _in_modal(data: Json) -> Iterator[Problem]:
    at: Path = ("data", "components")
    if len(data["components"]) > ROWS_MAX:
        yield _length(at, 1, ROWS_MAX)
    yield from _in_every_component(data["components"], at)
    for part in walk(data["components"]):
        if part["type"] == _TEXT_INPUT:
            low, high = part.get("min_length") or 0, part.get("max_length") or 4000
            if low > high or not (not part.get("value") or low <= len(part["value"]) <= high):
                yield _length((*at, part["custom_id"], "value"), low, high)


def _in_choices(choices: list[Json], at: Path) -> Iterator[Problem]:
    if len(choices) > CHOICES_MAX:
        yield _length(at, 0, CHOICES_MAX)
    for number, choice in enumerate(choices):
        if not 1 <= len(choice["name"]) <= 100:
            yield _length((*at, number, "name"), 1, 100)
        if isinstance(choice["value"], str) and not len(choice["value"]) <= 100:
            yield _length((*at, number, "value"), 0, 100)


# Commands


def _in_commands(commands: list[Json]) -> Iterator[Problem]:
    seen: set[tuple[int, str]] = set()
    for number, command in enumerate(commands):
        kind = command.get("type") or 1
        if (kind, command["name"]) in seen:
            yield Problem(
                path=(number,),
                code="APPLICATION_COMMANDS_DUPLICATE_NAME",
                message="Application command names must be unique",
            )
        seen.add((kind, command["name"]))
        yield from _in_command(command, kind, (number,))
    for kind, high in COMMANDS_MAX.items():
        if sum((command.get("type") or 1) == kind for command in commands) > high:
            yield Problem(path=(), code="30032", message=f"Maximum number of application commands reached ({high})")


def _in_command(command: Json, kind: int, at: Path) -> Iterator[Problem]:
    if kind == 1:
        yield from _in_name(command, at)
        if not command.get("description"):
            yield _required((*at, "description"))
        yield from _in_options(command.get("options") or [], (*at, "options"))
        if _characters(command) > COMMAND_CHARACTERS_MAX:
            yield Problem(
                path=at,
                code="APPLICATION_COMMAND_TOO_LARGE",
                message=f"Command exceeds maximum size ({COMMAND_CHARACTERS_MAX})",
            )
    elif command.get("description") or command.get("options"):
        yield Problem(path=at, code="CONTEXT_MENU", message="Context menu commands have no description and no options")
    yield from _in_localizations(command, at)


def _in_options(options: list[Json], at: Path) -> Iterator[Problem]:
    names = [option["name"] for option in options]
    if len(names) != len(set(names)):
        yield Problem(
            path=at, code="APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", message="Option names must be unique"
        )
    nested = [option["type"] in {1, 2} for option in options]
    if any(nested) and not all(nested):
        yield Problem(path=at, code="APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message="Sub-commands stand alone")
    optional_before = False
    for number, option in enumerate(options):
        where = (*at, number)
        yield from _in_name(option, where)
        yield from _in_localizations(option, where)
        if not option.get("description"):
            yield _required((*where, "description"))
        if option["type"] in {1, 2}:
            yield from _in_options(option.get("options") or [], (*where, "options"))
            continue
        if option.get("required") and optional_before:
            yield Problem(
                path=where,
                code="APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                message="Required options must be placed before non-required options",
            )
        optional_before |= not option.get("required")
        yield from _in_option_values(option, where)


def _in_option_values(option: Json, at: Path) -> Iterator[Problem]:
    choices = option.get("choices") or []
    yield from _in_choices(choices, (*at, "choices"))
    for key in ("name", "value"):
        if len({choice[key] for choice in choices}) != len(choices):
            yield Problem(
                path=(*at, "choices"),
                code="APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATED",
                message=f"Choices differ in their {key}",
            )
    if choices and option.get("autocomplete"):
        yield Problem(path=at, code="AUTOCOMPLETE_CHOICES", message="Options have choices or autocomplete, never both")
    for low, high in (("min_value", "max_value"), ("min_length", "max_length")):
        if option.get(low) is not None and option.get(high) is not None and option[low] > option[high]:
            yield Problem(path=(*at, low), code="NUMBER_TYPE_MAX", message=f"{low} is above {high}")


def _in_name(part: Json, at: Path) -> Iterator[Problem]:
    """Letters, digits, - and _, and no capital of a script that has small letters too."""
    for where, name in [((*at, "name"), part["name"])] + [
        ((*at, "name_localizations", locale), name) for locale, name in (part.get("name_localizations") or {}).items()
    ]:
        if not re.fullmatch(r"[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}", name) or name != name.lower():
            yield Problem(
                path=where,
                code="APPLICATION_COMMAND_INVALID_NAME",
                message="Command name is invalid",
            )


def _in_localizations(part: Json, at: Path) -> Iterator[Problem]:
    for key in ("name_localizations", "description_localizations"):
        for locale in (part.get(key) or {}).keys() - _LOCALES:
            yield Problem(path=(*at, key, locale), code="DICT_TYPE_UNKNOWN_KEY", message="Discord has no such locale")


def _characters(part: Json) -> int:
    """Of every localization only the longest counts, for the part that it translates."""

    def longest(key: str) -> int:
        return max(len(text or "") for text in (part.get(key), *(part.get(f"{key}_localizations") or {}).values()))

    own = longest("name") + longest("description")
    own += sum(len(choice["name"]) + len(str(choice["value"])) for choice in part.get("choices") or ())
    return own + sum(map(_characters, part.get("options") or ()))


def _length(path: Path, low: int, high: int) -> Problem:
    return Problem(path=path, code="BASE_TYPE_BAD_LENGTH", message=f"Must be between {low} and {high} in length.")


def _required(path: Path) -> Problem:
    return Problem(path=path, code="BASE_TYPE_REQUIRED", message="This field is required")
