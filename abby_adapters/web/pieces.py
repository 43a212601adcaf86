"""Large answers, handed over in pieces: no piece is copied to be joined with another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pybase64 import b64encode
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

PIECE_BYTES_MAX = 2**19
"""At a time. What a socket does not take at once is moved about in memory until it does, so it had better be little."""
_ENCODED_BYTES_MAX = PIECE_BYTES_MAX // 4 * 3
"""What fills a piece as base64, which makes four bytes of three."""


@dataclass(frozen=True)
class Base64:
    """Bytes that go out as base64. Each piece is encoded when it goes, so nowhere is there a copy of all."""

    data: bytes = field(repr=False)

    def __len__(self) -> int:
        return (len(self.data) + 2) // 3 * 4


class PiecesResponse(Response):
    """An answer whose body is the ``pieces``, one behind the other."""

    def __init__(
        self, pieces: Sequence[bytes | Base64], *, media_type: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(b"", media_type=media_type, headers=headers)
        self.headers["content-length"] = str(sum(len(piece) for piece in pieces))
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- as ASGI calls it
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self._pieces:
            for part in _parts(piece):
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _parts(piece: bytes | Base64) -> Iterator[bytes | memoryview]:
    if isinstance(piece, Base64):
        view = memoryview(piece.data)
        for at in range(0, len(view), _ENCODED_BYTES_MAX):
            yield b64encode(view[at : at + _ENCODED_BYTES_MAX])
    else:
        view = memoryview(piece)
        for at in range(0, len(view), PIECE_BYTES_MAX):
            yield view[at : at + PIECE_BYTES_MAX]
