"""How far a job is, and whether anybody still wants it."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Stopped(Exception):
    """The job was told to stop."""


class Steps:
    """Shared by the thread that paints and the task that waits for it."""

    def __init__(self, report: Callable[[float, bytes], object]) -> None:
        self._report = report
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask the work to end at its next :meth:`check`. Safe from any thread."""
        self._stop.set()

    def check(self) -> None:
        """Raise :class:`Stopped` if the work is no longer wanted."""
        if self._stop.is_set():
            raise Stopped

    def reach(self, share: float, preview: bytes = b"") -> None:
        """Report the share done, 0..1, and perhaps how it looks so far, unless the work is no longer wanted."""
        self.check()
        self._report(share, preview)
