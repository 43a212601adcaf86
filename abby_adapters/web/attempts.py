"""How often somebody may try to sign in: counted for each address, and for all together."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

ATTEMPTS_PER_MINUTE_MAX = 10
"""From one address in one minute of the clock: a family behind one address signs in within a minute, no machine."""
ATTEMPTS_IN_ALL_MAX = 300
"""From everywhere together: what a large community needs when its server announces the pages."""
WATCHED_MAX = 10_000
"""Addresses that are counted at a time (about 2 MB); the longest unheard of is forgotten first."""


class Attempts:
    """Lives on one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minute = 0
        self._in_all = 0
        self._from: OrderedDict[str, int] = OrderedDict()

    def count(self, address: str) -> bool:
        """Count one more; whether it may be made."""
        minute = int(self._clock() // 60)
        if minute != self._minute:
            self._minute, self._in_all = minute, 0
            self._from.clear()
        address = whose(address)
        count = self._from.get(address, 0) + 1
        self._from[address] = count
        self._from.move_to_end(address)
        if len(self._from) > WATCHED_MAX:
            self._from.popitem(last=False)
        if count > ATTEMPTS_PER_MINUTE_MAX:  # one who floods does not use up what the others need
            return False
        self._in_all += 1
        return self._in_all <= ATTEMPTS_IN_ALL_MAX


def whose(address: str) -> str:
    """What tells callers apart: an address of IPv4, a network of IPv6.

    Whoever has IPv6 has a network of 64 bits for each site at least (RFC 6177), and may come from another address of it
    each time.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address) or found.ipv4_mapped is not None:  # IPv4 at a socket for both
        return address
    return str(ipaddress.ip_network((found, 64), strict=False))
