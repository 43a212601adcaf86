"""The loopback's Discord against a real discord.py bot, and its checks against requests that Discord would refuse."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncGenerator
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from tests.services.discord_messages import Upload
from tests.services.discord_server import DiscordServer, discord_server, pointed_at, running
from tests.services.discord_world import Channel, Guild, User
from tests.services.stability_server import png


class AgainButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"again:(?P<number>\d+)"):
    def __init__(self, number: int) -> None:
        super().__init__(discord.ui.Button(label="Again", custom_id=f"again:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(cls, _interaction: Any, _item: Any, match: re.Match[str], /) -> AgainButton:
        return cls(int(match["number"]))

    async def callback(self, interaction: discord.Interaction) -> Any:
        await interaction.response.edit_message(content=f"again, number {self.number}")


class Remix(discord.ui.Modal, title="Remix"):
    prompt: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Prompt", custom_id="prompt", max_length=100)

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        await interaction.response.send_message(f"remixed: {self.prompt.value}", ephemeral=True)


class Bot(commands.Bot):
    def __init__(self) -> None:
        super().__init__("!", intents=discord.Intents.none() | discord.Intents(guilds=True), help_command=None)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(AgainButton)
        for command in (imagine, remix):
            self.tree.add_command(command)
        await self.tree.sync()


@app_commands.command()
async def imagine(interaction: discord.Interaction, prompt: str, reference: discord.Attachment | None = None) -> None:
    """Makes a picture."""
    await interaction.response.defer()
    data = png(8, 8) if reference is None else await reference.read()
    view = discord.ui.View(timeout=None).add_item(AgainButton(7))
    file = discord.File(io.BytesIO(data), "fox.png", description=prompt)
    await interaction.edit_original_response(content="here", attachments=[file], view=view)


@imagine.autocomplete("prompt")
async def complete(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{current} at night", value=f"{current} at night")]


@app_commands.command()
async def remix(interaction: discord.Interaction) -> None:
    """Shows a form."""
    await interaction.response.send_modal(Remix())


@pytest.fixture
async def server() -> AsyncGenerator[DiscordServer]:
    async with discord_server() as server:
        with pointed_at(server):
            yield server


@pytest.fixture
def guild(server: DiscordServer) -> Guild:
    return server.guild("Painters")


@pytest.fixture
def art(guild: Guild) -> Channel:
    return guild.channel("art")


@pytest.fixture
def ada(server: DiscordServer, guild: Guild) -> User:
    return server.member(guild, "ada")


@pytest.fixture
async def bot(server: DiscordServer, art: Channel) -> AsyncGenerator[Bot]:
    async with running(Bot(), server) as bot:
        assert isinstance(bot, Bot)
        yield bot


@pytest.mark.usefixtures("bot")
async def test_a_deferred_answer_becomes_a_message_with_a_file(server: DiscordServer, ada: User, art: Channel) -> None:
    asked = await server.command(ada, "imagine", {"prompt": "a fox"}, channel=art)
    await asked.until_done()
    assert asked.callback_type == 5
    assert asked.original is not None
    (file,) = asked.original.attachments
    assert file.data == png(8, 8)
    assert file.description == "a fox"
    assert [version.loading for version in asked.original.history] == [True]


@pytest.mark.usefixtures("bot")
async def test_a_persons_file_reaches_the_bot(server: DiscordServer, ada: User, art: Channel) -> None:
    upload = Upload(filename="mine.png", data=png(4, 4))
    asked = await server.command(ada, "imagine", {"prompt": "x"}, attachments={"reference": upload}, channel=art)
    await asked.until_done()
    assert asked.original is not None
    assert asked.original.attachments[0].data == png(4, 4)


@pytest.mark.usefixtures("bot")
async def test_a_button_changes_its_message(server: DiscordServer, ada: User, art: Channel) -> None:
    asked = await (await server.command(ada, "imagine", {"prompt": "a fox"}, channel=art)).until_done()
    assert asked.original is not None
    clicked = await (await server.click(asked.original, "Again", ada)).until_done()
    assert clicked.callback_type == 7
    assert asked.original.content == "again, number 7"


@pytest.mark.usefixtures("bot")
async def test_a_form_is_shown_filled_in_and_answered(server: DiscordServer, ada: User, art: Channel) -> None:
    asked = await (await server.command(ada, "remix", channel=art)).until_done()
    assert list(asked.fields) == ["prompt"]
    sent = await (await server.modal(asked, {"prompt": "a wolf"})).until_done()
    assert sent.original is not None
    assert sent.original.content == "remixed: a wolf"
    assert sent.original.ephemeral


@pytest.mark.usefixtures("bot")
async def test_a_person_who_types_is_offered_choices(server: DiscordServer, ada: User, art: Channel) -> None:
    typing = await server.autocomplete(ada, "imagine", {"prompt": "fox"}, focused="prompt", channel=art)
    await typing.until_done()
    assert [choice["value"] for choice in typing.choices] == ["fox at night"]


async def test_a_nonce_brings_the_same_message_back(bot: Bot, art: Channel) -> None:
    channel = await bot.fetch_channel(art.id)
    assert isinstance(channel, discord.TextChannel)
    first = await channel.send("once", nonce="order-1")
    second = await channel.send("once", nonce="order-1")
    assert first.id == second.id
    assert [message.content for message in art.messages] == ["once"]
