"""Where somebody asks for a picture (pure). Which rules hold there is for :mod:`abby_core.access` to say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Place:
    """A channel of a server, or a private talk, as the platform tells it.

    The command line and the web are no place: orders that come from there have none.
    """

    server: str = ""
    """The server with its platform: ``discord:123``. Empty: a private talk."""
    channels: frozenset[str] = frozenset()
    """The platform's ids of the channel and of those around it: a thread's channel, a channel's category."""
    age_restricted: bool = False
    """Whether the platform lets in adults alone."""
    roles: frozenset[str] = frozenset()
    """The ids of the roles that whoever asks has there."""
    manages: bool = False
    """Whether they manage the server: its own rules for words do not bind them."""
