"""Commands in the languages of Discord's clients: what they are called, and what is said of them and their options.

discord.py asks for each text and each locale whenever commands are registered. In the catalogues a command's name
stands as people see it, ``/imagine``, an option's ``prompt:``; whatever has no words there, or words that Discord
would not take, stays English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location
from discord.app_commands import locale_str

from abby_core.languages import ENGLISH, Language, language_of

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot

    Named = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu

TEXT_CHARACTERS_MAX = 100
"""Longest description or choice that Discord takes (its documentation, "Application Command Structure")."""
MENU_CHARACTERS_MAX = 32
"""Longest name in a menu of a message or person, where spaces and capitals may be."""
NAME = re.compile(r"[-_\w]{1,32}")
"""A name of a command or option; with small letters where there are any ("Application Command Naming")."""

NAMES = (
    locale_str("/abby"),
    locale_str("/ban"),
    locale_str("/bans"),
    locale_str("/cancel"),
    locale_str("/delete"),
    locale_str("/export"),
    locale_str("/favorites"),
    locale_str("/forget"),
    locale_str("/gallery"),
    locale_str("/help"),
    locale_str("/imagine"),
    locale_str("/keep"),
    locale_str("/limit"),
    locale_str("/list"),
    locale_str("/prefer"),
    locale_str("/presets"),
    locale_str("/privacy"),
    locale_str("/quota"),
    locale_str("/rename"),
    locale_str("/reset"),
    locale_str("/save"),
    locale_str("/settings"),
    locale_str("/share"),
    locale_str("/show"),
    locale_str("/status"),
    locale_str("/storage_cleanup"),
    locale_str("/tier"),
    locale_str("/transform"),
    locale_str("/unban"),
    locale_str("/upscale"),
    locale_str("/usage"),
    locale_str("/use"),
    locale_str("/web"),
    locale_str("/where"),
    locale_str("album:"),
    locale_str("aspect:"),
    locale_str("clear:"),
    locale_str("count:"),
    locale_str("date:"),
    locale_str("days:"),
    locale_str("everywhere:"),
    locale_str("expires:"),
    locale_str("favourites:"),
    locale_str("give:"),
    locale_str("id:"),
    locale_str("member:"),
    locale_str("meter:"),
    locale_str("mine:"),
    locale_str("name:"),
    locale_str("negative:"),
    locale_str("new_name:"),
    locale_str("order:"),
    locale_str("password:"),
    locale_str("picture:"),
    locale_str("preset:"),
    locale_str("private:"),
    locale_str("prompt:"),
    locale_str("provider:"),
    locale_str("reason:"),
    locale_str("seed:"),
    locale_str("server:"),
    locale_str("spoiler:"),
    locale_str("strength:"),
    locale_str("style:"),
    locale_str("suffix:"),
    locale_str("take:"),
    locale_str("tells:"),
    locale_str("text:"),
    locale_str("topic:"),
    locale_str("value:"),
    locale_str("views:"),
)
"""Every command and option there is, for the catalogues; the commands themselves have plain names."""


class CommandTranslator(app_commands.Translator):
    """What discord.py asks while it registers the commands of a tree. ``speak``: the language of a locale."""

    def __init__(
        self, tree: app_commands.CommandTree[StudioBot], speak: Callable[[str], Language] = language_of
    ) -> None:
        self._tree = tree
        self._speak = speak

    async def translate(
        self, string: locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """The text in that locale; None: it stays English."""
        language = self._speak(str(locale))
        if language is ENGLISH:
            return None
        said = self._said(language, string.message, context)
        return None if said == string.message else said

    def _said(self, language: Language, text: str, context: app_commands.TranslationContextTypes) -> str:
        match context.location:
            case Location.command_name | Location.group_name:
                return command_name(language, self._tree, context.data)
            case Location.parameter_name:
                return _option_name(language, context.data)
            case _:
                said = language.translate(text)
                return said if 0 < len(said) <= TEXT_CHARACTERS_MAX else text


def command_name(language: Language, tree: app_commands.CommandTree[StudioBot], command: Named) -> str:
    """What a command, or a group of them, is called in that language, without ``/`` and without its group."""
    if isinstance(command, app_commands.ContextMenu):
        said = language.translate(command.name)
        return said if 0 < len(said) <= MENU_CHARACTERS_MAX else command.name
    beside = tree.get_commands() if command.parent is None else command.parent.commands
    others = [each.name for each in beside if each is not command and not isinstance(each, app_commands.ContextMenu)]
    return _distinct(command.name, others, lambda name: language.translate(f"/{name}").removeprefix("/"))


def _option_name(language: Language, option: app_commands.Parameter) -> str:
    others = [each.display_name for each in option.command.parameters if each.display_name != option.display_name]
    return _distinct(
        option.display_name, others, lambda name: language.translate(f"{name}:").rstrip(":\N{FULLWIDTH COLON}")
    )


def _distinct(name: str, others: Iterable[str], say: Callable[[str], str]) -> str:
    """The name said in a language, if Discord takes it and nothing beside it is called the same there."""
    said = say(name)
    is_usable = NAME.fullmatch(said) is not None and said == said.lower()
    return said if is_usable and not any(said in {other, say(other)} for other in others) else name
