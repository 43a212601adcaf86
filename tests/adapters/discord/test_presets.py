"""Choosing once: presets, a server's presets, and what applies unasked."""

from __future__ import annotations

from typing import Any

from abby_core.gallery.preset import HOST, UNASKED, of_server
from abby_core.generation.choices import Choices
from abby_core.generation.request import TextToImage
from tests.adapters.discord.conftest import House, said, shown
from tests.services.discord_interactions import Interaction
from tests.services.discord_world import MANAGE_GUILD, User
from tests.support.providers import FixedProvider


async def presets(house: House, what: str, user: User | None = None, **options: Any) -> Interaction:
    return await house.server.command(user or house.ada, f"presets {what}", options, channel=house.art)


def text_of(provider: FixedProvider) -> TextToImage:
    request = provider.requests[-1]
    assert isinstance(request, TextToImage)
    return request


async def test_a_preset_is_saved_offered_used_renamed_and_deleted(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider):
        saved = await said(
            await presets(house, "save", name="Poster", style="Anime", aspect="2:3", suffix="in oil"), "style anime"
        )
        assert saved.ephemeral
        typing = await house.server.autocomplete(
            house.ada, "imagine", {"prompt": "x", "preset": "POS"}, focused="preset", channel=house.art
        )
        await typing.until(lambda it: it.choices)
        await shown(await house.imagine("a cat", preset=typing.choices[0]["value"]))
        request = text_of(provider)
        assert (request.prompt, request.style) == ("a cat, in oil", "anime")
        assert request.width < request.height
        await said(await presets(house, "rename", name="poster", new_name="Print"), "**Print**")
        await shown(await presets(house, "use", name="print", prompt="a dog --style origami"))
        assert (text_of(provider).prompt, text_of(provider).style) == ("a dog, in oil", "origami")
        listed = await said(await presets(house, "list"), "Yours")
        assert "style anime" in listed.text
        await said(await presets(house, "delete", name="Print"), "is gone")
        await said(await presets(house, "list"), "No presets yet.")
        refused = await said(await house.imagine("a cat", preset="Print"), "There is no preset")
        assert refused.ephemeral


async def test_what_was_made_last_is_kept_as_a_preset(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider):
        await said(await presets(house, "keep", name="again"), "no picture yet")
        await house.picture("a cat --seed 7", style="anime", aspect="16:9", negative="dogs")
        await said(await presets(house, "keep", name="again"), "without dogs")
        await shown(await house.imagine("a fox", preset="again"))
    request = text_of(provider)
    assert (request.style, request.negative_prompt, request.prompt) == ("anime", "dogs", "a fox")
    assert (request.width, request.height) == (1344, 768)
    assert request.seed != 7


async def test_a_servers_presets_are_for_who_manages_it_and_are_used_by_all(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider) as bot:
        told = await said(await presets(house, "save", name="house", style="anime", server=True), "who may manage it")
        assert told.ephemeral
        keeper = house.server.member(house.guild, "keeper", house.guild.role("keepers", MANAGE_GUILD))
        await said(await presets(house, "save", keeper, name="house", style="anime", server=True), "style anime")
        assert bot.core is not None
        (kept,) = bot.core.presets.list(of_server("discord", str(house.guild.id)))
        assert kept.name == "house"
        typing = await house.server.autocomplete(
            keeper, "presets delete", {"server": True}, focused="name", channel=house.art
        )
        await typing.until(lambda it: it.choices)
        assert "This server's" in (await said(await presets(house, "list"), "house")).text
        await shown(await presets(house, "use", name="house", prompt="a cat"))
        assert text_of(provider).style == "anime"
        await said(await presets(house, "delete", name="house", server=True), "who may manage it")
        await said(await presets(house, "rename", keeper, name="house", new_name="club", server=True), "**club**")
        await said(await presets(house, "delete", keeper, name="club", server=True), "is gone")
        there = house.server.dm(house.ada)
        alone = await house.server.command(
            house.ada, "presets save", {"name": "x", "style": "anime", "server": True}, channel=there
        )
        await said(alone, "There is no server here")


async def test_a_servers_and_the_hosts_default_apply_unasked(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider) as bot:
        assert bot.core is not None
        bot.core.presets.save(of_server("discord", str(house.guild.id)), UNASKED, Choices(style="anime"))
        bot.core.presets.save(HOST, UNASKED, Choices(style="origami", negative_prompt="dogs"))
        await house.picture()
        assert (text_of(provider).style, text_of(provider).negative_prompt) == ("anime", "dogs")


async def prefer(house: House, **options: Any) -> Interaction:
    return await house.server.command(house.ada, "prefer", options, channel=house.art)


async def test_what_is_preferred_applies_unasked_until_it_is_cleared(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider):
        await said(await prefer(house), "Nothing is preferred.")
        await said(await prefer(house, style="anime"), "style anime")
        both = await said(await prefer(house, aspect="16:9"), "1344×768")
        assert "style anime" in both.text
        await house.picture()
        assert (text_of(provider).style, text_of(provider).width) == ("anime", 1344)
        await said(await prefer(house, clear=True, style="origami"), "style origami")
        await house.picture()
        assert (text_of(provider).style, text_of(provider).width) == ("origami", 1024)
        await said(await prefer(house, clear=True), "Nothing is preferred.")


async def test_who_prefers_to_be_private_is_so_in_commands_and_presses(house: House) -> None:
    async with house.bot():
        public = await house.picture()
        assert not public.ephemeral
        await said(await prefer(house, private=True), "only you see it")
        assert (await house.picture()).ephemeral
        again = await shown(await house.server.click(public, "🔄 Again", house.ada))
        assert again.original is not None
        assert again.original.ephemeral
        assert not (await house.picture(private=False)).ephemeral
        theirs = await shown(await house.server.click(public, "🔄 Again", house.bob))
        assert theirs.original is not None
        assert not theirs.original.ephemeral


async def test_what_cannot_be_preferred_is_refused(house: House) -> None:
    async with house.bot():
        await said(await prefer(house, style="nonsense"), "There is no style")
        await said(await presets(house, "save", name="x"), "Nothing was chosen")
        await said(await presets(house, "save", name=" ", style="anime"), "needs a name")
        await said(await presets(house, "delete", name="unknown"), "There is no preset")
