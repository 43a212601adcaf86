"""Keeping pictures: ``StorageManager`` and, under its founding address, ``QuotaManager``."""

from abby_core.storage.quota_manager import QuotaManager
from abby_core.storage.storage_manager import StorageManager

__all__ = ["QuotaManager", "StorageManager"]
