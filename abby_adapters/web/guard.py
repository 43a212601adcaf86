"""The guard in front of everything: whose host name, whose token, how many bytes; and one line in the log.

It stands outside of the framework, so that nothing of a request's body is read for a stranger.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from abby_adapters.web.callers import WrongTokens, no_token, token_in
from abby_adapters.web.cookies import SESSION, Jar
from abby_adapters.web.errors import STOPPING, Failure, HttpError, failure_of
from abby_adapters.web.origins import SAFE_METHODS, is_ours
from abby_adapters.web.proxies import believe, networks_of
from abby_core.access.token import HOSTS_SCOPES, SCOPES, Caller
from abby_core.errors import AbbyError
from abby_core.sentence import sentence
from abby_core.storage.picture import PICTURE_BYTES_MAX

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from abby_core.access.session import Session
    from abby_core.bootstrap import Abby

log = logging.getLogger(__name__)

JSON_BYTES_MAX = 2**20
"""The longest prompts fill a tenth of it."""
FORM_BYTES_MAX = 2 * PICTURE_BYTES_MAX + JSON_BYTES_MAX
"""The largest picture that may be uploaded, a mask as large, and words."""
BODY_SECONDS_MAX = 120
"""How long a body may take to arrive: the largest one needs 3 Mbit/s."""
PATH_CHARACTERS_LOGGED = 60
PROBES = frozenset({"/healthz", "/readyz"})
"""Asked by machines under whatever name, and tell nothing about anybody."""
OPEN = ("/files/", "/api/openapi.json")
"""Paths, or their beginnings, that need no token."""
FOR_PROGRAMS = ("/v1", "/api", "/files", "/metrics", *PROBES)
"""Where programs ask: the first parts of paths. All other paths are pages, for people."""
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


_FIRST_OF_IDS = f"req_{secrets.token_hex(9)}"
"""Of this process's requests: their ids are for finding them in the log, and open nothing."""
_numbers = itertools.count(1)


@dataclass
class _Exchange:
    """One request and what became of it."""

    id: str = field(default_factory=lambda: f"{_FIRST_OF_IDS}{next(_numbers):06x}")
    began: float = field(default_factory=time.monotonic)
    status: int = 0
    whose: str = "nobody"
    """The id of the token or session that was shown."""


class Guard:
    """ASGI middleware. ``hosts``: the names under which Abby may be reached besides this computer's own.

    ``page``: how people are told what went wrong.
    """

    def __init__(
        self, app: ASGIApp, *, abby: Abby, hosts: Iterable[str], page: Callable[[Request, Exception], Response]
    ) -> None:
        self._app = app
        self._page = page
        self._abby = abby
        self._trusted = networks_of(abby.settings.trusted_proxies)
        self._hosts = _LOCAL_NAMES | {host.lower() for host in hosts}
        self._wrong_tokens = WrongTokens()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # no WebSockets here
            return
        exchange = _Exchange()
        watched = _watched(send, exchange)
        try:
            await self._check(scope, exchange)
            if scope["method"] == "HEAD":  # is GET without its body (RFC 9110, 9.3.2), which the server leaves out
                scope = {**scope, "method": "GET"}
            await self._app(scope, _bounded(receive, _body_bytes_max(scope)), watched)
        except Exception as error:
            if isinstance(error, AbbyError):
                log.warning("%s %s failed: %s", scope["method"], _path(scope), error)
            elif not isinstance(error, HttpError):
                log.exception("%s %s failed unexpectedly", scope["method"], _path(scope))
            if not exchange.status:
                await self._refusal(scope, error)(scope, receive, watched)
        except asyncio.CancelledError:  # Abby stops, and waits for this answer no longer; what has begun is cut off
            if not exchange.status:
                await self._refusal(scope, HttpError(STOPPING))(scope, receive, watched)
        finally:
            _write_line(scope, exchange)

    async def _check(self, scope: Scope, exchange: _Exchange) -> None:
        """Raise HttpError for what may not come in."""
        headers, path = Headers(scope=scope), str(scope["path"])
        if path in PROBES:
            return
        believe(scope, headers, self._trusted)
        if not self._is_our_name(headers.get("host", "")):
            raise HttpError(Failure(status=421, code="unknown_host", should_retry=False, message=(
                "Abby is not reached under this name. The host sets PUBLIC_URL or WEB_ALLOWED_HOSTS."
            )))  # fmt: skip
        if not is_for_programs(path):
            await self._meet_visitor(scope, headers, exchange)
        elif not path.startswith(OPEN):
            scope.setdefault("state", {})["caller"] = await self._caller(scope, headers, exchange)
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or len(length) > 18 or int(length) > _body_bytes_max(scope):
            raise _too_large(_body_bytes_max(scope))

    async def _caller(self, scope: Scope, headers: Headers, exchange: _Exchange) -> Caller:
        """Whoever asks as a program: by a token, or for Abby's own interface as one of our pages. Raises HttpError."""
        token = token_in(headers.get("authorization", ""))
        caller = await self._abby.tokens.caller(token)
        if caller is not None:
            exchange.whose = f"token {caller.token_id}"
            _note_still(scope, lambda: self._abby.tokens.caller(token))
            return caller
        if not token and _begins(scope["path"], "/api"):
            session = await self._session(scope, headers, exchange)
            if session is not None:
                is_host = session.account.key in self._abby.hosts
                scopes = (*SCOPES, *HOSTS_SCOPES) if is_host else SCOPES
                return Caller(token_id="", account=session.account, scopes=frozenset(scopes))
        too_many = bool(token) and self._wrong_tokens.count(_address(scope))
        raise HttpError(no_token(given=bool(token), too_many=too_many))

    async def _meet_visitor(self, scope: Scope, headers: Headers, exchange: _Exchange) -> None:
        """Note for the pages who looks at them; strangers too. Raises HttpError for a form from elsewhere."""
        state = scope.setdefault("state", {})
        state.update(session=None, hosts=self._abby.hosts, jar=self._jar(scope, headers))
        state["session"] = await self._session(scope, headers, exchange, always_ours=True)

    async def _session(
        self, scope: Scope, headers: Headers, exchange: _Exchange, *, always_ours: bool = False
    ) -> Session | None:
        """Whose browser that is, by its cookie. Raises HttpError where another site's page makes it change something.

        ``always_ours``: forms of strangers have to come from our pages too, else others could sign people in.
        """
        text = self._jar(scope, headers).get(SESSION)
        session = await self._abby.sessions.find(text) if text else None
        if (session or always_ours) and scope["method"] not in SAFE_METHODS and not is_ours(headers):
            raise HttpError(Failure(status=403, code="cross_site", should_retry=False, message=sentence(
                "This came from a page of another site, so nothing was done. Open Abby itself and try there."
            )))  # fmt: skip
        if session is not None:
            exchange.whose = f"session {session.id}"
            _note_still(scope, lambda: self._abby.sessions.find(text))
        return session

    def _refusal(self, scope: Scope, error: Exception) -> Response:
        """JSON for programs, a page for people; a mere sentence under a name where nothing else of the page loads."""
        failure = failure_of(error)
        if is_for_programs(scope["path"]):
            return failure.response()
        if "jar" in scope.get("state", {}):
            return self._page(Request(scope), error)
        return PlainTextResponse(failure.message, failure.status)

    def _jar(self, scope: Scope, headers: Headers) -> Jar:
        return Jar(headers, scheme=scope["scheme"], public_url=self._abby.settings.public_url)

    def _is_our_name(self, host: str) -> bool:
        """A page of another site that makes a browser call us (DNS rebinding) does so under its own name."""
        return host_name(host) in self._hosts


