"""A server on the loopback interface that behaves as Discord does towards a bot.

It shares no code with Abby or with discord.py. A real discord.py bot talks to it over HTTP and WebSocket:

    async with discord_server() as server:
        guild = server.guild("Painters")
        art, ada = guild.channel("art"), server.member(guild, "ada")
        with pointed_at(server):
            async with running(bot, server):
                asked = await server.command(ada, "imagine", {"prompt": "a fox"}, channel=art)
                await asked.until(lambda it: it.original and it.original.attachments)
                assert asked.original.attachments[0].data.startswith(b"\\x89PNG")

**Findings.** Every request is checked against Discord's OpenAPI document (in the folder that ``ABBY_SPECS`` names;
tests are skipped without), and against the limits in ``discord_limits``. What is wrong is refused as Discord refuses
it (400, code 50035, a tree of errors) and is collected in ``server.findings``; so is what Discord silently ignores,
such as unknown fields. The test fails at the end if findings are left; ``server.take_findings()`` is for tests that
provoke them. Refusals that a good bot has to live with (a dead token, a closed door) are no findings.

**Time** does not pass here. The three seconds for a first answer are over when the test says ``server.expire(it)``,
the token's fifteen minutes when it says ``server.kill_token(it)``, a link's day with ``server.expire_links()``, the
few minutes of a nonce with ``server.forget_nonces()``.

**Trouble**: ``server.next("POST /channels/{channel_id}/messages", rate_limited(), lost())`` says how the next
requests to an endpoint end, named as the document names it. See ``discord_trouble``; its names are here too.
``server.limit_rate(...)`` makes a bucket small. ``server.gateway.drop()`` and ``ask_to_reconnect()`` break the
WebSocket; ``server.dying`` lets a bot die at any of its requests; ``remove``, ``remove_channel`` and ``kick`` take away
what the bot relies on, ``Channel.deny`` its permissions, ``User.takes_dms = False`` the last way to a person.

**People** act through ``command``, ``autocomplete``, ``click``, ``select``, ``modal``, ``context_menu`` and ``post``
(see ``discord_people``); all but the last return an ``Interaction`` (see ``discord_interactions``) with ``callback``,
``original``, ``followups``, ``choices``, ``modal``, ``until`` and ``until_done``. A ``Message`` (see
``discord_messages``) has ``content``, ``embeds``, ``components``, ``buttons``, ``selects``, ``attachments``,
``files``, ``text``, ``ephemeral``, ``loading``, ``pings`` and ``history``. ``Channel.messages`` are all that is there
now, ``public_messages`` those that everybody sees. ``server.until(...)`` waits for anything else, without sleeping.

**In another process** the bot is pointed here with ``pointed_at(server.url)``, and logs in with ``server.token``.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.services.discord_answering import Answering
from tests.services.discord_bots import API, pointed_at, running
from tests.services.discord_content import ContentNetwork, Upload
from tests.services.discord_endpoints import Call, Refusal
from tests.services.discord_gateway import Gateway, Session, ready, shard_of
from tests.services.discord_interactions import PATIENCE_SECONDS, Interaction
from tests.services.discord_limits import problems_in_words
from tests.services.discord_messages import Message
from tests.services.discord_people import People
from tests.services.discord_places import Places
from tests.services.discord_posting import Posting
from tests.services.discord_reading import Seen, read, refuse
from tests.services.discord_rules import Operation, Rules, rules_in
from tests.services.discord_trouble import (
    Answer,
    Buckets,
    as_json,
    broken,
    hang_up,
    held,
    lost,
    moderated,
    passed,
    rate_limited,
    refused,
    reset,
)
from tests.services.discord_world import FILE_BYTES_MAX, MB, Channel, Guild, Json, Role, User, snowflake

__all__ = [
    "DiscordServer",
    "Seen",
    "Upload",
    "broken",
    "discord_server",
    "held",
    "lost",
    "moderated",
    "passed",
    "pointed_at",
    "rate_limited",
    "refused",
    "reset",
    "running",
]

REQUEST_BYTES_MAX = 25 * MB
_ANYBODY = ("/interactions/", "/webhooks/")
"""Paths whose own token is all that is needed."""


class DiscordServer(People):
    """The server's state. ``seen``: every request to the API, in order. ``findings``: everything that was wrong."""

    def __init__(self, rules: Rules) -> None:
        self.url = ""
        self.application_id = snowflake()
        self.interactions_endpoint_url = None
        self.bot = User(name="abby", bot=True, id=self.application_id)
        self.owner = User(name="owner")
        """Of the application, and of guilds that name no other owner."""
        encoded = base64.urlsafe_b64encode(str(self.bot.id).encode()).decode().rstrip("=")
        self.token = f"{encoded}.Gloop1.{'loopback' * 4}"
        self.users: dict[int, User] = {self.bot.id: self.bot, self.owner.id: self.owner}
        self.guilds: dict[int, Guild] = {}
        self.interactions: dict[int, Interaction] = {}
        self.content = ContentNetwork()
        self.commands: dict[int | None, list[Json]] = {}
        """By guild, None for the global ones."""
        self.installs: tuple[int, ...] = (0,)
        """How the application may be installed, by its settings in the developers' portal: 0 in guilds, 1 by people.
        Commands that name no ``integration_types`` take these over (Application Commands, "Installation context")."""
        self.seen: list[Seen] = []
        self.findings: list[str] = []
        self.changed = asyncio.Condition()
        self.dying: Callable[[Seen, bool], bool] | None = None
        """Whether whoever asks dies now: asked of each request when it arrives (False), and once more when it is done
        and its answer decided (True). Nobody is answered then."""
        self.shards = 1
        """Connections that bots are advised to open."""
        self.gateway = Gateway(token=self.token, findings=self.findings, beginning=self._beginning, notify=self._notify)
        self._rules = rules
        self._posting = Posting(self)
        self._handlers = Places(self).handlers | self._posting.handlers | Answering(self).handlers
        self._dms: dict[int, Channel] = {}
        self._answers: dict[str, deque[Answer]] = {}
        self._buckets = Buckets()

    # Who and what there is

    @property
    def cdn_url(self) -> str:
        """Where the content network is: what a bot may fetch files from."""
        return self.content.url

    def user(self, name: str, *, locale: str = "en-US", takes_dms: bool = True) -> User:
        user = User(name=name, display_name=name.title(), locale=locale, takes_dms=takes_dms)
        self.users[user.id] = user
        return user

    def guild(
        self, name: str = "Painters", *, owner: User | None = None, premium_tier: int = 0, with_bot: bool = True
    ) -> Guild:
        """A new guild. Before the bot connects, or it does not learn of it until ``invite``."""
        guild = Guild(name=name, owner=owner or self.owner, premium_tier=premium_tier)
        if with_bot:
            guild.join(self.bot)
        self.guilds[guild.id] = guild
        return guild

    async def invite(self, guild: Guild) -> None:
        """The bot comes into ``guild``, and learns what is there."""
        guild.join(self.bot)
        await self.gateway.tell("GUILD_CREATE", guild.gateway_payload(self.bot))

    async def kick(self, guild: Guild) -> None:
        """The bot has to leave ``guild``."""
        del guild.members[self.bot.id]
        await self.gateway.tell("GUILD_DELETE", {"id": str(guild.id)})

    async def remove_channel(self, channel: Channel) -> None:
        assert channel.guild is not None
        channel.guild.channels.remove(channel)
        await self.gateway.tell("CHANNEL_DELETE", channel.payload())

    def member(self, guild: Guild, name: str, *roles: Role, locale: str = "en-US", boosts: bool = False) -> User:
        """A new person in ``guild``."""
        user = self.user(name, locale=locale)
        guild.join(user, *roles, boosts=boosts)
        return user

    def dm(self, user: User) -> Channel:
        """Where ``user`` and the bot talk in private."""
        if user.id not in self._dms:
            self._dms[user.id] = Channel(name=user.name, recipient=user)
        return self._dms[user.id]

    def find_channel(self, channel_id: int) -> Channel | None:
        every = [*self._dms.values(), *(one for guild in self.guilds.values() for one in guild.channels)]
        return next((channel for channel in every if channel.id == channel_id), None)

    @property
    def messages(self) -> list[Message]:
        """Everything that can be read anywhere now, the ephemeral messages included, oldest first."""
        every = [*self._dms.values(), *(one for guild in self.guilds.values() for one in guild.channels)]
        return sorted((one for channel in every for one in channel.messages), key=lambda message: message.id)

    # What a test decides

    def next(self, operation: str, *answers: Answer) -> None:
        """How the next requests to ``operation`` end that are in order, one answer each."""
        method, template = operation.split(" ")
        assert method.lower() in self._rules.document["paths"][template], operation
        self._answers.setdefault(operation, deque()).extend(answers)

    def limit_rate(self, operation: str, limit: int, *, per_seconds: float) -> None:
        """Answers 429 to more than ``limit`` requests of ``operation`` in that time."""
        self._buckets.limit(operation, limit, per_seconds)

    def expire(self, interaction: Interaction) -> None:
        """The three seconds for a first answer are over."""
        interaction.expired = not interaction.answered
        interaction.token_dead = interaction.token_dead or interaction.expired

    def kill_token(self, interaction: Interaction) -> None:
        """The fifteen minutes of an interaction are over."""
        interaction.token_dead = True

    def expire_links(self) -> None:
        """Every address of a file that was given out so far has grown too old."""
        self.content.expire()
        for message in self.messages:
            message.renew(self.content)

    def forget_nonces(self) -> None:
        """The few minutes are over in which a nonce brings the same message back."""
        self._posting.nonces.clear()

    def take_findings(self) -> list[str]:
        """The findings so far, which then no longer fail the test."""
        taken = list(self.findings)
        self.findings.clear()
        return taken

    def seen_of(self, operation: str) -> list[Seen]:
        """The requests to one endpoint, in order; ``seen_of("PUT /applications/{application_id}/commands")``."""
        return [seen for seen in self.seen if seen.operation == operation]

    async def until(self, condition: Callable[[], object], *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Waits until ``condition`` holds. AssertionError when patience runs out."""

        async def held() -> None:
            async with self.changed:
                await self.changed.wait_for(lambda: bool(condition()))

        try:
            await asyncio.wait_for(held(), patience_seconds)
        except TimeoutError:
            raise AssertionError(f"did not happen in {patience_seconds} s; last requests: {self.seen[-8:]}") from None

    async def connected(self) -> None:
        await self.until(lambda: self.gateway.connected)

    # Requests

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/gateway":
            return await self.gateway.handle(request)
        if not request.path.startswith(f"{API}/"):
            return self.content.serve(request)
        seen = Seen(request.method, request.path.removeprefix(API))
        self.seen.append(seen)
        if self._is_dying(seen, done=False):
            return hang_up(request)
        try:
            answer = await self._answer(request, seen)
        except Refusal as refusal:
            if refusal.finding:
                self.findings.append(f"{seen.method} {seen.path}: {refusal}")
            answer = as_json(refusal.status, refusal.body, refusal.headers)
        seen.status = answer.status
        is_dying = self._is_dying(seen, done=True)
        await self._notify()
        return hang_up(request) if is_dying else answer

    def _is_dying(self, seen: Seen, *, done: bool) -> bool:
        return self.dying is not None and self.dying(seen, done)

    async def _answer(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        operation = self._rules.operation(request.method, seen.path)
        if operation is None:
            await request.read()
            raise Refusal(404, 0, f"404: Not Found ({seen.method} {seen.path})", finding=True)
        seen.operation = operation.name
        call = await self._call(request, operation, seen)
        headers = self._buckets.headers(operation)
        handler = self._handlers.get(operation.name)
        if handler is None:
            raise Refusal(501, 0, f"{operation.name} is not played here", finding=True)

        async def perform() -> web.StreamResponse:
            status, body = await handler(call)
            for problem in operation.problems_with_answer(status, body):
                self.findings.append(f"this server itself: {operation.name} answered {problem}")
            if body is None:
                return web.Response(status=status, headers=headers)
            return as_json(status, body, headers)

        waiting = self._answers.get(operation.name)
        return await waiting.popleft()(request, perform) if waiting else await perform()

    async def _call(self, request: web.Request, operation: Operation, seen: Seen) -> Call:
        """The request, read and found to be in order."""
        if (request.content_length or 0) > max(REQUEST_BYTES_MAX, self._file_bytes_max(operation)):
            await request.read()  # answering earlier would cut the caller off while it still sends
            raise Refusal(413, 40005, "Request entity too large", finding=True)
        seen.body, seen.uploads = await read(request)
        if not seen.path.startswith(_ANYBODY) and request.headers.get("Authorization") != f"Bot {self.token}":
            raise Refusal(401, 0, "401: Unauthorized")
        sizes = [len(upload.data) for upload in seen.uploads.values()]
        limit = self._file_bytes_max(operation)
        if any(size > limit for size in sizes) or sum(sizes) > max(REQUEST_BYTES_MAX, limit):
            raise Refusal(413, 40005, "Request entity too large", finding=True)
        problems = operation.problems_with_query(request.query) + operation.problems_with_body(seen.body)
        if not any(not problem.ignored for problem in problems):
            problems += problems_in_words(operation, seen.body, seen.uploads)
        self.findings += [f"{operation.name}: {problem}" for problem in problems]
        refuse([problem for problem in problems if not problem.ignored])
        return Call(operation=operation, request=request, body=seen.body, uploads=seen.uploads)

    def _file_bytes_max(self, operation: Operation) -> int:
        """By the guild that the request's channel or interaction belongs to."""
        arguments = operation.arguments
        channel = self.find_channel(int(arguments.get("channel_id", 0)))
        token = arguments.get("interaction_token") or arguments.get("webhook_token")
        for interaction in self.interactions.values() if token else ():
            if interaction.token == token:
                channel = interaction.channel
        return channel.guild.file_bytes_max if channel and channel.guild else FILE_BYTES_MAX[0]

    def _beginning(self, session: Session) -> list[tuple[str, Json]]:
        """What a new session is told first."""
        number, count = session.shard
        mine = [guild for guild in self.guilds.values() if shard_of(guild.id, count) == number]
        there = [guild for guild in mine if self.bot.id in guild.members]
        created = [("GUILD_CREATE", guild.gateway_payload(self.bot)) for guild in there]
        return [("READY", ready(session, self.bot, self.application_id, there, self.gateway_url)), *created]

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()


@asynccontextmanager
async def discord_server() -> AsyncGenerator[DiscordServer]:
    """The server, running. Findings that are left at the end fail the test."""
    folder = os.environ.get("ABBY_SPECS")
    if not folder:
        pytest.skip("ABBY_SPECS names no folder with Discord's OpenAPI document")
    server = DiscordServer(rules_in(Path(folder)))
    application = web.Application(client_max_size=8 * REQUEST_BYTES_MAX)
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = server.content.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await server.gateway.drop(code=1001)
        await runner.cleanup()
    assert not server.findings, "Discord would have objected:\n" + "\n".join(server.findings)
