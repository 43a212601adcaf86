"""Messages as people see them, and the files that come with them."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.services.discord_components import (
    shown_components,
    shown_embeds,
    walk,
    words_of_component,
    words_of_embed,
)
from tests.services.discord_content import Attachment, ContentNetwork, Upload
from tests.services.discord_world import MENTION_EVERYONE, Channel, Json, User, snowflake, timestamp

EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15
_MAY_BE_ASKED_FOR = 1 << 2 | EPHEMERAL | 1 << 12 | COMPONENTS_V2
"""Flags that a request can set: no embeds, ephemeral, no notification, components of version 2."""
REPLY, CHAT_INPUT, CONTEXT_MENU = 19, 20, 23


@dataclass(eq=False, kw_only=True)
class Message:
    """A message as it is now. ``history``: what it was before each change, oldest first."""

    channel: Channel
    author: User
    id: int = field(default_factory=snowflake)
    content: str = ""
    embeds: list[Json] = field(default_factory=list[Json])
    components: list[Json] = field(default_factory=list[Json])
    files: list[Attachment] = field(default_factory=list[Attachment])
    """Every file of the message, those that its embeds show included."""
    flags: int = 0
    kind: int = 0
    reference: Json | None = None
    nonce: str | int | None = None
    allowed_mentions: Json | None = None
    interaction: Json | None = None
    seen_by: User | None = None
    """Of an ephemeral message: the one person who sees it."""
    created_at: str = field(default_factory=timestamp)
    edited_at: str | None = None
    deleted: bool = False
    history: list[Message] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """It says "is thinking…"."""
        return bool(self.flags & LOADING)

    @property
    def attachments(self) -> list[Attachment]:
        """The files that show below the text; one that an embed shows is not among them."""
        shown = str(self.embeds)
        return [file for file in self.files if file.path not in shown]

    @property
    def link(self) -> str:
        where = self.channel.guild.id if self.channel.guild else "@me"
        return f"https://discord.com/channels/{where}/{self.channel.id}/{self.id}"

    @property
    def buttons(self) -> list[Json]:
        return [part for part in walk(self.components) if part.get("type") == 2]

    @property
    def selects(self) -> list[Json]:
        return [part for part in walk(self.components) if part.get("type") in {3, 5, 6, 7, 8}]

    @property
    def text(self) -> str:
        """All words that people read in it, one piece a line."""
        pieces = [self.content] if self.content else []
        for embed in self.embeds:
            pieces += words_of_embed(embed)
        for part in walk(self.components):
            pieces += words_of_component(part)
        return "\n".join(pieces)

    @property
    def pings(self) -> set[str]:
        """Who is notified by what it says: "everyone", and ids of roles and people."""
        allowed = self.allowed_mentions
        kinds = {"users", "roles", "everyone"} if allowed is None else set(allowed.get("parse") or ())
        found: set[str] = set()
        guild = self.channel.guild
        may_wake = guild is None or bool(guild.permissions(self.author, self.channel) & MENTION_EVERYONE)
        said = "\n".join([self.content, *(part.get("content", "") for part in walk(self.components))])
        if "everyone" in kinds and may_wake and re.search(r"@(everyone|here)\b", said):
            found.add("everyone")
        for kind, pattern in (("users", r"<@!?(\d+)>"), ("roles", r"<@&(\d+)>")):
            named = set(map(str, (allowed or {}).get(kind) or ()))
            found |= {one for one in re.findall(pattern, said) if kind in kinds or one in named}
        return found

    def payload(self) -> Json:
        payload: Json = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": self.kind,
            "content": self.content,
            "author": self.author.payload(),
            "embeds": self.embeds,
            "components": self.components,
            "attachments": [file.payload() for file in self.attachments],
            "flags": self.flags,
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": "everyone" in self.pings,
            "timestamp": self.created_at,
            "edited_timestamp": self.edited_at,
            "pinned": False,
            "tts": False,
        }
        if self.reference is not None:
            payload["message_reference"] = self.reference
        if self.nonce is not None:
            payload["nonce"] = self.nonce
        if self.interaction is not None:
            payload |= {"interaction_metadata": self.interaction, "application_id": payload["author"]["id"]}
            payload["webhook_id"] = payload["author"]["id"]
        return payload

    def payload_for(self, bot: User) -> Json:
        """What a bot without the privileged intent for the contents of messages is told of it, in events and when it
        asks (Discord's documentation, "Message Content Intent"). A message that a menu was opened on is told whole."""
        if self.author is bot or self.channel.guild is None:
            return self.payload()
        return self.payload() | {"content": "", "embeds": [], "attachments": [], "components": []}

    def write(self, body: Json, uploads: Mapping[int, Upload], network: ContentNetwork) -> None:
        """Applies a checked request: what it names changes, what it leaves out stays."""
        if "attachments" in body or uploads:
            self._take_files(body.get("attachments"), uploads, network)
        if "content" in body:
            self.content = body["content"] or ""
        if "embeds" in body:
            self.embeds = shown_embeds(body["embeds"] or (), self.files_by_address)
        if "components" in body:
            self.components = shown_components(body["components"] or (), self.files_by_address)
        if "allowed_mentions" in body:
            self.allowed_mentions = body["allowed_mentions"]
        self.flags = self.flags & ~LOADING | (body.get("flags") or 0) & _MAY_BE_ASKED_FOR

    @property
    def files_by_address(self) -> dict[str, Attachment]:
        """How embeds and components of a request name files of their message."""
        return {f"attachment://{name}": file for file in self.files for name in (file.upload.filename, file.filename)}

    def edit(self, body: Json, uploads: Mapping[int, Upload], network: ContentNetwork) -> None:
        """Like ``write``, for a message that people have seen: it cannot become ephemeral, or cease to be."""
        self.remember()
        self.write(body | {"flags": (body.get("flags") or 0) & ~EPHEMERAL}, uploads, network)
        self.edited_at = timestamp()

    def renew(self, network: ContentNetwork) -> None:
        """Signs the addresses of its files anew."""
        self.embeds, self.components = network.renewed(self.embeds), network.renewed(self.components)

    def remember(self) -> None:
        """Keeps what people see now in the history."""
        before = copy.copy(self)
        before.history = []
        self.history.append(before)

    def _take_files(self, listed: list[Json] | None, uploads: Mapping[int, Upload], network: ContentNetwork) -> None:
        described = {str(entry["id"]): entry for entry in listed or ()}
        kept = [file for file in self.files if listed is None or str(file.id) in described]
        new = [
            Attachment(
                upload=upload,
                network=network,
                channel_id=self.channel.id,
                ephemeral=self.ephemeral,
                description=described.get(str(number), {}).get("description"),
            )
            for number, upload in sorted(uploads.items())
        ]
        self.files = kept + new
