"""``/sign-in`` and ``/sign-out``: every way in that this Abby has, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from abby_adapters.web.attempts import Attempts
from abby_adapters.web.cookies import SESSION
from abby_adapters.web.pages.discord import BACK_PATH, DISCORD, DiscordSignIn, Journey, back_address
from abby_adapters.web.pages.shell import HEADERS, go
from abby_adapters.web.pages.visitors import Visitor, jar_of, local_path, maybe_visitor_of, visitor_of
from abby_core.access.session import LIFETIME_SECONDS
from abby_core.access.sign_ins import SIGN_IN_SECONDS
from abby_core.errors import AbbyError, Refused
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby
    from abby_core.studio import Account

JOURNEY = "abby-journey"
JOURNEY_SECONDS = 600
"""How long somebody may think about it at Discord."""
Following = Annotated[str, Query(alias="next", max_length=2000)]
Token = Annotated[str, Path(max_length=100)]


def routes(abby: Abby, shell: Shell, *, discord_url: str = DISCORD) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter()
    door = Door(abby, shell, DiscordSignIn(abby.settings, url=discord_url))
    shell.notices.add({"signed-out": lambda language, _n: language.say("You are signed out here.")})

    @router.get("/sign-in")
    async def sign_in(request: Request, following: Following = "/") -> Response:
        if maybe_visitor_of(request) is not None:
            return go(local_path(following))
        return door.page(request, following)

    @router.post("/sign-out")
    async def sign_out(request: Request, visitor: Annotated[Visitor, Depends(visitor_of)]) -> Response:
        await abby.sessions.end(visitor.account, visitor.session.id)
        response = go("/sign-in", said="signed-out")
        jar_of(request).remove(response, SESSION)
        response.headers["clear-site-data"] = '"cache"'  # pictures that the browser kept are nobody else's to see
        return response

    router.include_router(_link_routes(door))
    if door.discord.is_possible:
        router.include_router(_discord_routes(door))
    return router


class Door:
    """What all ways in have in common."""

    def __init__(self, abby: Abby, shell: Shell, discord: DiscordSignIn) -> None:
        self.abby = abby
        self.shell = shell
        self.discord = discord
        self._attempts = Attempts()

    def check_attempt(self, request: Request) -> None:
        """Raise TooManyAttempts."""
        if not self._attempts.count(request.client.host if request.client else ""):
            raise TooManyAttempts

    def page(
        self, request: Request, following: str = "/", *, error: AbbyError | None = None, status: int = 200
    ) -> Response:
        """All ways in, and what was wrong with the one that was tried."""
        return self.shell.page(
            request, "sign_in.html", status=status, here="sign-in", following=local_path(following), error=error,
            discord=self.discord.is_possible, bot=bool(self.abby.settings.discord_token),
        )  # fmt: skip

    def refused(self, request: Request, error: AbbyError, following: str = "/") -> Response:
        """The page of all ways in, with what was wrong."""
        status = 429 if isinstance(error, TooManyAttempts) else 403 if isinstance(error, Refused) else 502
        return self.page(request, following, error=error, status=status)

    async def begin(self, request: Request, account: Account, following: str) -> Response:
        """Sign in and go on. A session that this browser had before ends: its secret is replaced, not raised."""
        former = maybe_visitor_of(request)
        _, text = await self.abby.sessions.begin(account, device=request.headers.get("user-agent", ""))
        if former is not None:
            await self.abby.sessions.end(former.account, former.session.id)
        response = go(local_path(following))
        jar_of(request).set(response, SESSION, text, seconds=LIFETIME_SECONDS)
        return response


def _link_routes(door: Door) -> APIRouter:
    router = APIRouter()

    @router.get("/sign-in/link/{token}")
    async def link(request: Request, token: Token, following: Following = "/") -> Response:
        """Looking uses nothing up: chats and mail programs look at every link."""
        try:
            door.check_attempt(request)
            account = await door.abby.sign_ins.look(token)
        except Refused as error:
            return door.refused(request, error)
        return door.shell.page(
            request, "sign_in_link.html", here="sign-in", account=account, token=token,
            following=local_path(following), minutes=SIGN_IN_SECONDS // 60,
        )  # fmt: skip

    @router.post("/sign-in/link/{token}")
    async def use_link(request: Request, token: Token, following: Following = "/") -> Response:
        try:
            door.check_attempt(request)
            return await door.begin(request, await door.abby.sign_ins.redeem(token), following)
        except Refused as error:
            return door.refused(request, error)

    return router


def _discord_routes(door: Door) -> APIRouter:
    router = APIRouter()

    def back(request: Request) -> str:
        settings = door.abby.settings
        return back_address(settings.public_url, request.url.scheme, request.headers.get("host", ""))

    @router.get("/sign-in/discord")
    async def to_discord(request: Request, following: Following = "/") -> Response:
        journey = Journey.to(local_path(following))
        response = RedirectResponse(door.discord.address(journey, back(request)), 303, HEADERS)
        jar_of(request).set(response, JOURNEY, journey.write(), seconds=JOURNEY_SECONDS)
        return response

    @router.get(BACK_PATH)
    async def from_discord(request: Request) -> Response:
        journey = Journey.read(jar_of(request).get(JOURNEY))
        following = "/" if journey is None else journey.following
        try:
            door.check_attempt(request)
            account = await door.discord.account(dict(request.query_params), journey, back(request))
            response = await door.begin(request, account, following)
        except AbbyError as error:
            response = door.refused(request, error, following)
        jar_of(request).remove(response, JOURNEY)
        return response

    return router


class TooManyAttempts(Refused):
    """Somebody tries to sign in too often."""

    def __init__(self) -> None:
        super().__init__(sentence("That was tried too often just now. Wait a minute, then try again."))
