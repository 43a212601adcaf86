"""The other adapters that the command line starts; loaded when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abby_core.settings import Settings


def run_bot(settings: Settings) -> None:
    """Run the Discord bot until it is stopped. Raises ConfigurationError or StorageError."""
    from abby_adapters.discord.main import run

    run(settings)


def check_discord_token(settings: Settings) -> str:
    """Who signs in to Discord with the token, in a sentence. Raises ConfigurationError or StorageError."""
    import asyncio

    from abby_adapters.discord.main import check_token

    return asyncio.run(check_token(settings.discord_token or ""))
