"""Buttons, lists and forms that are found by their ids, whenever they were sent: those of years ago still work."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from abby_adapters.discord import forms
from abby_adapters.discord.desk import Interaction, core_of, refuse

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core


class Press(ui.DynamicItem[ui.Item[ui.View]], ABC, template=r"abby:never"):
    """``found`` is what the id said, ``chosen`` what was chosen from a list; blank for a button."""

    def __init__(self, item: ui.Item[Any], found: re.Match[str]) -> None:
        super().__init__(item)
        self.found = found
        self.chosen = ""

    @classmethod
    async def from_custom_id(cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride] -- our client is Abby  # noqa: ARG003
        return cls(item, match)

    async def callback(self, interaction: Interaction) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.chosen = str(next(iter((interaction.data or {}).get("values", ())), ""))
        try:
            await self.pressed(interaction, core_of(interaction))
        except discord.DiscordException:
            raise
        except Exception as error:
            await refuse(interaction, error)

    @abstractmethod
    async def pressed(self, interaction: Interaction, core: Core) -> None:
        """Do what it is for; errors are told to whoever pressed it."""


async def answer_form(interaction: Interaction) -> None:
    """A listener for every interaction: answers those that are forms of ours."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    data: Any = interaction.data or {}
    answering = interaction.client.forms.find(str(data.get("custom_id", "")))
    if answering is None:
        return
    submitted, found = answering
    try:
        await submitted(interaction, core_of(interaction), found, dict(forms.fields(data.get("components", ()))))
    except discord.DiscordException:
        raise
    except Exception as error:
        await refuse(interaction, error)


def is_private(interaction: Interaction) -> bool:
    """What is pressed where only one person sees it is answered there."""
    return interaction.message is not None and interaction.message.flags.ephemeral
