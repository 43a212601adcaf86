"""Thumbnails of finished pictures, made one after the other, off the path of the answer."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
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
        self._waiting: deque[Artifact] = deque()
        self._making: asyncio.Task[None] | None = None

    def begin(self, artifact: Artifact) -> None:
        """Make the picture's thumbnail soon, if it shall have one."""
        if artifact.thumbnail_bytes:
            self._waiting.append(artifact)
            if self._making is None or self._making.done():
                self._making = asyncio.create_task(self._make_all())

    async def close(self) -> None:
        """Wait for those that were begun."""
        if self._making is not None:
            await asyncio.wait({self._making})

    async def _make_all(self) -> None:
        while self._waiting:
            artifact = self._waiting.popleft()
            try:
                await asyncio.to_thread(keeping.make_thumbnail, self._storage, artifact)
            except StorageError as error:
                log.warning("the thumbnail of %s waits for recovery: %s", artifact.id, error)
            except Exception:  # the others' are made all the same
                log.exception("the thumbnail of %s failed unexpectedly", artifact.id)
