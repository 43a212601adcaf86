"""Telling Discord which commands there are, only when they have changed: it takes 200 a day, and not many at once."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot

log = logging.getLogger(__name__)
FILE = "discord_commands.sha256"


async def sync_if_changed(tree: discord.app_commands.CommandTree[StudioBot], root: Path) -> bool:
    """Register the tree's commands unless those were registered last; returns whether that was done.

    What was registered last is noted in ``root``; deleting the file ``discord_commands.sha256`` registers anew.
    """
    note, now = root / FILE, await _fingerprint(tree)
    try:
        if note.read_text("ascii").strip() == now:
            return False
    except (OSError, UnicodeDecodeError):
        pass  # the first time, or nobody knows
    try:
        await tree.sync()
    except (discord.HTTPException, discord.app_commands.AppCommandError) as error:
        log.warning("Discord did not take the commands; those it knows go on working: %s", error)
        return False
    log.info("Discord was told of %d commands", len(tree.get_commands()))
    try:
        note.write_text(now + "\n", "ascii")
    except OSError as error:
        log.warning("commands will be registered again with the next start: %s", error.strerror)
    return True


async def _fingerprint(tree: discord.app_commands.CommandTree[StudioBot]) -> str:
    """Of all that Discord would be told, in every language."""
    described: list[object] = [tree.client.application_id]
    for command in tree.get_commands():
        translated = tree.translator and await command.get_translated_payload(tree, tree.translator)
        described.append(translated or command.to_dict(tree))
    return hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode()).hexdigest()
