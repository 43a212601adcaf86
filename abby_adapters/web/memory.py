"""The memory that pictures pass through: kept for the next one instead of given back to the system after each."""

from __future__ import annotations

import ctypes
import sys

KEPT_BYTES = 32 * 2**20
"""What is free may stay that much: some twenty pictures on their way, with their answers."""
POOLED_BYTES_MAX = 4 * 2**20
"""Larger pieces come from the system and go back to it, as before."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's malloc.h; see mallopt(3)."""


def keep_for_pictures() -> None:
    """Tell glibc, which most of Linux has; elsewhere nothing happens.

    By itself it gives back whatever is free beyond some megabytes, and the system clears every page that it hands out
    anew. For a picture of 1.5 MB and its answer that was a twelfth of the processor time (``benchmarks/``, figure i).
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library, such as Alpine's
        return
    mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
    mallopt(_M_MMAP_THRESHOLD, POOLED_BYTES_MAX)
