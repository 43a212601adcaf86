"""Names that strangers type -> names that every file system holds (pure).

A name that is safe already stays as it is. Any other becomes ``<readable>~<hash of the original><extension>``. No
safe name holds a ``~``, so the two kinds never meet, and two different strange names never become the same.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator
from hashlib import blake2b

NAME_BYTES_MAX = 100
"""Longest name, in bytes of UTF-8: file systems take 255, Windows about 260 characters for the whole path."""

_FORBIDDEN = frozenset('<>:"/\\|?*~')
"""What Windows or POSIX keep for themselves (learn.microsoft.com, "Naming Files, Paths, and Namespaces"), and ``~``."""
_DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}).union(
    f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"
)
"""What :func:`opens_device` looks for (same source)."""
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
_NAME_HASH_DIGITS = 10
_FOLDER_HASH_DIGITS = 20
"""Twice as many for folders: nobody shall find a user id that leads into somebody else's."""
_READABLE_BYTES_MAX = 79
"""Leaves room for ``~`` and a folder's hash, or for ``~``, a name's hash and an extension."""


def safe_name(name: object, *, default: str = "generated.png") -> str:
    """One path component for ``name``: itself if it is safe, else a readable form with a hash. ``default`` if empty.

    Always safe: at most ``NAME_BYTES_MAX`` bytes of UTF-8 in NFC, no separator, no control or invisible
    character, no device, no dot in front, no dot or space behind.
    """
    text = "" if name is None else str(name)
    if not text:
        return default
    if _is_safe(text):
        return text
    stem, extension = _stem_and_extension(text.strip(". "))
    readable = _readable(stem, default=_stem_and_extension(default)[0])
    return f"{readable}~{_fingerprint(text, _NAME_HASH_DIGITS)}{extension.lower()}"


def name_key(name: str) -> str:
    """What two names have in common that a disk may take for the same: Unicode form and case ignored."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def folder_for(platform: str, user_id: object) -> str:
    """The folder of one account: ``alice`` for local ones, ``discord@123`` for all others.

    Different accounts never share a folder, not even on a disk that ignores case: an id that is not plain
    lower case, or holds an ``@``, gets a hash.
    """
    folder = _account_part(str(user_id))
    return folder if platform == "local" else f"{_account_part(platform)}@{folder}"


def unique_candidates(name: str) -> Iterator[str]:
    """``name``, then ``stem-2.png`` to ``stem-9.png``, then ones with 8 random hex digits, without end.

    What is added is safe, but up to 9 bytes long: a caller with a long name passes candidates to :func:`safe_name`.
    """
    stem, extension = _stem_and_extension(name)
    yield name
    for number in range(2, 10):
        yield f"{stem}-{number}{extension}"
    while True:
        yield f"{stem}-{secrets.token_hex(4)}{extension}"


def with_extension(name: str, extension: str) -> str:
    """``cat.png`` with another ending: ``cat.webp``."""
    return _stem_and_extension(name)[0] + extension


def opens_device(name: str) -> bool:
    """True for names that are no file on Windows, such as ``CON`` and ``nul.png``."""
    return name.partition(".")[0].rstrip(" ").casefold() in _DEVICES


def _account_part(text: str) -> str:
    # Upper and back again also finds letters that only some disks take for another's other case (a dotless i).
    plain = "@" not in text and name_key(text) == text and name_key(text.upper()) == text
    if plain and _is_safe(text):
        return text
    return _readable(text.casefold().replace("@", "-"), "user") + "~" + _fingerprint(text, _FOLDER_HASH_DIGITS)


def _is_safe(text: str) -> bool:
    return (
        text != ""
        and text.isprintable()
        and _FORBIDDEN.isdisjoint(text)
        and len(text.encode()) <= NAME_BYTES_MAX
        and unicodedata.is_normalized("NFC", text)
        and text[0] not in ". "
        and text[-1] not in ". "
        and not opens_device(text)
    )


def _is_forbidden(character: str) -> bool:
    """Separators, what is not printed (controls, bidi marks, zero widths, surrogates), and spaces but the plain one."""
    return character in _FORBIDDEN or not character.isprintable()


def _readable(text: str, default: str) -> str:
    """What of a text can be in a name; short enough for a hash and an extension behind it."""
    readable = "".join(
        "-" if _is_forbidden(character) else character for character in unicodedata.normalize("NFC", text)
    )
    readable = re.sub("-{2,}", "-", readable).strip("-. ")
    readable = readable.encode()[:_READABLE_BYTES_MAX].decode(errors="ignore").rstrip("-. ") or default
    # The hash comes before the extension, so a device's name with a dot behind it would stay one.
    return readable.replace(".", "-") if opens_device(readable) else readable


def _fingerprint(text: str, digits: int) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=digits // 2).hexdigest()


def _stem_and_extension(name: str) -> tuple[str, str]:
    """Only short ASCII endings are an extension: in ``v1.2 final`` there is none."""
    found = _EXTENSION.search(name)
    return (name[: found.start()], found.group()) if found and found.start() else (name, "")