def _note_still(scope: Scope, look: Callable[[], Awaitable[object]]) -> None:
    """For answers that last: ``look`` finds None as soon as what was shown opens nothing any more."""
    scope.setdefault("state", {})["still"] = look


def is_for_programs(path: str) -> bool:
    """Whether programs ask there, so that every answer is one for them."""
    return any(_begins(path, first) for first in FOR_PROGRAMS)


def _begins(path: str, first: str) -> bool:
    return path == first or path.startswith(f"{first}/")


def host_name(host: str) -> str:
    """The name in a ``Host`` header, without the port, in lower case; empty for what is none."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
    return name.rstrip(".")


def is_loopback(address: str) -> bool:
    """Whether only this computer can reach that address."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _body_bytes_max(scope: Scope) -> int:
    kind = Headers(scope=scope).get("content-type", "")
    return FORM_BYTES_MAX if kind.lower().startswith("multipart/form-data") else JSON_BYTES_MAX


def _bounded(receive: Receive, bytes_max: int) -> Receive:
    """``receive`` that stops at so many bytes of a body, and when they take too long."""
    received, complete = 0, False
    give_up_at = asyncio.get_running_loop().time() + BODY_SECONDS_MAX

    async def bounded() -> Message:
        nonlocal received, complete
        if complete:  # from now on it only tells that the client has gone
            return await receive()
        try:
            async with asyncio.timeout_at(give_up_at):
                message = await receive()
        except TimeoutError:
            raise HttpError(Failure(status=408, message=sentence("The request took too long to arrive."))) from None
        received += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if received > bytes_max:
            raise _too_large(bytes_max)
        return message

    return bounded


def _watched(send: Send, exchange: _Exchange) -> Send:
    """``send`` that adds what every answer carries, and notes its status."""

    async def watched(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
            headers["x-request-id"] = exchange.id
        await send(message)

    return watched


def _too_large(bytes_max: int) -> HttpError:
    says = sentence("At most {limit} MB can be sent here.", limit=bytes_max // 2**20)
    return HttpError(
        Failure(status=413, message=says, code="too_large", should_retry=False, headers={"connection": "close"})
    )


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _path(scope: Scope) -> str:
    """The path for the log. Names of pictures are made of prompts, and links open something: neither is in it."""
    route = getattr(scope.get("route"), "path", "")
    first, *more = str(scope["path"])[:PATH_CHARACTERS_LOGGED].strip("/").split("/")
    return route or f"/{first}" + ("/…" if more else "")


def _write_line(scope: Scope, exchange: _Exchange) -> None:
    level = logging.DEBUG if scope["path"] in PROBES else logging.INFO
    spent_ms = round((time.monotonic() - exchange.began) * 1000)
    log.log(level, "%s %s %s in %s ms (%s, %s)", scope["method"], _path(scope), exchange.status or "unanswered",
            spent_ms, exchange.id, exchange.whose)  # fmt: skip
