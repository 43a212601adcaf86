"""Who may do what with ``/abby``: looked at with every command, button and form, whatever Discord shows to whom."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from abby_adapters.discord.desk import Interaction
from abby_adapters.discord.members import account_of, manages, server_of
from abby_core.errors import Refused
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core

log = logging.getLogger(__name__)


def check_manager(interaction: Interaction) -> int:
    """The id of the server, for who manages it or runs this Abby. Raises Refused."""
    if interaction.guild_id is None:
        raise Refused(sentence("This is about a server: use it there."))
    if not manages(interaction) and not interaction.client.is_host(interaction.user.id):
        raise Refused(sentence("Only who may manage this server can do that."))
    return interaction.guild_id


def is_home(interaction: Interaction) -> bool:
    """Whether whoever interacts speaks for all of Abby: a manager of a home server, or who runs her."""
    at_home = interaction.guild_id in interaction.client.home_servers and manages(interaction)
    return at_home or interaction.client.is_host(interaction.user.id)


def check_home(interaction: Interaction) -> None:
    """Raise Refused for managers of other servers: limits hold for a person everywhere."""
    check_manager(interaction)
    if not is_home(interaction):
        raise Refused(sentence("Only managers of this Abby's home server, and whoever runs her, can do that."))


def note(interaction: Interaction, core: Core, action: str, **what: str | int | None) -> None:
    """Write down who did what. Forgetting a person blanks the lines that name them."""
    by = account_of(interaction.user.id).key
    server = "" if interaction.guild_id is None else server_of(interaction.guild_id)
    core.events.write("administration", action=action, by=by, server=server, **what)
    log.info("administration: %s", action)
