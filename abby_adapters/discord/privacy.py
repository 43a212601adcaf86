"""Everything Abby keeps of a person: to take along, or to remove for good."""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from io import BytesIO
from typing import IO, TYPE_CHECKING

import aiohttp
import discord
from discord import ButtonStyle, ui

from abby_adapters.discord import account_presenter, forms, parts
from abby_adapters.discord.desk import Interaction, say, work
from abby_adapters.discord.files import REQUEST_BYTES_MAX
from abby_adapters.discord.members import account_of, reader
from abby_adapters.discord.press import Press
from abby_core.errors import InvalidRequest, QueueFull
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.studio import Account

PARTS_MAX = 10
"""Files of one export, each a message: as many as people can still put together."""
PART_BYTES_SPARED = 64 * 1024
"""Of Discord's limit for a file, which counts the rest of the request in some places."""
FOLLOWUPS_MAX = 5
"""What Discord takes where the app is installed by the person alone."""
SHOWN_EVERY_SECONDS = 4.0
"""Least time between two words about the progress."""
IN_MEMORY_BYTES = 8 * 2**20
FORGET = r"abby:forget"
FORM = r"abby:forgotten"
WORD = "FORGET"
"""What is typed to be forgotten: long enough not to be typed by accident."""
TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)
_ALREADY = sentence("Your data is being packed already; wait for it to be sent.")


class Exports:
    """Who is being packed for now: one ZIP of a person at a time."""

    def __init__(self) -> None:
        self._packing: set[int] = set()

    @contextlib.contextmanager
    def of(self, user_id: int) -> Generator[None]:
        """Raises QueueFull while one is being packed."""
        if user_id in self._packing:
            raise QueueFull(_ALREADY)
        self._packing.add(user_id)
        try:
            yield
        finally:
            self._packing.discard(user_id)


# ---------------------------------------------------------------------- export


async def export(interaction: Interaction, core: Core, exports: Exports) -> None:
    """Send everything as a ZIP that only its owner sees, in parts where one file would be too large."""
    language, account = reader(interaction), account_of(interaction.user.id)
    part_bytes = min(interaction.filesize_limit, REQUEST_BYTES_MAX) - PART_BYTES_SPARED
    bytes_max = part_bytes * (PARTS_MAX if interaction.is_guild_integration() else FOLLOWUPS_MAX)

    def words(count: int) -> str:
        return language.plural("Packing: {count} picture", "Packing: {count} pictures", count=count)

    with exports.of(interaction.user.id), tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as packed:
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with _Progress(interaction, words) as progress:
            size_bytes = await asyncio.to_thread(_pack, core, account, packed, bytes_max, progress.note)
        if size_bytes is not None:
            await _send(interaction, core, packed, size_bytes, part_bytes)
            return
    embed = account_presenter.export_too_large_embed(language, account.key, bytes_max, core.settings.public_url)
    await say(interaction, embed)


def _pack(core: Core, account: Account, target: IO[bytes], bytes_max: int, note: Callable[[int], None]) -> int | None:
    """Write the ZIP; returns its size, or None where it grows beyond ``bytes_max``."""
    from abby_core.gallery.export import export as pack

    size_bytes = 0
    for chunk in pack(core.storage, account, progress=note):
        size_bytes += len(chunk)
        if size_bytes > bytes_max:
            return None
        target.write(chunk)
    return size_bytes


async def _send(interaction: Interaction, core: Core, packed: IO[bytes], size_bytes: int, part_bytes: int) -> None:
    language = reader(interaction)
    count = max(1, -(-size_bytes // part_bytes))
    day = datetime.fromtimestamp(core.storage.now_ms() / 1000, UTC)
    name = f"abby-{day:%Y-%m-%d}.zip"
    await say(interaction, account_presenter.export_embed(language, name, size_bytes, count))
    packed.seek(0)
    for number in range(1, count + 1):
        part = BytesIO(await asyncio.to_thread(packed.read, part_bytes))
        part_name = name if count == 1 else f"{name}.{number:03d}"
        await interaction.followup.send(file=discord.File(part, filename=part_name), ephemeral=True)


# ---------------------------------------------------------------------- forgetting


async def ask_to_forget(interaction: Interaction, core: Core) -> None:
    """Say what would go, and how to have it done."""
    language = reader(interaction)
    found = await work(interaction, core.forgetting.preview, account_of(interaction.user.id))
    view = None
    if found.counts:
        view = parts.view([
            parts.button(f"🧹 {language.say('Forget me …')}", "abby:forget", ButtonStyle.danger)
        ])  # fmt: skip
    await say(interaction, account_presenter.preview_embed(language, found), view)


class ForgetPress(Press, template=FORGET):
    """Below the list of what would go."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:  # noqa: ARG002
        language = reader(interaction)
        word: ui.TextInput[ui.View] = ui.TextInput(custom_id="word", max_length=20, placeholder=WORD)
        text = language.say("Type {word} to be forgotten", word=WORD)
        hint = language.say("All your pictures and data go, for good. Nobody can bring them back.")
        await forms.show(interaction, language.say("Forget me"), "abby:forgotten", parts.labelled(text, word, hint))


async def forget(interaction: Interaction, core: Core, found: re.Match[str], typed: forms.Typed) -> None:  # noqa: ARG001
    """Remove everything about whoever typed the word, and say what became of it."""
    if typed.get("word", "").strip().upper() != WORD:
        raise InvalidRequest(sentence("Nothing was removed: the word was not {word}.", word=WORD))
    language, account = reader(interaction), account_of(interaction.user.id)
    await interaction.response.defer(ephemeral=True, thinking=True)

    def words(count: int) -> str:
        return language.plural("Removed: {count} picture", "Removed: {count} pictures", count=count)

    async with _Progress(interaction, words) as progress:
        receipt = await core.forgetting.forget(account, progress=progress.note)
    await say(interaction, account_presenter.receipt_embed(language, receipt))


# ---------------------------------------------------------------------- progress


class _Progress:
    """Tells now and then how far something is that runs in a thread."""

    def __init__(self, interaction: Interaction, words: Callable[[int], str]) -> None:
        self._interaction, self._words = interaction, words
        self._loop = asyncio.get_running_loop()
        self._told_at = time.monotonic()
        self._telling: asyncio.Task[None] | None = None

    def note(self, count: int) -> None:
        """Called in any thread."""
        now = time.monotonic()
        if now - self._told_at >= SHOWN_EVERY_SECONDS:
            self._told_at = now
            self._loop.call_soon_threadsafe(self._tell, count)

    def _tell(self, count: int) -> None:
        if self._telling is None or self._telling.done():
            self._telling = self._loop.create_task(_show(self._interaction, self._words(count)))

    async def __aenter__(self) -> _Progress:
        return self

    async def __aexit__(self, *_error: object) -> None:
        """The last word was said before anything else is."""
        if self._telling is not None:
            await asyncio.wait({self._telling})


async def _show(interaction: Interaction, text: str) -> None:
    with contextlib.suppress(*TROUBLE):
        await interaction.edit_original_response(embed=account_presenter.note(text))


PRESSES: tuple[type[Press], ...] = (ForgetPress,)
