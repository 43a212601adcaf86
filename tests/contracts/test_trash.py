"""The trash: what was deleted is nowhere, counts as before, and comes back for a week; then its space is free."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from abby_core.errors import NotFound
from abby_core.gallery.history import Filter
from abby_core.storage import catalogue, mending, trash
from tests.services.databases import Place, contents
from tests.support.house import ALICE, BOB, DAY, PICTURE, House, at_once


@pytest.fixture
def house(place: Place) -> Generator[House]:
    house = House(place)
    yield house
    house.close()


def in_trash(house: House) -> list[str]:
    return [each.name for each in house.gallery.trash(ALICE).artifacts]


def is_nowhere(house: House, name: str, picture_id: str) -> bool:
    for reference in (name, picture_id):
        with pytest.raises(NotFound):
            house.gallery.find(ALICE, reference)
    return (
        name not in house.names()
        and name not in house.storage.get_user_images("alice")
        and house.storage.get_image_path("alice", name) is None
        and not house.gallery.shown().artifacts
        and not house.storage.delete_image("alice", name).success
    )


def test_a_deleted_picture_is_nowhere_but_in_the_trash_and_still_counts(house: House) -> None:
    picture = house.keep(visibility="public", favourite=True, order_id="order")
    counted = house.counted()
    (trashed,) = house.gallery.delete(ALICE, "boat.png")
    assert (trashed.state, trashed.state_at_ms, trashed.name) == ("trashed", house.storage.now_ms(), "boat.png")
    assert is_nowhere(house, "boat.png", picture.id)
    assert in_trash(house) == ["boat.png"]
    assert house.names(favourite=True) == []
    assert [each.id for each in house.gallery.of_order(ALICE, "order")] == [picture.id]
    assert (house.counted(), house.counted(None), house.journal()) == (counted, counted, [])
    house.assert_sound()


def test_undo_brings_a_picture_back_as_it_was(house: House) -> None:
    picture = house.keep(favourite=True, visibility="public", alt_text="mine")
    house.gallery.delete(ALICE, "boat.png")
    house.now += 7 * DAY - 1
    mending.mend(house.storage)
    assert house.gallery.undo(ALICE, "boat.png")[0].state == "kept"
    back = house.gallery.find(ALICE, "boat.png")
    assert house.gallery.open(back) == PICTURE
    assert (back.id, back.favourite, back.visibility, back.alt_text, back.state_at_ms) == (
        picture.id, True, "public", "mine", round(house.now * 1000),
    )  # fmt: skip
    assert in_trash(house) == []
    house.assert_sound()


def test_an_archived_picture_comes_back_archived(house: House) -> None:
    picture = house.set_state(house.keep(), "archived")
    house.gallery.delete(ALICE, picture.id)
    house.now += 5
    (back,) = house.gallery.undo(ALICE, picture.id)
    assert (back.state, back.state_at_ms) == ("archived", house.storage.now_ms())


def test_the_name_is_free_at_once_and_undo_takes_the_next_one_if_it_is_taken(house: House) -> None:
    first = house.keep()
    house.gallery.delete(ALICE, "boat.png")
    saved = asyncio.run(house.storage.save_image(PICTURE, "alice", "boat.png"))
    assert saved.message == "Image saved as boat.png"
    asyncio.run(house.storage.save_image(PICTURE, "alice", "BOAT-2.png"))
    (back,) = house.gallery.undo(ALICE, "boat.png")
    assert (back.id, back.name) == (first.id, "boat-3.png")
    assert house.gallery.find(ALICE, "boat-3.png") == back
    house.assert_sound()


def test_a_long_name_that_is_taken_comes_back_under_one_that_can_be_found(house: House) -> None:
    long = "x" * 251 + ".png"
    for _ in range(2):
        assert asyncio.run(house.storage.save_image(PICTURE, "alice", long)).success
        house.gallery.delete(ALICE, long)
    for back in (house.gallery.undo(ALICE, long)[0], house.gallery.undo(ALICE, long)[0]):
        assert house.gallery.find(ALICE, back.name) == back


def test_of_several_of_one_name_undo_brings_back_what_was_deleted_last(house: House) -> None:
    made: list[str] = []
    for _ in range(3):
        made.append(asyncio.run(_saved(house)))
        house.now += 1
        house.gallery.delete(ALICE, "boat.png")
    assert in_trash(house) == ["boat.png"] * 3
    assert [house.gallery.undo(ALICE, "boat.png")[0].id for _ in range(3)] == made[::-1]
    assert sorted(house.names()) == ["boat-2.png", "boat-3.png", "boat.png"]
    house.assert_sound()


async def _saved(house: House) -> str:
    assert (await house.storage.save_image(PICTURE, "alice", "boat.png")).success
    return house.gallery.find(ALICE, "boat.png").id


def test_pages_of_the_trash_show_all_of_it_once_what_was_deleted_last_first(house: House) -> None:
    rows = house.rows(60)
    house.rows(500)
    house.gallery.delete(BOB, house.rows(1, BOB)[0].id)
    for number in range(0, 60, 5):
        house.now += number % 3
        house.gallery.delete(ALICE, *(each.id for each in rows[number : number + 5]))
    found: list[Any] = []
    before = None
    while True:
        page = house.gallery.trash(ALICE, limit=7, before=before)
        found += page.artifacts
        if (before := page.next) is None:
            break
    assert found == sorted(found, key=lambda each: (each.state_at_ms, each.id), reverse=True)
    assert {each.id for each in found} == {each.id for each in rows}


def test_what_is_deleted_for_good_is_gone_at_once_and_its_space_free(house: House) -> None:
    boat, ship = house.keep(), house.keep("ship")
    house.gallery.delete(ALICE, "boat.png")
    gone = house.gallery.delete(ALICE, "boat.png", "ship.png", for_good=True)
    assert [each.state for each in gone] == ["removing", "removing"]
    assert (house.counted(), house.counted(None)) == (0, 0)
    assert contents(house.storage.database)["artifacts"] == []
    assert house.gallery.path(boat) is house.gallery.path(ship) is None
    assert [(entry["event"], entry["reason"], entry["pictures"], entry["size_bytes"]) for entry in house.journal()] == [
        ("removed", "deleted", 1, each.counted_bytes) for each in gone
    ]
    house.assert_sound()


def test_a_picture_that_is_there_is_meant_before_one_in_the_trash(house: House) -> None:
    house.keep()
    house.gallery.delete(ALICE, "boat.png")
    asyncio.run(_saved(house))
    house.gallery.delete(ALICE, "boat.png", for_good=True)
    assert (house.names(), in_trash(house)) == ([], ["boat.png"])


def test_temporary_pictures_do_not_go_through_the_trash_and_are_not_journaled(house: House) -> None:
    assert asyncio.run(house.storage.save_image(PICTURE, "alice", "for-now.png", is_temp=True)).success
    assert house.gallery.delete(ALICE, "for-now.png")[0].state == "removing"
    assert (in_trash(house), house.journal(), house.counted(None)) == ([], [], 0)
    house.assert_sound()


def test_the_founding_delete_is_gone_at_once(house: House) -> None:
    house.keep()
    assert house.storage.delete_image("alice", "boat.png").success
    assert (house.counted(), in_trash(house), len(house.journal())) == (0, [], 1)


def test_emptying_the_trash_frees_its_space_and_nothing_else(house: House) -> None:
    house.keep("stays")
    house.keep("bobs", BOB)
    house.gallery.delete(BOB, "bobs.png")
    stays = house.counted()
    for number in range(5):
        house.keep(f"boat-{number}")
    house.gallery.delete(ALICE, *(f"boat-{number}.png" for number in range(5)))
    before, counts = house.counted(), list[int]()
    emptied = house.gallery.empty_trash(ALICE, progress=counts.append)
    assert (emptied.pictures, emptied.freed_bytes, counts) == (5, before - stays, [1, 2, 3, 4, 5])
    assert (house.counted(), in_trash(house), house.names()) == (stays, [], ["stays.png"])
    assert len(house.gallery.trash(BOB).artifacts) == 1
    assert house.gallery.empty_trash(ALICE).pictures == 0
    house.assert_sound()


def test_after_a_week_mending_and_cleaning_up_remove_what_is_in_the_trash(house: House) -> None:
    house.keep()
    house.gallery.delete(ALICE, "boat.png")
    house.now += trash.UNDO_DAYS * DAY - 0.01
    mending.clean_up(house.storage)
    assert in_trash(house) == ["boat.png"]
    house.now += 0.01
    mending.clean_up(house.storage)
    assert (in_trash(house), house.counted(), len(house.journal())) == ([], 0, 1)
    with pytest.raises(NotFound):
        house.gallery.undo(ALICE, "boat.png")
    house.assert_sound()


def test_a_removal_from_the_trash_that_was_cut_off_is_finished_and_counted_once(house: House) -> None:
    house.keep()
    (trashed,) = house.gallery.delete(ALICE, "boat.png")
    house.storage.database.write(trash._begin_removal, trashed)
    with pytest.raises(NotFound):
        house.gallery.undo(ALICE, trashed.id)
    assert in_trash(house) == []
    mending.mend(house.storage)
    mending.mend(house.storage)
    assert (house.counted(), len(house.journal())) == (0, 1)
    house.assert_sound()


def test_a_thumbnail_that_was_being_made_meanwhile_is_made_when_the_picture_is_back(house: House) -> None:
    house.keep()
    house.gallery.delete(ALICE, "boat.png")
    house.now += 3600
    mending.mend(house.storage)
    house.gallery.undo(ALICE, "boat.png")
    mending.mend(house.storage)
    assert house.gallery.thumbnail(house.gallery.find(ALICE, "boat.png"))
    house.assert_sound()


def test_of_those_who_do_different_things_with_one_picture_one_wins(house: House) -> None:
    for number in range(6):
        house.keep(f"boat-{number}")
        name = f"boat-{number}.png"
        deleted = at_once(house, *[lambda gallery, n=name: gallery.delete(ALICE, n)] * 3)
        assert sorted(type(answer).__name__ for answer in deleted) == ["NotFound", "NotFound", "tuple"]
        ended = at_once(
            house,
            lambda gallery, n=name: gallery.undo(ALICE, n),
            lambda gallery, n=name: gallery.undo(ALICE, n),
            lambda gallery: gallery.empty_trash(ALICE).pictures,
        )
        back = sum(isinstance(answer, tuple) for answer in ended)
        assert back + ended[2] == 1
        assert house.names().count(name) == back
        house.assert_sound()
    assert len(house.journal()) == 6 - len(house.names())


def test_nobody_finds_a_trashed_picture_by_its_order_of_time(house: House) -> None:
    """A name that looks like a trashed one's key is a name like any other."""
    (trashed,) = house.gallery.delete(ALICE, house.keep().id)
    row = next(row for row in contents(house.storage.database)["artifacts"] if row["id"] == trashed.id)
    other = house.keep("other")
    house.gallery.rename(ALICE, other.id, str(row["name_key"]))
    assert len(house.walk(ALICE, Filter())) == 1
    assert len(house.gallery.trash(ALICE).artifacts) == 1
    assert not house.storage.database.read(catalogue.name_is_taken, ALICE.key, "boat.png")


def test_the_oldest_are_those_at_hand_without_a_star_and_nobody_elses(house: House) -> None:
    for name in ("first", "starred", "third", "fourth"):
        house.keep(name, favourite=name == "starred")
    house.gallery.delete(ALICE, "third.png")
    assert [each.name for each in house.gallery.oldest(ALICE, 2)] == ["first.png", "fourth.png"]
    assert [each.name for each in house.gallery.oldest(ALICE, 1)] == ["first.png"]
    assert house.gallery.oldest(BOB, 5) == ()
