"""The desk where orders are taken: under which id, who waits for them, and what becomes of those who leave.

The id of an order is made from the account and the request's ``Idempotency-Key``, so the same key is the same order,
whatever happens in between; the order's row remembers how it ended, errors included. Without a key the id is random,
except for what OpenAI's clients send again by themselves after a connection broke: that is recognised by its content,
also when Abby was started anew in between.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, cast

from abby_adapters.web.errors import BUSY_RETRY_SECONDS, Failure, HttpError, OrderFailed, bad_request
from abby_core.errors import AbbyError, NotFound

if TYPE_CHECKING:
    from fastapi import Request

    from abby_core.access.token import Caller
    from abby_core.bootstrap import Abby
    from abby_core.studio import Account, Creation, Order, OrderView, Progress

T = TypeVar("T")
PICTURES_AT_ONCE_MAX = 2
"""Answers that are made ready at the same time: to convert one picture of 50 megapixels takes up to 0.9 GB."""
KEY_CHARACTERS_MAX = 255
"""What Stripe takes, whose rules these are."""
LEFT_MAX = 1000
"""Orders without a key whose askers went away and may ask again; the oldest is forgotten first."""
KEYLESS = "web-once-"
"""How the ids of orders begin that came without a key."""
LEFT_SECONDS = 600
"""OpenAI's clients give a request up after so long, and ask again within seconds."""
PAUSE_SECONDS = 15.0
"""Proxies close a stream in which nothing happens for half a minute or more."""


class ClientGone(Exception):
    """Nobody is there to be answered. An order that was accepted goes on, and is found in the gallery."""


class Desk:
    """Lives on one event loop."""

    def __init__(self, abby: Abby) -> None:
        self._studio = abby.studio
        self.places = asyncio.Semaphore(PICTURES_AT_ONCE_MAX)
        """For whoever makes pictures ready to be handed out."""
        self._began_at_ms = abby.storage.now_ms()
        self._answering: set[str] = set()
        self._left: OrderedDict[str, tuple[str, float]] = OrderedDict()
        """By what was asked: the order's id, and when its asker went away."""
        self._taken_up: set[str] = set()
        """Orders from before the start that were asked for again: a second wish of the same words is another one."""

    async def with_id(self, request: Request, order: Order) -> Order:
        """The order under its id, with its token's own limit. Raises HttpError for a key that is none."""
        caller: Caller = request.scope["state"]["caller"]
        order = replace(order, token=caller.limit)
        key = request.headers.get("idempotency-key")
        if key is not None:
            return replace(order, id=_order_id(order.account, key))
        if request.headers.get("x-stainless-retry-count", "0") != "0":
            order_id, left_at = self._left.pop(_content(order), ("", 0.0))
            if order_id and asyncio.get_running_loop().time() - left_at < LEFT_SECONDS:
                return replace(order, id=order_id)
            if order_id := await self._from_before_the_start(order):
                return replace(order, id=order_id)
        return replace(order, id=f"{KEYLESS}{secrets.token_hex(16)}")

    async def _from_before_the_start(self, order: Order) -> str:
        """The order whose answer the end of the process before this one cut off; empty: there is none."""
        since_ms = self._began_at_ms - LEFT_SECONDS * 1000
        for view in await self._studio.alike(order, since_ms=since_ms, until_ms=self._began_at_ms):
            if view.id.startswith(KEYLESS) and view.id not in self._taken_up:
                self._taken_up.add(view.id)
                return view.id
        return ""

    @contextmanager
    def answering(self, order: Order) -> Generator[None]:
        """While this request is being answered. Raises HttpError when another one with the same key is."""
        if order.id in self._answering:
            raise HttpError(Failure(
                status=409, code="idempotency_key_in_use", retry_after_seconds=BUSY_RETRY_SECONDS, should_retry=True,
                message="A request with this Idempotency-Key is being answered just now; ask again in a moment.",
            ))  # fmt: skip
        self._answering.add(order.id)
        try:
            yield
        finally:
            self._answering.discard(order.id)

    async def submit(self, order: Order) -> OrderView:
        """Have the order accepted, or find that it was. Raises what refuses it."""
        return await self._studio.submit(order)

    async def create(self, request: Request, order: Order) -> Creation:
        """Have the order made and wait for it. Raises ClientGone; OrderFailed, or what refused it."""
        try:
            return await _unless_gone(request, self._studio.create(order))
        except ClientGone:
            self.leave(order)
            raise
        except AbbyError as error:
            if await self._was_accepted(order):
                raise OrderFailed(error) from error
            raise

    async def result(self, order: Order) -> Creation:
        """What an order that has ended brought. Raises OrderFailed."""
        try:
            return await self._studio.result(order.id, order.account)
        except AbbyError as error:
            raise OrderFailed(error) from error

    def leave(self, order: Order) -> None:
        """Whoever asked for the order went away: remember it for when they ask again."""
        self._left[_content(order)] = (order.id, asyncio.get_running_loop().time())
        if len(self._left) > LEFT_MAX:
            self._left.popitem(last=False)

    async def watch(
        self, order_id: str, account: Account, *, request: Request | None = None
    ) -> AsyncGenerator[Progress | None]:
        """Every change of the order until its end; None wherever nothing happened for a while. Raises NotFound.

        With a ``request``, nothing comes any more once the session, or the token, that it showed has ended.
        """
        still: Callable[[], Awaitable[object]] = request.scope["state"]["still"] if request else _always
        async with aclosing(cast("AsyncGenerator[Progress]", self._studio.watch(order_id, account))) as changes:
            waiting: asyncio.Task[Progress] | None = None
            try:
                while True:
                    waiting = waiting or asyncio.ensure_future(anext(changes))
                    await asyncio.wait({waiting}, timeout=PAUSE_SECONDS)
                    moment = None
                    if waiting.done():
                        try:
                            moment = waiting.result()
                        except StopAsyncIteration:
                            return
                        waiting = None
                    if await still() is None:
                        return
                    yield moment
            finally:
                if waiting is not None and not waiting.done():
                    waiting.cancel()
                    await asyncio.wait({waiting})

    async def _was_accepted(self, order: Order) -> bool:
        """Whether the order was, or may have been, accepted: then asking again could make another one."""
        try:
            await self._studio.order(order.id, order.account)
        except NotFound:
            return False
        except AbbyError:  # nobody can tell just now
            return True
        return True


