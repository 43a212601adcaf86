"""Servers: what their managers decided, and whether an order may be taken there at all.

    order ─► admit ─► banned? ─► this channel? ─► these words? ─► Studio goes on

All of it is looked at before anything is set aside: a no costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from abby_core.access import guild_rows
from abby_core.access.bans import Bans, refusal
from abby_core.access.guild_settings import NO_SETTINGS, GuildSettings, check
from abby_core.access.prompt_filter import NO_WORDS, WordRule, Words, is_forbidden
from abby_core.errors import NotHere, PromptNotAllowed
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.access.ban_rows import Ban
    from abby_core.database.transaction import Transaction
    from abby_core.quota.account import Account
    from abby_core.quota.place import Place
    from abby_core.storage.storage_manager import StorageManager


class OwnRules(Protocol):
    """Where a platform's own rules for words are read. ``platform`` is ours: ``discord``."""

    @property
    def platform(self) -> str: ...

    async def rules(self, server: str) -> Sequence[WordRule]:
        """The rules that hold in a server (``discord:123``), none where they cannot be read. Raises nothing."""
        ...


@dataclass(frozen=True, kw_only=True)
class HostWords:
    """The host's own lists, which hold in every server and outside of them."""

    blocked: Words = NO_WORDS
    """For nobody and nowhere."""
    mature: Words = NO_WORDS
    """For age-restricted channels alone, of all places; the command line and the web are no place."""


class Guilds:
    """Settings are read and changed by methods that block for a moment; :meth:`admit` is for coroutines."""

    def __init__(self, storage: StorageManager, host_words: Callable[[], HostWords] = HostWords) -> None:
        self._storage = storage
        self._read_host_words = host_words
        self.bans = Bans(storage)
        self.own_rules: list[OwnRules] = []
        """The adapters' of this process."""

    @cached_property
    def host_words(self) -> HostWords:
        """The host's lists, read once. Raises ConfigurationError."""
        return self._read_host_words()

    def settings(self, server: str) -> GuildSettings:
        """What a server's managers decided."""
        return self._storage.database.read(guild_rows.find, server)

    def change(self, server: str, **changes: Any) -> GuildSettings:
        """Change some of a server's settings, fields of :class:`GuildSettings`. Raises InvalidRequest."""
        return self.update(server, lambda settings: replace(settings, **changes))

    def update(self, server: str, changed: Callable[[GuildSettings], GuildSettings]) -> GuildSettings:
        """The same where what is new depends on what was. ``changed`` may be called more than once."""
        return self._storage.database.write(
            guild_rows.change, server, lambda settings: check(changed(settings)), self._storage.now_ms()
        )

    async def admit(self, account: Account, place: Place | None, prompts: Sequence[str]) -> None:
        """Raise Refused where the account may not have these prompts made in that place.

        That is Banned, NotHere or PromptNotAllowed. ``place`` None: not in a chat. Raises StorageError too. Bans have
        the last word in :meth:`admit_in`; here those who ask in a chat are told before anything is prepared.
        """
        settings = NO_SETTINGS
        if place is not None:
            ban, settings = await self._storage.database.fetch(self._look, account, place)
            if ban is not None:
                raise refusal(ban)
            _check_channel(settings, place)
        rules = [*self._rules(settings, place), *await self._own_rules(settings, place)]
        if rules and await asyncio.to_thread(is_forbidden, prompts, rules):
            raise PromptNotAllowed(
                sentence("The rules here do not allow some words of the prompt. Nothing was charged.")
            )
        mature = self._mature_rules(settings, place)
        if mature and await asyncio.to_thread(is_forbidden, prompts, mature):
            raise PromptNotAllowed(
                sentence("Some words of the prompt are for age-restricted channels alone. Nothing was charged.")
            )

    def admit_in(self, tx: Transaction, account: Account, place: Place | None) -> None:
        """Raise Banned, inside the transaction that enters an order."""
        ban = self.bans.find_in(tx, "" if place is None else place.server, account)
        if ban is not None:
            raise refusal(ban)

    # ------------------------------------------------------------------ inside

    def _look(self, tx: Transaction, account: Account, place: Place) -> tuple[Ban | None, GuildSettings]:
        settings = guild_rows.find(tx, place.server) if place.server else NO_SETTINGS
        return self.bans.find_in(tx, place.server, account), settings

    def _rules(self, settings: GuildSettings, place: Place | None) -> list[WordRule]:
        """The lists of the host and of the server's managers."""
        lists = [self.host_words.blocked]
        if place is not None:
            lists.append(_words(settings.blocked_words))
        return [WordRule(words=words) for words in lists if words]

    async def _own_rules(self, settings: GuildSettings, place: Place | None) -> list[WordRule]:
        """The platform's own rules, as far as they bind whoever asks."""
        if place is None or not place.server or place.manages or not settings.own_rules:
            return []
        platform = place.server.partition(":")[0]
        sources = [source for source in self.own_rules if source.platform == platform]
        return [
            rule
            for source in sources
            for rule in await source.rules(place.server)
            if not (rule.exempt_roles & place.roles or rule.exempt_channels & place.channels)
        ]

    def _mature_rules(self, settings: GuildSettings, place: Place | None) -> list[WordRule]:
        if place is None or place.age_restricted or settings.mature == "anywhere":
            return []
        lists = (self.host_words.mature, _words(settings.mature_words))
        return [WordRule(words=words) for words in lists if words]


@lru_cache(maxsize=256)
def _words(written: tuple[str, ...]) -> Words:
    """A server's list, made ready once and not with each order."""
    return Words(written)


def _check_channel(settings: GuildSettings, place: Place) -> None:
    if settings.channels and place.channels.isdisjoint(settings.channels):
        raise NotHere(sentence("Pictures are not made in this channel."), channels=settings.channels)
    if place.server and settings.mature == "channels" and not place.age_restricted:
        raise NotHere(sentence("In this server pictures are made in age-restricted channels alone."))
