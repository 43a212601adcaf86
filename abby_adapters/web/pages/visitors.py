"""Who looks at a page: signed in or not, and in which language they read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from fastapi import Request

from abby_core.languages import LANGUAGES, Language, language_of

if TYPE_CHECKING:
    from abby_adapters.web.cookies import Jar
    from abby_core.access.session import Session
    from abby_core.studio import Account

LANGUAGE_COOKIE = "abby-language"
ACCEPTED_MAX = 10
"""Languages that a browser may wish for; more are not read."""


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody who is signed in. ``is_host``: may look after all of this Abby."""

    account: Account
    session: Session
    language: Language
    is_host: bool

    @property
    def name(self) -> str:
        """What they are called on pages."""
        return self.account.user_id if self.account.platform == "local" else self.account.key


class SignInNeeded(Exception):
    """The page is for people who are signed in. ``next``: where they were going, a path of ours."""

    def __init__(self, following: str) -> None:
        super().__init__("Somebody has to sign in first.")
        self.following = following

    @property
    def location(self) -> str:
        return f"/sign-in?next={quote(self.following, safe='/')}"


def visitor_of(request: Request) -> Visitor:
    """Whoever looks at the page. Raises SignInNeeded. May be used with ``Depends``."""
    visitor = maybe_visitor_of(request)
    if visitor is None:
        target = str(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
        raise SignInNeeded(local_path(target) if request.method == "GET" else "/")
    return visitor


def maybe_visitor_of(request: Request) -> Visitor | None:
    """Whoever looks at the page, if they are signed in."""
    session = cast("Session | None", state_of(request).get("session"))
    if session is None:
        return None
    hosts: frozenset[str] = state_of(request)["hosts"]
    return Visitor(
        account=session.account, session=session, language=reader_of(request), is_host=session.account.key in hosts
    )


def reader_of(request: Request) -> Language:
    """The language of whoever looks: asked for in the address, chosen once, or wished for by the browser."""
    wished = request.headers.get("accept-language", "")[:500].split(",")[:ACCEPTED_MAX]
    return language_of(
        request.query_params.get("lang"),
        jar_of(request).get(LANGUAGE_COOKIE),
        *(each.partition(";")[0].strip() for each in wished),
    )


def is_language(code: str) -> bool:
    """Whether Abby speaks it, by one of :data:`~abby_core.languages.LANGUAGES`' codes."""
    return code in LANGUAGES


def local_path(text: str) -> str:
    """The text if it is a path of ours, otherwise ``/``: what comes in an address leads nowhere else.

    Browsers read ``//host``, ``/\\host`` and paths with tabs or line ends as other sites' addresses.
    """
    is_path = text.startswith("/") and text[1:2] not in {"/", "\\"} and len(text) <= 2000
    return text if is_path and text.isascii() and text.isprintable() and "\\" not in text else "/"


def state_of(request: Request) -> dict[str, Any]:
    """What the guard found out."""
    return request.scope.setdefault("state", {})


def jar_of(request: Request) -> Jar:
    """The request's cookies."""
    return state_of(request)["jar"]
