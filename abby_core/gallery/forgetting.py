"""Forgetting: removing everything Abby keeps of an account, so that nothing on disk names it any more.

    begin      a row says that the account is being forgotten: from now on nothing new is accepted for it
    orders     the waiting ones are cancelled, the running ones asked to stop and waited for
    hooks      whoever posted something elsewhere takes it back, while the rows still say where
    erase      links, albums, pictures, prompts, rows; what statistics need stays without a name, and so do bans
    sweep      SQLite's file is written anew: deleted rows do not live on in its free pages

Whatever a crash cuts off, the row stays and the next run goes on; it is the last thing to go.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from abby_core.database import sweeping
from abby_core.errors import AbbyError, NotFound, StorageError
from abby_core.gallery import erasing
from abby_core.quota import erasure
from abby_core.quota.account import Account
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.observability.events import EventLog
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 60.0
"""How long orders that run elsewhere may take to stop: their runner notices within a second, and the lease of one
that died runs out in half a minute."""
LOOK_SECONDS = 0.25
ROUNDS_MAX = 3
"""How often what came in while we were at it is removed as well, before it is left to the next run."""


class ForgetHook(Protocol):
    """What one adapter does to forget an account: delete what it posted, drop what it remembers.

    ``name`` is the kind of the deliveries it makes. ``forget`` may be a coroutine, is called again until it has
    succeeded once, and raises to be called again later. What it cannot take back and never will, it returns as
    sentences for the host.
    """

    @property
    def name(self) -> str: ...

    def forget(self, account_key: str) -> Awaitable[Sequence[str] | None] | Sequence[str] | None: ...


class Orders(Protocol):
    """What forgetting needs of the studio."""

    async def cancel(self, order_id: str, account: Account) -> object: ...

    async def recover(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of it. Holds nothing about the person but the account's key."""

    account: str
    complete: bool
    """False: ``left`` says what is missing; the erasure stays open, and a repeated run goes on with it."""
    counts: Mapping[str, int]
    """What there was when it began: rows by table, and the ``bytes`` of the pictures."""
    left: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    """What Abby leaves to the host: sentences."""


