"""What a person does with a bot, and what comes of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.services.discord_components import walk
from tests.services.discord_messages import CHAT_INPUT, CONTEXT_MENU, EPHEMERAL, LOADING, REPLY, Attachment, Message
from tests.services.discord_world import Channel, Json, User, snowflake

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
PATIENCE_SECONDS = 10.0
"""How long a test waits for what has to happen. Reached only by tests that fail."""
FOLLOWUPS_OF_USER_APPS_MAX = 5


class Impossible(AssertionError):
    """No person could have done this: there is no such command, button or choice."""


@dataclass(eq=False, kw_only=True)
class Interaction:
    """One command, click, choice or form of a person, and everything that the bot answered to it.

    ``callback``: the body of the bot's first answer, None until it came; ``callback_type`` its type (4 message,
    5 "is thinking…", 6 nothing yet, 7 changed message, 8 choices, 9 form).
    ``original``: the message that the answer made (or changed), as people see it now, None if there is none or it
    was deleted. ``followups``: further messages. Each message has its own ``history``.
    """

    kind: int
    user: User
    channel: Channel
    changed: asyncio.Condition
    by_user_install: bool = False
    id: int = field(default_factory=snowflake)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(64))
    payload: Json = field(default_factory=dict[str, Any])
    """INTERACTION_CREATE as it was dispatched."""
    source: Message | None = None
    """The message whose button, select or menu was used."""
    cause: Interaction | None = None
    """Of a form: the interaction that it was the answer to."""
    uploads: list[Attachment] = field(default_factory=list[Attachment])
    """The files that the person sent along."""
    expired: bool = False
    token_dead: bool = False
    callback: Json | None = None
    callback_type: int | None = None
    first: Message | None = None
    followups: list[Message] = field(default_factory=list[Message])

    @property
    def original(self) -> Message | None:
        return None if self.first is None or self.first.deleted else self.first

    @property
    def answered(self) -> bool:
        return self.callback is not None

    @property
    def done(self) -> bool:
        """It was answered, and nobody waits for the first message any more."""
        return self.answered and not (self.original is not None and self.original.loading)

    @property
    def messages(self) -> list[Message]:
        """The bot's messages to this interaction that are there now."""
        return [one for one in (self.original, *self.followups) if one is not None and not one.deleted]

    @property
    def choices(self) -> list[Json]:
        """What autocomplete offered."""
        return (((self.callback or {}).get("data") or {}).get("choices") or []) if self.callback_type == 8 else []

    @property
    def modal(self) -> Json | None:
        """The form that the bot showed."""
        return (self.callback or {}).get("data") if self.callback_type == 9 else None

    @property
    def fields(self) -> dict[str, Json]:
        """The form's fields by their ``custom_id``."""
        return {
            part["custom_id"]: part for part in walk((self.modal or {}).get("components", [])) if "custom_id" in part
        }

    def metadata(self) -> Json:
        """What a message says of the interaction that it answers."""
        payload: Json = {
            "id": str(self.id),
            "type": self.kind,
            "user": self.user.payload(),
            "authorizing_integration_owners": self.payload["authorizing_integration_owners"],
        }
        if self.kind == COMMAND and self.source is not None:
            payload["target_message_id"] = str(self.source.id)
        if self.kind == COMPONENT and self.source is not None:
            payload["interacted_message_id"] = str(self.source.id)
        if self.kind == MODAL and self.cause is not None:
            payload["triggering_interaction_metadata"] = self.cause.metadata()
        return payload

    def new_message(self, bot: User, *, flags: int = 0) -> Message:
        """An empty message of the bot that answers this."""
        return Message(
            channel=self.channel,
            author=bot,
            flags=flags & (EPHEMERAL | LOADING),
            kind=self._kind_of_answer(),
            interaction=self.metadata(),
            seen_by=self.user if flags & EPHEMERAL else None,
        )

    def _kind_of_answer(self) -> int:
        if self.kind == COMMAND:
            return CHAT_INPUT if self.payload["data"]["type"] == 1 else CONTEXT_MENU
        return 0 if self.source is None else REPLY

    async def until(
        self, condition: Callable[[Interaction], object], *, patience_seconds: float = PATIENCE_SECONDS
    ) -> Interaction:
        """Waits until ``condition`` holds for this, as it then is. AssertionError when patience runs out."""

        async def held() -> None:
            async with self.changed:
                await self.changed.wait_for(lambda: bool(condition(self)))

        try:
            await asyncio.wait_for(held(), patience_seconds)
        except TimeoutError:
            raise AssertionError(f"did not happen in {patience_seconds} s; {self.told()}") from None
        return self

    async def until_done(self, *, patience_seconds: float = PATIENCE_SECONDS) -> Interaction:
        return await self.until(lambda it: it.done, patience_seconds=patience_seconds)

    def told(self) -> str:
        """What came of it so far, for a failing test's reader."""
        if self.callback is None:
            return "the bot has not answered"
        said = [f"[{'deleted' if one.deleted else 'thinking' if one.loading else one.text}]" for one in self.messages]
        return f"the bot answered with type {self.callback_type}, and people see: {' '.join(said) or 'nothing'}"
