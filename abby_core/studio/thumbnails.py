"""Thumbnails of finished pictures, made one after the other, off the path of the answer."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from abby_core.errors import StorageError
from abby_core.storage import keeping

if TYPE_CHECKING:
    from abby_core.storage.artifact import Artifact
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)


class Thumbnails:
    """Lives on one event loop. What is cut off is made by :mod:`abby_core.storage.mending`."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage
        self._tasks: set[asyncio.Task[None]] = set()
        self._place = asyncio.Semaphore(1)

    def begin(self, artifact: Artifact) -> None:
        """Make the picture's thumbnail soon, if it shall have one."""
        if artifact.thumbnail_bytes:
            task = asyncio.create_task(self._make(artifact))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for those that were begun."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _make(self, artifact: Artifact) -> None:
        async with self._place:
            try:
                await asyncio.to_thread(keeping.make_thumbnail, self._storage, artifact)
            except StorageError as error:
                log.warning("the thumbnail of %s waits for recovery: %s", artifact.id, error)
