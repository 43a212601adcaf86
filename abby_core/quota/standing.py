"""What an adapter knows of a person; which rules apply to them follows from it (pure)."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Facts about one person, as their platform tells them.

    ``roles`` are the platform's role ids (Discord snowflakes as text), ``groups`` names the host gave (web,
    command line), ``guild`` the server they are on, ``owner`` whether they own it or run this Abby.
    """

    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    guild: str = ""
    level: int = 0
    owner: bool = False
    tier: str = ""
    """One that an administrator gave by hand. It is kept beside the rest: adapters cannot say it."""


NOBODY = Standing()
"""Somebody of whom nothing is known."""


def encode(standing: Standing) -> str:
    """The standing as JSON text, the same text for the same standing."""
    values = {**vars(standing), "roles": sorted(standing.roles), "groups": sorted(standing.groups)}
    del values["tier"]
    return json.dumps(values, sort_keys=True)


def decode(text: str) -> Standing:
    """The standing again."""
    values = json.loads(text)
    return Standing(
        roles=frozenset(values["roles"]),
        groups=frozenset(values["groups"]),
        guild=values["guild"],
        level=values["level"],
        owner=values["owner"],
    )
