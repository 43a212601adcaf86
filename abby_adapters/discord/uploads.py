"""Fetching pictures that people attached: from Discord's own servers alone, and no more bytes than Abby takes.

What the bytes are is the core's matter; here it is decided only from where, and how many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from urllib.parse import urlsplit

import aiohttp

from abby_core.errors import InvalidRequest, ProviderUnreachable
from abby_core.sentence import sentence

ORIGINS: frozenset[str] = frozenset({"https://cdn.discordapp.com", "https://media.discordapp.net"})
"""Where Discord keeps what people attach (its documentation, "Image Formatting" and "Signed Attachment CDN URLs")."""
BYTES_MAX = 20 * 2**20
"""Largest file that is fetched: what the core takes from people."""
TIMEOUT_SECONDS = 30
_CHUNK_BYTES = 2**16


class Uploads:
    """The one door to attachments. Opens its connection with the first one."""

    def __init__(self, origins: Collection[str] = ORIGINS) -> None:
        self._origins = frozenset(origins)
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, url: str, *, declared_bytes: int = 0) -> bytes:
        """The attachment's bytes. Raises InvalidRequest in words that say what to do, or ProviderUnreachable.

        Redirects are not followed: whoever could redirect could send Abby anywhere.
        """
        if declared_bytes > BYTES_MAX:
            raise _too_large()
        if _origin(url) not in self._origins:
            raise InvalidRequest(sentence("Attach the picture here in Discord; Abby fetches from nowhere else."))
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True)
        try:
            async with self._session.get(url, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise InvalidRequest(sentence("The attached picture could not be fetched. Please attach it again."))
                return await _read(answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ProviderUnreachable(
                sentence("Discord did not hand over the attached picture. Please try again.")
            ) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            await asyncio.sleep(0)  # lets the connections go before the loop does


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_chunked(_CHUNK_BYTES):
        size += len(part)
        if size > BYTES_MAX:
            raise _too_large()
        parts.append(part)
    return b"".join(parts)


def _origin(url: str) -> str:
    """``https://cdn.discordapp.com``, with the port where it is named; blank for what is no plain address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.username is not None or parts.password is not None or not parts.hostname:
        return ""
    return f"{parts.scheme}://{parts.hostname}" + ("" if port is None else f":{port}")


def _too_large() -> InvalidRequest:
    return InvalidRequest(
        sentence("The attached picture is larger than {limit} MB; attach a smaller one.", limit=BYTES_MAX // 2**20)
    )
