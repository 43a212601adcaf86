"""Buttons, lists and fields that discord.py need not remember: what is pressed is found by its id.

Words are cut here to what Discord takes, which refuses the whole message otherwise: some languages are long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import ButtonStyle, ui

from abby_adapters.discord.presenter import plain

LABEL_CHARACTERS_MAX = 80
OPTION_CHARACTERS_MAX = 100
PLACEHOLDER_CHARACTERS_MAX = 150
TITLE_CHARACTERS_MAX = 45
"""Of a form, and of a field in it. This one and those above: Discord's reference for components."""
OPTIONS_MAX = 25
"""What Discord takes in one list."""
IN_A_ROW_MAX = 5
Item = ui.Item[ui.View]


def button(
    label: str, custom_id: str, style: ButtonStyle = ButtonStyle.secondary, *, is_disabled: bool = False
) -> Item:
    return ui.Button(label=plain(label, LABEL_CHARACTERS_MAX), custom_id=custom_id, style=style, disabled=is_disabled)


def link(label: str, url: str) -> Item:
    """A button that opens a page."""
    return ui.Button(label=plain(label, LABEL_CHARACTERS_MAX), url=url)


def option(label: str, value: str, description: str = "", *, chosen: bool = False) -> discord.SelectOption:
    """One line of a list."""
    return discord.SelectOption(
        label=plain(label, OPTION_CHARACTERS_MAX) or value,
        value=value,
        description=plain(description, OPTION_CHARACTERS_MAX) or None,
        default=chosen,
    )


def choose(custom_id: str, options: Sequence[discord.SelectOption], placeholder: str = "") -> ui.Select[ui.View]:
    """A list of which one line is chosen."""
    shown = hint(placeholder) or None
    return ui.Select(custom_id=custom_id, options=list(options[:OPTIONS_MAX]), placeholder=shown)


def hint(text: str) -> str:
    """What a list says while nothing is chosen."""
    return plain(text, PLACEHOLDER_CHARACTERS_MAX)


def title(text: str) -> str:
    """What a form is called."""
    return plain(text, TITLE_CHARACTERS_MAX)


def labelled(text: str, component: ui.Item[Any], description: str = "") -> ui.Item[Any]:
    """A field of a form with its words."""
    below = plain(description, OPTION_CHARACTERS_MAX) or None
    return ui.Label(text=title(text), component=component, description=below)


def view(*rows: Sequence[Item]) -> ui.View:
    """Rows of buttons and lists; a list fills its row."""
    made = ui.View(timeout=None)
    for number, row in enumerate(rows):
        for item in row:
            item.row = number
            made.add_item(item)
    made.stop()
    return made
