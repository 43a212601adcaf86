"""Links to pictures and albums: making, showing and taking them back."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from discord import ButtonStyle, ui

from abby_adapters.discord import account_presenter, forms, parts
from abby_adapters.discord.desk import Interaction, say, work
from abby_adapters.discord.members import account_of, reader
from abby_adapters.discord.press import Press
from abby_core.errors import ConfigurationError, InvalidRequest
from abby_core.gallery.share import EXPIRES_SECONDS_DEFAULT, Share
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.languages import Language

NO_WEB = sentence(
    "Links need Abby's web pages, and this Abby has none that others can reach. Whoever runs her can set PUBLIC_URL "
    "to the address of her pages."
)
FORM = r"abby:share:(?P<kind>[pa]):(?P<id>[0-9A-Za-z-]{1,60})"
REVOKE = r"abby:unshare:(?P<id>[0-9a-f]{1,40})"
REVOKE_CHOSEN = r"abby:unshare"
PASSWORD_CHARACTERS_MAX = 200
VIEWS_DIGITS_MAX = 7


def require_web(core: Core) -> str:
    """The address of the web pages. Raises ConfigurationError in words for members where there is none."""
    if not core.settings.public_url:
        raise ConfigurationError(NO_WEB)
    return core.settings.public_url


async def ask(
    interaction: Interaction,
    core: Core,
    *,
    picture: str = "",
    album: str = "",
    expires_in_seconds: int = EXPIRES_SECONDS_DEFAULT,
    views_max: int = 0,
    metadata: str = "none",
) -> None:
    """Show the form in which a link is decided on, filled in so. Raises NotFound, ConfigurationError."""
    require_web(core)
    account, language = account_of(interaction.user.id), reader(interaction)
    if picture:
        found = await asyncio.to_thread(core.gallery.find, account, picture)
        kind, thing_id, name = "p", found.id, found.name
    else:
        shared = await asyncio.to_thread(core.gallery.albums.find, account, album)
        kind, thing_id, name = "a", shared.id, shared.name
    expires = [
        parts.option(language.translate(words), str(seconds), chosen=seconds == expires_in_seconds)
        for seconds, words in account_presenter.EXPIRIES.items()
    ]
    tells = [
        parts.option(language.translate(words), value, chosen=value == metadata)
        for value, words in account_presenter.TELLS.items()
    ]
    views: ui.TextInput[ui.View] = ui.TextInput(
        custom_id="views", required=False, default=str(views_max) if views_max else None, max_length=VIEWS_DIGITS_MAX
    )
    password: ui.TextInput[ui.View] = ui.TextInput(
        custom_id="password", required=False, max_length=PASSWORD_CHARACTERS_MAX
    )
    await forms.show(
        interaction,
        language.say("Share {name}", name=account_presenter.quoted(name, 30)),
        f"abby:share:{kind}:{thing_id}",
        parts.labelled(language.say("How long it is open"), parts.choose("expires", expires)),
        parts.labelled(language.say("What is told besides"), parts.choose("tells", tells)),
        parts.labelled(language.say("How often it opens"), views, language.say("Blank: as often as they like")),
        parts.labelled(language.say("Password"), password, language.say("Blank: none. Tell it to those it is for")),
    )


async def make_as_asked(interaction: Interaction, core: Core, found: re.Match[str], typed: forms.Typed) -> None:
    """Make the link that a form decided on."""
    views = typed.get("views", "").strip()
    if views and not re.fullmatch(r"[0-9]+", views):
        raise InvalidRequest(sentence("How often it opens is a whole number, or blank."))
    await make(
        interaction,
        core,
        picture=found["id"] if found["kind"] == "p" else "",
        album=found["id"] if found["kind"] == "a" else "",
        expires_in_seconds=int(typed["expires"]),
        views_max=int(views or 0),
        metadata=typed["tells"],
        password=typed.get("password") or None,
    )


async def make(
    interaction: Interaction,
    core: Core,
    *,
    picture: str = "",
    album: str = "",
    expires_in_seconds: int = EXPIRES_SECONDS_DEFAULT,
    views_max: int = 0,
    metadata: str = "none",
    password: str | None = None,
) -> None:
    """Make a link and tell its owner alone. Raises Refused, ConfigurationError."""
    url, language = require_web(core), reader(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)  # a password takes time
    share, token = await asyncio.to_thread(
        core.shares.create, account_of(interaction.user.id), picture=picture, album=album,
        expires_in_seconds=expires_in_seconds, views_max=views_max, metadata=metadata, password=password,
    )  # fmt: skip
    link = f"{url}/s/{token}"
    view = parts.view([
        parts.link(language.say("Open"), link),
        parts.button("↩️ " + language.say("Take it back"), f"abby:unshare:{share.id}", ButtonStyle.danger),
    ])  # fmt: skip
    await say(interaction, account_presenter.share_embed(language, share, link), view)


async def show_all(interaction: Interaction, core: Core) -> None:
    """All links of whoever asks, with a list to take one back."""
    language = reader(interaction)
    shares = await work(interaction, core.shares.list, account_of(interaction.user.id))
    await say(interaction, account_presenter.shares_embed(language, shares), _shares_view(language, shares))


def _shares_view(language: Language, shares: tuple[Share, ...]) -> ui.View | None:
    live = [each for each in shares if each.state == "live"]
    if not live:
        return None
    options = [parts.option(account_presenter.share_label(language, each), each.id, each.id) for each in live]
    return parts.view([parts.choose("abby:unshare", options, language.say("Take one back"))])


class RevokePress(Press, template=REVOKE):
    """Below a link that was just made."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        await interaction.response.defer()
        ended = await asyncio.to_thread(core.shares.revoke, account_of(interaction.user.id), self.found["id"])
        text = reader(interaction).say(
            "Taken back: the link to {name} leads nowhere now.",
            name=account_presenter.share_label(reader(interaction), ended),
        )
        await interaction.edit_original_response(embed=account_presenter.note(text), view=None)


class RevokeChosenPress(Press, template=REVOKE_CHOSEN):
    """In the list of one's links."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        account, language = account_of(interaction.user.id), reader(interaction)
        await interaction.response.defer()
        await asyncio.to_thread(core.shares.revoke, account, self.chosen)
        shares = await asyncio.to_thread(core.shares.list, account)
        embed, view = account_presenter.shares_embed(language, shares), _shares_view(language, shares)
        await interaction.edit_original_response(embed=embed, view=view)


PRESSES: tuple[type[Press], ...] = (RevokePress, RevokeChosenPress)
