"""``/presets …`` and ``/prefer``: choosing once instead of each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from discord import app_commands
from discord.app_commands import Choice, Range, locale_str
from discord.ext import commands

from abby_adapters.discord import account_presenter, asking
from abby_adapters.discord.cogs.creative.completing import kept_presets, own_presets, providers, styles
from abby_adapters.discord.cogs.creative.options import ASPECTS, Count, Prompt, Seed, choices_of
from abby_adapters.discord.desk import Interaction, core_of, patiently, say, take, work
from abby_adapters.discord.members import account_of, reader
from abby_adapters.discord.preferring import is_private
from abby_core.errors import InvalidRequest, NotAllowed
from abby_core.gallery.preset import HOST, NAME_CHARACTERS_MAX, UNASKED, of_member
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.gallery.preset import Preset

Name = Range[str, 1, NAME_CHARACTERS_MAX]
Text = Range[str, 1, 500]
FOR_SERVER = locale_str("For everybody on this server; needs Manage Server")
SHAPES = [Choice(name=aspect, value=aspect) for aspect in ASPECTS]
MAY_NOT = sentence("Presets of a server are for those who may manage it.")
NO_SERVER = sentence("There is no server here: leave that out, and it is for you.")


class Presets(commands.GroupCog, name="presets", description=locale_str("What you choose once, under a name")):
    """Choices under a name: one's own and, for who manages it, a server's."""

    @app_commands.command(name="list", description=locale_str("The presets you can use"))
    async def list_presets(self, interaction: Interaction) -> None:
        core, language = core_of(interaction), reader(interaction)
        owners = {language.say("Yours"): of_member(account_of(interaction.user.id))}
        if interaction.guild_id is not None:
            owners[language.say("This server's")] = asking.server_of(interaction.guild_id)
        owners[language.say("Everybody's")] = HOST

        def read() -> list[tuple[str, tuple[Preset, ...]]]:
            return [(whose, core.presets.list(owner)) for whose, owner in owners.items()]

        await say(interaction, account_presenter.presets_embed(language, await work(interaction, read)))

    @app_commands.command(description=locale_str("Keep choices under a name; what it stood for before is gone"))
    @app_commands.describe(
        name=locale_str("What it shall be called"),
        style=locale_str("One of the 17 styles"),
        aspect=locale_str("Its shape, width to height"),
        count=locale_str("How many pictures of each prompt"),
        seed=locale_str("The same seed and words make much the same picture"),
        negative=locale_str("What should not be in it"),
        suffix=locale_str("Words put behind every prompt"),
        provider=locale_str("Who makes it"),
        private=locale_str("Only you see it"),
        server=FOR_SERVER,
    )
    @app_commands.choices(aspect=SHAPES)
    @app_commands.autocomplete(style=styles, provider=providers)
    async def save(
        self,
        interaction: Interaction,
        name: Name,
        style: str | None = None,
        aspect: str | None = None,
        count: Count | None = None,
        seed: Seed | None = None,
        negative: Text | None = None,
        suffix: Text | None = None,
        provider: str | None = None,
        private: bool | None = None,
        server: bool = False,
    ) -> None:
        owner, presets = _owner(interaction, server=server), core_of(interaction).presets
        asked = choices_of(
            style=style, aspect=aspect, count=count, seed=seed, negative=negative, suffix=suffix, provider=provider,
            private=private,
        )  # fmt: skip
        await _saved(interaction, lambda: presets.save(owner, _not_blank(name), asked))

    @app_commands.command(description=locale_str("Keep what your last picture was made with under a name"))
    @app_commands.describe(name=locale_str("What it shall be called"), server=FOR_SERVER)
    async def keep(self, interaction: Interaction, name: Name, server: bool = False) -> None:
        owner, core = _owner(interaction, server=server), core_of(interaction)
        asked = await patiently(interaction, asking.last_choices(core, account_of(interaction.user.id)))
        await _saved(interaction, lambda: core.presets.save(owner, _not_blank(name), asked))

    @app_commands.command(description=locale_str("Make a picture with a preset"))
    @app_commands.describe(
        name=locale_str("Which preset"),
        prompt=locale_str("What should be in the picture"),
    )
    @app_commands.autocomplete(name=own_presets)
    async def use(self, interaction: Interaction, name: Name, prompt: Prompt) -> None:
        ask = asking.imagine(prompt, choices_of(), guild_id=interaction.guild_id, preset=name)
        await take(interaction, ask, private=await is_private(interaction, None, preset=name))

    @app_commands.command(description=locale_str("Call a preset something else"))
    @app_commands.describe(
        name=locale_str("Which preset"), new_name=locale_str("What it shall be called"), server=FOR_SERVER
    )
    @app_commands.autocomplete(name=kept_presets)
    async def rename(self, interaction: Interaction, name: Name, new_name: Name, server: bool = False) -> None:
        owner, presets = _owner(interaction, server=server), core_of(interaction).presets
        await _saved(interaction, lambda: presets.rename(owner, name, new_name))

    @app_commands.command(description=locale_str("Forget a preset"))
    @app_commands.describe(name=locale_str("Which preset"), server=FOR_SERVER)
    @app_commands.autocomplete(name=kept_presets)
    async def delete(self, interaction: Interaction, name: Name, server: bool = False) -> None:
        owner, presets = _owner(interaction, server=server), core_of(interaction).presets
        gone = await work(interaction, presets.delete, owner, name)
        text = reader(interaction).say("The preset {name} is gone.", name=account_presenter.quoted(gone.name))
        await say(interaction, account_presenter.note(text))


class Preferences(commands.Cog):
    """What applies unasked."""

    @app_commands.command(description=locale_str("What your pictures are made with when you do not say otherwise"))
    @app_commands.describe(
        style=locale_str("One of the 17 styles"),
        aspect=locale_str("Its shape, width to height"),
        count=locale_str("How many pictures of each prompt"),
        negative=locale_str("What should not be in it"),
        suffix=locale_str("Words put behind every prompt"),
        provider=locale_str("Who makes it"),
        private=locale_str("Only you see it"),
        clear=locale_str("Forget what was preferred before"),
    )
    @app_commands.choices(aspect=SHAPES)
    @app_commands.autocomplete(style=styles, provider=providers)
    async def prefer(
        self,
        interaction: Interaction,
        style: str | None = None,
        aspect: str | None = None,
        count: Count | None = None,
        negative: Text | None = None,
        suffix: Text | None = None,
        provider: str | None = None,
        private: bool | None = None,
        clear: bool = False,
    ) -> None:
        owner, presets = of_member(account_of(interaction.user.id)), core_of(interaction).presets
        asked = choices_of(
            style=style, aspect=aspect, count=count, negative=negative, suffix=suffix, provider=provider,
            private=private,
        )  # fmt: skip

        def change() -> None:
            if asked.chosen():
                (presets.save if clear else presets.change)(owner, UNASKED, asked)
            elif clear:
                presets.clear(owner)

        await work(interaction, change)
        preferred = await work(interaction, presets.unasked, owner)
        await say(interaction, account_presenter.preferences_embed(reader(interaction), preferred))


def _owner(interaction: Interaction, *, server: bool) -> str:
    """Whose preset is meant. Raises InvalidRequest or NotAllowed for a server that is not theirs to speak for."""
    if not server:
        return of_member(account_of(interaction.user.id))
    if interaction.guild_id is None:
        raise InvalidRequest(NO_SERVER)
    if not interaction.permissions.manage_guild:
        raise NotAllowed(MAY_NOT, limit="presets")
    return asking.server_of(interaction.guild_id)


async def _saved(interaction: Interaction, save: Callable[[], Preset]) -> None:
    language, saved = reader(interaction), await work(interaction, save)
    text = language.say(
        "**{name}** stands for {choices}. Use it: {command}",
        name=account_presenter.quoted(saved.name),
        choices=account_presenter.chosen_text(language, saved.choices),
        command="`/imagine preset:`",
    )
    await say(interaction, account_presenter.note(text))


def _not_blank(name: str) -> str:
    if not name.strip():
        raise InvalidRequest(sentence("A preset needs a name. What shall apply unasked is set with: /prefer"))
    return name


async def setup(bot: StudioBot) -> None:
    await bot.add_cog(Presets())
    await bot.add_cog(Preferences())
