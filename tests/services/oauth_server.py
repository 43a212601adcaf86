"""A server on the loopback interface that signs people in as Discord's documents say Discord does.

It shares no code with Abby. It checks what RFC 6749 and RFC 7636 have a server check: who the client is, that a
redirect leads exactly where it was registered to, that a code is used once, by whoever began, with the verifier of
the challenge that it was asked for with.

    async with oauth_server(redirect="https://abby.example/back") as server:
        server.person = "80351110224678912"
        ...  # whoever is sent to `/oauth2/authorize` now comes back as that person
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

CLIENT_ID = "157730590492196864"
CLIENT_SECRET = "a-client-secret-of-some-length"
PERSON = "80351110224678912"


@dataclass(frozen=True)
class Grant:
    """What a code stands for."""

    person: str
    redirect: str
    challenge: str


@dataclass
class OAuthServer:
    """``redirects``: where clients may be sent back to. ``complaints``: what was wrong with requests."""

    redirects: set[str]
    url: str = ""
    person: str = PERSON
    denies: bool = False
    status: int = 200
    """What ``/users/@me`` answers."""
    complaints: list[str] = field(default_factory=list[str])
    codes: dict[str, Grant] = field(default_factory=dict[str, Grant])
    tokens: dict[str, str] = field(default_factory=dict[str, str])

    async def authorize(self, request: web.Request) -> web.Response:
        """The page on which somebody would press "Authorize"; here they do at once."""
        query = request.query
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != CLIENT_ID or redirect not in self.redirects:
            return self.complain(f"authorize: {redirect} is not registered", "invalid_request")
        wrong = [name for name, value in {"response_type": "code", "code_challenge_method": "S256", "scope": "identify"}
                 .items() if query.get(name) != value]  # fmt: skip
        if wrong or len(query.get("code_challenge", "")) != 43 or len(query.get("state", "")) < 20:
            return self.complain(f"authorize: {wrong or 'challenge or state'}", "invalid_request")
        answer = {"state": query["state"]}
        if self.denies:
            answer |= {"error": "access_denied", "error_description": "The resource owner denied the request"}
        else:
            answer["code"] = secrets.token_urlsafe(20)
            self.codes[answer["code"]] = Grant(self.person, redirect, query["code_challenge"])
        return web.Response(status=302, headers={"location": f"{redirect}?{urlencode(answer)}"})

    async def token(self, request: web.Request) -> web.Response:
        """A code for a token, once."""
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return self.complain("token: not this client", "invalid_client", 401)
        if request.content_type != "application/x-www-form-urlencoded":
            return self.complain("token: not a form", "invalid_request")
        form = dict(parse_qsl(await request.text(), strict_parsing=True))
        grant = self.codes.pop(form.get("code", ""), None)
        if form.get("grant_type") != "authorization_code" or grant is None:
            return self.complain("token: no such code", "invalid_grant")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != grant.challenge:
            return self.complain("token: the verifier is another's", "invalid_grant")
        if form.get("redirect_uri") != grant.redirect:
            return self.complain("token: another redirect", "invalid_grant")
        token = secrets.token_urlsafe(24)
        self.tokens[token] = grant.person
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": 604800, "scope": "identify",
                  "refresh_token": secrets.token_urlsafe(24)}  # fmt: skip
        return web.json_response(answer)

    async def me(self, request: web.Request) -> web.Response:
        """Whose token that is."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            return self.complain("me: no such token", "401: Unauthorized", 401)
        person = {"id": self.tokens[token], "username": "nelly", "global_name": "Nelly", "avatar": None}
        return web.json_response(person, status=self.status)

    def complain(self, what: str, error: str, status: int = 400) -> web.Response:
        self.complaints.append(what)
        return web.json_response({"error": error}, status=status)


@asynccontextmanager
async def oauth_server(*redirects: str) -> AsyncGenerator[OAuthServer]:
    """Serve until left."""
    server = OAuthServer(set(redirects))
    app = web.Application()
    app.router.add_get("/oauth2/authorize", server.authorize)
    app.router.add_post("/api/v10/oauth2/token", server.token)
    app.router.add_get("/api/v10/users/@me", server.me)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()
