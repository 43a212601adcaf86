"""The forecast's line: straight through what was noted, silent where it would be guessing."""

from __future__ import annotations

import pytest

from abby_core.quota.meter import DAY_MS
from abby_core.storage.forecast import Forecast, foresee


def seen(*used: int, gap: int = 1) -> Forecast | None:
    notes = [(day * gap * DAY_MS, each) for day, each in enumerate(used)]
    return foresee(notes, limit_left=1000, disk_left=500)


def test_steady_growth_ends_where_it_meets_what_is_left() -> None:
    assert seen(0, 100, 200, 300) == Forecast(bytes_per_day=100, limit_days=10, disk_days=5)


def test_days_without_a_note_count_as_days() -> None:
    found = seen(0, 100, 200, gap=5)
    assert found is not None
    assert found.bytes_per_day == pytest.approx(20)


def test_one_day_of_tidying_does_not_hide_a_month_of_growth() -> None:
    found = seen(0, 100, 200, 300, 400, 500, 400, 700, 800)
    assert found is not None
    assert found.bytes_per_day == pytest.approx(95, rel=0.1)


@pytest.mark.parametrize("used", [(500, 400, 300), (300, 300, 300), (0, 0, 1)])
def test_what_shrinks_stands_still_or_lasts_for_years_is_never_full(used: tuple[int, ...]) -> None:
    found = foresee([(day * DAY_MS, each) for day, each in enumerate(used)], limit_left=10**6, disk_left=None)
    assert found is not None
    assert (found.limit_days, found.disk_days) == (None, None)


def test_fewer_than_three_days_say_nothing_however_many_notes_they_have() -> None:
    notes = [(0, 1), (1000, 2), (2000, 3), (DAY_MS, 4), (DAY_MS + 1, 5)]
    assert foresee(notes, limit_left=1000, disk_left=None) is None
