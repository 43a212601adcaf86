"""A tier that keeps pictures for some days: older ones go to the trash by themselves, favourites never."""

from __future__ import annotations

from pathlib import Path

from abby_core.bootstrap import Abby
from abby_core.quota.standing import Standing
from abby_core.storage.archive import archive
from tests.support.studio import ALICE, BOB, Clock, assert_sound, open_abby, wish

HOUR, DAY = 3600, 86_400
RULES = """
[tiers.default]
keep_days = 1

[tiers.gold]
roles = [123]
keep_days = 30
"""
GOLD = Standing(roles=frozenset({"123"}))


def abby_with_rules(root: Path, clock: Clock, rules: str = RULES) -> Abby:
    file = root / "abby.toml"
    file.write_text(rules)
    return open_abby(root, rules_file=file, clock=clock, archive_root=root / "cold")


async def test_old_pictures_go_to_the_trash_where_the_tier_says_so_and_favourites_stay(tmp_path: Path) -> None:
    clock = Clock()
    async with abby_with_rules(tmp_path, clock) as abby:
        gone, loved = (await abby.studio.create(wish("o1", pictures=2))).artifacts
        abby.gallery.favourite(ALICE, loved.id)
        stays = (await abby.studio.create(wish("o2", BOB, standing=GOLD))).artifacts[0]
    clock.skip(DAY - HOUR)
    async with abby_with_rules(tmp_path, clock) as abby:
        assert len(abby.gallery.page(ALICE).artifacts) == 2
    clock.skip(2 * HOUR)
    async with abby_with_rules(tmp_path, clock) as abby:
        assert [each.id for each in abby.gallery.page(ALICE).artifacts] == [loved.id]
        assert [each.id for each in abby.gallery.trash(ALICE).artifacts] == [gone.id]
        assert [each.id for each in abby.gallery.page(BOB).artifacts] == [stays.id]
        assert abby.gallery.undo(ALICE, gone.id)[0].state == "kept"
    for hours, left in ((22, 2), (4, 1)):  # whoever has a picture back keeps it for as long as a new one
        clock.skip(hours * HOUR)
        async with abby_with_rules(tmp_path, clock) as abby:
            assert len(abby.gallery.page(ALICE).artifacts) == left
    assert_sound(abby)


async def test_a_picture_that_was_moved_to_the_archive_is_kept_no_longer_for_that(tmp_path: Path) -> None:
    clock = Clock()
    async with abby_with_rules(tmp_path, clock) as abby:
        made = (await abby.studio.create(wish("o1"))).artifacts[0]
    clock.skip(DAY - HOUR)
    async with abby_with_rules(tmp_path, clock) as abby:
        archive(abby.storage, abby.gallery.find(ALICE, made.id))
    clock.skip(2 * HOUR)
    async with abby_with_rules(tmp_path, clock) as abby:
        assert [each.id for each in abby.gallery.trash(ALICE).artifacts] == [made.id]
    assert_sound(abby)


async def test_where_no_tier_says_so_nobody_looks_for_old_pictures(tmp_path: Path) -> None:
    async with abby_with_rules(tmp_path, Clock(), "[tiers.default]\nimages_per_day = 3\n") as abby:
        assert abby.storage.keep_days_of is None
