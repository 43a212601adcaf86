"""``/imagine``, ``/transform``, ``/upscale``: the one home of the picture commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from abby_adapters.discord import asking, presenter
from abby_adapters.discord.cogs.creative.completing import own_pictures, providers, styles
from abby_adapters.discord.desk import Interaction, refuse, take
from abby_adapters.discord.members import reader
from abby_core.errors import InvalidRequest
from abby_core.generation.choices import Choices
from abby_core.generation.request import SEED_MAX
from abby_core.generation.shape import size_of_aspect
from abby_core.sentence import sentence
from abby_core.studio.order import PICTURES_MAX

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot

ASPECTS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "21:9")
PROMPT_CHARACTERS_MAX = 6000
"""What Discord takes in one option."""
Prompt = Range[str, 1, PROMPT_CHARACTERS_MAX]
Count = Range[int, 1, PICTURES_MAX]
Seed = Range[int, 1, SEED_MAX]
COMMON = {
    "prompt": "What should be in the picture: a {red, green} bird --ar 16:9",
    "style": "One of the 17 styles",
    "provider": "Who makes it; usually left out",
    "count": "How many pictures of each prompt",
    "seed": "The same seed and words make much the same picture",
    "negative": "What should not be in it",
    "private": "Only you see it",
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

    @app_commands.command(description="Make a picture from words")
    @app_commands.describe(**COMMON, aspect="Its shape, width to height")
    @app_commands.choices(aspect=[Choice(name=aspect, value=aspect) for aspect in ASPECTS])
    @app_commands.autocomplete(style=styles, provider=providers)
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
        private: bool = False,
    ) -> None:
        width, height = (None, None) if aspect is None else size_of_aspect(aspect)
        asked = Choices(
            style=_word(style), width=width, height=height, count=count, seed=seed, negative_prompt=negative,
            provider=_word(provider),
        )  # fmt: skip
        await take(interaction, asking.imagine(prompt, asked, guild_id=interaction.guild_id), private=private)

    @app_commands.command(description="Make a new picture from a picture and words")
    @app_commands.describe(
        picture="A PNG, JPEG or WebP", **COMMON, strength="How much of the picture stays, in per cent; 35 unasked"
    )
    @app_commands.autocomplete(style=styles, provider=providers)
    async def transform(
        self,
        interaction: Interaction,
        picture: discord.Attachment,
        prompt: Prompt,
        strength: Range[int, 0, 100] | None = None,
        style: str | None = None,
        count: Count | None = None,
        seed: Seed | None = None,
        negative: str | None = None,
        provider: str | None = None,
        private: bool = False,
    ) -> None:
        asked = Choices(
            style=_word(style), count=count, seed=seed, negative_prompt=negative, provider=_word(provider),
            image_strength=None if strength is None else strength / 100,
        )  # fmt: skip
        ask = asking.transform(
            prompt, asked, guild_id=interaction.guild_id,
            uploads=self.bot.uploads, url=picture.url, declared_bytes=picture.size,
        )  # fmt: skip
        await take(interaction, ask, private=private)

    @app_commands.command(description="Make a picture larger: one you attach, or one of yours")
    @app_commands.describe(
        picture="A PNG, JPEG or WebP", mine="The name of one of your pictures", private="Only you see it"
    )
    @app_commands.autocomplete(mine=own_pictures)
    async def upscale(
        self,
        interaction: Interaction,
        picture: discord.Attachment | None = None,
        mine: str | None = None,
        private: bool = False,
    ) -> None:
        if (picture is None) == (mine is None):
            missing = sentence("Attach a picture, or name one of yours: one of the two.")
            await refuse(interaction, InvalidRequest(missing))
        elif picture is not None:
            ask = asking.upscale_upload(uploads=self.bot.uploads, url=picture.url, declared_bytes=picture.size)
            await take(interaction, ask, private=private)
        else:
            await take(interaction, asking.upscale_own(mine or ""), private=private)


def _word(text: str | None) -> str | None:
    """A style or provider as it is called, however it was typed."""
    return text.strip().casefold() if text and text.strip() else None


async def setup(bot: StudioBot) -> None:
    await bot.add_cog(Images(bot))
