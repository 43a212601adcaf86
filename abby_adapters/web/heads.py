"""The heads of requests: how long they may take and how large they may be.

The server under the web bounds neither. So a stranger who says nothing, or a letter now and then, would keep a
connection for good, of which there are only so many; and one who never stops sending headers would fill the memory.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from abby_adapters.web.guard import FORM_BYTES_MAX

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol as HttpProtocol
else:
    from uvicorn.protocols.http.auto import AutoHTTPProtocol as HttpProtocol

HEAD_SECONDS = 20.0
"""From the connection to the end of the first head: slow phones need two."""
HEAD_BYTES_MAX = 2**16
"""Browsers send about 2 kB; proxies take 8 to 32 kB."""
AFTER_SECONDS = 120.0
"""The same for what comes after an answer: it may be the rest of a body that was refused before it had arrived."""
AFTER_BYTES_MAX = FORM_BYTES_MAX + HEAD_BYTES_MAX
"""As much as such a rest may be, and a head."""


class BoundedHeads(HttpProtocol):
    """One connection; closed when a head does not end in time, or has too many bytes."""

    _late: asyncio.TimerHandle | None = None
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] -- as uvicorn's own
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_between_requests():
            self._begin()
            self._received += len(data)
        super().data_received(data)
        if not self._is_between_requests():
            self._end()
        elif self._received > (HEAD_BYTES_MAX if self._is_fresh() else AFTER_BYTES_MAX):
            self.transport.close()

    def _is_fresh(self) -> bool:
        """Whether no head has been complete yet."""
        return not self.cycle

    def _is_between_requests(self) -> bool:
        return self._is_fresh() or self.cycle.response_complete

    def _begin(self) -> None:
        if self._late is None:
            seconds = HEAD_SECONDS if self._is_fresh() else AFTER_SECONDS
            self._late = self.loop.call_later(seconds, self._give_up)

    def _end(self) -> None:
        self._received = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        if self._is_between_requests():
            self.transport.close()
