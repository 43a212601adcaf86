"""Rules for an application's commands that Discord keeps and its OpenAPI document leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.services.discord_rules import Problem
from tests.services.discord_world import Json

COMMAND_CHARACTERS_MAX = 8000
"""Names, descriptions and values of one command together."""
COMMANDS_MAX = {1: 100, 2: 15, 3: 15}
"""By type: slash, and the menus of people and of messages."""
CHOICES_MAX = 25
_LOCALES = frozenset(
    "id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi th zh-CN "  # noqa: SIM905
    "ja zh-TW ko".split()
)

Path = tuple[str | int, ...]


def problems_in_commands(commands: list[Json]) -> Iterator[Problem]:
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
            yield required((*at, "description"))
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
            yield required((*where, "description"))
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
    yield from problems_in_choices(choices, (*at, "choices"))
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


def problems_in_choices(choices: list[Json], at: Path) -> Iterator[Problem]:
    if len(choices) > CHOICES_MAX:
        yield bad_length(at, 0, CHOICES_MAX)
    for number, choice in enumerate(choices):
        if not 1 <= len(choice["name"]) <= 100:
            yield bad_length((*at, number, "name"), 1, 100)
        if isinstance(choice["value"], str) and not len(choice["value"]) <= 100:
            yield bad_length((*at, number, "value"), 0, 100)


def bad_length(path: Path, low: int, high: int) -> Problem:
    return Problem(path=path, code="BASE_TYPE_BAD_LENGTH", message=f"Must be between {low} and {high} in length.")


def required(path: Path) -> Problem:
    return Problem(path=path, code="BASE_TYPE_REQUIRED", message="This field is required")
