"""What ``/help`` teaches, a page for each area (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord

from abby_adapters.discord.account_presenter import note
from abby_adapters.discord.presenter import BUSY
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.languages import Language


@dataclass(frozen=True)
class Topic:
    """One page: what it is called, the commands it is about, and what else there is to know."""

    title: str
    commands: tuple[str, ...]
    lessons: tuple[str, ...]


TOPICS: Mapping[str, Topic] = {
    "make": Topic(
        sentence("Making pictures"),
        ("imagine", "transform", "upscale", "where", "cancel"),
        (
            sentence("Say what you want to see: `/imagine prompt: a cute rabbit in a meadow`"),
            sentence("The message moves with your order, and the picture comes into it. Only what is made is counted."),
            sentence("On any message: Apps → Transform, Upscale or Save to my gallery works on its picture."),
            sentence("Without an attachment /transform takes the newest picture of Abby's in the channel."),
        ),
    ),
    "prompt": Topic(
        sentence("Writing a prompt"),
        (),
        (
            sentence("`a {{red, green}} bird` makes one picture of each."),
            sentence("`--ar 16:9` the shape · `--no trees` what should not be there · `--style anime`"),
            sentence("`--seed 7` the same seed and words make much the same picture · `--n 4` so many of each"),
            sentence("For the characters themselves write a backslash before them: `\\--`, `\\{{`"),
        ),
    ),
    "buttons": Topic(
        sentence("Below a picture"),
        (),
        (
            sentence("🔍 larger · 🎲 a variation · 🔄 once more · ✏️ with other words"),
            sentence("⭐ favourite · 🔗 a link to it · 🗑️ into the trash, where it can be undone"),
            sentence("Below several pictures is a list: choose one, and it comes with buttons of its own."),
            sentence("Buttons work for ever. Below somebody else's picture they make one of yours, on your quota."),
        ),
    ),
    "gallery": Topic(
        sentence("Your gallery"),
        ("gallery", "favorites", "show", "delete", "share", "web"),
        (
            sentence("Everything you make is kept. Look through it by words, style, album or date."),
            sentence("A link ends by itself, and you can take it back at any time: `/share`"),
        ),
    ),
    "choices": Topic(
        sentence("Choosing once"),
        ("prefer", "presets"),
        (
            sentence("`/prefer style:anime private:True` applies whenever you do not say otherwise."),
            sentence("A preset is choices under a name: `/presets keep` takes those of your last picture."),
            sentence("What you say in a command goes first, then a preset, then what you prefer, then the server's."),
        ),
    ),
    "limits": Topic(
        sentence("Limits and your data"),
        ("quota", "privacy", "help"),
        (
            sentence("A refusal costs nothing. It offers what would help: room, fewer pictures, or when to try again."),
            sentence("Your data is yours: take it along or have it removed with /privacy."),
        ),
    ),
    "others": Topic(
        sentence("For servers and hosts"),
        ("storage_cleanup",),
        (sentence("These are for who manages a server, or runs this Abby."),),
    ),
}
FIRST = "make"


def help_embed(language: Language, key: str, described: Mapping[str, tuple[str, str]]) -> discord.Embed:
    """A page. ``described``: what each command is called and does in that language, by its English name."""
    topic = TOPICS[key]
    lines = [language.translate(each) for each in topic.lessons]
    lines += [""] if lines and _commands(key, described) else []
    lines += [f"**/{name}** {text}" for name, text in _commands(key, described)]
    return note(*lines, title=f"🐰 {language.translate(topic.title)}", colour=BUSY)


def _commands(key: str, described: Mapping[str, tuple[str, str]]) -> list[tuple[str, str]]:
    """A page's commands, those of a group each; what no page is about stands on the last one."""

    def is_of(name: str, command: str) -> bool:
        return name == command or name.startswith(f"{command} ")

    own = TOPICS[key].commands
    found = [said for name, said in described.items() if any(is_of(name, each) for each in own)]
    if key == "others":
        known = [each for topic in TOPICS.values() for each in topic.commands]
        found += [said for name, said in described.items() if not any(is_of(name, each) for each in known)]
    return found
