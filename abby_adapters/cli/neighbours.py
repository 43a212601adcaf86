"""The other adapters that the command line starts; loaded when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abby_core.settings import Settings


def run_bot(settings: Settings) -> None:
    """Run the Discord bot until it is stopped. Raises ConfigurationError or StorageError."""
    from abby_adapters.discord.main import run

    run(settings)


def examine_discord(settings: Settings) -> list[tuple[bool, str]]:
    """How the bot is on Discord: sentences, and whether that is well. Raises ConfigurationError or StorageError."""
    import asyncio

    from abby_adapters.discord.main import examine

    return [(finding.ok, finding.text) for finding in asyncio.run(examine(settings))]