async def _always() -> bool:
    return True


def _order_id(account: Account, key: str) -> str:
    if not 1 <= len(key) <= KEY_CHARACTERS_MAX or not key.isascii() or not key.isprintable():
        raise bad_request(
            f"An Idempotency-Key has 1 to {KEY_CHARACTERS_MAX} visible ASCII characters.", "Idempotency-Key"
        )
    named = hashlib.blake2b(account.key.encode() + b"\0" + key.encode(), digest_size=16)
    return f"web-{named.hexdigest()}"


def _content(order: Order) -> str:
    """What tells whether two orders without a key ask for the same."""
    content = hashlib.blake2b(repr(replace(order, id="")).encode("utf-8", "backslashreplace"), digest_size=16)
    for name in ("image", "mask"):
        data: bytes = getattr(order.request, name, b"")
        content.update(b"%d\0" % len(data))
        content.update(data)
    return content.hexdigest()


async def _unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Await ``work`` while somebody waits for it. Raises ClientGone; ``work`` is cancelled then."""
    here = asyncio.current_task()
    is_gone = False

    def hang_up(leaving: asyncio.Task[None]) -> None:
        nonlocal is_gone
        if not leaving.cancelled():
            leaving.exception()  # whatever it is, nothing more is heard from there
        is_gone = True
        if here is not None:
            here.cancel()

    leaving = asyncio.ensure_future(_disconnected(request))
    leaving.add_done_callback(hang_up)
    try:
        return await work
    except asyncio.CancelledError:
        if is_gone and here is not None and here.uncancel() == 0:  # else Abby stops, too
            raise ClientGone from None
        raise
    finally:
        leaving.remove_done_callback(hang_up)
        leaving.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
