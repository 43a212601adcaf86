"""Settings: read once, from the environment and a ``.env`` file.

:class:`Settings` is the table of them: a field's type, variable, default, meaning and reader stand together
in one statement. ``.env.example`` and the documentation are checked against it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from abby_core import environment

MEBIBYTE = 2**20
"""One MB, everywhere in Abby."""
QUOTED_CHARACTERS_MAX = 40
"""How much of an unusable value a warning repeats."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Variable:
    """How one field of :class:`Settings` is read from the environment."""

    names: tuple[str, ...]
    """The variable's name, then its older names; the first one that has a value wins."""
    read: Callable[[str], object]
    """Stripped text that is not blank to value; raises :class:`~abby_core.environment.UnusableText`."""
    means: str
    """One sentence for ``.env.example`` and the documentation; says the unit."""
    secret: bool = False
    """The value may hold a password: it is in no repr and no warning."""


def _setting(*names: str, default: T, read: Callable[[str], T], means: str, secret: bool = False) -> T:
    """A dataclass field that carries its :class:`Variable`; typed as the value that the field holds."""
    variable = Variable(names=names, read=read, means=means, secret=secret)
    return field(default=default, repr=not secret, metadata={"variable": variable})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the host decides. Without arguments: the defaults."""

    storage_root: Path = _setting(  # noqa: RUF009 -- declares a field; a Path is immutable
        "STORAGE_ROOT",
        default=Path("shared"),
        read=environment.path,
        means="Folder of pictures, database and logs; relative to the working directory.",
    )
    archive_root: Path | None = _setting(  # noqa: RUF009 -- as above
        "ARCHIVE_ROOT",
        default=None,
        read=environment.path,
        means="Folder for archived pictures, best on another disk; they count against no limit. Empty: no archive.",
    )
    max_global_storage_mb: float = _setting(
        "MAX_GLOBAL_STORAGE_MB",
        default=5000,
        read=environment.megabytes,
        means="Space for everything Abby keeps, in MB (1 MB = 1048576 bytes).",
    )
    max_user_storage_mb: float = _setting(
        "MAX_USER_STORAGE_MB",
        default=500,
        read=environment.megabytes,
        means="Space for one person's pictures, in MB.",
    )
    max_user_daily_gens: int = _setting(
        "MAX_USER_DAILY_GENS",
        default=5,
        read=environment.count(),
        means="Pictures that one person may make per UTC day.",
    )
    cleanup_days: int = _setting(
        "STORAGE_CLEANUP_DAYS",
        "CLEANUP_DAYS",
        default=7,
        read=environment.count(at_most=36_500),
        means="Age in days at which temporary files are removed; kept pictures are never removed by age.",
    )
    image_generation_size_mb: float = _setting(
        "IMAGE_GEN_SIZE_MB",
        default=1.5,
        read=environment.megabytes,
        means="Estimated size of one picture in MB, for the check before the back end is asked.",
    )
    image_size_max_mb: float = _setting(
        "IMAGE_GENERATION_SIZE_MB",
        default=20,
        read=environment.megabytes,
        means="Largest picture that is stored, in MB.",
    )
    min_free_disk_mb: float = _setting(
        "MIN_FREE_DISK_MB",
        default=200,
        read=environment.megabytes,
        means="Nothing is stored while the disk has less free space than this, in MB.",
    )
    database_url: str = _setting(
        "DATABASE_URL",
        default="",
        read=environment.text,
        secret=True,
        means="postgresql://user:password@host/name; empty: SQLite, in STORAGE_ROOT/image_stats.db.",
    )

    provider: str = _setting(
        "PROVIDER",
        default="auto",
        read=environment.word,
        means="stability, painter (works offline), or auto: stability if there is a key for it, else painter.",
    )
    stability_api_key: str | None = _setting(
        "STABILITY_API_KEY",
        default=None,
        read=environment.key,
        secret=True,
        means="Key for Stability AI; empty: Abby starts, but makes no pictures through Stability.",
    )
    api_host: str = _setting(
        "API_HOST",
        default="https://api.stability.ai",
        read=environment.url,
        secret=True,
        means="Where Stability's API answers.",
    )
    stability_model: str = _setting(
        "STABILITY_MODEL",
        default="core",
        read=environment.word,
        means="Stability's model for new pictures.",
    )
    stability_upscale_model: str = _setting(
        "STABILITY_UPSCALE_MODEL",
        default="fast",
        read=environment.word,
        means="Stability's model for larger pictures.",
    )
    provider_timeout_seconds: int = _setting(
        "PROVIDER_TIMEOUT_SECONDS",
        default=120,
        read=environment.count(at_least=1, at_most=3600),
        means="How long one picture may take at the back end, in seconds.",
    )
    rules_file: Path | None = _setting(  # noqa: RUF009 -- as above
        "RULES_FILE",
        default=None,
        read=environment.path,
        means="File of tiers and groups; empty: abby.toml in the working directory, if there is one.",
    )
    blocked_words_file: Path | None = _setting(  # noqa: RUF009 -- as above
        "BLOCKED_WORDS_FILE",
        default=None,
        read=environment.path,
        means="File of words that no prompt may hold, one on each line; empty: none.",
    )
    mature_words_file: Path | None = _setting(  # noqa: RUF009 -- as above
        "MATURE_WORDS_FILE",
        default=None,
        read=environment.path,
        means="File of words that prompts in chats may hold in age-restricted channels alone; empty: none.",
    )
    max_daily_millicredits: int | None = _setting(
        "MAX_DAILY_CREDITS",
        default=None,
        read=environment.millicredits,
        means="Most of the host's back-end credits spent per UTC day, for everybody together; empty: no cap.",
    )
    max_monthly_millicredits: int | None = _setting(
        "MAX_MONTHLY_CREDITS",
        default=None,
        read=environment.millicredits,
        means="The same cap per UTC calendar month; empty: no cap.",
    )

    concurrent_orders: int = _setting(
        "CONCURRENT_ORDERS",
        default=2,
        read=environment.count(at_least=1, at_most=1000),
        means="Pictures made at the same time.",
    )
    concurrent_orders_per_user: int = _setting(
        "CONCURRENT_ORDERS_PER_USER",
        default=1,
        read=environment.count(at_least=1, at_most=1000),
        means="Pictures made at the same time for one person.",
    )
    waiting_orders_max: int = _setting(
        "WAITING_ORDERS_MAX",
        default=1000,
        read=environment.count(at_least=1),
        means="Orders that may wait for their turn; more are refused.",
    )
    waiting_orders_per_user_max: int = _setting(
        "WAITING_ORDERS_PER_USER_MAX",
        default=100,
        read=environment.count(at_least=1),
        means="Orders of one person that may wait for their turn.",
    )
    lease_seconds: int = _setting(
        "LEASE_SECONDS",
        default=30,
        read=environment.count(at_least=5, at_most=3600),
        means="After how many seconds without a sign of life an order's worker counts as dead.",
    )

    public_url: str = _setting(
        "PUBLIC_URL",
        default="",
        read=environment.url,
        means="Where people reach this Abby, such as https://pictures.example.org; links to shares begin with it.",
    )

    web_host: str = _setting(
        "WEB_HOST",
        default="127.0.0.1",
        read=environment.text,
        means="The address that `abby serve` listens at; 0.0.0.0: every address of this machine.",
    )
    web_port: int = _setting(
        "WEB_PORT",
        default=8080,
        read=environment.count(at_most=65_535),
        means="The port that `abby serve` listens at; 0: one that is free.",
    )
    web_allowed_hosts: str = _setting(
        "WEB_ALLOWED_HOSTS",
        default="",
        read=environment.text,
        means="Names under which people reach `abby serve` besides PUBLIC_URL's and localhost, with commas.",
    )
    trusted_proxies: str = _setting(
        "TRUSTED_PROXIES",
        default="",
        read=environment.text,
        means="Addresses or networks of proxies whose word on a caller's address counts, with commas; empty: nobody's.",
    )
    admins: str = _setting(
        "ADMINS",
        default="",
        read=environment.text,
        means="Accounts that may look after this Abby on its pages, such as discord:123, with commas.",
    )

    fetch_urls: bool = _setting(
        "FETCH_URLS",
        default=False,
        read=environment.flag,
        means="true: programs may name a picture by its public web address, and Abby fetches it from there.",
    )

    discord_client_id: str = _setting(
        "DISCORD_CLIENT_ID",
        default="",
        read=environment.text,
        means="The Discord application with which people sign in to the pages; empty: not with Discord.",
    )
    discord_client_secret: str | None = _setting(
        "DISCORD_CLIENT_SECRET",
        default=None,
        read=environment.key,
        secret=True,
        means="That application's secret.",
    )
    discord_token: str | None = _setting(
        "DISCORD_TOKEN",
        default=None,
        read=environment.key,
        secret=True,
        means="Token of the Discord bot, for `abby bot`; empty: no bot.",
    )
    discord_sharded: bool = _setting(
        "DISCORD_SHARDED",
        default=False,
        read=environment.flag,
        means="Whether the bot opens as many connections as Discord advises: needed from 2500 servers on.",
    )

    discord_home_servers: frozenset[int] = _setting(
        "DISCORD_HOME_SERVERS",
        default=frozenset[int](),
        read=environment.ids,
        means="Ids of the servers whose roles and managers count for this Abby, with commas; empty: the only one.",
    )

    log_level: str = _setting(
        "LOG_LEVEL",
        default="INFO",
        read=environment.one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        means="Least important line that is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL.",
    )
    log_json: bool = _setting(
        "LOG_JSON",
        default=False,
        read=environment.flag,
        means="true: one JSON object per log line, for machines.",
    )

    warnings: tuple[str, ...] = ()
    """One sentence for each value that could not be used. They hold no secrets."""

    @property
    def max_global_storage_bytes(self) -> int:
        return round(self.max_global_storage_mb * MEBIBYTE)

    @property
    def max_user_storage_bytes(self) -> int:
        return round(self.max_user_storage_mb * MEBIBYTE)

    @property
    def image_generation_size_bytes(self) -> int:
        return round(self.image_generation_size_mb * MEBIBYTE)

    @property
    def image_size_max_bytes(self) -> int:
        return round(self.image_size_max_mb * MEBIBYTE)

    @property
    def min_free_disk_bytes(self) -> int:
        return round(self.min_free_disk_mb * MEBIBYTE)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that must appear in no log, message or file."""
        keys = (self.stability_api_key, self.discord_token, self.discord_client_secret, *_passwords(self.database_url))
        return tuple(secret for secret in keys if secret)


