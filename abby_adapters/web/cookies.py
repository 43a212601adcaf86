"""Cookies: the session's, and small ones for tastes. None of them can be read by a script."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import cookie_parser

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.responses import Response

SESSION = "abby"
YEAR_SECONDS = 365 * 86_400
COOKIES_CHARACTERS_MAX = 8192
"""Of more nothing is read: ours take some hundreds, and what a neighbour on the same host name plants is not ours."""


class Jar:
    """The cookies of one request. ``secure``: the browser came over HTTPS, so names may promise what that gives.

    ``__Host-`` (RFC 6265bis, 4.1.3.2) keeps other names of the same domain from planting a cookie.
    """

    def __init__(self, headers: Headers, *, scheme: str, public_url: str) -> None:
        public = urlsplit(public_url)
        # Behind a proxy the request itself is plain HTTP; that name is the public one's, though.
        by_name = public.scheme == "https" and headers.get("host", "").lower() == public.netloc.lower()
        self.secure = scheme == "https" or by_name
        written = headers.get("cookie", "")
        self._cookies = cookie_parser(written) if len(written) <= COOKIES_CHARACTERS_MAX else {}

    def get(self, name: str) -> str:
        """What the cookie holds; empty: there is none."""
        return self._cookies.get(self._full(name), "")

    def set(self, response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
        """Have the browser keep a cookie. ``seconds`` None: until it is closed."""
        response.set_cookie(
            self._full(name), value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def remove(self, response: Response, name: str) -> None:
        """Have the browser forget a cookie."""
        response.delete_cookie(self._full(name), path="/", secure=self.secure, httponly=True, samesite="lax")

    def _full(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name
