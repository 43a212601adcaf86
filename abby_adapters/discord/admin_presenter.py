"""What managers get to see: how Abby is, who uses what, a server's settings (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord

from abby_adapters.discord.presenter import MEGABYTE, bytes_bar, list_embed, quoted
from abby_core.access.guild_settings import GuildSettings, Mature
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.access.ban_rows import Ban
    from abby_core.languages import Language
    from abby_core.studio import Account, QuotaStatus

MATURE_TEXTS: Mapping[Mature, str] = {
    "words": sentence("Words for adults in age-restricted channels alone"),
    "channels": sentence("Pictures in age-restricted channels alone"),
    "anywhere": sentence("No difference is made"),
}
WORDS_SHOWN = 15
"""Of a list, in the panel; the form shows all."""
FIELD_CHARACTERS_MAX = 1024


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How Abby is, for :func:`status_embed`. ``house`` None: that is not for whoever asks."""

    waiting: int
    running: int
    places: int
    providers: Sequence[tuple[str, bool, str]]
    """Name, whether it works, and what it says."""
    house: QuotaStatus | None


@dataclass(frozen=True, kw_only=True)
class AutoModState:
    """What is known of a server's AutoMod. ``readable``: Abby may see it."""

    readable: bool
    rules: int = 0
    unknown: int = 0


def status_embed(language: Language, now: Standing) -> discord.Embed:
    """The queue, the providers, and how full the house is."""
    embed = list_embed(language, language.say("Abby's Status"), [], "")
    queue = [
        language.plural("{count} order is waiting.", "{count} orders are waiting.", count=now.waiting),
        language.say("{running} of {places} places are busy.", running=now.running, places=now.places),
    ]
    embed.add_field(name=language.say("Queue"), value="\n".join(queue), inline=False)
    lines = [f"{'🟢' if works else '🔴'} **{quoted(name)}** {quoted(said, 200)}" for name, works, said in now.providers]
    embed.add_field(name=language.say("Image services"), value=_cut("\n".join(lines)) or "–", inline=False)
    if now.house is not None:
        embed.add_field(
            name=language.say("Storage of all of Abby"), value=bytes_bar(language, now.house.house_bytes), inline=False
        )
    return embed


def usage_embed(language: Language, accounts: Sequence[tuple[Account, QuotaStatus]], *, first: int) -> discord.Embed:
    """Who takes most storage; ``first`` is the number of the first line."""
    lines = [_usage_line(language, number, *each) for number, each in enumerate(accounts, start=first)]
    return list_embed(language, language.say("Who Uses What"), lines, sentence("Nobody has made anything yet."))


def _usage_line(language: Language, number: int, account: Account, status: QuotaStatus) -> str:
    today, limit = status.images.used, status.images.limit
    pictures = (
        language.say("{used} today", used=today)
        if status.images.unlimited
        else language.say("{used} of {limit} today", used=today, limit=limit)
    )
    size = language.say("{size:.1f} MB", size=status.bytes.used / MEGABYTE)
    return f"{number}. {who(account.key)} · {size} · {pictures}"


def who(account_key: str) -> str:
    """A person: shown by name on Discord, which mentions nobody; others by their key."""
    platform, _, user_id = account_key.partition(":")
    return f"<@{user_id}>" if platform == "discord" and user_id.isdecimal() else f"`{quoted(account_key)}`"


def explanation_embed(
    language: Language, account: Account, sections: Iterable[tuple[str, Sequence[str]]]
) -> discord.Embed:
    """Why somebody may do what they may."""
    embed = list_embed(language, language.say("Tier and Limits"), [who(account.key)], "")
    for heading, sentences in sections:
        value = _cut("\n".join(quoted(language.translate(each), 300) for each in sentences))
        embed.add_field(name=language.translate(heading), value=value or "–", inline=False)
    return embed


def bans_embed(language: Language, bans: Sequence[Ban]) -> discord.Embed:
    """Who may ask for nothing."""
    lines = [_ban_line(language, ban) for ban in bans]
    return list_embed(language, language.say("Banned"), lines, sentence("Nobody is banned."))


def _ban_line(language: Language, ban: Ban) -> str:
    name = language.say("Somebody who was forgotten since") if ban.is_nameless else who(ban.account)
    everywhere = "" if ban.server else language.say("everywhere")
    until = language.say("until {when}", when=f"<t:{ban.ends_at_ms // 1000}:f>") if ban.ends_at_ms else ""
    return " · ".join(part for part in (name, everywhere, until, quoted(ban.reason, 200)) if part)


def settings_embed(language: Language, settings: GuildSettings, automod: AutoModState) -> discord.Embed:
    """A server's settings."""
    embed = list_embed(language, language.say("Abby in This Server"), [], "")
    channels = " ".join(f"<#{channel}>" for channel in settings.channels) or language.say("everywhere")
    fields = (
        (language.say("Pictures may be asked for"), channels),
        (language.say("For adults"), language.translate(MATURE_TEXTS[settings.mature])),
        (language.say("Blocked words"), _words(language, settings.blocked_words)),
        (language.say("Words for adults"), _words(language, settings.mature_words)),
        (language.say("Applies unasked"), quoted(settings.preset) or language.say("nothing")),
        (language.say("Covered pictures"), _yes(language, yes=settings.spoiler)),
        (language.say("AutoMod's rules for prompts"), automod_text(language, settings, automod)),
    )
    for name, value in fields:
        embed.add_field(name=name, value=_cut(value), inline=False)
    embed.set_footer(text=language.say("Abby cannot see what is in a picture; rules about adults go by words."))
    return embed


def automod_text(language: Language, settings: GuildSettings, automod: AutoModState) -> str:
    """Whether AutoMod's rules hold for prompts, and which do not."""
    if not settings.own_rules:
        return language.say("They do not hold for prompts.")
    if not automod.readable:
        return language.say("Abby cannot read them: give her the permission Manage Server.")
    read = language.plural("{count} rule holds for prompts.", "{count} rules hold for prompts.", count=automod.rules)
    if not automod.unknown:
        return read
    left_out = language.plural(
        "{count} pattern is not understood and does not count.",
        "{count} patterns are not understood and do not count.",
        count=automod.unknown,
    )
    return f"{read} {left_out}"


def _words(language: Language, words: Sequence[str]) -> str:
    if not words:
        return language.say("none")
    shown = ", ".join(f"||{quoted(word)}||" for word in words[:WORDS_SHOWN])
    more = len(words) - WORDS_SHOWN
    return shown if more <= 0 else f"{shown} {language.plural('and {count} more', 'and {count} more', count=more)}"


def _yes(language: Language, *, yes: bool) -> str:
    return language.say("yes, always") if yes else language.say("when somebody asks for it")


def _cut(text: str) -> str:
    return text if len(text) <= FIELD_CHARACTERS_MAX else text[: FIELD_CHARACTERS_MAX - 1] + "…"
