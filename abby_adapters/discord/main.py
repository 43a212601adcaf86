"""The Discord bot: what it is made of, and how it starts and ends.

    /imagine ─► desk ─► Studio.submit          the order is a row, the promise to deliver another
                 └────► message of the order   "waiting, number 3" → "painting: 50 %"
    core ─────► Delivery ─► the message, a reply, or a direct message

Slash commands and buttons need no privileged intent.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Generator
from typing import TYPE_CHECKING

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from abby_adapters.discord import homes, presses, room
from abby_adapters.discord.address import KIND
from abby_adapters.discord.automod import AutoMod
from abby_adapters.discord.cogs.admin.presses import ADMIN_PRESSES
from abby_adapters.discord.config import BotConfig
from abby_adapters.discord.delivery import LONG_WAIT_SECONDS, Delivery
from abby_adapters.discord.desk import PATIENCE_SECONDS, TROUBLE, refuse
from abby_adapters.discord.examining import NEEDED, Finding, findings
from abby_adapters.discord.forms import Forms
from abby_adapters.discord.members import PLATFORM
from abby_adapters.discord.memory import Memory
from abby_adapters.discord.order_message import EDIT_SECONDS
from abby_adapters.discord.press import answer_form
from abby_adapters.discord.redaction import guard_logs
from abby_adapters.discord.studio_bot import StudioBot
from abby_adapters.discord.syncing import sync_if_changed
from abby_adapters.discord.taking_back import TakingBack
from abby_adapters.discord.translating import CommandTranslator
from abby_adapters.discord.uploads import Uploads
from abby_core.bootstrap import configure_logging, open_abby
from abby_core.errors import AbbyError, ConfigurationError, StorageError
from abby_core.languages import read_catalogues

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.settings import Settings

log = logging.getLogger(__name__)
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # Abby does not speak: nothing is missing

AREAS = {
    "creative": ("images", "gallery", "orders", "house", "menus"),
    "account": ("sharing", "presets", "privacy", "web", "help"),
    "admin": ("commands",),
}
COGS = tuple(f"abby_adapters.discord.cogs.{area}.{name}" for area, names in AREAS.items() for name in names)
PERMISSIONS = discord.Permissions(**dict.fromkeys(NEEDED, True))
"""What an invitation asks for: enough to answer and to deliver late. History is for replies."""
NOT_SET = "DISCORD_TOKEN is not set. Make a bot at https://discord.com/developers, put its token into .env."
NOT_TAKEN = "Discord refused DISCORD_TOKEN. Copy the bot's token anew from https://discord.com/developers."
RESTARTING = "Restarting; what you asked for is kept"
UNREACHABLE = "Discord cannot be reached. Check the internet connection and try again."


class _Tree(app_commands.CommandTree[StudioBot]):
    async def on_error(
        self, interaction: discord.Interaction[StudioBot], error: app_commands.AppCommandError, /
    ) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """What a command raised is said to whoever called it."""
        if isinstance(error, app_commands.CheckFailure):
            return  # the check has answered
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await refuse(interaction, cause)


class Abby(StudioBot):
    """The bot. ``storage`` and ``generator`` are None where this Abby cannot be opened; commands then say so.

    ``core`` and ``uploads`` replace the usual ones (tests, embedding). ``core_is_open``: somebody else opens and
    closes the core. ``messages``: orders whose message this process is writing. ``edit_seconds``,
    ``patience_seconds`` and ``long_wait_seconds``: see :mod:`.order_message`, :mod:`.desk` and :mod:`.delivery`.
    """

    def __init__(
        self,
        config: BotConfig | None = None,
        *,
        core: Core | None = None,
        core_is_open: bool = False,
        uploads: Uploads | None = None,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True, auto_moderation_configuration=True),
            tree_cls=_Tree,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.config = config or BotConfig()
        self.uploads = uploads or Uploads()
        self.forms, self.memory = Forms(), Memory()
        self.messages = {}
        self.automod = AutoMod(self, PLATFORM)
        self.edit_seconds = EDIT_SECONDS
        self.patience_seconds = PATIENCE_SECONDS
        self.long_wait_seconds = LONG_WAIT_SECONDS
        self.core = core or open_abby(self.config.settings)
        self.storage = self.generator = None
        try:
            self.storage = self.core.storage
            self.generator = self.core.generator
        except AbbyError as error:
            self._cannot_open(error)
        self._core_is_open = core_is_open
        self._opened = contextlib.AsyncExitStack()

    # ------------------------------------------------------------------ starting and ending

    async def setup_hook(self) -> None:
        self.hosts = _hosts(self.application)
        await self._open_core()
        await asyncio.to_thread(read_catalogues)
        for cog in COGS:
            await self.load_extension(cog)
        self.add_dynamic_items(*presses.PRESSES, *room.PRESSES, *ADMIN_PRESSES)
        self.forms.add(presses.REMIXED, presses.remix)
        self.add_listener(answer_form, "on_interaction")
        self.automod.listen()
        await self.tree.set_translator(CommandTranslator(self.tree))
        await sync_if_changed(self.tree, self.config.settings.storage_root)

    async def on_ready(self) -> None:
        log.info("Abby is online as %s", self.user)
        if self.application is not None:
            url = discord.utils.oauth_url(
                self.application.id, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
            )
            log.info("Invite Abby with %s", url)
        log.info("%s", homes.told(self.config.settings, self.guilds))

    async def close(self) -> None:
        """Let running orders finish and be delivered for a while, then sign off. What is not done stays promised."""
        await self._say_restarting()
        try:
            await self._opened.aclose()
        except AbbyError as error:
            log.warning("Abby was not closed properly: %s", error)
        await self.uploads.close()
        await super().close()

    async def _say_restarting(self) -> None:
        """Beside the bot's name, for as long as it still has something to finish."""
        with contextlib.suppress(*TROUBLE, asyncio.CancelledError):
            if self.is_ready() and not self.is_closed():
                activity = discord.CustomActivity(RESTARTING)
                await self.change_presence(status=discord.Status.idle, activity=activity)

    async def _open_core(self) -> None:
        if self.core is None:
            return
        try:
            self._help(self.core)
            if not self._core_is_open:
                await self._opened.enter_async_context(self.core)
        except AbbyError as error:
            self._cannot_open(error)

    def _help(self, core: Core) -> None:
        """Deliver, take back and look at servers' own rules, until the bot is closed."""
        delivery = Delivery(self, core)
        core.deliveries.register(KIND, delivery)
        hooks, hook = core.forgetting.hooks, TakingBack(self, core, delivery)
        hooks.append(hook)
        self._opened.callback(hooks.remove, hook)
        core.guilds.own_rules.append(self.automod)
        self._opened.callback(core.guilds.own_rules.remove, self.automod)

    def _cannot_open(self, error: AbbyError) -> None:
        log.error("no pictures can be made: %s", error)
        self.core = self.storage = self.generator = None


