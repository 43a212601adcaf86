"""The other adapters that the command line starts; loaded when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from abby_adapters.web.serve import Neighbour
    from abby_core.bootstrap import Abby
    from abby_core.settings import Settings


def run_bot(settings: Settings) -> None:
    """Run the Discord bot until it is stopped. Raises ConfigurationError or StorageError."""
    from abby_adapters.discord.main import run

    run(settings)


async def serve(settings: Settings, *, tell: Callable[[str], None]) -> None:
    """Serve the web and, with a token for Discord, the bot: over one Abby, until they are stopped together.

    Raises ConfigurationError or StorageError.
    """
    from abby_adapters.web.serve import serve as serve_web

    def beside(abby: Abby) -> list[Neighbour]:
        if not settings.discord_token:
            return []
        from abby_adapters.discord.beside import BotBeside

        return [BotBeside(abby)]

    await serve_web(settings, tell=tell, neighbours=beside)


def examine_discord(settings: Settings) -> list[tuple[bool, str]]:
    """How the bot is on Discord: sentences, and whether that is well. Raises ConfigurationError or StorageError."""
    import asyncio

    from abby_adapters.discord.main import examine

    return [(finding.ok, finding.text) for finding in asyncio.run(examine(settings))]
