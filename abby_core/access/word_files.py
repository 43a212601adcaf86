"""The host's lists of words, in files."""

from __future__ import annotations

from pathlib import Path

from abby_core.access.guilds import HostWords
from abby_core.access.prompt_filter import NO_WORDS, WORD_CHARACTERS_MAX, Words, words_in
from abby_core.errors import ConfigurationError

FILE_BYTES_MAX = 2**20
WORDS_MAX = 5000
"""Of one file: they are looked for in every prompt, which takes some milliseconds."""


def load_host_words(blocked: Path | None, mature: Path | None) -> HostWords:
    """The lists in these files; None: none. Raises ConfigurationError: a filter that is not there filters nothing."""
    return HostWords(
        blocked=_read("BLOCKED_WORDS_FILE", blocked) if blocked else NO_WORDS,
        mature=_read("MATURE_WORDS_FILE", mature) if mature else NO_WORDS,
    )


def _read(setting: str, path: Path) -> Words:
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{setting}: {path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{setting}: save {path} as UTF-8.") from error
    words = words_in(text)
    if len(raw) > FILE_BYTES_MAX or len(words) > WORDS_MAX:
        raise ConfigurationError(f"{setting}: {path} holds more than {WORDS_MAX} words; keep fewer.")
    too_long = next((word for word in words if len(word) > WORD_CHARACTERS_MAX), None)
    if too_long is not None:
        raise ConfigurationError(
            f"{setting}: {path} holds a word of more than {WORD_CHARACTERS_MAX} characters: {too_long[:20]!r}…"
        )
    return Words(words)
