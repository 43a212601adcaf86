"""The web application: the guard in front, the paths behind it, and what becomes of errors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from abby_adapters.web import metrics
from abby_adapters.web.api import admin, albums, gallery, orders, presets, quota, shares, tokens
from abby_adapters.web.description import Described
from abby_adapters.web.desk import ClientGone, Desk
from abby_adapters.web.errors import Failure, HttpError, OrderFailed, failure_of
from abby_adapters.web.guard import Guard, host_name, is_for_programs
from abby_adapters.web.openai import routes as openai
from abby_adapters.web.pages.app import Pages
from abby_adapters.web.pages.discord import DISCORD
from abby_adapters.web.telemetry import NO_TELEMETRY
from abby_adapters.web.validation import bad_fields
from abby_core.errors import AbbyError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from abby_core.bootstrap import Abby
    from abby_core.settings import Settings

CLIENT_GONE = 499
"""Seen in the log alone: nobody is there to read it."""


def make_app(abby: Abby, *, discord_url: str = DISCORD) -> ASGIApp:
    """The ASGI application over that Abby, which has to be open while it is used. Raises ConfigurationError."""
    says = 'Pictures under quota. Every error is `{"error": {message, type, param, code}}`.'
    app = Described(
        title="Abby", description=says, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None,
        telemetry=NO_TELEMETRY,
    )  # fmt: skip
    for kind in (HttpError, OrderFailed, AbbyError, Exception):
        app.add_exception_handler(kind, _answer_error)
    app.add_exception_handler(ClientGone, _answer_nobody)
    app.add_exception_handler(RequestValidationError, _answer_bad_fields)
    app.add_exception_handler(HTTPException, _answer_http_error)
    _add_probes(app, abby)
    app.include_router(metrics.routes(abby))
    desk = Desk(abby)
    app.include_router(openai.routes(abby, desk))
    app.include_router(openai.file_routes(abby, desk))
    app.include_router(orders.routes(abby, desk))
    for part in (gallery, albums, shares, presets, quota, tokens, admin):
        app.include_router(part.routes(abby))
    pages = Pages(abby, discord_url=discord_url)
    return Guard(
        _Doors(programs=app, people=pages.app), abby=abby, hosts=allowed_hosts(abby.settings), page=pages.problem
    )


class _Doors:
    """Two applications behind one address: what programs ask is answered in JSON, people see pages."""

    def __init__(self, *, programs: ASGIApp, people: ASGIApp) -> None:
        self._programs = programs
        self._people = people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._programs if is_for_programs(scope["path"]) else self._people
        await app(scope, receive, send)


def allowed_hosts(settings: Settings) -> list[str]:
    """The names under which this Abby may be reached, besides this computer's own."""
    named = [urlsplit(settings.public_url).hostname or "", *map(host_name, settings.web_allowed_hosts.split(","))]
    return [name.strip() for name in named if name.strip()]


class Readiness(BaseModel):
    """Whether all is well, and what is not."""

    status: Literal["ok", "not ready"]
    problems: dict[str, str]


def _add_probes(app: FastAPI, abby: Abby) -> None:
    @app.get("/healthz", summary="Whether the process lives", tags=["Probes"])
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Whether pictures can be made and kept", tags=["Probes"], response_model=Readiness,
             responses={503: {"model": Readiness, "description": "Not now; `problems` says why."}})  # fmt: skip
    async def readyz() -> Response:
        problems: dict[str, str] = {}
        try:
            await abby.tokens.any_live()
        except AbbyError:
            problems["database"] = "The database cannot be used."
        try:
            await asyncio.to_thread(abby.storage.check_free_disk, 0)
        except AbbyError:
            problems["disk"] = "The disk is nearly full, or cannot be used."
        return JSONResponse(
            {"status": "not ready" if problems else "ok", "problems": problems}, 503 if problems else 200
        )


async def _answer_error(_request: Request, error: Exception) -> Response:
    return failure_of(error).response()


async def _answer_nobody(_request: Request, _error: Exception) -> Response:
    return Response(status_code=CLIENT_GONE)


async def _answer_bad_fields(_request: Request, error: Any) -> Response:
    return bad_fields(error.errors()).failure.response()


async def _answer_http_error(_request: Request, error: Any) -> Response:
    """What the framework itself refuses: no such path, a method that is not known, a body it cannot read."""
    if error.detail == "There was an error parsing the body":  # FastAPI's own words for JSON beyond what Python reads
        return Failure(status=400, message="The body is not valid JSON.", code="invalid_json").response()
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
    message = "There is nothing under this path." if error.status_code == 404 else f"{error.detail}"[:200]
    headers = dict(error.headers or {})
    return Failure(status=error.status_code, message=message, code=code, headers=headers).response()
