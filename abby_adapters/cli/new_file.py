"""Writing a file that was not there: whole under its name or not at all, and never over another."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path

from abby_core.errors import InvalidRequest, StorageError


def check_new(path: Path) -> None:
    """Raise InvalidRequest for a path where no new file can be, before anything is done for it."""
    if not path.name or not path.parent.is_dir():
        raise InvalidRequest(f"{str(path)!r} names no file in an existing folder.")
    if os.path.lexists(path):
        raise _taken(path)


def write_new(path: Path, pieces: Iterable[bytes]) -> int:
    """Write the pieces to a file beside the path, then give it its name. Returns its size in bytes.

    Raises InvalidRequest if the name was taken meanwhile, StorageError for trouble with the disk; nothing is left then.
    """
    part = path.with_name(f".abby-{secrets.token_hex(8)}.part")
    size_bytes = 0
    try:
        with part.open("xb") as file:
            for piece in pieces:
                size_bytes += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        _give_name(part, path)
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError as error:
        raise StorageError(f"{str(path)!r} could not be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return size_bytes


def _give_name(part: Path, path: Path) -> None:
    """Never replaces a file, except on a disk without links, and there only one that came in the same moment."""
    if sys.platform != "win32":  # there renaming never replaces
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:
            if os.path.lexists(path):
                raise FileExistsError from None
        else:
            return
    part.rename(path)


def _taken(path: Path) -> InvalidRequest:
    return InvalidRequest(f"{path} exists already; choose another name for --out.")
