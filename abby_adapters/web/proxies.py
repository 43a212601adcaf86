"""What a proxy says about the caller, believed from proxies that the host named alone."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from abby_core.errors import ConfigurationError

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.types import Scope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
HOPS_MAX = 10
"""Addresses that are read of ``X-Forwarded-For``, from its end: as many proxies in a row nobody has."""
_WRITTEN = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
"""An IPv6 address in brackets, with a port or without; an IPv4 address with a port."""


def networks_of(trusted_proxies: str) -> tuple[Network, ...]:
    """The setting as networks. Raises ConfigurationError."""
    try:
        return tuple(
            ipaddress.ip_network(each.strip(), strict=False) for each in trusted_proxies.split(",") if each.strip()
        )
    except ValueError as error:
        raise ConfigurationError(
            f"TRUSTED_PROXIES holds addresses or networks with commas, such as 127.0.0.1, 10.0.0.0/8: {error}."
        ) from None


def believe(scope: Scope, headers: Headers, trusted: tuple[Network, ...]) -> None:
    """Put into the scope where the request really came from, as far as trusted proxies say.

    Each proxy writes the address it was called from at the end of ``X-Forwarded-For``; what stands before the first
    one that is not trusted, anybody may have written.
    """
    client = scope.get("client")
    if not trusted or not client or not _is_in(str(client[0]), trusted):
        return
    hops = ",".join(headers.getlist("x-forwarded-for")).split(",")[-HOPS_MAX:]
    for hop in reversed(hops):
        address = _address(hop)
        if address is None:
            break
        scope["client"] = (str(address), 0)
        if not _is_in(str(address), trusted):
            break
    if headers.get("x-forwarded-proto", "").strip().lower() == "https":
        scope["scheme"] = "https"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address as proxies write it: alone, in brackets, or with the caller's port, as IIS does."""
    found = _WRITTEN.fullmatch(text.strip())
    try:
        found = ipaddress.ip_address(found[1] or found[2] if found else text.strip())
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_in(text: str, networks: tuple[Network, ...]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in networks)
