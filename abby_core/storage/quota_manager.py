"""The founding documents' address of :class:`~abby_core.quota.quota_manager.QuotaManager`."""

from abby_core.quota.quota_manager import QuotaManager

__all__ = ["QuotaManager"]
