"""Endpoints for messages in channels, as a bot writes them without anybody having asked."""

from __future__ import annotations

from tests.services.discord_endpoints import Call, Done, Endpoints, Refusal, on
from tests.services.discord_messages import EPHEMERAL, REPLY, Message
from tests.services.discord_people import People
from tests.services.discord_world import (
    ATTACH_FILES,
    EMBED_LINKS,
    MANAGE_MESSAGES,
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
    Json,
)


class Posting(Endpoints):
    def __init__(self, people: People) -> None:
        super().__init__(people)
        self.nonces: dict[tuple[int, str], Message] = {}

    @on("POST /channels/{channel_id}/messages")
    async def post(self, call: Call) -> Done:
        needed = [SEND_MESSAGES] + [ATTACH_FILES] * bool(call.uploads) + [EMBED_LINKS] * bool(call.body.get("embeds"))
        channel = self.channel(call, *needed)
        if channel.recipient is not None and not channel.recipient.takes_dms:
            raise Refusal(403, 50007, "Cannot send messages to this user")
        nonce = call.body.get("nonce")
        if call.body.get("enforce_nonce") and (channel.id, str(nonce)) in self.nonces:
            return 200, self.nonces[channel.id, str(nonce)].payload()
        message = Message(channel=channel, author=self.people.bot, nonce=nonce)
        self._refer(message, call.body.get("message_reference"))
        message.write(
            call.body | {"flags": (call.body.get("flags") or 0) & ~EPHEMERAL}, call.uploads, self.people.content
        )
        if nonce is not None:
            self.nonces[channel.id, str(nonce)] = message
        await self.people.publish(message)
        return 200, message.payload()

    def _refer(self, message: Message, reference: Json | None) -> None:
        """Makes ``message`` an answer to another, if that is still there or need not be."""
        if not reference:
            return
        wanted = str(reference.get("message_id"))
        target = next((one for one in message.channel.messages if str(one.id) == wanted and not one.ephemeral), None)
        if target is None and reference.get("fail_if_not_exists") is not False:
            problem = {"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"}
            more = {"errors": {"message_reference": {"_errors": [problem]}}}
            raise Refusal(400, 50035, "Invalid Form Body", more=more)
        if target is not None:
            message.kind = REPLY
            message.reference = {"type": 0, "message_id": str(target.id), "channel_id": str(message.channel.id)}

    @on("GET /channels/{channel_id}/messages/{message_id}")
    async def get_message(self, call: Call) -> Done:
        self.channel(call, READ_MESSAGE_HISTORY)
        return 200, self._message(call).payload_for(self.people.bot)

    @on("GET /channels/{channel_id}/messages")
    async def get_messages(self, call: Call) -> Done:
        """The newest first; with ``after``, those that came next, the newest of them first too."""
        channel, query = self.channel(call, READ_MESSAGE_HISTORY), call.request.query
        after, most = int(query.get("after", 0)), int(query.get("limit", 50))
        found = [message for message in channel.public_messages if message.id > after]
        newest = (found[:most] if after else found[-most:])[::-1]
        return 200, [message.payload_for(self.people.bot) for message in newest]

    @on("PATCH /channels/{channel_id}/messages/{message_id}")
    async def edit_message(self, call: Call) -> Done:
        message = self._message(call)
        if message.author is not self.people.bot:
            raise Refusal(403, 50005, "Cannot edit a message authored by another user")
        self.channel(call, *([ATTACH_FILES] * bool(call.uploads)))
        return await self.edited(message, call.body, call.uploads)

    @on("DELETE /channels/{channel_id}/messages/{message_id}")
    async def delete_message(self, call: Call) -> Done:
        message = self._message(call)
        self.channel(call, *([] if message.author is self.people.bot else [MANAGE_MESSAGES]))
        return await self.deleted(message)

    def _message(self, call: Call) -> Message:
        """The message in the path. An ephemeral one is not found: its interaction's token alone reaches it."""
        for message in self.channel(call).public_messages:
            if str(message.id) == call.arguments["message_id"]:
                return message
        raise Refusal(404, 10008, "Unknown Message")
