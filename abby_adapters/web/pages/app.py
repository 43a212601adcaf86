"""All pages together: what is behind which path, and what people see when something goes wrong."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from abby_adapters.web.cookies import YEAR_SECONDS
from abby_adapters.web.desk import Desk
from abby_adapters.web.errors import HttpError, failure_of
from abby_adapters.web.pages import account, looking, make, orders, sign_in
from abby_adapters.web.pages.discord import DISCORD
from abby_adapters.web.pages.shell import APPEARANCE_COOKIE, APPEARANCES, REPORTS_PATH, Shell, go, remember_language
from abby_adapters.web.pages.visitors import SignInNeeded, is_language, jar_of, local_path, reader_of
from abby_adapters.web.telemetry import NO_TELEMETRY
from abby_core.errors import AbbyError, NotFound

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby
    from abby_core.languages import Language

log = logging.getLogger(__name__)
REPORT_BYTES_MAX = 2**14
"""Browsers repeat the whole policy and the page's address in each, which takes about a kilobyte."""
REPORT_WORD_CHARACTERS_MAX = 80
REPORTS_LOGGED_MAX = 100
"""Of each start; who sends more is playing."""


class Pages:
    """The pages, as an application of their own: their errors are pages too."""

    def __init__(self, abby: Abby, *, discord_url: str = DISCORD) -> None:
        self._shell = Shell(abby)
        self.app = _make_app(abby, self._shell, discord_url)

    def problem(self, request: Request, error: Exception) -> Response:
        """The page that says what is wrong, in the language of whoever looks."""
        return _problem(self._shell, request, error)


def _make_app(abby: Abby, shell: Shell, discord_url: str) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, telemetry=NO_TELEMETRY)
    _answer_errors(app, shell)
    app.include_router(shell.assets.routes())
    app.include_router(sign_in.routes(abby, shell, discord_url=discord_url))
    app.include_router(account.routes(abby, shell))
    app.include_router(make.routes(abby, shell))
    app.include_router(orders.routes(abby, shell, Desk(abby)))
    for router in looking.routes(abby, shell):
        app.include_router(router)
    _add_tastes(app)
    _add_reports(app)
    return app


def _answer_errors(app: FastAPI, shell: Shell) -> None:
    async def sign_in(_request: Request, error: Any) -> Response:
        return RedirectResponse(error.location, 303)

    async def failed(request: Request, error: Exception) -> Response:
        return _problem(shell, request, error)

    async def not_there(request: Request, error: Any) -> Response:
        language = reader_of(request)
        if error.status_code == 404:
            return shell.problem(
                request, 404, language.say("There is nothing here"),
                language.say("The address may be mistyped, or what was here is gone."),
            )  # fmt: skip
        return shell.problem(request, error.status_code, language.say("That did not work"),
                             language.say("Go back and try again."))  # fmt: skip

    async def bad_form(request: Request, _error: Exception) -> Response:
        language = reader_of(request)
        return shell.problem(request, 400, language.say("That did not work"),
                             language.say("The form was incomplete. Go back and try again."))  # fmt: skip

    app.add_exception_handler(SignInNeeded, sign_in)
    for kind in (AbbyError, HttpError, Exception):
        app.add_exception_handler(kind, failed)
    app.add_exception_handler(HTTPException, not_there)
    app.add_exception_handler(RequestValidationError, bad_form)


def _problem(shell: Shell, request: Request, error: Exception) -> Response:
    language, failure = reader_of(request), failure_of(error)
    text = language.told(error) if isinstance(error, AbbyError) else language.translate(failure.message)
    response = shell.problem(request, failure.status, title_of(language, error), text)
    response.headers.update(failure.headers)
    return response


def title_of(language: Language, error: Exception) -> str:
    """What stands above an error's own sentence."""
    return language.say("There is nothing here") if isinstance(error, NotFound) else language.say("That did not work")


def _add_tastes(app: FastAPI) -> None:
    @app.post("/preferences")
    async def preferences(
        request: Request,
        language: Annotated[str, Form(max_length=10)] = "",
        appearance: Annotated[str, Form(max_length=10)] = "",
        back: Annotated[str, Form(max_length=2000)] = "/",
    ) -> Response:
        response = go(local_path(back))
        if is_language(language):
            remember_language(request, response, language)
        if appearance in APPEARANCES:
            jar_of(request).set(response, APPEARANCE_COOKIE, appearance, seconds=YEAR_SECONDS)
        return response


def _add_reports(app: FastAPI) -> None:
    """Browsers tell here what the pages' own rules kept from happening: a mistake of ours, or an attack."""
    logged = 0

    @app.post(REPORTS_PATH)
    async def report(request: Request) -> Response:
        nonlocal logged
        body = await request.body()
        if logged < REPORTS_LOGGED_MAX:
            logged += 1
            log.warning("a browser reports a breach of the pages' rules: %s", _breach(body))
        return Response(status_code=204)


def _breach(body: bytes) -> str:
    """What of a report may stand in the log: which rule, on which page, against what.

    Addresses may be links that open something, so of the page there is the first part of its path, and of what was
    kept out the host alone, or a word such as ``inline``.
    """
    try:
        report: Any = json.loads(body)["csp-report"] if len(body) <= REPORT_BYTES_MAX else None
        rule, page, kept_out = (str(report[name]) for name in ("violated-directive", "document-uri", "blocked-uri"))
        words = (rule, urlsplit(page).path.lstrip("/").partition("/")[0], urlsplit(kept_out).hostname or kept_out)
    except (ValueError, TypeError, LookupError, RecursionError):  # anybody may send anything
        return "one that cannot be read"
    return "{} on a page of {} against {}".format(*(json.dumps(each[:REPORT_WORD_CHARACTERS_MAX]) for each in words))
