"""Endpoints for answering interactions: the first answer, and what their tokens allow for fifteen minutes more."""

from __future__ import annotations

from tests.services.discord_endpoints import Call, Done, Endpoints, Refusal, on
from tests.services.discord_interactions import (
    AUTOCOMPLETE,
    COMPONENT,
    FOLLOWUPS_OF_USER_APPS_MAX,
    MODAL,
    Interaction,
)
from tests.services.discord_messages import EPHEMERAL, LOADING, REPLY, Message
from tests.services.discord_world import Json

MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, FORM = 4, 5, 6, 7, 8, 9


class Answering(Endpoints):
    @on("POST /interactions/{interaction_id}/{interaction_token}/callback")
    async def call_back(self, call: Call) -> Done:
        interaction = self.people.interactions.get(int(call.arguments["interaction_id"]))
        if interaction is None or interaction.token != call.arguments["interaction_token"] or interaction.expired:
            raise Refusal(404, 10062, "Unknown interaction")
        if interaction.answered:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        kind, data = call.body["type"], call.body.get("data") or {}
        _check_kind(interaction, kind)
        if kind == UPDATE and interaction.source is not None:
            await self.edited(interaction.source, data, call.uploads)
        interaction.callback, interaction.callback_type = call.body, kind
        if kind in {DEFERRED_UPDATE, UPDATE}:
            interaction.first = interaction.source
        elif kind in {MESSAGE, DEFERRED}:
            flags = (data.get("flags") or 0) & EPHEMERAL | (LOADING if kind == DEFERRED else 0)
            interaction.first = interaction.new_message(self.people.bot, flags=flags)
            if kind == MESSAGE:
                interaction.first.write(data, call.uploads, self.people.content)
            await self.people.publish(interaction.first)
        if call.request.query.get("with_response", "").lower() in {"1", "true"}:
            return 200, _callback_response(interaction, kind)
        return 204, None

    @on("POST /webhooks/{webhook_id}/{webhook_token}")
    async def follow_up(self, call: Call) -> Done:
        interaction = self._interaction(call)
        if interaction.original is not None and interaction.original.loading:
            # The first follow-up takes the place of "is thinking…"; whether it is ephemeral was decided then.
            return await self.edited(interaction.original, call.body, call.uploads)
        if interaction.by_user_install and len(interaction.followups) >= FOLLOWUPS_OF_USER_APPS_MAX:
            raise Refusal(400, 40094, "This interaction has reached the maximum number of follow up messages")
        message = interaction.new_message(self.people.bot, flags=(call.body.get("flags") or 0) & EPHEMERAL)
        message.kind = REPLY
        if interaction.original is not None:
            message.reference = {
                "type": 0,
                "message_id": str(interaction.original.id),
                "channel_id": str(interaction.channel.id),
            }
        message.write(call.body, call.uploads, self.people.content)
        interaction.followups.append(message)
        await self.people.publish(message)
        return 200, message.payload()

    @on(
        "GET /webhooks/{webhook_id}/{webhook_token}/messages/@original",
        "GET /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}",
    )
    async def get_answer(self, call: Call) -> Done:
        return 200, self._answer(call).payload()

    @on(
        "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original",
        "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}",
    )
    async def edit_answer(self, call: Call) -> Done:
        return await self.edited(self._answer(call), call.body, call.uploads)

    @on(
        "DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original",
        "DELETE /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}",
    )
    async def delete_answer(self, call: Call) -> Done:
        return await self.deleted(self._answer(call))

    def _interaction(self, call: Call) -> Interaction:
        """The interaction that the token in the path belongs to, while that lives."""
        for interaction in self.people.interactions.values():
            if interaction.token == call.arguments["webhook_token"] and not interaction.token_dead:
                if not interaction.answered:
                    raise Refusal(404, 10015, "Unknown Webhook")
                return interaction
        raise Refusal(401, 50027, "Invalid Webhook Token")

    def _answer(self, call: Call) -> Message:
        interaction = self._interaction(call)
        wanted = call.arguments.get("message_id")
        for message in interaction.messages:
            if wanted == str(message.id) or (wanted is None and message is interaction.original):
                return message
        raise Refusal(404, 10008, "Unknown Message")


def _check_kind(interaction: Interaction, kind: int) -> None:
    """Not every answer fits every interaction."""
    allowed = {MESSAGE, DEFERRED, FORM}
    if interaction.kind == AUTOCOMPLETE:
        allowed = {CHOICES}
    elif interaction.kind == COMPONENT:
        allowed |= {DEFERRED_UPDATE, UPDATE}
    elif interaction.kind == MODAL:
        allowed = {MESSAGE, DEFERRED} | ({DEFERRED_UPDATE, UPDATE} if interaction.source else set[int]())
    if kind not in allowed:
        raise Refusal(400, 50035, f"Invalid Form Body: type {kind} does not answer this interaction", finding=True)


def _callback_response(interaction: Interaction, kind: int) -> Json:
    about: Json = {"id": str(interaction.id), "type": interaction.kind}
    body: Json = {"interaction": about}
    message = interaction.first
    if message is not None:
        about |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
    if message is not None and kind in {MESSAGE, UPDATE}:
        body["resource"] = {"type": kind, "message": message.payload()}
    return body
