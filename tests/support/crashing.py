"""Ports that kill their own process at a given step: before or after every write to database, disk and provider.

Nothing in the product knows about this. A step is counted wherever something lasting may have happened, so
killing at step 1, 2, 3, … until a run survives covers every state a real ``kill -9`` can leave behind.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abby_core.bootstrap import Abby
from abby_core.database.database import Database
from abby_core.generation.provider import ProgressListener, ignore_progress
from abby_core.generation.request import GeneratedImage, ImageRequest
from abby_core.storage.blob_store import BlobInfo
from abby_core.storage.blob_stores.local import LocalBlobs
from tests.support.providers import FixedProvider


class Steps:
    """Counts steps over all threads; the process dies at number ``last``."""

    def __init__(self, last: int) -> None:
        self.left = last

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            if sys.platform == "win32":
                os._exit(9)
            os.kill(os.getpid(), signal.SIGKILL)


class CrashingSystem:
    """The calls of :class:`~abby_core.storage.blob_stores.local.System`: crashes inside a ``put``, too."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def write(self, fd: int, data: memoryview, /) -> int:
        half = os.write(fd, data[: len(data) // 2 or 1])
        self._steps.step()
        return half

    def fsync(self, fd: int, /) -> None:
        os.fsync(fd)
        self._steps.step()

    def link(self, src: Path, dst: Path, /) -> None:
        self._steps.step()
        os.link(src, dst)
        self._steps.step()


class CrashingBlobs:
    """:class:`LocalBlobs` with a step before and after all that changes something."""

    def __init__(self, root: Path, steps: Steps) -> None:
        self._blobs = LocalBlobs(root, system=CrashingSystem(steps))
        self._steps = steps

    def put(self, key: str, data: bytes) -> None:
        self._steps.step()
        self._blobs.put(key, data)
        self._steps.step()

    def delete(self, key: str) -> bool:
        self._steps.step()
        deleted = self._blobs.delete(key)
        self._steps.step()
        return deleted

    def sweep_parts(self, *, older_than_seconds: float) -> int:
        self._steps.step()
        return self._blobs.sweep_parts(older_than_seconds=older_than_seconds)

    def remove_folder(self, folder: str) -> bool:
        self._steps.step()
        removed = self._blobs.remove_folder(folder)
        self._steps.step()
        return removed

    def open(self, key: str) -> bytes:
        return self._blobs.open(key)

    def size(self, key: str) -> int | None:
        return self._blobs.size(key)

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        return self._blobs.list(prefix)

    def path(self, key: str) -> Path | None:
        return self._blobs.path(key)

    def free_bytes(self) -> int | None:
        return self._blobs.free_bytes()


class CrashingDatabase:
    """A database with a step before and after every transaction that writes."""

    def __init__(self, database: Database, steps: Steps) -> None:
        self._database = database
        self._steps = steps

    @property
    def dialect(self) -> str:
        return self._database.dialect

    def connect(self) -> Any:
        self._steps.step()
        return self._database.connect()

    def read(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return self._database.read(function, *args, **kwargs)

    async def fetch(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return await self._database.fetch(function, *args, **kwargs)

    async def glance(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return await self._database.glance(function, *args, **kwargs)

    def write(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        self._steps.step()
        result = self._database.write(function, *args, **kwargs)
        self._steps.step()
        return result

    async def run(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        self._steps.step()
        result = await self._database.run(function, *args, **kwargs)
        self._steps.step()
        return result

    async def run_after(self, work: Any, function: Any) -> Any:
        def worked() -> Any:
            done = work()
            self._steps.step()
            return done

        result = await self._database.run_after(worked, function)
        self._steps.step()
        return result

    def close(self) -> None:
        self._database.close()


@dataclass
class CrashingProvider(FixedProvider):
    """A provider that writes down each call in ``calls``, with a step before and after it."""

    calls: Path = Path("calls")
    steps: Steps | None = None

    async def generate(self, request: ImageRequest, *, progress: ProgressListener = ignore_progress) -> GeneratedImage:
        if self.steps is not None:
            self.steps.step()
        with self.calls.open("a") as calls:
            calls.write(f"{request.seed}\n")
        image = await super().generate(request, progress=progress)
        if self.steps is not None:
            self.steps.step()
        return image


def make_crash(abby: Abby, steps: Steps) -> None:
    """Put the steps around an Abby's ports, before anything uses them."""
    abby.database = CrashingDatabase(abby.database, steps)  # pyright: ignore[reportAttributeAccessIssue]
    abby.storage.blobs = CrashingBlobs(abby.settings.storage_root, steps)