@dataclass
class Forgetting:
    """Dry run, forgetting, and going on with what was cut off.

    ``hooks`` are the adapters' of this process. ``awaited`` names hooks that run in another one: while there are
    deliveries of such a kind, the erasure stays open for the process that has the hook.
    """

    storage: StorageManager
    orders: Orders
    events: EventLog
    hooks: list[ForgetHook] = field(default_factory=list[ForgetHook])
    awaited: frozenset[str] = frozenset()
    patience_seconds: float = PATIENCE_SECONDS

    def preview(self, account: Account) -> Receipt:
        """What forgetting would remove; changes nothing. Blocks for a moment."""
        counts = self.storage.database.read(erasing.counts, account.key)
        return Receipt(account=account.key, complete=False, counts=counts, by_hand=self._by_hand())

    async def forget(self, account: Account, *, progress: Callable[[int], None] = lambda _: None) -> Receipt:
        """Remove everything about the account; may be repeated, also after a crash or beside another run.

        ``progress`` is called (in a thread) with the number of pictures removed so far. Raises StorageError when
        the database cannot be used; trouble with anything else is in the receipt.
        """
        counts = await self.storage.database.run(self._begin, account.key)
        return await self._go_on(account, counts, progress, self.patience_seconds)

    async def resume(self) -> int:
        """Go on with every erasure that was cut off; returns how many came to their end. For start and recovery."""
        ended = 0
        for name in await self.storage.database.fetch(erasure.begun):
            platform, colon, user_id = name.partition(":")
            counts = await self.storage.database.fetch(erasure.counts_of, name)
            if not colon:  # see make_nameless: only the sweep is missing
                ended += not await asyncio.to_thread(self._sweep)
            elif counts is not None:  # else another run was faster
                ended += (await self._go_on(Account(platform, user_id), counts, lambda _: None, 0)).complete
        return ended

    # ------------------------------------------------------------------ the steps

    async def _go_on(
        self, account: Account, counts: Mapping[str, int], progress: Callable[[int], None], patience_seconds: float
    ) -> Receipt:
        by_hand: list[str] = []
        try:
            left = await self._end_orders(account, patience_seconds)
            if not left:
                left = await self._call_hooks(account, by_hand)
                left += await asyncio.to_thread(self._erase, account, progress, rows=not left)
            if not left:
                left = await asyncio.to_thread(self._close, account, progress)
        except erasing.Over:  # another run has done it
            left = []
        if left:  # the sentences may hold names: they are for the receipt alone
            log.warning("an account is not forgotten yet; things that are left: %d", len(left))
        by_hand += await asyncio.to_thread(self._by_hand)
        return Receipt(account=account.key, complete=not left, counts=counts, left=tuple(left), by_hand=tuple(by_hand))

    def _begin(self, tx: Transaction, account: str) -> Mapping[str, int]:
        return erasure.begin(tx, account, erasing.counts(tx, account), self.storage.now_ms())

    async def _end_orders(self, account: Account, patience_seconds: float) -> list[str]:
        """Cancel what waits, ask what runs to stop, and wait for that; what is left in the end, as sentences."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + patience_seconds
        while orders := await self.storage.database.fetch(erasing.unfinished, account.key):
            for order_id in orders:
                try:
                    await self.orders.cancel(order_id, account)
                except NotFound:  # another run was faster
                    continue
            await self.orders.recover()  # those whose runner died
            running = await self.storage.database.fetch(erasing.unfinished, account.key)
            if running and loop.time() >= give_up_at:
                return [
                    sentence(
                        "Orders that are still being made: {orders}. They were asked to stop; repeat it then.",
                        orders=len(running),
                    )
                ]
            if running:
                await asyncio.sleep(LOOK_SECONDS)
        return []

    async def _call_hooks(self, account: Account, by_hand: list[str]) -> list[str]:
        """What is left, as sentences; ``by_hand`` grows by what will never be done from here."""
        failed: list[str] = []
        for hook in self.hooks:
            try:
                working = await asyncio.to_thread(hook.forget, account.key)  # where a plain function may block
                by_hand += (await working if inspect.isawaitable(working) else working) or ()
            except (AbbyError, OSError, TimeoutError) as error:
                said = error.text if isinstance(error, AbbyError) else str(error) or type(error).__name__
                failed.append(sentence("{hook}: {error}", hook=hook.name, error=said))
            except Exception:
                log.exception("the hook %s failed unexpectedly", hook.name)
                failed.append(sentence("{hook}: unexpected error", hook=hook.name))
        elsewhere = sorted(self.awaited - {hook.name for hook in self.hooks})
        posted = await self.storage.database.fetch(_delivered, account.key, elsewhere)
        return failed + [
            sentence("{kind}: what was posted there is taken back by the Abby that posts there.", kind=kind)
            for kind in posted
        ]

    def _erase(self, account: Account, progress: Callable[[int], None], *, rows: bool) -> list[str]:
        """Remove what no hook needs and, with ``rows``, all the rest; what could not be removed, as sentences."""
        storage, left = self.storage, list[str]()

        def attempt(step: Callable[[], Iterable[str] | int | None]) -> None:
            try:
                done = step()
                if done is not None and not isinstance(done, int):
                    left.extend(done)
            except StorageError as error:
                left.append(error.text)

        attempt(lambda: erasing.remove_rows(storage, account, "api_tokens", "sessions", "sign_in_links", "shares"))
        attempt(lambda: erasing.remove_rows(storage, account, "presets", "standings"))
        attempt(lambda: erasing.keep_bans(storage, account))
        attempt(lambda: erasing.remove_rows(storage, account, "album_pictures", "albums"))
        attempt(lambda: erasing.undo_saves(storage, account))
        attempt(lambda: erasing.remove_retired(storage, account))
        attempt(lambda: erasing.remove_pictures(storage, account, progress))
        attempt(lambda: erasing.remove_folders(storage, account))
        attempt(lambda: erasing.blank_orders(storage, account))
        if rows and not left:
            attempt(lambda: erasing.remove_rows(storage, account, "deliveries"))
            attempt(lambda: erasing.forget_events(storage, self.events, account))
        if rows and not left:  # after the event log, which is found by the orders' ids
            attempt(lambda: erasing.anonymise_orders(storage, account))
            attempt(lambda: erasing.anonymise_journal(storage, account))
            attempt(lambda: erasing.remove_rows(storage, account, "posts", "turns", "limits", "counters"))
        return left

    def _close(self, account: Account, progress: Callable[[int], None]) -> list[str]:
        """End the erasure, when nothing came in meanwhile that has to go as well; what is left, as sentences."""
        for _ in range(ROUNDS_MAX):
            if self.storage.database.write(_make_nameless, account.key):
                return self._sweep()
            if left := self._erase(account, progress, rows=True):
                return left
        return [sentence("New things of this account keep coming in; stop what makes them and repeat it.")]

    def _sweep(self) -> list[str]:
        database = self.storage.database
        try:
            waiting = [name for name in database.read(erasure.begun) if ":" not in name]
            sweeping.sweep(database)
            for nameless in waiting:
                database.write(erasure.close, nameless)
        except StorageError as error:
            return [
                sentence(
                    "Everything is removed, but may still be read in the database's free pages. {error}",
                    error=error.text,
                )
            ]
        return []

    def _by_hand(self) -> tuple[str, ...]:
        copies: list[Path] = sweeping.copies(self.storage.database)
        return tuple(
            sentence(
                "{file} is a copy of the database from before an update and may name this account: delete it when "
                "you need it no more.",
                file=copy.name,
            )
            for copy in copies
        )


def _make_nameless(tx: Transaction, account: str) -> bool:
    """Take the name from the erasure, the last row that has it. False: there is something else again."""
    if not erasure.hold(tx, account):
        raise erasing.Over
    if erasing.counts(tx, account):
        return False
    erasure.make_nameless(tx, account, erasing.nameless())
    return True


def _delivered(tx: Transaction, account: str, kinds: list[str]) -> list[str]:
    """Those of the kinds of which the account has deliveries or posts."""
    delivery = (
        "SELECT id FROM deliveries WHERE kind = :kind AND order_id IN "
        "(SELECT id FROM orders WHERE account = :account) LIMIT 1"
    )
    post = "SELECT address FROM posts WHERE kind = :kind AND account = :account LIMIT 1"
    return [kind for kind in kinds if any(tx.row(sql, account=account, kind=kind) for sql in (delivery, post))]
