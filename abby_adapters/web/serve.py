"""Serving: the web and the worker in one process, on one event loop."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager
from typing import Protocol

import uvicorn

from abby_adapters.web.app import make_app
from abby_adapters.web.guard import is_loopback
from abby_adapters.web.heads import BoundedHeads
from abby_adapters.web.memory import keep_for_pictures
from abby_adapters.web.pages.discord import DISCORD
from abby_core.access.hosts import local_account
from abby_core.access.sign_ins import PATH as SIGN_IN_PATH
from abby_core.bootstrap import Abby, open_abby
from abby_core.errors import ConfigurationError
from abby_core.languages import read_catalogues
from abby_core.settings import Settings

log = logging.getLogger(__name__)

GRACE_SECONDS = 30
"""How long answers that are on their way may take when Abby is stopped; their orders then have as long again."""
CONNECTIONS_MAX = 1000
"""Connections at a time; more are answered with 503. Each costs some 100 kB."""
BACKLOG = 2048
"""Connections that may wait to be taken; the system has a smaller bound of its own."""
FAREWELL_SECONDS = 2
"""How long it may take to tell those whose answers are waited for no longer."""
IDLE_SECONDS = 15
"""How long a connection without a request is kept; a page's next request comes sooner."""
_STOPPING = (signal.SIGINT, signal.SIGTERM)


class Neighbour(Protocol):
    """What runs beside the web over the same Abby."""

    def begin(self) -> None:
        """Called when Abby is open."""
        ...

    async def end(self) -> None:
        """Called when Abby is closed, and nothing is left to be delivered."""
        ...


Neighbours = Callable[[Abby], list[Neighbour]]


async def serve(settings: Settings, *, tell: Callable[[str], None], neighbours: Neighbours = lambda _abby: []) -> None:
    """Serve until SIGTERM or Ctrl-C; answers on their way are given, running orders finished or handed back.

    ``tell`` is called once with the URL, when it answers. Raises ConfigurationError for an address that cannot be
    used, or that others could reach while nobody has a token.
    """
    async with AsyncExitStack() as stack:
        bound = [stack.enter_context(closing(each)) for each in _bind(settings.web_host, settings.web_port)]
        abby = open_abby(settings)
        beside = neighbours(abby)
        for each in beside:
            stack.push_async_callback(each.end)
        await stack.enter_async_context(abby)
        exposed = await _check_exposure(abby, bound)
        await asyncio.to_thread(read_catalogues)
        server = server_for(abby)
        with _stopped_by_signals(server):
            serving = asyncio.ensure_future(server.serve(sockets=bound))
            for each in beside:
                each.begin()
            tell(url_of(bound[0]))
            if not exposed and not _has_a_way_in(settings):
                link = await asyncio.to_thread(abby.sign_ins.create, local_account())
                tell(f"Sign in, once: {url_of(bound[0])}{SIGN_IN_PATH}{link}")
            await serving
        log.info("finishing what is running")


def server_for(abby: Abby, *, discord_url: str = DISCORD) -> Server:
    """The web server over an Abby that is open; it listens at sockets that are bound already."""
    keep_for_pictures()
    return Server(uvicorn.Config(
        make_app(abby, discord_url=discord_url), http=BoundedHeads, proxy_headers=False, log_config=None,
        access_log=False, lifespan="off", server_header=False, ws="none",
        timeout_keep_alive=IDLE_SECONDS, timeout_graceful_shutdown=GRACE_SECONDS, limit_concurrency=CONNECTIONS_MAX,
    ))  # fmt: skip


class Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would end the process before orders are finished."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    def stop(self) -> None:
        """Give the answers that are on their way; asked again: do not wait for them."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Whoever's answer is waited for no longer is told so (by the guard) while Abby is still open."""
        await super().shutdown(sockets)
        left = list(self.server_state.tasks)
        for task in left:
            if not task.cancelling():
                task.cancel()
        if left:
            await asyncio.wait(left, timeout=FAREWELL_SECONDS)


@contextmanager
def _stopped_by_signals(server: Server) -> Generator[None]:
    loop = asyncio.get_running_loop()
    with ExitStack() as undo:
        for each in _STOPPING:
            if sys.platform == "win32":  # its loops know no signals
                former = signal.signal(each, lambda *_: loop.call_soon_threadsafe(server.stop))
                undo.callback(signal.signal, each, former)
            else:
                loop.add_signal_handler(each, server.stop)
                undo.callback(loop.remove_signal_handler, each)
        yield


def _has_a_way_in(settings: Settings) -> bool:
    """Whether people can sign in to the pages without this computer's command line."""
    return bool(settings.discord_token or (settings.discord_client_id and settings.discord_client_secret))


async def _check_exposure(abby: Abby, bound: list[socket.socket]) -> bool:
    """Whether others can reach it. Raises ConfigurationError where they can and nobody could use it."""
    exposed = [each.getsockname()[0] for each in bound if not is_loopback(each.getsockname()[0])]
    if exposed and not _has_a_way_in(abby.settings) and not await abby.tokens.any_live():
        raise ConfigurationError(
            f"Others could reach Abby at {exposed[0]}, and nobody has a token yet. Make one first: "
            "abby token create --user NAME. Or serve this computer alone: abby serve --host 127.0.0.1."
        )
    return bool(exposed)


def _bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets at every address of that name that this machine has. Raises ConfigurationError."""
    bound: list[socket.socket] = []
    trouble: Exception | None = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, *_, address in found if port else found[:1]:  # a second address would get another port
            try:
                bound.append(socket.create_server(address[:2], family=family, backlog=BACKLOG))  # pyright: ignore[reportArgumentType]
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise
                trouble = error  # localhost may be an address of IPv6, and this machine have none
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that can be none
        for each in bound:
            each.close()
        bound, trouble = [], error
    if not bound:
        taken = isinstance(trouble, OSError) and trouble.errno == errno.EADDRINUSE
        why = "something listens there already, perhaps another Abby" if taken else trouble
        raise ConfigurationError(
            f"Abby cannot listen at {host}, port {port}: {why}. Choose others: abby serve --host HOST --port PORT."
        ) from trouble
    return bound


def url_of(bound: socket.socket) -> str:
    """Where it answers."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
