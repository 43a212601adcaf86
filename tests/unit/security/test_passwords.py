"""Passwords: what is kept of them, and how often they may be wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from abby_core.errors import InvalidRequest
from abby_core.security import passwords
from abby_core.security.passwords import WRONG_PASSWORDS_PER_HOUR_MAX, PasswordGate, password_hash, password_is

HOUR_MS = 3_600_000
QUICK = "scrypt$2$1$1$00$" + passwords._scrypt("sesame", b"\0", 2, 1, 1).hex()
"""What is kept of ``sesame`` at the least cost there is."""


def test_a_kept_password_can_be_checked_and_not_be_read() -> None:
    kept = password_hash("open sesame")
    assert "sesame" not in kept
    assert password_is("open sesame", kept)
    assert not password_is("open barley", kept)
    assert password_hash("open sesame") != kept


def test_what_is_kept_says_how_it_was_made_so_that_the_cost_may_grow_later() -> None:
    assert password_is("sesame", QUICK)
    assert not password_is("barley", QUICK)


@pytest.mark.parametrize("password", ["", "12345", "x" * 201])
def test_a_password_that_is_too_short_or_too_long_is_refused(password: str) -> None:
    with pytest.raises(InvalidRequest, match="6 to 200 characters"):
        password_hash(password)


def test_however_many_are_tried_at_once_no_more_wrong_ones_are_looked_at_than_the_limit() -> None:
    gate = PasswordGate()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: gate.check("share", "barley", QUICK, 0), range(40)))
    assert answers.count(False) == WRONG_PASSWORDS_PER_HOUR_MAX
    assert answers.count(None) == 40 - WRONG_PASSWORDS_PER_HOUR_MAX
    assert gate.is_closed("share", 0)
    assert not gate.is_closed("another", 0)
    assert not gate.is_closed("share", HOUR_MS)


def test_right_passwords_use_nothing_up() -> None:
    gate = PasswordGate()
    for _ in range(3 * WRONG_PASSWORDS_PER_HOUR_MAX):
        assert gate.check("share", "sesame", QUICK, 0)
    assert not gate.is_closed("share", 0)


def test_what_is_remembered_is_bounded_and_the_longest_unasked_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WATCHED_MAX", 2)
    gate = PasswordGate()
    for _ in range(WRONG_PASSWORDS_PER_HOUR_MAX):
        gate.check("first", "barley", QUICK, 0)
        gate.check("second", "barley", QUICK, 0)
    gate.check("third", "barley", QUICK, 0)
    assert [gate.is_closed(each, 0) for each in ("first", "second")] == [False, True]
