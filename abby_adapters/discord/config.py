"""The Discord adapter's view of the settings, under the names that the founding documents fix.

``config`` is read once, when this module is first imported; ``BotConfig()`` reads the settings again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from abby_core.settings import Settings, load_settings


@dataclass(frozen=True)
class StorageConfig:
    """Where pictures go and how many. MB are 2**20 bytes."""

    storage_root: Path = Settings.storage_root
    max_global_storage_mb: float = Settings.max_global_storage_mb
    max_user_storage_mb: float = Settings.max_user_storage_mb
    max_user_daily_gens: int = Settings.max_user_daily_gens
    cleanup_days: int = Settings.cleanup_days
    image_generation_size_mb: float = Settings.image_generation_size_mb
    """Estimated size of one picture, for the check before the API call."""
    image_size_max_mb: float = Settings.image_size_max_mb
    """Largest picture that is stored."""


@dataclass(frozen=True)
class APIConfig:
    """Whom the bot asks for pictures."""

    stability_key: str | None = field(default=None, repr=False)
    stability_api_host: str = Settings.api_host


class BotConfig:
    """All the bot is configured with. ``settings`` are for what the core opens."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load_settings()
        self.storage = StorageConfig(
            storage_root=self.settings.storage_root,
            max_global_storage_mb=self.settings.max_global_storage_mb,
            max_user_storage_mb=self.settings.max_user_storage_mb,
            max_user_daily_gens=self.settings.max_user_daily_gens,
            cleanup_days=self.settings.cleanup_days,
            image_generation_size_mb=self.settings.image_generation_size_mb,
            image_size_max_mb=self.settings.image_size_max_mb,
        )
        self.api = APIConfig(
            stability_key=self.settings.stability_api_key,
            stability_api_host=self.settings.api_host,
        )

    @property
    def stability_api_key(self) -> str | None:
        return self.api.stability_key

    @property
    def discord_token(self) -> str | None:
        return self.settings.discord_token

    def __repr__(self) -> str:
        return f"BotConfig(storage={self.storage}, api={self.api})"


config = BotConfig()
