"""The loopback's Discord against a real discord.py bot."""

from __future__ import annotations

import asyncio
import io
import re
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands
from discord.ext import commands

from tests.services.discord_components import walk
from tests.services.discord_interactions import Impossible, Interaction
from tests.services.discord_messages import Message
from tests.services.discord_server import (
    DiscordServer,
    Upload,
    broken,
    discord_server,
    held,
    lost,
    moderated,
    pointed_at,
    rate_limited,
    refused,
    reset,
    running,
)
from tests.services.discord_world import (
    ATTACH_FILES,
    MANAGE_GUILD,
    MENTION_EVERYONE,
    SEND_MESSAGES,
    VIEW_CHANNEL,
    Channel,
    Guild,
    User,
)
from tests.services.stability_server import png

POST = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original"


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
    size: discord.ui.Label[Any] = discord.ui.Label(
        text="Size",
        component=discord.ui.Select(
            custom_id="size",
            options=[discord.SelectOption(label="small", default=True), discord.SelectOption(label="large")],
        ),
    )
    reference: discord.ui.Label[Any] = discord.ui.Label(
        text="Picture", component=discord.ui.FileUpload(custom_id="reference", required=False, max_values=2)
    )

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        size, upload = self.size.component, self.reference.component
        assert isinstance(size, discord.ui.Select)
        assert isinstance(upload, discord.ui.FileUpload)
        sizes = [len(await file.read()) for file in upload.values]
        await interaction.response.send_message(f"{self.prompt.value}, {size.values}, {sizes}", ephemeral=True)


class Gallery(discord.ui.LayoutView):
    def __init__(self) -> None:
        super().__init__(timeout=None)
        media: discord.ui.MediaGallery[Any] = discord.ui.MediaGallery()
        media.add_item(media="attachment://fox.png", description="a fox")
        thumbnail: discord.ui.Thumbnail[Any] = discord.ui.Thumbnail("attachment://fox.png")
        section: discord.ui.Section[Any] = discord.ui.Section("Title", accessory=thumbnail)
        button: Any = AgainButton(9)
        row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(button)
        self.add_item(discord.ui.Container(section, media, discord.ui.Separator(), row))


class Sizes(discord.ui.View):
    @discord.ui.select(
        custom_id="size", options=[discord.SelectOption(label=size) for size in ("small", "large")], max_values=2
    )
    async def chosen(self, interaction: discord.Interaction, select: discord.ui.Select[Any]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"{interaction.locale}: {select.values}", view=None)
        more = await interaction.followup.send("one", wait=True)
        await more.edit(content="two")
        await (await interaction.followup.send("three", wait=True)).delete()


class Bot(commands.Bot):
    def __init__(self, intents: discord.Intents | None = None) -> None:
        super().__init__("!", intents=intents or discord.Intents(guilds=True), help_command=None)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Waits not: discord.py's own takes five seconds before it identifies a second time."""

    async def setup_hook(self) -> None:
        self.add_dynamic_items(AgainButton)
        for command in (imagine, remix, gallery, whisper, pick, remix_this):
            self.tree.add_command(command)
        await self.tree.sync()


@app_commands.command()
@app_commands.describe(prompt="What to draw", reference="A picture to start from")
@app_commands.choices(size=[app_commands.Choice(name="large", value=1024)])
async def imagine(
    interaction: discord.Interaction,
    prompt: app_commands.Range[str, 1, 100],
    reference: discord.Attachment | None = None,
    size: int = 8,
    whose: discord.Member | None = None,
) -> None:
    """Makes a picture."""
    await interaction.response.defer()
    data = png(8, size) if reference is None else await reference.read()
    view = discord.ui.View(timeout=None).add_item(AgainButton(7))
    file = discord.File(io.BytesIO(data), "fox.png", description=prompt)
    await interaction.edit_original_response(content=f"for {whose}", attachments=[file], view=view)


