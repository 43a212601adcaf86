"""Putting Abby together: the one file that names implementations.

    settings = load_settings()
    async with open_abby(settings) as abby:
        creation = await abby.studio.create(Order(...))

Nothing is opened before it is used: questions (``abby.storage.get_quota_status``) need no event loop and no
``async with``; making pictures does, because the dispatcher runs inside it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from abby_core.errors import Choice, ConfigurationError, InvalidRequest, QuotaExceeded
from abby_core.quota.meter import NO_LIMIT
from abby_core.quota.quota_manager import Clock, Defaults, QuotaManager
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.access.guilds import Guilds, HostWords
    from abby_core.access.picture_links import PictureLinks
    from abby_core.access.sessions import Sessions
    from abby_core.access.sign_ins import SignIns
    from abby_core.access.tokens import Tokens
    from abby_core.database.database import Database
    from abby_core.gallery.forgetting import Forgetting
    from abby_core.gallery.gallery import Gallery
    from abby_core.gallery.importing import Importer
    from abby_core.gallery.presets import Presets
    from abby_core.gallery.room import Room
    from abby_core.gallery.shares import Shares
    from abby_core.generation.image_generator import ImageGenerator
    from abby_core.generation.provider import ImageProvider
    from abby_core.observability.events import EventLog
    from abby_core.observability.measures import Measures
    from abby_core.quota.account import Account
    from abby_core.quota.limits import Need
    from abby_core.security.fetching import Fetcher
    from abby_core.settings import Settings
    from abby_core.storage.storage_manager import StorageManager
    from abby_core.studio.deliveries import Deliveries
    from abby_core.studio.house import House
    from abby_core.studio.order_book import QueueLimits
    from abby_core.studio.posts import Posts
    from abby_core.studio.statistics import Statistics
    from abby_core.studio.studio import Studio

log = logging.getLogger(__name__)

GRACE_SECONDS = 30.0
"""How long running orders may finish when Abby is closed."""
FETCH_SECONDS = 20.0
"""How long a picture may take that Abby fetches from an address: as large as they come, at 8 Mbit/s."""
DISCORD = "discord"
"""The kind of what the bot posts: forgetting waits for the bot to take it back, where there is a bot."""
EVENTS_FILE = Path("logs") / "events.jsonl"


class Abby:
    """All parts of one Abby, made when they are first asked for."""

    def __init__(
        self, settings: Settings, *, providers: Sequence[ImageProvider] | None = None, clock: Clock = time.time
    ) -> None:
        self.settings = settings
        self._providers = providers
        self._clock = clock

    # ------------------------------------------------------------------ keeping

    @cached_property
    def database(self) -> Database:
        from abby_core.database.database import open_database

        return open_database(self.settings.database_url, root=self.settings.storage_root)

    @cached_property
    def quota(self) -> QuotaManager:
        from abby_core.quota.rules_file import load_rules

        settings = self.settings
        defaults = Defaults(
            images_per_day=settings.max_user_daily_gens,
            account_bytes=settings.max_user_storage_bytes,
            house_bytes=settings.max_global_storage_bytes,
            picture_bytes=settings.image_generation_size_bytes,
            millicredits_per_day=_limit(settings.max_daily_millicredits),
            millicredits_per_month=_limit(settings.max_monthly_millicredits),
            running_max=settings.concurrent_orders_per_user,
            waiting_max=settings.waiting_orders_per_user_max,
        )
        rules = load_rules(settings.rules_file)
        return QuotaManager(self.database, defaults, clock=self._clock, rules=rules)

    @cached_property
    def storage(self) -> StorageManager:
        from abby_core.storage.blob_stores.local import LocalBlobs
        from abby_core.storage.storage_manager import StorageManager

        settings = self.settings
        return StorageManager(
            settings.storage_root,
            cleanup_days=settings.cleanup_days,
            image_size_max_mb=settings.image_size_max_mb,
            min_free_disk_mb=settings.min_free_disk_mb,
            database=self.database,
            quota=self.quota,
            blobs=LocalBlobs(settings.storage_root),
            archive=LocalBlobs(_archive_root(settings)) if settings.archive_root else None,
            keep_days_of=self._keep_days_of if any(tier.keep_days for tier in self.quota.rules.all_tiers) else None,
        )

    def _keep_days_of(self, account: str) -> int:
        return self.database.read(self.quota.allowance_in, account).keep_days

    @cached_property
    def gallery(self) -> Gallery:
        from abby_core.gallery.gallery import Gallery

        return Gallery(self.storage)

    @cached_property
    def shares(self) -> Shares:
        from abby_core.gallery.shares import Shares

        return Shares(self.storage, self.gallery)

    @cached_property
    def room(self) -> Room:
        from abby_core.gallery.room import Room

        return Room(self.storage, self.gallery)

    @cached_property
    def tokens(self) -> Tokens:
        from abby_core.access.tokens import Tokens

        return Tokens(self.storage)

    @cached_property
    def sessions(self) -> Sessions:
        from abby_core.access.sessions import Sessions

        return Sessions(self.storage)

    @cached_property
    def sign_ins(self) -> SignIns:
        from abby_core.access.sign_ins import SignIns

        return SignIns(self.storage)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The keys of the accounts that may look after all of this Abby."""
        from abby_core.access.hosts import hosts_of

        return hosts_of(self.settings.admins)

    @cached_property
    def picture_links(self) -> PictureLinks:
        from abby_core.access.picture_links import PictureLinks

        return PictureLinks(self.storage)

    @cached_property
    def guilds(self) -> Guilds:
        from abby_core.access.guilds import Guilds

        return Guilds(self.storage, self._host_words)

    def _host_words(self) -> HostWords:
        from abby_core.access.word_files import load_host_words

        return load_host_words(self.settings.blocked_words_file, self.settings.mature_words_file)

    @cached_property
    def fetcher(self) -> Fetcher:
        from abby_core.security.fetching import Fetcher

        return Fetcher()

    async def fetch_picture(self, url: str) -> bytes:
        """What stands at a public web address that somebody named, still unchecked. Raises InvalidRequest."""
        from abby_core.storage.picture import PICTURE_BYTES_MAX

        if not self.settings.fetch_urls:
            raise InvalidRequest(
                sentence("This Abby fetches no pictures from addresses (FETCH_URLS is off): send the picture itself.")
            )
        return await self.fetcher.fetch(url, bytes_max=PICTURE_BYTES_MAX, seconds=FETCH_SECONDS)

    @cached_property
    def importer(self) -> Importer:
        from abby_core.gallery.importing import Importer

        return Importer(self.storage)

    @cached_property
    def forgetting(self) -> Forgetting:
        from abby_core.gallery.forgetting import Forgetting

        posted_elsewhere = frozenset({DISCORD} if self.settings.discord_token else ())
        return Forgetting(self.storage, self.studio, self.events, awaited=posted_elsewhere)

    @cached_property
    def presets(self) -> Presets:
        from abby_core.gallery.presets import Presets
        from abby_core.studio.order import PICTURES_MAX

        return Presets(
            self.storage,
            count_max=PICTURES_MAX,
            providers=lambda: {name: each.capabilities.kinds for name, each in self.generator.providers.items()},
        )

    @cached_property
    def measures(self) -> Measures:
        from abby_core.observability.measures import Measures

        return Measures()

    @cached_property
    def events(self) -> EventLog:
        from abby_core.observability.events import EventLog

        return EventLog(self.settings.storage_root / EVENTS_FILE, secrets=self.settings.secrets)

    # ------------------------------------------------------------------ making

    @cached_property
    def generator(self) -> ImageGenerator:
        from abby_core.generation.image_generator import ImageGenerator

        return ImageGenerator(
            self.settings.stability_api_key,
            self.settings.api_host,
            providers=self._providers if self._providers is not None else make_providers(self.settings),
        )

    @cached_property
    def queue_limits(self) -> QueueLimits:
        from abby_core.studio.order_book import QueueLimits

        settings = self.settings
        return QueueLimits(
            running_max=settings.concurrent_orders,
            waiting_max=settings.waiting_orders_max,
        )

    @cached_property
    def deliveries(self) -> Deliveries:
        from abby_core.studio.deliveries import Deliveries

        return Deliveries(self.storage, self.generator)

    @cached_property
    def posts(self) -> Posts:
        from abby_core.studio.posts import Posts

        return Posts(self.storage)

    @cached_property
    def studio(self) -> Studio:
        from abby_core.dispatch.dispatchers.embedded import EmbeddedDispatcher
        from abby_core.studio.board import Board
        from abby_core.studio.recovery import Recovery
        from abby_core.studio.refusals import Refusals
        from abby_core.studio.studio import Studio
        from abby_core.studio.worker import Worker

        board = Board()
        worker = Worker(
            storage=self.storage,
            generator=self.generator,
            board=board,
            events=self.events,
            measures=self.measures,
            limits=self.queue_limits,
            lease_seconds=self.settings.lease_seconds,
        )
        return Studio(
            storage=self.storage,
            generator=self.generator,
            worker=worker,
            recovery=Recovery(self.storage, worker, board, self.events),
            deliveries=self.deliveries,
            dispatcher=EmbeddedDispatcher(
                places=self.settings.concurrent_orders, tend_seconds=self.settings.lease_seconds / 3
            ),
            board=board,
            events=self.events,
            limits=self.queue_limits,
            refusals=Refusals(self.storage, self._advise),
            door=self.guilds,
            chores=(self._resume_forgetting,),
        )

    async def _resume_forgetting(self) -> None:
        await self.forgetting.resume()

    def _advise(self, account: Account, error: QuotaExceeded, need: Need, pictures: int) -> tuple[Choice, ...]:
        from abby_core.gallery.choices import choices

        return choices(self.storage, account, error, need, pictures=pictures)

    @cached_property
    def statistics(self) -> Statistics:
        from abby_core.studio.statistics import Statistics

        return Statistics(self.storage)

    @cached_property
    def house(self) -> House:
        from abby_core.studio.house import House

        return House(self.storage)

    # ------------------------------------------------------------------ opening and closing

    async def __aenter__(self) -> Abby:
        await self.studio.start()
        log.info("StorageManager initialized successfully")
        log.info("ImageGenerator initialized successfully")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.studio.stop(grace_seconds=GRACE_SECONDS)
        await self.generator.close()
        self.close()

    def close(self) -> None:
        """Let go of files and connections; enough where nothing was made. May be called twice."""
        if "events" in self.__dict__:
            self.events.close()
        if "database" in self.__dict__:
            self.database.close()


