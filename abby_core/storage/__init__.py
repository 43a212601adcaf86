"""Keeping pictures: ``StorageManager`` and, under its founding address, ``QuotaManager``; loaded when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abby_core.storage.quota_manager import QuotaManager
    from abby_core.storage.storage_manager import StorageManager

__all__ = ["QuotaManager", "StorageManager"]


def __getattr__(name: str) -> object:
    if name == "StorageManager":
        from abby_core.storage.storage_manager import StorageManager

        return StorageManager
    if name == "QuotaManager":
        from abby_core.storage.quota_manager import QuotaManager

        return QuotaManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
