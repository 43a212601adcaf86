"""A preset, whose it may be, and what comes of several (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from abby_core.errors import InvalidRequest
from abby_core.generation.choices import Choices
from abby_core.quota.account import Account
from abby_core.sentence import sentence

PRESETS_MAX = 50
"""Named presets of one owner: a list that people can still choose from."""
NAME_CHARACTERS_MAX = 40
"""A few words; it is typed each time."""
UNASKED = ""
"""The name of what applies unasked: a member's preferences, a server's or the host's default."""
HOST = "host"
"""The owner of what applies to everybody. No account and no server is written so: in theirs there is a colon."""
_SERVER = "guild"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Choices under a name; ``owner`` is :func:`of_member`, :func:`of_server` or :data:`HOST`."""

    owner: str
    name: str
    choices: Choices
    updated_at_ms: int


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """All that applies, laid over each other; ``notes``: sentences about what was left out, and why."""

    choices: Choices
    notes: tuple[str, ...] = ()


def of_member(account: Account) -> str:
    """The owner of an account's presets. Raises InvalidRequest for one that is written like a server."""
    if account.platform == _SERVER:
        raise InvalidRequest(
            sentence(
                "{name!r} is the name of a server; presets of servers are set by their own.", name=account.key[:80]
            )
        )
    return account.key


def of_server(platform: str, server_id: str) -> str:
    """The owner of a server's presets: ``guild:discord:123``."""
    return f"{_SERVER}:{platform}:{server_id}"