class ShardedAbby(Abby, discord.AutoShardedClient):
    """The same bot over as many connections as Discord advises; it demands that of bots in 2500 servers and more."""


def abby_for(config: BotConfig, *, core: Core | None = None, core_is_open: bool = False) -> Abby:
    """The bot, with one connection or several, as the settings say."""
    kind = ShardedAbby if config.settings.discord_sharded else Abby
    return kind(config, core=core, core_is_open=core_is_open)


def run(settings: Settings) -> None:
    """Run the bot until Ctrl-C or SIGTERM. Raises ConfigurationError without a usable token, StorageError offline."""
    if not settings.discord_token:
        raise ConfigurationError(NOT_SET)
    configure_logging(settings)
    guard_logs()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(abby_for(BotConfig(settings)), settings.discord_token))


async def examine(settings: Settings) -> list[Finding]:
    """How the bot is on Discord, in sentences. Raises ConfigurationError or StorageError."""
    async with discord.Client(intents=discord.Intents.none()) as client:
        with translated():
            await client.login(settings.discord_token or "")
            return [finding async for finding in findings(client, settings)]


async def _run(bot: Abby, token: str) -> None:
    running = asyncio.current_task()
    if running is not None:
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    with contextlib.suppress(asyncio.CancelledError), translated():
        async with bot:
            await bot.start(token)


@contextlib.contextmanager
def translated() -> Generator[None]:
    """What signing in to Discord raises, as Abby's errors."""
    try:
        yield
    except discord.LoginFailure as error:
        raise ConfigurationError(NOT_TAKEN) from error
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise StorageError(UNREACHABLE) from error


def _hosts(application: discord.AppInfo | None) -> frozenset[int]:
    if application is None:
        return frozenset()
    if application.team is None:
        return frozenset({application.owner.id})
    roles = {discord.TeamMemberRole.admin, discord.TeamMemberRole.developer}
    members = {member.id for member in application.team.members if member.role in roles}
    return frozenset(members if application.team.owner_id is None else members | {application.team.owner_id})
