"""The SQL of servers' settings: one row for each server whose managers decided something."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from abby_core.access.guild_settings import NO_SETTINGS, GuildSettings, decode, encode

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction


def find(tx: Transaction, server: str) -> GuildSettings:
    """A server's settings."""
    row = tx.row("SELECT settings FROM guilds WHERE guild = :server", server=server)
    return NO_SETTINGS if row is None else decode(row["settings"])


def change(
    tx: Transaction, server: str, changed: Callable[[GuildSettings], GuildSettings], now_ms: int
) -> GuildSettings:
    """Put in their place what ``changed`` makes of them; two changes at once come one after the other."""
    tx.lock(f"guild:{server}")
    settings = changed(find(tx, server))
    tx.execute(
        "INSERT INTO guilds (guild, settings, updated_at) VALUES (:server, :settings, :now) "
        "ON CONFLICT (guild) DO UPDATE SET settings = excluded.settings, updated_at = excluded.updated_at",
        server=server, settings=encode(settings), now=now_ms,
    )  # fmt: skip
    return settings
