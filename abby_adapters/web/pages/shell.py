"""The shell of all pages: what every page has, and how a template becomes an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse, RedirectResponse

from abby_adapters.web.cookies import YEAR_SECONDS
from abby_adapters.web.pages import words
from abby_adapters.web.pages.assets import Assets
from abby_adapters.web.pages.notices import Notices, with_notice
from abby_adapters.web.pages.visitors import LANGUAGE_COOKIE, jar_of, local_path, maybe_visitor_of, reader_of
from abby_core.languages import ENGLISH, LANGUAGES
from abby_core.sentence import Sentence

if TYPE_CHECKING:
    from fastapi import Request

    from abby_core.bootstrap import Abby
    from abby_core.languages import Language

TEMPLATES = Path(__file__).parents[1] / "templates"
APPEARANCE_COOKIE = "abby-appearance"
APPEARANCES = ("auto", "light", "dark")
REPORTS_PATH = "/csp-reports"
POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",  # blob: the picture somebody dropped, shown before it is sent
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    f"report-uri {REPORTS_PATH}",
))  # fmt: skip
"""What a page may load and do: ours alone, and nothing that stands in the page itself (CSP level 3)."""
HEADERS = {
    "content-security-policy": POLICY,
    # With "no-referrer" browsers would send no usable Origin along with our own forms (WHATWG Fetch, 3.1).
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


class Shell:
    """Renders templates. ``sections`` of the navigation are in ``base.html``; a page says which with ``here``."""

    def __init__(self, abby: Abby) -> None:
        self.abby = abby
        self.assets = Assets()
        self.notices = Notices()
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        # Filters are looked for when a template is compiled, and speak a language only when it is rendered.
        for name in words.filters(ENGLISH, 0):
            self._environment.filters[name] = _in_language(name)

    def page(
        self, request: Request, template: str, *, status: int = 200, here: str = "", **values: Any
    ) -> HTMLResponse:
        """The template as an answer. ``here``: the section of the navigation it belongs to.

        In templates: ``_``, ``ngettext``, ``told``, ``translate``, ``described`` (for what a picture shows: words that
        its owner wrote stay as they are), ``visitor`` (or None), ``language``, ``static``, ``public_url``, and the
        filters of :mod:`~abby_adapters.web.pages.words`.
        """
        html = self.render(request, template, here=here, **values)
        return HTMLResponse(html, status, HEADERS)

    def render(self, request: Request, template: str, *, here: str = "", **values: Any) -> str:
        """The template as HTML: whole pages, or a part of one for a script."""
        language = reader_of(request)
        query = request.query_params
        appearance = jar_of(request).get(APPEARANCE_COOKIE)
        given: dict[str, Any] = {
            "_": language.say,
            "ngettext": language.plural,
            "told": language.told,
            "translate": language.translate,
            "described": partial(_described, language),
            "language": language,
            "languages": LANGUAGES,
            "appearance": appearance if appearance in APPEARANCES else "auto",
            "visitor": maybe_visitor_of(request),
            "static": self.assets.url,
            "here": here,
            "path": _here_again(request),
            "notice": self.notices.of(language, query.get("said", ""), query.get("n", "")),
            "public_url": self.abby.settings.public_url,
            "_words": words.filters(language, time.time() * 1000),
        }
        return self._environment.get_template(template).render(given | values)

    def language(self, request: Request) -> Language:
        """The language of whoever looks."""
        return reader_of(request)

    def problem(self, request: Request, status: int, title: str, text: str) -> HTMLResponse:
        """A page that says what is wrong. Both texts come in the reader's language."""
        return self.page(request, "problem.html", status=status, title=title, text=text)


def _described(language: Language, text: str) -> str:
    return language.translate(text) if isinstance(text, Sentence) else text


def go(path: str, *, said: str = "", count: int | None = None, mark: str = "") -> RedirectResponse:
    """To another page after a form was taken in; ``said`` names a notice, ``mark`` is the address's part behind #."""
    target = with_notice(path, said, count) if said else path
    return RedirectResponse(f"{target}#{mark}" if mark else target, 303, HEADERS)


def _here_again(request: Request) -> str:
    """The page's own address, to come back to: without what is meant for one look alone."""
    url = request.url.remove_query_params(["lang", "said", "n"])
    return local_path(url.path + (f"?{url.query}" if url.query else ""))


def remember_language(request: Request, response: HTMLResponse | RedirectResponse, code: str) -> None:
    """Keep the choice of a language for a year."""
    jar_of(request).set(response, LANGUAGE_COOKIE, code, seconds=YEAR_SECONDS)


def _in_language(name: str) -> Callable[..., str]:
    @pass_context
    def said(context: Context, value: float) -> str:
        return str(context["_words"][name](value))

    return said
