"""``/abby …``: for a server's managers, and for whoever runs this Abby."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str
from discord.ext import commands

from abby_adapters.discord import admin_presenter, presenter
from abby_adapters.discord.cogs.admin import panel
from abby_adapters.discord.cogs.admin.rights import check_home, check_manager, is_home, note
from abby_adapters.discord.cogs.admin.usage import open_usage
from abby_adapters.discord.desk import Interaction, core_of, refuse, say, work
from abby_adapters.discord.members import account_of, reader, server_of
from abby_core.access.ban_rows import EVERYWHERE
from abby_core.access.bans import REASON_CHARACTERS_MAX
from abby_core.errors import AbbyError, Refused

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.generation.provider import ImageProvider

ORDERS_LOOKED_AT = 1000
HEALTH_SECONDS = 5.0
"""How long an image service may take to say how it is."""
METERS = {
    "images/hour": (locale_str("Pictures an hour"), 1),
    "images/day": (locale_str("Pictures a day"), 1),
    "images/month": (locale_str("Pictures a month"), 1),
    "bytes": (locale_str("Storage in MB"), 2**20),
    "millicredits/day": (locale_str("Credits a day"), 1000),
    "millicredits/month": (locale_str("Credits a month"), 1000),
}
"""What can be limited: what it is called, and the meter's units in one of what people type."""
DAY_SECONDS = 86_400
Days = Range[float, 0.01, 3650.0]
Reason = Range[str, 1, REASON_CHARACTERS_MAX]


