"""The texts that settings are made of: where they are found, and how each kind of text is read.

Nothing here knows a setting by name; :mod:`abby_core.settings` holds the table of them.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

ENV_FILE_BYTES_MAX = 2**20
"""A ``.env`` larger than this is some other file."""
SIZE_MB_MAX = 2**40
"""Largest size in MB, an exbibyte: in bytes it fits the database's 64-bit counters with room to add."""
COUNT_MAX = 1_000_000_000
CREDITS_MAX = 1_000_000_000


class UnusableText(ValueError):
    """A text that cannot be a setting's value. ``str()`` ends the sentence "<name> must be …"."""


# --- Where texts are found ------------------------------------------------------------------------------


def find(names: Sequence[str], source: Mapping[str, str]) -> tuple[str, str] | None:
    """The first of ``names`` that ``source`` sets to something, with the stripped text.

    A blank one is found when there is none but blank ones; None when the source knows none of the names.
    """
    present = [(name, source[name].strip()) for name in names if name in source]
    return next((found for found in present if found[1]), present[0] if present else None)


_COMMENT = re.compile(r"(?:^|\s)#.*", re.DOTALL)


def without_comments(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment with ``5   # five`` read as ``5``, as in ``.env`` files.

    Tools that hand such a file over as environment (``docker run --env-file``, systemd) keep the comments.
    A value that really contains `` #`` belongs into ``.env``, in quotes.
    """
    return {name: _COMMENT.sub("", text) for name, text in environ.items()}


def read_env_file(path: Path, warnings: list[str]) -> dict[str, str]:
    """The variables of a ``.env`` file, none if there is no such file; what is unreadable adds a warning.

    UTF-8, or UTF-16 as PowerShell's ``>`` writes it.
    """
    if path.is_dir():  # some name their virtual environment so
        return {}
    try:
        with path.open("rb") as file:
            raw = file.read(ENV_FILE_BYTES_MAX + 1)
        text = raw.decode("utf-16" if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except UnicodeDecodeError:
        warnings.append(f"{path} is ignored: save it as UTF-8.")
        return {}
    except OSError as error:
        warnings.append(f"{path} is ignored: {error.strerror}.")
        return {}
    if len(raw) > ENV_FILE_BYTES_MAX:
        warnings.append(f"{path} is ignored: it is larger than any file of settings.")
        return {}
    return dict(_bindings(text, path, warnings))


def _bindings(text: str, path: Path, warnings: list[str]) -> Iterator[tuple[str, str]]:
    from dotenv.parser import parse_stream  # 25 ms that a start without .env saves

    for binding in parse_stream(StringIO(text)):
        if binding.error:
            statement = binding.original.string
            blank_lines = statement[: len(statement) - len(statement.lstrip())].count("\n")
            line = binding.original.line + blank_lines
            warnings.append(f"{path}, line {line} is ignored: it does not read NAME=value.")
        elif binding.key and binding.value is not None:
            yield binding.key, binding.value


# --- How texts are read: from stripped text that is not blank to a value, or UnusableText ---------------


def text(written: str) -> str:
    """Any text on one line."""
    if re.search(r"[\x00-\x1f\x7f]", written):
        raise UnusableText("text without control characters")
    return written


def key(written: str) -> str:
    """A secret that travels in an HTTP header."""
    if not re.fullmatch(r"[!-~]+", written):
        raise UnusableText("plain ASCII text without spaces")
    return written


def word(written: str) -> str:
    """A name from some service, in lower case."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", written):
        raise UnusableText("one word of letters, digits, '.', '_' and '-'")
    return written.lower()


def ids(written: str) -> frozenset[int]:
    """Ids that are whole numbers, such as Discord's, with commas or blanks between."""
    parts = written.replace(",", " ").split()
    if not parts or not all(re.fullmatch(r"[0-9]{1,20}", part) for part in parts):
        raise UnusableText("ids with commas between, such as 123456789012345678")
    return frozenset(map(int, parts))


def one_of(*choices: str) -> Callable[[str], str]:
    """One of ``choices``, which are in capitals, however it is written."""

    def read(written: str) -> str:
        if written.upper() not in choices:
            raise UnusableText(f"one of {', '.join(choices)}")
        return written.upper()

    return read


def path(written: str) -> Path:
    """A path; ``~`` is the user's home, because no shell sees a ``.env`` file."""
    try:
        return Path(text(written)).expanduser()
    except RuntimeError as error:
        raise UnusableText("a path that does not start with an unknown '~'") from error


def flag(written: str) -> bool:
    """``true`` or ``false`` in the ways people write them."""
    match written.lower():
        case "true" | "yes" | "on" | "1":
            return True
        case "false" | "no" | "off" | "0":
            return False
        case _:
            raise UnusableText("true or false")


def url(written: str) -> str:
    """An http(s) URL without trailing slash. A key is sent there, so nothing may hide where it goes."""
    refused = UnusableText("an http:// or https:// URL without user, password, query or fragment")
    if not re.fullmatch(r"[!-~]+", written) or re.search(r"[\\@?#]", written):
        raise refused
    try:
        parts = urlsplit(written)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:  # a port that is no number, a bracket that is no address
        raise refused from error
    if not usable:
        raise refused
    return written.rstrip("/")


def count(*, at_least: int = 0, at_most: int = COUNT_MAX) -> Callable[[str], int]:
    """A whole number within bounds."""

    def read(written: str) -> int:
        kind = "a whole number"
        number = _number(written, kind, at_least, at_most)
        if number != int(number):
            raise UnusableText(f"{kind} from {at_least} to {at_most}")
        return int(number)

    return read


def megabytes(written: str) -> float:
    """A size in MB. Whole numbers stay ``int``, so that 5000 is shown as 5000."""
    number = _number(written, "a number", 0, SIZE_MB_MAX)
    return int(number) if number == int(number) else float(number)


def millicredits(written: str) -> int:
    """Credits to thousandths of a credit, rounded down: a cap is never stretched."""
    return int(_number(written, "a number", 0, CREDITS_MAX) * 1000)


def _number(written: str, kind: str, at_least: int, at_most: int) -> Decimal:
    """A plain decimal number; ``nan``, ``inf``, ``1e9``, ``1_000`` and other scripts' digits are none."""
    try:
        number = Decimal(written if re.fullmatch(r"[-+.0-9]+", written) else "NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_nan() or not at_least <= number <= at_most:
        raise UnusableText(f"{kind} from {at_least} to {at_most}")
    return number
