"""The WebSocket over which Discord tells a bot what happens."""

from __future__ import annotations

import asyncio
import importlib
import json
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.services.discord_world import Guild, Json, User, snowflake

HEARTBEAT_MS = 41_250
"""What Discord says; no test lasts long enough for a second beat."""
DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME, RECONNECT = 0, 1, 2, 3, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11
WRONG_TOKEN, PRIVILEGED_INTENTS = 4004, 4014
PRIVILEGED = {1 << 1: "GUILD_MEMBERS", 1 << 8: "GUILD_PRESENCES", 1 << 15: "MESSAGE_CONTENT"}
GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 9, 1 << 12


@dataclass(eq=False, kw_only=True)
class Session:
    """What one bot was told, over one connection after the other."""

    intents: int
    id: str = field(default_factory=lambda: f"{snowflake():x}")
    events: list[str] = field(default_factory=list[str])
    pipe: _Pipe | None = None
    """None while the bot is away."""
    shard: tuple[int, int] = (0, 1)
    """Which of how many connections this is; each is told of its own guilds."""

    async def tell(self, event: str, data: object) -> None:
        frame = {"op": DISPATCH, "s": len(self.events) + 1, "t": event, "d": data}
        self.events.append(json.dumps(frame))
        if self.pipe is not None:
            await self.pipe.send_text(self.events[-1])


class Gateway:
    """``beginning``: what a new session is told first. ``notify``: called when something changed."""

    def __init__(
        self,
        *,
        token: str,
        findings: list[str],
        beginning: Callable[[Session], list[tuple[str, Json]]],
        notify: Callable[[], Awaitable[None]],
    ) -> None:
        self.sessions: list[Session] = []
        self.presences: list[Json] = []
        """What the bot said it is doing."""
        self._token = token
        self._findings = findings
        self._beginning = beginning
        self._notify = notify
        self._pipes: set[_Pipe] = set()

    @property
    def connected(self) -> bool:
        return any(session.pipe is not None for session in self.sessions)

    async def tell(self, event: str, data: Json, *, intents: int = 0) -> None:
        """Tells every session that asked for one of ``intents``; those that are away hear it when they resume."""
        guild_id = int(data.get("guild_id") or (data["id"] if event.startswith("GUILD_") else 0))
        for session in self.sessions:
            number, count = session.shard
            if shard_of(guild_id, count) == number and (not intents or session.intents & intents):
                await session.tell(event, data)

    async def drop(self, *, code: int = 4000, forget: bool = False) -> None:
        """Closes every connection. ``forget``: the sessions cannot be resumed either."""
        if forget:
            for session in self.sessions:
                session.pipe = None
            self.sessions.clear()
        for pipe in list(self._pipes):
            await pipe.socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        for pipe in list(self._pipes):
            await pipe.send({"op": RECONNECT, "d": None})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=4096 * 4)
        await socket.prepare(request)
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            self._findings.append(f"gateway: asked for {dict(request.query)}; version 10 and json are spoken here")
        pipe = _Pipe(socket, request.query.get("compress", ""))
        self._pipes.add(pipe)
        session: Session | None = None
        try:
            await pipe.send({"op": HELLO, "d": {"heartbeat_interval": HEARTBEAT_MS}})
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    session = await self._heard(json.loads(message.data), pipe, session)
                    await self._notify()
        except ConnectionError:
            pass  # the bot went away while it was told something
        finally:
            self._pipes.discard(pipe)
            if session is not None and session.pipe is pipe:
                session.pipe = None
            await self._notify()
        return socket

    async def _heard(self, frame: Json, pipe: _Pipe, session: Session | None) -> Session | None:
        op, data = frame["op"], frame["d"]
        if op == HEARTBEAT:
            await pipe.send({"op": HEARTBEAT_ACK, "d": None})
        elif op == IDENTIFY:
            return await self._identify(data, pipe)
        elif op == RESUME:
            return await self._resume(data, pipe)
        elif op == PRESENCE:
            self.presences.append(data)
        elif op == REQUEST_MEMBERS:
            self._findings.append("gateway: asked for all members of a guild, which needs a privileged intent")
        else:
            self._findings.append(f"gateway: sent the unknown opcode {op}")
        return session

    async def _identify(self, data: Json, pipe: _Pipe) -> Session | None:
        if data["token"] != self._token:
            await pipe.socket.close(code=WRONG_TOKEN, message=b"Authentication failed.")
            return None
        asked = [name for bit, name in PRIVILEGED.items() if data["intents"] & bit]
        if asked:
            self._findings.append(f"gateway: asked for privileged intents: {', '.join(asked)}")
            await pipe.socket.close(code=PRIVILEGED_INTENTS, message=b"Disallowed intent(s).")
            return None
        number, count = data.get("shard") or (0, 1)
        session = Session(intents=data["intents"], pipe=pipe, shard=(number, count))
        for event, payload in self._beginning(session):
            await session.tell(event, payload)
        self.sessions.append(session)
        return session

    async def _resume(self, data: Json, pipe: _Pipe) -> Session | None:
        for session in self.sessions:
            if session.id == data["session_id"] and data["token"] == self._token:
                heard = data["seq"]
                while heard < len(session.events):  # more may happen while the past is told
                    await pipe.send_text(session.events[heard])
                    heard += 1
                session.pipe = pipe
                await session.tell("RESUMED", {"_trace": []})
                return session
        await pipe.send({"op": INVALID_SESSION, "d": False})
        return None