def variables() -> Iterator[tuple[str, Variable, object]]:
    """Every setting in order: its field, its variable and its default."""
    for setting in fields(Settings):
        variable = setting.metadata.get("variable")
        if isinstance(variable, Variable):
            yield setting.name, variable, setting.default


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> Settings:
    """Settings from the process's environment (or ``environ``), then from ``env_file`` if there is one.

    A variable set in the environment hides the file's, even when it is blank; blank means the default.
    Never raises: what cannot be used is named in :attr:`Settings.warnings`, and the default is used.
    """
    warnings: list[str] = []
    from_file = environment.read_env_file(env_file, warnings) if env_file else {}
    from_process = environment.without_comments(os.environ if environ is None else environ)
    values: dict[str, object] = {}
    for field_name, variable, default in variables():
        found = environment.find(variable.names, from_process) or environment.find(variable.names, from_file)
        name, text = found or ("", "")
        if not text:
            continue
        try:
            values[field_name] = variable.read(text)
        except environment.UnusableText as expected:
            shown = "" if variable.secret else f", not {_quoted(text)}"
            used = default if default or default == 0 else "none"
            warnings.append(f"{name} must be {expected}{shown}; the default is used: {used}.")
    return replace(Settings(), **values, warnings=tuple(warnings))


def _quoted(text: str) -> str:
    """A text on one line, with control characters visible, of bounded length."""
    return ascii(text if len(text) <= QUOTED_CHARACTERS_MAX else text[:QUOTED_CHARACTERS_MAX] + "…")


def _passwords(url: str) -> list[str]:
    """A database URL and the passwords in it, as written and as meant."""
    try:
        parts = urlsplit(url)
        written = [parts.password or "", *parse_qs(parts.query).get("password", [])]
    except ValueError:
        written = []
    return [url, *written, *(unquote(password) for password in written)] if url else []
