"""Refusals offer what would help: making room, asking for less, trying again. What deletes asks once more.

A refusal is seen by one person, so whoever presses is whom it is about. Making room outlives a restart; of what was
refused only the process that refused it knows, unless a press asked for it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from discord import ButtonStyle

from abby_adapters.discord import account_presenter, desk, parts, presenter, views, wishing
from abby_adapters.discord.desk import Interaction, Wish
from abby_adapters.discord.members import account_of, reader
from abby_adapters.discord.press import Press
from abby_core.errors import InvalidRequest
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.languages import Language
    from abby_core.studio import Account, Artifact

NAMED_MAX = 10
"""Names in a question whether to delete."""


# ---------------------------------------------------------------------- making room


class RoomPress(Press, template=views.ROOM):
    """What loses nothing is done at once; what deletes is asked about."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        what, wish = self.found["what"], self.found["wish"] or ""
        count = min(int(self.found["count"]), views.AT_ONCE_MAX[what])
        if what in {"delete", "empty_trash"}:
            await _ask(interaction, core, what, count, wish)
        else:
            done = _compress if what == "compress" else _archive
            account, language = account_of(interaction.user.id), reader(interaction)
            text = await asyncio.to_thread(done, language, core, account, count)
            await _tell(interaction, core, text, wish)


def _compress(language: Language, core: Core, account: Account, count: int) -> str:
    from abby_core.storage.compression import compress_oldest

    done = compress_oldest(core.storage, account, count, progress=lambda _outcome: None)
    return language.plural(
        "{count} picture compressed, {freed:.1f} MB freed.",
        "{count} pictures compressed, {freed:.1f} MB freed.",
        count=len(done),
        freed=sum(each.saved_bytes for each in done) / presenter.MEGABYTE,
    )


def _archive(language: Language, core: Core, account: Account, count: int) -> str:
    from abby_core.storage.archive import archive_oldest

    done = archive_oldest(core.storage, account, count, progress=lambda _each: None)
    return language.plural(
        "{count} picture archived, {freed:.1f} MB freed. It stays in your gallery.",
        "{count} pictures archived, {freed:.1f} MB freed. They stay in your gallery.",
        count=len(done),
        freed=sum(each.size_bytes for each in done) / presenter.MEGABYTE,
    )


async def _ask(interaction: Interaction, core: Core, what: str, count: int, wish: str) -> None:
    """Name what would be deleted, and ask."""
    account, language = account_of(interaction.user.id), reader(interaction)
    doomed = await asyncio.to_thread(_doomed, core, account, what, count)
    if not doomed:
        await _tell(interaction, core, language.say("There is nothing to delete."), wish)
        return
    count = len(doomed) if what == "delete" else count
    title = language.plural("Delete {count} picture for good?", "Delete {count} pictures for good?", count=count)
    names = [f"• {presenter.quoted(each.name, 60)}" for each in doomed[:NAMED_MAX]]
    if count > len(names):
        names.append(language.plural("and {count} more", "and {count} more", count=count - len(names)))
    warning = language.say("They cannot be had back afterwards.")
    embed = account_presenter.note(*names, warning, title=title, colour=presenter.COLOURS["CRITICAL"])
    suffix = f":{wish}" if wish else ""
    yes = parts.button(
        language.say("Delete for good"), f"abby:yes:{what}:{count}:{_seen(doomed)}{suffix}", ButtonStyle.danger
    )
    await desk.say(interaction, embed, parts.view([yes, parts.button(language.say("Keep everything"), "abby:no")]))


class YesPress(Press, template=views.YES):
    """Deleting what was named, and nothing else."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        await interaction.response.defer()
        what, count = self.found["what"], int(self.found["count"])
        account, language = account_of(interaction.user.id), reader(interaction)
        doomed = await asyncio.to_thread(_doomed, core, account, what, count)
        if _seen(doomed) != self.found["seen"]:
            await _ask(interaction, core, what, count, self.found["wish"] or "")
            return
        if what == "delete":
            gone = await asyncio.to_thread(core.gallery.delete, account, *(each.id for each in doomed), for_good=True)
            pictures, freed_bytes = len(gone), sum(each.counted_bytes for each in gone)
        else:
            emptied = await asyncio.to_thread(core.gallery.empty_trash, account)
            pictures, freed_bytes = emptied.pictures, emptied.freed_bytes
        text = language.plural(
            "{count} picture removed, {freed:.1f} MB freed.",
            "{count} pictures removed, {freed:.1f} MB freed.",
            count=pictures,
            freed=freed_bytes / presenter.MEGABYTE,
        )
        await _tell(interaction, core, text, self.found["wish"] or "")


class NoPress(Press, template=views.NO):
    """Keeping what was named."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:  # noqa: ARG002
        text = reader(interaction).say("Nothing was deleted.")
        await interaction.response.edit_message(embed=account_presenter.note(text), view=None)


def _doomed(core: Core, account: Account, what: str, count: int) -> Sequence[Artifact]:
    """What would go; of the trash what went there last."""
    if what == "delete":
        return core.gallery.oldest(account, count)
    return core.gallery.trash(account, limit=views.AT_ONCE_MAX["delete"]).artifacts


def _seen(pictures: Sequence[Artifact]) -> str:
    """Tells whether they are still the same that were named."""
    return hashlib.sha256("".join(each.id for each in pictures).encode()).hexdigest()[:12]


async def _tell(interaction: Interaction, core: Core, text: str, wish: str) -> None:
    language = reader(interaction)
    status = await asyncio.to_thread(core.quota.status, account_of(interaction.user.id))
    view = parts.view([views.again_button(language, f"abby:wish:same:{wish}")]) if wish else None
    await desk.say(interaction, presenter.with_quota(language, account_presenter.note(text), status), view)


# ---------------------------------------------------------------------- asking again


class AgainPress(Press, template=views.WISH):
    """What was refused once more: as it was, or less of it."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:  # noqa: ARG002
        wish, how = interaction.client.memory.find(self.found["wish"], Wish), self.found["how"]
        if wish.do is not None:
            await wish.do(interaction)
        elif wish.ask is None:
            raise InvalidRequest(sentence("There is nothing to try again."))
        elif how == "same":
            await desk.take(interaction, wish.ask, private=wish.private)
        else:
            ask = wishing.smaller(wish.ask) if how == "smaller" else wishing.fewer(wish.ask, int(how))
            await desk.take(interaction, ask, private=wish.private)


PRESSES: tuple[type[Press], ...] = (RoomPress, YesPress, NoPress, AgainPress)