def shard_of(guild_id: int, count: int) -> int:
    """Discord's documentation, "Sharding"; direct messages (0) go to the first."""
    return (guild_id >> 22) % count


def ready(session: Session, bot: User, application_id: int, guilds: list[Guild], resume_url: str) -> Json:
    """The first thing a bot is told. Its guilds follow one by one."""
    return {
        "v": 10,
        "user": bot.payload() | {"mfa_enabled": False, "verified": True, "email": None},
        "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
        "session_id": session.id,
        "resume_gateway_url": resume_url,
        "shard": list(session.shard),
        "application": {"id": str(application_id), "flags": 0},
        "session_type": "normal",
        "private_channels": [],
        "relationships": [],
        "presences": [],
        "user_settings": {},
        "_trace": [],
    }


class _Pipe:
    """One connection, packed as its bot asked: not at all, or as one long stream of zlib or zstd."""

    def __init__(self, socket: web.WebSocketResponse, compression: str) -> None:
        self.socket = socket
        self._pack = _packer(compression)
        self._turn = asyncio.Lock()

    async def send(self, frame: Json) -> None:
        await self.send_text(json.dumps(frame))

    async def send_text(self, text: str) -> None:
        async with self._turn:  # the stream is one: no two frames may be packed in one order and sent in another
            if self.socket.closed:
                return
            try:
                if self._pack is None:
                    await self.socket.send_str(text)
                else:
                    await self.socket.send_bytes(self._pack(text.encode()))
            except ConnectionError:
                pass  # the bot is away; it hears of it when it resumes


def _packer(compression: str) -> Callable[[bytes], bytes] | None:
    if compression == "zlib-stream":
        stream = zlib.compressobj()
        return lambda data: stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
    if compression == "zstd-stream":
        return _zstd_packer()
    assert not compression, f"Discord knows no compression {compression}"
    return None


def _zstd_packer() -> Callable[[bytes], bytes]:
    """A bot asks for zstd where its Python has it, so it is there for this server too: they share a machine."""
    try:
        zstd: Any = importlib.import_module("compression.zstd")
        stream = zstd.ZstdCompressor()
        return lambda data: stream.compress(data, stream.FLUSH_BLOCK)
    except ModuleNotFoundError:
        zstandard: Any = importlib.import_module("zstandard")
        packer = zstandard.ZstdCompressor().compressobj()
        return lambda data: packer.compress(data) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
