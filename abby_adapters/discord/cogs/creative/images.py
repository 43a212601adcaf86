"""``/imagine``, ``/transform``, ``/upscale``: the one home of the picture commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str
from discord.ext import commands

from abby_adapters.discord import asking, presenter
from abby_adapters.discord.cogs.creative.completing import own_pictures, own_presets, providers, styles
from abby_adapters.discord.cogs.creative.options import ASPECTS, Count, Prompt, Seed, choices_of
from abby_adapters.discord.desk import Interaction, take
from abby_adapters.discord.looking import last_picture_here
from abby_adapters.discord.members import reader
from abby_adapters.discord.preferring import is_private
from abby_core.errors import InvalidRequest
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot

COMMON = {
    "prompt": locale_str("What should be in the picture: a {red, green} bird --ar 16:9"),
    "style": locale_str("One of the 17 styles"),
    "provider": locale_str("Who makes it; usually left out"),
    "count": locale_str("How many pictures of each prompt"),
    "seed": locale_str("The same seed and words make much the same picture"),
    "negative": locale_str("What should not be in it"),
    "preset": locale_str("Choices that were kept under a name"),
    "private": locale_str("Only you see it"),
    "spoiler": locale_str("Covered until somebody wants to see it"),
}


class Images(commands.Cog):
    """Making pictures. Works out what is asked for; :mod:`abby_adapters.discord.desk` does the rest."""

    def __init__(self, bot: StudioBot) -> None:
        self.bot = bot
        self.storage = bot.storage
        self.generator = bot.generator

    async def interaction_check(self, interaction: discord.Interaction) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Without storage or a generator there is nothing to ask for."""
        if self.storage is not None and self.generator is not None:
            return True
        if interaction.type is not discord.InteractionType.autocomplete:
            embed = presenter.unavailable_embed(reader(interaction))
            await interaction.response.send_message(embed=embed, ephemeral=True)
        return False

    @app_commands.command(description=locale_str("Make a picture from words"))
    @app_commands.describe(**COMMON, aspect=locale_str("Its shape, width to height"))
    @app_commands.choices(aspect=[Choice(name=aspect, value=aspect) for aspect in ASPECTS])
    @app_commands.autocomplete(style=styles, provider=providers, preset=own_presets)
    async def imagine(
        self,
        interaction: Interaction,
        prompt: Prompt,
        style: str | None = None,
        aspect: str | None = None,
        count: Count | None = None,
        seed: Seed | None = None,
        negative: str | None = None,
        provider: str | None = None,
        preset: str | None = None,
        private: bool | None = None,
        spoiler: bool = False,
    ) -> None:
        asked = choices_of(style=style, aspect=aspect, count=count, seed=seed, negative=negative, provider=provider)
        ask = asking.imagine(prompt, asked, guild_id=interaction.guild_id, preset=preset or "")
        hidden = await is_private(interaction, private, preset=preset or "")
        await take(interaction, ask, private=hidden, spoiler=spoiler)

    @app_commands.command(description=locale_str("Make a new picture from a picture and words"))
    @app_commands.describe(
        picture=locale_str("A PNG, JPEG or WebP; the last picture here if you leave it out"),
        **COMMON,
        strength=locale_str("How much of the picture stays, in per cent; 35 unasked"),
    )
    @app_commands.autocomplete(style=styles, provider=providers, preset=own_presets)
    async def transform(
        self,
        interaction: Interaction,
        prompt: Prompt,
        picture: discord.Attachment | None = None,
        strength: Range[int, 0, 100] | None = None,
        style: str | None = None,
        count: Count | None = None,
        seed: Seed | None = None,
        negative: str | None = None,
        provider: str | None = None,
        preset: str | None = None,
        private: bool | None = None,
        spoiler: bool = False,
    ) -> None:
        asked = choices_of(style=style, count=count, seed=seed, negative=negative, provider=provider, strength=strength)
        find = self._attached(picture) if picture is not None else last_picture_here(interaction)
        ask = asking.transform(prompt, asked, find, guild_id=interaction.guild_id, preset=preset or "")
        hidden = await is_private(interaction, private, preset=preset or "")
        await take(interaction, ask, private=hidden, spoiler=spoiler)

    @app_commands.command(description=locale_str("Make a picture larger: one you attach, or one of yours"))
    @app_commands.describe(
        picture=locale_str("A PNG, JPEG or WebP"),
        mine=locale_str("The name of one of your pictures"),
        private=locale_str("Only you see it"),
    )
    @app_commands.autocomplete(mine=own_pictures)
    async def upscale(
        self,
        interaction: Interaction,
        picture: discord.Attachment | None = None,
        mine: str | None = None,
        private: bool | None = None,
    ) -> None:
        if picture is not None and mine is None:
            ask = asking.upscale_found(self._attached(picture))
        elif mine is not None and picture is None:
            ask = asking.upscale_own(mine)
        else:
            raise InvalidRequest(sentence("Attach a picture, or name one of yours: one of the two."))
        await take(interaction, ask, private=await is_private(interaction, private))

    def _attached(self, picture: discord.Attachment) -> asking.Find:
        return asking.attached(self.bot.uploads, picture.url, picture.size)


async def setup(bot: StudioBot) -> None:
    await bot.add_cog(Images(bot))
