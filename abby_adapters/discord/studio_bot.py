"""What cogs, buttons and deliveries know of the bot; :mod:`abby_adapters.discord.main` puts it together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from abby_adapters.discord import homes

if TYPE_CHECKING:
    from abby_adapters.discord.address import Address
    from abby_adapters.discord.automod import AutoMod
    from abby_adapters.discord.config import BotConfig
    from abby_adapters.discord.forms import Forms
    from abby_adapters.discord.memory import Memory
    from abby_adapters.discord.order_message import OrderMessage
    from abby_adapters.discord.uploads import Uploads
    from abby_core.bootstrap import Abby as Core
    from abby_core.generation import ImageGenerator
    from abby_core.storage import StorageManager


class StudioBot(commands.Bot):
    """A bot with a picture studio behind it."""

    core: Core | None
    """None where it cannot be opened; so are ``storage`` and ``generator``, and commands say that."""
    storage: StorageManager | None
    generator: ImageGenerator | None
    uploads: Uploads
    forms: Forms
    memory: Memory
    messages: dict[str, OrderMessage]
    """By order: those whose message this process writes, until they are delivered."""
    edit_seconds: float
    """Least time between two edits of one message."""
    patience_seconds: float
    """How long an order may take to be accepted before "thinking" is answered."""
    long_wait_seconds: float
    """After so long a result comes as a message of its own."""
    config: BotConfig
    hosts: frozenset[int] = frozenset()
    """The ids of whoever runs this Abby."""

    automod: AutoMod
    """The servers' own rules for words."""

    @property
    def home_servers(self) -> frozenset[int]:
        """Whose roles and managers count for this Abby."""
        return homes.home_servers(self.config.settings, self.guilds)

    def is_host(self, user_id: int) -> bool:
        return user_id in self.hosts

    def answer_of(self, where: Address) -> discord.Webhook:
        """Through which the answer to an interaction is edited while its token lives."""
        webhook = discord.Webhook.partial(where.application, where.token, client=self)
        webhook.type = discord.WebhookType.application  # which alone may answer for one person's eyes only
        return webhook
