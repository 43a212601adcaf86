"""Large answers, handed over in pieces: no piece is copied to be joined with another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

PIECE_BYTES_MAX = 2**19
"""At a time. What a socket does not take at once is moved about in memory until it does, so it had better be little."""


class PiecesResponse(Response):
    """An answer whose body is the ``pieces``, one behind the other."""

    def __init__(self, pieces: Sequence[bytes], *, media_type: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(b"", media_type=media_type, headers=headers)
        self.headers["content-length"] = str(sum(len(piece) for piece in pieces))
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- as ASGI calls it
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self._pieces:
            view = memoryview(piece)
            for at in range(0, len(piece), PIECE_BYTES_MAX):
                await send({"type": "http.response.body", "body": view[at : at + PIECE_BYTES_MAX], "more_body": True})
        await send({"type": "http.response.body", "body": b""})
