"""What pages about pictures ask of the core, on SQLite and PostgreSQL: doors of shares, neighbours, room, the house."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from abby_core.bootstrap import Abby
from abby_core.errors import ConfigurationError, InvalidRequest, NotFound
from abby_core.gallery.share_passes import PASS_SECONDS, SharePasses
from abby_core.storage.artifact import Artifact
from tests.services.databases import Place
from tests.support.providers import photograph
from tests.support.studio import ALICE, BOB, Clock, assert_sound, open_abby, wish


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def abby(place: Place, clock: Clock) -> Generator[Abby]:
    abby = open_abby(place.root, clock=clock, database_url=place.url, archive_root=place.root / "archive")
    yield abby
    abby.close()


async def saved(abby: Abby, *names: str, user_id: str = "alice") -> list[Artifact]:
    for number, name in enumerate(names):
        assert (await abby.storage.save_image(photograph(seed=number), user_id, name)).success
    return [abby.gallery.find(ALICE if user_id == "alice" else BOB, name) for name in names]


class TestDoors:
    async def test_looking_at_a_door_counts_no_view_and_says_what_it_takes(self, abby: Abby) -> None:
        await saved(abby, "boat.png")
        share, token = abby.shares.create(ALICE, picture="boat.png", password="abcdef", views_max=1)
        doors = {abby.shares.look(token) for _ in range(3)}
        (door,) = doors
        assert (door.share_id, door.has_password, door.has_cap) == (share.id, True, True)
        assert door.expires_at_ms == share.expires_at_ms
        assert abby.shares.find(ALICE, share.id).views == 0

    async def test_when_all_views_are_used_only_the_door_of_those_inside_is_there(self, abby: Abby) -> None:
        await saved(abby, "boat.png")
        share, token = abby.shares.create(ALICE, picture="boat.png", views_max=1)
        abby.shares.open(token)
        with pytest.raises(NotFound):
            abby.shares.look(token)
        assert abby.shares.door(token).share_id == share.id
        abby.shares.revoke(ALICE, share.id)
        with pytest.raises(NotFound):
            abby.shares.door(token)

    async def test_it_is_shut_for_what_has_ended_gone_or_never_was(self, abby: Abby, clock: Clock) -> None:
        await saved(abby, "boat.png")
        _, token = abby.shares.create(ALICE, picture="boat.png", expires_in_seconds=60)
        abby.gallery.delete(ALICE, "boat.png")
        for look in (abby.shares.look, abby.shares.door):
            for unknown in (token, "nothing", ""):
                with pytest.raises(NotFound):
                    look(unknown)
        abby.gallery.undo(ALICE, "boat.png")
        assert abby.shares.look(token)
        clock.skip(61)
        with pytest.raises(NotFound):
            abby.shares.door(token)


class TestPasses:
    def test_a_pass_is_good_for_its_share_and_for_a_while(self, abby: Abby, clock: Clock) -> None:
        shown = abby.shares.passes.issue("one")
        assert abby.shares.passes.admits("one", shown)
        assert not abby.shares.passes.admits("two", shown)
        clock.skip(PASS_SECONDS + 1)
        assert not abby.shares.passes.admits("one", shown)

    @pytest.mark.parametrize("shown", ["", ".", "9999999999.", "x.y", "9999999999." + "0" * 40, "\udc80.", "9" * 500])
    def test_what_is_no_pass_admits_nobody(self, abby: Abby, shown: str) -> None:
        assert not abby.shares.passes.admits("one", shown)

    def test_another_house_s_pass_is_none(self, abby: Abby, tmp_path: Path) -> None:
        other = open_abby(tmp_path / "other")
        try:
            assert not abby.shares.passes.admits("one", SharePasses(other.storage).issue("one"))
        finally:
            other.close()


class TestNeighbours:
    async def test_each_picture_leads_to_the_next_past_what_is_in_the_trash(self, abby: Abby) -> None:
        await saved(abby, "his.png", user_id="bob")
        first, second, third = await saved(abby, "1.png", "2.png", "3.png")
        abby.gallery.delete(ALICE, second.id)
        beside = abby.gallery.neighbours(ALICE, first.id)
        assert (beside.older, beside.newer and beside.newer.id) == (None, third.id)
        beside = abby.gallery.neighbours(ALICE, third.id)
        assert (beside.older and beside.older.id, beside.newer) == (first.id, None)
        with pytest.raises(NotFound):
            abby.gallery.neighbours(ALICE, second.id)


class TestRoom:
    async def test_every_way_does_what_it_says_and_the_gentlest_is_named_first(self, abby: Abby) -> None:
        await saved(abby, "1.png", "2.png", "3.png", "4.png")
        abby.gallery.delete(ALICE, "1.png")
        abby.gallery.favourite(ALICE, "2.png")
        ways = abby.room.ways(ALICE, 10**9)
        assert [each.kind for each in ways] == ["empty_trash", "archive", "delete"]
        held = abby.room.trash(ALICE)
        assert (held.pictures, held.freed_bytes) == (1, ways[0].frees_bytes)
        before = abby.quota.status(ALICE).bytes.used
        for way in ways:
            seen: list[int] = []
            made = abby.room.make(ALICE, way.kind, 1, progress=seen.append)
            after = abby.quota.status(ALICE).bytes.used
            assert (made.pictures, before - after >= made.freed_bytes > 0, seen) == (1, True, [1]), way.kind
            before = after
        left = {each.name: each.state for each in abby.gallery.page(ALICE).artifacts}
        assert left == {"2.png": "kept", "3.png": "archived"}
        assert abby.room.bring_back(ALICE, "3.png").state == "kept"
        assert_sound(abby)

    def test_what_is_no_way_or_no_number_is_refused(self, abby: Abby) -> None:
        for way, pictures in (("burn", 1), ("delete", 0), ("compress", -1), ("archive", 10**6)):
            with pytest.raises(InvalidRequest):
                abby.room.make(ALICE, way, pictures)
        assert abby.room.ways(ALICE, 10**6) == ()

    def test_without_an_archive_it_is_said(self, place: Place) -> None:
        abby = open_abby(place.root, database_url=place.url)
        try:
            with pytest.raises(ConfigurationError):
                abby.room.make(ALICE, "archive", 1)
        finally:
            abby.close()


class TestHouse:
    async def test_its_queue_is_everybodys(self, abby: Abby) -> None:
        for number, account in enumerate((ALICE, BOB, ALICE)):
            await abby.studio.submit(wish(f"o{number}", account))
        assert [each.id for each in abby.house.queue()] == ["o0", "o1", "o2"]
        await abby.studio.cancel("o1", BOB)
        assert [each.account for each in abby.house.queue(limit=1)] == [ALICE.key]

    async def test_members_are_found_by_what_their_key_holds_literally(self, abby: Abby) -> None:
        await saved(abby, "1.png", "2.png")
        await saved(abby, "1.png", user_id="bob")
        assert [account for account, _ in abby.house.members()] == [ALICE, BOB]
        assert [account for account, _ in abby.house.members("LOCAL:B")] == [BOB]
        for nobody in ("%", "_", "!", "carol", "\0x", "\udc80"):
            assert abby.house.members(nobody) == [], repr(nobody)
        assert len(abby.house.members(limit=1)) == 1
