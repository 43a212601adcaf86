"""Looking at kept pictures: one of them, or a page of one's own gallery."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord

from abby_adapters.discord import gallery_presenter, presenter, views
from abby_adapters.discord.asking import GONE
from abby_adapters.discord.desk import Interaction, is_covered, patiently, refuse
from abby_adapters.discord.files import attach, smaller_notes, thumbnail_file
from abby_adapters.discord.looks import Look, Position, page_id
from abby_adapters.discord.members import account_of, reader
from abby_adapters.discord.posting import Posting, Spot
from abby_core.errors import AbbyError, NotFound

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.gallery import Page
    from abby_core.studio import Account, Artifact

PAGE_PICTURES = 5
"""Pictures on one page: what fits a screen."""


async def show_picture(interaction: Interaction, core: Core, owner: int, name_or_id: str, *, private: bool) -> None:
    """Answer with one picture and its buttons. Raises NotFound."""
    account, language = account_of(owner), reader(interaction)
    try:
        finding = asyncio.to_thread(core.gallery.find, account, name_or_id)
        found = await patiently(interaction, finding, private=private)
    except NotFound:
        if owner != interaction.user.id:  # what is called how is nobody else's business
            raise NotFound(GONE) from None
        raise
    deferred = None
    if not interaction.response.is_done():
        deferred = await interaction.response.defer(ephemeral=private, thinking=True)
    if not private and interaction.channel_id:
        message_id = (deferred and deferred.message_id) or (await interaction.original_response()).id
        spot = Spot(channel=interaction.channel_id, message=message_id)
        await Posting(interaction.client, core).note(account, spot)
    bytes_max, spoiler = interaction.filesize_limit, not private and await is_covered(interaction, core)
    attached = await asyncio.to_thread(attach, language, core, [found], bytes_max=bytes_max, spoiler=spoiler)
    (picture,) = attached or (None,)
    embed = presenter.picture_embed(language, found, demo=is_demo(core, found))
    content: dict[str, Any] = {"embed": embed, "view": views.picture_view(language, found, owner=owner)}
    if picture is None:
        trouble = language.say("Its file cannot be shown here just now.")
        embed.description = f"{embed.description or ''}\n{trouble}"
    else:
        if not spoiler:  # in an embed it would be shown uncovered
            embed.set_image(url=f"attachment://{picture.name}")
        for note in smaller_notes([picture], core.settings.public_url):
            embed.description = f"{embed.description or ''}\n-# {language.translate(note)}"
        content["attachments"] = [picture.file()]
    await interaction.edit_original_response(**content)


async def open_gallery(interaction: Interaction, core: Core, look: Look, before: Position | None = None) -> None:
    """Answer with a page of one's own gallery, the first or what was made before a moment."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        page = await _page(interaction, core, look, before)
    except AbbyError as error:
        await refuse(interaction, error)
        return
    await interaction.edit_original_response(**page)


async def turn(interaction: Interaction, core: Core, look: Look, before: Position | None) -> None:
    """Turn the page in its own message."""
    await interaction.response.defer()
    await interaction.edit_original_response(**await _page(interaction, core, look, before))


def is_demo(core: Core, artifact: Artifact) -> bool:
    """Whether a picture only shows how Abby works."""
    provider = core.generator.providers.get(artifact.provider)
    return provider is not None and provider.capabilities.demo


async def _page(interaction: Interaction, core: Core, look: Look, before: Position | None) -> dict[str, Any]:
    """A page as a message: an embed for each picture, with its small version."""
    account, language = account_of(interaction.user.id), reader(interaction)

    def read() -> tuple[Page, list[discord.Embed], list[discord.File]]:
        page = core.gallery.page(account, look.filter, limit=PAGE_PICTURES, before=before)
        embeds: list[discord.Embed] = []
        files: list[discord.File] = []
        for number, artifact in enumerate(page.artifacts, start=1):
            embed = presenter.picture_embed(language, artifact, demo=is_demo(core, artifact))
            small = thumbnail_file(language, core, artifact, f"thumbnail-{number}.webp")
            if small is not None:
                files.append(small)
                embed.set_thumbnail(url=f"attachment://{small.filename}")
            embeds.append(embed)
        return page, embeds, files

    page, embeds, files = await asyncio.to_thread(read)
    title = await _title(core, account, look)
    heading = gallery_presenter.heading_embed(language, page, title, look)
    if heading is not None:
        embeds.insert(0, heading)
    memory = interaction.client.memory
    older = "" if page.next is None else page_id(look, page.next, memory)
    newest = "" if before is None else page_id(look, None, memory)
    view = views.page_view(language, page, owner=interaction.user.id, newest=newest, older=older)
    return {"embeds": _within_limits(embeds), "attachments": files, "view": view}


async def _title(core: Core, account: Account, look: Look) -> str:
    """What the album is called, if one is looked at."""
    return (await asyncio.to_thread(core.gallery.albums.find, account, look.album)).name if look.album else ""


def _within_limits(embeds: list[discord.Embed]) -> list[discord.Embed]:
    """Discord takes 6000 characters in all embeds of a message together: long prompts are cut."""
    for embed in embeds:
        share = 5500 // len(embeds) - len(embed.title or "")
        if embed.description and len(embed.description) > share:
            embed.description = embed.description[: share - 1] + "…"
    return embeds