async def _tiers(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """The tiers there are, for who may give them."""
    core = interaction.client.core
    if core is None or not is_home(interaction):
        return []
    names = [tier.name for tier in core.quota.rules.tiers if typed.strip().casefold() in tier.name.casefold()]
    return [Choice(name=name, value=name) for name in names[:25]]


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Administration(commands.GroupCog, group_name="abby", group_description=locale_str("For this server's managers")):
    """Works out what is asked for; who may is looked at here, what may be is the core's to say."""

    async def interaction_check(self, interaction: Interaction) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Discord hides these commands from others, but a server can show them to anybody."""
        try:
            check_manager(interaction)
        except Refused as error:
            await refuse(interaction, error)
            return False
        return True

    # ------------------------------------------------------------------ how it is

    @app_commands.command(description=locale_str("The queue, the image services, and how full the storage is"))
    async def status(self, interaction: Interaction) -> None:
        core = core_of(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        orders = await core.studio.orders(None, limit=ORDERS_LOOKED_AT)
        account = account_of(interaction.user.id)
        now = admin_presenter.Standing(
            waiting=sum(order.state == "waiting" for order in orders),
            running=sum(order.state == "running" for order in orders),
            places=core.settings.concurrent_orders,
            providers=await asyncio.gather(*map(_health, core.generator.providers.values())),
            house=await asyncio.to_thread(core.quota.status, account) if is_home(interaction) else None,
        )
        await say(interaction, admin_presenter.status_embed(reader(interaction), now))

    @app_commands.command(description=locale_str("Who takes how much storage, and made how much today"))
    async def usage(self, interaction: Interaction) -> None:
        check_home(interaction)
        await open_usage(interaction, core_of(interaction))

    # ------------------------------------------------------------------ limits

    @app_commands.command(description=locale_str("Give a member a limit of their own, or take it back"))
    @app_commands.describe(
        member=locale_str("Whose"),
        meter=locale_str("Of what"),
        value=locale_str("How much; leave it out to take the member's own limit back"),
    )
    @app_commands.choices(meter=[Choice(name=name, value=meter) for meter, (name, _) in METERS.items()])
    async def limit(
        self, interaction: Interaction, member: discord.User, meter: str, value: Range[float, 0.0, 1e9] | None = None
    ) -> None:
        check_home(interaction)
        core, account, language = core_of(interaction), account_of(member.id), reader(interaction)
        amount = None if value is None else int(value * METERS[meter][1])
        await work(interaction, core.quota.set_limit, account, meter, amount)
        note(interaction, core, "limit", account=account.key, meter=meter, amount=amount)
        limits = await work(interaction, core.quota.explain, account)
        await say(interaction, admin_presenter.explanation_embed(language, account, limits.sentences()))

    @app_commands.command(description=locale_str("Give a member the pictures of the day back"))
    @app_commands.describe(member=locale_str("Whose"))
    async def reset(self, interaction: Interaction, member: discord.User) -> None:
        check_home(interaction)
        core, account, language = core_of(interaction), account_of(member.id), reader(interaction)
        await work(interaction, core.quota.reset_day, account)
        note(interaction, core, "reset", account=account.key)
        text = language.say("{member} starts the day anew.", member=admin_presenter.who(account.key))
        await say(interaction, presenter.note_embed(language, text))

    @app_commands.command(description=locale_str("Which tiers a member has and why; give one by hand, or take it back"))
    @app_commands.describe(
        member=locale_str("Whose"),
        give=locale_str("A tier of the host's rules that is to apply besides"),
        take=locale_str("Take back the tier that was given by hand"),
    )
    @app_commands.autocomplete(give=_tiers)
    async def tier(
        self, interaction: Interaction, member: discord.User, give: Range[str, 1, 40] | None = None, take: bool = False
    ) -> None:
        check_home(interaction)
        core, account, language = core_of(interaction), account_of(member.id), reader(interaction)
        if give is not None or take:
            await work(interaction, core.quota.give_tier, account, give)
            note(interaction, core, "tier", account=account.key, tier=give)
        found = await work(interaction, core.quota.explain, account)
        await say(interaction, admin_presenter.explanation_embed(language, account, found.sentences()))

    # ------------------------------------------------------------------ bans

    @app_commands.command(description=locale_str("Let somebody ask for nothing in this server, or anywhere"))
    @app_commands.describe(
        member=locale_str("Whom"),
        reason=locale_str("Why; they read it"),
        days=locale_str("For how long; until it is lifted if you leave it out"),
        everywhere=locale_str("In all of Abby; for managers of her home server"),
    )
    async def ban(
        self,
        interaction: Interaction,
        member: discord.User,
        reason: Reason | None = None,
        days: Days | None = None,
        everywhere: bool = False,
    ) -> None:
        core, account, language = core_of(interaction), account_of(member.id), reader(interaction)
        server = _server(interaction, everywhere=everywhere)
        seconds = None if days is None else days * DAY_SECONDS
        await work(interaction, core.guilds.bans.ban, server, account, reason=reason or "", seconds=seconds)
        until = None if seconds is None else int(seconds)
        note(interaction, core, "ban", account=account.key, everywhere=int(everywhere), seconds=until)
        text = language.say("{member} may ask for no pictures now.", member=admin_presenter.who(account.key))
        await say(interaction, presenter.note_embed(language, text))

    @app_commands.command(description=locale_str("Lift a ban"))
    @app_commands.describe(member=locale_str("Whose"), everywhere=locale_str("The one in all of Abby"))
    async def unban(self, interaction: Interaction, member: discord.User, everywhere: bool = False) -> None:
        core, account, language = core_of(interaction), account_of(member.id), reader(interaction)
        server, name = _server(interaction, everywhere=everywhere), admin_presenter.who(account.key)
        if await work(interaction, core.guilds.bans.unban, server, account):
            note(interaction, core, "unban", account=account.key, everywhere=int(everywhere))
            text = language.say("{member} may ask for pictures again.", member=name)
        else:
            text = language.say("{member} is not banned there.", member=name)
        await say(interaction, presenter.note_embed(language, text))

    @app_commands.command(description=locale_str("Who is banned"))
    async def bans(self, interaction: Interaction) -> None:
        core, here = core_of(interaction), _server(interaction, everywhere=False)
        servers = (here, EVERYWHERE) if is_home(interaction) else (here,)
        found = [ban for server in servers for ban in await work(interaction, core.guilds.bans.list, server, limit=20)]
        await say(interaction, admin_presenter.bans_embed(reader(interaction), found))

    # ------------------------------------------------------------------ settings

    @app_commands.command(description=locale_str("Where pictures may be made here, and with which words"))
    async def settings(self, interaction: Interaction) -> None:
        await panel.answer(interaction, core_of(interaction), check_manager(interaction))


def _server(interaction: Interaction, *, everywhere: bool) -> str:
    """Where a ban holds. Raises Refused."""
    if everywhere:
        check_home(interaction)
        return EVERYWHERE
    return server_of(check_manager(interaction))


async def _health(provider: ImageProvider) -> tuple[str, bool, str]:
    """A provider's name, whether it works, and what it says."""
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            health = await provider.check()
    except AbbyError as error:
        return provider.name, False, str(error)
    except TimeoutError:
        return provider.name, False, "No answer."
    return provider.name, health.ok, health.detail


async def setup(bot: StudioBot) -> None:
    await bot.add_cog(Administration())
