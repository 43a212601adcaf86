"""What every command needs to know: settings, whose account, and how to speak."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from abby_core.access.hosts import system_user
from abby_core.bootstrap import Abby, open_abby
from abby_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from rich.console import Console

    from abby_core.studio import Account

PIPE_COLUMNS = 160


@dataclass
class Context:
    """One call of ``abby``. Opens nothing before it is asked for."""

    as_json: bool = False
    user: str | None = None
    verbose: bool = False
    settings: Settings = field(default_factory=load_settings)

    @cached_property
    def abby(self) -> Abby:
        return open_abby(self.settings)

    @cached_property
    def account(self) -> Account:
        """Whose pictures: ``--user``, else whoever is signed in to this computer."""
        return self.account_of(system_user() if self.user is None else self.user)

    @cached_property
    def console(self) -> Console:
        """Where people look: standard output. Into a file or pipe lines may be long; in a terminal they fit."""
        from rich.console import Console

        return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_COLUMNS)

    @cached_property
    def errors(self) -> Console:
        """Where progress and errors go: standard error, so that standard output can be piped."""
        from rich.console import Console

        return Console(stderr=True, highlight=False)

    def account_of(self, text: str) -> Account:
        """``alice`` or ``discord:123``. Raises InvalidRequest."""
        from abby_core.studio import Account

        return Account.parse(text)

    def answer(self, value: Any) -> None:
        """Write a JSON answer, one document."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def close(self) -> None:
        if "abby" in self.__dict__:
            self.abby.close()
