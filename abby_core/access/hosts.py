"""Who the host is: whoever runs this Abby, and whom they named in ``ADMINS``."""

from __future__ import annotations

import getpass

from abby_core.errors import AbbyError
from abby_core.quota.account import Account


def system_user() -> str:
    """The name of whoever is signed in to this computer; ``me`` where the system does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "me"


def local_account() -> Account:
    """The account of whoever runs Abby here; the command line's, unless it is told another."""
    return Account.parse(system_user())


def hosts_of(admins: str) -> frozenset[str]:
    """The keys of the accounts that may do what a host may; ``admins`` is the setting, with commas.

    What is no account in it names nobody.
    """
    named = {local_account().key}
    for text in filter(None, map(str.strip, admins.split(","))):
        try:
            named.add(Account.parse(text).key)
        except AbbyError:
            continue
    return frozenset(named)