@imagine.autocomplete("prompt")
async def complete(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{current} at night", value=f"{current} at night")]


@app_commands.command()
async def remix(interaction: discord.Interaction) -> None:
    """Shows a form."""
    await interaction.response.send_modal(Remix())


@app_commands.command()
@app_commands.default_permissions(manage_guild=True)
async def gallery(interaction: discord.Interaction) -> None:
    """Shows pictures in new components."""
    file = discord.File(io.BytesIO(png(8, 8)), "fox.png")
    await interaction.response.send_message(view=Gallery(), file=file)


@app_commands.command(nsfw=True)
async def whisper(interaction: discord.Interaction) -> None:
    """Answers to one person, twice."""
    await interaction.response.send_message("psst", ephemeral=True)
    embed = discord.Embed(title="a fox").set_image(url="attachment://f.png")
    file = discord.File(io.BytesIO(png(8, 8)), "f.png")
    await interaction.followup.send("@everyone", embed=embed, file=file, ephemeral=True)


@app_commands.command()
async def pick(interaction: discord.Interaction) -> None:
    """Offers a list."""
    await interaction.response.send_message("which?", view=Sizes())


@app_commands.context_menu(name="Remix this")
async def remix_this(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"{len(message.attachments)} files by {message.author.name}")


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


async def text_channel(bot: Bot, channel: Channel) -> discord.TextChannel:
    found = await bot.fetch_channel(channel.id)
    assert isinstance(found, discord.TextChannel)
    return found


def original(interaction: Interaction) -> Message:
    assert interaction.original is not None
    return interaction.original


async def test_no_heart_beats_on_for_a_bot_that_is_closed(server: DiscordServer) -> None:
    async with running(Bot(), server) as bot:
        assert bot.ws is not None
        beating, bot.ws._keep_alive = bot.ws._keep_alive, None
        assert beating is not None
    assert not beating.is_alive()


# Answers to people


@pytest.mark.usefixtures("bot")
async def test_a_deferred_answer_becomes_a_message_with_a_file(server: DiscordServer, ada: User, art: Channel) -> None:
    asked = await server.command(ada, "imagine", {"prompt": "a fox", "size": 1024, "whose": ada}, channel=art)
    await asked.until_done()
    assert asked.callback_type == 5
    (file,) = original(asked).attachments
    assert file.data == png(8, 1024)
    assert file.description == "a fox"
    assert original(asked).content == "for ada"
    assert [version.loading for version in original(asked).history] == [True]


@pytest.mark.usefixtures("bot")
async def test_a_persons_file_reaches_the_bot(server: DiscordServer, ada: User, art: Channel) -> None:
    upload = Upload(filename="mine.png", data=png(4, 4))
    asked = await server.command(ada, "imagine", {"prompt": "x"}, attachments={"reference": upload}, channel=art)
    await asked.until_done()
    assert original(asked).attachments[0].data == png(4, 4)


@pytest.mark.usefixtures("bot")
async def test_a_button_changes_its_message(server: DiscordServer, ada: User, art: Channel) -> None:
    asked = await (await server.command(ada, "imagine", {"prompt": "a fox"}, channel=art)).until_done()
    clicked = await (await server.click(original(asked), "Again", ada)).until_done()
    assert clicked.callback_type == 7
    assert original(asked).content == "again, number 7"
    assert original(asked).attachments


@pytest.mark.usefixtures("bot")
async def test_a_form_is_shown_filled_in_and_answered(server: DiscordServer, ada: User, art: Channel) -> None:
    asked = await (await server.command(ada, "remix", channel=art)).until_done()
    assert list(asked.fields) == ["prompt", "size", "reference"]
    picture = Upload(filename="a.png", data=b"12345")
    sent = await (await server.modal(asked, {"prompt": "a wolf", "reference": [picture]})).until_done()
    assert original(sent).content == "a wolf, ['small'], [5]"
    assert original(sent).ephemeral
    assert art.public_messages == []


@pytest.mark.usefixtures("bot")
async def test_a_person_who_types_is_offered_choices(server: DiscordServer, ada: User, art: Channel) -> None:
    typing = await server.autocomplete(ada, "imagine", {"prompt": "fox"}, focused="prompt", channel=art)
    await typing.until_done()
    assert [choice["value"] for choice in typing.choices] == ["fox at night"]


@pytest.mark.usefixtures("bot")
async def test_a_list_is_chosen_from_in_private(server: DiscordServer) -> None:
    eve = server.user("eve", locale="de")
    asked = await (await server.command(eve, "pick", channel=server.dm(eve))).until_done()
    chosen = await server.select(original(asked), "size", ["small", "large"], eve)
    await chosen.until(lambda it: len(it.followups) == 2 and it.followups[1].deleted)
    assert chosen.callback_type == 6
    assert chosen.original is asked.original
    assert original(asked).text == "de: ['small', 'large']"
    assert original(asked).history[-1].content == "which?"
    assert [message.content for message in server.dm(eve).messages] == ["de: ['small', 'large']", "two"]
    with pytest.raises(Impossible):
        await server.select(original(asked), "size", ["small"], eve)  # the list is gone


@pytest.mark.usefixtures("bot")
async def test_a_messages_menu_tells_of_the_message(server: DiscordServer, ada: User, art: Channel) -> None:
    message = await server.post(ada, art, "look", files=[Upload(filename="a.png", data=png(4, 4))])
    asked = await (await server.context_menu(ada, "Remix this", message, channel=art)).until_done()
    assert original(asked).content == "1 files by ada"


@pytest.mark.usefixtures("bot")
async def test_new_components_show_the_file_that_came_with_them(
    server: DiscordServer, guild: Guild, art: Channel
) -> None:
    chief = server.member(guild, "chief", guild.role("chief", MANAGE_GUILD))
    asked = await (await server.command(chief, "gallery", channel=art)).until_done()
    (file,) = original(asked).files
    shown = [part for part in walk(original(asked).components) if part["type"] in {11, 12}]
    url = f"{server.url}/attachments/{art.id}/{file.id}/fox.png?ex="
    assert {part["type"] for part in shown} == {11, 12}
    assert all(url in str(part) for part in shown)
    assert original(asked).text == "Title\nAgain"
    await server.click(original(asked), "Again", chief)
    await server.until(lambda: server.findings)
    assert "no content and no embeds" in server.take_findings()[0]  # the button writes plain content


async def test_a_file_that_an_embed_shows_is_not_shown_twice(
    server: DiscordServer, guild: Guild, bot: Bot, ada: User
) -> None:
    asked = await server.command(ada, "whisper", channel=guild.channel("night", nsfw=True))
    await asked.until(lambda it: it.followups)
    (second,) = asked.followups
    assert second.ephemeral
    assert second.attachments == []
    url = second.embeds[0]["image"]["url"]
    assert await bot.http.get_from_cdn(url) == png(8, 8)
    with pytest.raises(discord.NotFound):
        await bot.http.get_from_cdn(url.replace("hm=", "hm=0"))
    server.expire_links()
    with pytest.raises(discord.NotFound):
        await bot.http.get_from_cdn(url)
    assert await bot.http.get_from_cdn(second.embeds[0]["image"]["url"]) == png(8, 8)
    assert second.pings == set()  # the guild lets the bot wake nobody


@pytest.mark.usefixtures("bot")
async def test_what_no_person_could_do_is_impossible(server: DiscordServer, ada: User, art: Channel) -> None:
    message = await server.post(ada, art, "hello")
    for attempt in (
        server.command(ada, "imagin", channel=art),
        server.command(ada, "imagine", channel=art),
        server.command(ada, "imagine", {"prompt": "x" * 101}, channel=art),
        server.command(ada, "imagine", {"prompt": "x", "size": 12}, channel=art),
        server.command(ada, "imagine", {"prompt": "x", "reference": "x"}, channel=art),
        server.command(ada, "imagine", {"prompt": "x", "colour": "x"}, channel=art),
        server.command(ada, "whisper", channel=art),
        server.command(ada, "gallery", channel=art),
        server.command(server.user("stranger"), "remix", channel=art),
        server.autocomplete(ada, "imagine", {}, focused="size", channel=art),
        server.click(message, "Again", ada),
        server.select(message, "size", ["1"], ada),
    ):
        with pytest.raises(Impossible):
            await attempt
    shown = await (await server.command(ada, "remix", channel=art)).until_done()
    for values in ({"colour": "x"}, {"prompt": ""}, {"prompt": "x", "size": ["huge"]}):
        with pytest.raises(Impossible):
            await server.modal(shown, values)


# Messages that nobody asked for


async def test_a_nonce_brings_the_same_message_back(server: DiscordServer, bot: Bot, art: Channel) -> None:
    channel = await text_channel(bot, art)
    first = await channel.send("once", nonce="order-1")
    second = await channel.send("once", nonce="order-1")
    assert first.id == second.id
    assert [message.content for message in art.messages] == ["once"]
    server.forget_nonces()
    assert (await channel.send("once", nonce="order-1")).id != first.id


async def test_a_message_can_be_answered_changed_and_deleted(bot: Bot, art: Channel) -> None:
    channel = await text_channel(bot, art)
    files = [discord.File(io.BytesIO(png(size, 4)), f"{size}.png") for size in (4, 8)]
    first = await channel.send("a", files=files)
    reply = await first.reply("b", mention_author=False)
    assert reply.reference is not None
    assert reply.reference.message_id == first.id
    await first.edit(content="c", attachments=[first.attachments[1]])
    assert [file.filename for file in art.messages[0].files] == ["8.png"]
    assert (await channel.fetch_message(first.id)).content == "c"
    await first.delete()
    with pytest.raises(discord.HTTPException, match="Unknown message"):
        await channel.send("d", reference=first)
    assert [message.content for message in art.messages] == ["b"]


async def test_whoever_takes_no_messages_answers_50007(server: DiscordServer, bot: Bot, ada: User) -> None:
    user = await bot.fetch_user(ada.id)
    await user.send("hello")
    ada.takes_dms = False
    with pytest.raises(discord.Forbidden, match="50007"):
        await user.send("hello again")
    assert [message.content for message in server.dm(ada).messages] == ["hello"]


async def test_permissions_hold(server: DiscordServer, bot: Bot, guild: Guild, art: Channel) -> None:
    channel = await text_channel(bot, art)
    art.deny(guild.everyone, ATTACH_FILES)
    with pytest.raises(discord.Forbidden, match="50013"):
        await channel.send(file=discord.File(io.BytesIO(b"x"), "x.txt"))
    await channel.send("words pass")
    art.deny(server.bot, SEND_MESSAGES)
    with pytest.raises(discord.Forbidden, match="50013"):
        await channel.send("words pass no more")
    art.deny(server.bot, VIEW_CHANNEL)
    with pytest.raises(discord.Forbidden, match="50001"):
        await bot.fetch_channel(art.id)


async def test_everyone_is_woken_only_where_it_is_allowed(bot: Bot, guild: Guild, art: Channel) -> None:
    guild.everyone.permissions |= MENTION_EVERYONE
    channel = await text_channel(bot, art)
    await channel.send("@everyone <@1>")
    await channel.send("@everyone <@1>", allowed_mentions=discord.AllowedMentions.none())
    assert [message.pings for message in art.messages] == [{"everyone", "1"}, set()]


async def test_guilds_tell_their_roles_members_and_rules(bot: Bot, guild: Guild, ada: User) -> None:
    guild.members[ada.id].roles.append(guild.role("artist"))
    found = await bot.fetch_guild(guild.id)
    assert [role.name for role in (await found.fetch_member(ada.id)).roles] == ["@everyone", "artist"]
    assert [role.name for role in await found.fetch_roles()] == ["@everyone", "artist"]
    with pytest.raises(discord.Forbidden):
        await found.fetch_automod_rules()
    guild.everyone.permissions |= MANAGE_GUILD
    assert await found.fetch_automod_rules() == []
    assert (await bot.application_info()).owner.name == "owner"


# Trouble


async def test_a_429_is_tried_again(server: DiscordServer, bot: Bot, ada: User, art: Channel) -> None:
    server.next(POST, rate_limited(), rate_limited(scope="global"))
    await (await text_channel(bot, art)).send("patience")
    assert [seen.status for seen in server.seen_of(POST)] == [429, 429, 200]
    server.next(EDIT, rate_limited())
    asked = await (await server.command(ada, "imagine", {"prompt": "a fox"}, channel=art)).until_done()
    assert original(asked).attachments


async def test_an_empty_bucket_refills(server: DiscordServer, bot: Bot, art: Channel) -> None:
    server.limit_rate(POST, 2, per_seconds=0.05)
    channel = await text_channel(bot, art)
    await asyncio.gather(*(channel.send(str(number)) for number in range(5)))
    assert len(art.messages) == 5


async def test_an_answer_can_get_lost_after_the_deed(server: DiscordServer, bot: Bot, art: Channel) -> None:
    channel = await text_channel(bot, art)
    server.next(POST, lost())
    with pytest.raises((aiohttp.ClientError, OSError)):
        await channel.send("once", nonce="order-1")
    again = await channel.send("once", nonce="order-1")
    assert [message.id for message in art.messages] == [again.id]


async def test_requests_can_fail_in_every_way(server: DiscordServer, bot: Bot, art: Channel) -> None:
    channel = await text_channel(bot, art)
    server.next(POST, reset(), broken(503), moderated(), refused(404, 10003))
    for error in (aiohttp.ClientError, discord.DiscordServerError, discord.HTTPException, discord.NotFound):
        with pytest.raises(error):
            await channel.send("never")
    assert art.messages == []


async def test_a_request_can_be_held(server: DiscordServer, bot: Bot, art: Channel) -> None:
    gate, arrived = asyncio.Event(), asyncio.Event()
    server.next(POST, held(gate, arrived))
    sending = asyncio.create_task((await text_channel(bot, art)).send("later"))
    await arrived.wait()
    assert art.messages == []
    gate.set()
    await sending
    assert [message.content for message in art.messages] == ["later"]


async def test_a_dead_token_is_no_use_to_the_bot(server: DiscordServer, bot: Bot, ada: User, art: Channel) -> None:
    failed = asyncio.get_running_loop().create_future()

    @bot.tree.error
    async def on_error(_interaction: discord.Interaction, error: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        failed.set_result(error.original)

    gate, arrived = asyncio.Event(), asyncio.Event()
    server.next(EDIT, held(gate, arrived))
    asked = await server.command(ada, "imagine", {"prompt": "a fox"}, channel=art)
    await arrived.wait()
    server.kill_token(asked)
    gate.set()
    assert (await failed).code == 50027
    assert original(asked).loading


async def test_what_a_person_deleted_is_gone(server: DiscordServer, bot: Bot, art: Channel) -> None:
    message = await (await text_channel(bot, art)).send("gone soon")
    await server.remove(art.messages[0])
    with pytest.raises(discord.NotFound, match="10008"):
        await message.edit(content="too late")


async def test_channels_and_guilds_can_be_closed_to_the_bot(
    server: DiscordServer, bot: Bot, guild: Guild, art: Channel
) -> None:
    channel = await text_channel(bot, art)
    await server.remove_channel(art)
    with pytest.raises(discord.NotFound, match="10003"):
        await channel.send("where?")
    await server.kick(guild)
    with pytest.raises(discord.Forbidden, match="50001"):
        await bot.fetch_guild(guild.id)


# The gateway


@pytest.mark.usefixtures("bot")
async def test_a_dropped_connection_is_resumed_and_nothing_is_missed(
    server: DiscordServer, ada: User, art: Channel
) -> None:
    await server.gateway.drop()
    asked = await (await server.command(ada, "imagine", {"prompt": "a fox"}, channel=art)).until_done()
    assert original(asked).attachments
    await server.gateway.ask_to_reconnect()
    await (await server.command(ada, "imagine", {"prompt": "a wolf"}, channel=art)).until_done()
    assert len(server.gateway.sessions) == 1


@pytest.mark.usefixtures("bot")
async def test_a_forgotten_session_begins_anew(server: DiscordServer, ada: User, art: Channel) -> None:
    (before,) = server.gateway.sessions
    await server.gateway.drop(forget=True)
    await (await server.command(ada, "imagine", {"prompt": "a fox"}, channel=art)).until_done()
    (after,) = server.gateway.sessions
    assert after is not before


async def test_intents_that_need_a_permit_are_found(server: DiscordServer) -> None:
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(Bot(discord.Intents(guilds=True, message_content=True)), server):
            pass
    assert server.take_findings() == ["gateway: asked for privileged intents: MESSAGE_CONTENT"]


async def test_a_wrong_token_is_refused_at_login(server: DiscordServer) -> None:
    async with Bot() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login("wrong")


async def test_a_bot_hears_of_messages_and_guilds_it_asked_for(server: DiscordServer, guild: Guild, ada: User) -> None:
    heard: list[str] = []
    bot = Bot(discord.Intents(guilds=True, guild_messages=True))
    art = guild.channel("art")

    @bot.listen()
    async def on_message(message: discord.Message) -> None:  # pyright: ignore[reportUnusedFunction]
        heard.append(f"{message.author.name}: {message.content}")

    async with running(bot, server):
        await server.post(ada, art, "a secret")
        later = server.guild("Later", with_bot=False)
        await server.invite(later)
        bob = server.member(later, "bob")
        await (await server.command(bob, "remix", channel=later.channel())).until_done()
        assert bot.get_guild(later.id) is not None
    assert heard == ["ada: "]


async def test_findings_that_are_left_fail_the_test() -> None:
    with pytest.raises(AssertionError, match="Discord would have objected"):
        async with discord_server() as server:
            server.findings.append("something")


async def test_a_bot_in_another_process_is_pointed_at_the_address(
    server: DiscordServer, ada: User, art: Channel
) -> None:
    script = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from tests.services.discord_bots import pointed_at\n"
        "from tests.services.test_discord_server import Bot\n"
        "with pointed_at(sys.argv[1]): Bot().run(sys.argv[2], log_handler=None)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, server.url, server.token, cwd=Path(__file__).parents[2]
    )
    try:
        await server.until(lambda: server.gateway.connected or process.returncode is not None, patience_seconds=30)
        asked = await server.command(ada, "imagine", {"prompt": "a fox"}, channel=art)
        await asked.until_done()
    finally:
        process.kill()
        await process.wait()
    await server.until(lambda: not server.gateway.connected)
    assert original(asked).attachments
