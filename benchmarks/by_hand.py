"""What keeping one picture cannot do without, done by hand on one thread: the floor of figure d."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from struct import unpack_from

from benchmarks.recording import RawDriver, Statement

_SIGNATURE_BYTES = 8


def keep(data: bytes, folder: Path, raw: RawDriver, first: Sequence[Statement], last: Sequence[Statement]) -> None:
    """Every checksum, the digest, a durable file, and the first and the last transaction of an order."""
    raw.transaction(first)
    walk(data)
    hashlib.sha256(data).hexdigest()
    write_durably(data, folder / f"{secrets.token_hex(8)}.png")
    raw.transaction(last)


def walk(png: bytes) -> None:
    """Compare the CRC of every chunk."""
    view, at = memoryview(png), _SIGNATURE_BYTES
    while at < len(png):
        length = int(unpack_from(">I", png, at)[0])
        end = at + 8 + length
        if zlib.crc32(view[at + 4 : end]) != unpack_from(">I", png, end)[0]:
            raise ValueError("the benchmark's own picture is damaged")
        at = end + 4


def write_durably(data: bytes, target: Path) -> None:
    """A temporary file, synced, then its name, which must be free (hence a link), and the folder synced."""
    part = target.with_suffix(".part")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0))
    try:
        os.write(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    if sys.platform == "win32":
        part.rename(target)
    else:
        target.hardlink_to(part)
        part.unlink()
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def thumbnail(data: bytes) -> bytes:
    """Pillow alone, with the size and quality Abby's thumbnails have."""
    from PIL import Image

    file = BytesIO()
    with Image.open(BytesIO(data)) as image:
        image.thumbnail((256, 256))
        image.save(file, "WEBP", quality=80)
    return file.getvalue()
