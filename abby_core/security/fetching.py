"""Fetching what stands at an address that a stranger typed, without being sent where strangers must not get.

A server that fetches for others can be used to reach what only it can reach: its own machine, its neighbours, the
cloud's metadata. So an address is resolved once, every answer has to be a public one, and the connection goes to just
that answer; each redirect is looked at in the same way. What is fetched is still anything at all: whoever wants a
picture checks it as one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

from abby_core.errors import InvalidRequest
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from ssl import SSLContext

    import aiohttp
    from aiohttp.abc import AbstractResolver, ResolveResult

PORTS = frozenset({80, 443})
"""Where the web is; other services answer at other ports, and may take a request for something else."""
_PORT = {"http": 80, "https": 443}
URL_CHARACTERS_MAX = 2000
REDIRECTS_MAX = 3
"""Shorteners and `www.` take one or two."""
CHUNK_BYTES = 2**16
HEADER_BYTES_MAX = 2**14
NOT_THERE = sentence("Nothing can be fetched from this address. It has to be a public http or https address.")
"""One sentence for whatever is wrong, so that nobody learns what stands where."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Allowed = Callable[[Address], bool]
_EVERYBODYS = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that is given out for the Internet (IANA, "IPv6 Global Unicast Address Assignments")."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses as a network without IPv4 reaches them (RFC 6052): the last 32 bits."""
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})
"""What stands before an IPv4 address that is the end of one of IPv6 (RFC 5214, 6.1)."""
_NOT_EVERYBODYS = (
    ipaddress.IPv6Network("3fff::/20"),  # for documentation (RFC 9637), which older Pythons do not know
    ipaddress.IPv4Network("192.88.99.0/24"),  # whichever relay is near, long retired (RFC 7526)
    ipaddress.IPv4Network("168.63.129.16/32"),  # the platform itself, asked from inside Azure (learn.microsoft.com)
)


class Fetcher:
    """``ports`` and ``also_addresses`` let through what otherwise is not: for tests, which have no public server.

    ``trust`` is who may vouch for a name, and how (a context for clients); None: whom this computer trusts.
    """

    def __init__(
        self, *, ports: Collection[int] = PORTS, also_addresses: Collection[str] = (), trust: SSLContext | None = None
    ) -> None:
        self._ports = frozenset(ports)
        self._trust = trust
        self._also = frozenset(ipaddress.ip_address(each) for each in also_addresses)

    async def fetch(self, url: str, *, bytes_max: int, seconds: float) -> bytes:
        """What stands there, at most so many bytes and within so many seconds, redirects included.

        Raises InvalidRequest. No cookie, no proxy of the environment, no header of whoever asks goes along.
        """
        import aiohttp

        resolver = _checked_resolver(self._is_allowed)
        # The certificate is asked for and checked by the name that was typed, whichever address was found for it.
        connector = aiohttp.TCPConnector(
            resolver=resolver, use_dns_cache=False, force_close=True, ssl=True if self._trust is None else self._trust
        )
        try:
            async with (
                asyncio.timeout(seconds),
                aiohttp.ClientSession(
                    connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar(),
                    max_line_size=HEADER_BYTES_MAX, max_field_size=HEADER_BYTES_MAX,
                    headers={"user-agent": "Abby", "accept": "image/*", "accept-encoding": "identity"},
                ) as session,
            ):  # fmt: skip
                return await self._follow(session, url, bytes_max)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:  # ValueError: of a hostile header
            raise InvalidRequest(NOT_THERE) from error

    async def _follow(self, session: aiohttp.ClientSession, url: str, bytes_max: int) -> bytes:
        for _ in range(REDIRECTS_MAX + 1):
            checked = check_url(url, ports=self._ports, allowed=self._is_allowed)
            async with session.get(checked, allow_redirects=False, auto_decompress=False) as answer:
                if answer.status in {301, 302, 303, 307, 308} and (target := answer.headers.get("location")):
                    url = urljoin(checked, target)
                    continue
                if answer.status != 200 or answer.headers.get("content-encoding", "identity") != "identity":
                    raise InvalidRequest(NOT_THERE)
                return await _read(answer, bytes_max)
        raise InvalidRequest(NOT_THERE)

    def _is_allowed(self, address: Address) -> bool:
        return address in self._also or is_public(address)


