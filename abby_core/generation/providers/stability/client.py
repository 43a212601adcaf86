"""The wire to Stability: one exchange at a time, with limits on everything that comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO

import aiohttp
from multidict import CIMultiDict

from abby_core.errors import BadAnswer, ProviderUnreachable
from abby_core.generation.picture_bytes import media_type
from abby_core.generation.providers.stability.requests import Call
from abby_core.sentence import sentence

ERROR_BODY_BYTES_MAX = 64 * 2**10
"""How much of an error's body is read: real ones are below 1 KiB."""
READ_BYTES = 256 * 2**10
KEEP_ALIVE_SECONDS = 2.0
"""Shorter than any server's, so that no order travels on a connection the server is just giving up."""

_NEVER_SENT = (
    aiohttp.ClientConnectorError,  # refused, unknown host, no valid certificate
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    UnicodeError,  # a host name that cannot be one
)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer of any status; the body of an error may be cut short."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(kw_only=True)
class _SharedSession:
    session: aiohttp.ClientSession
    users: int = 0


class StabilityClient:
    """Sends the API key to ``api_host`` and nowhere else: no redirects, no proxies from the environment."""

    def __init__(
        self,
        *,
        api_host: str,
        timeout_seconds: float,
        connect_timeout_seconds: float,
        answer_bytes_max: int,
        keep_session: bool,
    ) -> None:
        self._api_host = api_host
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, connect=connect_timeout_seconds)
        self._answer_bytes_max = answer_bytes_max
        self._keep_session = keep_session
        self._sessions: dict[asyncio.AbstractEventLoop, _SharedSession] = {}

    async def get(self, path: str, *, key: str) -> Reply:
        return await self._exchange("GET", path, key=key, accept="application/json")

    async def post(self, call: Call, picture: bytes | None, *, key: str) -> Reply:
        """Send ``call`` with ``picture`` as its attachment. Cancelling closes the connection."""
        if call.json is not None:
            return await self._exchange("POST", call.path, key=key, accept=call.accept, json=call.json)
        form = _form(call, picture)
        kind = form.headers["Content-Type"]
        # In one piece where it is words alone: part by part it would be twenty packets.
        data = form if call.attachment else await form.as_bytes()
        return await self._exchange("POST", call.path, key=key, accept=call.accept, data=data, kind=kind)

    async def close(self) -> None:
        """Close the running loop's session. Whoever asks again opens a new one."""
        shared = self._sessions.pop(asyncio.get_running_loop(), None)
        if shared is not None:
            await shared.session.close()

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        key: str,
        accept: str,
        json: Mapping[str, object] | None = None,
        data: aiohttp.MultipartWriter | bytes | None = None,
        kind: str = "",
    ) -> Reply:
        """Raises ProviderUnreachable without an answer, BadAnswer for one that is too large or no HTTP.

        ``from None`` throughout: aiohttp's errors quote what the server sent, and Stability quotes keys.
        """
        headers = {
            "Authorization": f"Bearer {key}",
            "Accept": accept,
            "Accept-Encoding": "identity",  # pictures do not shrink, and nothing can inflate unseen
        }
        if kind:
            headers["Content-Type"] = kind
        try:
            async with (
                self._session() as session,
                session.request(
                    method, self._api_host + path, headers=headers, json=json, data=data, allow_redirects=False
                ) as response,
            ):
                body = await (self._read(response) if response.status == 200 else _read_error(response))
                return Reply(status=response.status, headers=response.headers.copy(), body=body)
        except _NEVER_SENT:
            raise ProviderUnreachable(
                sentence("Stability cannot be reached at the moment. Please try again later."), transient=True
            ) from None
        except TimeoutError:
            raise ProviderUnreachable(
                sentence("Stability did not answer in time. Please try again later."), transient=True, maybe_billed=True
            ) from None
        except aiohttp.ClientResponseError:
            raise BadAnswer(
                sentence("What answers at Stability's address does not speak HTTP properly."), maybe_billed=True
            ) from None
        except (aiohttp.ClientError, OSError):
            raise ProviderUnreachable(
                sentence(
                    "The connection to Stability broke off before the answer was complete. Please try again later."
                ),
                transient=True,
                maybe_billed=True,
            ) from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        if (response.content_length or 0) > self._answer_bytes_max:
            raise self._too_large()
        chunks: list[bytes] = []
        size = 0
        async for chunk, _ in response.content.iter_chunks():  # as they come: asked for a size, they would be joined
            size += len(chunk)
            if size > self._answer_bytes_max:  # whatever Content-Length claimed
                raise self._too_large()
            chunks.append(chunk)
        return b"".join(chunks)

    def _too_large(self) -> BadAnswer:
        return BadAnswer(
            sentence(
                "Stability's answer is larger than {limit:g} MB, which no picture is.",
                limit=self._answer_bytes_max / 2**20,
            ),
            maybe_billed=True,
            status=200,
        )

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[aiohttp.ClientSession]:
        """The running loop's session, shared by the exchanges under way.

        With ``keep_session`` it lives until :meth:`close`. Otherwise it is closed with the last exchange, so that
        none outlives its loop because the caller never closes anything.
        """
        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            self._sessions[loop] = _SharedSession(session=self._new_session())
        shared = self._sessions[loop]
        shared.users += 1
        try:
            yield shared.session
        finally:
            shared.users -= 1
            if shared.users == 0 and not self._keep_session:
                self._sessions.pop(loop, None)
                await shared.session.close()

    def _new_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            # limit=0: how many orders run at once is decided elsewhere, and waiting here would look like a
            # connection that cannot be made.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            read_bufsize=READ_BYTES,
        )


async def _read_error(response: aiohttp.ClientResponse) -> bytes:
    """The first bytes of an error's body; what was sent of it, if the rest does not come."""
    body = b""
    try:
        while len(body) < ERROR_BODY_BYTES_MAX:
            chunk = await response.content.read(ERROR_BODY_BYTES_MAX - len(body))
            if not chunk:
                break
            body += chunk
    except (aiohttp.ClientError, TimeoutError, OSError):
        pass  # the status says enough
    return body


def _form(call: Call, picture: bytes | None) -> aiohttp.MultipartWriter:
    """A multipart form, also without a file: v2beta takes nothing else."""
    form = aiohttp.MultipartWriter("form-data")
    for name, text in call.fields.items():
        form.append(text).set_content_disposition("form-data", name=name)
    if call.attachment is not None and picture is not None:
        kind = media_type(picture) or "application/octet-stream"
        part = form.append(BytesIO(picture), CIMultiDict({"Content-Type": kind}))
        part.set_content_disposition("form-data", name=call.attachment.field_name, filename=f"picture.{kind[6:]}")
    return form
