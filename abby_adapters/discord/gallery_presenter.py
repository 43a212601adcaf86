"""What people read above a page of their gallery (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from abby_adapters.discord.presenter import BUSY, quoted

if TYPE_CHECKING:
    from abby_adapters.discord.looks import Look
    from abby_core.gallery import Page
    from abby_core.languages import Language


def heading_embed(language: Language, page: Page, album: str, look: Look) -> discord.Embed | None:
    """Which pictures these are, or that there are none; None where the pictures speak for themselves."""
    facts = [
        language.say("album {name}", name=quoted(album, 60)) if album else "",
        language.say("style {value}", value=quoted(look.style, 40)) if look.style else "",
        language.say("provider {value}", value=quoted(look.provider, 40)) if look.provider else "",
        language.say("with the words {text}", text=f"“{quoted(look.text, 60)}”") if look.text else "",
    ]
    line = " · ".join(filter(None, facts))
    if page.artifacts and not line:
        return None
    title = language.say("Your Favourites") if look.starred else language.say("Your Gallery")
    text = "" if page.artifacts else _nothing(language, page, look)
    return discord.Embed(title=title, description="\n".join(filter(None, (line, text))) or None, colour=BUSY)


def _nothing(language: Language, page: Page, look: Look) -> str:
    if page.next is not None:
        return language.say("Nothing since {when}; look further back.", when=f"<t:{page.searched_until_ms // 1000}:D>")
    if look.is_filtered:
        return language.say("No picture is like that.")
    if look.starred:
        return language.say("No favourites yet. Press ⭐ below a picture you like.")
    return language.say("No pictures yet. Make the first: /imagine prompt: a cute rabbit in a meadow")
