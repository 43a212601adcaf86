"""``events.jsonl``: what happened, one JSON object per line, for the host's own questions and graphs.

Writing never waits and never fails for the caller: a thread of its own appends to the file, and what it
cannot write is counted in a later line. Several processes may share one file.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from abby_core.observability.rotating_file import RotatingFile
from abby_core.security.redaction import redact

logger = logging.getLogger(__name__)

Field = str | int | float | bool | None

QUEUE_MAX = 10_000
"""Events that may wait to be written: minutes of a busy house, a few MB. More are counted and dropped."""
BATCH_MAX = 200
"""Events taken from the queue at a time, most of which reach the file in one write."""
LINGER_SECONDS = 0.1
"""How long the first event waits for company: an order's few events then cost one write, not one each."""
VALUE_CHARACTERS_MAX = 500
"""Longest text in a field, in characters; the rest is cut off."""


class EventLog:
    """Appends events to ``path``; nothing is opened and no thread runs before the first one.

    The file is renamed to ``<path>.1``, that one to ``<path>.2`` and so on when it would pass ``bytes_max``;
    ``files_max`` files are kept, the current one among them. ``secrets`` appear in none of them.
    """

    def __init__(
        self,
        path: Path,
        *,
        bytes_max: int = 10 * 2**20,
        files_max: int = 5,
        queue_max: int = QUEUE_MAX,
        secrets: Iterable[str] = (),
    ) -> None:
        self._file = RotatingFile(path, bytes_max=bytes_max, files_max=files_max)
        self._secrets = tuple(secrets)
        self._queue: queue.Queue[_Event | threading.Event | None] = queue.Queue(queue_max)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._hurry = threading.Event()
        self._closed = False
        self._dropped = 0
        self._warned = False

    def write(self, event: str, **fields: Field) -> None:
        """Note that ``event`` happened now. Returns at once; never raises. The field ``at`` is taken."""
        if self._closed:
            return
        try:
            self._queue.put_nowait(_Event(event, fields))
        except queue.Full:
            self._drop(1)
        if self._thread is None:
            self._start()

    def flush(self, timeout_seconds: float = 2.0) -> bool:
        """Wait until everything written so far has been tried; False if the time was over before."""
        if self._thread is None or not self._thread.is_alive():
            return True
        deadline = time.monotonic() + timeout_seconds
        flushed = threading.Event()
        return self._put(flushed, timeout_seconds) and flushed.wait(max(0.0, deadline - time.monotonic()))

    def forget(self, matches: Callable[[bytes], bool]) -> int:
        """Blank every line that matches, in all files; returns how many. Raises OSError."""
        self.flush()
        return self._file.blank(matches)

    def close(self, timeout_seconds: float = 2.0) -> None:
        """Flush and stop; later events are ignored. The process's end does it too; may be called twice."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        deadline = time.monotonic() + timeout_seconds
        if self._thread is not None and self._put(None, timeout_seconds):
            self._thread.join(max(0.0, deadline - time.monotonic()))

    def _put(self, marker: threading.Event | None, timeout_seconds: float) -> bool:
        self._hurry.set()
        try:
            self._queue.put(marker, timeout=timeout_seconds)
        except queue.Full:
            return False
        return True

    def _drop(self, count: int) -> None:
        with self._lock:
            self._dropped += count

    def _start(self) -> None:
        with self._lock, contextlib.suppress(RuntimeError):  # no new threads while the interpreter ends
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="abby-events", daemon=True)
                thread.start()
                self._thread = thread
                atexit.register(self.close)

    # --- On the thread ---

    def _run(self) -> None:
        stopping = False
        while not stopping:
            batch = [self._queue.get()]
            self._hurry.wait(LINGER_SECONDS)
            self._hurry.clear()
            with contextlib.suppress(queue.Empty):
                while len(batch) < BATCH_MAX:
                    batch.append(self._queue.get_nowait())
            self._append([each for each in batch if isinstance(each, _Event)])
            for each in batch:
                if isinstance(each, threading.Event):
                    each.set()
            stopping = None in batch

    def _append(self, events: list[_Event]) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        if dropped:
            events = [_Event("events_dropped", {"count": dropped}, stands_for=dropped), *events]
        if not events:
            return
        lines = [event.line(self._secrets) for event in events]
        try:
            self._file.append(lines)
            self._warned = False
        except OSError as error:
            self._drop(sum(event.stands_for for event in events[len(events) - len(lines) :]))
            if not self._warned:
                logger.warning("Events cannot be written: %s", error)
            self._warned = True


_encode = json.JSONEncoder(separators=(",", ":")).encode
"""Made once: :func:`json.dumps` makes an encoder for every line."""


class _Event:
    """What happened, and when. ``stands_for``: how many events are lost if it is."""

    def __init__(self, name: str, fields: dict[str, Field], *, stands_for: int = 1) -> None:
        self.name = name
        self.fields = fields
        self.stands_for = stands_for
        self.at = datetime.now(UTC)

    def line(self, secrets: tuple[str, ...]) -> bytes:
        """The event as one line of ASCII."""
        at = self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        values = {"at": at, "event": self.name} | self.fields
        clean = {name: _clean(value, secrets) for name, value in values.items()}
        return _encode(clean).encode("ascii") + b"\n"


def _clean(value: Field, secrets: tuple[str, ...]) -> Field:
    """A value that JSON knows, without secrets and control characters. Infinity and NaN become None."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value), secrets, characters_max=VALUE_CHARACTERS_MAX)