def open_abby(
    settings: Settings, *, providers: Sequence[ImageProvider] | None = None, clock: Clock = time.time
) -> Abby:
    """Abby with these settings; ``providers`` and ``clock`` replace the usual ones (tests, embedding)."""
    return Abby(settings, providers=providers, clock=clock)


def configure_logging(settings: Settings) -> None:
    """Let log lines be written as the host wants them, and name every setting that could not be used."""
    from abby_core.observability.logging import configure_logging as configure

    configure(settings.log_level, json=settings.log_json, secrets=settings.secrets)
    for warning in settings.warnings:
        log.warning("%s", warning)


def make_providers(settings: Settings) -> list[ImageProvider]:
    """The providers the settings ask for, the preferred one first. Raises ConfigurationError."""
    if settings.provider not in {"auto", "stability", "painter"}:
        raise ConfigurationError(f"PROVIDER is {settings.provider!r}; it may be auto, stability or painter.")
    providers: list[ImageProvider] = []
    if settings.provider != "painter" and (settings.stability_api_key or settings.provider == "stability"):
        from abby_core.generation.providers.stability import Stability

        providers.append(
            Stability(
                settings.stability_api_key,
                api_host=settings.api_host,
                model=settings.stability_model,
                upscale_model=settings.stability_upscale_model,
                timeout_seconds=settings.provider_timeout_seconds,
                keep_session=True,
            )
        )
    if settings.provider != "stability":
        from abby_core.generation.providers.painter import Painter

        providers.append(Painter())
    return providers


def _archive_root(settings: Settings) -> Path:
    """Where archived pictures lie. Raises ConfigurationError for a folder among those at hand."""
    archive, at_hand = (settings.archive_root or Path()).resolve(), settings.storage_root.resolve()
    folders = {at_hand / name for name in ("images", "temp", "thumbnails")}
    if archive == at_hand or not folders.isdisjoint((archive, *archive.parents)):
        raise ConfigurationError("ARCHIVE_ROOT lies among the pictures of STORAGE_ROOT; choose a folder of its own.")
    return archive


def _limit(limit: int | None) -> int:
    return NO_LIMIT if limit is None else limit
