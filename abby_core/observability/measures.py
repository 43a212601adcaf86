"""What this process counts as it goes: calls to image services. Read by whoever shows figures.

Everything that was ever made is in the database; here is only what is not, such as how long a service took.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
"""Bounds of the classes in which durations are counted: from the demo painter to a slow service."""


@dataclass
class Durations:
    """How often something took how long. ``classes``: up to each of ``bounds`` (seconds), and longer."""

    bounds: ClassVar[tuple[float, ...]] = SECONDS
    classes: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    total_seconds: float = 0.0


class Measures:
    """Safe from any thread; costs a microsecond or two."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[str, Durations] = {}
        self._errors: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def call(self, provider: str) -> Generator[None]:
        """One call to a provider: its time, and the class of the error that ended it, if one did."""
        began, problem = time.monotonic(), ""
        try:
            yield
        except BaseException as error:
            problem = type(error).__name__
            raise
        finally:
            self._note(provider, time.monotonic() - began, problem)

    def calls(self) -> dict[str, Durations]:
        """By provider."""
        with self._lock:
            return {name: Durations(list(each.classes), each.total_seconds) for name, each in self._calls.items()}

    def errors(self) -> dict[tuple[str, str], int]:
        """By provider and the error's class."""
        with self._lock:
            return dict(self._errors)

    def _note(self, provider: str, seconds: float, problem: str) -> None:
        with self._lock:
            durations = self._calls.setdefault(provider, Durations())
            durations.classes[bisect_left(SECONDS, seconds)] += 1
            durations.total_seconds += seconds
            if problem:
                self._errors[provider, problem] += 1
