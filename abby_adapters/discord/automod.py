"""The servers' own rules for words: AutoMod's, read where Abby may manage the server, for prompts to be held to them.

Of AutoMod's rules those count that look at messages and block them. Discord's own lists ("commonly flagged words")
cannot be read by anybody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import aiohttp
import discord

from abby_core.access.patterns import Pattern, UnknownPattern
from abby_core.access.prompt_filter import WordRule, Words

if TYPE_CHECKING:
    from discord.ext import commands

log = logging.getLogger(__name__)
KEPT_SECONDS = 300.0
"""How long rules are taken as they were read. Discord tells of changes; this is for what was missed."""
KEPT_AFTER_TROUBLE_SECONDS = 30.0
PATIENCE_SECONDS = 2.0
"""How long an order waits for a server's rules. Then it goes by those that were read before, or by none."""
SERVERS_MAX = 1000
"""Servers whose rules are kept in memory; of more the longest unread are read again."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """What was read of a server's AutoMod. ``unknown``: patterns that are not understood and therefore do not count."""

    rules: tuple[WordRule, ...] = ()
    unknown: int = 0
    good_until: float = 0
    """By the event loop's clock."""


class AutoMod:
    """A source of :class:`abby_core.access.guilds.OwnRules`; ``platform`` is what accounts and servers begin with."""

    def __init__(self, bot: commands.Bot, platform: str) -> None:
        self.platform = platform
        self._bot = bot
        self._known: dict[int, Read] = {}
        self._reading: dict[int, asyncio.Task[Read]] = {}
        self._changes = 0

    def listen(self) -> None:
        """Read rules again that have changed."""
        for event in ("create", "update", "delete"):
            self._bot.add_listener(self._changed, f"on_automod_rule_{event}")

    def is_readable(self, guild: discord.Guild | None) -> bool:
        """Whether Abby may see the server's rules."""
        me = None if guild is None or self._bot.user is None else guild.get_member(self._bot.user.id)
        return me is not None and me.guild_permissions.manage_guild

    async def rules(self, server: str) -> Sequence[WordRule]:
        """The rules that hold in a server, none where they cannot be read."""
        guild = self._bot.get_guild(int(server.partition(":")[2]))
        return () if guild is None else (await self.read(guild)).rules

    async def read(self, guild: discord.Guild) -> Read:
        """What is known of a server's rules, read anew where that is old. Raises nothing."""
        if not self.is_readable(guild):
            return Read()
        known = self._known.get(guild.id)
        if known is not None and asyncio.get_running_loop().time() < known.good_until:
            return known
        reading = self._reading.get(guild.id)
        if reading is None:  # orders that come meanwhile wait for the same answer
            reading = self._reading[guild.id] = asyncio.create_task(self._fetch(guild))
            reading.add_done_callback(lambda _: self._reading.pop(guild.id, None))
        try:
            return await asyncio.wait_for(asyncio.shield(reading), PATIENCE_SECONDS)
        except TimeoutError:
            return known or Read()

    async def _fetch(self, guild: discord.Guild) -> Read:
        now, changes = asyncio.get_running_loop().time, self._changes
        try:
            rules = await guild.fetch_automod_rules()
            read = await asyncio.to_thread(_read, rules, good_until=now() + KEPT_SECONDS)
        except (discord.DiscordException, aiohttp.ClientError, OSError, ValueError, KeyError) as error:
            log.info("the rules of a server's AutoMod cannot be read now: %s", type(error).__name__)
            before = self._known.get(guild.id, Read())
            read = Read(rules=before.rules, unknown=before.unknown, good_until=now() + KEPT_AFTER_TROUBLE_SECONDS)
        if changes != self._changes:  # it may be what was before
            read = replace(read, good_until=now())
        self._known.pop(guild.id, None)
        self._known[guild.id] = read
        while len(self._known) > SERVERS_MAX:
            del self._known[next(iter(self._known))]
        return read

    async def _changed(self, rule: discord.AutoModRule) -> None:
        self._changes += 1
        self._known.pop(rule.guild.id, None)


def _read(rules: Iterable[discord.AutoModRule], *, good_until: float) -> Read:
    """The rules that count, as the core knows them. Compiling them takes some milliseconds."""
    counting: list[WordRule] = []
    unknown = 0
    for rule in rules:
        is_blocking = any(each.type is discord.AutoModRuleActionType.block_message for each in rule.actions)
        if not (rule.enabled and is_blocking and rule.event_type is discord.AutoModRuleEventType.message_send):
            continue
        patterns: list[Pattern] = []
        for written in rule.trigger.regex_patterns:
            try:
                patterns.append(Pattern(written))
            except UnknownPattern:
                unknown += 1
        words = Words(rule.trigger.keyword_filter)
        if words or patterns:
            counting.append(
                WordRule(
                    words=words,
                    patterns=tuple(patterns),
                    allowed=Words(rule.trigger.allow_list),
                    exempt_roles=frozenset(map(str, rule.exempt_role_ids)),
                    exempt_channels=frozenset(map(str, rule.exempt_channel_ids)),
                )
            )
    return Read(rules=tuple(counting), unknown=unknown, good_until=good_until)
