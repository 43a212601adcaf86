"""Which pictures a message shows: Abby's own by their ids, any other by its attachment.

Without Discord's privileged intent for the contents of messages, what others attached is seen in the one message that
a menu was opened on, in direct messages, and nowhere else; Abby's own messages are always seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import aiohttp
import discord

from abby_adapters.discord import asking, views
from abby_adapters.discord.desk import Interaction
from abby_adapters.discord.memory import KEY, Memory
from abby_core.errors import InvalidRequest, NotFound, ProviderUnreachable
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_adapters.discord.uploads import Uploads
    from abby_core.bootstrap import Abby as Core
    from abby_core.studio import Account

LOOKED_AT_MAX = 50
"""Newest messages of a channel among which a picture is looked for: one request."""
ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp"})
SOURCE = rf"(?:a:\d{{1,20}}:[0-9A-Za-z-]{{1,60}}|m:{KEY})"
NO_PICTURE = sentence("There is no picture in that message that Abby can use: a PNG, JPEG or WebP.")
NONE_HERE = sentence("There is no picture of Abby's among the newest messages here. Attach one.")
CANNOT_LOOK = sentence("Abby may not look back here. Attach the picture.")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture in a message: of Abby's with whose it is and its id, else what was attached."""

    name: str
    owner: int = 0
    artifact_id: str = ""
    url: str = ""
    size_bytes: int = 0

    def source(self, memory: Memory) -> str:
        """How a button or form names it; an attachment's address is too long for that and has to be remembered."""
        return f"a:{self.owner}:{self.artifact_id}" if self.artifact_id else f"m:{memory.keep(self)}"

    def find(self, uploads: Uploads) -> asking.Find:
        """Its bytes, or its id where it is one's own."""
        if self.artifact_id:
            return asking.seen(self.owner, self.artifact_id)
        return asking.attached(uploads, self.url, self.size_bytes)


def shown_by(source: str, memory: Memory) -> Shown:
    """What :meth:`Shown.source` named. Raises NotFound once it is forgotten."""
    kind, _, rest = source.partition(":")
    if kind == "m":
        return memory.find(rest, Shown)
    owner, _, artifact_id = rest.partition(":")
    return Shown(name="", owner=int(owner), artifact_id=artifact_id)


def pictures_in(message: discord.Message, bot: StudioBot) -> list[Shown]:
    """The pictures of a message: by their ids where ``bot`` itself has written it."""
    if message.author == bot.user and (own := list(dict.fromkeys(_by_ids(message)))):
        return own
    return [
        Shown(name=each.filename, url=each.url, size_bytes=each.size) for each in message.attachments if _usable(each)
    ]


def last_picture_here(interaction: Interaction) -> asking.Find:
    """The newest picture in the channel that Abby sees: her own, in direct messages also what was attached."""
    channel = interaction.client.get_partial_messageable(interaction.channel_id or 0)
    bot, uploads = interaction.client, interaction.client.uploads

    async def find(core: Core, account: Account) -> asking.Found:
        try:
            async for message in channel.history(limit=LOOKED_AT_MAX):
                for shown in pictures_in(message, bot):
                    try:
                        return await shown.find(uploads)(core, account)
                    except NotFound:  # deleted by its owner
                        continue
        except (discord.Forbidden, discord.NotFound):
            raise InvalidRequest(CANNOT_LOOK) from None
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            text = sentence("Discord did not let Abby look back just now. Please try again.")
            raise ProviderUnreachable(text, transient=True) from error
        raise InvalidRequest(NONE_HERE)

    return find


def _by_ids(message: discord.Message) -> Iterator[Shown]:
    """The pictures that the buttons and lists of one of Abby's messages are about."""
    for row in message.components:
        for part in getattr(row, "children", ()):
            custom_id = str(getattr(part, "custom_id", ""))
            if found := re.fullmatch(views.PICTURE, custom_id):
                yield Shown(name="", owner=int(found["owner"]), artifact_id=found["id"])
            elif found := re.fullmatch(views.PICK, custom_id):
                for option in part.options:
                    yield Shown(name=option.label, owner=int(found["owner"]), artifact_id=option.value)


def _usable(attached: discord.Attachment) -> bool:
    """Whether it calls itself a picture; what it is, its bytes will say."""
    return PurePosixPath(attached.filename).suffix.lower() in ENDINGS or (attached.content_type or "") in {
        "image/png", "image/jpeg", "image/webp",
    }  # fmt: skip
