"""``abby token``: made once, listed, revoked."""

from __future__ import annotations

import re

from tests.adapters.cli.conftest import Abby


def test_a_token_is_shown_once_listed_and_revoked(abby: Abby) -> None:
    made = abby("token", "create", "--name", "my phone", "--expires", "30d", "--scope", "make", "--user", "alice")
    assert re.fullmatch(r"abby_[2-9a-z]{40}\n", made.out)
    listed = abby("token", "list", "--user", "alice", "--json")
    assert made.out.strip() not in listed.out
    [token] = listed.json["tokens"]
    assert (token["name"], token["scopes"], token["state"]) == ("my phone", ["make"], "live")
    assert abby("token", "revoke", token["id"], "--user", "bob").code == 2
    assert abby("token", "revoke", token["id"], "--user", "alice").code == 0
    assert "revoked" in abby("token", "list", "--user", "alice").out


def test_without_tokens_the_next_command_is_named(abby: Abby) -> None:
    assert "abby token create" in abby("token", "list").out


def test_what_cannot_be_used_is_refused_and_makes_nothing(abby: Abby) -> None:
    assert abby("token", "create", "--scope", "everything").code == 2
    assert abby("token", "create", "--expires", "soon").code == 2
    assert abby("token", "list", "--json").json == {"tokens": []}


def test_a_tokens_own_limit_is_listed_with_what_is_used_of_it(abby: Abby) -> None:
    abby("token", "create", "--images-per-day", "7", "--scope", "metrics", "--scope", "make")
    assert "0/7" in abby("token", "list").out
    [token] = abby("token", "list", "--json").json["tokens"]
    assert (token["images_per_day"], token["images_today"], token["scopes"]) == (7, 0, ["make", "metrics"])
