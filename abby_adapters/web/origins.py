"""Whether a request comes from a page of ours (pure).

A browser sends its cookies along whoever made the page that asks. So what changes something is carried out only where
the browser itself says that a page of ours asked for it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Change nothing (RFC 9110, 9.2.1)."""


def is_ours(headers: Headers) -> bool:
    """Whether a page of ours, or the person themselves, made the browser ask.

    ``Sec-Fetch-Site`` (W3C, "Fetch Metadata Request Headers") says so, and no page can forge it; browsers send it over
    HTTPS and to this computer. Elsewhere there is ``Origin``, which every browser sends along with a form. Where
    neither is there, no browser of this decade is asking: refused.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin, host = headers.get("origin", ""), headers.get("host", "")
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return bool(host) and parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower()
