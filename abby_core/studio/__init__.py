"""Making pictures: the door every adapter knocks on, and the words it is spoken to in."""

from typing import TYPE_CHECKING

from abby_core.quota.account import Account
from abby_core.quota.standing import Standing
from abby_core.quota.status import QuotaStatus, Usage
from abby_core.storage.artifact import Artifact, Visibility
from abby_core.studio.order import Creation, DeliveryAddress, Estimate, Order, OrderView, Progress

if TYPE_CHECKING:  # for annotations; a simulation is rare, and what it needs takes time to load
    from abby_core.quota.simulation import AccountReplay as AccountReplay
    from abby_core.quota.simulation import Simulation as Simulation

__all__ = [
    "Account",
    "Artifact",
    "Creation",
    "DeliveryAddress",
    "Estimate",
    "Order",
    "OrderView",
    "Progress",
    "QuotaStatus",
    "Standing",
    "Usage",
    "Visibility",
]
