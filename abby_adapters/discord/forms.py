"""Forms that outlive a restart: all that is known of one is in its id, by which whoever answers it is found.

discord.py remembers the forms that it showed, and only those. Ours it need not remember.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from abby_adapters.discord import parts

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core

Interaction = discord.Interaction[Any]
Typed = Mapping[str, str]
"""What was typed or chosen, by the field's id; blank for nothing."""
Submitted = Callable[["Interaction", "Core", "re.Match[str]", Typed], Awaitable[None]]
"""Does what a form is for; errors are told to whoever sent it."""


class Forms:
    """Who answers which form."""

    def __init__(self) -> None:
        self._answers: list[tuple[re.Pattern[str], Submitted]] = []

    def add(self, pattern: str, submitted: Submitted) -> None:
        """From now on forms whose id matches are answered so."""
        self._answers.append((re.compile(pattern), submitted))

    def find(self, custom_id: str) -> tuple[Submitted, re.Match[str]] | None:
        """Who answers a form, and what its id says; None for one that is not ours."""
        for pattern, submitted in self._answers:
            if (found := pattern.fullmatch(custom_id)) is not None:
                return submitted, found
        return None


async def show(interaction: Interaction, title: str, custom_id: str, *items: ui.Item[Any]) -> None:
    """Answer with a form."""
    form = ui.Modal(title=parts.title(title), timeout=None, custom_id=custom_id)
    for item in items:
        form.add_item(item)
    form.stop()
    await interaction.response.send_modal(form)


def fields(components: Any) -> Iterator[tuple[str, str]]:
    """What a sent form holds, by the ids of its fields."""
    for part in components:
        inner = part.get("component")
        yield from fields(part.get("components", ()) if inner is None else (inner,))
        if "custom_id" in part:
            values = part.get("values") or (part.get("value") or "",)
            yield str(part["custom_id"]), str(values[0])