def check_url(url: str, *, ports: Collection[int] = PORTS, allowed: Allowed | None = None) -> str:
    """The address as it may be asked for (pure). Raises InvalidRequest.

    A host that is a number has to be a public address in its one usual spelling: whatever the system's resolver would
    take for a number besides (``127.1``, ``0x7f000001``, ``0177.0.0.1``, ``2130706433``) is refused.
    """
    parts = _split(url)
    host, port = parts.hostname or "", parts.port
    wrong = (
        parts.scheme not in _PORT or not host or "@" in parts.netloc or "%" in host or host.endswith(".")
        or (_PORT[parts.scheme] if port is None else port) not in ports
    )  # fmt: skip
    if wrong:
        raise InvalidRequest(NOT_THERE)
    address = _address(host)
    if not (_is_name(host) if address is None else (allowed or is_public)(address)):
        raise InvalidRequest(NOT_THERE)
    return parts._replace(fragment="").geturl()


def is_public(address: Address) -> bool:
    """Whether everybody on the Internet means the same machine by that address, and no other is hidden in it."""
    if any(address in network for network in _NOT_EVERYBODYS):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    hidden = _hidden(address)
    if hidden is not None and not is_public(hidden):
        return False
    means_hidden = hidden is not None and (address.ipv4_mapped is not None or address in _NAT64)
    return means_hidden or (address in _EVERYBODYS and address.is_global)  # Teredo's are not global


def _hidden(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that what is sent there may end up at."""
    last = int(address) & 0xFFFFFFFF
    if address in _NAT64 or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return ipaddress.IPv4Address(last)
    return address.ipv4_mapped or address.sixtofour


def _split(url: str) -> SplitResult:
    """The parts of an address in plain visible characters. Raises InvalidRequest."""
    if len(url) > URL_CHARACTERS_MAX or not url.isascii() or not url.isprintable() or set(url) & set(' \\<>"{}|^`'):
        raise InvalidRequest(NOT_THERE)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InvalidRequest(NOT_THERE) from error
    return parts


def _address(host: str) -> Address | None:
    """The address that a host is in its usual spelling; None: it is none, and may be a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_name(host: str) -> bool:
    """Whether it is a name of the Internet: of several parts, the last of them no number in any notation."""
    labels = host.split(".")
    fits = len(host) <= 253 and len(labels) >= 2 and all(_is_label(label) for label in labels)
    return fits and labels[-1][0].isalpha()


def _is_label(label: str) -> bool:
    bare = label.replace("-", "").replace("_", "")
    return 0 < len(label) <= 63 and bare.isalnum() and not label.startswith("-") and not label.endswith("-")


async def _read(answer: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    parts, size = list[bytes](), 0
    async for part in answer.content.iter_chunked(CHUNK_BYTES):
        size += len(part)
        if size > bytes_max:
            most = bytes_max // 2**20
            raise InvalidRequest(sentence("What stands at this address is larger than {most} MB.", most=most))
        parts.append(part)
    return b"".join(parts)


def _checked_resolver(allowed: Allowed) -> AbstractResolver:
    """A resolver that hands out addresses only where all of a name's are allowed; the connection goes to these."""
    from aiohttp import ThreadedResolver

    class Checked(ThreadedResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            found = await super().resolve(host, port, family)
            if not found or not all(allowed(ipaddress.ip_address(each["host"].partition("%")[0])) for each in found):
                raise OSError("not a public address")
            return found

    return Checked()
