"""A share as its owner sees it, and what whoever holds its token gets to see (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Shown = Literal["none", "prompt", "full"]
"""What is told about a shared picture: itself alone, its prompt too, everything it was made with."""
SHOWN: tuple[Shown, ...] = ("none", "prompt", "full")
ShareState = Literal["live", "expired", "used up", "revoked", "gone"]
"""``gone``: the picture or album is no longer there, or is in the trash."""
DAY_SECONDS = 86_400
EXPIRES_SECONDS_DEFAULT = 7 * DAY_SECONDS
EXPIRES_SECONDS_MIN = 60
"""A shorter one would end before it is opened."""
EXPIRES_SECONDS_MAX = 365 * DAY_SECONDS
"""Nobody remembers a link for longer, and it would be open all the time."""
VIEWS_MAX = 1_000_000
"""Largest cap on views; more is no cap."""
LIVE_SHARES_MAX = 100
"""Shares of one account that are open at the same time: more than anybody can keep an eye on."""
ENDED_SHARES_MAX = 400
"""Ended shares of one account that are remembered: with the open ones a list that can still be read."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A link to one picture or one album, as its owner sees it. Times are epoch milliseconds, 0 for never.

    ``name``: of what is shared, empty when that is gone. ``views_max`` 0: no cap.
    """

    id: str
    artifact_id: str
    album_id: str
    name: str
    metadata: Shown
    has_password: bool
    views: int
    views_max: int
    created_at_ms: int
    expires_at_ms: int
    revoked_at_ms: int
    state: ShareState


@dataclass(frozen=True, kw_only=True)
class Door:
    """What stands between whoever holds a token and what it opens now. Times are epoch milliseconds."""

    share_id: str
    has_password: bool
    has_cap: bool
    """Whether each look takes one of a number of views: nobody should use one up by accident."""
    expires_at_ms: int


@dataclass(frozen=True, kw_only=True)
class SharedPicture:
    """A picture as a stranger sees it: never whose it is, nor its name, which is made of its prompt.

    ``prompt`` is told from ``prompt`` on; what follows it only with ``full``. ``demo``: painted by the demo
    painter, and wherever it is shown that is said.
    """

    share_id: str
    picture_id: str
    alt_text: str
    media_type: str
    width: int
    height: int
    demo: bool
    prompt: str = ""
    negative_prompt: str = ""
    style: str = ""
    seed: int | None = None
    provider: str = ""
    model: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, kw_only=True)
class SharedAlbum:
    """An album as a stranger sees it; its pictures come by :meth:`Shares.page`."""

    share_id: str
    name: str
    pictures: int


@dataclass(frozen=True, kw_only=True)
class SharedPage:
    """Pictures of a shared album in its order; ``next`` is handed back as ``after``, None at the end."""

    pictures: tuple[SharedPicture, ...]
    next: tuple[int, str] | None


@dataclass(frozen=True, kw_only=True)
class SharedFile:
    """A shared picture's bytes: the picture alone, nothing else is told in the file."""

    data: bytes = field(repr=False)
    media_type: str
    extension: str
    """With its dot."""
