"""Where the host's rules are found: a file, ``abby.toml`` or one that ``RULES_FILE`` names."""

from __future__ import annotations

from pathlib import Path

from abby_core.errors import ConfigurationError
from abby_core.quota.rules import Rules

DEFAULT_FILE = Path("abby.toml")
FILE_BYTES_MAX = 2**20
"""A file of rules larger than this is some other file."""


def load_rules(file: Path | None) -> Rules:
    """The rules in a file; None: in ``abby.toml`` in the working directory, if there is one.

    Raises ConfigurationError with one line for each mistake: the file, the line, what is allowed.
    """
    path = file or DEFAULT_FILE
    try:
        with path.open("rb") as stream:
            raw = stream.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError as error:
        if file is None:
            return Rules()
        raise ConfigurationError(f"There is no file of rules {str(path)!r}; check its name (RULES_FILE).") from error
    except OSError as error:
        raise ConfigurationError(f"The rules in {str(path)!r} cannot be read: {error.strerror}.") from error
    if len(raw) > FILE_BYTES_MAX:
        raise ConfigurationError(f"{path} is larger than any file of rules.")
    from abby_core.quota.rules_text import read_rules  # only where there is a file: most starts need none of it

    try:
        return read_rules(raw.decode("utf-8-sig"), source=path)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}, line {line}: this is not UTF-8; save the file as UTF-8.") from error
